//! What must not be shown of the settings by which a source is asked for.

use std::collections::BTreeMap;

use url::Url;

/// What stands in place of a secret.
pub const REDACTED: &str = "[redacted]";

/// Parts of the names of headers whose values let somebody in.
const TELLING: [&str; 9] =
    ["auth", "cookie", "credential", "key", "password", "secret", "session", "signature", "token"];

/// Whether a header's value is likely a secret, judged by its name.
#[must_use]
pub fn is_sensitive(header: &str) -> bool {
    let header = header.to_ascii_lowercase();
    TELLING.iter().any(|part| header.contains(part))
}

/// Headers as they may be shown.
#[must_use]
pub fn headers(headers: &BTreeMap<String, String>) -> BTreeMap<&str, &str> {
    headers
        .iter()
        .map(|(name, value)| (name.as_str(), if is_sensitive(name) { REDACTED } else { value.as_str() }))
        .collect()
}

/// A proxy as it may be shown: without its password.
#[must_use]
pub fn proxy(proxy: &Url) -> String {
    let mut shown = proxy.clone();
    // Refused only by addresses that cannot hold a password.
    let _ = shown.set_password(None);
    shown.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_let_somebody_in_are_known_by_their_names() {
        for name in ["Authorization", "Proxy-Authorization", "COOKIE", "x-api-key", "X-Auth-Token"] {
            assert!(is_sensitive(name), "{name}");
        }
        for name in ["Accept", "Accept-Language", "User-Agent", "Sec-Fetch-Mode", "Referer"] {
            assert!(!is_sensitive(name), "{name}");
        }
    }

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        let url = Url::parse("socks5://me:geheim@proxy.example:1080").unwrap();
        assert_eq!(proxy(&url), "socks5://me@proxy.example:1080");
    }
}
