//! When a source is read: crontab(5) expressions in a named time zone.
//!
//! The `cron` crate enumerates the times; this module makes its expressions mean
//! what crontab(5) says. Five fields, Sunday is 0 and 7, day of month and day of
//! week are alternatives when both are restricted, a time that the change to
//! summer time skips runs right after the gap, and one that the change back
//! repeats runs once unless every hour is meant.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Duration, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;

/// A crontab(5) expression.
#[derive(Clone)]
pub struct CronExpr {
    text: String,
    /// One, or two where day of month and day of week are alternatives.
    schedules: Arc<[cron::Schedule]>,
    every_hour: bool,
    known: Arc<Mutex<KnownTimes>>,
}

/// Times at which an expression fires, by zone, each with the earliest moment after which it is known to be the first.
/// Sources that share an expression were read at moments of their own, and most of them are due at the same one.
#[derive(Default)]
struct KnownTimes(HashMap<Tz, BTreeMap<DateTime<Utc>, DateTime<Utc>>>);

/// So many times are kept in mind of one expression in one zone.
const MAX_KNOWN_TIMES: usize = 64;

impl KnownTimes {
    fn next_after(&self, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let (fires, since) = self.0.get(&zone)?.range(now..).find(|(fires, _)| **fires > now)?;
        (*since <= now).then_some(*fires)
    }

    fn note(&mut self, now: DateTime<Utc>, zone: Tz, fires: DateTime<Utc>) {
        let times = self.0.entry(zone).or_default();
        if times.len() >= MAX_KNOWN_TIMES && !times.contains_key(&fires) {
            times.clear();
        }
        let since = times.entry(fires).or_insert(now);
        *since = now.min(*since);
    }
}

/// Why an expression is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronError {
    /// Not five fields.
    #[error(
        "{text:?} has {found} fields, expected 5: minute hour day-of-month month day-of-week (or @hourly, @daily, @weekly, @monthly, @yearly)"
    )]
    FieldCount {
        /// The expression.
        text: String,
        /// How many fields it has.
        found: usize,
    },
    /// A field that does not parse or is out of range.
    #[error(
        "{part:?} is not a {field}, expected {low}-{high}, a name, a range, a list or a step such as */15"
    )]
    Field {
        /// The field's name.
        field: &'static str,
        /// The offending part.
        part: String,
        /// The least value.
        low: u32,
        /// The greatest value.
        high: u32,
    },
    /// No date fits, such as 31 February.
    #[error("{text:?} never fires: no date matches")]
    Never {
        /// The expression.
        text: String,
    },
}

struct FieldSpec {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const MINUTE: FieldSpec = FieldSpec { name: "minute", low: 0, high: 59, names: &[] };
const HOUR: FieldSpec = FieldSpec { name: "hour", low: 0, high: 23, names: &[] };
const DAY: FieldSpec = FieldSpec { name: "day of month", low: 1, high: 31, names: &[] };
const MONTH: FieldSpec = FieldSpec {
    name: "month",
    low: 1,
    high: 12,
    names: &["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"],
};
const WEEKDAY: FieldSpec = FieldSpec {
    name: "day of week",
    low: 0,
    high: 7,
    names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat"],
};

impl FieldSpec {
    fn error(&self, part: &str) -> CronError {
        CronError::Field { field: self.name, part: part.to_owned(), low: self.low, high: self.high }
    }

    fn value(&self, text: &str, part: &str) -> Result<u32, CronError> {
        let lower = text.to_ascii_lowercase();
        if let Some(index) = self.names.iter().position(|name| *name == lower) {
            return u32::try_from(index).map(|index| index + self.low).map_err(|_| self.error(part));
        }
        let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|value| is_number && (self.low..=self.high).contains(value))
            .ok_or_else(|| self.error(part))
    }

