//! One step that a source made in many entries at once: a remark behind every date, a column that is emptied.
//!
//! Where a third of a source's entries, and at least ten, differ in one field by the same kind of step, the
//! likely cause is the source's form and not so many decisions. The differences of that field are held for a
//! person, as one finding with a sample; whatever else the read shows is told.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::{ChangeKind, EntryChange, FieldChange};
use super::entry::{Document, Entry};
use super::text::{one_line, shorten};

/// So many entries at least make a mass.
const LEAST: usize = 10;
/// One in so many entries at least.
const SHARE: usize = 3;
/// So many examples are kept.
const SAMPLE: usize = 3;
/// So much of a text is shown.
const MAX_SHOWN_CHARS: usize = 60;
/// Of a step that changes more than this the form says nothing any more.
const MAX_FORM_CHARS: usize = 24;

/// One field that differs in many entries by the same kind of step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MassAmendment {
    /// The field.
    pub field: String,
    /// How many entries differ in it so.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// Some of them: title, text before, text after.
    pub sample: Vec<(String, String, String)>,
}

/// What of a source's last read is held because it differs in many entries at once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedAmendments {
    /// Since when something of that sort is held.
    pub since: DateTime<Utc>,
    /// What.
    pub amendments: Vec<MassAmendment>,
}

impl fmt::Display for MassAmendment {
    /// `12 of 13 entries differ in "date" by the same step, such as ZTE: "2016-03-08" → "8 March 2016"`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} of {} entries differ in {:?} by the same kind of step",
            self.count, self.of, self.field
        )?;
        if let Some((title, before, after)) = self.sample.first() {
            write!(f, ", such as {title}: {before:?} → {after:?}")?;
        }
        Ok(())
    }
}

