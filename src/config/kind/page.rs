//! Pages: tables and prose.

use std::collections::BTreeMap;

use scraper::Selector;

use crate::config::list;
use crate::config::node::{Keys, Node, Table};
use crate::config::spelling::none_of;
use crate::domain::source::{PageTextSettings, SourceKind, TableSettings};

pub(super) const HTML_TABLE: Keys =
    Keys { heading: "html-table", names: &["selector", "columns", "key", "row_title", "row_date"] };

pub(super) const PAGE_TEXT: Keys = Keys { heading: "page-text", names: &["keep", "drop"] };

pub(super) fn html_table(table: &Table<'_>) -> Option<SourceKind> {
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
    Some(SourceKind::HtmlTable(TableSettings {
        selector: selector?,
        key: key?,
        title: title.ok()?,
        date: date.ok()?,
        columns: columns?,
    }))
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

pub(super) fn page_text(table: &Table<'_>) -> Option<SourceKind> {
    let keep = table
        .require("keep", "a list of CSS selectors of what is read")
        .and_then(|node| list::parsed(&node.some_items("CSS selectors")?, css));
    let drop = table.or("drop", Vec::new(), |node| list::parsed(&node.items("CSS selectors")?, css));
    Some(SourceKind::PageText(PageTextSettings { keep: keep?, drop: drop? }))
}

fn css(text: &str) -> Result<String, String> {
    match Selector::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("found {text:?}, expected a CSS selector such as \"table.entities\"")),
    }
}
