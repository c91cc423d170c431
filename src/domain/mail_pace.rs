//! How fast mail leaves to one recipient domain, or in all.
//!
//! A value that says when the next mail may go, and takes note of what leaves and of what a domain says. One process keeps
//! it in memory; several that share a store keep it there, and go by the same.

use std::time::Duration as Length;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::token_bucket::{BucketRate, TokenBucket};

/// A domain that takes nothing more is left alone for so long, after the first, second, … time.
const BUSY_MINUTES: [i64; 4] = [1, 5, 15, 30];

/// The pace of mail; the default is one that nothing was sent at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailPace {
    #[serde(default)]
    bucket: TokenBucket,
    /// The moment given to the last mail that had to wait.
    #[serde(default)]
    tail: DateTime<Utc>,
    /// Until when the domain takes nothing more.
    #[serde(default)]
    busy_until: DateTime<Utc>,
    #[serde(default)]
    times_busy: u8,
}

/// A moment as buckets count it.
fn counted(at: DateTime<Utc>) -> Length {
    (at - DateTime::UNIX_EPOCH).to_std().unwrap_or_default()
}

impl MailPace {
    /// Whether a mail may go now, or until when it has to wait. Mails that wait are given moments one after another, so
    /// that each is looked at once and they leave evenly.
    ///
    /// # Errors
    /// When it may go.
    pub fn may_go(&mut self, rate: Option<BucketRate>, now: DateTime<Utc>) -> Result<(), DateTime<Utc>> {
        let is_busy = self.is_busy(now);
        let Some(rate) = rate else { return if is_busy { Err(self.busy_until) } else { Ok(()) } };
        if !is_busy && self.bucket.tokens(rate, counted(now)) > 0 {
            self.bucket.take(rate, 1, counted(now));
            return Ok(());
        }
        self.tail = self.tail.max(now).max(self.busy_until) + rate.interval;
        Err(self.tail)
    }

    /// How many of so many mails may go now.
    #[must_use]
    pub fn admits(&self, rate: BucketRate, wanted: usize, now: DateTime<Utc>) -> usize {
        let tokens = self.bucket.tokens(rate, counted(now));
        usize::try_from(tokens).map_or(wanted, |tokens| tokens.min(wanted))
    }

    /// Notes that so many were let go.
    pub fn count(&mut self, rate: BucketRate, mails: usize, now: DateTime<Utc>) {
        self.bucket.take(rate, u32::try_from(mails).unwrap_or(u32::MAX), counted(now));
    }

    /// When the next mail may go, as far as the rate is concerned.
    #[must_use]
    pub fn open_at(&self, rate: BucketRate, now: DateTime<Utc>) -> DateTime<Utc> {
        now + self.bucket.free_at(rate, counted(now)).saturating_sub(counted(now))
    }

    /// Whether the domain said that it takes nothing more for now.
    #[must_use]
    pub fn is_busy(&self, now: DateTime<Utc>) -> bool {
        // A moment further ahead is one of a clock that was wrong.
        self.busy_until > now && self.busy_until <= now + Duration::minutes(BUSY_MINUTES[3])
    }

    /// Whether the domain was busy since it last took a mail.
    #[must_use]
    pub fn was_busy(&self) -> bool {
        self.times_busy > 0
    }

    /// Notes that the domain takes nothing more for now. What was under way when it said so first counts once.
    pub fn busy(&mut self, now: DateTime<Utc>) {
        if self.is_busy(now) {
            return;
        }
        let step = usize::from(self.times_busy).min(BUSY_MINUTES.len() - 1);
        self.busy_until = now + Duration::minutes(BUSY_MINUTES[step]);
        self.times_busy = self.times_busy.saturating_add(1);
    }

    /// Notes that the domain took a mail.
    pub fn took(&mut self) {
        self.times_busy = 0;
    }

    /// Forgets moments that a clock which went back would not come to for long.
    pub fn set_back(&mut self, rate: Option<BucketRate>, now: DateTime<Utc>) {
        (self.tail, self.busy_until) = (now, DateTime::UNIX_EPOCH);
        if let Some(rate) = rate {
            self.bucket.set_back(rate, counted(now));
        }
    }

    /// Whether there is anything to remember of it.
    #[must_use]
    pub fn is_remarkable(&self, now: DateTime<Utc>) -> bool {
        !self.bucket.is_full(counted(now)) || self.is_busy(now)
    }
}
