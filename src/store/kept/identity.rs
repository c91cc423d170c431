//! Whose database it is: ids that stand in the database and in the mark beside it.

use super::mark::{ClosingStage, Mark};
use super::tally::{self, TreeTally};
use super::trees::{TreeName, Trees};
use super::writes::{Before, Writes, number};
use crate::store::error::StoreError;
use crate::store::record::undecodable;

pub(in crate::store) const INSTALLATION: &[u8] = b"installation";
pub(super) const LINEAGE: &[u8] = b"lineage";

/// Gives a database its ids and its tallies, where an older program wrote it without; all in one commit.
///
/// # Errors
/// The engine's.
pub(super) fn adopt(trees: &Trees) -> Result<(), StoreError> {
    if trees.tree(TreeName::Meta).contains_key(INSTALLATION)? {
        return Ok(());
    }
    let mut writes = Writes::default();
    for tree in TreeName::all() {
        let mut tally = TreeTally::default();
        for pair in trees.tree(tree) {
            let (key, value) = pair?;
            if tally::counts(tree, &key) {
                tally.add(&key, &value);
            }
        }
        writes.put_raw(TreeName::Meta, &tally::key(tree.name()), tally.encode())?;
    }
    // In a transaction after the tallies, so that these two are counted like anything else.
    writes.apply(trees)?;
    let mut writes = Writes::default();
    writes.put_raw(TreeName::Meta, INSTALLATION, rand::random::<[u8; 16]>().to_vec())?;
    writes.put_raw(TreeName::Meta, LINEAGE, rand::random::<[u8; 8]>().to_vec())?;
    writes.apply(trees)?;
    Ok(())
}

/// Has the state of a database begin a course of its own, so that none of its other copies is taken for it.
///
/// # Errors
/// The engine's.
pub(super) fn branch(trees: &Trees) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    writes.put_raw(TreeName::Meta, LINEAGE, rand::random::<[u8; 8]>().to_vec())?;
    writes.apply(trees)?;
    trees.flush()?;
    Ok(())
}

/// Has a database that was made anew go on from the commits of the one whose place it takes, in a course of its
/// own; returns the mark that belongs beside it.
///
/// # Errors
/// The engine's.
pub(super) fn follow_on(trees: &Trees, commits: u64) -> Result<Mark, StoreError> {
    let next = Before {
        tree: TreeName::Meta,
        key: tally::COMMITS.to_vec(),
        value: Some(commits.wrapping_add(1).to_be_bytes().to_vec()),
    };
    Writes::restore(trees, &[next])?;
    branch(trees)?;
    mark(trees)
}

/// The mark that belongs beside a database as it now stands.
///
/// # Errors
/// The engine's; an id that is none.
pub(super) fn mark(trees: &Trees) -> Result<Mark, StoreError> {
    Ok(Mark {
        installation: id(trees, INSTALLATION)?,
        lineage: id(trees, LINEAGE)?,
        commits: number(trees.tree(TreeName::Meta).get(tally::COMMITS)?.as_deref()),
        stage: ClosingStage::Open,
    })
}

fn id<const N: usize>(trees: &Trees, key: &[u8]) -> Result<[u8; N], StoreError> {
    let kept = trees.tree(TreeName::Meta).get(key)?;
    let bytes = kept.as_deref().unwrap_or_default();
    let wrong = |_| undecodable("setting", key, format!("{} bytes, expected {N}", bytes.len()));
    bytes.try_into().map_err(wrong)
}
