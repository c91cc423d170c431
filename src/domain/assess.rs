//! The heart: previous state + what was read + whom we watch for → what it means.
//!
//! One pure function. Facts go in, one value comes out; committing that value is
//! somebody else's work.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::alert::{Alert, alerts_of};
use super::change::{Change, ChangeKind, EntryChange};
use super::diff::diff;
use super::entry::{Completeness, Document};
use super::id::{BodyHash, ChangeId};
use super::matching::{Concern, Watchlist};
use super::snapshot::{Baseline, Snapshot};
use super::source::Source;
use super::verdict::Suspicion;

/// A body and where it came from, apart from the bytes themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadFacts {
    /// When the answer was read.
    pub read_at: DateTime<Utc>,
    /// The address that answered, after redirects.
    pub url: String,
    /// The HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Names the body.
    pub sha256: BodyHash,
    /// The body's size after transfer decoding.
    pub body_bytes: u64,
}

/// What a believable read means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assessment {
    /// The state to compare the next read with. The old one stays where nothing changed:
    /// then no body needs to be written.
    pub baseline: Option<Baseline>,
    /// Whether this was the first sight of the source.
    pub is_first_sight: bool,
    /// How many entries the page holds.
    pub entries: usize,
    /// What changed.
    pub changes: Vec<Change>,
    /// Who must be told.
    pub alerts: Vec<Alert>,
}

/// Of a window's entries that have left it, as many are remembered, so that one
/// that comes back is not news.
const MAX_REMEMBERED: usize = 5_000;

/// Judges and compares one read.
///
/// The entries of `previous` must have been read under the same extraction settings; where its
/// snapshot still bears another [`Source::fingerprint`], this read takes its place even unchanged.
///
/// # Errors
/// The reason to hold the read back; then nothing may change.
pub fn assess(
    source: &Source,
    previous: Option<&Baseline>,
    document: Document,
    read: ReadFacts,
    watchlist: &Watchlist,
) -> Result<Assessment, Suspicion> {
    let entry_changes =
        previous.map(|previous| diff(&previous.document, &document, &source.noise)).unwrap_or_default();
    let removed = entry_changes.iter().filter(|change| change.kind == ChangeKind::Removed).count();
    source.guard.judge(previous.map(|previous| &previous.document), &document, removed)?;

    let entries = document.entries.len();
    let sequence = previous.map_or(1, |previous| previous.snapshot.sequence + 1);
    let snapshot = Snapshot {
        source: source.id.clone(),
        sequence,
        read_at: read.read_at,
        url: read.url,
        status: read.status,
        headers: read.headers,
        sha256: read.sha256,
        body_bytes: read.body_bytes,
        fingerprint: source.fingerprint(),
        entries,
    };
    let is_changed = !entry_changes.is_empty();
    let told: Vec<EntryChange> =
        entry_changes.into_iter().filter(|change| source.kind.tells(change)).collect();
    let found_together = told.len();
    let changes: Vec<Change> = previous.map_or_else(Vec::new, |previous| {
        told.into_iter()
            .enumerate()
            .map(|(ordinal, entry)| Change {
                ordinal,
                found_together,
                ..change_of(source, entry, previous, &snapshot, watchlist)
            })
            .collect()
    });
    let alerts = changes.iter().flat_map(alerts_of).collect();
    let is_first_sight = previous.is_none();
    let is_newly_read = previous.is_none_or(|previous| previous.snapshot.fingerprint != snapshot.fingerprint);
    let baseline = (is_newly_read || is_changed).then(|| Baseline {
        snapshot,
        document: remember(previous.map(|previous| &previous.document), document),
    });
    Ok(Assessment { baseline, is_first_sight, entries, changes, alerts })
}

fn change_of(
    source: &Source,
    entry: EntryChange,
    previous: &Baseline,
    snapshot: &Snapshot,
    watchlist: &Watchlist,
) -> Change {
    let sequence = snapshot.sequence.to_string();
    let kind = entry.kind.to_string();
    // The body's hash sets apart the changes of a state that was lost and built up anew.
    let id = ChangeId::derive(&[source.id.as_str(), &sequence, &kind, &entry.key, snapshot.sha256.as_str()]);
    let Concern { matches, possible } = watchlist.concern(source, &entry);
    Change {
        id,
        source: source.id.clone(),
        source_title: source.title.clone(),
        entry,
        found_at: snapshot.read_at,
        ordinal: 0,
        found_together: 0,
        matches,
        possible,
        evidence: snapshot.evidence(),
        previous: previous.snapshot.evidence(),
    }
}

/// A window's document with the entries that have left it behind the ones it holds.
fn remember(previous: Option<&Document>, mut document: Document) -> Document {
    if document.completeness == Completeness::Window
        && let Some(previous) = previous
    {
        let held: BTreeSet<String> = document.entries.iter().map(|entry| entry.key.clone()).collect();
        let left = previous.entries.iter().filter(|entry| !held.contains(&entry.key)).cloned();
        document.entries.extend(left);
        document.entries.truncate(MAX_REMEMBERED.max(held.len()));
    }
    document
}

#[cfg(test)]
mod tests;
