//! Moments that were kept, seen by a clock that may have been set since.
//!
//! A clock runs ahead and is put right, or falls back by years when a battery dies. What was kept meanwhile
//! bears moments that are not true, and whoever waits for one of them may wait for years. So a kept moment
//! is never compared with the present by itself, but together with what it was kept for: what happened
//! cannot lie ahead, and a wait that was begun ahead of the present is over. Where moments are an order of
//! work, in an index of the store, [`ClockMark`] notices that the clock went back, and what lies ahead there
//! is looked at anew.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

/// Clocks are set by less than this all the time; it holds nothing up for longer.
const SLACK: Duration = Duration::minutes(1);

/// No longer than this is anything put off: a weekly digest that quiet hours delay. See
/// [`super::subscription::Preferences::due`].
pub const LONGEST_WAIT: Duration = Duration::days(10);

/// A moment in words, for sentences that people read: `24 November 2026, 06:00 UTC`.
#[must_use]
pub fn in_words(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M UTC").to_string()
}

/// The same to the second, where seconds decide.
#[must_use]
pub fn exact_in_words(at: DateTime<Utc>) -> String {
    at.format("%-d %B %Y, %H:%M:%S UTC").to_string()
}

/// A length of time as people and the configuration write it: `90d`, `1h 30m`, `0s`.
#[must_use]
pub fn length(of: std::time::Duration) -> String {
    const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let (mut seconds, mut parts) = (of.as_secs(), Vec::new());
    for (unit, name) in UNITS {
        let count = seconds / unit;
        seconds %= unit;
        parts.extend((count > 0).then(|| format!("{count}{name}")));
    }
    let millis = of.subsec_millis();
    parts.extend((millis > 0).then(|| format!("{millis}ms")));
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// Whether a moment at which something happened has not come yet: the clock was wrong then, or is now.
#[must_use]
pub fn lies_ahead(at: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    at > now + SLACK
}

/// When something happened, by now at the latest.
#[must_use]
pub fn by_now(at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    if lies_ahead(at, now) { now } else { at }
}

/// Whether a wait of this length is over that began when something happened.
#[must_use]
pub fn is_over(since: DateTime<Utc>, length: Duration, now: DateTime<Utc>) -> bool {
    lies_ahead(since, now) || now >= since + length
}

/// Whether something happened within this length of time before the present.
#[must_use]
pub fn is_within(since: DateTime<Utc>, length: Duration, now: DateTime<Utc>) -> bool {
    !is_over(since, length, now)
}

/// When something is due that was put off at one moment until another: at once where it was put off by a
/// clock that was ahead.
#[must_use]
pub fn due(put_off_at: DateTime<Utc>, until: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    if lies_ahead(put_off_at, now) { now } else { until }
}

/// The latest moment that the clock is known to have shown, kept where it survives the process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockMark {
    /// That moment.
    pub latest: DateTime<Utc>,
    /// When the clock went back last, where it ever did.
    #[serde(default)]
    pub set_back: Option<SetBack>,
}

/// That the clock went back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBack {
    /// What it had shown.
    pub from: DateTime<Utc>,
    /// What it showed when that was noticed.
    pub to: DateTime<Utc>,
}

/// What a look at the clock comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockReading {
    /// Nothing worth keeping.
    Known,
    /// A later moment.
    Later(ClockMark),
    /// An earlier one than it had shown.
    Back(ClockMark, SetBack),
}

impl ClockMark {
    /// The mark after a look at the clock, `before` how it stood.
    #[must_use]
    pub fn after(before: Option<Self>, now: DateTime<Utc>) -> ClockReading {
        match before {
            None => ClockReading::Later(Self { latest: now, set_back: None }),
            Some(before) if lies_ahead(before.latest, now) => {
                let set_back = SetBack { from: before.latest, to: now };
                ClockReading::Back(Self { latest: now, set_back: Some(set_back) }, set_back)
            }
            Some(before) if now >= before.latest + SLACK => {
                ClockReading::Later(Self { latest: now, ..before })
            }
            Some(_) => ClockReading::Known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    #[test]
    fn a_wait_is_over_after_its_time_and_where_it_was_begun_ahead_of_the_present() {
        let hour = Duration::hours(1);
        for (since, now, over) in [(0, 0, false), (0, 59, false), (0, 60, true), (1, 0, false), (2, 0, true)]
        {
            assert_eq!(is_over(at(since), hour, at(now)), over, "{since} {now}");
            assert_eq!(is_within(at(since), hour, at(now)), !over, "{since} {now}");
        }
        assert!(is_over(at(1_000_000), hour, at(0)));
    }

    #[test]
    fn what_was_put_off_by_a_clock_that_was_ahead_is_due_at_once() {
        assert_eq!(due(at(0), at(10), at(5)), at(10));
        assert_eq!(due(at(1_000), at(1_010), at(5)), at(5));
        assert_eq!((by_now(at(1_000), at(5)), by_now(at(4), at(5))), (at(5), at(4)));
    }

    #[test]
    fn the_mark_follows_the_clock_and_notices_that_it_went_back() {
        let ClockReading::Later(mark) = ClockMark::after(None, at(0)) else { panic!("nothing was known") };
        assert_eq!(ClockMark::after(Some(mark), at(0)), ClockReading::Known);
        let ClockReading::Later(mark) = ClockMark::after(Some(mark), at(600)) else { panic!("it went on") };
        assert_eq!(ClockMark::after(Some(mark), at(599)), ClockReading::Known, "clocks are set by a little");
        let ClockReading::Back(mark, set_back) = ClockMark::after(Some(mark), at(10)) else {
            panic!("it went back")
        };
        assert_eq!((set_back.from, set_back.to, mark.latest), (at(600), at(10), at(10)));
        let ClockReading::Later(later) = ClockMark::after(Some(mark), at(20)) else { panic!("it went on") };
        assert_eq!(later.set_back, Some(set_back), "it is remembered");
    }
}
