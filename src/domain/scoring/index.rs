//! Which of many names may be near another one: an index by the words that tell a name from others.
//!
//! [`super::compare`] says how near two names are, and costs far too much to be asked of every company for every
//! row of every list. Names none of whose telling words has a partner score [`UNRELATED`] at most, and every way
//! in which a word can have a partner is a look-up here: the same word, words written together, initials, or a
//! letter wrong. So what is not found would not have been near, and what is found is still compared.

use std::collections::HashMap;
use std::ops::Range;

use super::misspelt::Misspelt;
use super::name::{Name, Token};
use super::pairing::{MAX_TOGETHER, MIN_ABBREVIATED, MIN_MISSPELT_BYTES, together};
use super::vocabulary::Kind;

/// Two names score no more where no telling word of one of them has a partner: [`super::Reason::NothingTelling`].
pub const UNRELATED: f64 = 0.6;

/// The least length of several words taken as one that may be misspelt.
const MIN_RUN_BYTES: usize = 8;

/// Many names, to be found by their words.
#[derive(Debug, Clone, Default)]
pub struct NameIndex {
    /// What another name must have word for word: a telling word, words written together, initials.
    exact: HashMap<Box<str>, Vec<usize>>,
    /// What it may have with a letter wrong.
    misspelt: Misspelt,
}

impl NameIndex {
    /// Takes names in; each is known by its place.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a Name>) -> Self {
        let mut index = Self::default();
        let mut misspelt: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (place, name) in names.into_iter().enumerate() {
            index.add_exact(&name.full, place);
            for range in runs(&name.tokens).filter(|range| tells(&name.tokens[range.clone()])) {
                let tokens = &name.tokens[range.clone()];
                if range.len() <= MAX_TOGETHER {
                    index.add_exact(&together(&name.tokens, &range), place);
                }
                if range.len() >= MIN_ABBREVIATED {
                    index.add_exact(&initials(tokens), place);
                }
                if let Some(word) = may_be_misspelt(tokens) {
                    note(&mut misspelt, &word, place);
                }
            }
        }
        index.misspelt = Misspelt::of(misspelt);
        index
    }

    /// The places of all names that may score more than [`UNRELATED`], in their order.
    #[must_use]
    pub fn near(&self, name: &Name) -> Vec<usize> {
        let mut near = Vec::new();
        self.take_exact(&name.full, &mut near);
        for range in runs(&name.tokens) {
            let tokens = &name.tokens[range.clone()];
            if range.len() <= MAX_TOGETHER {
                self.take_exact(&together(&name.tokens, &range), &mut near);
            }
            if range.len() >= MIN_ABBREVIATED {
                self.take_exact(&initials(tokens), &mut near);
            }
            let is_word = range.len() == 1 && tokens[0].kind != Kind::Number;
            let word = if is_word { Some(tokens[0].text.clone()) } else { may_be_misspelt(tokens) };
            if let Some(word) = word {
                self.misspelt.near(&word, |places| near.extend_from_slice(places));
            }
        }
        near.sort_unstable();
        near.dedup();
        near
    }

    fn add_exact(&mut self, word: &str, place: usize) {
        note(&mut self.exact, word, place);
    }

    fn take_exact(&self, word: &str, near: &mut Vec<usize>) {
        if let Some(places) = self.exact.get(word) {
            near.extend_from_slice(places);
        }
    }
}

fn note(words: &mut HashMap<Box<str>, Vec<usize>>, word: &str, place: usize) {
    match words.get_mut(word) {
        Some(places) if places.last() == Some(&place) => {}
        Some(places) => places.push(place),
        None => drop(words.insert(word.into(), vec![place])),
    }
}

/// All runs of words that stand side by side.
fn runs(tokens: &[Token]) -> impl Iterator<Item = Range<usize>> {
    let count = tokens.len();
    (0..count).flat_map(move |start| (start + 1..=count).map(move |end| start..end))
}

fn tells(tokens: &[Token]) -> bool {
    tokens.iter().any(|token| token.kind == Kind::Telling)
}

/// One telling word, or several that may be one misspelt.
fn may_be_misspelt(tokens: &[Token]) -> Option<String> {
    let is_unknown = tokens.iter().all(|token| token.kind == Kind::Telling);
    let bytes: usize = tokens.iter().map(|token| token.text.len()).sum();
    let least = if tokens.len() == 1 { MIN_MISSPELT_BYTES } else { MIN_RUN_BYTES };
    (is_unknown && tokens.len() <= MAX_TOGETHER && bytes >= least)
        .then(|| together(tokens, &(0..tokens.len())))
        .filter(|word| word.is_ascii())
}

fn initials(tokens: &[Token]) -> String {
    tokens.iter().map(|token| char::from(token.initial)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::compare;
    use super::*;

    const WORDS: [&str; 26] = [
        "hikvision",
        "hikvison",
        "digital",
        "technology",
        "technologie",
        "technolgy",
        "smic",
        "semiconductor",
        "manufacturing",
        "international",
        "corporation",
        "good",
        "will",
        "goodwill",
        "andrang",
        "heta",
        "ndrangheta",
        "bank",
        "shanghai",
        "44",
        "trust",
        "norinco",
        "narinco",
        "ltd",
        "华为",
        "zte",
    ];

    fn name() -> impl Strategy<Value = Name> {
        prop::collection::vec(prop::sample::select(&WORDS[..]), 1..7)
            .prop_map(|words| Name::of(&words.join(" ")))
            .prop_filter("some word must tell", Name::is_telling)
    }

    proptest! {
        #[test]
        fn a_name_that_is_not_found_is_not_near(names in prop::collection::vec(name(), 1..12), other in name()) {
            let near = NameIndex::of(&names).near(&other);
            for (place, known) in names.iter().enumerate() {
                let score = compare(known, &other).score;
                prop_assert!(
                    near.contains(&place) || score <= UNRELATED,
                    "{known:?} scores {score} with {other:?}"
                );
            }
        }
    }

    #[test]
    fn names_are_found_by_each_way_of_writing_a_word() {
        let names =
            ["Hikvision Digital", "Semiconductor Manufacturing International", "Goodwill Ltd", "华为"];
        let names: Vec<Name> = names.into_iter().map(Name::of).collect();
        let index = NameIndex::of(&names);
        for (other, expected) in [
            ("Hikvison", &[0][..]),
            ("SMI", &[1]),
            ("Good Will", &[2]),
            ("华为", &[3]),
            ("Digital Corporation", &[]),
            ("Bluebird", &[]),
        ] {
            assert_eq!(index.near(&Name::of(other)), expected, "{other}");
        }
    }
}
