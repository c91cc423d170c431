//! What an operator asks of webhooks.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::control::ask::{Ask, Progress};
use crate::control::reply::{HookLog, NewWebhook};
use crate::control::service::{CommandError, Service};
use crate::domain::email::EmailAddress;
use crate::domain::spelling::did_you_mean;
use crate::domain::webhook::{
    Delivery, HookFilter, HookFormat, HookSecret, HookState, SECRET_BYTES, Webhook,
};

/// Have a receiver told of changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddWebhook {
    /// What its operator calls it.
    pub name: String,
    /// Where it is told.
    pub url: Url,
    /// In which form.
    pub format: HookFormat,
    /// Who is told when it is disabled.
    pub owner: EmailAddress,
    /// What it is told of.
    pub only: HookFilter,
}

impl Ask for AddWebhook {
    type Reply = NewWebhook;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        let Self { name, url, format, owner, only } = self;
        service.check_hook(&url, &only)?;
        let secret = HookSecret::of(&rand::random::<[u8; SECRET_BYTES]>());
        let hook = Webhook {
            id: Webhook::id_of(rand::random()),
            name,
            url,
            format,
            secret: secret.clone(),
            owner,
            only,
            created_at: service.0.clock.now(),
            state: HookState::Active,
            failing_since: None,
            breaker: None,
            reason: None,
        };
        service.0.store.add_webhook(hook.clone()).await?;
        Ok(NewWebhook { secret: secret.text(), hook })
    }
}

/// Every webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListWebhooks {}

impl Ask for ListWebhooks {
    type Reply = Vec<Webhook>;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.webhooks().await?)
    }
}

/// Send a webhook a test, now and whatever its state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestWebhook {
    /// Its id, or the beginning of it.
    pub id: String,
}

impl Ask for TestWebhook {
    type Reply = Delivery;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        let hook = service.0.store.find_webhook(&self.id).await?;
        let delivery = service.0.webhooks.queue_test(&hook).await?;
        Ok(service.0.webhooks.send_now(hook, delivery).await?)
    }
}

/// What was told to a webhook or is to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowHookLog {
    /// Its id, or the beginning of it.
    pub id: String,
    /// At most so many, the newest.
    pub limit: usize,
}

impl Ask for ShowHookLog {
    type Reply = HookLog;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        let hook = service.0.store.find_webhook(&self.id).await?;
        let deliveries = service.0.store.delivery_log(&hook.id, self.limit).await?;
        Ok(HookLog { hook, deliveries })
    }
}

/// Send a delivery again under its own id, whatever became of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Redeliver {
    /// The delivery's id, or the beginning of it.
    pub id: String,
}

impl Ask for Redeliver {
    type Reply = Delivery;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        let parts = &service.0;
        let delivery = parts.store.redeliver(&self.id, parts.clock.now()).await?;
        let hook = parts.store.find_webhook(&delivery.hook).await?;
        Ok(parts.webhooks.send_now(hook, delivery).await?)
    }
}

/// Tell a webhook nothing for a while, or again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PauseWebhook {
    /// Its id, or the beginning of it.
    pub id: String,
    /// Nothing, or again.
    pub paused: bool,
}

impl Ask for PauseWebhook {
    type Reply = Webhook;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        let parts = &service.0;
        let hook = parts.store.pause_webhook(&self.id, self.paused, parts.clock.now()).await?;
        if !self.paused {
            service.0.webhooks.hand_in().await?;
        }
        Ok(parts.store.find_webhook(&hook.id).await?)
    }
}

/// Forget a webhook with all that was told to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveWebhook {
    /// Its id, or the beginning of it.
    pub id: String,
}

impl Ask for RemoveWebhook {
    type Reply = Webhook;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.remove_webhook(&self.id).await?)
    }
}

impl Service {
    /// Whether a webhook may be told there, and whether what it is to be told of exists.
    fn check_hook(&self, url: &Url, only: &HookFilter) -> Result<(), CommandError> {
        let parts = &self.0;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(CommandError::NoReceiver(format!("found {url}, expected an http or https address")));
        }
        parts.webhooks.check(url).map_err(|error| CommandError::NoReceiver(error.to_string()))?;
        for id in &only.sources {
            self.source(id)?;
        }
        let watchlist = parts.webhooks.registry().current();
        for id in &only.companies {
            if watchlist.company(id).is_none() {
                let hint = did_you_mean(id.as_str(), watchlist.companies().map(|known| known.id.as_str()));
                return Err(CommandError::NoReceiver(format!("no company {id} is tracked{hint}")));
            }
        }
        let groups: Vec<&str> = parts
            .sources
            .iter()
            .flat_map(|source| source.catalogue.groups.iter().map(String::as_str))
            .collect();
        for group in &only.groups {
            if !groups.contains(&group.as_str()) {
                let hint = did_you_mean(group, groups.iter().copied());
                return Err(CommandError::NoReceiver(format!("no source is of the group {group:?}{hint}")));
            }
        }
        Ok(())
    }
}
