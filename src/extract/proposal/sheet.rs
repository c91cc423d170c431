//! Spreadsheets: the longest sheet that has headers, and what is said of the others.

use std::collections::BTreeSet;

use toml::Value;

use super::grid::Grid;
use super::{Guess, MIN_ROWS, column, lines, renamed};
use crate::domain::text::one_line;
use crate::extract::list::xlsx::{self, SheetRows};
use crate::extract::table::{self, HEADER_ROWS};

/// So many rows of a sheet are looked at.
const MAX_ROWS: usize = 2_000;

/// So many rows may stand above the headers.
const MAX_ABOVE: usize = 40;

/// The settings that could read a spreadsheet.
pub(super) fn of(body: &[u8]) -> Vec<Guess> {
    let Ok(sheets) = xlsx::sheets(body, MAX_ROWS) else { return Vec::new() };
    let mut tables: Vec<(usize, Guess)> = sheets.iter().filter_map(|sheet| guess(sheet, &sheets)).collect();
    tables.sort_by_key(|(rows, _)| std::cmp::Reverse(*rows));
    tables.into_iter().map(|(_, guess)| guess).collect()
}

fn guess(sheet: &SheetRows, all: &[SheetRows]) -> Option<(usize, Guess)> {
    let header = sheet.rows.iter().take(MAX_ABOVE).position(|row| is_header(row, &sheet.rows))?;
    let columns: Vec<_> = sheet.rows[header].iter().map(|cell| column(cell)).collect();
    let rows: Vec<Vec<String>> =
        sheet.rows[header + 1..].iter().map(|row| row.iter().map(|cell| one_line(cell)).collect()).collect();
    if sheet.is_hidden || rows.len() < MIN_ROWS {
        return None;
    }
    let width = rows.iter().map(Vec::len).max().unwrap_or(0);
    let beside = std::iter::repeat_n(None, width.saturating_sub(columns.len()));
    let mut columns: Vec<_> = columns.into_iter().chain(beside).collect();
    let fields = columns.iter().map(|column| column.as_ref().map(|(_, field)| field.clone())).collect();
    let mut grid = Grid { fields, rows };
    let counts = grid.drop_counts(&mut columns);
    let mut pairs: Vec<(&str, Value)> = vec![("kind", "xlsx".into())];
    // A book with several sheets may have them in another order tomorrow.
    pairs.extend((all.len() > 1).then(|| ("sheet", sheet.name.as_str().into())));
    let skipped = i64::try_from(header).ok().filter(|_| header >= HEADER_ROWS);
    pairs.extend(skipped.map(|skipped| ("skip_rows", skipped.into())));
    pairs.push(("columns", renamed(&columns)));
    pairs.extend(grid.settings());
    let mut leaves_out = grid.without_header(true);
    leaves_out.extend(counts);
    leaves_out.extend(all.iter().filter(|other| other.name != sheet.name && !other.rows.is_empty()).map(
        |other| {
            let hidden = if other.is_hidden { "hidden " } else { "" };
            format!("the {hidden}sheet {:?} is not read", other.name)
        },
    ));
    Some((grid.rows.len(), Guess { settings: lines(&pairs), leaves_out }))
}

/// Whether a row is one of headers: at least two, no two the same, and most of what rows below have.
fn is_header(row: &[String], rows: &[Vec<String>]) -> bool {
    let headers: Vec<String> =
        row.iter().map(|cell| table::folded_header(cell)).filter(|header| !header.is_empty()).collect();
    let widest = rows.iter().map(|row| row.iter().filter(|cell| !cell.is_empty()).count()).max().unwrap_or(0);
    headers.len() >= 2
        && headers.len() * 2 > widest
        && headers.iter().collect::<BTreeSet<_>>().len() == headers.len()
}
