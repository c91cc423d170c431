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
use std::io::Read;

use encoding_rs::Encoding;
use regex::RegexSet;
use url::Url;

use super::columns::ColumnPlan;
use super::{Record, Rows};
use crate::domain::entry::Document;
use crate::domain::source::CsvSettings;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::charset::decode;
use crate::extract::limits;
use crate::extract::table::HEADER_ROWS;
use crate::extract::xml::unexpected;

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
    let body = checked(settings, &text)?;
    let open = || Ok(Box::new(body.as_bytes()) as Box<dyn Read + '_>);
    records_of(settings, &DelimitedTable { length: length_of(body), open: &open }, &mut take)
}

/// Shows every row of a table whose quotes were checked.
fn records_of(
    settings: &CsvSettings,
    table: &DelimitedTable<'_>,
    take: &mut dyn FnMut(Record) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut reader = DelimitedReader::new(settings, table)?;
    let mut waiting = Vec::new();
    let (plan, width) = if settings.header {
        while waiting.len() < HEADER_ROWS
            && let Some(row) = reader.next()?
        {
            waiting.push((row.clone(), reader.read));
        }
        let first: Vec<Vec<String>> =
            waiting.iter().map(|(row, _)| row.iter().map(str::to_owned).collect()).collect();
        let (header, plan) = ColumnPlan::by_headers(&settings.columns, &settings.rows, &first, "the table")?;
        let width = waiting[header].0.len();
        waiting.drain(..=header);
        (plan, width)
    } else {
        (ColumnPlan::by_numbers(&settings.columns), usual_width(settings, table)?)
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
fn usual_width(settings: &CsvSettings, table: &DelimitedTable<'_>) -> Result<usize, Unreadable> {
    let mut reader = DelimitedReader::new(settings, table)?;
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
    // The reader would take a first part of the body that is nothing but this mark for all of it.
    Ok(ended[start..].trim_start_matches('\u{feff}'))
}

/// The table, once every quote in it was found to end.
fn checked<'a>(settings: &CsvSettings, text: &'a str) -> Result<&'a str, Unreadable> {
    let body = body(settings, text)?;
    quote::check(body, u8::try_from(settings.delimiter).unwrap_or(b','), settings.skip_lines)?;
    Ok(body)
}

/// How far what a table says reaches.
fn length_of(body: &str) -> u64 {
    body.trim_end_matches(['\n', '\r']).len() as u64
}

/// Opens a body at its beginning.
pub type OpenBody<'a> = dyn Fn() -> std::io::Result<Box<dyn Read + 'a>> + 'a;

/// A table that is read from its beginning as often as it is looked at.
struct DelimitedTable<'a> {
    /// How far what it says reaches.
    length: u64,
    open: &'a OpenBody<'a>,
}

/// A table of which the body, once it was looked at, need not be in memory whole any more.
#[derive(Debug)]
pub struct StreamedTable {
    settings: CsvSettings,
    /// Where in the body it begins and ends.
    start: u64,
    bytes: u64,
    length: u64,
}

impl StreamedTable {
    /// Looks at a body; `None` where its text is not what its bytes are.
    ///
    /// # Errors
    /// Where it is no such table.
    pub(in crate::extract) fn of(
        settings: CsvSettings,
        page: &RawDocument<'_>,
    ) -> Result<Option<Self>, Unreadable> {
        let Cow::Borrowed(text) = text(&settings, page) else { return Ok(None) };
        let body = checked(&settings, text)?;
        let start = (body.as_ptr() as usize).saturating_sub(page.body.as_ptr() as usize) as u64;
        let (bytes, length) = (body.len() as u64, length_of(body));
        Ok(Some(Self { settings, start, bytes, length }))
    }

