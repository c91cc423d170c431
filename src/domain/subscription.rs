//! Who wants to hear about which companies, and by what right they are written to.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind};
use super::email::EmailAddress;
use super::topic::Topic;

mod filter;
mod import;
mod merge;
mod pause;
mod preferences;
mod terms;

pub use filter::Filter;
pub use import::Imported;
pub use pause::{EndedPause, Pause, UNDO_FOR, day};
pub use preferences::{Cadence, Preference, Preferences, QuietHours};
pub use terms::SubscriptionTerms;

/// Where a subscription stands. Only `Active` receives alerts.
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
pub enum SubscriptionState {
    /// Asked for, not confirmed.
    Pending,
    /// Confirmed.
    Active,
    /// Ended by the subscriber or the operator.
    Unsubscribed,
}

/// One subscriber's interest in one topic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// What is followed.
    #[serde(rename = "company")]
    pub topic: Topic,
    /// Where it stands.
    pub state: SubscriptionState,
    /// When it was first asked for.
    pub requested_at: DateTime<Utc>,
    /// When it was last confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// By what channel, for the record of consent.
    pub channel: String,
    /// What of its changes is wanted.
    #[serde(default, skip_serializing_if = "Filter::is_everything")]
    pub only: Filter,
    /// The words that were agreed to, for the record of consent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agreed_to: Option<String>,
    /// When it ended that was active; for a while that can be taken back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<Utc>>,
}

impl Subscription {
    /// Whether its reader may be told of the topic, now or once they take back that they left it.
    #[must_use]
    pub fn may_be_told(&self) -> bool {
        self.state == SubscriptionState::Active || self.ended_at.is_some()
    }
}

/// A wish to follow a topic, and by what right it is written down.
#[derive(Debug, Clone)]
pub struct Wish<'a> {
    /// What is to be followed.
    pub topic: &'a Topic,
    /// What of its changes.
    pub only: Filter,
    /// Whether the person has agreed.
    pub confirmed: bool,
    /// By what channel it came.
    pub channel: &'a str,
    /// The words that were agreed to, where they are known.
    pub agreed_to: Option<String>,
}

/// A person who is or was written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// Where mail goes.
    pub address: EmailAddress,
    /// One for each topic ever asked for.
    pub subscriptions: Vec<Subscription>,
    /// Since when nothing is sent, at the subscriber's own wish; see [`Self::pause`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_since: Option<DateTime<Utc>>,
    /// When that ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_until: Option<DateTime<Utc>>,
    /// A pause that its subscriber ended and that was not summed up; see [`Self::ended_pause`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_pause: Option<EndedPause>,
    /// When mail is wanted.
    #[serde(default)]
    pub preferences: Preferences,
}

impl Subscriber {
    /// Somebody new.
    #[must_use]
    pub fn new(address: EmailAddress) -> Self {
        Self {
            address,
            subscriptions: Vec::new(),
            paused_since: None,
            paused_until: None,
            ended_pause: None,
            preferences: Preferences::default(),
        }
    }

    /// Notes a wish to follow a topic. A confirmed wish makes the subscription active and says
    /// anew what is wanted; an unconfirmed one never changes a subscription that already is active.
    pub fn follow(&mut self, wish: Wish<'_>, now: DateTime<Utc>) {
        let known = self.subscriptions.iter_mut().find(|known| known.topic == *wish.topic);
        let Some(subscription) = known else {
            self.subscriptions.push(Subscription {
                topic: wish.topic.clone(),
                state: if wish.confirmed { SubscriptionState::Active } else { SubscriptionState::Pending },
                requested_at: now,
                confirmed_at: wish.confirmed.then_some(now),
                channel: wish.channel.to_owned(),
                only: wish.only,
                agreed_to: wish.agreed_to,
                ended_at: None,
            });
            return;
        };
        if wish.confirmed {
            if subscription.state != SubscriptionState::Active {
                subscription.confirmed_at = Some(now);
            }
            subscription.state = SubscriptionState::Active;
            subscription.ended_at = None;
            wish.channel.clone_into(&mut subscription.channel);
            subscription.only = wish.only;
            subscription.agreed_to = wish.agreed_to;
        } else if subscription.state == SubscriptionState::Unsubscribed {
            subscription.state = SubscriptionState::Pending;
            subscription.requested_at = now;
            subscription.only = wish.only;
        }
    }

