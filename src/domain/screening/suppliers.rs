//! The suppliers, ready to be held against entries of lists.

use std::collections::HashMap;

use super::entry_names;
use super::screened::{ScreenedName, ScreeningAnswer, ScreeningFinding};
use super::tracked::{NamedSuppliers, Tracked};
use crate::domain::entry::Entry;
use crate::domain::id::CompanyId;
use crate::domain::matching::{Watchlist, WatchlistError};
use crate::domain::scoring::{Name, NameIndex, Reason, Score, Thresholds, compare};
use crate::domain::script::is_unspaced;
use crate::domain::source::Source;

/// Suppliers, each of their names once, with what the watchlist knows of them.
#[derive(Debug)]
pub struct Screening {
    /// The names as they were given, and for each which of the different ones it is.
    rows: Vec<(String, usize)>,
    /// For each different name the companies that it does not mean.
    vetoes: Vec<Vec<CompanyId>>,
    /// Each name in the forms in which it is compared, with whose form it is.
    forms: Vec<(usize, Name)>,
    index: NameIndex,
    thresholds: Thresholds,
    tracked: Option<Tracked>,
}

/// An entry that concerns a supplier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupplierFinding {
    /// Which of the different names.
    supplier: usize,
    /// What was found.
    pub finding: ScreeningFinding,
}

impl Screening {
    /// Takes the names of suppliers apart, and finds out which of them are tracked companies.
    ///
    /// # Errors
    /// Names of companies that cannot be looked for, which a watchlist that is in force has none of.
    pub fn of(names: Vec<String>, watchlist: &Watchlist) -> Result<Self, WatchlistError> {
        let mut places: HashMap<String, usize> = HashMap::new();
        let (mut rows, mut different) = (Vec::with_capacity(names.len()), Vec::new());
        for name in names {
            let next = places.len();
            let place = *places.entry(name.clone()).or_insert(next);
            if place == next {
                different.push(name.clone());
            }
            rows.push((name, place));
        }
        let forms: Vec<(usize, Name)> = different
            .iter()
            .enumerate()
            .flat_map(|(place, name)| forms(name).into_iter().map(move |form| (place, form)))
            .collect();
        let index = NameIndex::of(forms.iter().map(|(_, name)| name));
        let (tracked, vetoes) = Tracked::of(&different, watchlist)?;
        Ok(Self { rows, vetoes, forms, index, thresholds: watchlist.thresholds(), tracked })
    }

    /// How many names were given.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// What entries of a list mean for the suppliers: of each entry the gravest for each of them.
    #[must_use]
    pub fn look(&self, source: &Source, entries: &[Entry]) -> Vec<SupplierFinding> {
        entries.iter().flat_map(|entry| self.look_at(source, entry)).collect()
    }

    fn look_at(&self, source: &Source, entry: &Entry) -> Vec<SupplierFinding> {
        let named = self.tracked.as_ref().map(|tracked| tracked.look_at(source, entry));
        let mut found = named.as_ref().map_or_else(Vec::new, |named| {
            named
                .found
                .iter()
                .map(|(supplier, told)| SupplierFinding {
                    supplier: *supplier,
                    finding: ScreeningFinding { list: source.id.clone(), ..told.clone() },
                })
                .collect()
        });
        let mut seen: Vec<&str> = Vec::new();
        entry_names::of(source, entry, |text| {
            if !seen.contains(&text) {
                seen.push(text);
                self.compare_with(source, entry, text, named.as_ref(), &mut found);
            }
        });
        found
    }

    /// Compares one name of an entry with the suppliers' names that may be near it.
    fn compare_with(
        &self,
        source: &Source,
        entry: &Entry,
        text: &str,
        named: Option<&NamedSuppliers>,
        found: &mut Vec<SupplierFinding>,
    ) {
        let name = Name::of(text);
        for place in self.index.near(&name) {
            let (supplier, form) = &self.forms[place];
            if !form.may_resemble(&name) {
                continue;
            }
            let comparison = compare(form, &name);
            let is_same = matches!(comparison.steps.first(), Some((Reason::Same, _)));
            // A name of which no word tells it from others is nobody's but in full.
            let tells = form.is_telling() && name.is_telling();
            if comparison.score < self.thresholds.possible_at || !(tells || is_same) {
                continue;
            }
            // By the watchlist's word this name means somebody else than whom the entry names. Where a list bears the
            // very name, it is on the list all the same.
            let is_vetoed = || named.is_some_and(|named| named.names_any(&self.vetoes[*supplier]));
            if !is_same && is_vetoed() {
                continue;
            }
            // Of ten thousand names one is a letter away from somebody's: whether that is an error, a person must see.
            let is_misspelt = comparison.steps.iter().any(|(reason, _)| *reason == Reason::Misspelt);
            let is_sure = comparison.score >= self.thresholds.alert_at && !is_misspelt;
            let finding = ScreeningFinding {
                answer: if is_sure { ScreeningAnswer::Listed } else { ScreeningAnswer::Possible },
                name: text.to_owned(),
                score: Score::of(comparison.score),
                reason: comparison.to_string(),
                ..about(source, entry)
            };
            keep(found, SupplierFinding { supplier: *supplier, finding });
        }
    }

    /// The suppliers as they were given, each with what was found of it: `found` of all lists, in their order.
    #[must_use]
    pub fn finish(self, found: Vec<SupplierFinding>) -> Vec<ScreenedName> {
        let mut by_supplier: Vec<Vec<ScreeningFinding>> = vec![Vec::new(); self.vetoes.len()];
        for found in found {
            by_supplier[found.supplier].push(found.finding);
        }
        for findings in &mut by_supplier {
            findings.sort_by_key(ScreeningFinding::rank);
        }
        self.rows
            .into_iter()
            .map(|(name, place)| ScreenedName {
                name,
                findings: by_supplier[place].clone(),
                not: self.vetoes[place].clone(),
            })
            .collect()
    }
}

/// Of one entry a supplier is told the gravest, once.
pub(super) fn keep(found: &mut Vec<SupplierFinding>, new: SupplierFinding) {
    match found.iter_mut().find(|known| known.supplier == new.supplier) {
        Some(known) if known.finding.rank() <= new.finding.rank() => {}
        Some(known) => *known = new,
        None => found.push(new),
    }
}

/// A finding about an entry that says nothing of anybody yet.
pub(super) fn about(source: &Source, entry: &Entry) -> ScreeningFinding {
    ScreeningFinding {
        answer: ScreeningAnswer::Clear,
        list: source.id.clone(),
        key: entry.key.clone(),
        entry: entry.title.clone(),
        name: String::new(),
        score: Score::default(),
        reason: String::new(),
        company: None,
        date: entry.date,
        since: None,
        url: entry.url.clone(),
    }
}

/// The forms in which a supplier's name is compared: as it is, and without what stands in brackets. That alone is
/// another of its names where it is written in another script.
fn forms(name: &str) -> Vec<Name> {
    let mut forms = vec![Name::of(name)];
    if let Some((before, rest)) = name.split_once(['(', '（']) {
        let (inside, after) = rest.split_once([')', '）']).unwrap_or((rest, ""));
        let outside = format!("{before} {after}");
        let is_han = |text: &str| text.chars().any(is_unspaced);
        if is_han(inside) != is_han(&outside) {
            forms.push(Name::of(inside));
        }
        forms.push(Name::of(&outside));
    }
    forms.dedup();
    forms
}
