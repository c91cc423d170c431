//! The heart: previous state + what was read + whom we watch for → what it means.
//!
//! One pure function. Facts go in, one value comes out; committing that value is
//! somebody else's work.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::agreement::Agreement;
use super::alert::{Alert, alerts_of};
use super::asked;
use super::change::{Change, ChangeKind, EntryChange};
use super::diff::{diff_knowing, whole};
use super::entry::{Completeness, Document, Entry, EntryDate};
use super::event::Numbers;
use super::id::{ChangeId, CompanyId};
use super::identity;
use super::mass::{self, MassAmendment};
use super::matching::{Concern, Watchlist};
use super::pending::{Pending, still_waiting};
use super::response::ResponseMeta;
use super::snapshot::{Baseline, Snapshot};
use super::source::Source;
use super::verdict::Suspicion;
use super::window;

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
    /// What is missing and waits for another read before it is believed gone; of the baseline it
    /// is still a part.
    pub pending: Vec<Pending>,
    /// What differs in so many entries at once that a person must look; the baseline has it as before.
    pub held: Vec<MassAmendment>,
    /// Whether anything is other than it was, told or not.
    pub is_news: bool,
    /// The newest date of what the source shows, of entries that are not wanted as well.
    pub newest: Option<EntryDate>,
}

/// What is known of a source before a read.
#[derive(Debug, Clone, Copy, Default)]
pub struct Past<'a> {
    /// The accepted state.
    pub baseline: Option<&'a Baseline>,
    /// What was missing from the last reads and is not believed gone yet.
    pub pending: &'a [Pending],
    /// What reads that were held back for a drop agreed on.
    pub drop: Option<&'a Agreement>,
    /// Whether a person said that the body is the source's: then the guard has no say.
    pub is_accepted: bool,
}

impl<'a> From<Option<&'a Baseline>> for Past<'a> {
    fn from(baseline: Option<&'a Baseline>) -> Self {
        Self { baseline, ..Self::default() }
    }
}

/// Of a window's entries that have left it, as many are remembered, so that one
/// that comes back is not news.
const MAX_REMEMBERED: usize = 5_000;

/// Judges and compares one read.
///
/// The entries of the baseline must have been read under the same extraction settings; where its
/// snapshot still bears another [`Source::fingerprint`], this read takes its place even unchanged.
///
/// # Errors
/// The reason to hold the read back; then nothing may change.
pub fn assess<'a>(
    source: &Source,
    past: impl Into<Past<'a>>,
    mut document: Document,
    read: ResponseMeta,
    watchlist: &Watchlist,
) -> Result<Assessment, Suspicion> {
    let past = past.into();
    let previous = past.baseline;
    let newest = document.newest();
    let mut entry_changes = compared(source, past, (&document, &read.url), watchlist);
    let removed: BTreeSet<String> = entry_changes
        .iter()
        .filter(|change| change.kind == ChangeKind::Removed)
        .map(|change| change.key.clone())
        .collect();
    let is_feed = window::is_feed(&document);
    let entries = document.entries.len();
    if !past.is_accepted {
        check_whose(source, previous, (&document, &entry_changes), &read)?;
    }
    let is_settled = past.is_accepted || is_drop_confirmed(source, past, &document, &removed, read.read_at)?;
    let held = match previous.filter(|_| !past.is_accepted) {
        Some(previous) => mass::take_out(known_entries(previous), &mut entry_changes, &mut document),
        None => Vec::new(),
    };
    let guard = if is_feed { source.guard.confirming() } else { source.guard };
    let missing: Vec<&Entry> = previous
        .iter()
        .flat_map(|previous| &previous.document.entries)
        .filter(|entry| !is_settled && removed.contains(&entry.key))
        .collect();
    let pending = still_waiting(&guard, past.pending, &missing, read.read_at);
    let is_waiting = |key: &str| pending.iter().any(|pending| pending.key == key);
    let kept: Vec<Entry> = missing.into_iter().filter(|entry| is_waiting(&entry.key)).cloned().collect();
    entry_changes.retain(|change| change.kind != ChangeKind::Removed || !is_waiting(&change.key));
    document.put_back(kept);
    let sequence = previous.map_or(1, |previous| previous.snapshot.sequence + 1);
    let snapshot = Snapshot {
        source: source.id.clone(),
        sequence,
        response: read,
        fingerprint: source.fingerprint(),
        entries,
    };
    let is_changed = !entry_changes.is_empty();
    let gone: BTreeSet<String> = removed.into_iter().filter(|key| !is_waiting(key)).collect();
    let is_news = previous.is_none() || is_changed;
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
    // What was believed against the guard is what the next read is measured by, even where nothing changed:
    // of a window that was emptied nothing is gone.
    let baseline = (is_newly_read || is_changed || is_settled).then(|| Baseline {
        snapshot,
        document: remember(previous.map(|previous| &previous.document), document, &gone),
    });
    Ok(Assessment { baseline, is_first_sight, entries, changes, alerts, pending, held, is_news, newest })
}

