//! Opening a database, also one that a crash left behind.

use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use super::log::{self, SnapshotFitness};
use super::trees::{TreeName, Trees};
use super::writes::{Writes, number};
use super::{check, durability, identity, indexes, undo};
use crate::store::error::StoreError;

/// A hint to sled, not a limit: it holds a multiple when everything is read. Bodies are not in it, and what was
/// pushed out comes back from the system's own cache.
const CACHE_BYTES: u64 = 16 * 1024 * 1024;

/// sled's own housekeeping runs in the thread that flushes: it must never be switched off.
const FLUSH_EVERY_MS: u64 = 500;

/// How often a database was opened, by whatever program.
pub(super) const OPENED: &[u8] = b"opened";

/// Has sled take the room for its measurements, twelve megabytes that it never writes to.
///
/// Taken before anything else, they are memory that the system promises and never has to give. Taken when a database
/// is opened, they would be what the configuration was read in, and would have to be cleared.
pub fn take_room() {
    // Nothing is opened, and built without its metrics sled has nothing to print.
    drop(sled::Config::new().print_profile_on_drop(true));
}

/// Makes the indexes where there are none, or where a program that does not know them had the database.
///
/// # Errors
/// The engine's.
pub(super) fn make_indexes(trees: &Trees) -> Result<(), StoreError> {
    let meta = trees.tree(TreeName::Meta);
    let openings = number(meta.get(OPENED)?.as_deref());
    if indexes::are_right(meta.get(indexes::RIGHT_AT)?.as_deref(), openings) {
        return Ok(());
    }
    indexes::make(trees, openings)
}

/// Opens the database in `folder`; makes it where it is missing.
///
/// # Errors
/// [`StoreError::Open`] naming the folder; [`StoreError::NotDurable`] where a flush does not reach
/// the disk.
pub(super) fn open(folder: &Path) -> Result<Trees, StoreError> {
    opened(folder, CheckedFiles::Nothing)
}

/// The same of a database that was closed in order and read through, and that nobody touched since: its log is not
/// read before the engine reads it.
///
/// # Errors
/// Those of [`open`].
pub(super) fn open_as_it_was_left(folder: &Path) -> Result<Trees, StoreError> {
    opened(folder, CheckedFiles::Sound)
}

fn opened(folder: &Path, known: CheckedFiles) -> Result<Trees, StoreError> {
    let trees = open_files(folder, known)?;
    undo::settle(folder, &trees)?;
    identity::adopt(&trees)?;
    prove_durability(&trees, folder)?;
    Ok(trees)
}

/// Opens it and writes nothing of ours.
///
/// # Errors
/// [`StoreError::Open`] naming the folder; [`StoreError::Damaged`] if the engine's snapshot cannot be used and
/// the log does not say the same without it, and then nothing was changed.
pub(super) fn open_as_it_is(folder: &Path) -> Result<Trees, StoreError> {
    open_files(folder, CheckedFiles::Nothing)
}

/// What is known of a database's files before they are opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CheckedFiles {
    /// The log and what the engine derived from it fit together.
    Sound,
    /// Nothing.
    Nothing,
}

