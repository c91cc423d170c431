//! The tables that stand in the main file once: `[store]`, `[fetch]`, `[daemon]`, `[operator]`.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use url::Url;

use super::draft::real;
use super::header::headers;
use super::list;
use super::node::{AllowedKeys, ConfigNode, ConfigTable, FaultNoted};
use super::{secret, value};
use crate::domain::email::EmailAddress;
use crate::domain::id::hex;
use crate::settings::{
    Authorities, BrowserSettings, DaemonSettings, DatabaseUrl, FetchSettings, OperatorSettings, Retention,
    StoreRules, StoreSettings,
};

pub(super) const STORE: AllowedKeys = AllowedKeys {
    heading: "[store]",
    names: &[
        "url",
        "password_file",
        "folder",
        "listen",
        "required",
        "low_disk",
        "keep_sent_mails",
        "keep_read_details",
        "keep_bodies",
        "keep_chains",
    ],
};

pub(super) const FETCH: AllowedKeys = AllowedKeys {
    heading: "[fetch]",
    names: &[
        "contact",
        "allow_private",
        "connect_timeout",
        "header_timeout",
        "idle_timeout",
        "total_timeout",
        "max_body",
        "max_redirects",
        "concurrency",
        "host_interval",
        "host_burst",
        "max_freshness",
        "full_read_every",
        "headers",
        "proxy",
        "proxy_password_file",
        "ca_file",
        "browser",
        "browser_timeout",
        "browser_max_memory",
    ],
};

pub(super) const DAEMON: AllowedKeys =
    AllowedKeys { heading: "[daemon]", names: &["socket", "jitter", "drain_timeout"] };

pub(super) const OPERATOR: AllowedKeys =
    AllowedKeys { heading: "[operator]", names: &["address", "failures", "remind_every"] };

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);

/// What a Unix socket's address holds besides its closing zero byte (unix(7)).
const MAX_SOCKET_BYTES: usize = 107;

pub(super) fn length(least: Duration, most: Duration) -> impl Fn(&ConfigNode<'_>) -> Option<Duration> {
    move |node| node.parse(|text| value::duration(text, least, most))
}

/// The store that an address names. What is wrong with it is said without it: it may hold a password.
pub(super) fn store_at(
    text: &str,
    folder: &Path,
    from_file: Option<&SecretString>,
    from_environment: Option<&SecretString>,
) -> Result<StoreSettings, String> {
    if let Some(path) = value::scheme_path(text, "sled") {
        if from_file.is_some() {
            return Err("is a folder, expected no password_file for it".to_owned());
        }
        return Ok(StoreSettings::Sled { path: value::path_from(folder, path) });
    }
    let url = text.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "postgres" | "postgresql"));
    let Some(url) = url else {
        return Err("is not a store, expected \"sled:\" and a folder, such as \"sled:../state/db\", or a database such as \"postgres://regwatch@db.example/regwatch?sslmode=require\"".to_owned());
    };
    if url.password().is_some() {
        return Err(format!(
            "holds a password, expected it in a file of its own, named by password_file, or in {}",
            secret::STORE_PASSWORD_VARIABLE
        ));
    }
    let is_remote = url.has_host();
    let password = from_file.or(from_environment.filter(|_| is_remote)).map(ExposeSecret::expose_secret);
    let url = DatabaseUrl::new(text, password)?;
    Ok(StoreSettings::Postgres { url, local: value::path_from(folder, "../state/db") })
}

/// The store that an address on the command line names; a database's password stands in the environment.
///
/// # Errors
/// What was expected; never what was found.
pub fn store_named(text: &str, folder: &Path) -> Result<StoreSettings, String> {
    store_at(text, folder, None, secret::variable(secret::STORE_PASSWORD_VARIABLE).as_ref())
}

pub(super) fn store(
    section: Option<&ConfigNode<'_>>,
    folder: &Path,
    from_environment: Option<&SecretString>,
) -> Option<(StoreSettings, StoreRules)> {
    let default = || StoreSettings::Sled { path: value::path_from(folder, "../state/db") };
    let usual = StoreRules::default();
    let Some(section) = section else { return Some((default(), usual)) };
    let table = section.table(&STORE)?;
    let password = table.optional("password_file", |node| {
        let path = value::path_from(folder, node.line()?);
        secret::read_file(&path).map_err(|error| node.fault(error)).ok()
    });
    let settings = table.or("url", default(), |url| {
        let from_file = password.as_ref().ok().and_then(Option::as_ref);
        let store = store_at(url.text()?, folder, from_file, from_environment);
        store.map_err(|fault| url.fault(fault)).ok()
    });
    password.ok()?;
    let folder = table.optional("folder", |node| {
        let path = value::path_from(folder, node.line()?);
        if let Some(StoreSettings::Sled { .. }) = settings {
            node.fault("belongs to a database server, expected none where url names a folder");
            return None;
        }
        Some(path)
    });
    let settings = match (settings, folder.ok()?) {
        (Some(StoreSettings::Postgres { url, .. }), Some(folder)) => {
            Some(StoreSettings::Postgres { url, local: folder.join("db") })
        }
        (settings, _) => settings,
    };
    let listens = table.optional("listen", |node| {
        if let Some(StoreSettings::Sled { .. }) = settings {
            node.fault("belongs to a database server, expected none where url names a folder");
            return None;
        }
        node.flag()
    });
    let required = table.or("required", usual.required, ConfigNode::flag);
    let low_disk_bytes = table.or("low_disk", usual.low_disk_bytes, |node| node.parse(value::room));
    let kept = |name, default| table.or(name, default, |node| node.parse(kept_for));
    let listens = listens.ok()?.unwrap_or(usual.listens);
    let usual = usual.retention;
    let sent_mails = kept("keep_sent_mails", usual.sent_mails);
    let read_details = kept("keep_read_details", usual.read_details);
    let bodies = kept("keep_bodies", usual.bodies);
    let chains = kept("keep_chains", usual.chains);
    let retention =
        Retention { sent_mails: sent_mails?, read_details: read_details?, bodies: bodies?, chains: chains? };
    let (required, low_disk_bytes) = (required?, low_disk_bytes?);
    Some((settings?, StoreRules { required, low_disk_bytes, retention, listens }))
}

