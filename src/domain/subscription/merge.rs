//! One person out of two records: the same address, written in two ways.

use super::{Cadence, Filter, Subscriber, Subscription, SubscriptionState};

impl Subscriber {
    /// One of both. Mail goes to the address that was there first; of what they wished twice the stricter counts,
    /// which is what makes fewer mails: who left once has left, who paused once is paused.
    #[must_use]
    pub fn merged_with(self, other: Self) -> Self {
        let first_at = |one: &Self| one.subscriptions.iter().map(|known| known.requested_at).min();
        let is_first = match (first_at(&self), first_at(&other)) {
            (Some(own), Some(others)) => own <= others,
            (own, _) => own.is_some(),
        };
        let (mut first, second) = if is_first { (self, other) } else { (other, self) };
        for subscription in second.subscriptions {
            match first.subscriptions.iter_mut().find(|known| known.topic == subscription.topic) {
                Some(known) => *known = stricter(known.clone(), subscription),
                None => first.subscriptions.push(subscription),
            }
        }
        // The longer of two pauses; one without an end is the longest.
        first.paused_until = match (first.paused_since, second.paused_since) {
            (Some(_), Some(_)) => {
                first.paused_until.zip(second.paused_until).map(|(one, other)| one.max(other))
            }
            (None, Some(_)) => second.paused_until,
            (_, None) => first.paused_until,
        };
        first.ended_pause = first.ended_pause.or(second.ended_pause);
        first.paused_since = match (first.paused_since, second.paused_since) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        let (kept, others) = (&mut first.preferences, second.preferences);
        if rank(others.cadence) > rank(kept.cadence) || (kept.quiet.is_none() && others.quiet.is_some()) {
            kept.zone = others.zone;
        }
        if rank(others.cadence) > rank(kept.cadence) {
            kept.cadence = others.cadence;
        }
        kept.quiet = kept.quiet.or(others.quiet);
        kept.attested_until = kept.attested_until.min(others.attested_until);
        // Of two who are one, the one who is told more is.
        kept.is_told_once &= others.is_told_once;
        first
    }
}

/// How few mails a cadence makes.
fn rank(cadence: Cadence) -> u8 {
    match cadence {
        Cadence::Immediate => 0,
        Cadence::Daily => 1,
        Cadence::Weekly => 2,
    }
}

/// The stricter of two wishes about one company. A wish that waits for its consent is none yet, and takes nothing from
/// one that has it.
fn stricter(one: Subscription, other: Subscription) -> Subscription {
    let weight = |state| match state {
        SubscriptionState::Pending => 0,
        SubscriptionState::Active => 1,
        SubscriptionState::Unsubscribed => 2,
    };
    match weight(one.state).cmp(&weight(other.state)) {
        std::cmp::Ordering::Less => other,
        std::cmp::Ordering::Equal if size(&other.only) < size(&one.only) => other,
        std::cmp::Ordering::Greater | std::cmp::Ordering::Equal => one,
    }
}

/// How much a filter lets through, roughly: one that names nothing lets all through.
fn size(filter: &Filter) -> usize {
    let part = |len: usize| if len == 0 { 1_000 } else { len };
    part(filter.changes.len()) + part(filter.entries.len()) + part(filter.sources.len())
}
