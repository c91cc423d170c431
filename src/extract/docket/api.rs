//! CourtListener's API, version 4: a docket's entries, as pages of JSON, and the docket itself.
//!
//! Entries are amended later: their description, their number, their documents.
//! They are known by their `id`; that `date_modified` moved says nothing alone
//! and is not read. <https://www.courtlistener.com/help/api/rest/pacer/>

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Docket, DocketEntry, entered};
use crate::domain::bundle::{BundlePart, FIRST};
use crate::domain::entry::Completeness;
use crate::domain::source::CourtlistenerSettings;
use crate::domain::text::{lines, one_line};
use crate::domain::verdict::Unreadable;
use crate::extract::following::{WantedAnswer, address, page_name, pages};
use crate::extract::{RawDocument, html, json};

/// Where documents lie that somebody gave to the archive.
const STORAGE: &str = "https://storage.courtlistener.com/";

#[derive(Deserialize)]
struct RecapResponse {
    next: Option<String>,
    previous: Option<String>,
    results: Vec<RecapFiling>,
}

#[derive(Deserialize)]
struct RecapFiling {
    id: u64,
    /// The docket's number in the database, or the address of it.
    docket: Value,
    date_filed: Option<String>,
    entry_number: Option<u64>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    recap_documents: Vec<RecapDocument>,
}

#[derive(Deserialize)]
struct RecapDocument {
    #[serde(default)]
    document_number: Option<Value>,
    attachment_number: Option<u64>,
    #[serde(default)]
    description: String,
    is_sealed: Option<bool>,
    is_available: Option<bool>,
    #[serde(default)]
    absolute_url: String,
    filepath_local: Option<String>,
}

/// What the docket itself says of the case.
#[derive(Default, Deserialize)]
struct RecapCase {
    #[serde(default)]
    docket_number: String,
    #[serde(default)]
    case_name: String,
}

/// The part that holds the docket itself.
const CASE: &str = "case";

pub(super) fn read(parts: &[BundlePart<'_>]) -> Result<Docket, Unreadable> {
    let case = parts.iter().find(|part| part.name == CASE);
    let case: RecapCase =
        case.map_or_else(|| Ok(RecapCase::default()), |part| json::parse(&RawDocument::from(part)))?;
    let (number, caption) = (one_line(&case.docket_number), one_line(&case.case_name));
    let (mut known, mut entries, mut is_whole) = (BTreeSet::new(), Vec::new(), true);
    let pages = pages(parts, FIRST);
    for (place, part) in pages.iter().enumerate() {
        let answer = RecapResponse::of(part)?;
        is_whole &= place > 0 || answer.previous.is_none();
        is_whole &= place + 1 < pages.len() || answer.next.is_none();
        // A later page repeats what an insertion pushed onto it.
        let new = answer.results.into_iter().filter(|filing| known.insert(filing.id));
        entries.extend(new.map(|filing| filing.into_entry(&part.url)));
    }
    if !number.is_empty() {
        for entry in &mut entries {
            entry.docket.clone_from(&number);
            entry.caption.clone_from(&caption);
        }
    }
    let completeness = if is_whole { Completeness::Whole } else { Completeness::Window };
    Ok(Docket { entries, completeness, number, is_honestly_empty: false })
}

/// The docket itself, where its address is given, then the next page.
pub(super) fn wanted(
    settings: &CourtlistenerSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    if let Some(url) = &settings.case
        && !parts.iter().any(|part| part.name == CASE)
    {
        return Ok(Some(WantedAnswer { name: CASE.to_owned(), url: url.clone() }));
    }
    let read = pages(parts, FIRST);
    let Some(last) = read.last().filter(|_| read.len() < settings.pages) else { return Ok(None) };
    let Some(next) = RecapResponse::of(last)?.next else { return Ok(None) };
    Ok(Some(WantedAnswer { name: page_name(FIRST, read.len() + 1), url: address(last, &next)? }))
}

impl RecapResponse {
    fn of(part: &BundlePart<'_>) -> Result<Self, Unreadable> {
        json::parse(&RawDocument::from(part))
    }
}

impl RecapFiling {
    fn into_entry(self, page: &Url) -> DocketEntry {
        let main = self.recap_documents.iter().find(|paper| paper.attachment_number.is_none());
        let text = lines(&html::unescape(&self.description));
        let text = if text.is_empty() {
            main.map_or_else(String::new, |paper| lines(&html::unescape(&paper.description)))
        } else {
            text
        };
        let sealed: Vec<String> = self
            .recap_documents
            .iter()
            .filter(|paper| paper.is_sealed == Some(true))
            .map(|paper| format!("{} sealed", paper.label()))
            .collect();
        DocketEntry {
            docket: database_number(&self.docket),
            number: self.entry_number.map_or_else(String::new, |number| number.to_string()),
            id: self.id.to_string(),
            filed: self.date_filed.and_then(|day| day.get(..10)?.parse().ok()),
            entered: entered(&text),
            text,
            documents: self.recap_documents.iter().filter_map(|paper| paper.link(page)).collect(),
            access: sealed.join("\n"),
            ..DocketEntry::default()
        }
    }
}

impl RecapDocument {
    fn label(&self) -> String {
        match (self.attachment_number, &self.document_number) {
            (Some(number), _) => format!("attachment {number}"),
            (None, Some(Value::String(number))) => format!("document {}", one_line(number)),
            (None, Some(Value::Number(number))) => format!("document {number}"),
            (None, _) => "document".to_owned(),
        }
    }

    /// The document itself where it can be had, else the page about it.
    fn link(&self, page: &Url) -> Option<(String, Url)> {
        let stored = self.filepath_local.as_deref().filter(|path| !path.is_empty());
        let address = match stored {
            Some(path) if self.is_available != Some(false) => Url::parse(STORAGE).ok()?.join(path).ok()?,
            _ if self.absolute_url.is_empty() => return None,
            _ => page.join(&self.absolute_url).ok()?,
        };
        matches!(address.scheme(), "http" | "https").then(|| (self.label(), address))
    }
}

/// `4214664`, also where the address of it is given.
fn database_number(docket: &Value) -> String {
    let text = docket.as_str().map_or_else(|| docket.to_string(), str::to_owned);
    let mut digits = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits.next_back().unwrap_or_default().to_owned()
}
