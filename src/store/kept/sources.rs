//! What is kept of each source.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::bodies::name_of;
use super::trees::{Bytes, FirstLooks, TreeName, Trees};
use super::writes::Writes;
use super::{chain, found, hooks, keys, named_on, records, subscribers, version};
use crate::domain::change::Change;
use crate::domain::entry::Entry;
use crate::domain::id::{BodyHash, SourceId, WatchlistHash};
use crate::domain::match_index::MatchIndex;
use crate::domain::matching::WatchlistVersion;
use crate::domain::read_state::ReadState;
use crate::domain::robots::RobotsCopy;
use crate::domain::snapshot::{Baseline, QuarantinedRead, Snapshot};
use crate::domain::source::{CountedRequest, QuotaUse};
use crate::domain::touch::Touch;
use crate::store::boundary::{
    Accepted, ClaimName, KnownEntries, KnownSource, ReadCommit, RematchCommit, SourceVersion,
};
use crate::store::error::StoreError;
use crate::store::steps::reads::{self, ReadEffect};

pub(in crate::store) fn baseline(trees: &Trees, source: &SourceId) -> Result<Option<Baseline>, StoreError> {
    trees.get(TreeName::Baselines, source.as_str().as_bytes())
}

/// The snapshot of the accepted state. What was written before it was kept by itself has it in the baseline.
pub(in crate::store) fn accepted(trees: &Trees, source: &SourceId) -> Result<Option<Snapshot>, StoreError> {
    let own = trees.get(TreeName::Accepted, source.as_str().as_bytes())?;
    or_of_baseline(trees, source, own)
}

/// How many entries the accepted state has. Of the snapshot nothing else is decoded.
pub(in crate::store) fn entry_count(trees: &Trees, source: &SourceId) -> Result<Option<usize>, StoreError> {
    #[derive(Deserialize)]
    struct Counted {
        entries: usize,
    }
    let counted: Option<Counted> =
        trees.readable(trees.get(TreeName::Accepted, source.as_str().as_bytes()))?.flatten();
    match counted {
        Some(Counted { entries }) => Ok(Some(entries)),
        None => Ok(or_of_baseline(trees, source, None)?.map(|snapshot| snapshot.entries)),
    }
}

fn or_of_baseline(
    trees: &Trees,
    source: &SourceId,
    accepted: Option<Snapshot>,
) -> Result<Option<Snapshot>, StoreError> {
    match accepted {
        Some(snapshot) => Ok(Some(snapshot)),
        None => Ok(baseline(trees, source)?.map(|baseline| baseline.snapshot)),
    }
}

pub(in crate::store) fn read_state(
    trees: &Trees,
    source: &SourceId,
) -> Result<Option<ReadState>, StoreError> {
    let key = source.as_str().as_bytes();
    // In this order: a touch says to which state it belongs, and a step may write between the two.
    let touch = touch(trees, key)?;
    Ok(touched(written_state(trees, key)?.as_deref(), touch.as_ref()))
}

/// What reads changed in the state since it was written, as far as they found nothing new.
fn touch(trees: &Trees, key: &[u8]) -> Result<Option<Touch>, StoreError> {
    decoded_touch(trees, key, trees.tree(TreeName::Touches).get(key)?.as_deref())
}

fn decoded_touch(trees: &Trees, key: &[u8], bytes: Option<&[u8]>) -> Result<Option<Touch>, StoreError> {
    bytes.map(|bytes| trees.decode_brief(TreeName::Touches, key, bytes)).transpose()
}

/// The state as it was written last, without its touch.
fn written_state(trees: &Trees, key: &[u8]) -> Result<Option<Arc<ReadState>>, StoreError> {
    trees.decoded_before(TreeName::ReadStates, key, trees.tree(TreeName::ReadStates).get(key)?.as_deref())
}

/// The state with what reads changed in it since it was written.
fn touched(state: Option<&ReadState>, touch: Option<&Touch>) -> Option<ReadState> {
    let state = state?.clone();
    Some(match touch {
        Some(touch) => touch.on(state),
        None => state,
    })
}

