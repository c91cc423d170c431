//! Two documents compared as entries, and two texts compared as words.
//!
//! Entries are paired by what they are about. Pairing goes from the certain to
//! the likely: the same key; the same thing under another twin number; and,
//! where the document allows it, a resembling entry under a new name. What is
//! left over on the old side is removed (unless the document is a window), on
//! the new side added.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use similar::{Algorithm, ChangeTag, TextDiff};

use super::change::{ChangeKind, EntryChange, FieldChange};
use super::docket::{self, is_docket_entry};
use super::entry::{Completeness, Document, Entry, EntryDate, LINKS, Resemblance, family};
use super::noise::{Noise, NoiseClass};

/// How alike two names must be (shared words over all words) to be one thing renamed.
const SAME_NAME: f32 = 0.75;
/// How alike the texts of twins must be (shared words, in order) to be one reworded, not one gone and one come.
const SAME_TWIN: f32 = 0.5;
/// How alike two texts must be (shared words, in order) to be one section with a new heading.
const SAME_TEXT: f32 = 0.6;

/// What differs between two documents of one source. `diff(a, a)` is empty.
#[must_use]
pub fn diff(before: &Document, after: &Document, noise: &Noise) -> Vec<EntryChange> {
    let pairing = Pairing::of(before, after, noise);
    let mut changes: Vec<EntryChange> =
        pairing.pairs.iter().filter_map(|(old, new)| amended(old, new, noise)).collect();
    changes.extend(pairing.only_after.iter().map(|entry| whole(ChangeKind::Added, entry)));
    if after.completeness == Completeness::Whole {
        changes.extend(pairing.only_before.iter().map(|entry| whole(ChangeKind::Removed, entry)));
    }
    changes
}

/// The entries of two documents, each old one beside the new one that is about the same thing.
struct Pairing<'a> {
    pairs: Vec<(&'a Entry, &'a Entry)>,
    only_before: Vec<&'a Entry>,
    only_after: Vec<&'a Entry>,
}

impl<'a> Pairing<'a> {
    fn of(before: &'a Document, after: &'a Document, noise: &Noise) -> Self {
        let mut pairing = Self { pairs: Vec::new(), only_before: Vec::new(), only_after: Vec::new() };
        let mut families: BTreeMap<&str, (Vec<&Entry>, Vec<&Entry>)> = BTreeMap::new();
        for entry in &before.entries {
            families.entry(family(&entry.key)).or_default().0.push(entry);
        }
        for entry in &after.entries {
            families.entry(family(&entry.key)).or_default().1.push(entry);
        }
        for (old, new) in families.into_values() {
            pairing.pair_family(old, new, noise);
        }
        pairing.pair_resembling(after.resemblance);
        // A reader meets the changes in the order of the page, not of the keys.
        let position: BTreeMap<&str, usize> =
            after.entries.iter().enumerate().map(|(index, entry)| (entry.key.as_str(), index)).collect();
        pairing.pairs.sort_by_key(|(_, new)| position.get(new.key.as_str()).copied());
        pairing.only_after.sort_by_key(|new| position.get(new.key.as_str()).copied());
        pairing
    }

    /// Pairs the entries about one thing: unchanged ones first, then the most alike.
    fn pair_family(&mut self, mut old: Vec<&'a Entry>, mut new: Vec<&'a Entry>, noise: &Noise) {
        if let ([before], [after]) = (old.as_slice(), new.as_slice()) {
            self.pairs.push((*before, *after));
            return;
        }
        self.pair_equal(&mut old, &mut new);
        let mut left = Vec::new();
        let is_small = old.len().saturating_mul(new.len()) <= MAX_COMPARED_PAIRS;
        for entry in old {
            let is_same = |candidate: &&Entry| changed_fields(entry, candidate, noise).is_empty();
            match is_small.then(|| new.iter().position(is_same)).flatten() {
                Some(index) => self.pairs.push((entry, new.remove(index))),
                None => left.push(entry),
            }
        }
        let scores = scored(&left, &new, SAME_TWIN, text_likeness);
        self.take_best(left, new, scores);
    }

