//! Spreadsheets (Office Open XML).
//!
//! The file is a ZIP archive: a few kilobytes may say that they are gigabytes.
//! So all of it is unpacked once into nothing, counted, before anything is read
//! from it; and cells are read one after another, since a sheet of two cells may
//! span a billion.

use std::io::{Cursor, Read};

use calamine::{Cell, DataRef, Reader as _, Xlsx, XlsxError};

use super::Rows;
use super::columns::Plan;
use crate::domain::entry::Document;
use crate::domain::source::XlsxSettings;
use crate::domain::verdict::Unreadable;
use crate::extract::Page;
use crate::extract::table::HEADER_ROWS;

/// So much may a spreadsheet be unpacked; the largest public list is 30 MB.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;

/// So many files may be in one.
const MAX_FILES: usize = 4096;

/// Columns beyond these are not read.
const MAX_COLUMNS: usize = 256;

pub(in crate::extract) fn extract(settings: &XlsxSettings, page: &Page<'_>) -> Result<Document, Unreadable> {
    check_size(page.body, MAX_UNPACKED_BYTES)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(page.body)).map_err(|error| no_book(&error))?;
    let sheet = sheet(settings, &book)?;
    let mut cells = Cells {
        reader: book.worksheet_cells_reader(&sheet).map_err(|error| no_book(&error))?,
        next: None,
        is_over: false,
    };
    let mut waiting = Vec::new();
    for _ in 0..settings.skip_rows {
        cells.row()?;
    }
    while waiting.len() < HEADER_ROWS
        && let Some(row) = cells.row()?
    {
        waiting.push(row);
    }
    let place = format!("the sheet {sheet:?}");
    let (header, plan) = Plan::by_headers(&settings.columns, &settings.rows, &waiting, &place)?;
    let mut rows = Rows::of_columns(&settings.rows, page.url, &settings.columns);
    let record = |row: &[String]| plan.record(|column| row.get(column).map(String::as_str));
    for row in &waiting[header + 1..] {
        rows.take(record(row))?;
    }
    while let Some(row) = cells.row()? {
        rows.take(record(&row))?;
    }
    rows.finish(&[])
}

/// Unpacks the archive without keeping anything.
fn check_size(body: &[u8], limit: u64) -> Result<(), Unreadable> {
    let not_packed = |error: &dyn std::fmt::Display| Unreadable::Unexpected {
        what: "the spreadsheet (expected an archive in the XLSX form)".to_owned(),
        found: error.to_string(),
    };
    let mut archive = zip::ZipArchive::new(Cursor::new(body)).map_err(|error| not_packed(&error))?;
    if archive.len() > MAX_FILES {
        return Err(not_packed(&format!("one of {} files", archive.len())));
    }
    let mut left = limit;
    for index in 0..archive.len() {
        let file = archive.by_index(index).map_err(|error| not_packed(&error))?;
        let read = std::io::copy(&mut file.take(left + 1), &mut std::io::sink())
            .map_err(|error| not_packed(&error))?;
        left = left
            .checked_sub(read)
            .ok_or_else(|| not_packed(&format!("one that unpacks to more than {} MiB", limit >> 20)))?;
    }
    Ok(())
}

fn no_book(error: &XlsxError) -> Unreadable {
    Unreadable::Unexpected { what: "the spreadsheet".to_owned(), found: error.to_string() }
}

fn sheet(settings: &XlsxSettings, book: &Xlsx<Cursor<&[u8]>>) -> Result<String, Unreadable> {
    let names = book.sheet_names();
    let wanted = settings.sheet.as_ref();
    let found = names.iter().find(|name| wanted.is_none_or(|wanted| wanted.trim() == name.trim()));
    found.cloned().ok_or_else(|| Unreadable::Unexpected {
        what: wanted.map_or_else(|| "a sheet".to_owned(), |wanted| format!("a sheet called {wanted:?}")),
        found: format!("{names:?}"),
    })
}

/// The cells of a sheet, row by row; blank rows are passed over.
struct Cells<'a, 'b> {
    reader: calamine::XlsxCellReader<'a, Cursor<&'b [u8]>>,
    next: Option<(u32, usize, String)>,
    /// The reader may not be asked again after its last cell.
    is_over: bool,
}

impl Cells<'_, '_> {
    fn row(&mut self) -> Result<Option<Vec<String>>, Unreadable> {
        let mut row = Vec::new();
        let mut number = None;
        while let Some((line, column, text)) = self.cell()? {
            if number.is_some_and(|number| number != line) {
                self.next = Some((line, column, text));
                break;
            }
            number = Some(line);
            if row.len() <= column {
                row.resize(column + 1, String::new());
            }
            row[column] = text;
        }
        Ok((!row.is_empty()).then_some(row))
    }

    /// The next cell that says something.
    fn cell(&mut self) -> Result<Option<(u32, usize, String)>, Unreadable> {
        if let Some(cell) = self.next.take() {
            return Ok(Some(cell));
        }
        while !self.is_over
            && let Some(cell) = self.reader.next_cell().map_err(|error| no_book(&error))?
        {
            let (line, column) = cell.get_position();
            let column = column as usize;
            let text = plain(&cell);
            if column < MAX_COLUMNS && !text.is_empty() {
                return Ok(Some((line, column, text)));
            }
        }
        self.is_over = true;
        Ok(None)
    }
}

/// What a reader sees in the cell; days are written as in ISO 8601.
fn plain(cell: &Cell<DataRef<'_>>) -> String {
    match cell.get_value() {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => number.to_string(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => text.clone(),
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::Bool(value) => value.to_string(),
        DataRef::DateTime(moment) => {
            let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
            let day = format!("{year:04}-{month:02}-{day:02}");
            if (hour, minute, second) == (0, 0, 0) {
                day
            } else {
                format!("{day} {hour:02}:{minute:02}:{second:02}")
            }
        }
        DataRef::Error(_) | DataRef::Empty => String::new(),
    }
}

/// The rows of one sheet, for somebody who looks at a book before it is known how it is read.
pub(in crate::extract) struct Sheet {
    pub(in crate::extract) name: String,
    pub(in crate::extract) is_hidden: bool,
    pub(in crate::extract) rows: Vec<Vec<String>>,
}

/// The first rows of every sheet, blank ones left out.
///
/// # Errors
/// Where the body is no spreadsheet, or one that unpacks to too much.
pub(in crate::extract) fn sheets(body: &[u8], most: usize) -> Result<Vec<Sheet>, Unreadable> {
    check_size(body, MAX_UNPACKED_BYTES)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(body)).map_err(|error| no_book(&error))?;
    let named: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == calamine::SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != calamine::SheetVisible::Visible))
        .collect();
    let mut sheets = Vec::new();
    for (name, is_hidden) in named {
        let reader = book.worksheet_cells_reader(&name).map_err(|error| no_book(&error))?;
        let mut cells = Cells { reader, next: None, is_over: false };
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(row) = cells.row()?
        {
            rows.push(row);
        }
        sheets.push(Sheet { name, is_hidden, rows });
    }
    Ok(sheets)
}

#[cfg(test)]
mod tests;
