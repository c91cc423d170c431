//! CourtListener's API, version 4: one page of a docket's entries, as JSON.
//!
//! Entries are amended later: their description, their number, their documents.
//! They are known by their `id`; that `date_modified` moved says nothing alone
//! and is not read. <https://www.courtlistener.com/help/api/rest/pacer/>

use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::{Docket, DocketEntry, entered};
use crate::domain::entry::Completeness;
use crate::domain::text::{lines, one_line};
use crate::domain::verdict::Unreadable;
use crate::extract::html;
use crate::extract::xml::unexpected;

/// Where documents lie that somebody gave to the archive.
const STORAGE: &str = "https://storage.courtlistener.com/";

#[derive(Deserialize)]
struct Answer {
    next: Option<Value>,
    previous: Option<Value>,
    results: Vec<Filing>,
}

#[derive(Deserialize)]
struct Filing {
    id: u64,
    /// The docket's number in the database, or the address of it.
    docket: Value,
    date_filed: Option<String>,
    entry_number: Option<u64>,
    #[serde(default)]
    description: String,
    #[serde(default)]
    recap_documents: Vec<Paper>,
}

#[derive(Deserialize)]
struct Paper {
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

pub(super) fn read(text: &str, page: &Url) -> Result<Docket, Unreadable> {
    let answer: Answer =
        serde_json::from_str(text).map_err(|error| unexpected("the docket entries in JSON", &error))?;
    let is_given = |cursor: &Option<Value>| cursor.as_ref().is_some_and(|cursor| !cursor.is_null());
    let is_whole = !is_given(&answer.next) && !is_given(&answer.previous);
    let completeness = if is_whole { Completeness::Whole } else { Completeness::Window };
    let entries: Vec<DocketEntry> =
        answer.results.into_iter().map(|filing| filing.into_entry(page)).collect();
    // What it calls a docket is a number of its own, not the court's.
    Ok(Docket { entries, completeness, number: String::new() })
}

impl Filing {
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

impl Paper {
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
    let digits = text.split(|c: char| !c.is_ascii_digit()).filter(|digits| !digits.is_empty());
    digits.last().unwrap_or_default().to_owned()
}
