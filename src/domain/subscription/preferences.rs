//! When somebody wants their mail: at once or in digests, in which time zone, and not at night.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveTime, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::domain::schedule::instant;

/// At what hour of the reader's day digests leave.
const DIGEST_AT: NaiveTime = match NaiveTime::from_hms_opt(8, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};

/// On which day weekly mail leaves.
const WEEKLY_ON: Weekday = Weekday::Mon;

/// How often mail comes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cadence {
    /// As soon as something was found.
    #[default]
    Immediate,
    /// One mail a day, at 8 in the morning.
    Daily,
    /// One mail a week, on Monday at 8 in the morning.
    Weekly,
}

impl Cadence {
    /// Every cadence, with the word for it.
    pub const ALL: [(&'static str, Self); 3] =
        [("immediate", Self::Immediate), ("daily", Self::Daily), ("weekly", Self::Weekly)];

    /// Whether mail waits to be collected.
    #[must_use]
    pub fn is_digest(self) -> bool {
        self != Self::Immediate
    }

    /// The moment after `from` at which the next digest leaves; `from` itself where none does.
    #[must_use]
    pub fn next(self, from: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let today = from.with_timezone(&zone).date_naive();
        let days = (0..=7).filter_map(|days| today.checked_add_days(Days::new(days)));
        match self {
            Self::Immediate => from,
            Self::Daily => first_after(from, days, zone),
            Self::Weekly => first_after(from, days.filter(|day| day.weekday() == WEEKLY_ON), zone),
        }
    }
}

/// Eight in the morning of the first of these days at which that is still to come.
fn first_after(from: DateTime<Utc>, mut days: impl Iterator<Item = NaiveDate>, zone: Tz) -> DateTime<Utc> {
    days.find_map(|day| instant(day.and_time(DIGEST_AT), zone).filter(|at| *at > from)).unwrap_or(from)
}

impl fmt::Display for Cadence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(Self::ALL.iter().find(|(_, cadence)| cadence == self).map_or("", |(word, _)| word))
    }
}

impl FromStr for Cadence {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(word, _)| word.eq_ignore_ascii_case(text.trim()));
        known
            .map(|(_, cadence)| *cadence)
            .ok_or_else(|| format!("{text:?} is no cadence, expected immediate, daily or weekly"))
    }
}

/// A part of every day in which nothing is sent; it may span midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct QuietHours {
    from: NaiveTime,
    until: NaiveTime,
}

impl QuietHours {
    /// When they end, of a moment that lies in them.
    fn end_of(self, at: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
        let local = at.with_timezone(&zone).naive_local();
        let (time, today) = (local.time(), local.date());
        let spans_midnight = self.from > self.until;
        let is_quiet = if spans_midnight {
            time >= self.from || time < self.until
        } else {
            (self.from..self.until).contains(&time)
        };
        let ends_tomorrow = spans_midnight && time >= self.from;
        let day = if ends_tomorrow { today.succ_opt()? } else { today };
        instant(day.and_time(self.until), zone).filter(|end| is_quiet && *end > at)
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.from.format("%H:%M"), self.until.format("%H:%M"))
    }
}

impl FromStr for QuietHours {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        text.split_once(['-', '–'])
            .and_then(|(from, until)| Some(Self { from: time(from)?, until: time(until)? }))
            .filter(|hours| hours.from != hours.until)
            .ok_or_else(|| format!("{text:?} are no quiet hours, expected two times such as 22:00-07:00"))
    }
}

impl TryFrom<String> for QuietHours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<QuietHours> for String {
    fn from(hours: QuietHours) -> Self {
        hours.to_string()
    }
}

/// How somebody wants their mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// How often.
    #[serde(default)]
    pub cadence: Cadence,
    /// Where the reader's days and nights are.
    #[serde(default)]
    pub zone: Tz,
    /// When nothing is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<QuietHours>,
    /// Up to when silence was attested, of readers who want to be told weekly that nothing happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attested_until: Option<DateTime<Utc>>,
    /// Whether what one source told is not told again where another certainly tells the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_told_once: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            cadence: Cadence::Immediate,
            zone: Tz::UTC,
            quiet: None,
            attested_until: None,
            is_told_once: false,
        }
    }
}

