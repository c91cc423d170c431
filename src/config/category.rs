//! The tables `[[category]]`.

use super::list;
use super::node::{AllowedKeys, ConfigTable};
use crate::domain::category::Category;
use crate::domain::id::CategoryId;

pub(super) const CATEGORY: AllowedKeys =
    AllowedKeys { heading: "[[category]]", names: &["id", "title", "phrases"] };

/// Reads one category.
pub(super) fn category(table: &ConfigTable<'_>) -> Option<Category> {
    table.refuse_others(CATEGORY.names);
    let id = table
        .require("id", "a handle such as \"foreign-produced-uas\"")
        .and_then(|node| node.parse(str::parse::<CategoryId>));
    let title = table.require("title", "what readers call the category").and_then(|node| node.line());
    let phrases = table
        .require("phrases", "the phrases that mean the category")
        .and_then(|node| list::lines(&node.some_items("phrases")?));
    Some(Category { id: id?, title: title?.to_owned(), phrases: phrases? })
}
