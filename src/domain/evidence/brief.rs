//! How a line is kept: in full, or in a few bytes where it says what an earlier one says, at another time.
//!
//! Most reads find the same page at the same address. Of such a one only what is its own is kept; the rest is that of
//! the last line that was kept in full.
//!
//! ```text
//! byte 0      0x81
//! byte 1      the verdict: 0 good, 1 not modified
//! bytes 2…3   the HTTP status
//! bytes 4…11  when, in nanoseconds since 1970
//! bytes 12…13 how many lines back the one kept in full stands
//! bytes 14…45 the SHA-256 of the headers
//! bytes 46…77 the SHA-256 of the line before
//! ```

use chrono::DateTime;

use super::line::{ChainLine, ChainVerdict};
use crate::domain::id::BodyHash;

/// After so many brief lines at most one is kept in full: reading a line takes two records, and cutting a chain writes
/// only so many lines again.
pub const LAST_OF_BRIEF: u16 = 64;

const MARK: u8 = 0x81;

const BYTES: usize = 78;

/// A line as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredLine {
    /// Its JSON.
    Full(String),
    /// What is its own.
    Brief(Vec<u8>),
}

impl StoredLine {
    /// How a line is kept after the last one that was kept in full.
    #[must_use]
    pub fn of(line: &ChainLine, full: Option<&ChainLine>) -> Self {
        full.and_then(|full| brief(line, full)).map_or_else(|| Self::Full(line.text()), Self::Brief)
    }

    /// Whether what is kept is brief.
    #[must_use]
    pub fn is_brief(bytes: &[u8]) -> bool {
        bytes.first() == Some(&MARK)
    }

    /// How many lines before a brief one that in full stands; `None` if it is not a brief one.
    #[must_use]
    pub fn back(bytes: &[u8]) -> Option<u64> {
        let is_it = bytes.len() == BYTES && Self::is_brief(bytes);
        is_it.then(|| u64::from(u16::from_be_bytes([bytes[12], bytes[13]])))
    }

    /// The line that was kept in brief, by the one that was kept in full; `None` if it is not a brief one.
    #[must_use]
    pub fn line(bytes: &[u8], full: &ChainLine) -> Option<ChainLine> {
        let back = Self::back(bytes)?;
        let verdict = match bytes[1] {
            0 => ChainVerdict::Good,
            1 => ChainVerdict::NotModified,
            _ => return None,
        };
        let nanos = i64::from_be_bytes(bytes[4..12].try_into().ok()?);
        Some(ChainLine {
            source: full.source.clone(),
            seq: full.seq + back,
            at: DateTime::from_timestamp_nanos(nanos),
            read_at: None,
            url: full.url.clone(),
            status: Some(u16::from_be_bytes([bytes[2], bytes[3]])),
            headers: Some(BodyHash::from_digest(&bytes[14..46])),
            body: full.body.clone(),
            verdict,
            reason: None,
            changes: Vec::new(),
            previous: BodyHash::from_digest(&bytes[46..78]),
        })
    }
}

/// A line in brief; `None` where it says something else than the full one.
fn brief(line: &ChainLine, full: &ChainLine) -> Option<Vec<u8>> {
    let back = u16::try_from(line.seq.checked_sub(full.seq)?).ok().filter(|back| *back < LAST_OF_BRIEF)?;
    let verdict = match line.verdict {
        ChainVerdict::Good => 0,
        ChainVerdict::NotModified => 1,
        _ => return None,
    };
    let is_alike = line.source == full.source
        && line.url == full.url
        && line.body == full.body
        && line.read_at.is_none()
        && line.reason.is_none()
        && line.changes.is_empty();
    if !is_alike {
        return None;
    }
    let mut bytes = vec![MARK, verdict];
    bytes.extend(line.status?.to_be_bytes());
    bytes.extend(line.at.timestamp_nanos_opt()?.to_be_bytes());
    bytes.extend(back.to_be_bytes());
    bytes.extend(line.headers.as_ref()?.digest()?);
    bytes.extend(line.previous.digest()?);
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::evidence::ChainedRead;

    fn read(verdict: ChainVerdict) -> ChainedRead {
        ChainedRead {
            at: "2026-11-24T13:00:00.123456789Z".parse().unwrap(),
            read_at: None,
            url: "https://agency.test/list".to_owned(),
            status: Some(304),
            headers: Some(BodyHash::of(b"h")),
            body: Some(BodyHash::of(b"b")),
            verdict,
            reason: None,
        }
    }

    #[test]
    fn what_is_kept_in_brief_is_the_line_to_the_byte() {
        let source = "list".parse().unwrap();
        let full = ChainLine::after(&source, None, read(ChainVerdict::Good), Vec::new());
        let line = ChainLine::after(&source, Some(&full), read(ChainVerdict::NotModified), Vec::new());
        let StoredLine::Brief(bytes) = StoredLine::of(&line, Some(&full)) else { panic!("it is not brief") };
        assert_eq!(bytes.len(), BYTES);
        assert_eq!(StoredLine::back(&bytes), Some(1));
        assert_eq!(StoredLine::line(&bytes, &full), Some(line.clone()));
        assert_eq!(StoredLine::of(&line, None), StoredLine::Full(line.text()));
    }

    #[test]
    fn what_says_something_else_is_kept_in_full() {
        let source = "list".parse().unwrap();
        let full = ChainLine::after(&source, None, read(ChainVerdict::Good), Vec::new());
        let is_full = |line: &ChainLine| matches!(StoredLine::of(line, Some(&full)), StoredLine::Full(_));
        let line = ChainLine::after(&source, Some(&full), read(ChainVerdict::Good), Vec::new());
        assert!(!is_full(&line));
        assert!(is_full(&ChainLine { body: None, ..line.clone() }));
        assert!(is_full(&ChainLine { status: None, ..line.clone() }));
        assert!(is_full(&ChainLine { url: "https://agency.test/other".to_owned(), ..line.clone() }));
        assert!(is_full(&ChainLine { changes: vec![BodyHash::of(b"c")], ..line.clone() }));
        assert!(is_full(&ChainLine { verdict: ChainVerdict::Failed, ..line.clone() }));
        assert!(is_full(&ChainLine { seq: 1 + u64::from(LAST_OF_BRIEF), ..line }));
        assert_eq!(StoredLine::line(b"{}", &full), None);
    }
}
