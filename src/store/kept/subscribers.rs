//! Who is told.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{inbox, indexes, items, keys, suppression};
use crate::domain::change::ChangeKind;
use crate::domain::email::EmailAddress;
use crate::domain::keyed_link::{LinkKey, SubscriberKey};
use crate::domain::subscription::{Imported, Preference, Subscriber};
use crate::domain::topic::Topic;
use crate::store::boundary::{ReaderCommit, Readers};
use crate::store::error::StoreError;
use crate::store::steps::people::{self, Keep, PersonStep};

/// Everyone who is or was subscribed, in the order of their addresses.
pub(in crate::store) fn all(trees: &Trees) -> Result<Vec<Subscriber>, StoreError> {
    trees.all_with(TreeName::Subscribers, &[])
}

/// The next readers in the order of their addresses, after one of them or from the first, at most
/// `limit`.
pub(in crate::store) fn after(
    trees: &Trees,
    address: Option<&EmailAddress>,
    limit: usize,
) -> Result<Vec<Subscriber>, StoreError> {
    trees.after(TreeName::Subscribers, address.map(|address| address.key().as_bytes()), limit)
}

/// The next readers who may be told of one of these topics, in the order of their addresses, after one of them or
/// from the first, at most `limit`.
pub(in crate::store) fn of_topics(
    trees: &Trees,
    topics: &[Topic],
    address: Option<&EmailAddress>,
    limit: usize,
) -> Result<Readers, StoreError> {
    let texts: Vec<_> = topics.iter().map(Topic::text).collect();
    let names: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    let after = address.map(EmailAddress::key);
    let keys = indexes::merged(trees, TreeName::Followers, &names, after, limit)?;
    let mut readers = Vec::with_capacity(keys.len());
    for key in &keys {
        readers.extend(trees.readable(trees.get(TreeName::Subscribers, key))?.flatten());
    }
    // Fewer than wanted are the last ones, whether they can be read or not.
    let last = keys.last().filter(|_| keys.len() == limit);
    let reached = last.and_then(|key| String::from_utf8_lossy(key).parse().ok());
    Ok(Readers { readers, reached })
}

/// Whether anybody may be told of a topic.
pub(super) fn has_followers(trees: &Trees, topic: &Topic) -> Result<bool, StoreError> {
    let mut followers = trees.tree(TreeName::Followers).scan_prefix(keys::items_of(&topic.text()));
    Ok(followers.next().transpose()?.is_some())
}

/// Notes a wish to follow topics; gives the subscriber as they now stand.
pub(in crate::store) fn follow(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    topics: &[Topic],
    confirmed: bool,
    channel: &str,
    now: DateTime<Utc>,
) -> Result<Subscriber, StoreError> {
    let done = people::follow(get(trees, address)?, address, topics, (confirmed, channel), now);
    finish(trees, writes, done, now)
}

/// Takes over subscribers that were kept elsewhere, all or none.
pub(in crate::store) fn import(
    trees: &Trees,
    writes: &mut Writes,
    incoming: &[Subscriber],
) -> Result<Imported, StoreError> {
    take_over_each(trees, incoming, |subscriber| match subscriber.preferences.attested_until {
        // A look finds out when silence is attested next.
        Some(since) => keep_and_wake(trees, writes, subscriber, since),
        None => keep(trees, writes, subscriber),
    })
}

/// What would become of the subscriptions of subscribers that were kept elsewhere.
pub(in crate::store) fn try_import(trees: &Trees, incoming: &[Subscriber]) -> Result<Imported, StoreError> {
    take_over_each(trees, incoming, |_| Ok(()))
}

/// Hands over each subscriber as they stand who took over these, one after the other: they may be very many.
fn take_over_each(
    trees: &Trees,
    incoming: &[Subscriber],
    mut keep: impl FnMut(&Subscriber) -> Result<(), StoreError>,
) -> Result<Imported, StoreError> {
    let mut imported = Imported::default();
    let mut by_address: Vec<&Subscriber> = incoming.iter().collect();
    by_address.sort_by(|one, other| one.address.cmp(&other.address));
    // One who comes several times is one person, with all of it.
    for same in by_address.chunk_by(|one, other| one.address == other.address) {
        let mut known = get(trees, &same[0].address)?;
        for other in same {
            known = Some(people::take_over(known, (*other).clone(), &mut imported));
        }
        known.iter().try_for_each(&mut keep)?;
    }
    Ok(imported)
}

/// Ends subscriptions; tells how many.
pub(in crate::store) fn leave(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    topic: Option<&Topic>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    // Who is no subscriber yet may have been asked.
    inbox::void(trees, writes, address, topic, now)?;
    let done = people::leave(get(trees, address)?, topic, now);
    finish(trees, writes, done, now)
}

