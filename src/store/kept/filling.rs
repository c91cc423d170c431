//! Making a store the same as another, or as a backup, stretch by stretch.
//!
//! Of each stretch of keys, what stands differently in the store is written there in one step. So what was broken off
//! goes on where it was, and one whose source changed meanwhile is brought up to date by another run. Until all is
//! done the store is marked as unfinished, and nobody opens it for anything else.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::bodies::BodyAssembly;
use super::identity::INSTALLATION;
use super::trees::{Bytes, KeyedRecord, TreeName, Trees};
use super::walk::{UNFINISHED, is_not_copied};
use super::writes::Writes;
use crate::store::error::StoreError;

/// Records compared, and written where they differ, in one step.
pub(super) const STRETCH: usize = 1_000;

/// Records of one kind that follow each other.
#[derive(Debug, Clone, Default)]
pub(super) struct Stretch {
    /// The key behind which they begin; the first of all where there is none.
    pub(super) after: Option<Bytes>,
    /// The key at which they end, which belongs to them; the last of all where there is none.
    pub(super) until: Option<Bytes>,
    pub(super) pairs: Vec<KeyedRecord>,
}

/// What was done to a store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Filled {
    /// Records that were written.
    pub(super) written: u64,
    /// Records that were removed.
    pub(super) removed: u64,
}

impl std::ops::AddAssign for Filled {
    fn add_assign(&mut self, other: Self) {
        self.written += other.written;
        self.removed += other.removed;
    }
}

/// Whether a store was begun to be filled, and not finished.
pub(super) fn is_unfinished(trees: &Trees) -> Result<bool, StoreError> {
    trees.tree(TreeName::Meta).contains_key(UNFINISHED)
}

/// Refuses a store that holds anything and is not unfinished.
///
/// # Errors
/// [`StoreError::Occupied`].
pub(super) fn refuse_occupied(trees: &Trees, place: &str) -> Result<(), StoreError> {
    if is_unfinished(trees)? {
        return Ok(());
    }
    for tree in TreeName::all() {
        for key in trees.tree(tree).iter().keys() {
            if !is_not_copied(tree, &key?) {
                return Err(StoreError::Occupied { path: place.to_owned() });
            }
        }
    }
    Ok(())
}

/// Marks a store that holds nothing, or goes on with one that is marked.
///
/// # Errors
/// As [`refuse_occupied`].
pub(super) fn begin(trees: &Trees, writes: &mut Writes, place: &str) -> Result<(), StoreError> {
    refuse_occupied(trees, place)?;
    writes.put_raw(TreeName::Meta, UNFINISHED, Vec::new())
}

/// Has a store hold just these records between these keys. Of a body in packs all parts are among them, or none.
pub(super) fn fill(
    trees: &Trees,
    writes: &mut Writes,
    tree: TreeName,
    stretch: &Stretch,
) -> Result<Filled, StoreError> {
    let from = stretch.after.as_ref().map_or(Bound::Unbounded, |after| Bound::Excluded(&after[..]));
    let to = stretch.until.as_ref().map_or(Bound::Unbounded, |until| Bound::Included(&until[..]));
    let mut there = BTreeMap::new();
    for pair in trees.tree(tree).range::<&[u8], _>((from, to)) {
        let (key, value) = pair?;
        if !is_not_copied(tree, &key) {
            trees.parts(tree, &key, &value, &mut |key, part| {
                there.insert(Bytes::from(key), Bytes::from(part));
            });
        }
    }
    if tree == TreeName::Bodies && trees.files().is_some() {
        return fill_bodies(trees, writes, stretch, there);
    }
    let mut filled = Filled::default();
    for (key, value) in &stretch.pairs {
        if there.remove(key).as_ref() != Some(value) {
            writes.put_given(trees, tree, key, value)?;
            filled.written += 1;
        }
    }
    for key in there.keys() {
        writes.remove(tree, key);
        filled.removed += 1;
    }
    Ok(filled)
}

/// The same of bodies in packs, each of which is written whole.
fn fill_bodies(
    trees: &Trees,
    writes: &mut Writes,
    stretch: &Stretch,
    there: BTreeMap<Bytes, Bytes>,
) -> Result<Filled, StoreError> {
    let mut bodies_there: BTreeMap<Vec<u8>, Vec<KeyedRecord>> = BTreeMap::new();
    for pair in there {
        bodies_there.entry(body_of(&pair.0).to_vec()).or_default().push(pair);
    }
    let (mut filled, mut bodies) = (Filled::default(), BodyAssembly::default());
    for parts in stretch.pairs.chunk_by(|(one, _), (next, _)| body_of(one) == body_of(next)) {
        if bodies_there.remove(body_of(&parts[0].0)).as_deref() == Some(parts) {
            continue;
        }
        for (key, part) in parts {
            bodies.take(trees, writes, key, part)?;
        }
        bodies.finish(trees, writes)?;
        filled.written += parts.len() as u64;
    }
    for (key, _) in bodies_there.values().flatten() {
        writes.remove(TreeName::Bodies, key);
        filled.removed += 1;
    }
    Ok(filled)
}

