//! Which of many names may be near another one: an index by the words that tell a name from others.
//!
//! [`super::compare`] says how near two names are, and costs far too much to be asked of every company for every
//! row of every list. Names none of whose telling words has a partner score [`UNRELATED`] at most, and every way
//! in which a word can have a partner is a look-up here: the same word, words written together, initials, or a
//! letter wrong. So what is not found would not have been near, and what is found is still compared, unless it is plain
//! that each name has a word that the other lacks.

use std::collections::HashMap;
use std::ops::Range;

use rustc_hash::{FxHashMap, FxHashSet};

use super::misspelt::Misspelt;
use super::name::{Name, NameWord};
use super::pairing::{
    MAX_TOGETHER, MIN_ABBREVIATED, MIN_MISSPELT_BYTES, beginning_of_further_off, misspelling,
    says_what_it_deals_in, together,
};
use super::vocabulary::WordKind;

/// Two names score no more where no telling word of one of them has a partner ([`super::Reason::NothingTelling`]), or
/// where each has a telling word without one ([`super::Reason::BothDiffer`]).
pub const UNRELATED: f64 = 0.6;

/// The least length of several words taken as one that may be misspelt.
const MIN_RUN_BYTES: usize = 8;

/// Many names, to be found by their words.
#[derive(Debug, Clone, Default)]
pub struct NameIndex {
    /// What another name must have word for word: a telling word, words written together, initials.
    exact: FxHashMap<Box<str>, Vec<WordPlace>>,
    /// What it may have with a letter wrong.
    misspelt: Misspelt,
    /// How many telling words each name has.
    telling: Vec<u32>,
    /// The words of the names that are not telling.
    common: Vec<NameWord>,
    /// How such words are written: together, by their initials, as they are.
    common_forms: FxHashSet<Box<str>>,
}

/// A name in which something is written.
#[derive(Debug, Clone, Copy)]
struct WordPlace {
    place: usize,
    /// Whether it is one of the name's telling words and nothing else in it.
    is_word: bool,
}

/// What another name and one of the index have in common.
#[derive(Debug, Clone, Copy)]
struct SharedWords {
    place: usize,
    /// Which word of the other name it is, where both have the same word.
    word: Option<usize>,
}

impl NameIndex {
    /// Takes names in; each is known by its place.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a Name>) -> Self {
        let mut index = Self::default();
        let mut misspelt: HashMap<Box<str>, Vec<usize>> = HashMap::new();
        for (place, name) in names.into_iter().enumerate() {
            index.telling.push(telling(&name.tokens).count_ones());
            index.add(&name.full, WordPlace { place, is_word: false });
            for rest in all_but_one(&name.tokens) {
                index.add(&rest, WordPlace { place, is_word: false });
            }
            for range in runs(&name.tokens) {
                let tokens = &name.tokens[range.clone()];
                if !tells(tokens) {
                    index.add_common(tokens);
                    continue;
                }
                if range.len() <= MAX_TOGETHER {
                    index
                        .add(&together(&name.tokens, &range), WordPlace { place, is_word: range.len() == 1 });
                }
                if range.len() >= MIN_ABBREVIATED {
                    index.add(&initials(tokens), WordPlace { place, is_word: false });
                }
                if may_be_misspelt(tokens) {
                    let places = misspelt.entry(together(&name.tokens, &range).into()).or_default();
                    if places.last() != Some(&place) {
                        places.push(place);
                    }
                }
            }
        }
        index.misspelt = Misspelt::of(misspelt);
        index
    }

    /// The places of all names that may score more than [`UNRELATED`], in their order.
    #[must_use]
    pub fn near(&self, name: &Name) -> Vec<usize> {
        let mut hits = self.hits(name);
        hits.sort_unstable_by_key(|hit| hit.place);
        let mut partners = None;
        hits.chunk_by(|one, other| one.place == other.place)
            .filter(|hits| {
                // Words of which all are the same words on one side.
                let shared = hits.iter().try_fold(0_u32, |words, hit| Some(words | 1 << hit.word?));
                let Some(shared) = shared else { return true };
                let lacks_none = self.telling[hits[0].place] <= shared.count_ones();
                let own = telling(&name.tokens) & !shared;
                lacks_none
                    || own == 0
                    || own & !*partners.get_or_insert_with(|| self.may_be_common(&name.tokens)) == 0
            })
            .map(|hits| hits[0].place)
            .collect()
    }

    /// All that a name and those of the index have in common.
    fn hits(&self, name: &Name) -> Vec<SharedWords> {
        let mut hits = Vec::new();
        self.take_exact(&name.full, None, &mut hits);
        for rest in all_but_one(&name.tokens) {
            self.take_exact(&rest, None, &mut hits);
        }
        for_each_run(&name.tokens, |start, count, form| match form {
            JoinedForm::Initials(written) => self.take_exact(written, None, &mut hits),
            JoinedForm::Together(written) => {
                self.take_exact(written, (count == 1).then_some(start), &mut hits);
                let tokens = &name.tokens[start..start + count];
                let is_word = count == 1 && tokens[0].kind != WordKind::Number;
                if is_word || may_be_misspelt(tokens) {
                    self.take_misspelt(written, &mut hits);
                }
            }
        });
        hits
    }

    /// Adds the names in which something is written just so. `word` is its number in the other name, if it is one.
    fn take_exact(&self, written: &str, word: Option<usize>, hits: &mut Vec<SharedWords>) {
        let known = self.exact.get(written).into_iter().flatten();
        hits.extend(
            known.map(|known| SharedWords { place: known.place, word: word.filter(|_| known.is_word) }),
        );
    }

    /// Adds the names in which it is written with a letter wrong. What is written alike was found as such.
    fn take_misspelt(&self, written: &str, hits: &mut Vec<SharedWords>) {
        self.misspelt.near(written, |known, places| {
            if known != written {
                hits.extend(places.iter().map(|place| SharedWords { place: *place, word: None }));
            }
        });
    }

    /// A bit for each telling word that may have a partner among the words of the index that are not telling.
    fn may_be_common(&self, tokens: &[NameWord]) -> u32 {
        let mut bits = 0;
        for_each_run(tokens, |start, count, form| {
            let (JoinedForm::Together(written) | JoinedForm::Initials(written)) = form;
            if self.common_forms.contains(written) {
                bits |= (start..start + count).fold(0, |bits, index| bits | 1 << index);
            }
        });
        for (index, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind == WordKind::Telling) {
            if bits >> index & 1 == 0 && self.common.iter().any(|common| misspelling(common, token).is_some())
            {
                bits |= 1 << index;
            }
        }
        bits
    }

    fn add(&mut self, form: &str, written: WordPlace) {
        match self.exact.get_mut(form) {
            Some(known) => match known.last_mut() {
                Some(last) if last.place == written.place => last.is_word &= written.is_word,
                _ => known.push(written),
            },
            None => drop(self.exact.insert(form.into(), vec![written])),
        }
    }

    fn add_common(&mut self, tokens: &[NameWord]) {
        if let [token] = tokens
            && !self.common.iter().any(|common| common.text == token.text)
        {
            self.common.push(token.clone());
        }
        if tokens.len() <= MAX_TOGETHER {
            self.common_forms.insert(together(tokens, &(0..tokens.len())).into());
        }
        if tokens.len() >= MIN_ABBREVIATED {
            self.common_forms.insert(initials(tokens).into());
        }
    }
}

