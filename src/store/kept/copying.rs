//! Copying a store into another, of whatever database, and holding both against each other.

use std::ops::Bound;

use serde::Serialize;

use super::database::Database;
use super::filling::{self, Filled, STRETCH, Stretch};
use super::identity::INSTALLATION;
use super::take_installation;
use super::trees::{Bytes, TreeName};
use super::walk::{self, Sum, UNFINISHED, is_not_copied};
use crate::domain::meter::Meter;
use crate::settings::{StoreRules, StoreSettings};
use crate::store::error::StoreError;

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
    if source.read(filling::is_unfinished).await? {
        return Err(StoreError::UnfinishedCopy { path: source.place() });
    }
    let place = target.place();
    target.write(move |trees, writes| filling::begin(trees, writes, &place)).await?;
    let kinds: Vec<TreeName> = TreeName::all().collect();
    let part = meter.part(0..80, kinds.len() as u64);
    let mut filled = Filled::default();
    for tree in &kinds {
        filled += copy_kind(source, target, *tree).await?;
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
        target.write(move |_, writes| filling::finish(writes, &installation)).await?;
    }
    let Filled { written, removed } = filled;
    Ok(Copied { from: source.place(), to: target.place(), kinds: copied, written, removed })
}

async fn sum(database: &Database, tree: TreeName) -> Result<Sum, StoreError> {
    database.read(move |trees| walk::sum(trees, tree)).await
}

/// Copies one kind.
async fn copy_kind(source: &Database, target: &Database, tree: TreeName) -> Result<Filled, StoreError> {
    let (mut after, mut filled) = (None, Filled::default());
    loop {
        let stretch = stretch(source, tree, after.take()).await?;
        after.clone_from(&stretch.until);
        filled += target.write(move |trees, writes| filling::fill(trees, writes, tree, &stretch)).await?;
        if after.is_none() {
            return Ok(filled);
        }
    }
}

/// The next records.
async fn stretch(source: &Database, tree: TreeName, after: Option<Bytes>) -> Result<Stretch, StoreError> {
    source
        .read(move |trees| {
            let from = after.as_ref().map_or(Bound::Unbounded, |after| Bound::Excluded(&after[..]));
            let range = trees.tree(tree).range::<&[u8], _>((from, Bound::Unbounded));
            let (mut pairs, mut last, mut has_more) = (Vec::new(), None::<Bytes>, false);
            for pair in range {
                let (key, value) = pair?;
                let goes_on = last.as_ref().is_some_and(|last| filling::are_of_one_body(tree, last, &key));
                if pairs.len() >= STRETCH && !goes_on {
                    has_more = true;
                    break;
                }
                last = Some(key.clone());
                if !is_not_copied(tree, &key) {
                    trees.parts(tree, &key, &value, &mut |key, part| {
                        last = Some(key.into());
                        pairs.push((key.into(), part.into()));
                    });
                }
            }
            Ok(Stretch { after, until: last.filter(|_| has_more), pairs })
        })
        .await
}
