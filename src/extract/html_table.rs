//! Rows of HTML tables, columns found by their headers.
//!
//! A table is taken only when every wanted field has a header in it; that is the
//! proof that this is the list and not an error page or a redesign. Rows are
//! known by their key fields, never by where they stand; but where they stand,
//! under which heading, caption or row that heads others, is a field of theirs.
//!
//! What stands in no column that has a header is read as well, into a field named
//! after the column's number: headers may be fewer than cells.

mod cell;
mod part;

use std::collections::{BTreeSet, HashSet};

use ego_tree::NodeId;
use rustc_hash::FxHashSet;
use scraper::{ElementRef, Selector};
use smallvec::SmallVec;
use url::Url;

use self::cell::CellReader;
pub(super) use self::part::is_numbering;
use self::part::{RowRole, parts};
use super::RawDocument;
use super::html::{self, ElementText, Markup};
use super::list::columns::ColumnPlan;
use super::list::{Record, Rows};
use super::section::{self, Outline};
use super::table::{self, GappedRow, HEADER_ROWS};
use crate::domain::entry::{Document, SECTION};
use crate::domain::source::TableSettings;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;

pub(super) fn extract(settings: &TableSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    read(settings, &Markup::of(page)?, page.url)
}

/// The same of a page that is parsed already; `url` is the address that answered.
pub(super) fn read(settings: &TableSettings, markup: &Markup, url: &Url) -> Result<Document, Unreadable> {
    let selector = html::selector(&settings.selector)?;
    let place = format!("a table that matches {:?}", settings.selector);
    let mut rows = Rows::new(&settings.rows, url);
    let tables = tables(markup, &selector);
    if tables.is_empty() {
        return Err(Unreadable::Missing { what: place });
    }
    let outline = Outline::of(markup, &tables.iter().map(|table| table.id()).collect());
    let mut cells = CellReader::new(markup);
    let (mut read, mut refused): (HashSet<NodeId>, Vec<_>) = (HashSet::new(), Vec::new());
    for table in tables {
        // A table within a table that is read is a part of that one's text.
        if table.ancestors().any(|outer| read.contains(&outer.id())) {
            continue;
        }
        let grid = table::grid(table)?;
        let first: Vec<Vec<String>> = grid.iter().take(HEADER_ROWS).map(|row| headers(row)).collect();
        match ColumnPlan::by_headers(&settings.columns, &settings.rows, &first, &place) {
            Ok((header, plan)) => {
                read.insert(table.id());
                let sheet = KnownTable { settings, plan, headers: folded(&first[header]), table };
                sheet.take(
                    &grid[..header],
                    &grid[header + 1..],
                    outline.above(table),
                    &mut cells,
                    &mut rows,
                )?;
            }
            Err(error) => refused.push((table, error)),
        }
    }
    // A table of another kind may lay out a page, with the list within it.
    let lays_out = |table: ElementRef<'_>| table.descendants().any(|inner| read.contains(&inner.id()));
    match refused.into_iter().find(|(table, _)| !lays_out(*table)) {
        Some((_, error)) => Err(error),
        None => rows.finish(&[]).map(|document| document.relative_to(markup.address())),
    }
}

/// The tables that the selector means and that are part of the page.
fn tables<'a>(markup: &'a Markup, selector: &Selector) -> Vec<ElementRef<'a>> {
    let is_shown = |table: &ElementRef<'_>| !html::is_in_template(*table);
    markup.tree.select(selector).filter(is_shown).collect()
}

fn headers(row: &GappedRow<'_>) -> Vec<String> {
    row.iter().map(|cell| cell.map_or_else(String::new, table::header)).collect()
}

fn folded(headers: &[String]) -> Vec<String> {
    headers.iter().map(|header| table::folded_header(header)).collect()
}

/// A table whose columns are known.
struct KnownTable<'a, 's> {
    settings: &'s TableSettings,
    plan: ColumnPlan<'s>,
    /// The headers as they are compared.
    headers: Vec<String>,
    table: ElementRef<'a>,
}

