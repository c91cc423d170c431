//! A row of a table within prose.

use ego_tree::NodeId;
use scraper::ElementRef;

use super::level;
use crate::domain::text::{one_line, shorten};
use crate::extract::html;

/// A row of a table that holds data, not a page's layout.
pub(super) struct DataRow {
    pub(super) id: NodeId,
    /// Its first words, which say what it is about.
    lead: String,
}

/// More words than this are no row of data but a part of the page that a table lays out.
const MAX_ROW_BYTES: usize = 4_000;
/// So much of a row's first cell names it.
const MAX_LEAD_CHARS: usize = 80;
/// What stands between the cells of a row.
pub(super) const CELL_MARK: &str = " | ";

impl DataRow {
    /// The row that an element begins, if it is one of data.
    pub(super) fn of(element: ElementRef<'_>) -> Option<Self> {
        let mut cells = element.child_elements().filter(|cell| is_cell(*cell));
        let is_layout = |inner: ElementRef<'_>| inner.value().name() == "table" || level(inner).is_some();
        if element.value().name() != "tr"
            || element.child_elements().filter(|cell| is_cell(*cell)).count() < 2
            || element.descendent_elements().any(is_layout)
            || element.text().map(str::len).sum::<usize>() > MAX_ROW_BYTES
        {
            return None;
        }
        let lead = cells.find_map(|cell| Some(one_line(&html::text(cell))).filter(|text| !text.is_empty()));
        Some(Self { id: element.id(), lead: shorten(&lead.unwrap_or_default(), MAX_LEAD_CHARS) })
    }

    /// A link's label with what the row is about: "View" stands in every row.
    pub(super) fn label(&self, label: String) -> String {
        if self.lead.is_empty() || label.contains(&self.lead) {
            label
        } else {
            format!("{}: {label}", self.lead)
        }
    }
}

pub(super) fn is_cell(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "td" | "th")
}

/// Whether a cell stands before this one in its row.
pub(super) fn has_cell_before(cell: ElementRef<'_>) -> bool {
    cell.prev_siblings().filter_map(ElementRef::wrap).any(is_cell)
}
