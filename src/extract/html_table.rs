//! Rows of HTML tables, columns found by their headers.
//!
//! A table is taken only when every wanted field has a header in it; that is the
//! proof that this is the list and not an error page or a redesign. Rows are
//! known by their key fields, never by where they stand.

use std::collections::{BTreeMap, BTreeSet};

use scraper::ElementRef;

use super::Page;
use super::date::date;
use super::html::{self, Markup};
use super::table::{self, Row, folded};
use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
use crate::domain::source::TableSettings;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;

/// So many characters of what was found instead are shown.
const MAX_SHOWN_CHARS: usize = 200;

pub(super) fn extract(settings: &TableSettings, page: &Page<'_>) -> Result<Document, Unreadable> {
    let markup = Markup::of(page)?;
    let selector = html::selector(&settings.selector)?;
    let mut entries = Vec::new();
    let mut tables = 0;
    for table in markup.tree.select(&selector) {
        tables += 1;
        let rows = table::rows(table);
        let (header, columns) = columns(settings, &rows)?;
        let headers = table::folded_headers(&rows[header]);
        // A long table repeats its headers.
        let is_header = |row: &Row<'_>| row.len() == headers.len() && table::folded_headers(row) == headers;
        entries.extend(
            rows[header + 1..]
                .iter()
                .filter(|row| !table::is_spanned(row) && !is_header(row))
                .filter_map(|row| entry(settings, &markup, row, &columns)),
        );
    }
    if tables == 0 {
        return Err(Unreadable::Missing { what: format!("a table that matches {:?}", settings.selector) });
    }
    Ok(Document::new(entries, Completeness::Whole, Resemblance::Title))
}

/// Field → the columns that give it.
type Columns<'a> = BTreeMap<&'a str, Vec<usize>>;

/// The row of headers and where each field stands below it.
fn columns<'a>(settings: &'a TableSettings, rows: &[Row<'_>]) -> Result<(usize, Columns<'a>), Unreadable> {
    let wanted: BTreeMap<String, &str> = settings
        .columns
        .iter()
        .map(|(header, field)| (table::folded_header(header), field.as_str()))
        .collect();
    let fields: BTreeSet<&str> = wanted.values().copied().collect();
    for (index, row) in rows.iter().take(table::HEADER_ROWS).enumerate() {
        let mut columns = Columns::new();
        for (column, header) in table::folded_headers(row).iter().enumerate() {
            if let Some(field) = wanted.get(header) {
                columns.entry(*field).or_default().push(column);
            }
        }
        if columns.len() == fields.len() {
            return Ok((index, columns));
        }
    }
    let expected: Vec<&str> = settings.columns.keys().map(String::as_str).collect();
    let found = rows.first().map_or_else(
        || "no rows".to_owned(),
        |row| row.iter().map(|cell| one_line(&html::text(*cell))).collect::<Vec<_>>().join(" | "),
    );
    Err(Unreadable::Unexpected {
        what: format!(
            "a table that matches {:?} (expected the headers {})",
            settings.selector,
            expected.join(" | ")
        ),
        found: format!("{:?}", shorten(&found, MAX_SHOWN_CHARS)),
    })
}

fn entry(settings: &TableSettings, markup: &Markup, row: &Row<'_>, columns: &Columns<'_>) -> Option<Entry> {
    let fields: BTreeMap<&str, String> =
        columns.iter().map(|(field, columns)| (*field, field_text(row, columns))).collect();
    let text = |field: &str| fields.get(field).map_or("", String::as_str);
    if fields.values().all(String::is_empty) {
        return None;
    }
    let mut key = joined(settings.key.iter().map(|field| folded(text(field))));
    if key.trim_matches('/').is_empty() {
        // A row that leaves its key blank is still said by the page.
        key = joined(fields.values().map(|text| folded(text)));
    }
    let name = settings.title.as_ref().or_else(|| settings.key.first());
    let title = one_line(name.map_or("", |field| text(field)));
    let mut entry = Entry::new(key.clone(), if title.is_empty() { key } else { title });
    entry.date = settings.date.as_ref().and_then(|field| date(text(field)));
    for (field, text) in fields {
        entry = entry.with(field, text);
    }
    let links = distinct(row).into_iter().flat_map(|cell| markup.links_in(cell));
    Some(html::with_links(entry, links))
}

fn joined(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join("/")
}

/// The cells of a row, each once however many columns it covers.
fn distinct<'a>(row: &Row<'a>) -> Vec<ElementRef<'a>> {
    let mut cells: Row<'a> = row.clone();
    cells.dedup_by_key(|cell| cell.id());
    cells
}

fn field_text(row: &Row<'_>, columns: &[usize]) -> String {
    let mut cells: Row<'_> = columns.iter().filter_map(|&column| row.get(column).copied()).collect();
    cells.dedup_by_key(|cell| cell.id());
    cells.into_iter().map(html::text).filter(|text| !text.is_empty()).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