    /// Makes every subscription that waits for it active; tells how many.
    pub fn confirm(&mut self, channel: &str, now: DateTime<Utc>) -> usize {
        let mut confirmed = 0;
        for subscription in
            self.subscriptions.iter_mut().filter(|known| known.state == SubscriptionState::Pending)
        {
            subscription.state = SubscriptionState::Active;
            subscription.confirmed_at = Some(now);
            channel.clone_into(&mut subscription.channel);
            confirmed += 1;
        }
        confirmed
    }

    /// Ends the subscription to one topic, or to all; tells how many were ended.
    pub fn leave(&mut self, topic: Option<&Topic>, now: DateTime<Utc>) -> usize {
        let mut ended = 0;
        for subscription in &mut self.subscriptions {
            let is_meant = topic.is_none_or(|topic| *topic == subscription.topic);
            if is_meant && subscription.state != SubscriptionState::Unsubscribed {
                subscription.ended_at = (subscription.state == SubscriptionState::Active).then_some(now);
                subscription.state = SubscriptionState::Unsubscribed;
                ended += 1;
            }
        }
        ended
    }

    /// Says which changes of what is followed are told from now on: these, or all where there are none. Gives whether
    /// it is followed.
    pub fn refine(&mut self, topic: &Topic, kinds: &BTreeSet<ChangeKind>) -> bool {
        let mut known = self.subscriptions.iter_mut();
        let Some(known) =
            known.find(|known| known.topic == *topic && known.state == SubscriptionState::Active)
        else {
            return false;
        };
        known.only.changes.clone_from(kinds);
        true
    }

    /// The active subscription to a topic, if there is one.
    #[must_use]
    pub fn active(&self, topic: &Topic) -> Option<&Subscription> {
        self.subscriptions.iter().find(|subscription| {
            subscription.topic == *topic && subscription.state == SubscriptionState::Active
        })
    }

    /// Whether anything is followed.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.subscriptions.iter().any(|subscription| subscription.state == SubscriptionState::Active)
    }

    /// The subscription by right of which a change concerns this reader as a change of `topic`,
    /// paused or not.
    #[must_use]
    pub fn follows(&self, topic: &Topic, change: &Change) -> Option<&Subscription> {
        self.active(topic).filter(|subscription| subscription.only.admits(change))
    }

    /// The topics whose changes are told, in the order in which they were asked for.
    pub fn followed(&self) -> impl Iterator<Item = &Topic> {
        self.subscriptions
            .iter()
            .filter(|known| known.state == SubscriptionState::Active)
            .map(|known| &known.topic)
    }

    /// Whether what concerns a topic is collected for this reader: they follow it, paused or not, or left
    /// it so lately that they may take that back.
    #[must_use]
    pub fn collects(&self, topic: &Topic, change: &Change, now: DateTime<Utc>) -> bool {
        self.follows(topic, change).is_some() || self.may_return_until(topic, now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_confirmed_subscription_is_active_and_a_new_wish_never_weakens_it() {
        let topic: Topic = "hikvision".parse().unwrap();
        let now = DateTime::UNIX_EPOCH;
        let mut subscriber = Subscriber::new("a@example.org".parse().unwrap());
        let wish = |confirmed| Wish {
            topic: &topic,
            only: Filter::default(),
            confirmed,
            channel: "operator",
            agreed_to: None,
        };
        subscriber.follow(wish(false), now);
        assert!(subscriber.active(&topic).is_none());
        subscriber.follow(wish(true), now);
        subscriber.follow(wish(false), now);
        assert!(subscriber.active(&topic).is_some());
        assert_eq!(subscriber.leave(None, now), 1);
        assert_eq!(subscriber.leave(None, now), 0);
        assert!(subscriber.active(&topic).is_none());
        subscriber.follow(wish(false), now);
        assert_eq!(subscriber.subscriptions[0].state, SubscriptionState::Pending);
        assert_eq!(subscriber.confirm("operator", now), 1);
        assert!(subscriber.active(&topic).is_some());
    }
}
