//! The life of one delivery: queued → deferred → delivered | failed | dropped.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::{EventKind, HookEvent, Webhook};
use crate::domain::id::{ChangeId, CompanyId, digest_of};
use crate::domain::text::{one_line, shorten};

/// Where a delivery stands.
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
pub enum DeliveryState {
    /// Waiting for its first attempt.
    Queued,
    /// Waiting for another attempt.
    Deferred,
    /// Taken by its receiver.
    Delivered,
    /// Given up after days in which it was not taken; it can be sent again.
    Failed,
    /// Not sent, because what it tells was taken back before.
    Dropped,
}

/// How a receiver answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answered {
    /// It took it.
    Taken {
        /// The HTTP status.
        status: u16,
    },
    /// It can be reached and does not take this one.
    Refused {
        /// The HTTP status, and what it said.
        reason: String,
        /// The HTTP status.
        status: u16,
    },
    /// It cannot be reached, or takes nothing now: all that is for it waits.
    Unreachable {
        /// What was met.
        reason: String,
        /// The HTTP status, where it answered.
        status: Option<u16>,
        /// The moment until which it wishes to be left alone.
        retry_at: Option<DateTime<Utc>>,
    },
    /// It says that it is gone for good (410).
    Gone {
        /// What it said.
        reason: String,
    },
}

impl std::fmt::Display for Answered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Taken { status } => write!(f, "answered {status}"),
            Self::Refused { reason, .. } | Self::Unreachable { reason, .. } | Self::Gone { reason } => {
                f.write_str(reason)
            }
        }
    }
}

impl Answered {
    fn status(&self) -> Option<u16> {
        match self {
            Self::Taken { status } | Self::Refused { status, .. } => Some(*status),
            Self::Unreachable { status, .. } => *status,
            Self::Gone { .. } => Some(410),
        }
    }
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When.
    pub at: DateTime<Utc>,
    /// The HTTP status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// How long it took.
    pub took_ms: u64,
    /// What was met, where it was not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub words: Option<String>,
}

/// Of what was tried, the last so many attempts are kept.
const MAX_ATTEMPTS: usize = 20;

/// A longer text is cut.
const MAX_WORDS_CHARS: usize = 300;

/// Waiting times after the first, second, … refusal; the last one repeats.
const BACKOFF_MINUTES: [i64; 7] = [1, 5, 15, 30, 60, 240, 480];

/// A delivery that is refused for so long is given up.
const GIVE_UP_AFTER: Duration = Duration::days(5);

/// No receiver is left alone for longer at its wish.
const LONGEST_WISH: Duration = Duration::days(1);

/// How long one sending may take; a delivery whose sender did not say by then how it ended is due again. Longer than any
/// request takes.
const SENDING: Duration = Duration::minutes(2);

/// One event for one webhook.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivery {
    /// Identity and idempotency key: the same event for the same webhook is the same delivery.
    pub id: String,
    /// The webhook.
    pub hook: String,
    /// What happened.
    pub kind: EventKind,
    /// To which change; none where it is a test.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<ChangeId>,
    /// The companies that it newly concerns, those that the webhook is about.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub companies: Vec<CompanyId>,
    /// When that happened.
    pub happened_at: DateTime<Utc>,
    /// When it was queued.
    pub queued_at: DateTime<Utc>,
    /// Where it stands.
    pub state: DeliveryState,
    /// When the next attempt is due, or the end came; while it is being sent, when its sender must have ended.
    pub at: DateTime<Utc>,
    /// When its first sending began: from then on it may have been taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun_at: Option<DateTime<Utc>>,
    /// Since when its receiver refuses it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused_since: Option<DateTime<Utc>>,
    /// How often it was refused since then.
    #[serde(default)]
    pub refusals: u32,
    /// How often it was tried.
    #[serde(default)]
    pub tried: u32,
    /// The last attempts, the oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attempts: Vec<Attempt>,
}

impl Delivery {
    /// An event for a webhook.
    #[must_use]
    pub fn of(event: &HookEvent, hook: &Webhook, now: DateTime<Utc>) -> Self {
        let is_meant =
            |company: &&CompanyId| hook.only.companies.is_empty() || hook.only.companies.contains(company);
        Self {
            change: Some(event.change.clone()),
            companies: event.companies.iter().filter(is_meant).cloned().collect(),
            ..Self::new(digest_of(&[&hook.id, &event.id]), hook, event.kind, event.at, now)
        }
    }

    /// A test for a webhook.
    #[must_use]
    pub fn test(hook: &Webhook, random: [u8; 8], now: DateTime<Utc>) -> Self {
        let id = digest_of(&[&hook.id, &crate::domain::id::hex(&random)]);
        Self::new(id, hook, EventKind::Test, now, now)
    }

    fn new(
        id: String,
        hook: &Webhook,
        kind: EventKind,
        happened_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Self {
        Self {
            id,
            hook: hook.id.clone(),
            kind,
            change: None,
            companies: Vec::new(),
            happened_at,
            queued_at: now,
            state: DeliveryState::Queued,
            at: now,
            begun_at: None,
            refused_since: None,
            refusals: 0,
            tried: 0,
            attempts: Vec::new(),
        }
    }

    /// Whether another attempt will be made by itself.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        matches!(self.state, DeliveryState::Queued | DeliveryState::Deferred)
    }

    /// Notes that a sending begins, and returns whether it may: it is due, and in nobody's hands. Until it ended, or for
    /// as long as one may take, nobody else begins with it.
    pub fn begin(&mut self, now: DateTime<Utc>) -> bool {
        let is_due = self.is_waiting() && self.at <= now;
        if is_due {
            self.begun_at.get_or_insert(now);
            self.at = now + SENDING;
        }
        is_due
    }

