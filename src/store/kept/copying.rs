//! Copying a store into another, of whatever database, and holding both against each other.
//!
//! Each kind is walked in the order of its keys, stretch by stretch; what of a stretch stands differently in the other
//! store is written there in one step. So a copy that was broken off goes on where it was, and one of a store that
//! changed meanwhile is brought up to date by another run. Until both are the same, the other store is marked as
//! unfinished, and nobody opens it for anything else.

use std::collections::BTreeMap;
use std::ops::Bound;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::database::Database;
use super::identity::INSTALLATION;
use super::trees::{Bytes, KeyedRecord, TreeName, Trees};
use super::writes::Writes;
use super::{is_engines_own, take_installation};
use crate::domain::id::hex;
use crate::domain::meter::Meter;
use crate::settings::{StoreRules, StoreSettings};
use crate::store::error::StoreError;

/// Records compared, and written where they differ, in one step.
const STRETCH: usize = 1_000;

/// Stands among the settings of a store until it is the same as the one that it is copied from.
const UNFINISHED: &[u8] = b"copy-unfinished";

/// What was copied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Copied {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// What both stores hold now.
    pub kinds: Vec<CopiedKind>,
    /// Records that were written; those that stood there already were not.
    pub written: u64,
    /// Records that were removed because the one store has none under their keys.
    pub removed: u64,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CopiedKind {
    /// What they are called in the store.
    pub name: &'static str,
    /// How many.
    pub records: u64,
    /// SHA-256 over all keys and records, in the order of the keys.
    pub sha256: String,
}

/// Makes a store the same as another, and verifies that it is. The other must be new, or a copy that was not finished.
///
/// # Errors
/// [`StoreError::Occupied`] where another store is there; [`StoreError::CopyDiffers`] where the stores are not the same
/// at the end; those of opening.
pub async fn copy(from: &StoreSettings, to: &StoreSettings, meter: &Meter) -> Result<Copied, StoreError> {
    let is_there = StoreRules { required: true, ..StoreRules::default() };
    let source = Database::open_for_copy(from, &is_there)?;
    let target = Database::open_for_copy(to, &StoreRules::default())?;
    let copied = between(&source, &target, meter).await;
    let installation = source.read(|trees| trees.tree(TreeName::Meta).get(INSTALLATION)).await;
    source.close().await?;
    target.close().await?;
    let installation = installation?.unwrap_or_default();
    let copied = copied?;
    if let StoreSettings::Sled { path } = to {
        take_installation(path, &installation, UNFINISHED)?;
    }
    Ok(copied)
}

async fn between(source: &Database, target: &Database, meter: &Meter) -> Result<Copied, StoreError> {
    if is_unfinished(source).await? {
        return Err(StoreError::UnfinishedCopy { path: source.place() });
    }
    begin(target).await?;
    let kinds: Vec<TreeName> = TreeName::all().collect();
    let part = meter.part(0..80, kinds.len() as u64);
    let (mut written, mut removed) = (0, 0);
    for tree in &kinds {
        let (put, gone) = copy_kind(source, target, *tree).await?;
        written += put;
        removed += gone;
        part.advance(1);
    }
    let part = meter.part(80..100, kinds.len() as u64);
    let mut copied = Vec::new();
    for tree in kinds {
        let (ours, theirs) = (sum(source, tree).await?, sum(target, tree).await?);
        if ours != theirs {
            return Err(StoreError::CopyDiffers {
                what: tree.name(),
                from: ours.to_string(),
                to: theirs.to_string(),
            });
        }
        copied.push(CopiedKind { name: tree.name(), records: ours.records, sha256: ours.sha256 });
        part.advance(1);
    }
    // Of sled, a file beside the database says whose it is; that is done once it is closed.
    if let Database::Postgres { .. } = target {
        let installation =
            source.read(|trees| trees.tree(TreeName::Meta).get(INSTALLATION)).await?.unwrap_or_default();
        target
            .write(move |_, writes| {
                writes.remove(TreeName::Meta, UNFINISHED);
                writes.put_raw(TreeName::Meta, INSTALLATION, installation.to_vec())
            })
            .await?;
    }
    Ok(Copied { from: source.place(), to: target.place(), kinds: copied, written, removed })
}

/// Whether a store is a copy that was not finished.
pub(super) fn unfinished(trees: &Trees) -> Result<bool, StoreError> {
    trees.tree(TreeName::Meta).contains_key(UNFINISHED)
}

async fn is_unfinished(database: &Database) -> Result<bool, StoreError> {
    database.read(unfinished).await
}

