//! Reads that were taken back.

use crate::domain::id::{ChangeId, MailId};
use crate::domain::retraction::Retraction;
use crate::store::boundary::{MailListing, RetractCommit, Withdrawn};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::{outbox, retractions};

impl Database {
    pub(in crate::store) async fn retract(&self, commit: RetractCommit) -> Result<(), StoreError> {
        self.write(move |trees, writes| retractions::retract(trees, writes, &commit)).await
    }

    pub(in crate::store) async fn pending_retractions(&self) -> Result<Vec<Retraction>, StoreError> {
        self.read(retractions::pending).await
    }

    pub(in crate::store) async fn tell_retraction(&self, withdrawn: Withdrawn) -> Result<(), StoreError> {
        self.write(move |trees, writes| retractions::tell(trees, writes, withdrawn.clone())).await
    }

    pub(in crate::store) async fn mails_telling(
        &self,
        changes: Vec<ChangeId>,
        after: Option<MailId>,
        limit: usize,
    ) -> Result<MailListing, StoreError> {
        self.read(move |trees| outbox::telling(trees, &changes, after.as_ref(), limit)).await
    }
}
