//! What of all that waits for a reader goes into which mail, and when.
//!
//! A pure decision over what the store holds: asked twice, it decides the same. Whatever it does not
//! put into a mail or let go stays, and [`DigestPlan::next`] says when to look again, so nothing is told
//! twice and nothing is forgotten.

use chrono::{DateTime, Duration, Utc};

use super::alert::AlertItem;
use super::change::Change;
use super::deadline::Deadline;
use super::id::ChangeId;
use super::subscription::{Cadence, EndedPause, Preferences, Subscriber, Subscription};

mod gravity;

use gravity::by_gravity;

/// A mail tells no more than this: it names every change that it tells.
pub const MAX_ITEMS: usize = 100;

/// What a pause collected is one mail up to here: a longer one would be cut by its reader's mail program.
pub const MAX_SUMMED_UP: usize = 300;

/// How alerts are collected, as the operator has it.
#[derive(Debug, Clone, Copy)]
pub struct CollectionRules {
    /// How long they wait for company even where mail is wanted at once.
    pub wait: Duration,
    /// Who would be told of a deadline with less time left than this is told at once.
    pub lead: Duration,
}

/// An item with its change.
#[derive(Debug, Clone, Copy)]
pub struct WaitingItem<'a> {
    /// The item.
    pub item: &'a AlertItem,
    /// Its change.
    pub change: &'a Change,
    /// The change of another source by which its reader was told the same already, where they want one mail for an
    /// event ([`super::event`]).
    pub told_as: Option<&'a ChangeId>,
}

/// Items that go into one mail, in the order in which they are told.
#[derive(Debug, Clone)]
pub struct MailBatch<'a> {
    /// What it tells.
    pub told: Vec<DueItem<'a>>,
    /// Of what it is the digest; [`Cadence::Immediate`] where it is none.
    pub cadence: Cadence,
    /// The pause that it sums up, where it does.
    pub pause: Option<EndedPause>,
    /// Which of how many mails it is, where all that is due together does not go into one.
    pub part: Option<(usize, usize)>,
}

/// An item that is told, and by what right.
#[derive(Debug, Clone, Copy)]
pub struct DueItem<'a> {
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
pub struct DigestPlan<'a> {
    /// The mails to be made.
    pub bundles: Vec<MailBatch<'a>>,
    /// What its reader does not follow any more, and what was taken back.
    pub dropped: Vec<&'a AlertItem>,
    /// What its reader was told already, with the change by which they were.
    pub aside: Vec<(&'a AlertItem, &'a ChangeId)>,
    /// When to look again.
    pub next: Option<DateTime<Utc>>,
    /// The pause that is summed up by the mails, or of which there is nothing to tell.
    pub summed_up: Option<EndedPause>,
}

/// Decides what of `waiting` is told now. `waiting` is in the order in which it is to be told.
#[must_use]
pub fn plan<'a>(
    reader: &'a Subscriber,
    waiting: impl IntoIterator<Item = WaitingItem<'a>>,
    collecting: CollectionRules,
    now: DateTime<Utc>,
) -> DigestPlan<'a> {
    let mut plan = DigestPlan::default();
    let (mut at_once, mut collected, mut paused) =
        (MailGroup::default(), MailGroup::default(), MailGroup::default());
    let ended = reader.ended_pause(now);
    for WaitingItem { item, change, told_as } in waiting {
        let followed = reader.follows(&item.topic, change).filter(|_| change.retracted_at.is_none());
        let Some(subscription) = followed else {
            // Who left a moment ago may take that back, and then misses nothing.
            let until = reader.may_return_until(&item.topic, now);
            match until.filter(|_| change.retracted_at.is_none()) {
                Some(until) => plan.look_at(until),
                None => plan.dropped.push(item),
            }
            continue;
        };
        if let Some(told_as) = told_as {
            plan.aside.push((item, told_as));
            continue;
        }
        let (due, deadline) = due(&reader.preferences, item, change, collecting, now);
        let told = DueItem { item, change, subscription, deadline };
        if ended.is_some_and(|ended| item.raised_at <= ended.until) {
            paused.add(told, reader.preferences.quiet_until(now).unwrap_or(now));
            continue;
        }
        let is_collected = deadline.is_none() && reader.preferences.cadence.is_digest();
        if is_collected { &mut collected } else { &mut at_once }.add(told, due);
    }
    // What waits while its reader pauses is told when the pause ends.
    if let Some(pause) = reader.pause(now) {
        if !(at_once.told.is_empty() && collected.told.is_empty()) {
            pause.until.into_iter().for_each(|until| plan.look_at(until));
        }
        return plan;
    }
    match paused.due {
        Some(due) if due > now => plan.look_at(due),
        _ => {
            plan.summed_up = ended;
            plan.bundles.extend(sum_up(paused.told, ended));
        }
    }
    for (queue, cadence) in [(at_once, Cadence::Immediate), (collected, reader.preferences.cadence)] {
        match queue.due {
            Some(due) if due <= now => plan.bundles.extend(bundles(queue.told, cadence)),
            due => due.into_iter().for_each(|due| plan.look_at(due)),
        }
    }
    plan
}

