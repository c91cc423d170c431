//! Delimited text: comma, semicolon, tab.
//!
//! A file may be cut off anywhere and still be a table. So what ends within a
//! quoted field is refused, and so is one whose last row is shorter than its
//! rows usually are. Without headers every row must have all the columns that
//! are read, which no page in the list's place has. A row that says more than
//! there are columns was parted in the wrong place, and one without any
//! delimiter is a note or a part of a row: both are refused by name, unless the
//! settings say that such lines are skipped. A row that ends early lacks empty
//! cells.

pub(super) mod quote;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::Read as _;

use encoding_rs::Encoding;
use regex::RegexSet;

use super::columns::Plan;
use super::{Record, Rows};
use crate::domain::entry::Document;
use crate::domain::source::CsvSettings;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::charset::decode;
use crate::extract::table::HEADER_ROWS;

/// The mark by which DOS ended files.
const DOS_END: char = '\u{1a}';

/// Read after the file: it is a row of its own unless the file ends within a field.
const AFTER_END: &str = "\u{1}end";

/// So much of a row that is not as expected is shown.
const MAX_SHOWN_CHARS: usize = 80;

pub(in crate::extract) fn extract(
    settings: &CsvSettings,
    page: &RawDocument<'_>,
) -> Result<Document, Unreadable> {
    let mut rows = Rows::of_columns(&settings.rows, page.url, &settings.columns);
    records(settings, page, |record| rows.take(record))?;
    rows.finish(&[])
}

/// Shows every row of a table, its texts as they are written.
///
/// # Errors
/// Those of `take`, and where the body is not such a table, or not all of one.
pub(super) fn records(
    settings: &CsvSettings,
    page: &RawDocument<'_>,
    mut take: impl FnMut(Record) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let text = text(settings, page);
    let body = body(settings, &text)?;
    quote::check(body, u8::try_from(settings.delimiter).unwrap_or(b','), settings.skip_lines)?;
    let mut reader = Reader::new(settings, body)?;
    let mut waiting = Vec::new();
    let (plan, width) = if settings.header {
        while waiting.len() < HEADER_ROWS
            && let Some(row) = reader.next()?
        {
            waiting.push((row.clone(), reader.read));
        }
        let first: Vec<Vec<String>> =
            waiting.iter().map(|(row, _)| row.iter().map(str::to_owned).collect()).collect();
        let (header, plan) = Plan::by_headers(&settings.columns, &settings.rows, &first, "the table")?;
        let width = waiting[header].0.len();
        waiting.drain(..=header);
        (plan, width)
    } else {
        (Plan::by_numbers(&settings.columns), usual_width(settings, body)?)
    };
    let least = if settings.header { 0 } else { plan.width() };
    for (row, number) in &waiting {
        check_width(row, *number, (least, width))?;
        take(plan.record(|column| row.get(column)))?;
    }
    while let Some(number) = reader.advance()? {
        check_width(&reader.row, number, (least, width))?;
        take(plan.record(|column| reader.row.get(column)))?;
    }
    reader.check_end()
}

/// The number of columns that most rows have, where no headers say it.
fn usual_width(settings: &CsvSettings, body: &str) -> Result<usize, Unreadable> {
    let mut reader = Reader::new(settings, body)?;
    while reader.advance()?.is_some() {}
    Ok(reader.usual())
}

/// Whether a row has the columns that are read and says nothing beyond them.
fn check_width(
    row: &csv::StringRecord,
    number: usize,
    (least, most): (usize, usize),
) -> Result<(), Unreadable> {
    let refused = |expected: String| {
        let shown = one_line(&row.iter().collect::<Vec<_>>().join(" "));
        Err(Unreadable::Unexpected {
            what: format!("row {number} ({expected})"),
            found: format!("{:?}", shorten(&shown, MAX_SHOWN_CHARS)),
        })
    };
    let said =
        row.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty()).last().map_or(0, |(at, _)| at + 1);
    if said > most {
        return refused(format!("it has {said} columns, expected {most}"));
    }
    if row.len() < least {
        return refused(format!("expected {least} columns"));
    }
    if row.len() == 1 && most > 1 && said == 1 {
        return refused(format!("it has no delimiter, expected {most} columns; use skip to ignore a note"));
    }
    Ok(())
}

fn text<'a>(settings: &CsvSettings, page: &RawDocument<'a>) -> Cow<'a, str> {
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

/// Reads rows and keeps count of how long they are; passes over those that are skipped.
struct Reader<'a> {
    skip: RegexSet,
    delimiter: char,
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
    fn new(settings: &CsvSettings, body: &'a str) -> Result<Self, Unreadable> {
        let skip = RegexSet::new(&settings.skip).map_err(|error| Unreadable::Unexpected {
            what: "the expressions of skip".to_owned(),
            found: error.to_string(),
        })?;
        let end = std::io::Cursor::new(format!("\n{AFTER_END}\n"));
        let csv = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(settings.delimiter).unwrap_or(b','))
            .has_headers(false)
            .flexible(true)
            .from_reader(body.as_bytes().chain(end));
        let row = csv::StringRecord::new();
        let length = body.trim_end_matches(['\n', '\r']).len() as u64;
        let delimiter = settings.delimiter;
        Ok(Self {
            skip,
            delimiter,
            csv,
            row,
            length,
            read: 0,
            lengths: BTreeMap::new(),
            last: 0,
            is_over: false,
        })
    }

    /// The next row, if there is one.
    fn next(&mut self) -> Result<Option<&csv::StringRecord>, Unreadable> {
        Ok(self.advance()?.map(|_| &self.row))
    }

    /// Goes on to the next row and gives its number, if there is one.
    fn advance(&mut self) -> Result<Option<usize>, Unreadable> {
        loop {
            let Some(number) = self.read_one()? else { return Ok(None) };
            if !self.is_skipped() {
                self.last = self.row.len();
                *self.lengths.entry(self.row.len()).or_default() += 1;
                return Ok(Some(number));
            }
        }
    }

    fn is_skipped(&self) -> bool {
        if self.skip.is_empty() {
            return false;
        }
        let mut buffer = [0; 4];
        let delimiter: &str = self.delimiter.encode_utf8(&mut buffer);
        let line = self.row.iter().collect::<Vec<_>>().join(delimiter);
        self.skip.is_match(&line)
    }

    fn read_one(&mut self) -> Result<Option<usize>, Unreadable> {
        if self.is_over || !self.csv.read_record(&mut self.row).map_err(|error| not_rows(&error))? {
            return Ok(None);
        }
        let is_after = self.row.position().is_some_and(|position| position.byte() >= self.length);
        if is_after && self.row.len() == 1 && &self.row[0] == AFTER_END {
            self.is_over = true;
            return Ok(None);
        }
        self.read += 1;
        Ok(Some(self.read))
    }

    /// How many columns most rows have.
    fn usual(&self) -> usize {
        self.lengths.iter().max_by_key(|(_, count)| **count).map_or(0, |(length, _)| *length)
    }

    /// Whether the table ended as a table does.
    fn check_end(&self) -> Result<(), Unreadable> {
        if !self.is_over {
            return Err(cut_off("within a quoted field"));
        }
        let usual = self.usual();
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
