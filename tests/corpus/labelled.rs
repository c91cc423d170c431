//! The goals of matching, held on labelled names that lie beside the captures.

use std::fs;
use std::path::Path;

use regwatch::config::load;
use regwatch::domain::evaluation::{Evaluation, corrections, entries, pairs};
use regwatch::domain::matching::Watchlist;
use regwatch::domain::scoring::Thresholds;

/// A file of labelled names, if it is there.
fn labelled(name: &str) -> Option<String> {
    let path = crate::corpus()?.parent()?.join("matching").join(name);
    let text = fs::read_to_string(&path);
    if text.is_err() {
        crate::left_out::left_out("labelled names", &format!("{} cannot be read", path.display()));
    }
    text.ok()
}

#[track_caller]
fn check(evaluation: &Evaluation, precision: f64, recall: f64) {
    let figures = evaluation.figures;
    assert!(
        figures.precision >= precision && figures.recall >= recall,
        "{figures:?}\n{:#?}",
        evaluation.misses
    );
}

#[test]
fn pairs_of_names_are_judged_as_they_are_labelled() {
    let Some(table) = labelled("organisation_pairs.csv") else { return };
    let evaluation = pairs(&table, Thresholds::default()).unwrap();
    check(&evaluation, 0.93, 0.0);
    assert!(evaluation.figures.f1 >= 0.90, "{:#?}", evaluation.misses);
}

#[test]
fn entries_of_lists_are_known_for_whom_they_name() {
    let Some(table) = labelled("list_entries_silver.csv") else { return };
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wrong = fs::read_to_string(project.join("tests/matching/list_entries_corrections.csv")).unwrap();
    let config = load(&project.join("config/regwatch.toml")).unwrap();
    let watchlist = Watchlist::with(config.companies, config.categories, config.matching).unwrap();
    let corrections = corrections(&wrong).unwrap();
    let evaluation = entries(&table, &corrections, &watchlist, config.matching.alert_at).unwrap();
    check(&evaluation, 0.99, 0.995);
}
