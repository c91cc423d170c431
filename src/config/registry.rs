//! What companies may not be to each other: nobody's name twice, no parent that is not tracked,
//! no circle of parents, no category that is not described.

use std::collections::{BTreeMap, BTreeSet};

use super::node::{ConfigNode, ConfigTable};
use crate::domain::company::Company;
use crate::domain::comparable::comparable;
use crate::domain::id::CompanyId;
use crate::domain::spelling::did_you_mean;

/// Looks at all companies together; `tables` are theirs, `companies` those without fault.
pub(super) fn refuse_conflicts(
    tables: &[ConfigTable<'_>],
    companies: &[Company],
    company_ids: &BTreeSet<String>,
    category_ids: &BTreeSet<String>,
) {
    let parents: Parents = companies
        .iter()
        .filter_map(|company| Some((company.id.as_str(), company.parent.as_ref()?.as_str())))
        .collect();
    for table in tables {
        if let Some(parent) = table.get("parent") {
            refuse_unknown(&parent, "[[company]]", company_ids);
            refuse_circle(&parent, table.id(), &parents);
        }
        let exposures = table.get("exposed_to").and_then(|node| node.items("ids of categories"));
        for exposure in exposures.iter().flatten() {
            refuse_unknown(exposure, "[[category]]", category_ids);
        }
    }
    refuse_shared_names(tables, &parents);
}

/// Whose parent is whom.
type Parents<'a> = BTreeMap<&'a str, &'a str>;

fn refuse_unknown(node: &ConfigNode<'_>, heading: &str, known: &BTreeSet<String>) {
    let Some(text) = node.text() else { return };
    if !known.contains(text) {
        let hint = did_you_mean(text, known.iter().map(String::as_str));
        node.fault(format_args!("found {text:?}, expected the id of a {heading}{hint}"));
    }
}

fn refuse_circle(node: &ConfigNode<'_>, id: Option<&str>, parents: &Parents<'_>) {
    let Some(id) = id else { return };
    if ancestors(id, parents).any(|ancestor| ancestor == id) {
        node.fault("is a company that this one controls itself, expected one above it");
    }
}

/// The companies above one, nearest first. A circle ends after as many steps as there are parents.
fn ancestors<'a>(id: &str, parents: &'a Parents<'_>) -> impl Iterator<Item = &'a str> {
    let first = parents.get(id).copied();
    std::iter::successors(first, |id| parents.get(id).copied()).take(parents.len())
}

/// A name means one company, or a company and one that it controls.
fn refuse_shared_names(tables: &[ConfigTable<'_>], parents: &Parents<'_>) {
    let mut first: BTreeMap<String, Vec<(&str, ConfigNode<'_>)>> = BTreeMap::new();
    for table in tables {
        let Some(id) = table.id().filter(|id| id.parse::<CompanyId>().is_ok()) else { continue };
        for (node, name) in names(table) {
            let owners = first.entry(comparable(name)).or_default();
            let is_above = |above: &str, below: &str| ancestors(below, parents).any(|id| id == above);
            let stranger =
                owners.iter().find(|(owner, _)| *owner != id && !is_above(owner, id) && !is_above(id, owner));
            if let Some((owner, other)) = stranger {
                let place = other.place();
                node.fault(format_args!(
                    "found {name:?}, which is a name of {owner} at {place} already, expected a name that means one company"
                ));
            } else {
                owners.push((id, node));
            }
        }
    }
}

/// Every name and number of a company with its place.
fn names<'a>(table: &ConfigTable<'a>) -> Vec<(ConfigNode<'a>, &'a str)> {
    let items = |key: &str| table.get(key).and_then(|node| node.items("names")).unwrap_or_default();
    let inside =
        |node: ConfigNode<'a>, key: &str| if node.is_table() { node.open()?.get(key) } else { Some(node) };
    let name = table.get("name");
    let aliases = items("aliases").into_iter().filter_map(|node| inside(node, "name"));
    let identifiers = items("identifiers").into_iter().filter_map(|node| inside(node, "value"));
    let nodes = name.into_iter().chain(aliases).chain(identifiers);
    nodes
        .filter_map(|node| Some((node.clone(), node.text()?.trim())))
        .filter(|(_, name)| !name.is_empty())
        .collect()
}