/// What stands for no end.
pub(super) const FOREVER: &str = "forever";

/// How long something is kept; `None` for ever.
fn kept_for(text: &str) -> Result<Option<Duration>, String> {
    let (least, most) = (HOUR * 24, HOUR * 24 * 366 * 100);
    if text == FOREVER {
        return Ok(None);
    }
    value::duration(text, least, most).map(Some).map_err(|error| format!("{error}, or \"{FOREVER}\""))
}

/// Where the daemon of a store listens unless told otherwise: beside the store and named after it, so that two
/// stores in one folder have two; in the user's runtime folder where that name is longer than an address may be.
fn default_socket(store: &StoreSettings) -> PathBuf {
    let path = store.local();
    let mut beside = path.as_os_str().to_owned();
    beside.push(".sock");
    if beside.len() <= MAX_SOCKET_BYTES {
        return beside.into();
    }
    let name = format!("regwatch-{}.sock", &hex(&Sha256::digest(real(path).as_os_str().as_bytes()))[..16]);
    secret::runtime_folder().join(name)
}

pub(super) fn daemon(
    section: Option<&ConfigNode<'_>>,
    folder: &Path,
    store: Option<&StoreSettings>,
) -> Option<DaemonSettings> {
    let table = match section {
        Some(section) => Some(section.table(&DAEMON)?),
        None => None,
    };
    let default = store.map_or_else(|| value::path_from(folder, "../state/db.sock"), default_socket);
    let (jitter, drain_timeout) = (MINUTE, Duration::from_secs(30));
    let Some(table) = table else { return Some(DaemonSettings { socket: default, jitter, drain_timeout }) };
    let socket = table.or("socket", default, |node| {
        let path = value::path_from(folder, node.line()?);
        let bytes = path.as_os_str().len();
        if bytes > MAX_SOCKET_BYTES {
            node.fault(format_args!(
                "{} has {bytes} bytes, expected at most {MAX_SOCKET_BYTES}, which is all a socket's address holds",
                path.display()
            ));
        }
        (bytes <= MAX_SOCKET_BYTES).then_some(path)
    });
    let jitter = table.or("jitter", jitter, length(Duration::ZERO, HOUR));
    let drain_timeout = table.or("drain_timeout", drain_timeout, length(SECOND, HOUR));
    Some(DaemonSettings { socket: socket?, jitter: jitter?, drain_timeout: drain_timeout? })
}

pub(super) fn operator(section: Option<&ConfigNode<'_>>) -> Option<OperatorSettings> {
    let (failures, remind_every) = (3, HOUR * 24);
    let Some(section) = section else {
        return Some(OperatorSettings { address: None, failures, remind_every });
    };
    let table = section.table(&OPERATOR)?;
    let address = table.optional("address", |node| node.parse(str::parse::<EmailAddress>));
    let failures = table.or("failures", failures, |node| node.number(1..=1000));
    let remind_every = table.or("remind_every", remind_every, length(HOUR, HOUR * 24 * 30));
    Some(OperatorSettings { address: address.ok()?, failures: failures?, remind_every: remind_every? })
}

