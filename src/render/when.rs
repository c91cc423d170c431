//! Dates and times as people read them: days in words, times in the reader's zone with the zone named.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

/// `20 November 2026`.
#[must_use]
pub fn day(day: NaiveDate) -> String {
    day.format("%-d %B %Y").to_string()
}

/// `20 Nov 2026`, where room is short.
pub(super) fn short_day(day: NaiveDate) -> String {
    day.format("%-d %b %Y").to_string()
}

/// `20 November 2026, 17:04 (Berlin)`.
#[must_use]
pub fn moment(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%-d %B %Y, %H:%M").to_string() + &zone_mark(zone)
}

/// `20 November 2026, 17:04:09 (Berlin; 16:04:09 UTC)`, for evidence.
pub(super) fn exact_moment(at: DateTime<Utc>, zone: Tz) -> String {
    let local = at.with_timezone(&zone).format("%-d %B %Y, %H:%M:%S");
    match zone {
        Tz::UTC => format!("{local} UTC"),
        zone => format!("{local} ({}; {} UTC)", city(zone), at.format("%H:%M:%S")),
    }
}

/// `17:04 (Berlin)`.
pub(super) fn time(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%H:%M").to_string() + &zone_mark(zone)
}

/// `20 November 2026, 16:04 UTC`, as pages have it whose reader's zone nobody knows.
#[must_use]
pub fn on_page(at: DateTime<Utc>) -> String {
    moment(at, Tz::UTC)
}

/// The same to the second, for proof.
#[must_use]
pub fn exact_on_page(at: DateTime<Utc>) -> String {
    exact_moment(at, Tz::UTC)
}

/// `2026-11-20 17:04 CET`, as terminals have it.
#[must_use]
pub fn on_terminal(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M %Z").to_string()
}

/// The same to the second.
#[must_use]
pub fn exact_on_terminal(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %Z").to_string()
}

/// The calendar day of a moment where its reader is.
pub(super) fn day_of(at: DateTime<Utc>, zone: Tz) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

/// How far a day that has not passed is away; `None` for one that has.
pub(super) fn left(day: NaiveDate, today: NaiveDate) -> Option<String> {
    match (day - today).num_days() {
        ..0 => None,
        0 => Some("today".to_owned()),
        1 => Some("tomorrow".to_owned()),
        days => Some(format!("in {days} days")),
    }
}

/// A text that is nothing but a date or a moment in ISO 8601, in words; `None` for any other text.
pub(super) fn readable(text: &str, zone: Tz) -> Option<String> {
    let text = text.trim();
    if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        return Some(day(date));
    }
    DateTime::parse_from_rfc3339(text).ok().map(|at| moment(at.with_timezone(&Utc), zone))
}

fn zone_mark(zone: Tz) -> String {
    if zone == Tz::UTC { " UTC".to_owned() } else { format!(" ({})", city(zone)) }
}

/// The place that a zone is named for.
fn city(zone: Tz) -> String {
    zone.name().rsplit('/').next().unwrap_or_default().replace('_', " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_told_where_their_reader_is_and_the_zone_is_named() {
        let at = "2026-11-28T21:56:59Z".parse().unwrap();
        assert_eq!(moment(at, Tz::Europe__Berlin), "28 November 2026, 22:56 (Berlin)");
        assert_eq!(moment(at, Tz::America__New_York), "28 November 2026, 16:56 (New York)");
        assert_eq!(moment(at, Tz::UTC), "28 November 2026, 21:56 UTC");
        assert_eq!(on_page(at), "28 November 2026, 21:56 UTC");
        assert_eq!(on_terminal(at, Tz::Europe__Berlin), "2026-11-28 22:56 CET");
        assert_eq!(exact_on_terminal(at, Tz::UTC), "2026-11-28 21:56:59 UTC");
        assert_eq!(exact_moment(at, Tz::Europe__Berlin), "28 November 2026, 22:56:59 (Berlin; 21:56:59 UTC)");
    }

    #[test]
    fn only_a_whole_date_is_put_into_words() {
        assert_eq!(readable("2026-11-20", Tz::UTC).unwrap(), "20 November 2026");
        let local = readable("2026-11-20T11:04:09-05:00", Tz::Europe__Berlin).unwrap();
        assert_eq!(local, "20 November 2026, 17:04 (Berlin)");
        for text in ["March 12, 2021", "2026-11-20 and later", "84 FR 54002", ""] {
            assert_eq!(readable(text, Tz::UTC), None, "{text}");
        }
    }

    #[test]
    fn what_is_left_is_counted_in_days() {
        let day = |text: &str| text.parse().unwrap();
        let today = day("2026-11-28");
        assert_eq!(left(day("2026-11-27"), today), None);
        assert_eq!(left(today, today).unwrap(), "today");
        assert_eq!(left(day("2026-12-01"), today).unwrap(), "in 3 days");
    }
}