    /// Takes out what is letter by letter the same, however many entries there are.
    fn pair_equal(&mut self, old: &mut Vec<&'a Entry>, new: &mut Vec<&'a Entry>) {
        let contents = |entry: &'a Entry| (&entry.title, entry.date, &entry.url, &entry.fields);
        let mut waiting: BTreeMap<_, Vec<&Entry>> = BTreeMap::new();
        for entry in new.drain(..).rev() {
            waiting.entry(contents(entry)).or_default().push(entry);
        }
        let mut left = Vec::new();
        for entry in old.drain(..) {
            match waiting.get_mut(&contents(entry)).and_then(Vec::pop) {
                Some(partner) => self.pairs.push((entry, partner)),
                None => left.push(entry),
            }
        }
        *old = left;
        new.extend(waiting.into_values().flatten());
    }

    /// Pairs what is left over where one entry seems to be another under a new name.
    fn pair_resembling(&mut self, resemblance: Resemblance) {
        let (old, new) = (std::mem::take(&mut self.only_before), std::mem::take(&mut self.only_after));
        let scores = match resemblance {
            Resemblance::Never => Vec::new(),
            Resemblance::Title => scored(&old, &new, SAME_NAME, name_likeness),
            Resemblance::Text => scored(&old, &new, SAME_TEXT, text_likeness),
            Resemblance::DayAndText => scored(&old, &new, SAME_TEXT, likeness_of_a_day),
        };
        self.take_best(old, new, scores);
    }

    /// Pairs greedily by falling score; who finds no partner is left over.
    fn take_best(&mut self, old: Vec<&'a Entry>, new: Vec<&'a Entry>, mut scores: Vec<(f32, usize, usize)>) {
        scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        let (mut paired_old, mut paired_new) = (BTreeSet::new(), BTreeSet::new());
        for (_, i, j) in scores {
            if !paired_old.contains(&i) && !paired_new.contains(&j) {
                paired_old.insert(i);
                paired_new.insert(j);
                self.pairs.push((old[i], new[j]));
            }
        }
        let rest = |entries: Vec<&'a Entry>, paired: BTreeSet<usize>| {
            entries
                .into_iter()
                .enumerate()
                .filter(move |(index, _)| !paired.contains(index))
                .map(|(_, entry)| entry)
        };
        self.only_before.extend(rest(old, paired_old));
        self.only_after.extend(rest(new, paired_new));
    }
}

/// More pairs of twins than this are not compared one with another.
const MAX_COMPARED_PAIRS: usize = 250_000;

/// More pairs than this are not scored: a rewritten page is told as such, not puzzled over.
const MAX_SCORED_PAIRS: usize = 10_000;

fn scored(
    old: &[&Entry],
    new: &[&Entry],
    at_least: f32,
    likeness: fn(&Entry, &Entry) -> f32,
) -> Vec<(f32, usize, usize)> {
    if old.len().saturating_mul(new.len()) > MAX_SCORED_PAIRS {
        return Vec::new();
    }
    let mut scores = Vec::new();
    for (i, before) in old.iter().enumerate() {
        for (j, after) in new.iter().enumerate() {
            let score = likeness(before, after);
            if score >= at_least {
                scores.push((score, i, j));
            }
        }
    }
    scores
}

/// Legal forms say nothing about who is meant.
const LEGAL_FORMS: [&str; 22] = [
    "ag",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "gmbh",
    "group",
    "inc",
    "incorporated",
    "kg",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "nv",
    "oao",
    "ooo",
    "plc",
    "pty",
    "sa",
];

fn name_words(name: &str) -> BTreeSet<String> {
    name.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty() && !LEGAL_FORMS.contains(word))
        .map(str::to_owned)
        .collect()
}

#[expect(clippy::cast_precision_loss, reason = "word counts are far below 2^23")]
fn name_likeness(before: &Entry, after: &Entry) -> f32 {
    let (old, new) = (name_words(&before.title), name_words(&after.title));
    let all = old.union(&new).count();
    if all == 0 {
        return 0.0;
    }
    old.intersection(&new).count() as f32 / all as f32
}

