//! How often an API lets one asker ask.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::moment;

/// So many requests in so long, of all sources at one host together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Quota {
    /// How many.
    pub requests: u32,
    /// In any stretch of this length.
    #[serde(serialize_with = "in_words")]
    pub within: Duration,
}

fn in_words<S: serde::Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment::length(*length))
}

/// A request that is counted before it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CountedRequest {
    /// The host, with its port where that is another than usual.
    pub host: String,
    /// How often it may be asked.
    pub quota: Quota,
    /// Whether a person wants the request whatever the quota says: the publisher counts it all the same.
    pub at_any_rate: bool,
}

/// The requests to a host whose API allows only so many, as all processes of an installation count them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaUse {
    /// The host, with its port where that is another than usual.
    pub host: String,
    /// For how many milliseconds a request counts at most: sources at one host may have quotas of different lengths.
    pub counts_for: i64,
    /// The requests that may still count, the oldest first.
    pub asked: Vec<RequestBurst>,
}

/// Requests that were counted shortly after each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestBurst {
    /// When the first of them was counted, in milliseconds of Unix time.
    pub first: i64,
    /// When the last was: as if all of them had been counted then.
    pub last: i64,
    /// How many.
    pub requests: u32,
}

/// Of requests within such a part of the time for which they count, only the number is kept: however many an API
/// allows, what is kept of them stays small.
const PARTS: i64 = 1000;

impl QuotaUse {
    /// Nothing was asked of the host yet.
    #[must_use]
    pub fn none(host: String) -> Self {
        Self { host, ..Self::default() }
    }

    /// Counts one more request.
    ///
    /// # Errors
    /// How long it takes until one more is allowed. Then nothing is counted.
    pub fn count(&mut self, request: &CountedRequest, now: DateTime<Utc>) -> Result<(), Duration> {
        let now = now.timestamp_millis();
        let within = i64::try_from(request.quota.within.as_millis()).unwrap_or(i64::MAX);
        self.counts_for = self.counts_for.max(within);
        for asked in &mut self.asked {
            // What seems to lie ahead was counted by a clock that was wrong, and happened by now.
            asked.first = asked.first.min(now);
            asked.last = asked.last.min(now);
        }
        self.asked.retain(|asked| now - asked.last < self.counts_for);
        match self.last_in_the_way(request.quota).map(|last| within - (now - last)) {
            Some(left) if left > 0 && !request.at_any_rate => {
                return Err(TimeDelta::milliseconds(left).to_std().unwrap_or_default());
            }
            _ => self.note(now),
        }
        Ok(())
    }

    /// When that request was counted which must be over before another one may be made.
    fn last_in_the_way(&self, quota: Quota) -> Option<i64> {
        let mut allowed = u64::from(quota.requests);
        for asked in self.asked.iter().rev() {
            match allowed.checked_sub(u64::from(asked.requests)) {
                Some(left) if left > 0 => allowed = left,
                _ => return Some(asked.last),
            }
        }
        None
    }

    fn note(&mut self, now: i64) {
        match self.asked.last_mut().filter(|asked| now - asked.first < self.counts_for / PARTS) {
            Some(asked) => {
                asked.last = now;
                asked.requests = asked.requests.saturating_add(1);
            }
            None => self.asked.push(RequestBurst { first: now, last: now, requests: 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: u64 = 3600;

    fn at(seconds: i64) -> DateTime<Utc> {
        "2031-02-03T04:05:06Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
    }

    /// Asks by a quota of so many requests in so many hours; returns for how many seconds it is refused.
    #[track_caller]
    fn ask(used: &mut QuotaUse, (requests, hours): (u32, u64), seconds: i64) -> Option<u64> {
        let quota = Quota { requests, within: Duration::from_secs(hours * HOUR) };
        let request = CountedRequest { host: "api.test".to_owned(), quota, at_any_rate: false };
        used.count(&request, at(seconds)).err().map(|left| left.as_secs())
    }

    fn unused() -> QuotaUse {
        QuotaUse::none("api.test".to_owned())
    }

    #[test]
    fn a_quota_is_kept_in_any_stretch_of_its_length() {
        let mut used = unused();
        assert_eq!(ask(&mut used, (2, 1), 0), None);
        assert_eq!(ask(&mut used, (2, 1), 600), None);
        assert_eq!(ask(&mut used, (2, 1), 600), Some(3000));
        assert_eq!(ask(&mut used, (2, 1), 3600), None, "the first is an hour old");
        assert_eq!(ask(&mut used, (2, 1), 3600), Some(600));
    }

    #[test]
    fn a_quota_of_an_hour_does_not_forget_what_counts_for_a_day() {
        let mut used = unused();
        assert_eq!(ask(&mut used, (2, 24), 0), None);
        assert_eq!(ask(&mut used, (2, 24), 0), None);
        assert_eq!(ask(&mut used, (1, 1), 7200), None, "nobody asked within the hour");
        assert_eq!(ask(&mut used, (3, 24), 7200), Some(79_200));
    }

    #[test]
    fn what_a_person_wants_at_any_rate_counts_as_well() {
        let mut used = unused();
        assert_eq!(ask(&mut used, (1, 1), 0), None);
        let quota = Quota { requests: 1, within: Duration::from_secs(HOUR) };
        let request = CountedRequest { host: "api.test".to_owned(), quota, at_any_rate: true };
        assert_eq!(used.count(&request, at(1800)), Ok(()));
        assert_eq!(ask(&mut used, (1, 1), 3600), Some(1800));
    }

    #[test]
    fn however_often_a_host_is_asked_little_is_kept_of_it_and_the_quota_holds() {
        let (mut used, mut allowed) = (unused(), Vec::new());
        for second in 0..3 * 3600 {
            if ask(&mut used, (1800, 1), second).is_none() {
                allowed.push(second);
            }
        }
        assert!(used.asked.len() <= 1001, "{}", used.asked.len());
        // What is asked at once is put together and counts as of its end, so that no stretch has more.
        for (index, second) in allowed.iter().enumerate() {
            let earlier = allowed[..index].iter().filter(|earlier| second - **earlier < 3600).count();
            assert!(earlier < 1800, "{second}: {earlier}");
        }
        assert!(allowed.len() > 3 * 1790, "{}", allowed.len());
    }

    #[test]
    fn what_was_counted_by_a_clock_that_was_ahead_counts_from_when_it_is_right() {
        let mut used = unused();
        assert_eq!(ask(&mut used, (1, 1), 86_400), None);
        assert_eq!(ask(&mut used, (1, 1), 0), Some(3600));
        assert_eq!(ask(&mut used, (1, 1), 3600), None);
    }
}
