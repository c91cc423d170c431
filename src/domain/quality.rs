//! How much an answer can be worth as the source's own page, and what speaks against it.
//!
//! Nothing is added up. Each sign says how much the answer can be worth at most,
//! and the worst one is the score: so a score is explained by naming its signs.
//! A sign that good pages bear as well never holds a read back by itself; it must
//! be outweighed by positive proof, the entries that are known being found again.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What a sign does to a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weight {
    /// It holds the read back, whatever the body says.
    Certain,
    /// It holds the read back unless this share of the known entries, in percent, is found again.
    Unless(u8),
    /// It explains what other proof is missing, and holds nothing back.
    Hint,
    /// It holds the read back unless this share of the known entries, in percent, is found again and
    /// says what it said: what is missing from an entry looks like an amendment.
    UnlessUnchanged(u8),
    /// It holds the read back unless the document says what is known and nothing else.
    UnlessSame,
}

/// The shares of the known entries, in percent, that a document shows again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryOverlap {
    /// Those that are there.
    pub again: u8,
    /// Those that say what they said.
    pub unchanged: u8,
    /// Whether nothing else is said either.
    pub is_same: bool,
}

impl EntryOverlap {
    /// As much as can be found.
    pub const ALL: Self = Self { again: 100, unchanged: 100, is_same: true };
    /// Nothing that is known.
    pub const NOTHING: Self = Self { again: 0, unchanged: 0, is_same: false };
}

/// One thing that speaks against an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sign {
    /// The most such an answer can be worth, in percent.
    pub at_most: u8,
    /// What it does.
    pub weight: Weight,
    /// What a person is told: a clause such as `the title is "Request Rejected" (F5)`.
    pub words: String,
}

impl Sign {
    /// A sign.
    #[must_use]
    pub fn new(at_most: u8, weight: Weight, words: impl Into<String>) -> Self {
        Self { at_most, weight, words: words.into() }
    }
}

/// Everything that speaks against an answer, the worst first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    signs: Vec<Sign>,
}

impl Quality {
    /// An answer with these signs.
    #[must_use]
    pub fn of(mut signs: Vec<Sign>) -> Self {
        signs.sort_by_key(|sign| (sign.at_most, sign.weight != Weight::Certain));
        Self { signs }
    }

    /// Adds more signs.
    #[must_use]
    pub fn with(self, more: impl IntoIterator<Item = Sign>) -> Self {
        Self::of(self.signs.into_iter().chain(more).collect())
    }

    /// 0.0 for an answer that is certainly not the source's, 1.0 where nothing speaks against it.
    #[must_use]
    pub fn score(&self) -> f64 {
        f64::from(self.signs.first().map_or(100, |sign| sign.at_most)) / 100.0
    }

    /// Whether a gatekeeper answered in the source's place, whatever the body says.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.signs.iter().any(|sign| sign.weight == Weight::Certain)
    }

    /// The signs that the known entries do not outweigh, as far as they were found again.
    #[must_use]
    pub fn not_outweighed(&self, found: EntryOverlap) -> Option<Self> {
        let holds = |sign: &&Sign| match sign.weight {
            Weight::Unless(share) => found.again < share,
            Weight::UnlessUnchanged(share) => found.unchanged < share,
            Weight::UnlessSame => !found.is_same,
            Weight::Certain | Weight::Hint => false,
        };
        let signs: Vec<Sign> = self.signs.iter().filter(holds).cloned().collect();
        (!signs.is_empty()).then_some(Self { signs })
    }

    /// The signs.
    #[must_use]
    pub fn signs(&self) -> &[Sign] {
        &self.signs
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, sign) in self.signs.iter().enumerate() {
            f.write_str(if index > 0 { "; " } else { "" })?;
            f.write_str(&sign.words)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_sign_is_the_score_and_is_named_first() {
        let quality = Quality::of(vec![
            Sign::new(50, Weight::Hint, "it is short"),
            Sign::new(10, Weight::Unless(50), "the title is \"Log in\""),
        ]);
        assert!((quality.score() - 0.1).abs() < f64::EPSILON);
        assert_eq!(quality.to_string(), "the title is \"Log in\"; it is short");
        assert!(!quality.is_blocked());
        assert!((Quality::default().score() - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn known_entries_outweigh_what_good_pages_bear_as_well() {
        let quality = Quality::of(vec![
            Sign::new(10, Weight::Unless(50), "a"),
            Sign::new(20, Weight::UnlessUnchanged(100), "b"),
            Sign::new(25, Weight::UnlessSame, "d"),
            Sign::new(30, Weight::Hint, "c"),
        ]);
        let held_by = |found| quality.not_outweighed(found).map(|signs| signs.to_string());
        assert_eq!(held_by(EntryOverlap::NOTHING).as_deref(), Some("a; b; d"));
        assert_eq!(held_by(EntryOverlap { unchanged: 99, ..EntryOverlap::ALL }).as_deref(), Some("b"));
        assert_eq!(held_by(EntryOverlap { is_same: false, ..EntryOverlap::ALL }).as_deref(), Some("d"));
        assert_eq!(held_by(EntryOverlap::ALL), None);
    }
}
