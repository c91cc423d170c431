//! A token bucket: how much may be done at once, and how fast the right to do more comes back.
//!
//! It is told by the one moment at which it will be full again. Moments are lengths of time since one that its owner
//! chose, so that it serves every clock.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How fast a bucket fills, and how much it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BucketRate {
    /// In which one token comes.
    pub interval: Duration,
    /// How many it holds, at least one.
    pub burst: u32,
}

impl BucketRate {
    /// So many in a minute, all of which may be taken at once.
    #[must_use]
    pub fn per_minute(count: u32) -> Self {
        let burst = count.max(1);
        Self { interval: Duration::from_secs(60) / burst, burst }
    }

    /// In which a bucket fills to so many tokens.
    fn time_for(&self, tokens: u32) -> Duration {
        self.interval.saturating_mul(tokens)
    }
}

/// A bucket; the default is full.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenBucket {
    full_at: Duration,
}

impl TokenBucket {
    /// How many tokens are in it.
    #[must_use]
    pub fn tokens(&self, rate: BucketRate, now: Duration) -> u32 {
        let lacking = self.fills_in(rate, now).as_nanos().div_ceil(rate.interval.as_nanos().max(1));
        rate.burst.max(1).saturating_sub(u32::try_from(lacking).unwrap_or(u32::MAX))
    }

    /// When there is a token to be taken: now, or later.
    #[must_use]
    pub fn free_at(&self, rate: BucketRate, now: Duration) -> Duration {
        let slack = rate.time_for(rate.burst.saturating_sub(1));
        now + self.fills_in(rate, now).saturating_sub(slack)
    }

    /// Takes tokens, whether they are there or not.
    pub fn take(&mut self, rate: BucketRate, tokens: u32, now: Duration) {
        self.full_at = now + self.fills_in(rate, now) + rate.time_for(tokens);
    }

    /// Whether it is full.
    #[must_use]
    pub fn is_full(&self, now: Duration) -> bool {
        self.full_at <= now
    }

    /// Takes over that the clock went back: it fills from now on, and is empty at most.
    pub fn set_back(&mut self, rate: BucketRate, now: Duration) {
        self.full_at = now + self.fills_in(rate, now);
    }

    /// How long until it is full: never longer than if it were empty.
    fn fills_in(&self, rate: BucketRate, now: Duration) -> Duration {
        self.full_at.saturating_sub(now).min(rate.time_for(rate.burst.max(1)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn a_burst_may_be_taken_and_comes_back_one_by_one() {
        let rate = BucketRate { interval: seconds(10), burst: 3 };
        let mut bucket = TokenBucket::default();
        assert_eq!(bucket.tokens(rate, seconds(5)), 3);
        bucket.take(rate, 3, seconds(5));
        assert_eq!((bucket.tokens(rate, seconds(5)), bucket.free_at(rate, seconds(5))), (0, seconds(15)));
        assert_eq!((bucket.tokens(rate, seconds(14)), bucket.tokens(rate, seconds(15))), (0, 1));
        assert_eq!((bucket.tokens(rate, seconds(34)), bucket.is_full(seconds(34))), (2, false));
        assert_eq!((bucket.tokens(rate, seconds(35)), bucket.is_full(seconds(35))), (3, true));
        assert_eq!(bucket.tokens(rate, seconds(9_999)), 3, "never more than the burst");
    }

    #[test]
    fn a_clock_that_went_back_holds_nobody_up_for_longer_than_an_empty_bucket() {
        let rate = BucketRate::per_minute(60);
        let mut bucket = TokenBucket::default();
        bucket.take(rate, 60, seconds(1_000_000));
        bucket.set_back(rate, seconds(10));
        assert_eq!(bucket.free_at(rate, seconds(10)), seconds(11));
        assert_eq!((bucket.tokens(rate, seconds(11)), bucket.tokens(rate, seconds(40))), (1, 30));
        assert!(bucket.is_full(seconds(70)));
    }

    #[test]
    fn without_an_interval_there_is_always_a_token() {
        let rate = BucketRate { interval: Duration::ZERO, burst: 1 };
        let mut bucket = TokenBucket::default();
        for _ in 0..3 {
            bucket.take(rate, 1, seconds(1));
            assert_eq!((bucket.tokens(rate, seconds(1)), bucket.free_at(rate, seconds(1))), (1, seconds(1)));
        }
    }

    proptest! {
        /// In any stretch of time no more is taken than the burst and what comes back within it.
        #[test]
        fn no_more_is_taken_than_the_rate_allows(
            millis in 1_u64..5_000,
            burst in 1_u32..8,
            waits in prop::collection::vec(0_u64..4_000, 1..60),
        ) {
            let rate = BucketRate { interval: Duration::from_millis(millis), burst };
            let (mut bucket, mut now, mut taken) = (TokenBucket::default(), Duration::ZERO, Vec::new());
            for wait in waits {
                now += Duration::from_millis(wait);
                let is_free = bucket.free_at(rate, now) == now;
                prop_assert_eq!(is_free, bucket.tokens(rate, now) > 0);
                if is_free {
                    bucket.take(rate, 1, now);
                    taken.push(now);
                }
            }
            for (first, start) in taken.iter().enumerate() {
                for (last, end) in taken.iter().enumerate().skip(first) {
                    let back = end.saturating_sub(*start).as_millis() / u128::from(millis);
                    prop_assert!(((last - first + 1) as u128) <= u128::from(burst) + back);
                }
            }
        }
    }
}
