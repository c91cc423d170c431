//! Putting a repaired database in the damaged one's place, so that a crash on the way is finished.
//!
//! It takes two renames and a new mark. Before the first, what is to be done is noted beside the database as
//! `<folder>.swap`; whoever opens or repairs it next does what is left of that, and removes the note last.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::admission::file_error;
use super::check::check;
use super::lock::beside;
use super::mark::{Mark, MarkFile};
use crate::store::error::StoreError;

/// What is to be done.
struct Swap {
    /// Where the damaged database is kept.
    aside: PathBuf,
    /// The mark of the one that takes its place.
    mark: Mark,
}

/// Where it is noted.
fn note(folder: &Path) -> PathBuf {
    beside(folder, ".swap")
}

/// Where the repaired database lies before it takes the other's place.
pub(super) fn repaired(folder: &Path) -> PathBuf {
    beside(folder, ".repaired")
}

/// Whether a repair was broken off on the way.
pub(super) fn is_pending(folder: &Path) -> bool {
    note(folder).exists()
}

/// Has the database in [`repaired`] take the place of the one in `folder`, which is kept as `aside`.
///
/// # Errors
/// The system's. Where nothing was renamed yet, nothing will be.
pub(super) fn replace(folder: &Path, aside: &Path, mark: Mark) -> Result<(), StoreError> {
    let of_note = |error: io::Error| file_error(&note(folder), &error);
    force_folder(&repaired(folder))?;
    let name = aside.file_name().unwrap_or_default().as_encoded_bytes();
    let unfinished = beside(folder, ".swap.new");
    let mut file = File::create(&unfinished).map_err(of_note)?;
    file.write_all(&[&mark.line()[..], name].concat()).map_err(of_note)?;
    file.sync_all().map_err(of_note)?;
    fs::rename(&unfinished, note(folder)).map_err(of_note)?;
    force_parent(folder)?;
    finish(folder).map(drop)
}

/// Finishes a swap that was broken off; returns whether the repaired database is now in place.
///
/// Whoever put another database into the place meanwhile is heard: then nothing is done, and the note goes.
///
/// # Errors
/// The system's; a note that says nothing.
pub(super) fn finish(folder: &Path) -> Result<bool, StoreError> {
    let Some(swap) = Swap::noted(folder)? else { return Ok(false) };
    let is_there = |path: &Path| path.try_exists().map_err(|error| file_error(path, &error));
    let new = repaired(folder);
    if is_there(&new)? {
        let is_occupied = is_there(folder)?;
        if is_occupied && is_there(&swap.aside)? {
            return forget(folder).map(|()| false);
        }
        if is_occupied && let Err(error) = fs::rename(folder, &swap.aside) {
            forget(folder)?;
            return Err(file_error(folder, &error));
        }
        force_parent(folder)?;
        fs::rename(&new, folder).map_err(|error| file_error(&new, &error))?;
        force_parent(folder)?;
    }
    let is_ours = is_there(&folder.join("db"))?
        && check(folder)?.own.is_some_and(|own| {
            (own.installation, own.lineage) == (swap.mark.installation, swap.mark.lineage)
        });
    if is_ours {
        MarkFile::write(folder, swap.mark).map_err(|error| file_error(&super::mark::path(folder), &error))?;
    }
    forget(folder)?;
    Ok(is_ours)
}

impl Swap {
    fn noted(folder: &Path) -> Result<Option<Self>, StoreError> {
        let path = note(folder);
        let bytes = match fs::read(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(|error| file_error(&path, &error))?,
        };
        let (line, name) =
            bytes.split_at(bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1));
        let mark = Mark::parse(line).filter(|_| !name.is_empty() && !name.contains(&b'/'));
        let Some(mark) = mark else {
            let reason = "expected the note of a repair; look which of the folders beside it is to be used, give it the store's name, and remove this file";
            return Err(StoreError::File { path: path.display().to_string(), reason: reason.to_owned() });
        };
        let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(name);
        Ok(Some(Self { aside: folder.with_file_name(name), mark }))
    }
}

fn forget(folder: &Path) -> Result<(), StoreError> {
    fs::remove_file(note(folder)).map_err(|error| file_error(&note(folder), &error))?;
    force_parent(folder)
}

/// Removes what a repair left that was broken off before there was anything to put in the place of the other.
///
/// # Errors
/// The system's.
pub(super) fn remove_unfinished(folder: &Path) -> Result<(), StoreError> {
    let of_file = |path: &Path, error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Ok(()),
        _ => Err(file_error(path, &error)),
    };
    let unfinished = beside(folder, ".swap.new");
    fs::remove_file(&unfinished).or_else(|error| of_file(&unfinished, error))?;
    // Without the other it may be all there is.
    if is_pending(folder) || !folder.join("db").exists() {
        return Ok(());
    }
    let new = repaired(folder);
    fs::remove_dir_all(&new).or_else(|error| of_file(&new, error))
}

/// Forces a folder's own entries to the disk; what is in the files was forced when it was written.
fn force_folder(folder: &Path) -> Result<(), StoreError> {
    let force = |path: &Path| File::open(path)?.sync_all();
    force(folder).map_err(|error| file_error(folder, &error))?;
    let blobs = folder.join("blobs");
    if blobs.exists() { force(&blobs).map_err(|error| file_error(&blobs, &error)) } else { Ok(()) }
}

