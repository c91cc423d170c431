//! Whether a database may be opened: what lies in the folder and the mark beside it must agree.
//!
//! A mark without its database is a loss, never a first start; neither is a first start, which is told. A
//! database that is behind its mark is an older copy, one with other ids somebody else's.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};

use super::check::{CheckResult, check};
use super::lock::Lock;
use super::mark::{ClosingStage, Mark, MarkFile, MarkFound};
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{identity, log, mark, opening, packs, swap, trial, undo};
use crate::clock::{Clock as _, SystemClock};
use crate::store::boundary::Opened;
use crate::store::error::StoreError;

/// What lies in a database folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FolderContents {
    /// Nothing that was ever kept: no folder, an empty one, or one in which nothing was written yet.
    Nothing,
    /// The log is gone, and what the engine derives from it, or bodies, are still there.
    Remains,
    /// A log.
    Log,
}

/// Opens the database in `folder`, or makes it where there was none.
///
/// # Errors
/// [`StoreError::Missing`], [`StoreError::Older`], [`StoreError::Foreign`], [`StoreError::Damaged`],
/// [`StoreError::NoneYet`]; those of opening.
pub(super) fn admit(folder: &Path, is_required: bool) -> Result<(Trees, MarkFile, Opened), StoreError> {
    let of_mark = |error: io::Error| file_error(&mark::path(folder), &error);
    mark::remove_unfinished(folder).map_err(of_mark)?;
    if swap::finish(folder)? {
        tracing::warn!(store.path = %folder.display(), "finished an interrupted repair");
    }
    swap::remove_unfinished(folder)?;
    trial::remove_left(folder)?;
    let found = Mark::find(folder).map_err(of_mark)?;
    let contents = contents(folder)?;
    let known = match (found, contents) {
        (MarkFound::Nothing, FolderContents::Nothing) if is_required => {
            return Err(StoreError::NoneYet { path: shown(folder) });
        }
        (MarkFound::Nothing, FolderContents::Nothing) => {
            let new = Mark { installation: [0; 16], lineage: [0; 8], commits: 0, stage: ClosingStage::New };
            MarkFile::write(folder, new).map_err(of_mark)?;
            Some(new)
        }
        (MarkFound::Mark(mark), FolderContents::Nothing) if mark.stage != ClosingStage::New => {
            return Err(StoreError::Missing { path: shown(folder), mark: shown(&mark::path(folder)) });
        }
        (MarkFound::Unreadable, FolderContents::Nothing) => {
            return Err(StoreError::Missing { path: shown(folder), mark: shown(&mark::path(folder)) });
        }
        (MarkFound::Mark(known), _) => Some(known),
        (MarkFound::Nothing | MarkFound::Unreadable, _) => None,
    };
    let is_begun = known.is_some_and(|known| known.stage == ClosingStage::New);
    let now = SystemClock.now();
    let as_it_was_left = known.and_then(|known| as_it_was_left(folder, &known, contents, now));
    let (looked, read_through_at) = match as_it_was_left {
        Some(left) => left,
        None if is_begun => (0, now),
        None => (look(folder, known.as_ref(), contents)?, now),
    };
    // A step that was broken off is taken back with its commits, of which nobody was told.
    let is_broken_off = undo::path(folder).exists();
    let commits = if is_broken_off { known.map_or(0, |known| known.commits) } else { looked };
    let trees = match as_it_was_left {
        Some(_) => opening::open_as_it_was_left(folder)?,
        None => opening::open(folder)?,
    };
    opening::make_indexes(&trees)?;
    let own = identity::mark(&trees)?;
    if own.commits < commits {
        return Err(damaged(folder, "the engine finds less in it than there is"));
    }
    let opened = match known {
        Some(_) if is_begun => Opened::New,
        Some(_) => Opened::Known,
        None => Opened::Adopted,
    };
    let mark = MarkFile::write(folder, own).map_err(of_mark)?.of_one_read_through(read_through_at);
    Ok((trees, mark, opened))
}

/// Has a database that was copied into belong to the installation that it was copied from, and removes the setting that
/// says that it was not finished. Broken off in between, it is one whose mark is missing, which is adopted.
///
/// # Errors
/// [`StoreError::Locked`]; the engine's.
pub(in crate::store) fn take_installation(
    folder: &Path,
    installation: &[u8],
    unfinished: &[u8],
) -> Result<(), StoreError> {
    let lock = Lock::take(folder)?;
    let of_mark = |error: io::Error| file_error(&mark::path(folder), &error);
    let trees = opening::open(folder)?;
    fs::remove_file(mark::path(folder)).map_err(of_mark)?;
    let mut writes = Writes::default();
    writes.put_raw(TreeName::Meta, identity::INSTALLATION, installation.to_vec())?;
    writes.remove(TreeName::Meta, unfinished);
    writes.apply(&trees)?;
    trees.flush()?;
    MarkFile::write(folder, identity::mark(&trees)?).map_err(of_mark)?;
    drop(trees);
    drop(lock);
    Ok(())
}

