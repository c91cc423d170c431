//! How readers follow topics, as it stands in the index of followers, and giving all who follow alike their items at
//! once.
//!
//! Under a follower's key stands the way in which the topic is followed ([`SubscriptionTerms`] as JSON); of somebody who left
//! it, when. What is told is decided once for each way that is met. A step that was decided so is kept only if no
//! reader of its run follows in a way that was not met: then somebody changed their mind meanwhile, or came.
//! sled goes through the run once more, and a server gives the items to all of them by one statement.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::trees::{TreeName, Trees};
use super::writes::{MAX_VALUE_BYTES, Writes};
use super::{indexes, items, keys, postgres};
use crate::domain::alert::AlertItem;
use crate::domain::email::EmailAddress;
use crate::domain::subscription::{Subscriber, Subscription, SubscriptionState, SubscriptionTerms, UNDO_FOR};
use crate::domain::topic::Topic;
use crate::store::boundary::{FollowedAs, FollowerSet, Followers, SeenFollowers, SetFanOut};
use crate::store::error::StoreError;

/// Begins what stands under the key of somebody who left, before the moment when. No JSON begins so.
const LEFT: u8 = b'L';

/// What stands under a follower's key: nothing where only their own record says how they follow.
pub(super) fn entry(reader: &Subscriber, known: &Subscription) -> Vec<u8> {
    match (known.state, known.ended_at) {
        (SubscriptionState::Active, _) => {
            let json =
                serde_json::to_vec(&SubscriptionTerms::of(known, &reader.preferences)).unwrap_or_default();
            if json.len() <= MAX_VALUE_BYTES { json } else { Vec::new() }
        }
        (_, Some(ended_at)) => left_at(ended_at),
        (_, None) => Vec::new(),
    }
}

fn left_at(moment: DateTime<Utc>) -> Vec<u8> {
    [&[LEFT], &keys::moment(moment)[..]].concat()
}

/// The entries of those who left so long ago that they are told nothing more.
#[derive(Debug, Clone)]
pub(in crate::store) struct LongGone {
    pub(in crate::store) from: Vec<u8>,
    pub(in crate::store) to: Vec<u8>,
}

impl LongGone {
    /// Who left before this.
    fn before(moment: DateTime<Utc>) -> Self {
        Self { from: vec![LEFT], to: left_at(moment) }
    }

    fn has(&self, entry: &[u8]) -> bool {
        (&self.from[..]..&self.to[..]).contains(&entry)
    }
}

/// The followers of one topic within a run of readers.
#[derive(Debug, Clone)]
pub(in crate::store) struct Run {
    /// Their keys: from the first to before the second.
    pub(in crate::store) from: Vec<u8>,
    pub(in crate::store) to: Vec<u8>,
    /// What stands in each key before the reader's address.
    pub(in crate::store) head: usize,
}

impl Run {
    fn of(topic: &Topic, after: Option<&str>, until: Option<&str>) -> Self {
        let topic = topic.text();
        // No address holds a zero byte: the next key after one of them has one more.
        let behind = |address: &str| [&keys::item(&topic, address)[..], &[0]].concat();
        let end = || [topic.as_bytes(), &[1]].concat();
        Self {
            from: after.map_or_else(|| keys::items_of(&topic), behind),
            to: until.map_or_else(end, behind),
            head: topic.len() + 1,
        }
    }

    /// The readers of sled's run, each with what stands there; of those who left long ago, none.
    fn readers<'a>(
        &self,
        trees: &'a Trees,
        gone: &LongGone,
    ) -> impl Iterator<Item = Result<(String, Vec<u8>), StoreError>> + use<'a> {
        let (gone, head) = (gone.clone(), self.head);
        let all = trees.tree(TreeName::Followers).range(self.from.clone()..self.to.clone());
        all.filter(move |pair| pair.as_ref().map_or(true, |(_, entry)| !gone.has(entry))).map(move |pair| {
            let (key, entry) = pair?;
            Ok((String::from_utf8_lossy(&key[head..]).into_owned(), entry.to_vec()))
        })
    }
}

