//! One line of a chain: one durable read, or what a person or the registry did between two of them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::change::Change;
use crate::domain::id::{BodyHash, SourceId};
use crate::domain::response::{Evidence, ResponseMeta};
use crate::domain::retraction::Retraction;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Verdict;

/// What stands for the hash of the line before in the first line.
pub const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// A longer reason is cut.
const MAX_REASON_CHARS: usize = 300;

/// What a line says of a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChainVerdict {
    /// The page was read and believed.
    Good,
    /// The server vouched that the page is the one of the body that the line names.
    NotModified,
    /// Something else came in the page's place, and is quarantined.
    Suspect,
    /// Nothing usable came.
    Failed,
    /// No read: a person accepted a body that was quarantined.
    Accepted,
    /// No read: what stands was matched with another company registry.
    Matched,
    /// No read: a person took back what an earlier read seemed to show.
    Retracted,
}

impl ChainVerdict {
    /// Whether the source was seen as it is.
    #[must_use]
    pub fn is_seen(self) -> bool {
        matches!(self, Self::Good | Self::NotModified)
    }

    /// Whether the source was asked at all.
    #[must_use]
    pub fn is_read(self) -> bool {
        !matches!(self, Self::Accepted | Self::Matched | Self::Retracted)
    }
}

impl From<Verdict> for ChainVerdict {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Good => Self::Good,
            Verdict::NotModified => Self::NotModified,
            Verdict::Suspect => Self::Suspect,
            Verdict::Failed => Self::Failed,
        }
    }
}

/// What is known of a read before it has its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedRead {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// When the body was received, where that was another time.
    pub read_at: Option<DateTime<Utc>>,
    /// The address that answered, after redirects, or else the one that was asked.
    pub url: String,
    /// The HTTP status, where a server answered.
    pub status: Option<u16>,
    /// The SHA-256 of [`headers_text`], where a server answered.
    pub headers: Option<BodyHash>,
    /// The SHA-256 of the body that came or, where the server vouched for one, of that.
    pub body: Option<BodyHash>,
    /// What it was found to be.
    pub verdict: ChainVerdict,
    /// Why, where it was not good.
    pub reason: Option<String>,
}

impl ChainedRead {
    /// A read whose body was received and believed, or quarantined, at some time.
    #[must_use]
    pub fn of(response: &ResponseMeta, verdict: ChainVerdict) -> Self {
        Self {
            at: response.read_at,
            read_at: None,
            url: response.url.clone(),
            status: Some(response.status),
            headers: Some(BodyHash::of(headers_text(&response.headers).as_bytes())),
            body: Some(response.sha256.clone()),
            verdict,
            reason: None,
        }
    }

    /// What was done later with such a body.
    #[must_use]
    pub fn done_with(evidence: &Evidence, verdict: ChainVerdict, at: DateTime<Utc>) -> Self {
        let Evidence { url, read_at, status, sha256 } = evidence.clone();
        Self {
            at,
            read_at: Some(read_at),
            url,
            status: Some(status),
            headers: None,
            body: Some(sha256),
            verdict,
            reason: None,
        }
    }

    /// That notices were made of what stands; `None` where there are none.
    #[must_use]
    pub fn matched(notices: &[Change]) -> Option<Self> {
        let first = notices.first()?;
        Some(Self::done_with(&first.evidence, ChainVerdict::Matched, first.found_at))
    }

    /// That a read was taken back, by one of the changes it seemed to show.
    #[must_use]
    pub fn retracted(retraction: &Retraction, changes: &[Change]) -> Option<Self> {
        let first = changes.first()?;
        let done = Self::done_with(&first.evidence, ChainVerdict::Retracted, retraction.at);
        Some(Self { reason: retraction.reason.clone(), ..done })
    }
}

/// A line of a chain. What is hashed are the bytes of its JSON as they stand, without the line's end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChainLine {
    /// The source.
    pub source: SourceId,
    /// 1 for the first line, then counting up without a gap.
    pub seq: u64,
    /// When the read ended.
    pub at: DateTime<Utc>,
    /// When the body was received, where that was another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_at: Option<DateTime<Utc>>,
    /// The address that answered, or was asked.
    pub url: String,
    /// The HTTP status.
    pub status: Option<u16>,
    /// The SHA-256 of the headers' text.
    pub headers: Option<BodyHash>,
    /// The SHA-256 of the body.
    pub body: Option<BodyHash>,
    /// What the read was found to be.
    pub verdict: ChainVerdict,
    /// Why, where it was not good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The SHA-256 of each change that it found; see [`digest_of_change`](super::digest_of_change).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<BodyHash>,
    /// The SHA-256 of the line before.
    pub previous: BodyHash,
}

impl ChainLine {
    /// The line of a read after another line, or the first one.
    #[must_use]
    pub fn after(
        source: &SourceId,
        previous: Option<&Self>,
        read: ChainedRead,
        changes: Vec<BodyHash>,
    ) -> Self {
        let ChainedRead { at, read_at, url, status, headers, body, verdict, reason } = read;
        Self {
            source: source.clone(),
            seq: previous.map_or(0, |line| line.seq) + 1,
            at,
            read_at,
            url,
            status,
            headers,
            body,
            verdict,
            reason: reason.map(|reason| shorten(&one_line(&reason), MAX_REASON_CHARS)),
            changes,
            previous: previous.map_or_else(nothing_before, Self::hash),
        }
    }

    /// Its JSON, as it is kept and hashed.
    #[must_use]
    pub fn text(&self) -> String {
        // Texts and numbers, all of which JSON has.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// The SHA-256 of its JSON.
    #[must_use]
    pub fn hash(&self) -> BodyHash {
        BodyHash::of(self.text().as_bytes())
    }

    /// When the body that it names was received.
    #[must_use]
    pub fn received_at(&self) -> DateTime<Utc> {
        self.read_at.unwrap_or(self.at)
    }

    /// Whether it is of a read that found its changes within a time.
    #[must_use]
    pub fn finds_within(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> bool {
        self.verdict != ChainVerdict::Retracted && (from..=to).contains(&self.at)
    }

    /// Whether it is of the very read that a proof names.
    #[must_use]
    pub fn is_of(&self, evidence: &Evidence) -> bool {
        self.received_at() == evidence.read_at
            && self.body.as_ref() == Some(&evidence.sha256)
            && self.status == Some(evidence.status)
            && self.url == evidence.url
    }
}

pub(super) fn nothing_before() -> BodyHash {
    BodyHash::from_text(NOTHING_BEFORE)
}

/// Headers as they are hashed: a line each, `name: value`, in the order received. Cookies are left out: they are the
/// server's secret with us, and nobody can be shown them.
#[must_use]
pub fn headers_text(headers: &[(String, String)]) -> String {
    let shown = headers.iter().filter(|(name, _)| name != "set-cookie");
    shown.map(|(name, value)| format!("{name}: {value}\n")).collect()
}
