//! The kinds of sources, and what is usual for each.

use std::fmt;

use serde::Serialize;

use super::docket::{CourtlistenerSettings, DocketSettings};
use super::file::{CsvSettings, JsonSettings, PdfTextSettings, XlsxSettings, XmlSettings};
use super::page::{ListSettings, PageTextSettings, TableSettings};
use super::rules::{EcfrSettings, EcfsSettings, FederalRegisterSettings, NoticeSettings, RulesSettings};
use crate::domain::change::EntryChange;
use crate::domain::guard::Guard;
use crate::domain::noise::NoiseClass;
use crate::domain::token::TokenPlace;

/// The closed set of ways to read a body. Each has its file in `extract/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum SourceKind {
    /// The FCC's Covered List page.
    FccCoveredList,
    /// A federal court's RSS feed of docket entries.
    CourtRss(DocketSettings),
    /// A docket as PACER shows it: of an appellate court, a district court, or ACMS.
    PacerDocket(DocketSettings),
    /// A docket of the Supreme Court: its JSON, or a page of it.
    ScotusDocket(DocketSettings),
    /// A docket as CourtListener gives it: by its API, as a feed, or as a page.
    Courtlistener(CourtlistenerSettings),
    /// Documents of the Federal Register, from its API.
    FederalRegister(FederalRegisterSettings),
    /// A part of the Code of Federal Regulations, from the API of eCFR.
    Ecfr(EcfrSettings),
    /// Filings in proceedings of the FCC, from the API of ECFS.
    Ecfs(EcfsSettings),
    /// A list in the text of the newest of several notices of the Federal Register.
    RegisterNotice(NoticeSettings),
    /// Whom rules of the Federal Register put on a list of the Code, in their full text.
    RegisterRules(RulesSettings),
    /// Any RSS, Atom or JSON feed.
    Feed,
    /// Rows of HTML tables.
    HtmlTable(TableSettings),
    /// Lists that are no tables, and blocks that repeat.
    HtmlList(ListSettings),
    /// The prose of a page, by headings.
    PageText(PageTextSettings),
    /// Rows of delimited text.
    Csv(CsvSettings),
    /// Rows of a spreadsheet.
    Xlsx(XlsxSettings),
    /// Values within JSON.
    Json(JsonSettings),
    /// Elements within XML.
    Xml(XmlSettings),
    /// Lines of a PDF's text.
    PdfText(PdfTextSettings),
    /// The Consolidated Screening List of the United States, CSV or JSON.
    Csl,
    /// The delimited files of the Office of Foreign Assets Control.
    Ofac,
    /// The entity list of the Uyghur Forced Labor Prevention Act.
    Uflpa,
    /// The Denied Persons List of the Bureau of Industry and Security.
    Dpl,
    /// The Consolidated List of the Security Council of the United Nations.
    UnXml,
    /// The financial sanctions list of the European Union, CSV or XML.
    Eu,
    /// The UK Sanctions List.
    UkCsv,
}

