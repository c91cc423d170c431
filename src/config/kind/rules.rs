//! The keys of rules and what leads to them.

use crate::config::node::{Keys, Table};
use crate::config::value;
use crate::domain::source::{FederalRegisterSettings, SourceKind};

pub(super) const FEDERAL_REGISTER: Keys =
    Keys { heading: "federal-register", names: &["pages", "inspection"] };

/// Few pages unless asked for: the newest documents are on the first.
const DEFAULT_PAGES: usize = 5;

/// The Federal Register gives no more.
const MAX_PAGES: u32 = 50;

fn pages(table: &Table<'_>) -> Option<usize> {
    table.or("pages", DEFAULT_PAGES, |node| node.number(1..=MAX_PAGES).map(|number| number as usize))
}

pub(super) fn federal_register(table: &Table<'_>) -> Option<SourceKind> {
    let pages = pages(table);
    let inspection = table.optional("inspection", |node| node.parse(value::page_url));
    Some(SourceKind::FederalRegister(FederalRegisterSettings { pages: pages?, inspection: inspection.ok()? }))
}