/// Words beyond this many do not sway how alike two texts are, and comparing them costs quadratic time.
const MAX_LIKENESS_WORDS: usize = 400;

/// How alike two texts of one day are; what is of two days is two things.
fn likeness_of_a_day(before: &Entry, after: &Entry) -> f32 {
    let day = |entry: &Entry| entry.date.map(EntryDate::day);
    if day(before) == day(after) { text_likeness(before, after) } else { 0.0 }
}

fn text_likeness(before: &Entry, after: &Entry) -> f32 {
    let joined = |entry: &Entry| {
        let mut text = String::new();
        // What else a docket entry has is the case's or the day's, and alike in all.
        let is_own = |name: &str| !is_docket_entry(entry) || name == docket::TEXT;
        for (_, field) in entry.fields.iter().filter(|(name, _)| is_own(name)) {
            for word in field.split_whitespace().take(MAX_LIKENESS_WORDS) {
                text.push_str(word);
                text.push(' ');
            }
        }
        text
    };
    let (old, new) = (joined(before), joined(after));
    TextDiff::configure().algorithm(Algorithm::Myers).diff_words(&old, &new).ratio()
}

fn amended(before: &Entry, after: &Entry, noise: &Noise) -> Option<EntryChange> {
    let fields = changed_fields(before, after, noise);
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

/// An entry that came, went, or was there already, told whole.
pub(super) fn whole(kind: ChangeKind, entry: &Entry) -> EntryChange {
    let fields = entry
        .fields
        .iter()
        .map(|(name, text)| {
            let text = Some(text.clone());
            let (before, after) = if kind == ChangeKind::Removed { (text, None) } else { (None, text) };
            FieldChange { name: name.clone(), before, after }
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

/// The fields that differ beyond noise, then the entry's address; its title and date only where
/// nothing else differs, since most often they repeat a field.
fn changed_fields(before: &Entry, after: &Entry, noise: &Noise) -> Vec<FieldChange> {
    let names: BTreeSet<&String> = before.fields.keys().chain(after.fields.keys()).collect();
    // A docket repeats its caption and its parties in every entry: comparing them would tell one party's new name as
    // often as there are entries.
    let of_a_docket = is_docket_entry(before) && is_docket_entry(after);
    let mut changed: Vec<FieldChange> = names
        .into_iter()
        .filter(|name| !noise.fields.contains(*name))
        .filter(|name| !(of_a_docket && docket::is_of_the_case(name)))
        .filter_map(|name| field_change(name, before.fields.get(name), after.fields.get(name), noise))
        .collect();
    if !changed.iter().any(|field| field.name == LINKS) {
        let target = |entry: &Entry| entry.url.as_deref().map(|url| noise.canonical_url(url));
        if target(before) != target(after) && !changed.iter().any(|field| tells_address(field, before, after))
        {
            changed.extend(frame_change("url", before.url.clone(), after.url.clone(), noise));
        }
    }
    if changed.is_empty() && !of_a_docket && !noise.is_same(&before.title, &after.title) {
        changed.extend(frame_change("title", Some(before.title.clone()), Some(after.title.clone()), noise));
    }
    if changed.is_empty() && before.date != after.date {
        let text = |entry: &Entry| entry.date.map(|date| date.to_string());
        changed.extend(frame_change("date", text(before), text(after), noise));
    }
    changed
}

/// Whether a field that changed is where the entries have their addresses from.
fn tells_address(field: &FieldChange, before: &Entry, after: &Entry) -> bool {
    let says = |text: Option<&String>, url: Option<&String>| match (text, url) {
        (Some(text), Some(url)) => {
            let path = text.lines().next().unwrap_or_default().trim_start_matches(['.', '/']);
            !path.is_empty() && url.ends_with(path)
        }
        (text, url) => text.is_none() && url.is_none(),
    };
    says(field.before.as_ref(), before.url.as_ref()) && says(field.after.as_ref(), after.url.as_ref())
}

fn frame_change(
    name: &str,
    before: Option<String>,
    after: Option<String>,
    noise: &Noise,
) -> Option<FieldChange> {
    (!noise.fields.contains(name)).then(|| FieldChange { name: name.to_owned(), before, after })
}

fn field_change(
    name: &str,
    before: Option<&String>,
    after: Option<&String>,
    noise: &Noise,
) -> Option<FieldChange> {
    let (old, new) = (before.map_or("", String::as_str), after.map_or("", String::as_str));
    let is_same = if name == LINKS { same_links(old, new, noise) } else { noise.is_same(old, new) };
    (!is_same).then(|| FieldChange { name: name.to_owned(), before: before.cloned(), after: after.cloned() })
}

/// Whether two link lists lead to the same places; order and repetition do not matter.
fn same_links(before: &str, after: &str, noise: &Noise) -> bool {
    let targets = |list: &str| -> BTreeSet<(String, String)> {
        list.lines()
            .map(|line| {
                let (label, address) = line.split_once('\t').unwrap_or(("", line));
                (noise.canonical(label), noise.canonical_url(address))
            })
            .collect()
    };
    let (old, new) = (targets(before), targets(after));
    if !noise.classes.contains(&NoiseClass::LinkPresence) {
        return old == new;
    }
    let labels = |links: &BTreeSet<(String, String)>| -> BTreeSet<String> {
        links.iter().map(|(label, _)| label.clone()).collect()
    };
    let shared: BTreeSet<String> = labels(&old).intersection(&labels(&new)).cloned().collect();
    let within = |links: &BTreeSet<(String, String)>| -> BTreeSet<(String, String)> {
        links.iter().filter(|(label, _)| shared.contains(label)).cloned().collect()
    };
    within(&old) == within(&new)
}

/// A run of words with one fate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// What became of the words.
    pub fate: Fate,
    /// The words, with the white space between them.
    pub text: String,
}

/// What became of a run of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// In both texts.
    Kept,
    /// Only in the old one.
    Removed,
    /// Only in the new one.
    Added,
}

/// A word-level comparison: joined up, the runs that are not added give `before`, those not removed `after`.
#[must_use]
pub fn words(before: &str, after: &str) -> Vec<Run> {
    let diff = TextDiff::configure().algorithm(Algorithm::Myers).diff_words(before, after);
    let mut runs: Vec<Run> = Vec::new();
    for op in diff.iter_all_changes() {
        let fate = match op.tag() {
            ChangeTag::Equal => Fate::Kept,
            ChangeTag::Delete => Fate::Removed,
            ChangeTag::Insert => Fate::Added,
        };
        match runs.last_mut() {
            Some(run) if run.fate == fate => run.text.push_str(op.value()),
            _ => runs.push(Run { fate, text: op.value().to_owned() }),
        }
    }
    bridge(runs)
}

/// Lets a lone blank between two changed runs change with them: `a b` → `c d` is one replacement, not two.
fn bridge(runs: Vec<Run>) -> Vec<Run> {
    let mut bridged: Vec<Run> = Vec::with_capacity(runs.len());
    let (mut removed, mut added) = (String::new(), String::new());
    let flush = |removed: &mut String, added: &mut String, bridged: &mut Vec<Run>| {
        for (fate, text) in [(Fate::Removed, std::mem::take(removed)), (Fate::Added, std::mem::take(added))] {
            if !text.is_empty() {
                bridged.push(Run { fate, text });
            }
        }
    };
    let mut runs = runs.into_iter().peekable();
    while let Some(run) = runs.next() {
        match run.fate {
            Fate::Removed => removed.push_str(&run.text),
            Fate::Added => added.push_str(&run.text),
            Fate::Kept => {
                let is_bridge = run.text.trim().is_empty()
                    && !removed.is_empty()
                    && !added.is_empty()
                    && runs.peek().is_some();
                if is_bridge {
                    removed.push_str(&run.text);
                    added.push_str(&run.text);
                } else {
                    flush(&mut removed, &mut added, &mut bridged);
                    bridged.push(run);
                }
            }
        }
    }
    flush(&mut removed, &mut added, &mut bridged);
    bridged
}

#[cfg(test)]
mod tests;
