//! Whether two names are one company's: for entries of lists, not for prose.
//!
//! A list writes a name in its own way: another legal form, a word more, a letter wrong. The scorer
//! takes both names apart ([`Name`]), pairs their words, weighs each by how telling it is, and says
//! what it thinks as a number from 0 to 1 with every step that led there ([`Comparison`]).
//!
//! What decides, before any similarity of letters: numbers ("46th" is not "27th"), places ("… of
//! Shanghai" is not "… of Beijing"), and a word on each side that the other lacks. Letter errors are
//! forgiven in long words only. Deliberately absent: sound codes and edit distance over whole names,
//! by which siblings look alike.

mod comparison;
mod index;
mod legal_form;
mod misspelt;
mod name;
mod number;
mod pairing;
mod score;
mod vocabulary;

pub use comparison::{Comparison, Reason, compare};
pub use index::{NameIndex, UNRELATED};
pub use legal_form::{LegalClass, ends_in_legal_form};
pub use name::{Name, without_legal_forms};
pub use score::Score;
pub use vocabulary::sets_apart;

use serde::{Deserialize, Serialize};

/// From which score on a name counts.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Thresholds {
    /// From here on it raises an alert.
    pub alert_at: f64,
    /// From here on it is kept as possible, for a person to look at.
    pub possible_at: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { alert_at: 0.85, possible_at: 0.70 }
    }
}

#[cfg(test)]
mod tests;
