//! How large the database is, and how much of that a copy would not need.

use std::fs;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::packs::BodyLocation;
use super::trees::{TreeName, Trees};
use crate::store::boundary::StoreSize;
use crate::store::error::StoreError;

/// The engine's file is a row of segments of this length.
const SEGMENT: u64 = 512 << 10;

/// What the engine adds to a record, on the average.
const OVERHEAD: u64 = 48;

/// A size that was measured, and when.
#[derive(Debug, Default)]
pub(super) struct Measured(Mutex<Option<(Instant, StoreSize)>>);

impl Measured {
    /// The size, measured unless it was within this time.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn get(
        &self,
        trees: &Trees,
        folder: &Path,
        max_age: Duration,
    ) -> Result<StoreSize, StoreError> {
        let mut measured = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, size)) = measured.filter(|(at, _)| at.elapsed() < max_age) {
            let bytes = bytes_in(folder);
            let needed = size.bytes.saturating_sub(size.reclaimable);
            *measured = Some((at, StoreSize { bytes, ..size }));
            return Ok(StoreSize { bytes, reclaimable: bytes.saturating_sub(needed), ..size });
        }
        let size = measure(trees, folder)?;
        *measured = Some((Instant::now(), size));
        Ok(size)
    }

    /// Forgets it: much has changed.
    pub(super) fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

fn measure(trees: &Trees, folder: &Path) -> Result<StoreSize, StoreError> {
    let (mut records, mut live, mut packed) = (0, 0, 0);
    for tree in TreeName::all() {
        for pair in trees.pairs(trees.tree(tree).iter()) {
            let (key, value) = pair?;
            records += 1;
            live += (key.len() + value.len()) as u64;
            packed += packed_bytes(tree, &value);
        }
    }
    let bytes = bytes_in(folder);
    let needed = (live + records * OVERHEAD).next_multiple_of(SEGMENT) + SEGMENT + packed;
    let live = live + packed;
    Ok(StoreSize { bytes, reclaimable: bytes.saturating_sub(needed), live, records })
}

/// How much of a pack the body takes whose location this is.
pub(super) fn packed_bytes(tree: TreeName, value: &[u8]) -> u64 {
    let location = BodyLocation::decode(value).filter(|_| tree == TreeName::Bodies);
    location.map_or(0, BodyLocation::bytes)
}

/// The lengths of all files in a folder and those below it; what cannot be read counts nothing.
pub(super) fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = |entry: fs::DirEntry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    };
    entries.map(bytes).sum()
}
