//! What a step writes, gathered before any of it is written.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::BuildHasher as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustc_hash::{FxBuildHasher, FxHashSet};
use serde::{Deserialize, Serialize};
use sled::Transactional;
use sled::transaction::{ConflictableTransactionError, TransactionError, TransactionalTree};

use super::pieces;
use super::tally::{self, TreeTally};
use super::trees::{TreeName, Trees};
use crate::domain::id::SourceId;
use crate::store::error::StoreError;
use crate::store::record::{self, Brief, Json, RecordForm, shown};

/// Beyond this sled keeps a value outside its log, in a file it never forces to the disk. The hard
/// limit is about 4 KiB; half of it leaves room for what sled adds.
pub(super) const MAX_VALUE_BYTES: usize = 2048;

/// No key of ours is longer: an address has at most 254 bytes, what it stands with in an index fewer.
const MAX_KEY_BYTES: usize = 512;

/// Larger JSON lies among the bodies.
const MAX_INLINE_BYTES: usize = MAX_VALUE_BYTES - 2;

/// All that one step writes; the last word on a key counts.
#[derive(Debug, Default)]
pub(in crate::store) struct Writes {
    list: Vec<Write>,
    put: PutKeys,
}

/// The hashes of keys that something is written under, as far as somebody asked: a step asks for two of each mail, and may
/// write thousands of keys.
#[derive(Debug, Default)]
struct PutKeys {
    hashes: FxHashSet<u64>,
    /// How many of the writes are in it.
    known: usize,
}

impl PutKeys {
    /// Whether something may be written under a key; "no" is certain.
    fn may_have(&mut self, list: &[Write], tree: TreeName, key: &[u8]) -> bool {
        let hash = |tree: TreeName, key: &[u8]| FxBuildHasher.hash_one((tree, key));
        let new = list[self.known..].iter().filter(|write| write.value.is_some());
        self.hashes.extend(new.map(|write| hash(write.tree, &write.key)));
        self.known = list.len();
        self.hashes.contains(&hash(tree, key))
    }
}

#[derive(Debug)]
struct Write {
    tree: TreeName,
    key: Vec<u8>,
    /// Nothing removes the key.
    value: Option<Vec<u8>>,
}

impl Writes {
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Writes a record.
    pub(in crate::store) fn put<T: Serialize>(
        &mut self,
        trees: &Trees,
        tree: TreeName,
        key: &[u8],
        record: &T,
    ) -> Result<(), StoreError> {
        let record = self.record(trees, tree, key, record)?;
        self.put_raw(tree, key, record)
    }

    /// Writes a record of which there are many, in few bytes where this database and the record allow it.
    pub(super) fn put_brief(
        &mut self,
        trees: &Trees,
        tree: TreeName,
        key: &[u8],
        record: &impl Brief,
    ) -> Result<(), StoreError> {
        match trees.files().and_then(|_| record::encode_brief(record)) {
            Some(brief) => self.put_raw(tree, key, brief),
            None => self.put(trees, tree, key, record),
        }
    }

    /// A record as it is kept. Where its content lies among the bodies, that is written.
    pub(super) fn record<T: Serialize>(
        &mut self,
        trees: &Trees,
        tree: TreeName,
        key: &[u8],
        record: &T,
    ) -> Result<Vec<u8>, StoreError> {
        let folder = trees.files().map(|files| files.folder.as_path());
        let form = match record::to_json(tree.what(), key, record, folder)? {
            Json::Plain(json) if json.len() <= MAX_INLINE_BYTES => RecordForm::Inline(json),
            Json::Plain(json) => RecordForm::AsBody(self.put_body(trees, &json)?),
            Json::Packed(packed) => RecordForm::AsBody(self.put_packed(trees, &packed)?),
        };
        Ok(if trees.files().is_some() { form.encode_short() } else { form.encode() })
    }

    /// Writes what [`Trees::parts`] gave, as this database keeps it.
    pub(super) fn put_given(
        &mut self,
        trees: &Trees,
        tree: TreeName,
        key: &[u8],
        value: &[u8],
    ) -> Result<(), StoreError> {
        let is_short = trees.files().is_some() && tree.holds_records(value);
        self.put_raw(tree, key, if is_short { record::short(value) } else { value.to_vec() })
    }

    /// Writes plain bytes.
    pub(in crate::store) fn put_raw(
        &mut self,
        tree: TreeName,
        key: &[u8],
        value: Vec<u8>,
    ) -> Result<(), StoreError> {
        for (bytes, limit) in [(key.len(), MAX_KEY_BYTES), (value.len(), MAX_VALUE_BYTES)] {
            if bytes > limit {
                return Err(StoreError::TooLarge { what: tree.what(), key: shown(key), bytes, limit });
            }
        }
        self.list.push(Write { tree, key: key.to_vec(), value: Some(value) });
        Ok(())
    }

