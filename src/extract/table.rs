//! HTML tables as rows of cells, spans filled in.

use std::sync::LazyLock;

use scraper::ElementRef;

use super::html;
use crate::domain::noise::{Noise, NoiseClass};
use crate::domain::verdict::Unreadable;

/// HTML's own limits for spans.
const MAX_COLSPAN: usize = 1_000;
const MAX_ROWSPAN: usize = 65_534;

/// A cell may on average cover so many places of the grid, in a table that is larger than [`SPARE_CELLS`].
const MAX_COVERED: usize = 8;

/// So many places of the grid may be covered in any table.
const SPARE_CELLS: usize = 100_000;

/// A row: for each column the cell that covers it.
pub(super) type TableRow<'a> = Vec<ElementRef<'a>>;

/// A row in which cells may be missing: one that ends early, below a cell that reaches down behind its end.
pub(super) type GappedRow<'a> = Vec<Option<ElementRef<'a>>>;

/// The rows of a table, but not of tables within it. Cells that span columns or rows stand in each of
/// them, however long they are.
///
/// # Errors
/// Where the spans make more of the table than can be read.
pub(super) fn grid(table: ElementRef<'_>) -> Result<Vec<GappedRow<'_>>, Unreadable> {
    let mut grid: Vec<GappedRow<'_>> = Vec::new();
    let mut left = SPARE_CELLS;
    for group in own_groups(table) {
        // Cells that reach down from above: how many rows each still covers, by column. None reaches
        // out of its group of rows.
        let mut hanging: Vec<Option<(ElementRef<'_>, usize)>> = Vec::new();
        for row in group {
            let width = grid.last().map_or(0, Vec::len);
            let cells = cells_of(row, width, &mut hanging);
            left += MAX_COVERED * row.child_elements().count();
            left = left.checked_sub(cells.len()).ok_or_else(|| Unreadable::Unexpected {
                what: format!("row {} of a table", grid.len() + 1),
                found: "cells that cover more than can be read".to_owned(),
            })?;
            if !cells.is_empty() {
                grid.push(cells);
            }
        }
    }
    Ok(grid)
}

/// The cells of a row, those that reach into it from above among them; `width` is how many are expected.
fn cells_of<'a>(
    row: ElementRef<'a>,
    width: usize,
    hanging: &mut Vec<Option<(ElementRef<'a>, usize)>>,
) -> GappedRow<'a> {
    let mut cells: GappedRow<'a> = Vec::with_capacity(width);
    let mut own = row.child_elements().filter(|cell| matches!(cell.value().name(), "td" | "th"));
    loop {
        let column = cells.len();
        if let Some(Some((cell, _))) = hanging.get(column) {
            cells.push(Some(*cell));
            lower(hanging, column);
        } else if let Some(cell) = own.next() {
            let down = span(cell, "rowspan", MAX_ROWSPAN) - 1;
            for column in column..column + span(cell, "colspan", MAX_COLSPAN) {
                lower(hanging, column);
                if down > 0 {
                    if hanging.len() <= column {
                        hanging.resize(column + 1, None);
                    }
                    hanging[column] = Some((cell, down));
                }
                cells.push(Some(cell));
            }
        } else {
            break;
        }
    }
    // The row has ended; what reaches down behind its end keeps its column.
    let end = hanging.iter().rposition(Option::is_some).map_or(0, |last| last + 1);
    for column in cells.len()..end {
        cells.push(hanging[column].map(|(cell, _)| cell));
        lower(hanging, column);
    }
    cells
}

/// Notes that the cell which reaches down in a column covers one row less.
fn lower(hanging: &mut [Option<(ElementRef<'_>, usize)>], column: usize) {
    if let Some(slot) = hanging.get_mut(column) {
        *slot = slot.filter(|(_, left)| *left > 1).map(|(cell, left)| (cell, left - 1));
    }
}

/// The rows of a table, each as far as it has no gap; none where it is too large to be read.
pub(super) fn rows(table: ElementRef<'_>) -> Vec<TableRow<'_>> {
    let grid = grid(table).unwrap_or_default().into_iter();
    grid.map(|row| row.into_iter().map_while(|cell| cell).collect())
        .filter(|row: &TableRow<'_>| !row.is_empty())
        .collect()
}

/// The rows of a table, by the groups in which they stand.
fn own_groups(table: ElementRef<'_>) -> impl Iterator<Item = Vec<ElementRef<'_>>> {
    table.child_elements().filter_map(|part| match part.value().name() {
        "tr" => Some(vec![part]),
        "thead" | "tbody" | "tfoot" => {
            Some(part.child_elements().filter(|row| row.value().name() == "tr").collect())
        }
        _ => None,
    })
}

/// How many columns or rows a cell covers; at least one. A `rowspan` of zero reaches to the end of the group.
fn span(cell: ElementRef<'_>, attribute: &str, limit: usize) -> usize {
    match html::attribute(cell, attribute).and_then(|text| text.trim().parse::<usize>().ok()) {
        Some(0) if attribute == "rowspan" => limit,
        said => said.unwrap_or(1).clamp(1, limit),
    }
}

/// Whether one cell covers the whole row: a heading or a footnote, not an entry.
pub(super) fn is_spanned(row: &TableRow<'_>) -> bool {
    row.len() > 1 && row.iter().all(|cell| cell.id() == row[0].id())
}
/// What may differ in a header or a subject.
static MARKS: LazyLock<Noise> = LazyLock::new(|| Noise::of([NoiseClass::FootnoteMarks]));

/// The form in which headers are compared: no case, no white space, no footnote marks.
pub(super) fn folded_header(text: &str) -> String {
    let plain = MARKS.canonical(text).to_lowercase();
    plain.chars().filter(|c| !c.is_whitespace()).collect()
}

/// The headers of a row as they are compared.
pub(super) fn folded_headers(row: &TableRow<'_>) -> Vec<String> {
    row.iter().map(|cell| folded_header(&header(*cell))).collect()
}

/// A cell with a longer text than this is no header.
const MAX_HEADER_BYTES: usize = 1024;

/// The text of a cell that may be a header. Of a layout table's cell, which may hold the whole page
/// and other tables, no more is read than shows that it is none.
pub(super) fn header(cell: ElementRef<'_>) -> String {
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
    let plain = MARKS.canonical(text).to_lowercase();
    let mut folded = String::with_capacity(plain.len());
    for word in plain.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        if !folded.is_empty() {
            folded.push('-');
        }
        folded.push_str(word);
    }
    folded
}

#[cfg(test)]
mod tests {
    use scraper::Selector;

    use super::*;

    #[track_caller]
    fn check(html: &str, expected: &[&[&str]]) {
        let tree = super::super::parser::parse(html).unwrap();
        let table = tree.select(&Selector::parse("table").unwrap()).next().unwrap();
        let found: Vec<Vec<String>> = grid(table)
            .unwrap()
            .iter()
            .map(|row| row.iter().map(|cell| cell.map_or_else(String::new, html::text)).collect())
            .collect();
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
    fn spans_without_end_are_cut_or_refused() {
        let tree =
            super::super::parser::parse("<table><tr><td colspan=1000000 rowspan=1000000>a<tr><td>b").unwrap();
        let table = tree.select(&Selector::parse("table").unwrap()).next().unwrap();
        assert_eq!(rows(table).iter().map(Vec::len).max(), Some(MAX_COLSPAN + 1));
        let flood = format!("<table>{}", "<tr><td colspan=1000 rowspan=1000>".repeat(10_000));
        let tree = super::super::parser::parse(&flood).unwrap();
        let table = tree.select(&Selector::parse("table").unwrap()).next().unwrap();
        assert!(grid(table).is_err());
    }

    #[test]
    fn what_reaches_down_keeps_its_column_however_long_it_is_and_where_the_row_ends() {
        let long = "a".repeat(5_000);
        check(
            &format!("<table><tr><td rowspan=2>{long}<td>b<tr><td>c</table>"),
            &[&[&long, "b"], &[&long, "c"]],
        );
        check(
            "<table><tr><td>a<td>b<td rowspan=3>c<tr><td>d<tr><td>e<td>f</table>",
            &[&["a", "b", "c"], &["d", "", "c"], &["e", "f", "c"]],
        );
        check(
            "<table><tr><td rowspan=0>a<td>b<tr><td>c<tbody><tr><td>d</table>",
            &[&["a", "b"], &["a", "c"], &["d"]],
        );
    }

    #[test]
    fn headers_and_subjects_fold() {
        assert_eq!(folded_header("Covered\n Equipment*  or Services†"), "coveredequipmentorservices");
        assert_eq!(folded("Kaspersky Lab, Inc."), "kaspersky-lab-inc");
        assert_eq!(folded("海康威视 (Group)"), "海康威视-group");
    }
}