/// Takes back what somebody left last; gives which topics they follow again.
pub(in crate::store) fn undo_leaving(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<Vec<Topic>, StoreError> {
    let done = people::undo_leaving(get(trees, address)?, now);
    finish(trees, writes, done, now)
}

/// Makes the subscriptions that wait for it active; tells how many.
pub(in crate::store) fn confirm(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    channel: &str,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let done = people::confirm(required(trees, address)?, channel, now);
    finish(trees, writes, done, now)
}

/// Notes since when nothing is sent, or that mail is sent again; gives since when it was not.
pub(in crate::store) fn pause(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    is_paused: bool,
    until: Option<NaiveDate>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let done = people::pause(required(trees, address)?, is_paused, until, now);
    finish(trees, writes, done, now)
}

/// Notes wishes about how mail comes; gives the subscriber as they now stand.
pub(in crate::store) fn prefer(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    wishes: &[Preference],
    now: DateTime<Utc>,
) -> Result<Subscriber, StoreError> {
    let done = people::prefer(required(trees, address)?, wishes, now);
    finish(trees, writes, done, now)
}

/// Says which changes of what somebody follows are told from now on.
pub(in crate::store) fn refine(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    topic: &Topic,
    kinds: &BTreeSet<ChangeKind>,
    now: DateTime<Utc>,
) -> Result<Subscriber, StoreError> {
    let mut subscriber = required(trees, address)?;
    if subscriber.refine(topic, kinds) {
        keep_and_wake(trees, writes, &subscriber, now)?;
    }
    Ok(subscriber)
}

/// Notes what the mails that were composed promised or summed up.
pub(super) fn composed(
    trees: &Trees,
    writes: &mut Writes,
    composed: &ReaderCommit,
) -> Result<(), StoreError> {
    if composed.attested_until.is_none() && composed.summed_up.is_none() {
        return Ok(());
    }
    let kept = people::composed(get(trees, &composed.reader)?, composed);
    finish(trees, writes, PersonStep { answer: (), keep: kept }, composed.at)
}

/// Has silence attested again from a moment on, at once: what attested it was not sent.
pub(super) fn attest_again(
    trees: &Trees,
    writes: &mut Writes,
    reader: &EmailAddress,
    since: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kept = people::attest_again(get(trees, reader)?, since);
    finish(trees, writes, PersonStep { answer: (), keep: kept }, now)
}

/// Writes what became of somebody; gives the answer.
fn finish<T>(
    trees: &Trees,
    writes: &mut Writes,
    done: PersonStep<T>,
    now: DateTime<Utc>,
) -> Result<T, StoreError> {
    match &done.keep {
        Keep::AsBefore => {}
        Keep::As(subscriber) => keep(trees, writes, subscriber)?,
        Keep::AndWake(subscriber) => keep_and_wake(trees, writes, subscriber, now)?,
    }
    Ok(done.answer)
}

/// Writes a subscriber who may want mail at other times than before.
pub(super) fn keep_and_wake(
    trees: &Trees,
    writes: &mut Writes,
    subscriber: &Subscriber,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    items::wake(trees, writes, subscriber, now)?;
    keep(trees, writes, subscriber)
}

/// Nothing was attested up to a moment to come: the clock went back.
pub(super) fn bring_back(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    for subscriber in all(trees)? {
        let kept = people::set_back(&subscriber, now);
        finish(trees, writes, PersonStep { answer: (), keep: kept }, now)?;
    }
    Ok(())
}

fn required(trees: &Trees, address: &EmailAddress) -> Result<Subscriber, StoreError> {
    let not_found = || StoreError::NotFound { what: "subscriber", id: address.to_string() };
    get(trees, address)?.ok_or_else(not_found)
}

/// Somebody who is or was subscribed.
pub(in crate::store) fn get(trees: &Trees, address: &EmailAddress) -> Result<Option<Subscriber>, StoreError> {
    trees.get(TreeName::Subscribers, address.key().as_bytes())
}

/// Somebody by the key that stands in their links.
pub(in crate::store) fn by_key(trees: &Trees, key: &SubscriberKey) -> Result<Option<Subscriber>, StoreError> {
    let address: Option<EmailAddress> = trees.get(TreeName::SubscriberKeys, key.as_str().as_bytes())?;
    address.map_or(Ok(None), |address| get(trees, &address))
}

/// Writes a subscriber, and the way from their links back to them; a new confirmation ends what came of
/// mail that came back. The one place that does: a
/// subscriber written otherwise could not be found by their links.
pub(super) fn keep(trees: &Trees, writes: &mut Writes, subscriber: &Subscriber) -> Result<(), StoreError> {
    suppression::confirmed(trees, writes, subscriber)?;
    if let Some(key) = super::kept_key(trees)? {
        index(trees, writes, &LinkKey::new(key), &subscriber.address)?;
    }
    let before = trees.readable(get(trees, &subscriber.address))?.flatten();
    let before = before.as_ref().map(indexes::of_subscriber).unwrap_or_default();
    indexes::rewrite(writes, &before, &indexes::of_subscriber(subscriber))?;
    writes.put(trees, TreeName::Subscribers, subscriber.address.key().as_bytes(), subscriber)
}

/// Makes everybody findable who was written before there was a key, or by an older program.
pub(super) fn index_all(trees: &Trees, writes: &mut Writes, key: &LinkKey) -> Result<(), StoreError> {
    all(trees)?.iter().try_for_each(|subscriber| index(trees, writes, key, &subscriber.address))
}

pub(super) fn index(
    trees: &Trees,
    writes: &mut Writes,
    key: &LinkKey,
    address: &EmailAddress,
) -> Result<(), StoreError> {
    let name = key.subscriber(address);
    writes.put(trees, TreeName::SubscriberKeys, name.as_str().as_bytes(), address)
}
