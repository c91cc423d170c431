//! How fast a host is asked, as far as all workers who ask it must know.
//!
//! A host's turn goes from worker to worker, and this with it. Its moments are those of one clock, by which the turns are
//! handed out. What counts is when a turn was given back: by then the request has certainly reached the host, and
//! the next one is an interval later.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::token_bucket::{BucketRate, TokenBucket};

/// What is handed on with a host's turn. The default is a host that nobody asked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostPace {
    #[serde(default)]
    bucket: TokenBucket,
    /// Until when the host asked to be left alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused_until: Option<DateTime<Utc>>,
}

/// A moment as buckets count it.
fn counted(at: DateTime<Utc>) -> Duration {
    (at - DateTime::UNIX_EPOCH).to_std().unwrap_or_default()
}

impl HostPace {
    /// How long until the host may be asked again. A worker that had the turn before and never gave it back may have asked just
    /// now.
    #[must_use]
    pub fn free_in(&self, rate: BucketRate, was_left: bool, now: DateTime<Utc>) -> Duration {
        let now = counted(now);
        let free_in = self.bucket.free_at(rate, now).saturating_sub(now);
        if was_left { free_in.max(rate.interval) } else { free_in }
    }

    /// How long the host still wishes to be left alone.
    #[must_use]
    pub fn pause_left(&self, now: DateTime<Utc>) -> Option<Duration> {
        let left = (self.paused_until? - now).to_std().ok()?;
        Some(left).filter(|left| !left.is_zero())
    }

    /// The same after the host was asked and its turn is given back; `pause` is how long it wishes to be left alone.
    #[must_use]
    pub fn asked(mut self, rate: BucketRate, pause: Option<Duration>, now: DateTime<Utc>) -> Self {
        self.bucket.take(rate, 1, counted(now));
        let pause = pause.and_then(|pause| chrono::Duration::from_std(pause).ok());
        self.paused_until = pause.map(|pause| now + pause);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::Duration::seconds(1_000_000 + seconds)
    }

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn the_interval_counts_from_when_the_turn_was_given_back() {
        let rate = BucketRate { interval: seconds(2), burst: 1 };
        let pace = HostPace::default();
        assert_eq!(pace.free_in(rate, false, at(0)), Duration::ZERO);
        let pace = pace.asked(rate, None, at(60));
        assert_eq!(pace.free_in(rate, false, at(60)), seconds(2));
        assert_eq!(pace.free_in(rate, false, at(61)), seconds(1));
        assert_eq!(pace.free_in(rate, false, at(62)), Duration::ZERO);
    }

    #[test]
    fn who_takes_a_turn_over_that_was_never_given_back_waits_for_an_interval() {
        let rate = BucketRate { interval: seconds(2), burst: 3 };
        assert_eq!(HostPace::default().free_in(rate, true, at(0)), seconds(2));
    }

    #[test]
    fn a_pause_is_handed_on_and_ends_with_an_answer_that_asks_for_none() {
        let rate = BucketRate { interval: seconds(0), burst: 1 };
        let pace = HostPace::default().asked(rate, Some(seconds(90)), at(0));
        let kept: HostPace = serde_json::from_str(&serde_json::to_string(&pace).unwrap()).unwrap();
        assert_eq!((kept.pause_left(at(30)), kept.pause_left(at(90))), (Some(seconds(60)), None));
        assert_eq!(kept.asked(rate, None, at(30)).pause_left(at(30)), None);
    }
}
