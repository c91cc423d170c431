//! Which party of a list stands there under a new name.
//!
//! One party renamed is one amendment; one party for another is a removal and an addition. So a pair needs more
//! than names that are alike: an identifier that both have and nobody else, or names that are alike *and* a
//! witness, the other fields or a company that both names are known to be. And it must be the only
//! such pair on either side: where two could be meant, none is.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::DocumentComparison;
use crate::domain::entry::{Entry, LINKS};
use crate::domain::fields::FieldName;
use crate::domain::scoring::{Name, compare};

/// From here on names are alike, where something else speaks for it.
const ALIKE: f64 = 0.70;
/// From here on a word more is a detail, where most words are shared.
const NEAR: f64 = 0.85;
/// So large a part of all words are most.
const MOST: f64 = 0.75;
/// From here on nothing but how they are written sets them apart.
const SAME: f64 = 0.94;
/// So many letters has a stem at least: "Technolog-y" and "Technolog-ies".
const STEM: usize = 4;
/// A word that so many have says nothing of who is meant.
const MAX_SHARED: usize = 12;
/// Of more entries that went and came, names are not compared: the list was written anew.
const MAX_PARTIES: usize = 10_000;
/// So few pairs are all looked at.
const MAX_PAIRS: usize = 10_000;

/// The field that holds other names.
const ALIASES: &str = "aliases";

/// Words of a field's name that say it identifies a party.
const IDENTIFYING: [&str; 22] = [
    "id",
    "ids",
    "uid",
    "identifier",
    "identifiers",
    "number",
    "numbers",
    "no",
    "nr",
    "ref",
    "reference",
    "code",
    "registration",
    "lei",
    "imo",
    "cage",
    "duns",
    "uei",
    "ein",
    "tin",
    "passport",
    "uei_number",
];

/// An entry with what is looked at.
struct RenameCandidate<'a> {
    entry: &'a Entry,
    name: Name,
    words: BTreeSet<String>,
    /// Everything it is called.
    names: BTreeSet<String>,
}

impl<'a> RenameCandidate<'a> {
    fn of(entry: &'a Entry) -> Self {
        let others = entry.fields.get(ALIASES).map_or("", String::as_str).lines();
        let names = std::iter::once(entry.title.as_str()).chain(others).map(folded).collect();
        Self { entry, name: Name::of(&entry.title), words: words(&entry.title), names }
    }
}

impl DocumentComparison<'_> {
    /// The pairs of old and new entries that are one party under another name, each with how sure that is.
    pub(super) fn renamed(&self, old: &[&Entry], new: &[&Entry]) -> Vec<(f32, usize, usize)> {
        let mut pairs = by_identifier(old, new);
        if old.len() + new.len() > MAX_PARTIES {
            return pairs;
        }
        let known: (BTreeSet<usize>, BTreeSet<usize>) = pairs.iter().map(|(_, i, j)| (*i, *j)).unzip();
        let before: Vec<RenameCandidate<'_>> = old.iter().map(|entry| RenameCandidate::of(entry)).collect();
        let after: Vec<RenameCandidate<'_>> = new.iter().map(|entry| RenameCandidate::of(entry)).collect();
        let mut alike: Vec<(f32, usize, usize)> = Vec::new();
        for (i, j) in candidates(&before, &after) {
            if known.0.contains(&i) || known.1.contains(&j) {
                continue;
            }
            if let Some(score) = self.likeness(&before[i], &after[j]) {
                alike.push((score, i, j));
            }
        }
        pairs.extend(only_ones(alike));
        pairs
    }

    /// How sure it is that two entries are one party, where it is sure enough.
    #[expect(clippy::cast_possible_truncation, reason = "a score from 0 to 1")]
    fn likeness(&self, before: &RenameCandidate<'_>, after: &RenameCandidate<'_>) -> Option<f32> {
        let witnesses = self.witnesses(before.entry, after.entry);
        if is_swapped(before, after) && witnesses != Witnesses::Against {
            return Some(1.0);
        }
        let comparison = compare(&before.name, &after.name);
        // A word that only one of them has may tell it from a sister.
        let is_alike = comparison.score >= ALIKE && comparison.left_over().is_empty()
            || is_inflection(&before.words, &after.words);
        let is_spelling = is_alike && comparison.score >= SAME && witnesses != Witnesses::Against;
        let is_sure = is_spelling
            || witnesses == Witnesses::For
                && (is_alike
                    || is_remarked(before.entry, after.entry)
                    || comparison.score >= NEAR && shared(&before.words, &after.words) >= MOST)
            || (is_alike || witnesses == Witnesses::For && comparison.score >= ALIKE)
                && self.are_kin(before.entry, after.entry);
        is_sure.then_some(comparison.score as f32)
    }

    /// What the other fields say.
    fn witnesses(&self, before: &Entry, after: &Entry) -> Witnesses {
        let (mut same, mut other) = (0_usize, 0_usize);
        let is_name = |text: &String| *text == before.title || *text == after.title;
        let shared = before.fields.iter().filter(|(name, _)| !matches!(name.as_str(), LINKS | ALIASES));
        for (name, old) in shared {
            let Some(new) = after.fields.get(name) else {
                other += 1;
                continue;
            };
            if is_name(old) || is_name(new) || holds_name(old, before) && holds_name(new, after) {
                continue;
            }
            if self.noise.is_same_cell(old, new) { same += 1 } else { other += 1 }
        }
        other += after
            .fields
            .keys()
            .map(FieldName::as_str)
            .filter(|name| !before.fields.contains_key(name) && *name != ALIASES && *name != LINKS)
            .count();
        match (same, other) {
            (0, 0) => Witnesses::None,
            (_, 0) => Witnesses::For,
            (same, other) if same >= other || other == 1 => Witnesses::None,
            _ => Witnesses::Against,
        }
    }

    fn are_kin(&self, before: &Entry, after: &Entry) -> bool {
        let Some(kin) = self.kin else { return false };
        let old = kin(&before.title);
        !old.is_empty() && kin(&after.title).iter().any(|company| old.contains(company))
    }
}