/// Keeps how the reads of a source stand: where that suffices, what is different from the state that is kept.
fn put_state(trees: &Trees, writes: &mut Writes, state: &ReadState) -> Result<(), StoreError> {
    let key = state.source.as_str().as_bytes();
    let kept = trees.readable(written_state(trees, key))?.flatten();
    if let Some(touch) = kept.and_then(|kept| Touch::between(&kept, state)) {
        return writes.put_brief(trees, TreeName::Touches, key, &touch);
    }
    if trees.tree(TreeName::Touches).contains_key(key)? {
        writes.remove(TreeName::Touches, key);
    }
    writes.put(trees, TreeName::ReadStates, key, state)
}

/// Brings the states back that lie ahead of the clock.
pub(super) fn bring_back(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    for key in trees.tree(TreeName::ReadStates).iter().keys() {
        let key = key?;
        let touch = touch(trees, &key)?;
        let Some(state) = touched(written_state(trees, &key)?.as_deref(), touch.as_ref()) else { continue };
        let after = state.clone().set_back(now);
        if after != state {
            put_state(trees, writes, &after)?;
        }
    }
    Ok(())
}

/// Has what these trees keep of some sources fetched in one go, where that saves time.
fn warm(trees: &Trees, names: &[TreeName], sources: &[SourceId]) -> Result<(), StoreError> {
    let keys: Vec<Vec<u8>> = sources.iter().map(|source| source.as_str().as_bytes().to_vec()).collect();
    names.iter().try_for_each(|name| trees.tree(*name).warm(&keys))
}

/// How the reads of sources stand; in their order. One whose state cannot be read is left out.
pub(in crate::store) fn read_states(
    trees: &Trees,
    sources: Vec<SourceId>,
) -> Result<Vec<(SourceId, Option<ReadState>)>, StoreError> {
    warm(trees, &[TreeName::Touches, TreeName::ReadStates], &sources)?;
    let state = |source: SourceId| {
        let state = trees.readable(read_state(trees, &source)).transpose()?;
        Some(state.map(|state| (source, state)))
    };
    sources.into_iter().filter_map(state).collect()
}

/// How the reads of those sources stand whose hosts asked to be left alone. It is asked before the first read, which
/// then finds their states decoded.
pub(in crate::store) fn asked_to_wait(
    trees: &Trees,
    sources: Vec<SourceId>,
) -> Result<Vec<ReadState>, StoreError> {
    warm(trees, &[TreeName::ReadStates], &sources)?;
    let mut states = Vec::new();
    for source in sources {
        let written = trees.readable(written_state(trees, source.as_str().as_bytes()))?.flatten();
        if written.is_some_and(|state| state.asked_until.is_some()) {
            states.extend(trees.readable(read_state(trees, &source))?.flatten());
        }
    }
    Ok(states)
}

/// The suspect reads of sources; one that cannot be read is passed over.
pub(in crate::store) fn quarantined_of(
    trees: &Trees,
    sources: &[SourceId],
) -> Result<Vec<QuarantinedRead>, StoreError> {
    let held = sources.iter().map(|source| trees.readable(quarantined(trees, source)));
    held.filter_map(|held| held.map(Option::flatten).transpose()).collect()
}

pub(in crate::store) fn quarantined(
    trees: &Trees,
    source: &SourceId,
) -> Result<Option<QuarantinedRead>, StoreError> {
    trees.get(TreeName::Held, source.as_str().as_bytes())
}

pub(in crate::store) fn standing(trees: &Trees, source: &SourceId) -> Result<Option<MatchIndex>, StoreError> {
    trees.get(TreeName::Standings, source.as_str().as_bytes())
}

/// The version of a watchlist by its hash.
pub(in crate::store) fn watchlist_version(
    trees: &Trees,
    hash: &WatchlistHash,
) -> Result<Option<WatchlistVersion>, StoreError> {
    trees.get(TreeName::WatchlistVersions, hash.as_str().as_bytes())
}