impl DigestPlan<'_> {
    fn look_at(&mut self, at: DateTime<Utc>) {
        self.next = self.next.into_iter().chain([at]).min();
    }
}

/// When an item is due for a reader with these preferences, and what presses.
#[must_use]
pub fn due(
    preferences: &Preferences,
    item: &AlertItem,
    change: &Change,
    collecting: CollectionRules,
    now: DateTime<Utc>,
) -> (DateTime<Utc>, Option<Deadline>) {
    let due = preferences.due(item.raised_at, collecting.wait);
    let deadline = Deadline::of(change, now.with_timezone(&preferences.zone).date_naive())
        .filter(|deadline| deadline.presses(due.max(now), collecting.lead, preferences.zone));
    (if deadline.is_some() { item.raised_at + collecting.wait } else { due }, deadline)
}

/// Items that leave together.
#[derive(Debug, Default)]
struct MailGroup<'a> {
    told: Vec<DueItem<'a>>,
    /// When the first of them is due; the others go with it.
    due: Option<DateTime<Utc>>,
}

impl<'a> MailGroup<'a> {
    fn add(&mut self, told: DueItem<'a>, due: DateTime<Utc>) {
        self.told.push(told);
        self.due = self.due.into_iter().chain([due]).min();
    }
}

/// News and notices apart, since what was there already is no news; in mails that are not too long.
fn bundles(told: Vec<DueItem<'_>>, cadence: Cadence) -> Vec<MailBatch<'_>> {
    let (notices, news): (Vec<DueItem>, Vec<DueItem>) =
        told.into_iter().partition(|told| told.change.is_notice());
    let mut mails = in_parts(news, MAX_ITEMS, cadence, None);
    mails.extend(in_parts(notices, MAX_ITEMS, cadence, None));
    mails
}

/// All that a pause collected, in one mail where that is not too long.
fn sum_up(told: Vec<DueItem<'_>>, pause: Option<EndedPause>) -> Vec<MailBatch<'_>> {
    in_parts(told, MAX_SUMMED_UP, Cadence::Immediate, pause)
}

/// Items in the order of their gravity, in as few mails as hold them. What is told of one change is never
/// parted, however many of its companies are followed.
fn in_parts(
    told: Vec<DueItem<'_>>,
    most: usize,
    cadence: Cadence,
    pause: Option<EndedPause>,
) -> Vec<MailBatch<'_>> {
    let mut parts: Vec<Vec<DueItem>> = Vec::new();
    let told = by_gravity(told);
    for of_change in told.chunk_by(|one, other| one.change.id == other.change.id) {
        match parts.last_mut() {
            Some(part) if part.len() + of_change.len() <= most => part.extend_from_slice(of_change),
            _ => parts.push(of_change.to_vec()),
        }
    }
    let count = parts.len();
    let bundle =
        |(index, told)| MailBatch { told, cadence, pause, part: (count > 1).then_some((index + 1, count)) };
    parts.into_iter().enumerate().map(bundle).collect()
}

#[cfg(test)]
pub(crate) mod tests;
