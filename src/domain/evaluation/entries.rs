//! Entries of lists: whether an entry is known for the company that its label names.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::{Evaluation, EvaluationError, EvaluationTally, Miss, MissKind};
use crate::domain::id::{BodyHash, CompanyId};
use crate::domain::matching::{Match, Watchlist};

const COLUMNS: &str = "source, list, name, aliases and tracked";
const CORRECTION_COLUMNS: &str = "row, tracked and reason";

#[derive(Debug, Deserialize)]
struct LabelledEntry {
    source: String,
    list: String,
    name: String,
    aliases: String,
    tracked: String,
}

impl LabelledEntry {
    /// Names the row without repeating it: the beginning of the SHA-256 of its first four columns,
    /// parted by line feeds.
    fn hash(&self) -> String {
        let text = [&self.source, &self.list, &self.name, &self.aliases].map(String::as_str).join("\n");
        BodyHash::of(text.as_bytes()).as_str().chars().take(16).collect()
    }
}

/// A label that is wrong, and why.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Correction {
    /// The row: the first 16 hex digits of the SHA-256 of its columns source, list, name and
    /// aliases, joined by line feeds.
    pub row: String,
    /// The right label; empty for none.
    pub tracked: String,
    /// Why the other one is wrong.
    pub reason: String,
}

/// Reads corrections from CSV with the columns `row`, `tracked` and `reason`.
///
/// # Errors
/// A table that cannot be read.
pub fn corrections(table: &str) -> Result<Vec<Correction>, EvaluationError> {
    csv::Reader::from_reader(table.as_bytes())
        .into_deserialize()
        .map(|row| row.map_err(|source| EvaluationError::Table { expected: CORRECTION_COLUMNS, source }))
        .collect()
}

/// Measures a watchlist on CSV with the columns `source`, `list`, `name`, `aliases` and `tracked`.
/// Only companies that some row is labelled with count: of others the file says nothing.
///
/// # Errors
/// A table that cannot be read.
pub fn entries(
    table: &str,
    corrections: &[Correction],
    watchlist: &Watchlist,
    alert_at: f64,
) -> Result<Evaluation, EvaluationError> {
    let rows: Vec<LabelledEntry> = csv::Reader::from_reader(table.as_bytes())
        .into_deserialize()
        .collect::<Result<_, _>>()
        .map_err(|source| EvaluationError::Table { expected: COLUMNS, source })?;
    let corrected: BTreeMap<&str, &str> =
        corrections.iter().map(|correction| (correction.row.as_str(), correction.tracked.as_str())).collect();
    let labelled: BTreeSet<&str> =
        rows.iter().map(|row| row.tracked.as_str()).filter(|label| !label.is_empty()).collect();
    let (mut tally, mut misses, mut corrected_rows) = (EvaluationTally::default(), Vec::new(), 0);
    for (index, row) in rows.iter().enumerate() {
        let correction = corrected.get(row.hash().as_str());
        corrected_rows += usize::from(correction.is_some());
        let label = correction.copied().unwrap_or(&row.tracked);
        let found = found_in(row, watchlist, alert_at);
        let companies: BTreeSet<&str> = found
            .iter()
            .map(|found| found.company.as_str())
            .filter(|company| labelled.contains(company))
            .chain(Some(label).filter(|label| !label.is_empty()))
            .collect();
        for company in companies {
            let proof = found.iter().find(|found| found.company.as_str() == company);
            tally.count(proof.is_some(), company == label);
            let fault = match (proof.is_some(), company == label) {
                (true, false) => MissKind::FalsePositive,
                (false, true) => MissKind::FalseNegative,
                _ => continue,
            };
            let reason = proof.map_or_else(|| "no name of it was found".to_owned(), reason);
            let subject =
                vec![row.list.clone(), row.name.clone(), row.aliases.clone(), company.to_owned(), row.hash()];
            misses.push(Miss { line: index + 2, fault, subject, reason });
        }
    }
    Ok(Evaluation {
        cases: rows.len(),
        figures: tally.into(),
        also: Vec::new(),
        corrected: corrected_rows,
        misses,
    })
}

/// Whom a row names, as a change of such an entry would: by a name that stands in it, or as one
/// that its name nearly is.
fn found_in(row: &LabelledEntry, watchlist: &Watchlist, alert_at: f64) -> Vec<Match> {
    let mut found = Vec::new();
    for (field, text) in [("name", &row.name), ("aliases", &row.aliases)] {
        found.extend(watchlist.find(field, text));
    }
    let named: BTreeSet<CompanyId> = found.iter().map(|found| found.company.clone()).collect();
    for (field, text) in [("name", &row.name), ("aliases", &row.aliases)] {
        let near = watchlist.resembling(field, text).into_iter();
        found.extend(near.filter(|near| near.score.as_f64() >= alert_at && !named.contains(&near.company)));
    }
    found
}

fn reason(found: &Match) -> String {
    match found.reason.as_str() {
        "" => format!("“{}” stands in the {}", found.alias, found.field),
        reason => format!("{} of the {} is nearly “{}”: {reason}", found.excerpt, found.field, found.alias),
    }
}
