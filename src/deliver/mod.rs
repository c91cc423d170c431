//! Sending what lies in the outbox.
//!
//! Takes no input but the store's state: leases what is due, hands it to the
//! transport, notes how it went, mail by mail. Kill it anywhere: a lease that
//! nobody settles comes back.

use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Mail, MailState, Outcome};
use crate::domain::text::error_chain;
use crate::mail::Transport;
use crate::store::{LeasedMail, Store, StoreError};

/// A lease outlasts the longest attempt by this, so that no mail is in two hands.
const LEASE_MARGIN: Duration = Duration::minutes(5);

/// Sends what is due. One for the whole program.
#[derive(Debug)]
pub struct Deliverer {
    store: Store,
    transport: Arc<Transport>,
    from: EmailAddress,
    clock: Arc<dyn Clock>,
    concurrency: usize,
    turn: tokio::sync::Mutex<()>,
}

/// How a round of deliveries went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Mails the transport took.
    pub sent: usize,
    /// Mails that wait for another attempt.
    pub deferred: usize,
    /// Mails given up.
    pub failed: usize,
}

impl Deliverer {
    /// A deliverer that sends `concurrency` mails at once, with `from` as the envelope's sender.
    #[must_use]
    pub fn new(
        store: Store,
        transport: Arc<Transport>,
        from: EmailAddress,
        clock: Arc<dyn Clock>,
        concurrency: usize,
    ) -> Self {
        Self {
            store,
            transport,
            from,
            clock,
            concurrency: concurrency.max(1),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Takes back what an earlier process had in its hands when it ended. Call once, before the
    /// first round: this process owns the store, so nobody else can be sending.
    ///
    /// # Errors
    /// The store's error.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        let reclaimed = self.store.reclaim_leases(self.clock.now(), self.transport.is_idempotent()).await?;
        if reclaimed > 0 {
            tracing::warn!(
                mails = reclaimed,
                "took back mails whose sender ended before it told the outcome"
            );
        }
        Ok(reclaimed)
    }

    /// When the next mail falls due.
    ///
    /// # Errors
    /// The store's error.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.store.next_mail_due().await
    }

    /// Sends everything that is due, until nothing is or the transport is out of reach.
    ///
    /// # Errors
    /// The store's error; what was settled before it stays so.
    pub async fn deliver_due(&self) -> Result<Delivered, StoreError> {
        let _turn = self.turn.lock().await;
        let mut delivered = Delivered::default();
        loop {
            let leased = self.store.lease_due(self.clock.now(), self.concurrency, self.lease()).await?;
            if leased.is_empty() || !self.send(leased, &mut delivered).await? {
                return Ok(delivered);
            }
        }
    }

    fn lease(&self) -> Duration {
        Duration::from_std(self.transport.longest_attempt()).unwrap_or(Duration::days(1)) + LEASE_MARGIN
    }

    /// Sends one batch; tells whether the transport is worth another.
    async fn send(&self, leased: Vec<LeasedMail>, delivered: &mut Delivered) -> Result<bool, StoreError> {
        let mut attempts = JoinSet::new();
        for LeasedMail { mail, bytes } in leased {
            let (transport, from) = (Arc::clone(&self.transport), self.from.clone());
            attempts.spawn(async move {
                let outcome = transport.deliver(&mail, &from, &bytes).await;
                (mail, outcome)
            });
        }
        let mut is_reachable = true;
        while let Some(attempt) = attempts.join_next().await {
            match attempt {
                Ok((mail, outcome)) => {
                    is_reachable &= !matches!(outcome, Outcome::ChannelDown { .. });
                    let mail = self.settle(&mail, outcome).await?;
                    delivered.count(mail.state);
                }
                // Its lease ends by itself; the mail is not lost.
                Err(panic) => tracing::error!(error = error_chain(&panic), "a delivery ended abruptly"),
            }
        }
        Ok(is_reachable)
    }

    async fn settle(&self, mail: &Mail, outcome: Outcome) -> Result<Mail, StoreError> {
        let jitter = rand::random_range(-1.0..=1.0);
        let mail = self.store.settle(&mail.id, outcome, self.clock.now(), jitter).await?;
        let (id, to, attempts) = (&mail.id, mail.recipient.redacted(), mail.attempts);
        let reason = mail.last_error.as_deref();
        match mail.state {
            MailState::Sent => tracing::info!(mail.id = %id, mail.to = to, attempts, "mail sent"),
            MailState::Failed => {
                tracing::error!(mail.id = %id, mail.to = to, attempts, reason, "mail given up");
            }
            _ => {
                tracing::warn!(mail.id = %id, mail.to = to, attempts, reason, next = %mail.at, "mail deferred");
            }
        }
        Ok(mail)
    }
}

impl Delivered {
    fn count(&mut self, state: MailState) {
        match state {
            MailState::Sent => self.sent += 1,
            MailState::Failed => self.failed += 1,
            MailState::Queued | MailState::Leased | MailState::Deferred => self.deferred += 1,
        }
    }
}
