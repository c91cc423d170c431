//! A watched source: where it is, how it is read, when, and whom it concerns.

use std::collections::BTreeMap;
use std::fmt;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use url::Url;

use super::id::{CompanyId, SourceId, hex};
use super::noise::{Noise, NoiseClass};
use super::redact;
use super::schedule::CronExpr;
use super::token::Token;
use super::verdict::Guard;

/// Raised whenever an extractor gives other entries for the same body, so that
/// stored bodies are read anew instead of the difference being told as a change.
pub const EXTRACTOR_VERSION: u32 = 1;

/// A watched source.
#[derive(Debug, Clone)]
pub struct Source {
    /// The operator's handle for it.
    pub id: SourceId,
    /// What readers call it.
    pub title: String,
    /// Where it is read.
    pub url: Url,
    /// How its bodies become entries.
    pub kind: SourceKind,
    /// When it is read.
    pub schedule: CronExpr,
    /// The zone in which the schedule is meant.
    pub timezone: Tz,
    /// Whom every change here concerns.
    pub companies: Vec<CompanyId>,
    /// What a good read must look like.
    pub guard: Guard,
    /// What may differ without having changed.
    pub noise: Noise,
    /// How it is asked for.
    pub request: Request,
}

/// How a source is asked for, beyond its address.
///
/// `Debug` hides secrets.
#[derive(Clone, Default)]
pub struct Request {
    /// Headers added to or replacing the service's own.
    pub headers: BTreeMap<String, String>,
    /// An outgoing proxy, `http://`, `https://` or `socks5://`.
    pub proxy: Option<Url>,
    /// The secret by which the source knows who asks.
    pub token: Option<Token>,
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("headers", &redact::headers(&self.headers))
            .field("proxy", &self.proxy.as_ref().map(redact::proxy))
            .field("token", &self.token)
            .finish()
    }
}

/// The closed set of ways to read a body. Each has its file in `extract/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceKind {
    /// The FCC's Covered List page.
    FccCoveredList,
    /// A federal court's RSS feed of docket entries.
    CourtRss,
    /// Documents of the Federal Register, from its API.
    FederalRegister(FederalRegisterSettings),
    /// Any RSS, Atom or JSON feed.
    Feed,
    /// Rows of HTML tables.
    HtmlTable(TableSettings),
    /// The prose of a page, by headings.
    PageText(PageTextSettings),
}

impl SourceKind {
    /// The kind as it stands in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::FccCoveredList => "fcc-covered-list",
            Self::CourtRss => "court-rss",
            Self::FederalRegister(_) => "federal-register",
            Self::Feed => "feed",
            Self::HtmlTable(_) => "html-table",
            Self::PageText(_) => "page-text",
        }
    }

    /// What differs between two reads of such a source without having changed; an
    /// operator's `noise` replaces it.
    #[must_use]
    pub fn default_noise(&self) -> Vec<NoiseClass> {
        use NoiseClass::{Counters, FootnoteMarks, LinkPresence, Nonces, ScreenReader, Timestamps};
        match self {
            Self::FccCoveredList => vec![FootnoteMarks, ScreenReader, LinkPresence],
            Self::HtmlTable(_) => vec![FootnoteMarks, ScreenReader],
            Self::PageText(_) => vec![Timestamps, Counters, Nonces, ScreenReader],
            Self::CourtRss | Self::FederalRegister(_) | Self::Feed => Vec::new(),
        }
    }

    /// What a good read of such a source looks like at least; an operator's `guard` replaces it.
    #[must_use]
    pub fn default_guard(&self) -> Guard {
        let (min_entries, max_drop_percent) = match self {
            Self::FccCoveredList => (10, 20),
            Self::HtmlTable(_) => (1, 20),
            Self::PageText(_) => (1, 50),
            // A quiet court's feed is empty, and a window forgets.
            Self::CourtRss | Self::FederalRegister(_) | Self::Feed => (0, 100),
        };
        Guard { min_entries, max_drop_percent }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Which answers of the Federal Register's API make up a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederalRegisterSettings {
    /// At most so many pages of results are read, of each question.
    pub pages: usize,
    /// The address at which the same is asked of the documents on public inspection.
    pub inspection: Option<Url>,
}

/// How the rows of a table become entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSettings {
    /// CSS selector of the tables; every match is read, and each must have the mapped headers.
    pub selector: String,
    /// Header text → field name. Compared without case, white space and footnote marks.
    pub columns: BTreeMap<String, String>,
    /// The fields that say what a row is about.
    pub key: Vec<String>,
    /// The field that names a row to a reader; the first key field unless given.
    pub title: Option<String>,
    /// The field that holds a row's date.
    pub date: Option<String>,
}

/// Which prose of a page is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageTextSettings {
    /// CSS selectors of what is read; each must match.
    pub keep: Vec<String>,
    /// CSS selectors of what is left out of it.
    pub drop: Vec<String>,
}

impl Source {
    /// Names everything that decides which entries a body gives: two reads with
    /// different fingerprints must not be compared.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let settings = serde_json::to_vec(&self.kind).unwrap_or_default();
        let mut hasher = Sha256::new();
        hasher.update(EXTRACTOR_VERSION.to_le_bytes());
        hasher.update(self.url.as_str());
        hasher.update([0xff]);
        hasher.update(settings);
        hex(&hasher.finalize()[..16])
    }
}
