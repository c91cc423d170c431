//! Raw body → [`Document`]: what a page says, as entries.
//!
//! Pure, like the domain: bytes in, one value out. Every kind of source has its
//! file here and gives *positive proof* that the body is what it should be (the
//! expected table, element or feed root); without it the body is [`Unreadable`],
//! so that an error page never becomes a list.
//!
//! Bodies are hostile. Reading takes time and memory in proportion to the body
//! whatever it holds: nesting, attributes per tag and the tree's growth are
//! bounded while the tree is built (`html`, `xml`), and the entities of a document
//! type make no text grow beyond a bound (`entity`).
//!
//! Deliberately absent: fetching, judging what came (`domain::block`,
//! `domain::verdict`) and comparing (`domain::diff`). Noise stays in: entries
//! say what the source said.

mod charset;
mod date;
mod delta;
mod docket;
mod ecfr;
mod ecfs;
mod entity;
mod face;
mod fcc_covered_list;
mod federal_register;
mod feed;
mod following;
mod html;
mod html_list;
mod html_table;
mod items;
mod json;
mod link;
mod list;
mod notice;
mod page_text;
mod paging;
mod progress;
mod proposal;
mod section;
mod table;
mod time_to_live;
mod xml;

use std::time::Duration;

use url::Url;

use crate::domain::bundle::{self, BundlePart, FIRST};
use crate::domain::entry::Document;
use crate::domain::page_profile::PageProfile;
use crate::domain::source::SourceKind;
use crate::domain::verdict::Unreadable;
use crate::html::{ending, limits, parser};

pub use crate::html::limits::within;
pub use delta::published_changes;
pub use following::{OpeningAnswer, WantedAnswer};
pub use html::plain_text;
pub use link::linked;
pub use list::column::{ColumnError, column, rows};
pub use list::csv::{OpenBody, StreamedTable};
pub use proposal::{Guess, LeftOut};

/// A body and what is needed to read it.
#[derive(Debug, Clone, Copy)]
pub struct RawDocument<'a> {
    /// The bytes after transfer decoding.
    pub body: &'a [u8],
    /// The `Content-Type` header, if one came.
    pub content_type: Option<&'a str>,
    /// The address that answered, against which links are resolved.
    pub url: &'a Url,
}

impl<'a> RawDocument<'a> {
    /// The answers the body was made of, in the order they were read; a plain body is the first and
    /// only one. For kinds whose documents come in several answers: see [`wanted`].
    ///
    /// # Errors
    /// Where the body begins like a bundle and cannot be taken apart.
    pub fn parts(&self) -> Result<Vec<BundlePart<'a>>, Unreadable> {
        match bundle::decode(self.body) {
            Some(parts) => parts.map_err(|error| xml::unexpected("the stored body", &error)),
            None => Ok(vec![BundlePart {
                name: FIRST.to_owned(),
                url: self.url.clone(),
                content_type: self.content_type.map(str::to_owned),
                body: self.body,
            }]),
        }
    }
}

impl<'a> From<&'a BundlePart<'_>> for RawDocument<'a> {
    fn from(part: &'a BundlePart<'_>) -> Self {
        Self { body: part.body, content_type: part.content_type.as_deref(), url: &part.url }
    }
}

/// Reads a body as the given kind of source.
///
/// # Errors
/// What of the source's structure is missing or different.
pub fn extract(kind: &SourceKind, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let document = read(kind, page)?;
    limits::check_entries(document.entries.len())?;
    Ok(document)
}

fn read(kind: &SourceKind, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    match kind {
        SourceKind::FccCoveredList => fcc_covered_list::extract(page),
        SourceKind::CourtRss(settings) => docket::court_rss(settings, page),
        SourceKind::PacerDocket(settings) => docket::pacer(settings, page),
        SourceKind::ScotusDocket(settings) => docket::scotus(settings, page),
        SourceKind::Courtlistener(settings) => docket::courtlistener(settings, page),
        SourceKind::FederalRegister(_) => federal_register::extract(page),
        SourceKind::Ecfr(settings) => ecfr::extract(settings, page),
        SourceKind::Ecfs(_) => ecfs::extract(page),
        SourceKind::RegisterNotice(settings) => notice::extract(settings, page),
        SourceKind::RegisterRules(settings) => ecfr::rules::extract(settings, page),
        SourceKind::Feed => feed::extract(page),
        SourceKind::HtmlTable(settings) => paging::table(settings, page),
        SourceKind::HtmlList(settings) => {
            let document = paging::together(page, |page| html_list::extract(settings, page))?;
            let is_one_page = settings.one_page || settings.rows.group;
            paging::check_last(is_one_page, page, document.entries.len())?;
            Ok(document)
        }
        SourceKind::PageText(settings) => paging::together(page, |page| page_text::extract(settings, page)),
        SourceKind::Csv(settings) => paging::together(page, |page| list::csv::extract(settings, page)),
        SourceKind::Xlsx(settings) => list::xlsx::extract(settings, page),
        SourceKind::Json(settings) => paging::together(page, |page| list::json::extract(settings, page)),
        SourceKind::Xml(settings) => paging::together(page, |page| list::xml::extract(settings, page)),
        SourceKind::PdfText(settings) => list::pdf_text::extract(settings, page),
        SourceKind::Csl => list::csl::extract(page),
        SourceKind::Ofac => list::ofac::extract(page),
        SourceKind::Uflpa => list::uflpa::extract(page),
        SourceKind::Dpl => list::dpl::extract(page),
        SourceKind::UnXml => list::un::extract(page),
        SourceKind::Eu => list::eu::extract(page),
        SourceKind::UkCsv => list::uk::extract(page),
    }
}

