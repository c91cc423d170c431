//! Addresses from hostile text, made fit to be shown and followed.

use url::Url;

/// Longer addresses are not links: nobody can judge them.
const MAX_LINK_BYTES: usize = 500;

/// An address that may be followed, with the host a reader must know to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SafeLink {
    /// The whole address in its ASCII form: no blanks, quotes or control characters.
    pub href: String,
    /// The host in its ASCII form, so that look-alike letters cannot pose as others.
    pub host: String,
}

impl SafeLink {
    /// The link an address makes, if it is one that may be followed: http or https,
    /// to a named host, and without a user name, which could pose as the host.
    #[must_use]
    pub fn of(address: &str) -> Option<Self> {
        let url = Url::parse(address.trim()).ok()?;
        let is_web = matches!(url.scheme(), "http" | "https");
        let poses = !url.username().is_empty() || url.password().is_some();
        let host = url.host_str()?.to_owned();
        let href = String::from(url);
        (is_web && !poses && href.len() <= MAX_LINK_BYTES).then_some(Self { href, host })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<(&str, &str)>) {
        let link = SafeLink::of(address);
        let found = link.as_ref().map(|link| (link.href.as_str(), link.host.as_str()));
        assert_eq!(found, expected, "of {address:?}");
    }

    #[test]
    fn only_web_addresses_without_disguise_are_links() {
        check("https://agency.test/a?b=1", Some(("https://agency.test/a?b=1", "agency.test")));
        check("https://аgency.test/", Some(("https://xn--gency-3ve.test/", "xn--gency-3ve.test")));
        check(
            "https://agency.test/\"><script>",
            Some(("https://agency.test/%22%3E%3Cscript%3E", "agency.test")),
        );
        for refused in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "mailto:a@b.test",
            "https://agency.test@evil.test/",
            "https://agency.test:x@evil.test/",
            "not an address",
            "",
        ] {
            check(refused, None);
        }
        check(&format!("https://agency.test/{}", "x".repeat(MAX_LINK_BYTES)), None);
    }
}
