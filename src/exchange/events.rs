//! Changes and entries as FollowTheMoney entities, one JSON object a line, for whoever has such a graph already.
//!
//! A change is an `Event` that involves the companies concerned; an entry is a `Document`, with a `Mention` for each
//! company that it names. The companies stand beside them under their own ids, as `company export` writes them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::ftm;
use crate::domain::change::{Change, Evidence, FieldChange};
use crate::domain::company::Company;
use crate::domain::entry::Entry;
use crate::domain::id::{BodyHash, CompanyId, SourceId};
use crate::domain::text::boundary_before;

/// Of a text as much goes out.
const MAX_TEXT_BYTES: usize = 64 * 1024;

/// What a source says, with whom its entries name.
#[derive(Debug)]
pub struct NamingSource<'a> {
    /// The source.
    pub source: &'a SourceId,
    /// What readers call it.
    pub title: &'a str,
    /// The read that shows it.
    pub evidence: &'a Evidence,
    /// Its entries.
    pub entries: &'a [Entry],
    /// The keys of the entries that name each company.
    pub named: &'a BTreeMap<CompanyId, BTreeSet<String>>,
}

/// Changes as events, with the companies that they involve.
#[must_use]
pub fn changes<'a>(changes: impl IntoIterator<Item = &'a Change>, companies: &[Company]) -> String {
    let (mut lines, mut involved) = (Vec::new(), BTreeSet::new());
    for change in changes {
        lines.push(event(change));
        involved.extend(change.companies().into_iter().cloned());
    }
    with_companies(lines, &involved, companies)
}

/// What sources say as documents, with the companies that they name.
#[must_use]
pub fn entries(said: &[NamingSource<'_>], companies: &[Company]) -> String {
    let (mut lines, mut named) = (Vec::new(), BTreeSet::new());
    for said in said {
        for entry in said.entries {
            let id = format!("entry-{}", hashed(&[said.source.as_str(), &entry.key]));
            lines.push(document(&id, entry, said));
            let naming = said.named.iter().filter(|(_, keys)| keys.contains(&entry.key));
            for (company, _) in naming {
                lines.push(mention(&id, company, companies));
                named.insert(company.clone());
            }
        }
    }
    with_companies(lines, &named, companies)
}

fn with_companies(lines: Vec<Value>, wanted: &BTreeSet<CompanyId>, companies: &[Company]) -> String {
    let wanted: Vec<Company> =
        companies.iter().filter(|company| wanted.contains(&company.id)).cloned().collect();
    let lines: String = lines.into_iter().map(|line| format!("{line}\n")).collect();
    ftm::write(&wanted) + &lines
}

fn event(change: &Change) -> Value {
    let entry = &change.entry;
    let taken_back = change.retracted_at.map(|at| format!("taken back on {}", moment(at)));
    let properties = [
        ("name", vec![entry.title.clone()]),
        ("summary", vec![format!("{} on {}", entry.happened(), change.source_title)]),
        ("description", entry.fields.iter().filter_map(difference).collect()),
        ("date", vec![moment(change.found_at)]),
        ("startDate", entry.date.iter().map(|date| date.day().to_string()).collect()),
        ("recordId", vec![entry.key.clone()]),
        ("sourceUrl", web(entry.url.as_deref()).collect()),
        ("publisher", vec![change.source_title.clone()]),
        ("publisherUrl", web(Some(&change.evidence.url)).collect()),
        ("retrievedAt", vec![moment(change.evidence.read_at)]),
        ("keywords", vec![change.source.to_string(), entry.kind.to_string()]),
        ("notes", taken_back.into_iter().chain([proof(&change.evidence)]).collect()),
        ("involved", change.companies().into_iter().map(ToString::to_string).collect()),
    ];
    entity(&format!("change-{}", change.id), "Event", properties)
}

fn document(id: &str, entry: &Entry, said: &NamingSource<'_>) -> Value {
    let texts = entry.fields.iter().map(|(name, text)| format!("{name}: {text}")).collect::<Vec<_>>();
    let properties = [
        ("title", vec![entry.title.clone()]),
        ("fileName", vec![entry.title.clone()]),
        ("bodyText", vec![cut(&texts.join("\n"))]),
        ("publishedAt", entry.date.iter().map(|date| date.day().to_string()).collect()),
        ("sourceUrl", web(entry.url.as_deref()).collect()),
        ("publisher", vec![said.title.to_owned()]),
        ("publisherUrl", web(Some(&said.evidence.url)).collect()),
        ("retrievedAt", vec![moment(said.evidence.read_at)]),
        ("keywords", vec![said.source.to_string()]),
        ("notes", vec![proof(said.evidence)]),
    ];
    entity(id, "Document", properties)
}

fn mention(document: &str, company: &CompanyId, companies: &[Company]) -> Value {
    let known = companies.iter().find(|known| known.id == *company);
    let properties = [
        ("document", vec![document.to_owned()]),
        ("resolved", vec![company.to_string()]),
        ("name", vec![known.map_or_else(|| company.to_string(), |known| known.name.clone())]),
    ];
    entity(&format!("mention-{}", hashed(&[document, company.as_str()])), "Mention", properties)
}

/// An entity without the properties of which nothing is known.
fn entity<const N: usize>(id: &str, schema: &str, properties: [(&str, Vec<String>); N]) -> Value {
    let known = properties.into_iter().map(|(name, values)| {
        let values: Vec<String> = values.into_iter().filter(|value| !value.trim().is_empty()).collect();
        (name, values)
    });
    let known: BTreeMap<&str, Vec<String>> = known.filter(|(_, values)| !values.is_empty()).collect();
    json!({ "id": id, "schema": schema, "properties": known })
}

fn difference(field: &FieldChange) -> Option<String> {
    match (&field.before, &field.after) {
        (None, None) => None,
        (Some(before), None) => Some(cut(&format!("{} (gone): {before}", field.name))),
        (None, Some(after)) => Some(cut(&format!("{}: {after}", field.name))),
        (Some(before), Some(after)) => Some(cut(&format!("{}: {after}\nbefore: {before}", field.name))),
    }
}

/// The proof in words: the format has no place of its own for it.
fn proof(evidence: &Evidence) -> String {
    format!("shown by a body with the SHA-256 {}", evidence.sha256)
}

fn web(address: Option<&str>) -> impl Iterator<Item = String> {
    let is_web = |address: &&str| address.starts_with("https://") || address.starts_with("http://");
    address.filter(is_web).map(str::to_owned).into_iter()
}

fn cut(text: &str) -> String {
    text[..boundary_before(text, text.len().min(MAX_TEXT_BYTES))].to_owned()
}

fn hashed(parts: &[&str]) -> String {
    BodyHash::of(parts.join("\n").as_bytes()).as_str()[..32].to_owned()
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
