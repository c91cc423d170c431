//! Delimited text: comma, semicolon, tab.
//!
//! A file may be cut off anywhere and still be a table. So what ends within a
//! quoted field is refused, and so is one whose last row is shorter than its
//! rows usually are. Without headers every row must have all the columns that
//! are read, which no page in the list's place has.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;

use encoding_rs::Encoding;

use super::columns::Plan;
use super::{Record, Rows};
use crate::domain::entry::Document;
use crate::domain::source::CsvSettings;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::Page;
use crate::extract::charset::decode;
use crate::extract::table::HEADER_ROWS;

/// The mark by which DOS ended files.
const DOS_END: char = '\u{1a}';

/// Read after the file: it is a row of its own unless the file ends within a field.
const AFTER_END: &str = "\u{1}end";

/// So much of a row that is not as expected is shown.
const MAX_SHOWN_CHARS: usize = 80;

pub(in crate::extract) fn extract(settings: &CsvSettings, page: &Page<'_>) -> Result<Document, Unreadable> {
    let mut rows = Rows::new(&settings.rows, page.url);
    records(settings, page, |record| {
        rows.take(record);
        Ok(())
    })?;
    rows.finish(&[])
}

/// Shows every row of a table, its texts as they are written.
///
/// # Errors
/// Those of `take`, and where the body is not such a table, or not all of one.
pub(super) fn records(
    settings: &CsvSettings,
    page: &Page<'_>,
    mut take: impl FnMut(Record) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let text = text(settings, page);
    let mut reader = Reader::new(settings, body(settings, &text)?);
    let mut waiting = Vec::new();
    let plan = if settings.header {
        while waiting.len() < HEADER_ROWS
            && let Some(row) = reader.next()?
        {
            waiting.push(row.iter().map(str::to_owned).collect::<Vec<_>>());
        }
        let (header, plan) = Plan::by_headers(&settings.columns, &settings.rows, &waiting, "the table")?;
        waiting.drain(..=header);
        plan
    } else {
        Plan::by_numbers(&settings.columns)
    };
    for row in &waiting {
        take(plan.record(|column| row.get(column).map(String::as_str)))?;
    }
    while let Some(row) = reader.next()? {
        if !settings.header && row.len() < plan.width() {
            let row = row.clone();
            return Err(too_short(&row, reader.read, plan.width()));
        }
        take(plan.record(|column| row.get(column)))?;
    }
    reader.check_end()
}

fn too_short(row: &csv::StringRecord, number: usize, width: usize) -> Unreadable {
    let shown = one_line(&row.iter().collect::<Vec<_>>().join(" "));
    Unreadable::Unexpected {
        what: format!("row {number} (expected {width} columns)"),
        found: format!("{:?}", shorten(&shown, MAX_SHOWN_CHARS)),
    }
}

fn text<'a>(settings: &CsvSettings, page: &Page<'a>) -> Cow<'a, str> {
    let named = settings.encoding.as_ref().and_then(|label| Encoding::for_label(label.as_bytes()));
    named.map_or_else(|| decode(page), |encoding| encoding.decode(page.body).0)
}

/// The text from where the table begins to where it ends.
fn body<'a>(settings: &CsvSettings, text: &'a str) -> Result<&'a str, Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let ended = text.trim_end_matches([DOS_END, '\0']);
    if settings.final_newline && !ended.ends_with(['\n', '\r']) {
        return Err(Unreadable::Missing { what: "the line end after the last row".to_owned() });
    }
    let start = ended.split_inclusive('\n').take(settings.skip_lines).map(str::len).sum();
    Ok(&ended[start..])
}

/// Reads rows and keeps count of how long they are.
struct Reader<'a> {
    csv: csv::Reader<std::io::Chain<&'a [u8], std::io::Cursor<String>>>,
    row: csv::StringRecord,
    /// How far what the body says reaches.
    length: u64,
    read: usize,
    lengths: BTreeMap<usize, usize>,
    last: usize,
    is_over: bool,
}

impl<'a> Reader<'a> {
    fn new(settings: &CsvSettings, body: &'a str) -> Self {
        let end = std::io::Cursor::new(format!("\n{AFTER_END}\n"));
        let csv = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(settings.delimiter).unwrap_or(b','))
            .has_headers(false)
            .flexible(true)
            .from_reader(body.as_bytes().chain(end));
        let row = csv::StringRecord::new();
        let length = body.trim_end_matches(['\n', '\r']).len() as u64;
        Self { csv, row, length, read: 0, lengths: BTreeMap::new(), last: 0, is_over: false }
    }

    /// The next row, if there is one.
    fn next(&mut self) -> Result<Option<&csv::StringRecord>, Unreadable> {
        if self.is_over || !self.csv.read_record(&mut self.row).map_err(|error| not_rows(&error))? {
            return Ok(None);
        }
        let is_after = self.row.position().is_some_and(|position| position.byte() >= self.length);
        if is_after && self.row.len() == 1 && &self.row[0] == AFTER_END {
            self.is_over = true;
            return Ok(None);
        }
        self.read += 1;
        self.last = self.row.len();
        *self.lengths.entry(self.row.len()).or_default() += 1;
        Ok(Some(&self.row))
    }

    /// Whether the table ended as a table does.
    fn check_end(&self) -> Result<(), Unreadable> {
        if !self.is_over {
            return Err(cut_off("within a quoted field"));
        }
        let usual = self.lengths.iter().max_by_key(|(_, count)| **count).map_or(0, |(length, _)| *length);
        if self.last < usual {
            return Err(cut_off(&format!("within a row ({} of {usual} columns)", self.last)));
        }
        Ok(())
    }
}

fn cut_off(place: &str) -> Unreadable {
    Unreadable::Unexpected { what: "the end of the file".to_owned(), found: format!("that it is {place}") }
}

fn not_rows(error: &csv::Error) -> Unreadable {
    Unreadable::Unexpected { what: "the table".to_owned(), found: error.to_string() }
}