/// One wish about how mail comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preference {
    /// How often.
    Cadence(Cadence),
    /// In which time zone.
    Zone(Tz),
    /// When not; never where nothing is given.
    Quiet(Option<QuietHours>),
    /// Whether silence is attested, weekly.
    Attestation(bool),
    /// Whether there is one mail for an event that several sources tell.
    Once(bool),
    /// Nothing until this day begins, where the reader is.
    PausedUntil(NaiveDate),
}

impl Preference {
    /// The wish that two words say: `digest daily`, `zone Europe/Berlin`, `quiet 22:00-07:00`,
    /// `quiet off`, `report weekly`, `report off`, `events once`, `events all`, `pause until 2026-12-24`. A report was once an attestation.
    #[must_use]
    pub fn of(name: &str, value: &str) -> Option<Self> {
        let value = value.trim();
        let is_off = ["off", "no", "never", "none"].iter().any(|word| word.eq_ignore_ascii_case(value));
        match name {
            "digest" | "digests" if is_off => Some(Self::Cadence(Cadence::Immediate)),
            "digest" | "digests" => value.parse().ok().map(Self::Cadence),
            "zone" | "timezone" => zone(value).map(Self::Zone),
            "quiet" if is_off => Some(Self::Quiet(None)),
            "quiet" => value.parse().ok().map(|hours| Self::Quiet(Some(hours))),
            "report" | "attestation" if is_off => Some(Self::Attestation(false)),
            "report" | "attestation" => ["weekly", "on", "yes"]
                .iter()
                .any(|word| word.eq_ignore_ascii_case(value))
                .then_some(Self::Attestation(true)),
            "event" | "events" if is_off => Some(Self::Once(false)),
            "event" | "events" => match value.to_lowercase().as_str() {
                "once" => Some(Self::Once(true)),
                "all" | "every" | "each" => Some(Self::Once(false)),
                _ => None,
            },
            "one" => ["mail per event", "mail an event", "mail for each event"]
                .iter()
                .any(|words| words.eq_ignore_ascii_case(value.trim_end_matches(['.', '!'])))
                .then_some(Self::Once(true)),
            "pause" => {
                let (until, when) = value.split_once(char::is_whitespace)?;
                let is_until = ["until", "till", "to"].iter().any(|word| word.eq_ignore_ascii_case(until));
                super::day(when.trim_end_matches(['.', '!'])).filter(|_| is_until).map(Self::PausedUntil)
            }
            _ => None,
        }
    }

    /// What is wished for, in words.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Cadence(Cadence::Immediate) => "send mail as soon as something is found".to_owned(),
            Self::Cadence(cadence) => format!("send one {cadence} digest"),
            Self::Zone(zone) => format!("show times in the zone {zone}"),
            Self::Quiet(Some(hours)) => {
                format!("send no mail from {}", hours.to_string().replace('-', " to "))
            }
            Self::Quiet(None) => "send mail at any hour".to_owned(),
            Self::Attestation(true) => {
                "send a weekly report of which sources were read and what changed".to_owned()
            }
            Self::Attestation(false) => "send no weekly report".to_owned(),
            Self::Once(true) => {
                "send one mail for an event, also where several sources tell the same".to_owned()
            }
            Self::Once(false) => "send a mail for each source that tells an event".to_owned(),
            Self::PausedUntil(day) => {
                format!(
                    "send no alerts until {}, and then one summary of what changed",
                    day.format("%-d %B %Y")
                )
            }
        }
    }
}

/// The time zone of that name, in any case.
fn zone(name: &str) -> Option<Tz> {
    chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(name)).copied()
}

