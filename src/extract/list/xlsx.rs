//! Spreadsheets (Office Open XML, ECMA-376).
//!
//! Cells are read one after another, since a sheet of two cells may span a billion. A merged cell stands
//! in each row and column that it covers; one over a whole row heads the rows below it, or says more of
//! the row above. What is hidden or struck through is read and marked.

mod book;
mod cells;
mod decimal;
mod format;
mod frame;
mod moment;
mod package;
mod style;
mod text;

use std::collections::BTreeMap;

use self::book::{Book, SheetFile};
use self::cells::{SheetReader, SheetRow};
use super::columns::ColumnPlan;
use super::{Record, Rows};
use crate::domain::entry::{Document, HIDDEN, STRUCK};
use crate::domain::source::XlsxSettings;
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::limits;
use crate::extract::section;
use crate::extract::table::{HEADER_ROWS, folded_header};

/// So many columns of a sheet are looked at before it is known how it is read.
const MAX_SHOWN_COLUMNS: usize = 1024;

/// The field for what a row of one cell says of the row above.
const DETAILS: &str = "details";

pub(in crate::extract) fn extract(
    settings: &XlsxSettings,
    page: &RawDocument<'_>,
) -> Result<Document, Unreadable> {
    let mut book = Book::open(page.body)?;
    let sheet = sheet(settings, &book)?;
    let mut cells = SheetReader::of(&mut book, &sheet)?;
    for _ in 0..settings.skip_rows {
        cells.row()?;
    }
    let mut waiting = Vec::new();
    while waiting.len() < HEADER_ROWS
        && let Some(row) = cells.row()?
    {
        waiting.push(row);
    }
    let place = format!("the sheet {:?}", sheet.name);
    let first: Vec<Vec<String>> = waiting.iter().map(|row| row.texts(usize::MAX)).collect();
    let (header, plan) = ColumnPlan::by_headers(&settings.columns, &settings.rows, &first, &place)?;
    let reading = SheetSettings { plan, headers: &first[header], is_hidden: sheet.is_hidden };
    let mut table = SheetTable {
        settings,
        rows: Rows::of_columns(&settings.rows, page.url, &settings.columns),
        reading,
        are_bands_details: cells.are_bands_details(),
        band: None,
        above: None,
        unnamed: BTreeMap::new(),
    };
    for row in &waiting[header + 1..] {
        table.take(row)?;
    }
    while let Some(row) = cells.row()? {
        table.take(&row)?;
    }
    table.finish()
}

/// How the rows of a table are read.
struct SheetSettings<'a> {
    plan: ColumnPlan<'a>,
    headers: &'a [String],
    is_hidden: bool,
}

impl SheetSettings<'_> {
    /// What a row says; a cell that is merged over several columns of a field says it once.
    fn record(&self, row: &SheetRow) -> Record {
        let mut record = Record::default();
        let mut said = Vec::new();
        for (column, field) in &self.plan.0 {
            let Some(cell) = row.at(*column) else { continue };
            if let Some(region) = cell.region {
                if said.contains(&(*field, region)) {
                    continue;
                }
                said.push((*field, region));
            }
            record.push(field, &cell.text);
            self.mark(&mut record, cell);
        }
        record
    }

    fn mark(&self, record: &mut Record, cell: &cells::SheetCell) {
        record.mark(STRUCK, &cell.struck);
        if self.is_hidden || cell.is_hidden {
            record.mark(HIDDEN, &cell.text);
        }
    }

    /// The cells of a row that stand in columns without a header.
    fn unnamed<'r>(&self, row: &'r SheetRow) -> impl Iterator<Item = &'r cells::SheetCell> {
        let has_header = |column: usize| {
            self.headers.get(column).is_some_and(|header| !folded_header(header).is_empty())
                || self.plan.0.iter().any(|(known, _)| *known == column)
        };
        // A merged cell that has a header in one of its columns belongs there.
        let named: Vec<usize> = row
            .cells()
            .iter()
            .filter(|cell| has_header(cell.column))
            .filter_map(|cell| cell.region)
            .collect();
        let columns: Vec<usize> =
            row.cells().iter().map(|cell| cell.column).filter(|at| !has_header(*at)).collect();
        let mut seen = Vec::new();
        row.cells().iter().filter(move |cell| {
            let is_new = cell.region.is_none_or(|region| {
                let is_new = !named.contains(&region) && !seen.contains(&region);
                seen.push(region);
                is_new
            });
            is_new && columns.contains(&cell.column)
        })
    }
}

/// The rows of a table as they come.
struct SheetTable<'a> {
    settings: &'a XlsxSettings,
    rows: Rows<'a>,
    reading: SheetSettings<'a>,
    are_bands_details: bool,
    /// A row of one merged cell, until it is seen what follows it.
    band: Option<SheetRow>,
    /// The last row, of which the next may say more.
    above: Option<Record>,
    /// What columns without a header hold, by the column.
    unnamed: BTreeMap<usize, Numbering>,
}

