//! Addresses that nothing is sent to any more, and what leads there.
//!
//! Kept under a keyed hash of the address, so that who was erased stays suppressed and nobody can
//! read from the record whom it is about.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::email::EmailAddress;
use super::keyed::{keyed_hash, letters};
use super::moment;
use super::outbox::Mail;

/// Names an address where it must not stand.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SuppressionKey(String);

impl SuppressionKey {
    /// The key of an address, whatever the case of its letters: a mailbox that is not there is not
    /// there in capitals either.
    #[must_use]
    pub fn of(instance_key: &[u8; 32], address: &EmailAddress) -> Self {
        Self(letters(keyed_hash(instance_key, &["suppression", address.key()])))
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why nothing is sent. The order is that of their strength: a stronger reason takes a weaker one's place.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
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
pub enum SuppressionReason {
    /// Mail came back. Confirming anew lifts it.
    Bounce,
    /// The recipient was erased. Confirming anew lifts it.
    Erased,
    /// An operator's word.
    Operator,
    /// The recipient called our mail unwanted (RFC 5965). Only an operator lifts it.
    Complaint,
}

impl SuppressionReason {
    /// Whether the recipient can end it. What is asked back goes out all the same, or they could not.
    fn ends_by_confirming(self) -> bool {
        matches!(self, Self::Bounce | Self::Erased)
    }
}

/// An address that nothing is sent to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suppression {
    /// Which.
    pub key: SuppressionKey,
    /// The address with most of it hidden, for people.
    pub shown: String,
    /// Why.
    pub reason: SuppressionReason,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What led there, in words.
    pub evidence: String,
}

impl Suppression {
    /// Whether a mail must not go out.
    #[must_use]
    pub fn stops(&self, mail: &Mail) -> bool {
        !self.reason.ends_by_confirming() || !mail.despite_bounces
    }

    /// Whether it ends because its address was confirmed at a moment.
    #[must_use]
    pub fn ends_by_confirming(&self, confirmed_at: DateTime<Utc>) -> bool {
        self.reason.ends_by_confirming() && confirmed_at > self.since
    }

    /// Why and since when, in words.
    #[must_use]
    pub fn words(&self) -> String {
        format!("{} on {}", self.reason, self.since.format("%-d %B %Y"))
    }
}

/// How often mail came back for a reason that may pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SoftBounces {
    /// Days on which it did, without a fortnight's break.
    pub days: u32,
    /// When it did first.
    pub first_at: DateTime<Utc>,
    /// When it did last, as it counts.
    pub last_at: DateTime<Utc>,
}

/// What comes back within this time counts once: one mail is tried many times.
const ONE_DAY: Duration = Duration::hours(20);

/// After so long without one, counting begins anew.
const BREAK: Duration = Duration::days(14);

/// On so many days, and the mailbox is taken for abandoned.
const MAX_DAYS: u32 = 5;

impl SoftBounces {
    /// How it stands after another one.
    #[must_use]
    pub fn after(before: Option<Self>, now: DateTime<Utc>) -> Self {
        match before {
            Some(before) if moment::is_within(before.last_at, ONE_DAY, now) => before,
            Some(before) if moment::is_within(before.last_at, BREAK, now) => {
                Self { days: before.days.saturating_add(1), last_at: now, ..before }
            }
            _ => Self { days: 1, first_at: now, last_at: now },
        }
    }

    /// Whether it happened often enough for nothing to be sent any more.
    #[must_use]
    pub fn are_too_many(&self) -> bool {
        self.days >= MAX_DAYS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hours)
    }

    #[track_caller]
    fn check(hours: &[i64], too_many: bool) {
        let bounces = hours.iter().fold(None, |before, hour| Some(SoftBounces::after(before, at(*hour))));
        assert_eq!(bounces.unwrap().are_too_many(), too_many, "{hours:?} {bounces:?}");
    }

    #[test]
    fn a_full_mailbox_is_given_up_after_days_and_not_after_tries() {
        check(&[0, 1, 2, 3, 4, 5, 6, 7], false);
        check(&[0, 24, 48, 72], false);
        check(&[0, 24, 48, 72, 96], true);
        check(&[0, 24, 48, 72, 72 + 24 * 15], false);
    }

    #[test]
    fn confirming_lifts_a_bounce_and_never_a_complaint() {
        let key = SuppressionKey::of(&[1; 32], &"Ann@example.org".parse().unwrap());
        assert_eq!(key, SuppressionKey::of(&[1; 32], &"ann@EXAMPLE.org".parse().unwrap()));
        assert!(!key.as_str().contains("ann"));
        let of = |reason| Suppression {
            key: key.clone(),
            shown: "a…@example.org".to_owned(),
            reason,
            since: at(1),
            evidence: String::new(),
        };
        assert!(of(SuppressionReason::Bounce).ends_by_confirming(at(2)));
        assert!(!of(SuppressionReason::Bounce).ends_by_confirming(at(0)), "an old consent is no new one");
        assert!(!of(SuppressionReason::Complaint).ends_by_confirming(at(2)));
        assert!(!of(SuppressionReason::Operator).ends_by_confirming(at(2)));
    }
}
