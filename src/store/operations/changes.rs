//! Changes: finding them, and what people and other sources say of them.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::change::Change;
use crate::domain::event::{Numbers, Tie, ties};
use crate::domain::id::SourceId;
use crate::store::Store;
use crate::store::boundary::{ChangeQuery, ChangeSearch, FoundChanges};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// The change whose id begins so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ambiguous`].
    pub async fn find_change(&self, beginning: &str) -> Result<Change, StoreError> {
        ask!(self.find_change(beginning).await)
    }

    /// The changes asked for, the newest first.
    pub async fn changes(&self, query: ChangeQuery) -> Result<Vec<Change>, StoreError> {
        ask!(self.changes(query).await)
    }

    /// Changes that have all that is asked for, the newest first. No change is read that is not told.
    pub async fn search(&self, search: ChangeSearch) -> Result<FoundChanges, StoreError> {
        ask!(self.search(search).await)
    }

    /// How many changes of each source were found from one day to another (UTC), in the order asked for. No change is
    /// read.
    pub async fn change_counts(
        &self,
        sources: Arc<[SourceId]>,
        days: (NaiveDate, NaiveDate),
    ) -> Result<Vec<usize>, StoreError> {
        ask!(self.change_counts(sources, days).await)
    }

    /// Of every entry that has, or had, a deadline on that day or later the last change that was not retracted, at
    /// most `limit`.
    pub async fn with_deadlines(&self, since: NaiveDate, limit: usize) -> Result<Vec<Change>, StoreError> {
        ask!(self.with_deadlines(since, limit).await)
    }

    /// Gives the changes that an older program kept their places in the index. To be called before anything is
    /// looked for; one that was stopped goes on where it was.
    pub async fn index_changes(&self) -> Result<(), StoreError> {
        ask!(self.index_changes().await)
    }

    /// The changes of these numbers, those that can be read, in the order asked for.
    pub async fn numbered(&self, numbers: Vec<u32>) -> Result<Vec<(u32, Change)>, StoreError> {
        ask!(self.numbered(numbers).await)
    }

    /// All that the read found which shows a change.
    pub async fn found_with(&self, change: &Change) -> Result<Vec<Change>, StoreError> {
        ask!(self.found_with(change).await)
    }

    /// Takes a person's word on the names that may be meant in the change whose id begins so, with the
    /// alerts this raises; gives the change as it now stands.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], also where no name waits for a word; [`StoreError::Ambiguous`].
    pub async fn decide(
        &self,
        beginning: &str,
        is_meant: bool,
        now: DateTime<Utc>,
    ) -> Result<Change, StoreError> {
        ask!(self.decide(beginning, is_meant, now).await)
    }

    /// The changes that have a number in common with these: that have one of their own, or one that the others speak
    /// of, or speak of one of theirs. Of each number at most one more than [`crate::domain::event::MAX_OWNERS`], the
    /// newest.
    ///
    /// # Errors
    /// The store's error.
    pub async fn sharing(&self, numbers: Numbers) -> Result<Vec<Change>, StoreError> {
        ask!(self.sharing(numbers).await)
    }

    /// How a change is tied to others.
    ///
    /// # Errors
    /// The store's error.
    pub async fn ties(&self, change: &Change) -> Result<Vec<Tie>, StoreError> {
        if change.numbers.is_empty() {
            return Ok(Vec::new());
        }
        Ok(ties(change, &self.sharing(change.numbers.clone()).await?))
    }
}