/// How topics are followed by the next readers, after one of them or from the first, about `limit` for each.
pub(in crate::store) fn followers(
    trees: &Trees,
    topics: &[Topic],
    after: Option<&EmailAddress>,
    limit: usize,
    now: DateTime<Utc>,
) -> Result<Followers, StoreError> {
    let after = after.map(EmailAddress::key);
    let until = last_of_run(trees, topics, after, limit)?;
    let left_since = now - UNDO_FOR;
    let gone = LongGone::before(left_since);
    let mut seen = SeenFollowers { left_since, ..SeenFollowers::default() };
    let mut ways = Vec::new();
    for topic in topics {
        let run = Run::of(topic, after, until.as_deref());
        let (known, unknown): (Vec<_>, Vec<_>) = entries(trees, &run, &gone)?
            .into_iter()
            .map(|(entry, readers)| {
                (serde_json::from_slice::<SubscriptionTerms>(&entry).ok(), entry, readers)
            })
            .partition(|(following, ..)| following.is_some());
        for (following, entry, readers) in known {
            seen.ways.entry(topic.clone()).or_default().insert(entry);
            ways.extend(following.map(|following| FollowedAs { topic: topic.clone(), following, readers }));
        }
        let unknown: BTreeSet<Vec<u8>> = unknown.into_iter().map(|(_, entry, _)| entry).collect();
        if !unknown.is_empty() {
            seen.others.extend(readers_with(trees, &run, unknown)?);
        }
        seen.ways.entry(topic.clone()).or_default();
    }
    let keys: Vec<Vec<u8>> = seen.others.iter().map(|key| key.clone().into_bytes()).collect();
    trees.tree(TreeName::Subscribers).warm(&keys)?;
    let mut others = Vec::with_capacity(keys.len());
    for key in &keys {
        others.extend(trees.readable(trees.get(TreeName::Subscribers, key))?.flatten());
    }
    let reached = until.and_then(|until| until.parse().ok());
    Ok(Followers { ways, others, reached, seen })
}

/// The last reader of the next run; nothing where nobody comes after it.
fn last_of_run(
    trees: &Trees,
    topics: &[Topic],
    after: Option<&str>,
    limit: usize,
) -> Result<Option<String>, StoreError> {
    let last = match trees.view() {
        None => {
            let texts: Vec<_> = topics.iter().map(Topic::text).collect();
            let names: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
            let keys = indexes::merged(trees, TreeName::Followers, &names, after, limit)?;
            keys.last().filter(|_| keys.len() == limit).cloned()
        }
        Some(view) => {
            let mut ends = Vec::with_capacity(topics.len());
            for topic in topics {
                let run = Run::of(topic, after, None);
                ends.extend(postgres::sets::end_of_run(view, &run, limit)?);
            }
            ends.into_iter().min()
        }
    };
    Ok(last.map(|key| String::from_utf8_lossy(&key).into_owned()))
}

/// What stands under the keys of a run, each with how often.
fn entries(trees: &Trees, run: &Run, gone: &LongGone) -> Result<BTreeMap<Vec<u8>, u64>, StoreError> {
    if let Some(view) = trees.view() {
        return postgres::sets::entries(view, run, gone);
    }
    let mut entries = BTreeMap::new();
    for pair in run.readers(trees, gone) {
        *entries.entry(pair?.1).or_default() += 1;
    }
    Ok(entries)
}

/// The readers of a run under whose keys one of these stands.
fn readers_with(trees: &Trees, run: &Run, wanted: BTreeSet<Vec<u8>>) -> Result<Vec<String>, StoreError> {
    if let Some(view) = trees.view() {
        return postgres::sets::readers_with(view, run, &wanted.into_iter().collect::<Vec<_>>());
    }
    let nobody = LongGone { from: Vec::new(), to: Vec::new() };
    let all = run.readers(trees, &nobody);
    all.filter_map(|pair| match pair {
        Ok((reader, entry)) => wanted.contains(&entry).then_some(Ok(reader)),
        Err(error) => Some(Err(error)),
    })
    .collect()
}

/// Gives readers their items of alerts, most of them by sets, and notes how far that went.
pub(in crate::store) fn spread(
    trees: &Trees,
    writes: &mut Writes,
    spread: &SetFanOut,
) -> Result<(), StoreError> {
    let SetFanOut { step, sets, seen } = spread;
    items::spread(trees, writes, step)?;
    let gone = LongGone::before(seen.left_since);
    for (topic, ways) in &seen.ways {
        let (after, until) = (step.from.as_ref(), step.reached.as_ref());
        let run = Run::of(topic, after.map(EmailAddress::key), until.map(EmailAddress::key));
        let of_topic: Vec<Set> = sets
            .iter()
            .filter(|set| set.item.topic == *topic)
            .map(|set| Set::of(trees, writes, set))
            .collect::<Result<_, StoreError>>()?;
        let is_as_seen = match trees.view() {
            None => give(trees, writes, (&run, &gone), (ways, &seen.others), &of_topic)?,
            Some(view) => {
                let records = in_records(&of_topic);
                postgres::sets::give(view, (&run, &gone), (ways, &seen.others), &records)?
            }
        };
        if !is_as_seen {
            return Err(StoreError::Superseded { what: "somebody who follows the same was changed" });
        }
    }
    Ok(())
}

