//! Recognising an answer that comes from a gatekeeper instead of the source.
//!
//! Only marks that good pages do not bear are used: status together with
//! headers, the place a redirect ended, the page's title. Words in the body
//! prove nothing ("antibot" stands on the real FCC page); what protects against
//! an unknown block page is the positive proof of structure that every
//! extractor demands.

use std::fmt;

use url::Url;

/// The marks of an answer, apart from its text.
#[derive(Debug, Clone)]
pub struct ResponseFacts<'a> {
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: &'a [(String, String)],
    /// The address asked for.
    pub requested: &'a Url,
    /// The address that answered.
    pub answered: &'a Url,
    /// The body's size.
    pub body_bytes: usize,
    /// The HTML title, entities decoded, on one line.
    pub title: Option<&'a str>,
}

/// By what an answer was recognised as a block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mark(String);

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Titles of block and challenge pages, lower-case; a title that begins so is a mark.
const BLOCK_TITLES: [&str; 10] = [
    "access denied",
    "attention required! | cloudflare",
    "federal register :: request access",
    "just a moment...",
    "making sure you're not a bot",
    "page not found",
    "pardon our interruption",
    "request not accepted - security risk detected",
    "request rejected",
    "error: the request could not be satisfied",
];

/// Hosts that only ever serve challenges.
const BLOCK_HOSTS: [&str; 2] = ["unblock.federalregister.gov", "pacer.login.uscourts.gov"];

/// Path segments of log-in pages.
const LOGIN_SEGMENTS: [&str; 6] = ["login", "log-in", "signin", "sign-in", "sso", "csologin"];

/// A short error body is the gatekeeper's own; a long one may be the site's.
const SHORT_BODY_BYTES: usize = 1024;

impl ResponseFacts<'_> {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn mark_in_headers(&self) -> Option<String> {
        for (name, blocking) in
            [("cf-mitigated", "challenge"), ("x-amzn-waf-action", ""), ("rimon", "rwc_block")]
        {
            if let Some(value) = self.header(name)
                && value.to_ascii_lowercase().contains(blocking)
            {
                return Some(format!("header {name}: {value}"));
            }
        }
        let server = self.header("server").unwrap_or_default();
        let is_short = self.body_bytes < SHORT_BODY_BYTES;
        if server.starts_with("AkamaiGHost") && self.status >= 400 && is_short {
            return Some(format!("Akamai answered {}", self.status));
        }
        if server.starts_with("awselb") && matches!(self.status, 403 | 429) && is_short {
            return Some(format!("AWS load balancer answered {}", self.status));
        }
        let cache = self.header("x-cache").unwrap_or_default();
        if cache.starts_with("Error") && self.status >= 400 && self.status != 404 {
            return Some(format!("CloudFront answered {}", self.status));
        }
        None
    }

    fn mark_in_place(&self) -> Option<String> {
        if let Some(host) = self.answered.host_str().filter(|host| BLOCK_HOSTS.contains(host)) {
            return Some(format!("redirected to {host}"));
        }
        if self.requested == self.answered {
            return None;
        }
        let was_deeper = self.requested.path() != "/" || self.requested.query().is_some();
        if was_deeper && self.answered.path() == "/" && self.answered.query().is_none() {
            return Some("redirected to the home page".to_owned());
        }
        let is_login = |url: &Url| {
            url.path_segments().is_some_and(|mut segments| {
                segments.any(|segment| {
                    let stem = segment.split('.').next().unwrap_or_default().to_ascii_lowercase();
                    LOGIN_SEGMENTS.contains(&stem.as_str())
                })
            })
        };
        (is_login(self.answered) && !is_login(self.requested))
            .then(|| "redirected to a log-in page".to_owned())
    }

    fn mark_in_title(&self) -> Option<String> {
        let title = self.title?;
        let lower = title.to_lowercase();
        BLOCK_TITLES.iter().any(|known| lower.starts_with(known)).then(|| format!("title {title:?}"))
    }

    /// By what the answer is recognised as a block, if it is.
    #[must_use]
    pub fn block_mark(&self) -> Option<Mark> {
        self.mark_in_headers().or_else(|| self.mark_in_place()).or_else(|| self.mark_in_title()).map(Mark)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, headers: &[(&str, &str)], answered: &str, title: Option<&str>, is_block: bool) {
        let headers: Vec<_> = headers.iter().map(|&(n, v)| (n.to_owned(), v.to_owned())).collect();
        let requested = Url::parse("https://agency.test/list").unwrap();
        let answered = Url::parse(answered).unwrap();
        let facts = ResponseFacts {
            status,
            headers: &headers,
            requested: &requested,
            answered: &answered,
            body_bytes: 500,
            title,
        };
        assert_eq!(facts.block_mark().is_some(), is_block, "{:?}", facts.block_mark());
    }

    const SELF: &str = "https://agency.test/list";

    #[test]
    fn gatekeepers_are_recognised() {
        check(403, &[("server", "AkamaiGHost")], SELF, None, true);
        check(200, &[("cf-mitigated", "challenge")], SELF, None, true);
        check(202, &[("x-amzn-waf-action", "challenge")], SELF, None, true);
        check(200, &[], "https://unblock.federalregister.gov/", None, true);
        check(200, &[], "https://agency.test/", None, true);
        check(200, &[], "https://agency.test/user/login.jsf?next=list", None, true);
        check(200, &[], SELF, Some("Request Rejected"), true);
        check(200, &[], SELF, Some("Just a moment..."), true);
    }

    #[test]
    fn good_answers_are_left_alone() {
        check(200, &[("server", "cloudflare")], SELF, Some("Covered List | Agency"), false);
        check(200, &[("server", "AkamaiGHost")], SELF, Some("Access to documents"), false);
        check(200, &[], "https://agency.test/new/list", Some("Login security rules"), false);
    }
}
