//! One process owns the database folder.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::store::error::StoreError;

/// Ownership of a database folder; given up when dropped or when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes ownership of the database in `folder`. The lock lies beside it, as `<folder>.lock`, so
    /// that it survives a database that is swapped for another.
    ///
    /// # Errors
    /// [`StoreError::Locked`] while another process owns it; [`StoreError::File`] naming the file.
    pub(super) fn take(folder: &Path) -> Result<Self, StoreError> {
        let path = beside(folder, ".lock");
        let unusable = |error: std::io::Error| StoreError::File {
            path: path.display().to_string(),
            reason: error.to_string(),
        };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(unusable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked {
                    path: folder.display().to_string(),
                    holder: holder(&mut file),
                });
            }
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
        note_holder(&mut file).map_err(unusable)?;
        Ok(Self { _file: file })
    }
}

/// A file beside a database folder, named after it.
pub(super) fn beside(folder: &Path, ending: &str) -> PathBuf {
    let mut name = folder.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Who has it, as that process noted: a hint for people, never a proof.
fn holder(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn note_holder(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    file.seek(SeekFrom::Start(0))?;
    writeln!(file, "{}", std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_owner_is_told_who_is_the_first() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let first = Lock::take(&folder).unwrap();
        let refusal = Lock::take(&folder).unwrap_err().to_string();
        assert!(refusal.ends_with(&format!("is in use by process {}", std::process::id())), "{refusal}");
        drop(first);
        Lock::take(&folder).unwrap();
    }

    #[test]
    fn a_lock_left_by_a_process_that_has_gone_is_no_lock() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        std::fs::write(beside(&folder, ".lock"), "4194304\n").unwrap();
        Lock::take(&folder).unwrap();
    }
}