pub(in crate::store) fn body(trees: &Trees, hash: &BodyHash) -> Result<Option<Vec<u8>>, StoreError> {
    trees.body(&name_of(hash)?)
}

/// Returns all that is kept of a source, the entries apart.
///
/// A step may write between two of the records. The version is of the very bytes that are decoded, so it then names a
/// state that the source never had, and what is computed from it is stale.
pub(in crate::store) fn known(trees: &Trees, source: &SourceId) -> Result<KnownSource, StoreError> {
    let key = source.as_str().as_bytes();
    let records = SourceRecords::of(trees, source)?;
    let SourceRecords { touch, state, accepted, held, standing } = &records;
    let touch = decoded_touch(trees, key, touch.as_deref())?;
    let state: Option<Arc<ReadState>> = trees.decoded_before(TreeName::ReadStates, key, state.as_deref())?;
    let accepted = trees.decoded_before(TreeName::Accepted, key, accepted.as_deref())?;
    Ok(KnownSource {
        state: touched(state.as_deref(), touch.as_ref()),
        accepted: or_of_baseline(trees, source, accepted.map(Arc::unwrap_or_clone))?,
        held: trees.decoded(TreeName::Held, key, held.as_deref())?,
        standing: trees.decoded(TreeName::Standings, key, standing.as_deref())?,
        version: records.version(),
    })
}

/// What is kept of a source besides the entries of its accepted state, as it lies in the trees.
struct SourceRecords {
    touch: Option<Bytes>,
    state: Option<Bytes>,
    accepted: Option<Bytes>,
    held: Option<Bytes>,
    standing: Option<Bytes>,
}

/// What each step on a source looks up first.
const SOURCE_RECORDS: [TreeName; 5] =
    [TreeName::Touches, TreeName::ReadStates, TreeName::Accepted, TreeName::Held, TreeName::Standings];

/// The same with its keys.
pub(in crate::store) fn looks(source: &SourceId) -> FirstLooks {
    SOURCE_RECORDS.map(|tree| (tree, source.as_str().as_bytes().to_vec())).into()
}

impl SourceRecords {
    fn of(trees: &Trees, source: &SourceId) -> Result<Self, StoreError> {
        let key = source.as_str().as_bytes();
        trees.warm(SOURCE_RECORDS.into_iter().map(|tree| (tree, key)))?;
        let get = |tree| trees.tree(tree).get(key);
        Ok(Self {
            touch: get(TreeName::Touches)?,
            state: get(TreeName::ReadStates)?,
            accepted: get(TreeName::Accepted)?,
            held: get(TreeName::Held)?,
            standing: get(TreeName::Standings)?,
        })
    }

    /// Returns the hash of the records: nothing has to be rewritten for it, and any change to one of them gives
    /// another, a clock that was put back included. A large record counts by the hash of its body.
    fn version(&self) -> SourceVersion {
        SourceVersion(version(&[&self.touch, &self.state, &self.accepted, &self.held, &self.standing]))
    }
}

/// Fails if the state of a source is not the one that the caller computed from, or if this worker claimed the source and
/// another has it by now: two that read it at once would both find the same, and tell it twice.
pub(super) fn require(
    trees: &Trees,
    source: &SourceId,
    computed_from: SourceVersion,
) -> Result<(), StoreError> {
    if SourceRecords::of(trees, source)?.version() == computed_from {
        return trees.require_claim(&ClaimName::read(source));
    }
    Err(StoreError::Stale { source_id: source.clone() })
}

/// The snapshots of a source, the newest first.
pub(in crate::store) fn snapshots(
    trees: &Trees,
    source: &SourceId,
    limit: usize,
) -> Result<Vec<Snapshot>, StoreError> {
    trees
        .tree(TreeName::Snapshots)
        .scan_prefix(keys::snapshots_of(source.as_str()))
        .rev()
        .take(limit)
        .map(|pair| {
            let (key, bytes) = pair?;
            trees.decode(TreeName::Snapshots, &key, &bytes)
        })
        .collect()
}

