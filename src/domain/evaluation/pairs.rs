//! Pairs of names: whether the scorer thinks of one company where the label does.

use serde::Deserialize;

use super::{Evaluation, EvaluationError, EvaluationTally, Miss, MissKind};
use crate::domain::scoring::{Name, Thresholds, compare};

const COLUMNS: &str = "name1, name2 and is_match";

#[derive(Debug, Deserialize)]
struct LabelledPair {
    name1: String,
    name2: String,
    is_match: String,
}

/// Measures the scorer on CSV with the columns `name1`, `name2` and `is_match`. A pair counts as
/// found from the score on from which a match is possible; also given is the same for alerts.
///
/// # Errors
/// A table that cannot be read, or a label other than true and false.
pub fn pairs(table: &str, thresholds: Thresholds) -> Result<Evaluation, EvaluationError> {
    let (mut possible, mut alert, mut misses, mut cases) =
        (EvaluationTally::default(), EvaluationTally::default(), Vec::new(), 0);
    for (index, row) in
        csv::Reader::from_reader(table.as_bytes()).into_deserialize::<LabelledPair>().enumerate()
    {
        let row = row.map_err(|source| EvaluationError::Table { expected: COLUMNS, source })?;
        let line = index + 2;
        let is_expected = match row.is_match.to_ascii_lowercase().as_str() {
            "true" => true,
            "false" => false,
            _ => return Err(EvaluationError::Label { line, found: row.is_match }),
        };
        let (a, b) = (Name::of(&row.name1), Name::of(&row.name2));
        let comparison = compare(&a, &b);
        let is_found = comparison.score >= thresholds.possible_at;
        possible.count(is_found, is_expected);
        alert.count(comparison.score >= thresholds.alert_at, is_expected);
        cases += 1;
        if is_found != is_expected {
            let fault = if is_found { MissKind::FalsePositive } else { MissKind::FalseNegative };
            let reason = comparison.to_string();
            misses.push(Miss { line, fault, subject: vec![row.name1, row.name2], reason });
        }
    }
    let also = vec![(format!("score {:.2} and up, an alert", thresholds.alert_at), alert.into())];
    Ok(Evaluation { cases, figures: possible.into(), also, corrected: 0, misses })
}