    fn parse(&self, field: &str) -> Result<BTreeSet<u32>, CronError> {
        let mut values = BTreeSet::new();
        for part in field.split(',') {
            let (range, step) = match part.split_once('/') {
                Some((range, step)) => {
                    let step = step.parse().ok().filter(|step| *step > 0).ok_or_else(|| self.error(part))?;
                    (range, step)
                }
                None => (part, 1),
            };
            let (first, last) = match range.split_once('-') {
                _ if range == "*" => (self.low, self.high),
                Some((first, last)) => (self.value(first, part)?, self.value(last, part)?),
                None => {
                    let first = self.value(range, part)?;
                    // crontab(5): a step after a single value runs to the end of the field.
                    (first, if part.contains('/') { self.high } else { first })
                }
            };
            if first > last {
                return Err(self.error(part));
            }
            values.extend((first..=last).step_by(step));
        }
        Ok(values)
    }
}

fn list(values: &BTreeSet<u32>) -> String {
    values.iter().map(u32::to_string).collect::<Vec<_>>().join(",")
}

/// Expressions that were parsed before: thousands of sources share a few of them, and share what they mean.
static PARSED: LazyLock<Mutex<HashMap<String, CronExpr>>> = LazyLock::new(Mutex::default);

/// So many are kept in mind.
const MAX_PARSED: usize = 1_000;

impl FromStr for CronExpr {
    type Err = CronError;

    fn from_str(text: &str) -> Result<Self, CronError> {
        let known = PARSED.lock().unwrap_or_else(PoisonError::into_inner).get(text).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let parsed = Self::parse(text)?;
        let mut known = PARSED.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() < MAX_PARSED {
            known.insert(text.to_owned(), parsed.clone());
        }
        Ok(parsed)
    }
}

impl CronExpr {
    fn parse(text: &str) -> Result<Self, CronError> {
        let spelled_out = match text.trim() {
            "@hourly" => "0 * * * *",
            "@daily" | "@midnight" => "0 0 * * *",
            "@weekly" => "0 0 * * 0",
            "@monthly" => "0 0 1 * *",
            "@yearly" | "@annually" => "0 0 1 1 *",
            other => other,
        };
        let fields: Vec<&str> = spelled_out.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(CronError::FieldCount { text: text.to_owned(), found: fields.len() });
        };
        let (minutes, hours) = (MINUTE.parse(minute)?, HOUR.parse(hour)?);
        let (days, months) = (DAY.parse(day)?, MONTH.parse(month)?);
        // The crate counts from Sunday = 1.
        let weekdays: BTreeSet<u32> =
            WEEKDAY.parse(weekday)?.into_iter().map(|value| value % 7 + 1).collect();
        let with = |days: &str, weekdays: &str| {
            let expression =
                format!("0 {} {} {days} {} {weekdays}", list(&minutes), list(&hours), list(&months));
            cron::Schedule::from_str(&expression).map_err(|_| CronError::Never { text: text.to_owned() })
        };
        let both_restricted = !day.starts_with('*') && !weekday.starts_with('*');
        let schedules = if both_restricted {
            vec![with(&list(&days), "*")?, with("*", &list(&weekdays))?]
        } else {
            vec![with(&list(&days), &list(&weekdays))?]
        };
        let schedules = schedules.into();
        let expression = Self {
            text: text.trim().to_owned(),
            schedules,
            every_hour: hour.starts_with('*'),
            known: Arc::default(),
        };
        let epoch = DateTime::UNIX_EPOCH + Duration::days(365 * 50);
        if expression.next_after(epoch, Tz::UTC).is_none() {
            return Err(CronError::Never { text: text.to_owned() });
        }
        Ok(expression)
    }
}

/// No zone moves its clocks by more than this at once; candidates further away cannot overtake each other.
const MAX_CLOCK_SHIFT: Duration = Duration::hours(3);

impl CronExpr {
    /// The first moment strictly after `now` at which the expression fires in `zone`;
    /// `None` where none comes for as far as the calendar goes.
    #[must_use]
    pub fn next_after(&self, now: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        if let Some(known) = self.known().next_after(now, zone) {
            return Some(known);
        }
        let local_now = now.with_timezone(&zone).naive_local();
        let fires = self
            .schedules
            .iter()
            .filter_map(|schedule| self.next_of(schedule, now, local_now, zone))
            .min()?;
        self.known().note(now, zone, fires);
        Some(fires)
    }

