//! Walking through all records of a store, kind by kind in the order of their keys: for a backup, an export, a copy,
//! and for holding two stores against each other.

use sha2::{Digest as _, Sha256};

use super::trees::{TreeName, Trees};
use super::{identity, indexes, is_engines_own};
use crate::domain::id::hex;
use crate::store::error::StoreError;

/// Is handed a record: its key and its value. An error ends the walk.
pub(super) type Take<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'a;

/// Hands out the records of one kind.
pub(super) type Walk<'a> = dyn Fn(TreeName, &mut Take<'_>) -> Result<(), StoreError> + 'a;

/// Stands among the settings of a store until it is the same as the one, or the backup, that it is filled from.
pub(super) const UNFINISHED: &[u8] = b"copy-unfinished";

/// Whether a key is a database's own. Whose the store is, is said last.
pub(super) fn is_not_copied(tree: TreeName, key: &[u8]) -> bool {
    tree == TreeName::Meta && (is_engines_own(key) || key == UNFINISHED || key == identity::INSTALLATION)
}

/// The records of a database as one look sees it, bodies in parts wherever they lie.
pub(super) fn of_trees(trees: &Trees) -> impl Fn(TreeName, &mut Take<'_>) -> Result<(), StoreError> {
    move |tree, take| {
        let mut outcome = Ok(());
        for pair in trees.tree(tree) {
            let (key, value) = pair?;
            trees.parts(tree, &key, &value, &mut |key, value| {
                if outcome.is_ok() {
                    outcome = take(key, value);
                }
            });
            if outcome.is_err() {
                break;
            }
        }
        outcome
    }
}

/// The same of a server, and what says that its indexes are right: no program that does not know them ever wrote
/// there.
pub(super) fn of_server(trees: &Trees) -> impl Fn(TreeName, &mut Take<'_>) -> Result<(), StoreError> {
    move |tree, take| {
        let mut said = tree != TreeName::Meta;
        let right = indexes::right_at(0);
        of_trees(trees)(tree, &mut |key, value| {
            if !said && key >= indexes::RIGHT_AT {
                said = true;
                take(indexes::RIGHT_AT, &right)?;
            }
            if tree == TreeName::Meta && key == indexes::RIGHT_AT { Ok(()) } else { take(key, value) }
        })?;
        if said { Ok(()) } else { take(indexes::RIGHT_AT, &right) }
    }
}

/// How many records of a kind there are, and the hash of all of them in the order of their keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) records: u64,
    pub(super) sha256: String,
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records with SHA-256 {}", self.records, self.sha256)
    }
}

/// A sum that is not finished.
#[derive(Debug, Clone, Default)]
pub(super) struct Summing {
    records: u64,
    hasher: Sha256,
}

impl Summing {
    /// Counts a record in, unless it is a database's own.
    pub(super) fn add(&mut self, tree: TreeName, key: &[u8], value: &[u8]) {
        if is_not_copied(tree, key) {
            return;
        }
        self.records += 1;
        for part in [key, value] {
            self.hasher.update((part.len() as u64).to_be_bytes());
            self.hasher.update(part);
        }
    }

    pub(super) fn end(self) -> Sum {
        Sum { records: self.records, sha256: hex(&self.hasher.finalize()) }
    }
}

/// The sum of one kind.
pub(super) fn sum(trees: &Trees, tree: TreeName) -> Result<Sum, StoreError> {
    let mut summing = Summing::default();
    of_trees(trees)(tree, &mut |key, value| {
        summing.add(tree, key, value);
        Ok(())
    })?;
    Ok(summing.end())
}
