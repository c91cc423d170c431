//! Whether a mail that was queued is still wanted, by the subscription as it stands now.
//!
//! Between composing a mail and handing it to a sender lie seconds, or the days for which a relay was out of
//! reach. What it tells is held against the subscription again at each step on that way, in the same step of
//! the store that takes it further.

use chrono::{DateTime, Duration, Utc};

use super::alert::{AlertItem, all_alerts_of};
use super::change::Change;
use super::id::ChangeId;
use super::outbox::{Basis, Mail};
use super::subscription::Subscriber;
use super::topic::Topic;

/// A mail that a pause keeps waiting is looked at again after this, where the pause has no end.
const LOOK_AGAIN: Duration = Duration::hours(1);

/// What becomes of a mail that is about to be taken further.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConsentVerdict {
    /// It is wanted as it is.
    Whole,
    /// It is wanted then.
    Later(DateTime<Utc>),
    /// These of its items are told anew: by a mail that tells no others, or when their reader wants mail
    /// again. The mail itself is not sent.
    Anew {
        /// The items.
        items: Vec<AlertItem>,
        /// Why.
        why: &'static str,
    },
    /// It is not wanted. Its items stay for as long as its reader can take back that they left.
    Not {
        /// The items.
        items: Vec<AlertItem>,
        /// Why.
        why: &'static str,
    },
    /// All that it tells was taken back.
    Retracted,
}

const LEFT: &str = "its recipient no longer follows what it reports";
const NARROWED: &str = "its recipient no longer follows all that it reports; another mail reports the rest";
const CHANGED: &str = "its recipient now follows other companies; it is composed again";
const NOT_SCREENED: &str = "the standing list was removed, or its owner wants no mail";
const PAUSED: &str = "its recipient paused; the summary after the pause reports it";
const CORRECTED: &str = "a part of what it reports was retracted; another mail reports the rest";

/// What is known of whoever a mail goes to.
#[derive(Debug, Clone, Copy)]
pub struct RecipientFacts<'a> {
    /// The recipient as a subscriber; nothing where nobody is known.
    pub reader: Option<&'a Subscriber>,
    /// Of a question: whether it stands open.
    pub is_asked: bool,
    /// Of news of a standing list: whether it is kept and its owner still to be told.
    pub is_screened: bool,
    /// The moment.
    pub now: DateTime<Utc>,
}

/// Whether a mail is still wanted. `change` gives the changes that it tells.
///
/// A mail of an older program does not say by what right it is sent. If it tells changes, its readers are those
/// who followed one of their topics.
#[must_use]
pub fn wanted<'a>(
    mail: &Mail,
    facts: RecipientFacts<'_>,
    change: impl Fn(&ChangeId) -> Option<&'a Change>,
) -> ConsentVerdict {
    match &mail.basis {
        Basis::Alerts { items } => alerts(mail, items, facts, change),
        Basis::None if mail.changes.is_empty() => ConsentVerdict::Whole,
        Basis::None => match facts.reader {
            // Nobody is forgotten here whose mails are not forgotten, too.
            None => ConsentVerdict::Whole,
            Some(reader) => {
                let items = items_of(mail, reader, &change);
                if items.is_empty() { ConsentVerdict::Whole } else { alerts(mail, &items, facts, change) }
            }
        },
        Basis::Attestation { topics, .. } => attestation(facts, topics),
        Basis::Retraction { topics } => match facts.reader.and_then(|reader| reader.pause(facts.now)) {
            Some(pause) => ConsentVerdict::Later(pause.until.unwrap_or(facts.now + LOOK_AGAIN)),
            None => of_reader(facts, |reader| follows_any(reader, topics)),
        },
        Basis::Welcome { topics } => welcome(facts, topics),
        Basis::List { topics } => list(facts, topics),
        Basis::Screening { .. } => match facts.reader.and_then(|reader| reader.pause(facts.now)) {
            _ if !facts.is_screened => ConsentVerdict::Not { items: Vec::new(), why: NOT_SCREENED },
            Some(pause) => ConsentVerdict::Later(pause.until.unwrap_or(facts.now + LOOK_AGAIN)),
            None => ConsentVerdict::Whole,
        },
        Basis::Question { .. } if facts.is_asked => ConsentVerdict::Whole,
        Basis::Question { .. } => {
            ConsentVerdict::Not { items: Vec::new(), why: "its question is no longer open" }
        }
    }
}