    fn known(&self) -> MutexGuard<'_, KnownTimes> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_of(
        &self,
        schedule: &cron::Schedule,
        now: DateTime<Utc>,
        local_now: NaiveDateTime,
        zone: Tz,
    ) -> Option<DateTime<Utc>> {
        // The crate walks wall-clock times as if they were UTC; the zone is applied here.
        let from = (local_now - MAX_CLOCK_SHIFT).and_utc();
        let mut best: Option<DateTime<Utc>> = None;
        for candidate in schedule.after(&from) {
            let wall = candidate.naive_utc();
            let horizon = best.map(|found| found.with_timezone(&zone).naive_local() + MAX_CLOCK_SHIFT);
            if horizon.is_some_and(|horizon| wall > horizon) {
                break;
            }
            let earliest = self.instants(wall, zone).into_iter().filter(|instant| *instant > now).min();
            best = best.into_iter().chain(earliest).min();
        }
        best
    }

    fn instants(&self, wall: NaiveDateTime, zone: Tz) -> Vec<DateTime<Utc>> {
        match zone.from_local_datetime(&wall) {
            LocalResult::Single(instant) => vec![instant.to_utc()],
            LocalResult::Ambiguous(first, second) if self.every_hour => vec![first.to_utc(), second.to_utc()],
            LocalResult::Ambiguous(first, _) => vec![first.to_utc()],
            // An hourly job loses nothing in a skipped hour; a daily one would lose its day.
            LocalResult::None if self.every_hour => Vec::new(),
            LocalResult::None => end_of_gap(wall, zone).into_iter().collect(),
        }
    }
}

/// The moment at which a zone's clocks first show a time, or would have shown it had they not skipped it.
#[must_use]
pub fn instant(wall: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let shown = zone.from_local_datetime(&wall).earliest().map(|instant| instant.to_utc());
    shown.or_else(|| end_of_gap(wall, zone))
}

/// The first moment after the gap in which a wall-clock time falls.
fn end_of_gap(wall: NaiveDateTime, zone: Tz) -> Option<DateTime<Utc>> {
    let minutes = MAX_CLOCK_SHIFT.num_minutes();
    let start = wall - Duration::seconds(i64::from(chrono::Timelike::second(&wall)));
    (1..=minutes)
        .filter_map(|minute| zone.from_local_datetime(&(start + Duration::minutes(minute))).earliest())
        .map(|instant| instant.to_utc())
        .next()
}

impl fmt::Display for CronExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.text)
    }
}

