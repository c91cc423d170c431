//! Recognising an answer that comes from a gatekeeper instead of the source.
//!
//! Certain are only marks that good pages do not bear: status together with
//! headers, the place a redirect ended, the page's title. Words in a body that
//! came with status 200 prove nothing ("antibot" stands on the real FCC page);
//! what protects against an unknown block page is the positive proof of structure
//! that every extractor demands. A refusal's own text may say why it refused.

use url::Url;

use super::quality::{Quality, Sign, Weight};

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
    /// The body as it came.
    pub body: &'a [u8],
    /// The HTML title, entities decoded, on one line.
    pub title: Option<&'a str>,
}

/// Beginnings of a gatekeeper's titles, lower-case, and whose they are.
const GATE_TITLES: [(&str, &str); 16] = [
    ("access denied", "Akamai and others"),
    ("attention required! | cloudflare", "Cloudflare"),
    ("just a moment...", "Cloudflare"),
    ("worker threw exception | ", "Cloudflare"),
    ("error: the request could not be satisfied", "CloudFront"),
    ("human verification", "AWS WAF"),
    ("federal register :: request access", "federalregister.gov"),
    ("making sure you're not a bot", "Anubis"),
    ("pardon our interruption", "Imperva"),
    ("request not accepted - security risk detected", "a firewall"),
    ("request rejected", "F5"),
    ("sorry, you have been blocked", "Cloudflare"),
    ("you have been blocked", "a firewall"),
    ("web page blocked", "a filter on the way"),
    ("website blocked", "a filter on the way"),
    ("zyxel security cloud-dns filter", "a filter on the way"),
];

/// Parts of a title, lower-case, by which a site says that the page is not there.
const SOFT_TITLES: [(&str, &str); 22] = [
    ("404", "a missing page"),
    ("404 error", "a missing page"),
    ("404 not found", "a missing page"),
    ("error 404", "a missing page"),
    ("not found", "a missing page"),
    ("page not found", "a missing page"),
    ("page cannot be found", "a missing page"),
    ("the page you were looking for doesn't exist", "a missing page"),
    ("error", "an error"),
    ("server error", "an error"),
    ("service unavailable", "an error"),
    ("temporarily unavailable", "an error"),
    ("408 request time-out", "an error"),
    ("log in", "a login page"),
    ("login", "a login page"),
    ("sign in", "a login page"),
    ("session expired", "a login page"),
    ("maintenance", "maintenance"),
    ("site maintenance", "maintenance"),
    ("scheduled maintenance", "maintenance"),
    ("under maintenance", "maintenance"),
    ("down for maintenance", "maintenance"),
];

/// What parts a title: the page's name from the site's.
const TITLE_PARTS: [&str; 7] = [" | ", " - ", " – ", " — ", " :: ", " : ", " » "];

/// Hosts that only ever serve challenges.
const GATE_HOSTS: [&str; 2] = ["unblock.federalregister.gov", "pacer.login.uscourts.gov"];

/// Path segments of log-in pages.
const LOGIN_SEGMENTS: [&str; 6] = ["login", "log-in", "signin", "sign-in", "sso", "csologin"];

/// Path segments of error pages.
const ERROR_SEGMENTS: [&str; 6] = ["404", "error", "errors", "notfound", "not-found", "page-not-found"];

/// Words in a refusal by which it says that it is one against machines.
const REFUSAL_WORDS: [&str; 6] =
    ["blacklist", "captcha", "incapsula incident", "support id", "automated", "unusual traffic"];

/// A short error body is the gatekeeper's own; a long one may be the site's.
const SHORT_BODY_BYTES: usize = 1024;

/// Of a refusal as much is looked at for its reason.
const REFUSAL_BYTES: usize = 4096;

