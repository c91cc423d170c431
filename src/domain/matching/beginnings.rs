//! How names begin: in most texts no word, and no two words, are the beginning of one, and then none of the names is in it.

use crate::domain::folded::{may_have_word, pair_hash, word_hash};

/// For each beginning so many bits: of several thousand others one is taken for one of these. A text of some dozen words asks
/// for twice as many.
const BITS_A_BEGINNING: usize = 256;

/// What a hash is multiplied by for its second bit: odd, and without a pattern.
const SECOND: u64 = 0x9E37_79B9_7F4A_7C15;

/// The least and the most bits, as powers of two. The most take 256 KiB, which a processor has at hand.
const MIN_POWER: u32 = 12;
const MAX_POWER: u32 = 21;

/// Names of one word, and the first two of all others, each as two bits of a filter.
#[derive(Debug, Clone)]
pub(super) struct Beginnings {
    bits: Vec<u64>,
    /// How many bits there are, as a power of two.
    power: u32,
}

impl Beginnings {
    /// Of folded names. A last word is also found as its plural.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let wished = names.clone().count().saturating_mul(BITS_A_BEGINNING).next_power_of_two();
        let power = wished.trailing_zeros().clamp(MIN_POWER, MAX_POWER);
        let mut beginnings = Self { bits: vec![0; 1 << (power - u64::BITS.trailing_zeros())], power };
        for name in names {
            let mut words = name.split(|byte| *byte == b' ').filter(|word| !word.is_empty());
            let Some(first) = words.next() else { continue };
            let (second, third) = (words.next(), words.next());
            let plural = |word: &[u8]| word_hash(&[word, b"s"].concat());
            match second {
                None => [word_hash(first), plural(first)].map(|word| beginnings.add(word)),
                Some(second) => {
                    let last = if third.is_none() { plural(second) } else { word_hash(second) };
                    [word_hash(second), last].map(|word| beginnings.add(pair_hash(word_hash(first), word)))
                }
            };
        }
        beginnings
    }

    fn add(&mut self, hash: u64) {
        for place in [self.lowest(hash), self.highest(hash)] {
            self.bits[index(place)] |= bit(place);
        }
    }

    fn has(&self, hash: u64) -> bool {
        let is_set = |place: u64| self.bits[index(place)] & bit(place) != 0;
        // Of most words the first bit says it.
        is_set(self.lowest(hash)) && is_set(self.highest(hash))
    }

    /// The place of a hash's first bit: what its lowest bits say.
    fn lowest(&self, hash: u64) -> u64 {
        hash & ((1 << self.power) - 1)
    }

    /// The place of its second bit: what the highest say of the product with [`SECOND`].
    fn highest(&self, hash: u64) -> u64 {
        hash.wrapping_mul(SECOND) >> (u64::BITS - self.power)
    }

    /// Whether a text may hold one of the names; "no" is certain.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        may_have_word(text, |before, word| {
            self.has(word) || before.is_some_and(|before| self.has(pair_hash(before, word)))
        })
    }
}

/// In which of the words of the filter a place lies.
fn index(place: u64) -> usize {
    usize::try_from(place / u64::from(u64::BITS)).unwrap_or_default()
}

/// The bit of a place within its word.
fn bit(place: u64) -> u64 {
    1 << (place % u64::from(u64::BITS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn beginnings(names: &[&str]) -> Beginnings {
        Beginnings::of(names.iter().map(|name| name.as_bytes()))
    }

    #[test]
    fn a_text_without_a_beginning_holds_no_name() {
        let beginnings = beginnings(&[" zte", " hangzhou hikvision digital technology", " blue bird"]);
        for text in
            ["made by ZTE", "ZTEs", "Hangzhou Hikvision", "of hangzhou, Hikvision", "Blue Birds", "海康威视"]
        {
            assert!(beginnings.may_be_in(text), "{text:?}");
        }
        for text in
            ["", "Hikvision", "ZTEX makes", "of the named entity", "Hangzhou", "Hangzhou Hikvisions", "blue"]
        {
            assert!(!beginnings.may_be_in(text), "{text:?}");
        }
    }

    #[test]
    fn of_other_words_few_are_taken_for_a_beginning_of_many() {
        for count in [10, 1_000, 10_000] {
            let names: Vec<String> = (0..count).map(|number| format!(" name{number} works")).collect();
            let beginnings = Beginnings::of(names.iter().map(String::as_bytes));
            let is_taken = |number: &i32| beginnings.may_be_in(&format!("other{number} works"));
            let taken = (0..10_000).filter(is_taken).count();
            assert!(taken < 40, "{taken} of 10,000 beside {count}");
        }
    }
}