/// How words side by side may be written as one.
enum JoinedForm<'a> {
    Together(&'a str),
    Initials(&'a str),
}

/// Shows every run of words by where it starts, of how many words it is, and how it may be written.
fn for_each_run(tokens: &[NameWord], mut show: impl FnMut(usize, usize, JoinedForm<'_>)) {
    let (mut together, mut initials) = (String::new(), String::new());
    for start in 0..tokens.len() {
        together.clear();
        initials.clear();
        for (count, token) in (1..).zip(&tokens[start..]) {
            if count <= MAX_TOGETHER {
                together.push_str(&token.text);
                show(start, count, JoinedForm::Together(&together));
            }
            initials.push(char::from(token.initial));
            if count >= MIN_ABBREVIATED {
                show(start, count, JoinedForm::Initials(&initials));
            }
        }
    }
}

/// All runs of words that stand side by side.
fn runs(tokens: &[NameWord]) -> impl Iterator<Item = Range<usize>> {
    let count = tokens.len();
    (0..count).flat_map(move |start| (start + 1..=count).map(move |end| start..end))
}

/// Of a name that says what its company deals in all words but one, and how that one begins where it may be another one
/// misspelt.
fn all_but_one(tokens: &[NameWord]) -> impl Iterator<Item = String> + '_ {
    tokens.iter().enumerate().filter_map(|(place, token)| {
        let begin = beginning_of_further_off(token).filter(|_| says_what_it_deals_in(tokens, place))?;
        let word = |(index, token): (usize, &NameWord)| {
            if index == place { format!("{begin}*") } else { token.text.clone() }
        };
        Some(tokens.iter().enumerate().map(word).collect::<Vec<_>>().join(" "))
    })
}

fn tells(tokens: &[NameWord]) -> bool {
    tokens.iter().any(|token| token.kind == WordKind::Telling)
}

/// A bit for each telling word; a name has at most 32 words.
fn telling(tokens: &[NameWord]) -> u32 {
    let telling = tokens.iter().enumerate().filter(|(_, token)| token.kind == WordKind::Telling);
    telling.fold(0, |bits, (index, _)| bits | 1 << index)
}

/// Whether this is one telling word, or several that may be one, long enough to be misspelt.
fn may_be_misspelt(tokens: &[NameWord]) -> bool {
    let is_unknown = tokens.iter().all(|token| token.kind == WordKind::Telling);
    let bytes: usize = tokens.iter().map(|token| token.text.len()).sum();
    let least = if tokens.len() == 1 { MIN_MISSPELT_BYTES } else { MIN_RUN_BYTES };
    is_unknown && tokens.len() <= MAX_TOGETHER && bytes >= least
}

fn initials(tokens: &[NameWord]) -> String {
    tokens.iter().map(|token| char::from(token.initial)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::compare;
    use super::*;

    const WORDS: [&str; 38] = [
        "steel",
        "bawoei",
        "bawuo",
        "zto",
        "ztoa",
        "micro",
        "electronics",
        "microelectronics",
        "electronic",
        "technolo",
        "gy",
        "dgt",
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
