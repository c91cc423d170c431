//! What becomes of one person by what they, an operator or a mail did.

use chrono::{DateTime, NaiveDate, Utc};

use crate::domain::email::EmailAddress;
use crate::domain::subscription::{EndedPause, Filter, Imported, Preference, Subscriber, Wish};
use crate::domain::topic::Topic;
use crate::store::boundary::ReaderCommit;

/// What a deed makes of a person, and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct PersonStep<T> {
    pub(in crate::store) answer: T,
    pub(in crate::store) keep: Keep,
}

/// What is to be kept of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Keep {
    /// They stand as before.
    AsBefore,
    /// They stand so.
    As(Subscriber),
    /// They stand so, and may want mail at other times: what waits for them is looked at.
    AndWake(Subscriber),
}

/// A wish to follow topics is noted.
pub(in crate::store) fn follow(
    known: Option<Subscriber>,
    address: &EmailAddress,
    topics: &[Topic],
    (confirmed, channel): (bool, &str),
    now: DateTime<Utc>,
) -> PersonStep<Subscriber> {
    let mut subscriber = known.unwrap_or_else(|| Subscriber::new(address.clone()));
    for topic in topics {
        let wish = Wish { topic, only: Filter::default(), confirmed, channel, agreed_to: None };
        subscriber.follow(wish, now);
    }
    PersonStep { answer: subscriber.clone(), keep: Keep::As(subscriber) }
}

/// What waits to be confirmed is; tells how many.
pub(in crate::store) fn confirm(
    mut known: Subscriber,
    channel: &str,
    now: DateTime<Utc>,
) -> PersonStep<usize> {
    let confirmed = known.confirm(channel, now);
    PersonStep { answer: confirmed, keep: Keep::As(known) }
}

/// Subscriptions end; tells how many.
pub(in crate::store) fn leave(
    known: Option<Subscriber>,
    topic: Option<&Topic>,
    now: DateTime<Utc>,
) -> PersonStep<usize> {
    let Some(mut subscriber) = known else { return PersonStep { answer: 0, keep: Keep::AsBefore } };
    let ended = subscriber.leave(topic, now);
    PersonStep { answer: ended, keep: if ended > 0 { Keep::As(subscriber) } else { Keep::AsBefore } }
}

/// What was left last is followed again; tells which topics.
pub(in crate::store) fn undo_leaving(
    known: Option<Subscriber>,
    now: DateTime<Utc>,
) -> PersonStep<Vec<Topic>> {
    let Some(mut subscriber) = known else { return PersonStep { answer: Vec::new(), keep: Keep::AsBefore } };
    let back = subscriber.undo_leaving(now);
    let keep = if back.is_empty() { Keep::AsBefore } else { Keep::AndWake(subscriber) };
    PersonStep { answer: back, keep }
}

