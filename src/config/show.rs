//! The configuration in force, as TOML.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::section::FOREVER;
use super::value::size_text;
use super::whole::Config;
use crate::domain::catalogue::{Observed, RobotsWord};
use crate::domain::category::Category;
use crate::domain::company::Company;
use crate::domain::email::EmailAddress;
use crate::domain::id::CompanyId;
use crate::domain::moment::length;
use crate::domain::outbox::Doubt;
use crate::domain::redact;
use crate::domain::scoring::Thresholds;
use crate::domain::source::{Announcer, LinkRule, ListMeaning, Quota, Route, Source, SourceKind, Witness};
use crate::settings::{
    FetchSettings, ImapSecurity, ImapSettings, InboxSettings, LmtpListen, MailSettings, MetricsSettings,
    OperatorLogin, OperatorSettings, Role, Sender, SmtpSecurity, StoreSettings, TransportSettings,
    WaysInSettings, WebSettings,
};

const HEADING: &str = "\
# The configuration in force, defaults filled in. Passwords and tokens are left out, and the
# values of headers that let somebody in are replaced by \"[redacted]\".
";

/// The configuration in force as TOML that [`super::load()`] takes, defaults filled in.
///
/// No secret is in it: passwords and tokens are left out, and header values that are likely secrets replaced.
#[must_use]
pub fn show(config: &Config) -> String {
    match toml::to_string(&shown(config)) {
        Ok(text) => format!("{HEADING}\n{text}"),
        // Every value of it is a text, a number, a list or a table, all of which TOML has.
        Err(error) => format!("{HEADING}\n# It cannot be shown: {error}\n"),
    }
}

/// The same, ready to be written in any form.
pub(super) fn shown(config: &Config) -> impl Serialize + '_ {
    ShownConfig {
        groups: &config.groups,
        store: Store {
            url: store_url(&config.store),
            folder: store_folder(&config.store),
            listen: matches!(config.store, StoreSettings::Postgres { .. })
                .then_some(config.store_rules.listens),
            required: config.store_rules.required,
            low_disk: size_text(config.store_rules.low_disk_bytes),
            keep_sent_mails: kept(config.store_rules.retention.sent_mails),
            keep_read_details: kept(config.store_rules.retention.read_details),
            keep_chains: kept(config.store_rules.retention.chains),
            keep_bodies: kept(config.store_rules.retention.bodies),
        },
        mail: mail(&config.mail),
        inbox: config.inbox.as_ref().map(|settings| inbox(settings, &config.ways_in)),
        web: config.web.as_ref().map(web),
        metrics: config.metrics.as_ref().map(metrics),
        evidence: config.evidence.tsa.as_ref().map(|tsa| Evidence { tsa: tsa.as_str() }),
        fetch: fetch(&config.fetch),
        matching: config.matching,
        daemon: Daemon {
            socket: config.daemon.socket.display().to_string(),
            jitter: length(config.daemon.jitter),
            drain_timeout: length(config.daemon.drain_timeout),
        },
        operator: operator(&config.operator),
        source: ShownSources(&config.sources),
        category: &config.categories,
        company: &config.companies,
    }
}

#[derive(Serialize)]
struct ShownConfig<'a> {
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    groups: &'a [String],
    store: Store,
    mail: Mail<'a>,
    inbox: Option<Inbox<'a>>,
    web: Option<Web<'a>>,
    metrics: Option<Metrics<'a>>,
    evidence: Option<Evidence<'a>>,
    fetch: Fetch<'a>,
    matching: Thresholds,
    daemon: Daemon,
    operator: Operator<'a>,
    source: ShownSources<'a>,
    category: &'a [Category],
    company: &'a [Company],
}

/// Sources, each put into the form in which it is shown when it is written: there may be thousands.
struct ShownSources<'a>(&'a [Arc<Source>]);

impl Serialize for ShownSources<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|watched| source(watched)))
    }
}

#[derive(Serialize)]
struct Evidence<'a> {
    tsa: &'a str,
}

#[derive(Serialize)]
struct Store {
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    folder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<bool>,
    required: bool,
    low_disk: String,
    keep_sent_mails: String,
    keep_read_details: String,
    keep_chains: String,
    keep_bodies: String,
}

#[derive(Serialize)]
struct Mail<'a> {
    from: String,
    transport: String,
    tls: Option<&'static str>,
    postal_address: Option<&'a str>,
    help_address: &'a str,
    group_within: String,
    deadline_within: String,
    concurrency: usize,
    rate_per_minute: Option<u32>,
    domain_concurrency: Option<usize>,
    domain_rate_per_minute: Option<u32>,
    on_in_doubt: &'static str,
    dkim: Option<Dkim<'a>>,
}

