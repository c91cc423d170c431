//! The validated configuration: what the rest of the program works with.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{DkimKey, PasswordHash};
use crate::domain::category::Category;
use crate::domain::company::Company;
use crate::domain::email::EmailAddress;
use crate::domain::id::SourceId;
use crate::domain::outbox::Doubt;
use crate::domain::redact;
use crate::domain::scoring::Thresholds;
use crate::domain::source::Source;

/// Everything the operator decided. Every path is absolute, every reference resolved.
#[derive(Debug, Clone)]
pub struct Config {
    /// The main file it was read from.
    pub path: PathBuf,
    /// Where state is kept.
    pub store: StoreSettings,
    /// What must be so of it.
    pub store_rules: StoreRules,
    /// How mail leaves.
    pub mail: MailSettings,
    /// Where people write to; without it nobody subscribes by mail.
    pub inbox: Option<InboxSettings>,
    /// By which ways mail to it comes in, besides `regwatch mail ingest`.
    pub ways_in: WaysInSettings,
    /// The web server to which mail's links lead; without it mail has none.
    pub web: Option<WebSettings>,
    /// Where health and metrics are shown; without it nowhere.
    pub metrics: Option<MetricsSettings>,
    /// Who puts a time to what was read.
    pub evidence: EvidenceSettings,
    /// How pages are asked for.
    pub fetch: FetchSettings,
    /// From which score on a name of a list counts.
    pub matching: Thresholds,
    /// How the daemon behaves.
    pub daemon: DaemonSettings,
    /// Who is told when something goes wrong.
    pub operator: OperatorSettings,
    /// The groups of sources that are switched on.
    pub groups: Vec<String>,
    /// What is watched, in the order of the files.
    pub sources: Vec<Source>,
    /// What could be: sources whose groups are switched off, or that are off themselves.
    pub dormant: Vec<Source>,
    /// Who is tracked, in the order of the files.
    pub companies: Vec<Company>,
    /// What rules cover without naming anybody, in the order of the files.
    pub categories: Vec<Category>,
}

impl Config {
    /// What is watched and what could be.
    pub fn all_sources(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().chain(&self.dormant)
    }

    /// A source that is watched, by its id.
    #[must_use]
    pub fn source(&self, id: &SourceId) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == *id)
    }
}

/// Where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreSettings {
    /// A sled database in this folder.
    Sled {
        /// The folder.
        path: PathBuf,
    },
}

impl StoreSettings {
    /// Where it lies, for people.
    #[must_use]
    pub fn place(&self) -> String {
        let Self::Sled { path } = self;
        path.display().to_string()
    }
}

/// What must be so of the place where state is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreRules {
    /// Whether it must be there already: then nothing is ever begun with an empty one.
    pub required: bool,
    /// With less free room on its disk than this, the operator is told.
    pub low_disk_bytes: usize,
    /// How long what is kept.
    pub retention: Retention,
}

/// How long what is kept; `None` for ever. Records themselves are always kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retention {
    /// The bytes of mails that went out.
    pub sent_mails: Option<Duration>,
    /// What else a server said with a page that was accepted, besides the line of proof.
    pub read_details: Option<Duration>,
    /// The bodies of accepted states that prove no change.
    pub bodies: Option<Duration>,
    /// The lines of the chains of reads that no change needs.
    pub chains: Option<Duration>,
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

impl Default for Retention {
    fn default() -> Self {
        Self { sent_mails: Some(DAY * 90), read_details: Some(DAY * 365), bodies: None, chains: None }
    }
}

impl Default for StoreRules {
    fn default() -> Self {
        Self { required: false, low_disk_bytes: 512 << 20, retention: Retention::default() }
    }
}

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name shown, ASCII or not, without control characters.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

impl Sender {
    /// Who runs the service, as its mails say it.
    #[must_use]
    pub fn organisation(&self) -> &str {
        self.name.as_deref().unwrap_or("regwatch")
    }
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Whom mail is from.
    pub from: Sender,
    /// By which way it leaves.
    pub transport: TransportSettings,
    /// The postal address that every mail must show (CAN-SPAM, 15 U.S.C. 7704(a)(5)).
    pub postal_address: Option<String>,
    /// How a subscriber reaches a person, in the foot of every mail; the sender's address unless given.
    pub help_address: EmailAddress,
    /// How long alerts of one subscriber are collected before a mail is made of them.
    pub group_within: Duration,
    /// Whoever would be told of a deadline with less time left than this is told at once.
    pub deadline_within: Duration,
    /// Mails delivered at once.
    pub concurrency: usize,
    /// How fast they leave.
    pub pace: Pace,
    /// What becomes of a mail whose fate nobody knows.
    pub on_in_doubt: Doubt,
    /// By which key it is signed; without it the relay signs, or nobody.
    pub dkim: Option<DkimSettings>,
}

