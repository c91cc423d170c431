//! Kinds of sources, and the keys that not every kind has. One file a family of kinds.

mod docket;
mod page;
mod rules;

use super::node::{Keys, Table};
use super::spelling::none_of;
use crate::domain::source::SourceKind;

/// A kind of source as an operator writes it.
struct Kind {
    /// Its name as the heading, and the keys that it has beside those of every source.
    keys: Keys,
    /// Reads those keys.
    read: fn(&Table<'_>) -> Option<SourceKind>,
}

impl Kind {
    /// A kind that needs no keys of its own.
    const fn plain(name: &'static str, read: fn(&Table<'_>) -> Option<SourceKind>) -> Self {
        Self { keys: Keys { heading: name, names: &[] }, read }
    }
}

const KINDS: &[Kind] = &[
    Kind::plain("fcc-covered-list", |_| Some(SourceKind::FccCoveredList)),
    Kind { keys: docket::COURT_RSS, read: docket::court_rss },
    Kind { keys: docket::PACER_DOCKET, read: docket::pacer_docket },
    Kind { keys: docket::COURTLISTENER, read: docket::courtlistener },
    Kind { keys: rules::FEDERAL_REGISTER, read: rules::federal_register },
    Kind { keys: rules::ECFR, read: rules::ecfr },
    Kind { keys: rules::ECFS, read: rules::ecfs },
    Kind::plain("feed", |_| Some(SourceKind::Feed)),
    Kind { keys: page::HTML_TABLE, read: page::html_table },
    Kind { keys: page::PAGE_TEXT, read: page::page_text },
];

/// The tables within a kind's keys.
#[cfg(test)]
pub(super) const TABLES: &[&Keys] = &[&docket::ENTRIES];

/// The keys of each kind that has some.
pub(super) fn keys() -> impl Iterator<Item = &'static Keys> {
    KINDS.iter().map(|kind| &kind.keys).filter(|keys| !keys.names.is_empty())
}

/// The names of all kinds.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.keys.heading).collect()
}

/// Reads the kind and its own keys; keys of other kinds are faults.
pub(super) fn kind(table: &Table<'_>) -> Option<SourceKind> {
    let names = names();
    let node = table.require("kind", &format!("one of {}", names.join(", ")))?;
    let name = node.text()?;
    let Some(kind) = KINDS.iter().find(|kind| kind.keys.heading == name) else {
        node.fault(none_of(name, &names));
        return None;
    };
    let is_fine = refuse_foreign(table, &kind.keys);
    (kind.read)(table).filter(|_| is_fine)
}

/// Notes each key that only other kinds have.
fn refuse_foreign(table: &Table<'_>, own: &Keys) -> bool {
    let mut is_fine = true;
    for (_, name, node) in table.pairs().into_iter().filter(|(_, name, _)| !own.names.contains(name)) {
        let owners: Vec<&str> =
            keys().filter(|keys| keys.names.contains(&name)).map(|keys| keys.heading).collect();
        if let Some((last, others)) = owners.split_last() {
            let kinds = if others.is_empty() { "kind" } else { "kinds" };
            let owners = if others.is_empty() {
                (*last).to_owned()
            } else {
                format!("{} and {last}", others.join(", "))
            };
            node.fault(format_args!(
                "belongs to the {kinds} {owners}, expected none for the kind {}",
                own.heading
            ));
            is_fine = false;
        }
    }
    is_fine
}
