//! The UK Sanctions List: CSV below a line with the day of the report.
//!
//! A party has a row for each of its names, addresses and so on; the row of its
//! primary name names it. Days are written the British way, and unknown parts of
//! a birth date as zeros.

use super::csv;
use crate::domain::entry::Document;
use crate::domain::source::{CsvSettings, Pairs, RowSettings};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;

const COLUMNS: [(&str, &str); 41] = [
    ("Unique ID", "number"),
    ("Name 1", "name"),
    ("Name 2", "name"),
    ("Name 3", "name"),
    ("Name 4", "name"),
    ("Name 5", "name"),
    ("Name 6", "name"),
    ("Name type", "name_type"),
    ("Name non-latin script", "native_name"),
    ("OFSI Group ID", "group"),
    ("UN Reference Number", "un_reference"),
    ("Regime Name", "program"),
    ("Designation Type", "type"),
    ("Individual, Entity, Ship", "type"),
    ("Sanctions Imposed", "measures"),
    ("Other Information", "remarks"),
    ("UK Statement of Reasons", "reasons"),
    ("Date Designated", "listed"),
    ("Last Updated", "updated"),
    ("Address Line 1", "address"),
    ("Address Line 2", "address"),
    ("Address Line 3", "address"),
    ("Address Line 4", "address"),
    ("Address Line 5", "address"),
    ("Address Line 6", "address"),
    ("Address Postal Code", "address"),
    ("Address Country", "address"),
    ("Website", "website"),
    ("D.O.B", "born"),
    ("Town of birth", "birthplace"),
    ("Country of birth", "birthplace"),
    ("Nationality(/ies)", "nationality"),
    ("Position", "position"),
    ("National Identifier number", "identifiers"),
    ("Passport number", "identifiers"),
    ("Business registration number (s)", "identifiers"),
    ("IMO number", "identifiers"),
    ("Subsidiaries", "subsidiaries"),
    ("Parent company", "parent"),
    ("Current owner/operator (s)", "owner"),
    ("Type of entity", "entity_type"),
];

/// Columns without which it is not this list; others have come and gone.
const NEEDED: [&str; 5] = ["number", "name", "name_type", "program", "listed"];

pub(in crate::extract) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    csv::extract(&settings(), page)
}

/// How its rows are read.
pub(in crate::extract) fn settings() -> CsvSettings {
    let optional = COLUMNS.iter().map(|(_, field)| *field).filter(|field| !NEEDED.contains(field));
    CsvSettings {
        columns: Pairs::of(&COLUMNS),
        rows: RowSettings {
            key: vec!["number".to_owned()],
            title: Some("name".to_owned()),
            date: Some("listed".to_owned()),
            date_format: Some("%d/%m/%Y".to_owned()),
            group: true,
            first: [("name_type".to_owned(), "Primary Name".to_owned())].into(),
            joined: ["name", "address", "birthplace"].map(str::to_owned).to_vec(),
            optional: optional.map(str::to_owned).collect(),
            ..RowSettings::default()
        },
        ..CsvSettings::default()
    }
}
