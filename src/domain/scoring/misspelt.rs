//! Words that may stand in a name with a letter wrong: an index by the pieces that an error leaves as they are.
//!
//! Each word is parted into one piece more than it may have errors. Count the errors from the left, two letters that
//! changed places across a border with the piece before it: at some piece they are for the first time fewer than the
//! pieces up to it. That piece has none, those before it have one each on average, and those behind it the rest. So of
//! any word that is near, this piece is found no farther from its place than those errors move it; its first letter may
//! have to be changed back with the one before it. Whatever is found is still compared. (Pass-Join, Li et al. 2011.)

use std::collections::HashMap;

use rustc_hash::FxHashMap;

use super::pairing::{MAX_MISSPELT_BYTES, MIN_MISSPELT_BYTES, MIN_TWICE_MISSPELT_BYTES, errors_between};

/// Words by their pieces.
#[derive(Debug, Clone, Default)]
pub(super) struct Misspelt {
    /// Each word with whose it is.
    words: Vec<(Box<str>, Vec<usize>)>,
    /// Which letters each has, a bit each: an error changes two of them at most.
    letters: Vec<u32>,
    /// A hash of a piece, of its place and of the length of its word → the words that have it. What shares a hash by
    /// accident is told apart when it is compared.
    pieces: FxHashMap<u64, Vec<u32>>,
    /// A bit for each length of which words are there.
    lengths: u128,
}

impl Misspelt {
    /// Takes words in. Those that are too long or too short to be misspelt are left out.
    pub(super) fn of(words: HashMap<Box<str>, Vec<usize>>) -> Self {
        let mut index = Self::default();
        let may_be =
            |word: &str| word.is_ascii() && (MIN_MISSPELT_BYTES..=MAX_MISSPELT_BYTES).contains(&word.len());
        index.words = words.into_iter().filter(|(word, _)| may_be(word)).collect();
        index.words.sort_unstable();
        index.letters = index.words.iter().map(|(word, _)| letters_of(word.as_bytes())).collect();
        for (number, (word, _)) in (0..).zip(&index.words) {
            index.lengths |= 1 << word.len();
            for (piece, start, end) in pieces_of(word.len()) {
                let found = word.as_bytes()[start..end].iter().copied();
                index.pieces.entry(hash(word.len(), piece, found)).or_default().push(number);
            }
        }
        index
    }

    /// Shows the words that are this word or nearly, and whose they are.
    pub(super) fn near(&self, word: &str, mut take: impl FnMut(&str, &[usize])) {
        if !(MIN_MISSPELT_BYTES..=MAX_MISSPELT_BYTES).contains(&word.len()) || !word.is_ascii() {
            return;
        }
        let mut candidates = Vec::new();
        for length in word.len().saturating_sub(2)..=(word.len() + 2).min(MAX_MISSPELT_BYTES) {
            if self.lengths >> length & 1 == 1 {
                self.take_candidates(word.as_bytes(), length, &mut candidates);
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        for number in candidates {
            let Some((known, places)) = self.words.get(number as usize) else { continue };
            if errors_between(known, word).is_some() {
                take(known, places);
            }
        }
    }

    /// Words of a length that have a piece of the word.
    fn take_candidates(&self, word: &[u8], length: usize, candidates: &mut Vec<u32>) {
        let tolerated = if length.min(word.len()) < MIN_TWICE_MISSPELT_BYTES { 1 } else { 2 };
        let grown = word.len().cast_signed() - length.cast_signed();
        if grown.unsigned_abs() > tolerated {
            return;
        }
        let letters = letters_of(word);
        let may_be_near = |number: &u32| {
            let known = self.letters.get(*number as usize).copied().unwrap_or_default();
            (known ^ letters).count_ones() as usize <= 2 * tolerated
        };
        for (piece, start, end) in pieces_of(length).take(tolerated + 1) {
            let (before, behind) = (piece.cast_signed(), (tolerated - piece).cast_signed());
            for moved in (-before).max(grown - behind)..=before.min(grown + behind) {
                let Some(begin) = start.checked_add_signed(moved) else { continue };
                let Some(found) = word.get(begin..begin + (end - start)) else { continue };
                let mut look_up = |key: u64| {
                    if let Some(numbers) = self.pieces.get(&key) {
                        candidates.extend(numbers.iter().filter(|number| may_be_near(number)));
                    }
                };
                look_up(hash(length, piece, found.iter().copied()));
                // Two letters on either side of the border before it, changed back.
                if let Some(before) = begin.checked_sub(1).and_then(|at| word.get(at)) {
                    look_up(hash(length, piece, std::iter::once(*before).chain(found[1..].iter().copied())));
                }
            }
        }
    }
}

/// A bit for each letter of a word; of what is no letter several may have one.
fn letters_of(word: &[u8]) -> u32 {
    word.iter().fold(0, |letters, byte| letters | 1 << (byte & 31))
}

/// The pieces of a word of a length: their numbers, where they begin and where they end.
fn pieces_of(length: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let count = if length < MIN_TWICE_MISSPELT_BYTES { 2 } else { 3 };
    (0..count).map(move |piece| (piece, piece * length / count, (piece + 1) * length / count))
}

/// FNV-1a.
fn hash(length: usize, piece: usize, bytes: impl Iterator<Item = u8>) -> u64 {
    let begin = 0xcbf2_9ce4_8422_2325_u64 ^ (length * 4 + piece) as u64;
    bytes.fold(begin, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(known: &str, word: &str) -> bool {
        let index = Misspelt::of(HashMap::from([(known.into(), vec![7])]));
        let mut found = false;
        index.near(word, |_, places| found = places == [7]);
        found
    }

    #[test]
    fn two_letters_that_changed_places_across_borders_are_found() {
        for (known, word) in [
            ("abcdef", "abdcef"),
            ("abcdefghi", "abdcefghi"),
            ("abcdefghi", "abdcegfhi"),
            ("abcdefghijkl", "abcedfghijlk"),
            ("abcdefghi", "bcdefghi"),
            ("abcdefghi", "xabcdefghiy"),
        ] {
            assert_eq!(near(known, word), errors_between(known, word).is_some(), "{known} {word}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_near_is_found_and_nothing_else(
            known in "[abc]{3,20}",
            steps in prop::collection::vec((0_u8..4, 0_usize..20, prop::sample::select(&b"abcx"[..])), 0..4),
        ) {
            let mut word = known.clone().into_bytes();
            for (kind, at, letter) in steps {
                let at = at % word.len().max(1);
                match kind {
                    0 => word.insert(at, letter),
                    1 if word.len() > 1 => drop(word.remove(at)),
                    2 if at + 1 < word.len() => word.swap(at, at + 1),
                    _ => word[at] = letter,
                }
            }
            let word = String::from_utf8(word).unwrap();
            let expected = known.len() >= MIN_MISSPELT_BYTES
                && word.len() >= MIN_MISSPELT_BYTES
                && errors_between(&known, &word).is_some();
            prop_assert_eq!(near(&known, &word), expected, "{} {}", known, word);
        }
    }
}
