//! What people do on the pages to which their mails lead.
//!
//! To look changes nothing, whoever looks: scanners follow every link of a mail. To act twice is to act
//! once. A link that was made here always works; where its subscriber is gone, there is just nothing to
//! end any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use url::Url;

use super::{Inbox, IngestError, SubscriberLock};
use crate::clock::Clock;
use crate::domain::change::ChangeKind;
use crate::domain::email::EmailAddress;
use crate::domain::id::ChangeId;
use crate::domain::inbound::{ConfirmToken, Purpose, ReplyKind, Selection};
use crate::domain::keyed_link::{LinkKey, LinkPurpose, SubscriberKey, WebAddresses};
use crate::domain::subscription::{Preference, Subscriber};
use crate::domain::topic::Topic;
use crate::store::{Store, StoreError};

/// Takes wishes in from the web. One for the whole program.
#[derive(Debug)]
pub struct SubscriptionPages {
    store: Store,
    key: LinkKey,
    /// Knows what was asked, where there is a mailbox.
    inbox: Option<Arc<Inbox>>,
    turn: SubscriberLock,
    clock: Arc<dyn Clock>,
}

/// A question that somebody is about to answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingQuestion {
    /// What it is about.
    pub purpose: Purpose,
    /// Whether it still waits for its answer.
    pub is_open: bool,
    /// Whom it was asked, as they now stand.
    pub subscriber: Subscriber,
}

impl SubscriptionPages {
    /// Visits over the given parts; `turn` is that of whatever else changes subscribers.
    #[must_use]
    pub fn new(
        store: Store,
        key: LinkKey,
        inbox: Option<Arc<Inbox>>,
        turn: SubscriberLock,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { store, key, inbox, turn, clock }
    }

    /// Whose link it is; nothing for what was not made here for this purpose.
    #[must_use]
    pub fn open(&self, purpose: LinkPurpose, link: &str) -> Option<SubscriberKey> {
        self.key.open(purpose, link)
    }

    /// Whom the link of an alert was mailed to; `None` where it was not made here for this change.
    #[must_use]
    pub fn reader_of(&self, change: &ChangeId, seal: &str) -> Option<SubscriberKey> {
        self.key.open_change(change, seal).map(|link| link.reader)
    }

    /// Who may see a change by the link of an alert: whom it was mailed to, up to its last day and while they are
    /// subscribed to anything.
    ///
    /// # Errors
    /// The store's error.
    pub async fn open_change(&self, change: &ChangeId, seal: &str) -> Result<Option<Subscriber>, StoreError> {
        let Some(link) = self.key.open_change(change, seal) else { return Ok(None) };
        if self.clock.now().date_naive() > link.last_day {
            return Ok(None);
        }
        Ok(self.store.subscriber_by(&link.reader).await?.filter(Subscriber::is_active))
    }

    /// The question that a token answers; nothing where it is unknown or too old.
    ///
    /// # Errors
    /// The store's error.
    pub async fn question(&self, token: &ConfirmToken) -> Result<Option<PendingQuestion>, StoreError> {
        let Some(inbox) = &self.inbox else { return Ok(None) };
        let question = inbox.question(&token.hash()).await?;
        Ok(question.map(|(purpose, is_open, subscriber)| PendingQuestion { purpose, is_open, subscriber }))
    }

    /// Whether people can be asked for their consent at all.
    #[must_use]
    pub fn can_ask(&self) -> bool {
        self.inbox.is_some()
    }

    /// Asks an address whether it wants to follow a selection; whether the question left is told to nobody.
    ///
    /// # Errors
    /// A mail that could not be made, or the store's error; nothing was done.
    pub async fn sign_up(&self, address: &EmailAddress, selection: Selection) -> Result<(), IngestError> {
        if let Some(inbox) = &self.inbox {
            inbox.ask_to_follow_selection(address, selection).await?;
        }
        Ok(())
    }