impl SourceKind {
    /// The kind as it stands in the configuration.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::FccCoveredList => "fcc-covered-list",
            Self::CourtRss(_) => "court-rss",
            Self::PacerDocket(_) => "pacer-docket",
            Self::ScotusDocket(_) => "scotus-docket",
            Self::Courtlistener(_) => "courtlistener",
            Self::FederalRegister(_) => "federal-register",
            Self::Ecfr(_) => "ecfr",
            Self::Ecfs(_) => "ecfs",
            Self::RegisterNotice(_) => "register-notice",
            Self::RegisterRules(_) => "register-rules",
            Self::Feed => "feed",
            Self::HtmlTable(_) => "html-table",
            Self::HtmlList(_) => "html-list",
            Self::PageText(_) => "page-text",
            Self::Csv(_) => "csv",
            Self::Xlsx(_) => "xlsx",
            Self::Json(_) => "json",
            Self::Xml(_) => "xml",
            Self::PdfText(_) => "pdf-text",
            Self::Csl => "csl",
            Self::Ofac => "ofac",
            Self::Uflpa => "uflpa",
            Self::Dpl => "dpl",
            Self::UnXml => "un-xml",
            Self::Eu => "eu",
            Self::UkCsv => "uk-csv",
        }
    }

    /// Which entries of a docket are wanted, where the source is one.
    #[must_use]
    pub fn docket(&self) -> Option<&DocketSettings> {
        match self {
            Self::CourtRss(settings) | Self::PacerDocket(settings) | Self::ScotusDocket(settings) => {
                Some(settings)
            }
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
            Self::Ecfr(settings) => settings.appendix.is_some(),
            Self::CourtRss(_)
            | Self::PacerDocket(_)
            | Self::ScotusDocket(_)
            | Self::Courtlistener(_)
            | Self::FederalRegister(_)
            | Self::Ecfs(_)
            | Self::Feed
            | Self::PageText(_) => false,
            _ => true,
        }
    }

    /// Whether its entries are sections of running text, of which a name may stand in any paragraph.
    #[must_use]
    pub fn is_prose(&self) -> bool {
        match self {
            Self::PageText(_) => true,
            Self::Ecfr(settings) => settings.appendix.is_none(),
            _ => false,
        }
    }

    /// What differs between two reads of such a source without having changed; an
    /// operator's `noise` replaces it.
    #[must_use]
    pub fn default_noise(&self) -> Vec<NoiseClass> {
        use NoiseClass::{
            Counters, FootnoteMarks, LineOrder, LinkPresence, Nonces, RelativeTimes, ScreenReader, Timestamps,
        };
        match self {
            Self::FccCoveredList => vec![FootnoteMarks, ScreenReader, LinkPresence],
            Self::HtmlTable(_) | Self::HtmlList(_) => {
                vec![FootnoteMarks, ScreenReader, RelativeTimes, LineOrder, LinkPresence]
            }
            Self::Uflpa => vec![FootnoteMarks, ScreenReader, LineOrder, LinkPresence],
            // Paragraphs and items of a list come in any order, as entries do. What stands alone in prose
            // and is a stamp tells of the page; in a list it may be what the list is about.
            Self::PageText(_) => vec![
                FootnoteMarks,
                Timestamps,
                RelativeTimes,
                Counters,
                Nonces,
                ScreenReader,
                LineOrder,
                LinkPresence,
            ],
            // Addresses and aliases of one party come in any order.
            Self::Csv(_) | Self::Xlsx(_) | Self::Json(_) | Self::Xml(_) | Self::PdfText(_) => {
                vec![FootnoteMarks, LineOrder, RelativeTimes]
            }
            Self::RegisterNotice(_)
            | Self::RegisterRules(_)
            | Self::Csl
            | Self::Ofac
            | Self::Dpl
            | Self::UnXml
            | Self::Eu
            | Self::UkCsv => vec![LineOrder],
            Self::CourtRss(_)
            | Self::PacerDocket(_)
            | Self::ScotusDocket(_)
            | Self::Courtlistener(_)
            | Self::FederalRegister(_)
            | Self::Ecfr(_)
            | Self::Ecfs(_) => Vec::new(),
            Self::Feed => vec![FootnoteMarks, Timestamps, RelativeTimes, Counters, Nonces, LineOrder],
        }
    }

    /// After how many working days without anything new such a source is suspiciously silent. A court
    /// enters something every day; of all others silence is usual.
    #[must_use]
    pub fn default_quiet_after(&self) -> Option<u32> {
        matches!(self, Self::CourtRss(_)).then_some(3)
    }

    /// What a good read of such a source looks like at least; an operator's `guard` replaces it.
    #[must_use]
    pub fn default_guard(&self) -> Guard {
        let (min_entries, max_drop_percent) = match self {
            Self::FccCoveredList => (10, 20),
            Self::HtmlTable(_)
            | Self::HtmlList(_)
            | Self::Ecfr(_)
            | Self::RegisterNotice(_)
            | Self::Csv(_)
            | Self::Xlsx(_)
            | Self::Json(_)
            | Self::Xml(_)
            | Self::PdfText(_) => (1, 20),
            // Each has held hundreds of entries for years, and loses a handful at a time.
            Self::Uflpa | Self::Dpl | Self::UnXml => (100, 10),
            Self::Csl | Self::Ofac | Self::Eu | Self::UkCsv => (400, 5),
            Self::PageText(_) => (1, 40),
            // What was entered on a docket stays there, save what is sealed or struck.
            Self::PacerDocket(_) | Self::ScotusDocket(_) | Self::Courtlistener(_) => (1, 10),
            // A quiet court's feed is empty, and a window forgets.
            Self::CourtRss(_) => (0, 100),
            // Nothing may have been found yet; once something was, nothing at all is no answer.
            Self::FederalRegister(_) | Self::RegisterRules(_) | Self::Ecfs(_) | Self::Feed => (0, 99),
        };
        Guard::of(min_entries, max_drop_percent)
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
