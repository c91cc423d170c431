//! Taking and ending subscriptions.
//!
//! People subscribe by mail ([`Inbox`]) or the operator subscribes them; what was asked for takes
//! effect only once it is confirmed, by mail or on the page to which the question leads ([`SubscriptionPages`]).
//! Whatever else will take wishes in ends here too.

mod inbox;
mod subscription_pages;

pub use inbox::{Inbox, InboxParts, IngestError, Ingested};
pub use subscription_pages::{PendingQuestion, SubscriptionPages};

use std::sync::Arc;

use chrono::NaiveDate;

use crate::clock::Clock;
use crate::domain::email::EmailAddress;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::matching::Watchlist;
use crate::domain::spelling::did_you_mean;
use crate::domain::subscription::{Imported, Preference, Subscriber};
use crate::domain::topic::Topic;
use crate::registry::Registry;
use crate::store::{Erased, Store, StoreError};

/// The channel under which an operator's word is noted in the record of consent.
const OPERATOR: &str = "operator";

/// The right to change subscribers. To look at one and to keep what becomes of them is one step:
/// otherwise a confirmation that comes by mail could undo an end that was asked for on the web.
#[derive(Debug, Clone, Default)]
pub struct SubscriberLock(Arc<tokio::sync::Mutex<()>>);

impl SubscriberLock {
    async fn wait(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.0.lock().await
    }
}

/// Takes and ends subscriptions.
#[derive(Debug)]
pub struct Subscriptions {
    store: Store,
    registry: Registry,
    turn: SubscriberLock,
    clock: Arc<dyn Clock>,
}

/// Why a subscription was not taken or ended.
#[derive(Debug, thiserror::Error)]
pub enum SubscribeError {
    /// Nobody tracks such a company.
    #[error("no company {id}{hint}; `regwatch company list` shows the tracked ones")]
    UnknownCompany {
        /// The id.
        id: CompanyId,
        /// What was likely meant.
        hint: String,
    },
    /// No such source is watched.
    #[error("no source {id}{hint}; `regwatch source list` shows the watched ones")]
    UnknownSource {
        /// The id.
        id: SourceId,
        /// What was likely meant.
        hint: String,
    },
    /// Nobody by this address.
    #[error("{0} has no subscription to end")]
    NotSubscribed(EmailAddress),
    /// Nobody by this address.
    #[error("no subscriber {0}")]
    Unknown(EmailAddress),
    /// Nothing of this address waits to be confirmed.
    #[error("{0} has no pending subscription")]
    NothingToConfirm(EmailAddress),
    /// A pause ends on a later day.
    #[error("{0} is not in the future for the subscriber; expected a later day")]
    NotToCome(NaiveDate),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn unknown(topic: &Topic, watchlist: &Watchlist) -> SubscribeError {
    match topic {
        Topic::Source(id) => {
            let hint = did_you_mean(id.as_str(), watchlist.sources().keys().map(SourceId::as_str));
            SubscribeError::UnknownSource { id: id.clone(), hint }
        }
        Topic::Company(id) => {
            let known = watchlist.companies().map(|company| company.id.as_str());
            SubscribeError::UnknownCompany { id: id.clone(), hint: did_you_mean(id.as_str(), known) }
        }
    }
}

impl Subscriptions {
    /// Subscriptions to the companies of a registry.
    #[must_use]
    pub fn new(store: Store, registry: Registry, turn: SubscriberLock, clock: Arc<dyn Clock>) -> Self {
        Self { store, registry, turn, clock }
    }

    /// Notes that an address wants to hear about topics. `confirmed` says that the operator has
    /// the person's consent; without it nothing is sent.
    ///
    /// # Errors
    /// A topic that cannot be followed, before anything is noted; or the store's error.
    pub async fn add(
        &self,
        address: &EmailAddress,
        topics: &[Topic],
        confirmed: bool,
    ) -> Result<Subscriber, SubscribeError> {
        let watchlist = self.registry.current();
        if let Some(missing) = topics.iter().find(|topic| !watchlist.can_be_followed(topic)) {
            return Err(unknown(missing, &watchlist));
        }
        let _turn = self.turn.wait().await;
        Ok(self.store.follow(address, topics, confirmed, OPERATOR, self.clock.now()).await?)
    }

