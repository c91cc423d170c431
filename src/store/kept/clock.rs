//! The clock as the store has seen it, and what is looked at anew once it went back.
//!
//! The two indexes that are an order of work, mails that are due and readers to be looked at, sort by
//! moments; what a clock that was ahead put there would wait until its time came. Besides them stand
//! records that say when something happened, which cannot lie ahead.

use chrono::{DateTime, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::trees::{Bytes, TreeName, Trees};
use super::writes::Writes;
use super::{hooks, incidents, items, keys, outbox, sources, subscribers};
use crate::domain::alert::Alert;
use crate::domain::inbound::Correspondence;
use crate::domain::moment::{ClockMark, ClockReading, LONGEST_WAIT, SetBack, by_now};
use crate::domain::suppression::Suppression;
use crate::store::error::StoreError;

const CLOCK: &[u8] = b"clock";

/// Stands in a database that was made when there was none: when that was, once somebody knew the time.
const BEGUN: &[u8] = b"begun";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct CreatedAt {
    at: Option<DateTime<Utc>>,
}

/// Notes that the database was made just now; the next [`note`] says when.
pub(super) fn begin(trees: &Trees, writes: &mut Writes) -> Result<(), StoreError> {
    writes.put(trees, TreeName::Meta, BEGUN, &CreatedAt::default())
}

/// When the database was made, where a first start made it.
pub(in crate::store) fn begun_at(trees: &Trees) -> Result<Option<DateTime<Utc>>, StoreError> {
    Ok(begun(trees)?.and_then(|begun| begun.at))
}

fn begun(trees: &Trees) -> Result<Option<CreatedAt>, StoreError> {
    trees.get(TreeName::Meta, BEGUN)
}

/// The record of the first start with its moment, where that is news.
fn dated(trees: &Trees, now: DateTime<Utc>) -> Result<Option<CreatedAt>, StoreError> {
    let Some(begun) = begun(trees)? else { return Ok(None) };
    let at = begun.at.map_or(now, |at| by_now(at, now));
    Ok((begun.at != Some(at)).then_some(CreatedAt { at: Some(at) }))
}

/// When the clock went back last, where it ever did.
pub(in crate::store) fn set_back(trees: &Trees) -> Result<Option<SetBack>, StoreError> {
    Ok(mark(trees)?.and_then(|mark| mark.set_back))
}

/// Whether a look at the clock is worth a write.
pub(in crate::store) fn is_news(trees: &Trees, now: DateTime<Utc>) -> Result<bool, StoreError> {
    Ok(ClockMark::after(mark(trees)?, now) != ClockReading::Known || dated(trees, now)?.is_some())
}

/// Notes what the clock shows. Where it went back, whatever waits for a moment to come is looked at now.
pub(in crate::store) fn note(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
) -> Result<Option<SetBack>, StoreError> {
    if let Some(begun) = dated(trees, now)? {
        writes.put(trees, TreeName::Meta, BEGUN, &begun)?;
    }
    let before = mark(trees)?;
    let (mark, went_back) = match ClockMark::after(before, now) {
        ClockReading::Known => return Ok(None),
        ClockReading::Later(mark) => (mark, None),
        ClockReading::Back(mark, set_back) => (mark, Some(set_back)),
    };
    // A program that kept no mark may have left what waits for longer than anything does.
    if went_back.is_some() || (before.is_none() && waits_too_long(trees, now)?) {
        bring_back(trees, writes, now)?;
    }
    writes.put(trees, TreeName::Meta, CLOCK, &mark)?;
    Ok(went_back)
}

fn mark(trees: &Trees) -> Result<Option<ClockMark>, StoreError> {
    trees.get(TreeName::Meta, CLOCK)
}

fn waits_too_long(trees: &Trees, now: DateTime<Utc>) -> Result<bool, StoreError> {
    for tree in [TreeName::UrgentDue, TreeName::MailsDue, TreeName::Looks] {
        let last = trees.tree(tree).last()?.and_then(|(key, _)| keys::moment_of(&key));
        if last.is_some_and(|last| last > now + LONGEST_WAIT) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn bring_back(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    outbox::bring_back(trees, writes, now)?;
    items::bring_back(trees, writes, now)?;
    subscribers::bring_back(trees, writes, now)?;
    hooks::bring_back(trees, writes, now)?;
    sources::bring_back(trees, writes, now)?;
    amend(trees, writes, TreeName::Correspondence, |with: Correspondence| with.set_back(now))?;
    incidents::bring_back(trees, writes, now)?;
    amend(trees, writes, TreeName::Alerts, |alert: Alert| Alert {
        raised_at: by_now(alert.raised_at, now),
        ..alert
    })?;
    amend(trees, writes, TreeName::Suppressions, |known: Suppression| Suppression {
        since: by_now(known.since, now),
        ..known
    })
}

/// Rewrites the records of a tree that differ afterwards.
pub(super) fn amend<T: Serialize + DeserializeOwned + Clone + PartialEq>(
    trees: &Trees,
    writes: &mut Writes,
    tree: TreeName,
    amended: impl Fn(T) -> T,
) -> Result<(), StoreError> {
    for key in trees.tree(tree).iter().keys() {
        let key = key?;
        let Some(record) = trees.get::<T>(tree, &key)? else { continue };
        let after = amended(record.clone());
        if after != record {
            writes.put(trees, tree, &key, &after)?;
        }
    }
    Ok(())
}

/// The keys of an index that lie ahead.
pub(super) fn ahead(
    trees: &Trees,
    index: TreeName,
    now: DateTime<Utc>,
) -> impl Iterator<Item = Result<Bytes, StoreError>> {
    let keys = trees.tree(index).range(keys::moment(now)..).keys();
    keys.filter(move |key| key.as_ref().map_or(true, |key| keys::moment_of(key).is_some_and(|at| at > now)))
}