impl Preferences {
    /// Takes a wish over.
    pub(super) fn take(&mut self, wish: Preference, now: DateTime<Utc>) {
        match wish {
            Preference::Cadence(cadence) => self.cadence = cadence,
            Preference::Zone(zone) => self.zone = zone,
            Preference::Quiet(quiet) => self.quiet = quiet,
            // Silence is attested from now on: what was before was not promised.
            Preference::Attestation(true) => {
                self.attested_until.get_or_insert(now);
            }
            Preference::Attestation(false) => self.attested_until = None,
            Preference::Once(is_once) => self.is_told_once = is_once,
            // A pause is the subscriber's, see `Subscriber::take`.
            Preference::PausedUntil(_) => {}
        }
    }

    /// When something that was found then is told, where it need not be told at once: `patience` is
    /// how long alerts are collected even for those who want them as they come.
    #[must_use]
    pub fn due(&self, raised_at: DateTime<Utc>, patience: Duration) -> DateTime<Utc> {
        let due = if self.cadence.is_digest() {
            self.cadence.next(raised_at, self.zone)
        } else {
            raised_at + patience
        };
        self.quiet.and_then(|quiet| quiet.end_of(due, self.zone)).unwrap_or(due)
    }

    /// When the quiet hours end in which a moment lies.
    #[must_use]
    pub fn quiet_until(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.quiet.and_then(|quiet| quiet.end_of(at, self.zone))
    }

    /// When silence is attested next.
    #[must_use]
    pub fn attestation_due(&self) -> Option<DateTime<Utc>> {
        let due = Cadence::Weekly.next(self.attested_until?, self.zone);
        Some(self.quiet.and_then(|quiet| quiet.end_of(due, self.zone)).unwrap_or(due))
    }

