//! How fast mail leaves, in all and to one recipient domain.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::mail_pace::MailPace;
use crate::domain::moment;
use crate::domain::outbox::Outcome;
use crate::domain::token_bucket::BucketRate;
use crate::settings::Pace;

/// Domains are remembered until they are this many; those without anything to remember go.
const MAX_DOMAINS: usize = 10_000;

/// What holds mail to its pace. Nothing of it is kept: a restart forgets it. Where several workers send, the
/// store has what they go by ([`crate::store::Store::lease_due_if`]), and this only what they said and heard themselves.
#[derive(Debug)]
pub(super) struct Limits {
    pace: Pace,
    places: usize,
    state: Mutex<PaceState>,
}

#[derive(Debug, Default)]
struct PaceState {
    all: MailPace,
    domains: HashMap<String, Domain>,
    /// What the clock showed last.
    seen_at: DateTime<Utc>,
}

#[derive(Debug)]
struct Domain {
    pace: MailPace,
    places: Arc<Semaphore>,
}

impl Limits {
    pub(super) fn new(pace: Pace, concurrency: usize) -> Self {
        let places = pace.domain_concurrency.unwrap_or(concurrency).max(1);
        Self { pace, places, state: Mutex::default() }
    }

    /// How many of so many mails may go now.
    pub(super) fn admits(&self, wanted: usize, now: DateTime<Utc>) -> usize {
        let Some(rate) = self.pace.rate_per_minute.map(BucketRate::per_minute) else { return wanted };
        self.state_at(now).all.admits(rate, wanted, now)
    }

    /// Notes that so many were let go.
    pub(super) fn count(&self, mails: usize, now: DateTime<Utc>) {
        let Some(rate) = self.pace.rate_per_minute.map(BucketRate::per_minute) else { return };
        self.state_at(now).all.count(rate, mails, now);
    }

