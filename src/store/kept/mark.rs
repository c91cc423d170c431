//! The mark beside the database: which database belongs here, and how far it had come.
//!
//! It lies as `<folder>.mark` beside the folder, so that a database which was lost, emptied, swapped or
//! copied back from a backup is told from one that never was. It is written after the database was forced
//! to the disk and is itself forced out only now and then: it may lag behind the database, and is never
//! ahead of it.
//!
//! Two lines of one length take turns, so that a line torn by a power cut leaves the other:
//!
//! ```text
//! regwatch mark 1 installation <32 hex> lineage <16 hex> commits <n> stage open length 0 crc <8 hex>
//! ```
//!
//! Of one that was closed in order it also says how its files were left and when it was read through:
//! `left <16 hex> read <Unix seconds>` after the length.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::left::CleanClose;
use super::lock::beside;
use crate::domain::id::hex;

/// A line with its end.
const LINE_BYTES: usize = 256;

/// The mark is forced to the disk no more often.
const FORCED_EVERY: Duration = Duration::from_secs(5);

/// How the database was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ClosingStage {
    /// It is being made; nothing was kept in it yet.
    New,
    /// A process has it open, or had it open when it was killed.
    Open,
    /// It was closed in order.
    Closed {
        /// How long its file was then, in bytes.
        length: u64,
        /// What its files were then; earlier programs did not say.
        left: Option<CleanClose>,
    },
}

/// Which database belongs here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Mark {
    /// The installation.
    pub(super) installation: [u8; 16],
    /// Which of several courses its state took: another from each time on when an older state was accepted.
    pub(super) lineage: [u8; 8],
    /// The database has at least so many commits.
    pub(super) commits: u64,
    /// How it was left.
    pub(super) stage: ClosingStage,
}

/// What lies where the mark should.
#[derive(Debug)]
pub(super) enum MarkFound {
    /// Nothing.
    Nothing,
    /// A mark.
    Mark(Mark),
    /// Something that is none.
    Unreadable,
}

impl Mark {
    /// As a line, with its end.
    pub(super) fn line(&self) -> Vec<u8> {
        let (stage, length, left) = match self.stage {
            ClosingStage::New => ("new", 0, None),
            ClosingStage::Open => ("open", 0, None),
            ClosingStage::Closed { length, left } => ("closed", length, left),
        };
        let left = left
            .map(|CleanClose { files, read_through_at }| format!(" left {files:016x} read {read_through_at}"))
            .unwrap_or_default();
        let text = format!(
            "regwatch mark 1 installation {} lineage {} commits {} stage {stage} length {length}{left}",
            hex(&self.installation),
            hex(&self.lineage),
            self.commits,
        );
        let line = format!("{text} crc {:08x}", crc32fast::hash(text.as_bytes()));
        let mut bytes = format!("{line:<width$}", width = LINE_BYTES - 1).into_bytes();
        bytes.push(b'\n');
        bytes
    }

    /// Parses a line; `None` if it is not one or its checksum is wrong.
    pub(super) fn parse(line: &[u8]) -> Option<Self> {
        let (text, crc) = std::str::from_utf8(line).ok()?.trim_end().rsplit_once(" crc ")?;
        if u32::from_str_radix(crc, 16).ok()? != crc32fast::hash(text.as_bytes()) {
            return None;
        }
        let words: Vec<&str> = text.split(' ').collect();
        let [_, _, "1", _, installation, _, lineage, _, commits, _, stage, _, length, ref left @ ..] =
            words[..]
        else {
            return None;
        };
        let left = match *left {
            [] => None,
            ["left", files, "read", at] => Some(CleanClose {
                files: u64::from_str_radix(files, 16).ok()?,
                read_through_at: at.parse().ok()?,
            }),
            _ => return None,
        };
        let stage = match stage {
            "new" => ClosingStage::New,
            "open" => ClosingStage::Open,
            "closed" => ClosingStage::Closed { length: length.parse().ok()?, left },
            _ => return None,
        };
        Some(Self {
            installation: unhex(installation)?,
            lineage: unhex(lineage)?,
            commits: commits.parse().ok()?,
            stage,
        })
    }

    /// Reads the mark beside a database folder: the newer of the two lines that can be read.
    ///
    /// # Errors
    /// The system's, but for a file that is not there.
    pub(super) fn find(folder: &Path) -> io::Result<MarkFound> {
        let mut bytes = Vec::new();
        match File::open(path(folder)) {
            Ok(mut file) => file.read_to_end(&mut bytes)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(MarkFound::Nothing),
            Err(error) => return Err(error),
        };
        let lines = bytes.chunks(LINE_BYTES).filter_map(Self::parse);
        let rank = |mark: &Self| (mark.commits, mark.stage != ClosingStage::New);
        Ok(lines.max_by_key(rank).map_or(MarkFound::Unreadable, MarkFound::Mark))
    }
}

fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    if text.len() != 2 * N {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

/// Where the mark of a database folder lies.
pub(super) fn path(folder: &Path) -> PathBuf {
    beside(folder, ".mark")
}

/// The mark while the database is open.
#[derive(Debug)]
pub(super) struct MarkFile {
    file: File,
    mark: Mark,
    /// Which line is written next.
    second: bool,
    forced_at: Instant,
    /// When the database was read through last, before the engine touched it.
    read_through_at: Option<DateTime<Utc>>,
}

impl MarkFile {
    /// Writes a mark in the place of whatever lies there, and forces it to the disk.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn write(folder: &Path, mark: Mark) -> io::Result<Self> {
        let (path, unfinished) = (path(folder), unfinished(folder));
        let line = mark.line();
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).write(true).create(true).truncate(true).mode(0o600).open(&unfinished)?;
        file.write_all(&[&line[..], &line[..]].concat())?;
        file.sync_all()?;
        std::fs::rename(&unfinished, &path)?;
        if let Some(parent) = path.parent() {
            File::open(parent)?.sync_all()?;
        }
        Ok(Self { file, mark, second: false, forced_at: Instant::now(), read_through_at: None })
    }

    /// The same of a database that was read through then.
    pub(super) fn of_one_read_through(self, at: DateTime<Utc>) -> Self {
        Self { read_through_at: Some(at), ..self }
    }

    /// How the files of the database are left now.
    pub(super) fn left(&self, folder: &Path) -> Option<CleanClose> {
        CleanClose::of(folder, self.read_through_at?).ok()
    }

    /// The mark as it was written last.
    pub(super) fn mark(&self) -> &Mark {
        &self.mark
    }

    /// Notes how far the database has come, which is on the disk already.
    ///
    /// # Errors
    /// The system's: the mark then lags behind.
    pub(super) fn note(&mut self, commits: u64) -> io::Result<()> {
        if commits <= self.mark.commits && self.mark.stage == ClosingStage::Open {
            return Ok(());
        }
        self.put(Mark { commits, stage: ClosingStage::Open, ..self.mark })?;
        if self.forced_at.elapsed() >= FORCED_EVERY {
            self.force()?;
        }
        Ok(())
    }

    /// Notes that the database was closed in order and how its files were left, and forces that to the disk.
    ///
    /// # Errors
    /// The system's: it then counts as one whose process was killed.
    pub(super) fn close(&mut self, length: u64, left: Option<CleanClose>) -> io::Result<()> {
        let closed = Mark { stage: ClosingStage::Closed { length, left }, ..self.mark };
        // Both lines: none may say less, of a database that has as many commits.
        self.put(closed)?;
        self.put(closed)?;
        self.force()
    }

    fn put(&mut self, mark: Mark) -> io::Result<()> {
        let offset = if self.second { LINE_BYTES as u64 } else { 0 };
        self.file.write_all_at(&mark.line(), offset)?;
        self.second = !self.second;
        self.mark = mark;
        Ok(())
    }

    fn force(&mut self) -> io::Result<()> {
        self.forced_at = Instant::now();
        self.file.sync_data()
    }
}

/// Where a mark lies before it takes the other's place.
fn unfinished(folder: &Path) -> PathBuf {
    beside(folder, ".mark.new")
}

/// Removes what a crash left of a mark that was being written.
pub(super) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    match std::fs::remove_file(unfinished(folder)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: Mark =
        Mark { installation: [7; 16], lineage: [9; 8], commits: 41, stage: ClosingStage::Open };

    #[track_caller]
    fn found(folder: &Path) -> Option<Mark> {
        match Mark::find(folder).unwrap() {
            MarkFound::Mark(mark) => Some(mark),
            MarkFound::Nothing | MarkFound::Unreadable => None,
        }
    }

    #[test]
    fn what_was_noted_is_found() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        assert!(matches!(Mark::find(&folder), Ok(MarkFound::Nothing)));
        let mut file = MarkFile::write(&folder, MARK).unwrap();
        assert_eq!(found(&folder), Some(MARK));
        for commits in 42..45 {
            file.note(commits).unwrap();
            assert_eq!(found(&folder), Some(Mark { commits, ..MARK }));
        }
        file.note(3).unwrap();
        for left in [None, Some(CleanClose { files: u64::MAX, read_through_at: 1_795_955_196 })] {
            file.close(512, left).unwrap();
            let closed = Mark { commits: 44, stage: ClosingStage::Closed { length: 512, left }, ..MARK };
            assert_eq!(found(&folder), Some(closed));
        }
    }

    #[test]
    fn a_line_that_was_torn_leaves_the_other() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        for torn in 0..2 {
            let mut file = MarkFile::write(&folder, MARK).unwrap();
            file.note(50).unwrap();
            file.note(51).unwrap();
            let mut bytes = std::fs::read(path(&folder)).unwrap();
            bytes[torn * LINE_BYTES + 80] ^= 1;
            std::fs::write(path(&folder), &bytes).unwrap();
            assert!(found(&folder).unwrap().commits >= 50);
            bytes[(1 - torn) * LINE_BYTES + 80] ^= 1;
            std::fs::write(path(&folder), &bytes).unwrap();
            assert!(matches!(Mark::find(&folder), Ok(MarkFound::Unreadable)));
        }
    }
}
