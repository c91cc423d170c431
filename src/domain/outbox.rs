//! The life of one mail: queued → leased → sent | deferred | failed.
//!
//! Pure transitions; the store applies them in a transaction. The promise is
//! at-least-once: a mail whose fate is unknown is sent again under the same
//! Message-ID, later and counted.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::email::EmailAddress;
use super::id::{ChangeId, MailId};

/// Where a mail stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailState {
    /// Waiting for its first attempt.
    Queued,
    /// In the hands of a sender until its lease ends.
    Leased,
    /// Waiting for another attempt.
    Deferred,
    /// Accepted by the transport.
    Sent,
    /// Given up; kept for `outbox retry`.
    Failed,
}

impl std::fmt::Display for MailState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Queued => "queued",
            Self::Leased => "leased",
            Self::Deferred => "deferred",
            Self::Sent => "sent",
            Self::Failed => "failed",
        })
    }
}

/// One mail to one recipient. Its bytes are frozen beside it when it is queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// Identity and idempotency key: the same alerts for the same person give the same mail.
    pub id: MailId,
    /// The one recipient.
    pub recipient: EmailAddress,
    /// The subject, for lists.
    pub subject: String,
    /// The Message-ID without angle brackets, the same on every attempt.
    pub message_id: String,
    /// What it tells.
    pub changes: Vec<ChangeId>,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// Where it stands.
    pub state: MailState,
    /// When the next attempt is due, or the lease ends, or the end came.
    pub at: DateTime<Utc>,
    /// Attempts that reached the transport.
    pub attempts: u32,
    /// Attempts whose fate stayed unknown; each may have delivered a copy.
    pub in_doubt: u32,
    /// The transport's last word, where it was not yes.
    pub last_error: Option<String>,
}

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The transport took responsibility.
    Sent,
    /// Certainly not delivered; worth another try.
    Deferred {
        /// The transport's words.
        reason: String,
    },
    /// The connection was lost after the message was handed over: delivered or not, nobody knows.
    Unknown {
        /// What happened.
        reason: String,
    },
    /// Refused for good.
    Failed {
        /// The transport's words.
        reason: String,
    },
    /// The transport as a whole is unreachable: the mail is not to blame and no attempt is counted.
    ChannelDown {
        /// What happened.
        reason: String,
    },
}

/// Waiting times after the first, second, … failed attempt; the last one repeats.
const BACKOFF_MINUTES: [i64; 7] = [1, 5, 15, 30, 60, 120, 240];

/// A mail that could not be delivered for this long is given up (RFC 5321, 4.5.4.1).
const GIVE_UP_AFTER: Duration = Duration::days(5);

/// A mail in doubt waits at least this long, so that a delivered copy can be noticed.
const DOUBT_WAIT: Duration = Duration::minutes(15);

/// Between looks at an unreachable transport.
const CHANNEL_WAIT: Duration = Duration::minutes(1);

