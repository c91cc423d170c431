//! Webhooks, and what they are told.

use chrono::{DateTime, Utc};

use crate::domain::change::Change;
use crate::domain::outbox::QueuedMail;
use crate::domain::webhook::{Answered, Delivery, HookEvent, Webhook};
use crate::store::Store;
use crate::store::boundary::{DeliveryLease, HookSettled};
use crate::store::error::StoreError;
use crate::store::kept::ask;

/// Every function fails with the store's error; where somebody is looked for by the beginning of an id, also with
/// [`StoreError::NotFound`] and [`StoreError::Ambiguous`].
impl Store {
    /// Every webhook, in the order in which they were made.
    pub async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        ask!(self.webhooks().await)
    }

    /// The webhook whose id begins so.
    pub async fn find_webhook(&self, beginning: &str) -> Result<Webhook, StoreError> {
        ask!(self.find_webhook(beginning).await)
    }

    /// Keeps a webhook. What happened before is not told to it.
    pub async fn add_webhook(&self, hook: Webhook) -> Result<(), StoreError> {
        ask!(self.add_webhook(hook).await)
    }

    /// Forgets a webhook with all that was told to it.
    pub async fn remove_webhook(&self, beginning: &str) -> Result<Webhook, StoreError> {
        ask!(self.remove_webhook(beginning).await)
    }

    /// Stops telling a webhook, or begins again: what waits for it is then due.
    pub async fn pause_webhook(
        &self,
        beginning: &str,
        is_paused: bool,
        now: DateTime<Utc>,
    ) -> Result<Webhook, StoreError> {
        ask!(self.pause_webhook(beginning, is_paused, now).await)
    }

    /// The events that not every webhook has its delivery of, with their changes.
    pub async fn pending_hook_events(&self) -> Result<Vec<(HookEvent, Change)>, StoreError> {
        ask!(self.pending_hook_events().await)
    }

    /// Whether such an event waits.
    pub async fn has_pending_hook_events(&self) -> Result<bool, StoreError> {
        ask!(self.has_pending_hook_events().await)
    }

    /// Gives webhooks their deliveries of an event, which is then done with, both or neither. A delivery that is
    /// there already stays as it is; of a change that was taken back, what was not sent is not.
    pub async fn spread_hook_event(
        &self,
        event: HookEvent,
        deliveries: Vec<Delivery>,
    ) -> Result<(), StoreError> {
        ask!(self.spread_hook_event(event, deliveries).await)
    }

    /// Keeps a delivery that is none of an event: a test.
    pub async fn queue_delivery(&self, delivery: Delivery) -> Result<(), StoreError> {
        ask!(self.queue_delivery(delivery).await)
    }

    /// What is due for a webhook, the longest due first, at most `limit`.
    pub async fn deliveries_due(
        &self,
        hook: &str,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        ask!(self.deliveries_due(hook, now, limit).await)
    }

    /// When something is due for a webhook next.
    pub async fn next_delivery_due(&self, hook: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
        ask!(self.next_delivery_due(hook).await)
    }

    /// The delivery whose id begins so.
    pub async fn find_delivery(&self, beginning: &str) -> Result<Delivery, StoreError> {
        ask!(self.find_delivery(beginning).await)
    }

    /// What was told to a webhook or is to be, the newest first, at most `limit`.
    pub async fn delivery_log(&self, hook: &str, limit: usize) -> Result<Vec<Delivery>, StoreError> {
        ask!(self.delivery_log(hook, limit).await)
    }

    /// Leases a delivery that is sent now, so that it counts as possibly taken and nobody else begins with it; `None` if
    /// it is not due any more, or in another's hands. A lease ends by time.
    pub async fn begin_delivery(
        &self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<DeliveryLease>, StoreError> {
        ask!(self.begin_delivery(id, now).await)
    }

    /// Notes how an attempt went that began and ended then. Where its webhook is disabled by it, `farewell` goes into
    /// the outbox, both or neither. `None` if the webhook is not there any more, or the lease is not the present one.
    pub async fn settle_delivery(
        &self,
        lease: DeliveryLease,
        answered: Answered,
        times: (DateTime<Utc>, DateTime<Utc>),
        farewell: Option<QueuedMail>,
    ) -> Result<Option<HookSettled>, StoreError> {
        ask!(self.settle_delivery(lease, answered, times, farewell).await)
    }

    /// Makes every delivery due whose sender is gone with its process; returns how many.
    pub async fn reclaim_deliveries(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        ask!(self.reclaim_deliveries(now).await)
    }

    /// Has a delivery sent again under its own id, whatever became of it.
    pub async fn redeliver(&self, beginning: &str, now: DateTime<Utc>) -> Result<Delivery, StoreError> {
        ask!(self.redeliver(beginning, now).await)
    }
}