    /// Reads the table out of the body, which `open` opens at its beginning.
    ///
    /// # Errors
    /// As of [`extract`]; where the body cannot be read.
    pub fn read(&self, open: &OpenBody<'_>, url: &Url) -> Result<Document, Unreadable> {
        let at_table = || {
            let mut body = open()?;
            std::io::copy(&mut (&mut body).take(self.start), &mut std::io::sink())?;
            Ok(Box::new(body.take(self.bytes)) as Box<dyn Read + '_>)
        };
        let mut rows = Rows::of_columns(&self.settings.rows, url, &self.settings.columns);
        let table = DelimitedTable { length: self.length, open: &at_table };
        records_of(&self.settings, &table, &mut |record| rows.take(record))?;
        let document = rows.finish(&[])?;
        limits::check_entries(document.entries.len())?;
        Ok(document)
    }
}

/// Reads rows and keeps count of how long they are; passes over those that are skipped.
struct DelimitedReader<'a> {
    skip: RegexSet,
    delimiter: char,
    csv: csv::Reader<std::io::Chain<Box<dyn Read + 'a>, std::io::Cursor<String>>>,
    row: csv::StringRecord,
    /// How far what the body says reaches.
    length: u64,
    read: usize,
    lengths: BTreeMap<usize, usize>,
    last: usize,
    is_over: bool,
}

impl<'a> DelimitedReader<'a> {
    fn new(settings: &CsvSettings, table: &DelimitedTable<'a>) -> Result<Self, Unreadable> {
        let skip = RegexSet::new(&settings.skip).map_err(|error| Unreadable::Unexpected {
            what: "the expressions of skip".to_owned(),
            found: error.to_string(),
        })?;
        let end = std::io::Cursor::new(format!("\n{AFTER_END}\n"));
        let csv = csv::ReaderBuilder::new()
            .delimiter(u8::try_from(settings.delimiter).unwrap_or(b','))
            .has_headers(false)
            .flexible(true)
            .from_reader((table.open)().map_err(|error| unexpected("the body", &error))?.chain(end));
        let row = csv::StringRecord::new();
        let length = table.length;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::source::{Pairs, RowSettings};

    fn settings(skip_lines: usize, header: bool) -> CsvSettings {
        let columns =
            if header { [("Id", "number"), ("Name", "name")] } else { [("1", "number"), ("2", "name")] };
        CsvSettings {
            columns: Pairs::of(&columns),
            rows: RowSettings { key: vec!["number".to_owned()], ..RowSettings::default() },
            skip_lines,
            header,
            ..CsvSettings::default()
        }
    }

    /// Reads a body whole and, where that can be, streamed in parts of a few bytes.
    #[track_caller]
    fn check(settings: &CsvSettings, body: &[u8], is_streamed: bool) {
        struct Dripping<'a>(&'a [u8]);
        impl Read for Dripping<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
                let few = buffer.len().min(3);
                self.0.read(&mut buffer[..few])
            }
        }
        let url = "https://agency.test/list".parse().unwrap();
        let page = RawDocument { body, content_type: None, url: &url };
        let whole = extract(settings, &page);
        let open = || Ok(Box::new(Dripping(body)) as Box<dyn Read + '_>);
        match StreamedTable::of(settings.clone(), &page) {
            Ok(Some(table)) => assert_eq!(table.read(&open, &url), whole),
            Ok(None) => assert!(!is_streamed, "{:?}", String::from_utf8_lossy(body)),
            Err(unreadable) => assert_eq!(Err(unreadable), whole),
        }
    }

    #[test]
    fn a_table_that_is_streamed_is_the_table() {
        for body in [
            "Id,Name\n1,Alder\n2,\"Birch, \"\"Sons\"\"\"\n",
            "\u{feff}Id,Name\r\n1,Größe\r\n\u{1a}",
            "Id,Name\n1,Alder\n2,\"Bir",
            "Id,Name\n1,Alder\n2",
            "Id,Name\n1,Alder\"x\n\"y\"z,2\n",
            "Other,Columns\n1,2\n",
            "Id,Name\n1,Alder,,more\n",
            "",
        ] {
            check(&settings(0, true), body.as_bytes(), true);
            check(&settings(1, true), format!("Report: today\n{body}").as_bytes(), true);
        }
        check(&settings(0, false), b"1,Alder\n2,Birch\n3", true);
        check(&settings(0, true), b"Id,Name\n1,Gr\xf6\xdfe\n", false);
    }
}