impl Mail {
    /// A mail that waits for its first attempt.
    #[must_use]
    pub fn queued(
        id: MailId,
        recipient: EmailAddress,
        subject: String,
        message_id: String,
        changes: Vec<ChangeId>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            recipient,
            subject,
            message_id,
            changes,
            queued_at: now,
            state: MailState::Queued,
            at: now,
            attempts: 0,
            in_doubt: 0,
            last_error: None,
        }
    }

    /// Whether an attempt is due.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state, MailState::Queued | MailState::Deferred) && self.at <= now
    }

    /// Whether nothing more will happen by itself.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        matches!(self.state, MailState::Sent | MailState::Failed)
    }

    /// Hands the mail to a sender.
    pub fn lease(&mut self, now: DateTime<Utc>, lasting: Duration) {
        self.state = MailState::Leased;
        self.at = now + lasting;
    }

    /// Takes the mail back from a sender that vanished. Delivery into a Maildir is
    /// idempotent, so there a copy cannot result and no waiting is needed.
    pub fn reclaim(&mut self, now: DateTime<Utc>, delivery_is_idempotent: bool) {
        self.state = MailState::Deferred;
        if delivery_is_idempotent {
            self.at = now;
        } else {
            self.in_doubt += 1;
            self.at = now + DOUBT_WAIT;
        }
        self.last_error = Some("the sender ended before it told the outcome".to_owned());
    }

    /// Notes how an attempt went. `jitter` in −1.0 ..= 1.0 spreads retries by a fifth.
    pub fn settle(&mut self, outcome: Outcome, now: DateTime<Utc>, jitter: f64) {
        let wait = self.backoff(jitter);
        let (wait, reason) = match outcome {
            Outcome::Sent => return self.finish(MailState::Sent, now, None),
            Outcome::Failed { reason } => return self.finish(MailState::Failed, now, Some(reason)),
            Outcome::ChannelDown { reason } => (CHANNEL_WAIT, reason),
            Outcome::Deferred { reason } => {
                self.attempts += 1;
                (wait, reason)
            }
            Outcome::Unknown { reason } => {
                self.attempts += 1;
                self.in_doubt += 1;
                (wait.max(DOUBT_WAIT), reason)
            }
        };
        if now - self.queued_at >= GIVE_UP_AFTER {
            self.state = MailState::Failed;
            self.at = now;
            self.last_error = Some(format!("given up after 5 days: {reason}"));
        } else {
            self.state = MailState::Deferred;
            self.at = now + wait;
            self.last_error = Some(reason);
        }
    }

    fn finish(&mut self, state: MailState, now: DateTime<Utc>, error: Option<String>) {
        self.attempts += 1;
        self.state = state;
        self.at = now;
        self.last_error = error;
    }

    /// Keeps back a mail that nobody has and that told what is not so.
    pub fn retract(&mut self, now: DateTime<Utc>) {
        self.state = MailState::Failed;
        self.at = now;
        self.last_error = Some("retracted before it was sent".to_owned());
    }

    /// Puts a mail that is not under way back to the head of the queue.
    ///
    /// Returns whether it was: a sent mail is never sent again, a leased one is in somebody's hands.
    pub fn retry(&mut self, now: DateTime<Utc>) -> bool {
        let may_retry = matches!(self.state, MailState::Failed | MailState::Deferred);
        if may_retry {
            self.state = MailState::Queued;
            self.at = now;
            self.queued_at = now;
        }
        may_retry
    }

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "minutes are far below 2^53"
    )]
    fn backoff(&self, jitter: f64) -> Duration {
        let step = usize::try_from(self.attempts).unwrap_or(usize::MAX).min(BACKOFF_MINUTES.len() - 1);
        let seconds = (BACKOFF_MINUTES[step] * 60) as f64;
        Duration::seconds((seconds * (1.0 + 0.2 * jitter.clamp(-1.0, 1.0))) as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mail() -> Mail {
        Mail {
            id: MailId::derive(&["a"]),
            recipient: "a@example.org".parse().unwrap(),
            subject: String::new(),
            message_id: "a@tracker.example".to_owned(),
            changes: Vec::new(),
            queued_at: DateTime::UNIX_EPOCH,
            state: MailState::Queued,
            at: DateTime::UNIX_EPOCH,
            attempts: 0,
            in_doubt: 0,
            last_error: None,
        }
    }

    fn deferred(reason: &str) -> Outcome {
        Outcome::Deferred { reason: reason.to_owned() }
    }

    #[test]
    fn waiting_times_grow_and_end_after_five_days() {
        let mut mail = mail();
        let mut now = DateTime::UNIX_EPOCH;
        let mut waits = Vec::new();
        while !mail.is_settled() {
            mail.lease(now, Duration::minutes(1));
            mail.settle(deferred("450 later"), now, 0.0);
            waits.push((mail.at - now).num_minutes());
            now = mail.at.max(now + Duration::seconds(1));
        }
        assert_eq!(waits[..8], [1, 5, 15, 30, 60, 120, 240, 240]);
        assert_eq!(mail.state, MailState::Failed);
        assert!(mail.last_error.unwrap().contains("given up after 5 days: 450 later"));
    }

    #[test]
    fn a_mail_in_doubt_is_counted_and_waits_a_quarter_of_an_hour() {
        let mut mail = mail();
        let now = DateTime::UNIX_EPOCH;
        mail.lease(now, Duration::minutes(1));
        mail.settle(Outcome::Unknown { reason: "connection lost".into() }, now, -1.0);
        assert_eq!((mail.in_doubt, mail.state), (1, MailState::Deferred));
        assert!(mail.at - now >= DOUBT_WAIT);
    }

    #[test]
    fn an_unreachable_transport_costs_no_attempt() {
        let mut mail = mail();
        mail.lease(DateTime::UNIX_EPOCH, Duration::minutes(1));
        mail.settle(Outcome::ChannelDown { reason: "refused".into() }, DateTime::UNIX_EPOCH, 0.0);
        assert_eq!((mail.attempts, mail.state), (0, MailState::Deferred));
    }

    #[test]
    fn a_reclaimed_mail_is_in_doubt_only_where_a_copy_could_result() {
        let mut idempotent = mail();
        idempotent.reclaim(DateTime::UNIX_EPOCH, true);
        assert!(idempotent.is_due(DateTime::UNIX_EPOCH));
        let mut doubtful = mail();
        doubtful.reclaim(DateTime::UNIX_EPOCH, false);
        assert!(!doubtful.is_due(DateTime::UNIX_EPOCH));
        assert_eq!(doubtful.in_doubt, 1);
    }

    #[test]
    fn a_sent_mail_is_never_sent_again() {
        let mut mail = mail();
        mail.settle(Outcome::Sent, DateTime::UNIX_EPOCH, 0.0);
        assert!(!mail.retry(DateTime::UNIX_EPOCH));
        assert_eq!(mail.state, MailState::Sent);
    }
}