    /// Removes a key.
    pub(in crate::store) fn remove(&mut self, tree: TreeName, key: &[u8]) {
        self.list.push(Write { tree, key: key.to_vec(), value: None });
    }

    /// Writes what another list holds, after what this one does.
    pub(super) fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
    }

    /// Whether this step already writes the key.
    pub(super) fn has(&mut self, tree: TreeName, key: &[u8]) -> bool {
        self.put.may_have(&self.list, tree, key)
            && self.list.iter().any(|write| write.tree == tree && write.key == key && write.value.is_some())
    }

    /// How much it writes; also what is small takes some room in the log.
    pub(super) fn bytes(&self) -> usize {
        self.list.iter().map(|write| bytes_of(&write.key, write.value.as_deref())).sum()
    }

    /// Writes all of it or nothing, with the tallies of the trees that change and the number of the commit, which it
    /// returns. Bodies that it refers to are on the disk before that; it is durable itself after the next flush. What
    /// is too much for one transaction is written by [`pieces`].
    ///
    /// # Errors
    /// As [`at_once`].
    pub(super) fn apply(&self, trees: &Trees) -> Result<u64, Failed> {
        let words = self.last_words();
        if let Some(Err(error)) = trees.files().map(|files| files.packs.force()) {
            let reason = AbortReason::Engine(sled::Error::Io(error));
            return Err(Failed { reason, before: Vec::new(), is_half: false });
        }
        let sources = if trees.opening.bell.is_heard() { scheduled(&words) } else { BTreeSet::new() };
        let commits = if self.bytes() <= pieces::MAX_BYTES {
            at_once(&words, trees)
        } else {
            pieces::apply(words, trees)
        };
        trees.opening.glances.forget(self.list.iter().map(|write| (write.tree, &write.key[..])));
        let commits = commits?;
        for source in sources {
            trees.opening.bell.ring(source);
        }
        Ok(commits)
    }

    /// What is written under each key, the last word on it.
    pub(in crate::store) fn last_words(&self) -> KeyWrites<'_> {
        self.list.iter().map(|write| ((write.tree, &write.key[..]), write.value.as_deref())).collect()
    }

    fn write(
        words: &KeyWrites<'_>,
        views: &[TransactionalTree],
    ) -> Result<(u64, Vec<Before>), ConflictableTransactionError<()>> {
        let mut before = Vec::with_capacity(words.len() + 4);
        let mut changes: BTreeMap<TreeName, TreeTally> = BTreeMap::new();
        for ((tree, key), value) in words {
            let view = &views[*tree as usize];
            let old = match value {
                Some(value) => view.insert(*key, *value)?,
                None => view.remove(*key)?,
            };
            if tally::counts(*tree, key) && old.as_deref() != *value {
                let change = changes.entry(*tree).or_default();
                if let Some(old) = &old {
                    change.take(key, old);
                }
                if let Some(new) = value {
                    change.add(key, new);
                }
            }
            before.push(Before { tree: *tree, key: key.to_vec(), value: old.map(|old| old.to_vec()) });
        }
        let meta = &views[TreeName::Meta as usize];
        let before_ref = &mut before;
        let mut note = |key: &[u8], change: &dyn Fn(Option<&[u8]>) -> Vec<u8>| {
            let old = meta.get(key)?;
            meta.insert(key, change(old.as_deref()))?;
            before_ref.push(Before {
                tree: TreeName::Meta,
                key: key.to_vec(),
                value: old.map(|old| old.to_vec()),
            });
            Ok::<(), ConflictableTransactionError<()>>(())
        };
        for (tree, change) in changes {
            let key = tally::key(tree.name());
            note(&key, &|old| old.and_then(TreeTally::decode).unwrap_or_default().and(change).encode())?;
        }
        let commits = Cell::new(0);
        note(tally::COMMITS, &|old| {
            commits.set(number(old).wrapping_add(1));
            commits.get().to_be_bytes().to_vec()
        })?;
        Ok((commits.get(), before))
    }

    /// Puts back what stood under keys, tallies and all, and forces it to the disk. May be done again where it was
    /// broken off.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn restore(trees: &Trees, before: &[Before]) -> Result<(), StoreError> {
        let mut rest = before;
        while !rest.is_empty() {
            let mut bytes = 0;
            let is_enough = |before: &Before| {
                bytes += bytes_of(&before.key, before.value.as_deref());
                bytes > pieces::MAX_BYTES
            };
            let count = rest.iter().position(is_enough).unwrap_or(rest.len()).max(1);
            let (piece, others) = rest.split_at(count);
            Self::restore_at_once(trees, piece)?;
            trees.flush()?;
            rest = others;
        }
        Ok(())
    }

    fn restore_at_once(trees: &Trees, before: &[Before]) -> Result<(), StoreError> {
        let Some(files) = trees.files() else { return Ok(()) };
        let restored = files.all[..].transaction(|views| {
            for Before { tree, key, value } in before {
                let view = &views[*tree as usize];
                match value {
                    Some(value) => view.insert(&key[..], &value[..])?,
                    None => view.remove(&key[..])?,
                };
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        match restored {
            Err(TransactionError::Storage(error)) => Err(error.into()),
            Ok(()) | Err(TransactionError::Abort(())) => Ok(()),
        }
    }
}

/// Writes what stands under keys in one transaction over all trees; see [`Writes::apply`].
///
/// sled reads every key before it writes the first one: what cannot be read then leaves all as it was.
///
/// # Errors
/// The engine's, with what stood under the keys before: part of the transaction may have reached the log.
pub(super) fn at_once(words: &KeyWrites<'_>, trees: &Trees) -> Result<u64, Failed> {
    let Some(files) = trees.files() else {
        return Err(Failed { reason: AbortReason::GaveUp, before: Vec::new(), is_half: false });
    };
    let before = RefCell::new(Vec::new());
    let written = catch_unwind(AssertUnwindSafe(|| {
        files.all[..].transaction(|views| {
            before.borrow_mut().clear();
            let (commits, all) = Writes::write(words, views)?;
            // From here on the engine writes.
            *before.borrow_mut() = all;
            Ok(commits)
        })
    }));
    let reason = match written {
        Ok(Ok(commits)) => return Ok(commits),
        Ok(Err(TransactionError::Storage(error))) => AbortReason::Engine(error),
        // The closure never aborts.
        Ok(Err(TransactionError::Abort(()))) | Err(_) => AbortReason::GaveUp,
    };
    Err(Failed { reason, before: before.into_inner(), is_half: false })
}

/// What is written under keys, the last word on each.
pub(in crate::store) type KeyWrites<'a> = BTreeMap<(TreeName, &'a [u8]), Option<&'a [u8]>>;

/// The sources of which something is written that says when they are read.
pub(in crate::store) fn scheduled(words: &KeyWrites<'_>) -> BTreeSet<SourceId> {
    let is_schedule = |tree| matches!(tree, TreeName::ReadStates | TreeName::Touches | TreeName::Pauses);
    let keys = words.keys().filter(|(tree, _)| is_schedule(*tree));
    keys.filter_map(|(_, key)| std::str::from_utf8(key).ok()?.parse().ok()).collect()
}

/// A record as [`Writes::put`] has it in files of our own; `None` if it is too large for that, or JSON cannot express it.
pub(super) fn inline_record(record: &impl Serialize) -> Option<Vec<u8>> {
    let json = serde_json::to_vec(record).ok().filter(|json| json.len() <= MAX_INLINE_BYTES)?;
    Some(RecordForm::Inline(json).encode_short())
}

/// What a word takes in the log at least, with what the engine writes beside it.
pub(super) fn bytes_of(key: &[u8], value: Option<&[u8]>) -> usize {
    const BESIDE: usize = 32;
    key.len() + value.map_or(0, <[u8]>::len) + BESIDE
}

/// A number as it is kept; 0 where none is.
pub(super) fn number(bytes: Option<&[u8]>) -> u64 {
    bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_be_bytes)
}

