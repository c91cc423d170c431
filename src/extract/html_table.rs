//! Rows of HTML tables, columns found by their headers.
//!
//! A table is taken only when every wanted field has a header in it; that is the
//! proof that this is the list and not an error page or a redesign. Rows are
//! known by their key fields, never by where they stand.

use std::collections::HashSet;

use scraper::ElementRef;

use super::Page;
use super::html::{self, Markup};
use super::list::columns::Plan;
use super::list::{Record, Rows};
use super::table::{self, HEADER_ROWS, Row};
use crate::domain::entry::Document;
use crate::domain::source::TableSettings;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;

pub(super) fn extract(settings: &TableSettings, page: &Page<'_>) -> Result<Document, Unreadable> {
    let markup = Markup::of(page)?;
    let selector = html::selector(&settings.selector)?;
    let place = format!("a table that matches {:?}", settings.selector);
    let mut rows = Rows::new(&settings.rows, page.url);
    let mut tables = 0;
    for table in markup.tree.select(&selector) {
        tables += 1;
        take(settings, &markup, table, &place, &mut rows)?;
    }
    if tables == 0 {
        return Err(Unreadable::Missing { what: place });
    }
    rows.finish(&[]).map(|document| document.relative_to(markup.address()))
}

/// Takes the rows of one table.
fn take(
    settings: &TableSettings,
    markup: &Markup,
    table: ElementRef<'_>,
    place: &str,
    rows: &mut Rows<'_>,
) -> Result<(), Unreadable> {
    let grid = table::rows(table);
    let texts = |row: &Row<'_>| row.iter().map(|cell| html::text(*cell)).collect::<Vec<_>>();
    let first: Vec<Vec<String>> = grid.iter().take(HEADER_ROWS).map(texts).collect();
    let (header, plan) = Plan::by_headers(&settings.columns, &settings.rows, &first, place)?;
    let headers = table::folded_headers(&grid[header]);
    // A long table repeats its headers.
    let is_header = |row: &Row<'_>| row.len() == headers.len() && table::folded_headers(row) == headers;
    let caption = settings.caption.as_ref().map(|field| (field, caption(table)));
    for row in grid[header + 1..].iter().filter(|row| !table::is_spanned(row) && !is_header(row)) {
        let mut record = record(&plan, markup, row);
        // A row that says nothing itself says nothing under a caption either.
        if let Some((field, text)) = &caption
            && !record.says_nothing()
        {
            record.push(field, text);
        }
        rows.take(record)?;
    }
    Ok(())
}

/// What a row says; a cell that covers several of a field's columns says it once.
fn record(plan: &Plan<'_>, markup: &Markup, row: &Row<'_>) -> Record {
    let mut record = Record::default();
    let mut said = HashSet::new();
    for (column, field) in &plan.0 {
        if let Some(cell) = row.get(*column).filter(|cell| said.insert((*field, cell.id()))) {
            record.push(field, &html::text(*cell));
        }
    }
    let mut cells = row.clone();
    cells.dedup_by_key(|cell| cell.id());
    record.links = cells.into_iter().flat_map(|cell| markup.links_in(cell)).collect();
    record
}

/// So many elements above a table are looked at for what is said of it.
const MAX_ABOVE: usize = 8;

/// What a table says of itself, or else what stands right above it.
fn caption(table: ElementRef<'_>) -> String {
    let own = table.child_elements().find(|child| child.value().name() == "caption");
    let above = table.prev_siblings().filter_map(ElementRef::wrap).take(MAX_ABOVE);
    let texts = own.into_iter().chain(above).map(|element| one_line(&html::text(element)));
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

#[cfg(test)]
mod tests;
