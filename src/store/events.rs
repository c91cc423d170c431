//! What the store keeps of events that several sources tell.

use std::collections::{BTreeMap, BTreeSet};

use super::sled::{events, found};
use super::{Store, StoreError};
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::event::{Numbers, Tie, ties};
use crate::domain::id::{ChangeId, CompanyId};

/// Of readers and changes, about which companies a mail told them that was sent.
pub type ToldOf = BTreeMap<(EmailAddress, ChangeId), BTreeSet<CompanyId>>;

impl Store {
    /// The changes that have a number in common with these: that have one of their own, or one that the others speak
    /// of, or speak of one of theirs. Of each number at most one more than [`crate::domain::event::MAX_OWNERS`], the
    /// newest.
    ///
    /// # Errors
    /// The store's error.
    pub async fn sharing(&self, numbers: Numbers) -> Result<Vec<Change>, StoreError> {
        self.sled.read(move |trees| found::sharing(trees, &numbers)).await
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

    /// What of these changes their readers were told, of those who want one mail for an event.
    ///
    /// # Errors
    /// The store's error.
    pub async fn told_of(&self, asked: Vec<(EmailAddress, ChangeId)>) -> Result<ToldOf, StoreError> {
        self.sled.read(move |trees| events::told_of(trees, asked)).await
    }

    /// What was set aside for readers because they were told of these changes, with the companies of which.
    ///
    /// # Errors
    /// The store's error.
    pub async fn set_aside(&self, told: Vec<(EmailAddress, ChangeId)>) -> Result<ToldOf, StoreError> {
        self.sled.read(move |trees| events::set_aside(trees, told)).await
    }
}
