//! Looking after the store as a whole, while nobody else has it open.

use std::path::Path;

use super::boundary::{Archived, Compacted, RepairWishes, Repaired, Verified};
use super::error::StoreError;
use super::sled;
use crate::domain::meter::Meter;
use crate::settings::StoreSettings;

/// Looks at the whole store and changes nothing.
///
/// # Errors
/// [`StoreError::Locked`] while a process has it open; files that cannot be read.
pub fn verify(settings: &StoreSettings) -> Result<Verified, StoreError> {
    verify_metered(settings, &Meter::default())
}

/// The same, telling how far it has come.
///
/// # Errors
/// As [`verify`].
pub fn verify_metered(settings: &StoreSettings, meter: &Meter) -> Result<Verified, StoreError> {
    let StoreSettings::Sled { path } = settings;
    sled::verify(path, meter)
}

/// Puts right what can be, or only tells what would be done.
///
/// # Errors
/// [`StoreError::Locked`] while a process has it open; [`StoreError::Missing`] or [`StoreError::NoneYet`] where
/// there is nothing; [`StoreError::Older`] or [`StoreError::Foreign`] where the wishes do not accept that.
pub fn repair(settings: &StoreSettings, wishes: RepairWishes) -> Result<Repaired, StoreError> {
    repair_metered(settings, wishes, &Meter::default())
}

/// The same, telling how far it has come.
///
/// # Errors
/// As [`repair`].
pub fn repair_metered(
    settings: &StoreSettings,
    wishes: RepairWishes,
    meter: &Meter,
) -> Result<Repaired, StoreError> {
    let StoreSettings::Sled { path } = settings;
    sled::repair(path, wishes, meter)
}

/// Makes the store of a backup where there is none.
///
/// # Errors
/// [`StoreError::Occupied`], [`StoreError::BadBackup`], [`StoreError::Locked`].
pub fn restore(settings: &StoreSettings, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    sled::restore(folder, path, meter)
}

/// Makes the store of an export where there is none.
///
/// # Errors
/// As [`restore`].
pub fn import(settings: &StoreSettings, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    sled::import(folder, path, meter)
}

/// Copies the store into a new one, which takes its place.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::Locked`]; the system's.
pub fn compact(settings: &StoreSettings, meter: &Meter) -> Result<Compacted, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    sled::compact(folder, meter)
}

/// Reads a backup to its end.
///
/// # Errors
/// [`StoreError::BadBackup`].
pub fn check_backup(path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    sled::check_backup(path, meter)
}
