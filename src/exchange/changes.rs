//! Changes as CSV, one a row: for spreadsheets, and for whoever reads nothing else.

use ::csv::Writer;
use chrono::{DateTime, SecondsFormat, Utc};

use super::CsvError;
use super::formula::safe;
use crate::domain::change::Change;
use crate::domain::id::CompanyId;

/// The columns.
const COLUMNS: [&str; 15] = [
    "id",
    "found_at",
    "source",
    "source_title",
    "kind",
    "title",
    "date",
    "url",
    "companies",
    "fields",
    "evidence_url",
    "evidence_read_at",
    "evidence_sha256",
    "previous_sha256",
    "retracted_at",
];

/// Changes as a table with a heading. No cell is taken for a formula.
///
/// # Errors
/// Rows that cannot be written.
pub fn write<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Result<String, CsvError> {
    let mut writer = Writer::from_writer(Vec::new());
    writer.write_record(COLUMNS)?;
    for change in changes {
        writer.write_record(row(change).map(|cell| safe(&cell)))?;
    }
    let bytes = writer.into_inner().map_err(|error| ::csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn row(change: &Change) -> [String; COLUMNS.len()] {
    let entry = &change.entry;
    let companies: Vec<&str> = change.companies().into_iter().map(CompanyId::as_str).collect();
    let fields: Vec<&str> = entry.fields.iter().map(|field| field.name.as_str()).collect();
    [
        change.id.to_string(),
        moment(change.found_at),
        change.source.to_string(),
        change.source_title.clone(),
        entry.kind.to_string(),
        entry.title.clone(),
        entry.date.map(|date| date.to_string()).unwrap_or_default(),
        entry.url.clone().unwrap_or_default(),
        companies.join(" "),
        fields.join(" "),
        change.evidence.url.clone(),
        moment(change.evidence.read_at),
        change.evidence.sha256.to_string(),
        change.previous.sha256.to_string(),
        change.retracted_at.map(moment).unwrap_or_default(),
    ]
}

fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
