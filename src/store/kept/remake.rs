//! A database made anew from records: restored from a backup, or compacted.
//!
//! The new one is made beside the other and takes its place in a step that a crash cannot break (`swap`).

use std::fs;
use std::path::Path;

use super::admission::{FolderContents, contents, damaged, file_error, shown};
use super::archive;
use super::bodies::BodyAssembly;
use super::check::check;
use super::lock::{Lock, beside};
use super::repair::{copy_all, free_name, metered, read, records_of, remove_folder, verify_owned};
use super::size::bytes_in;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{identity, lines, log::Reach, opening, swap};
use crate::domain::meter::Meter;
use crate::store::boundary::{Archived, Compacted};
use crate::store::error::StoreError;

/// Records copied in one transaction.
const BATCH: usize = 256;

/// How much of the work is done, in percent, once a file was read to its end for the first time.
const READ: u8 = 20;

/// How much once a database was looked at that is to be compacted.
const VERIFIED: u8 = 40;

/// How much once all is written: what is left is to look at it and to put it in its place.
const WRITTEN: u8 = 90;

/// Makes the database of a backup where there is none.
///
/// # Errors
/// [`StoreError::Occupied`] where there is one; [`StoreError::BadBackup`], and then nothing is made.
pub(in crate::store) fn restore(folder: &Path, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    refuse_occupied(folder)?;
    // Read to its end before anything is made, be it a lock.
    let (header, archived) = archive::read(path, (meter, 0..READ), &mut |_, _, _| Ok(()))?;
    let lock = lock_unoccupied(folder)?;
    let new = swap::repaired(folder);
    remove_folder(&new)?;
    let trees = opening::open(&new)?;
    let mut batch = RecordBatch::over(&trees);
    archive::read(path, (meter, READ..WRITTEN), &mut |tree, key, value| batch.put(tree, key, value))?;
    batch.finish()?;
    put_in_place(folder, trees, header.commits, &beside(folder, ".replaced"))?;
    drop(lock);
    Ok(archived)
}

/// Makes the database of lines of JSON where there is none.
///
/// # Errors
/// As [`restore`].
pub(in crate::store) fn import(folder: &Path, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    refuse_occupied(folder)?;
    // Read to its end before anything is made, be it a lock.
    let archived = lines::read(path, (meter, 0..READ), &mut |_| Ok(()))?;
    let lock = lock_unoccupied(folder)?;
    let new = swap::repaired(folder);
    remove_folder(&new)?;
    let trees = opening::open(&new)?;
    let mut batch = RecordBatch::over(&trees);
    lines::read(path, (meter, READ..WRITTEN), &mut |line| {
        batch.step(|trees, writes| line.write(trees, writes))
    })?;
    batch.finish()?;
    put_in_place(folder, trees, archived.commits, &beside(folder, ".replaced"))?;
    drop(lock);
    Ok(archived)
}

/// The lock of a place that has no database.
fn lock_unoccupied(folder: &Path) -> Result<Lock, StoreError> {
    super::make_parent(folder)?;
    let lock = Lock::take(folder)?;
    // Somebody may have made one meanwhile.
    refuse_occupied(folder)?;
    Ok(lock)
}

fn refuse_occupied(folder: &Path) -> Result<(), StoreError> {
    if swap::is_pending(folder) || contents(folder)? != FolderContents::Nothing {
        return Err(StoreError::Occupied { path: shown(folder) });
    }
    Ok(())
}

/// Copies a database into a new one, which takes its place; the other is removed once that is done.
///
/// # Errors
/// [`StoreError::Damaged`] where it is not sound: repair it first. [`StoreError::Locked`].
pub(in crate::store) fn compact(folder: &Path, meter: &Meter) -> Result<Compacted, StoreError> {
    let lock = Lock::take(folder)?;
    let verified = verify_owned(folder, (meter, 0..VERIFIED))?;
    if !verified.is_sound {
        let first = verified
            .findings
            .first()
            .cloned()
            .or_else(|| verified.records.first().map(|fault| fault.reason.clone()));
        return Err(damaged(folder, &first.unwrap_or_default()));
    }
    let bytes_before = bytes_in(folder);
    let new = swap::repaired(folder);
    remove_folder(&new)?;
    let trees = opening::open(&new)?;
    let records = verified.trees.iter().map(|tree| tree.records).sum();
    let copying = meter.part(VERIFIED..WRITTEN, records);
    copy_all(&metered(records_of(folder, &read(folder, Reach::Engine)?), &copying), &trees)?;
    let aside = free_name(folder, ".before-compacting");
    put_in_place(folder, trees, verified.commits, &aside)?;
    remove_folder(&aside)?;
    drop(lock);
    Ok(Compacted { path: folder.to_owned(), bytes_before, bytes: bytes_in(folder), records })
}

/// Reads a backup to its end.
///
/// # Errors
/// [`StoreError::BadBackup`].
pub(in crate::store) fn check_backup(path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    Ok(archive::read(path, (meter, 0..100), &mut |_, _, _| Ok(()))?.1)
}

/// Gives a new database its place in the course of the old one, looks at it, and puts it there.
fn put_in_place(folder: &Path, trees: Trees, commits: u64, aside: &Path) -> Result<(), StoreError> {
    let new = swap::repaired(folder);
    let own = identity::follow_on(&trees, commits)?;
    drop(trees);
    if let Some(finding) = check(&new)?.findings.first() {
        let refused = damaged(&new, finding);
        remove_folder(&new)?;
        return Err(refused);
    }
    // An empty folder is nothing to be kept.
    let _ = fs::remove_dir(folder);
    swap::replace(folder, aside, own)
}

/// Records on their way into a new database.
struct RecordBatch<'a> {
    trees: &'a Trees,
    writes: Writes,
    bodies: BodyAssembly,
    count: usize,
}

impl<'a> RecordBatch<'a> {
    fn over(trees: &'a Trees) -> Self {
        Self { trees, writes: Writes::default(), bodies: BodyAssembly::default(), count: 0 }
    }

    fn put(&mut self, tree: TreeName, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        if tree == TreeName::Bodies {
            self.bodies.take(self.trees, &mut self.writes, key, value)?;
            return self.counted();
        }
        self.step(|trees, writes| writes.put_given(trees, tree, key, value))
    }

    fn step(
        &mut self,
        write: impl FnOnce(&Trees, &mut Writes) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        write(self.trees, &mut self.writes)?;
        self.counted()
    }

    fn counted(&mut self) -> Result<(), StoreError> {
        self.count += 1;
        if self.count.is_multiple_of(BATCH) {
            std::mem::take(&mut self.writes).apply(self.trees)?;
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), StoreError> {
        self.bodies.finish(self.trees, &mut self.writes)?;
        self.writes.apply(self.trees)?;
        self.trees.flush().map_err(|error| file_error(Path::new("db"), &std::io::Error::other(error)))
    }
}
