//! Looking after the store as a whole, while nobody else has it open.

use std::path::Path;

use super::boundary::{Archived, Compacted, RepairWishes, Repaired, Verified};
use super::error::StoreError;
use super::kept::{self, postgres};
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
    match settings {
        StoreSettings::Sled { path } => kept::verify(path, meter),
        StoreSettings::Postgres { url, .. } => postgres::verify(url, meter),
    }
}

/// What of a database server's tables is not as this program needs them; of a folder nothing. Quick: no record is read.
///
/// # Errors
/// [`StoreError::NoneYet`], [`StoreError::Schema`]; the server's.
pub fn check(settings: &StoreSettings) -> Result<Vec<String>, StoreError> {
    match settings {
        StoreSettings::Sled { .. } => Ok(Vec::new()),
        StoreSettings::Postgres { url, .. } => postgres::check(url),
    }
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
    match settings {
        StoreSettings::Sled { path } => kept::repair(path, wishes, meter),
        StoreSettings::Postgres { .. } => Err(StoreError::not_of_server(
            "store repair",
            "`regwatch store verify` to see damage, and the server's own means, such as pg_amcheck and its backups",
        )),
    }
}

/// Makes the store of a backup where there is none. Of a server, one that was broken off goes on.
///
/// # Errors
/// [`StoreError::Occupied`], [`StoreError::BadBackup`], [`StoreError::Locked`].
pub fn restore(settings: &StoreSettings, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    match settings {
        StoreSettings::Sled { path: folder } => kept::restore(folder, path, meter),
        StoreSettings::Postgres { url, .. } => postgres::restore(url, path, meter),
    }
}

/// Makes the store of an export where there is none.
///
/// # Errors
/// As [`restore`].
pub fn import(settings: &StoreSettings, path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    match settings {
        StoreSettings::Sled { path: folder } => kept::import(folder, path, meter),
        StoreSettings::Postgres { url, .. } => postgres::import(url, path, meter),
    }
}

/// Copies the store into a new one, which takes its place.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::Locked`]; the system's.
pub fn compact(settings: &StoreSettings, meter: &Meter) -> Result<Compacted, StoreError> {
    match settings {
        StoreSettings::Sled { path: folder } => kept::compact(folder, meter),
        StoreSettings::Postgres { .. } => Err(StoreError::not_of_server(
            "store compact",
            "nothing: the server takes back what is free by itself (autovacuum)",
        )),
    }
}

/// Reads a backup to its end.
///
/// # Errors
/// [`StoreError::BadBackup`].
pub fn check_backup(path: &Path, meter: &Meter) -> Result<Archived, StoreError> {
    kept::check_backup(path, meter)
}

/// Makes the tables that are missing in a store of a server; returns the names of the migrations that were made.
///
/// # Errors
/// [`StoreError::Schema`] where the tables are of a later program; the server's. A sled store has none.
pub fn migrate(settings: &StoreSettings) -> Result<Vec<&'static str>, StoreError> {
    match settings {
        StoreSettings::Sled { .. } => Ok(Vec::new()),
        StoreSettings::Postgres { url, .. } => postgres::Postgres::migrate(url),
    }
}
