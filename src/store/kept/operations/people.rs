//! Subscribers: who is told of what, and how.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::change::ChangeKind;
use crate::domain::email::EmailAddress;
use crate::domain::keyed_link::SubscriberKey;
use crate::domain::subscription::{Imported, Preference, Subscriber};
use crate::domain::topic::Topic;
use crate::store::boundary::{Erased, Readers};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::{erasure, subscribers};

impl Database {
    pub(in crate::store) async fn subscribers(&self) -> Result<Vec<Subscriber>, StoreError> {
        self.read(subscribers::all).await
    }

    pub(in crate::store) async fn subscribers_after(
        &self,
        address: Option<EmailAddress>,
        limit: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        self.read(move |trees| subscribers::after(trees, address.as_ref(), limit)).await
    }

    pub(in crate::store) async fn subscriber(
        &self,
        address: &EmailAddress,
    ) -> Result<Option<Subscriber>, StoreError> {
        let address = address.clone();
        self.read(move |trees| subscribers::get(trees, &address)).await
    }

    pub(in crate::store) async fn subscriber_by(
        &self,
        key: &SubscriberKey,
    ) -> Result<Option<Subscriber>, StoreError> {
        let key = key.clone();
        self.read(move |trees| subscribers::by_key(trees, &key)).await
    }

    pub(in crate::store) async fn readers_of(
        &self,
        topics: Vec<Topic>,
        after: Option<EmailAddress>,
        limit: usize,
    ) -> Result<Readers, StoreError> {
        self.read(move |trees| subscribers::of_topics(trees, &topics, after.as_ref(), limit)).await
    }

    pub(in crate::store) async fn follow(
        &self,
        address: &EmailAddress,
        topics: &[Topic],
        confirmed: bool,
        channel: &str,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        let (address, topics, channel) = (address.clone(), topics.to_vec(), channel.to_owned());
        self.write(move |trees, writes| {
            subscribers::follow(trees, writes, &address, &topics, confirmed, &channel, now)
        })
        .await
    }

    pub(in crate::store) async fn confirm(
        &self,
        address: &EmailAddress,
        channel: &str,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let (address, channel) = (address.clone(), channel.to_owned());
        self.write(move |trees, writes| subscribers::confirm(trees, writes, &address, &channel, now)).await
    }

    pub(in crate::store) async fn prefer(
        &self,
        address: &EmailAddress,
        wishes: Vec<Preference>,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        let address = address.clone();
        self.write(move |trees, writes| subscribers::prefer(trees, writes, &address, &wishes, now)).await
    }

    pub(in crate::store) async fn refine(
        &self,
        address: &EmailAddress,
        topic: &Topic,
        kinds: BTreeSet<ChangeKind>,
        now: DateTime<Utc>,
    ) -> Result<Subscriber, StoreError> {
        let (address, topic) = (address.clone(), topic.clone());
        self.write(move |trees, writes| subscribers::refine(trees, writes, &address, &topic, &kinds, now))
            .await
    }

    pub(in crate::store) async fn pause(
        &self,
        address: &EmailAddress,
        is_paused: bool,
        until: Option<NaiveDate>,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let address = address.clone();
        self.write(move |trees, writes| subscribers::pause(trees, writes, &address, is_paused, until, now))
            .await
    }

    pub(in crate::store) async fn leave(
        &self,
        address: &EmailAddress,
        topic: Option<&Topic>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let (address, topic) = (address.clone(), topic.cloned());
        self.write(move |trees, writes| subscribers::leave(trees, writes, &address, topic.as_ref(), now))
            .await
    }

    pub(in crate::store) async fn undo_leaving(
        &self,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Vec<Topic>, StoreError> {
        let address = address.clone();
        self.write(move |trees, writes| subscribers::undo_leaving(trees, writes, &address, now)).await
    }

    pub(in crate::store) async fn import(
        &self,
        incoming: Vec<Subscriber>,
        dry_run: bool,
    ) -> Result<Imported, StoreError> {
        if dry_run {
            return self.read(move |trees| subscribers::try_import(trees, &incoming)).await;
        }
        self.write(move |trees, writes| subscribers::import(trees, writes, &incoming)).await
    }

    pub(in crate::store) async fn erase(
        &self,
        address: &EmailAddress,
        now: DateTime<Utc>,
    ) -> Result<Erased, StoreError> {
        let address = address.clone();
        self.write(move |trees, writes| erasure::erase(trees, writes, &address, now)).await
    }
}
