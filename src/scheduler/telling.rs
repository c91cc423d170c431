//! Making mails of alerts and of trouble, whenever there is something to do. Sending them is a task of its own
//! ([`Deliverer::run`]): what is found while much mail leaves is made into mails at once.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::deliver::Deliverer;
use crate::dispatch::{BatchWindow, Dispatcher};
use crate::domain::text::error_chain;
use crate::escalate::{Attended, Escalator};
use crate::store::Store;
use crate::subscribe::Inbox;
use crate::webhook::Webhooks;

/// Looks that often even if nobody wakes it: a signal can be lost, an alert must not be.
const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// The shortest wait, so that a mail that is due but cannot be leased does not make the loop spin.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The job of looking for trouble.
const INCIDENTS: &str = "incidents";

/// The job of composing answers again.
const ANSWERS: &str = "answers";

/// The daemon's mail room.
#[derive(Debug)]
pub struct MailLoop {
    /// Tells the operator of trouble.
    pub escalator: Arc<Escalator>,
    /// Makes mails of alerts.
    pub dispatcher: Arc<Dispatcher>,
    /// Composes answers again, where people can ask anything.
    pub asker: Option<Arc<Inbox>>,
    /// Sends them, and is woken.
    pub deliverer: Arc<Deliverer>,
    /// Tells webhooks, and is woken.
    pub webhooks: Arc<Webhooks>,
    /// Says what one worker does for all.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Wakes it.
    pub found: Arc<Notify>,
}

impl MailLoop {
    /// Runs until stopped; a round under way is finished first.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            // Whoever woke this may have put a mail into the outbox.
            self.deliverer.wake();
            self.webhooks.wake();
            self.round().await;
            self.deliverer.wake();
            let wait = self.wait().await;
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.found.notified() => {}
                () = stop.cancelled() => {}
            }
        }
    }

    async fn round(&self) {
        match self.store.claim_job(INCIDENTS).await {
            Ok(Some(_job)) => {
                if let Err(error) = self.escalator.escalate(Attended::No).await {
                    tracing::error!(error = error_chain(&error), "failed to compose mail to the operator");
                }
            }
            // Another worker looks just now.
            Ok(None) => {}
            Err(error) => {
                tracing::error!(error = error_chain(&error), "failed to look for trouble");
            }
        }
        if let Err(error) = self.dispatcher.dispatch(BatchWindow::Group).await {
            tracing::error!(error = error_chain(&error), "failed to compose mails of alerts");
        }
        if let Some(asker) = &self.asker
            && let Ok(Some(_job)) = self.store.claim_job(ANSWERS).await
            && let Err(error) = asker.answer_again().await
        {
            tracing::error!(error = error_chain(&error), "failed to compose answers again");
        }
    }

    async fn wait(&self) -> Duration {
        let now = self.clock.now();
        let alerts = self.dispatcher.next_due().await.ok().flatten();
        alerts
            .map_or(LONGEST_WAIT, |due| (due - now).to_std().unwrap_or_default())
            .clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }
}
