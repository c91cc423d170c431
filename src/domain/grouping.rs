//! What of all that waits for a reader goes into which mail, and when.
//!
//! A pure decision over what the store holds: asked twice, it decides the same. Whatever it does not
//! put into a mail or let go stays, and [`Plan::next`] says when to look again, so nothing is told
//! twice and nothing is forgotten.

use chrono::{DateTime, Duration, Utc};

use super::alert::AlertItem;
use super::change::Change;
use super::deadline::Deadline;
use super::subscription::{Cadence, Subscriber, Subscription};

/// A mail tells no more than this: it names every change that it tells.
pub const MAX_ITEMS: usize = 100;

/// How alerts are collected, as the operator has it.
#[derive(Debug, Clone, Copy)]
pub struct Collecting {
    /// How long they wait for company even where mail is wanted at once.
    pub wait: Duration,
    /// Who would be told of a deadline with less time left than this is told at once.
    pub lead: Duration,
}

/// An item with its change.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// The item.
    pub item: &'a AlertItem,
    /// Its change.
    pub change: &'a Change,
}

/// Items that go into one mail, in the order in which they are told.
#[derive(Debug, Clone)]
pub struct Bundle<'a> {
    /// What it tells.
    pub told: Vec<Told<'a>>,
    /// Of what it is the digest; [`Cadence::Immediate`] where it is none.
    pub cadence: Cadence,
}

/// An item that is told, and by what right.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The item.
    pub item: &'a AlertItem,
    /// Its change.
    pub change: &'a Change,
    /// The reader's subscription.
    pub subscription: &'a Subscription,
    /// What presses, where something does.
    pub deadline: Option<Deadline>,
}

/// What becomes of what waits for one reader.
#[derive(Debug, Clone, Default)]
pub struct Plan<'a> {
    /// The mails to be made.
    pub bundles: Vec<Bundle<'a>>,
    /// What its reader does not follow any more, and what was taken back.
    pub dropped: Vec<&'a AlertItem>,
    /// When to look again.
    pub next: Option<DateTime<Utc>>,
}

/// Decides what of `waiting` is told now. `waiting` is in the order in which it is to be told.
#[must_use]
pub fn plan<'a>(
    reader: &'a Subscriber,
    waiting: impl IntoIterator<Item = Waiting<'a>>,
    collecting: Collecting,
    now: DateTime<Utc>,
) -> Plan<'a> {
    let mut plan = Plan::default();
    let (mut at_once, mut collected) = (Queue::default(), Queue::default());
    for Waiting { item, change } in waiting {
        let followed = reader.follows(&item.company, change).filter(|_| change.retracted_at.is_none());
        let Some(subscription) = followed else {
            plan.dropped.push(item);
            continue;
        };
        let (due, deadline) = due(reader, item, change, collecting, now);
        let told = Told { item, change, subscription, deadline };
        let is_collected = deadline.is_none() && reader.preferences.cadence.is_digest();
        if is_collected { &mut collected } else { &mut at_once }.add(told, due);
    }
    // What waits while its reader pauses was found before: it is told when the pause ends.
    if reader.paused_since.is_some() {
        return plan;
    }
    for (queue, cadence) in [(at_once, Cadence::Immediate), (collected, reader.preferences.cadence)] {
        match queue.due {
            Some(due) if due <= now => plan.bundles.extend(bundles(queue.told, cadence)),
            due => plan.next = plan.next.into_iter().chain(due).min(),
        }
    }
    plan
}

/// When an item is due for a reader, and what presses.
#[must_use]
pub fn due(
    reader: &Subscriber,
    item: &AlertItem,
    change: &Change,
    collecting: Collecting,
    now: DateTime<Utc>,
) -> (DateTime<Utc>, Option<Deadline>) {
    let preferences = &reader.preferences;
    let due = preferences.due(item.raised_at, collecting.wait);
    let deadline = Deadline::of(change, now.with_timezone(&preferences.zone).date_naive())
        .filter(|deadline| deadline.presses(due.max(now), collecting.lead, preferences.zone));
    (if deadline.is_some() { item.raised_at + collecting.wait } else { due }, deadline)
}

/// Items that leave together.
#[derive(Debug, Default)]
struct Queue<'a> {
    told: Vec<Told<'a>>,
    /// When the first of them is due; the others go with it.
    due: Option<DateTime<Utc>>,
}

impl<'a> Queue<'a> {
    fn add(&mut self, told: Told<'a>, due: DateTime<Utc>) {
        self.told.push(told);
        self.due = self.due.into_iter().chain([due]).min();
    }
}

/// News and notices apart, since what was there already is no news; deadlines first, the nearest
/// before all; in mails that are not too long.
fn bundles(told: Vec<Told<'_>>, cadence: Cadence) -> Vec<Bundle<'_>> {
    let (notices, mut news): (Vec<Told>, Vec<Told>) =
        told.into_iter().partition(|told| told.change.is_notice());
    news.sort_by_key(|told| (told.deadline.is_none(), told.deadline));
    let parts = [news, notices];
    let mails = parts.iter().flat_map(|part| part.chunks(MAX_ITEMS));
    mails.map(|told| Bundle { told: told.to_vec(), cadence }).collect()
}

#[cfg(test)]
pub(crate) mod tests;
