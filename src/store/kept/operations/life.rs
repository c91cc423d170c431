//! Opening the store, keeping an eye on it, and giving it free.

use chrono::{DateTime, Utc};

use crate::domain::moment::SetBack;
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::{beat, clock, instance_key};

impl Database {
    #[must_use]
    pub(in crate::store) fn free_bytes(&self) -> Option<u64> {
        match self {
            Self::Sled(sled) => fs2::available_space(sled.folder()).ok(),
            // The server's disk is not this machine's.
            Self::Postgres { .. } => None,
        }
    }

    pub(in crate::store) async fn beat(&self) -> Result<(), StoreError> {
        self.write(beat).await
    }

    pub(in crate::store) async fn note_time(
        &self,
        now: DateTime<Utc>,
    ) -> Result<Option<SetBack>, StoreError> {
        if !self.read(move |trees| clock::is_news(trees, now)).await? {
            return Ok(None);
        }
        self.write(move |trees, writes| clock::note(trees, writes, now)).await
    }

    pub(in crate::store) async fn clock_set_back(&self) -> Result<Option<SetBack>, StoreError> {
        self.read(clock::set_back).await
    }

    pub(in crate::store) async fn begun_at(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read(clock::begun_at).await
    }

    pub(in crate::store) async fn instance_key(&self, candidate: [u8; 32]) -> Result<[u8; 32], StoreError> {
        self.write(move |trees, writes| instance_key(trees, writes, candidate)).await
    }
}
