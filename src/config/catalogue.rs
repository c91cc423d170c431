//! What stands beside a source: how it was when somebody looked, its groups, whom it serves.

use std::sync::Arc;

use chrono::NaiveDate;

use super::list;
use super::node::{AllowedKeys, ConfigNode, ConfigTable};
use super::value;
use crate::domain::catalogue::{Catalogue, KeyPlaces, Observed, RobotsWord};
use crate::domain::spelling::none_of;

pub(super) const OBSERVED: AllowedKeys = AllowedKeys {
    heading: "observed",
    names: &["on", "by", "landed", "content_type", "bytes", "entries", "head", "robots", "refuses"],
};

/// The catalogue's keys of a source's table.
pub(super) fn catalogue(table: &ConfigTable<'_>) -> Option<Catalogue> {
    let observed = table.optional("observed", observed);
    let groups = table.or("groups", Vec::new(), |node| list::parsed(&node.items("names of groups")?, group));
    let line = |name| table.optional(name, |node| node.line().map(str::to_owned));
    let (off, serves) = (line("off"), line("serves"));
    Some(Catalogue {
        observed: observed.ok()?,
        groups: groups?,
        off: off.ok()?,
        serves: serves.ok()?,
        places: places(table),
    })
}

/// Where each key stands.
fn places(table: &ConfigTable<'_>) -> KeyPlaces {
    let mut lines: Vec<(Box<str>, usize)> = table.lines().map(|(name, line)| (name.into(), line)).collect();
    for outer in ["observed", "guard"] {
        let inner = table.get(outer).filter(ConfigNode::is_table).and_then(|node| node.open());
        let inner = inner.iter().flat_map(ConfigTable::lines);
        lines.extend(inner.map(|(name, line)| (format!("{outer}.{name}").into(), line)));
    }
    KeyPlaces::new(Arc::clone(&table.file().name), lines)
}

/// The name of a group.
pub(super) fn group(text: &str) -> Result<String, String> {
    let is_name = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    is_name
        .then(|| text.to_owned())
        .ok_or_else(|| format!("found {text:?}, expected the name of a group: a-z, 0-9 and '-'"))
}

fn observed(node: &ConfigNode<'_>) -> Option<Observed> {
    let table = node.table(&OBSERVED)?;
    let on =
        table.require("on", "the day on which somebody looked, such as \"2026-09-18\"").and_then(|node| {
            node.parse(|text| {
                text.parse::<NaiveDate>()
                    .map_err(|_| format!("found {text:?}, expected a day such as \"2026-09-18\""))
            })
        });
    let by = table.require("by", "how it is known").and_then(|node| node.line().map(str::to_owned));
    let landed = table.optional("landed", |node| node.parse(value::page_url));
    let line = |name| table.optional(name, |node| node.line().map(str::to_owned));
    let count = |name| table.optional(name, |node| node.number(1..=u32::MAX));
    let (content_type, head, refuses) = (line("content_type"), line("head"), line("refuses"));
    let (bytes, entries) = (count("bytes"), count("entries"));
    let robots = table.optional("robots", |node| node.parse(robots));
    Some(Observed {
        on: on?,
        by: by?,
        landed: landed.ok()?,
        content_type: content_type.ok()?,
        bytes: bytes.ok()?,
        entries: entries.ok()?,
        head: head.ok()?,
        robots: robots.ok()?,
        refuses: refuses.ok()?,
    })
}

fn robots(text: &str) -> Result<RobotsWord, String> {
    let found = RobotsWord::ALL.iter().find(|(name, _)| *name == text);
    found.map(|(_, word)| *word).ok_or_else(|| none_of(text, &RobotsWord::ALL.map(|(name, _)| name)))
}