impl<'a> KnownTable<'a, '_> {
    /// Takes the rows below the headers.
    fn take(
        &self,
        titles: &[GappedRow<'a>],
        body: &[GappedRow<'a>],
        above: &str,
        cells: &mut CellReader<'a>,
        rows: &mut Rows<'_>,
    ) -> Result<(), Unreadable> {
        let caption = self.settings.caption.as_ref().map(|field| (field, caption(self.table)));
        let place = self.place(titles, above, caption.as_ref().map(|(_, text)| text.as_str()));
        let unnamed = self.unnamed_columns(body);
        let mut heading = String::new();
        // A record waits for the details that may stand in the row below it.
        let mut waiting: Option<Record> = None;
        for (number, (row, part)) in body.iter().zip(parts(body, &self.headers)).enumerate() {
            let mut record = match part {
                RowRole::Nothing => continue,
                RowRole::Heading(text) => {
                    heading = text;
                    continue;
                }
                RowRole::Details => {
                    if let (Some(record), Some(element)) = (&mut waiting, part::only_cell(row)) {
                        let said = cells.read(element, number)?;
                        record.mark_words(&said);
                        record.push("details", said.text);
                        record.links.extend(cells.links(element, number)?);
                    }
                    continue;
                }
                RowRole::Entry => self.record(row, &unnamed, number, cells)?,
                RowRole::Whole => self.whole(row, number, cells)?,
            };
            // A row that says nothing itself says nothing under a caption either.
            if record.says_nothing() {
                continue;
            }
            if let Some((field, text)) = &caption {
                record.push(field, text.as_str());
            }
            record.mark(SECTION, section::path([place.as_str(), heading.as_str()]));
            if let Some(above) = waiting.replace(record) {
                rows.take(above)?;
            }
        }
        if let Some(record) = waiting {
            rows.take(record)?;
        }
        Ok(())
    }

    /// Where the table stands: below which headings, under which caption and title rows of its own.
    fn place(&self, titles: &[GappedRow<'_>], above: &str, told: Option<&str>) -> String {
        let caption = own_caption(self.table).map(|text| section::heading_label(&text)).unwrap_or_default();
        let title = titles.iter().rev().find_map(|row| part::only_cell(row));
        let title = title.map(|cell| section::heading_label(&html::shown(cell))).unwrap_or_default();
        let told = told.map(section::heading_label).unwrap_or_default();
        let is_new = |label: &&str| told.is_empty() || **label != told;
        section::path([above, caption.as_str(), title.as_str()].into_iter().filter(is_new))
    }

    /// The columns without a header in which rows say something that is not their number.
    fn unnamed_columns(&self, body: &[GappedRow<'_>]) -> BTreeSet<usize> {
        let width = body.iter().map(Vec::len).max().unwrap_or(0);
        let has_no_header = |column: &usize| self.headers.get(*column).is_none_or(String::is_empty);
        let is_numbering = |column: &usize| {
            let text =
                |row: &GappedRow<'_>| row.get(*column).copied().flatten().map(|cell| html::opening(cell, 16));
            is_numbering(body.iter().filter_map(text))
        };
        (0..width).filter(has_no_header).filter(|column| !is_numbering(column)).collect()
    }

    /// What a row says; a cell that covers several of a field's columns says it once.
    fn record(
        &self,
        row: &GappedRow<'a>,
        unnamed: &BTreeSet<usize>,
        number: usize,
        cells: &mut CellReader<'a>,
    ) -> Result<Record, Unreadable> {
        let mut record = Record::with_room(self.plan.0.len());
        let mut told: SmallVec<[(&str, NodeId); 8]> = SmallVec::new();
        for (column, field) in &self.plan.0 {
            let Some(cell) = row.get(*column).copied().flatten() else { continue };
            if !told.contains(&(*field, cell.id())) {
                told.push((*field, cell.id()));
                self.take_cell(&mut record, field, cells.read(cell, number)?);
            }
        }
        if !unnamed.is_empty() {
            Self::take_unnamed(&mut record, row, unnamed, number, cells)?;
        }
        for cell in part::distinct(row) {
            record.links.extend(cells.links(cell, number)?);
        }
        Ok(record)
    }

    /// Takes what stands in columns without a header. A cell that has a header in one of its columns belongs there.
    fn take_unnamed(
        record: &mut Record,
        row: &GappedRow<'a>,
        unnamed: &BTreeSet<usize>,
        number: usize,
        cells: &mut CellReader<'a>,
    ) -> Result<(), Unreadable> {
        let cells_of = |is_wanted: &dyn Fn(&usize) -> bool| -> Vec<(usize, ElementRef<'a>)> {
            let columns = (0..row.len()).filter(is_wanted);
            columns.filter_map(|column| Some((column, row[column]?))).collect()
        };
        let named = cells_of(&|column| !unnamed.contains(column));
        let mut told: FxHashSet<NodeId> = named.into_iter().map(|(_, cell)| cell.id()).collect();
        for (column, cell) in cells_of(&|column| unnamed.contains(column)) {
            if told.insert(cell.id()) {
                let said = cells.read(cell, number)?;
                if !said.text.is_empty() {
                    record.mark_words(&said);
                    record.push(&format!("column_{}", column + 1), said.text);
                }
            }
        }
        Ok(())
    }

    /// A row of one cell that heads no rows: it is said in the name's column.
    fn whole(
        &self,
        row: &GappedRow<'a>,
        number: usize,
        cells: &mut CellReader<'a>,
    ) -> Result<Record, Unreadable> {
        let mut record = Record::default();
        let rows = &self.settings.rows;
        let field =
            rows.title.as_ref().or_else(|| rows.key.first()).and_then(|names| names.split('|').next());
        if let (Some(field), Some(element)) = (field, part::only_cell(row)) {
            let said = cells.read(element, number)?;
            record.mark_words(&said);
            record.push(field, said.into_name());
            record.links = cells.links(element, number)?;
        }
        Ok(record)
    }

    /// Takes what a cell says in a field. What a row is known by is the words alone: a picture or a tooltip
    /// beside a name makes it no other name.
    fn take_cell(&self, record: &mut Record, field: &str, said: ElementText) {
        record.mark_words(&said);
        let is_known_by = self.settings.rows.is_known_by(field);
        record.push(field, if is_known_by { said.into_name() } else { said.text });
    }
}

/// So many elements above a table are looked at for what is said of it.
const MAX_ABOVE: usize = 8;

fn own_caption(table: ElementRef<'_>) -> Option<String> {
    let own = table.child_elements().find(|child| child.value().name() == "caption");
    own.map(|caption| one_line(&html::shown(caption)))
}

/// What a table says of itself, or else what stands right above it.
fn caption(table: ElementRef<'_>) -> String {
    let above = table.prev_siblings().filter_map(ElementRef::wrap).take(MAX_ABOVE);
    let texts = own_caption(table).into_iter().chain(above.map(|element| one_line(&html::shown(element))));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
