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

/// Words in the names of an address's parameters whose values let somebody in: those of signed addresses
/// (`X-Amz-Signature`, `X-Goog-Credential`, `sig`), sessions and keys.
const TELLING_WORDS: [&str; 23] = [
    "access",
    "apikey",
    "auth",
    "authorization",
    "code",
    "credential",
    "credentials",
    "hmac",
    "jsessionid",
    "jwt",
    "key",
    "passwd",
    "password",
    "phpsessid",
    "pwd",
    "secret",
    "session",
    "sessionid",
    "sid",
    "sig",
    "signature",
    "ticket",
    "token",
];

/// An address to which a server sent us, as it may be kept: without a user, a password and the values of
/// parameters that let somebody in. `base` is what it is relative to. A text that is no address is not shown.
#[must_use]
pub fn address(text: &str, base: &Url) -> String {
    let Ok(mut url) = base.join(text) else { return REDACTED.to_owned() };
    // Refused only by addresses that cannot hold either.
    let _ = (url.set_username(""), url.set_password(None));
    let is_telling = |pair: &str| is_telling(pair.split('=').next().unwrap_or_default());
    if let Some(query) = url.query().filter(|query| query.split('&').any(is_telling)).map(str::to_owned) {
        let kept = query.split('&').map(|pair| match pair.split_once('=') {
            Some((name, _)) if is_telling(pair) => format!("{name}=redacted"),
            _ => pair.to_owned(),
        });
        let kept: Vec<String> = kept.collect();
        url.set_query(Some(&kept.join("&")));
    }
    url.into()
}

/// Whether a parameter's value lets somebody in, judged by the words of its name.
fn is_telling(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut was_lower = false;
    for letter in name.chars() {
        if !letter.is_ascii_alphanumeric() || (was_lower && letter.is_ascii_uppercase()) {
            words.push(String::new());
        }
        was_lower = letter.is_ascii_lowercase();
        if let Some(word) = words.last_mut().filter(|_| letter.is_ascii_alphanumeric()) {
            word.push(letter.to_ascii_lowercase());
        }
    }
    words.iter().any(|word| TELLING_WORDS.contains(&word.as_str()))
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
    fn an_address_to_which_a_server_sends_is_kept_without_what_lets_somebody_in() {
        let base = Url::parse("https://agency.test/list").unwrap();
        for (sent, kept) in [
            ("https://me:geheim@files.test/a.csv?page=2", "https://files.test/a.csv?page=2"),
            ("//me@files.test/a", "https://files.test/a"),
            (
                "https://b.s3.test/x?X-Amz-Credential=AK%2F1&X-Amz-Date=20261129&X-Amz-Signature=abc",
                "https://b.s3.test/x?X-Amz-Credential=redacted&X-Amz-Date=20261129&X-Amz-Signature=redacted",
            ),
            (
                "/x?sv=1&sig=abc%3D&keyword=lidar&AWSAccessKeyId=K",
                "https://agency.test/x?sv=1&sig=redacted&keyword=lidar&AWSAccessKeyId=redacted",
            ),
            ("/x?q=a+b%20c&monkey=1", "https://agency.test/x?q=a+b%20c&monkey=1"),
            ("http://me:geheim@[", REDACTED),
        ] {
            assert_eq!(address(sent, &base), kept, "{sent}");
        }
    }

    #[test]
    fn a_proxy_is_shown_without_its_password() {
        let url = Url::parse("socks5://me:geheim@proxy.example:1080").unwrap();
        assert_eq!(proxy(&url), "socks5://me@proxy.example:1080");
    }
}
