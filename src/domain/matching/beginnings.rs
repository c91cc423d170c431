//! With which words names begin: of most texts no word is one of them, and then none of the names is in it.

use crate::domain::folded::{may_have_word, word_hash};

/// For each word so many bits: of a hundred other words one or two are taken for one of these.
const BITS_A_WORD: usize = 64;

/// The least and the most bits, as powers of two. The most take 128 KiB, which a processor has at hand.
const MIN_POWER: u32 = 12;
const MAX_POWER: u32 = 20;

/// The first words of names, as bits of a filter.
#[derive(Debug, Clone)]
pub(super) struct FirstWords {
    bits: Vec<u64>,
    /// How many bits there are, as a power of two.
    power: u32,
}

impl FirstWords {
    /// Of folded names. One word is also found as its plural.
    pub(super) fn of<'a>(names: impl Iterator<Item = &'a [u8]> + Clone) -> Self {
        let wished = names.clone().count().saturating_mul(BITS_A_WORD).next_power_of_two();
        let power = wished.trailing_zeros().clamp(MIN_POWER, MAX_POWER);
        let mut words = Self { bits: vec![0; 1 << (power - u64::BITS.trailing_zeros())], power };
        for name in names.map(<[u8]>::trim_ascii) {
            let end = name.iter().position(|byte| *byte == b' ');
            words.add(&name[..end.unwrap_or(name.len())]);
            if end.is_none() {
                words.add(&[name, b"s"].concat());
            }
        }
        words
    }

    fn add(&mut self, word: &[u8]) {
        let (index, bit) = self.place(word_hash(word));
        self.bits[index] |= bit;
    }

    fn place(&self, word: u64) -> (usize, u64) {
        let place = word & ((1 << self.power) - 1);
        (
            usize::try_from(place / u64::from(u64::BITS)).unwrap_or_default(),
            1 << (place % u64::from(u64::BITS)),
        )
    }

    /// Whether a text may hold one of the names; "no" is certain.
    pub(super) fn may_be_in(&self, text: &str) -> bool {
        may_have_word(text, |word| {
            let (index, bit) = self.place(word);
            self.bits[index] & bit != 0
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(names: &[&str]) -> FirstWords {
        FirstWords::of(names.iter().map(|name| name.as_bytes()))
    }

    #[test]
    fn a_text_without_a_first_word_holds_no_name() {
        let words = words(&[" zte", " hangzhou hikvision"]);
        for text in ["made by ZTE", "ZTEs", "Hangzhou", "海康威视"] {
            assert!(words.may_be_in(text), "{text:?}");
        }
        for text in ["", "Hikvision", "ZTEX makes", "of the named entity", "hangzhous"] {
            assert!(!words.may_be_in(text), "{text:?}");
        }
    }

    #[test]
    fn of_other_words_few_are_taken_for_one_of_many() {
        for count in [10, 1_000, 10_000] {
            let names: Vec<String> = (0..count).map(|number| format!(" name{number}")).collect();
            let words = FirstWords::of(names.iter().map(String::as_bytes));
            let taken = (0..10_000).filter(|number| words.may_be_in(&format!("other{number}"))).count();
            assert!(taken < 400, "{taken} of 10,000 beside {count}");
        }
    }
}
