//! Removing bodies that nothing refers to any more: mark and sweep.

use std::collections::HashSet;

use super::bodies::name_of;
use super::outbox::StoredMail;
use super::retention::released;
use super::trees::{Holds, TreeName, Trees};
use super::writes::Writes;
use crate::domain::evidence::Kept;
use crate::domain::id::{BodyHash, WatchlistHash};
use crate::domain::snapshot::{Baseline, HeldRead, Snapshot};
use crate::domain::standing::Standing;
use crate::store::record::{Digest, Form};
use crate::store::{GarbageReport, StoreError};

/// Bodies removed in one transaction.
const BATCH: usize = 64;

/// Removes them; gives the number of the last commit with the report. Whoever calls this keeps everybody else
/// from reading and writing; `goes_on` is called now and then, as a sign that it does.
///
/// # Errors
/// A record that cannot be read: then nothing is removed, since it may refer to anything.
pub(super) fn collect(trees: &Trees, goes_on: &dyn Fn()) -> Result<(GarbageReport, Option<u64>), StoreError> {
    let mut commits = forget_watchlists(trees)?;
    let needed = needed(trees, goes_on)?;
    let unused: Vec<Digest> = trees.body_names()?.into_iter().filter(|name| !needed.contains(name)).collect();
    for batch in unused.chunks(BATCH) {
        let mut writes = Writes::default();
        for name in batch {
            trees.remove_body(name, &mut writes)?;
        }
        commits = Some(writes.apply(trees)?);
        trees.db.flush()?;
        goes_on();
    }
    Ok((GarbageReport { kept: needed.len(), removed: unused.len() }, commits))
}

/// Removes the versions of watchlists that no source was matched with last.
fn forget_watchlists(trees: &Trees) -> Result<Option<u64>, StoreError> {
    let named: HashSet<WatchlistHash> = trees
        .every::<Standing>(TreeName::Standings, &[])?
        .into_iter()
        .map(|standing| standing.watchlist)
        .collect();
    let named: HashSet<&[u8]> = named.iter().map(|hash| hash.as_str().as_bytes()).collect();
    let mut writes = Writes::default();
    for key in trees.tree(TreeName::WatchlistVersions).iter().keys() {
        let key = key?;
        if !named.contains(&key[..]) {
            writes.remove(TreeName::WatchlistVersions, &key);
        }
    }
    Ok(if writes.is_empty() { None } else { Some(writes.apply(trees)?) })
}

/// The name under which a record lies among the bodies, where it does.
fn apart(tree: TreeName, key: &[u8], bytes: &[u8]) -> Result<Option<Digest>, StoreError> {
    if tree == TreeName::Chain && Kept::is_brief(bytes) {
        return Ok(None);
    }
    match (Form::decode(tree.what(), key, bytes), tree.holds()) {
        (Ok(Form::AsBody(digest)), _) => Ok(Some(digest)),
        (Ok(Form::Inline(_)), _) | (Err(_), Holds::Settings) => Ok(None),
        (Err(error), _) => Err(error),
    }
}

/// The names of all bodies that something refers to.
fn needed(trees: &Trees, goes_on: &dyn Fn()) -> Result<HashSet<Digest>, StoreError> {
    let (mut needed, released) = (HashSet::new(), released(trees)?);
    for tree in TreeName::all() {
        if matches!(tree.holds(), Holds::Keys | Holds::Bodies) {
            continue;
        }
        for pair in trees.tree(tree) {
            let (key, bytes) = pair?;
            needed.extend(apart(tree, &key, &bytes)?);
        }
        goes_on();
    }
    // What was let go of is still needed where something else needs it.
    let mut unless_released = |hash: &BodyHash| -> Result<(), StoreError> {
        let name = name_of(hash)?;
        if !released.contains(&name) {
            needed.insert(name);
        }
        Ok(())
    };
    for snapshot in trees.every::<Snapshot>(TreeName::Snapshots, &[])? {
        unless_released(&snapshot.sha256)?;
    }
    for stored in trees.every::<StoredMail>(TreeName::Mails, &[])? {
        unless_released(&stored.bytes)?;
    }
    let mut content = |hash: &BodyHash| name_of(hash).map(|name| needed.insert(name));
    for baseline in trees.every::<Baseline>(TreeName::Baselines, &[])? {
        content(&baseline.snapshot.sha256)?;
    }
    for held in trees.every::<HeldRead>(TreeName::Held, &[])? {
        content(&held.evidence.sha256)?;
    }
    Ok(needed)
}
