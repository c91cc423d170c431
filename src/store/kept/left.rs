//! What a database's files were when it was closed in order, so that one that nobody touched since is not read
//! through again by every command.
//!
//! Reading the whole log before the engine may touch it ([`super::log`]) costs as much as the log is long. Whoever
//! changes, swaps or copies back a file changes its inode or the time of its last change of status, which no program
//! can set. What that does not show is a medium that forgets by itself: so a database is read through at least once
//! a day all the same, and whenever a process was killed.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest as _, Sha256};

/// A database that was read through so long ago is read through again.
const READ_THROUGH_EVERY: TimeDelta = TimeDelta::days(1);

/// How a database was left that was closed in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CleanClose {
    /// Derived from name, inode, length and time of change of every file.
    pub(super) files: u64,
    /// When it was read through last.
    pub(super) read_through_at: i64,
}

impl CleanClose {
    /// What the files in a database folder are now.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn of(folder: &Path, read_through_at: DateTime<Utc>) -> io::Result<Self> {
        Ok(Self { files: files(folder)?, read_through_at: read_through_at.timestamp() })
    }

    /// When a database that was left so was read through, where that still holds at `now`.
    pub(super) fn holds(&self, folder: &Path, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let read_through_at = DateTime::from_timestamp(self.read_through_at, 0)?;
        // One in the future says that a clock was wrong.
        let is_recent = read_through_at <= now && now - read_through_at < READ_THROUGH_EVERY;
        (is_recent && files(folder).ok()? == self.files).then_some(read_through_at)
    }
}

fn files(folder: &Path) -> io::Result<u64> {
    let mut hash = Sha256::new();
    add(folder, &mut hash)?;
    let digest = hash.finalize();
    Ok(digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)))
}

fn add(folder: &Path, hash: &mut Sha256) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let metadata = fs::symlink_metadata(&path)?;
        hash.update(path.as_os_str().as_encoded_bytes());
        for number in [metadata.ino(), metadata.len()] {
            hash.update(number.to_le_bytes());
        }
        for number in [metadata.ctime(), metadata.ctime_nsec()] {
            hash.update(number.to_le_bytes());
        }
        if metadata.is_dir() {
            add(&path, hash)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_touched_in_any_way_is_not_as_it_was_left() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        fs::create_dir_all(folder.join("blobs")).unwrap();
        fs::write(folder.join("db"), b"log").unwrap();
        fs::write(folder.join("blobs/1"), b"blob").unwrap();
        let now = DateTime::from_timestamp(1_795_955_196, 0).unwrap();
        let touched = |touch: &dyn Fn()| {
            let left = CleanClose::of(&folder, now).unwrap();
            assert!(left.holds(&folder, now).is_some());
            // The clock of the file system advances in steps.
            std::thread::sleep(std::time::Duration::from_millis(20));
            touch();
            left.holds(&folder, now).is_none()
        };
        assert!(touched(&|| fs::write(folder.join("db"), b"lug").unwrap()), "a byte");
        assert!(touched(&|| fs::write(folder.join("blobs/1"), b"blub").unwrap()), "a byte further down");
        assert!(touched(&|| fs::write(folder.join("snap.1"), b"").unwrap()), "another file");
        assert!(touched(&|| fs::remove_file(folder.join("snap.1")).unwrap()), "a file less");
        assert!(
            touched(&|| {
                let modified = fs::metadata(folder.join("db")).unwrap().modified().unwrap();
                fs::write(folder.join("other"), b"log").unwrap();
                fs::File::options()
                    .write(true)
                    .open(folder.join("other"))
                    .unwrap()
                    .set_modified(modified)
                    .unwrap();
                fs::rename(folder.join("other"), folder.join("db")).unwrap();
            }),
            "another file of the same age in its place"
        );
        let left = CleanClose::of(&folder, now).unwrap();
        assert!(left.holds(&folder, now + TimeDelta::hours(23)).is_some());
        assert!(left.holds(&folder, now + TimeDelta::days(1)).is_none(), "long ago");
        assert!(left.holds(&folder, now - TimeDelta::hours(1)).is_none(), "the clock was ahead");
    }
}