impl fmt::Debug for CronExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CronExpr({:?})", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, zone: Tz, after: &str, expected: &[&str]) {
        let cron: CronExpr = expression.parse().unwrap();
        let mut now = DateTime::parse_from_rfc3339(after).unwrap().to_utc();
        let mut times = Vec::new();
        for _ in expected {
            now = cron.next_after(now, zone).unwrap();
            times.push(now.with_timezone(&zone).to_rfc3339());
        }
        assert_eq!(times, expected, "{expression} in {zone}");
    }

    const NEW_YORK: Tz = Tz::America__New_York;

    #[test]
    fn what_is_known_of_an_expression_is_what_it_would_be_computed_as() {
        // Over both changes of the clocks, in an order in which no moment helps the next one.
        let first = "2026-03-06T00:00:00Z".parse::<DateTime<Utc>>().unwrap();
        for text in ["*/20 * * * *", "30 2 * * *", "30 1 * * *", "0 9 1 * 1", "15 1-3 * * *"] {
            let cron: CronExpr = text.parse().unwrap();
            for zone in [NEW_YORK, Tz::UTC] {
                for step in 0..400_i64 {
                    let days = if step % 2 == 0 { 0 } else { 238 };
                    let now = first + Duration::minutes((step * 7919) % (6 * 24 * 60)) + Duration::days(days);
                    let fresh = CronExpr { known: Arc::default(), ..cron.clone() };
                    assert_eq!(cron.next_after(now, zone), fresh.next_after(now, zone), "{text}: {now}");
                }
            }
        }
    }

    #[test]
    fn sunday_is_zero_and_seven_and_monday_is_one() {
        // 2026-11-22 is a Sunday.
        let after = "2026-11-20T00:00:00Z";
        for sunday in ["0 9 * * 0", "0 9 * * 7", "0 9 * * sun"] {
            check(sunday, Tz::UTC, after, &["2026-11-22T09:00:00+00:00"]);
        }
        check("0 9 * * 1", Tz::UTC, after, &["2026-11-23T09:00:00+00:00"]);
        check(
            "0 9 * * 5-7",
            Tz::UTC,
            after,
            &[
                "2026-11-20T09:00:00+00:00",
                "2026-11-21T09:00:00+00:00",
                "2026-11-22T09:00:00+00:00",
                "2026-11-27T09:00:00+00:00",
            ],
        );
    }

    #[test]
    fn day_of_month_and_day_of_week_are_alternatives() {
        check(
            "0 0 1 * 1",
            Tz::UTC,
            "2026-11-20T00:00:00Z",
            &[
                "2026-11-23T00:00:00+00:00",
                "2026-11-30T00:00:00+00:00",
                "2026-12-01T00:00:00+00:00",
                "2026-12-07T00:00:00+00:00",
            ],
        );
    }

    #[test]
    fn a_time_that_spring_skips_runs_right_after_the_gap() {
        check(
            "30 2 * * *",
            NEW_YORK,
            "2026-03-07T12:00:00Z",
            &["2026-03-08T03:00:00-04:00", "2026-03-09T02:30:00-04:00"],
        );
        check(
            "*/30 * * * *",
            NEW_YORK,
            "2026-03-08T06:15:00Z",
            &["2026-03-08T01:30:00-05:00", "2026-03-08T03:00:00-04:00", "2026-03-08T03:30:00-04:00"],
        );
    }

    #[test]
    fn a_time_that_autumn_repeats_runs_once_unless_every_hour_is_meant() {
        check(
            "30 1 * * *",
            NEW_YORK,
            "2026-11-01T04:00:00Z",
            &["2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"],
        );
        check(
            "*/30 * * * *",
            NEW_YORK,
            "2026-11-01T05:15:00Z",
            &[
                "2026-11-01T01:30:00-04:00",
                "2026-11-01T01:00:00-05:00",
                "2026-11-01T01:30:00-05:00",
                "2026-11-01T02:00:00-05:00",
            ],
        );
    }

    #[test]
    fn steps_lists_names_and_shorthands() {
        check(
            "15 */2 * * *",
            NEW_YORK,
            "2026-11-23T00:00:00Z",
            &["2026-11-22T20:15:00-05:00", "2026-11-22T22:15:00-05:00"],
        );
        check("0 0 29 feb *", Tz::UTC, "2026-01-01T00:00:00Z", &["2028-02-29T00:00:00+00:00"]);
        check(
            "5/20 4 * * *",
            Tz::UTC,
            "2026-01-01T00:00:00Z",
            &[
                "2026-01-01T04:05:00+00:00",
                "2026-01-01T04:25:00+00:00",
                "2026-01-01T04:45:00+00:00",
                "2026-01-02T04:05:00+00:00",
            ],
        );
        check("@hourly", Tz::UTC, "2026-01-01T00:00:00Z", &["2026-01-01T01:00:00+00:00"]);
    }

    #[test]
    fn nonsense_is_refused_with_what_was_expected() {
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * * 13 *",
            "* * * * 8",
            "*/0 * * * *",
            "5-1 * * * *",
            "a * * * *",
            "1,,2 * * * *",
            "+1 * * * *",
            "0 0 31 2 *",
        ] {
            let error = bad.parse::<CronExpr>().expect_err(bad).to_string();
            assert!(error.contains("expected") || error.contains("never"), "{bad:?}: {error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn the_next_time_lies_ahead_and_none_lies_between(seconds in 1_700_000_000_i64..1_900_000_000, minute in 0_u32..60, hour in 0_u32..24) {
            let cron: CronExpr = format!("{minute} {hour} * * *").parse().unwrap();
            let now = DateTime::from_timestamp(seconds, 0).unwrap();
            let next = cron.next_after(now, NEW_YORK).unwrap();
            proptest::prop_assert!(next > now);
            proptest::prop_assert!(next - now <= Duration::hours(50));
            proptest::prop_assert_eq!(cron.next_after(next - Duration::seconds(1), NEW_YORK), Some(next));
        }
    }
}
