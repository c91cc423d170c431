//! What is kept of each source.

use super::bodies::name_of;
use super::keys;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::id::{BodyHash, SourceId};
use crate::domain::read_state::ReadState;
use crate::domain::snapshot::{Baseline, HeldRead, Snapshot};
use crate::store::{ReadCommit, StoreError};

pub(in crate::store) fn baseline(trees: &Trees, source: &SourceId) -> Result<Option<Baseline>, StoreError> {
    trees.get(TreeName::Baselines, source.as_str().as_bytes())
}

pub(in crate::store) fn read_state(
    trees: &Trees,
    source: &SourceId,
) -> Result<Option<ReadState>, StoreError> {
    trees.get(TreeName::ReadStates, source.as_str().as_bytes())
}

pub(in crate::store) fn held(trees: &Trees, source: &SourceId) -> Result<Option<HeldRead>, StoreError> {
    trees.get(TreeName::Held, source.as_str().as_bytes())
}

pub(in crate::store) fn body(trees: &Trees, hash: &BodyHash) -> Result<Option<Vec<u8>>, StoreError> {
    trees.body(&name_of(hash)?)
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

/// Gathers all that one read means.
pub(in crate::store) fn commit(
    trees: &Trees,
    writes: &mut Writes,
    commit: &ReadCommit,
) -> Result<(), StoreError> {
    let source = commit.state.source.as_str();
    writes.put(trees, TreeName::ReadStates, source.as_bytes(), &commit.state)?;
    if commit.clears_held {
        writes.remove(TreeName::Held, source.as_bytes());
    }
    if let Some(held) = &commit.held {
        writes.put_body(trees, &held.body)?;
        writes.put(trees, TreeName::Held, source.as_bytes(), &held.read)?;
    }
    if let Some(accepted) = &commit.accepted {
        let snapshot = &accepted.baseline.snapshot;
        writes.put_body(trees, &accepted.body)?;
        writes.put(trees, TreeName::Baselines, source.as_bytes(), &accepted.baseline)?;
        writes.put(trees, TreeName::Snapshots, &keys::snapshot(source, snapshot.sequence), snapshot)?;
    }
    for change in &commit.changes {
        let id = change.id.as_str();
        writes.put(trees, TreeName::Changes, id.as_bytes(), change)?;
        writes.put_raw(TreeName::ChangesByTime, &keys::at(change.found_at, id), Vec::new())?;
    }
    for alert in &commit.alerts {
        writes.put(trees, TreeName::Alerts, alert.id.as_str().as_bytes(), alert)?;
    }
    Ok(())
}
