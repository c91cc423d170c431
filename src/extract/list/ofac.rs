//! The delimited files of the Office of Foreign Assets Control: `sdn.csv`, `cons_prim.csv`.
//!
//! Twelve columns without headers, `-0-` for nothing, a DOS end-of-file mark.
//! What is known of a party beside its name is one remark of many parts; other
//! names, numbers and ties are taken out of it into fields of their own.

use super::csv;
use crate::domain::entry::{Document, Entry};
use crate::domain::source::{CsvSettings, Pairs, RowSettings};
use crate::domain::verdict::Unreadable;
use crate::extract::Page;

const COLUMNS: [(&str, &str); 12] = [
    ("1", "number"),
    ("2", "name"),
    ("3", "type"),
    ("4", "program"),
    ("5", "position"),
    ("6", "call_sign"),
    ("7", "vessel_type"),
    ("8", "tonnage"),
    ("9", "gross_tonnage"),
    ("10", "flag"),
    ("11", "owner"),
    ("12", "remarks"),
];

pub(in crate::extract) fn extract(page: &Page<'_>) -> Result<Document, Unreadable> {
    let mut document = csv::extract(&settings(&COLUMNS), page)?;
    for entry in &mut document.entries {
        check_number(entry)?;
        sort_remarks(entry);
    }
    Ok(document)
}

fn settings(columns: &[(&str, &str)]) -> CsvSettings {
    CsvSettings {
        header: false,
        columns: Pairs::of(columns),
        rows: RowSettings {
            key: vec!["number".to_owned()],
            title: Some("name".to_owned()),
            null: vec!["-0-".to_owned()],
            split: [("program".to_owned(), "] [".to_owned()), ("remarks".to_owned(), "; ".to_owned())].into(),
            ..RowSettings::default()
        },
        ..CsvSettings::default()
    }
}

/// Every row begins with the party's number; a page in the list's place does not.
fn check_number(entry: &Entry) -> Result<(), Unreadable> {
    let number = entry.fields.get("number").map_or("", String::as_str);
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unreadable::Unexpected {
            what: "a row's first column (expected a number)".to_owned(),
            found: format!("{number:?}"),
        });
    }
    Ok(())
}

/// How the parts of a remark begin that are identifiers.
const IDENTIFIERS: [&str; 30] = [
    "Aircraft Construction Number",
    "Aircraft Mode S",
    "Aircraft Serial",
    "Aircraft Tail",
    "BIK (RU)",
    "C.R. No.",
    "C.U.I.T.",
    "Cedula",
    "Commercial Registry",
    "Company Number",
    "D-U-N-S",
    "Digital Currency Address",
    "Equity Ticker",
    "Folio Mercantil",
    "Government Gazette Number",
    "ISIN",
    "Identification Number",
    "Legal Entity Number",
    "MMSI",
    "Matricula Mercantil",
    "NIT #",
    "National ID",
    "Passport",
    "RUC #",
    "Registration",
    "SSN",
    "SWIFT/BIC",
    "Tax ID",
    "Unified Social Credit Code",
    "Vessel Registration Identification",
];

/// Moves the parts of the remark that are names, numbers or ties into fields of their own.
fn sort_remarks(entry: &mut Entry) {
    let Some(remarks) = entry.fields.remove("remarks") else { return };
    let mut sorted: [(&str, Vec<&str>); 4] = [
        ("aliases", Vec::new()),
        ("identifiers", Vec::new()),
        ("linked_to", Vec::new()),
        ("remarks", Vec::new()),
    ];
    let end = remarks.strip_suffix('.').unwrap_or(&remarks);
    for part in end.lines() {
        let plain = part.strip_prefix("alt. ").unwrap_or(part);
        let (index, text) = if let Some(name) = alias(plain) {
            (0, name)
        } else if IDENTIFIERS.iter().any(|known| plain.starts_with(known)) {
            (1, plain)
        } else if let Some(other) = plain.strip_prefix("Linked To: ") {
            (2, other.trim_end_matches('.'))
        } else {
            (3, part)
        };
        sorted[index].1.push(text);
    }
    for (field, texts) in sorted {
        if !texts.is_empty() {
            entry.fields.insert(field.to_owned(), texts.join("\n"));
        }
    }
}

/// The name in `a.k.a. 'NAME'`.
fn alias(part: &str) -> Option<&str> {
    let quoted = ["a.k.a. ", "f.k.a. ", "n.k.a. "].iter().find_map(|known| part.strip_prefix(known))?;
    quoted.trim_end_matches('.').strip_prefix('\'')?.strip_suffix('\'')
}
