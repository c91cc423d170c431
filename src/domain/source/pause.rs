//! A source that an operator has told to be left alone.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::moment;

/// That a source is not read for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourcePause {
    /// Since when.
    pub since: DateTime<Utc>,
    /// Until when; `None` until somebody resumes it.
    pub until: Option<DateTime<Utc>>,
}

impl SourcePause {
    /// A pause from now on that ends with the beginning of a day in a zone.
    #[must_use]
    pub fn until_day(day: Option<NaiveDate>, zone: Tz, now: DateTime<Utc>) -> Self {
        Self { since: now, until: day.and_then(|day| begins(day, zone)) }
    }

    /// Whether the source is left alone now. One that was begun by a clock that was ahead lasts until its end.
    #[must_use]
    pub fn is_in_force(&self, now: DateTime<Utc>) -> bool {
        let since = moment::by_now(self.since, now);
        since <= now && self.until.is_none_or(|until| now < until)
    }
}

/// When a day begins; where clocks are set forward at midnight, the first moment after it.
fn begins(day: NaiveDate, zone: Tz) -> Option<DateTime<Utc>> {
    let moments = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0)?.and_local_timezone(zone).earliest());
    let next = || day.checked_add_days(Days::new(1))?.and_hms_opt(0, 0, 0).map(|at| at.and_utc());
    moments.map(|at| at.to_utc()).min().or_else(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_pause_ends_when_its_day_begins_where_the_source_is() {
        let day = NaiveDate::from_ymd_opt(2026, 12, 1);
        let now = at("2026-11-24T12:00:00Z");
        let pause = SourcePause::until_day(day, chrono_tz::America::New_York, now);
        assert_eq!(pause.until, Some(at("2026-12-01T05:00:00Z")));
        assert!(pause.is_in_force(now) && pause.is_in_force(at("2026-12-01T04:59:59Z")));
        assert!(!pause.is_in_force(at("2026-12-01T05:00:00Z")));
        assert!(SourcePause::until_day(None, chrono_tz::UTC, now).is_in_force(at("2040-01-01T00:00:00Z")));
    }
}
