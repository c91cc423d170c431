//! The engine's snapshot: where every page lies, up to a place in the log.
//!
//! The log is complete without it as long as no segment is gone. Once nothing in the first ones is needed the
//! engine zeroes them, and where no header of a later segment says that all before it was on the disk, only the
//! snapshot does. Without it the engine then takes the whole log for a torn tail, and overwrites it.

use std::io;
use std::path::{Path, PathBuf};

use super::page_table::PageTable;
use super::scan::{Log, Reach};

/// What stands behind a snapshot's pages: how long it was before compression, and its checksum.
const ENDING_BYTES: usize = 12;

/// A snapshot by its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::kept) struct LogSnapshot {
    pub(in crate::store::kept) path: PathBuf,
    /// Up to where it has taken the log over.
    pub(super) lsn: i64,
}

/// What the engine can do with its snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::kept) enum SnapshotFitness {
    /// It can be read, or there is none.
    Sound,
    /// It cannot be read, and the log says the same without it.
    Needless(LogSnapshot),
    /// It cannot be read, and without it the engine would lose what the log holds.
    Needed(LogSnapshot),
    /// It is another log's, and what the engine would find by it is not what this log holds.
    Foreign(LogSnapshot),
}

/// What the name of a snapshot begins with; its place in the log follows.
const PREFIX: &str = "snap.";

/// Returns whether a file of this name is one of the engine's snapshots, a half-written one included.
pub(in crate::store::kept) fn is_snapshot(name: &str) -> bool {
    name.starts_with(PREFIX)
}

/// Returns the files of all snapshots in a database folder.
///
/// # Errors
/// The system's.
pub(in crate::store::kept) fn snapshots(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if is_snapshot(&entry.file_name().to_string_lossy()) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Returns the snapshot that the engine would read: the newest.
///
/// # Errors
/// The system's.
pub(super) fn newest(folder: &Path) -> io::Result<Option<LogSnapshot>> {
    let whole = snapshots(folder)?.into_iter().filter_map(|path| {
        let place = path.file_name()?.to_str()?.strip_prefix(PREFIX)?;
        Some(LogSnapshot { lsn: i64::from_str_radix(place, 16).ok()?, path })
    });
    Ok(whole.max_by_key(|snapshot| snapshot.lsn))
}

/// Looks whether the snapshot in a database folder can be read, and whether it must be.
///
/// # Errors
/// The system's.
pub(in crate::store::kept) fn standing(folder: &Path) -> io::Result<SnapshotFitness> {
    if newest(folder)?.is_none() {
        return Ok(SnapshotFitness::Sound);
    }
    match Log::read(folder, Reach::Engine) {
        // Whoever opens it says what is wrong.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(SnapshotFitness::Sound),
        log => standing_beside(folder, &log?),
    }
}

/// The same where the log was read already, as the engine would.
///
/// # Errors
/// The system's.
pub(in crate::store::kept) fn standing_beside(folder: &Path, log: &Log) -> io::Result<SnapshotFitness> {
    let Some(snapshot) = newest(folder)? else { return Ok(SnapshotFitness::Sound) };
    // What is whole and not to be understood the engine refuses by itself.
    let is_of_log = |content: Vec<u8>| PageTable::read(&content).is_none_or(|table| table.is_of(log));
    Ok(match snapshot.content()?.map(is_of_log) {
        Some(true) => SnapshotFitness::Sound,
        Some(false) => SnapshotFitness::Foreign(snapshot),
        None if log.says_the_same(&Log::read(folder, Reach::Alone)?) => SnapshotFitness::Needless(snapshot),
        None => SnapshotFitness::Needed(snapshot),
    })
}

/// Whether the engine finds in the log alone what it finds with the help of its snapshot.
///
/// # Errors
/// The system's, but for a log that is not there.
pub(in crate::store::kept) fn is_needless(folder: &Path) -> io::Result<bool> {
    let with = match Log::read(folder, Reach::Engine) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        read => read?,
    };
    Ok(with.says_the_same(&Log::read(folder, Reach::Alone)?))
}

impl LogSnapshot {
    /// For people, of one that is needed.
    pub(in crate::store::kept) fn unreadable(&self) -> String {
        let path = self.path.display();
        format!(
            "{path} cannot be read, and without it the engine would find less than its log holds, which a repair copies"
        )
    }

    /// For people, of one that is another log's.
    pub(in crate::store::kept) fn foreign(&self) -> String {
        format!(
            "{} does not belong to the log beside it, and the engine would find by it what is not there",
            self.path.display()
        )
    }

