//! How the store stands as a whole, at a glance.

use std::path::PathBuf;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::sled::{backup_note, outbox};
use super::{Store, StoreError};

/// Mails that are not at their end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Queue {
    /// Queued, with a sender, or put off.
    pub waiting: usize,
    /// When the oldest of these was queued.
    pub oldest: Option<DateTime<Utc>>,
    /// Given up, so that somebody must know.
    pub attention: usize,
}

/// How large the store is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreSize {
    /// Its files.
    pub bytes: u64,
    /// What a copy of it would not need of that, about.
    pub reclaimable: u64,
    /// Its records, keys and values.
    pub live: u64,
    /// How many these are.
    pub records: u64,
}

/// A backup that was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupNote {
    /// When.
    pub at: DateTime<Utc>,
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// The hash of what it holds.
    pub sha256: String,
}

impl Store {
    /// How many mails wait, since when, and how many were given up.
    ///
    /// # Errors
    /// The store's.
    pub async fn queue(&self) -> Result<Queue, StoreError> {
        self.sled.read(outbox::queue).await
    }

    /// How large the store is. All of it is read for that, unless it was within `max_age`.
    ///
    /// # Errors
    /// The store's.
    pub async fn size(&self, max_age: StdDuration) -> Result<StoreSize, StoreError> {
        self.sled.size(max_age).await
    }

    /// The last backup that was taken of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_backup(&self) -> Result<Option<BackupNote>, StoreError> {
        self.sled.read(backup_note).await
    }

    /// Notes that a backup was taken.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_backup(&self, note: BackupNote) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| super::sled::note_backup(trees, writes, &note)).await
    }
}
