//! The databases that can stand behind the store: a closed set.

use super::error::StoreError;
use super::sled::Sled;
use crate::domain::id::InstallationId;
use crate::settings::{StoreRules, StoreSettings};

/// Whichever database stands behind the store. Each has the same operations; what one of them lacks does not compile.
#[derive(Debug, Clone)]
pub(super) enum Database {
    Sled(Sled),
}

impl Database {
    pub(super) fn open(settings: &StoreSettings, rules: &StoreRules) -> Result<Self, StoreError> {
        match settings {
            StoreSettings::Sled { path } => Ok(Self::Sled(Sled::open(path, rules.required)?)),
        }
    }

    pub(super) fn installation_beside(settings: &StoreSettings) -> Option<InstallationId> {
        match settings {
            StoreSettings::Sled { path } => Sled::installation_beside(path),
        }
    }
}

/// Has the database behind a store do an operation. One that is waited for is boxed: the futures of all callers would
/// otherwise hold its arguments once more.
macro_rules! ask {
    ($store:ident.$operation:ident($($argument:expr),*).await) => {
        match &$store.database {
            crate::store::database::Database::Sled(sled) => Box::pin(sled.$operation($($argument),*)).await,
        }
    };
    ($store:ident.$operation:ident($($argument:expr),*)) => {
        match &$store.database {
            crate::store::database::Database::Sled(sled) => sled.$operation($($argument),*),
        }
    };
}

pub(super) use ask;
