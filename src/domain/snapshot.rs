//! What is remembered of what a source said.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::entry::Document;
use super::id::{BodyHash, SourceId};
use super::quality::Quality;
use super::response::{self, Evidence, ResponseMeta};

/// A source's state as one good read showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredSnapshot")]
pub struct Snapshot {
    /// The source.
    pub source: SourceId,
    /// 1 for the baseline, then counting up.
    pub sequence: u64,
    /// The response that showed it.
    #[serde(flatten)]
    pub response: ResponseMeta,
    /// The extraction settings under which the entries were read.
    pub fingerprint: String,
    /// How many entries the source has.
    pub entries: usize,
}

/// A snapshot as it is read back, which every check of a source does. Flattened fields would be put aside until it is known
/// whose they are.
#[derive(Deserialize)]
struct StoredSnapshot {
    source: SourceId,
    sequence: u64,
    read_at: DateTime<Utc>,
    url: String,
    status: u16,
    headers: Vec<(String, String)>,
    sha256: BodyHash,
    body_bytes: u64,
    fingerprint: String,
    entries: usize,
}

impl From<StoredSnapshot> for Snapshot {
    fn from(kept: StoredSnapshot) -> Self {
        let response = ResponseMeta {
            read_at: kept.read_at,
            url: kept.url,
            status: kept.status,
            headers: kept.headers,
            sha256: kept.sha256,
            body_bytes: kept.body_bytes,
        };
        Self {
            source: kept.source,
            sequence: kept.sequence,
            response,
            fingerprint: kept.fingerprint,
            entries: kept.entries,
        }
    }
}

impl Snapshot {
    /// The proof this snapshot gives.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        self.response.evidence()
    }

    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.header(name)
    }
}

/// The accepted state of a source: what the next read is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Baseline {
    /// The read that gave it.
    pub snapshot: Snapshot,
    /// Its entries; of a window also those that have left it.
    pub document: Document,
}

/// What makes the next request conditional: the server's own words about an accepted body.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Validators {
    /// The `ETag`, verbatim.
    pub etag: Option<String>,
    /// The `Last-Modified`, verbatim.
    pub last_modified: Option<String>,
    /// The extraction settings the accepted body was read under.
    pub fingerprint: String,
    /// The accepted body: a 304 speaks of this one.
    pub sha256: Option<BodyHash>,
    /// The source's own word for its state, where its first answer gives one.
    #[serde(default)]
    pub signal: Option<String>,
}

impl Validators {
    /// Whether there is nothing by which the accepted state could be recognised.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.can_be_sent() && self.signal.is_none()
    }

    /// Whether a request with them is conditional.
    #[must_use]
    pub fn can_be_sent(&self) -> bool {
        self.etag.is_some() || self.last_modified.is_some()
    }
}

/// A suspect body, kept for a person to look at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuarantinedRead {
    /// The source.
    pub source: SourceId,
    /// When a read of this kind was first held since the last good one.
    pub held_since: DateTime<Utc>,
    /// Why it is held.
    pub reason: String,
    /// What was read.
    pub evidence: Evidence,
    /// The answer's headers, names in lower case, in the order received.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// What speaks against the answer.
    #[serde(default)]
    pub quality: Quality,
    /// What this read and those before it agree on, where more was gone than may go.
    #[serde(default)]
    pub drop: Option<Agreement>,
}

impl QuarantinedRead {
    /// The response that was held back, given the size of its body.
    #[must_use]
    pub fn response(&self, body_bytes: u64) -> ResponseMeta {
        let Evidence { url, read_at, status, sha256 } = self.evidence.clone();
        ResponseMeta { read_at, url, status, headers: self.headers.clone(), sha256, body_bytes }
    }

    /// How much the answer can be worth: 0.0 certainly not the source's page, 1.0 nothing speaks against it.
    #[must_use]
    pub fn score(&self) -> f64 {
        self.quality.score()
    }

    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        response::header(&self.headers, name)
    }
}