/// What fields besides the names say of two entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Witnesses {
    /// They are all the same, and there are some.
    For,
    /// There are none, or about as many say the one as the other.
    None,
    /// Most differ.
    Against,
}

/// Whether a text is longer than a name and has it in it: a row that is one sentence.
fn holds_name(text: &str, entry: &Entry) -> bool {
    text.len() > entry.title.len() && text.contains(entry.title.as_str())
}

/// Pairs whose identifiers are the same, and nobody else's.
fn by_identifier(old: &[&Entry], new: &[&Entry]) -> Vec<(f32, usize, usize)> {
    let mut known: HashMap<(String, String), (Vec<usize>, Vec<usize>)> = HashMap::new();
    for (index, entry) in old.iter().enumerate() {
        for identifier in identifiers(entry) {
            known.entry(identifier).or_default().0.push(index);
        }
    }
    for (index, entry) in new.iter().enumerate() {
        for identifier in identifiers(entry) {
            known.entry(identifier).or_default().1.push(index);
        }
    }
    let mut pairs: BTreeSet<(usize, usize)> = BTreeSet::new();
    for (before, after) in known.into_values() {
        if let ([before], [after]) = (before.as_slice(), after.as_slice()) {
            pairs.insert((*before, *after));
        }
    }
    only_ones(pairs.into_iter().map(|(i, j)| (1.0, i, j)).collect())
}

fn identifiers(entry: &Entry) -> impl Iterator<Item = (String, String)> + '_ {
    let is_identifying = |name: &str| {
        name.split(|c: char| !c.is_alphanumeric())
            .any(|word| IDENTIFYING.contains(&word.to_lowercase().as_str()))
    };
    entry.fields.iter().filter(move |(name, _)| is_identifying(name)).flat_map(|(name, text)| {
        let values = text.split(['\n', ';', ',']).map(folded);
        let is_telling = |value: &String| value.len() >= 3 && value.bytes().any(|byte| byte.is_ascii_digit());
        values.filter(is_telling).map(|value| (name.to_string(), value)).collect::<Vec<_>>()
    })
}

/// Which pairs are worth a look: all where they are few, else those that share a telling word.
fn candidates(old: &[RenameCandidate<'_>], new: &[RenameCandidate<'_>]) -> Vec<(usize, usize)> {
    if old.len().saturating_mul(new.len()) <= MAX_PAIRS {
        return (0..old.len()).flat_map(|i| (0..new.len()).map(move |j| (i, j))).collect();
    }
    let mut known: HashMap<&str, Vec<usize>> = HashMap::new();
    for (j, party) in new.iter().enumerate() {
        for word in &party.words {
            known.entry(word).or_default().push(j);
        }
    }
    let mut pairs = BTreeSet::new();
    for (i, party) in old.iter().enumerate() {
        let telling = party.words.iter().filter_map(|word| known.get(word.as_str()));
        for shared in telling.filter(|shared| shared.len() <= MAX_SHARED) {
            pairs.extend(shared.iter().map(|j| (i, *j)));
        }
    }
    pairs.into_iter().collect()
}

