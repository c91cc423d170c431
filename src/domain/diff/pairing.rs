//! Which old entry is about the same thing as which new one.
//!
//! From the certain to the likely: the same key; the same thing under another twin number; and, where the
//! document allows it, an entry that others vouch for under a new key. What vouches is looked up, not
//! tried pair by pair; only what is then left of prose and dockets is compared one with another, and only
//! while that is little.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

use super::DocumentComparison;
use super::likeness::{likeness_of_a_day, text_likeness};
use crate::domain::entry::{Document, Entry, LINKS, Resemblance, family};

/// How alike the texts of twins must be (shared words, in order) to be one reworded, not one gone and one come.
const SAME_TWIN: f32 = 0.5;
/// How alike two texts must be (shared words, in order) to be one section with a new heading.
const SAME_TEXT: f32 = 0.6;

/// The entries of two documents, each old one beside the new one that is about the same thing.
pub(super) struct EntryPairing<'a> {
    pub pairs: Vec<(&'a Entry, &'a Entry)>,
    pub only_before: Vec<&'a Entry>,
    pub only_after: Vec<&'a Entry>,
}

impl<'a> EntryPairing<'a> {
    pub(super) fn of(before: &'a Document, after: &'a Document, comparison: &DocumentComparison<'_>) -> Self {
        let mut pairing = Self { pairs: Vec::new(), only_before: Vec::new(), only_after: Vec::new() };
        let mut families: BTreeMap<&str, (Vec<&Entry>, Vec<&Entry>)> = BTreeMap::new();
        for entry in &before.entries {
            families.entry(family(&entry.key)).or_default().0.push(entry);
        }
        for entry in &after.entries {
            families.entry(family(&entry.key)).or_default().1.push(entry);
        }
        for (old, new) in families.into_values() {
            pairing.pair_family(old, new, comparison);
        }
        pairing.pair_resembling(comparison);
        // A reader meets the changes in the order of the page, not of the keys.
        let position: HashMap<&str, usize> =
            after.entries.iter().enumerate().map(|(index, entry)| (entry.key.as_str(), index)).collect();
        pairing.pairs.sort_by_key(|(_, new)| position.get(new.key.as_str()).copied());
        pairing.only_after.sort_by_key(|new| position.get(new.key.as_str()).copied());
        pairing
    }

