//! Telling one webhook: its deliveries one after the other, until one does not arrive.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{PAGE, WebhookError, Webhooks};
use crate::clock::Clock;
use crate::domain::change::Change;
use crate::domain::id::MailId;
use crate::domain::outbox::{Basis, QueuedMail};
use crate::domain::text::{one_line, shorten};
use crate::domain::webhook::{Answered, Delivery, DeliveryState, HookState, Webhook};
use crate::fetch::{FetchError, Fetcher, Posted};
use crate::mail::{Draft, MailPurpose};
use crate::registry::Registry;
use crate::render::{HookMessage, hook_disabled, page_of};
use crate::settings::MailSettings;
use crate::store::{DeliveryLease, Store, StoreError};

/// Of what a receiver says as much is kept.
const MAX_SAID_CHARS: usize = 200;

/// What one webhook is told with.
#[derive(Debug, Clone)]
pub(super) struct Teller {
    store: Store,
    fetcher: Arc<Fetcher>,
    registry: Registry,
    mail: Arc<MailSettings>,
    base_url: Option<Url>,
    instance_key: [u8; 32],
    clock: Arc<dyn Clock>,
}

impl Webhooks {
    pub(super) fn teller(&self) -> Teller {
        let parts = &self.parts;
        Teller {
            store: parts.store.clone(),
            fetcher: Arc::clone(&parts.fetcher),
            registry: parts.registry.clone(),
            mail: Arc::new(parts.mail.clone()),
            base_url: parts.base_url.clone(),
            instance_key: parts.instance_key,
            clock: Arc::clone(&parts.clock),
        }
    }
}

impl Teller {
    /// Tells a webhook what is due for it. One that is out of reach is left alone; what it refuses keeps nobody from
    /// the next.
    pub(super) async fn tell(&self, hook: Webhook, stop: &CancellationToken) -> Result<(), WebhookError> {
        let mut hook = hook;
        loop {
            let due = self.store.deliveries_due(&hook.id, self.clock.now(), PAGE).await?;
            if due.is_empty() {
                return Ok(());
            }
            for delivery in due {
                if stop.is_cancelled() || !hook.may_be_told(self.clock.now()) {
                    return Ok(());
                }
                match self.send(&hook, delivery).await? {
                    Some(after) => hook = after,
                    None => return Ok(()),
                }
            }
        }
    }

