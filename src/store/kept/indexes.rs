//! Indexes: keys made of records of other trees, so that a question reads what it asks for and nothing else.
//!
//! Whoever writes such a record writes its keys in the same step. A program that does not know the indexes may have
//! written in between; every program counts its openings, so that this is seen at the next one, and they are made anew.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use chrono::{DateTime, Utc};

use super::outbox::StoredMail;
use super::tally::TreeTally;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{followers, keys, pieces};
use crate::domain::incident::Incident;
use crate::domain::outbox::{Mail, MailState};
use crate::domain::subscription::{Subscriber, Subscription};
use crate::store::error::StoreError;

/// Every index that is made of records of one tree.
pub(super) const ALL: [TreeName; 6] = [
    TreeName::Followers,
    TreeName::MailsTelling,
    TreeName::MailsTo,
    TreeName::MailsByTime,
    TreeName::MailsAside,
    TreeName::IncidentsByEnd,
];

/// Under which the opening is kept up to which they are right.
pub(super) const RIGHT_AT: &[u8] = b"indexes";

/// Goes up with every change of what an index holds.
const FORM: u8 = 2;

/// Records of which the keys are written in one step.
const BATCH: usize = 256;

/// A key of an index, and what stands under it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct IndexKey {
    tree: TreeName,
    key: Vec<u8>,
    entry: Vec<u8>,
}

impl IndexKey {
    /// One under which nothing stands.
    fn of(tree: TreeName, key: Vec<u8>) -> Self {
        Self { tree, key, entry: Vec::new() }
    }
}

/// Where a mail is found.
pub(super) fn of_mail(mail: &Mail) -> Vec<IndexKey> {
    let id = mail.id.as_str();
    let mut places = vec![
        IndexKey::of(TreeName::MailsTo, keys::item(mail.recipient.key(), id)),
        IndexKey::of(TreeName::MailsByTime, keys::at(mail.queued_at, id)),
    ];
    let telling = mail.changes.iter().map(|change| keys::item(change.as_str(), id));
    places.extend(telling.map(|key| IndexKey::of(TreeName::MailsTelling, key)));
    places.extend(aside(mail, mail.state));
    places
}

/// Where a mail is found by its state: one that waits is found by when it is due, one that was sent by its time.
pub(super) fn aside(mail: &Mail, state: MailState) -> Option<IndexKey> {
    let has_own = match state {
        MailState::Queued | MailState::Leased | MailState::Deferred | MailState::Sent => false,
        MailState::Held
        | MailState::Failed
        | MailState::Suppressed
        | MailState::Expired
        | MailState::Dead
        | MailState::Unsubscribed
        | MailState::Replaced => true,
    };
    let key =
        || [&keys::items_of(&state.to_string())[..], &keys::at(mail.queued_at, mail.id.as_str())].concat();
    has_own.then(|| IndexKey::of(TreeName::MailsAside, key()))
}

/// Where a reader is found: by each topic that they follow, or left and may come back to.
pub(super) fn of_subscriber(subscriber: &Subscriber) -> Vec<IndexKey> {
    let topics = subscriber.subscriptions.iter().filter(|known| known.may_be_told());
    let place = |known: &Subscription| IndexKey {
        tree: TreeName::Followers,
        key: keys::item(&known.topic.text(), subscriber.address.key()),
        entry: followers::entry(subscriber, known),
    };
    topics.map(place).collect()
}

/// Where an incident is found: by when it was over for good, or behind all of these.
pub(super) fn of_incident(incident: &Incident) -> Vec<IndexKey> {
    let at = incident.is_past_since().unwrap_or(DateTime::<Utc>::MAX_UTC);
    vec![IndexKey::of(TreeName::IncidentsByEnd, keys::at(at, incident.id.as_str()))]
}

/// Has a record be found at other places than before.
pub(super) fn rewrite(
    writes: &mut Writes,
    before: &[IndexKey],
    after: &[IndexKey],
) -> Result<(), StoreError> {
    for IndexKey { tree, key, .. } in before.iter().filter(|place| !after.contains(place)) {
        writes.remove(*tree, key);
    }
    for IndexKey { tree, key, entry } in after.iter().filter(|place| !before.contains(place)) {
        writes.put_raw(*tree, key, entry.clone())?;
    }
    Ok(())
}

