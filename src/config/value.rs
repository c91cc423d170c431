//! What single values of the configuration stand for.
//!
//! Every reader gives a value or says what was found and what was expected. One
//! that may hold a secret never repeats what it was given.

use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use url::{Host, Url};

use crate::domain::moment::length;
use crate::domain::spelling::did_you_mean;

/// A length of time such as `30s`, `5m` or `1h 30m`, within limits.
pub(super) fn duration(text: &str, least: Duration, most: Duration) -> Result<Duration, String> {
    let expected = || {
        let (least, most) = (length(least), length(most));
        format!("a length of time from {least} to {most}, such as \"30s\", \"5m\" or \"1h 30m\"")
    };
    match humantime::parse_duration(text) {
        Ok(length) if (least..=most).contains(&length) => Ok(length),
        _ => Err(format!("found {text:?}, expected {}", expected())),
    }
}

const KIB: usize = 1 << 10;

/// The units of a size, the largest first.
const UNITS: [(&str, usize); 7] = [
    ("GiB", KIB * KIB * KIB),
    ("MiB", KIB * KIB),
    ("KiB", KIB),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

/// The most a body may have: all of it is held in memory, several times over.
const MAX_SIZE_BYTES: usize = KIB * KIB * KIB;

/// A size such as `16 MiB`, in bytes.
pub(super) fn size(text: &str) -> Result<usize, String> {
    let refuse = || format!("found {text:?}, expected a size from 1 KiB to 1 GiB, such as \"16 MiB\"");
    bytes_of(text).filter(|bytes| (KIB..=MAX_SIZE_BYTES).contains(bytes)).ok_or_else(refuse)
}

/// Room on a disk such as `512 MiB`, in bytes; `0 B` for none.
pub(super) fn room(text: &str) -> Result<usize, String> {
    let refuse = || format!("found {text:?}, expected a size, such as \"512 MiB\" or \"0 B\"");
    bytes_of(text).ok_or_else(refuse)
}

fn bytes_of(text: &str) -> Option<usize> {
    let trimmed = text.trim();
    let digits = trimmed.find(|c: char| !c.is_ascii_digit()).unwrap_or(trimmed.len());
    let (number, unit) = trimmed.split_at(digits);
    let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    number.parse::<usize>().ok()?.checked_mul(*factor)
}

/// A size as [`size`] reads it.
pub(super) fn size_text(bytes: usize) -> String {
    let fits = |(_, factor): &&(&str, usize)| bytes.is_multiple_of(*factor) && bytes >= *factor;
    let (unit, factor) = UNITS.iter().find(fits).copied().unwrap_or(("B", 1));
    format!("{} {unit}", bytes / factor)
}

/// A share such as `20%`, in percent.
pub(super) fn percent(text: &str) -> Result<u8, String> {
    let number = text.trim().strip_suffix('%').and_then(|number| number.trim().parse::<u8>().ok());
    number
        .filter(|number| *number <= 100)
        .ok_or_else(|| format!("found {text:?}, expected a share from \"0%\" to \"100%\""))
}

/// A time zone of the IANA database.
pub(super) fn zone(text: &str) -> Result<chrono_tz::Tz, String> {
    text.parse().map_err(|_| {
        let hint = did_you_mean(text, chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name()));
        format!("found {text:?}, expected a time zone such as \"America/New_York\" or \"UTC\"{hint}")
    })
}

/// The address of a page.
pub(super) fn page_url(text: &str) -> Result<Url, String> {
    let expected = "expected an address such as \"https://www.example.gov/list\"";
    let url = Url::parse(text).map_err(|error| format!("is not an address ({error}), {expected}"))?;
    if has_login(&url) {
        return Err(format!("holds a user or a password, which everybody would be shown; {expected}"));
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("found {text:?}, {expected}"));
    }
    Ok(url)
}

fn has_login(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// The address of an outgoing proxy, which may name a user and never a password.
pub(super) fn proxy_url(text: &str) -> Result<Url, String> {
    let expected =
        "expected a proxy such as \"http://proxy.example:3128\" or \"socks5://user@proxy.example:1080\"";
    let url = Url::parse(text).map_err(|error| format!("is not an address ({error}), {expected}"))?;
    if url.password().is_some() {
        return Err(
            "holds a password, expected it in a file of its own, named by proxy_password_file".to_owned()
        );
    }
    let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let has_host = url.host_str().is_some_and(|host| !host.is_empty());
    if !matches!(url.scheme(), "http" | "https" | "socks5" | "socks5h") || !is_bare || !has_host {
        return Err(format!("found {text:?}, {expected}"));
    }
    Ok(url)
}

/// Whom a site's operator can write to: it becomes a part of the User-Agent.
pub(super) fn contact(text: &str) -> Result<String, String> {
    use crate::domain::email::EmailAddress;
    let as_url = Url::parse(text).ok().filter(|url| url.scheme() == "https" && !has_login(url));
    let as_address = || text.parse::<EmailAddress>().ok().map(|address| address.to_string());
    as_url.map(String::from).or_else(as_address).ok_or_else(|| {
        format!(
            "found {text:?}, expected a mail address or an https address at which a person can be reached"
        )
    })
}

/// A machine and, where it is given, its port.
pub(super) fn host_and_port(text: &str) -> Option<(Host, Option<u16>)> {
    let has_port = text.rfind(':').is_some_and(|colon| !text[colon..].contains(']'));
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if has_port => (host, Some(port.parse().ok().filter(|port| *port != 0)?)),
        _ => (text, None),
    };
    Some((Host::parse(host).ok()?, port))
}

/// Resolves a path from the main file's folder, leading `..` taken away.
///
/// Only leading ones: the folder is known to hold no symbolic link, what follows is not.
pub(super) fn path_from(folder: &Path, text: &str) -> PathBuf {
    let mut path = folder.to_owned();
    let mut is_leading = true;
    for component in Path::new(text).components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir if is_leading => {
                path.pop();
            }
            other => {
                is_leading = false;
                path.push(other);
            }
        }
    }
    path
}

/// The path behind a scheme such as `sled:`; `None` where there is another scheme or no path.
pub(super) fn scheme_path<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let path = text.strip_prefix(scheme)?.strip_prefix(':')?;
    // `sled://state/db` would be read as /state/db.
    let is_url_like = path.starts_with("//") && !path.starts_with("///");
    (!path.trim().is_empty() && !is_url_like && !path.contains('\0')).then_some(path)
}
