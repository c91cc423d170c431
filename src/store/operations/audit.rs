//! The record of what people did.

use crate::domain::audit::AuditEntry;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Adds to the record of what people did.
    pub async fn note_deed(&self, entry: AuditEntry) -> Result<(), StoreError> {
        ask!(self.note_deed(entry).await)
    }

    /// What people did, the newest first, at most `limit`, before the entry of a number where one is given.
    pub async fn deeds(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        ask!(self.deeds(before, limit).await)
    }
}
