//! Raw body → [`Document`]: what a page says, as entries.
//!
//! Pure, like the domain: bytes in, one value out. Every kind of source has its
//! file here and gives *positive proof* that the body is what it should be (the
//! expected table, element or feed root); without it the body is [`Unreadable`],
//! so that an error page never becomes a list.
//!
//! Bodies are hostile. Reading takes time and memory in proportion to the body
//! whatever it holds: nesting, attributes per tag and the tree's growth are
//! bounded while the tree is built (`html`, `xml`), and no entity of a document
//! type is ever expanded.
//!
//! Deliberately absent: fetching, judging what came (`domain::block`,
//! `domain::verdict`) and comparing (`domain::diff`). Noise stays in: entries
//! say what the source said.

mod charset;
mod court_rss;
mod date;
mod fcc_covered_list;
mod feed;
mod html;
mod html_table;
mod page_text;
mod parser;
mod table;
mod time_to_live;
mod xml;

use std::time::Duration;

use url::Url;

use crate::domain::entry::Document;
use crate::domain::source::SourceKind;
use crate::domain::verdict::Unreadable;

/// A body and what is needed to read it.
#[derive(Debug, Clone, Copy)]
pub struct Page<'a> {
    /// The bytes after transfer decoding.
    pub body: &'a [u8],
    /// The `Content-Type` header, if one came.
    pub content_type: Option<&'a str>,
    /// The address that answered, against which links are resolved.
    pub url: &'a Url,
}

/// Reads a body as the given kind of source.
///
/// # Errors
/// What of the source's structure is missing or different.
pub fn extract(kind: &SourceKind, page: &Page<'_>) -> Result<Document, Unreadable> {
    match kind {
        SourceKind::FccCoveredList => fcc_covered_list::extract(page),
        SourceKind::CourtRss => court_rss::extract(page),
        SourceKind::Feed => feed::extract(page),
        SourceKind::HtmlTable(settings) => html_table::extract(settings, page),
        SourceKind::PageText(settings) => page_text::extract(settings, page),
    }
}

/// The HTML title, entities decoded, on one line; `None` where there is none or it is blank.
///
/// No tree is built, so this is safe and cheap for any answer, before anything
/// else is known about it.
#[must_use]
pub fn title(page: &Page<'_>) -> Option<String> {
    html::title(page)
}

/// How long a feed says that nothing new is to be expected of it; `None` of other kinds, and where
/// it does not say.
#[must_use]
pub fn time_to_live(kind: &SourceKind, page: &Page<'_>) -> Option<Duration> {
    time_to_live::of(kind, page)
}

#[cfg(test)]
mod tests;
