//! Kinds of sources, and the keys that not every kind has. One file a family of kinds.

mod docket;
mod file;
mod page;
mod rows;
mod rules;

use std::collections::HashSet;
use std::sync::LazyLock;

pub(super) use self::page::css;
use super::node::{AllowedKeys, ConfigTable};
use crate::domain::source::SourceKind;
use crate::domain::spelling::none_of;

/// A kind of source as an operator writes it.
struct KindReader {
    /// Its name as the heading, and the keys that it has beside those of every source.
    keys: AllowedKeys,
    /// Whether it has the keys of rows as well.
    has_rows: bool,
    /// Reads its keys.
    read: fn(&ConfigTable<'_>) -> Option<SourceKind>,
}

impl KindReader {
    /// A kind that needs no keys of its own.
    const fn plain(name: &'static str, read: fn(&ConfigTable<'_>) -> Option<SourceKind>) -> Self {
        Self { keys: AllowedKeys { heading: name, names: &[] }, has_rows: false, read }
    }

    /// A kind with keys of its own.
    const fn own(keys: AllowedKeys, read: fn(&ConfigTable<'_>) -> Option<SourceKind>) -> Self {
        Self { keys, has_rows: false, read }
    }

    /// A kind that makes entries of rows.
    const fn rows(keys: AllowedKeys, read: fn(&ConfigTable<'_>) -> Option<SourceKind>) -> Self {
        Self { keys, has_rows: true, read }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let rows = if self.has_rows { rows::ROWS.names } else { &[] };
        self.keys.names.iter().chain(rows).copied()
    }
}

const KINDS: &[KindReader] = &[
    KindReader::plain("fcc-covered-list", |_| Some(SourceKind::FccCoveredList)),
    KindReader::own(docket::COURT_RSS, docket::court_rss),
    KindReader::own(docket::PACER_DOCKET, docket::pacer_docket),
    KindReader::own(docket::SCOTUS_DOCKET, docket::scotus_docket),
    KindReader::own(docket::COURTLISTENER, docket::courtlistener),
    KindReader::own(rules::FEDERAL_REGISTER, rules::federal_register),
    KindReader::own(rules::ECFR, rules::ecfr),
    KindReader::own(rules::ECFS, rules::ecfs),
    KindReader::own(rules::REGISTER_NOTICE, rules::register_notice),
    KindReader::own(rules::REGISTER_RULES, rules::register_rules),
    KindReader::plain("feed", |_| Some(SourceKind::Feed)),
    KindReader::rows(page::HTML_TABLE, page::html_table),
    KindReader::rows(page::HTML_LIST, page::html_list),
    KindReader::own(page::PAGE_TEXT, page::page_text),
    KindReader::rows(file::CSV, file::csv),
    KindReader::rows(file::XLSX, file::xlsx),
    KindReader::rows(file::JSON, file::json),
    KindReader::rows(file::XML, file::xml),
    KindReader::rows(file::PDF_TEXT, file::pdf_text),
    KindReader::plain("csl", |_| Some(SourceKind::Csl)),
    KindReader::plain("ofac", |_| Some(SourceKind::Ofac)),
    KindReader::plain("uflpa", |_| Some(SourceKind::Uflpa)),
    KindReader::plain("dpl", |_| Some(SourceKind::Dpl)),
    KindReader::plain("un-xml", |_| Some(SourceKind::UnXml)),
    KindReader::plain("eu", |_| Some(SourceKind::Eu)),
    KindReader::plain("uk-csv", |_| Some(SourceKind::UkCsv)),
];

/// The tables within a kind's keys.
#[cfg(test)]
pub(super) const TABLES: &[&AllowedKeys] = &[&docket::ENTRIES];

/// The tables of keys that kinds have.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = &'static AllowedKeys> {
    KINDS.iter().map(|kind| &kind.keys).filter(|keys| !keys.names.is_empty()).chain([&rows::ROWS])
}

/// The names of all kinds.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.keys.heading).collect()
}

/// Every key that some kind has.
pub(super) fn all_names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(KindReader::names)
}

/// Whether some kind has a key. It is asked of each key of thousands of sources.
pub(super) fn is_of_some(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| all_names().collect());
    NAMES.contains(name)
}

fn kind_of(table: &ConfigTable<'_>) -> Option<&'static KindReader> {
    let node = table.get("kind")?;
    let name = node.as_text()?;
    KINDS.iter().find(|kind| kind.keys.heading == name)
}

/// The keys of the kind that the table says to be.
pub(super) fn own_names(table: &ConfigTable<'_>) -> Vec<&'static str> {
    kind_of(table).map_or_else(Vec::new, |kind| kind.names().collect())
}

/// Reads the kind and its own keys; keys of other kinds are faults.
pub(super) fn kind(table: &ConfigTable<'_>) -> Option<SourceKind> {
    let Some(node) = table.get("kind") else {
        table.require("kind", &format!("one of {}", names().join(", ")));
        return None;
    };
    let name = node.text()?;
    let Some(kind) = kind_of(table) else {
        node.fault(none_of(name, &names()));
        return None;
    };
    let is_fine = refuse_foreign(table, kind);
    (kind.read)(table).filter(|_| is_fine)
}

/// Notes each key that only other kinds have.
fn refuse_foreign(table: &ConfigTable<'_>, own: &KindReader) -> bool {
    let mut is_fine = true;
    let is_foreign = |name: &str| is_of_some(name) && own.names().all(|known| known != name);
    for (_, name, node) in table.pairs_where(is_foreign) {
        let owners: Vec<&str> = KINDS
            .iter()
            .filter(|kind| kind.names().any(|known| known == name))
            .map(|kind| kind.keys.heading)
            .collect();
        if let Some((last, others)) = owners.split_last() {
            let owners = match others {
                [] => format!("kind {last}"),
                others => format!("kinds {} and {last}", others.join(", ")),
            };
            node.fault(format_args!(
                "belongs to the {owners}, expected none for the kind {}",
                own.keys.heading
            ));
            is_fine = false;
        }
    }
    is_fine
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_kind_has_a_fuzz_target_with_seeds() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let manifest = std::fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        for kind in names() {
            let target = kind.replace('-', "_");
            let text = std::fs::read_to_string(fuzz.join(format!("fuzz_targets/{target}.rs"))).unwrap();
            assert!(text.contains(&format!("kind = '{kind}'")), "{target} reads another kind");
            assert!(manifest.contains(&format!("name = \"{target}\"")), "{target} is never built");
            let mut seeds = std::fs::read_dir(fuzz.join("seeds").join(&target)).unwrap();
            assert!(seeds.next().is_some(), "{target} begins with nothing");
        }
    }
}
