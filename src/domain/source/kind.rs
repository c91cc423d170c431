//! The kinds of sources, and what is usual for each.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::docket::{CourtlistenerSettings, DocketSettings};
use super::page::{PageTextSettings, TableSettings};
use super::rules::{EcfrSettings, EcfsSettings, FederalRegisterSettings};
use crate::domain::change::EntryChange;
use crate::domain::noise::NoiseClass;
use crate::domain::token::TokenPlace;
use crate::domain::verdict::Guard;

/// The closed set of ways to read a body. Each has its file in `extract/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceKind {
    /// The FCC's Covered List page.
    FccCoveredList,
    /// A federal court's RSS feed of docket entries.
    CourtRss(DocketSettings),
    /// A docket as PACER shows it: of an appellate court, a district court, or ACMS.
    PacerDocket(DocketSettings),
    /// A docket as CourtListener gives it: by its API, as a feed, or as a page.
    Courtlistener(CourtlistenerSettings),
    /// Documents of the Federal Register, from its API.
    FederalRegister(FederalRegisterSettings),
    /// A part of the Code of Federal Regulations, from the API of eCFR.
    Ecfr(EcfrSettings),
    /// Filings in proceedings of the FCC, from the API of ECFS.
    Ecfs(EcfsSettings),
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
            Self::CourtRss(_) => "court-rss",
            Self::PacerDocket(_) => "pacer-docket",
            Self::Courtlistener(_) => "courtlistener",
            Self::FederalRegister(_) => "federal-register",
            Self::Ecfr(_) => "ecfr",
            Self::Ecfs(_) => "ecfs",
            Self::Feed => "feed",
            Self::HtmlTable(_) => "html-table",
            Self::PageText(_) => "page-text",
        }
    }

    /// Which entries of a docket are wanted, where the source is one.
    #[must_use]
    pub fn docket(&self) -> Option<&DocketSettings> {
        match self {
            Self::CourtRss(settings) | Self::PacerDocket(settings) => Some(settings),
            Self::Courtlistener(settings) => Some(&settings.docket),
            _ => None,
        }
    }

    /// Whether a change of such a source is told to anybody.
    #[must_use]
    pub fn tells(&self, change: &EntryChange) -> bool {
        self.docket().is_none_or(|settings| settings.entries.tells(change))
    }

    /// Whether its entries are names that somebody put on a list, rather than prose.
    #[must_use]
    pub fn is_list(&self) -> bool {
        match self {
            Self::FccCoveredList | Self::HtmlTable(_) => true,
            Self::Ecfr(settings) => settings.appendix.is_some(),
            _ => false,
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
            Self::CourtRss(_)
            | Self::PacerDocket(_)
            | Self::Courtlistener(_)
            | Self::FederalRegister(_)
            | Self::Ecfr(_)
            | Self::Ecfs(_)
            | Self::Feed => Vec::new(),
        }
    }

    /// What a good read of such a source looks like at least; an operator's `guard` replaces it.
    #[must_use]
    pub fn default_guard(&self) -> Guard {
        let (min_entries, max_drop_percent) = match self {
            Self::FccCoveredList => (10, 20),
            Self::HtmlTable(_) | Self::Ecfr(_) => (1, 20),
            Self::PageText(_) => (1, 50),
            // What was entered on a docket stays there, save what is sealed or struck.
            Self::PacerDocket(_) | Self::Courtlistener(_) => (1, 10),
            // A quiet court's feed is empty, and a window forgets.
            Self::CourtRss(_) | Self::FederalRegister(_) | Self::Ecfs(_) | Self::Feed => (0, 100),
        };
        Guard { min_entries, max_drop_percent }
    }
}

impl SourceKind {
    /// Where such a source looks for the token of who asks; an operator's `token_as` replaces it.
    #[must_use]
    pub fn default_token_place(&self) -> TokenPlace {
        match self {
            Self::Ecfs(_) => TokenPlace::Parameter { name: "api_key".to_owned() },
            Self::Courtlistener(_) => TokenPlace::authorization("Token "),
            _ => TokenPlace::authorization("Bearer "),
        }
    }
}

impl fmt::Display for SourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
