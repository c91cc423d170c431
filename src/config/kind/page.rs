//! Pages: tables, lists and prose.

use scraper::Selector;

use super::file::{names_of, one_or_more};
use super::rows::{columns, fields_of, pairs, rows};
use crate::config::list;
use crate::config::node::{AllowedKeys, ConfigNode, ConfigTable};
use crate::domain::source::{ListSettings, PageTextSettings, Pairs, SourceKind, TableSettings};

pub(super) const HTML_TABLE: AllowedKeys =
    AllowedKeys { heading: "html-table", names: &["selector", "columns", "caption", "one_page"] };

pub(super) const HTML_LIST: AllowedKeys =
    AllowedKeys { heading: "html-list", names: &["selector", "fields", "drop", "one_page"] };

pub(super) const PAGE_TEXT: AllowedKeys =
    AllowedKeys { heading: "page-text", names: &["keep", "drop", "one_page"] };

pub(super) fn html_table(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let selector = table.require("selector", "a CSS selector of the table").and_then(|node| node.parse(css));
    let columns = columns(table);
    let caption = table.optional("caption", |node| node.line().map(str::to_owned));
    let one_page = table.or("one_page", false, ConfigNode::flag);
    let mut fields = fields_of(columns.as_ref());
    if let (Some(fields), Ok(Some(caption))) = (&mut fields, &caption) {
        fields.push(caption.clone());
    }
    let rows = rows(table, fields.as_deref());
    Some(SourceKind::HtmlTable(TableSettings {
        selector: selector?,
        columns: columns?,
        caption: caption.ok()?,
        one_page: one_page?,
        rows: rows?,
    }))
}

pub(super) fn html_list(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let selector =
        table.require("selector", "a CSS selector of the lists or entries").and_then(|node| node.parse(css));
    let whole = || Pairs(vec![(ListSettings::TEXT.to_owned(), vec![".".to_owned()])]);
    let fields = table.or("fields", whole(), |node| {
        pairs(node, "field", |_, _, places| one_or_more(places, "CSS selectors", place))
    });
    let drop = table.or("drop", Vec::new(), |node| list::parsed(&node.items("CSS selectors")?, css));
    let one_page = table.or("one_page", false, ConfigNode::flag);
    let names = names_of(fields.as_ref());
    let rows = rows(table, names.as_deref());
    Some(SourceKind::HtmlList(ListSettings {
        selector: selector?,
        fields: fields?,
        drop: drop?,
        one_page: one_page?,
        rows: rows?,
    }))
}

/// Where a field is found in an entry.
fn place(text: &str) -> Result<String, String> {
    let (selector, attribute) = ListSettings::place(text);
    let is_own = selector == "." || selector.is_empty() && attribute.is_some();
    if is_own { Ok(text.to_owned()) } else { css(selector).map(|_| text.to_owned()) }
}

pub(super) fn page_text(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let keep = table
        .require("keep", "a list of CSS selectors of what is read")
        .and_then(|node| list::parsed(&node.some_items("CSS selectors")?, css));
    let drop = table.or("drop", Vec::new(), |node| list::parsed(&node.items("CSS selectors")?, css));
    let one_page = table.or("one_page", false, ConfigNode::flag);
    Some(SourceKind::PageText(PageTextSettings { keep: keep?, drop: drop?, one_page: one_page? }))
}

pub(in crate::config) fn css(text: &str) -> Result<String, String> {
    match Selector::parse(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err(format!("found {text:?}, expected a CSS selector such as \"table.entities\"")),
    }
}
