//! The weekly word that nothing happened, or what did, and how closely it was looked.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::foot::Service;
use super::health::account;
use super::letter::{Letter, mail};
use super::notice::{RenderError, Rendered};
use crate::domain::health::SourceHealth;
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{State, Subscriber};
use crate::domain::text::{one_line, shorten};

mail!(letter_mail, "attestation/subject.txt", "attestation/mail.txt", "attestation/mail.html");

/// Of the companies followed, as many are named.
const MAX_NAMED: usize = 3;

/// What is attested.
#[derive(Debug, Clone)]
pub struct Attestation<'a> {
    /// To whom.
    pub reader: &'a Subscriber,
    /// The time it is about.
    pub since: DateTime<Utc>,
    /// The end of that time.
    pub until: DateTime<Utc>,
    /// How many changes of what is followed were found in it.
    pub changes: usize,
    /// What was watched for the reader.
    pub health: &'a [SourceHealth],
    /// How readers call the companies.
    pub watchlist: &'a Watchlist,
    /// Who sends it.
    pub service: Service<'a>,
}

/// Puts an attestation into words. Where not everything was read, it says so first and attests less.
///
/// # Errors
/// A template that cannot be filled in.
pub fn attestation(attestation: &Attestation<'_>) -> Result<Rendered, RenderError> {
    let Attestation { reader, since, health, service, .. } = attestation;
    letter_mail::render(&Letter {
        about: attestation.outcome(),
        lead: attestation.lead(),
        lines: health.iter().map(|source| account(source, *since)).collect(),
        ..Letter::to(&reader.address, *service)
    })
}

impl Attestation<'_> {
    /// Of what nothing changed, or how much did.
    fn outcome(&self) -> String {
        let unread = self.unread().count();
        let what = match (self.changes, unread) {
            (0, 0) => "nothing changed".to_owned(),
            (0, unread) => format!("no change seen, {unread} of {} sources not read", self.health.len()),
            (1, _) => "1 change this week".to_owned(),
            (changes, _) => format!("{changes} changes this week"),
        };
        format!("{}: {what}", self.names())
    }

    fn lead(&self) -> String {
        let zone = self.reader.preferences.zone;
        let (since, until) = (day(self.since, zone), day(self.until, zone));
        let found = match self.changes {
            0 => "no watched source changed in an entry about".to_owned(),
            1 => "one change was found, and told to you or due in your next digest, about".to_owned(),
            changes => {
                format!("{changes} changes were found, and told to you or due in your next digest, about")
            }
        };
        let titles: Vec<String> = self.unread().map(|source| shorten(&one_line(&source.title), 80)).collect();
        let reserve = if titles.is_empty() {
            String::new()
        } else {
            format!(
                " This does not speak for what was not read up to the end of that time: {}.",
                titles.join("; ")
            )
        };
        format!("From {since} to {until} ({zone}) {found} {}.{reserve}", self.names())
    }

    /// What was not read once in the whole time, or cannot be read just now.
    fn unread(&self) -> impl Iterator<Item = &SourceHealth> {
        self.health.iter().filter(|source| source.good == 0 || !source.is_read())
    }

    fn names(&self) -> String {
        let followed = self.reader.subscriptions.iter().filter(|known| known.state == State::Active);
        let names: Vec<String> =
            followed.map(|known| shorten(&one_line(self.watchlist.short_name(&known.company)), 40)).collect();
        let more = names.len().saturating_sub(MAX_NAMED);
        let first = names.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{first} and {more} more") } else { first }
    }
}

fn day(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d %H:%M").to_string()
}
