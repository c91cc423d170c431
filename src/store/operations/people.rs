//! Subscribers: who is told of what, and how.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::change::ChangeKind;
use crate::domain::email::EmailAddress;
use crate::domain::keyed_link::SubscriberKey;
use crate::domain::subscription::{Imported, Preference, Subscriber};
use crate::domain::topic::Topic;
use crate::store::Store;
use crate::store::boundary::{Erased, Readers};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Everyone who is or was subscribed, in the order of their addresses.
    pub async fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError> {
        ask!(self.subscribers().await)
    }

    /// The next of them after an address, or the first, at most `limit`.
    pub async fn subscribers_after(
        &self,
        address: Option<EmailAddress>,
        limit: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        ask!(self.subscribers_after(address, limit).await)
    }

    /// Somebody who is or was subscribed.
    pub async fn subscriber(&self, address: &EmailAddress) -> Result<Option<Subscriber>, StoreError> {
        ask!(self.subscriber(address).await)
    }

    /// The same by the key that stands in their links. Nobody is found before [`Self::instance_key`] was
    /// asked for the first time.
    pub async fn subscriber_by(&self, key: &SubscriberKey) -> Result<Option<Subscriber>, StoreError> {
        ask!(self.subscriber_by(key).await)
    }

    /// The next readers who may be told of one of these topics, in the order of their addresses, after one of them
    /// or from the first, at most `limit`.
    pub async fn readers_of(
        &self,
        topics: Vec<Topic>,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Result<Readers, StoreError> {
        ask!(self.readers_of(topics, after, limit).await)
    }

    /// Notes a wish to follow topics, as [`Subscriber::follow`] says.
    pub async fn follow(
        &self,
        address: &EmailAddress,
        topics: &[Topic],
        confirmed: bool,
        channel: &str,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        ask!(self.follow(address, topics, confirmed, channel, now).await)
    }

    /// Makes every subscription of an address that waits for it active; tells how many.
    pub async fn confirm(
        &self,
        address: &EmailAddress,
        channel: &str,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        ask!(self.confirm(address, channel, now).await)
    }

    /// Notes wishes about how mail comes; gives the subscriber as they now stand.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn prefer(
        &self,
        address: &EmailAddress,
        wishes: Vec<Preference>,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        ask!(self.prefer(address, wishes, now).await)
    }

    /// Says which changes of what somebody follows are told from now on, as [`Subscriber::refine`] says; gives the
    /// subscriber as they now stand.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn refine(
        &self,
        address: &EmailAddress,
        topic: &Topic,
        kinds: BTreeSet<ChangeKind>,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        ask!(self.refine(address, topic, kinds, now).await)
    }

    /// Sends an address nothing from now on, up to a day where one is given, or again; gives since when it was
    /// paused before.
    pub async fn pause(
        &self,
        address: &EmailAddress,
        is_paused: bool,
        until: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        ask!(self.pause(address, is_paused, until, now).await)
    }

    /// Ends the subscription to one topic, or all; tells how many were ended.
    pub async fn leave(
        &self,
        address: &EmailAddress,
        topic: Option<&Topic>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        ask!(self.leave(address, topic, now).await)
    }

    /// Takes back what an address left last, while it can; gives which topics it follows again.
    pub async fn undo_leaving(
        &self,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Vec<Topic>, StoreError> {
        ask!(self.undo_leaving(address, now).await)
    }

    /// Takes over subscribers that were kept elsewhere, all or none; tells what became of what they
    /// follow. A dry run only tells.
    pub async fn import(&self, incoming: Vec<Subscriber>, dry_run: bool) -> Result<Imported, StoreError> {
        ask!(self.import(incoming, dry_run).await)
    }

    /// Forgets a person: everything that names them, but for a keyed hash by which they are not written to
    /// again. The bytes of their mails go with it.
    pub async fn erase(&self, address: &EmailAddress, now: DateTime<Utc>) -> Result<Erased, StoreError> {
        ask!(self.erase(address, now).await)
    }
}
