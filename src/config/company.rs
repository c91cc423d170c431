//! The tables `[[company]]`.

use std::collections::BTreeSet;

use strum::VariantNames as _;

use super::list;
use super::node::{AllowedKeys, ConfigNode, ConfigTable, FaultNoted};
use crate::domain::company::{Alias, AliasKind, Company, objection};
use crate::domain::id::{CategoryId, CompanyId};
use crate::domain::identifier::{Identifier, IdentifierScheme};
use crate::domain::spelling::none_of;

pub(super) const COMPANY: AllowedKeys = AllowedKeys {
    heading: "[[company]]",
    names: &["id", "name", "aliases", "not", "identifiers", "parent", "exposed_to", "sources"],
};

pub(super) const ALIAS: AllowedKeys = AllowedKeys { heading: "aliases", names: &["name", "kind", "source"] };

pub(super) const IDENTIFIER: AllowedKeys =
    AllowedKeys { heading: "identifiers", names: &["scheme", "value", "source"] };

/// Reads one company.
pub(super) fn company(table: &ConfigTable<'_>) -> Option<Company> {
    table.refuse_others(COMPANY.names);
    let id = table
        .require("id", "a handle such as \"hikvision\"")
        .and_then(|node| node.parse(str::parse::<CompanyId>));
    let name =
        table.require("name", "the company's full name").and_then(|node| telling(&node, AliasKind::Legal));
    // Every name so far, to tell when one comes again.
    let mut names: BTreeSet<String> = name.iter().map(|name| folded(name)).collect();
    let aliases = table.or("aliases", Vec::new(), |node| {
        all(node, "names", |item| {
            let alias = alias(item)?;
            new_name(item, &alias.name, &mut names)?;
            Some(alias)
        })
    });
    let identifiers = table.or("identifiers", Vec::new(), |node| {
        all(node, "tables with a scheme and a value", |item| {
            let identifier = identifier(item)?;
            new_name(item, &identifier.value, &mut names)?;
            Some(identifier)
        })
    });
    let not = table.or("not", Vec::new(), |node| {
        all(node, "names", |item| {
            let name = searchable(item)?;
            new_name(item, &name, &mut names)?;
            Some(name)
        })
    });
    let parent = table.optional("parent", |node| node.parse(str::parse::<CompanyId>));
    let exposures = table.or("exposed_to", Vec::new(), |node| {
        list::distinct(&node.items("ids of categories")?, |item| item.parse(str::parse::<CategoryId>))
    });
    let sources = table.or("sources", Vec::new(), |node| list::lines(&node.items("addresses or citations")?));
    Some(Company {
        id: id?,
        name: name?,
        parent: parent.ok()?,
        exposures: exposures?,
        not: not?,
        sources: sources?,
        aliases: aliases?,
        identifiers: identifiers?,
    })
}

/// Reads every item of a list, in order, so that all faults are told.
fn all<'a, T>(
    node: &ConfigNode<'a>,
    of_what: &str,
    mut read: impl FnMut(&ConfigNode<'a>) -> Option<T>,
) -> Option<Vec<T>> {
    let mut values = Vec::new();
    let items = node.items(of_what)?;
    for item in &items {
        values.extend(read(item));
    }
    (values.len() == items.len()).then_some(values)
}

/// A bare string is a trade name.
fn alias(node: &ConfigNode<'_>) -> Option<Alias> {
    if !node.is_table() {
        return Some(Alias::new(telling(node, AliasKind::default())?, AliasKind::default()));
    }
    let table = node.table(&ALIAS)?;
    let kind = table.or("kind", AliasKind::default(), |node| node.parse(kind));
    let name = table
        .require("name", "the name as people write it")
        .and_then(|node| telling(&node, kind.unwrap_or_default()));
    let source = cited(&table);
    Some(Alias { name: name?, kind: kind?, source: source.ok()? })
}

fn identifier(node: &ConfigNode<'_>) -> Option<Identifier> {
    let table = node.table(&IDENTIFIER)?;
    let scheme =
        table.require("scheme", "whose number it is, such as \"lei\"").and_then(|node| node.parse(scheme));
    let value = table.require("value", "the number").and_then(|node| Some((node.line()?, node)));
    let source = cited(&table);
    let (scheme, (value, node)) = (scheme?, value?);
    if let Some(expected) = scheme.objection(value) {
        node.fault(format_args!("found {value:?}, expected {expected}"));
        return None;
    }
    Some(Identifier { scheme, value: value.to_owned(), source: source.ok()? })
}

/// Where a fact is known from.
fn cited(table: &ConfigTable<'_>) -> Result<Option<String>, FaultNoted> {
    table.optional("source", |node| node.line().map(str::to_owned))
}

fn scheme(text: &str) -> Result<IdentifierScheme, String> {
    text.parse().map_err(|_| none_of(text, IdentifierScheme::VARIANTS))
}

fn kind(text: &str) -> Result<AliasKind, String> {
    text.parse().map_err(|_| none_of(text, AliasKind::VARIANTS))
}

/// A name that contains one of the company's: it can be looked for in a text.
fn searchable(node: &ConfigNode<'_>) -> Option<String> {
    let name = node.line()?;
    if !name.chars().any(char::is_alphanumeric) {
        node.fault(format_args!("found {name:?}, expected a name with at least one letter or digit"));
        return None;
    }
    Some(name.to_owned())
}

/// A name of the company, which does not stand in every text anyway.
fn telling(node: &ConfigNode<'_>, kind: AliasKind) -> Option<String> {
    let name = node.line()?;
    if let Some(objection) = objection(name, kind) {
        node.fault(objection);
        return None;
    }
    Some(name.to_owned())
}

fn new_name(node: &ConfigNode<'_>, name: &str, earlier: &mut BTreeSet<String>) -> Option<()> {
    if !earlier.insert(folded(name)) {
        node.fault("is a name that this company has already, capitals or not; expected each once");
        return None;
    }
    Some(())
}

fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
