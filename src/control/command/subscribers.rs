//! What an operator asks of subscribers.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::reply::{Subscribed, Wishes};
use crate::control::service::{CommandError, CommandService};
use crate::dispatch::BatchWindow;
use crate::domain::email::EmailAddress;
use crate::domain::subscription::{Imported, Preference, Subscriber};
use crate::domain::topic::Topic;
use crate::store::Erased;

/// What people wished for that waits: for their own word, or for somebody to track it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListWishes {}

impl Ask for ListWishes {
    type Reply = Wishes;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let (store, now) = (&service.0.store, service.0.clock.now());
        Ok(Wishes { asked: store.asked_to_follow(now).await?, untracked: store.wishes().await? })
    }
}

/// Subscribe somebody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Subscribe {
    /// Whom.
    pub address: EmailAddress,
    /// To what.
    #[serde(rename = "companies")]
    pub topics: Vec<Topic>,
    /// Whether the person's consent is there.
    pub confirmed: bool,
}

impl Ask for Subscribe {
    type Reply = Subscribed;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.subscribe(&self.address, &self.topics, self.confirmed).await
    }
}

/// Take over subscribers that were kept elsewhere, all or none.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ImportSubscribers {
    /// Whom, with what they follow and the record of their consent.
    pub subscribers: Vec<Subscriber>,
    /// Only tell what would become of it.
    pub dry_run: bool,
}

impl Ask for ImportSubscribers {
    type Reply = Imported;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.subscriptions.import(self.subscribers, self.dry_run).await?)
    }
}

/// Make the subscriptions of an address active that wait for it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConfirmSubscriber {
    /// Whose.
    pub address: EmailAddress,
}

impl Ask for ConfirmSubscriber {
    type Reply = Subscriber;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.subscriptions.confirm(&self.address).await?)
    }
}

/// Send an address nothing for a while, or again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PauseSubscriber {
    /// Whose.
    pub address: EmailAddress,
    /// Nothing, or again.
    pub paused: bool,
    /// The day on which mail comes again by itself.
    #[serde(default)]
    pub until: Option<NaiveDate>,
}

impl Ask for PauseSubscriber {
    type Reply = Subscriber;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let parts = &service.0;
        let subscriber = parts.subscriptions.pause(&self.address, self.paused, self.until).await?;
        // What a pause collected is told as soon as it is over.
        if !self.paused && service.composes() {
            parts.dispatcher.dispatch(BatchWindow::Group).await?;
            parts.deliverer.hand_in().await?;
        }
        Ok(subscriber)
    }
}

/// Send an address mail otherwise.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Prefer {
    /// Whose.
    pub address: EmailAddress,
    /// How.
    pub wishes: Vec<Preference>,
}

impl Ask for Prefer {
    type Reply = Subscriber;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.subscriptions.prefer(&self.address, self.wishes).await?)
    }
}

/// One who is or was subscribed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowSubscriber {
    /// Whose.
    pub address: EmailAddress,
}

impl Ask for ShowSubscriber {
    type Reply = Subscriber;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.subscriptions.show(&self.address).await?)
    }
}

/// Everyone who is or was subscribed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSubscribers {}

impl Ask for ListSubscribers {
    type Reply = Vec<Subscriber>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.subscriptions.list().await?)
    }
}

/// Forget a person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Erase {
    /// Whom.
    pub address: EmailAddress,
}

impl Ask for Erase {
    type Reply = Erased;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.subscriptions.erase(&self.address).await?)
    }
}

/// End subscriptions; answered with how many subscriptions ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unsubscribe {
    /// Whose.
    pub address: EmailAddress,
    /// Which; all where empty.
    #[serde(rename = "companies")]
    pub topics: Vec<Topic>,
}

impl Ask for Unsubscribe {
    type Reply = usize;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let parts = &service.0;
        let ended = parts.subscriptions.remove(&self.address, &self.topics).await?;
        if let Some(asker) = parts.asker.as_ref().filter(|_| service.composes()) {
            asker.answer_again().await?;
            parts.deliverer.hand_in().await?;
        }
        Ok(ended)
    }
}
