//! Standing lists of suppliers.

use crate::domain::id::ScreeningId;
use crate::domain::outbox::QueuedMail;
use crate::domain::screening::StandingList;
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::screenings;

impl Database {
    pub(in crate::store) async fn standing_lists(&self) -> Result<Vec<StandingList>, StoreError> {
        self.read(screenings::all).await
    }

    pub(in crate::store) async fn standing_list(
        &self,
        id: &ScreeningId,
    ) -> Result<Option<StandingList>, StoreError> {
        let id = id.clone();
        self.read(move |trees| screenings::get(trees, &id)).await
    }

    pub(in crate::store) async fn keep_standing_list(&self, list: StandingList) -> Result<(), StoreError> {
        self.write(move |trees, writes| screenings::put(trees, writes, &list)).await
    }

    pub(in crate::store) async fn remove_standing_list(&self, id: &ScreeningId) -> Result<bool, StoreError> {
        let id = id.clone();
        self.write(move |trees, writes| screenings::remove(trees, writes, &id)).await
    }

    pub(in crate::store) async fn told_of_standing_list(
        &self,
        before: StandingList,
        after: StandingList,
        mail: Option<QueuedMail>,
    ) -> Result<bool, StoreError> {
        self.write(move |trees, writes| screenings::told(trees, writes, (&before, &after), mail.clone()))
            .await
    }
}