fn open_files(folder: &Path, known: CheckedFiles) -> Result<Trees, StoreError> {
    make_private(folder)?;
    remove_left_behind(folder)?;
    mend_settings(folder)?;
    let standing = match known {
        CheckedFiles::Sound => SnapshotFitness::Sound,
        CheckedFiles::Nothing => log::standing(folder).map_err(|error| file(folder, &error))?,
    };
    match standing {
        SnapshotFitness::Sound => {}
        SnapshotFitness::Needless(snapshot) => {
            let path = snapshot.path.display();
            tracing::warn!(store.path = %folder.display(), "{path} cannot be read; the engine rebuilds it from its log");
            remove_snapshots(folder)?;
        }
        SnapshotFitness::Needed(snapshot) => return Err(unusable(folder, &snapshot.unreadable())),
        SnapshotFitness::Foreign(snapshot) if check::whole_alone(folder)?.is_some() => {
            tracing::warn!(store.path = %folder.display(), "{}; the engine rebuilds its own from the log", snapshot.foreign());
            remove_snapshots(folder)?;
        }
        SnapshotFitness::Foreign(snapshot) => return Err(unusable(folder, &snapshot.foreign())),
    }
    let db = match attempt(folder) {
        Ok(db) => db,
        Err(OpeningFault::Damaged(reason)) => {
            let snapshots = log::snapshots(folder).map_err(|error| file(folder, &error))?;
            let kept = kept(&snapshots)?;
            if !remove_needless_snapshots(folder)? {
                return Err(unusable(folder, &reason));
            }
            tracing::warn!(store.path = %folder.display(), reason, "the engine's snapshot is damaged; the engine rebuilds it from the log");
            match attempt(folder) {
                Ok(db) => db,
                Err(fault) => {
                    put_back(kept)?;
                    return Err(fault.at(folder));
                }
            }
        }
        Err(fault) => return Err(fault.at(folder)),
    };
    Ok(Trees::open(db, folder)?)
}

/// A log that can be read, and that the engine would not read whole.
fn unusable(folder: &Path, finding: &str) -> StoreError {
    StoreError::Damaged { path: folder.display().to_string(), findings: vec![finding.to_owned()] }
}

/// Why opening failed.
#[derive(Debug)]
enum OpeningFault {
    /// The log is perhaps well and what was derived from it is not.
    Damaged(String),
    /// Anything else.
    Other(String),
}

impl OpeningFault {
    fn at(self, folder: &Path) -> StoreError {
        match self {
            Self::Damaged(reason) => unusable(folder, &reason),
            Self::Other(reason) => StoreError::Open { path: folder.display().to_string(), reason },
        }
    }
}

/// sled panics on some damage that it could report.
fn attempt(folder: &Path) -> Result<sled::Db, OpeningFault> {
    let config = sled::Config::new()
        .path(folder)
        .mode(sled::Mode::LowSpace)
        .cache_capacity(CACHE_BYTES)
        .flush_every_ms(Some(FLUSH_EVERY_MS));
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(Ok(db)) => Ok(db),
        Ok(Err(error @ sled::Error::Corruption { .. })) => Err(OpeningFault::Damaged(error.to_string())),
        Ok(Err(error)) => Err(OpeningFault::Other(error.to_string())),
        Err(_) => Err(OpeningFault::Damaged("the engine gave up while it read the log".to_owned())),
    }
}

/// Files with what they hold.
fn kept(paths: &[PathBuf]) -> Result<Vec<(PathBuf, Vec<u8>)>, StoreError> {
    let read = |path: &PathBuf| fs::read(path).map_err(|error| file(path, &error));
    paths.iter().map(|path| Ok((path.clone(), read(path)?))).collect()
}

/// What was refused is left as it was: repair looks at all of it.
fn put_back(files: Vec<(PathBuf, Vec<u8>)>) -> Result<(), StoreError> {
    files
        .into_iter()
        .try_for_each(|(path, bytes)| fs::write(&path, bytes).map_err(|error| file(&path, &error)))
}

/// Subscribers' addresses are nobody else's business.
pub(super) fn make_private(folder: &Path) -> Result<(), StoreError> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| file(folder, &error))
}

/// Removes what a crash left. A snapshot that is half written makes sled refuse the whole database.
fn remove_left_behind(folder: &Path) -> Result<(), StoreError> {
    for path in left_behind(folder)? {
        fs::remove_file(&path).map_err(|error| file(&path, &error))?;
    }
    Ok(())
}

/// Removes all snapshots if the log says the same without them; returns whether it does.
///
/// # Errors
/// [`StoreError::File`].
pub(super) fn remove_needless_snapshots(folder: &Path) -> Result<bool, StoreError> {
    let is_needless = log::is_needless(folder).map_err(|error| file(&folder.join("db"), &error))?;
    if is_needless {
        remove_snapshots(folder)?;
    }
    Ok(is_needless)
}