pub(super) fn fetch(root: &ConfigTable<'_>, folder: &Path) -> Option<FetchSettings> {
    let section = root.require("fetch", "a table that holds at least a contact")?;
    let table = section.table(&FETCH)?;
    let timeout = |name, seconds| table.or(name, SECOND * seconds, length(SECOND, HOUR));
    let number = |name, default, least, most| table.or(name, default, |node| node.number(least..=most));
    let contact = table
        .require("contact", "a mail address or an https address at which a person can be reached")
        .and_then(|node| node.parse(value::contact));
    let allow_private = table.or("allow_private", Vec::new(), |node| addresses(node));
    let connect_timeout = timeout("connect_timeout", 10);
    let header_timeout = timeout("header_timeout", 30);
    let idle_timeout = timeout("idle_timeout", 30);
    let total_timeout = timeout("total_timeout", 120);
    let max_body_bytes = table.or("max_body", 16 << 20, |node| node.parse(value::size));
    let max_redirects = number("max_redirects", 5, 0, 20);
    let concurrency = number("concurrency", 4, 1, 64);
    let host_interval = table.or("host_interval", SECOND * 2, length(Duration::ZERO, HOUR));
    let host_burst = number("host_burst", 2, 1, 100);
    let max_freshness = table.or("max_freshness", HOUR, length(Duration::ZERO, HOUR * 24));
    let full_read_every = number("full_read_every", 24, 1, 1_000_000);
    let headers = table.or("headers", BTreeMap::new(), headers);
    let proxy = proxy(&table, folder);
    let authorities = table.optional("ca_file", |node| authorities(node, folder));
    let browser = browser(&table, folder);
    Some(FetchSettings {
        contact: contact?,
        only_here: None,
        allow_private: allow_private?,
        connect_timeout: connect_timeout?,
        header_timeout: header_timeout?,
        idle_timeout: idle_timeout?,
        total_timeout: total_timeout?,
        max_body_bytes: max_body_bytes?,
        max_redirects: max_redirects? as usize,
        concurrency: concurrency? as usize,
        host_interval: host_interval?,
        host_burst: host_burst?,
        max_freshness: max_freshness?,
        full_read_every: full_read_every?,
        headers: headers?,
        proxy: proxy.ok()?,
        authorities: authorities.ok()?,
        browser: browser.ok()?,
    })
}

/// The certificates of a file in PEM.
fn authorities(node: &ConfigNode<'_>, folder: &Path) -> Option<Authorities> {
    let file = value::path_from(folder, node.line()?);
    let read = CertificateDer::pem_file_iter(&file).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    match read {
        Ok(certificates) if !certificates.is_empty() => {
            let certificates = certificates.iter().map(|certificate| certificate.to_vec()).collect();
            Some(Authorities { file, certificates })
        }
        Ok(_) => {
            node.fault(format_args!("{} holds no certificate, expected one in PEM", file.display()));
            None
        }
        Err(error) => {
            node.fault(format_args!("{} cannot be read ({error}), expected PEM", file.display()));
            None
        }
    }
}

/// The browser of a table; how it may behave says nothing without it.
fn browser(table: &ConfigTable<'_>, folder: &Path) -> Result<Option<BrowserSettings>, FaultNoted> {
    let timeout = table.or("browser_timeout", MINUTE, length(SECOND, HOUR));
    let memory = table.or("browser_max_memory", 1 << 30, |node| node.parse(value::size));
    let Some(node) = table.get("browser") else {
        let needless = ["browser_timeout", "browser_max_memory"].iter().filter_map(|key| table.get(key));
        let needless: Vec<ConfigNode<'_>> = needless.collect();
        for node in &needless {
            node.fault("is given without a browser, expected browser as well");
        }
        return if needless.is_empty() { Ok(None) } else { Err(FaultNoted) };
    };
    let program = node.line().map(|path| value::path_from(folder, path)).filter(|path| {
        let is_file = path.is_file();
        if !is_file {
            node.fault(format_args!("{} is not a file, expected Chromium's program", path.display()));
        }
        is_file
    });
    match (program, timeout, memory) {
        (Some(program), Some(timeout), Some(max_memory_bytes)) => {
            Ok(Some(BrowserSettings { program, timeout, max_memory_bytes }))
        }
        _ => Err(FaultNoted),
    }
}

/// Addresses of single machines, each once.
pub(super) fn addresses(node: &ConfigNode<'_>) -> Option<Vec<IpAddr>> {
    let items = node.items("addresses of machines")?;
    list::distinct(&items, |item| {
        item.parse(|text| {
            text.parse::<IpAddr>().map_err(|_| {
                format!(
                    "found {text:?}, expected the address of one machine such as \"127.0.0.1\" or \"::1\""
                )
            })
        })
    })
}

/// The outgoing proxy of a table, its password taken from the file beside it.
pub(super) fn proxy(table: &ConfigTable<'_>, folder: &Path) -> Result<Option<Url>, FaultNoted> {
    let proxy = table.optional("proxy", |node| node.parse(value::proxy_url));
    let Some(file) = table.get("proxy_password_file") else {
        let proxy = proxy?;
        let is_named = proxy.as_ref().is_some_and(|url| !url.username().is_empty());
        return match table.get("proxy") {
            Some(node) if is_named => {
                node.fault("names a user, expected proxy_password_file as well");
                Err(FaultNoted)
            }
            _ => Ok(proxy),
        };
    };
    let password = file.line().map(|path| value::path_from(folder, path));
    let password = password.and_then(|path| secret::read_file(&path).map_err(|error| file.fault(error)).ok());
    let Some(mut url) = proxy?.filter(|url| !url.username().is_empty()) else {
        file.fault("is given without a user, expected a proxy such as \"http://user@proxy.example:3128\"");
        return Err(FaultNoted);
    };
    let password = password.ok_or(FaultNoted)?;
    // Refused only by addresses without a host, which `proxy_url` does not let pass.
    url.set_password(Some(password.expose_secret())).map_err(|()| FaultNoted)?;
    Ok(Some(url))
}
