//! The life of one mail: held → queued → leased → sent | deferred | failed | suppressed | expired | dead
//! | unsubscribed | replaced.
//!
//! Pure transitions; the store applies them in a transaction. The promise is
//! at-least-once: a mail whose fate is unknown is sent again under the same
//! Message-ID, later and counted, or waits for a person's word where that is wished.
//! A mail is in doubt only from the moment its sending began: one that was handed to a sender who did not
//! begin with it goes back as it was.
//! Nothing is deleted: a mail that was given up says why, and can be taken up again.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::alert::AlertItem;
use super::email::EmailAddress;
use super::id::{ChangeId, MailId, ScreeningId};
use super::inbound::TokenHash;
use super::mail_kind::MailKind;
use super::moment;
use super::topic::Topic;

mod outcome;

pub use outcome::{Doubt, Outcome};

/// Where a mail stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum MailState {
    /// Waiting for an operator's word.
    Held,
    /// Waiting for its first attempt.
    Queued,
    /// In the hands of a sender until its lease ends.
    Leased,
    /// Waiting for another attempt.
    Deferred,
    /// Accepted by the transport.
    Sent,
    /// Refused for good, or come back; kept for `outbox retry`.
    Failed,
    /// Not sent, because nothing is sent to its recipient any more.
    Suppressed,
    /// Given up after days in which nobody took it.
    Expired,
    /// Given up for a fault on this side, or dropped by an operator.
    Dead,
    /// Not sent, because its recipient did not want it any more.
    Unsubscribed,
    /// Not sent; what of it is still wanted is told by another mail.
    Replaced,
}

/// Something that happened to a mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailEvent {
    /// When.
    pub at: DateTime<Utc>,
    /// How the mail stood afterwards.
    pub state: MailState,
    /// What was said: the transport's words, its answer to a mail it took among them, or the operator's deed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// What a transport says that puts mails into a folder of this machine, before the folder's name: nobody was sent
/// anything.
pub const STORED: &str = "stored in the Maildir";

impl MailEvent {
    /// How the mail stood, as people are told.
    #[must_use]
    pub fn standing(&self) -> String {
        let is_stored = self.state == MailState::Sent
            && self.words.as_ref().is_some_and(|words| words.starts_with(STORED));
        if is_stored { STORED.to_owned() } else { self.state.to_string() }
    }
}

/// By what right a mail is sent, which may end before it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "basis", rename_all = "kebab-case")]
pub enum Basis {
    /// Nothing that could end: it answers somebody, goes to an operator, or is a test. Also of mails that a
    /// program queued which did not note it.
    #[default]
    None,
    /// Its recipient follows the topics of these alerts.
    Alerts {
        /// The alerts.
        items: Vec<AlertItem>,
    },
    /// Its recipient wants silence to be attested.
    Attestation {
        /// From when on; older programs did not note it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<DateTime<Utc>>,
        /// The topics that it names; none where an older program composed it.
        #[serde(rename = "companies", default, skip_serializing_if = "Vec::is_empty")]
        topics: Vec<Topic>,
    },
    /// Its recipient was told otherwise, and still follows one of these topics; any where none is named.
    Retraction {
        /// The topics.
        #[serde(rename = "companies")]
        topics: Vec<Topic>,
    },
    /// Its recipient begins to follow these topics.
    Welcome {
        /// The topics.
        #[serde(rename = "companies")]
        topics: Vec<Topic>,
    },
    /// Its recipient asked what they follow, which were these topics.
    List {
        /// The topics.
        #[serde(rename = "companies")]
        topics: Vec<Topic>,
    },
    /// Its recipient owns this standing list of suppliers.
    Screening {
        /// The list.
        list: ScreeningId,
    },
    /// The question that this token answers stands open.
    Question {
        /// The token.
        token: TokenHash,
    },
}

impl Basis {
    /// Whether what it tells is composed from how its recipient's subscriptions stand, and can be again.
    #[must_use]
    pub fn is_of_subscriptions(&self) -> bool {
        matches!(self, Self::Welcome { .. } | Self::List { .. })
    }

    fn is_none(&self) -> bool {
        *self == Self::None
    }
}

/// Of what happened, the last so many steps are kept.
const MAX_STEPS: usize = 40;

