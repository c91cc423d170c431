//! Through an SMTP relay (RFC 5321): one recipient a message, connections kept for the next.
//!
//! A session layer of its own over lettre's connection. lettre's pool is not used: it takes a
//! connection back whose answers are out of step after a send was broken off, and the next
//! mail then reads its predecessor's answer. Here a connection is out of the pool while it is
//! in use and goes back only after a complete, understood exchange; whatever else happens,
//! dropping the future included, it is closed.

mod relay;
mod reply;
mod session;
mod wire;

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::Address;
use tokio::time::Instant;

use self::relay::Relay;
use self::reply::DeliveryFault;
use self::session::RelaySession;
use super::MailError;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Mail, Outcome};
use crate::settings::SmtpSettings;

/// How long each phase may take; the defaults are the least that RFC 5321, 4.5.3.2 asks of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeouts {
    /// For the TCP and TLS handshakes, each.
    pub connect: Duration,
    /// For the greeting and the answer to EHLO together, and for the log-in.
    pub greeting: Duration,
    /// For the answers to MAIL, RCPT and RSET.
    pub command: Duration,
    /// For the answer to DATA.
    pub data: Duration,
    /// For handing the message over, up to the final dot.
    pub message: Duration,
    /// For the answer to the final dot. Giving up earlier makes duplicates (RFC 1047).
    pub final_dot: Duration,
    /// A connection that rested longer is not used again: relays close them without a word.
    pub idle: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        let minutes = |count: u64| Duration::from_secs(60 * count);
        Self {
            connect: Duration::from_secs(30),
            greeting: minutes(5),
            command: minutes(5),
            data: minutes(2),
            message: minutes(3),
            final_dot: minutes(10),
            idle: Duration::from_secs(20),
        }
    }
}

/// An SMTP relay and the connections to it that rest.
pub struct Smtp {
    relay: Relay,
    timeouts: Timeouts,
    resting: Mutex<Vec<Resting>>,
}

/// A connection in step, with nothing under way.
struct Resting {
    session: RelaySession,
    since: Instant,
}

impl Smtp {
    /// Prepares a relay; nothing is contacted.
    ///
    /// # Errors
    /// TLS that cannot be prepared.
    pub fn open(settings: &SmtpSettings, timeouts: Timeouts) -> Result<Self, MailError> {
        Ok(Self { relay: Relay::new(settings)?, timeouts, resting: Mutex::default() })
    }

    /// The relay: its host and port.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.relay.name
    }

    /// The longest that a delivery can take.
    #[must_use]
    pub fn longest_attempt(&self) -> Duration {
        let Timeouts { connect, greeting, command, data, message, final_dot, .. } = self.timeouts;
        // Sender, recipient and DATA at once on a connection that had died and on a new one; on another new
        // one they go one by one, with RSET and an answer that is owed. Each new one: name, TCP, TLS;
        // greeting, EHLO after STARTTLS, EHLO for what is offered, log-in.
        connect * 6 + greeting * 8 + command * 7 + data * 4 + message + final_dot
    }

    pub(super) async fn deliver(
        &self,
        mail: &Mail,
        from: &EmailAddress,
        bytes: &[u8],
        may_begin: impl Future<Output = bool> + Send,
    ) -> Option<Outcome> {
        let envelope = match (address(from), address(&mail.recipient)) {
            (Ok(from), Ok(to)) => Envelope { from, to },
            (Err(reason), _) | (_, Err(reason)) => return Some(Outcome::Failed { reason }),
        };
        match self.attempt(&envelope, bytes, may_begin).await {
            Ok(reply) => reply.map(|reply| Outcome::Sent { reply: Some(reply) }),
            Err(fault) => Some(fault.into_outcome(&self.relay.name)),
        }
    }

    async fn attempt(
        &self,
        envelope: &Envelope,
        bytes: &[u8],
        may_begin: impl Future<Output = bool> + Send,
    ) -> Result<Option<String>, DeliveryFault> {
        let mut session = self.begun(envelope).await?;
        let handed_over = match session.prepare(envelope, &self.timeouts).await {
            // The relay waits for the message: only the end of the connection takes that back, and what has no
            // end is not delivered (RFC 5321, 4.1.1.4).
            Ok(()) if !may_begin.await => return Ok(None),
            Ok(()) => session.message(bytes, &self.timeouts).await,
            Err(fault) => Err(fault),
        };
        match handed_over {
            Ok(reply) => {
                self.rest(session);
                Ok(Some(reply))
            }
            Err(fault) => {
                if fault.leaves_in_step() && session.reset(&self.timeouts).await.is_ok() {
                    self.rest(session);
                }
                Err(fault)
            }
        }
    }

    /// A session in which the relay has accepted the sender. One that rested may have died
    /// meanwhile, which shows here at the latest, before anything was handed over: then a new
    /// one is made.
    async fn begun(&self, envelope: &Envelope) -> Result<RelaySession, DeliveryFault> {
        if let Some(mut session) = self.take_resting()
            && session.begin(envelope, &self.timeouts).await.is_ok()
        {
            return Ok(session);
        }
        let mut session = RelaySession::connect(&self.relay, &self.timeouts).await?;
        match session.begin(envelope, &self.timeouts).await {
            // Of three commands at once it may have choked on any: one by one shows on which.
            Err(fault) if session.sends_ahead() && !fault.is_answer() => {
                session = RelaySession::connect(&self.relay, &self.timeouts).await?.one_by_one();
                session.begin(envelope, &self.timeouts).await?;
            }
            begun => begun?,
        }
        Ok(session)
    }

    fn take_resting(&self) -> Option<RelaySession> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|rested| rested.since.elapsed() < self.timeouts.idle);
        resting.pop().map(|rested| rested.session)
    }

    fn rest(&self, session: RelaySession) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        // Never more than there were deliveries at once: each takes the last one that rests.
        resting.push(Resting { session, since: Instant::now() });
    }

    /// Says QUIT on every resting connection, briefly: nothing depends on the answer.
    pub(super) async fn close(&self) {
        let resting = std::mem::take(&mut *self.resting.lock().unwrap_or_else(PoisonError::into_inner));
        for rested in resting {
            rested.session.quit().await;
        }
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("relay", &self.relay.name)
            .field("timeouts", &self.timeouts)
            .finish_non_exhaustive()
    }
}

/// From whom and to whom.
struct Envelope {
    from: Address,
    to: Address,
}

fn address(address: &EmailAddress) -> Result<Address, String> {
    address
        .as_str()
        .parse()
        .map_err(|error| format!("the address {} cannot go into an envelope: {error}", address.redacted()))
}