/// The next endings of keys that begin with one of these names, in the order of the endings, after one of them or
/// from the first, at most `limit`; each once.
pub(super) fn merged(
    trees: &Trees,
    tree: TreeName,
    names: &[&str],
    after: Option<&str>,
    limit: usize,
) -> Result<BTreeSet<Vec<u8>>, StoreError> {
    let mut endings = BTreeSet::new();
    for name in names {
        let prefix = keys::items_of(name);
        let start = match after {
            Some(after) => Bound::Excluded(keys::item(name, after)),
            None => Bound::Included(prefix.clone()),
        };
        let keys = trees.tree(tree).range((start, Bound::Unbounded)).keys().take(limit);
        for key in keys {
            let key = key?;
            let Some(ending) = key.strip_prefix(&prefix[..]) else { break };
            endings.insert(ending.to_vec());
        }
    }
    Ok(endings.into_iter().take(limit).collect())
}

/// Whether they were right when a database was closed that was opened so often.
pub(super) fn are_right(kept: Option<&[u8]>, openings: u64) -> bool {
    kept == Some(&right_at(openings)[..])
}

/// What says so.
pub(super) fn right_at(openings: u64) -> Vec<u8> {
    [&[FORM], &openings.to_be_bytes()[..]].concat()
}

/// Has them made anew at the next opening.
pub(super) fn distrust(trees: &Trees) -> Result<(), StoreError> {
    let mut writes = Writes::default();
    writes.remove(TreeName::Meta, RIGHT_AT);
    pieces::keep(&writes, trees)
}

/// Makes them of what there is. One that is broken off begins anew.
///
/// # Errors
/// The engine's.
pub(super) fn make(trees: &Trees, openings: u64) -> Result<(), StoreError> {
    distrust(trees)?;
    for index in ALL {
        remove_all(trees, index)?;
    }
    let mut batch = KeyBatch { trees, writes: Writes::default(), records: 0 };
    for pair in trees.pairs(trees.tree(TreeName::Mails).iter()) {
        let (key, value) = pair?;
        let stored: Option<StoredMail> = trees.readable(trees.decode(TreeName::Mails, &key, &value))?;
        batch.put(&stored.map(|stored| of_mail(&stored.mail)).unwrap_or_default())?;
    }
    for pair in trees.pairs(trees.tree(TreeName::Subscribers).iter()) {
        let (key, value) = pair?;
        let known: Option<Subscriber> = trees.readable(trees.decode(TreeName::Subscribers, &key, &value))?;
        batch.put(&known.as_ref().map(of_subscriber).unwrap_or_default())?;
    }
    for pair in trees.pairs(trees.tree(TreeName::Incidents).iter()) {
        let (key, value) = pair?;
        let known: Option<Incident> = trees.readable(trees.decode(TreeName::Incidents, &key, &value))?;
        batch.put(&known.as_ref().map(of_incident).unwrap_or_default())?;
    }
    batch.writes.put_raw(TreeName::Meta, RIGHT_AT, right_at(openings))?;
    pieces::keep(&batch.writes, trees)?;
    tracing::info!(records = batch.records, "built indexes of {} records", batch.records);
    Ok(())
}

fn remove_all(trees: &Trees, index: TreeName) -> Result<(), StoreError> {
    loop {
        let mut writes = Writes::default();
        for key in trees.tree(index).iter().keys().take(BATCH * 4) {
            writes.remove(index, &key?);
        }
        if writes.is_empty() {
            return Ok(());
        }
        pieces::keep(&writes, trees)?;
    }
}

/// Keys on their way into indexes.
struct KeyBatch<'a> {
    trees: &'a Trees,
    writes: Writes,
    records: usize,
}

impl KeyBatch<'_> {
    fn put(&mut self, places: &[IndexKey]) -> Result<(), StoreError> {
        rewrite(&mut self.writes, &[], places)?;
        self.records += 1;
        if self.records.is_multiple_of(BATCH) {
            pieces::keep(&std::mem::take(&mut self.writes), self.trees)?;
        }
        Ok(())
    }
}

/// Indexes held against the records that they are made of.
#[derive(Debug, Default)]
pub(super) struct IndexComparison {
    expected: BTreeMap<TreeName, TreeTally>,
    found: BTreeMap<TreeName, TreeTally>,
}

impl IndexComparison {
    /// Counts in where a record is to be found.
    pub(super) fn expect(&mut self, places: &[IndexKey]) {
        for IndexKey { tree, key, entry } in places {
            self.expected.entry(*tree).or_default().add(key, entry);
        }
    }