/// The pairs that are the best of both their entries by far: where two could be meant, none is.
fn only_ones(mut pairs: Vec<(f32, usize, usize)>) -> Vec<(f32, usize, usize)> {
    /// So much better must the best be.
    const MARGIN: f32 = 0.05;
    let mut best: (BTreeMap<usize, Vec<f32>>, BTreeMap<usize, Vec<f32>>) = Default::default();
    for (score, i, j) in &pairs {
        best.0.entry(*i).or_default().push(*score);
        best.1.entry(*j).or_default().push(*score);
    }
    let is_alone =
        |score: f32, scores: &[f32]| scores.iter().filter(|other| **other > score - MARGIN).count() == 1;
    pairs.retain(|(score, i, j)| is_alone(*score, &best.0[i]) && is_alone(*score, &best.1[j]));
    pairs
}

/// Whether one party's name is the other's alias, and the other way round.
fn is_swapped(before: &RenameCandidate<'_>, after: &RenameCandidate<'_>) -> bool {
    before.names.len() > 1
        && after.names.contains(&folded(&before.entry.title))
        && before.names.contains(&folded(&after.entry.title))
}

/// Whether a remark was put behind the name, or taken away: a new line, a bracket.
fn is_remarked(before: &Entry, after: &Entry) -> bool {
    let head = |text: &str| {
        let end = text.find(['\n', '(', '[', ';']).unwrap_or(text.len());
        folded(&text[..end])
    };
    let written = |entry: &Entry| {
        let name = entry.fields.values().find(|text| folded(text) == folded(&entry.title));
        head(name.map_or(entry.title.as_str(), String::as_str))
    };
    let (old, new) = (written(before), written(after));
    !old.is_empty() && old == new
}

fn folded(text: &str) -> String {
    words_of(text).collect::<Vec<_>>().join(" ")
}

fn words_of(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).map(str::to_lowercase)
}

/// The words of a name that are no legal form, or all where nothing else is in it.
fn words(name: &str) -> BTreeSet<String> {
    let all: BTreeSet<String> = words_of(name).collect();
    let telling: BTreeSet<String> =
        all.iter().filter(|word| !LEGAL_FORMS.contains(&word.as_str())).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

/// Legal forms say nothing about who is meant.
const LEGAL_FORMS: [&str; 24] = [
    "ag",
    "and",
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
    "the",
];

/// Which part of all words both names have.
#[expect(clippy::cast_precision_loss, reason = "word counts are far below 2^52")]
fn shared(old: &BTreeSet<String>, new: &BTreeSet<String>) -> f64 {
    let all = old.union(new).count().max(1);
    old.intersection(new).count() as f64 / all as f64
}

/// Whether the words of two names are the same give or take their endings, in names of more than one word.
fn is_inflection(old: &BTreeSet<String>, new: &BTreeSet<String>) -> bool {
    let gone: Vec<&String> = old.difference(new).collect();
    let mut come: Vec<&String> = new.difference(old).collect();
    if old.len() < 2 || old.len() != new.len() || gone.len() == old.len() {
        return false;
    }
    gone.into_iter().all(|word| {
        let partner = come.iter().position(|other| is_inflected(word, other));
        partner.map(|at| come.swap_remove(at)).is_some()
    })
}

/// Whether two words differ in their endings only.
fn is_inflected(one: &str, other: &str) -> bool {
    let shared = one.chars().zip(other.chars()).take_while(|(a, b)| a == b).count();
    let ends = [one, other].map(|word| word.chars().skip(shared).collect::<String>());
    let has_number = one.chars().any(|c| c.is_ascii_digit());
    shared >= STEM && !has_number && ends.iter().all(|end| ENDINGS.contains(&end.as_str()))
}

/// What may stand behind a stem.
const ENDINGS: [&str; 10] = ["", "s", "es", "y", "ies", "ing", "ed", "al", "e", "ic"];

#[cfg(test)]
mod tests;
