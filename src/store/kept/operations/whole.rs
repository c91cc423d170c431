//! The store as a whole: what it holds, what it lets go of, and its backups.

use std::path::PathBuf;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};

use crate::settings::Retention;
use crate::store::boundary::{BackupNote, Releasable, StoreStats};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::{backup_note, chain, note_backup, retention};

impl Database {
    pub(in crate::store) async fn stats(
        &self,
        retention: Retention,
        now: DateTime<Utc>,
    ) -> Result<StoreStats, StoreError> {
        let plan = self.read(move |trees| retention::plan(trees, &retention, now)).await?;
        let kinds = self.kinds().await?;
        Ok(StoreStats {
            path: PathBuf::from(self.place()),
            size: self.size(StdDuration::ZERO).await?,
            releasable: plan.releasable,
            kinds,
            backup: self.last_backup().await?,
        })
    }

    pub(in crate::store) async fn retire(
        &self,
        retention: Retention,
        now: DateTime<Utc>,
    ) -> Result<Releasable, StoreError> {
        let plan = self.read(move |trees| retention::plan(trees, &retention, now)).await?;
        for bodies in plan.bodies.chunks(retention::BATCH) {
            let bodies = bodies.to_vec();
            self.write(move |trees, writes| retention::release(trees, writes, &bodies, now)).await?;
        }
        for keys in plan.details.chunks(retention::BATCH) {
            let keys = keys.to_vec();
            self.write(move |trees, writes| retention::take_details(trees, writes, &keys)).await?;
        }
        for cut in plan.cuts {
            self.write(move |trees, writes| chain::take_first(trees, writes, &cut)).await?;
        }
        Ok(plan.releasable)
    }

    pub(in crate::store) async fn last_backup(&self) -> Result<Option<BackupNote>, StoreError> {
        self.read(backup_note).await
    }

    pub(in crate::store) async fn note_backup(&self, note: BackupNote) -> Result<(), StoreError> {
        self.write(move |trees, writes| note_backup(trees, writes, &note)).await
    }
}
