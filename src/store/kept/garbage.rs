//! Removing bodies that nothing refers to any more: mark and sweep, in slices between which others read and write.
//!
//! What lay in packs stays there until little of a pack is referred to: then that is appended to the last pack, and the
//! file is removed.
//!
//! A body is removed by the thread that writes, and not where a step wanted it after the clean-up began
//! ([`NeededBodies`]): what was marked before that is then not the whole truth of it.

use std::collections::{BTreeMap, HashSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use super::admission::file_error;
use super::bodies::name_of;
use super::keys;
use super::outbox::StoredMail;
use super::packs::{BodyLocation, Packs};
use super::retention::released;
use super::trees::{Bytes, Holds, TreeName, Trees};
use super::writes::Writes;
use crate::domain::evidence::StoredLine;
use crate::domain::id::BodyHash;
use crate::domain::match_index::MatchIndex;
use crate::domain::snapshot::{Baseline, QuarantinedRead, Snapshot};
use crate::store::error::StoreError;
use crate::store::record::{Digest, RecordForm};

/// Bodies removed in one step.
pub(in crate::store) const BATCH: usize = 64;

/// Records looked at in one go.
const SLICE: usize = 4_096;

/// What steps wanted to be there since a clean-up began; nothing while none is under way.
#[derive(Debug, Clone, Default)]
pub(super) struct NeededBodies(Arc<Mutex<Option<HashSet<Digest>>>>);

impl NeededBodies {
    /// Notes that something refers to a body, or to whatever else a clean-up removes, from now on.
    pub(super) fn note(&self, name: &Digest) {
        if let Some(names) = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            names.insert(*name);
        }
    }

    fn has(&self, name: &Digest) -> bool {
        let names = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        names.as_ref().is_some_and(|names| names.contains(name))
    }
}

/// A clean-up that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Collection(NeededBodies);

impl Drop for Collection {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Begins a clean-up. For the thread that writes: what a step before this one refers to can then be read.
pub(super) fn begin(trees: &Trees) -> Collection {
    let wanted = trees.opening.wanted.clone();
    *wanted.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(HashSet::new());
    Collection(wanted)
}

/// What is left of the bodies once those are taken out that something refers to.
#[derive(Debug)]
pub(in crate::store) struct Marking {
    /// Bodies that nothing was found to refer to so far.
    unused: HashSet<Digest>,
    /// How many there were.
    total: usize,
    /// Bodies that were let go of on purpose.
    released: HashSet<Digest>,
    /// Versions of watchlists that no source was found to have been matched with so far.
    watchlists: HashSet<Vec<u8>>,
    /// The trees that are still to be looked at, and the last key that was.
    trees: Vec<TreeName>,
    reached: Option<Bytes>,
}

impl Marking {
    pub(in crate::store) fn new(trees: &Trees) -> Result<Self, StoreError> {
        let unused = trees.body_names()?;
        let versions = trees.tree(TreeName::WatchlistVersions).iter().keys();
        Ok(Self {
            total: unused.len(),
            unused,
            released: released(trees)?,
            watchlists: versions.map(|key| Ok(key?.to_vec())).collect::<Result<_, StoreError>>()?,
            trees: TreeName::all().filter(|tree| may_refer(*tree)).collect(),
            reached: None,
        })
    }

    /// Looks at the next records; tells whether there are more.
    ///
    /// # Errors
    /// A record that cannot be read: nothing may be removed, since it may refer to anything.
    pub(in crate::store) fn look_on(&mut self, trees: &Trees) -> Result<bool, StoreError> {
        let Some(tree) = self.trees.last().copied() else { return Ok(false) };
        let start = self.reached.take().map_or(Bound::Unbounded, Bound::Excluded);
        for pair in trees.tree(tree).range((start, Bound::Unbounded)).take(SLICE) {
            let (key, bytes) = pair?;
            self.look_at(trees, tree, &key, &bytes)?;
            self.reached = Some(key);
        }
        if self.reached.is_none() {
            self.trees.pop();
        }
        Ok(!self.trees.is_empty())
    }

