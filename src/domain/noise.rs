//! What may differ between two reads without anything having changed.
//!
//! Noise is applied when texts are *compared*; what is stored and shown stays
//! as the source wrote it. So a noise rule added today silences tomorrow's
//! false alarm without rewriting what was kept.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use url::Url;

use super::text::{is_deceptive, one_line};

/// A class of noise that a source can be told to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoiseClass {
    /// `* † ‡ ± # ^ £` and superscript digits, which move when footnotes are renumbered.
    FootnoteMarks,
    /// Words for screen readers before a link's text: "Visit - ".
    ScreenReader,
    /// "Last updated: …", "Generated at …" and machine time stamps.
    Timestamps,
    /// "3 days ago", "2 hours left": what was said at another moment about the same one.
    RelativeTimes,
    /// What visitors leave behind: "1,234 views", "Visitors: 1234", "viewed 1,234 times", "Last viewed: …".
    Counters,
    /// Lines that come in another order: a party's aliases, its addresses.
    LineOrder,
    /// Request, support and incident numbers; long hexadecimal strings.
    Nonces,
    /// A link that appears or vanishes around unchanged words. A link that *moves* is always told.
    LinkPresence,
}

/// The noise of one source.
#[derive(Debug, Clone, Default)]
pub struct Noise {
    /// The classes that apply.
    pub classes: BTreeSet<NoiseClass>,
    /// Text that is removed before comparing.
    pub patterns: Vec<Regex>,
    /// Fields that are shown but never compared.
    pub fields: BTreeSet<String>,
    /// Query parameters ignored in links, beside [`SESSION_PARAMETERS`].
    pub parameters: BTreeSet<String>,
}

/// Query parameters that name a visit, not a document; ignored in every link.
pub const SESSION_PARAMETERS: [&str; 17] = [
    "_",
    "_ga",
    "cachebust",
    "cachebuster",
    "cb",
    "fbclid",
    "form_build_id",
    "gclid",
    "jsessionid",
    "nonce",
    "phpsessid",
    "sessid",
    "session",
    "session_id",
    "sessionid",
    "sid",
    "timestamp",
];

fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
    Regex::new(text).expect("constant pattern")
}

static SCREEN_READER: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bVisit - "));

const MONTH: &str = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?";

/// A day as pages write it, perhaps with the time of day.
fn moment() -> String {
    let day = format!(
        r"(?:\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}|\d{{4}}-\d{{2}}-\d{{2}}|{MONTH}\s+\d{{1,2}},?\s+\d{{4}}|\d{{1,2}}\s+{MONTH}\s+\d{{4}})"
    );
    let time = r"(?:\s*(?:,|at|-|T)?\s*\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\s*(?:[ap]\.?m\.?)?\s*(?:Z|[+-]\d{2}:?\d{2}|[A-Z]{2,4}T|UTC|GMT)?)?";
    format!(r"(?:\s+(?:at|on))?\s*:?\s*(?:[a-z]+day,?\s+)?{day}{time}")
}

static TIMESTAMPS: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let label = r"(?:(?:page\s+)?last\s+(?:updated|modified|reviewed|changed|refreshed|viewed|visited|accessed|checked)|(?:page\s+)?(?:generated|rendered|retrieved)|date\s+modified|page\s+updated)";
    [
        pattern(&format!(r"(?i)\b{label}{}", moment())),
        pattern(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:?\d{2})?\b"),
    ]
});

static RELATIVE_TIMES: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    let unit = "(?:second|sec|minute|min|hour|hr|day|week|month|year)s?";
    [
        pattern(&format!(
            r"(?i)\b(?:(?:about|almost|over|less than|more than)\s+)?(?:an?|\d+)\s*{unit}\s+(?:ago|left|remaining)\b"
        )),
        pattern(r"(?i)\b(?:just now|moments ago)\b"),
    ]
});

static COUNTERS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        pattern(&format!(r"(?i)\blast\s+(?:viewed|visited|accessed){}", moment())),
        pattern(
            r"(?i)\b(?:viewed|visited|downloaded|accessed|read|shared)\s+\d[\d,.\u{a0}]*\s*(?:times?|x)\b",
        ),
        pattern(r"(?i)\b\d[\d,.\u{a0} ]*\s*(?:page\s+)?(?:views?|visits?|visitors?|downloads?|hits|likes)\b"),
        pattern(
            r"(?i)\b(?:page\s+)?(?:views|visits|visitors|downloads|hits)\s*(?::\s*\d[\d,.]*|\(\s*\d[\d,.]*\s*\))",
        ),
    ]
});

static NONCES: LazyLock<[Regex; 2]> = LazyLock::new(|| {
    [
        pattern(
            r"(?i)\b(?:request|reference|trace|session|support|incident|ray|correlation)\s*(?:id|no\.?|number)\s*[:#]?\s*(?:is\s*:?\s*)?[a-z0-9._-]*\d[a-z0-9._-]*",
        ),
        pattern(r"(?i)\b(?:[0-9a-f]{32,}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\b"),
    ]
});

