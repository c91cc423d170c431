use super::*;
use crate::domain::diff::diff;
use crate::domain::entry::{Completeness, Resemblance};
use crate::domain::noise::Noise;

fn list(rows: &[(String, String, String)]) -> Document {
    let entries = rows.iter().map(|(name, date, country)| {
        Entry::new(name.as_str(), name.as_str())
            .with("name", name.as_str())
            .with("listed", date.as_str())
            .with("country", country.as_str())
    });
    Document::new(entries.collect(), Completeness::Whole, Resemblance::Title)
}

fn rows(count: usize) -> Vec<(String, String, String)> {
    (0..count)
        .map(|number| (format!("Works {number}"), format!("2020-03-{:02}", number + 1), "XX".to_owned()))
        .collect()
}

/// What is told and what is held after the rows were rewritten; reads twice.
#[track_caller]
fn check(count: usize, change: impl Fn(usize, &mut (String, String, String)), told: usize, held: &[&str]) {
    let before = list(&rows(count));
    let mut rewritten = rows(count);
    rewritten.iter_mut().enumerate().for_each(|(number, row)| change(number, row));
    let mut known = before;
    for read in 0..2 {
        let mut after = list(&rewritten);
        let mut changes = diff(&known, &after, &Noise::default());
        let found = take_out(known.entries.len(), &mut changes, &mut after);
        let expected = if read == 0 { told } else { 0 };
        assert_eq!(changes.len(), expected, "read {read}: {changes:?}");
        let fields: Vec<&str> = found.iter().map(|amendment| amendment.field.as_str()).collect();
        assert_eq!(fields, held, "read {read}");
        known = after;
    }
}

#[test]
fn one_step_in_many_entries_is_one_finding_that_stays_until_somebody_decides() {
    check(15, |number, row| row.1 = format!("on {} March 2020", number + 1), 0, &["listed"]);
    check(15, |_, row| row.1 = String::new(), 0, &["listed"]);
    check(15, |_, row| row.2.push_str(" (see note)"), 0, &["country"]);
    check(
        30,
        |number, row| {
            if number < 10 {
                row.1 = row.1.replace('-', "+");
            }
        },
        0,
        &["listed"],
    );
}

#[test]
fn fewer_entries_or_several_kinds_of_step_are_told() {
    check(9, |number, row| row.1 = format!("on {} March 2020", number + 1), 9, &[]);
    check(
        31,
        |number, row| {
            if number < 10 {
                row.1 = row.1.replace('-', "+");
            }
        },
        10,
        &[],
    );
    let words = [
        "one", "1/2", "a-b", "9 a 9", "x.y", "1.1", "[z]", "5%", "q: 1", "1; 2", "#1", "a+b", "=", "~9", "$4",
    ];
    check(15, |number, row| row.2 = words[number].to_owned(), 15, &[]);
}

#[test]
fn what_else_differs_in_the_same_entries_is_told() {
    let change = |number: usize, row: &mut (String, String, String)| {
        row.1 = format!("on {} March 2020", number + 1);
        if number == 3 {
            row.2 = "YY".to_owned();
        }
    };
    check(15, change, 1, &["listed"]);
}

#[test]
fn a_sample_says_what_is_held() {
    let before = list(&rows(12));
    let mut rewritten = rows(12);
    for row in &mut rewritten {
        row.1 = row.1.replace('-', "+");
    }
    let mut after = list(&rewritten);
    let mut changes = diff(&before, &after, &Noise::default());
    let found = take_out(12, &mut changes, &mut after);
    assert_eq!(
        found[0].to_string(),
        "12 of 12 entries differ in \"listed\" by the same kind of step, such as Works 0: \"2020-03-01\" → \"2020+03+01\""
    );
    assert_eq!(found[0].sample.len(), 3);
}
