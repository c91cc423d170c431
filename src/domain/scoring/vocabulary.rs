//! Words that tell little of a name, and words that tell where: the table `words.txt`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::name::plain_words;

const TABLE: &str = include_str!("words.txt");

/// The most words that one entry of the table has.
pub(super) const MAX_WORDS: usize = 5;

/// What sort of word it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum WordKind {
    /// Not in the table: what makes a name its owner's.
    Telling,
    /// What many companies call themselves.
    Generic,
    /// What they deal in.
    Sector,
    /// Where they are.
    Place,
    /// A number or a code with digits.
    Number,
    /// Of no weight.
    Stop,
}

/// A known word.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KnownWord {
    pub kind: WordKind,
    pub weight: f64,
    /// The first of its forms, without blanks: what stands for all of them.
    pub canonical: String,
}

static KNOWN: LazyLock<HashMap<String, KnownWord>> = LazyLock::new(|| {
    let mut known = HashMap::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let Some((head, forms)) = line.split_once(':') else { continue };
        let Some((kind, weight)) = head.split_once(' ') else { continue };
        let kind = match kind {
            "stop" => WordKind::Stop,
            "generic" => WordKind::Generic,
            "sector" => WordKind::Sector,
            _ => WordKind::Place,
        };
        let weight = weight.parse().unwrap_or(1.0);
        let forms: Vec<String> = forms.split(',').map(|form| plain_words(form).concat()).collect();
        let Some(canonical) = forms.first() else { continue };
        for form in &forms {
            let entry = KnownWord { kind, weight, canonical: canonical.clone() };
            known.entry(form.clone()).or_insert(entry);
        }
    }
    known
});

/// What the table says of a word, or of several written together.
pub(super) fn known(word: &str) -> Option<&'static KnownWord> {
    KNOWN.get(word)
}

/// What sets two companies of one house apart: "Deutsche Bank" and "Deutsche Bank Trust Company".
const INSTITUTIONS: [&str; 3] = ["bank", "insurance", "trust"];

/// Whether a word says that its bearer is a bank, a trust or an insurer.
pub(super) fn is_institution(canonical: &str) -> bool {
    INSTITUTIONS.contains(&canonical)
}

/// Whether a word after a company's name makes it the name of another: a place, or another institution.
#[must_use]
pub fn sets_apart(word: &str) -> bool {
    known(word).is_some_and(|known| known.kind == WordKind::Place || is_institution(&known.canonical))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_one_word_stand_for_each_other() {
        let canonical = |word: &str| known(word).map(|known| known.canonical.as_str());
        assert_eq!(canonical("schweiz"), Some("switzerland"));
        assert_eq!(canonical("newyork"), Some("newyork"));
        assert_eq!(canonical("technologies"), Some("technology"));
        assert_eq!(canonical("россия"), None, "other scripts are looked up in Latin letters");
        assert_eq!(canonical("hikvision"), None);
    }

    #[test]
    fn every_line_of_the_table_is_read() {
        for line in TABLE.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let (head, forms) = line.split_once(": ").unwrap();
            let (kind, weight) = head.split_once(' ').unwrap();
            assert!(["stop", "generic", "sector", "place"].contains(&kind), "{line}");
            assert!(weight.parse::<f64>().is_ok(), "{line}");
            for form in forms.split(", ") {
                let words = plain_words(form);
                assert!((1..=MAX_WORDS).contains(&words.len()), "{form}");
                assert!(known(&words.concat()).is_some(), "{form}");
            }
        }
    }
}
