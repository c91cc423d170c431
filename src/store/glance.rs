//! How the store stands as a whole, at a glance.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::sled::{backup_note, chain, outbox, pauses, remake, retention};
use super::{Store, StoreError};
use crate::domain::id::SourceId;
use crate::domain::source::SourcePause;
use crate::settings::{Retention, StoreSettings};

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

/// A backup that was written, or read to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Archived {
    /// The file.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
    /// How many records it holds.
    pub records: u64,
    /// The commits after which it was taken.
    pub commits: u64,
    /// The hash of what it holds.
    pub sha256: String,
}

/// A store that was compacted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Compacted {
    /// Where it lies.
    pub path: PathBuf,
    /// How large it was.
    pub bytes_before: u64,
    /// How large it is.
    pub bytes: u64,
    /// How many records it holds.
    pub records: u64,
}

/// What retention would let go of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Releasable {
    /// Mails whose bytes are old enough.
    pub mails: usize,
    /// These bytes, as they lie in the store.
    pub mail_bytes: u64,
    /// Accepted reads whose details are old enough.
    pub reads: usize,
    /// Bodies of accepted states that are old enough.
    pub bodies: usize,
    /// These bytes, as they lie in the store.
    pub body_bytes: u64,
    /// Lines at the beginnings of chains that are old enough.
    #[serde(default)]
    pub chain_lines: usize,
}

/// What the store holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStats {
    /// Where it lies.
    pub path: PathBuf,
    /// How large it is.
    pub size: StoreSize,
    /// What retention would let go of now.
    pub releasable: Releasable,
    /// Records and bytes by kind, the most bytes first.
    pub kinds: Vec<KindStats>,
    /// The last backup that was taken.
    pub backup: Option<BackupNote>,
}

/// Records of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindStats {
    /// What they are called in the store.
    pub name: String,
    /// How many.
    pub records: u64,
    /// Keys and values.
    pub bytes: u64,
}

/// Makes the store of a backup where there is none.
///
/// # Errors
/// [`StoreError::Occupied`], [`StoreError::BadBackup`], [`StoreError::Locked`].
pub fn restore(settings: &StoreSettings, path: &Path) -> Result<Archived, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    remake::restore(folder, path)
}

/// Makes the store of an export where there is none.
///
/// # Errors
/// As [`restore`].
pub fn import(settings: &StoreSettings, path: &Path) -> Result<Archived, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    remake::import(folder, path)
}

/// Copies the store into a new one, which takes its place.
///
/// # Errors
/// [`StoreError::Damaged`], [`StoreError::Locked`]; the system's.
pub fn compact(settings: &StoreSettings) -> Result<Compacted, StoreError> {
    let StoreSettings::Sled { path: folder } = settings;
    remake::compact(folder)
}

/// Reads a backup to its end.
///
/// # Errors
/// [`StoreError::BadBackup`].
pub fn check_backup(path: &Path) -> Result<Archived, StoreError> {
    remake::check_backup(path)
}

impl Store {
    /// Writes a backup beside the store. Others read and write on, but for the time in which the store's file is
    /// copied.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where the store is not sound; the system's.
    pub async fn archive(&self) -> Result<Archived, StoreError> {
        self.sled.archive(false).await
    }

    /// The same as lines of JSON.
    ///
    /// # Errors
    /// As [`Self::archive`].
    pub async fn export(&self) -> Result<Archived, StoreError> {
        self.sled.archive(true).await
    }

    /// Removes the backup beside the store, which was fetched.
    pub fn forget_archive(&self) {
        self.sled.forget_archive();
    }

    /// What the store holds, and what retention would let go of.
    ///
    /// # Errors
    /// A record that cannot be read; the store's.
    pub async fn stats(&self, retention: Retention, now: DateTime<Utc>) -> Result<StoreStats, StoreError> {
        let plan = self.sled.read(move |trees| retention::plan(trees, &retention, now)).await?;
        let kinds = self.sled.read(super::sled::kinds).await?;
        Ok(StoreStats {
            path: PathBuf::from(self.place()),
            size: self.sled.size(StdDuration::ZERO).await?,
            releasable: plan.releasable,
            kinds,
            backup: self.last_backup().await?,
        })
    }

    /// Lets go of what is old enough. The bytes go with the next [`Self::collect_garbage`].
    ///
    /// # Errors
    /// A record that cannot be read, and then nothing more is let go of; the store's.
    pub async fn retire(&self, retention: Retention, now: DateTime<Utc>) -> Result<Releasable, StoreError> {
        let plan = self.sled.read(move |trees| retention::plan(trees, &retention, now)).await?;
        for bodies in plan.bodies.chunks(retention::BATCH) {
            let bodies = bodies.to_vec();
            self.sled.write(move |trees, writes| retention::release(trees, writes, &bodies, now)).await?;
        }
        for keys in plan.details.chunks(retention::BATCH) {
            let keys = keys.to_vec();
            self.sled.write(move |trees, writes| retention::take_details(trees, writes, &keys)).await?;
        }
        for cut in plan.cuts {
            self.sled.write(move |trees, writes| chain::take_first(trees, writes, &cut)).await?;
        }
        Ok(plan.releasable)
    }

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

    /// The pause of a source that is in force.
    ///
    /// # Errors
    /// The store's.
    pub async fn source_pause(
        &self,
        source: &SourceId,
        now: DateTime<Utc>,
    ) -> Result<Option<SourcePause>, StoreError> {
        let source = source.clone();
        let pause = self.sled.read(move |trees| pauses::get(trees, &source)).await?;
        Ok(pause.filter(|pause| pause.is_in_force(now)))
    }

    /// The pauses of sources that are in force, in one look-up.
    ///
    /// # Errors
    /// The store's.
    pub async fn source_pauses(
        &self,
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<SourceId, SourcePause>, StoreError> {
        let mut pauses = self.sled.read(pauses::all).await?;
        pauses.retain(|_, pause| pause.is_in_force(now));
        Ok(pauses)
    }

    /// The sources that are paused, in one look-up.
    ///
    /// # Errors
    /// The store's.
    pub async fn paused_sources(&self, now: DateTime<Utc>) -> Result<BTreeSet<SourceId>, StoreError> {
        Ok(self.source_pauses(now).await?.into_keys().collect())
    }

    /// Pauses a source, or ends that; gives the pause that was known before.
    ///
    /// # Errors
    /// The store's.
    pub async fn pause_source(
        &self,
        source: &SourceId,
        pause: Option<SourcePause>,
    ) -> Result<Option<SourcePause>, StoreError> {
        let source = source.clone();
        self.sled.write(move |trees, writes| pauses::put(trees, writes, &source, pause.as_ref())).await
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
