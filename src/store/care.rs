//! Looking after the store as a whole, while nobody else has it open.

use std::path::Path;

use super::boundary::{Archived, Compacted, RepairWishes, Repaired, Verified};
use super::error::StoreError;
use super::sled;
use crate::settings::StoreSettings;

/// Looks at the whole store and changes nothing.
///
/// # Errors
/// [`StoreError::Locked`] while a process has it open; files that cannot be read.
pub fn verify(settings: &StoreSettings) -> Result<Verified, StoreError> {
    let StoreSettings::Sled { path } = settings;
    sled::verify(path)
}

/// Puts right what can be, or only tells what would be done.
///
/// # Errors
/// [`StoreError::Locked`] while a process has it open; [`StoreError::Missing`] or [`StoreError::NoneYet`] where
/// there is nothing; [`StoreError::Older`] or [`StoreError::Foreign`] where the wishes do not accept that.
pub fn repair(settings: &StoreSettings, wishes: RepairWishes) -> Result<Repaired, StoreError> {
    let StoreSettings::Sled { path } = settings;
    sled::repair(path, wishes)
}

/// Makes the store of a backup where there is none.
///
/// # Errors
/// [`StoreError::Occupied`], [`StoreError::BadBackup`], [`StoreError::Locked`].
pub fn restore(settings: &StoreSettings, path: &Path) -> Result<Archived, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    sled::restore(folder, path)
}

/// Makes the store of an export where there is none.
///
/// # Errors
/// As [`restore`].
pub fn import(settings: &StoreSettings, path: &Path) -> Result<Archived, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    sled::import(folder, path)
}

/// Copies the store into a new one, which takes its place.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::Locked`]; the system's.
pub fn compact(settings: &StoreSettings) -> Result<Compacted, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    sled::compact(folder)
}

/// Reads a backup to its end.
///
/// # Errors
/// [`StoreError::BadBackup`].
pub fn check_backup(path: &Path) -> Result<Archived, StoreError> {
    sled::check_backup(path)
}
