//! What stood under the keys of a transaction that the engine began to write and could not end.
//!
//! sled writes a transaction tree by tree. Where it cannot read a page on the way it gives up, and what it
//! wrote until then stays. What stood there before is therefore noted beside the database, the process ends,
//! and the next opening puts it back: nobody was told that the transaction was kept.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::admission::file_error;
use super::lock::beside;
use super::trees::Trees;
use super::writes::{Before, Writes};
use crate::store::StoreError;

/// Where it is noted.
pub(super) fn path(folder: &Path) -> PathBuf {
    beside(folder, ".undo")
}

/// Notes it, and forces the note to the disk.
///
/// # Errors
/// The system's.
pub(super) fn note(folder: &Path, before: &[Before]) -> io::Result<()> {
    let (path, unfinished) = (path(folder), beside(folder, ".undo.new"));
    let mut file = File::create(&unfinished)?;
    file.write_all(&serde_json::to_vec(before).map_err(io::Error::other)?)?;
    file.sync_all()?;
    std::fs::rename(&unfinished, &path)?;
    path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// Puts back what was noted, where something was; tells whether.
///
/// # Errors
/// The engine's; a note that cannot be read or removed.
pub(super) fn settle(folder: &Path, trees: &Trees) -> Result<bool, StoreError> {
    let path = path(folder);
    let of_file = |error: io::Error| file_error(&path, &error);
    remove(&beside(folder, ".undo.new")).map_err(of_file)?;
    let noted = match std::fs::read(&path) {
        Ok(noted) => noted,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(of_file(error)),
    };
    let before: Vec<Before> = serde_json::from_slice(&noted).map_err(|error| of_file(error.into()))?;
    // A key that cannot be read was not written either.
    let is_readable = |before: &Before| trees.tree(before.tree).get(&before.key).is_ok();
    let before: Vec<Before> = before.into_iter().filter(is_readable).collect();
    Writes::restore(trees, &before)?;
    trees.db.flush()?;
    remove(&path).map_err(of_file)?;
    tracing::warn!(keys = before.len(), "a step that was broken off when the process ended was taken back");
    Ok(true)
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
