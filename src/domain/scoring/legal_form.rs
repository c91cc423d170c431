//! Legal forms in a name: the table `legal_forms.txt`, and where in a name they may stand.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::LazyLock;

use super::name::plain_words;
use super::pairing::differ_by;
use crate::domain::script::is_unspaced;

const TABLE: &str = include_str!("legal_forms.txt");

/// The most words that one form has.
const MAX_WORDS: usize = 7;

/// Forms of so few letters are also words: they count at the ends of a name only.
const SHORT_BYTES: usize = 2;

/// Words from so many letters on are known with a letter wrong, too.
const LONG_BYTES: usize = 7;

/// Of a long word so many letters at either end are looked up. One step changes two letters side by side at most, and
/// these are never all of them.
const EDGE_BYTES: usize = 3;

/// What sort of body a legal form is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LegalClass {
    /// A company, it does not say of which sort.
    Any,
    /// Limited liability.
    Limited,
    /// Shares.
    Stock,
    /// Partners.
    Partnership,
    /// Owned by its members.
    Cooperative,
    /// One person.
    Sole,
    /// Not for profit.
    Nonprofit,
    /// Owned by a state, without shares.
    State,
}

impl LegalClass {
    fn of(word: &str) -> Option<Self> {
        Some(match word {
            "any" => Self::Any,
            "limited" => Self::Limited,
            "stock" => Self::Stock,
            "partnership" => Self::Partnership,
            "cooperative" => Self::Cooperative,
            "sole" => Self::Sole,
            "nonprofit" => Self::Nonprofit,
            "state" => Self::State,
            _ => return None,
        })
    }

    /// The class in words.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Any => "company",
            Self::Limited => "limited liability",
            Self::Stock => "stock company",
            Self::Partnership => "partnership",
            Self::Cooperative => "cooperative",
            Self::Sole => "sole trader",
            Self::Nonprofit => "not for profit",
            Self::State => "state enterprise",
        }
    }

    /// How well two classes go together, 1 for perfectly.
    pub(super) fn agreement(self, other: Self) -> f64 {
        let is_business = |class| !matches!(class, Self::Nonprofit | Self::State);
        match (self, other) {
            (a, b) if a == b => 1.0,
            (Self::Any, other) | (other, Self::Any) if is_business(other) => 1.0,
            (a, b) if is_business(a) && is_business(b) => 0.95,
            _ => 0.6,
        }
    }
}

#[derive(Default)]
struct LegalForms {
    /// Spellings without blanks.
    spaced: HashMap<String, LegalClass>,
    /// Spellings of unspaced scripts, the longest first.
    unspaced: Vec<(String, LegalClass)>,
    /// The words of spellings.
    words: HashSet<String>,
    /// The long ones, to know them with a letter wrong.
    long_words: Vec<String>,
    /// Where among them those stand that begin so, and those that end so. A step of writing leaves one or the other
    /// as it is.
    beginning: HashMap<[u8; EDGE_BYTES], Vec<usize>>,
    ending: HashMap<[u8; EDGE_BYTES], Vec<usize>>,
}

impl LegalForms {
    fn add_long(&mut self, word: &str) {
        let place = self.long_words.len();
        self.long_words.push(word.to_owned());
        if let (Some(first), Some(last)) = (word.as_bytes().first_chunk(), word.as_bytes().last_chunk()) {
            self.beginning.entry(*first).or_default().push(place);
            self.ending.entry(*last).or_default().push(place);
        }
    }

    /// The long words with which another one shares its beginning or its end.
    fn sharing_an_edge(&self, word: &str) -> impl Iterator<Item = &String> {
        let of_first = word.as_bytes().first_chunk().and_then(|first| self.beginning.get(first));
        let of_last = word.as_bytes().last_chunk().and_then(|last| self.ending.get(last));
        let places = of_first.into_iter().chain(of_last).flatten();
        places.map(|place| &self.long_words[*place])
    }
}

static FORMS: LazyLock<LegalForms> = LazyLock::new(|| {
    let mut table = LegalForms::default();
    for (class, spelling) in spellings() {
        let words = plain_words(spelling);
        let together = words.concat();
        if together.chars().next().is_some_and(is_unspaced) {
            table.unspaced.push((together, class));
            continue;
        }
        for word in words {
            if word.len() >= LONG_BYTES && !table.words.contains(&word) {
                table.add_long(&word);
            }
            table.words.insert(word);
        }
        table.spaced.entry(together).or_insert(class);
    }
    table.unspaced.sort_by_key(|(spelling, _)| std::cmp::Reverse(spelling.len()));
    table
});

fn spellings() -> impl Iterator<Item = (LegalClass, &'static str)> {
    TABLE
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(':'))
        .filter_map(|(class, spellings)| Some((LegalClass::of(class)?, spellings)))
        .flat_map(|(class, spellings)| spellings.split(',').map(move |spelling| (class, spelling.trim())))
}

/// The legal forms among the words of a name: which words they are, and of which class.
pub(super) fn forms_in(words: &[String]) -> Vec<(Range<usize>, LegalClass)> {
    let words: Vec<&str> = words.iter().map(|word| corrected(word)).collect();
    let mut found: Vec<(Range<usize>, LegalClass)> = Vec::new();
    let mut end = words.len();
    while let Some((length, class)) = longest(end, |length| words[end - length..end].concat()) {
        found.push((end - length..end, class));
        end -= length;
    }
    let mut start = 0;
    while let Some((length, class)) = longest(end - start, |length| words[start..start + length].concat()) {
        found.push((start..start + length, class));
        start += length;
    }
    while start < end {
        let inside = longest(end - start, |length| {
            let together = words[start..start + length].concat();
            if together.len() > SHORT_BYTES { together } else { String::new() }
        });
        let length = inside.map_or(1, |(length, _)| length);
        if let Some((length, class)) = inside {
            found.push((start..start + length, class));
        }
        start += length;
    }
    found
}

