//! The tables `[[company]]`.

use std::collections::BTreeSet;

use super::node::{Keys, Node, Table};
use super::spelling::none_of;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::id::CompanyId;

pub(super) const COMPANY: Keys = Keys { heading: "[[company]]", names: &["id", "name", "aliases", "not"] };

pub(super) const ALIAS: Keys = Keys { heading: "aliases", names: &["name", "kind"] };

/// The kinds of names as they are written.
const KINDS: [(&str, AliasKind); 8] = [
    ("legal", AliasKind::Legal),
    ("trade", AliasKind::Trade),
    ("short", AliasKind::Short),
    ("brand", AliasKind::Brand),
    ("former", AliasKind::Former),
    ("native-script", AliasKind::NativeScript),
    ("subsidiary", AliasKind::Subsidiary),
    ("identifier", AliasKind::Identifier),
];

/// Reads one company.
pub(super) fn company(table: &Table<'_>) -> Option<Company> {
    table.refuse_others(COMPANY.names);
    let id = table
        .require("id", "a handle such as \"hikvision\"")
        .and_then(|node| node.parse(str::parse::<CompanyId>));
    let name = table.require("name", "the company's full name").and_then(|node| searchable(&node));
    // Every name so far, to tell when one comes again.
    let mut names: BTreeSet<String> = name.iter().map(|name| folded(name)).collect();
    let aliases = table.or("aliases", Vec::new(), |node| {
        all(node, "names", |item| {
            let alias = alias(item)?;
            new_name(item, &alias.name, &mut names)?;
            Some(alias)
        })
    });
    let not = table.or("not", Vec::new(), |node| {
        all(node, "names", |item| {
            let name = searchable(item)?;
            new_name(item, &name, &mut names)?;
            Some(name)
        })
    });
    Some(Company { id: id?, name: name?, aliases: aliases?, not: not? })
}

/// Reads every item of a list, in order, so that all faults are told.
fn all<'a, T>(
    node: &Node<'a>,
    of_what: &str,
    mut read: impl FnMut(&Node<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut values = Vec::new();
    let items = node.items(of_what)?;
    for item in &items {
        values.extend(read(item));
    }
    (values.len() == items.len()).then_some(values)
}

/// A bare string is a trade name.
fn alias(node: &Node<'_>) -> Option<Alias> {
    if !node.is_table() {
        return Some(Alias { name: searchable(node)?, kind: AliasKind::default() });
    }
    let table = node.table(&ALIAS)?;
    let name = table.require("name", "the name as people write it").and_then(|node| searchable(&node));
    let kind = table.or("kind", AliasKind::default(), |node| node.parse(kind));
    Some(Alias { name: name?, kind: kind? })
}

fn kind(text: &str) -> Result<AliasKind, String> {
    let found = KINDS.iter().find(|(name, _)| *name == text);
    found.map(|(_, kind)| *kind).ok_or_else(|| none_of(text, &KINDS.map(|(name, _)| name)))
}

/// A name that can be looked for in a text.
fn searchable(node: &Node<'_>) -> Option<String> {
    let name = node.line()?;
    if !name.chars().any(char::is_alphanumeric) {
        node.fault(format_args!("found {name:?}, expected a name with at least one letter or digit"));
        return None;
    }
    Some(name.to_owned())
}

fn new_name(node: &Node<'_>, name: &str, earlier: &mut BTreeSet<String>) -> Option<()> {
    if !earlier.insert(folded(name)) {
        node.fault("is a name that this company has already, capitals or not; expected each once");
        return None;
    }
    Some(())
}

fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
