//! Who wants to hear about which companies, and by what right they are written to.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::email::EmailAddress;
use super::id::CompanyId;

/// Where a subscription stands. Only `Active` receives alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Asked for, not confirmed.
    Pending,
    /// Confirmed.
    Active,
    /// Ended by the subscriber or the operator.
    Unsubscribed,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Unsubscribed => "unsubscribed",
        })
    }
}

/// One subscriber's interest in one company.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscription {
    /// The company.
    pub company: CompanyId,
    /// Where it stands.
    pub state: State,
    /// When it was first asked for.
    pub requested_at: DateTime<Utc>,
    /// When it was last confirmed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// By what channel, for the record of consent.
    pub channel: String,
}

/// A person who is or was written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subscriber {
    /// Where mail goes.
    pub address: EmailAddress,
    /// One for each company ever asked for.
    pub subscriptions: Vec<Subscription>,
}

impl Subscriber {
    /// Somebody new.
    #[must_use]
    pub fn new(address: EmailAddress) -> Self {
        Self { address, subscriptions: Vec::new() }
    }

    /// Notes a wish to follow a company. A confirmed wish makes the subscription active; an
    /// unconfirmed one never weakens a subscription that already is.
    pub fn follow(&mut self, company: &CompanyId, confirmed: bool, channel: &str, now: DateTime<Utc>) {
        let index =
            self.subscriptions.iter().position(|known| known.company == *company).unwrap_or_else(|| {
                self.subscriptions.push(Subscription {
                    company: company.clone(),
                    state: State::Pending,
                    requested_at: now,
                    confirmed_at: None,
                    channel: channel.to_owned(),
                });
                self.subscriptions.len() - 1
            });
        let subscription = &mut self.subscriptions[index];
        if confirmed {
            if subscription.state != State::Active {
                subscription.confirmed_at = Some(now);
            }
            subscription.state = State::Active;
            channel.clone_into(&mut subscription.channel);
        } else if subscription.state == State::Unsubscribed {
            subscription.state = State::Pending;
            subscription.requested_at = now;
        }
    }

    /// Ends the subscription to one company, or to all; tells how many were ended.
    pub fn leave(&mut self, company: Option<&CompanyId>) -> usize {
        let mut ended = 0;
        for subscription in &mut self.subscriptions {
            let is_meant = company.is_none_or(|company| *company == subscription.company);
            if is_meant && subscription.state != State::Unsubscribed {
                subscription.state = State::Unsubscribed;
                ended += 1;
            }
        }
        ended
    }

    /// The active subscription to a company, if there is one.
    #[must_use]
    pub fn active(&self, company: &CompanyId) -> Option<&Subscription> {
        self.subscriptions
            .iter()
            .find(|subscription| subscription.company == *company && subscription.state == State::Active)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_confirmed_subscription_is_active_and_a_new_wish_never_weakens_it() {
        let company: CompanyId = "hikvision".parse().unwrap();
        let now = DateTime::UNIX_EPOCH;
        let mut subscriber = Subscriber::new("a@example.org".parse().unwrap());
        subscriber.follow(&company, false, "operator", now);
        assert!(subscriber.active(&company).is_none());
        subscriber.follow(&company, true, "operator", now);
        subscriber.follow(&company, false, "operator", now);
        assert!(subscriber.active(&company).is_some());
        assert_eq!(subscriber.leave(None), 1);
        assert_eq!(subscriber.leave(None), 0);
        assert!(subscriber.active(&company).is_none());
        subscriber.follow(&company, false, "operator", now);
        assert_eq!(subscriber.subscriptions[0].state, State::Pending);
    }
}
