//! Alerts and their readers: who is told, when to look at them, and what is composed for them.

use chrono::{DateTime, Utc};

use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::id::ChangeId;
use crate::domain::topic::Topic;
use crate::store::Store;
use crate::store::boundary::{DueReader, FanOut, Followers, ReaderCommit, SetFanOut, ToldOf, WaitingReaders};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Whether there is an alert that not everybody has who is to be told of it.
    pub async fn has_pending_alerts(&self) -> Result<bool, StoreError> {
        ask!(self.has_pending_alerts().await)
    }

    /// Every alert that not every reader has an item of yet, with its change: source by source, each
    /// read's changes in their order.
    pub async fn pending_alerts(&self) -> Result<Vec<(Alert, Change)>, StoreError> {
        ask!(self.pending_alerts().await)
    }

    /// Gives readers their items of alerts and notes how far that went, both or neither.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] if another worker took one of the alerts further meanwhile, or a read of theirs was taken
    /// back.
    pub async fn spread(&self, spread: FanOut) -> Result<(), StoreError> {
        ask!(self.spread(spread).await)
    }

    /// As many readers as get their items in one step.
    #[must_use]
    pub fn readers_at_once(&self) -> usize {
        ask!(self.readers_at_once())
    }

    /// How the next readers of these topics follow them, in the order of their addresses, after one of them or from the
    /// first, about `limit` for each topic.
    pub async fn followers(
        &self,
        topics: Vec<Topic>,
        after: Option<EmailAddress>,
        limit: usize,
        now: DateTime<Utc>,
    ) -> Result<Followers, StoreError> {
        ask!(self.followers(topics, after, limit, now).await)
    }

    /// The same as [`Self::spread`] for readers of whom most are told alike.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] as there, and if a reader of the run follows in a way that was not seen.
    pub async fn spread_sets(&self, spread: SetFanOut) -> Result<(), StoreError> {
        ask!(self.spread_sets(spread).await)
    }

    /// The next looks that are due until then, the longest due first, at most `limit`: after one of them or from the first.
    /// A reader may be among them twice. Where several workers compose, those are passed over that were returned to any of
    /// them before, until they were composed or a minute has gone.
    pub async fn due_readers(
        &self,
        until: DateTime<Utc>,
        after: Option<DueReader>,
        limit: usize,
    ) -> Result<Vec<DueReader>, StoreError> {
        ask!(self.due_readers(until, after, limit).await)
    }

    /// When the next look is due.
    pub async fn next_look(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        ask!(self.next_look().await)
    }

    /// What waits for these readers.
    pub async fn waiting(&self, readers: Vec<EmailAddress>) -> Result<WaitingReaders, StoreError> {
        ask!(self.waiting(readers).await)
    }

    /// Makes what can be made of mails before the step that keeps them. Several threads may do that at once, while steps are
    /// done one after another. The step makes what is missing.
    pub fn make_records(&self, composed: &mut ReaderCommit) {
        ask!(self.make_records(composed));
    }

    /// Puts mails into the outbox and the items they tell out of the way, all of it or nothing. A mail
    /// that is there already stays as it is. Returns the readers of whom nothing was kept: what waited for them is not what
    /// their mails were composed of, since another worker told it meanwhile, or it was taken back. They are looked at
    /// again.
    pub async fn compose(&self, composed: Vec<ReaderCommit>) -> Result<Vec<EmailAddress>, StoreError> {
        ask!(self.compose(composed).await)
    }

    /// What of these changes their readers were told, of those who want one mail for an event.
    ///
    /// # Errors
    /// The store's error.
    pub async fn told_of(&self, asked: Vec<(EmailAddress, ChangeId)>) -> Result<ToldOf, StoreError> {
        ask!(self.told_of(asked).await)
    }

    /// What was set aside for readers because they were told of these changes, with the companies of which.
    ///
    /// # Errors
    /// The store's error.
    pub async fn set_aside(&self, told: Vec<(EmailAddress, ChangeId)>) -> Result<ToldOf, StoreError> {
        ask!(self.set_aside(told).await)
    }
}
