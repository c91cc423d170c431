//! How well names are matched, measured on labelled files.
//!
//! Three sorts of files: pairs of names that are one company's or not, entries of lists with the
//! company they name, and free texts with every company's place. What is measured is what the
//! product does, through the same functions; a file says what would have been right. Pure: the
//! files' contents come in, figures and every miss go out.

mod entries;
mod pairs;
mod texts;

pub use entries::{Correction, corrections, entries};
pub use pairs::pairs;
pub use texts::texts;

use serde::Serialize;

/// A labelled file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum EvaluationError {
    /// Its table cannot be read.
    #[error("the table cannot be read, expected CSV with the columns {expected}")]
    Table {
        /// The columns that are needed.
        expected: &'static str,
        /// What is wrong.
        #[source]
        source: csv::Error,
    },
    /// One of its lines cannot be read.
    #[error("line {line} cannot be read, expected an object with text and expected")]
    Line {
        /// Its number, from 1.
        line: usize,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// One of its lines names a place that is not in its text.
    #[error(
        "line {line}: {start}..{end} is not a part of its text, expected byte offsets between characters"
    )]
    Span {
        /// Its number, from 1.
        line: usize,
        /// From which byte on.
        start: usize,
        /// Up to which byte.
        end: usize,
    },
    /// A label is neither `true` nor `false`.
    #[error("line {line}: found {found:?}, expected true or false")]
    Label {
        /// Its number, from 1.
        line: usize,
        /// The label.
        found: String,
    },
}

/// What was found, held against what should have been.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct EvaluationTally {
    /// Found, and rightly.
    pub true_positives: usize,
    /// Found, and wrongly.
    pub false_positives: usize,
    /// Not found, and wrongly.
    pub false_negatives: usize,
}

impl EvaluationTally {
    /// Counts one case.
    fn count(&mut self, is_found: bool, is_expected: bool) {
        match (is_found, is_expected) {
            (true, true) => self.true_positives += 1,
            (true, false) => self.false_positives += 1,
            (false, true) => self.false_negatives += 1,
            (false, false) => {}
        }
    }

    /// The part of what was found that is right; 1 where nothing was.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_positives)
    }

    /// The part of what should have been found that was; 1 where nothing should.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.true_positives, self.true_positives + self.false_negatives)
    }

    /// The harmonic mean of both.
    #[must_use]
    pub fn f1(&self) -> f64 {
        share(2 * self.true_positives, 2 * self.true_positives + self.false_positives + self.false_negatives)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of cases are far below 2^52")]
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// The figures of a tally.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct EvaluationFigures {
    /// The counts behind them.
    #[serde(flatten)]
    pub tally: EvaluationTally,
    /// See [`EvaluationTally::precision`].
    pub precision: f64,
    /// See [`EvaluationTally::recall`].
    pub recall: f64,
    /// See [`EvaluationTally::f1`].
    pub f1: f64,
}

impl From<EvaluationTally> for EvaluationFigures {
    fn from(tally: EvaluationTally) -> Self {
        Self { tally, precision: tally.precision(), recall: tally.recall(), f1: tally.f1() }
    }
}

/// How a case was missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MissKind {
    /// Found, and wrongly.
    FalsePositive,
    /// Not found, and wrongly.
    FalseNegative,
}

/// A case that came out wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Miss {
    /// The case's line in its file, from 1.
    pub line: usize,
    /// How.
    pub fault: MissKind,
    /// What it is about: two names, an entry and a company, a passage and a company.
    pub subject: Vec<String>,
    /// Why the product thinks as it does.
    pub reason: String,
}

/// What a file gave.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Evaluation {
    /// Cases in the file.
    pub cases: usize,
    /// The figures that count.
    #[serde(flatten)]
    pub figures: EvaluationFigures,
    /// The same with other settings, each with its name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<(String, EvaluationFigures)>,
    /// Labels that were corrected.
    #[serde(skip_serializing_if = "is_zero")]
    pub corrected: usize,
    /// Every case that came out wrong, in the order of the file.
    pub misses: Vec<Miss>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde passes it")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

#[cfg(test)]
mod tests;