    /// What it says; `None` where its checksum is wrong.
    fn content(&self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = std::fs::read(&self.path)?;
        let Some(end) = bytes.len().checked_sub(ENDING_BYTES).filter(|end| *end > 0) else {
            return Ok(None);
        };
        let is_whole = crc32fast::hash(&bytes[..end]).to_le_bytes() == bytes[end + 8..];
        bytes.truncate(end);
        Ok(is_whole.then_some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::fs;
    use std::path::Path;

    use super::super::format::{SEGMENT_BYTES, SEGMENT_HEADER_BYTES, SegmentHeader};
    use super::super::scan::PageState;
    use super::*;
    use crate::domain::meter::Meter;
    use crate::store::boundary::RepairWishes;
    use crate::store::error::StoreError;
    use crate::store::kept::mark;
    use crate::store::kept::trees::TreeName;
    use crate::store::kept::writes::Writes;
    use crate::store::kept::{admission, check, opening, repair};

    /// A database the first segments of which nothing needs any more.
    fn written_over(folder: &Path) {
        for round in 0..2 {
            let (trees, mut mark, _) = admission::admit(folder, false).unwrap();
            for value in 0..600_u32 {
                let mut writes = Writes::default();
                let noise: Vec<u8> =
                    (0..8_000_u32).map(|at| (at.wrapping_mul(value + 7) >> 3).to_le_bytes()[0]).collect();
                for key in 0..8_u32 {
                    writes
                        .put_raw(
                            TreeName::Bodies,
                            &key.to_be_bytes(),
                            noise[key as usize * 1000..][..1000].to_vec(),
                        )
                        .unwrap();
                }
                writes
                    .put_raw(TreeName::Meta, b"rounds", (round * 600 + value).to_be_bytes().to_vec())
                    .unwrap();
                mark.note(writes.apply(&trees).unwrap()).unwrap();
                // The engine's few threads must not all wait with a segment of their own.
                if value % 16 == 15 {
                    trees.flush().unwrap();
                }
            }
            trees.flush().unwrap();
        }
        // The engine writes its snapshot when it opens a log.
        drop(admission::admit(folder, false).unwrap());
    }

    /// Zeroes what no page needs, and has no header say what was on the disk when it was begun.
    fn forget_the_beginning(folder: &Path) {
        let log = Log::read(folder, Reach::Engine).unwrap();
        let segment = |offset: u64| offset / SEGMENT_BYTES as u64;
        let mut needed: HashSet<u64> = HashSet::new();
        for state in log.pages.values() {
            if let PageState::There { whole, changes } = state {
                needed.extend(changes.iter().chain([whole]).map(|place| segment(place.offset)));
            }
        }
        let mut bytes = fs::read(folder.join("db")).unwrap();
        for (number, part) in bytes.chunks_mut(SEGMENT_BYTES).enumerate() {
            let header = SegmentHeader::read(part);
            match header.filter(|_| needed.contains(&(number as u64))) {
                Some(header) => put_header(part, header.lsn, -1),
                None => part.fill(0),
            }
        }
        fs::write(folder.join("db"), bytes).unwrap();
    }

    fn put_header(segment: &mut [u8], lsn: u64, stable: i64) {
        let lsn = i64::try_from(lsn).unwrap() ^ i64::MAX;
        let said = [lsn.to_le_bytes(), (stable ^ i64::MAX).to_le_bytes()].concat();
        segment[..4].copy_from_slice(&(crc32fast::hash(&said) ^ u32::MAX).to_le_bytes());
        segment[4..SEGMENT_HEADER_BYTES].copy_from_slice(&said);
    }

    fn damage(snapshot: &LogSnapshot) {
        let mut bytes = fs::read(&snapshot.path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&snapshot.path, bytes).unwrap();
    }

    fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = entries
            .filter(|path| path.is_file())
            .map(|path| (path.clone(), fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn the_newest_snapshot_counts_and_nothing_that_only_looks_like_one() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(newest(state.path()).unwrap(), None);
        for name in [
            "snap.0000000000000ABC",
            "snap.0000000000000DEF",
            "snap.0000000000000FFF.generating",
            "snap.x",
            "db",
        ] {
            fs::write(state.path().join(name), b"").unwrap();
        }
        assert_eq!(newest(state.path()).unwrap().unwrap().lsn, 0xDEF);
    }

    #[test]
    fn a_log_whose_beginning_is_gone_is_read_from_where_the_snapshot_took_it_over() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        written_over(&folder);
        forget_the_beginning(&folder);
        assert!(!is_needless(&folder).unwrap());
        assert_eq!(check::check(&folder).unwrap().findings, [""; 0]);
        drop(admission::admit(&folder, true).unwrap());
    }

    #[test]
    fn a_damaged_snapshot_without_which_the_log_would_be_lost_is_left_and_repaired() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        written_over(&folder);
        forget_the_beginning(&folder);
        let before = check::check(&folder).unwrap();
        damage(&newest(&folder).unwrap().unwrap());
        let as_it_was = files(&folder);
        for refused in [
            admission::admit(&folder, true).map(drop).unwrap_err(),
            opening::open(&folder).map(drop).unwrap_err(),
        ] {
            assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
            assert!(refused.to_string().contains("store repair"), "{refused}");
            assert_eq!(files(&folder), as_it_was, "nothing was changed");
        }
        assert!(!repair::verify(&folder, &Meter::default()).unwrap().is_sound);
        let repaired =
            repair(&folder, RepairWishes { apply: true, ..RepairWishes::default() }, &Meter::default())
                .unwrap();
        assert_eq!(repaired.lost, [""; 0]);
        let (trees, _, _) = admission::admit(&folder, true).unwrap();
        assert_eq!(trees.tree(TreeName::Meta).get(b"rounds").unwrap().unwrap(), 1199_u32.to_be_bytes());
        let bodies = before.trees.iter().find(|tree| tree.tree == TreeName::Bodies).unwrap();
        assert_eq!(trees.tree(TreeName::Bodies).len().unwrap() as u64, bodies.records);
        assert!(mark::path(&folder).exists());
    }

    #[test]
    fn a_snapshot_that_the_engine_refuses_is_removed_only_where_the_log_says_the_same() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        written_over(&folder);
        forget_the_beginning(&folder);
        // Its checksum is right, and what it says is not what a snapshot says.
        let snapshot = newest(&folder).unwrap().unwrap();
        let wrong = [0xff_u8; 64];
        let whole = [&wrong[..], &64_u64.to_le_bytes(), &crc32fast::hash(&wrong).to_le_bytes()].concat();
        fs::write(&snapshot.path, whole).unwrap();
        let log = fs::read(folder.join("db")).unwrap();
        let refused = opening::open(&folder).map(drop).unwrap_err();
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
        assert!(snapshot.path.exists() && fs::read(folder.join("db")).unwrap() == log);
    }

