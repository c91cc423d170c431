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

/// When a host was asked whose API lets one asker ask only so often, for the process that comes after this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuotaUse {
    /// The host, with its port where that is another than usual.
    pub host: String,
    /// The moments, in seconds of Unix time, the oldest first.
    pub asked_at: Vec<i64>,
}

impl QuotaUse {
    /// A host that was asked so long ago, each time.
    #[must_use]
    pub fn of(host: String, ages: impl IntoIterator<Item = Duration>, now: DateTime<Utc>) -> Self {
        // A part of a second more is no harm, and one less would be.
        let moment = |age| {
            let at = now - TimeDelta::from_std(age).unwrap_or_default();
            at.timestamp() + i64::from(at.timestamp_subsec_nanos() > 0)
        };
        Self { host, asked_at: ages.into_iter().map(moment).collect() }
    }

    /// How long ago it was asked, each time. What seems to lie ahead, since the clock was wrong, counts as of now.
    pub fn ages(&self, now: DateTime<Utc>) -> impl Iterator<Item = Duration> + '_ {
        self.asked_at.iter().map(move |at| {
            Duration::from_secs(u64::try_from(now.timestamp().saturating_sub(*at)).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_long_ago_a_host_was_asked_is_the_same_for_the_process_after_this_one() {
        let now: DateTime<Utc> = "2031-02-03T04:05:06Z".parse().unwrap();
        let ages = [90, 60, 0].map(Duration::from_secs);
        let used = QuotaUse::of("api.test".to_owned(), ages, now);
        assert_eq!(used.ages(now).collect::<Vec<_>>(), ages);
        assert_eq!(used.ages(now - TimeDelta::seconds(70)).next(), Some(Duration::from_secs(20)));
        assert_eq!(used.ages(now - TimeDelta::hours(1)).last(), Some(Duration::ZERO));
    }
}
