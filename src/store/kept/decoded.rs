//! How records are decoded, and those that were decoded last.
//!
//! Each read of a source looks at the same few records three times over, and most reads leave them as they were. A record
//! counts as known only if the very same bytes lie there.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::trees::{TreeName, Trees};
use crate::store::error::StoreError;
use crate::store::record::{self, Brief, RecordForm};

impl Trees {
    /// Decodes a record that was fetched before, if there is one.
    pub(super) fn decoded<T: DeserializeOwned>(
        &self,
        name: TreeName,
        key: &[u8],
        bytes: Option<&[u8]>,
    ) -> Result<Option<T>, StoreError> {
        bytes.map(|bytes| self.decode(name, key, bytes)).transpose()
    }

    pub(super) fn decode<T: DeserializeOwned>(
        &self,
        name: TreeName,
        key: &[u8],
        bytes: &[u8],
    ) -> Result<T, StoreError> {
        let what = name.what();
        match RecordForm::decode(what, key, bytes)? {
            RecordForm::Inline(json) => record::from_json(what, key, &json),
            RecordForm::AsBody(digest) => {
                let gone = || record::undecodable(what, key, "what it refers to is not there".to_owned());
                if self.is_large(&digest)? {
                    let read = self.record_body(&digest)?.ok_or_else(gone)?;
                    return read.map_err(|reason| record::undecodable(what, key, reason));
                }
                record::from_json(what, key, &self.body(&digest)?.ok_or_else(gone)?)
            }
        }
    }

    /// Decodes a record that is looked at again and again and seldom written, unless it is known.
    pub(super) fn decoded_before<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        name: TreeName,
        key: &[u8],
        bytes: Option<&[u8]>,
    ) -> Result<Option<Arc<T>>, StoreError> {
        self.decoded_alike(name, (key, key), bytes)
    }

    /// The same of a record that stands under many keys: it is known by what is `alike` in these.
    pub(super) fn decoded_alike<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        name: TreeName,
        (key, alike): (&[u8], &[u8]),
        bytes: Option<&[u8]>,
    ) -> Result<Option<Arc<T>>, StoreError> {
        let Some(bytes) = bytes else { return Ok(None) };
        if let Some(known) = self.opening.decoded.get(name, alike, bytes) {
            return Ok(Some(known));
        }
        let record = Arc::new(self.decode(name, key, bytes)?);
        self.opening.decoded.note(name, alike, bytes, Arc::clone(&record));
        Ok(Some(record))
    }

    /// Decodes a record that may lie there in brief.
    pub(super) fn decode_brief<T: Brief + DeserializeOwned>(
        &self,
        name: TreeName,
        key: &[u8],
        bytes: &[u8],
    ) -> Result<T, StoreError> {
        match record::decode_brief(name.what(), key, bytes)? {
            Some(record) => Ok(record),
            None => self.decode(name, key, bytes),
        }
    }
}

/// Records of so many bytes, as they lie there, are kept decoded, which takes some four times as much. When there are more,
/// all of them are forgotten.
const MAX_BYTES: usize = 4 << 20;

/// What a record takes beside its bytes, about a quarter of it.
const ENTRY_BYTES: usize = 64;

/// Decoded records, with the bytes that they were decoded from.
#[derive(Debug, Default)]
pub(super) struct DecodedRecords(Mutex<RecordTable>);

#[derive(Debug, Default)]
struct RecordTable {
    records: HashMap<TreeName, HashMap<Box<[u8]>, DecodedRecord>>,
    bytes: usize,
}

#[derive(Debug)]
struct DecodedRecord {
    /// A copy: the engine's would keep the page alive on which they lie.
    bytes: Box<[u8]>,
    record: Arc<dyn Any + Send + Sync>,
}

impl DecodedRecords {
    /// The record of these bytes, if it is known.
    pub(super) fn get<T: Send + Sync + 'static>(
        &self,
        tree: TreeName,
        key: &[u8],
        bytes: &[u8],
    ) -> Option<Arc<T>> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let decoded = known.records.get(&tree)?.get(key).filter(|decoded| *decoded.bytes == *bytes)?;
        Arc::clone(&decoded.record).downcast().ok()
    }

    /// Keeps a record in mind.
    pub(super) fn note<T: Send + Sync + 'static>(
        &self,
        tree: TreeName,
        key: &[u8],
        bytes: &[u8],
        record: Arc<T>,
    ) {
        let decoded = DecodedRecord { bytes: bytes.into(), record };
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.bytes > MAX_BYTES {
            *known = RecordTable::default();
        }
        known.bytes += key.len() + bytes.len() + ENTRY_BYTES;
        let before = known.records.entry(tree).or_default().insert(key.into(), decoded);
        if let Some(before) = before {
            known.bytes -= key.len() + before.bytes.len() + ENTRY_BYTES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: TreeName = TreeName::ReadStates;

    fn get(known: &DecodedRecords, key: &str, bytes: &str) -> Option<String> {
        known.get::<String>(TREE, key.as_bytes(), bytes.as_bytes()).map(Arc::unwrap_or_clone)
    }

    fn note(known: &DecodedRecords, key: &str, bytes: &str) {
        known.note(TREE, key.as_bytes(), bytes.as_bytes(), Arc::new(format!("{key} says {bytes}")));
    }

    #[test]
    fn a_record_is_known_by_its_very_bytes() {
        let known = DecodedRecords::default();
        note(&known, "fcc", "one");
        assert_eq!(get(&known, "fcc", "one").as_deref(), Some("fcc says one"));
        assert_eq!((get(&known, "fcc", "two"), get(&known, "bis", "one")), (None, None));
        assert_eq!(known.get::<String>(TreeName::Accepted, b"fcc", b"one"), None);
        assert_eq!(known.get::<u8>(TREE, b"fcc", b"one"), None);
        note(&known, "fcc", "two");
        assert_eq!(get(&known, "fcc", "one"), None);
        assert_eq!(get(&known, "fcc", "two").as_deref(), Some("fcc says two"));
    }

    #[test]
    fn no_more_is_kept_than_was_meant() {
        let (known, record) = (DecodedRecords::default(), "x".repeat(MAX_BYTES / 10));
        for number in 0..12 {
            note(&known, &number.to_string(), &record);
        }
        assert_eq!(get(&known, "0", &record), None);
        assert!(get(&known, "11", &record).is_some());
        let bytes = known.0.lock().unwrap().bytes;
        (0..30).for_each(|_| note(&known, "11", &record));
        assert_eq!(known.0.lock().unwrap().bytes, bytes);
    }
}