    /// Makes it due now. In its sender's hands it stays for as long as a sending may take.
    pub fn hurry(&mut self, is_in_hands: bool, now: DateTime<Utc>) {
        self.at = self.at.min(if is_in_hands { now + SENDING } else { now });
    }

    /// Notes how an attempt went. One that found its receiver out of reach is not counted against the delivery.
    pub fn settle(&mut self, answered: &Answered, began: DateTime<Utc>, now: DateTime<Utc>) {
        let words = match answered {
            Answered::Taken { .. } => None,
            other => Some(shorten(&one_line(&other.to_string()), MAX_WORDS_CHARS)),
        };
        let took_ms = u64::try_from((now - began).num_milliseconds()).unwrap_or_default();
        if self.attempts.len() >= MAX_ATTEMPTS {
            self.attempts.remove(0);
        }
        self.attempts.push(Attempt { at: began, status: answered.status(), took_ms, words });
        self.tried = self.tried.saturating_add(1);
        match answered {
            Answered::Taken { .. } => self.end(DeliveryState::Delivered, now),
            Answered::Refused { .. } => {
                let since = (*self.refused_since.get_or_insert(now)).min(now);
                let step =
                    usize::try_from(self.refusals).unwrap_or(usize::MAX).min(BACKOFF_MINUTES.len() - 1);
                self.refusals = self.refusals.saturating_add(1);
                if now - since >= GIVE_UP_AFTER {
                    self.end(DeliveryState::Failed, now);
                } else {
                    self.wait(now + Duration::minutes(BACKOFF_MINUTES[step]));
                }
            }
            Answered::Unreachable { retry_at, .. } => {
                self.wait(retry_at.unwrap_or(now).clamp(now, now + LONGEST_WISH));
            }
            Answered::Gone { .. } => self.wait(now),
        }
    }

    /// Has it sent again now, under the same id, whatever became of it.
    pub fn redeliver(&mut self, now: DateTime<Utc>) {
        self.state = DeliveryState::Queued;
        self.at = now;
        self.refused_since = None;
        self.refusals = 0;
    }

    /// Does not send what was taken back before it was sent; tells whether it was not.
    pub fn take_back(&mut self, now: DateTime<Utc>) -> bool {
        let may_drop = self.is_waiting() && self.begun_at.is_none();
        if may_drop {
            self.end(DeliveryState::Dropped, now);
        }
        may_drop
    }

    fn wait(&mut self, until: DateTime<Utc>) {
        self.state = DeliveryState::Deferred;
        self.at = until;
    }

    fn end(&mut self, state: DeliveryState, now: DateTime<Utc>) {
        self.state = state;
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::webhook::{HookFilter, HookFormat, HookSecret, HookState};

    fn delivery(now: DateTime<Utc>) -> Delivery {
        let hook = Webhook {
            id: "0123456789abcdef".to_owned(),
            name: "desk".to_owned(),
            url: "https://desk.example/hook".parse().unwrap(),
            format: HookFormat::Standard,
            secret: HookSecret::of(&[1; crate::domain::webhook::SECRET_BYTES]),
            owner: "ann@example.org".parse().unwrap(),
            only: HookFilter::default(),
            created_at: now,
            state: HookState::Active,
            failing_since: None,
            breaker: None,
            reason: None,
        };
        Delivery::test(&hook, [1; 8], now)
    }

    fn refused() -> Answered {
        Answered::Refused { reason: "answered 400".to_owned(), status: 400 }
    }

    #[test]
    fn what_is_refused_is_tried_at_growing_intervals_and_given_up_after_five_days() {
        let mut now = DateTime::UNIX_EPOCH;
        let mut delivery = delivery(now);
        let mut waits = Vec::new();
        while delivery.is_waiting() {
            delivery.settle(&refused(), now, now);
            waits.push((delivery.at - now).num_minutes());
            now = delivery.at;
        }
        assert_eq!(waits[..8], [1, 5, 15, 30, 60, 240, 480, 480]);
        assert_eq!(delivery.state, DeliveryState::Failed);
        assert!(delivery.attempts.len() <= MAX_ATTEMPTS);
        let id = delivery.id.clone();
        delivery.redeliver(now);
        delivery.settle(&Answered::Taken { status: 200 }, now, now);
        assert_eq!((delivery.state, delivery.id), (DeliveryState::Delivered, id));
    }

    #[test]
    fn a_receiver_out_of_reach_costs_a_delivery_nothing_and_is_left_alone_as_it_wishes() {
        let now = DateTime::UNIX_EPOCH;
        let mut delivery = delivery(now);
        let busy = |retry_at| Answered::Unreachable {
            reason: "answered 503".to_owned(),
            status: Some(503),
            retry_at,
        };
        for day in 0..30 {
            delivery.settle(&busy(None), now + Duration::days(day), now + Duration::days(day));
            assert_eq!(delivery.state, DeliveryState::Deferred);
        }
        delivery.settle(&busy(Some(now + Duration::hours(2))), now, now);
        assert_eq!(delivery.at, now + Duration::hours(2));
        delivery.settle(&busy(Some(now + Duration::days(400))), now, now);
        assert_eq!(delivery.at, now + LONGEST_WISH);
        delivery.begun_at = Some(now);
        assert!(!delivery.take_back(now), "it may have been taken");
        delivery.begun_at = None;
        assert!(delivery.take_back(now) && !delivery.is_waiting());
    }
}
