//! Webhooks: who is told by HTTP of which changes, and how that stands.
//!
//! What becomes of a delivery is said here and kept by the store, as with mails. The promise is at-least-once: a
//! delivery whose fate is unknown is sent again under the same id, by which its receiver knows it. Nothing is deleted
//! but what was delivered long ago; what was given up says why and can be sent again.

mod delivery;
mod filter;
mod signature;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::breaker::Breaker;
use super::change::Change;
use super::email::EmailAddress;
use super::id::{ChangeId, CompanyId, digest_of};

pub use delivery::{Answered, Attempt, Delivery, DeliveryState};
pub use filter::HookFilter;
pub use signature::{HookSecret, InvalidHookSecret, SECRET_BYTES};

/// In which form a receiver is told.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
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
pub enum HookFormat {
    /// JSON with a signature, as Standard Webhooks says.
    #[default]
    Standard,
    /// A message in a channel of Slack.
    Slack,
    /// A card in a channel of Teams.
    Teams,
}

/// Whether a webhook is used.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
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
pub enum HookState {
    /// It is told.
    Active,
    /// It is told nothing at an operator's wish; what is found meanwhile waits.
    Paused,
    /// It is told nothing because it did not take anything for long, or said that it is gone; what is found
    /// meanwhile waits.
    Disabled,
}

/// After so long in which it took nothing a webhook is disabled, as a mail is given up.
const DISABLED_AFTER: Duration = Duration::days(5);

/// A receiver, what it is told, and how it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Webhook {
    /// Its id.
    pub id: String,
    /// What its operator calls it.
    pub name: String,
    /// Where it is told.
    pub url: Url,
    /// In which form.
    pub format: HookFormat,
    /// The key of its signatures.
    pub secret: HookSecret,
    /// Who is told when it is disabled.
    pub owner: EmailAddress,
    /// What it is told of.
    #[serde(default, skip_serializing_if = "HookFilter::is_everything")]
    pub only: HookFilter,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Whether it is used.
    pub state: HookState,
    /// Since when it took nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing_since: Option<DateTime<Utc>>,
    /// While it is out of reach: when it is tried next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub breaker: Option<Breaker>,
    /// Why it was disabled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Webhook {
    /// The id of a webhook that is made then, of random bytes.
    #[must_use]
    pub fn id_of(random: [u8; 8]) -> String {
        super::id::hex(&random)
    }

    /// Whether it may be told something now.
    #[must_use]
    pub fn may_be_told(&self, now: DateTime<Utc>) -> bool {
        self.state == HookState::Active && self.breaker.as_ref().is_none_or(|breaker| breaker.may_probe(now))
    }

    /// When it may be told something next; `None` while it is not used, or where it may be any time.
    #[must_use]
    pub fn told_again_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.breaker.as_ref().map(|breaker| breaker.probe_at(now))
    }

    /// Notes how an attempt went. Returns whether it was disabled by it, so that its owner is to be told.
    pub fn note(&mut self, answered: &Answered, now: DateTime<Utc>) -> bool {
        match answered {
            Answered::Taken { .. } => {
                self.failing_since = None;
                self.breaker = None;
                return false;
            }
            Answered::Refused { .. } => {}
            Answered::Unreachable { reason, .. } => {
                let before = self.breaker.take();
                self.breaker = Some(Breaker::after(before, &self.id, reason.clone(), now));
            }
            Answered::Gone { reason } => return self.disable(reason, now),
        }
        let since = *self.failing_since.get_or_insert(now);
        // A clock that was ahead when it began counts as now.
        self.failing_since = Some(since.min(now));
        now - since >= DISABLED_AFTER
            && self.disable(&format!("nothing was taken since {since}: {answered}"), now)
    }

    fn disable(&mut self, reason: &str, now: DateTime<Utc>) -> bool {
        let is_news = self.state == HookState::Active;
        if is_news {
            self.state = HookState::Disabled;
            self.reason = Some(reason.to_owned());
            self.failing_since.get_or_insert(now);
        }
        is_news
    }

    /// Stops telling it, or begins again; what waits is then told.
    pub fn pause(&mut self, is_paused: bool) {
        self.state = if is_paused { HookState::Paused } else { HookState::Active };
        if !is_paused {
            self.failing_since = None;
            self.breaker = None;
            self.reason = None;
        }
    }
}

