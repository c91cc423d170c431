//! Times in which somebody wants no mail: what is found meanwhile is collected, and told once they are over.

use chrono::{DateTime, Duration, NaiveDate, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Preference, Subscriber, SubscriptionState};
use crate::domain::moment::{by_now, lies_ahead};
use crate::domain::schedule::instant;
use crate::domain::topic::Topic;

/// For so long somebody who left can take it back by a button.
pub const UNDO_FOR: Duration = Duration::days(1);

/// A pause that is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it ends by itself; nothing where its reader ends it.
    pub until: Option<DateTime<Utc>>,
}

/// A pause that is over, and of which its reader was not told yet what it collected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndedPause {
    /// Since when nothing was sent.
    pub since: DateTime<Utc>,
    /// When it ended.
    pub until: DateTime<Utc>,
}

impl Subscriber {
    /// The pause that is in force.
    #[must_use]
    pub fn pause(&self, now: DateTime<Utc>) -> Option<Pause> {
        let until = self.paused_until;
        self.paused_since
            .filter(|_| until.is_none_or(|until| now < until))
            .map(|since| Pause { since, until })
    }

    /// Whether nothing is to be sent now.
    #[must_use]
    pub fn is_paused(&self, now: DateTime<Utc>) -> bool {
        self.pause(now).is_some()
    }

    /// The pause that is over and was not summed up.
    #[must_use]
    pub fn ended_pause(&self, now: DateTime<Utc>) -> Option<EndedPause> {
        if self.is_paused(now) {
            return None;
        }
        let lapsed = self.paused_since.zip(self.paused_until);
        lapsed.map(|(since, until)| EndedPause { since, until }).or(self.ended_pause)
    }

    /// Begins a pause, or says anew when one ends. One that follows another before that was summed up goes
    /// on with it.
    pub fn begin_pause(&mut self, until: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        let before = self.pause(now).map(|pause| pause.since);
        let ended = self.ended_pause(now).map(|ended| ended.since);
        self.paused_since = before.or(ended).or(Some(now));
        self.paused_until = until.filter(|until| *until > now);
        self.ended_pause = None;
    }

    /// Ends a pause; tells since when it was in force.
    pub fn end_pause(&mut self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let pause = self.pause(now);
        let since = pause.map(|pause| pause.since);
        self.ended_pause = since.map(|since| EndedPause { since, until: now }).or(self.ended_pause(now));
        self.paused_since = None;
        self.paused_until = None;
        since
    }

    /// Notes that a pause which is over was summed up, where it is still that one.
    pub fn sum_up(&mut self, summed: EndedPause, now: DateTime<Utc>) {
        if self.ended_pause(now) == Some(summed) {
            self.paused_since = None;
            self.paused_until = None;
            self.ended_pause = None;
        }
    }

    /// The same once the clock was found to have gone back: nothing happened at a moment to come. A pause that was begun
    /// then lasts as long as it was to.
    #[must_use]
    pub fn set_back(mut self, now: DateTime<Utc>) -> Self {
        let back = |at: &mut DateTime<Utc>| *at = by_now(*at, now);
        if let Some((since, until)) = self.paused_since.zip(self.paused_until)
            && lies_ahead(since, now)
        {
            self.paused_until = Some(now + (until - since));
        }
        self.paused_since.iter_mut().for_each(back);
        if let Some(ended) = &mut self.ended_pause {
            back(&mut ended.since);
            back(&mut ended.until);
        }
        for known in &mut self.subscriptions {
            back(&mut known.requested_at);
            known.confirmed_at.iter_mut().chain(&mut known.ended_at).for_each(back);
        }
        self.preferences.attested_until.iter_mut().for_each(back);
        self
    }

    /// Takes a wish about how mail comes.
    pub fn take(&mut self, wish: Preference, now: DateTime<Utc>) {
        match wish {
            Preference::PausedUntil(day) => {
                // A day that has come asks for nothing, and never for a pause without an end.
                let until = self.preferences.begin_of(day).filter(|until| *until > now);
                if until.is_some() {
                    self.begin_pause(until, now);
                }
            }
            wish => self.preferences.take(wish, now),
        }
    }

    /// Until when somebody who left a topic can take that back; nothing where they cannot.
    #[must_use]
    pub fn may_return_until(&self, topic: &Topic, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let left = self.subscriptions.iter().find(|known| known.topic == *topic)?;
        let until = left.ended_at.filter(|_| left.state == SubscriptionState::Unsubscribed)? + UNDO_FOR;
        (now < until).then_some(until)
    }

