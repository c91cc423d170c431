//! Standing lists of suppliers.

use crate::domain::id::ScreeningId;
use crate::domain::outbox::QueuedMail;
use crate::domain::screening::StandingList;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Every standing list of suppliers, in the order of their ids.
    pub async fn standing_lists(&self) -> Result<Vec<StandingList>, StoreError> {
        ask!(self.standing_lists().await)
    }

    /// One of them.
    pub async fn standing_list(&self, id: &ScreeningId) -> Result<Option<StandingList>, StoreError> {
        ask!(self.standing_list(id).await)
    }

    /// Keeps a standing list in the place of one by its id.
    pub async fn keep_standing_list(&self, list: StandingList) -> Result<(), StoreError> {
        ask!(self.keep_standing_list(list).await)
    }

    /// Forgets a standing list; tells whether there was one.
    pub async fn remove_standing_list(&self, id: &ScreeningId) -> Result<bool, StoreError> {
        ask!(self.remove_standing_list(id).await)
    }

    /// Keeps how a standing list stands after another look, with the mail that tells what is new, or neither. Tells
    /// whether it did: not where the list was removed or replaced meanwhile.
    pub async fn told_of_standing_list(
        &self,
        before: StandingList,
        after: StandingList,
        mail: Option<QueuedMail>,
    ) -> Result<bool, StoreError> {
        ask!(self.told_of_standing_list(before, after, mail).await)
    }
}