/// White space that a template adds or drops beside quotation marks and punctuation.
static LOOSE_SPACE: LazyLock<[(Regex, &str); 2]> =
    LazyLock::new(|| [(pattern(r#"\s*(["'])\s*"#), "$1"), (pattern(r"\s+([,.;:!?)\]])"), "$1")]);

fn is_footnote_mark(c: char) -> bool {
    matches!(c, '*' | '†' | '‡' | '±' | '#' | '^' | '£' | '²' | '³' | '¹' | '⁰' | '⁴'..='⁹')
}

/// Typographic variants of one character, folded to the plain one.
fn plain(c: char) -> char {
    match c {
        '\u{2018}' | '\u{2019}' | '\u{201A}' | '\u{2032}' => '\'',
        '\u{201C}' | '\u{201D}' | '\u{201E}' | '\u{2033}' | '\u{AB}' | '\u{BB}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}

fn remove_all<'a>(text: Cow<'a, str>, patterns: &[Regex]) -> Cow<'a, str> {
    patterns.iter().fold(text, |text, pattern| match pattern.replace_all(&text, " ") {
        Cow::Borrowed(_) => text,
        Cow::Owned(changed) => Cow::Owned(changed),
    })
}

/// An address with every escape in capitals, and none where none is needed (RFC 3986, 6.2.2).
fn with_plain_escapes(address: &str) -> String {
    let mut plain = String::with_capacity(address.len());
    let mut rest = address;
    while let Some((before, behind)) = rest.split_once('%') {
        plain.push_str(before);
        let digits = behind.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        match byte.map(char::from) {
            Some(c) if c.is_ascii_alphanumeric() || "-._~".contains(c) => plain.push(c),
            _ => {
                plain.push('%');
                plain.push_str(&digits.unwrap_or_default().to_ascii_uppercase());
            }
        }
        rest = &behind[digits.map_or(0, str::len)..];
    }
    plain.push_str(rest);
    plain
}

impl Noise {
    /// Noise of the given classes only.
    #[must_use]
    pub fn of(classes: impl IntoIterator<Item = NoiseClass>) -> Self {
        Self { classes: classes.into_iter().collect(), ..Self::default() }
    }

    fn has(&self, class: NoiseClass) -> bool {
        self.classes.contains(&class)
    }

    /// Whether two texts differ in noise only.
    #[must_use]
    pub fn is_same(&self, before: &str, after: &str) -> bool {
        before == after
            || self.canonical(before) == self.canonical(after)
            || self.has(NoiseClass::LineOrder) && self.canonical_lines(before) == self.canonical_lines(after)
    }

    /// The lines that say something, in no order.
    fn canonical_lines(&self, text: &str) -> BTreeSet<String> {
        text.lines().map(|line| self.canonical(line)).filter(|line| !line.is_empty()).collect()
    }

    /// The form in which a text is compared, on one line. That lines may come in another order is left
    /// to [`Self::is_same`].
    #[must_use]
    pub fn canonical(&self, text: &str) -> String {
        let mut text = Cow::Borrowed(text);
        if self.has(NoiseClass::ScreenReader) {
            text = remove_all(text, std::slice::from_ref(&*SCREEN_READER));
        }
        if self.has(NoiseClass::Timestamps) {
            text = remove_all(text, &*TIMESTAMPS);
        }
        if self.has(NoiseClass::RelativeTimes) {
            text = remove_all(text, &*RELATIVE_TIMES);
        }
        if self.has(NoiseClass::Counters) {
            text = remove_all(text, &*COUNTERS);
        }
        if self.has(NoiseClass::Nonces) {
            text = remove_all(text, &*NONCES);
        }
        text = remove_all(text, &self.patterns);
        let marks = self.has(NoiseClass::FootnoteMarks);
        let folded: String =
            text.nfc().filter(|&c| !(is_deceptive(c) || marks && is_footnote_mark(c))).map(plain).collect();
        LOOSE_SPACE
            .iter()
            .fold(one_line(&folded), |text, (pattern, kept)| pattern.replace_all(&text, *kept).into_owned())
    }

    /// The form in which an address is compared: without session ids, tracking parameters and default spelling.
    #[must_use]
    pub fn canonical_url(&self, address: &str) -> String {
        let Ok(mut url) = Url::parse(address) else {
            return address.trim().to_owned();
        };
        if let Some((path, _)) = url.path().split_once(";jsessionid=") {
            let path = path.to_owned();
            url.set_path(&path);
        }
        let kept: Vec<(String, String)> = url
            .query_pairs()
            .filter(|(name, _)| !self.is_session_parameter(name))
            .map(|(name, value)| (name.into_owned(), value.into_owned()))
            .collect();
        if kept.is_empty() {
            url.set_query(None);
        } else {
            url.query_pairs_mut().clear().extend_pairs(kept);
        }
        with_plain_escapes(url.as_str())
    }

    fn is_session_parameter(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        name.starts_with("utm_")
            || SESSION_PARAMETERS.contains(&name.as_str())
            || self.parameters.contains(&name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn same(class: NoiseClass, before: &str, after: &str) {
        assert!(Noise::of([class]).is_same(before, after), "{before:?} {after:?}");
    }

    #[track_caller]
    fn differ(before: &str, after: &str) {
        let noise = Noise::of([
            NoiseClass::FootnoteMarks,
            NoiseClass::ScreenReader,
            NoiseClass::Timestamps,
            NoiseClass::RelativeTimes,
            NoiseClass::Counters,
            NoiseClass::Nonces,
            NoiseClass::LineOrder,
        ]);
        assert!(!noise.is_same(before, after), "{before:?} {after:?}");
    }

    #[test]
    fn every_class_silences_its_noise() {
        same(NoiseClass::FootnoteMarks, "Routers^ produced", "Routers ^ produced");
        same(NoiseClass::FootnoteMarks, "country†† —except", "country —except");
        same(NoiseClass::ScreenReader, "(a) Visit - UAS and", "(a) UAS and");
        same(NoiseClass::Timestamps, "Last Updated: 01/14/2025", "Last updated: July 9, 2026 at 3:04 PM EDT");
        same(
            NoiseClass::Timestamps,
            "Page generated on 2026-01-01 10:00:01",
            "Page generated on 2026-01-02 11:20:01",
        );
        same(NoiseClass::Timestamps, "Last viewed: 01/14/2025 10:02", "Last viewed: 01/15/2025 9:12");
        same(NoiseClass::RelativeTimes, "posted 3 days ago", "posted 4 days ago");
        same(NoiseClass::RelativeTimes, "about an hour ago", "2 hours ago");
        same(NoiseClass::RelativeTimes, "open, 5 days left", "open, 4 days left");
        same(NoiseClass::LineOrder, "one\ntwo\nthree", "three\none\ntwo");
        same(NoiseClass::LineOrder, "one\ntwo three", "one two\nthree");
        same(NoiseClass::LineOrder, "two\n \none", "one\ntwo");
        same(NoiseClass::Counters, "This page: 1,234 views", "This page: 1,301 views");
        same(NoiseClass::Counters, "Visitors: 9", "Visitors: 12");
        same(NoiseClass::Counters, "Number of views (4099)", "Number of views (4116)");
        same(NoiseClass::Counters, "Viewed 1,202 times.", "Viewed 1,377 times.");
        same(NoiseClass::Counters, "downloaded 1 time", "downloaded 2 times");
        same(
            NoiseClass::Counters,
            "Last viewed: 01/14/2025 10:02",
            "Last viewed on Jan. 15, 2025 at 9:12 am",
        );
        same(NoiseClass::Nonces, "Request ID: a8f3c2-1", "Request ID: 77ab1-9");
        same(NoiseClass::Nonces, "b 0123456789abcdef0123456789abcdef", "b ffffffffffffffffffffffffffffffff");
    }

    #[test]
    fn white_space_and_typography_are_always_noise() {
        let noise = Noise::default();
        for (before, after) in [
            ("a\u{a0} b", "a b"),
            ("components.\u{201d} \u{201c}All", "components.\u{201d}\u{201c}All"),
            ("Inc . subject", "Inc. subject"),
            ("DoD’s", "DoD's"),
        ] {
            assert_eq!(noise.canonical(before), noise.canonical(after));
        }
    }

    #[test]
    fn what_matters_is_not_noise() {
        differ("effective March 12, 2021", "effective March 12, 2022");
        differ("Updated: June 15, 2026", "Updated: July 21, 2026");
        differ("a fine of $5,000", "a fine of $50,000");
        differ("holds 1,000 shares", "holds 2,000 shares");
        differ("Hikvision", "Dahua");
        differ("DA 26-957", "DA 26-958");
        differ("within 30 days", "within 60 days");
        differ("one\ntwo", "one\nthree");
        differ("one two", "two one");
    }

    #[test]
    fn a_session_id_in_a_link_is_noise_and_a_moved_target_is_not() {
        let noise = Noise::default();
        let canonical = |address| noise.canonical_url(address);
        assert_eq!(
            canonical("https://x.test/a;jsessionid=1?sid=2&doc=3"),
            canonical("https://X.test/a?doc=3")
        );
        assert_eq!(canonical("https://x.test/a?utm_source=m"), canonical("https://x.test/a"));
        assert_eq!(
            canonical("https://x.test/%7ea%2fb%20c?d=%2f"),
            canonical("https://x.test/~a%2Fb%20c?d=%2F")
        );
        assert_eq!(canonical("https://x.test/100%/%4"), "https://x.test/100%/%4");
        assert_ne!(canonical("https://x.test/a%2Fb"), canonical("https://x.test/a/b"));
        assert_ne!(canonical("https://x.test/order.pdf"), canonical("https://x.test/order-rev1.pdf"));
        assert_ne!(canonical("https://x.test/?caseNum=1"), canonical("https://x.test/?caseNum=2"));
    }
}
