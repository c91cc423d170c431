//! Two documents compared as entries; [`mod@super::text_diff`] compares two texts.
//!
//! Entries are paired by what they are about ([`pairing`]), and of a pair the fields
//! that differ beyond noise are told ([`fields`]). What has no partner is removed on
//! the old side (unless the document is a window), added on the new one.

mod fields;
mod likeness;
mod pairing;
mod rename;

use self::pairing::EntryPairing;
use super::change::{ChangeKind, EntryChange, FieldChange};
use super::entry::{Completeness, Document, Entry, Resemblance};
use super::id::CompanyId;
use super::noise::Noise;

/// Which companies a name on a list is known to be.
pub type Kin<'a> = dyn Fn(&str) -> Vec<CompanyId> + 'a;

/// How two documents of one source are compared.
pub(super) struct DocumentComparison<'a> {
    noise: &'a Noise,
    resemblance: Resemblance,
    /// What addresses are relative to, before and after.
    bases: (Option<&'a str>, Option<&'a str>),
    /// Whom names are known to be; nobody knows anybody where there is none.
    kin: Option<&'a Kin<'a>>,
}

/// What differs between two documents of one source. `diff(a, a)` is empty.
#[must_use]
pub fn diff(before: &Document, after: &Document, noise: &Noise) -> Vec<EntryChange> {
    diff_knowing(before, after, noise, None)
}

/// The same where somebody knows which companies names are: a company under a new name is still that company.
#[must_use]
pub fn diff_knowing<'a>(
    before: &'a Document,
    after: &'a Document,
    noise: &'a Noise,
    kin: Option<&'a Kin<'a>>,
) -> Vec<EntryChange> {
    let bases = (before.base.as_deref(), after.base.as_deref());
    let comparison = DocumentComparison { noise, resemblance: after.resemblance, bases, kin };
    let pairing = EntryPairing::of(before, after, &comparison);
    let mut changes: Vec<EntryChange> =
        pairing.pairs.iter().filter_map(|(old, new)| comparison.amended(old, new)).collect();
    changes.extend(pairing.only_after.iter().map(|entry| whole(ChangeKind::Added, entry)));
    if after.completeness == Completeness::Whole {
        changes.extend(pairing.only_before.iter().map(|entry| whole(ChangeKind::Removed, entry)));
    }
    changes
}

/// The entries of one document that the other one does not have, whatever an absence means there.
#[must_use]
pub fn missing<'a>(before: &'a Document, after: &'a Document, noise: &'a Noise) -> Vec<&'a Entry> {
    let comparison =
        DocumentComparison { noise, resemblance: after.resemblance, bases: (None, None), kin: None };
    EntryPairing::of(before, after, &comparison).only_before
}

impl DocumentComparison<'_> {
    fn amended(&self, before: &Entry, after: &Entry) -> Option<EntryChange> {
        let fields = self.changed_fields(before, after);
        if fields.is_empty() {
            return None;
        }
        let mut context: Vec<(String, String)> = Vec::new();
        for (name, text) in after.texts().chain(before.texts()) {
            if !context.iter().any(|(_, known)| known == text) {
                context.push((name.to_owned(), text.to_owned()));
            }
        }
        Some(EntryChange {
            kind: ChangeKind::Amended,
            key: after.key.clone(),
            title: after.title.clone(),
            date: after.date,
            url: after.url.clone(),
            fields,
            context,
        })
    }
}

/// An entry that came, went, or was there already, told whole.
pub(super) fn whole(kind: ChangeKind, entry: &Entry) -> EntryChange {
    let fields = entry
        .fields
        .iter()
        .map(|(name, text)| {
            let text = Some(text.clone());
            let (before, after) = if kind == ChangeKind::Removed { (text, None) } else { (None, text) };
            FieldChange { name: name.to_string(), before, after }
        })
        .collect();
    EntryChange {
        kind,
        key: entry.key.clone(),
        title: entry.title.clone(),
        date: entry.date,
        url: entry.url.clone(),
        fields,
        context: entry.texts().map(|(name, text)| (name.to_owned(), text.to_owned())).collect(),
    }
}

#[cfg(test)]
mod tests;
