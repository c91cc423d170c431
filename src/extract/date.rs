//! Dates as sources write them.

use std::sync::LazyLock;

use chrono::{DateTime, NaiveDate};
use regex::Regex;

use crate::domain::entry::EntryDate;

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by every test")]
static IN_TEXT: LazyLock<Regex> = LazyLock::new(|| {
    // No word boundaries: plain text glues dates ("2022September 3, 2024", "2025Updated:January 7").
    let month = "(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\\.?";
    let us = format!(r"{month}\s*(?<day>\d{{1,2}})(?:st|nd|rd|th)?\s*,?\s+(?<year>\d{{4}})");
    let slashes = r"(?<m>\d{1,2})/(?<d>\d{1,2})/(?<y>\d{4})";
    let iso = r"(?<iso>\d{4}-\d{2}-\d{2})";
    Regex::new(&format!("(?i){us}|{slashes}|{iso}")).expect("constant pattern")
});

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Every calendar day written in a text, in order: `March 12, 2021`, `Mar. 12, 2021`, `3/12/2021`
/// (month first, as in the United States) and `2021-03-12`, also where they are glued together.
pub(super) fn days(text: &str) -> Vec<NaiveDate> {
    IN_TEXT
        .captures_iter(text)
        .filter_map(|found| {
            let number = |name: &str| found.name(name).and_then(|digits| digits.as_str().parse::<u32>().ok());
            if let Some(iso) = found.name("iso") {
                return iso.as_str().parse().ok();
            }
            if let Some(month) = found.name("month") {
                let month = month.as_str().to_ascii_lowercase();
                let month = MONTHS.iter().zip(1..).find(|(name, _)| **name == month)?.1;
                return NaiveDate::from_ymd_opt(number("year")?.try_into().ok()?, month, number("day")?);
            }
            NaiveDate::from_ymd_opt(number("y")?.try_into().ok()?, number("m")?, number("d")?)
        })
        .collect()
}

/// Zone names of courts' and agencies' feeds that RFC 2822 does not know.
const ZONES: [(&str, &str); 6] = [
    (" AKST", " -0900"),
    (" AKDT", " -0800"),
    (" HST", " -1000"),
    (" AST", " -0400"),
    (" ChST", " +1000"),
    (" UTC", " +0000"),
];

/// The date a text is, or the first it holds: RFC 3339 and RFC 2822 give moments, all else days.
pub(super) fn date(text: &str) -> Option<EntryDate> {
    let text = text.trim();
    moment(text).map(EntryDate::Moment).or_else(|| days(text).first().copied().map(EntryDate::Day))
}

/// The date a text is in the given form (strftime), or in any usual form where none is given.
///
/// An impossible day, as `00/00/1975` for somebody's year of birth, is no date.
pub(super) fn formatted(text: &str, format: Option<&str>) -> Option<EntryDate> {
    let Some(format) = format else { return date(text) };
    NaiveDate::parse_from_str(text.trim(), format).ok().map(EntryDate::Day)
}

fn moment(text: &str) -> Option<DateTime<chrono::FixedOffset>> {
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return Some(moment);
    }
    let zone = ZONES.iter().find_map(|(name, offset)| Some(format!("{}{offset}", text.strip_suffix(name)?)));
    DateTime::parse_from_rfc2822(zone.as_deref().unwrap_or(text)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let found: Vec<String> = days(text).iter().map(ToString::to_string).collect();
        assert_eq!(found, expected, "{text:?}");
    }

    #[test]
    fn days_are_found_in_every_form() {
        check("March 12, 2021", &["2021-03-12"]);
        check("June 23, 2026*", &["2026-06-23"]);
        check("Sept. 3rd, 2024 and JULY 4 2025", &["2024-09-03", "2025-07-04"]);
        check("March\u{a0}25,\n2022", &["2022-03-25"]);
        check("Last Updated: 01/14/2025", &["2025-01-14"]);
        check("as of 2026-06-18", &["2026-06-18"]);
        check("no date, February 31, 2024, 13/13/2024, 2024-02-30", &[]);
    }

    #[test]
    fn glued_days_are_told_apart() {
        check("March 25, 2022September 3, 2024", &["2022-03-25", "2024-09-03"]);
        check(
            "December 22, 2025Updated:January 7, 2026Updated:March 18, 2026",
            &["2025-12-22", "2026-01-07", "2026-03-18"],
        );
    }

    #[test]
    fn a_form_that_is_given_is_the_only_one() {
        let read = |text, format| formatted(text, Some(format)).map(|date| date.to_string());
        assert_eq!(read("03/04/2021", "%d/%m/%Y").as_deref(), Some("2021-04-03"));
        assert_eq!(read(" 3-Apr-2021", "%d-%b-%Y").as_deref(), Some("2021-04-03"));
        assert_eq!(read("00/00/1975", "%d/%m/%Y"), None);
        assert_eq!(read("2021-04-03", "%d/%m/%Y"), None);
        assert_eq!(formatted("2021-04-03", None).map(|date| date.to_string()).as_deref(), Some("2021-04-03"));
    }

    #[track_caller]
    fn check_date(text: &str, expected: &str) {
        assert_eq!(date(text).map(|date| date.to_string()).as_deref(), Some(expected));
    }

    #[test]
    fn moments_keep_the_offset_their_source_wrote() {
        check_date("Fri, 03 Feb 2023 11:57:38 EST", "2023-02-03T11:57:38-05:00");
        check_date("Fri, 03 Feb 2023 09:05:16 MST", "2023-02-03T09:05:16-07:00");
        check_date("Tue, 24 Apr 2018 11:25:12 GMT", "2018-04-24T11:25:12+00:00");
        check_date("Fri, 03 Feb 2023 09:05:16 AKST", "2023-02-03T09:05:16-09:00");
        check_date(" 2026-08-01T10:00:00Z ", "2026-08-01T10:00:00+00:00");
        check_date("Effective March 25, 2022", "2022-03-25");
        assert_eq!(date("soon"), None);
    }
}
