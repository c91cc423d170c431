//! Messages that come in: whether each is to be taken in, for which time, and what is kept of it.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::inbound::{AskBudget, Correspondence, Taking, UntrackedWish};
use crate::domain::subscription::Subscriber;
use crate::store::boundary::TakenUp;

/// A message is known for so long; a server that hands it over again does so within days.
const REMEMBERED_FOR: Duration = Duration::days(30);

/// So many wishes are kept: whoever makes them up must not fill the disk.
const MAX_WISHES: usize = 1_000;

/// A message that was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct TakenMessage {
    pub(in crate::store) at: DateTime<Utc>,
}

/// A message that is being taken in, or the process died of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct BegunMessage {
    pub(in crate::store) attempts: u32,
    pub(in crate::store) at: DateTime<Utc>,
}

/// Whether a message is to be looked at, and for which time, with what is kept of that.
pub(in crate::store) fn take_up(
    is_taken: bool,
    before: Option<BegunMessage>,
    at: DateTime<Utc>,
) -> (TakenUp, Option<BegunMessage>) {
    if is_taken {
        return (TakenUp::Known, None);
    }
    let attempts = before.map_or(0, |before| before.attempts).saturating_add(1);
    (TakenUp::Attempt(attempts), Some(BegunMessage { attempts, at }))
}

/// What is kept of a message that was begun in vain for a reason that is not its own.
pub(in crate::store) fn forgiven(begun: BegunMessage) -> Option<BegunMessage> {
    (begun.attempts > 1).then(|| BegunMessage { attempts: begun.attempts - 1, ..begun })
}

/// Whether no server hands a message over again that came then.
pub(in crate::store) fn is_over(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at + REMEMBERED_FOR < now
}

/// What is kept of a wish that was made again, beside so many others; nothing where there are too many.
pub(in crate::store) fn wished(
    before: Option<UntrackedWish>,
    words: &str,
    kept: usize,
    now: DateTime<Utc>,
) -> Option<UntrackedWish> {
    let has_room = before.is_some() || kept < MAX_WISHES;
    has_room.then(|| UntrackedWish::again(before, words, now))
}

/// The budget after all of these were taken from it; nothing where it does not allow them all.
pub(in crate::store) fn spent(
    mut budget: AskBudget,
    takings: &[Taking],
    now: DateTime<Utc>,
) -> Option<AskBudget> {
    takings.iter().all(|taking| budget.take_one(taking, now)).then_some(budget)
}

/// Whether a subscriber is kept whom a message came from: somebody who only asked is none, and nothing of them is kept
/// but the question.
pub(in crate::store) fn is_kept(subscriber: &Subscriber, is_known: bool) -> bool {
    is_known || !subscriber.subscriptions.is_empty()
}

/// Whether somebody is to be asked again what is left of a question.
pub(in crate::store) fn is_asked_again(with: &Correspondence) -> bool {
    !with.to_ask.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::days(days)
    }

    #[test]
    fn each_look_counts_until_the_message_is_known() {
        let (first, begun) = take_up(false, None, at(0));
        assert_eq!((first, begun), (TakenUp::Attempt(1), Some(BegunMessage { attempts: 1, at: at(0) })));
        let (second, begun) = take_up(false, begun, at(1));
        assert_eq!((second, begun), (TakenUp::Attempt(2), Some(BegunMessage { attempts: 2, at: at(1) })));
        let forgiven_once = forgiven(begun.unwrap()).unwrap();
        assert_eq!((forgiven_once.attempts, forgiven(forgiven_once)), (1, None));
        assert_eq!(take_up(true, begun, at(2)), (TakenUp::Known, None));
        assert!(!is_over(at(0), at(30)) && is_over(at(0), at(31)));
    }

    #[test]
    fn a_budget_allows_all_of_what_a_message_takes_or_nothing() {
        let taking = |client: &str| Taking::question("example.org", Some(client));
        let mut budget = AskBudget::default();
        while budget.take_one(&taking("a"), at(0)) {}
        let kept = budget.clone();
        assert_eq!(spent(budget.clone(), &[], at(0)), Some(kept.clone()));
        let other = Taking::question("example.com", Some("b"));
        assert!(spent(budget.clone(), std::slice::from_ref(&other), at(0)).is_some());
        assert_eq!(spent(budget, &[other, taking("a")], at(0)), None);
    }

    #[test]
    fn a_new_wish_needs_room_and_a_known_one_none() {
        let wish = wished(None, "ACME", MAX_WISHES - 1, at(0)).unwrap();
        assert_eq!(wished(None, "ACME", MAX_WISHES, at(0)), None);
        assert_eq!(wished(Some(wish), "ACME", MAX_WISHES, at(1)).map(|wish| wish.times), Some(2));
    }
}
