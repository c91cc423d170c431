//! States of a source from before it was watched.

use super::keys;
use super::sources::{put_changes, snapshots};
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::snapshot::{Baseline, Snapshot};
use crate::store::boundary::Backfilled;
use crate::store::error::StoreError;

/// Puts states before the first one of a source, which count on behind them; all or nothing. No alert is raised.
pub(in crate::store) fn backfill(
    trees: &Trees,
    writes: &mut Writes,
    backfilled: &Backfilled,
) -> Result<(), StoreError> {
    let Backfilled { first, states, changes } = backfilled;
    let source = first.source.as_str();
    let known = snapshots(trees, &first.source, usize::MAX)?;
    if known.last() != Some(first) {
        return Err(StoreError::Stale { source_id: first.source.clone() });
    }
    let shift = states.len() as u64;
    let later = |snapshot: &Snapshot| Snapshot { sequence: snapshot.sequence + shift, ..snapshot.clone() };
    let mut all: Vec<Snapshot> = known.iter().map(later).collect();
    for (number, (state, body)) in (first.sequence..).zip(states) {
        writes.put_body(trees, body)?;
        all.push(Snapshot { sequence: number, source: first.source.clone(), ..state.clone() });
    }
    for snapshot in known.iter().filter(|known| all.iter().all(|kept| kept.sequence != known.sequence)) {
        writes.remove(TreeName::Snapshots, &keys::snapshot(source, snapshot.sequence));
    }
    for snapshot in &all {
        writes.put(trees, TreeName::Snapshots, &keys::snapshot(source, snapshot.sequence), snapshot)?;
    }
    let baseline: Option<Baseline> = trees.get(TreeName::Baselines, source.as_bytes())?;
    if let Some(baseline) = baseline {
        let baseline = Baseline { snapshot: later(&baseline.snapshot), ..baseline };
        writes.put(trees, TreeName::Baselines, source.as_bytes(), &baseline)?;
        writes.put(trees, TreeName::Accepted, source.as_bytes(), &baseline.snapshot)?;
    }
    put_changes(trees, writes, changes)
}