    /// What differs from how everybody gets mail, in words; nothing where nothing does.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.cadence.is_digest() {
            words.push(format!("a {} digest", self.cadence));
        }
        words.extend(
            self.quiet.map(|quiet| format!("no mail from {}", quiet.to_string().replace('-', " to "))),
        );
        if self.attested_until.is_some() {
            words.push("a weekly coverage report".to_owned());
        }
        if self.is_told_once {
            words.push("one mail per event".to_owned());
        }
        if !words.is_empty() || self.zone != Tz::UTC {
            words.push(format!("times in the zone {}", self.zone));
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[track_caller]
    fn check_due(preferences: &Preferences, raised: &str, due: &str) {
        let found = preferences.due(at(raised), Duration::minutes(5));
        assert_eq!(found, at(due), "{preferences:?}");
    }

    #[test]
    fn digests_leave_at_eight_in_the_readers_morning() {
        let zone = Tz::America__New_York;
        let daily = Preferences { cadence: Cadence::Daily, zone, ..Preferences::default() };
        check_due(&daily, "2026-11-24T12:59:59Z", "2026-11-24T13:00:00Z");
        check_due(&daily, "2026-11-24T13:00:00Z", "2026-11-25T13:00:00Z");
        // Summer time begins on 8 March 2026.
        check_due(&daily, "2026-03-07T14:00:00Z", "2026-03-08T12:00:00Z");
        let weekly = Preferences { cadence: Cadence::Weekly, ..daily };
        check_due(&weekly, "2026-11-24T12:00:00Z", "2026-11-30T13:00:00Z");
        check_due(&weekly, "2026-11-30T12:00:00Z", "2026-11-30T13:00:00Z");
        check_due(&weekly, "2026-11-30T13:00:00Z", "2026-12-07T13:00:00Z");
    }

    #[test]
    fn nothing_is_sent_in_quiet_hours() {
        let quiet = Some("22:00-07:00".parse().unwrap());
        let with = |quiet| Preferences { quiet, zone: Tz::Europe__Berlin, ..Preferences::default() };
        check_due(&with(quiet), "2026-11-24T20:54:00Z", "2026-11-24T20:59:00Z");
        check_due(&with(quiet), "2026-11-24T20:55:00Z", "2026-11-25T06:00:00Z");
        check_due(&with(quiet), "2026-11-25T03:00:00Z", "2026-11-25T06:00:00Z");
        check_due(&with(quiet), "2026-11-25T05:55:00Z", "2026-11-25T06:00:00Z");
        check_due(
            &with(Some("12:00-13:00".parse().unwrap())),
            "2026-11-25T11:30:00Z",
            "2026-11-25T12:00:00Z",
        );
        let quiet = Some("07:00-09:30".parse().unwrap());
        let daily = Preferences { cadence: Cadence::Daily, ..with(quiet) };
        check_due(&daily, "2026-11-24T20:00:00Z", "2026-11-25T08:30:00Z");
    }

    #[test]
    fn quiet_hours_are_read_as_they_are_written() {
        for text in ["22:00-07:00", "00:30-06:15"] {
            assert_eq!(text.parse::<QuietHours>().unwrap().to_string(), text);
        }
        for bad in ["", "22-7", "22:00", "25:00-07:00", "22:00-22:00", "22:00-07:00-08:00"] {
            assert!(bad.parse::<QuietHours>().is_err(), "{bad}");
        }
    }

    #[test]
    fn wishes_are_two_words() {
        let quiet = Preference::Quiet("22:00-07:00".parse().ok());
        for (name, value, expected) in [
            ("digest", "Daily", Some(Preference::Cadence(Cadence::Daily))),
            ("digest", "off", Some(Preference::Cadence(Cadence::Immediate))),
            ("digest", "hourly", None),
            ("zone", "europe/berlin", Some(Preference::Zone(Tz::Europe__Berlin))),
            ("zone", "Atlantis", None),
            ("quiet", "22:00-07:00", Some(quiet)),
            ("quiet", "off", Some(Preference::Quiet(None))),
            ("attestation", "weekly", Some(Preference::Attestation(true))),
            ("report", "weekly", Some(Preference::Attestation(true))),
            ("report", "this as spam", None),
            ("attestation", "never", Some(Preference::Attestation(false))),
            ("attestation", "", None),
            ("events", "Once", Some(Preference::Once(true))),
            ("events", "all", Some(Preference::Once(false))),
            ("events", "off", Some(Preference::Once(false))),
            ("events", "of the week", None),
            ("one", "mail per event", Some(Preference::Once(true))),
            ("one", "more thing", None),
            ("pause", "until 2026-12-24", "2026-12-24".parse().ok().map(Preference::PausedUntil)),
            ("pause", "until Christmas", None),
            ("pause", "2026-12-24", None),
            ("colour", "off", None),
        ] {
            assert_eq!(Preference::of(name, value), expected, "{name} {value}");
        }
    }

    #[test]
    fn silence_is_attested_on_mondays_from_when_it_was_asked_for() {
        let mut preferences = Preferences::default();
        assert_eq!(preferences.attestation_due(), None);
        preferences.take(Preference::Attestation(true), at("2026-11-24T09:00:00Z"));
        preferences.take(Preference::Attestation(true), at("2026-11-25T09:00:00Z"));
        assert_eq!(preferences.attested_until, Some(at("2026-11-24T09:00:00Z")));
        assert_eq!(preferences.attestation_due(), Some(at("2026-11-30T08:00:00Z")));
        preferences.take(Preference::Attestation(false), at("2026-11-25T09:00:00Z"));
        assert_eq!(preferences, Preferences::default());
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_due_before_it_was_found_or_more_than_nine_days_later(
            seconds in 1_700_000_000_i64..1_900_000_000,
            cadence in 0_usize..3,
            from in 0_u32..1440,
            length in 1_u32..1440,
            zone in proptest::sample::select(vec![Tz::UTC, Tz::America__New_York, Tz::Asia__Kolkata, Tz::Australia__Lord_Howe]),
        ) {
            let time = |minute: u32| NaiveTime::from_hms_opt(minute / 60, minute % 60, 0).unwrap();
            let quiet = Some(QuietHours { from: time(from), until: time((from + length) % 1440) });
            let preferences = Preferences { cadence: Cadence::ALL[cadence].1, zone, quiet, ..Preferences::default() };
            let raised = DateTime::from_timestamp(seconds, 0).unwrap();
            let due = preferences.due(raised, Duration::minutes(5));
            proptest::prop_assert!(due > raised);
            proptest::prop_assert!(due - raised <= Duration::days(9));
        }
    }
}
