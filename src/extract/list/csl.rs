//! The Consolidated Screening List of the United States (trade.gov): fourteen lists in one file.
//!
//! CSV and JSON say the same. The file is made anew every hour, in another order,
//! and has been served cut off in the middle: entries are known by their list
//! and number (or name, where a list gives no numbers). Its `_id` is left aside:
//! it is a digest that changes with the entry, and older files lack it.

use super::{csv, json};
use crate::domain::entry::Document;
use crate::domain::source::{CsvSettings, JsonSettings, Pairs, RowSettings};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;

/// Column → field; the JSON has the same names.
const COLUMNS: [(&str, &str); 23] = [
    ("source", "list"),
    ("entity_number", "number"),
    ("type", "type"),
    ("programs", "program"),
    ("name", "name"),
    ("alt_names", "aliases"),
    ("title", "position"),
    ("addresses", "address"),
    ("federal_register_notice", "notice"),
    ("start_date", "listed"),
    ("end_date", "expires"),
    ("standard_order", "standard_order"),
    ("license_requirement", "license_requirement"),
    ("license_policy", "license_policy"),
    ("call_sign", "call_sign"),
    ("vessel_type", "vessel_type"),
    ("vessel_flag", "vessel_flag"),
    ("vessel_owner", "vessel_owner"),
    ("remarks", "remarks"),
    ("citizenships", "citizenship"),
    ("nationalities", "nationality"),
    ("dates_of_birth", "born"),
    ("ids", "identifiers"),
];

/// Fields that hold several things, parted by semicolons.
const LISTED: [&str; 7] =
    ["program", "aliases", "address", "citizenship", "nationality", "born", "identifiers"];

pub(in crate::extract) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    match csv_settings(page) {
        Some(settings) => csv::extract(&settings, page),
        None => from_json(page),
    }
}

fn rows() -> RowSettings {
    RowSettings {
        key: vec!["list".to_owned(), "number|name".to_owned()],
        title: Some("name".to_owned()),
        date: Some("listed".to_owned()),
        ..RowSettings::default()
    }
}

/// How the rows of the CSV are read; `None` where it is JSON.
pub(in crate::extract) fn csv_settings(page: &RawDocument<'_>) -> Option<CsvSettings> {
    let first =
        page.body.iter().find(|byte| !byte.is_ascii_whitespace() && !matches!(byte, 0xef | 0xbb | 0xbf));
    if matches!(first, Some(b'{' | b'[')) {
        return None;
    }
    let split = LISTED.iter().map(|&field| (field.to_owned(), "; ".to_owned())).collect();
    Some(CsvSettings {
        columns: Pairs::of(&COLUMNS),
        rows: RowSettings { split, ..rows() },
        ..CsvSettings::default()
    })
}

fn from_json(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let path = |column: &str, field: &str| {
        let all = if LISTED.contains(&field) { "[*]" } else { "" };
        vec![format!("$.{column}{all}")]
    };
    let fields = COLUMNS.iter().map(|&(column, field)| (field.to_owned(), path(column, field))).collect();
    // What few lists have may be missing from all.
    let optional = COLUMNS.iter().map(|&(_, field)| field.to_owned());
    let optional = optional.filter(|field| !matches!(field.as_str(), "list" | "name")).collect();
    let settings = JsonSettings {
        entries: "$.results[*]".to_owned(),
        fields,
        rows: RowSettings { optional, ..rows() },
        ..JsonSettings::default()
    };
    json::extract(&settings, page)
}