    /// Takes over subscribers that were kept elsewhere, all or none; a dry run only tells what would
    /// become of what they follow.
    ///
    /// # Errors
    /// A topic that cannot be followed; or the store's error.
    pub async fn import(&self, incoming: Vec<Subscriber>, dry_run: bool) -> Result<Imported, SubscribeError> {
        let watchlist = self.registry.current();
        let mut followed = incoming.iter().flat_map(|subscriber| &subscriber.subscriptions);
        if let Some(missing) = followed.find(|known| !watchlist.can_be_followed(&known.topic)) {
            return Err(unknown(&missing.topic, &watchlist));
        }
        let _turn = self.turn.wait().await;
        Ok(self.store.import(incoming, dry_run).await?)
    }

    /// Forgets a person at their wish: subscriptions, consent, questions and mails. Kept is a keyed hash,
    /// by which they are not written to again unless they confirm anew.
    ///
    /// # Errors
    /// An address that nothing is known of; a mail that is just being sent; or the store's error.
    pub async fn erase(&self, address: &EmailAddress) -> Result<Erased, SubscribeError> {
        let _turn = self.turn.wait().await;
        let erased = self.store.erase(address, self.clock.now()).await?;
        if erased == Erased::default() {
            return Err(SubscribeError::Unknown(address.clone()));
        }
        tracing::info!(
            subscriptions = erased.subscriptions,
            mails = erased.mails,
            "erased {}",
            address.redacted()
        );
        Ok(erased)
    }

    /// Ends an address's subscriptions to the given topics, or to all; tells how many were ended.
    ///
    /// # Errors
    /// An address that follows none of them; or the store's error.
    pub async fn remove(&self, address: &EmailAddress, topics: &[Topic]) -> Result<usize, SubscribeError> {
        let _turn = self.turn.wait().await;
        let mut ended = 0;
        let now = self.clock.now();
        if topics.is_empty() {
            ended += self.store.leave(address, None, now).await?;
        }
        for topic in topics {
            ended += self.store.leave(address, Some(topic), now).await?;
        }
        if ended == 0 {
            return Err(SubscribeError::NotSubscribed(address.clone()));
        }
        Ok(ended)
    }

    /// Makes the subscriptions of an address active that wait for it: the operator has the person's
    /// consent. Gives the subscriber as they now stand.
    ///
    /// # Errors
    /// An address with nothing to confirm; or the store's error.
    pub async fn confirm(&self, address: &EmailAddress) -> Result<Subscriber, SubscribeError> {
        let _turn = self.turn.wait().await;
        if self.store.confirm(address, OPERATOR, self.clock.now()).await? == 0 {
            return Err(SubscribeError::NothingToConfirm(address.clone()));
        }
        self.show(address).await
    }

    /// Sends an address nothing from now on, up to a day where one is given, or again. Gives the subscriber as
    /// they now stand.
    ///
    /// # Errors
    /// An address nobody knows, a day that has come; or the store's error.
    pub async fn pause(
        &self,
        address: &EmailAddress,
        paused: bool,
        until: Option<NaiveDate>,
    ) -> Result<Subscriber, SubscribeError> {
        let _turn = self.turn.wait().await;
        let (now, known) = (self.clock.now(), self.show(address).await?);
        let is_to_come = |day: &NaiveDate| known.preferences.begin_of(*day).is_some_and(|begin| begin > now);
        if let Some(day) = until.filter(|day| !is_to_come(day)) {
            return Err(SubscribeError::NotToCome(day));
        }
        self.store.pause(address, paused, until, now).await?;
        self.show(address).await
    }

    /// Sends an address mail otherwise. Gives the subscriber as they now stand.
    ///
    /// # Errors
    /// An address nobody knows; or the store's error.
    pub async fn prefer(
        &self,
        address: &EmailAddress,
        wishes: Vec<Preference>,
    ) -> Result<Subscriber, SubscribeError> {
        let _turn = self.turn.wait().await;
        Ok(self.store.prefer(address, wishes, self.clock.now()).await?)
    }

    /// One who is or was subscribed.
    ///
    /// # Errors
    /// An address nobody knows; or the store's error.
    pub async fn show(&self, address: &EmailAddress) -> Result<Subscriber, SubscribeError> {
        self.store.subscriber(address).await?.ok_or_else(|| SubscribeError::Unknown(address.clone()))
    }

    /// Everyone who is or was subscribed.
    ///
    /// # Errors
    /// The store's error.
    pub async fn list(&self) -> Result<Vec<Subscriber>, StoreError> {
        self.store.subscribers().await
    }
}
