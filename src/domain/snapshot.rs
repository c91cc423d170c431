//! What is remembered of what a source said.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::Evidence;
use super::entry::Document;
use super::id::{BodyHash, SourceId};

/// A source's state as one good read showed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The source.
    pub source: SourceId,
    /// 1 for the baseline, then counting up.
    pub sequence: u64,
    /// When the answer was read.
    pub read_at: DateTime<Utc>,
    /// The address that answered, after redirects.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// The answer's headers, names in lower case, in the order received.
    pub headers: Vec<(String, String)>,
    /// Names the body.
    pub sha256: BodyHash,
    /// The body's size after transfer decoding.
    pub body_bytes: u64,
    /// The extraction settings under which the entries were read.
    pub fingerprint: String,
    /// How many entries the source has.
    pub entries: usize,
}

impl Snapshot {
    /// The proof this snapshot gives.
    #[must_use]
    pub fn evidence(&self) -> Evidence {
        Evidence {
            url: self.url.clone(),
            read_at: self.read_at,
            status: self.status,
            sha256: self.sha256.clone(),
        }
    }

    /// A header's value, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
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
pub struct HeldRead {
    /// The source.
    pub source: SourceId,
    /// When a read of this kind was first held since the last good one.
    pub held_since: DateTime<Utc>,
    /// Why it is held.
    pub reason: String,
    /// What was read.
    pub evidence: Evidence,
}
