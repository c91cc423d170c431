//! Webhooks, and what they are told.

use chrono::{DateTime, Utc};

use crate::domain::change::Change;
use crate::domain::outbox::QueuedMail;
use crate::domain::webhook::{Answered, Delivery, HookEvent, Webhook};
use crate::store::boundary::{DeliveryLease, HookSettled};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::hooks;

impl Database {
    pub(in crate::store) async fn webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        self.read(hooks::all).await
    }

    pub(in crate::store) async fn find_webhook(&self, beginning: &str) -> Result<Webhook, StoreError> {
        let beginning = beginning.to_owned();
        self.read(move |trees| hooks::find(trees, &beginning)).await
    }

    pub(in crate::store) async fn add_webhook(&self, hook: Webhook) -> Result<(), StoreError> {
        self.write(move |trees, writes| hooks::put(trees, writes, &hook)).await
    }

    pub(in crate::store) async fn remove_webhook(&self, beginning: &str) -> Result<Webhook, StoreError> {
        let beginning = beginning.to_owned();
        self.write(move |trees, writes| hooks::remove(trees, writes, &beginning)).await
    }

    pub(in crate::store) async fn pause_webhook(
        &self,
        beginning: &str,
        is_paused: bool,
        now: DateTime<Utc>,
    ) -> Result<Webhook, StoreError> {
        let beginning = beginning.to_owned();
        self.write(move |trees, writes| hooks::pause(trees, writes, &beginning, is_paused, now)).await
    }

    pub(in crate::store) async fn pending_hook_events(&self) -> Result<Vec<(HookEvent, Change)>, StoreError> {
        self.read(hooks::pending).await
    }

    pub(in crate::store) async fn has_pending_hook_events(&self) -> Result<bool, StoreError> {
        self.read(hooks::has_pending).await
    }

    pub(in crate::store) async fn spread_hook_event(
        &self,
        event: HookEvent,
        deliveries: Vec<Delivery>,
    ) -> Result<(), StoreError> {
        self.write(move |trees, writes| hooks::spread(trees, writes, &event, &deliveries)).await
    }

    pub(in crate::store) async fn queue_delivery(&self, delivery: Delivery) -> Result<(), StoreError> {
        self.write(move |trees, writes| hooks::queue(trees, writes, &delivery)).await
    }

    pub(in crate::store) async fn deliveries_due(
        &self,
        hook: &str,
        now: DateTime<Utc>,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let hook = hook.to_owned();
        self.read(move |trees| hooks::due(trees, &hook, now, limit)).await
    }

    pub(in crate::store) async fn next_delivery_due(
        &self,
        hook: &str,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let hook = hook.to_owned();
        self.read(move |trees| hooks::next_due(trees, &hook)).await
    }

    pub(in crate::store) async fn find_delivery(&self, beginning: &str) -> Result<Delivery, StoreError> {
        let beginning = beginning.to_owned();
        self.read(move |trees| hooks::delivery(trees, &beginning)).await
    }

    pub(in crate::store) async fn delivery_log(
        &self,
        hook: &str,
        limit: usize,
    ) -> Result<Vec<Delivery>, StoreError> {
        let hook = hook.to_owned();
        self.read(move |trees| hooks::log(trees, &hook, limit)).await
    }

    pub(in crate::store) async fn begin_delivery(
        &self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<DeliveryLease>, StoreError> {
        let id = id.to_owned();
        self.write(move |trees, writes| hooks::begin(trees, writes, &id, now)).await
    }

    pub(in crate::store) async fn settle_delivery(
        &self,
        lease: DeliveryLease,
        answered: Answered,
        times: (DateTime<Utc>, DateTime<Utc>),
        farewell: Option<QueuedMail>,
    ) -> Result<Option<HookSettled>, StoreError> {
        self.write(move |trees, writes| {
            hooks::settle(trees, writes, &lease, &answered, times, farewell.clone())
        })
        .await
    }

    pub(in crate::store) async fn reclaim_deliveries(&self, now: DateTime<Utc>) -> Result<usize, StoreError> {
        self.write(move |trees, writes| hooks::reclaim(trees, writes, now)).await
    }

    pub(in crate::store) async fn redeliver(
        &self,
        beginning: &str,
        now: DateTime<Utc>,
    ) -> Result<Delivery, StoreError> {
        let beginning = beginning.to_owned();
        self.write(move |trees, writes| hooks::redeliver(trees, writes, &beginning, now)).await
    }
}