    /// Sends one delivery; gives the webhook as it then stands, nothing where it is not there any more.
    pub(super) async fn send(
        &self,
        hook: &Webhook,
        delivery: Delivery,
    ) -> Result<Option<Webhook>, WebhookError> {
        let began = self.clock.now();
        let Some(lease) = self.store.begin_delivery(&delivery.id, began).await? else {
            return Ok(Some(hook.clone()));
        };
        let body = match self.body(hook, &delivery).await? {
            Ok(body) => body,
            // What nobody can read any more cannot be told.
            Err(reason) => {
                return self.settle(hook, lease, Answered::Refused { reason, status: 0 }, began).await;
            }
        };
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", delivery.id.clone()),
            ("webhook-timestamp", began.timestamp().to_string()),
            ("webhook-signature", hook.secret.sign(&delivery.id, began, &body)),
        ];
        let posted = self.fetcher.post(&hook.url, &headers, body.into(), began).await;
        self.settle(hook, lease, answered(posted, self.clock.now()), began).await
    }

    /// What is sent; a reason where it cannot be said any more.
    async fn body(&self, hook: &Webhook, delivery: &Delivery) -> Result<Result<Vec<u8>, String>, StoreError> {
        let change: Option<Change> = match &delivery.change {
            None => None,
            Some(id) => match self.store.find_change(id.as_str()).await {
                Ok(change) => Some(change),
                Err(error) if error.is_of_record() || matches!(error, StoreError::NotFound { .. }) => {
                    return Ok(Err(format!("the change is no longer readable: {error}")));
                }
                Err(error) => return Err(error),
            },
        };
        let message = HookMessage {
            kind: delivery.kind,
            companies: delivery
                .companies
                .iter()
                .map(|company| Webhooks::name_of(&self.registry, company))
                .collect(),
            happened_at: delivery.happened_at,
            page: change.as_ref().zip(self.base_url.as_ref()).map(|(change, base)| page_of(base, &change.id)),
            change: change.as_ref(),
            service: self.mail.from.organisation(),
        };
        Ok(Ok(message.body(hook.format)))
    }

    async fn settle(
        &self,
        hook: &Webhook,
        lease: DeliveryLease,
        answered: Answered,
        began: DateTime<Utc>,
    ) -> Result<Option<Webhook>, WebhookError> {
        let now = self.clock.now();
        let farewell = self.farewell(hook, &answered, now)?;
        let settled = self.store.settle_delivery(lease, answered.clone(), (began, now), farewell).await?;
        let Some(settled) = settled else { return Ok(None) };
        let (hook_id, id, tried) = (&settled.hook.id, &settled.delivery.id, settled.delivery.tried);
        match settled.delivery.state {
            DeliveryState::Delivered => {
                tracing::info!(
                    hook.id = hook_id,
                    delivery.id = id,
                    tried,
                    "delivered {id} to webhook {hook_id}"
                );
            }
            DeliveryState::Failed => {
                tracing::error!(hook.id = hook_id, delivery.id = id, tried, reason = %answered, "failed to deliver {id} to webhook {hook_id}");
            }
            _ => {
                tracing::warn!(hook.id = hook_id, delivery.id = id, tried, reason = %answered, next = %settled.delivery.at, "delivery {id} to webhook {hook_id} waits");
            }
        }
        if settled.is_disabled {
            tracing::error!(hook.id = hook_id, reason = %answered, "disabled webhook {hook_id}");
        }
        Ok(Some(settled.hook))
    }

    /// The mail to the owner, where the webhook is about to be disabled.
    fn farewell(
        &self,
        hook: &Webhook,
        answered: &Answered,
        now: DateTime<Utc>,
    ) -> Result<Option<QueuedMail>, WebhookError> {
        let mut after = hook.clone();
        if hook.state != HookState::Active || !after.note(answered, now) {
            return Ok(None);
        }
        let reason = after.reason.unwrap_or_default();
        let rendered = hook_disabled(hook, &reason, self.mail.from.organisation())
            .map_err(crate::mail::DraftError::Render)?;
        let draft = Draft {
            id: MailId::derive(&[&hook.id, "disabled", &now.to_rfc3339()]),
            to: &hook.owner,
            rendered,
            changes: Vec::new(),
            thread: None,
            list: None,
            occasion: MailPurpose::Incident,
            basis: Basis::None,
            is_urgent: true,
            at: now,
        };
        Ok(Some(draft.queued(&self.mail, &self.instance_key)?))
    }
}

/// What an answer means: a receiver that is overburdened, gone or not there is left alone; one that does not want
/// this one is asked for the next.
fn answered(posted: Result<Posted, FetchError>, now: DateTime<Utc>) -> Answered {
    let Posted { status, said, retry_after } = match posted {
        Ok(posted) => posted,
        Err(error) => {
            let reason = crate::domain::text::error_chain(&error);
            return Answered::Unreachable { reason, status: None, retry_at: None };
        }
    };
    let said = shorten(&one_line(&said), MAX_SAID_CHARS);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let reason = format!("answered {status}{said}");
    match status {
        200..=299 => Answered::Taken { status },
        410 => Answered::Gone { reason },
        // Whoever is not let in, or leads elsewhere, is misconfigured for all that is for them.
        300..=399 | 401..=404 | 408 | 425 | 429 | 500.. => {
            let retry_at = retry_after.map(|wait| now + delta(wait));
            Answered::Unreachable { reason, status: Some(status), retry_at }
        }
        _ => Answered::Refused { reason, status },
    }
}

fn delta(wait: Duration) -> TimeDelta {
    TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1))
}