    /// What somebody left last, if that can still be taken back.
    #[must_use]
    pub fn left_last(&self, now: DateTime<Utc>) -> Vec<Topic> {
        let ended = |topic: &Topic| {
            let known = self.subscriptions.iter().find(|known| known.topic == *topic);
            known.and_then(|known| known.ended_at)
        };
        let topics = self.subscriptions.iter().map(|known| known.topic.clone());
        let may_return: Vec<Topic> =
            topics.filter(|topic| self.may_return_until(topic, now).is_some()).collect();
        let last = may_return.iter().filter_map(ended).max();
        may_return.into_iter().filter(|topic| ended(topic) == last).collect()
    }

    /// Takes back what was left last; tells which topics are followed again, as they were before.
    pub fn undo_leaving(&mut self, now: DateTime<Utc>) -> Vec<Topic> {
        let back = self.left_last(now);
        for known in self.subscriptions.iter_mut().filter(|known| back.contains(&known.topic)) {
            known.state = SubscriptionState::Active;
            known.ended_at = None;
        }
        back
    }
}

/// The day in words that people and programs write: `2026-12-24`.
#[must_use]
pub fn day(text: &str) -> Option<NaiveDate> {
    text.trim().parse().ok()
}

impl super::Preferences {
    /// When a day begins where the reader is.
    #[must_use]
    pub fn begin_of(&self, day: NaiveDate) -> Option<DateTime<Utc>> {
        instant(day.and_time(NaiveTime::MIN), self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::subscription::{Filter, Wish};

    fn at(hours: i64) -> DateTime<Utc> {
        "2026-11-24T00:00:00Z".parse::<DateTime<Utc>>().unwrap() + Duration::hours(hours)
    }

    fn reader(companies: &[&str]) -> Subscriber {
        let mut reader = Subscriber::new("ann@example.org".parse().unwrap());
        for company in companies {
            let company = company.parse().unwrap();
            let only = Filter::default();
            let wish = Wish { topic: &company, only, confirmed: true, channel: "mail", agreed_to: None };
            reader.follow(wish, at(-100));
        }
        reader
    }

    #[test]
    fn a_pause_with_an_end_ends_by_itself_and_is_summed_up_once() {
        let mut reader = reader(&["zte"]);
        reader.take(Preference::PausedUntil("2026-11-26".parse().unwrap()), at(0));
        assert!(reader.is_paused(at(47)) && reader.ended_pause(at(47)).is_none());
        let ended = reader.ended_pause(at(48)).unwrap();
        assert_eq!((ended.since, ended.until, reader.is_paused(at(48))), (at(0), at(48), false));
        reader.sum_up(ended, at(49));
        assert_eq!((reader.ended_pause(at(50)), reader.paused_since), (None, None));
        reader.take(Preference::PausedUntil("2026-11-24".parse().unwrap()), at(50));
        assert!(!reader.is_paused(at(51)), "that day has come");
    }

    #[test]
    fn a_pause_that_begins_before_the_last_was_summed_up_goes_on_with_it() {
        let mut reader = reader(&["zte"]);
        reader.begin_pause(None, at(0));
        assert_eq!(reader.end_pause(at(5)), Some(at(0)));
        let ended = reader.ended_pause(at(5)).unwrap();
        reader.begin_pause(None, at(6));
        assert_eq!(reader.pause(at(7)), Some(Pause { since: at(0), until: None }));
        reader.sum_up(ended, at(7));
        assert!(reader.is_paused(at(7)), "it is not that one any more");
        assert_eq!(reader.end_pause(at(8)), Some(at(0)));
        assert_eq!(reader.end_pause(at(9)), None, "nothing is paused");
        assert_eq!(reader.ended_pause(at(9)), Some(EndedPause { since: at(0), until: at(8) }));
    }

    #[test]
    fn who_left_can_take_back_the_last_of_it_for_a_day() {
        let mut reader = reader(&["zte", "hikvision", "huawei"]);
        let company = |id: &str| -> Topic { id.parse().unwrap() };
        reader.leave(Some(&company("zte")), at(0));
        reader.leave(None, at(1));
        assert_eq!(reader.left_last(at(2)), [company("hikvision"), company("huawei")]);
        assert_eq!(reader.undo_leaving(at(2)).len(), 2);
        assert!(reader.active(&company("huawei")).is_some() && reader.active(&company("zte")).is_none());
        assert_eq!(reader.undo_leaving(at(3)), [company("zte")], "then what was left before that");
        reader.leave(None, at(4));
        assert_eq!(reader.undo_leaving(at(28)), [], "a day later it is over");
        assert!(!reader.is_active());
    }
}