    /// Another database, whose log is shorter.
    fn another(folder: &Path) -> LogSnapshot {
        for round in 0..3_u8 {
            let (trees, ..) = admission::admit(folder, false).unwrap();
            for key in 0..40_u8 {
                let mut writes = Writes::default();
                writes.put_raw(TreeName::Budgets, &[key, round], vec![key; 1_500]).unwrap();
                writes.apply(&trees).unwrap();
            }
            trees.flush().unwrap();
        }
        newest(folder).unwrap().unwrap()
    }

    /// Puts another database's snapshot in the place of the own one.
    fn exchange_snapshot(folder: &Path, other: &LogSnapshot) {
        for path in snapshots(folder).unwrap() {
            fs::remove_file(path).unwrap();
        }
        fs::copy(&other.path, folder.join(other.path.file_name().unwrap())).unwrap();
    }

    #[test]
    fn a_snapshot_of_another_log_is_removed_where_the_log_alone_is_whole_and_else_refused() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        written_over(&folder);
        assert_eq!(standing(&folder).unwrap(), SnapshotFitness::Sound);
        let other = another(&state.path().join("other"));
        exchange_snapshot(&folder, &other);
        assert!(matches!(standing(&folder).unwrap(), SnapshotFitness::Foreign(_)));
        let checked = check::check(&folder).unwrap();
        assert_eq!(checked.findings, [""; 0]);
        assert!(
            checked.notes.iter().any(|note| note.contains("does not belong to the log")),
            "{:?}",
            checked.notes
        );
        let (trees, _, _) = admission::admit(&folder, true).unwrap();
        assert_eq!(trees.tree(TreeName::Meta).get(b"rounds").unwrap().unwrap(), 1199_u32.to_be_bytes());
        drop(trees);
        drop(admission::admit(&folder, true).unwrap());
        assert_eq!(standing(&folder).unwrap(), SnapshotFitness::Sound);

        forget_the_beginning(&folder);
        exchange_snapshot(&folder, &other);
        let as_it_was = files(&folder);
        let refused = admission::admit(&folder, true).map(drop).unwrap_err();
        // By what is named first: the snapshot, or what the log lacks without the right one.
        assert!(matches!(refused, StoreError::Damaged { .. }), "{refused}");
        assert_eq!(files(&folder), as_it_was, "nothing was changed");
        repair(&folder, RepairWishes { apply: true, ..RepairWishes::default() }, &Meter::default()).unwrap();
        let (trees, _, _) = admission::admit(&folder, true).unwrap();
        assert_eq!(trees.tree(TreeName::Meta).get(b"rounds").unwrap().unwrap(), 1199_u32.to_be_bytes());
    }
}
