//! How the sources behind a mail are, in sentences: silence means something only where they were read.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::letter::ReadCoverage;
use super::when::moment;
use crate::domain::health::SourceHealth;
use crate::domain::text::{counted, one_line, shorten};

/// A source's title is cut here.
const MAX_TITLE_CHARS: usize = 80;

/// Of the sources that cannot be read, as many are named.
const MAX_NAMED: usize = 20;

/// First how many can be read, then each that cannot.
pub(super) fn sentences(all: &[SourceHealth], zone: Tz) -> Vec<String> {
    if all.is_empty() {
        return Vec::new();
    }
    let unread: Vec<&SourceHealth> = all.iter().filter(|source| !source.is_read()).collect();
    let mut sentences = vec![match (all.len() - unread.len(), all.len()) {
        (1, 1) => "The last read of the one source was good.".to_owned(),
        (read, all) if read == all => format!("The last read of each of the {all} sources was good."),
        (read, all) => format!("The last read was good for {read} of {}.", counted(all, "source", "sources")),
    }];
    sentences.extend(unread.iter().take(MAX_NAMED).map(|source| unreadable(source, zone)));
    let more = unread.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        sentences.push(format!("The last read of {more} more failed as well."));
    }
    sentences
}

/// Those that could not be read the last time, a sentence each.
pub(super) fn unread(all: &[SourceHealth], zone: Tz) -> Vec<String> {
    let unread: Vec<&SourceHealth> = all.iter().filter(|source| !source.is_read()).collect();
    let more = unread.len().saturating_sub(MAX_NAMED);
    let more = (more > 0).then(|| format!("{more} more."));
    unread.iter().take(MAX_NAMED).map(|source| unreadable(source, zone)).chain(more).collect()
}

/// Why silence about a source means nothing just now.
fn unreadable(source: &SourceHealth, zone: Tz) -> String {
    format!("{}: {}.", title(source), state(source, zone))
}

/// Since when a source cannot be read.
fn state(source: &SourceHealth, zone: Tz) -> String {
    match (source.failing_since, source.last_good_at) {
        (Some(since), Some(good)) => {
            format!("unreadable since {}, last good read {}", moment(since, zone), moment(good, zone))
        }
        (Some(since), None) => format!("unreadable since {}, never read yet", moment(since, zone)),
        (None, None) => "not read yet".to_owned(),
        (None, Some(_)) => "readable".to_owned(),
    }
}

/// What was read of the sources in a time, those that cannot be read first.
pub(super) fn coverage(all: &[SourceHealth], since: DateTime<Utc>, zone: Tz) -> Vec<ReadCoverage> {
    let row = |source: &SourceHealth| ReadCoverage {
        source: title(source),
        good: source.good,
        failed: source.unread,
        last: match source.last_good_at {
            Some(good) => moment(good, zone),
            None => "never".to_owned(),
        },
        is_read: source.is_read() && source.good > 0,
        state: match (source.failing_since, source.good) {
            (Some(failing), _) => format!("unreadable since {}", moment(failing, zone)),
            (None, 0) if source.last_good_at.is_none_or(|good| good < since) => {
                "not read in this time".to_owned()
            }
            (None, _) if !source.is_read() => "not read yet".to_owned(),
            (None, _) => "readable".to_owned(),
        },
    };
    let mut rows: Vec<ReadCoverage> = all.iter().map(row).collect();
    rows.sort_by_key(|row| row.is_read);
    rows
}

fn title(source: &SourceHealth) -> String {
    shorten(&one_line(&source.title), MAX_TITLE_CHARS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(title: &str, good_at: Option<&str>, failing_since: Option<&str>) -> SourceHealth {
        SourceHealth {
            source: "a".parse().unwrap(),
            title: title.to_owned(),
            last_good_at: good_at.map(|at| at.parse().unwrap()),
            failing_since: failing_since.map(|at| at.parse().unwrap()),
            good: 3,
            unread: 1,
        }
    }

    #[test]
    fn what_cannot_be_read_is_named_with_since_when() {
        let read = source("FCC", Some("2026-11-24T06:00:00Z"), None);
        assert_eq!(
            sentences(&[read.clone(), read.clone()], Tz::UTC),
            ["The last read of each of the 2 sources was good."]
        );
        let unread = source("DHS", Some("2026-11-20T06:00:00Z"), Some("2026-11-21T06:00:00Z"));
        let new = source("UN", None, None);
        assert_eq!(
            sentences(&[read, unread, new], Tz::UTC),
            [
                "The last read was good for 1 of 3 sources.",
                "DHS: unreadable since 21 November 2026, 06:00 UTC, last good read 20 November 2026, 06:00 UTC.",
                "UN: not read yet.",
            ]
        );
        assert_eq!(sentences(&[], Tz::UTC), [""; 0]);
    }
}
