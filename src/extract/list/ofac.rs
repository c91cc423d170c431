//! The delimited files of the Office of Foreign Assets Control: `sdn.csv`, `cons_prim.csv`.
//!
//! Twelve columns without headers, `-0-` for nothing, a DOS end-of-file mark.
//! What is known of a party beside its name is one remark of many parts; other
//! names, numbers and ties are taken out of it into fields of their own. Three
//! files beside the list hold addresses, more names and the rest of long remarks.

use std::collections::HashMap;

use super::{Record, Rows, csv};
use crate::domain::bundle::BundlePart;
use crate::domain::entry::Document;
use crate::domain::source::{CsvSettings, Pairs, RowSettings};
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::following::{self, WantedAnswer};

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

/// The files beside a list, by its own name: addresses, other names, what remarks had no room for.
const COMPANIONS: [(&str, [(&str, &str); 3]); 2] = [
    ("sdn.csv", [(ADDRESSES, "add.csv"), (NAMES, "alt.csv"), (COMMENTS, "sdn_comments.csv")]),
    (
        "cons_prim.csv",
        [(ADDRESSES, "cons_add.csv"), (NAMES, "cons_alt.csv"), (COMMENTS, "cons_comments.csv")],
    ),
];

const ADDRESSES: &str = "addresses";
const NAMES: &str = "names";
const COMMENTS: &str = "comments";

/// The next file without which a list is not whole; a file of another name stands alone.
pub(in crate::extract) fn wanted(parts: &[BundlePart<'_>]) -> Result<Option<WantedAnswer>, Unreadable> {
    let Some(list) = parts.first() else { return Ok(None) };
    let file = list.url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    let companions = COMPANIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(file));
    let missing = companions
        .and_then(|(_, files)| files.iter().find(|(name, _)| parts.iter().all(|part| part.name != *name)));
    missing
        .map(|(name, file)| {
            Ok(WantedAnswer { name: (*name).to_owned(), url: following::address(list, file)? })
        })
        .transpose()
}

pub(in crate::extract) fn extract(page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let parts = page.parts()?;
    let beside = |name: &str, columns: &[(&str, &str)], between: &str| match parts
        .iter()
        .find(|part| part.name == name)
    {
        Some(part) => companion(&part.into(), columns, between),
        None => Ok(HashMap::new()),
    };
    let addresses = beside(
        ADDRESSES,
        &[("1", "number"), ("3", "said"), ("4", "said"), ("5", "said"), ("6", "said")],
        ", ",
    )?;
    let names = beside(NAMES, &[("1", "number"), ("4", "said")], " ")?;
    let comments = beside(COMMENTS, &[("1", "number"), ("2", "said")], "")?;
    let Some(list) = parts.first() else {
        return Err(Unreadable::Missing { what: "the list".to_owned() });
    };
    let settings = settings(&COLUMNS);
    let mut rows = Rows::new(&settings.rows, page.url);
    csv::records(&settings, &list.into(), |mut record| {
        let number = number(&record)?;
        let more = |of: &HashMap<String, Vec<String>>| of.get(&number).cloned().unwrap_or_default();
        // A remark breaks off in the middle of a word and goes on beside the list.
        let remarks = [record.remove("remarks").concat(), more(&comments).concat()].concat();
        sort_remarks(&remarks, &mut record);
        for (field, said) in [("address", more(&addresses)), ("aliases", more(&names))] {
            for text in &said {
                record.push(field, text);
            }
        }
        rows.take(record)
    })?;
    rows.finish(&[])
}

/// What a file beside the list says of each party, by its number.
fn companion(
    page: &RawDocument<'_>,
    columns: &[(&str, &str)],
    between: &str,
) -> Result<HashMap<String, Vec<String>>, Unreadable> {
    let mut said: HashMap<String, Vec<String>> = HashMap::new();
    csv::records(&settings(columns), page, |record| {
        let number = number(&record)?;
        let parts = record.parts("said").iter();
        let parts: Vec<&str> = parts.map(String::as_str).filter(|part| part.trim() != NULL).collect();
        if !parts.is_empty() {
            said.entry(number).or_default().push(parts.join(between));
        }
        Ok(())
    })?;
    Ok(said)
}

/// What stands for nothing.
const NULL: &str = "-0-";

fn settings(columns: &[(&str, &str)]) -> CsvSettings {
    CsvSettings {
        header: false,
        columns: Pairs::of(columns),
        rows: RowSettings {
            key: vec!["number".to_owned()],
            title: Some("name".to_owned()),
            null: vec![NULL.to_owned()],
            split: [("program".to_owned(), "] [".to_owned())].into(),
            ..RowSettings::default()
        },
        ..CsvSettings::default()
    }
}

/// Every row begins with a party's number; a page in the list's place does not.
fn number(record: &Record) -> Result<String, Unreadable> {
    let number = record.parts("number").concat();
    let number = number.trim();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Unreadable::Unexpected {
            what: "a row's first column (expected a number)".to_owned(),
            found: format!("{:?}", shorten(number, MAX_SHOWN_CHARS)),
        });
    }
    Ok(number.to_owned())
}

/// So much of what is no number is shown.
const MAX_SHOWN_CHARS: usize = 40;

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

/// Puts the parts of a remark that are names, numbers or ties into fields of their own.
fn sort_remarks(remarks: &str, record: &mut Record) {
    let remarks = one_line(remarks);
    for part in remarks.strip_suffix('.').unwrap_or(&remarks).split("; ") {
        let plain = part.strip_prefix("alt. ").unwrap_or(part);
        if let Some(name) = alias(plain) {
            record.push("aliases", name);
        } else if IDENTIFIERS.iter().any(|known| plain.starts_with(known)) {
            record.push("identifiers", plain);
        } else if let Some(other) = plain.strip_prefix("Linked To: ") {
            record.push("linked_to", other.trim_end_matches('.'));
        } else {
            record.push("remarks", part);
        }
    }
}

/// The name in `a.k.a. 'NAME'`.
fn alias(part: &str) -> Option<&str> {
    let quoted = ["a.k.a. ", "f.k.a. ", "n.k.a. "].iter().find_map(|known| part.strip_prefix(known))?;
    quoted.trim_end_matches('.').strip_prefix('\'')?.strip_suffix('\'')
}