/// Marks a store that holds nothing, or goes on with one that is marked.
async fn begin(target: &Database) -> Result<(), StoreError> {
    let place = target.place();
    let mark = move |trees: &Trees, writes: &mut Writes| {
        if unfinished(trees)? {
            return Ok(());
        }
        for tree in TreeName::all() {
            for key in trees.tree(tree).iter().keys() {
                if !is_not_copied(tree, &key?) {
                    return Err(StoreError::Occupied { path: place.clone() });
                }
            }
        }
        writes.put_raw(TreeName::Meta, UNFINISHED, Vec::new())
    };
    target.write(mark).await
}

/// Whether a key is a database's own. Whose the store is, is said last.
fn is_not_copied(tree: TreeName, key: &[u8]) -> bool {
    tree == TreeName::Meta && (is_engines_own(key) || key == UNFINISHED || key == INSTALLATION)
}

/// Copies one kind; gives how many records were written and removed.
async fn copy_kind(source: &Database, target: &Database, tree: TreeName) -> Result<(u64, u64), StoreError> {
    let (mut after, mut written, mut removed) = (None, 0, 0);
    loop {
        let (stretch, end) = stretch(source, tree, after.take()).await?;
        let from = stretch.from.clone();
        let to = end.clone();
        let (put, gone) = target
            .write(move |trees, writes| {
                let range = (
                    bound(from.as_ref()),
                    to.as_ref().map_or(Bound::Unbounded, |to| Bound::Included(&to[..])),
                );
                let mut there = BTreeMap::new();
                for pair in trees.tree(tree).range::<&[u8], _>(range) {
                    let (key, value) = pair?;
                    if !is_not_copied(tree, &key) {
                        there.insert(key, value);
                    }
                }
                let (mut put, mut gone) = (0, 0);
                for (key, value) in &stretch.pairs {
                    if there.remove(key).as_ref() != Some(value) {
                        writes.put_raw(tree, key, value.to_vec())?;
                        put += 1;
                    }
                }
                for key in there.keys() {
                    writes.remove(tree, key);
                    gone += 1;
                }
                Ok((put, gone))
            })
            .await?;
        written += put;
        removed += gone;
        match end {
            Some(end) => after = Some(end),
            None => return Ok((written, removed)),
        }
    }
}

/// Records of one kind that follow each other.
struct RecordRun {
    /// The key behind which they begin.
    from: Option<Bytes>,
    pairs: Vec<KeyedRecord>,
}

fn bound(from: Option<&Bytes>) -> Bound<&[u8]> {
    from.map_or(Bound::Unbounded, |from| Bound::Excluded(&from[..]))
}

/// The next records, and the key at which they end; none where they are the last.
async fn stretch(
    source: &Database,
    tree: TreeName,
    after: Option<Bytes>,
) -> Result<(RecordRun, Option<Bytes>), StoreError> {
    source
        .read(move |trees| {
            let range = trees.tree(tree).range::<&[u8], _>((bound(after.as_ref()), Bound::Unbounded));
            let (mut pairs, mut last, mut has_more) = (Vec::new(), None, false);
            for pair in range {
                has_more = pairs.len() >= STRETCH;
                if has_more {
                    break;
                }
                let (key, value) = pair?;
                last = Some(key.clone());
                if !is_not_copied(tree, &key) {
                    trees.parts(tree, &key, &value, &mut |key, part| {
                        last = Some(key.into());
                        pairs.push((key.into(), part.into()));
                    });
                }
            }
            Ok((RecordRun { from: after, pairs }, last.filter(|_| has_more)))
        })
        .await
}

/// How many records of a kind there are, and the hash of all of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Sum {
    records: u64,
    sha256: String,
}

impl std::fmt::Display for Sum {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} records with SHA-256 {}", self.records, self.sha256)
    }
}

async fn sum(database: &Database, tree: TreeName) -> Result<Sum, StoreError> {
    database
        .read(move |trees| {
            let (mut records, mut hasher) = (0, Sha256::new());
            for pair in trees.tree(tree) {
                let (key, value) = pair?;
                if is_not_copied(tree, &key) {
                    continue;
                }
                trees.parts(tree, &key, &value, &mut |key, value| {
                    records += 1;
                    for part in [key, value] {
                        hasher.update((part.len() as u64).to_be_bytes());
                        hasher.update(part);
                    }
                });
            }
            Ok(Sum { records, sha256: hex(&hasher.finalize()) })
        })
        .await
}