#[derive(Serialize)]
struct Dkim<'a> {
    domain: &'a str,
    selector: &'a str,
    key_file: String,
}

#[derive(Serialize)]
struct Inbox<'a> {
    address: &'a str,
    authserv_id: Option<&'a str>,
    maildir: Option<String>,
    imap: Option<Imap<'a>>,
    lmtp: Option<Lmtp>,
}

#[derive(Serialize)]
struct Imap<'a> {
    host: &'a str,
    port: u16,
    tls: &'static str,
    user: &'a str,
    mailbox: &'a str,
    processed: &'a str,
    failed: &'a str,
}

#[derive(Serialize)]
struct Lmtp {
    listen: String,
}

#[derive(Serialize)]
struct Web<'a> {
    listen: String,
    base_url: &'a str,
    trusted_proxies: Vec<String>,
    client_rate: u32,
    total_rate: u32,
    max_connections: usize,
    public: Vec<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    operator: Vec<WebOperator<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_header: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_secret_header: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    login_secret_file: Option<&'a Path>,
}

#[derive(Serialize)]
struct WebOperator<'a> {
    name: &'a str,
    role: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    password_hash_file: Option<&'a Path>,
}

#[derive(Serialize)]
struct Metrics<'a> {
    listen: String,
    ping: Option<&'a str>,
    ping_every: Option<String>,
}

#[derive(Serialize)]
struct Fetch<'a> {
    contact: &'a str,
    allow_private: Vec<String>,
    connect_timeout: String,
    header_timeout: String,
    idle_timeout: String,
    total_timeout: String,
    max_body: String,
    max_redirects: usize,
    concurrency: usize,
    host_interval: String,
    host_burst: u32,
    max_freshness: String,
    full_read_every: u32,
    proxy: Option<String>,
    ca_file: Option<String>,
    browser: Option<String>,
    browser_timeout: Option<String>,
    browser_max_memory: Option<String>,
    headers: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Daemon {
    socket: String,
    jitter: String,
    drain_timeout: String,
}

#[derive(Serialize)]
struct Operator<'a> {
    address: Option<&'a str>,
    failures: u32,
    remind_every: String,
}

#[derive(Serialize)]
struct ShownSource<'a> {
    id: &'a str,
    title: &'a str,
    url: &'a str,
    schedule: String,
    timezone: &'a str,
    companies: Vec<&'a str>,
    stale_after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet_after: Option<u32>,
    misses: Option<&'a str>,
    listing: Option<&'a ListMeaning>,
    proxy: Option<String>,
    render: Option<&'static str>,
    max_body: Option<String>,
    total_timeout: Option<String>,
    question: Option<&'a str>,
    member: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    groups: &'a [String],
    serves: Option<&'a str>,
    /// The kind and its keys.
    #[serde(flatten)]
    kind: &'a SourceKind,
    guard: Guard,
    noise: Noise<'a>,
    robots: Option<Robots<'a>>,
    link: Option<&'a LinkRule>,
    #[serde(skip_serializing_if = "<[Route]>::is_empty")]
    routes: &'a [Route],
    witness: Option<&'a Witness>,
    #[serde(skip_serializing_if = "<[Announcer]>::is_empty")]
    announced_by: &'a [Announcer],
    quota: Option<Quota>,
    observed: Option<Facts<'a>>,
    headers: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Facts<'a> {
    on: String,
    by: &'a str,
    landed: Option<&'a str>,
    content_type: Option<&'a str>,
    bytes: Option<u32>,
    entries: Option<u32>,
    head: Option<&'a str>,
    robots: Option<RobotsWord>,
    refuses: Option<&'a str>,
}

#[derive(Serialize)]
struct Robots<'a> {
    ignore: bool,
    because: &'a str,
}

#[derive(Serialize)]
struct Guard {
    min_entries: usize,
    max_drop: String,
    confirm_reads: u32,
    confirm_drop: u32,
    confirm_delay: String,
    max_entries: usize,
}

#[derive(Serialize)]
struct Noise<'a> {
    classes: Vec<crate::domain::noise::NoiseClass>,
    patterns: Vec<&'a str>,
    fields: Vec<&'a str>,
    parameters: Vec<&'a str>,
}

fn kept(length_of: Option<std::time::Duration>) -> String {
    length_of.map_or_else(|| FOREVER.to_owned(), length)
}

