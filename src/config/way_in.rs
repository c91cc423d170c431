//! What the table `[inbox]` says of the ways by which mail comes in: `maildir`, `[inbox.imap]` and
//! `[inbox.lmtp]`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Host;

use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::{secret, value};
use crate::domain::spelling::none_of;
use crate::settings::{ImapSecurity, ImapSettings, LmtpListen, TransportSettings, WaysInSettings};

pub(super) const IMAP: AllowedKeys = AllowedKeys {
    heading: "[inbox.imap]",
    names: &["host", "port", "tls", "user", "password_file", "mailbox", "processed", "failed"],
};

pub(super) const LMTP: AllowedKeys = AllowedKeys { heading: "[inbox.lmtp]", names: &["listen"] };

/// What a Unix socket's address holds besides its closing zero byte (unix(7)).
const MAX_SOCKET_BYTES: usize = 107;

/// Reads the ways in; `transport` is the way out, where that is known.
pub(super) fn ways_in(
    inbox: &ConfigTable<'_>,
    folder: &Path,
    from_environment: Option<SecretString>,
    transport: Option<&TransportSettings>,
) -> Option<WaysInSettings> {
    let maildir = inbox.optional("maildir", |node| maildir(node, folder, transport));
    let imap = inbox.optional("imap", |node| imap(&node.table(&IMAP)?, folder, from_environment));
    let lmtp = inbox.optional("lmtp", |node| lmtp(&node.table(&LMTP)?, folder));
    Some(WaysInSettings { maildir: maildir.ok()?, imap: imap.ok()?, lmtp: lmtp.ok()? })
}

fn maildir(node: &ConfigNode<'_>, folder: &Path, transport: Option<&TransportSettings>) -> Option<PathBuf> {
    let path = value::path_from(folder, node.line()?);
    if matches!(transport, Some(TransportSettings::Maildir { path: out }) if *out == path) {
        node.fault("is the Maildir into which mail leaves (mail.transport), expected another");
        return None;
    }
    Some(path)
}

fn imap(
    table: &ConfigTable<'_>,
    folder: &Path,
    from_environment: Option<SecretString>,
) -> Option<ImapSettings> {
    let host = table
        .require("host", "the server's name, such as \"imap.tracker.example\"")
        .and_then(|node| node.parse(host));
    let tls = table.or("tls", ImapSecurity::Tls, |node| node.parse(security));
    let port = table.optional("port", |node| node.number(1..=65_535));
    let user = table
        .require("user", "who logs in, such as \"watch@tracker.example\"")
        .and_then(|node| node.line().map(str::to_owned));
    let password = password(table, folder, from_environment);
    let folders = folders(table);
    let (host, tls) = (host?, tls?);
    if tls == ImapSecurity::None && !is_loopback(&host) {
        let node = table.get("tls")?;
        node.fault("would send the password in the clear, expected \"implicit\" or \"starttls\" for a server that is not on this machine");
        return None;
    }
    let default_port = if tls == ImapSecurity::Tls { 993 } else { 143 };
    let port = port.ok()?.map_or(Some(default_port), |port| u16::try_from(port).ok())?;
    let [mailbox, processed, failed] = folders?;
    let host = match host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    };
    Some(ImapSettings {
        host,
        port,
        security: tls,
        user: user?,
        password: password?,
        mailbox,
        processed,
        failed,
    })
}

fn host(text: &str) -> Result<Host, String> {
    Host::parse(text).map_err(|_| {
        format!("found {text:?}, expected the server's name alone, such as \"imap.tracker.example\"")
    })
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

fn security(text: &str) -> Result<ImapSecurity, String> {
    match text {
        "implicit" => Ok(ImapSecurity::Tls),
        "starttls" => Ok(ImapSecurity::StartTls),
        "none" => Ok(ImapSecurity::None),
        other => Err(none_of(other, &["implicit", "starttls", "none"])),
    }
}

fn password(
    table: &ConfigTable<'_>,
    folder: &Path,
    from_environment: Option<SecretString>,
) -> Option<SecretString> {
    let from_file = table.optional("password_file", |node| {
        let path = value::path_from(folder, node.line()?);
        secret::read_file(&path).map_err(|error| node.fault(error)).ok()
    });
    let password = from_file.ok()?.or(from_environment);
    if password.is_none() {
        table.require(
            "password_file",
            &format!("a file that holds the password, or the password in {}", secret::IMAP_PASSWORD_VARIABLE),
        );
    }
    password
}

/// The mailbox, and the two folders beside it.
fn folders(table: &ConfigTable<'_>) -> Option<[String; 3]> {
    let name = |key, default: &str| table.or(key, default.to_owned(), |node| node.parse(mailbox_name));
    let names = [name("mailbox", "INBOX"), name("processed", "Processed"), name("failed", "Failed")];
    let [Some(mailbox), Some(processed), Some(failed)] = names else { return None };
    let twin = [("processed", processed == mailbox), ("failed", failed == mailbox || failed == processed)];
    if let Some((key, _)) = twin.iter().find(|(_, is_twin)| *is_twin) {
        let node = table.get(key).or_else(|| table.get("mailbox")).or_else(|| table.get("processed"))?;
        node.fault("is the name of another folder here, expected three that differ");
        return None;
    }
    Some([mailbox, processed, failed])
}

/// Names with other letters would have to be in IMAP's own form of UTF-7 (RFC 3501, 5.1.3).
fn mailbox_name(text: &str) -> Result<String, String> {
    let is_plain = !text.is_empty() && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    let is_one = !text.contains(['*', '%', '"', '\\', '&']);
    if is_plain && is_one {
        Ok(text.to_owned())
    } else {
        Err(format!("found {text:?}, expected a folder's name in plain ASCII, such as \"INBOX\""))
    }
}

fn lmtp(table: &ConfigTable<'_>, folder: &Path) -> Option<LmtpListen> {
    let expected = "an address on this machine, such as \"127.0.0.1:2424\" or \"unix:../state/lmtp.sock\"";
    let node = table.require("listen", expected)?;
    if let Some(path) = value::scheme_path(node.text()?, "unix") {
        let path = value::path_from(folder, path);
        let bytes = path.as_os_str().len();
        if bytes > MAX_SOCKET_BYTES {
            node.fault(format_args!(
                "has {bytes} bytes as a whole path, expected at most {MAX_SOCKET_BYTES}"
            ));
            return None;
        }
        return Some(LmtpListen::Unix(path));
    }
    node.parse(|text| match text.parse::<SocketAddr>() {
        Ok(address) if address.ip().is_loopback() => Ok(LmtpListen::Tcp(address)),
        Ok(_) => {
            Err(format!("found {text:?}, where others than this machine can connect, expected {expected}"))
        }
        Err(_) => Err(format!("found {text:?}, expected {expected}")),
    })
}