impl fmt::Display for QuarantinedAmendments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, amendment) in self.amendments.iter().enumerate() {
            write!(f, "{}{amendment}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

impl QuarantinedAmendments {
    /// Gives a document that was read anew the texts back that it had before, in the fields that are held.
    pub fn put_back(&self, before: &Document, document: &mut Document) {
        let known: HashMap<&str, &Entry> =
            before.entries.iter().map(|entry| (entry.key.as_str(), entry)).collect();
        for entry in &mut document.entries {
            let Some(known) = known.get(entry.key.as_str()) else { continue };
            for amendment in &self.amendments {
                if let Some(text) = known.fields.get(&amendment.field) {
                    entry.fields.insert(amendment.field.clone(), text.clone());
                }
            }
        }
    }
}

/// Takes out of the changes what is a mass amendment, and gives the document its old texts back there, so that
/// the next read finds the same.
pub fn take_out(
    before: usize,
    changes: &mut Vec<EntryChange>,
    document: &mut Document,
) -> Vec<MassAmendment> {
    let found = find(before, changes);
    if found.is_empty() {
        return Vec::new();
    }
    let places: HashMap<String, usize> =
        document.entries.iter().enumerate().map(|(place, entry)| (entry.key.clone(), place)).collect();
    for (index, change) in changes.iter_mut().enumerate() {
        let is_held =
            |field: &FieldChange| found.get(&field.name).is_some_and(|(_, who)| who.contains(&index));
        let held: Vec<FieldChange> = change.fields.extract_if(.., |field| is_held(field)).collect();
        if let Some(entry) = places.get(&change.key).and_then(|place| document.entries.get_mut(*place)) {
            for field in held {
                give_back(entry, field);
            }
        }
    }
    changes.retain(|change| change.kind != ChangeKind::Amended || !change.fields.is_empty());
    found.into_values().map(|(amendment, _)| amendment).collect()
}

/// The fields that are a mass amendment, with the changes that show them.
fn find(before: usize, changes: &[EntryChange]) -> BTreeMap<String, (MassAmendment, BTreeSet<usize>)> {
    let is_mass = |count: usize| count >= LEAST && count.saturating_mul(SHARE) >= before;
    let amended = changes.iter().enumerate().filter(|(_, change)| change.kind == ChangeKind::Amended);
    let mut steps: HashMap<(&str, String), Vec<usize>> = HashMap::new();
    for (index, change) in amended {
        for field in &change.fields {
            for step in steps_of(field) {
                steps.entry((field.name.as_str(), step)).or_default().push(index);
            }
        }
    }
    let mut found: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for ((field, _), who) in steps.into_iter().filter(|(_, who)| is_mass(who.len())) {
        found.entry(field.to_owned()).or_default().extend(who);
    }
    found
        .into_iter()
        .map(|(field, who)| {
            let shown = |text: &Option<String>| {
                shorten(&one_line(text.as_deref().unwrap_or_default()), MAX_SHOWN_CHARS)
            };
            let sample = who.iter().take(SAMPLE).filter_map(|index| {
                let change = &changes[*index];
                let differs = change.fields.iter().find(|other| other.name == field)?;
                let title = shorten(&one_line(&change.title), MAX_SHOWN_CHARS);
                Some((title, shown(&differs.before), shown(&differs.after)))
            });
            let sample = sample.collect();
            let amendment = MassAmendment { field: field.clone(), count: who.len(), of: before, sample };
            (field, (amendment, who))
        })
        .collect()
}

/// Gives an entry the text back that a field had; its address, title and date may be told without being one.
fn give_back(entry: &mut Entry, field: FieldChange) {
    let FieldChange { name, before, after } = field;
    let is_own = entry.fields.contains_key(&name);
    let date = entry.date.map(|date| date.to_string());
    match name.as_str() {
        "title" if !is_own && before.is_some() => entry.title = before.unwrap_or_default(),
        "url" if !is_own && after == entry.url => entry.url = before,
        "date" if !is_own && after.is_some() && after == date => {
            entry.date = before.and_then(|text| text.parse().ok());
        }
        _ => match before {
            Some(before) => drop(entry.fields.insert(name, before)),
            None => drop(entry.fields.remove(&name)),
        },
    }
}

/// The kinds of step that a difference can be counted as: by the form of the whole text, and by the form of
/// what differs.
fn steps_of(field: &FieldChange) -> BTreeSet<String> {
    let text = |side: &Option<String>| side.clone().unwrap_or_default();
    let (before, after) = (text(&field.before), text(&field.after));
    match (before.trim().is_empty(), after.trim().is_empty()) {
        (true, _) => return BTreeSet::from(["filled".to_owned()]),
        (_, true) => return BTreeSet::from(["emptied".to_owned()]),
        _ => {}
    }
    let (old, new) = (parts(&before), parts(&after));
    let start = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - start;
    let end = old.iter().rev().zip(new.iter().rev()).take(rest).take_while(|(old, new)| old == new).count();
    let middle = format!("{} → {}", form(&old[start..old.len() - end]), form(&new[start..new.len() - end]));
    let whole = format!("all {} → {}", form(&old), form(&new));
    BTreeSet::from([middle, whole])
}

/// Runs of letters, runs of digits, and each other character.
fn parts(text: &str) -> Vec<&str> {
    let sort = |c: char| {
        if c.is_alphabetic() {
            1
        } else if c.is_numeric() {
            2
        } else {
            0
        }
    };
    let mut parts = Vec::new();
    let mut start = 0;
    let mut last = None;
    for (at, c) in text.char_indices() {
        let now = sort(c);
        if last.is_some_and(|last| last != now || now == 0) {
            parts.push(&text[start..at]);
            start = at;
        }
        last = Some(now);
    }
    if start < text.len() {
        parts.push(&text[start..]);
    }
    parts
}

/// What a text looks like: words and numbers in their order, several words as one.
fn form(parts: &[&str]) -> String {
    let mut form = String::new();
    for part in parts {
        let sign = match part.chars().next() {
            Some(c) if c.is_alphabetic() => 'a',
            Some(c) if c.is_numeric() => '9',
            Some(c) if c.is_whitespace() => ' ',
            Some(c) => c,
            None => continue,
        };
        if sign == 'a' && form.ends_with("a ") {
            form.pop();
        } else if !(sign == 'a' && form.ends_with('a')) {
            form.push(sign);
        }
        if form.chars().count() > MAX_FORM_CHARS {
            return "text".to_owned();
        }
    }
    form
}

#[cfg(test)]
mod tests;
