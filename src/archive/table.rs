//! Rows of a page's table that were kept as delimited text.

use std::path::Path;

use super::{ArchiveError, broken};
use crate::domain::source::SourceKind;
use crate::domain::text::error_chain;
use crate::extract::rows;

/// Whether the source's own page is a table of HTML, of which somebody may have kept the rows alone.
pub(super) fn is_shown_as_table(kind: &SourceKind) -> bool {
    matches!(kind, SourceKind::FccCoveredList | SourceKind::HtmlTable(_))
}

/// Rows that were kept as delimited text, put into a table again. Headers that were written as the names of columns
/// (`date_of_inclusion`) are words again.
pub(super) fn as_table(path: &Path, body: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let rows = rows(body).map_err(|error| broken(path, error_chain(&error)))?;
    let escaped = |cell: &str| cell.replace('&', "&amp;").replace('<', "&lt;");
    let mut html = String::from("<!DOCTYPE html><title>A table</title><table>");
    for (number, row) in rows.iter().enumerate() {
        html.push_str("<tr>");
        for cell in row {
            let (tag, cell) = match number {
                0 => ("th", cell.replace('_', " ")),
                _ => ("td", cell.clone()),
            };
            html.extend(["<", tag, ">", &escaped(&cell), "</", tag, ">"]);
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</table>");
    Ok(html.into_bytes())
}
