//! What screening found, as rows for a spreadsheet: one for each finding, and one for each clean name.

use ::csv::Writer;
use rust_xlsxwriter::{Format, Workbook, XlsxError};

use super::CsvError;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::screening::{ListFreshness, ListLook, Screened, ScreenedName, ScreeningFinding};

/// What heads the columns.
pub const COLUMNS: [&str; 13] = [
    "name",
    "answer",
    "list",
    "entry",
    "found as",
    "score",
    "why",
    "date on the list",
    "seen since",
    "effect",
    "authority",
    "looked at",
    "not current",
];

/// A spreadsheet takes a cell that begins so for a formula, and runs it.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// So much of a text goes into a cell of a spreadsheet (ECMA-376 allows 32,767 characters).
const MAX_CELL_CHARS: usize = 32_000;

/// Why no file could be made.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the answers as a spreadsheet")]
pub struct BookError(#[from] XlsxError);

/// The rows, the names in the order in which they were given.
pub fn rows(screened: &Screened) -> impl Iterator<Item = [String; COLUMNS.len()]> + '_ {
    let looked_at = joined(screened.lists.iter().filter(|list| list.read_at.is_some()));
    let not_current = not_current(screened);
    screened.names.iter().flat_map(move |name| {
        let (looked_at, not_current) = (looked_at.clone(), not_current.clone());
        let findings: Vec<Option<&ScreeningFinding>> = match name.findings.as_slice() {
            [] => vec![None],
            findings => findings.iter().map(Some).collect(),
        };
        findings
            .into_iter()
            .map(move |finding| row(screened, name, finding, (looked_at.clone(), not_current.clone())))
    })
}

/// Which lists are not current, in words; blank where all are.
#[must_use]
pub fn not_current(screened: &Screened) -> String {
    let standings = [ListFreshness::Stale, ListFreshness::Quarantined, ListFreshness::Unread];
    let parts = standings.into_iter().filter_map(|standing| {
        let lists = joined(screened.standing(standing));
        (!lists.is_empty()).then(|| format!("{}: {lists}", standing.word()))
    });
    parts.collect::<Vec<_>>().join("; ")
}

fn joined<'a>(lists: impl Iterator<Item = &'a ListLook>) -> String {
    lists.map(|list| list.id.as_str()).collect::<Vec<_>>().join(", ")
}

fn row(
    screened: &Screened,
    name: &ScreenedName,
    finding: Option<&ScreeningFinding>,
    (looked_at, not_current): (String, String),
) -> [String; COLUMNS.len()] {
    let list = finding.and_then(|finding| screened.list(&finding.list));
    let of = |text: &dyn Fn(&ScreeningFinding) -> String| finding.map(text).unwrap_or_default();
    let answer = finding.map_or_else(|| name.answer(), |finding| finding.answer);
    let clear_why = || match name.not.as_slice() {
        [] => String::new(),
        not => format!(
            "not {}, by the watchlist",
            not.iter().map(CompanyId::as_str).collect::<Vec<_>>().join(", ")
        ),
    };
    [
        name.name.clone(),
        answer.to_string(),
        finding.map(|finding| SourceId::to_string(&finding.list)).unwrap_or_default(),
        of(&|finding| finding.entry.clone()),
        of(&|finding| finding.name.clone()),
        of(&|finding| finding.score.to_string()),
        finding.map_or_else(clear_why, |finding| finding.reason.clone()),
        of(&|finding| finding.date.map(|date| date.to_string()).unwrap_or_default()),
        of(&since),
        list.and_then(|list| list.effect.clone()).unwrap_or_default(),
        list.and_then(|list| list.authority.clone()).unwrap_or_default(),
        looked_at,
        not_current,
    ]
}

/// Since when an entry stands there, as far as that is known.
#[must_use]
pub fn since(finding: &ScreeningFinding) -> String {
    match finding.since {
        Some(since) if since.was_added => since.at.format("%Y-%m-%d").to_string(),
        Some(since) => format!("{} or earlier", since.at.format("%Y-%m-%d")),
        None => String::new(),
    }
}

/// The rows as CSV in UTF-8, with the mark by which spreadsheets know it. No cell is a formula.
///
/// # Errors
/// Only what the library refuses, which it does for no text.
pub fn csv(screened: &Screened) -> Result<Vec<u8>, CsvError> {
    let mut writer = Writer::from_writer("\u{feff}".as_bytes().to_vec());
    writer.write_record(COLUMNS)?;
    for row in rows(screened) {
        writer.write_record(
            row.map(|cell| if cell.starts_with(FORMULA) { format!("'{cell}") } else { cell }),
        )?;
    }
    writer.into_inner().map_err(|error| CsvError::from(::csv::Error::from(error.into_error())))
}

/// The rows as a workbook, with a sheet of the lists that were looked at.
///
/// # Errors
/// Only what the library refuses: more rows than a sheet has.
pub fn xlsx(screened: &Screened) -> Result<Vec<u8>, BookError> {
    let (mut book, bold) = (Workbook::new(), Format::new().set_bold());
    let sheet = book.add_worksheet().set_name("Suppliers")?;
    sheet.write_row_with_format(0, 0, COLUMNS, &bold)?;
    sheet.set_freeze_panes(1, 1)?;
    for (number, row) in (1..).zip(rows(screened)) {
        for (column, cell) in (0..).zip(row) {
            if !cell.is_empty() {
                sheet.write_string(number, column, cut(&cell))?;
            }
        }
    }
    let sheet = book.add_worksheet().set_name("Lists")?;
    let headers = ["list", "title", "read at", "entries", "standing", "why", "does not show", "address"];
    sheet.write_row_with_format(0, 0, headers, &bold)?;
    for (number, list) in (1..).zip(&screened.lists) {
        let cells = [
            list.id.to_string(),
            list.title.clone(),
            list.read_at.map(|at| at.to_rfc3339()).unwrap_or_default(),
            list.entries.to_string(),
            list.standing.word().to_owned(),
            list.reason.clone().unwrap_or_default(),
            list.does_not_show.clone().unwrap_or_default(),
            list.url.clone(),
        ];
        for (column, cell) in (0..).zip(cells) {
            sheet.write_string(number, column, cut(&cell))?;
        }
    }
    Ok(book.save_to_buffer()?)
}

fn cut(text: &str) -> String {
    text.chars().take(MAX_CELL_CHARS).collect()
}
