//! Taking over subscriptions that were kept elsewhere.

use serde::{Deserialize, Serialize};

use super::{Subscriber, Subscription, SubscriptionState};

/// What became of subscriptions that came in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// Those that were not known.
    pub added: usize,
    /// Those that waited for a consent, which came with them.
    pub confirmed: usize,
    /// Those that are known, and stay as they are.
    pub known: usize,
    /// Those that their subscriber has ended here: no file brings anybody back.
    pub left: usize,
}

impl Subscriber {
    /// Takes over what a subscriber of elsewhere follows, and tells what became of it. How mail is
    /// wanted is taken over only of somebody new.
    pub fn take_over(&mut self, other: Self, imported: &mut Imported) {
        if self.subscriptions.is_empty() {
            self.paused_since = other.paused_since;
            self.paused_until = other.paused_until;
            self.preferences = other.preferences;
        }
        for subscription in other.subscriptions {
            *self.taken(subscription, imported) += 1;
        }
    }

    /// Takes one over; gives the count that it belongs to.
    fn taken<'a>(&mut self, new: Subscription, imported: &'a mut Imported) -> &'a mut usize {
        let Some(known) = self.subscriptions.iter_mut().find(|known| known.topic == new.topic) else {
            self.subscriptions.push(new);
            return &mut imported.added;
        };
        match (known.state, new.state) {
            (SubscriptionState::Unsubscribed, SubscriptionState::Active | SubscriptionState::Pending) => {
                &mut imported.left
            }
            (SubscriptionState::Pending, SubscriptionState::Active) => {
                *known = new;
                &mut imported.confirmed
            }
            _ => &mut imported.known,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::domain::subscription::Filter;

    fn to(company: &str, state: SubscriptionState) -> Subscription {
        Subscription {
            topic: company.parse().unwrap(),
            state,
            requested_at: DateTime::<Utc>::UNIX_EPOCH,
            confirmed_at: (state == SubscriptionState::Active).then_some(DateTime::<Utc>::UNIX_EPOCH),
            channel: "elsewhere".to_owned(),
            only: Filter::default(),
            agreed_to: None,
            ended_at: None,
        }
    }

    fn following(subscriptions: Vec<Subscription>) -> Subscriber {
        Subscriber { subscriptions, ..Subscriber::new("ann@example.org".parse().unwrap()) }
    }

    #[test]
    fn a_file_adds_and_confirms_and_never_brings_anybody_back() {
        let mut ann = following(vec![
            to("waits", SubscriptionState::Pending),
            to("left", SubscriptionState::Unsubscribed),
            to("follows", SubscriptionState::Active),
        ]);
        let names = ["waits", "left", "follows", "new"];
        let mut imported = Imported::default();
        ann.take_over(
            following(names.map(|name| to(name, SubscriptionState::Active)).to_vec()),
            &mut imported,
        );
        assert_eq!(imported, Imported { added: 1, confirmed: 1, known: 1, left: 1 });
        let states: Vec<SubscriptionState> = ann.subscriptions.iter().map(|known| known.state).collect();
        assert_eq!(
            states,
            [
                SubscriptionState::Active,
                SubscriptionState::Unsubscribed,
                SubscriptionState::Active,
                SubscriptionState::Active
            ]
        );
        ann.take_over(following(vec![to("follows", SubscriptionState::Unsubscribed)]), &mut imported);
        assert_eq!(ann.subscriptions[2].state, SubscriptionState::Active);
    }
}