    /// Pairs the entries about one thing: unchanged ones first, then the most alike.
    fn pair_family(
        &mut self,
        mut old: Vec<&'a Entry>,
        mut new: Vec<&'a Entry>,
        comparison: &DocumentComparison<'_>,
    ) {
        if let ([before], [after]) = (old.as_slice(), new.as_slice()) {
            self.pairs.push((*before, *after));
            return;
        }
        self.pair_equal(&mut old, &mut new);
        let mut left = Vec::new();
        let is_small = old.len().saturating_mul(new.len()) <= MAX_COMPARED_PAIRS;
        for entry in old {
            let is_same = |candidate: &&Entry| comparison.changed_fields(entry, candidate).is_empty();
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
    fn pair_resembling(&mut self, comparison: &DocumentComparison<'_>) {
        let (mut old, mut new) =
            (std::mem::take(&mut self.only_before), std::mem::take(&mut self.only_after));
        if old.is_empty() || new.is_empty() {
            (self.only_before, self.only_after) = (old, new);
            return;
        }
        let scores = match comparison.resemblance {
            Resemblance::Never => Vec::new(),
            Resemblance::Item => {
                self.pair_items(&mut old, &mut new, comparison);
                Vec::new()
            }
            Resemblance::Title => comparison.renamed(&old, &new),
            Resemblance::Text => {
                self.pair_sections(&mut old, &mut new, comparison);
                scored(&old, &new, SAME_TEXT, text_likeness)
            }
            Resemblance::DayAndText => scored(&old, &new, SAME_TEXT, likeness_of_a_day),
        };
        self.take_best(old, new, scores);
    }

    /// Pairs sections that stand under another heading, or under the same on another level: by heading and
    /// words, by words, by heading.
    fn pair_sections(
        &mut self,
        old: &mut Vec<&'a Entry>,
        new: &mut Vec<&'a Entry>,
        comparison: &DocumentComparison<'_>,
    ) {
        let words = |entry: &Entry| {
            let said = entry.fields.iter().filter(|(name, _)| name.as_str() != LINKS);
            let said: Vec<String> = said.map(|(_, text)| comparison.noise.canonical(text)).collect();
            Some(said.join("\n")).filter(|said| !said.trim().is_empty())
        };
        let heading = |entry: &Entry| comparison.noise.canonical(&entry.title).to_lowercase();
        self.pair_unique(old, new, |entry| Some((heading(entry), words(entry))));
        self.pair_unique(old, new, words);
        self.pair_unique(old, new, |entry| Some(heading(entry)));
    }

    /// Pairs items of a feed whose identifiers are new: by their link, then by their title with the day or
    /// with what they say.
    fn pair_items(
        &mut self,
        old: &mut Vec<&'a Entry>,
        new: &mut Vec<&'a Entry>,
        comparison: &DocumentComparison<'_>,
    ) {
        let noise = comparison.noise;
        let title = |entry: &Entry| noise.canonical(&entry.title).to_lowercase();
        let text = |entry: &Entry| entry.fields.get("text").map(|text| noise.canonical(text));
        self.pair_unique(old, new, |entry| entry.url.as_deref().map(|url| noise.canonical_url(url)));
        self.pair_unique(old, new, |entry| Some((title(entry), entry.date?.day())));
        self.pair_unique(old, new, |entry| Some((title(entry), text(entry)?)));
    }

    /// Pairs the entries of which one witness is the only one on either side.
    fn pair_unique<K: Eq + Hash>(
        &mut self,
        old: &mut Vec<&'a Entry>,
        new: &mut Vec<&'a Entry>,
        witness: impl Fn(&Entry) -> Option<K>,
    ) {
        let mut known: HashMap<K, (Vec<usize>, Vec<usize>)> = HashMap::new();
        for (index, entry) in old.iter().enumerate() {
            if let Some(says) = witness(entry) {
                known.entry(says).or_default().0.push(index);
            }
        }
        for (index, entry) in new.iter().enumerate() {
            if let Some(says) = witness(entry) {
                known.entry(says).or_default().1.push(index);
            }
        }
        let mut paired = (BTreeSet::new(), BTreeSet::new());
        for (before, after) in known.into_values() {
            if let ([before], [after]) = (before.as_slice(), after.as_slice()) {
                self.pairs.push((old[*before], new[*after]));
                paired.0.insert(*before);
                paired.1.insert(*after);
            }
        }
        drop_at(old, &paired.0);
        drop_at(new, &paired.1);
    }

    /// Pairs greedily by falling score; who finds no partner is left over.
    fn take_best(
        &mut self,
        mut old: Vec<&'a Entry>,
        mut new: Vec<&'a Entry>,
        mut scores: Vec<(f32, usize, usize)>,
    ) {
        scores.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
        let (mut paired_old, mut paired_new) = (BTreeSet::new(), BTreeSet::new());
        for (_, i, j) in scores {
            if !paired_old.contains(&i) && !paired_new.contains(&j) {
                paired_old.insert(i);
                paired_new.insert(j);
                self.pairs.push((old[i], new[j]));
            }
        }
        drop_at(&mut old, &paired_old);
        drop_at(&mut new, &paired_new);
        self.only_before.append(&mut old);
        self.only_after.append(&mut new);
    }
}

fn drop_at(entries: &mut Vec<&Entry>, places: &BTreeSet<usize>) {
    let mut index = 0..;
    entries.retain(|_| index.next().is_none_or(|index| !places.contains(&index)));
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
