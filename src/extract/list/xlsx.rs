//! Spreadsheets (Office Open XML).
//!
//! The file is a ZIP archive: a few kilobytes may say that they are gigabytes.
//! So all of it is unpacked once into nothing, counted, before anything is read
//! from it; and cells are read one after another, since a sheet of two cells may
//! span a billion. A merged cell stands in each row and column that it covers.

mod cells;
mod format;

use std::io::{Cursor, Read};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use self::cells::{Cells, Row};
use super::columns::Plan;
use super::{Record, Rows};
use crate::domain::entry::{Document, HIDDEN, STRUCK};
use crate::domain::source::XlsxSettings;
use crate::domain::verdict::Unreadable;
use crate::extract::Page;
use crate::extract::table::HEADER_ROWS;

/// So much may a spreadsheet be unpacked; the largest public list is 30 MB.
const MAX_UNPACKED_BYTES: u64 = 256 << 20;

/// So many files may be in one.
const MAX_FILES: usize = 4096;

/// So many columns of a sheet are looked at before it is known how it is read.
const MAX_SHOWN_COLUMNS: usize = 1024;

pub(in crate::extract) fn extract(settings: &XlsxSettings, page: &Page<'_>) -> Result<Document, Unreadable> {
    check_size(page.body, MAX_UNPACKED_BYTES)?;
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(page.body)).map_err(|error| no_book(&error))?;
    let (sheet, is_hidden) = sheet(settings, &book)?;
    let mut cells = Cells::of(&mut book, &sheet)?;
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
    let first: Vec<Vec<String>> = waiting.iter().map(|row| row.texts(usize::MAX)).collect();
    let (header, plan) = Plan::by_headers(&settings.columns, &settings.rows, &first, &place)?;
    let mut rows = Rows::of_columns(&settings.rows, page.url, &settings.columns);
    for row in &waiting[header + 1..] {
        rows.take(record(&plan, row, is_hidden))?;
    }
    while let Some(row) = cells.row()? {
        rows.take(record(&plan, &row, is_hidden))?;
    }
    rows.finish(&[])
}

/// What a row says; a cell that is merged over several columns of a field says it once.
fn record(plan: &Plan<'_>, row: &Row, is_hidden: bool) -> Record {
    let mut record = Record::default();
    let mut said = Vec::new();
    for (column, field) in &plan.0 {
        let Some(cell) = row.at(*column) else { continue };
        if let Some(region) = cell.region {
            if said.contains(&(*field, region)) {
                continue;
            }
            said.push((*field, region));
        }
        record.push(field, &cell.text);
        if cell.is_struck {
            record.mark(STRUCK, &cell.text);
        }
        if is_hidden {
            record.mark(HIDDEN, &cell.text);
        }
    }
    record
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

/// The sheet that is read, and whether it is hidden: the one that is named, or else the first that is shown.
fn sheet(settings: &XlsxSettings, book: &Xlsx<Cursor<&[u8]>>) -> Result<(String, bool), Unreadable> {
    let sheets: Vec<(&str, bool)> = worksheets(book).collect();
    let wanted = settings.sheet.as_ref();
    let found = sheets
        .iter()
        .find(|(name, is_hidden)| wanted.map_or(!is_hidden, |wanted| wanted.trim() == name.trim()));
    found.map(|(name, is_hidden)| ((*name).to_owned(), *is_hidden)).ok_or_else(|| {
        let shown = sheets
            .iter()
            .map(|(name, is_hidden)| format!("{}{name:?}", if *is_hidden { "hidden " } else { "" }));
        Unreadable::Unexpected {
            what: wanted.map_or_else(
                || "a sheet that is not hidden".to_owned(),
                |wanted| format!("a sheet called {wanted:?}"),
            ),
            found: format!("[{}]", shown.collect::<Vec<_>>().join(", ")),
        }
    })
}

/// The sheets of cells, in their order, and whether each is hidden.
fn worksheets<'a>(book: &'a Xlsx<Cursor<&[u8]>>) -> impl Iterator<Item = (&'a str, bool)> {
    let sheets = book.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet);
    sheets.map(|sheet| (sheet.name.as_str(), sheet.visible != SheetVisible::Visible))
}

/// What a reader sees in the cell; days are written as in ISO 8601.
fn plain(cell: &calamine::Cell<DataRef<'_>>, format: Option<&str>) -> String {
    let number = |number: String| match format {
        Some(code) => format::padded(code, &number).unwrap_or(number),
        None => number,
    };
    match cell.get_value() {
        DataRef::Int(value) => number(value.to_string()),
        DataRef::Float(value) => number(value.to_string()),
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
    let named: Vec<(String, bool)> =
        worksheets(&book).map(|(name, is_hidden)| (name.to_owned(), is_hidden)).collect();
    let mut sheets = Vec::new();
    for (name, is_hidden) in named {
        let mut cells = Cells::of(&mut book, &name)?;
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(row) = cells.row()?
        {
            rows.push(row.texts(MAX_SHOWN_COLUMNS));
        }
        sheets.push(Sheet { name, is_hidden, rows });
    }
    Ok(sheets)
}

#[cfg(test)]
mod tests;