/// A pause begins or ends; tells since when there was one. Who is paused already stays so since then. `until` is the day
/// on which it ends by itself.
pub(in crate::store) fn pause(
    mut known: Subscriber,
    is_paused: bool,
    until: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> PersonStep<Option<DateTime<Utc>>> {
    let before = if is_paused {
        let before = known.pause(now).map(|pause| pause.since);
        let until = until.and_then(|day| known.preferences.begin_of(day));
        known.begin_pause(until, now);
        before
    } else {
        known.end_pause(now)
    };
    PersonStep { answer: before, keep: Keep::AndWake(known) }
}

/// Mail is wanted otherwise.
pub(in crate::store) fn prefer(
    mut known: Subscriber,
    wishes: &[Preference],
    now: DateTime<Utc>,
) -> PersonStep<Subscriber> {
    for wish in wishes {
        known.take(*wish, now);
    }
    PersonStep { answer: known.clone(), keep: Keep::AndWake(known) }
}

/// Mails were composed that promise or sum up something: up to when silence was attested to somebody who still wants it
/// to be, and a pause.
pub(in crate::store) fn composed(known: Option<Subscriber>, composed: &ReaderCommit) -> Keep {
    let ReaderCommit { attested_until, summed_up, at, .. } = composed;
    let Some(before) = known else { return Keep::AsBefore };
    let mut subscriber = before.clone();
    if subscriber.preferences.attested_until.is_some() && attested_until.is_some() {
        subscriber.preferences.attested_until = *attested_until;
    }
    if let Some(pause) = summed_up {
        let pause: EndedPause = *pause;
        subscriber.sum_up(pause, *at);
    }
    if subscriber == before { Keep::AsBefore } else { Keep::As(subscriber) }
}

/// What attested silence was not sent: it is attested again from then on.
pub(in crate::store) fn attest_again(known: Option<Subscriber>, since: DateTime<Utc>) -> Keep {
    let Some(mut subscriber) = known else { return Keep::AsBefore };
    let Some(until) = subscriber.preferences.attested_until else { return Keep::AsBefore };
    subscriber.preferences.attested_until = Some(until.min(since));
    Keep::AndWake(subscriber)
}

/// Somebody who was kept elsewhere is taken over; notes in `imported` what became of what they follow.
pub(in crate::store) fn take_over(
    known: Option<Subscriber>,
    other: Subscriber,
    imported: &mut Imported,
) -> Subscriber {
    let mut subscriber = known.unwrap_or_else(|| Subscriber::new(other.address.clone()));
    subscriber.take_over(other, imported);
    subscriber
}

/// The clock went back: nothing was attested up to a moment to come.
pub(in crate::store) fn set_back(known: &Subscriber, now: DateTime<Utc>) -> Keep {
    let after = known.clone().set_back(now);
    if after == *known { Keep::AsBefore } else { Keep::AndWake(after) }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::domain::subscription::Cadence;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    fn zte() -> Topic {
        "zte".parse().unwrap()
    }

    fn ann() -> EmailAddress {
        "ann@example.org".parse().unwrap()
    }

    fn follower() -> Subscriber {
        follow(None, &ann(), &[zte()], (true, "operator"), at(0)).answer
    }

    #[test]
    fn what_changes_nothing_is_not_kept() {
        assert_eq!(leave(None, None, at(1)).keep, Keep::AsBefore);
        let dahua: Topic = "dahua".parse().unwrap();
        assert_eq!(leave(Some(follower()), Some(&dahua), at(1)).keep, Keep::AsBefore);
        assert_eq!(undo_leaving(Some(follower()), at(1)).keep, Keep::AsBefore);
        assert_eq!(attest_again(Some(follower()), at(1)), Keep::AsBefore);
        assert_eq!(attest_again(None, at(1)), Keep::AsBefore);
        assert_eq!(set_back(&follower(), at(1)), Keep::AsBefore);
    }

    #[test]
    fn who_left_comes_back_as_before_and_what_waited_meanwhile_is_looked_at() {
        let left = leave(Some(follower()), None, at(1));
        let Keep::As(left) = left.keep else { panic!("{left:?}") };
        let back = undo_leaving(Some(left), at(2));
        assert_eq!(back.answer, [zte()]);
        assert_eq!(back.keep, Keep::AndWake(follower()));
    }

    #[test]
    fn a_pause_that_goes_on_keeps_its_beginning() {
        let first = pause(follower(), true, None, at(1));
        let Keep::AndWake(paused) = first.keep else { panic!("{first:?}") };
        let second = pause(paused, true, None, at(5));
        assert_eq!((first.answer, second.answer), (None, Some(at(1))));
        let Keep::AndWake(paused) = second.keep else { panic!() };
        assert_eq!(pause(paused, false, None, at(9)).answer, Some(at(1)));
    }

    #[test]
    fn silence_is_attested_again_from_the_earlier_moment_and_only_to_who_wants_it() {
        let mut weekly = prefer(follower(), &[Preference::Cadence(Cadence::Weekly)], at(0)).answer;
        weekly.preferences.attested_until = Some(at(60));
        let again = |since| match attest_again(Some(weekly.clone()), since) {
            Keep::AndWake(after) => after.preferences.attested_until,
            kept => panic!("{kept:?}"),
        };
        assert_eq!((again(at(10)), again(at(90))), (Some(at(10)), Some(at(60))));
        let made = |attested_until| ReaderCommit { attested_until, ..ReaderCommit::empty(ann(), at(99)) };
        let kept = composed(Some(weekly.clone()), &made(Some(at(99))));
        let Keep::As(after) = kept else { panic!("{kept:?}") };
        assert_eq!(after.preferences.attested_until, Some(at(99)));
        assert_eq!(composed(Some(weekly), &made(None)), Keep::AsBefore);
        assert_eq!(composed(Some(follower()), &made(Some(at(99)))), Keep::AsBefore, "wants none any more");
    }
}
