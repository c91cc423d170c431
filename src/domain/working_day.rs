//! Days on which the courts of the United States work, for telling a pause from silence.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// How many working days lie between two days, neither of them counted. More than
/// [`MAX_DAYS`] days apart are as many as that.
#[must_use]
pub fn between(from: NaiveDate, to: NaiveDate) -> u32 {
    let days = from.iter_days().skip(1).take(MAX_DAYS).take_while(|day| *day < to);
    u32::try_from(days.filter(|day| is_working_day(*day)).count()).unwrap_or(u32::MAX)
}

/// Silence that lasts for years need not be counted to the day.
const MAX_DAYS: usize = 1_500;

/// Monday to Friday, without the holidays of the federal government.
#[must_use]
pub fn is_working_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_observed(day)
}

/// Whether a holiday is kept on that day: one on a Saturday is kept the day before, on a Sunday after.
fn is_observed(day: NaiveDate) -> bool {
    let beside = match day.weekday() {
        Weekday::Fri => day.checked_add_days(Days::new(1)),
        Weekday::Mon => day.checked_sub_days(Days::new(1)),
        _ => None,
    };
    is_holiday(day) || beside.is_some_and(is_holiday)
}

fn is_holiday(day: NaiveDate) -> bool {
    let nth = (day.day() - 1) / 7 + 1;
    let is_last = day.day() + 7 > 31;
    match (day.month(), day.day(), day.weekday()) {
        (1, 1, _) | (6, 19, _) | (7, 4, _) | (11, 11, _) | (12, 25, _) => true,
        // King, Washington, Columbus, Labor Day.
        (1 | 2, _, Weekday::Mon) => nth == 3,
        (9, _, Weekday::Mon) => nth == 1,
        (10, _, Weekday::Mon) => nth == 2,
        // Memorial Day, Thanksgiving.
        (5, _, Weekday::Mon) => is_last,
        (11, _, Weekday::Thu) => nth == 4,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn weekends_and_holidays_are_no_silence() {
        for (from, to, expected) in [
            ("2026-11-23", "2026-11-23", 0),
            ("2026-11-23", "2026-11-24", 0),
            // Tuesday and Wednesday; Thanksgiving is none; Friday is one.
            ("2026-11-23", "2026-11-28", 3),
            ("2026-11-27", "2026-11-30", 0),
            // Independence Day is a Saturday, kept on Friday.
            ("2026-07-01", "2026-07-06", 1),
            ("2026-12-24", "2026-12-28", 0),
            ("2026-01-16", "2026-01-20", 0),
        ] {
            assert_eq!(between(day(from), day(to)), expected, "{from} to {to}");
        }
        assert!(between(day("1900-01-01"), day("2026-01-01")) > 1_000);
    }

    #[test]
    fn the_holidays_of_a_year_are_known() {
        let year = day("2025-01-01").iter_days().take(365);
        let holidays: Vec<String> = year.filter(|day| is_holiday(*day)).map(|day| day.to_string()).collect();
        assert_eq!(
            holidays,
            [
                "2025-01-01",
                "2025-01-20",
                "2025-02-17",
                "2025-05-26",
                "2025-06-19",
                "2025-07-04",
                "2025-09-01",
                "2025-10-13",
                "2025-11-11",
                "2025-11-27",
                "2025-12-25"
            ]
        );
    }
}