/// How many entries the source had; what a window remembers is not of them.
fn known_entries(previous: &Baseline) -> usize {
    match previous.document.completeness {
        Completeness::Whole => previous.document.entries.len(),
        Completeness::Window => previous.snapshot.entries,
    }
}

/// What differs from what is known, as far as it can be news.
fn compared(
    source: &Source,
    past: Past<'_>,
    (document, url): (&Document, &str),
    watchlist: &Watchlist,
) -> Vec<EntryChange> {
    let Some(previous) = past.baseline else { return Vec::new() };
    let before = (&previous.document, previous.snapshot.response.url.as_str());
    let asked_alike = asked::as_if_asked(&source.kind, before, (document, url))
        .map(|document| Baseline { snapshot: previous.snapshot.clone(), document });
    let previous = asked_alike.as_ref().unwrap_or(previous);
    let kin = |name: &str| -> Vec<CompanyId> {
        watchlist.named("name", name).into_iter().map(|found| found.company).collect()
    };
    let mut changes = diff_knowing(&previous.document, document, &source.noise, Some(&kin));
    if window::is_feed(document) {
        window::drop_old(previous, &mut changes);
        let gone = window::withdrawn(previous, document, past.pending, &source.noise);
        changes.extend(gone.into_iter().map(|entry| whole(ChangeKind::Removed, entry)));
    }
    changes
}

/// Whether it is the source's page at all, and not one from before what was accepted.
fn check_whose(
    source: &Source,
    previous: Option<&Baseline>,
    (document, changes): (&Document, &[EntryChange]),
    read: &ResponseMeta,
) -> Result<(), Suspicion> {
    let Some(previous) = previous.filter(|_| !changes.is_empty()) else { return Ok(()) };
    if let Some(words) = identity::other(&source.kind, &previous.document, document) {
        return Err(Suspicion::AnotherThing(words));
    }
    read.older_than(&previous.snapshot.response).map_or(Ok(()), |words| Err(Suspicion::Older(words)))
}

/// Judges what is gone. Tells whether more is gone than may go and enough reads agree that it is.
fn is_drop_confirmed(
    source: &Source,
    past: Past<'_>,
    document: &Document,
    removed: &BTreeSet<String>,
    now: DateTime<Utc>,
) -> Result<bool, Suspicion> {
    let guard = &source.guard;
    let removed: Vec<&str> = removed.iter().map(String::as_str).collect();
    let Err(suspicion) = guard.judge(past.baseline, document, &removed) else { return Ok(false) };
    let is_agreed =
        |which| Agreement::after(past.drop, which, guard.delay(), now).reads >= guard.confirm_drop;
    if guard.confirm_drop > 0 && suspicion.which_is_gone().is_some_and(is_agreed) {
        return Ok(true);
    }
    Err(suspicion)
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
    let id = ChangeId::derive(&[
        source.id.as_str(),
        &sequence,
        &kind,
        &entry.key,
        snapshot.response.sha256.as_str(),
    ]);
    let Concern { matches, possible } = watchlist.concern(source, &entry);
    let numbers = Numbers::of(source, &entry);
    Change {
        id,
        source: source.id.clone(),
        source_title: source.title.clone(),
        entry,
        found_at: snapshot.response.read_at,
        ordinal: 0,
        found_together: 0,
        matches,
        possible,
        numbers,
        retracted_at: None,
        evidence: snapshot.evidence(),
        previous: previous.snapshot.evidence(),
    }
}

/// A window's document with the entries that have left it behind the ones it holds, save those that
/// were taken out: should one come back, that is news.
fn remember(previous: Option<&Document>, mut document: Document, gone: &BTreeSet<String>) -> Document {
    if document.completeness == Completeness::Window
        && let Some(previous) = previous
    {
        let held: BTreeSet<String> = document.entries.iter().map(|entry| entry.key.clone()).collect();
        let left = previous
            .entries
            .iter()
            .filter(|entry| !held.contains(&entry.key) && !gone.contains(&entry.key))
            .cloned();
        document.entries.extend(left);
        document.entries.truncate(MAX_REMEMBERED.max(held.len()));
    }
    document
}

#[cfg(test)]
mod tests;
