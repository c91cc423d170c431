//! The text of a PDF, line by line.
//!
//! The body is already text here: turning a PDF into it is done where programs
//! may be run. Regular expressions say where entries begin and end and what
//! is in them; a line within the list that fits nowhere is a fault and not
//! passed over, since it may be somebody's name.

mod flow;

use regex::Regex;

use self::flow::Compounds;
use super::{Record, Rows};
use crate::domain::entry::Document;
use crate::domain::source::PdfTextSettings;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::charset::decode;

/// So many characters of a line that does not fit are shown.
const MAX_SHOWN_CHARS: usize = 120;

/// The lines of a PDF's text, as its reader goes through them.
pub(in crate::extract) fn lines(text: &str, columns: usize) -> Vec<String> {
    flow::lines(text, columns, |_| false)
}

pub(in crate::extract) fn extract(
    settings: &PdfTextSettings,
    page: &RawDocument<'_>,
) -> Result<Document, Unreadable> {
    let entry = pattern(&settings.entry)?;
    let mut rows = Rows::new(&settings.rows, page.url);
    for text in entries(settings, &decode(page))? {
        let Some(found) = entry.captures(&text) else {
            return Err(Unreadable::Unexpected {
                what: format!("an entry (expected {:?})", settings.entry),
                found: format!("{:?}", shorten(&text, MAX_SHOWN_CHARS)),
            });
        };
        let mut record = Record::default();
        for name in entry.capture_names().flatten() {
            if let Some(part) = found.name(name) {
                record.push(name, part.as_str());
            }
        }
        rows.take(record)?;
    }
    rows.finish(&[])
}

fn pattern(text: &str) -> Result<Regex, Unreadable> {
    Regex::new(text).map_err(|error| Unreadable::Unexpected {
        what: format!("the expression {text:?}"),
        found: error.to_string(),
    })
}

fn optional(text: Option<&String>) -> Result<Option<Regex>, Unreadable> {
    text.map(|text| pattern(text)).transpose()
}

/// The texts of the entries, the lines of each joined.
fn entries(settings: &PdfTextSettings, text: &str) -> Result<Vec<String>, Unreadable> {
    let skip = settings.skip.iter().map(|text| pattern(text)).collect::<Result<Vec<_>, _>>()?;
    let starts = optional(settings.starts.as_ref())?;
    let mut entries: Vec<String> = Vec::new();
    let lines = between(settings, text)?;
    let compounds = Compounds::of(lines.iter().map(String::as_str));
    for line in &lines {
        // The layout's blanks say where a column stands; within a line they mean nothing more.
        if skip.iter().any(|skip| skip.is_match(line)) {
            continue;
        }
        let begins = starts.as_ref().is_none_or(|starts| starts.is_match(line));
        match entries.last_mut() {
            Some(entry) if !begins => compounds.join(entry, &one_line(line)),
            _ => entries.push(one_line(line)),
        }
    }
    Ok(entries)
}

/// The lines that are not blank between the beginning and the end of the list, both of which must be there.
fn between(settings: &PdfTextSettings, text: &str) -> Result<Vec<String>, Unreadable> {
    let (begin, end) = (optional(settings.begin.as_ref())?, optional(settings.end.as_ref())?);
    let is_needed = |line: &str| [&begin, &end].into_iter().flatten().any(|edge| edge.is_match(line));
    let mut lines = flow::lines(text, settings.text_columns, is_needed).into_iter();
    if let Some(begin) = begin
        && !lines.any(|line| begin.is_match(&line))
    {
        return Err(missing(&begin));
    }
    let Some(end) = end else { return Ok(lines.collect()) };
    let mut kept = Vec::new();
    for line in lines {
        if end.is_match(&line) {
            return Ok(kept);
        }
        kept.push(line);
    }
    Err(missing(&end))
}

fn missing(wanted: &Regex) -> Unreadable {
    Unreadable::Missing { what: format!("a line that matches {:?}", wanted.as_str()) }
}