/// An attestation names what its reader follows.
fn attestation(facts: RecipientFacts<'_>, topics: &[Topic]) -> ConsentVerdict {
    let is_due = |reader: &Subscriber| {
        reader.preferences.attested_until.is_some() && reader.is_active() && !reader.is_paused(facts.now)
    };
    match of_reader(facts, is_due) {
        ConsentVerdict::Whole if !facts.reader.is_some_and(|reader| follows_all(reader, topics)) => {
            ConsentVerdict::Anew { items: Vec::new(), why: NARROWED }
        }
        wanted => wanted,
    }
}

/// A welcome lists what its reader follows from now on.
fn welcome(facts: RecipientFacts<'_>, topics: &[Topic]) -> ConsentVerdict {
    match of_reader(facts, |reader| follows_any(reader, topics)) {
        ConsentVerdict::Whole if !facts.reader.is_some_and(|reader| follows_all(reader, topics)) => {
            ConsentVerdict::Anew { items: Vec::new(), why: NARROWED }
        }
        wanted => wanted,
    }
}

/// Who asked what they follow is told what they follow now.
fn list(facts: RecipientFacts<'_>, topics: &[Topic]) -> ConsentVerdict {
    let follows = |reader: &Subscriber| reader.followed().eq(topics.iter());
    if facts.reader.map_or(topics.is_empty(), follows) {
        ConsentVerdict::Whole
    } else {
        ConsentVerdict::Anew { items: Vec::new(), why: CHANGED }
    }
}

fn of_reader(facts: RecipientFacts<'_>, is_wanted: impl Fn(&Subscriber) -> bool) -> ConsentVerdict {
    if facts.reader.is_some_and(is_wanted) {
        ConsentVerdict::Whole
    } else {
        ConsentVerdict::Not { items: Vec::new(), why: LEFT }
    }
}

fn follows_all(reader: &Subscriber, topics: &[Topic]) -> bool {
    topics.iter().all(|topic| reader.active(topic).is_some())
}

fn follows_any(reader: &Subscriber, topics: &[Topic]) -> bool {
    if topics.is_empty() {
        return reader.is_active();
    }
    topics.iter().any(|topic| reader.active(topic).is_some())
}

/// The items that a mail of an older program told, as far as they can be known: of what it tells, each topic
/// that its reader ever followed.
fn items_of<'a>(
    mail: &Mail,
    reader: &Subscriber,
    change: &impl Fn(&ChangeId) -> Option<&'a Change>,
) -> Vec<AlertItem> {
    let is_known = |topic: &Topic| reader.subscriptions.iter().any(|known| known.topic == *topic);
    let alerts = mail.changes.iter().filter_map(change).flat_map(all_alerts_of);
    alerts.filter(|alert| is_known(&alert.topic)).map(|alert| AlertItem::of(&alert)).collect()
}

fn alerts<'a>(
    mail: &Mail,
    items: &[AlertItem],
    facts: RecipientFacts<'_>,
    change: impl Fn(&ChangeId) -> Option<&'a Change>,
) -> ConsentVerdict {
    let Some(reader) = facts.reader else {
        return ConsentVerdict::Not { items: Vec::new(), why: "its recipient is no subscriber" };
    };
    let is_true = |item: &&AlertItem| change(&item.change).is_none_or(|change| change.retracted_at.is_none());
    let still: Vec<&AlertItem> = items.iter().filter(is_true).collect();
    if still.is_empty() && !items.is_empty() {
        return ConsentVerdict::Retracted;
    }
    let follows = |item: &&AlertItem| match change(&item.change) {
        Some(change) => reader.follows(&item.topic, change).is_some(),
        None => reader.active(&item.topic).is_some(),
    };
    let followed = still.iter().copied().filter(follows).count();
    let anew = || still.iter().map(|item| item.taken_back()).collect::<Vec<_>>();
    if followed == 0 {
        return ConsentVerdict::Not { items: anew(), why: LEFT };
    }
    if reader.is_paused(facts.now) {
        return ConsentVerdict::Anew { items: anew(), why: PAUSED };
    }
    if followed < still.len() {
        return ConsentVerdict::Anew { items: anew(), why: NARROWED };
    }
    if still.len() < items.len() {
        return ConsentVerdict::Anew { items: anew(), why: CORRECTED };
    }
    let quiet = reader.preferences.quiet_until(facts.now).filter(|_| !mail.is_urgent);
    quiet.map_or(ConsentVerdict::Whole, ConsentVerdict::Later)
}

#[cfg(test)]
mod tests;
