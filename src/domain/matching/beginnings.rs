//! How names begin: in most texts no word, and no two words, are the beginning of one, and then none of the names is in it.

use crate::domain::folded::{may_have_word, pair_hash, word_hash};

/// For each beginning so many bits: of a hundred others one or two are taken for one of these.
const BITS_A_BEGINNING: usize = 128;

/// The least and the most bits, as powers of two. The most take 256 KiB, which a processor has at hand.
const MIN_POWER: u32 = 12;
const MAX_POWER: u32 = 21;

/// Names of one word, and the first two of all others, as bits of a filter.
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
        let (index, bit) = self.place(hash);
        self.bits[index] |= bit;
    }

    fn has(&self, hash: u64) -> bool {
        let (index, bit) = self.place(hash);
        self.bits[index] & bit != 0
    }

    fn place(&self, hash: u64) -> (usize, u64) {
        let place = hash & ((1 << self.power) - 1);
        (
            usize::try_from(place / u64::from(u64::BITS)).unwrap_or_default(),
            1 << (place % u64::from(u64::BITS)),
        )
    }

    /// Whether a text may hold one of the names; "no" is certain.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        may_have_word(text, |before, word| {
            self.has(word) || before.is_some_and(|before| self.has(pair_hash(before, word)))
        })
    }
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
            assert!(taken < 400, "{taken} of 10,000 beside {count}");
        }
    }
}
