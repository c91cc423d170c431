//! HTML tables as rows of cells, spans filled in.

use scraper::ElementRef;

use super::html;
use crate::domain::noise::{Noise, NoiseClass};

/// Columns beyond these are not read; no honest table has them, and a span may claim a thousand.
const MAX_COLUMNS: usize = 64;

/// A row: for each column the cell that covers it.
pub(super) type Row<'a> = Vec<ElementRef<'a>>;

/// The rows of a table, but not of tables within it. Cells that span columns or rows stand in each of them.
pub(super) fn rows(table: ElementRef<'_>) -> Vec<Row<'_>> {
    let mut grid = Vec::new();
    // Cells that reach down from above: how many rows each still covers, by column.
    let mut hanging: Vec<Option<(ElementRef<'_>, usize)>> = Vec::new();
    for row in own_rows(table) {
        let mut cells: Row<'_> = Vec::new();
        let mut own = row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th"));
        loop {
            if let Some(Some((cell, left))) = hanging.get(cells.len()).copied() {
                hanging[cells.len()] = (left > 1).then_some((cell, left - 1));
                cells.push(cell);
                continue;
            }
            let Some(cell) = own.next() else { break };
            let down = reach(cell);
            for _ in 0..span(cell, "colspan").min(MAX_COLUMNS.saturating_sub(cells.len())) {
                if down > 0 {
                    if hanging.len() <= cells.len() {
                        hanging.resize(cells.len() + 1, None);
                    }
                    hanging[cells.len()] = Some((cell, down));
                }
                cells.push(cell);
            }
        }
        if !cells.is_empty() {
            grid.push(cells);
        }
    }
    grid
}

fn own_rows(table: ElementRef<'_>) -> impl Iterator<Item = ElementRef<'_>> {
    table.child_elements().flat_map(|part| {
        let is_row = part.value().name() == "tr";
        let is_group = matches!(part.value().name(), "thead" | "tbody" | "tfoot");
        let within = is_group.then(|| part.child_elements().filter(|row| row.value().name() == "tr"));
        is_row.then_some(part).into_iter().chain(within.into_iter().flatten())
    })
}

/// How many columns or rows a cell covers, by HTML's own limits; at least one.
fn span(cell: ElementRef<'_>, attribute: &str) -> usize {
    let limit = if attribute == "colspan" { MAX_COLUMNS } else { 65_534 };
    cell.attr(attribute).and_then(|text| text.trim().parse().ok()).unwrap_or(1).clamp(1, limit)
}

/// A cell with a longer text than this is not repeated in the rows below: what rows share is a
/// label, and a page must not grow by being read.
const MAX_SHARED_BYTES: usize = 256;

/// How many rows below its own a cell covers.
fn reach(cell: ElementRef<'_>) -> usize {
    let down = span(cell, "rowspan") - 1;
    if down > 0 && html::text(cell).len() > MAX_SHARED_BYTES { 0 } else { down }
}

/// Whether one cell covers the whole row: a heading or a footnote, not an entry.
pub(super) fn is_spanned(row: &Row<'_>) -> bool {
    row.len() > 1 && row.iter().all(|cell| cell.id() == row[0].id())
}

/// The form in which headers are compared: no case, no white space, no footnote marks.
pub(super) fn folded_header(text: &str) -> String {
    let plain = Noise::of([NoiseClass::FootnoteMarks]).canonical(text).to_lowercase();
    plain.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The headers of a row as they are compared.
pub(super) fn folded_headers(row: &Row<'_>) -> Vec<String> {
    row.iter().map(|cell| folded_header(&header(*cell))).collect()
}

/// A cell with a longer text than this is no header.
const MAX_HEADER_BYTES: usize = 1024;

/// The text of a cell that may be a header. Of a layout table's cell, which may hold the whole page
/// and other tables, no more is read than shows that it is none.
fn header(cell: ElementRef<'_>) -> String {
    let mut start = String::new();
    for words in cell.text() {
        start.push_str(words);
        if start.len() > MAX_HEADER_BYTES {
            return start;
        }
    }
    html::text(cell)
}

/// How many rows from the top may be the one with the headers; titles and notes may stand above it.
pub(super) const HEADER_ROWS: usize = 6;

/// What a text is about: its letters and digits in lower case, words joined by hyphens, without footnote marks.
pub(super) fn folded(text: &str) -> String {
    let plain = Noise::of([NoiseClass::FootnoteMarks]).canonical(text).to_lowercase();
    plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use scraper::Selector;

    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &[&[&str]]) {
        let tree = super::super::parser::parse(html).unwrap();
        let table = tree.select(&Selector::parse("table").unwrap()).next().unwrap();
        let found: Vec<Vec<String>> =
            rows(table).iter().map(|row| row.iter().map(|cell| html::text(*cell)).collect()).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn spans_are_filled_in() {
        check("<table><tr><td>a<td>b<tr><td>c<td>d</table>", &[&["a", "b"], &["c", "d"]]);
        check("<table><tr><th colspan=2>a<tr><td>b<td>c</table>", &[&["a", "a"], &["b", "c"]]);
        check(
            "<table><tr><td rowspan=2>a<td>b<tr><td>c<tr><td>d<td>e</table>",
            &[&["a", "b"], &["a", "c"], &["d", "e"]],
        );
        check("<table><tr><td>a<td rowspan=2>b<tr><td>c</table>", &[&["a", "b"], &["c", "b"]]);
        check("<table><tr><td rowspan=3>a<tr></table>", &[&["a"], &["a"]]);
    }

    #[test]
    fn a_table_within_a_table_is_its_own() {
        check("<table><tr><td>a<table><tr><td>b</table><td>c</table>", &[&["a\nb", "c"]]);
    }

    #[test]
    fn a_span_of_a_million_is_cut() {
        let tree =
            super::super::parser::parse("<table><tr><td colspan=1000000 rowspan=1000000>a<tr><td>b").unwrap();
        let table = tree.select(&Selector::parse("table").unwrap()).next().unwrap();
        assert_eq!(rows(table).iter().map(Vec::len).max(), Some(MAX_COLUMNS));
    }

    #[test]
    fn headers_and_subjects_fold() {
        assert_eq!(folded_header("Covered\n Equipment*  or Services†"), "coveredequipmentorservices");
        assert_eq!(folded("Kaspersky Lab, Inc."), "kaspersky-lab-inc");
        assert_eq!(folded("海康威视 (Group)"), "海康威视-group");
    }
}
