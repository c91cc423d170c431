//! A way out that is closed: how long it is left alone, and how it opens again.
//!
//! A relay that cannot be reached is not asked mail by mail. One mail is tried now and then, at
//! growing intervals, and all the others wait without anything being counted against them.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::moment;

/// A transport out of reach.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// The transport.
    pub channel: String,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// Attempts that found it so.
    pub failures: u32,
    /// When one mail is tried next.
    pub next_probe_at: DateTime<Utc>,
    /// What the last attempt met.
    pub reason: String,
}

/// Waiting times after the first, second, … attempt; the last one repeats.
const WAIT_SECONDS: [i64; 6] = [10, 30, 60, 120, 300, 600];

/// How long is waited after so many attempts.
fn wait_after(failures: u32) -> Duration {
    let step = usize::try_from(failures.saturating_sub(1)).unwrap_or(usize::MAX);
    Duration::seconds(WAIT_SECONDS[step.min(WAIT_SECONDS.len() - 1)])
}

impl Breaker {
    /// How a channel stands after an attempt that found it unreachable, `before` how it stood.
    ///
    /// Mails that were under way together find it out together: that is one failure.
    #[must_use]
    pub fn after(before: Option<Self>, channel: &str, reason: String, now: DateTime<Utc>) -> Self {
        let Some(before) = before else {
            let next_probe_at = now + Duration::seconds(WAIT_SECONDS[0]);
            return Self { channel: channel.to_owned(), opened_at: now, failures: 1, next_probe_at, reason };
        };
        if !before.may_probe(now) {
            return before;
        }
        let next_probe_at = now + wait_after(before.failures.saturating_add(1));
        Self { failures: before.failures.saturating_add(1), next_probe_at, reason, ..before }
    }

    /// Whether one mail may be tried.
    #[must_use]
    pub fn may_probe(&self, now: DateTime<Utc>) -> bool {
        self.probe_at(now) <= now
    }

    /// When one mail is tried next, as far as the clock can be believed that said so.
    #[must_use]
    pub fn probe_at(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        moment::due(self.next_probe_at - wait_after(self.failures), self.next_probe_at, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_tried_at_growing_intervals_and_keeps_when_it_began() {
        let start = DateTime::UNIX_EPOCH;
        let mut breaker = Breaker::after(None, "relay", "refused".to_owned(), start);
        let mut waits = vec![(breaker.next_probe_at - start).num_seconds()];
        for _ in 0..7 {
            let now = breaker.next_probe_at;
            assert!(!breaker.may_probe(now - Duration::seconds(1)) && breaker.may_probe(now));
            breaker = Breaker::after(Some(breaker), "relay", "refused".to_owned(), now);
            waits.push((breaker.next_probe_at - now).num_seconds());
        }
        assert_eq!(waits, [10, 30, 60, 120, 300, 600, 600, 600]);
        assert_eq!((breaker.opened_at, breaker.failures), (start, 8));
    }

    #[test]
    fn one_that_was_opened_by_a_clock_that_was_ahead_is_tried_at_once() {
        let now = DateTime::UNIX_EPOCH;
        let ahead = Breaker::after(None, "relay", "refused".to_owned(), now + Duration::days(400));
        assert!(ahead.may_probe(now));
        let again = Breaker::after(Some(ahead), "relay", "refused".to_owned(), now);
        assert_eq!((again.failures, again.next_probe_at), (2, now + Duration::seconds(30)));
    }

    #[test]
    fn mails_under_way_together_count_once() {
        let now = DateTime::UNIX_EPOCH;
        let first = Breaker::after(None, "relay", "refused".to_owned(), now);
        let second = Breaker::after(Some(first.clone()), "relay", "timed out".to_owned(), now);
        assert_eq!(first, second);
    }
}