/// One mail to one recipient. Its bytes are frozen beside it when it is queued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and stands so in records")]
pub struct Mail {
    /// Identity and idempotency key: the same alerts for the same person give the same mail.
    pub id: MailId,
    /// The one recipient.
    pub recipient: EmailAddress,
    /// The subject, for lists.
    pub subject: String,
    /// What sort of mail it is; older programs did not note it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<MailKind>,
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
    /// Since when a transport that can be reached does not take it; its days are counted from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_since: Option<DateTime<Utc>>,
    /// Whether it goes out although mail to its recipient came back: what somebody asked for by
    /// writing to us, and what an operator must hear.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub despite_bounces: bool,
    /// Whether it was given up and somebody must know: its recipient was not told what it tells, for
    /// another reason than that there is no such mailbox. An operator's deed ends it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_undelivered: bool,
    /// What happened to it, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub history: Vec<MailEvent>,
    /// The conversation it belongs to, for whatever follows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thread: Option<Thread>,
    /// By what right it is sent.
    #[serde(default, skip_serializing_if = "Basis::is_none")]
    pub basis: Basis,
    /// Whether it goes before those that wait already: what an operator is told, an answer, a deadline.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_urgent: bool,
    /// Of a leased mail: whether its sender has not begun to hand it over. One that an older program
    /// leased may have been begun.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_ahead: bool,
}

/// A conversation, as mail programs show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// The Message-ID, without angle brackets, of a message that never was: all of the conversation refer
    /// to it.
    pub id: String,
    /// What all of it is about; the same whatever the subjects say.
    pub topic: String,
}

/// A mail on its way into the outbox, its bytes frozen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueuedMail {
    /// The mail.
    pub mail: Mail,
    /// The message as it goes over the wire (RFC 5322, CRLF).
    pub bytes: Vec<u8>,
}

impl QueuedMail {
    /// The mail as one that goes out although others to its recipient came back: who writes to us is
    /// answered, and an operator is told of trouble.
    #[must_use]
    pub fn despite_bounces(mut self) -> Self {
        self.mail.despite_bounces = true;
        self
    }
}

/// Waiting times after the first, second, … failed attempt; the last one repeats.
const BACKOFF_MINUTES: [i64; 7] = [1, 5, 15, 30, 60, 120, 240];

/// A mail that could not be delivered for this long is given up (RFC 5321, 4.5.4.1).
const GIVE_UP_AFTER: Duration = Duration::days(5);

/// A mail in doubt waits at least this long, so that a delivered copy can be noticed.
const DOUBT_WAIT: Duration = Duration::minutes(15);

/// Whether a mailbox that is said not to be there is there all the same is asked no earlier than this.
const SECOND_WORD_WAIT: Duration = Duration::hours(1);