/// By which key mail is signed (RFC 6376).
#[derive(Debug, Clone)]
pub struct DkimSettings {
    /// The domain that signs: that of the sender or one above it.
    pub domain: String,
    /// Under which name the key is published below it.
    pub selector: String,
    /// The file that holds the key.
    pub key_file: PathBuf,
    /// The key.
    pub key: DkimKey,
}

/// How fast mail leaves; nothing limits what is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Mails in a minute.
    pub rate_per_minute: Option<u32>,
    /// Mails in a minute to one recipient domain.
    pub domain_rate_per_minute: Option<u32>,
    /// Mails to one recipient domain at once.
    pub domain_concurrency: Option<usize>,
}

/// Where people write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxSettings {
    /// The mailbox; `address+detail@` goes to it as well.
    pub address: EmailAddress,
    /// By which name the receiving server signs its `Authentication-Results`; without it no sender is
    /// taken as vouched for.
    pub authserv_id: Option<String>,
}

/// By which ways mail comes in.
#[derive(Debug, Clone, Default)]
pub struct WaysInSettings {
    /// A Maildir from which it is taken.
    pub maildir: Option<PathBuf>,
    /// A mailbox at a server from which it is fetched.
    pub imap: Option<ImapSettings>,
    /// Where a mail server on this machine hands it over.
    pub lmtp: Option<LmtpListen>,
}

/// A mailbox at an IMAP server.
#[derive(Debug, Clone)]
pub struct ImapSettings {
    /// The server's host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: ImapSecurity,
    /// Who logs in.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// The folder in which messages arrive.
    pub mailbox: String,
    /// The folder into which they go once they were taken in.
    pub processed: String,
    /// The folder for those that could not be taken in.
    pub failed: String,
}

/// How an IMAP connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImapSecurity {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// STARTTLS, refused where the server does not offer it.
    StartTls,
    /// None; on this machine only.
    None,
}

/// Where LMTP is listened for; never where another machine can connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LmtpListen {
    /// A loopback address.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// The web server to which mail's links lead.
#[derive(Debug, Clone)]
pub struct WebSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Under which address people reach it: https, or http on this machine; its path ends with a slash.
    pub base_url: Url,
    /// Whose word is taken on who asks, in `X-Forwarded-For`.
    pub trusted_proxies: Vec<IpAddr>,
    /// Requests of one client in a minute.
    pub client_rate: u32,
    /// Requests in a minute, of all.
    pub total_rate: u32,
    /// Connections at once.
    pub max_connections: usize,
    /// What anybody may read without a log-in.
    pub public: Vec<Section>,
    /// Who may log in.
    pub operators: Vec<OperatorLogin>,
    /// The proxy whose word on who asks is taken.
    pub proxy_login: Option<ProxyLogin>,
}

/// A part of the pages that may be opened to everybody. Those with addresses of people are none of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    /// How the service stands.
    Overview,
    /// What changed.
    Changes,
    /// The sources and their reads.
    Sources,
    /// The companies and where they are listed.
    Companies,
    /// What was watched in a time.
    Coverage,
}

impl Section {
    /// Each with its name, which is also where it stands.
    pub const ALL: [(&'static str, Self); 5] = [
        ("overview", Self::Overview),
        ("changes", Self::Changes),
        ("sources", Self::Sources),
        ("companies", Self::Companies),
        ("coverage", Self::Coverage),
    ];

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, section)| *section == self).map_or("", |(name, _)| name)
    }
}

/// What somebody who logged in may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// See everything but addresses of people.
    Reader,
    /// See everything, and act.
    Operator,
}

/// Somebody who may log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorLogin {
    /// By which name.
    pub name: String,
    /// As what.
    pub role: Role,
    /// The hash of the password; without one only a proxy can say that it is them.
    pub password: Option<PasswordHash>,
    /// Where it stands.
    pub password_file: Option<PathBuf>,
}

/// A proxy that knows who asks and says so in a header, with a secret that proves it is the proxy.
#[derive(Debug, Clone)]
pub struct ProxyLogin {
    /// The header that names an operator, in small letters.
    pub header: String,
    /// The header that holds the secret, in small letters.
    pub secret_header: String,
    /// The secret.
    pub secret: SecretString,
    /// Where it stands.
    pub secret_file: PathBuf,
}

/// Where health and metrics are shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsSettings {
    /// Where the listener is.
    pub listen: SocketAddr,
    /// The dead-man's switch, where there is one.
    pub ping: Option<PingSettings>,
}

/// Who puts a time to what was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EvidenceSettings {
    /// A time-stamping authority (RFC 3161).
    pub tsa: Option<Url>,
}

/// A dead-man's switch elsewhere, which tells somebody when it is not asked for any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PingSettings {
    /// What is asked for.
    pub url: Url,
    /// How often.
    pub every: Duration,
}

