//! Telling webhooks.
//!
//! Takes no input but the store's state, as what tells by mail does. First every webhook that wants an event gets its
//! delivery, one event a step; then what is due is sent, webhook by webhook, all of them at the same time and each
//! its deliveries one after the other. That a sending begins is kept before it begins, what became of it after it
//! ended: a process killed between the two sends again, under the same id.
//!
//! Deliberately absent: when to try again and when to give up, which the domain says, and what is said, which
//! `render` does.

mod making;
mod telling;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration as StdDuration;

use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Clock;
use crate::domain::change::Change;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::domain::webhook::{Delivery, DeliveryState, EventKind, HookEvent, HookState, Webhook};
use crate::fetch::Fetcher;
use crate::mail::DraftError;
use crate::registry::Registry;
use crate::settings::MailSettings;
use crate::store::{Store, StoreError};

pub use making::{MakingError, WantedWebhook};

/// Something waits no longer than this without being looked at: the clock may have been set.
const LONGEST_WAIT: StdDuration = StdDuration::from_secs(30);

/// Between two rounds lies at least this.
const SHORTEST_WAIT: StdDuration = StdDuration::from_millis(100);

/// So long another worker is waited for that is to send a delivery.
const PATIENCE: StdDuration = StdDuration::from_secs(5);

/// Webhooks that are told at the same time.
const AT_ONCE: usize = 16;

/// Deliveries of one webhook that are looked up at once.
const PAGE: usize = 50;

/// What [`Webhooks`] works with.
#[derive(Debug)]
pub struct WebhooksParts {
    /// Keeps webhooks and what is for them.
    pub store: Store,
    /// Sends, only where pages may be read as well.
    pub fetcher: Arc<Fetcher>,
    /// Knows what readers call companies.
    pub registry: Registry,
    /// Knows to which groups a source belongs.
    pub sources: Arc<[Arc<Source>]>,
    /// In whose name owners are told.
    pub mail: MailSettings,
    /// Under which address pages stand, where there are any.
    pub base_url: Option<Url>,
    /// Keys Message-IDs, so that they cannot be guessed.
    pub instance_key: [u8; 32],
    /// Whether this process delivers. If not, what is due is left to the workers that do.
    pub sends: bool,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Tells webhooks. One for the whole program.
#[derive(Debug)]
pub struct Webhooks {
    parts: WebhooksParts,
    groups: BTreeMap<SourceId, Vec<String>>,
    woken: Notify,
    /// Whether the loop tells what is due.
    is_running: AtomicBool,
    turn: tokio::sync::Mutex<()>,
}

/// Why webhooks could not be told. What waits stays.
#[derive(Debug, thiserror::Error)]
pub enum WebhookError {
    /// The mail to an owner could not be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Webhooks {
    /// Tells webhooks by the given parts.
    #[must_use]
    pub fn new(parts: WebhooksParts) -> Self {
        let groups = parts.sources.iter().map(|source| (source.id.clone(), source.catalogue.groups.clone()));
        let groups = groups.collect();
        let (woken, is_running, turn) =
            (Notify::new(), AtomicBool::new(false), tokio::sync::Mutex::default());
        Self { parts, groups, woken, is_running, turn }
    }

    /// Wakes the loop: something may be due.
    pub fn wake(&self) {
        self.woken.notify_one();
    }

    /// Makes the deliveries due again that a process was sending when it ended.
    ///
    /// # Errors
    /// The store's error.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let reclaimed = self.parts.store.reclaim_deliveries(self.parts.clock.now()).await?;
        if reclaimed > 0 {
            tracing::warn!(
                deliveries = reclaimed,
                "took back {reclaimed} deliveries that an ended process was sending"
            );
        }
        Ok(())
    }

