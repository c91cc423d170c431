//! Which column holds which field.

use std::collections::BTreeSet;

use super::Record;
use crate::domain::source::{Pairs, RowSettings};
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::table::{HEADER_ROWS, folded_header};

/// So many characters of what was found instead are shown.
const MAX_SHOWN_CHARS: usize = 200;

/// The columns that are read, each with its field, in the order of the settings.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::extract) struct ColumnPlan<'a>(pub(in crate::extract) Vec<(usize, &'a str)>);

impl<'a> ColumnPlan<'a> {
    /// Finds the row of headers among the first rows, and the columns by it.
    ///
    /// # Errors
    /// Where no row has a header for every field that is not optional; `place` says of what.
    pub(in crate::extract) fn by_headers(
        columns: &'a Pairs,
        rows: &RowSettings,
        first: &[Vec<String>],
        place: &str,
    ) -> Result<(usize, Self), Unreadable> {
        for (index, row) in first.iter().take(HEADER_ROWS).enumerate() {
            let headers: Vec<String> = row.iter().map(|header| folded_header(header)).collect();
            let plan = Self::over(columns, &headers);
            if plan.has_all(columns, rows) {
                return Ok((index, plan));
            }
        }
        let expected: Vec<&str> = columns.0.iter().map(|(header, _)| header.as_str()).collect();
        let found = first.first().map_or_else(|| "no rows".to_owned(), |row| one_line(&row.join(" | ")));
        Err(Unreadable::Unexpected {
            what: format!("{place} (expected the headers {})", expected.join(" | ")),
            found: format!("{:?}", shorten(&found, MAX_SHOWN_CHARS)),
        })
    }

    /// The columns by their numbers, from 1.
    pub(in crate::extract) fn by_numbers(columns: &'a Pairs) -> Self {
        let numbered = |(number, field): &'a (String, String)| {
            Some((number.parse::<usize>().ok()?.checked_sub(1)?, field.as_str()))
        };
        Self(columns.0.iter().filter_map(numbered).collect())
    }

    fn over(columns: &'a Pairs, headers: &[String]) -> Self {
        let mut plan = Vec::new();
        for (header, field) in &columns.0 {
            let wanted = folded_header(header);
            plan.extend(
                headers
                    .iter()
                    .enumerate()
                    .filter(|(_, header)| **header == wanted)
                    .map(|(column, _)| (column, field.as_str())),
            );
        }
        Self(plan)
    }

    fn has_all(&self, columns: &Pairs, rows: &RowSettings) -> bool {
        let found: BTreeSet<&str> = self.0.iter().map(|(_, field)| *field).collect();
        let mut wanted = columns.0.iter().map(|(_, field)| field);
        !found.is_empty()
            && wanted.all(|field| found.contains(field.as_str()) || rows.optional.contains(field))
    }

    /// How many columns a row must have.
    pub(super) fn width(&self) -> usize {
        self.0.iter().map(|(column, _)| column + 1).max().unwrap_or(0)
    }

    /// What a row says; cells that are not there say nothing.
    pub(super) fn record<'c>(&self, cell: impl Fn(usize) -> Option<&'c str>) -> Record {
        let mut record = Record::default();
        for (column, field) in &self.0 {
            if let Some(text) = cell(*column) {
                record.push(field, text);
            }
        }
        record
    }
}
