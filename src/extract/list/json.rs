//! JSON: the entries and their fields are found by `JSONPath` (RFC 9535).

mod digit;

use serde_json::Value;
use serde_json_path::JsonPath;

use super::{Record, Rows};
use crate::domain::bundle::BundlePart;
use crate::domain::entry::Document;
use crate::domain::source::JsonSettings;
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::charset::decode;
use crate::extract::limits;

pub(in crate::extract) fn extract(
    settings: &JsonSettings,
    page: &RawDocument<'_>,
) -> Result<Document, Unreadable> {
    let value = parse(&decode(page))?;
    let entries = path(&settings.entries)?;
    let fields = settings
        .fields
        .0
        .iter()
        .map(|(field, paths)| {
            Ok((field, paths.iter().map(|text| path(text)).collect::<Result<Vec<_>, _>>()?))
        })
        .collect::<Result<Vec<_>, Unreadable>>()?;
    let mut rows = Rows::new(&settings.rows, page.url);
    for entry in entries.query(&value) {
        let mut record = Record::default();
        for (field, paths) in &fields {
            for found in paths.iter().flat_map(|path| path.query(entry)) {
                record.push(field, plain(found));
            }
        }
        rows.take(record)?;
    }
    let names: Vec<String> = settings.fields.0.iter().map(|(field, _)| field.clone()).collect();
    rows.finish(&names)
}

/// Parses a whole body; nesting is bounded by the parser. A number that would lose a digit is a text.
///
/// # Errors
/// Where it is not JSON, or not all of it.
pub(in crate::extract) fn parse(text: &str) -> Result<Value, Unreadable> {
    limits::check_parts("values", values(text))?;
    serde_json::from_str(&digit::kept(unguarded(text.trim_start_matches('\u{feff}'))))
        .map_err(|error| Unreadable::Unexpected { what: "the JSON".to_owned(), found: error.to_string() })
}

/// An answer without the words that some APIs put before it, so that pages of other sites cannot run it as a script.
fn unguarded(text: &str) -> &str {
    text.trim_start().strip_prefix(")]}'").map_or(text, |answer| answer.strip_prefix(',').unwrap_or(answer))
}

/// How many values a text has, before any of them is made: each costs many times its own bytes.
pub(in crate::extract) fn values(text: &str) -> usize {
    let (mut count, mut in_string, mut is_escaped) = (1, false, false);
    for byte in text.bytes() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_string => is_escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

/// How many values are entries, in all parts of a document.
///
/// # Errors
/// Those of [`parse`], and where the path is none.
pub(in crate::extract) fn count(
    settings: &JsonSettings,
    parts: &[BundlePart<'_>],
) -> Result<usize, Unreadable> {
    let entries = path(&settings.entries)?;
    let mut count = 0;
    for part in parts {
        count += entries.query(&parse(&decode(&RawDocument::from(part)))?).len();
    }
    Ok(count)
}

fn path(text: &str) -> Result<JsonPath, Unreadable> {
    JsonPath::parse(text).map_err(|error| Unreadable::Unexpected {
        what: format!("the path {text:?}"),
        found: error.to_string(),
    })
}

/// A value as a reader would write it; null says nothing, the parts of a list or an object are
/// parted by commas.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Bool(_) => value.to_string(),
        Value::Number(number) => plain_number(number),
        Value::Array(values) => enumerated(values.iter()),
        Value::Object(values) => enumerated(values.values()),
    }
}

/// A number in the one form that it has however it was spelled: 1.0 and 1e0 are 1.
fn plain_number(number: &serde_json::Number) -> String {
    /// From here on not every whole number can be told from the next.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64().filter(|_| number.is_f64()) {
        Some(value) if value.abs() < EXACT => value.to_string(),
        _ => number.to_string(),
    }
}

fn enumerated<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    values.map(plain).filter(|text| !text.trim().is_empty()).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_behind_a_guard_against_scripts_is_read() {
        for guard in ["", ")]}'\n", ")]}',\n", "\u{feff})]}'\r\n"] {
            assert_eq!(parse(&format!("{guard}{{\"a\": 1}}")).unwrap()["a"], 1, "{guard:?}");
        }
        for other in [")]}\n{}", "while(1);{}", ")]}'"] {
            assert!(parse(other).is_err(), "{other:?}");
        }
    }
}
