//! Files as they would be: a configuration is looked at before it is written.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Texts that take the place of files.
#[derive(Debug, Clone, Default)]
pub(super) struct Drafts {
    /// By the file's real path: how it was asked for, and what it would hold.
    files: BTreeMap<PathBuf, (PathBuf, Option<String>)>,
}

impl Drafts {
    /// The file would hold this.
    pub(super) fn put(&mut self, path: &Path, text: String) {
        self.files.insert(real(path), (path.to_owned(), Some(text)));
    }

    /// The file would not be there.
    pub(super) fn remove(&mut self, path: &Path) {
        self.files.insert(real(path), (path.to_owned(), None));
    }

    /// What a file holds.
    pub(super) fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        match self.files.get(&real(path)) {
            Some((_, Some(text))) => Ok(text.clone().into_bytes()),
            Some((_, None)) => Err(io::ErrorKind::NotFound.into()),
            None => fs::read(path),
        }
    }

    /// Whether the file would be gone.
    pub(super) fn has_removed(&self, path: &Path) -> bool {
        self.files.get(&real(path)).is_some_and(|(_, text)| text.is_none())
    }

    /// Files that would be there and are not yet.
    pub(super) fn new_files(&self) -> impl Iterator<Item = &Path> {
        let new = self.files.iter().filter(|(real, (_, text))| text.is_some() && !real.exists());
        new.map(|(_, (path, _))| path.as_path())
    }

    /// Every file with what it would hold.
    pub(super) fn into_files(self) -> impl Iterator<Item = (PathBuf, Option<String>)> {
        self.files.into_iter().map(|(real, (_, text))| (real, text))
    }
}

/// A path without symbolic links, also where the file itself is not there.
pub(super) fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match (fs::canonicalize(parent), path.file_name()) {
        (Ok(parent), Some(name)) => parent.join(name),
        _ => std::path::absolute(path).unwrap_or_else(|_| path.to_owned()),
    }
}
