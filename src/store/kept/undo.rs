//! What stood under the keys of a step that was begun and did not come to its end.
//!
//! sled writes a transaction tree by tree. Where it cannot read a page on the way it gives up, and what it
//! wrote until then stays. What stood there before is therefore noted beside the database, the process ends,
//! and the next opening puts it back: nobody was told that the transaction was kept. Of a step that is too large
//! for one transaction ([`super::pieces`]) it is noted before the first.

use std::borrow::Borrow;
use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use serde::Serializer as _;
use serde::ser::SerializeSeq as _;

use super::admission::file_error;
use super::lock::beside;
use super::trees::Trees;
use super::writes::{Before, Writes};
use crate::store::error::StoreError;

/// Where it is noted.
pub(super) fn path(folder: &Path) -> PathBuf {
    beside(folder, ".undo")
}

/// Notes it, and forces the note to the disk.
///
/// # Errors
/// Those of `before`, and the system's.
pub(super) fn note<B: Borrow<Before>>(
    folder: &Path,
    before: impl Iterator<Item = Result<B, sled::Error>>,
) -> Result<(), sled::Error> {
    let (path, unfinished) = (path(folder), beside(folder, ".undo.new"));
    // One key after another: as a whole it would take several times the room of what it notes.
    let mut file = BufWriter::new(File::create(&unfinished)?);
    let mut json = serde_json::Serializer::new(&mut file);
    let mut list = json.serialize_seq(None).map_err(io::Error::from)?;
    for before in before {
        list.serialize_element(before?.borrow()).map_err(io::Error::from)?;
    }
    list.end().map_err(io::Error::from)?;
    file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    std::fs::rename(&unfinished, &path)?;
    Ok(path.parent().map_or(Ok(()), |parent| File::open(parent)?.sync_all())?)
}

/// Forgets what was noted: the step came to its end.
///
/// # Errors
/// The system's; then the next opening takes the step back.
pub(super) fn forget(folder: &Path) -> io::Result<()> {
    let path = path(folder);
    std::fs::remove_file(&path)?;
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
    remove(&path).map_err(of_file)?;
    tracing::warn!(keys = before.len(), "undid a step that was interrupted when the process ended");
    Ok(true)
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kept::check::check;
    use crate::store::kept::opening;
    use crate::store::kept::trees::TreeName;

    fn before(key: &[u8], value: Option<&[u8]>) -> Before {
        Before { tree: TreeName::Budgets, key: key.to_vec(), value: value.map(<[u8]>::to_vec) }
    }

    #[test]
    fn half_a_transaction_is_seen_and_taken_back_at_the_next_opening() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let trees = opening::open(&folder).unwrap();
        let mut writes = Writes::default();
        writes.put_raw(TreeName::Budgets, b"a", b"old".to_vec()).unwrap();
        writes.apply(&trees).unwrap();
        // The engine wrote the first of two keys, and broke off.
        Writes::restore(&trees, &[before(b"a", Some(b"new"))]).unwrap();
        trees.flush().unwrap();
        drop(trees);
        assert_eq!(check(&folder).unwrap().findings.len(), 1);
        note(&folder, [before(b"a", Some(b"old")), before(b"b", None)].iter().map(Ok)).unwrap();
        let trees = opening::open(&folder).unwrap();
        let tree = trees.tree(TreeName::Budgets);
        assert_eq!((tree.get(b"a").unwrap().unwrap(), tree.len().unwrap()), ("old".into(), 1));
        drop(trees);
        assert!(!path(&folder).exists());
        assert_eq!(check(&folder).unwrap().findings, [""; 0]);
    }
}