    /// Asks whoever a link belongs to whether they want to follow one more topic. Their link may be in other hands
    /// by now: their mailbox is not.
    ///
    /// # Errors
    /// A mail that could not be made, or the store's error; nothing was done.
    pub async fn ask_for_more(&self, key: &SubscriberKey, topic: &Topic) -> Result<(), IngestError> {
        let Some(subscriber) = self.store.subscriber_by(key).await? else { return Ok(()) };
        match &self.inbox {
            Some(inbox) if subscriber.is_active() => {
                inbox.ask_to_follow(&subscriber.address, std::slice::from_ref(topic)).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// Answers it; gives what was done and the subscriber as they now stand.
    ///
    /// # Errors
    /// A mail that could not be made, or the store's error; nothing was done.
    pub async fn confirm(
        &self,
        token: &ConfirmToken,
    ) -> Result<Option<(ReplyKind, Subscriber)>, IngestError> {
        match &self.inbox {
            Some(inbox) => inbox.confirm(&token.hash()).await,
            None => Ok(None),
        }
    }

    /// Whose link it is, as they now stand.
    ///
    /// # Errors
    /// The store's error.
    pub async fn subscriber(&self, key: &SubscriberKey) -> Result<Option<Subscriber>, StoreError> {
        self.store.subscriber_by(key).await
    }

    /// Ends the subscription to one topic, or all. What is left of a question about it is asked again with the next
    /// round of mail.
    ///
    /// # Errors
    /// The store's error.
    pub async fn leave(&self, key: &SubscriberKey, topic: Option<&Topic>) -> Result<(), StoreError> {
        let _turn = self.turn.wait().await;
        let Some(subscriber) = self.store.subscriber_by(key).await? else { return Ok(()) };
        let ended = self.store.leave(&subscriber.address, topic, self.clock.now()).await?;
        tracing::info!(subscriptions = ended, "unsubscribed {} by a link", subscriber.address.redacted());
        Ok(())
    }

    /// Takes back what was left last, while that can be done; gives which topics are followed again.
    ///
    /// # Errors
    /// The store's error.
    pub async fn undo(&self, key: &SubscriberKey) -> Result<Vec<Topic>, StoreError> {
        let _turn = self.turn.wait().await;
        let Some(subscriber) = self.store.subscriber_by(key).await? else { return Ok(Vec::new()) };
        let back = self.store.undo_leaving(&subscriber.address, self.clock.now()).await?;
        tracing::info!(
            subscriptions = back.len(),
            "{} took unsubscribing back by a link",
            subscriber.address.redacted()
        );
        Ok(back)
    }

    /// Tells the time, for what a page says of a subscriber.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Whether a question was mailed that a token answers. Changes nothing.
    ///
    /// # Errors
    /// The store's error.
    pub async fn is_asked(&self, token: &ConfirmToken) -> Result<bool, StoreError> {
        Ok(self.store.asked(&token.hash()).await?.is_some())
    }

    /// Sends nothing from now on, up to a day where one is given, or again.
    ///
    /// # Errors
    /// The store's error.
    pub async fn pause(
        &self,
        key: &SubscriberKey,
        paused: bool,
        until: Option<NaiveDate>,
    ) -> Result<(), StoreError> {
        let _turn = self.turn.wait().await;
        let Some(subscriber) = self.store.subscriber_by(key).await? else { return Ok(()) };
        self.store.pause(&subscriber.address, paused, until, self.clock.now()).await?;
        Ok(())
    }

    /// Says which changes of what is followed are told from now on: these, or all where there are none.
    ///
    /// # Errors
    /// The store's error.
    pub async fn refine(
        &self,
        key: &SubscriberKey,
        topic: &Topic,
        kinds: BTreeSet<ChangeKind>,
    ) -> Result<(), StoreError> {
        let _turn = self.turn.wait().await;
        let Some(subscriber) = self.store.subscriber_by(key).await? else { return Ok(()) };
        self.store.refine(&subscriber.address, topic, kinds, self.clock.now()).await?;
        Ok(())
    }

    /// Where a reader sees a change, under the address of these pages.
    #[must_use]
    pub fn link_to(&self, change: &ChangeId, reader: &EmailAddress, base: &Url) -> String {
        WebAddresses::new(base, self.key).change(change, reader, self.clock.now())
    }

    /// Takes wishes about how mail comes.
    ///
    /// # Errors
    /// The store's error.
    pub async fn prefer(&self, key: &SubscriberKey, wishes: Vec<Preference>) -> Result<(), StoreError> {
        let _turn = self.turn.wait().await;
        let Some(subscriber) = self.store.subscriber_by(key).await? else { return Ok(()) };
        self.store.prefer(&subscriber.address, wishes, self.clock.now()).await?;
        Ok(())
    }
}
