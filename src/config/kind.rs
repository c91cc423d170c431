//! Kinds of sources, and the keys that only one kind has.

use std::collections::BTreeMap;

use scraper::Selector;

use super::list;
use super::node::{Keys, Node, Table};
use super::spelling::none_of;
use super::value;
use crate::domain::source::{FederalRegisterSettings, PageTextSettings, SourceKind, TableSettings};

pub(super) const HTML_TABLE: Keys =
    Keys { heading: "html-table", names: &["selector", "columns", "key", "row_title", "row_date"] };

pub(super) const PAGE_TEXT: Keys = Keys { heading: "page-text", names: &["keep", "drop"] };

pub(super) const FEDERAL_REGISTER: Keys =
    Keys { heading: "federal-register", names: &["pages", "inspection"] };

/// The keys that only some kinds have.
pub(super) const OWN_KEYS: &[&Keys] = &[&FEDERAL_REGISTER, &HTML_TABLE, &PAGE_TEXT];

/// Every kind, with the keys that are its own.
const KINDS: &[(&str, &[&str])] = &[
    ("fcc-covered-list", &[]),
    ("court-rss", &[]),
    ("federal-register", FEDERAL_REGISTER.names),
    ("feed", &[]),
    ("html-table", HTML_TABLE.names),
    ("page-text", PAGE_TEXT.names),
];

/// What a kind can be called.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|(name, _)| *name).collect()
}

/// Reads the kind and its own keys; keys of another kind are faults.
pub(super) fn kind(table: &Table<'_>) -> Option<SourceKind> {
    let names = names();
    let node = table.require("kind", &format!("one of {}", names.join(", ")))?;
    let name = node.text()?;
    if !names.contains(&name) {
        node.fault(none_of(name, &names));
        return None;
    }
    let is_fine = refuse_foreign(table, name);
    let kind = match name {
        "fcc-covered-list" => SourceKind::FccCoveredList,
        "court-rss" => SourceKind::CourtRss,
        "federal-register" => SourceKind::FederalRegister(federal_register(table)?),
        "feed" => SourceKind::Feed,
        "html-table" => SourceKind::HtmlTable(html_table(table)?),
        _ => SourceKind::PageText(page_text(table)?),
    };
    is_fine.then_some(kind)
}

fn refuse_foreign(table: &Table<'_>, kind: &str) -> bool {
    let mut is_fine = true;
    let own = KINDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, keys)| keys);
    for (owner, keys) in KINDS.iter().filter(|(owner, _)| *owner != kind) {
        for node in keys.iter().filter(|key| !own.contains(key)).filter_map(|key| table.get(key)) {
            node.fault(format_args!("belongs to the kind {owner}, expected none for the kind {kind}"));
            is_fine = false;
        }
    }
    is_fine
}

/// Few pages unless asked for: the newest documents are on the first.
const DEFAULT_PAGES: usize = 5;

/// The API gives no more.
const MAX_PAGES: u32 = 50;

fn pages(table: &Table<'_>) -> Option<usize> {
    table.or("pages", DEFAULT_PAGES, |node| node.number(1..=MAX_PAGES).map(|number| number as usize))
}

fn federal_register(table: &Table<'_>) -> Option<FederalRegisterSettings> {
    let pages = pages(table);
    let inspection = table.optional("inspection", |node| node.parse(value::page_url));
    Some(FederalRegisterSettings { pages: pages?, inspection: inspection.ok()? })
}

fn html_table(table: &Table<'_>) -> Option<TableSettings> {
    let selector = table.require("selector", "a CSS selector of the table").and_then(|node| node.parse(css));
    let columns = table.require("columns", "a table of headers and fields").and_then(|node| columns(&node));
    let key_node = table.require("key", "a list of the fields that say what a row is about");
    let field = |node: &Node<'_>| {
        let name = node.line()?;
        let known: Vec<&str> = columns.iter().flat_map(BTreeMap::values).map(String::as_str).collect();
        // Without columns nothing can be said of a field.
        if columns.is_some() && !known.contains(&name) {
            node.fault(none_of(name, &deduplicated(known)));
            return None;
        }
        Some(name.to_owned())
    };
    let key = key_node.and_then(|node| list::distinct(&node.some_items("fields")?, field));
    let title = table.optional("row_title", field);
    let date = table.optional("row_date", field);
    Some(TableSettings {
        selector: selector?,
        key: key?,
        title: title.ok()?,
        date: date.ok()?,
        columns: columns?,
    })
}

fn deduplicated(mut names: Vec<&str>) -> Vec<&str> {
    names.sort_unstable();
    names.dedup();
    names
}

fn columns(node: &Node<'_>) -> Option<BTreeMap<String, String>> {
    let pairs = node.open()?.pairs();
    if pairs.is_empty() {
        node.fault("is empty, expected at least one header and its field");
        return None;
    }
    let read = pairs.into_iter().map(|(key, header, field)| {
        if header.trim().is_empty() {
            key.fault("is blank, expected a column's header");
            return None;
        }
        Some((header.to_owned(), field.line()?.to_owned()))
    });
    let columns: Vec<Option<(String, String)>> = read.collect();
    columns.into_iter().collect()
}

fn page_text(table: &Table<'_>) -> Option<PageTextSettings> {
    let keep = table
        .require("keep", "a list of CSS selectors of what is read")
        .and_then(|node| list::parsed(&node.some_items("CSS selectors")?, css));
    let drop = table.or("drop", Vec::new(), |node| list::parsed(&node.items("CSS selectors")?, css));
    Some(PageTextSettings { keep: keep?, drop: drop? })
}

fn css(text: &str) -> Result<String, String> {
    match Selector::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("found {text:?}, expected a CSS selector such as \"table.entities\"")),
    }
}
