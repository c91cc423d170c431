//! What else the store keeps of mail: ways out that are closed, what came back, and who is sent nothing.

use chrono::{DateTime, Utc};

use super::boundary::{CameBack, Deed, Lease, MailTrouble};
use super::sled::{breakers, outbox, suppression};
use super::{Store, StoreError};
use crate::domain::breaker::Breaker;
use crate::domain::email::EmailAddress;
use crate::domain::id::MailId;
use crate::domain::outbox::Mail;
use crate::domain::suppression::{Suppression, SuppressionReason};

impl Store {
    /// Does to a mail what an operator wishes; gives it as it now stands, and whether that could be done.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn handle_mail(
        &self,
        id: &MailId,
        deed: Deed,
        now: DateTime<Utc>,
    ) -> Result<(Mail, bool), StoreError> {
        let id = id.clone();
        self.sled.write(move |trees, writes| outbox::handle(trees, writes, &id, deed, now)).await
    }

    /// Takes leased mails back that nobody began with; those whose lease ended are left as they stand.
    ///
    /// # Errors
    /// The store's, as everywhere here.
    pub async fn give_back(&self, leases: Vec<Lease>, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.sled.write(move |trees, writes| outbox::give_back(trees, writes, &leases, now)).await
    }

    /// Every mail to an address, the newest first.
    ///
    /// # Errors
    /// The store's, as everywhere here.
    pub async fn mails_to(&self, address: &EmailAddress) -> Result<Vec<Mail>, StoreError> {
        let address = address.clone();
        self.sled.read(move |trees| outbox::to(trees, &address)).await
    }

    /// A mail's frozen bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::DamagedBody`].
    pub async fn message(&self, id: &MailId) -> Result<Vec<u8>, StoreError> {
        let id = id.clone();
        self.sled.read(move |trees| outbox::message(trees, &id)).await
    }

    /// How a channel that is out of reach stands; nothing for one that is in use.
    ///
    /// # Errors
    /// The store's.
    pub async fn breaker(&self, channel: &str) -> Result<Option<Breaker>, StoreError> {
        let channel = channel.to_owned();
        self.sled.read(move |trees| breakers::of(trees, &channel)).await
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
        let channel = channel.to_owned();
        self.sled
            .write(move |trees, writes| breakers::break_channel(trees, writes, &channel, reason, now))
            .await
    }

    /// Notes that a channel is in use again.
    ///
    /// # Errors
    /// The store's.
    pub async fn mend_channel(&self, channel: &str) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.sled.write(move |trees, writes| breakers::mend(trees, writes, |broken| broken == channel)).await
    }

    /// Forgets how all other channels stood: they are not in use any more.
    ///
    /// # Errors
    /// The store's.
    pub async fn use_channel(&self, channel: &str) -> Result<(), StoreError> {
        let channel = channel.to_owned();
        self.sled.write(move |trees, writes| breakers::mend(trees, writes, |broken| broken != channel)).await
    }

    /// Trouble with mail, at most `limit` mails of it.
    ///
    /// # Errors
    /// The store's.
    pub async fn mail_trouble(&self, limit: usize) -> Result<MailTrouble, StoreError> {
        self.sled.read(move |trees| breakers::trouble(trees, limit)).await
    }

    /// Keeps what a report says of a mail; gives the mail as it now stands, or nothing where there is
    /// no such mail.
    ///
    /// # Errors
    /// The store's.
    pub async fn came_back(&self, report: CameBack) -> Result<Option<Mail>, StoreError> {
        self.sled.write(move |trees, writes| suppression::came_back(trees, writes, &report)).await
    }

    /// Every address that nothing is sent to, the newest first.
    ///
    /// # Errors
    /// The store's.
    pub async fn suppressions(&self) -> Result<Vec<Suppression>, StoreError> {
        self.sled.read(suppression::list).await
    }

    /// Why an address is sent nothing, where it is so.
    ///
    /// # Errors
    /// The store's.
    pub async fn suppression(&self, address: &EmailAddress) -> Result<Option<Suppression>, StoreError> {
        let address = address.clone();
        self.sled.read(move |trees| suppression::get(trees, &address)).await
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
        let address = address.clone();
        self.sled
            .write(move |trees, writes| suppression::add(trees, writes, &address, reason, evidence, now))
            .await
    }

    /// Sends an address mail again; tells whether it was sent nothing.
    ///
    /// # Errors
    /// The store's.
    pub async fn unsuppress(&self, address: &EmailAddress) -> Result<bool, StoreError> {
        let address = address.clone();
        self.sled.write(move |trees, writes| suppression::remove(trees, writes, &address)).await
    }
}