fn store_url(store: &StoreSettings) -> String {
    match store {
        StoreSettings::Sled { path } => format!("sled:{}", path.display()),
        StoreSettings::Postgres { url, .. } => url.shown(),
    }
}

/// Where what belongs to a database server's store lies on this machine.
fn store_folder(store: &StoreSettings) -> Option<String> {
    match store {
        StoreSettings::Sled { .. } => None,
        StoreSettings::Postgres { local, .. } => Some(local.parent()?.display().to_string()),
    }
}

fn sender(sender: &Sender) -> String {
    match &sender.name {
        Some(name) => format!("{name} <{}>", sender.address),
        None => sender.address.to_string(),
    }
}

fn mail(mail: &MailSettings) -> Mail<'_> {
    let (transport, tls) = transport(&mail.transport);
    Mail {
        from: sender(&mail.from),
        transport,
        tls,
        postal_address: mail.postal_address.as_deref(),
        help_address: mail.help_address.as_str(),
        group_within: length(mail.group_within),
        deadline_within: length(mail.deadline_within),
        concurrency: mail.concurrency,
        rate_per_minute: mail.pace.rate_per_minute,
        domain_concurrency: mail.pace.domain_concurrency,
        domain_rate_per_minute: mail.pace.domain_rate_per_minute,
        on_in_doubt: if mail.on_in_doubt == Doubt::Hold { "hold" } else { "resend" },
        dkim: mail.dkim.as_ref().map(|dkim| Dkim {
            domain: &dkim.domain,
            selector: &dkim.selector,
            key_file: dkim.key_file.display().to_string(),
        }),
    }
}

fn transport(transport: &TransportSettings) -> (String, Option<&'static str>) {
    let relay = match transport {
        TransportSettings::Maildir { path } => return (format!("maildir:{}", path.display()), None),
        TransportSettings::Smtp(relay) => relay,
    };
    let user = relay.credentials.as_ref().map_or_else(String::new, |login| format!("{}@", login.user));
    let host = if relay.host.contains(':') { format!("[{}]", relay.host) } else { relay.host.clone() };
    let (scheme, tls) = match relay.security {
        SmtpSecurity::Tls => ("smtps", None),
        SmtpSecurity::StartTls => ("smtp", Some("starttls")),
        SmtpSecurity::Opportunistic => ("smtp", Some("opportunistic")),
        SmtpSecurity::None => ("smtp", Some("none")),
    };
    (format!("{scheme}://{user}{host}:{}", relay.port), tls)
}

fn inbox<'a>(inbox: &'a InboxSettings, ways_in: &'a WaysInSettings) -> Inbox<'a> {
    Inbox {
        address: inbox.address.as_str(),
        authserv_id: inbox.authserv_id.as_deref(),
        maildir: ways_in.maildir.as_ref().map(|path| path.display().to_string()),
        imap: ways_in.imap.as_ref().map(imap),
        lmtp: ways_in.lmtp.as_ref().map(|listen| Lmtp {
            listen: match listen {
                LmtpListen::Tcp(address) => address.to_string(),
                LmtpListen::Unix(path) => format!("unix:{}", path.display()),
            },
        }),
    }
}

fn imap(imap: &ImapSettings) -> Imap<'_> {
    Imap {
        host: &imap.host,
        port: imap.port,
        tls: match imap.security {
            ImapSecurity::Tls => "implicit",
            ImapSecurity::StartTls => "starttls",
            ImapSecurity::None => "none",
        },
        user: &imap.user,
        mailbox: &imap.mailbox,
        processed: &imap.processed,
        failed: &imap.failed,
    }
}

fn web(web: &WebSettings) -> Web<'_> {
    Web {
        listen: web.listen.to_string(),
        base_url: web.base_url.as_str(),
        trusted_proxies: web.trusted_proxies.iter().map(ToString::to_string).collect(),
        client_rate: web.client_rate,
        total_rate: web.total_rate,
        max_connections: web.max_connections,
        public: web.public.iter().map(|section| section.name()).collect(),
        operator: web.operators.iter().map(web_operator).collect(),
        login_header: web.proxy_login.as_ref().map(|login| login.header.as_str()),
        login_secret_header: web.proxy_login.as_ref().map(|login| login.secret_header.as_str()),
        login_secret_file: web.proxy_login.as_ref().map(|login| login.secret_file.as_path()),
    }
}