/// A set with what stands under the keys of its readers.
struct Set<'a> {
    entry: Vec<u8>,
    item: &'a AlertItem,
    /// The item as it is kept, for all of them.
    record: Vec<u8>,
    look_at: [u8; 8],
}

impl<'a> Set<'a> {
    fn of(trees: &Trees, writes: &mut Writes, set: &'a FollowerSet) -> Result<Self, StoreError> {
        let entry = serde_json::to_vec(&set.following);
        let entry =
            entry.map_err(|error| crate::store::record::undecodable("follower", b"", error.to_string()))?;
        let item = &set.item;
        let record = writes.record(trees, TreeName::Items, &keys::item("", item.alert.as_str()), item)?;
        Ok(Self { entry, item, record, look_at: keys::moment(set.look_at) })
    }
}

/// What a server is to write for all who follow so.
#[derive(Debug)]
pub(in crate::store) struct SetRecords {
    /// What stands behind a reader's address in the key of their item.
    pub(in crate::store) tail: Vec<u8>,
    /// Their item.
    pub(in crate::store) record: Vec<u8>,
    /// What stands under the keys of those who get it, with what stands before an address in the key of a look.
    pub(in crate::store) looks: BTreeMap<Vec<u8>, [u8; 8]>,
}

/// The sets of one topic, by their items.
fn in_records(sets: &[Set<'_>]) -> Vec<SetRecords> {
    let mut by_item: BTreeMap<&str, SetRecords> = BTreeMap::new();
    for set in sets {
        let alert = set.item.alert.as_str();
        let records = by_item.entry(alert).or_insert_with(|| SetRecords {
            tail: keys::item("", alert),
            record: set.record.clone(),
            looks: BTreeMap::new(),
        });
        records.looks.insert(set.entry.clone(), set.look_at);
    }
    by_item.into_values().collect()
}

/// Goes through a run and writes what each reader is told; returns whether all follow as it was seen.
fn give(
    trees: &Trees,
    writes: &mut Writes,
    (run, gone): (&Run, &LongGone),
    (ways, others): (&BTreeSet<Vec<u8>>, &BTreeSet<String>),
    sets: &[Set<'_>],
) -> Result<bool, StoreError> {
    for pair in run.readers(trees, gone) {
        let (reader, entry) = pair?;
        if others.contains(&reader) {
            continue;
        }
        if !ways.contains(&entry) {
            return Ok(false);
        }
        for set in sets.iter().filter(|set| set.entry == entry) {
            let alert = set.item.alert.as_str();
            writes.put_raw(TreeName::Items, &keys::item(&reader, alert), set.record.clone())?;
            let look = [&set.look_at[..], reader.as_bytes()].concat();
            writes.put_raw(TreeName::Looks, &look, Vec::new())?;
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_left_long_ago_is_told_from_who_left_just_now_and_from_who_follows() {
        let now: DateTime<Utc> = "2026-11-24T10:00:00Z".parse().unwrap();
        let gone = LongGone::before(now - UNDO_FOR);
        let has = |at: &str| gone.has(&left_at(at.parse().unwrap()));
        assert!(has("2026-11-23T09:59:59Z") && has("1969-01-01T00:00:00Z"));
        assert!(!has("2026-11-23T10:00:00Z") && !has("2026-11-24T09:00:00Z") && !has("2027-01-01T00:00:00Z"));
        let following = serde_json::to_vec(&SubscriptionTerms::default()).unwrap();
        assert!(!gone.has(&following) && !gone.has(b""));
    }

    #[test]
    fn the_run_of_a_topic_has_its_followers_and_no_others() {
        let zte: Topic = "zte".parse().unwrap();
        let has = |run: &Run, topic: &str, address: &str| {
            (&run.from[..]..&run.to[..]).contains(&&keys::item(topic, address)[..])
        };
        let all = Run::of(&zte, None, None);
        assert!(has(&all, "zte", "a@b.org") && !has(&all, "zte-2", "a@b.org") && !has(&all, "zt", "e@b.org"));
        let some = Run::of(&zte, Some("b@b.org"), Some("c@b.org"));
        let inside: Vec<bool> =
            ["a@b.org", "b@b.org", "b@b.orga", "c@b.org", "c@b.orga"].map(|at| has(&some, "zte", at)).into();
        assert_eq!(inside, [false, false, true, true, false]);
        assert_eq!(&keys::item("zte", "b@b.org")[some.head..], b"b@b.org");
    }
}
