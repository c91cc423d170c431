//! Reads that were taken back.

use crate::domain::id::{ChangeId, MailId};
use crate::domain::retraction::Retraction;
use crate::store::Store;
use crate::store::boundary::{MailListing, RetractCommit, Withdrawn};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Takes a read back with all that it seemed to show, or nothing of it.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the source's state has changed since the state to be restored was computed.
    pub async fn retract(&self, commit: RetractCommit) -> Result<(), StoreError> {
        ask!(self.retract(commit).await)
    }

    /// The retractions that not everybody was told of yet.
    pub async fn pending_retractions(&self) -> Result<Vec<Retraction>, StoreError> {
        ask!(self.pending_retractions().await)
    }

    /// Keeps back the mails that nobody has, puts those that tell of a retraction into the outbox, and
    /// notes up to which mail that went; the retraction is done with where none is given.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] if another worker took the retraction further meanwhile.
    pub async fn tell_retraction(&self, withdrawn: Withdrawn) -> Result<(), StoreError> {
        ask!(self.tell_retraction(withdrawn).await)
    }

    /// The next mails that tell one of these changes, in the order of their ids, after one of them or from the first,
    /// at most `limit`.
    pub async fn mails_telling(
        &self,
        changes: Vec<ChangeId>,
        after: Option<MailId>,
        limit: usize,
    ) -> Result<MailListing, StoreError> {
        ask!(self.mails_telling(changes, after, limit).await)
    }
}
