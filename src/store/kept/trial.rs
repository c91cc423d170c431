//! What the engine makes of a database, tried on a copy.
//!
//! The log is read without the engine before that may touch it ([`super::check`]). A process that was killed
//! leaves buffers that reached the file out of their order, and what follows a gap looks like damage. The engine
//! drops such a tail, of which nobody was told that it was kept. Whether that is all it drops is seen on a copy: it
//! must have as many commits as the mark knows, and every tree what its tally says. So a store that is refused is
//! left as it was.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::admission::file_error;
use super::lock::beside;
use super::mark::Mark;
use super::packs::{self, BodyLocation};
use super::tally::{self, TreeTally};
use super::trees::{Files, TreeName, Trees};
use super::{identity, opening};
use crate::store::error::StoreError;

/// Opens a copy of the database in `folder`; gives how many commits it has, or `None` where something is missing
/// from it that was kept.
///
/// # Errors
/// The system's, where the copy cannot be made or removed.
pub(super) fn commits(folder: &Path, known: &Mark) -> Result<Option<u64>, StoreError> {
    let copy = copy_of(folder);
    let of_copy = |error: io::Error| file_error(&copy, &error);
    remove(&copy).map_err(of_copy)?;
    copy_folder(folder, &copy).map_err(of_copy)?;
    let own = opening::open_as_it_is(&copy).and_then(|trees| complete(&trees));
    remove(&copy).map_err(of_copy)?;
    let is_known = |own: &Mark| {
        own.installation == known.installation && own.lineage == known.lineage && own.commits >= known.commits
    };
    Ok(own.ok().flatten().filter(is_known).map(|own| own.commits))
}

/// Whose database it is, where every tree holds what it should and every body lies where it should.
fn complete(trees: &Trees) -> Result<Option<Mark>, StoreError> {
    let mut packed = Vec::new();
    for tree in TreeName::all() {
        let mut found = TreeTally::default();
        for pair in trees.tree(tree) {
            let (key, value) = pair?;
            if tree == TreeName::Bodies {
                packed.extend(
                    BodyLocation::decode(&value).zip(key.get(..32).and_then(|name| name.try_into().ok())),
                );
            }
            if tally::counts(tree, &key) {
                found.add(&key, &value);
            }
        }
        let kept = trees.tree(TreeName::Meta).get(tally::key(tree.name()))?;
        if kept.as_deref().and_then(TreeTally::decode).unwrap_or_default() != found {
            return Ok(None);
        }
    }
    let is_packed = |files: &Files| files.packs.findings(packed).is_empty();
    if !trees.files().is_some_and(is_packed) {
        return Ok(None);
    }
    identity::mark(trees).map(Some)
}

fn copy_folder(from: &Path, to: &Path) -> io::Result<()> {
    opening::make_private(to).map_err(io::Error::other)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy_folder(&entry.path(), &target)?;
        } else {
            packs::copy_file(&entry.path(), &target)?;
        }
    }
    Ok(())
}

/// Removes the copy that a process left which was killed over it.
///
/// # Errors
/// The system's.
pub(super) fn remove_left(folder: &Path) -> Result<(), StoreError> {
    let copy = copy_of(folder);
    remove(&copy).map_err(|error| file_error(&copy, &error))
}

/// Where the copy lies.
pub(super) fn copy_of(folder: &Path) -> PathBuf {
    beside(folder, ".trial")
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