fn remove_snapshots(folder: &Path) -> Result<(), StoreError> {
    for path in log::snapshots(folder).map_err(|error| file(folder, &error))? {
        fs::remove_file(&path).map_err(|error| file(&path, &error))?;
    }
    Ok(())
}

/// What the engine notes of its settings beside the log, which are always the same. Where that cannot be read
/// it refuses the log; it writes it anew where there is none.
fn mend_settings(folder: &Path) -> Result<(), StoreError> {
    const SETTINGS: &[u8] = b"segment_size: 524288\nuse_compression: false\nversion: 0.34\n";
    let path = folder.join("conf");
    let right = [SETTINGS, &crc32fast::hash(SETTINGS).to_le_bytes()[..]].concat();
    match fs::read(&path) {
        Ok(found) if found != right => {
            tracing::warn!(store.path = %folder.display(), "the engine's note of its settings is damaged; rewriting it");
            fs::remove_file(&path).map_err(|error| file(&path, &error))
        }
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(file(&path, &error)),
        _ => Ok(()),
    }
}

/// What a crash or an earlier version left in a database folder.
pub(super) fn left_behind(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut left = Vec::new();
    for entry in fs::read_dir(folder).map_err(|error| file(folder, &error))? {
        let path = entry.map_err(|error| file(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("aside.snap.") || (log::is_snapshot(&name) && name.ends_with(".generating")) {
            left.push(path);
        }
    }
    Ok(left)
}

fn file(path: &Path, error: &std::io::Error) -> StoreError {
    StoreError::File { path: path.display().to_string(), reason: error.to_string() }
}

/// Writes something and looks whether it went the way that survives power cuts.
fn prove_durability(trees: &Trees, folder: &Path) -> Result<(), StoreError> {
    let before = durability::times_forced();
    let meta = trees.tree(TreeName::Meta);
    let openings = number(meta.get(OPENED)?.as_deref());
    let count = openings.wrapping_add(1);
    let mut writes = Writes::default();
    writes.put_raw(TreeName::Meta, OPENED, count.to_be_bytes().to_vec())?;
    if indexes::are_right(meta.get(indexes::RIGHT_AT)?.as_deref(), openings) {
        writes.put_raw(TreeName::Meta, indexes::RIGHT_AT, indexes::right_at(count))?;
    }
    writes.apply(trees)?;
    trees.flush()?;
    if !durability::IS_OURS || durability::times_forced() > before {
        Ok(())
    } else {
        Err(StoreError::NotDurable { path: folder.display().to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(folder: &Path) {
        let trees = open(folder).unwrap();
        let mut writes = Writes::default();
        writes.put_raw(TreeName::Meta, b"k", b"v".to_vec()).unwrap();
        writes.apply(&trees).unwrap();
        trees.flush().unwrap();
    }

    #[track_caller]
    fn check_kept(folder: &Path) {
        let trees = open(folder).unwrap();
        assert_eq!(trees.tree(TreeName::Meta).get(b"k").unwrap().unwrap(), b"v");
    }

    #[test]
    fn a_snapshot_left_half_written_is_no_obstacle() {
        let state = tempfile::tempdir().unwrap();
        fill(state.path());
        fs::write(state.path().join("snap.0000000000000ABC.generating"), b"half").unwrap();
        check_kept(state.path());
    }

    #[test]
    fn a_damaged_snapshot_is_removed_and_nothing_is_lost() {
        let state = tempfile::tempdir().unwrap();
        fill(state.path());
        // sled writes one when it opens a database that has a log.
        check_kept(state.path());
        let found = log::snapshots(state.path()).unwrap();
        assert!(!found.is_empty());
        for path in &found {
            let mut bytes = fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0xff;
            fs::write(path, bytes).unwrap();
        }
        check_kept(state.path());
    }

    #[test]
    fn a_folder_that_is_a_file_is_named() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("db");
        fs::write(&path, b"").unwrap();
        let error = open(&path).unwrap_err().to_string();
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
}