/// A transaction that did not come to its end.
#[derive(Debug)]
pub(super) struct Failed {
    /// What the engine said.
    pub(super) reason: AbortReason,
    /// What stood under the keys it was to write; empty where they were not all read, and so none was written, and where it
    /// is noted already.
    pub(super) before: Vec<Before>,
    /// Pieces of it are on the disk, and must be taken back.
    pub(super) is_half: bool,
}

/// Why a transaction failed.
#[derive(Debug)]
pub(super) enum AbortReason {
    /// The engine's word.
    Engine(sled::Error),
    /// The engine panicked.
    GaveUp,
}

/// What stood under a key before a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Before {
    pub(super) tree: TreeName,
    pub(super) key: Vec<u8>,
    /// Nothing where the key was not there.
    pub(super) value: Option<Vec<u8>>,
}

impl AbortReason {
    /// Whether the disk took no more, which is no fault of what is on it and writes nothing by halves.
    pub(super) fn is_full(&self) -> bool {
        use std::io::ErrorKind;
        matches!(self, Self::Engine(sled::Error::Io(error)) if matches!(
            error.kind(),
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge
        ))
    }
}

impl AbortReason {
    /// Whether something that lies in the database cannot be read.
    pub(super) fn is_unreadable(&self) -> bool {
        matches!(self, Self::GaveUp | Self::Engine(sled::Error::Corruption { .. }))
    }
}

impl std::fmt::Display for AbortReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::GaveUp => f.write_str("the engine gave up"),
        }
    }
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        Self::DiskFailed { reason: failed.reason.to_string() }
    }
}
