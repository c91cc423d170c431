//! A day, in whatever form it is written.

use std::sync::LazyLock;

use chrono::NaiveDate;
use regex::Regex;

use super::pattern;

static FORMS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    let month = r"(?P<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?";
    [
        pattern(r"^(?P<y>\d{4})[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})$"),
        pattern(&format!(r"^(?i:{month})\s*(?P<d>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<y>\d{{4}})$")),
        pattern(&format!(r"^(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?[\s-]*(?i:{month})[\s,-]*(?P<y>\d{{4}})$")),
        pattern(r"^(?P<a>\d{1,2})[/.-](?P<b>\d{1,2})[/.-](?P<y>\d{4})$"),
    ]
});

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// No day is written longer.
const MAX_BYTES: usize = 24;

/// Whether two texts are one day in two forms. In one form another figure is another day, and what
/// could be either of two days is taken for the one that the other text is.
pub(super) fn is_one(before: &str, after: &str) -> bool {
    match (read(before), read(after)) {
        (Some((form, days)), Some((other, others))) => {
            form != other && days.iter().any(|day| others.contains(day))
        }
        _ => false,
    }
}

/// The day that a text is, where it can be no other.
pub(super) fn only(text: &str) -> Option<NaiveDate> {
    let (_, days) = read(text)?;
    days.iter().all(|day| *day == days[0]).then_some(days[0])
}

/// The form of a text that is a day and nothing else, and the days that it can be.
fn read(text: &str) -> Option<(usize, Vec<NaiveDate>)> {
    let text = text.trim();
    if text.len() > MAX_BYTES || !text.bytes().any(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (form, found) =
        FORMS.iter().enumerate().find_map(|(form, known)| Some((form, known.captures(text)?)))?;
    let number = |name: &str| found.name(name).and_then(|digits| digits.as_str().parse::<u32>().ok());
    let year = i32::try_from(number("y")?).ok()?;
    let month = found.name("month").and_then(|month| {
        let month = month.as_str().to_ascii_lowercase();
        MONTHS.iter().zip(1..).find(|(name, _)| **name == month).map(|(_, number)| number)
    });
    let days = match (number("a"), number("b")) {
        (Some(a), Some(b)) => vec![NaiveDate::from_ymd_opt(year, a, b), NaiveDate::from_ymd_opt(year, b, a)],
        _ => vec![NaiveDate::from_ymd_opt(year, month.or_else(|| number("m"))?, number("d")?)],
    };
    let days: Vec<NaiveDate> = days.into_iter().flatten().collect();
    (!days.is_empty()).then_some((form, days))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_the_same_in_every_form() {
        for other in
            ["March 8, 2016", "Mar. 8th, 2016", "8 March 2016", "08-Mar-2016", "03/08/2016", "08.03.2016"]
        {
            assert!(is_one("2016-03-08", other) && is_one(other, "2016-03-08"), "{other}");
        }
        assert!(is_one("June 21, 2022", "06/21/2022"));
    }

    #[test]
    fn another_day_is_another_day() {
        for (before, after) in [
            ("2016-03-08", "March 9, 2016"),
            ("02/03/2020", "03/02/2020"),
            ("2016-03-08", "2016-08-03"),
            ("March 8, 2016", "March 8, 2017"),
            ("2016-03-08", "2016"),
            ("2016-03-08", "since March 8, 2016"),
            ("99/99/2020", "2020-01-01"),
        ] {
            assert!(!is_one(before, after), "{before} {after}");
        }
    }
}
