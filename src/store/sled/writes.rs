//! What a step writes, gathered before any of it is written.

use serde::Serialize;
use sled::Transactional;
use sled::transaction::{ConflictableTransactionError, TransactionError};

use super::trees::{TreeName, Trees};
use crate::store::StoreError;
use crate::store::record::{self, Form, shown};

/// Beyond this sled keeps a value outside its log, in a file it never forces to the disk. The hard
/// limit is about 4 KiB; half of it leaves room for what sled adds.
pub(super) const MAX_VALUE_BYTES: usize = 2048;

/// No key of ours is longer: an address has at most 254 bytes.
const MAX_KEY_BYTES: usize = 256;

/// Larger JSON lies among the bodies.
const MAX_INLINE_BYTES: usize = MAX_VALUE_BYTES - 2;

/// All that one step writes; the last word on a key counts.
#[derive(Debug, Default)]
pub(in crate::store) struct Writes {
    list: Vec<Write>,
}

#[derive(Debug)]
struct Write {
    tree: TreeName,
    key: Vec<u8>,
    /// Nothing removes the key.
    value: Option<Vec<u8>>,
}

impl Writes {
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Writes a record.
    pub(super) fn put<T: Serialize>(
        &mut self,
        trees: &Trees,
        tree: TreeName,
        key: &[u8],
        record: &T,
    ) -> Result<(), StoreError> {
        let json = record::to_json(tree.what(), key, record)?;
        let form = if json.len() <= MAX_INLINE_BYTES {
            Form::Inline(json)
        } else {
            Form::AsBody(self.put_body(trees, &json)?)
        };
        self.put_raw(tree, key, form.encode())
    }

    /// Writes plain bytes.
    pub(super) fn put_raw(&mut self, tree: TreeName, key: &[u8], value: Vec<u8>) -> Result<(), StoreError> {
        for (bytes, limit) in [(key.len(), MAX_KEY_BYTES), (value.len(), MAX_VALUE_BYTES)] {
            if bytes > limit {
                return Err(StoreError::TooLarge { what: tree.what(), key: shown(key), bytes, limit });
            }
        }
        self.list.push(Write { tree, key: key.to_vec(), value: Some(value) });
        Ok(())
    }

    /// Removes a key.
    pub(super) fn remove(&mut self, tree: TreeName, key: &[u8]) {
        self.list.push(Write { tree, key: key.to_vec(), value: None });
    }

    /// Writes what another list holds, after what this one does.
    pub(super) fn append(&mut self, mut other: Self) {
        self.list.append(&mut other.list);
    }

    /// Whether this step already writes the key.
    pub(super) fn has(&self, tree: TreeName, key: &[u8]) -> bool {
        self.list.iter().any(|write| write.tree == tree && write.key == key && write.value.is_some())
    }

    /// Writes all of it in one transaction over all trees. It is durable after the next flush.
    ///
    /// # Errors
    /// The engine's: part of it may have reached the log, which the next opening discards.
    pub(super) fn apply(&self, trees: &Trees) -> sled::Result<()> {
        let written = trees.all[..].transaction(|trees| {
            for write in &self.list {
                let tree = &trees[write.tree as usize];
                match &write.value {
                    Some(value) => tree.insert(&write.key[..], &value[..])?,
                    None => tree.remove(&write.key[..])?,
                };
            }
            Ok::<(), ConflictableTransactionError<()>>(())
        });
        match written {
            Err(TransactionError::Storage(error)) => Err(error),
            // The closure never aborts.
            Ok(()) | Err(TransactionError::Abort(())) => Ok(()),
        }
    }
}
