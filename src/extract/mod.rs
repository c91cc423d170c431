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
mod list;
mod page_text;
mod parser;
mod table;
mod xml;

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
        SourceKind::Csv(settings) => list::csv::extract(settings, page),
        SourceKind::Xlsx(settings) => list::xlsx::extract(settings, page),
        SourceKind::Json(settings) => list::json::extract(settings, page),
        SourceKind::Xml(settings) => list::xml::extract(settings, page),
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

/// The HTML title, entities decoded, on one line; `None` where there is none or it is blank.
///
/// No tree is built, so this is safe and cheap for any answer, before anything
/// else is known about it.
#[must_use]
pub fn title(page: &Page<'_>) -> Option<String> {
    html::title(page)
}

#[cfg(test)]
mod tests;
