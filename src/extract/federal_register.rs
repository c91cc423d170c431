//! The Federal Register's documents, from its API: search results, single documents, and the
//! documents on public inspection before they are published.
//!
//! <https://www.federalregister.gov/developers/documentation/api/v1>
//!
//! A document keeps its number from public inspection to publication, so both copies are one entry:
//! it is new once, and its publication is a change of its `status`. A correction is a document of
//! its own that names the one it corrects. Results are the newest of many: absence is no removal.
//!
//! Counters (`page_views`), search excerpts and addresses of machine copies are not read: they move
//! while the document stays as it is.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;
use serde::Deserialize;
use url::Url;

use super::following::{WantedAnswer, address, page_name, pages};
use super::xml::unexpected;
use super::{RawDocument, html, json};
use crate::domain::bundle::{BundlePart, FIRST};
use crate::domain::entry::{Completeness, Document, Entry, EntryDate, Resemblance};
use crate::domain::source::FederalRegisterSettings;
use crate::domain::text::{lines, one_line};
use crate::domain::verdict::Unreadable;

/// The part with the documents on public inspection.
const INSPECTION: &str = "inspection";

/// Begins the addresses of the documents on public inspection.
const INSPECTION_PATH: &str = "/public-inspection-documents";

pub(super) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let mut copies: BTreeMap<String, usize> = BTreeMap::new();
    let mut read: Vec<DocumentVersion> = Vec::new();
    let parts = page.parts()?;
    let asked = SearchCriteria::of(&parts);
    for part in &parts {
        let is_published = !part.url.path().contains(INSPECTION_PATH);
        for document in FederalRegisterResponse::of(part)?.documents()? {
            let number = one_line(&document.document_number);
            if number.is_empty() {
                return Err(Unreadable::Missing { what: "a document's number".to_owned() });
            }
            if !is_published && !asked.covers(&document) {
                continue;
            }
            match copies.get(&number) {
                // A later page repeats what an insertion pushed onto it; a published copy wins.
                Some(&index) if read[index].is_published || !is_published => {}
                Some(&index) => read[index] = DocumentVersion { number, document, is_published },
                None => {
                    copies.insert(number.clone(), read.len());
                    read.push(DocumentVersion { number, document, is_published });
                }
            }
        }
    }
    leave_out_the_past(&mut read);
    let entries = read.into_iter().map(DocumentVersion::into_entry).collect();
    Ok(Document::new(entries, Completeness::Window, Resemblance::Never))
}

/// What a search asks for that can be told of a document on public inspection.
///
/// The address with all of them (`/current.json`) takes no conditions.
struct SearchCriteria {
    /// By the names they have in addresses; every agency where there are none.
    agencies: Vec<String>,
}