/// A delimited list that can be read without its body in memory; `None` for other kinds, and where the body is not the
/// text as it is read.
///
/// # Errors
/// As of [`extract`].
pub fn streamed_table(
    kind: &SourceKind,
    page: &RawDocument<'_>,
) -> Result<Option<StreamedTable>, Unreadable> {
    let settings = match kind {
        SourceKind::UkCsv => Some(list::uk::settings()),
        SourceKind::Csl => list::csl::csv_settings(page),
        SourceKind::Eu => list::eu::csv_settings(page),
        SourceKind::Csv(settings) => Some(settings.clone()),
        _ => None,
    };
    match settings.filter(|_| !bundle::is_bundle(page.body)) {
        Some(settings) => StreamedTable::of(settings, page),
        None => Ok(None),
    }
}

/// What else must be asked for before a document is whole, given the answers read so far; `None`
/// when it is whole. Asked again after each answer.
///
/// How many answers a document may have is for the kind to bound; the reader bounds it once more.
///
/// # Errors
/// Where the answers so far are not what they should be, or lead to other machines.
pub fn wanted(kind: &SourceKind, parts: &[BundlePart<'_>]) -> Result<Option<WantedAnswer>, Unreadable> {
    wanted_after(kind, parts, None)
}

/// The same, where the last answer had a `Link` header: lists may go on where that says.
///
/// # Errors
/// Those of [`wanted`].
pub fn wanted_after(
    kind: &SourceKind,
    parts: &[BundlePart<'_>],
    link: Option<&str>,
) -> Result<Option<WantedAnswer>, Unreadable> {
    match kind {
        SourceKind::Courtlistener(settings) => docket::wanted(settings, parts),
        SourceKind::FederalRegister(settings) => federal_register::wanted(settings, parts),
        SourceKind::Ofac => list::ofac::wanted(parts),
        SourceKind::Ecfr(settings) => ecfr::wanted(settings, parts),
        SourceKind::Ecfs(settings) => ecfs::wanted(settings, parts),
        SourceKind::RegisterNotice(settings) => notice::wanted(settings, parts),
        SourceKind::RegisterRules(settings) => ecfr::rules::wanted(settings, parts),
        _ => paging::wanted(kind, parts, link),
    }
}

/// What a first answer comes to: what else must be asked for, or that it is the whole document, which is read at
/// once where looking for the rest has taken the page apart anyhow. `link` is its `Link` header, `url` the address
/// that answered.
///
/// # Errors
/// As of [`wanted`].
pub fn first(
    kind: &SourceKind,
    first: &BundlePart<'_>,
    link: Option<&str>,
    url: &Url,
) -> Result<OpeningAnswer, Unreadable> {
    match kind {
        SourceKind::HtmlTable(settings) => paging::first_of_table(settings, first, link, url),
        _ => Ok(match wanted_after(kind, std::slice::from_ref(first), link)? {
            Some(wanted) => OpeningAnswer::Wanted(wanted),
            None => OpeningAnswer::Whole(None),
        }),
    }
}

/// Whether a body was refused because it is a part of a longer list.
#[must_use]
pub fn is_part(unreadable: &Unreadable) -> bool {
    matches!(unreadable, Unreadable::Unexpected { what, .. } if what == paging::PART)
}

/// The next page that a `Link` header names, from where its answer stands.
#[must_use]
pub fn next_by_header(link: &str, url: &Url) -> Option<Url> {
    paging::address_of_next(link, url)
}

/// The source's own word for the state its document is in, from the first answer alone: while it
/// stays the same, nothing else needs to be asked for. `None` where the first answer says nothing of
/// the others.
#[must_use]
pub fn signal(kind: &SourceKind, first: &BundlePart<'_>) -> Option<String> {
    match kind {
        SourceKind::Ecfr(settings) => ecfr::signal(settings, first),
        SourceKind::RegisterNotice(settings) => notice::signal(settings, first),
        SourceKind::RegisterRules(settings) => ecfr::rules::signal(settings, first),
        _ => None,
    }
}

/// The HTML title, entities decoded, on one line; `None` where there is none or it is blank.
///
/// No tree is built, so this is safe and cheap for any answer, before anything
/// else is known about it.
#[must_use]
pub fn title(page: &RawDocument<'_>) -> Option<String> {
    html::title(page)
}

/// What a page shows of itself. As cheap and safe as [`title`].
#[must_use]
pub fn face(page: &RawDocument<'_>) -> PageProfile {
    face::face(page)
}

/// The settings that could read a page, the best guess first. Whether one reads it is for the caller
/// to try.
#[must_use]
pub fn propose(page: &RawDocument<'_>) -> Vec<Guess> {
    proposal::of(page)
}

/// The same for the text of a PDF.
#[must_use]
pub fn propose_pdf(text: &str) -> Vec<Guess> {
    proposal::of_pdf(text)
}

/// What a page's tables say and its document does not, where it is read as tables or as text.
#[must_use]
pub fn left_out(kind: &SourceKind, page: &RawDocument<'_>, document: &Document) -> LeftOut {
    proposal::left_out(kind, page, document)
}

/// Whether scripts put the page together in the reader's browser, so that what the server sends is
/// next to nothing.
#[must_use]
pub fn needs_browser(page: &RawDocument<'_>) -> bool {
    proposal::needs_browser(page)
}

/// How the page says that it is a part of a longer list, in words: a count, or a next page.
#[must_use]
pub fn goes_on(page: &RawDocument<'_>) -> Option<String> {
    proposal::goes_on(page)
}

/// How long a feed says that nothing new is to be expected of it; `None` of other kinds, and where
/// it does not say.
#[must_use]
pub fn time_to_live(kind: &SourceKind, page: &RawDocument<'_>) -> Option<Duration> {
    time_to_live::of(kind, page)
}

#[cfg(test)]
mod tests;
