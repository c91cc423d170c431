//! The record of what people did.

use crate::domain::audit::AuditEntry;
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::records;

impl Database {
    pub(in crate::store) async fn note_deed(&self, entry: AuditEntry) -> Result<(), StoreError> {
        self.write(move |trees, writes| records::note_deed(trees, writes, &entry)).await
    }

    pub(in crate::store) async fn deeds(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        self.read(move |trees| records::deeds(trees, before, limit)).await
    }
}