/// How many words at the end of a name are legal forms, written without an error.
pub(super) fn words_of_form_at_end(words: &[&str]) -> usize {
    let mut end = words.len();
    while let Some((length, _)) = longest(end, |length| words[end - length..end].concat()) {
        end -= length;
    }
    words.len() - end
}

/// Whether a text ends in a legal form, written without an error: "Ltd.", "Example Corp".
#[must_use]
pub fn ends_in_legal_form(text: &str) -> bool {
    let words = plain_words(text);
    words_of_form_at_end(&words.iter().map(String::as_str).collect::<Vec<_>>()) > 0
}

fn longest(most: usize, together: impl Fn(usize) -> String) -> Option<(usize, LegalClass)> {
    (1..=most.min(MAX_WORDS)).rev().find_map(|length| {
        let class = FORMS.spaced.get(&together(length))?;
        Some((length, *class))
    })
}

/// A word as legal forms write it, where it is one of theirs with a letter wrong.
fn corrected(word: &str) -> &str {
    if word.len() + 1 < LONG_BYTES || !word.is_ascii() || FORMS.words.contains(word) {
        return word;
    }
    let lengths = word.len().saturating_sub(1)..=word.len() + 1;
    let candidates = FORMS.sharing_an_edge(word).filter(|known| lengths.contains(&known.len()));
    let near = candidates.filter(|known| known.is_ascii() && differ_by(known.as_bytes(), word.as_bytes(), 1));
    near.min_by_key(|known| (known.len(), known.as_str())).map_or(word, String::as_str)
}

/// Parts a word of an unspaced script from the legal form at its end or beginning.
pub(super) fn without_form(word: &str) -> (&str, Option<LegalClass>) {
    for (spelling, class) in &FORMS.unspaced {
        let rest = word.strip_suffix(spelling.as_str()).or_else(|| word.strip_prefix(spelling.as_str()));
        if let Some(rest) = rest.filter(|rest| !rest.is_empty()) {
            return (rest, Some(*class));
        }
    }
    (word, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &[(&str, LegalClass)]) {
        let words = plain_words(name);
        let found: Vec<(String, LegalClass)> =
            forms_in(&words).into_iter().map(|(range, class)| (words[range].join(" "), class)).collect();
        let expected: Vec<(String, LegalClass)> =
            expected.iter().map(|&(words, class)| (words.to_owned(), class)).collect();
        assert_eq!(found, expected, "{name}");
    }

    #[test]
    fn a_form_is_known_in_every_spelling() {
        check("Siemens Aktiengesellschaft", &[("aktiengesellschaft", LegalClass::Stock)]);
        check("Siemens Aktiengeselschaft", &[("aktiengeselschaft", LegalClass::Stock)]);
        check("FABERLIC EUROPE Sp. z o.o.", &[("sp z oo", LegalClass::Limited)]);
        check("Hangzhou Hikvision Co., Ltd.", &[("co ltd", LegalClass::Limited)]);
        check("Open Joint Stock Company Gazprom", &[("open joint stock company", LegalClass::Stock)]);
        check(
            "Societatea cu Răspundere Limitată PRO TRAFFIC",
            &[("societatea cu raspundere limitata", LegalClass::Limited)],
        );
        check("BP p.l.c.", &[("plc", LegalClass::Stock)]);
    }

    #[test]
    fn a_long_word_is_known_with_any_one_step_of_writing() {
        for known in &FORMS.long_words {
            let letters: Vec<char> = known.chars().collect();
            for at in 0..letters.len() {
                let changed = |change: &dyn Fn(&mut Vec<char>)| {
                    let mut letters = letters.clone();
                    change(&mut letters);
                    letters.into_iter().collect::<String>()
                };
                for written in [
                    changed(&|letters| {
                        letters.remove(at);
                    }),
                    changed(&|letters| letters[at] = 'q'),
                    changed(&|letters| letters.insert(at, 'q')),
                    changed(&|letters| {
                        let next = (at + 1).min(letters.len() - 1);
                        letters.swap(at, next);
                    }),
                ] {
                    let is_long = known.is_ascii() && written.len() + 1 >= LONG_BYTES;
                    if is_long && !FORMS.words.contains(&written) {
                        assert!(FORMS.words.contains(corrected(&written)), "{known}: {written}");
                    }
                }
            }
        }
    }

    #[test]
    fn two_letters_count_at_the_ends_only() {
        check("Banco S.A. Norte", &[]);
        check("Banco Norte S. A.", &[("s a", LegalClass::Stock)]);
    }

    #[test]
    fn a_form_without_blanks_is_parted_from_its_word() {
        assert_eq!(without_form("杭州海康威视数字技术股份有限公司").0, "杭州海康威视数字技术");
        assert_eq!(without_form("华为").0, "华为");
        assert_eq!(without_form("有限公司").0, "有限公司".strip_suffix("公司").unwrap());
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (class, spellings) = line.split_once(": ").unwrap();
            assert!(LegalClass::of(class).is_some(), "{line}");
            for spelling in spellings.split(", ") {
                assert!((1..=MAX_WORDS).contains(&plain_words(spelling).len()), "{spelling}");
            }
        }
    }
}