/// The entries of a source with these keys, at most `limit`.
pub(in crate::store) fn entries(
    trees: &Trees,
    source: &SourceId,
    keys: &[String],
    limit: usize,
) -> Result<KnownEntries, StoreError> {
    let keys: HashSet<&str> = keys.iter().map(String::as_str).collect();
    let entries = baseline(trees, source)?.map(|baseline| baseline.document.entries).unwrap_or_default();
    let mut named = entries.into_iter().filter(|entry| keys.contains(entry.key.as_str()));
    let shown: Vec<Entry> = named.by_ref().take(limit).collect();
    let more = named.count();
    let mut entries = Vec::with_capacity(shown.len());
    for entry in shown {
        let came_by = found::came_by(trees, source, &entry.key)?;
        entries.push((entry, came_by));
    }
    Ok(KnownEntries { entries, more, first: first_snapshot(trees, source)? })
}

fn first_snapshot(trees: &Trees, source: &SourceId) -> Result<Option<Snapshot>, StoreError> {
    let first = trees.tree(TreeName::Snapshots).scan_prefix(keys::snapshots_of(source.as_str())).next();
    let Some((key, bytes)) = first.transpose()? else { return Ok(None) };
    trees.decode(TreeName::Snapshots, &key, &bytes).map(Some)
}

/// One snapshot of a source.
pub(in crate::store) fn snapshot(
    trees: &Trees,
    source: &SourceId,
    sequence: u64,
) -> Result<Option<Snapshot>, StoreError> {
    trees.get(TreeName::Snapshots, &keys::snapshot(source.as_str(), sequence))
}

/// Gathers all that one read means.
pub(in crate::store) fn commit(
    trees: &Trees,
    writes: &mut Writes,
    commit: &ReadCommit,
) -> Result<(), StoreError> {
    require(trees, &commit.state.source, commit.computed_from)?;
    let raised = reads::raised(commit, |source| subscribers::has_followers(trees, source))?;
    write(trees, writes, reads::of_read(commit, &raised))
}

/// Writes what a step means.
pub(super) fn write(
    trees: &Trees,
    writes: &mut Writes,
    effects: Vec<ReadEffect<'_>>,
) -> Result<(), StoreError> {
    effects.into_iter().try_for_each(|effect| write_one(trees, writes, effect))
}

fn write_one(trees: &Trees, writes: &mut Writes, effect: ReadEffect<'_>) -> Result<(), StoreError> {
    match effect {
        ReadEffect::State(state) => put_state(trees, writes, state),
        ReadEffect::LetGo(source) => {
            writes.remove(TreeName::Held, source.as_str().as_bytes());
            Ok(())
        }
        ReadEffect::Hold(held) => {
            writes.put_kept(trees, &held.body)?;
            writes.put(trees, TreeName::Held, held.read.source.as_str().as_bytes(), &held.read)
        }
        ReadEffect::Accept(accepted) => accept(trees, writes, accepted),
        ReadEffect::Remember(source, read) => records::note_read(trees, writes, source, read),
        ReadEffect::Stand(standing, version) => put_standing(trees, writes, standing, version),
        ReadEffect::Chain(source, read, changes) => chain::append(trees, writes, source, read, changes),
        ReadEffect::Robots(copy) => writes.put(trees, TreeName::Robots, &keys::digest(&copy.origin), copy),
        ReadEffect::Tell(kind, change, companies, at) => {
            hooks::tell(trees, writes, kind, change, companies, at)
        }
        ReadEffect::Changes(changes) => put_changes(trees, writes, changes),
        ReadEffect::Amend(change) => {
            writes.put(trees, TreeName::Changes, change.id.as_str().as_bytes(), change)
        }
        ReadEffect::Raise(alert) => writes.put(trees, TreeName::Alerts, alert.id.as_str().as_bytes(), alert),
        ReadEffect::Drop(alert) => {
            writes.remove(TreeName::Alerts, alert.as_str().as_bytes());
            Ok(())
        }
        ReadEffect::Retract(retraction) => {
            writes.put(trees, TreeName::Retractions, retraction.id.as_str().as_bytes(), retraction)
        }
    }
}