/// By which way mail leaves.
#[derive(Debug, Clone)]
pub enum TransportSettings {
    /// Into a Maildir on this machine.
    Maildir {
        /// The Maildir; made where it is missing.
        path: PathBuf,
    },
    /// Through an SMTP relay.
    Smtp(SmtpSettings),
}

/// An SMTP relay.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Who logs in, where somebody must.
    pub credentials: Option<SmtpCredentials>,
}

/// How an SMTP connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314), `smtps://`.
    Tls,
    /// STARTTLS, refused where the relay does not offer it; the default of `smtp://`.
    StartTls,
    /// STARTTLS with any certificate where the relay offers it, else none (RFC 7435). Nobody logs in.
    Opportunistic,
    /// None; the default on loopback only, elsewhere only when asked for by `tls = "none"`.
    None,
}

/// A log-in at a relay.
#[derive(Debug, Clone)]
pub struct SmtpCredentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}

/// How pages are asked for.
///
/// `Debug` hides secrets.
#[derive(Clone)]
pub struct FetchSettings {
    /// Whom a site's operator can write to; part of the User-Agent.
    pub contact: String,
    /// Why nobody but this machine and the private addresses below may be asked: whom a request is from, or mail,
    /// is still nobody.
    pub only_here: Option<String>,
    /// Private addresses that may be read all the same.
    pub allow_private: Vec<IpAddr>,
    /// For the TCP and TLS handshakes.
    pub connect_timeout: Duration,
    /// From the request to the answer's header.
    pub header_timeout: Duration,
    /// Between two parts of the body.
    pub idle_timeout: Duration,
    /// For the whole read, redirects included.
    pub total_timeout: Duration,
    /// The largest body, after transfer decoding.
    pub max_body_bytes: usize,
    /// The most redirects followed.
    pub max_redirects: usize,
    /// Sources read at once.
    pub concurrency: usize,
    /// In which the right to one more request to a host comes back.
    pub host_interval: Duration,
    /// So many requests to one host may follow each other after a silence.
    pub host_burst: u32,
    /// The longest that a page may put off its next read by saying how long it stays fresh.
    pub max_freshness: Duration,
    /// After so many unconditional-free reads in a row a full one is asked for, since some servers lie.
    pub full_read_every: u32,
    /// Headers sent with every request unless a source replaces them.
    pub headers: BTreeMap<String, String>,
    /// The outgoing proxy of every source that names none.
    pub proxy: Option<Url>,
    /// Who may vouch for servers beside those whom the system trusts.
    pub authorities: Option<Authorities>,
    /// The browser that shows pages which scripts put together.
    pub browser: Option<BrowserSettings>,
}

/// Certificates of authorities beside those that the system trusts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authorities {
    /// The file that they came from.
    pub file: PathBuf,
    /// The certificates, in DER.
    pub certificates: Vec<Vec<u8>>,
}

/// A browser without a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserSettings {
    /// Its program, Chromium or one of its kin.
    pub program: PathBuf,
    /// For a page, from the start of the browser to its end.
    pub timeout: Duration,
    /// The most memory it may use, all its processes together.
    pub max_memory_bytes: usize,
}

impl fmt::Debug for FetchSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { headers, proxy, authorities, .. } = self;
        f.debug_struct("FetchSettings")
            .field("contact", &self.contact)
            .field("only_here", &self.only_here)
            .field("allow_private", &self.allow_private)
            .field("connect_timeout", &self.connect_timeout)
            .field("header_timeout", &self.header_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("max_body_bytes", &self.max_body_bytes)
            .field("max_redirects", &self.max_redirects)
            .field("concurrency", &self.concurrency)
            .field("host_interval", &self.host_interval)
            .field("host_burst", &self.host_burst)
            .field("max_freshness", &self.max_freshness)
            .field("full_read_every", &self.full_read_every)
            .field("headers", &redact::headers(headers))
            .field("proxy", &proxy.as_ref().map(redact::proxy))
            .field("authorities", &authorities.as_ref().map(|authorities| &authorities.file))
            .field("browser", &self.browser)
            .finish()
    }
}

/// How the daemon behaves.
#[derive(Debug, Clone)]
pub struct DaemonSettings {
    /// Its control socket.
    pub socket: PathBuf,
    /// Each scheduled read is put off by a random part of this, so that sources do not fire as one.
    pub jitter: Duration,
    /// How long work under way may go on after a stop was asked for.
    pub drain_timeout: Duration,
}

/// Who is told when something goes wrong, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorSettings {
    /// Whom incidents are mailed to; without it they are only shown and logged.
    pub address: Option<EmailAddress>,
    /// So many failed reads of a source in a row are an incident.
    pub failures: u32,
    /// While an incident lasts it is told again after this.
    pub remind_every: Duration,
}
