//! A score as it is kept and told.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How sure a match is: from 0 to 1 in thousandths, so that equal ones are equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "f64", into = "f64")]
pub struct Score(u16);

impl Score {
    /// The nearest score; what is no number counts as 0.
    #[must_use]
    pub fn of(value: f64) -> Self {
        let thousandths = (value.clamp(0.0, 1.0) * 1000.0).round();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1000")]
        Self(thousandths as u16)
    }

    /// The score as a number.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl Default for Score {
    /// Certain: what a record says that was written before there were scores.
    fn default() -> Self {
        Self(1000)
    }
}

impl From<f64> for Score {
    fn from(value: f64) -> Self {
        Self::of(value)
    }
}

impl From<Score> for f64 {
    fn from(score: Score) -> Self {
        score.as_f64()
    }
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2}", self.as_f64())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_a_number_in_records_and_never_out_of_bounds() {
        assert_eq!(serde_json::to_string(&Score::of(0.8504)).unwrap(), "0.85");
        assert_eq!(serde_json::from_str::<Score>("0.7").unwrap(), Score::of(0.7));
        assert_eq!(Score::of(f64::NAN), Score::of(0.0));
        assert_eq!(Score::of(7.0), Score::default());
    }
}
