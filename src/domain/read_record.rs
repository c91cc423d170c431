//! One read as it is remembered: when, how it went, how long it took.

use chrono::{DateTime, Days, Utc};
use serde::{Deserialize, Serialize};

use super::text::{one_line, shorten};
use super::verdict::Verdict;

/// So many days a read is remembered.
const KEPT_DAYS: u64 = 90;

/// A longer reason is cut.
const MAX_REASON_CHARS: usize = 300;

/// One read of one source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRecord {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// What it was found to be.
    pub verdict: Verdict,
    /// Why, where it was not good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The HTTP status, where a server answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The size of the body after transfer decoding, where one came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body_bytes: Option<u64>,
    /// From the request to the whole answer, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_ms: Option<u64>,
    /// How many entries the source has after it, where it was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entries: Option<usize>,
    /// How many changes it found.
    #[serde(default)]
    pub changes: usize,
}

impl ReadRecord {
    /// A read that ended so.
    #[must_use]
    pub fn new(at: DateTime<Utc>, verdict: Verdict, reason: Option<&str>) -> Self {
        let reason = reason.map(|reason| shorten(&one_line(reason), MAX_REASON_CHARS));
        Self { at, verdict, reason, status: None, body_bytes: None, took_ms: None, entries: None, changes: 0 }
    }

    /// The moment before which reads are forgotten.
    #[must_use]
    pub fn kept_since(now: DateTime<Utc>) -> DateTime<Utc> {
        now.checked_sub_days(Days::new(KEPT_DAYS)).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

/// A read that ended without a reason, its moment a number, for a form in which no value has a name. Its fields never
/// change: what was written so can be read only so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BriefRead {
    /// [`ReadRecord::at`] in nanoseconds since 1970.
    at: i64,
    verdict: Verdict,
    status: Option<u16>,
    body_bytes: Option<u64>,
    took_ms: Option<u64>,
    entries: Option<u64>,
    changes: u64,
}

impl BriefRead {
    /// Returns a read in brief; `None` where that would not be the same, as with one that has a reason.
    #[must_use]
    pub fn of(read: &ReadRecord) -> Option<Self> {
        let ReadRecord { verdict, status, body_bytes, took_ms, .. } = *read;
        let entries = match read.entries {
            Some(entries) => Some(u64::try_from(entries).ok()?),
            None => None,
        };
        let (at, changes) = (read.at.timestamp_nanos_opt()?, u64::try_from(read.changes).ok()?);
        let brief = Self { at, verdict, status, body_bytes, took_ms, entries, changes };
        (brief.read().as_ref() == Some(read)).then_some(brief)
    }

    /// Returns the read; `None` if it counts more than this machine can.
    #[must_use]
    pub fn read(self) -> Option<ReadRecord> {
        let Self { verdict, status, body_bytes, took_ms, .. } = self;
        let entries = match self.entries {
            Some(entries) => Some(usize::try_from(entries).ok()?),
            None => None,
        };
        let (at, changes) = (DateTime::from_timestamp_nanos(self.at), usize::try_from(self.changes).ok()?);
        Some(ReadRecord { at, verdict, reason: None, status, body_bytes, took_ms, entries, changes })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_reason_has_no_brief_form() {
        let read = ReadRecord::new(DateTime::UNIX_EPOCH, Verdict::Failed, None);
        assert_eq!(BriefRead::of(&read).unwrap().read(), Some(read.clone()));
        assert_eq!(BriefRead::of(&ReadRecord { reason: Some("gone".to_owned()), ..read.clone() }), None);
        assert_eq!(BriefRead::of(&ReadRecord { at: DateTime::<Utc>::MIN_UTC, ..read }), None);
    }

    proptest! {
        #[test]
        fn what_is_brief_is_the_read_again(
            at in any::<i64>(),
            (status, body_bytes, took_ms) in any::<(Option<u16>, Option<u64>, Option<u64>)>(),
            (entries, changes) in any::<(Option<usize>, usize)>(),
            verdict in proptest::sample::select(<Verdict as strum::VariantArray>::VARIANTS),
        ) {
            let at = DateTime::from_timestamp_nanos(at);
            let read = ReadRecord {
                status, body_bytes, took_ms, entries, changes, ..ReadRecord::new(at, verdict, None)
            };
            prop_assert_eq!(BriefRead::of(&read).and_then(BriefRead::read), Some(read));
        }
    }
}
