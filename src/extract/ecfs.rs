//! Filings in proceedings of the Federal Communications Commission, from the API of its Electronic
//! Comment Filing System: <https://www.fcc.gov/ecfs/help/public_api>.
//!
//! Filings are made public in batches that share a time and have no order of their own, so pages
//! overlap and a filing is known by its id alone. Results are the newest of many: absence is no
//! removal.
//!
//! Most filers are private people. Kept is what the system's own list shows of a filing: who filed
//! what, when, in which proceeding, with which documents; no addresses, no contacts, no comment's text.

use std::collections::BTreeSet;

use serde::Deserialize;
use url::Url;

use super::date::date;
use super::following::{WantedAnswer, page_name, pages};
use super::{RawDocument, html, json};
use crate::domain::bundle::{BundlePart, FIRST};
use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
use crate::domain::source::EcfsSettings;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

/// How many filings a page has where the address does not say.
const DEFAULT_LIMIT: usize = 25;

/// A title made of many names is cut to this.
const MAX_TITLE_CHARS: usize = 160;

pub(super) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let (mut seen, mut entries) = (BTreeSet::new(), Vec::new());
    for part in &page.parts()? {
        for filing in EcfsResponse::of(part)?.filings {
            if one_line(&filing.id_submission).is_empty() {
                return Err(Unreadable::Missing { what: "a filing's id_submission".to_owned() });
            }
            if seen.insert(filing.id_submission.clone()) {
                entries.push(filing.into_entry());
            }
        }
    }
    Ok(Document::new(entries, Completeness::Window, Resemblance::Never))
}

/// The next page, while pages are full.
pub(super) fn wanted(
    settings: &EcfsSettings,
    parts: &[BundlePart<'_>],
) -> Result<Option<WantedAnswer>, Unreadable> {
    let read = pages(parts, FIRST);
    let Some(last) = read.last().filter(|_| read.len() < settings.pages) else { return Ok(None) };
    let limit = parameter(&last.url, "limit").unwrap_or(DEFAULT_LIMIT);
    if limit == 0 || EcfsResponse::of(last)?.filings.len() < limit {
        return Ok(None);
    }
    let offset = parameter(&last.url, "offset").unwrap_or(0).saturating_add(limit);
    let name = page_name(FIRST, read.len() + 1);
    Ok(Some(WantedAnswer { name, url: with_parameter(&last.url, "offset", offset) }))
}

fn parameter(url: &Url, name: &str) -> Option<usize> {
    let (_, value) = url.query_pairs().find(|(known, _)| known == name)?;
    value.parse().ok()
}

/// The address with one parameter set; the others stay as they are written.
fn with_parameter(url: &Url, name: &str, value: usize) -> Url {
    let mut url = url.clone();
    let others =
        url.query().unwrap_or_default().split('&').filter(|pair| pair.split('=').next() != Some(name));
    let mut query: Vec<String> = others.filter(|pair| !pair.is_empty()).map(str::to_owned).collect();
    query.push(format!("{name}={value}"));
    url.set_query(Some(&query.join("&")));
    url
}

#[derive(Debug, Deserialize)]
struct EcfsResponse {
    #[serde(rename = "filing", alias = "filings")]
    filings: Vec<EcfsFiling>,
}

impl EcfsResponse {
    fn of(part: &BundlePart<'_>) -> Result<Self, Unreadable> {
        json::parse(&RawDocument::from(part))
    }
}

#[derive(Debug, Deserialize)]
struct EcfsFiling {
    id_submission: String,
    submissiontype: Option<EcfsDescription>,
    filingstatus: Option<EcfsDescription>,
    viewingstatus: Option<EcfsDescription>,
    #[serde(default)]
    filers: Vec<EcfsName>,
    #[serde(default)]
    lawfirms: Vec<EcfsName>,
    #[serde(default)]
    proceedings: Vec<EcfsProceeding>,
    #[serde(default)]
    documents: Vec<Filed>,
    date_received: Option<String>,
    date_disseminated: Option<String>,
}

#[derive(Debug, Deserialize)]
struct EcfsDescription {
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct EcfsName {
    name: Option<String>,
}

#[derive(Debug, Deserialize)]
struct EcfsProceeding {
    name: Option<String>,
    description: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Filed {
    filename: Option<String>,
    src: Option<String>,
    description: Option<String>,
}

impl EcfsFiling {
    fn into_entry(self) -> Entry {
        let id = one_line(&self.id_submission);
        let kind = described(self.submissiontype);
        let filers = names(self.filers);
        let documents = self.documents.iter().map(Filed::label).collect::<Vec<_>>();
        let proceedings = self.proceedings.iter().map(EcfsProceeding::label).collect::<Vec<_>>();
        let mut entry = Entry::new(id.clone(), title(&kind, &filers, &id))
            .with("type", kind)
            .with("filers", filers.join("\n"))
            .with("law_firms", names(self.lawfirms).join("\n"))
            .with("proceeding", proceedings.join("\n"))
            .with("documents", documents.join("\n"))
            .with("status", described(self.filingstatus))
            .with("viewing", described(self.viewingstatus));
        let day = self.date_disseminated.or(self.date_received);
        entry.date = day.as_deref().and_then(date);
        entry.url = address_of(&id);
        let links = self.documents.iter().filter_map(|document| {
            let url: Url = document.src.as_deref()?.parse().ok()?;
            matches!(url.scheme(), "http" | "https").then(|| (document.label(), url))
        });
        html::with_links(entry, links)
    }
}

/// Where a reader finds a filing.
fn address_of(id: &str) -> Option<String> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_plain.then(|| format!("https://www.fcc.gov/ecfs/search/search-filings/filing/{id}"))
}

fn described(described: Option<EcfsDescription>) -> String {
    one_line(&described.and_then(|described| described.description).unwrap_or_default())
}

fn names(named: Vec<EcfsName>) -> Vec<String> {
    named
        .into_iter()
        .filter_map(|named| named.name)
        .map(|name| one_line(&name))
        .filter(|name| !name.is_empty())
        .collect()
}

fn title(kind: &str, filers: &[String], id: &str) -> String {
    let kind = if kind.is_empty() { "Filing" } else { kind };
    match filers {
        [] => format!("{kind} {id}"),
        filers => shorten(&format!("{kind} by {}", filers.join(", ")), MAX_TITLE_CHARS),
    }
}

impl EcfsProceeding {
    fn label(&self) -> String {
        let texts = [&self.name, &self.description].into_iter().flatten();
        one_line(&texts.map(String::as_str).collect::<Vec<_>>().join(" "))
    }
}

impl Filed {
    fn label(&self) -> String {
        let texts = [&self.filename, &self.description].into_iter().flatten();
        let label = one_line(&texts.map(String::as_str).collect::<Vec<_>>().join(" "));
        if label.is_empty() { "document".to_owned() } else { label }
    }
}

#[cfg(test)]
mod tests;
