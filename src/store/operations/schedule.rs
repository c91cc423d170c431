//! When sources are to be read, as far as it is kept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use crate::domain::id::SourceId;
use crate::domain::source::SourcePause;
use crate::store::Store;
use crate::store::bell::SourceWatch;
use crate::store::boundary::KeptSchedule;
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Returns the schedules of sources in the order asked for, in one look-up. One that cannot be read takes no other
    /// with it.
    pub async fn schedules(
        &self,
        ids: Vec<SourceId>,
    ) -> Result<Vec<Result<KeptSchedule, StoreError>>, StoreError> {
        ask!(self.schedules(ids).await)
    }

    /// Hears from now on of each source whose read state or pause is written.
    #[must_use]
    pub fn watch_sources(&self) -> SourceWatch {
        ask!(self.bell()).watch()
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
        let pause = ask!(self.pause_of(source).await)?;
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
        let mut pauses = ask!(self.pauses().await)?;
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
        ask!(self.pause_source(source, pause).await)
    }
}