/// The name of the body whose part lies under a key.
fn body_of(key: &[u8]) -> &[u8] {
    key.get(..32).unwrap_or(key)
}

/// Whether two keys are those of parts of one body, which no stretch divides that is taken from a store.
pub(super) fn are_of_one_body(tree: TreeName, one: &[u8], other: &[u8]) -> bool {
    tree == TreeName::Bodies && body_of(one) == body_of(other)
}

/// Says whose the store is, and that it is finished.
pub(super) fn finish(writes: &mut Writes, installation: &[u8]) -> Result<(), StoreError> {
    writes.remove(TreeName::Meta, UNFINISHED);
    writes.put_raw(TreeName::Meta, INSTALLATION, installation.to_vec())
}

/// Cuts records that are handed over one by one, in the order of their keys, into stretches.
#[derive(Debug, Default)]
pub(super) struct Cutting {
    tree: Option<TreeName>,
    stretch: Stretch,
}

impl Cutting {
    /// Takes a record of one kind; returns the stretches that are complete by that.
    ///
    /// # Errors
    /// Records that do not follow each other, in words.
    pub(super) fn take(
        &mut self,
        tree: TreeName,
        key: &[u8],
        value: &[u8],
    ) -> Result<Vec<(TreeName, Stretch)>, String> {
        let mut complete = Vec::new();
        if self.tree != Some(tree) {
            complete.extend(self.end());
            self.tree = Some(tree);
        }
        let last = self.stretch.pairs.last().map(|(key, _)| key).or(self.stretch.after.as_ref());
        if last.is_some_and(|last| last[..] >= *key) {
            return Err(format!("records of {} are not in the order of their keys", tree.name()));
        }
        self.stretch.pairs.push((key.into(), value.into()));
        if self.stretch.pairs.len() == STRETCH {
            let until = Some(Bytes::from(key));
            let next = Stretch { after: until.clone(), ..Stretch::default() };
            complete.push((tree, Stretch { until, ..std::mem::replace(&mut self.stretch, next) }));
        }
        Ok(complete)
    }

    /// The last stretch of a kind, behind which there is nothing.
    pub(super) fn end(&mut self) -> Option<(TreeName, Stretch)> {
        let stretch = std::mem::take(&mut self.stretch);
        self.tree.take().map(|tree| (tree, stretch))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(records: &[(TreeName, u32)]) -> Result<Vec<(TreeName, Stretch)>, String> {
        let (mut cutting, mut complete) = (Cutting::default(), Vec::new());
        for (tree, number) in records {
            complete.extend(cutting.take(*tree, &number.to_be_bytes(), b"v")?);
        }
        complete.extend(cutting.end());
        Ok(complete)
    }

    #[test]
    fn stretches_follow_each_other_and_the_last_of_a_kind_has_no_end() {
        let length = u32::try_from(STRETCH).unwrap();
        let mails = (0..=length).map(|number| (TreeName::Mails, number));
        let looks = (0..length).map(|number| (TreeName::Looks, number));
        let cut = cut(&mails.chain(looks).collect::<Vec<_>>()).unwrap();
        let shown: Vec<_> = cut
            .iter()
            .map(|(tree, stretch)| {
                (*tree, stretch.pairs.len(), stretch.after.is_some(), stretch.until.is_some())
            })
            .collect();
        assert_eq!(
            shown,
            [
                (TreeName::Mails, STRETCH, false, true),
                (TreeName::Mails, 1, true, false),
                (TreeName::Looks, STRETCH, false, true),
                (TreeName::Looks, 0, true, false),
            ]
        );
        assert_eq!(cut[0].1.until, cut[1].1.after);
    }

    #[test]
    fn records_that_do_not_follow_each_other_are_refused() {
        assert!(cut(&[(TreeName::Mails, 2), (TreeName::Mails, 1)]).is_err());
        assert!(cut(&[(TreeName::Mails, 1), (TreeName::Mails, 1)]).is_err());
        assert!(cut(&[(TreeName::Mails, 1), (TreeName::Looks, 0)]).is_ok());
    }
}
