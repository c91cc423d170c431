//! Kinds of sources, and the keys that not every kind has. One file a family of kinds.

mod docket;
mod file;
mod page;
mod rows;
mod rules;

pub(super) use self::page::css;
use super::node::{Keys, Table};
use crate::domain::source::SourceKind;
use crate::domain::spelling::none_of;

/// A kind of source as an operator writes it.
struct Kind {
    /// Its name as the heading, and the keys that it has beside those of every source.
    keys: Keys,
    /// Whether it has the keys of rows as well.
    has_rows: bool,
    /// Reads its keys.
    read: fn(&Table<'_>) -> Option<SourceKind>,
}

impl Kind {
    /// A kind that needs no keys of its own.
    const fn plain(name: &'static str, read: fn(&Table<'_>) -> Option<SourceKind>) -> Self {
        Self { keys: Keys { heading: name, names: &[] }, has_rows: false, read }
    }

    /// A kind with keys of its own.
    const fn own(keys: Keys, read: fn(&Table<'_>) -> Option<SourceKind>) -> Self {
        Self { keys, has_rows: false, read }
    }

    /// A kind that makes entries of rows.
    const fn rows(keys: Keys, read: fn(&Table<'_>) -> Option<SourceKind>) -> Self {
        Self { keys, has_rows: true, read }
    }

    fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        let rows = if self.has_rows { rows::ROWS.names } else { &[] };
        self.keys.names.iter().chain(rows).copied()
    }
}

const KINDS: &[Kind] = &[
    Kind::plain("fcc-covered-list", |_| Some(SourceKind::FccCoveredList)),
    Kind::own(docket::COURT_RSS, docket::court_rss),
    Kind::own(docket::PACER_DOCKET, docket::pacer_docket),
    Kind::own(docket::SCOTUS_DOCKET, docket::scotus_docket),
    Kind::own(docket::COURTLISTENER, docket::courtlistener),
    Kind::own(rules::FEDERAL_REGISTER, rules::federal_register),
    Kind::own(rules::ECFR, rules::ecfr),
    Kind::own(rules::ECFS, rules::ecfs),
    Kind::own(rules::REGISTER_NOTICE, rules::register_notice),
    Kind::own(rules::REGISTER_RULES, rules::register_rules),
    Kind::plain("feed", |_| Some(SourceKind::Feed)),
    Kind::rows(page::HTML_TABLE, page::html_table),
    Kind::rows(page::HTML_LIST, page::html_list),
    Kind::own(page::PAGE_TEXT, page::page_text),
    Kind::rows(file::CSV, file::csv),
    Kind::rows(file::XLSX, file::xlsx),
    Kind::rows(file::JSON, file::json),
    Kind::rows(file::XML, file::xml),
    Kind::rows(file::PDF_TEXT, file::pdf_text),
    Kind::plain("csl", |_| Some(SourceKind::Csl)),
    Kind::plain("ofac", |_| Some(SourceKind::Ofac)),
    Kind::plain("uflpa", |_| Some(SourceKind::Uflpa)),
    Kind::plain("dpl", |_| Some(SourceKind::Dpl)),
    Kind::plain("un-xml", |_| Some(SourceKind::UnXml)),
    Kind::plain("eu", |_| Some(SourceKind::Eu)),
    Kind::plain("uk-csv", |_| Some(SourceKind::UkCsv)),
];

/// The tables within a kind's keys.
#[cfg(test)]
pub(super) const TABLES: &[&Keys] = &[&docket::ENTRIES];

/// The tables of keys that kinds have.
#[cfg(test)]
pub(super) fn keys() -> impl Iterator<Item = &'static Keys> {
    KINDS.iter().map(|kind| &kind.keys).filter(|keys| !keys.names.is_empty()).chain([&rows::ROWS])
}

/// The names of all kinds.
pub(super) fn names() -> Vec<&'static str> {
    KINDS.iter().map(|kind| kind.keys.heading).collect()
}

/// Every key that some kind has.
pub(super) fn all_names() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(Kind::names)
}

fn kind_of(table: &Table<'_>) -> Option<&'static Kind> {
    let node = table.get("kind")?;
    let name = node.as_text()?;
    KINDS.iter().find(|kind| kind.keys.heading == name)
}

/// The keys of the kind that the table says to be.
pub(super) fn own_names(table: &Table<'_>) -> Vec<&'static str> {
    kind_of(table).map_or_else(Vec::new, |kind| kind.names().collect())
}

/// Reads the kind and its own keys; keys of other kinds are faults.
pub(super) fn kind(table: &Table<'_>) -> Option<SourceKind> {
    let names = names();
    let node = table.require("kind", &format!("one of {}", names.join(", ")))?;
    let name = node.text()?;
    let Some(kind) = kind_of(table) else {
        node.fault(none_of(name, &names));
        return None;
    };
    let is_fine = refuse_foreign(table, kind);
    (kind.read)(table).filter(|_| is_fine)
}

/// Notes each key that only other kinds have.
fn refuse_foreign(table: &Table<'_>, own: &Kind) -> bool {
    let mut is_fine = true;
    for (_, name, node) in table.pairs() {
        if own.names().any(|known| known == name) {
            continue;
        }
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
