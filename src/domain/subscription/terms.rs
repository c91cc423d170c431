//! How a topic is followed: all that decides what its readers are told of a change, and when. Many readers follow alike,
//! so that it need be decided once for all of them.

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{Cadence, Filter, Preferences, QuietHours, Subscription};
use crate::domain::change::Change;

/// How a topic is followed by right of an active subscription. One that was written with more than this program knows of
/// is none: then each reader's own record decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubscriptionTerms {
    /// What of its changes is wanted.
    #[serde(default, skip_serializing_if = "Filter::is_everything")]
    pub only: Filter,
    /// How often mail comes.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub cadence: Cadence,
    /// Where the reader's days and nights are.
    #[serde(default, skip_serializing_if = "is_usual")]
    pub zone: Tz,
    /// When nothing is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
}

fn is_usual<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl SubscriptionTerms {
    /// How a reader with these preferences follows by right of a subscription.
    #[must_use]
    pub fn of(subscription: &Subscription, preferences: &Preferences) -> Self {
        let Preferences { cadence, zone, quiet, attested_until: _, is_told_once: _ } = preferences;
        Self { only: subscription.only.clone(), cadence: *cadence, zone: *zone, quiet: *quiet }
    }

    /// Whether a change is told to those who follow so.
    #[must_use]
    pub fn admits(&self, change: &Change) -> bool {
        self.only.admits(change)
    }

    /// When their mail comes.
    #[must_use]
    pub fn preferences(&self) -> Preferences {
        let Self { only: _, cadence, zone, quiet } = self;
        Preferences { cadence: *cadence, zone: *zone, quiet: *quiet, ..Preferences::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_follows_as_most_do_is_told_from_others_in_few_bytes() {
        let usual = serde_json::to_string(&SubscriptionTerms::default()).unwrap();
        assert_eq!(usual, "{}");
        let daily = SubscriptionTerms {
            cadence: Cadence::Daily,
            zone: Tz::Europe__Berlin,
            quiet: "22:00-07:00".parse().ok(),
            ..SubscriptionTerms::default()
        };
        let text = serde_json::to_string(&daily).unwrap();
        assert_eq!(text, r#"{"cadence":"daily","zone":"Europe/Berlin","quiet":"22:00-07:00"}"#);
        assert_eq!(serde_json::from_str::<SubscriptionTerms>(&text).unwrap(), daily);
        assert!(serde_json::from_str::<SubscriptionTerms>(r#"{"mood":"good"}"#).is_err());
    }
}