fn accept(trees: &Trees, writes: &mut Writes, accepted: &Accepted) -> Result<(), StoreError> {
    let snapshot = &accepted.baseline.snapshot;
    let source = snapshot.source.as_str();
    writes.put_kept(trees, &accepted.body)?;
    writes.put(trees, TreeName::Baselines, source.as_bytes(), &accepted.baseline)?;
    writes.put(trees, TreeName::Accepted, source.as_bytes(), snapshot)?;
    writes.put(trees, TreeName::Snapshots, &keys::snapshot(source, snapshot.sequence), snapshot)
}

/// What hosts said of being read.
pub(in crate::store) fn robots(trees: &Trees) -> Result<Vec<RobotsCopy>, StoreError> {
    trees.all_with(TreeName::Robots, &[])
}

/// Counts a request to a host whose API allows only so many; returns how long it takes until it is allowed, if it is not.
pub(in crate::store) fn count_request(
    trees: &Trees,
    writes: &mut Writes,
    request: &CountedRequest,
    now: DateTime<Utc>,
) -> Result<Option<Duration>, StoreError> {
    let key = keys::digest(&request.host);
    let used: Option<QuotaUse> = trees.get(TreeName::Uses, &key)?;
    let mut used = used.unwrap_or_else(|| QuotaUse::none(request.host.clone()));
    match used.count(request, now) {
        Ok(()) => writes.put(trees, TreeName::Uses, &key, &used).map(|()| None),
        Err(left) => Ok(Some(left)),
    }
}

/// Gathers all that another registry found; gives the notices that are new.
pub(in crate::store) fn rematch(
    trees: &Trees,
    writes: &mut Writes,
    commit: RematchCommit,
) -> Result<Vec<Change>, StoreError> {
    let RematchCommit { computed_from, standing, watchlist, notices } = commit;
    require(trees, &standing.source, computed_from)?;
    // An earlier program made shorter ids of the same parts.
    let is_kept =
        |notice: &Change| trees.has_either(TreeName::Changes, [notice.id.as_str(), notice.id.short()]);
    let (new, raised) = reads::new_notices(notices, is_kept)?;
    write(trees, writes, reads::of_rematch(&standing, &watchlist, (&new, &raised)))?;
    Ok(new)
}

/// Keeps which entries of a source name whom, with the way from each company to the source, and the version of the
/// watchlist that was looked with, unless that is there.
fn put_standing(
    trees: &Trees,
    writes: &mut Writes,
    standing: &MatchIndex,
    version: &WatchlistVersion,
) -> Result<(), StoreError> {
    named_on::put(trees, writes, standing)?;
    let key = version.hash().as_str().as_bytes();
    trees.opening.wanted.note(&keys::digest(key));
    // A clean-up of another process sees by the writing that it is wanted.
    if trees.view().is_some() || !trees.tree(TreeName::WatchlistVersions).contains_key(key)? {
        writes.put(trees, TreeName::WatchlistVersions, key, version)?;
    }
    writes.put(trees, TreeName::Standings, standing.source.as_str().as_bytes(), standing)
}

/// Keeps changes that are new, with the ways by which they are found.
pub(super) fn put_changes(trees: &Trees, writes: &mut Writes, changes: &[Change]) -> Result<(), StoreError> {
    for change in changes {
        let id = change.id.as_str();
        writes.put(trees, TreeName::Changes, id.as_bytes(), change)?;
        writes.put_raw(TreeName::ChangesByTime, &keys::at(change.found_at, id), Vec::new())?;
    }
    found::add(trees, writes, changes)
}
