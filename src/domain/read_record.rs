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