/// Of a database that nobody touched since it was closed in order and read through: its commits, and when that was.
fn as_it_was_left(
    folder: &Path,
    known: &Mark,
    contents: FolderContents,
    now: DateTime<Utc>,
) -> Option<(u64, DateTime<Utc>)> {
    let ClosingStage::Closed { left: Some(left), .. } = known.stage else { return None };
    let is_whole = contents == FolderContents::Log && !undo::path(folder).exists();
    let read_through_at = left.holds(folder, now).filter(|_| is_whole)?;
    Some((known.commits, read_through_at))
}

/// Looks at a database before the engine may touch it; gives how many commits it has.
fn look(folder: &Path, known: Option<&Mark>, contents: FolderContents) -> Result<u64, StoreError> {
    if contents == FolderContents::Remains {
        return Err(damaged(folder, "its log is empty, and there is what was derived from one"));
    }
    let checked = check(folder)?;
    // A step that was broken off leaves tallies that do not fit, and is taken back first.
    if !checked.findings.is_empty() && !undo::path(folder).exists() {
        // A process that was killed leaves a tail that only looks like damage.
        let was_killed = known.filter(|known| known.stage == ClosingStage::Open);
        let kept = was_killed.map_or(Ok(None), |known| trial::commits(folder, known))?;
        return kept.ok_or(StoreError::Damaged { path: shown(folder), findings: checked.findings });
    }
    match known {
        Some(known) => agree(folder, known, &checked)?,
        None if checked.own.is_none() && checked.trees.iter().all(|tree| tree.records == 0) => {
            tracing::debug!(store.path = %folder.display(), "there is a log that holds nothing");
        }
        None => {}
    }
    Ok(checked.own.map_or(0, |own| own.commits))
}

/// Compares a database with the mark beside it.
pub(super) fn agree(folder: &Path, known: &Mark, checked: &CheckResult) -> Result<(), StoreError> {
    let (path, mark) = (shown(folder), shown(&mark::path(folder)));
    let behind = |commits: u64| format!("it has {commits} commits, and had {} or more", known.commits);
    let Some(own) = checked.own else {
        if checked.trees.iter().any(|tree| tree.records > 0) {
            return Err(StoreError::Foreign { path, mark });
        }
        let nothing = "its log ends before anything was kept".to_owned();
        let findings = checked.notes.iter().cloned().chain([nothing]).collect();
        return Err(StoreError::Damaged { path, findings });
    };
    if own.installation != known.installation || own.lineage != known.lineage {
        return Err(StoreError::Foreign { path, mark });
    }
    if own.commits < known.commits {
        if checked.notes.is_empty() {
            return Err(StoreError::Older { path, commits: own.commits, known: known.commits });
        }
        let findings = checked.notes.iter().cloned().chain([behind(own.commits)]).collect();
        return Err(StoreError::Damaged { path, findings });
    }
    if let ClosingStage::Closed { length, .. } = known.stage
        && checked.log_bytes < length
    {
        let finding = format!("its log has {} bytes, and had {length} when it was closed", checked.log_bytes);
        return Err(damaged(folder, &finding));
    }
    Ok(())
}

pub(super) fn contents(folder: &Path) -> Result<FolderContents, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(FolderContents::Nothing),
        // Opening says what is wrong with it.
        Err(_) => return Ok(FolderContents::Log),
    };
    let mut has_derived = false;
    for entry in entries {
        let name = entry.map_err(|error| file_error(folder, &error))?.file_name();
        has_derived |= log::is_snapshot(&name.to_string_lossy()) || packs::is_pack(&name);
    }
    Ok(match (length_of_log(folder).unwrap_or(0), has_derived) {
        (0, false) => FolderContents::Nothing,
        (0, true) => FolderContents::Remains,
        _ => FolderContents::Log,
    })
}

/// The length of the log's file.
pub(super) fn length_of_log(folder: &Path) -> io::Result<u64> {
    Ok(File::open(folder.join("db"))?.metadata()?.len())
}

pub(super) fn damaged(folder: &Path, finding: &str) -> StoreError {
    StoreError::Damaged { path: shown(folder), findings: vec![finding.to_owned()] }
}

pub(super) fn shown(path: &Path) -> String {
    path.display().to_string()
}

pub(super) fn file_error(path: &Path, error: &io::Error) -> StoreError {
    StoreError::File { path: shown(path), reason: error.to_string() }
}