/// What happened to a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum EventKind {
    /// It was found.
    #[serde(rename = "change.found")]
    Found,
    /// A person said that it concerns companies that it did not concern before.
    #[serde(rename = "change.concerns")]
    Concerns,
    /// The read that shows it was taken back.
    #[serde(rename = "change.retracted")]
    Retracted,
    /// Nothing: somebody tries whether the receiver takes it.
    #[serde(rename = "test")]
    Test,
}

impl EventKind {
    /// Its word in what is sent.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Found => "change.found",
            Self::Concerns => "change.concerns",
            Self::Retracted => "change.retracted",
            Self::Test => "test",
        }
    }
}

/// Something to be told to every webhook that wants it. Written in the same commit as its change; it stays until
/// every one has its delivery, so that a crash between the two loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HookEvent {
    /// Identity, derived from the others.
    pub id: String,
    /// What happened.
    pub kind: EventKind,
    /// To which change.
    pub change: ChangeId,
    /// The companies that it newly concerns.
    pub companies: Vec<CompanyId>,
    /// When.
    pub at: DateTime<Utc>,
}

impl HookEvent {
    /// Something that happened to a change.
    #[must_use]
    pub fn new(kind: EventKind, change: &Change, companies: Vec<CompanyId>, at: DateTime<Utc>) -> Self {
        let mut parts = vec![kind.word(), change.id.as_str()];
        if kind == EventKind::Concerns {
            parts.extend(companies.iter().map(CompanyId::as_str));
        }
        Self { id: digest_of(&parts), kind, change: change.id.clone(), companies, at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hook() -> Webhook {
        Webhook {
            id: "0123456789abcdef".to_owned(),
            name: "desk".to_owned(),
            url: "https://desk.example/hook".parse().unwrap(),
            format: HookFormat::Standard,
            secret: HookSecret::of(&[1; SECRET_BYTES]),
            owner: "ann@example.org".parse().unwrap(),
            only: HookFilter::default(),
            created_at: DateTime::UNIX_EPOCH,
            state: HookState::Active,
            failing_since: None,
            breaker: None,
            reason: None,
        }
    }

    fn unreachable() -> Answered {
        Answered::Unreachable { reason: "refused".to_owned(), status: None, retry_at: None }
    }

    #[test]
    fn a_receiver_that_takes_nothing_is_tried_now_and_then_and_disabled_after_five_days() {
        let (mut hook, mut now) = (hook(), DateTime::UNIX_EPOCH);
        assert!(!hook.note(&unreachable(), now));
        assert!(!hook.may_be_told(now) && hook.may_be_told(now + Duration::seconds(10)));
        let mut attempts = 1;
        loop {
            now = hook.told_again_at(now).unwrap();
            attempts += 1;
            if hook.note(&unreachable(), now) {
                break;
            }
        }
        assert!(now - DateTime::UNIX_EPOCH >= DISABLED_AFTER, "{now}");
        assert!(attempts < 800, "{attempts}");
        assert_eq!(hook.state, HookState::Disabled);
        assert!(!hook.note(&unreachable(), now), "its owner is told once");
        hook.pause(false);
        assert!(hook.may_be_told(now) && hook.reason.is_none());
    }

    #[test]
    fn one_that_takes_something_between_is_never_disabled_and_one_that_is_gone_at_once() {
        let (mut hook, now) = (hook(), DateTime::UNIX_EPOCH);
        let taken = Answered::Taken { status: 204 };
        for day in 0..20 {
            assert!(!hook.note(&unreachable(), now + Duration::days(day)));
            assert!(!hook.note(&taken, now + Duration::days(day)));
        }
        assert!(hook.note(&Answered::Gone { reason: "410".to_owned() }, now));
        assert_eq!((hook.state, hook.reason.as_deref()), (HookState::Disabled, Some("410")));
    }
}
