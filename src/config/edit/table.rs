//! A company as a table of TOML, and changes to one that a person wrote.

use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, Value, value};

use super::Revision;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::identifier::Identifier;

/// A list that is longer in one line has a line for each item.
const MAX_LINE_CHARS: usize = 90;

/// How an item begins that has a line of its own.
const OWN_LINE: &str = "\n    ";

/// A company, keys in the order in which the documentation has them.
pub(super) fn of(company: &Company) -> Table {
    let mut table = Table::new();
    table["id"] = value(company.id.as_str());
    table["name"] = value(company.name.as_str());
    let mut put = |key: &str, items: Vec<Value>| {
        if !items.is_empty() {
            table[key] = value(list(items));
        }
    };
    put("aliases", company.aliases.iter().map(alias).collect());
    put("not", company.not.iter().map(Value::from).collect());
    put("identifiers", company.identifiers.iter().map(identifier).collect());
    put("exposed_to", company.exposures.iter().map(|id| Value::from(id.as_str())).collect());
    put("sources", company.sources.iter().map(Value::from).collect());
    if let Some(parent) = &company.parent {
        table["parent"] = value(parent.as_str());
    }
    table
}

/// A bare string is a trade name.
fn alias(alias: &Alias) -> Value {
    if alias.kind == AliasKind::Trade && alias.source.is_none() {
        return Value::from(alias.name.as_str());
    }
    let mut table = InlineTable::new();
    table.insert("name", alias.name.as_str().into());
    table.insert("kind", alias.kind.name().into());
    if let Some(source) = &alias.source {
        table.insert("source", source.as_str().into());
    }
    table.into()
}

fn identifier(identifier: &Identifier) -> Value {
    let mut table = InlineTable::new();
    table.insert("scheme", identifier.scheme.name().into());
    table.insert("value", identifier.value.as_str().into());
    if let Some(source) = &identifier.source {
        table.insert("source", source.as_str().into());
    }
    table.into()
}

fn list(items: Vec<Value>) -> Array {
    let chars: usize = items.iter().map(|item| item.to_string().chars().count() + 2).sum();
    if chars <= MAX_LINE_CHARS {
        return items.into_iter().collect();
    }
    let mut array = Array::new();
    for item in items {
        array.push_formatted(item.decorated(OWN_LINE, ""));
    }
    array.set_trailing("\n");
    array.set_trailing_comma(true);
    array
}

/// Changes a table.
///
/// # Errors
/// What is to go and is not there.
pub(super) fn revise(table: &mut Table, revision: &Revision) -> Result<(), String> {
    for what in &revision.without {
        let lists = ["aliases", "not", "identifiers", "exposed_to", "sources"];
        let is_gone = lists.into_iter().any(|key| take(table, key, what));
        if !is_gone {
            return Err(what.clone());
        }
    }
    if let Some(name) = &revision.name {
        set(table, "name", name);
    }
    if revision.is_independent {
        table.remove("parent");
    }
    if let Some(parent) = &revision.parent {
        set(table, "parent", parent.as_str());
    }
    extend(table, "aliases", revision.aliases.iter().map(alias).collect());
    extend(table, "not", revision.not.iter().map(Value::from).collect());
    extend(table, "identifiers", revision.identifiers.iter().map(identifier).collect());
    extend(table, "exposed_to", revision.exposures.iter().map(|id| Value::from(id.as_str())).collect());
    extend(table, "sources", revision.sources.iter().map(Value::from).collect());
    Ok(())
}

/// Sets a text, the comment behind it kept.
fn set(table: &mut Table, key: &str, text: &str) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = Value::from(text);
            *old.decor_mut() = decor;
        }
        None => table[key] = value(text),
    }
}

fn extend(table: &mut Table, key: &str, items: Vec<Value>) {
    match table.get_mut(key).and_then(Item::as_array_mut) {
        Some(array) => {
            let has_lines = array.iter().any(|item| prefix(item).contains('\n'));
            for item in items {
                push(array, item, has_lines);
            }
        }
        None if !items.is_empty() => table[key] = value(list(items)),
        None => {}
    }
}

/// Puts an item at the end of a list in the way its items are set: each on a line of its own or not.
fn push(array: &mut Array, item: Value, has_lines: bool) {
    if !has_lines {
        array.push(item);
        return;
    }
    // A comment behind the last item stays behind it.
    let behind_last = array.trailing().as_str().unwrap_or_default().trim_end().to_owned();
    array.push_formatted(item.decorated(format!("{behind_last}{OWN_LINE}"), ""));
    array.set_trailing("\n");
    array.set_trailing_comma(true);
}

fn prefix(item: &Value) -> &str {
    item.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default()
}

/// Takes an item out of a list; tells whether it was there.
fn take(table: &mut Table, key: &str, what: &str) -> bool {
    let Some(array) = table.get_mut(key).and_then(Item::as_array_mut) else { return false };
    let Some(index) = array.iter().position(|item| text_of(item) == Some(what)) else { return false };
    let gone = prefix(&array.remove(index)).to_owned();
    // What stands before the first comma of a line is the item's; a comment there was about it.
    if index == 0
        && let Some(first) = array.get_mut(0)
        && !gone.contains('\n')
    {
        first.decor_mut().set_prefix(gone);
    }
    if array.is_empty() {
        table.remove(key);
    }
    true
}

/// The name, number, category or source that an item is.
fn text_of(item: &Value) -> Option<&str> {
    match item {
        Value::InlineTable(table) => table.get("value").or_else(|| table.get("name"))?.as_str(),
        other => other.as_str(),
    }
}

/// Takes a table away. A heading of the whole file, which a blank line parts from the table's own
/// comment, stays.
pub(super) fn remove(tables: &mut ArrayOfTables, index: usize) {
    let Some(table) = tables.get(index) else { return };
    let above = table.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
    tables.remove(index);
    let heading = above.rfind("\n\n").map_or("", |end| &above[..end + 2]).to_owned();
    if let Some(next) = tables.get_mut(index)
        && index == 0
    {
        let own = next.decor().prefix().and_then(|prefix| prefix.as_str()).unwrap_or_default().to_owned();
        next.decor_mut().set_prefix(format!("{heading}{}", own.trim_start_matches('\n')));
    }
}
