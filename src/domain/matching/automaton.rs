//! Every name of every company in one automaton, and where they stand in a text.
//!
//! A Latin name is looked for with the blank before it: inside words the automaton then stays at
//! its root, and a name inside a word is never reported. A Han name is looked for anywhere.

use std::collections::BTreeMap;
use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, BuildError, MatchKind};

use super::beginnings::Beginnings;
use crate::domain::folded::Folded;
use crate::domain::script::{is_hangul, is_unspaced};

/// Up to so many bytes of names a table with an answer for every byte is built; beyond it, one
/// that is slower to ask, and quicker to build in a fraction of the space.
const MAX_DENSE_BYTES: usize = 300_000;

/// What a text may hold, with the owner of each pattern by its number.
#[derive(Debug, Clone)]
pub(super) struct Automaton<T> {
    search: AhoCorasick,
    beginnings: Beginnings,
    /// For each pattern, in the order of the search.
    owners: Vec<Vec<T>>,
}

/// A pattern found between boundaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sighting<'a, T> {
    pub owners: &'a [T],
    /// In the folded text, without the blank before it.
    pub folded: Range<usize>,
    /// Whether the word goes on with an "s".
    pub is_plural: bool,
}

/// Collects patterns; those of equal form share one.
#[derive(Debug)]
pub(super) struct Patterns<T>(BTreeMap<Vec<u8>, Vec<T>>);

impl<T> Patterns<T> {
    pub fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds a folded name; says whether it holds anything to look for.
    pub fn add(&mut self, folded: &Folded, owner: T) -> bool {
        self.add_words(&folded.words(), owner)
    }

    /// The same for words that are folded already.
    pub fn add_words(&mut self, words: &str, owner: T) -> bool {
        let Some(first) = words.chars().next() else { return false };
        let mut pattern = Vec::with_capacity(words.len() + 1);
        if !is_unspaced(first) {
            pattern.push(b' ');
        }
        pattern.extend_from_slice(words.as_bytes());
        self.0.entry(pattern).or_default().push(owner);
        true
    }

    pub fn build(self) -> Result<Automaton<T>, BuildError> {
        let bytes: usize = self.0.keys().map(Vec::len).sum();
        let kind =
            if bytes <= MAX_DENSE_BYTES { AhoCorasickKind::DFA } else { AhoCorasickKind::ContiguousNFA };
        let (patterns, owners): (Vec<Vec<u8>>, Vec<Vec<T>>) = self.0.into_iter().unzip();
        let beginnings = Beginnings::of(patterns.iter().map(Vec::as_slice));
        let mut builder = AhoCorasickBuilder::new();
        builder.kind(Some(kind)).match_kind(MatchKind::Standard).prefilter(false);
        Ok(Automaton { search: builder.build(patterns)?, beginnings, owners })
    }
}

impl<T> Automaton<T> {
    /// Whether a text, as it is before it is folded, may hold any pattern; "no" is certain.
    pub fn may_find(&self, text: &str) -> bool {
        self.beginnings.may_be_in(text)
    }

    /// Every pattern in a folded text that stands between boundaries, overlapping ones too.
    pub fn find<'a>(&'a self, folded: &'a Folded) -> impl Iterator<Item = Sighting<'a, T>> {
        let text = folded.bytes();
        self.search.find_overlapping_iter(text).filter_map(move |found| {
            let start = found.start() + usize::from(text.get(found.start()) == Some(&b' '));
            let is_plural = match end_of(text, found.end())? {
                WordEnd::Word => false,
                WordEnd::Plural => true,
            };
            Some(Sighting { owners: &self.owners[found.pattern()], folded: start..found.end(), is_plural })
        })
    }
}

/// How a word ends.
enum WordEnd {
    Word,
    Plural,
}

/// How the word ends that a pattern reaches to; nothing where it goes on.
fn end_of(text: &[u8], end: usize) -> Option<WordEnd> {
    match text.get(end..) {
        None | Some([] | [b' ', ..]) => Some(WordEnd::Word),
        Some([b's'] | [b's', b' ', ..]) => Some(WordEnd::Plural),
        Some(rest) => is_unparted(&text[..end], rest).then_some(WordEnd::Word),
    }
}

/// Whether a name may end between these two, because its script parts no words, or hangs
/// particles on them.
fn is_unparted(before: &[u8], after: &[u8]) -> bool {
    // A character has at most four bytes, and both sides lie on a boundary.
    let tail = &before[before.len().saturating_sub(4)..];
    let last = (0..tail.len()).rev().find_map(|from| std::str::from_utf8(&tail[from..]).ok()?.chars().next());
    let head = &after[..after.len().min(4)];
    let first = (1..=head.len()).find_map(|to| std::str::from_utf8(&head[..to]).ok()?.chars().next());
    match (last, first) {
        (Some(last), Some(first)) => {
            (is_unspaced(last) && is_unspaced(first)) || (is_hangul(last) && is_hangul(first))
        }
        _ => false,
    }
}