    fn look_at(&mut self, trees: &Trees, tree: TreeName, key: &[u8], bytes: &[u8]) -> Result<(), StoreError> {
        if let Some(name) = apart(tree, key, bytes)? {
            self.unused.remove(&name);
        }
        match tree {
            TreeName::Standings => {
                let standing: MatchIndex = trees.decode(tree, key, bytes)?;
                self.watchlists.remove(standing.watchlist.as_str().as_bytes());
            }
            _ if tree.holds() == Holds::Owners => {
                let Owned { name, may_be_released } = owned(trees, tree, key, bytes)?;
                // What was let go of is still needed where something else needs it.
                if !may_be_released || !self.released.contains(&name) {
                    self.unused.remove(&name);
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// What nothing refers to: bodies, and versions of watchlists.
    pub(in crate::store) fn unused(self) -> (Vec<Digest>, Vec<Vec<u8>>) {
        (self.unused.into_iter().collect(), self.watchlists.into_iter().collect())
    }

    /// How many bodies there were when it began.
    pub(in crate::store) fn total(&self) -> usize {
        self.total
    }
}

fn may_refer(tree: TreeName) -> bool {
    match tree.holds() {
        Holds::Records | Holds::Owners | Holds::Settings => true,
        Holds::Keys | Holds::Bodies => false,
    }
}

/// The name under which a record lies among the bodies, where it does.
fn apart(tree: TreeName, key: &[u8], bytes: &[u8]) -> Result<Option<Digest>, StoreError> {
    if tree == TreeName::Chain && StoredLine::is_brief(bytes) {
        return Ok(None);
    }
    match (RecordForm::decode(tree.what(), key, bytes), tree.holds()) {
        (Ok(RecordForm::AsBody(digest)), _) => Ok(Some(digest)),
        (Ok(RecordForm::Inline(_)), _) | (Err(_), Holds::Settings) => Ok(None),
        (Err(error), _) => Err(error),
    }
}

/// The body that a record names.
struct Owned {
    name: Digest,
    /// Whether it goes where it was let go of, although the record is there.
    may_be_released: bool,
}

fn owned(trees: &Trees, tree: TreeName, key: &[u8], bytes: &[u8]) -> Result<Owned, StoreError> {
    let of = |hash: &BodyHash, may_be_released| Ok(Owned { name: name_of(hash)?, may_be_released });
    match tree {
        TreeName::Snapshots => of(&trees.decode::<Snapshot>(tree, key, bytes)?.response.sha256, true),
        TreeName::Mails => of(&trees.decode::<StoredMail>(tree, key, bytes)?.bytes, true),
        TreeName::Baselines => {
            of(&trees.decode::<Baseline>(tree, key, bytes)?.snapshot.response.sha256, false)
        }
        TreeName::Held => of(&trees.decode::<QuarantinedRead>(tree, key, bytes)?.evidence.sha256, false),
        _ => {
            let reason = "nobody knows which body it names".to_owned();
            Err(crate::store::record::undecodable(tree.what(), key, reason))
        }
    }
}

/// Bodies in packs of which little is still referred to.
///
/// # Errors
/// The engine's; the system's.
pub(in crate::store) fn in_sparse_packs(trees: &Trees) -> Result<Vec<Digest>, StoreError> {
    let Some(files) = trees.files() else { return Ok(Vec::new()) };
    let packs = live(trees, &files.packs)?;
    let is_sparse = |pack: &PackUse| pack.live < pack.length / 2;
    Ok(packs.into_values().filter(is_sparse).flat_map(|pack| pack.bodies).collect())
}

/// Moves bodies from where they lie to the last pack.
///
/// # Errors
/// A body that cannot be read; the system's.
pub(in crate::store) fn move_bodies(
    trees: &Trees,
    writes: &mut Writes,
    bodies: &[Digest],
) -> Result<(), StoreError> {
    let Some(files) = trees.files() else { return Ok(()) };
    for name in bodies {
        // It may have been removed meanwhile.
        if trees.location(name)?.is_some()
            && let Some(frame) = trees.frame(name)?
        {
            writes.pack_frame(&files.packs, name, &frame.into())?;
        }
    }
    Ok(())
}

/// Removes the packs to which nothing refers and nothing is appended any more.
///
/// # Errors
/// The engine's; the system's.
pub(in crate::store) fn remove_empty_packs(trees: &Trees) -> Result<(), StoreError> {
    let Some(files) = trees.files() else { return Ok(()) };
    for (pack, used) in live(trees, &files.packs)? {
        if used.live == 0 {
            files.packs.remove(pack).map_err(|error| file_error(&files.folder, &error))?;
        }
    }
    Ok(())
}

/// How much of a pack is referred to.
#[derive(Debug, Default)]
struct PackUse {
    length: u64,
    live: u64,
    bodies: Vec<Digest>,
}

/// What is referred to of each pack to which nothing is appended any more.
fn live(trees: &Trees, packs: &Packs) -> Result<BTreeMap<u32, PackUse>, StoreError> {
    // First, since a pack that is finished later is none of these.
    let finished = packs.finished().map_err(|error| StoreError::DiskFailed { reason: error.to_string() })?;
    let of_length = |(pack, length)| (pack, PackUse { length, ..PackUse::default() });
    let mut packs: BTreeMap<u32, PackUse> = finished.into_iter().map(of_length).collect();
    for pair in trees.tree(TreeName::Bodies) {
        let (key, value) = pair?;
        let Some(location) = BodyLocation::decode(&value) else { continue };
        if let Some(pack) = packs.get_mut(&location.pack) {
            pack.live += location.bytes();
            pack.bodies.extend(key.get(..32).and_then(|name| Digest::try_from(name).ok()));
        }
    }
    Ok(packs)
}

/// Removes some of the bodies that nothing was found to refer to, but for those that are wanted again; tells how
/// many.
pub(in crate::store) fn sweep(
    trees: &Trees,
    writes: &mut Writes,
    bodies: &[Digest],
) -> Result<usize, StoreError> {
    let mut removed = 0;
    for name in bodies.iter().filter(|name| !trees.opening.wanted.has(name)) {
        trees.remove_body(name, writes)?;
        removed += 1;
    }
    Ok(removed)
}

/// Removes versions of watchlists that no source was found to have been matched with, but for those that are
/// wanted again. What they say goes with the next clean-up.
pub(in crate::store) fn forget_watchlists(trees: &Trees, writes: &mut Writes, versions: &[Vec<u8>]) {
    for version in versions.iter().filter(|version| !trees.opening.wanted.has(&keys::digest(version))) {
        writes.remove(TreeName::WatchlistVersions, version);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::store::kept::opening;

    fn step(trees: &Trees, step: impl FnOnce(&mut Writes)) {
        let mut writes = Writes::default();
        step(&mut writes);
        writes.apply(trees).unwrap();
    }

    /// A clean-up that nobody disturbs; tells how many bodies it removed.
    pub(in crate::store::kept) fn collect(trees: &Trees) -> usize {
        let (_collecting, mut marking) = (begin(trees), Marking::new(trees).unwrap());
        while marking.look_on(trees).unwrap() {}
        let mut removed = 0;
        step(trees, |writes| removed = sweep(trees, writes, &marking.unused().0).unwrap());
        removed
    }

    #[test]
    fn a_body_that_is_wanted_while_a_clean_up_goes_on_is_kept() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let mut names = Vec::new();
        for content in [&b"gone"[..], b"wanted again", b"wanted by a record"] {
            step(&trees, |writes| names.push(writes.put_body(&trees, content).unwrap()));
        }
        let collecting = begin(&trees);
        let mut marking = Marking::new(&trees).unwrap();
        while marking.look_on(&trees).unwrap() {}
        // All was looked at, and nothing refers to them; now somebody does.
        step(&trees, |writes| {
            writes.put_body(&trees, b"wanted again").unwrap();
        });
        step(&trees, |writes| {
            let large = "a wish in many words".repeat(200);
            writes.put(&trees, TreeName::Wishes, b"wish", &large).unwrap();
            writes.put_body(&trees, b"wanted by a record").unwrap();
        });
        let unused = marking.unused().0;
        assert_eq!(unused.len(), 3);
        step(&trees, |writes| assert_eq!(sweep(&trees, writes, &unused).unwrap(), 1));
        drop(collecting);
        assert_eq!(trees.body(&names[0]).unwrap(), None);
        for name in &names[1..] {
            assert!(trees.body(name).unwrap().is_some());
        }
        assert!(trees.get::<String>(TreeName::Wishes, b"wish").unwrap().is_some());
        // Nobody wants the two any more once the next clean-up begins.
        assert_eq!(collect(&trees), 2);
        assert!(trees.get::<String>(TreeName::Wishes, b"wish").unwrap().is_some());
    }

    #[test]
    fn every_tree_that_names_bodies_is_known_to() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        for tree in TreeName::all().filter(|tree| tree.holds() == Holds::Owners) {
            let Err(error) = owned(&trees, tree, b"key", b"\x01\x00{}") else { panic!("{tree:?}") };
            assert!(error.to_string().contains("missing field"), "{tree:?}: {error}");
        }
    }
}