    /// Counts in a key that is there; tells whether it is one of an index.
    pub(super) fn find(&mut self, tree: TreeName, key: &[u8], value: &[u8]) -> bool {
        let is_of_index = ALL.contains(&tree);
        if is_of_index {
            self.found.entry(tree).or_default().add(key, value);
        }
        is_of_index
    }

    /// The indexes that are not what the records say, with how many keys are there and how many should be.
    pub(super) fn wrong(&self) -> Vec<(TreeName, u64, u64)> {
        let of =
            |tallies: &BTreeMap<TreeName, TreeTally>, tree| tallies.get(&tree).copied().unwrap_or_default();
        let both = ALL.map(|tree| (tree, of(&self.found, tree), of(&self.expected, tree)));
        let wrong = both.into_iter().filter(|(_, found, expected)| found != expected);
        wrong.map(|(tree, found, expected)| (tree, found.records, expected.records)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::email::EmailAddress;
    use crate::domain::id::{ChangeId, MailId};
    use crate::domain::outbox::QueuedMail;
    use crate::domain::topic::Topic;
    use crate::store::kept::passing_over::garble;
    use crate::store::kept::survey::survey;
    use crate::store::kept::writes::number;
    use crate::store::kept::{admission, erasure, instance_key, opening, outbox, subscribers};

    const FAR: usize = 100;

    fn now() -> DateTime<Utc> {
        DateTime::UNIX_EPOCH
    }

    fn address(name: &str) -> EmailAddress {
        format!("{name}@example.org").parse().unwrap()
    }

    fn topic(name: &str) -> Topic {
        name.parse().unwrap()
    }

    fn step<T>(trees: &Trees, step: impl FnOnce(&mut Writes) -> Result<T, StoreError>) -> T {
        let mut writes = Writes::default();
        let answer = step(&mut writes).unwrap();
        writes.apply(trees).unwrap();
        answer
    }

    fn follow(trees: &Trees, name: &str, topics: &[&str]) {
        let topics: Vec<Topic> = topics.iter().map(|id| topic(id)).collect();
        step(trees, |writes| {
            subscribers::follow(trees, writes, &address(name), &topics, true, "operator", now())
        });
    }

    fn queue(trees: &Trees, name: &str, to: &str, changes: &[&ChangeId]) {
        let changes = changes.iter().map(|change| (*change).clone()).collect();
        let (id, message_id) = (MailId::from_text(name), format!("{name}@tracker.example"));
        let mail = Mail::queued(id, address(to), String::new(), message_id, changes, now());
        let queued = QueuedMail { mail, bytes: name.as_bytes().to_vec() };
        step(trees, |writes| outbox::dispatch(trees, writes, &[], vec![queued]));
    }

    fn readers(trees: &Trees, topics: &[&str], after: Option<&str>, limit: usize) -> Vec<String> {
        let topics: Vec<Topic> = topics.iter().map(|id| topic(id)).collect();
        let after = after.map(address);
        let page = subscribers::of_topics(trees, &topics, after.as_ref(), limit).unwrap();
        assert_eq!(page.reached.is_some(), page.readers.len() == limit);
        page.readers.iter().map(|reader| reader.address.local().to_owned()).collect()
    }

    #[test]
    fn a_question_reads_what_it_asks_for_and_nothing_else() {
        let state = tempfile::tempdir().unwrap();
        let trees = &opening::open(state.path()).unwrap();
        step(trees, |writes| instance_key(trees, writes, [1; 32]));
        for (name, topics) in
            [("ann", &["zte"][..]), ("bob", &["dahua"]), ("cid", &["dahua", "zte"]), ("dora", &["hytera"])]
        {
            follow(trees, name, topics);
        }
        let (first, second) = (ChangeId::derive(&["1"]), ChangeId::derive(&["2"]));
        queue(trees, "m1", "ann", &[&first]);
        queue(trees, "m2", "bob", &[&first, &second]);
        queue(trees, "m3", "dora", &[]);
        // Whoever reads these notes that it cannot.
        garble(trees, TreeName::Subscribers, address("dora").key().as_bytes());
        garble(trees, TreeName::Mails, b"m3");

        assert_eq!(readers(trees, &["zte", "dahua"], None, FAR), ["ann", "bob", "cid"]);
        assert_eq!(readers(trees, &["zte", "dahua"], None, 2), ["ann", "bob"]);
        assert_eq!(readers(trees, &["zte", "dahua"], Some("bob"), 2), ["cid"]);
        let telling = |changes: &[ChangeId], after: Option<&str>, limit| {
            let after = after.map(MailId::from_text);
            let page = outbox::telling(trees, changes, after.as_ref(), limit).unwrap();
            page.mails.iter().map(|mail| mail.id.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(telling(&[first.clone(), second.clone()], None, FAR), ["m1", "m2"]);
        assert_eq!(telling(&[first.clone(), second.clone()], Some("m1"), FAR), ["m2"]);
        assert_eq!(telling(std::slice::from_ref(&second), None, 1), ["m2"]);
        let erased = step(trees, |writes| erasure::erase(trees, writes, &address("ann"), now()));
        assert_eq!(erased.mails, 1);
        assert_eq!(telling(&[first, second], None, FAR), ["m2"]);
        assert_eq!(readers(trees, &["zte"], None, FAR), ["cid"]);
        assert_eq!(trees.unreadable(), [""; 0]);
        // One that is asked for and cannot be read ends no page early.
        garble(trees, TreeName::Subscribers, address("bob").key().as_bytes());
        let page = subscribers::of_topics(trees, &[topic("dahua")], None, 1).unwrap();
        assert_eq!((page.readers.len(), page.reached), (0, Some(address("bob"))));
        assert_eq!(trees.unreadable().len(), 1);
    }

    /// What is found by all indexes.
    fn found(trees: &Trees) -> Vec<(TreeName, Vec<u8>)> {
        let of = |tree| trees.tree(tree).iter().keys().map(move |key| (tree, key.unwrap().to_vec()));
        ALL.into_iter().flat_map(of).collect()
    }

    fn wrong(trees: &Trees) -> Vec<TreeName> {
        let records = |name, take: &mut dyn FnMut(&[u8], &[u8])| {
            let pairs = trees.tree(name).iter().map(Result::unwrap);
            pairs.for_each(|(key, value)| trees.parts(name, &key, &value, take));
        };
        survey(&records).into_iter().map(|unsound| unsound.tree).collect()
    }

    #[test]
    fn what_a_program_wrote_that_knows_no_indexes_is_found_at_the_next_opening() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let (trees, ..) = admission::admit(&folder, false).unwrap();
        follow(&trees, "ann", &["zte"]);
        drop(trees);
        let (trees, ..) = admission::admit(&folder, true).unwrap();
        assert_eq!(readers(&trees, &["zte"], None, FAR), ["ann"]);
        // It opens the store, keeps a reader, and takes another's subscription away.
        let mut bob = Subscriber::new(address("bob"));
        bob.subscriptions = subscribers::get(&trees, &address("ann")).unwrap().unwrap().subscriptions;
        let openings = number(trees.tree(TreeName::Meta).get(opening::OPENED).unwrap().as_deref()) + 1;
        step(&trees, |writes| {
            writes.put_raw(TreeName::Meta, opening::OPENED, openings.to_be_bytes().to_vec())?;
            writes.put(&trees, TreeName::Subscribers, b"bob@example.org", &bob)?;
            writes.put(&trees, TreeName::Subscribers, b"ann@example.org", &Subscriber::new(address("ann")))
        });
        assert_eq!(wrong(&trees), [], "nobody takes them for right before that");
        drop(trees);
        let (trees, ..) = admission::admit(&folder, true).unwrap();
        assert_eq!(readers(&trees, &["zte"], None, FAR), ["bob"]);
    }

    #[test]
    fn keys_that_are_missing_or_lead_nowhere_are_seen_and_made_anew() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let (trees, ..) = admission::admit(&folder, false).unwrap();
        follow(&trees, "ann", &["zte"]);
        queue(&trees, "m1", "ann", &[&ChangeId::derive(&["1"])]);
        let as_they_should_be = found(&trees);
        assert_eq!((as_they_should_be.len(), wrong(&trees)), (4, Vec::new()));
        step(&trees, |writes| {
            writes.remove(TreeName::Followers, &keys::item("zte", "ann@example.org"));
            writes.put_raw(TreeName::MailsTo, &keys::item("bob@example.org", "m2"), Vec::new())
        });
        assert_eq!(wrong(&trees), [TreeName::Followers, TreeName::MailsTo]);
        make(&trees, number(trees.tree(TreeName::Meta).get(opening::OPENED).unwrap().as_deref())).unwrap();
        assert_eq!((found(&trees), wrong(&trees)), (as_they_should_be, Vec::new()));
    }
}
