//! Whose daemon it is that listens: asked before anything else, and by both ends.
//!
//! Several installations can stand in one folder, and a command of one must never act on the state of another.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::domain::id::InstallationId;
use crate::settings::StoreSettings;
use crate::store::Store;

/// The words that both ends speak. One that says another number is another program's.
pub(super) const PROTOCOL: u32 = 4;

/// The store that a daemon owns, or that a command means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreOwner {
    /// Where it lies, symbolic links resolved.
    pub store: String,
    /// The folder itself: the same seen from another place, and another one where it was copied.
    folder: Option<(u64, u64)>,
    /// Whose it is, where it has a mark.
    installation: Option<String>,
}

/// What a daemon says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Introduction {
    /// The words it speaks.
    pub protocol: u32,
    /// Its version.
    pub version: String,
    /// What it owns.
    pub owner: StoreOwner,
}

impl StoreOwner {
    /// Who owns the store of these settings; nothing is opened for it.
    #[must_use]
    pub fn of(settings: &StoreSettings) -> Self {
        let path = match settings {
            StoreSettings::Sled { path } => path,
            // The same database by whatever machine; its daemon listens on this one.
            StoreSettings::Postgres { .. } => {
                return Self { store: settings.place(), folder: None, installation: None };
            }
        };
        let folder = std::fs::metadata(path).ok().map(|folder| (folder.dev(), folder.ino()));
        let installation = Store::installation_beside(settings).as_ref().map(InstallationId::to_string);
        Self { store: real(path).display().to_string(), folder, installation }
    }

    /// Whether both mean the same store. Folders that were copied have one installation's id in two places.
    #[must_use]
    pub fn is(&self, other: &Self) -> bool {
        let is_same_place =
            self.store == other.store || (self.folder.is_some() && self.folder == other.folder);
        let is_other = self.installation.is_some()
            && other.installation.is_some()
            && self.installation != other.installation;
        is_same_place && !is_other
    }
}

/// A path without symbolic links, as far as it is there.
fn real(path: &Path) -> PathBuf {
    if let Ok(real) = std::fs::canonicalize(path) {
        return real;
    }
    match (path.parent().and_then(|parent| std::fs::canonicalize(parent).ok()), path.file_name()) {
        (Some(parent), Some(name)) => parent.join(name),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_the_same_by_every_way_to_it_and_another_where_it_was_copied() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| StoreSettings::Sled { path: folder.path().join(name) };
        let before = StoreOwner::of(&at("a"));
        drop(Store::open(&at("a")).unwrap());
        drop(Store::open(&at("b")).unwrap());
        let (a, b) = (StoreOwner::of(&at("a")), StoreOwner::of(&at("b")));
        assert!(a.is(&a) && before.is(&a) && !a.is(&b) && a.installation.is_some());
        std::os::unix::fs::symlink(folder.path().join("a"), folder.path().join("link")).unwrap();
        assert!(StoreOwner::of(&at("link")).is(&a));
        std::fs::create_dir(folder.path().join("copy")).unwrap();
        std::fs::copy(folder.path().join("a.mark"), folder.path().join("copy.mark")).unwrap();
        assert_eq!(StoreOwner::of(&at("copy")).installation, a.installation);
        assert!(!StoreOwner::of(&at("copy")).is(&a));
    }
}
