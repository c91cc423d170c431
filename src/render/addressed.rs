//! To whom an answer goes, and what all answers say of what its reader may expect.

use chrono::{DateTime, Utc};

use super::foot::MailFoot;
use super::headline::named as named_shortly;
use super::when::moment;
use crate::domain::health::SourceHealth;
use crate::domain::listed::ListedOn;
use crate::domain::matching::Watchlist;
use crate::domain::subscription::Subscriber;
use crate::domain::topic::Topic;

/// Longer names are cut.
pub(super) const MAX_NAME_CHARS: usize = 80;

/// What every answer needs.
#[derive(Debug, Clone, Copy)]
pub struct Addressed<'a> {
    /// Whom it goes to, and what they follow.
    pub subscriber: &'a Subscriber,
    /// Who sends it.
    pub service: MailFoot<'a>,
    /// How readers call the companies.
    pub watchlist: &'a Watchlist,
    /// How many changes of what they follow a pause collected.
    pub missed: usize,
    /// What stands already about what they begin to follow, source by source.
    pub listed: &'a [ListedOn],
    /// Whether the service takes in what is answered to it.
    pub takes_mail: bool,
    /// How the sources are that can tell them anything of it.
    pub health: &'a [SourceHealth],
    /// When it is written.
    pub now: DateTime<Utc>,
}

/// What whoever begins to follow something may expect, by how it stands.
#[must_use]
pub fn promise(subscriber: &Subscriber, now: DateTime<Utc>) -> String {
    let what = "when an entry about what you follow changes on a source we watch";
    let reserve = "No mail means no change only as far as we could read every source.";
    match paused(subscriber, now) {
        Some(paused) => format!("We email you {what}, once your pause has ended. {paused} {reserve}"),
        None => format!("From now on we email you {what}. {reserve}"),
    }
}

/// Since when somebody's mail is paused and until when, in sentences.
#[must_use]
pub fn paused(subscriber: &Subscriber, now: DateTime<Utc>) -> Option<String> {
    let pause = subscriber.pause(now)?;
    let zone = subscriber.preferences.zone;
    let since = moment(pause.since, zone);
    let then = match pause.until {
        Some(until) => format!(
            "Alerts start again on {}, with one summary of what changed meanwhile.",
            moment(until, zone)
        ),
        None => "When you resume, you get one summary of what changed meanwhile.".to_owned(),
    };
    Some(format!("Nothing has been sent since {since} about what you follow, as you asked. {then}"))
}

/// Topics in a subject: two names, and how many more.
pub(super) fn short_names(to: &Addressed<'_>, topics: &[Topic]) -> String {
    let names: Vec<_> = topics.iter().map(|topic| to.watchlist.name_of(topic)).collect();
    named_shortly(names.iter().map(AsRef::as_ref))
}
