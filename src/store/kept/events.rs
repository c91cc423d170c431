//! What readers who want one mail for an event were told of it, and what was set aside for that.
//!
//! Of each change with numbers of its own that a mail tells such a reader, the mail is noted; what another source tells
//! of the same is set aside beside it. It waits again once the mail came back, or its change was taken back.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::outbox::StoredMail;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{changes, keys};
use crate::domain::alert::AlertItem;
use crate::domain::email::EmailAddress;
use crate::domain::id::{ChangeId, MailId};
use crate::domain::outbox::MailState;
use crate::domain::topic::Topic;
use crate::store::boundary::{ReaderCommit, ToldOf};
use crate::store::error::StoreError;

/// A change as a reader was told of it.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct ToldEvent {
    /// The mails that tell it, each with the company of which it does.
    mails: Vec<(MailId, Topic)>,
    /// What other sources tell of the same and was not told for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) aside: Vec<AlertItem>,
}

/// The records of a change, without the addresses.
fn of_change(change: &ChangeId) -> Vec<u8> {
    [change.as_str().as_bytes(), &[0]].concat()
}

fn key(change: &ChangeId, reader: &EmailAddress) -> Vec<u8> {
    [&of_change(change)[..], reader.key().as_bytes()].concat()
}

/// The change and the address that a key names.
pub(super) fn parts(key: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = key.iter().position(|byte| *byte == 0)?;
    Some((&key[..end], &key[end + 1..]))
}

impl ToldEvent {
    /// The topics of which one of its mails was sent.
    fn told(&self, trees: &Trees) -> Result<BTreeSet<Topic>, StoreError> {
        let mut told = BTreeSet::new();
        for (mail, topic) in &self.mails {
            let kept = trees.readable(trees.get::<StoredMail>(TreeName::Mails, mail.as_str().as_bytes()))?;
            if kept.flatten().is_some_and(|stored| stored.mail.state == MailState::Sent) {
                told.insert(topic.clone());
            }
        }
        Ok(told)
    }
}

/// What of these changes their readers were told by mails that were sent.
pub(in crate::store) fn told_of(
    trees: &Trees,
    asked: Vec<(EmailAddress, ChangeId)>,
) -> Result<ToldOf, StoreError> {
    let mut all = ToldOf::new();
    for (reader, change) in asked {
        let kept = trees.readable(trees.get::<ToldEvent>(TreeName::Told, &key(&change, &reader)))?;
        if let Some(told) =
            kept.flatten().map(|kept| kept.told(trees)).transpose()?.filter(|told| !told.is_empty())
        {
            all.insert((reader, change), told);
        }
    }
    Ok(all)
}

/// What was set aside for readers because they were told of these changes.
pub(in crate::store) fn set_aside(
    trees: &Trees,
    told: Vec<(EmailAddress, ChangeId)>,
) -> Result<ToldOf, StoreError> {
    let mut all = ToldOf::new();
    for (reader, change) in told {
        let kept = trees.readable(trees.get::<ToldEvent>(TreeName::Told, &key(&change, &reader)))?;
        for item in kept.flatten().into_iter().flat_map(|kept| kept.aside) {
            all.entry((reader.clone(), item.change)).or_default().insert(item.topic);
        }
    }
    Ok(all)
}

/// Notes what a reader is told of events, and sets aside what they were told already. What meanwhile is told no more
/// goes on waiting.
pub(super) fn note(trees: &Trees, writes: &mut Writes, one: &ReaderCommit) -> Result<(), StoreError> {
    let mut records: BTreeMap<&ChangeId, ToldEvent> = BTreeMap::new();
    for change in one.events.iter().map(|event| &event.change).chain(one.aside.iter().map(|(_, told)| told)) {
        if !records.contains_key(change) {
            let kept = trees.readable(trees.get(TreeName::Told, &key(change, &one.reader)))?.flatten();
            records.insert(change, kept.unwrap_or_default());
        }
    }
    for event in &one.events {
        let is_queued = one.mails.iter().any(|queued| queued.mail.id == event.mail);
        let pair = (event.mail.clone(), event.topic.clone());
        if let Some(record) = records.get_mut(&event.change)
            && is_queued
            && !record.mails.contains(&pair)
        {
            record.mails.push(pair);
        }
    }
    for (item, told) in &one.aside {
        let is_there = trees.readable(changes::by_id(trees, told))?;
        let is_kept = is_there.is_some_and(|change| change.retracted_at.is_none());
        let Some(record) = records.get_mut(told) else { continue };
        if is_kept && record.told(trees)?.contains(&item.topic) {
            record.aside.retain(|known| known.alert != item.alert);
            record.aside.push(item.clone());
            writes.remove(TreeName::Items, &keys::item(one.reader.key(), item.alert.as_str()));
        } else {
            writes.put_raw(TreeName::Looks, &keys::at(one.at, one.reader.key()), Vec::new())?;
        }
    }
    for (change, record) in records {
        if !(record.mails.is_empty() && record.aside.is_empty()) {
            writes.put(trees, TreeName::Told, &key(change, &one.reader), &record)?;
        }
    }
    Ok(())
}

/// Has everything wait again that was set aside because somebody was told of a change: it was taken back.
pub(super) fn take_back(
    trees: &Trees,
    writes: &mut Writes,
    change: &ChangeId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let records: Vec<Vec<u8>> = trees
        .pairs(trees.tree(TreeName::Told).scan_prefix(of_change(change)))
        .map(|pair| pair.map(|(key, _)| key.to_vec()))
        .collect::<Result<_, _>>()?;
    records.iter().try_for_each(|record| bring_back(trees, writes, record, now))
}

/// The same for one reader, to whom the mail of it came back.
pub(super) fn came_back(
    trees: &Trees,
    writes: &mut Writes,
    change: &ChangeId,
    reader: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    bring_back(trees, writes, &key(change, reader), now)
}

fn bring_back(
    trees: &Trees,
    writes: &mut Writes,
    record: &[u8],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kept = trees.readable(trees.get::<ToldEvent>(TreeName::Told, record))?.flatten();
    let Some((mut told, (_, reader))) = kept.zip(parts(record)) else { return Ok(()) };
    if told.aside.is_empty() {
        return Ok(());
    }
    let reader = String::from_utf8_lossy(reader).into_owned();
    for item in std::mem::take(&mut told.aside) {
        writes.put(trees, TreeName::Items, &keys::item(&reader, item.alert.as_str()), &item)?;
    }
    writes.put_raw(TreeName::Looks, &keys::at(now, &reader), Vec::new())?;
    writes.put(trees, TreeName::Told, record, &told)
}

/// Forgets what somebody was told.
pub(super) fn forget(trees: &Trees, writes: &mut Writes, reader: &EmailAddress) -> Result<(), StoreError> {
    for key in trees.tree(TreeName::Told).iter().keys() {
        let key = key?;
        if parts(&key).is_some_and(|(_, address)| address == reader.key().as_bytes()) {
            writes.remove_own(trees, TreeName::Told, &key)?;
        }
    }
    Ok(())
}
