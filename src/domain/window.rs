//! What comes into a feed's window and leaves it: which of that is news.
//!
//! A feed shows its newest items. What falls off its end, or comes back there when the window grows, says
//! nothing. But an item that goes from the midst, while older ones stay, was taken out by somebody.

use std::collections::{BTreeMap, BTreeSet};

use super::change::{ChangeKind, EntryChange};
use super::diff::missing;
use super::entry::{Completeness, Document, Entry, EntryDate, Resemblance};
use super::noise::Noise;
use super::pending::Pending;
use super::snapshot::Baseline;

/// Of so many items, one in three may be taken out at once; a window of which more is missing shows
/// another choice of items.
const SHARE: usize = 3;

/// So few may always be missing.
const FEW: usize = 3;

/// Whether a document is such a window.
#[must_use]
pub fn is_feed(document: &Document) -> bool {
    document.completeness == Completeness::Window && document.resemblance == Resemblance::Item
}

/// The items that the last read showed: behind them the baseline remembers those that had left before.
fn shown(previous: &Baseline) -> &[Entry] {
    let entries = &previous.document.entries;
    &entries[..previous.snapshot.entries.min(entries.len())]
}

/// Takes out what came in at the window's end: it is older than all that was shown, and no news.
pub fn drop_old(previous: &Baseline, changes: &mut Vec<EntryChange>) {
    let Some(oldest) = shown(previous).iter().filter_map(|entry| entry.date).min_by_key(day_and_time) else {
        return;
    };
    changes.retain(|change| {
        change.kind != ChangeKind::Added || change.date.is_none_or(|date| !is_older(date, oldest))
    });
}

fn day_and_time(date: &EntryDate) -> i64 {
    match date {
        EntryDate::Day(day) => day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp(),
        EntryDate::Moment(moment) => moment.timestamp(),
    }
}

fn is_older(one: EntryDate, other: EntryDate) -> bool {
    match (one, other) {
        (EntryDate::Moment(one), EntryDate::Moment(other)) => one < other,
        (one, other) => one.day() < other.day(),
    }
}

/// The items that seem to have been taken out of the midst of a feed.
#[must_use]
pub fn withdrawn<'a>(
    previous: &'a Baseline,
    document: &'a Document,
    pending: &[Pending],
    noise: &'a Noise,
) -> Vec<&'a Entry> {
    let shown = shown(previous);
    let gone: BTreeSet<&str> =
        missing(&previous.document, document, noise).into_iter().map(|entry| entry.key.as_str()).collect();
    let is_dated = is_in_order(document);
    if !is_dated && !is_in_known_order(shown, document) {
        return Vec::new();
    }
    let is_waiting = |entry: &Entry| pending.iter().any(|pending| pending.key == entry.key);
    let waiting = previous.document.entries.iter().skip(shown.len()).filter(|entry| is_waiting(entry));
    let stays: Vec<(usize, &Entry)> =
        shown.iter().enumerate().filter(|(_, entry)| !gone.contains(entry.key.as_str())).collect();
    let candidates: Vec<&Entry> = shown
        .iter()
        .enumerate()
        .map(|(at, entry)| (Some(at), entry))
        .chain(waiting.map(|entry| (None, entry)))
        .filter(|(_, entry)| gone.contains(entry.key.as_str()))
        .filter(|(at, entry)| {
            stays.iter().any(|(place, other)| {
                if is_dated {
                    return is_behind((*place, *other), (*at, *entry));
                }
                // Without an order of dates only places count.
                at.is_none_or(|at| *place > at)
            })
        })
        .map(|(_, entry)| entry)
        .collect();
    if candidates.len() > FEW.max(shown.len() / SHARE) { Vec::new() } else { candidates }
}

/// Whether one item stands behind another because it is older; of items of one moment the place decides.
fn is_behind((place, one): (usize, &Entry), (at, other): (Option<usize>, &Entry)) -> bool {
    match (one.date, other.date) {
        (Some(one), Some(other)) if is_older(one, other) => true,
        (Some(one), Some(other)) if is_older(other, one) => false,
        _ => at.is_none_or(|at| place > at),
    }
}

/// Whether a feed's items stand in an order of their own that the last read showed as well: those that both
/// show one after the other as before, and what is new before all of them. Only a feed that adds at its
/// beginning does so, and what goes from its midst was taken out.
fn is_in_known_order(shown: &[Entry], document: &Document) -> bool {
    let places: BTreeMap<&str, usize> =
        shown.iter().enumerate().map(|(at, entry)| (entry.key.as_str(), at)).collect();
    let known: Vec<usize> = document
        .entries
        .iter()
        .map(|entry| places.get(entry.key.as_str()).copied())
        .skip_while(Option::is_none)
        .map(|place| place.unwrap_or(usize::MAX))
        .collect();
    known.len() > FEW && known.windows(2).all(|pair| pair[0] < pair[1]) && !known.contains(&usize::MAX)
}

/// Whether a feed's items stand from the newest to the oldest: in any other order nobody knows its end.
fn is_in_order(document: &Document) -> bool {
    let dates: Vec<EntryDate> = document.entries.iter().filter_map(|entry| entry.date).collect();
    dates.windows(2).all(|pair| !is_older(pair[0], pair[1]))
}

#[cfg(test)]
mod tests;