    /// When mail may go, as far as all of it is concerned.
    pub(super) fn open_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let Some(rate) = self.pace.rate_per_minute.map(BucketRate::per_minute) else { return now };
        self.state_at(now).all.open_at(rate, now)
    }

    /// Whether a mail to a domain may go now, or until when it has to wait.
    pub(super) fn may_go(&self, domain: &str, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let rate = self.pace.domain_rate_per_minute.map(BucketRate::per_minute);
        let mut state = self.state_at(now);
        self.domain(&mut state, domain, now).pace.may_go(rate, now)
    }

    /// Whether a domain said, since a mail to it was leased, that it takes nothing more for now.
    pub(super) fn is_busy(&self, domain: &str, now: DateTime<Utc>) -> bool {
        self.state_at(now).domains.get(domain).is_some_and(|domain| domain.pace.is_busy(now))
    }

    /// A place among the mails on their way to a domain, as soon as there is one.
    pub(super) async fn place(&self, domain: &str) -> Option<OwnedSemaphorePermit> {
        let places = {
            let mut state = self.state();
            Arc::clone(&self.domain(&mut state, domain, DateTime::UNIX_EPOCH).places)
        };
        places.acquire_owned().await.ok()
    }

    /// Takes note of what an outcome says of a domain; returns whether that is news for other workers.
    pub(super) fn learn(&self, domain: &str, outcome: &Outcome, now: DateTime<Utc>) -> bool {
        let mut state = self.state_at(now);
        let pace = &mut self.domain(&mut state, domain, now).pace;
        let before = *pace;
        match outcome {
            Outcome::Busy { .. } => pace.busy(now),
            Outcome::Sent { .. } => pace.took(),
            _ => {}
        }
        *pace != before
    }

    fn domain<'a>(&self, state: &'a mut PaceState, name: &str, now: DateTime<Utc>) -> &'a mut Domain {
        if state.domains.len() >= MAX_DOMAINS {
            state.domains.retain(|_, domain| domain.is_remarkable(now, self.places));
        }
        state.domains.entry(name.to_owned()).or_insert_with(|| Domain {
            pace: MailPace::default(),
            places: Arc::new(Semaphore::new(self.places)),
        })
    }

    /// The same, its moments forgotten where the clock went back: they would not come for long.
    fn state_at(&self, now: DateTime<Utc>) -> MutexGuard<'_, PaceState> {
        let mut state = self.state();
        if moment::lies_ahead(state.seen_at, now) {
            let PaceState { all, domains, .. } = &mut *state;
            all.set_back(self.pace.rate_per_minute.map(BucketRate::per_minute), now);
            for domain in domains.values_mut() {
                domain.pace.set_back(self.pace.domain_rate_per_minute.map(BucketRate::per_minute), now);
            }
        }
        state.seen_at = now;
        state
    }

    fn state(&self) -> MutexGuard<'_, PaceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Domain {
    fn is_remarkable(&self, now: DateTime<Utc>, places: usize) -> bool {
        self.pace.is_remarkable(now) || self.places.available_permits() < places
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::seconds(seconds)
    }

    #[test]
    fn a_domain_gets_what_its_rate_allows_and_the_rest_one_after_another() {
        let pace = Pace { domain_rate_per_minute: Some(60), ..Pace::default() };
        let limits = Limits::new(pace, 2);
        let answers: Vec<_> = (0..100).map(|_| limits.may_go("example.org", at(0))).collect();
        assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 60, "what fits into a minute");
        let waits: Vec<_> = answers.into_iter().filter_map(Result::err).collect();
        assert_eq!(waits, (1..=40).map(at).collect::<Vec<_>>());
        assert!(waits.iter().all(|wait| limits.may_go("example.org", *wait).is_ok()), "each at its moment");
        assert_eq!(limits.may_go("example.net", at(0)), Ok(()), "others are not concerned");
    }

    #[test]
    fn a_domain_that_is_busy_is_left_alone_longer_each_time() {
        let limits = Limits::new(Pace::default(), 2);
        let busy = Outcome::Busy { reason: "421".to_owned() };
        limits.learn("example.org", &busy, at(0));
        limits.learn("example.org", &busy, at(1));
        assert_eq!(limits.may_go("example.org", at(2)), Err(at(60)), "what was under way counts once");
        assert_eq!(limits.may_go("example.org", at(60)), Ok(()));
        limits.learn("example.org", &busy, at(60));
        assert_eq!(limits.may_go("example.org", at(61)), Err(at(360)));
        limits.learn("example.org", &Outcome::SENT, at(360));
        limits.learn("example.org", &busy, at(400));
        assert_eq!(limits.may_go("example.org", at(401)), Err(at(460)), "a success begins anew");
        assert_eq!(limits.may_go("example.net", at(401)), Ok(()));
    }

    #[test]
    fn a_clock_that_went_back_holds_nobody_up() {
        let pace = Pace { domain_rate_per_minute: Some(1), ..Pace::default() };
        let limits = Limits::new(pace, 2);
        let year = 365 * 24 * 60 * 60;
        limits.learn("example.org", &Outcome::Busy { reason: "421".to_owned() }, at(year));
        assert!(limits.may_go("example.org", at(year)).is_err());
        assert_eq!(limits.may_go("example.org", at(0)), Ok(()));
        assert_eq!(limits.may_go("example.org", at(0)), Err(at(60)));
    }

    #[test]
    fn in_all_no_more_leave_than_the_rate_allows() {
        let limits = Limits::new(Pace { rate_per_minute: Some(60), ..Pace::default() }, 2);
        assert_eq!(limits.admits(100, at(0)), 60);
        limits.count(60, at(0));
        assert_eq!((limits.admits(100, at(0)), limits.open_at(at(0))), (0, at(1)));
        assert_eq!(limits.admits(100, at(10)), 10);
    }

    #[tokio::test]
    async fn no_more_mails_are_on_their_way_to_a_domain_than_it_has_places() {
        let limits = Limits::new(Pace { domain_concurrency: Some(1), ..Pace::default() }, 4);
        let free = || limits.state().domains["example.org"].places.available_permits();
        let place = limits.place("example.org").await;
        assert_eq!(free(), 0);
        drop(place);
        assert_eq!(free(), 1);
    }
}