impl SheetTable<'_> {
    fn take(&mut self, row: &SheetRow) -> Result<(), Unreadable> {
        let headers = self.reading.headers.iter().filter(|header| !header.trim().is_empty()).count();
        if row.band > 1 && row.band * 2 > headers {
            return self.take_band(row);
        }
        if let Some(text) = self.band.take().and_then(|band| only_text(&band))
            && !section::is_letter(&text)
            && !section::says_nothing(&text)
        {
            self.settle()?;
            self.rows.begin(&text);
        }
        let mut record = self.reading.record(row);
        for cell in self.reading.unnamed(row) {
            let field = unnamed_field(cell.column);
            record.push(&field, &cell.text);
            self.reading.mark(&mut record, cell);
            self.unnamed.entry(cell.column).or_default().take(&cell.text);
        }
        limits::check_parts("columns without a header", self.unnamed.len())?;
        self.settle()?;
        self.above = Some(record);
        Ok(())
    }

    /// A row of one cell: details of the row above, or else what heads the rows below, if some follow.
    fn take_band(&mut self, row: &SheetRow) -> Result<(), Unreadable> {
        let Some(cell) = row.cells().first() else { return Ok(()) };
        // Bands say more of the rows above them only where the first of them has one.
        self.are_bands_details &= self.above.is_some();
        if self.are_bands_details
            && !section::is_standing(&cell.text)
            && let Some(above) = &mut self.above
        {
            above.push(DETAILS, &cell.text);
            self.reading.mark(above, cell);
            return Ok(());
        }
        self.take_pending_band()?;
        self.band = Some(SheetRow::of_one(cell.clone()));
        Ok(())
    }

    /// A band that heads nothing is said by the list all the same, where its rows are named.
    fn take_pending_band(&mut self) -> Result<(), Unreadable> {
        let Some(band) = self.band.take() else { return Ok(()) };
        let Some(cell) = band.cells().first() else { return Ok(()) };
        if section::is_standing(&cell.text) {
            self.settle()?;
            self.rows.begin(&cell.text);
            return Ok(());
        }
        if section::is_letter(&cell.text) || section::says_nothing(&cell.text) {
            return Ok(());
        }
        let rows = &self.settings.rows;
        let name = rows.title.as_ref().or_else(|| rows.key.first()).and_then(|names| names.split('|').next());
        let mut record = Record::default();
        record.push(name.unwrap_or(DETAILS), &cell.text);
        self.reading.mark(&mut record, cell);
        self.settle()?;
        self.rows.take(record)
    }

    fn settle(&mut self) -> Result<(), Unreadable> {
        self.above.take().map_or(Ok(()), |above| self.rows.take(above))
    }

    fn finish(mut self) -> Result<Document, Unreadable> {
        self.settle()?;
        self.take_pending_band()?;
        let numbering = self.unnamed.iter().filter(|(_, numbering)| numbering.counts());
        for field in numbering.map(|(column, _)| unnamed_field(*column)) {
            self.rows.forget(&field);
        }
        self.rows.finish(&[])
    }
}

fn unnamed_field(column: usize) -> String {
    format!("column_{}", column + 1)
}

fn only_text(band: &SheetRow) -> Option<String> {
    band.cells().first().map(|cell| cell.text.clone())
}

/// Whether a column only counts its rows: that is where they stand, not what they say.
#[derive(Default)]
struct Numbering {
    last: Option<u64>,
    count: usize,
    is_broken: bool,
}

impl Numbering {
    fn take(&mut self, text: &str) {
        let number = text.trim().trim_end_matches(['.', ')']).parse::<u64>().ok();
        self.is_broken |= number.is_none() || self.last.is_some_and(|last| number != last.checked_add(1));
        self.last = number;
        self.count += 1;
    }

    fn counts(&self) -> bool {
        !self.is_broken && self.count > 1
    }
}

/// The sheet that is read: the one that is named, or else the first that is shown.
fn sheet(settings: &XlsxSettings, book: &Book<'_>) -> Result<SheetFile, Unreadable> {
    let wanted = settings.sheet.as_ref();
    let is_it =
        |sheet: &&SheetFile| wanted.map_or(!sheet.is_hidden, |wanted| wanted.trim() == sheet.name.trim());
    book.sheets.iter().find(is_it).cloned().ok_or_else(|| {
        let shown = book
            .sheets
            .iter()
            .map(|sheet| format!("{}{:?}", if sheet.is_hidden { "hidden " } else { "" }, sheet.name));
        Unreadable::Unexpected {
            what: wanted.map_or_else(
                || "a sheet that is not hidden".to_owned(),
                |wanted| format!("a sheet called {wanted:?}"),
            ),
            found: format!("[{}]", shown.collect::<Vec<_>>().join(", ")),
        }
    })
}

/// The rows of one sheet, for somebody who looks at a book before it is known how it is read.
pub(in crate::extract) struct SheetRows {
    pub(in crate::extract) name: String,
    pub(in crate::extract) is_hidden: bool,
    pub(in crate::extract) rows: Vec<Vec<String>>,
}

/// The first rows of every sheet, blank ones left out.
///
/// # Errors
/// Where the body is no spreadsheet, or one that unpacks to too much.
pub(in crate::extract) fn sheets(body: &[u8], most: usize) -> Result<Vec<SheetRows>, Unreadable> {
    let mut book = Book::open(body)?;
    let mut sheets = Vec::new();
    for sheet in book.sheets.clone() {
        let mut cells = SheetReader::of(&mut book, &sheet)?;
        let mut rows = Vec::new();
        while rows.len() < most
            && let Some(row) = cells.row()?
        {
            rows.push(row.texts(MAX_SHOWN_COLUMNS));
        }
        sheets.push(SheetRows { name: sheet.name, is_hidden: sheet.is_hidden, rows });
    }
    Ok(sheets)
}

#[cfg(test)]
mod tests;
