//! How the sources behind a mail are, in sentences: silence means something only where they were read.

use chrono::{DateTime, Utc};

use super::view::moment;
use crate::domain::health::SourceHealth;
use crate::domain::text::{one_line, shorten};

/// A source's title is cut here.
const MAX_TITLE_CHARS: usize = 80;

/// Of the sources that cannot be read, as many are named.
const MAX_NAMED: usize = 20;

/// First how many can be read, then each that cannot.
pub(super) fn sentences(all: &[SourceHealth]) -> Vec<String> {
    if all.is_empty() {
        return Vec::new();
    }
    let unread: Vec<&SourceHealth> = all.iter().filter(|source| !source.is_read()).collect();
    let mut sentences = vec![match (all.len() - unread.len(), all.len()) {
        (1, 1) => "The one source was read well the last time.".to_owned(),
        (read, all) if read == all => format!("All {all} sources were read well the last time."),
        (read, all) => format!("{read} of {all} sources were read well the last time."),
    }];
    sentences.extend(unread.iter().take(MAX_NAMED).map(|source| unreadable(source)));
    let more = unread.len().saturating_sub(MAX_NAMED);
    if more > 0 {
        sentences.push(format!("{more} more were not read well the last time either."));
    }
    sentences
}

/// Those that could not be read the last time, a sentence each.
pub(super) fn unread(all: &[SourceHealth]) -> Vec<String> {
    let unread: Vec<&SourceHealth> = all.iter().filter(|source| !source.is_read()).collect();
    let more = unread.len().saturating_sub(MAX_NAMED);
    let more = (more > 0).then(|| format!("{more} more."));
    unread.iter().take(MAX_NAMED).map(|source| unreadable(source)).chain(more).collect()
}

/// Why silence about a source means nothing just now.
fn unreadable(source: &SourceHealth) -> String {
    let title = title(source);
    match (source.failing_since, source.last_good_at) {
        (Some(since), Some(good)) => {
            format!("{title}: unreadable since {}, last read well {}.", moment(since), moment(good))
        }
        (Some(since), None) => format!("{title}: unreadable since {}, never read well yet.", moment(since)),
        (None, _) => format!("{title}: not read yet."),
    }
}

/// What was read of a source in a time, in a sentence.
pub(super) fn account(source: &SourceHealth, since: DateTime<Utc>) -> String {
    let title = title(source);
    let reads = match source.good {
        0 => "not read well once".to_owned(),
        1 => "read well once".to_owned(),
        times => format!("read well {times} times"),
    };
    let failed = match source.unread {
        0 => String::new(),
        1 => ", 1 read failed".to_owned(),
        times => format!(", {times} reads failed"),
    };
    let last = match source.last_good_at {
        Some(good) if good >= since || source.is_read() => format!(", last {}", moment(good)),
        Some(good) => format!(", last read well {}", moment(good)),
        None => ", never read well yet".to_owned(),
    };
    let now = source.failing_since.map(|since| format!(", unreadable since {}", moment(since)));
    format!("{title}: {reads}{failed}{last}{}", now.unwrap_or_default())
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
        assert_eq!(sentences(&[read.clone(), read.clone()]), ["All 2 sources were read well the last time."]);
        let unread = source("DHS", Some("2026-11-20T06:00:00Z"), Some("2026-11-21T06:00:00Z"));
        let new = source("UN", None, None);
        assert_eq!(
            sentences(&[read, unread, new]),
            [
                "1 of 3 sources were read well the last time.",
                "DHS: unreadable since 2026-11-21 06:00 UTC, last read well 2026-11-20 06:00 UTC.",
                "UN: not read yet.",
            ]
        );
        assert_eq!(sentences(&[]), [""; 0]);
    }
}
