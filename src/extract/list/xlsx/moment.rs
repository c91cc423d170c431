//! Days and times, which a sheet keeps as numbers.

use chrono::{Duration, NaiveDate};

const SECONDS_OF_A_DAY: f64 = 86_400.0;

/// The last day that Excel knows, 31 December 9999.
const LAST_DAY: f64 = 2_958_465.0;

/// From the day that stands for zero to that from which some books count.
const DAYS_TO_1904: i64 = 1_462;

/// The day, and the time of the day if there is one; `None` for a number that is no moment.
pub(super) fn shown(value: &str, has_day: bool, is_from_1904: bool) -> Option<String> {
    let number = value.trim().parse::<f64>().ok().filter(|number| (0.0..=LAST_DAY + 1.0).contains(number))?;
    #[expect(clippy::cast_possible_truncation, reason = "the number is bounded")]
    let (mut days, mut seconds) =
        (number.floor() as i64, ((number - number.floor()) * SECONDS_OF_A_DAY).round() as i64);
    if seconds >= 86_400 {
        days += 1;
        seconds = 0;
    }
    let time = format!("{:02}:{:02}:{:02}", seconds / 3_600, seconds / 60 % 60, seconds % 60);
    if !has_day {
        // What is counted in hours may be longer than a day.
        let hours = days.checked_mul(24)?.checked_add(seconds / 3_600)?;
        return Some(format!("{hours:02}{}", &time[2..]));
    }
    if is_from_1904 {
        days += DAYS_TO_1904;
    } else if days < 60 {
        // Excel takes 1900 for a leap year.
        days += 1;
    }
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_signed(Duration::try_days(days)?)?;
    Some(if seconds == 0 { day.to_string() } else { format!("{day} {time}") })
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[track_caller]
    fn check(value: &str, has_day: bool, is_from_1904: bool, expected: Option<&str>) {
        assert_eq!(shown(value, has_day, is_from_1904).as_deref(), expected, "{value}");
    }

    #[test]
    fn numbers_are_days_and_times() {
        check("45418", true, false, Some("2024-05-06"));
        check("1", true, false, Some("1900-01-01"));
        check("61", true, false, Some("1900-03-01"));
        check("45418.5", true, false, Some("2024-05-06 12:00:00"));
        check("45418.999999999", true, false, Some("2024-05-07"));
        check("43956", true, true, Some("2024-05-06"));
        check("0.25", false, false, Some("06:00:00"));
        check("1.5", false, false, Some("36:00:00"));
        for no in ["-1", "1e300", "x", "3000000"] {
            check(no, true, false, None);
        }
    }
}
