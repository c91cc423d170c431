//! What all kinds have in common that make entries of rows.

use std::collections::BTreeMap;

use chrono::format::{Item, StrftimeItems};

use crate::config::list;
use crate::config::node::{AllowedKeys, ConfigNode, ConfigTable};
use crate::domain::source::{Brackets, Pairs, RowSettings};
use crate::domain::spelling::none_of;

pub(in crate::config) const ROWS: AllowedKeys = AllowedKeys {
    heading: "rows",
    names: &[
        "key",
        "row_title",
        "row_date",
        "row_link",
        "date_format",
        "group",
        "first",
        "split",
        "joined",
        "null",
        "optional",
        "bracketed_aliases",
    ],
};

/// Reads them; `fields` are those that rows of this kind have, `None` where that is at fault itself.
pub(super) fn rows(table: &ConfigTable<'_>, fields: Option<&[String]>) -> Option<RowSettings> {
    let field = |node: &ConfigNode<'_>| field(node, fields);
    let key = table
        .require("key", "a list of the fields that say what a row is about")
        .and_then(|node| list::distinct(&node.some_items("fields")?, |node| alternatives(node, fields)));
    let title = table.optional("row_title", field);
    let date = table.optional("row_date", field);
    let link = table.optional("row_link", field);
    let date_format = table.optional("date_format", |node| node.parse(date_form));
    let group = table.or("group", false, ConfigNode::flag);
    let first = table.or("first", BTreeMap::new(), |node| said_of_fields(node, fields));
    let split = table.or("split", BTreeMap::new(), |node| said_of_fields(node, fields));
    let some_fields = |name| table.or(name, Vec::new(), |node| list::distinct(&node.items("fields")?, field));
    let (joined, optional) = (some_fields("joined"), some_fields("optional"));
    let null = table.or("null", Vec::new(), |node| list::lines(&node.items("texts")?));
    let bracketed_aliases = table.optional("bracketed_aliases", |node| node.parse(brackets));
    Some(RowSettings {
        key: key?,
        title: title.ok()?,
        date: date.ok()?,
        link: link.ok()?,
        date_format: date_format.ok()?,
        group: group?,
        first: first?,
        split: split?,
        joined: joined?,
        null: null?,
        optional: optional?,
        bracketed_aliases: bracketed_aliases.ok()?,
    })
}

fn check_field(node: &ConfigNode<'_>, name: &str, fields: Option<&[String]>) -> bool {
    // Where the fields are at fault nothing can be said of one.
    let Some(fields) = fields else { return true };
    let mut known: Vec<&str> = fields.iter().map(String::as_str).collect();
    let is_known = known.contains(&name);
    if !is_known {
        known.sort_unstable();
        known.dedup();
        node.fault(none_of(name, &known));
    }
    is_known
}

fn field(node: &ConfigNode<'_>, fields: Option<&[String]>) -> Option<String> {
    let name = node.line()?;
    check_field(node, name, fields).then(|| name.to_owned())
}

/// `number|name`: the first of several fields that a row has.
fn alternatives(node: &ConfigNode<'_>, fields: Option<&[String]>) -> Option<String> {
    let names = node.line()?;
    names.split('|').all(|name| check_field(node, name, fields)).then(|| names.to_owned())
}

/// A table of fields, each with a text.
fn said_of_fields(node: &ConfigNode<'_>, fields: Option<&[String]>) -> Option<BTreeMap<String, String>> {
    let pairs = node.open()?.pairs();
    let read = pairs.into_iter().map(|(key, name, value)| {
        let text = value.text()?;
        if text.is_empty() {
            value.fault("is empty, expected a text");
            return None;
        }
        check_field(&key, name, fields).then(|| (name.to_owned(), text.to_owned()))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

fn date_form(text: &str) -> Result<String, String> {
    let is_form = !StrftimeItems::new(text).any(|item| matches!(item, Item::Error)) && text.contains('%');
    is_form.then(|| text.to_owned()).ok_or_else(|| {
        format!("found {text:?}, expected a date in the letters of strftime, such as \"%d/%m/%Y\"")
    })
}

fn brackets(text: &str) -> Result<Brackets, String> {
    let found = Brackets::ALL.iter().find(|(name, _)| *name == text);
    found.map(|(_, brackets)| *brackets).ok_or_else(|| none_of(text, &Brackets::ALL.map(|(name, _)| name)))
}

/// A table of names, each with what is read of its value; at least one.
pub(super) fn pairs<T>(
    node: &ConfigNode<'_>,
    of_what: &str,
    read: impl Fn(&ConfigNode<'_>, &str, &ConfigNode<'_>) -> Option<T>,
) -> Option<Pairs<T>> {
    let pairs = node.open()?.pairs();
    if pairs.is_empty() {
        node.fault(format_args!("is empty, expected at least one {of_what}"));
        return None;
    }
    let read = pairs.into_iter().map(|(key, name, value)| {
        if name.trim().is_empty() {
            key.fault(format_args!("is blank, expected a {of_what}"));
            return None;
        }
        Some((name.to_owned(), read(&key, name, &value)?))
    });
    read.collect::<Vec<_>>().into_iter().collect()
}

/// Headers and the fields that they become.
pub(super) fn columns(table: &ConfigTable<'_>) -> Option<Pairs> {
    let node = table.require("columns", "a table of headers and fields")?;
    pairs(&node, "header and its field", |_, _, field| field.line().map(str::to_owned))
}

/// The names of the fields that columns become.
pub(super) fn fields_of(columns: Option<&Pairs>) -> Option<Vec<String>> {
    columns.map(|columns| columns.0.iter().map(|(_, field)| field.clone()).collect())
}
