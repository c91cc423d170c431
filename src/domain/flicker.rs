//! What changes at every read, in one place and only in its digits: most likely a counter or a clock.
//!
//! It is proposed to the operator as noise. Until they accept it, it is told like any other change: what changes
//! at every read may be what the page is about.

use std::collections::HashSet;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::change::{ChangeKind, EntryChange};
use super::entry::family;

/// So many reads in a row must show it.
const PROPOSED_AFTER: u32 = 3;
/// So many places are watched.
const MAX_PLACES: usize = 20;
/// So many letters beside its digits must a line have to be known again.
const MIN_LETTERS: usize = 3;
/// A longer line is prose.
const MAX_BYTES: usize = 300;

/// A line of an entry that differs in its digits from read to read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flicker {
    /// The entry.
    pub key: String,
    /// What a reader calls it.
    pub title: String,
    /// The field.
    pub field: String,
    /// Matches the line, whatever its digits: what would be passed over.
    pub pattern: String,
    /// The line as it was read last.
    pub line: String,
    /// How many reads in a row showed it with other digits.
    pub times: u32,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl Flicker {
    /// Whether enough reads showed it to propose that it be passed over.
    #[must_use]
    pub fn is_proposed(&self) -> bool {
        self.times >= PROPOSED_AFTER
    }
}

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"[0-9][0-9.,:]*").expect("constant pattern"));

/// A number in a pattern, with what parts its digits.
const ANY_NUMBER: &str = r"[0-9][0-9.,:]*";

/// What flickers after a read that showed these changes. What did not change in this read does not flicker.
#[must_use]
pub fn after<'a>(
    known: &[Flicker],
    changes: impl IntoIterator<Item = &'a EntryChange>,
    now: DateTime<Utc>,
) -> Vec<Flicker> {
    let mut seen: Vec<Flicker> = Vec::new();
    for change in changes.into_iter().filter(|change| change.kind == ChangeKind::Amended) {
        for field in &change.fields {
            let (Some(before), Some(after)) = (&field.before, &field.after) else { continue };
            for (line, pattern) in lines(before, after) {
                let key = family(&change.key).to_owned();
                let is_it = |other: &&Flicker| {
                    other.key == key && other.field == field.name && other.pattern == pattern
                };
                if seen.len() >= MAX_PLACES || seen.iter().any(|other| is_it(&other)) {
                    continue;
                }
                let (times, since) =
                    known.iter().find(is_it).map_or((0, now), |known| (known.times, known.since));
                seen.push(Flicker {
                    title: change.title.clone(),
                    field: field.name.clone(),
                    line: line.to_owned(),
                    times: times.saturating_add(1),
                    key,
                    pattern,
                    since,
                });
            }
        }
    }
    seen
}

/// The lines that are among the new ones only and stood there before with other digits, each with its pattern.
fn lines<'a>(before: &str, after: &'a str) -> Vec<(&'a str, String)> {
    let (old, new): (HashSet<&str>, HashSet<&str>) = (before.lines().collect(), after.lines().collect());
    let gone: HashSet<String> =
        before.lines().filter(|line| !new.contains(line)).filter_map(pattern_of).collect();
    let come = after.lines().filter(|line| !old.contains(line));
    come.filter_map(|line| Some((line, pattern_of(line)?)))
        .filter(|(_, pattern)| gone.contains(pattern))
        .collect()
}

/// Matches a line whatever its digits; nothing of a line that has none, or little else.
fn pattern_of(line: &str) -> Option<String> {
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    if line.len() > MAX_BYTES || letters < MIN_LETTERS || !NUMBER.is_match(line) {
        return None;
    }
    let words: Vec<String> = NUMBER.split(line).map(regex::escape).collect();
    Some(format!("(?m)^{}$", words.join(ANY_NUMBER)))
}

/// What is proposed, in words; nothing where nothing is.
#[must_use]
pub fn in_words(flickers: &[Flicker], source: &str) -> Option<String> {
    let proposed: Vec<&Flicker> = flickers.iter().filter(|flicker| flicker.is_proposed()).collect();
    let first = proposed.first()?;
    let others = match proposed.len() - 1 {
        0 => String::new(),
        count => format!(" and {count} more"),
    };
    Some(format!(
        "{:?} in {:?}{others} changed in each of the last {} reads only in its digits; if that says nothing: regwatch source noise accept {source}",
        first.line, first.title, first.times
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::FieldChange;

    fn change(before: &str, after: &str) -> EntryChange {
        let (before, after) = (Some(before.to_owned()), Some(after.to_owned()));
        EntryChange {
            kind: ChangeKind::Amended,
            key: "status~2".to_owned(),
            title: "Status".to_owned(),
            date: None,
            url: None,
            fields: vec![FieldChange { name: "text".to_owned(), before, after }],
            context: Vec::new(),
        }
    }

    fn after_reads(lines: &[&str]) -> Vec<Flicker> {
        let text = |line: &str| format!("The ban applies.\n{line}");
        lines.windows(2).fold(Vec::new(), |known, pair| {
            after(&known, [&change(&text(pair[0]), &text(pair[1]))], DateTime::UNIX_EPOCH)
        })
    }

    #[test]
    fn what_changes_at_every_read_only_in_its_digits_is_proposed() {
        let seen =
            after_reads(&["Load: 9.5 of 10", "Load: 10.25 of 10", "Load: 11 of 12", "Load: 1,002.5 of 9"]);
        assert_eq!((seen.len(), seen[0].times, seen[0].key.as_str()), (1, 3, "status"));
        assert!(seen[0].is_proposed());
        let pattern = Regex::new(&seen[0].pattern).unwrap();
        assert_eq!(pattern.replace("a\nLoad: 7 of 8\nb", ""), "a\n\nb");
        assert!(!pattern.is_match("Load: 7 of 8, but the ban was lifted"));
        assert!(in_words(&seen, "list").unwrap().ends_with("regwatch source noise accept list"));
    }

    #[test]
    fn what_changed_twice_or_in_its_words_is_not() {
        let seen = after_reads(&["Load: 9", "Load: 10", "Load: 11"]);
        assert!(!seen[0].is_proposed() && in_words(&seen, "list").is_none());
        assert_eq!(after_reads(&["Open: 1 case", "Closed: 2 cases"]), []);
        assert_eq!(after_reads(&["10:02", "10:03"]), [], "a bare number could be anything");
        let known = after_reads(&["Load: 9", "Load: 10", "Load: 11", "Load: 12"]);
        assert_eq!(after(&known, [], DateTime::UNIX_EPOCH), [], "a read without it ends it");
    }
}