impl ResponseFacts<'_> {
    /// What speaks against the answer before its entries are read.
    #[must_use]
    pub fn quality(&self) -> Quality {
        let signs = [
            self.header_sign(),
            self.refusal_sign(),
            self.place_sign(),
            self.title_sign(),
            self.status_sign(),
        ];
        Quality::of(signs.into_iter().flatten().collect())
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn header_sign(&self) -> Option<Sign> {
        let certain = |words: String| Some(Sign::new(0, Weight::Certain, words));
        for (name, blocking, who) in [
            ("cf-mitigated", "challenge", "Cloudflare"),
            ("x-amzn-waf-action", "", "AWS WAF"),
            ("rimon", "rwc_block", "Rimon, a filter on the way"),
        ] {
            if let Some(value) = self.header(name)
                && value.to_ascii_lowercase().contains(blocking)
            {
                return certain(format!("the header {name} says {value:?} ({who})"));
            }
        }
        let status = self.status;
        let server = self.header("server").unwrap_or_default();
        let is_short = self.body.len() < SHORT_BODY_BYTES;
        if server.starts_with("AkamaiGHost") && status >= 400 && is_short {
            return certain(format!("Akamai itself answered {status}"));
        }
        if server.starts_with("awselb") && matches!(status, 403 | 429) && is_short {
            return certain(format!("AWS's load balancer itself answered {status}"));
        }
        let cache = self.header("x-cache").unwrap_or_default();
        if cache.starts_with("Error") && (400..500).contains(&status) && status != 404 {
            return certain(format!("CloudFront itself answered {status}"));
        }
        None
    }

    /// A refusal that says in its text that it is one against machines.
    fn refusal_sign(&self) -> Option<Sign> {
        if !matches!(self.status, 401 | 403 | 429 | 503) {
            return None;
        }
        let start = &self.body[..self.body.len().min(REFUSAL_BYTES)];
        let text = String::from_utf8_lossy(start).to_lowercase();
        let word = REFUSAL_WORDS.iter().find(|word| text.contains(*word))?;
        Some(Sign::new(0, Weight::Certain, format!("answered {} with {word:?} in its text", self.status)))
    }

    fn place_sign(&self) -> Option<Sign> {
        let certain = |words: String| Some(Sign::new(0, Weight::Certain, words));
        if let Some(host) = self.answered.host_str().filter(|host| GATE_HOSTS.contains(host)) {
            return certain(format!("redirected to {host}"));
        }
        if self.requested == self.answered {
            return None;
        }
        let was_deeper = self.requested.path() != "/" || self.requested.query().is_some();
        if was_deeper && self.answered.path() == "/" && self.answered.query().is_none() {
            return certain("redirected to the home page".to_owned());
        }
        let leads_to =
            |names: &[&str]| has_segment(self.answered, names) && !has_segment(self.requested, names);
        if leads_to(&LOGIN_SEGMENTS) {
            return certain(format!("redirected to a login page, {}", self.answered.path()));
        }
        leads_to(&ERROR_SEGMENTS).then(|| {
            Sign::new(
                10,
                Weight::Unless(50),
                format!("redirected to an error page, {}", self.answered.path()),
            )
        })
    }

    fn title_sign(&self) -> Option<Sign> {
        let title = self.title?;
        // A site's own 404 is what it says it is.
        if matches!(self.status, 404 | 410) {
            return None;
        }
        let lower = title.to_lowercase();
        if let Some((_, who)) = GATE_TITLES.iter().find(|(known, _)| lower.starts_with(known)) {
            let answered = if self.status == 200 { "answered 200, but " } else { "" };
            let at_most = if self.status == 200 { 0 } else { 25 };
            return Some(Sign::new(
                at_most,
                Weight::Certain,
                format!("{answered}the title is {title:?} ({who})"),
            ));
        }
        let says = soft_title(&lower)?;
        Some(Sign::new(10, Weight::Unless(50), format!("the title {title:?} speaks of {says}")))
    }

    /// What the status alone says. A missing page is the site's own honest answer.
    fn status_sign(&self) -> Option<Sign> {
        let at_most = match self.status {
            200 | 304 | 404 | 410 => return None,
            429 => 10,
            401 | 403 | 407 | 451 => 25,
            100..=599 => 50,
            _ => 0,
        };
        Some(Sign::new(at_most, Weight::Hint, format!("answered {}", self.status)))
    }
}

fn has_segment(url: &Url, names: &[&str]) -> bool {
    url.path_segments().is_some_and(|mut segments| {
        segments.any(|segment| {
            let stem = segment.split('.').next().unwrap_or_default().to_ascii_lowercase();
            names.contains(&stem.as_str())
        })
    })
}

/// What a title speaks of, where a part of it says nothing else.
fn soft_title(lower: &str) -> Option<&'static str> {
    let mut parts = vec![lower];
    for mark in TITLE_PARTS {
        parts = parts.iter().flat_map(|part| part.split(mark)).collect();
    }
    let bare = |part: &str| part.trim().trim_matches(|c: char| "!.…:,".contains(c)).trim().to_owned();
    parts.iter().find_map(|part| {
        let part = bare(part);
        SOFT_TITLES.iter().find(|(known, _)| *known == part).map(|(_, says)| *says)
    })
}

#[cfg(test)]
mod tests;
