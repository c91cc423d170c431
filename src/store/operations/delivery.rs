//! Ways out that are closed, mail that came back, and who is sent nothing.

use chrono::{DateTime, Utc};

use crate::domain::breaker::Breaker;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::Mail;
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::store::Store;
use crate::store::boundary::{BounceCommit, MailTrouble};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// How a channel that is out of reach stands; nothing for one that is in use.
    ///
    /// # Errors
    /// The store's.
    pub async fn breaker(&self, channel: &str) -> Result<Option<Breaker>, StoreError> {
        ask!(self.breaker(channel).await)
    }

    /// Notes that a channel was found out of reach; gives how it now stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn break_channel(
        &self,
        channel: &str,
        reason: String,
        now: DateTime<Utc>,
    ) -> Result<Breaker, StoreError> {
        ask!(self.break_channel(channel, reason, now).await)
    }

    /// Notes that a channel is in use again.
    ///
    /// # Errors
    /// The store's.
    pub async fn mend_channel(&self, channel: &str) -> Result<(), StoreError> {
        ask!(self.mend_channel(channel).await)
    }

    /// Forgets how all other channels stood: they are not in use any more.
    ///
    /// # Errors
    /// The store's.
    pub async fn use_channel(&self, channel: &str) -> Result<(), StoreError> {
        ask!(self.use_channel(channel).await)
    }

    /// Trouble with mail, at most `limit` mails of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn mail_trouble(&self, limit: usize) -> Result<MailTrouble, StoreError> {
        ask!(self.mail_trouble(limit).await)
    }

    /// Keeps what a report says of a mail; gives the mail as it now stands, or nothing where there is
    /// no such mail.
    ///
    /// # Errors
    /// The store's.
    pub async fn came_back(&self, report: BounceCommit) -> Result<Option<Mail>, StoreError> {
        ask!(self.came_back(report).await)
    }

    /// Every address that nothing is sent to, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn suppressions(&self) -> Result<Vec<Suppression>, StoreError> {
        ask!(self.suppressions().await)
    }

    /// Why an address is sent nothing, where it is so.
    ///
    /// # Errors
    /// The store's.
    pub async fn suppression(&self, address: &EmailAddress) -> Result<Option<Suppression>, StoreError> {
        ask!(self.suppression(address).await)
    }

    /// Sends an address nothing from now on; gives how it now stands. A stronger reason that is known
    /// already stays.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] before [`Self::instance_key`] was asked for the first time.
    pub async fn suppress(
        &self,
        address: &EmailAddress,
        reason: SuppressionReason,
        evidence: String,
        now: DateTime<Utc>,
    ) -> Result<Suppression, StoreError> {
        ask!(self.suppress(address, reason, evidence, now).await)
    }

    /// Sends an address mail again; tells whether it was sent nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn unsuppress(&self, address: &EmailAddress) -> Result<bool, StoreError> {
        ask!(self.unsuppress(address).await)
    }
}
