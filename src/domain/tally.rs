//! How often a source was read lately, by days.

use std::collections::BTreeMap;

use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Days that are remembered: those that the page of sources shows.
pub const DAYS: u64 = 30;

/// Reads by day (UTC): good ones, and others.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ReadTally {
    days: BTreeMap<NaiveDate, (u32, u32)>,
}

impl ReadTally {
    /// With one read more; the days before the last thirty are forgotten.
    #[must_use]
    pub fn counting(self, is_good: bool, now: DateTime<Utc>) -> Self {
        let today = now.date_naive();
        let (mut good, mut unread) = self.on(today);
        let count = if is_good { &mut good } else { &mut unread };
        *count = count.saturating_add(1);
        self.with(today, (good, unread))
    }

    /// With so many good reads and others on the last day; the days before the last thirty are forgotten.
    #[must_use]
    pub fn with(mut self, today: NaiveDate, reads: (u32, u32)) -> Self {
        let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(NaiveDate::MIN);
        self.days = self.days.split_off(&first);
        // Nothing was read on days to come but by a clock that was ahead.
        self.days.retain(|day, _| *day <= today);
        self.days.insert(today, reads);
        self
    }

    /// Good reads and others on one day.
    #[must_use]
    pub fn on(&self, day: NaiveDate) -> (u32, u32) {
        self.days.get(&day).copied().unwrap_or_default()
    }

    /// Good reads and others on that day and since.
    #[must_use]
    pub fn since(&self, day: NaiveDate) -> (u32, u32) {
        self.days.range(day..).fold((0, 0), |(good, unread), (_, day)| (good + day.0, unread + day.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn days_to_come_are_forgotten() {
        let at = |days| DateTime::UNIX_EPOCH + Duration::days(days);
        let tally = ReadTally::default().counting(true, at(400)).counting(false, at(0));
        assert_eq!(tally.since(NaiveDate::MIN), (0, 1));
    }

    #[test]
    fn thirty_days_are_remembered() {
        let mut tally = ReadTally::default();
        let at = |hours| DateTime::UNIX_EPOCH + Duration::hours(hours);
        for hour in 0..(24 * 32) {
            tally = tally.counting(hour % 24 != 0, at(hour));
        }
        assert_eq!(tally.since(NaiveDate::MIN), (690, 30));
        assert_eq!(tally.since(at(24 * 31).date_naive()), (23, 1));
    }
}
