//! What an operator asks of webhooks.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::reply::{HookLog, NewWebhook};
use crate::control::service::{CommandError, CommandService};
use crate::domain::email::EmailAddress;
use crate::domain::webhook::{Delivery, HookFilter, HookFormat, Webhook};
use crate::webhook::WantedWebhook;

/// Have a receiver told of changes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddWebhook {
    /// What its operator calls it; its host where nothing is said.
    pub name: Option<String>,
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

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let Self { name, url, format, owner, only } = self;
        let wanted = WantedWebhook { name, url, format, owner, only };
        let hook = service.0.webhooks.add(wanted).await?;
        Ok(NewWebhook { secret: hook.secret.text(), hook })
    }
}

/// Every webhook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListWebhooks {}

impl Ask for ListWebhooks {
    type Reply = Vec<Webhook>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
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

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
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

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
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

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
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

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
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

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.remove_webhook(&self.id).await?)
    }
}