/// No lease lasts longer.
const LONGEST_LEASE: Duration = Duration::days(1);

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
            kind: None,
            message_id,
            changes,
            queued_at: now,
            state: MailState::Queued,
            at: now,
            attempts: 0,
            in_doubt: 0,
            last_error: None,
            refused_since: None,
            despite_bounces: false,
            is_undelivered: false,
            history: Vec::new(),
            thread: None,
            basis: Basis::None,
            is_urgent: false,
            is_ahead: false,
        }
    }

    /// How it stands, as people are told: what lies in a folder of this machine was not sent.
    #[must_use]
    pub fn standing(&self) -> String {
        let ended = self.history.iter().rev().find(|step| step.state == self.state && step.at == self.at);
        ended.map_or_else(|| self.state.to_string(), MailEvent::standing)
    }

    /// Whether an attempt is due.
    #[must_use]
    pub fn is_due(&self, now: DateTime<Utc>) -> bool {
        matches!(self.state, MailState::Queued | MailState::Deferred) && self.at <= now
    }

    /// Whether nothing more will happen by itself and nobody is asked anything.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        !self.is_under_way() && self.state != MailState::Held
    }

    /// Whether it is waiting for a moment: the next attempt, or the end of a lease.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, MailState::Queued | MailState::Leased | MailState::Deferred)
    }

    /// Hands the mail to a sender.
    pub fn lease(&mut self, now: DateTime<Utc>, lasting: Duration) {
        self.state = MailState::Leased;
        self.at = now + lasting;
        self.is_ahead = true;
    }

    /// Notes that its sender hands it over now: from here on nobody knows its fate who does not hear of it.
    /// Tells whether it was in a sender's hands and not begun.
    pub fn begin(&mut self) -> bool {
        self.state == MailState::Leased && std::mem::take(&mut self.is_ahead)
    }

    /// Once the clock was found to have gone back: what waits is due, and so is what was given up for its age; a lease
    /// ends within the longest.
    /// A sender that has the mail in hand keeps it for as long as it may.
    pub fn set_back(&mut self, now: DateTime<Utc>) {
        match self.state {
            MailState::Queued | MailState::Deferred => self.at = self.at.min(now),
            MailState::Leased => self.at = self.at.min(now + LONGEST_LEASE),
            _ if self.was_given_up_ahead(now) => {
                self.queue_again(now, "given up by a clock that was ahead; tried again");
            }
            _ => {}
        }
        self.refused_since = self.refused_since.map(|since| moment::by_now(since, now));
    }

    /// Whether it was given up only because of the time, at a moment to come.
    fn was_given_up_ahead(&self, now: DateTime<Utc>) -> bool {
        let is_for_its_age = match self.state {
            MailState::Expired => true,
            // A question that seemed not to be open any more; that is asked again before it is sent.
            MailState::Unsubscribed => matches!(self.basis, Basis::Question { .. }),
            _ => false,
        };
        is_for_its_age && moment::lies_ahead(self.at, now)
    }

    /// Takes the mail back from a sender that never began with it.
    pub fn give_back(&mut self, now: DateTime<Utc>) {
        if self.state == MailState::Leased {
            let was_tried = self.attempts > 0 || self.last_error.is_some();
            self.state = if was_tried { MailState::Deferred } else { MailState::Queued };
            self.at = now;
            self.is_ahead = false;
        }
    }

    /// Takes the mail back from a sender that vanished; tells whether it had begun. One with which it had
    /// not is as it was; where a copy cannot result from another attempt, no waiting is needed.
    pub fn reclaim(&mut self, now: DateTime<Utc>, doubt: Doubt) -> bool {
        if self.is_ahead {
            self.give_back(now);
            return false;
        }
        let words = "the sender ended before it told the outcome";
        self.in_doubt += u32::from(doubt != Doubt::Impossible);
        let (state, at) = match doubt {
            Doubt::Impossible => (MailState::Deferred, now),
            Doubt::Resend => (MailState::Deferred, now + DOUBT_WAIT),
            Doubt::Hold => (MailState::Held, now),
        };
        self.step(state, at, now, Some(words.to_owned()));
        true
    }

    /// Notes how an attempt went. `jitter` in −1.0 ..= 1.0 spreads retries by a fifth.
    ///
    /// An unreachable transport leaves the mail where it was, at the end of the queue: neither an
    /// attempt nor a day is counted against it.
    pub fn settle(&mut self, outcome: Outcome, now: DateTime<Utc>, jitter: f64) {
        let wait = self.backoff(jitter);
        if let Outcome::ChannelDown { reason } = outcome {
            self.state = MailState::Deferred;
            self.at = now;
            self.is_ahead = false;
            self.last_error = Some(reason);
            return;
        }
        self.attempts += 1;
        match outcome {
            Outcome::Sent { reply } => self.accepted(reply, now),
            Outcome::NoMailbox { reason } => self.step(MailState::Failed, now, now, Some(reason)),
            Outcome::Failed { reason } => self.end_untold(MailState::Failed, now, reason),
            Outcome::Dead { reason } => self.end_untold(MailState::Dead, now, reason),
            Outcome::Held { reason } => {
                self.in_doubt += 1;
                self.step(MailState::Held, now, now, Some(reason));
            }
            Outcome::Unknown { reason } => {
                self.in_doubt += 1;
                self.try_again(wait.max(DOUBT_WAIT), now, reason);
            }
            Outcome::Doubted { reason, .. } => {
                self.try_again(
                    wait.max(SECOND_WORD_WAIT),
                    now,
                    format!("{reason}; asked again before it is believed"),
                );
            }
            Outcome::Deferred { reason }
            | Outcome::Full { reason }
            | Outcome::Busy { reason }
            | Outcome::ChannelDown { reason } => self.try_again(wait, now, reason),
        }
    }

    fn accepted(&mut self, reply: Option<String>, now: DateTime<Utc>) {
        self.step(MailState::Sent, now, now, reply);
        self.last_error = None;
    }

    fn try_again(&mut self, wait: Duration, now: DateTime<Utc>, reason: String) {
        let since = *self.refused_since.get_or_insert(now);
        if now - since >= GIVE_UP_AFTER {
            self.end_untold(MailState::Expired, now, format!("given up after 5 days: {reason}"));
        } else {
            self.step(MailState::Deferred, now + wait, now, Some(reason));
        }
    }

    /// Lets a mail that is due wait: whoever it is for wants it later.
    pub fn postpone(&mut self, until: DateTime<Utc>) {
        self.give_back(until);
        self.at = until;
    }

    /// Notes that its recipient does not want it any more. It is kept, and nobody is reminded of it.
    pub fn unsubscribe(&mut self, now: DateTime<Utc>, why: &str) {
        self.step(MailState::Unsubscribed, now, now, Some(why.to_owned()));
    }

    /// Notes that what of it is still wanted is told otherwise.
    pub fn replace(&mut self, now: DateTime<Utc>, why: &str) {
        self.step(MailState::Replaced, now, now, Some(why.to_owned()));
    }

    /// Puts a mail that is not under way back to the head of the queue.
    ///
    /// Returns whether it was: a sent mail is never sent again, a leased one is in somebody's hands, and
    /// what is held, suppressed or dropped waits for [`Self::release`].
    pub fn retry(&mut self, now: DateTime<Utc>) -> bool {
        let is_open = matches!(self.state, MailState::Failed | MailState::Deferred | MailState::Expired);
        let may_retry = is_open || self.is_undelivered;
        if may_retry {
            self.queue_again(now, "put back into the queue by an operator");
        }
        may_retry
    }

    /// Lets a mail wait for an operator's word; tells whether it was waiting to be sent.
    pub fn hold(&mut self, now: DateTime<Utc>) -> bool {
        let may_hold = matches!(self.state, MailState::Queued | MailState::Deferred);
        if may_hold {
            self.step(MailState::Held, now, now, Some("held by an operator".to_owned()));
        }
        may_hold
    }

    /// Puts a mail that is held, suppressed or dropped into the queue; tells whether it was.
    pub fn release(&mut self, now: DateTime<Utc>) -> bool {
        let may_release = matches!(self.state, MailState::Held | MailState::Suppressed | MailState::Dead);
        if may_release {
            self.queue_again(now, "released by an operator");
        }
        may_release
    }

    /// Gives a mail up for good; tells whether it was not sent and in nobody's hands. It is kept, and
    /// nobody is reminded of it.
    pub fn drop_by_operator(&mut self, now: DateTime<Utc>) -> bool {
        self.keep_back("dropped by an operator", now)
    }

    /// Ends a mail in a sender's hands that told what is not so and was not begun with.
    pub fn retract_ahead(&mut self, now: DateTime<Utc>) {
        self.give_back(now);
        self.retract(now);
    }

    /// Keeps back a mail that told what is not so, where nobody has it or has it in hands.
    pub fn retract(&mut self, now: DateTime<Utc>) -> bool {
        self.keep_back("retracted before it was sent", now)
    }

    fn keep_back(&mut self, why: &str, now: DateTime<Utc>) -> bool {
        let is_over = matches!(self.state, MailState::Unsubscribed | MailState::Replaced);
        let may_drop = !is_over && !matches!(self.state, MailState::Sent | MailState::Leased);
        if may_drop {
            self.step(MailState::Dead, now, now, Some(why.to_owned()));
        }
        may_drop
    }

    /// Notes that nothing is sent to its recipient.
    pub fn suppress(&mut self, now: DateTime<Utc>, why: &str) {
        self.step(MailState::Suppressed, now, now, Some(format!("nothing is sent to this address: {why}")));
    }

    /// Notes that a mail which was taken came back afterwards.
    pub fn come_back(&mut self, now: DateTime<Utc>, words: &str, must_be_known: bool) {
        self.step(MailState::Failed, now, now, Some(format!("came back: {words}")));
        self.is_undelivered = must_be_known;
    }

    /// Notes what was said of a mail afterwards and changes nothing.
    pub fn note(&mut self, now: DateTime<Utc>, words: String) {
        self.remember(MailEvent { at: now, state: self.state, words: Some(words) });
    }

    fn end_untold(&mut self, state: MailState, now: DateTime<Utc>, reason: String) {
        self.step(state, now, now, Some(reason));
        self.is_undelivered = true;
    }

    fn queue_again(&mut self, now: DateTime<Utc>, words: &str) {
        self.refused_since = None;
        let before = self.last_error.take();
        self.step(MailState::Queued, now, now, Some(words.to_owned()));
        self.last_error = before;
    }

    fn step(&mut self, state: MailState, at: DateTime<Utc>, now: DateTime<Utc>, words: Option<String>) {
        self.state = state;
        self.at = at;
        self.is_ahead = false;
        self.is_undelivered = false;
        self.last_error.clone_from(&words);
        self.remember(MailEvent { at: now, state, words });
    }

    fn remember(&mut self, step: MailEvent) {
        if self.history.len() >= MAX_STEPS {
            self.history.remove(0);
        }
        self.history.push(step);
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
mod tests;
