//! What is remembered of reads, and of what people did.

use chrono::{DateTime, Utc};

use super::keys;
use super::trees::{TreeName, Trees};
use super::writes::{Writes, number};
use crate::domain::audit::AuditEntry;
use crate::domain::id::SourceId;
use crate::domain::read_record::ReadRecord;
use crate::store::error::StoreError;

/// One read in so many looks for old ones of its source to be forgotten: to look costs as much as to write.
const LOOKS_EVERY: u32 = 8;

/// As many old reads are forgotten by one that looks: more than come until the next does, so that their number shrinks to
/// what it may be.
const FORGOTTEN_AT_ONCE: usize = 32;

fn read_key(source: &SourceId, at: DateTime<Utc>) -> Vec<u8> {
    [&keys::snapshots_of(source.as_str())[..], &keys::moment(at)].concat()
}

/// Remembers a read, and forgets the oldest of its source that are remembered for too long.
pub(super) fn note_read(
    trees: &Trees,
    writes: &mut Writes,
    source: &SourceId,
    read: &ReadRecord,
) -> Result<(), StoreError> {
    // Which one it is, is left to chance: the moment at which it ended.
    if read.at.timestamp_subsec_micros().is_multiple_of(LOOKS_EVERY) {
        let (begin, end) =
            (keys::snapshots_of(source.as_str()), read_key(source, ReadRecord::kept_since(read.at)));
        for key in trees.tree(TreeName::Reads).range(begin..end).keys().take(FORGOTTEN_AT_ONCE) {
            writes.remove(TreeName::Reads, &key?);
        }
    }
    writes.put_brief(trees, TreeName::Reads, &read_key(source, read.at), read)
}

/// The reads of a source, the newest first.
pub(in crate::store) fn reads(
    trees: &Trees,
    source: &SourceId,
    limit: usize,
) -> Result<Vec<ReadRecord>, StoreError> {
    let newest = trees.tree(TreeName::Reads).scan_prefix(keys::snapshots_of(source.as_str())).rev();
    let decoded = newest.take(limit).map(|pair| {
        let (key, bytes) = pair?;
        trees.readable(trees.decode_brief(TreeName::Reads, &key, &bytes))
    });
    decoded.filter_map(Result::transpose).collect()
}

/// Adds to the record of what people did. Its entries are numbered, and none is ever written over.
pub(in crate::store) fn note_deed(
    trees: &Trees,
    writes: &mut Writes,
    entry: &AuditEntry,
) -> Result<(), StoreError> {
    let last = trees.tree(TreeName::Audit).last()?;
    let next = last.map_or(0, |(key, _)| number(Some(&key)).wrapping_add(1));
    writes.put(trees, TreeName::Audit, &next.to_be_bytes(), entry)
}

/// What people did, the newest first, before one of the entries where it is given; each with its number.
pub(in crate::store) fn deeds(
    trees: &Trees,
    before: Option<u64>,
    limit: usize,
) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
    let end = before.unwrap_or(u64::MAX).to_be_bytes();
    let decoded = trees.tree(TreeName::Audit).range(..end).rev().take(limit).map(|pair| {
        let (key, bytes) = pair?;
        let entry = trees.readable(trees.decode(TreeName::Audit, &key, &bytes))?;
        Ok(entry.map(|entry| (number(Some(&key)), entry)))
    });
    decoded.filter_map(Result::transpose).collect()
}
