//! The weekly word that nothing happened, or what did, and how closely it was looked.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::foot::MailFoot;
use super::health::coverage;
use super::letter::{LetterView, mail};
use super::rendered::{RenderError, Rendered};
use super::when::{day, day_of};
use crate::domain::change::Change;
use crate::domain::health::SourceHealth;
use crate::domain::matching::Watchlist;
use crate::domain::subscription::{Subscriber, Subscription, SubscriptionState};
use crate::domain::text::{counted, one_line, shorten};
use crate::domain::topic::Topic;

mail!(letter_mail, Coverage, "attestation/subject.txt", "attestation/mail.txt", "attestation/mail.html");

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
    /// What was found in it.
    pub seen: SeenChanges,
    /// What was watched for the reader.
    pub health: &'a [SourceHealth],
    /// How readers call the companies.
    pub watchlist: &'a Watchlist,
    /// Who sends it.
    pub service: MailFoot<'a>,
}

/// Changes that were found in the time of an attestation, by what they are to its reader.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeenChanges {
    /// They were told, or are due.
    pub told: usize,
    /// They name a company that is followed, in a way that was not asked for.
    pub unasked: usize,
    /// They may name one; a person says whether they do.
    pub possible: usize,
    /// They say no more than another source did, of which the reader was told, who wants one mail for an event.
    pub repeated: usize,
}

impl SeenChanges {
    /// Counts a change that is news. It was set aside as told already of the companies `aside`.
    pub fn count(&mut self, reader: &Subscriber, change: &Change, aside: &BTreeSet<&Topic>) {
        // What was found before something was followed is neither told nor kept back.
        let known: Vec<&Subscription> = change
            .topics()
            .filter_map(|topic| reader.active(&topic))
            .filter(|known| known.confirmed_at.unwrap_or(known.requested_at) <= change.found_at)
            .collect();
        let wanted: Vec<&&Subscription> = known.iter().filter(|known| known.only.admits(change)).collect();
        if wanted.iter().any(|known| !aside.contains(&known.topic)) {
            self.told += 1;
        } else if !wanted.is_empty() {
            self.repeated += 1;
        } else if !known.is_empty() {
            self.unasked += 1;
        } else if change.possible.iter().any(|found| reader.active(&Topic::from(&found.company)).is_some()) {
            self.possible += 1;
        }
    }
}

/// Puts an attestation into words. Where not everything was read, it says so first and attests less.
///
/// # Errors
/// A template that cannot be filled in.
pub fn attestation(attestation: &Attestation<'_>) -> Result<Rendered, RenderError> {
    let Attestation { reader, since, health, service, .. } = attestation;
    letter_mail::render(&LetterView {
        about: attestation.outcome(),
        lead: attestation.lead(),
        detail: attestation.reserve(),
        coverage: coverage(health, *since, reader.preferences.zone),
        ..LetterView::to(&reader.address, *service)
    })
}

impl Attestation<'_> {
    /// Of what nothing changed, or how much did.
    fn outcome(&self) -> String {
        let unread = self.unread().count();
        let SeenChanges { told, unasked, possible, repeated } = self.seen;
        let what = match (told, unread) {
            (0, 0) if repeated > 0 => "nothing new".to_owned(),
            (0, 0) if unasked + possible > 0 => "no change that you asked for".to_owned(),
            (0, 0) => "nothing changed".to_owned(),
            (0, unread) => {
                let all = counted(self.health.len(), "source", "sources");
                format!("no change seen, {unread} of {all} not read")
            }
            (1, _) => "1 change this week".to_owned(),
            (changes, _) => format!("{changes} changes this week"),
        };
        format!("{}: {what}", self.names())
    }

    fn lead(&self) -> String {
        let zone = self.reader.preferences.zone;
        let (since, until) = (day(day_of(self.since, zone)), day(day_of(self.until, zone)));
        let names = self.names();
        let found = match self.seen.told {
            0 if self.seen.unasked > 0 => {
                format!("we found no change of the kinds that you asked for, in entries about {names}")
            }
            0 if self.seen.repeated > 0 => format!("we found nothing new about {names}"),
            0 => format!("we found no change in entries about {names}"),
            1 => format!(
                "we found one change about {names}. We mailed it to you, or it is in your next digest"
            ),
            changes => format!(
                "we found {changes} changes about {names}. We mailed them to you, or they are in your next digest"
            ),
        };
        let doubtful = match self.seen.possible {
            0 => String::new(),
            1 => " One more change may be about one of them; a person checks it first.".to_owned(),
            many => format!(" {many} more changes may be about one of them; a person checks them first."),
        };
        let repeated = match self.seen.repeated {
            0 => String::new(),
            1 => " One more change tells only what you were told from another source; you asked for one mail per event."
                .to_owned(),
            many => format!(
                " {many} more changes tell only what you were told from other sources; you asked for one mail per event."
            ),
        };
        format!("From {since} to {until} {found}.{repeated}{doubtful}")
    }

    /// Of what the report says nothing.
    fn reserve(&self) -> String {
        let titles: Vec<String> = self.unread().map(|source| shorten(&one_line(&source.title), 80)).collect();
        if titles.is_empty() {
            return String::new();
        }
        format!(
            "Not covered, because we could not read them through the end of this time: {}.",
            titles.join("; ")
        )
    }

    /// What was not read once in the whole time, or cannot be read just now.
    fn unread(&self) -> impl Iterator<Item = &SourceHealth> {
        self.health.iter().filter(|source| source.good == 0 || !source.is_read())
    }

    fn names(&self) -> String {
        let followed =
            self.reader.subscriptions.iter().filter(|known| known.state == SubscriptionState::Active);
        let names: Vec<String> =
            followed.map(|known| shorten(&one_line(&self.watchlist.name_of(&known.topic)), 40)).collect();
        let more = names.len().saturating_sub(MAX_NAMED);
        let first = names.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
        if more > 0 { format!("{first} and {more} more") } else { first }
    }
}
