//! Deadlines as calendars take them: iCalendar (RFC 5545), whole days.

use chrono::{DateTime, NaiveDate, Utc};
use icalendar::{Calendar, Component, Event, EventLike, Property};

use crate::domain::id::BodyHash;
use crate::domain::text::{one_line, shorten};

/// Who makes it, as calendars want to know.
const PRODUCT: &str = "-//regwatch//deadlines//EN";

/// How often calendars ask again.
const AGAIN_AFTER: &str = "PT6H";

/// A longer title is cut.
const MAX_TITLE_CHARS: usize = 200;

/// A day in a calendar.
#[derive(Debug)]
pub struct CalendarDay<'a> {
    /// The day.
    pub date: NaiveDate,
    /// What then happens, in words that stand before a date.
    pub what: &'a str,
    /// The source's id and the entry's key: what names the event, whatever its day.
    pub entry: (&'a str, &'a str),
    /// The entry's title.
    pub title: &'a str,
    /// What readers call the source.
    pub source_title: &'a str,
    /// What readers call the companies concerned.
    pub companies: Vec<String>,
    /// Where more of it stands.
    pub url: Option<String>,
    /// Since when it is known.
    pub known_at: DateTime<Utc>,
}

/// A calendar of these days.
#[must_use]
pub fn calendar(name: &str, days: &[CalendarDay<'_>]) -> String {
    let mut calendar = Calendar::empty();
    calendar
        .append_property(Property::new("VERSION", "2.0"))
        .append_property(Property::new("PRODID", PRODUCT))
        .append_property(Property::new("CALSCALE", "GREGORIAN"))
        .append_property(Property::new("METHOD", "PUBLISH"))
        .append_property(Property::new("X-WR-CALNAME", escaped(&one_line(name))))
        .append_property(Property::new("X-PUBLISHED-TTL", AGAIN_AFTER));
    for day in days {
        calendar.push(event(day));
    }
    calendar.to_string()
}

fn event(day: &CalendarDay<'_>) -> Event {
    let mut event = Event::new();
    let title = shorten(&one_line(day.title), MAX_TITLE_CHARS);
    let what = capitalised(day.what);
    let names = day.companies.join(", ");
    let about = if names.is_empty() { String::new() } else { format!(" ({names})") };
    event
        .uid(&uid(day))
        .timestamp(day.known_at)
        .starts(day.date)
        .summary(&format!("{what}: {title}{about}"))
        .description(&format!("{what} on {}.\n{title}\n{}", day.date, one_line(day.source_title)))
        .add_property("TRANSP", "TRANSPARENT");
    if let Some(next) = day.date.succ_opt() {
        event.ends(next);
    }
    if let Some(url) = &day.url {
        event.url(url);
    }
    event.done()
}

/// Names the event: the same when its day is moved.
fn uid(day: &CalendarDay<'_>) -> String {
    let (source, key) = day.entry;
    let parts = [source, key, day.what].join("\n");
    format!("{}@regwatch", &BodyHash::of(parts.as_bytes()).as_str()[..32])
}

fn capitalised(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A text in a property of which the library does not know that it is one.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace(',', "\\,").replace(';', "\\;")
}