    /// Tells webhooks whenever something is due, until stopped. What is under way comes to its end.
    pub async fn run(&self, stop: CancellationToken) {
        self.is_running.store(true, Ordering::SeqCst);
        while !stop.is_cancelled() {
            if let Err(error) = self.deliver_due(&stop).await {
                tracing::error!(error = error_chain(&error), "failed to deliver to webhooks");
            }
            let wait = self.wait().await;
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.woken.notified() => {}
                () = stop.cancelled() => {}
            }
        }
        self.is_running.store(false, Ordering::SeqCst);
    }

    /// Has what is due told: by the loop where one runs, else by this call, if this process delivers at all.
    ///
    /// # Errors
    /// As [`Self::deliver_due`].
    pub async fn hand_in(&self) -> Result<(), WebhookError> {
        if !self.parts.sends {
            return Ok(());
        }
        if self.is_running.load(Ordering::SeqCst) {
            self.wake();
            return Ok(());
        }
        self.deliver_due(&CancellationToken::new()).await
    }

    /// Tells webhooks what is due now.
    ///
    /// # Errors
    /// The store's error; what was kept before it stays so.
    pub async fn deliver_due(&self, stop: &CancellationToken) -> Result<(), WebhookError> {
        let _turn = self.turn.lock().await;
        self.spread().await?;
        let now = self.parts.clock.now();
        let mut hooks = self.parts.store.webhooks().await?;
        hooks.retain(|hook| hook.may_be_told(now));
        while !hooks.is_empty() {
            let rest = hooks.split_off(hooks.len().min(AT_ONCE));
            let mut failure = None;
            let mut telling = JoinSet::new();
            for hook in std::mem::replace(&mut hooks, rest) {
                let (teller, stop) = (self.teller(), stop.clone());
                telling.spawn(async move { teller.tell(hook, &stop).await });
            }
            while let Some(told) = telling.join_next().await {
                match told {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => failure = Some(error),
                    Err(panic) => {
                        tracing::error!(error = error_chain(&panic), "a delivery to a webhook panicked");
                    }
                }
            }
            if let Some(error) = failure {
                return Err(error);
            }
        }
        Ok(())
    }

    /// Puts a test in the way of a webhook; gives its delivery.
    ///
    /// # Errors
    /// The store's error.
    pub async fn queue_test(&self, hook: &Webhook) -> Result<Delivery, StoreError> {
        let delivery = Delivery::test(hook, rand::random(), self.parts.clock.now());
        self.parts.store.queue_delivery(delivery.clone()).await?;
        Ok(delivery)
    }

    /// Sends one delivery now, whatever its webhook's state, and tells how it then stands. If other workers deliver, one
    /// of them is waited for, for a while; it tells nothing to a webhook that is paused.
    ///
    /// # Errors
    /// The store's error.
    pub async fn send_now(&self, hook: Webhook, delivery: Delivery) -> Result<Delivery, WebhookError> {
        let id = delivery.id.clone();
        if self.parts.sends {
            // If the loop has it in hands already, the loop sends it.
            self.teller().send(&hook, delivery).await?;
            return Ok(self.parts.store.find_delivery(&id).await?);
        }
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let delivery = self.parts.store.find_delivery(&id).await?;
            if delivery.state != DeliveryState::Queued || tokio::time::Instant::now() > end {
                return Ok(delivery);
            }
            tokio::time::sleep(SHORTEST_WAIT).await;
        }
    }

    /// Gives every webhook its delivery of every event that it wants.
    async fn spread(&self) -> Result<(), StoreError> {
        let store = &self.parts.store;
        while store.has_pending_hook_events().await? {
            let (events, hooks) = (store.pending_hook_events().await?, store.webhooks().await?);
            if events.is_empty() {
                // What nobody can read is nobody's to tell; it is shown, and stays.
                return Ok(());
            }
            for (event, change) in events {
                let deliveries = self.deliveries(&event, &change, &hooks);
                store.spread_hook_event(event, deliveries).await?;
            }
        }
        Ok(())
    }

    fn deliveries(&self, event: &HookEvent, change: &Change, hooks: &[Webhook]) -> Vec<Delivery> {
        // What was taken back before anybody was told is told to nobody.
        if change.retracted_at.is_some() && event.kind != EventKind::Retracted {
            return Vec::new();
        }
        let groups = self.groups.get(&change.source).map_or(&[][..], Vec::as_slice);
        let now = self.parts.clock.now();
        let is_told = |hook: &&Webhook| {
            // Whoever is told otherwise is found by what they were told.
            let wants =
                event.kind == EventKind::Retracted || hook.only.admits(change, &event.companies, groups);
            wants && hook.created_at <= event.at
        };
        hooks.iter().filter(is_told).map(|hook| Delivery::of(event, hook, now)).collect()
    }

    /// When something is due next.
    async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (store, now) = (&self.parts.store, self.parts.clock.now());
        let mut next: Option<DateTime<Utc>> = None;
        for hook in store.webhooks().await?.iter().filter(|hook| hook.state == HookState::Active) {
            let Some(due) = store.next_delivery_due(&hook.id).await? else { continue };
            let due = due.max(hook.told_again_at(now).unwrap_or(due));
            next = Some(next.map_or(due, |next| next.min(due)));
        }
        Ok(next)
    }

    async fn wait(&self) -> StdDuration {
        let now = self.parts.clock.now();
        let due = self.next_due().await.ok().flatten();
        let wait = due.map_or(LONGEST_WAIT, |due| (due - now).to_std().unwrap_or_default());
        wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }

    fn name_of(registry: &Registry, company: &CompanyId) -> (String, String) {
        (company.to_string(), crate::render::line(registry.current().short_name(company)))
    }
}
