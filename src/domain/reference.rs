//! How common words are where companies are spoken of.
//!
//! "Technology" is a word before it is a name: a company that is looked for by it is found on
//! every page. What a name means cannot be reckoned, but how often it stands in an ordinary text
//! can. The reference text is written for this project in the language of public notices, court
//! orders, entity lists, procurement rules and press reports, with made-up companies in it, and
//! stands beside this file: a longer one makes this better without a change here.

use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use super::comparable::comparable;

/// The text in which words are counted.
const TEXT: &str = include_str!("reference/notices.txt");

/// The longest run of words that is counted; a longer name is nobody's everyday phrase.
const MAX_WORDS: usize = 4;

/// So often must a name stand in the text to be too common; once may be chance.
const COMMON: usize = 2;

static REFERENCE: LazyLock<Reference> = LazyLock::new(|| Reference::of(TEXT));

/// How often a name stands in the reference text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frequency {
    /// Its occurrences.
    pub count: usize,
    /// The words of the whole text; a Chinese character counts as one.
    pub words: usize,
}

impl fmt::Display for Frequency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { count, words } = self;
        write!(f, "{count} times in {words} words of ordinary notices")
    }
}

/// How often a name occurs, where that is too often for it to mean one company.
///
/// Capitals are passed over, unless only the name as written is looked for.
#[must_use]
pub fn too_common(name: &str, is_case_sensitive: bool) -> Option<Frequency> {
    let count = REFERENCE.count(name, is_case_sensitive);
    (count >= COMMON).then_some(Frequency { count, words: REFERENCE.words })
}

/// The words of the text with where each stands, so that a long watchlist is looked up in no time.
struct Reference {
    /// In the order of the text; `None` where a line ends, since no run of words crosses it.
    text: Vec<Option<Word>>,
    /// The place of each form in `places`.
    forms: HashMap<String, usize>,
    /// By form, where its words stand in `text`.
    places: Vec<Vec<usize>>,
    /// The Chinese part, in which words have no blanks between them.
    unspaced: String,
    words: usize,
}

/// A word of the text.
struct Word {
    written: String,
    /// The place of the form in which its spellings are one.
    form: usize,
}

impl Reference {
    fn of(text: &str) -> Self {
        let (unspaced, spaced): (Vec<&str>, Vec<&str>) = text.lines().partition(|line| has_han(line));
        let unspaced = unspaced.join("\n");
        let of_unspaced = unspaced.chars().filter(|c| c.is_alphanumeric()).count();
        let mut reference = Self {
            text: Vec::new(),
            forms: HashMap::new(),
            places: Vec::new(),
            unspaced,
            words: of_unspaced,
        };
        for line in spaced {
            reference.words += line.split_whitespace().count();
            words(line).for_each(|word| reference.add(word));
            reference.text.push(None);
        }
        reference
    }

    fn add(&mut self, written: String) {
        let form = *self.forms.entry(comparable(&written)).or_insert(self.places.len());
        if form == self.places.len() {
            self.places.push(Vec::new());
        }
        self.places[form].push(self.text.len());
        self.text.push(Some(Word { written, form }));
    }

    fn count(&self, name: &str, is_case_sensitive: bool) -> usize {
        if has_han(name) {
            return self.unspaced.matches(name.trim()).count();
        }
        let run: Vec<String> = words(name).collect();
        let forms: Option<Vec<usize>> =
            run.iter().map(|word| self.forms.get(&comparable(word)).copied()).collect();
        let forms = forms.unwrap_or_default();
        let Some(first) = forms.first().filter(|_| forms.len() <= MAX_WORDS) else { return 0 };
        let is_meant = |word: &Word, (written, form): (&String, &usize)| {
            word.form == *form && (!is_case_sensitive || word.written == *written)
        };
        let stands_at = |place: &&usize| {
            let mut there = self.text[**place..].iter().map_while(Option::as_ref);
            run.iter().zip(&forms).all(|sought| there.next().is_some_and(|word| is_meant(word, sought)))
        };
        self.places[*first].iter().filter(stands_at).count()
    }
}

/// The words of a line or a name, as they are written.
fn words(text: &str) -> impl Iterator<Item = String> + '_ {
    text.split_whitespace().map(letters).filter(|word| !word.is_empty())
}

/// A word without the punctuation around and inside it.
fn letters(word: &str) -> String {
    word.trim_end_matches("'s").chars().filter(|c| c.is_alphanumeric()).collect()
}

fn has_han(text: &str) -> bool {
    text.chars().any(|c| matches!(c, '\u{3400}'..='\u{9FFF}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(is_common: bool, names: &[&str]) {
        for name in names {
            let found = too_common(name, false);
            assert_eq!(found.is_some(), is_common, "{name}: {found:?}");
        }
    }

    #[test]
    fn a_word_of_every_notice_is_too_common_for_a_name() {
        check(
            true,
            &["Technology", "technology", "Co., Ltd.", "China", "the company", "Hong Kong", "Shenzhen"],
        );
        check(true, &["United States", "National Security", "Electronics", "有限公司", "科技", "集团"]);
    }

    #[test]
    fn a_name_that_is_a_name_is_taken() {
        check(false, &["Hikvision", "Huawei", "ZTE", "DJI", "Target", "Apple", "Orange", "China Telecom"]);
        check(false, &["China Mobile", "Dahua Technology Company", "海康威视", "大华股份", "中兴通讯", "…"]);
    }

    #[test]
    fn what_is_looked_for_as_written_is_counted_as_written() {
        assert!(too_common("it", true).is_some());
        assert_eq!(too_common("IT", true), None);
    }

    #[test]
    fn how_often_is_said_with_out_of_how_many() {
        let told = too_common("Technology", false).unwrap().to_string();
        assert!(told.ends_with(" words of ordinary notices"), "{told}");
    }
}