fn web_operator(operator: &OperatorLogin) -> WebOperator<'_> {
    WebOperator {
        name: &operator.name,
        role: match operator.role {
            Role::Reader => "reader",
            Role::Operator => "operator",
        },
        password_hash_file: operator.password_file.as_deref(),
    }
}

fn metrics(metrics: &MetricsSettings) -> Metrics<'_> {
    Metrics {
        listen: metrics.listen.to_string(),
        ping: metrics.ping.as_ref().map(|ping| ping.url.as_str()),
        ping_every: metrics.ping.as_ref().map(|ping| length(ping.every)),
    }
}

fn fetch(fetch: &FetchSettings) -> Fetch<'_> {
    Fetch {
        contact: &fetch.contact,
        allow_private: fetch.allow_private.iter().map(ToString::to_string).collect(),
        connect_timeout: length(fetch.connect_timeout),
        header_timeout: length(fetch.header_timeout),
        idle_timeout: length(fetch.idle_timeout),
        total_timeout: length(fetch.total_timeout),
        max_body: size_text(fetch.max_body_bytes),
        max_redirects: fetch.max_redirects,
        concurrency: fetch.concurrency,
        host_interval: length(fetch.host_interval),
        host_burst: fetch.host_burst,
        max_freshness: length(fetch.max_freshness),
        full_read_every: fetch.full_read_every,
        proxy: fetch.proxy.as_ref().map(redact::proxy),
        ca_file: fetch.authorities.as_ref().map(|authorities| authorities.file.display().to_string()),
        browser: fetch.browser.as_ref().map(|browser| browser.program.display().to_string()),
        browser_timeout: fetch.browser.as_ref().map(|browser| length(browser.timeout)),
        browser_max_memory: fetch.browser.as_ref().map(|browser| size_text(browser.max_memory_bytes)),
        headers: redact::headers(&fetch.headers),
    }
}

fn operator(operator: &OperatorSettings) -> Operator<'_> {
    Operator {
        address: operator.address.as_ref().map(EmailAddress::as_str),
        failures: operator.failures,
        remind_every: length(operator.remind_every),
    }
}

fn facts(observed: &Observed) -> Facts<'_> {
    Facts {
        on: observed.on.to_string(),
        by: &observed.by,
        landed: observed.landed.as_ref().map(url::Url::as_str),
        content_type: observed.content_type.as_deref(),
        bytes: observed.bytes,
        entries: observed.entries,
        head: observed.head.as_deref(),
        robots: observed.robots,
        refuses: observed.refuses.as_deref(),
    }
}

fn source(source: &Source) -> ShownSource<'_> {
    ShownSource {
        id: source.id.as_str(),
        title: &source.title,
        url: source.url.as_str(),
        schedule: source.schedule.to_string(),
        timezone: source.timezone.name(),
        companies: source.companies.iter().map(CompanyId::as_str).collect(),
        stale_after: source.stale_after.map(length),
        quiet_after: source.quiet_after,
        misses: source.misses.as_deref(),
        listing: source.listing.as_ref(),
        proxy: source.request.proxy.as_ref().map(redact::proxy),
        render: source.request.in_browser.then_some("browser"),
        max_body: source.request.max_body_bytes.map(size_text),
        total_timeout: source.request.total_timeout.map(length),
        question: source.request.question.as_deref(),
        member: source.request.member.as_deref(),
        groups: &source.catalogue.groups,
        serves: source.catalogue.serves.as_deref(),
        kind: &source.kind,
        guard: Guard {
            min_entries: source.guard.min_entries,
            max_drop: format!("{}%", source.guard.max_drop_percent),
            confirm_reads: source.guard.confirm_reads,
            confirm_drop: source.guard.confirm_drop,
            confirm_delay: length(source.guard.confirm_delay),
            max_entries: source.guard.max_entries,
        },
        noise: Noise {
            classes: source.noise.classes.iter().copied().collect(),
            patterns: source.noise.patterns.iter().map(regex::Regex::as_str).collect(),
            fields: source.noise.fields.iter().map(String::as_str).collect(),
            parameters: source.noise.parameters.iter().map(String::as_str).collect(),
        },
        robots: source.request.ignores_robots.as_deref().map(|because| Robots { ignore: true, because }),
        link: source.request.link.as_ref(),
        routes: &source.request.routes,
        witness: source.request.witness.as_ref(),
        announced_by: &source.request.announcers,
        quota: source.request.quota,
        observed: source.catalogue.observed.as_ref().map(facts),
        headers: redact::headers(&source.request.headers),
    }
}
