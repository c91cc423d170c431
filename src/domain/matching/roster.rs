//! Every name as the scorer has it, to compare the names of lists with.

use super::CompanyName;
use crate::domain::company::AliasKind;
use crate::domain::scoring::{Comparison, Name, NameIndex, UNRELATED, compare};

/// A list's name has at most so many bytes; what is longer is prose.
const MAX_NAME_BYTES: usize = 200;

/// The names of all companies, taken apart.
#[derive(Debug, Clone)]
pub(super) struct Roster {
    entries: Vec<RosterName>,
    index: NameIndex,
}

/// One name, and its place among the watchlist's names.
#[derive(Debug, Clone)]
struct RosterName {
    name: usize,
    company: usize,
    taken_apart: Name,
}

/// The name of a company that is nearest to another name.
pub(super) struct Nearest<'a> {
    pub name: usize,
    pub company: usize,
    pub comparison: Comparison<'a>,
}

impl Roster {
    /// Short names and identifiers are found as they are or not at all.
    pub fn of(names: &[CompanyName]) -> Self {
        let entries: Vec<RosterName> = names
            .iter()
            .enumerate()
            .filter(|(_, named)| !matches!(named.alias.kind, AliasKind::Short | AliasKind::Identifier))
            .map(|(name, named)| RosterName {
                name,
                company: named.company,
                taken_apart: Name::of(&named.alias.name),
            })
            .filter(|entry| entry.taken_apart.is_telling())
            .collect();
        let index = NameIndex::of(entries.iter().map(|entry| &entry.taken_apart));
        Self { entries, index }
    }

    /// Whether there is no name to compare with.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// For each company with a name at least so near, the nearest.
    pub fn near<'a>(&'a self, name: &'a Name, at_least: f64) -> Vec<Nearest<'a>> {
        let mut near: Vec<Nearest<'a>> = Vec::new();
        // Where next to nothing is asked of a name, names may be near that share no telling word.
        let places =
            if at_least > UNRELATED { self.index.near(name) } else { (0..self.entries.len()).collect() };
        for entry in places.into_iter().map(|place| &self.entries[place]) {
            if !entry.taken_apart.may_resemble(name) {
                continue;
            }
            let comparison = compare(&entry.taken_apart, name);
            if comparison.score < at_least {
                continue;
            }
            match near.iter_mut().find(|known| known.company == entry.company) {
                Some(known) if known.comparison.score >= comparison.score => {}
                Some(known) => *known = Nearest { name: entry.name, company: entry.company, comparison },
                None => near.push(Nearest { name: entry.name, company: entry.company, comparison }),
            }
        }
        near
    }
}

/// The names that an entry's name stands for: itself, without what stands in brackets, and that.
pub(super) fn variants(text: &str) -> Vec<Name> {
    let mut variants = Vec::new();
    for part in text.split([';', '\n']).map(str::trim) {
        if part.is_empty() || part.len() > MAX_NAME_BYTES {
            continue;
        }
        variants.push(Name::of(part));
        if let Some((before, rest)) = part.split_once('(') {
            let (inside, after) = rest.split_once(')').unwrap_or((rest, ""));
            variants.push(Name::of(&format!("{before} {after}")));
            variants.push(Name::of(inside));
        }
    }
    variants.retain(Name::is_telling);
    variants
}
