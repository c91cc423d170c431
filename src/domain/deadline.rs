//! A date by which a reader must have acted: comments close, a rule takes effect.

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use super::change::{Change, ChangeKind};
use super::entry::Entry;

/// Fields that hold such a date (ISO 8601), and what then happens.
const FIELDS: [(&str, &str); 2] = [("comments_close", "comments close"), ("effective", "takes effect")];

/// A date, and what then happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// When.
    pub date: NaiveDate,
    /// What, in words that stand before the date.
    pub what: &'static str,
}

impl Deadline {
    /// The first deadline of an entry that is still to come on `today`.
    #[must_use]
    pub fn of(change: &Change, today: NaiveDate) -> Option<Self> {
        Self::all_of(change).into_iter().filter(|deadline| deadline.date >= today).min()
    }

    /// Every deadline that an entry bears after a change.
    #[must_use]
    pub fn all_of(change: &Change) -> Vec<Self> {
        if change.entry.kind == ChangeKind::Removed {
            return Vec::new();
        }
        Self::all(|field| said(change, field))
    }

    /// Every deadline that an entry bears.
    #[must_use]
    pub fn all_of_entry(entry: &Entry) -> Vec<Self> {
        Self::all(|field| entry.fields.get(field).map(String::as_str))
    }

    fn all<'a>(said: impl Fn(&str) -> Option<&'a str>) -> Vec<Self> {
        let dates = FIELDS.iter().filter_map(|(field, what)| {
            let date = said(field)?.trim().parse().ok()?;
            Some(Self { date, what })
        });
        dates.collect()
    }

    /// Whether a reader who is told at `told_at` has less than `lead` left, in their own time.
    #[must_use]
    pub fn presses(&self, told_at: DateTime<Utc>, lead: Duration, zone: Tz) -> bool {
        self.date - told_at.with_timezone(&zone).date_naive() < lead
    }
}

impl std::fmt::Display for Deadline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.what, self.date)
    }
}

/// What a field says now: of an amended one its new text, of others the text the entry bears.
fn said<'a>(change: &'a Change, field: &str) -> Option<&'a str> {
    if let Some(changed) = change.entry.fields.iter().find(|changed| changed.name == field) {
        return changed.after.as_deref();
    }
    let mut known = change.entry.context.iter();
    known.find(|(name, _)| name == field).map(|(_, text)| text.as_str())
}
