//! Standing lists of suppliers.

use super::sled::screenings;
use super::{Store, StoreError};
use crate::domain::id::ScreeningId;
use crate::domain::outbox::QueuedMail;
use crate::domain::screening::StandingList;

impl Store {
    /// Every standing list of suppliers, in the order of their ids.
    pub async fn standing_lists(&self) -> Result<Vec<StandingList>, StoreError> {
        self.sled.read(screenings::all).await
    }

    /// One of them.
    pub async fn standing_list(&self, id: &ScreeningId) -> Result<Option<StandingList>, StoreError> {
        let id = id.clone();
        self.sled.read(move |trees| screenings::get(trees, &id)).await
    }

    /// Keeps a standing list in the place of one by its id.
    pub async fn keep_standing_list(&self, list: StandingList) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| screenings::put(trees, writes, &list)).await
    }

    /// Forgets a standing list; tells whether there was one.
    pub async fn remove_standing_list(&self, id: &ScreeningId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.sled.write(move |trees, writes| screenings::remove(trees, writes, &id)).await
    }

    /// Keeps how a standing list stands after another look, with the mail that tells what is new, or neither. Tells
    /// whether it did: not where the list was removed or replaced meanwhile.
    pub async fn told_of_standing_list(
        &self,
        before: StandingList,
        after: StandingList,
        mail: Option<QueuedMail>,
    ) -> Result<bool, StoreError> {
        self.sled
            .write(move |trees, writes| screenings::told(trees, writes, (&before, &after), mail.clone()))
            .await
    }
}
