//! Reads that were taken back, until everybody who was told has been told otherwise.

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{changes, events, outbox, sources};
use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::retraction::Retraction;
use crate::store::boundary::{RetractCommit, Withdrawn};
use crate::store::error::StoreError;
use crate::store::steps::{reads, telling};

/// Gathers all that a retraction means: its changes are marked, what of them was not told yet is not,
/// and the state before the read is the source's again.
pub(in crate::store) fn retract(
    trees: &Trees,
    writes: &mut Writes,
    commit: &RetractCommit,
) -> Result<(), StoreError> {
    let RetractCommit { retraction, restored } = commit;
    if let Some(restored) = restored {
        sources::require(trees, &restored.state.source, restored.computed_from)?;
    }
    let retracted =
        retraction.changes.iter().map(|id| Ok(reads::retracted(changes::by_id(trees, id)?, retraction)));
    let retracted = retracted.collect::<Result<Vec<Change>, StoreError>>()?;
    for id in &retraction.changes {
        events::take_back(trees, writes, id, retraction.at)?;
    }
    let pending: Vec<Alert> = trees.all_with(TreeName::Alerts, &[])?;
    sources::write(trees, writes, reads::of_retraction(commit, &retracted, &pending))
}

/// The retractions that not everybody was told of yet.
pub(in crate::store) fn pending(trees: &Trees) -> Result<Vec<Retraction>, StoreError> {
    trees.all_with(TreeName::Retractions, &[])
}

/// Keeps back the mails that nobody has, puts those that tell of a retraction into the outbox, and
/// notes how far that went; it is done with where nothing comes after.
pub(in crate::store) fn tell(
    trees: &Trees,
    writes: &mut Writes,
    withdrawn: Withdrawn,
) -> Result<(), StoreError> {
    let Withdrawn { retraction, from, dropped, mails, reached, at } = withdrawn;
    let key = retraction.as_str().as_bytes();
    let pending: Option<Retraction> = trees.get(TreeName::Retractions, key)?;
    let Some(pending) = pending.filter(|pending| telling::is_told_as_far(Some(pending), from.as_ref()))
    else {
        return Err(StoreError::Superseded { what: "a retraction was told further" });
    };
    for mail in &dropped {
        outbox::change(trees, writes, mail, |_, mail| {
            mail.retract(at);
            Ok(())
        })?;
    }
    outbox::dispatch(trees, writes, &[], mails)?;
    match reached {
        Some(_) => writes.put(trees, TreeName::Retractions, key, &Retraction { reached, ..pending })?,
        None => writes.remove(TreeName::Retractions, key),
    }
    Ok(())
}
