//! The store as a whole: what it holds, what it lets go of, and its backups.

use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};

use crate::domain::meter::Meter;
use crate::settings::Retention;
use crate::store::Store;
use crate::store::boundary::{Archived, BackupNote, GarbageReport, Releasable, StoreSize, StoreStats};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// What the store holds, and what retention would let go of.
    ///
    /// # Errors
    /// A record that cannot be read; the store's.
    pub async fn stats(&self, retention: Retention, now: DateTime<Utc>) -> Result<StoreStats, StoreError> {
        ask!(self.stats(retention, now).await)
    }

    /// Lets go of what is old enough. The bytes go with the next [`Self::collect_garbage`].
    ///
    /// # Errors
    /// A record that cannot be read, and then nothing more is let go of; the store's.
    pub async fn retire(&self, retention: Retention, now: DateTime<Utc>) -> Result<Releasable, StoreError> {
        ask!(self.retire(retention, now).await)
    }

    /// How large the store is. All of it is read for that, unless it was within `max_age`.
    ///
    /// # Errors
    /// The store's.
    pub async fn size(&self, max_age: StdDuration) -> Result<StoreSize, StoreError> {
        ask!(self.size(max_age).await)
    }

    /// Removes the bodies that nothing refers to any more, few at a time. Others read and write meanwhile.
    pub async fn collect_garbage(&self) -> Result<GarbageReport, StoreError> {
        ask!(self.collect_garbage().await)
    }

    /// Writes a backup beside the store. Others read and write on, but for the time in which the store's file is
    /// copied.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the store is not sound; the system's.
    pub async fn archive(&self, meter: &Meter) -> Result<Archived, StoreError> {
        ask!(self.archive(false, meter).await)
    }

    /// The same as lines of JSON.
    ///
    /// # Errors
    /// As [`Self::archive`].
    pub async fn export(&self, meter: &Meter) -> Result<Archived, StoreError> {
        ask!(self.archive(true, meter).await)
    }

    /// Removes the backup beside the store, which was fetched.
    pub fn forget_archive(&self) {
        ask!(self.forget_archive());
    }

    /// The last backup that was taken of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn last_backup(&self) -> Result<Option<BackupNote>, StoreError> {
        ask!(self.last_backup().await)
    }

    /// Notes that a backup was taken.
    ///
    /// # Errors
    /// The store's.
    pub async fn note_backup(&self, note: BackupNote) -> Result<(), StoreError> {
        ask!(self.note_backup(note).await)
    }
}