fn force_parent(folder: &Path) -> Result<(), StoreError> {
    folder.parent().map_or(Ok(()), force_folder)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::meter::Meter;
    use crate::store::boundary::RepairWishes;
    use crate::store::kept::repair;
    use crate::store::kept::trees::{TreeName, Trees};
    use crate::store::kept::writes::Writes;
    use crate::store::kept::{admission, identity, opening};

    fn fill(folder: &Path, value: &[u8]) -> Mark {
        let trees: Trees = opening::open(folder).unwrap();
        let mut writes = Writes::default();
        writes.put_raw(TreeName::Meta, b"k", value.to_vec()).unwrap();
        writes.apply(&trees).unwrap();
        trees.flush().unwrap();
        identity::mark(&trees).unwrap()
    }

    /// An installation whose damaged database is about to be replaced.
    fn about_to_be_replaced() -> (tempfile::TempDir, PathBuf, Mark) {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let old = fill(&folder, b"damaged");
        MarkFile::write(&folder, old).unwrap();
        let new = fill(&repaired(&folder), b"repaired");
        (state, folder, new)
    }

    /// What stands in the database after it is opened as at a start.
    #[track_caller]
    fn opened(folder: &Path) -> Vec<u8> {
        let (trees, mark, _) = admission::admit(folder, true).unwrap();
        assert_eq!(mark.mark().lineage, identity::mark(&trees).unwrap().lineage);
        trees.tree(TreeName::Meta).get(b"k").unwrap().unwrap().to_vec()
    }

    fn note_swap(folder: &Path, mark: &Mark) {
        fs::write(note(folder), [&mark.line()[..], b"db.damaged"].concat()).unwrap();
    }

    #[test]
    fn a_swap_that_a_crash_broke_off_anywhere_is_finished_by_the_next_start() {
        for step in 0..4 {
            let (_state, folder, new) = about_to_be_replaced();
            let aside = beside(&folder, ".damaged");
            note_swap(&folder, &new);
            if step > 0 {
                fs::rename(&folder, &aside).unwrap();
            }
            if step > 1 {
                fs::rename(repaired(&folder), &folder).unwrap();
            }
            if step > 2 {
                MarkFile::write(&folder, new).unwrap();
            }
            let refused = repair::verify(&folder, &Meter::default()).unwrap();
            assert!(!refused.is_sound && refused.findings[0].contains("repair"), "{:?}", refused.findings);
            assert_eq!(opened(&folder), b"repaired", "broken off after step {step}");
            assert!(!is_pending(&folder) && !repaired(&folder).exists());
            assert!(aside.join("db").exists(), "the damaged one is kept");
            assert_eq!(opened(&folder), b"repaired", "and it stays so");
        }
    }

    #[test]
    fn a_repair_finishes_what_one_before_it_began_and_a_dry_run_only_tells() {
        let (_state, folder, new) = about_to_be_replaced();
        note_swap(&folder, &new);
        fs::rename(&folder, beside(&folder, ".damaged")).unwrap();
        let wishes = |apply| RepairWishes { apply, ..RepairWishes::default() };
        let told = repair(&folder, wishes(false), &Meter::default()).unwrap();
        assert!(told.deeds[0].contains("finish") && !folder.exists(), "{:?}", told.deeds);
        let done = repair(&folder, wishes(true), &Meter::default()).unwrap();
        assert!(done.deeds[0].contains("finish"), "{:?}", done.deeds);
        assert_eq!(opened(&folder), b"repaired");
    }

    #[test]
    fn a_database_that_somebody_put_into_the_place_meanwhile_stays_there() {
        let (_state, folder, new) = about_to_be_replaced();
        note_swap(&folder, &new);
        let aside = beside(&folder, ".damaged");
        fs::rename(&folder, &aside).unwrap();
        // The damaged one is put back by hand, from a copy.
        fs::create_dir(&folder).unwrap();
        for name in ["db", "conf"] {
            fs::copy(aside.join(name), folder.join(name)).unwrap();
        }
        assert_eq!(opened(&folder), b"damaged");
        assert!(!is_pending(&folder));
    }

    #[test]
    fn a_copy_that_was_not_ready_is_removed_by_the_next_start_but_never_the_only_database() {
        let (_state, folder, _) = about_to_be_replaced();
        assert_eq!(opened(&folder), b"damaged");
        assert!(!repaired(&folder).exists());
        let (_state, folder, _) = about_to_be_replaced();
        fs::remove_dir_all(&folder).unwrap();
        let refused = admission::admit(&folder, false).unwrap_err();
        assert!(matches!(refused, StoreError::Missing { .. }), "{refused}");
        assert!(repaired(&folder).exists());
    }

    #[test]
    fn a_note_that_says_nothing_is_named_and_nothing_changes() {
        let (_state, folder, _) = about_to_be_replaced();
        fs::write(note(&folder), b"?").unwrap();
        let refused = admission::admit(&folder, false).unwrap_err().to_string();
        assert!(refused.contains("db.swap"), "{refused}");
        assert!(repaired(&folder).exists() && folder.exists());
    }
}