impl SearchCriteria {
    fn of(parts: &[BundlePart<'_>]) -> Self {
        let pairs = parts.first().map(|part| part.url.query_pairs());
        let agencies = pairs.into_iter().flatten().filter(|(name, _)| name == "conditions[agencies][]");
        Self { agencies: agencies.map(|(_, agency)| agency.into_owned()).collect() }
    }

    fn covers(&self, document: &Raw) -> bool {
        let agencies = document.agencies.iter().flatten();
        let mut slugs = agencies.filter_map(|agency| agency.slug.as_ref()).peekable();
        // A document that does not name its agencies so cannot be told from what was asked for.
        self.agencies.is_empty() || slugs.peek().is_none() || slugs.any(|slug| self.agencies.contains(slug))
    }
}

/// Leaves out what is still shown on public inspection although its day has come: it was published,
/// and is only too old for the results, or not yet among them.
fn leave_out_the_past(read: &mut Vec<DocumentVersion>) {
    let newest = read.iter().filter(|copy| copy.is_published).filter_map(DocumentVersion::day).max();
    read.retain(|copy| copy.is_published || newest.is_none() || copy.day().is_none() || copy.day() > newest);
}

/// The next page of the results, then the documents on public inspection.
pub(super) fn wanted(
    settings: &FederalRegisterSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    if let Some(next) = next_page(settings, parts, FIRST)? {
        return Ok(Some(next));
    }
    match &settings.inspection {
        Some(url) if pages(parts, INSPECTION).is_empty() => {
            Ok(Some(WantedAnswer { name: INSPECTION.to_owned(), url: url.clone() }))
        }
        _ => next_page(settings, parts, INSPECTION),
    }
}

fn next_page(
    settings: &FederalRegisterSettings,
    parts: &[BundlePart<'_>],
    name: &str,
) -> Result<Option<WantedAnswer>, Unreadable> {
    let read = pages(parts, name);
    let Some(last) = read.last().filter(|_| read.len() < settings.pages) else { return Ok(None) };
    let Some(next) = FederalRegisterResponse::of(last)?.next_page_url else { return Ok(None) };
    Ok(Some(WantedAnswer { name: page_name(name, read.len() + 1), url: address(last, &next)? }))
}

/// Search results, or one document.
#[derive(Debug, Deserialize)]
struct FederalRegisterResponse {
    count: Option<u64>,
    results: Option<Vec<Raw>>,
    next_page_url: Option<String>,
    document_number: Option<String>,
    #[serde(flatten)]
    only: serde_json::Map<String, serde_json::Value>,
}

impl FederalRegisterResponse {
    fn of(part: &BundlePart<'_>) -> Result<Self, Unreadable> {
        json::parse(&RawDocument::from(part))
    }

    /// The documents: proven by the results, by a count of none, or by the document's number.
    fn documents(self) -> Result<Vec<Raw>, Unreadable> {
        match (self.results, self.document_number, self.count) {
            (Some(documents), None, Some(_)) => Ok(documents),
            (None, None, Some(0)) => Ok(Vec::new()),
            (None, Some(number), None) => {
                let mut only = self.only;
                only.insert("document_number".to_owned(), number.into());
                let document = serde_json::from_value(only.into());
                document.map(|document| vec![document]).map_err(|error| unexpected("the document", &error))
            }
            (None, _, Some(count)) => {
                Err(unexpected("the results", &format!("none, but a count of {count}")))
            }
            _ => Err(Unreadable::Missing { what: "the results and their count".to_owned() }),
        }
    }
}

/// A document as the API gives it; which of these come depends on the question.
#[derive(Debug, Deserialize)]
struct Raw {
    document_number: String,
    title: Option<String>,
    toc_subject: Option<String>,
    toc_doc: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    action: Option<String>,
    #[serde(rename = "abstract")]
    summary: Option<String>,
    dates: Option<String>,
    editorial_note: Option<String>,
    filing_type: Option<String>,
    citation: Option<String>,
    agencies: Option<Vec<Agency>>,
    docket_ids: Option<Vec<String>>,
    docket_numbers: Option<Vec<String>>,
    filed_at: Option<String>,
    publication_date: Option<String>,
    effective_on: Option<String>,
    comments_close_on: Option<String>,
    correction_of: Option<String>,
    corrections: Option<Vec<String>>,
    html_url: Option<String>,
    pdf_url: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Agency {
    name: Option<String>,
    raw_name: Option<String>,
    slug: Option<String>,
}

/// A document in one of its two states.
struct DocumentVersion {
    number: String,
    document: Raw,
    is_published: bool,
}

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by a test")]
static CORRECTION: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^[CR]\d+-(?<corrected>[A-Z0-9]+-\d+)$").expect("constant pattern"));

impl DocumentVersion {
    /// When it is or will be published.
    fn day(&self) -> Option<NaiveDate> {
        self.document.publication_date.as_deref().and_then(day)
    }

    fn into_entry(self) -> Entry {
        let published = self.day();
        let Self { number, document, is_published } = self;
        let agencies = document.agencies.unwrap_or_default().into_iter();
        let agencies = agencies.filter_map(|agency| agency.name.or(agency.raw_name));
        let dockets = document.docket_ids.into_iter().chain(document.docket_numbers).flatten();
        let corrected = document.correction_of.as_deref().map(number_in).or_else(|| corrected_by(&number));
        let corrections = document.corrections.unwrap_or_default();
        let title = document.title.or(document.toc_doc).or(document.toc_subject);
        let mut entry = Entry::new(number.clone(), titled(title, &number))
            .with("number", number)
            .with("status", if is_published { "published" } else { "on public inspection" })
            .with("type", line(document.kind))
            .with("agencies", list(agencies))
            .with("docket", list(dockets))
            .with("action", line(document.action))
            .with("abstract", lines(&document.summary.unwrap_or_default()))
            .with("dates", lines(&document.dates.unwrap_or_default()))
            .with("note", lines(&document.editorial_note.unwrap_or_default()))
            .with("filing", line(document.filing_type))
            .with("filed", line(document.filed_at))
            .with("citation", line(document.citation))
            .with("published", line(document.publication_date.clone()))
            .with("effective", line(document.effective_on))
            .with("comments_close", line(document.comments_close_on))
            .with("corrects", corrected.unwrap_or_default())
            .with("corrected_by", list(corrections.iter().map(|address| number_in(address))));
        entry.date = published.map(EntryDate::Day);
        entry.url = document.html_url.as_deref().and_then(web_address).map(String::from);
        let pdf = document.pdf_url.as_deref().and_then(web_address).map(|url| ("PDF".to_owned(), url));
        html::with_links(entry, pdf)
    }
}

fn line(text: Option<String>) -> String {
    one_line(&text.unwrap_or_default())
}

/// One a line, each once.
fn list(texts: impl Iterator<Item = String>) -> String {
    let mut seen = HashSet::new();
    let texts = texts.map(|text| one_line(&text)).filter(|text| !text.is_empty());
    texts.filter(|text| seen.insert(text.clone())).collect::<Vec<_>>().join("\n")
}

fn titled(title: Option<String>, number: &str) -> String {
    let title = line(title);
    if title.is_empty() { format!("Document {number}") } else { title }
}

fn day(text: &str) -> Option<NaiveDate> {
    text.parse().ok()
}

fn web_address(text: &str) -> Option<Url> {
    text.parse().ok().filter(|url: &Url| matches!(url.scheme(), "http" | "https"))
}

/// The document's number at the end of its address in the API.
fn number_in(address: &str) -> String {
    let last = address.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    one_line(last.split(['?', '.']).next().unwrap_or_default())
}

/// The number of the document that this one corrects, as its own begins: `C1-2026-18780`.
fn corrected_by(number: &str) -> Option<String> {
    CORRECTION.captures(number).map(|found| found["corrected"].to_owned())
}

#[cfg(test)]
mod tests;
