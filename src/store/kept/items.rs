//! What waits for each reader, and when to look at it.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use chrono::{DateTime, Duration, Utc};

use super::consent::ConsentCheck;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{changes, clock, events, keys, outbox, subscribers};
use crate::domain::alert::{Alert, AlertItem, all_alerts_of};
use crate::domain::change::Change;
use crate::domain::consent::ConsentVerdict;
use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, ChangeId};
use crate::domain::moment;
use crate::domain::outbox::{Basis, MailState};
use crate::domain::subscription::Subscriber;
use crate::store::boundary::{ChangeQuery, DueReader, FanOut, ReaderCommit, WaitingReader, WaitingReaders};
use crate::store::error::StoreError;
use crate::store::record::undecodable;
use crate::store::steps::telling;

/// Gives readers their items of alerts, and notes how far that went: once everybody has theirs, the
/// alerts have done their work.
pub(in crate::store) fn spread(
    trees: &Trees,
    writes: &mut Writes,
    spread: &FanOut,
) -> Result<(), StoreError> {
    let mut alerts = Vec::with_capacity(spread.alerts.len());
    for id in &spread.alerts {
        let alert: Option<Alert> = trees.get(TreeName::Alerts, id.as_str().as_bytes())?;
        let Some(alert) = alert.filter(|alert| telling::is_as_far(Some(alert), spread.from.as_ref())) else {
            return Err(StoreError::Superseded { what: "an alert was given to its readers" });
        };
        alerts.push(alert);
    }
    for (reader, item, look_at) in &spread.items {
        let reader = reader.key();
        writes.put(trees, TreeName::Items, &keys::item(reader, item.alert.as_str()), item)?;
        writes.put_raw(TreeName::Looks, &keys::at(*look_at, reader), Vec::new())?;
    }
    for alert in alerts {
        let id = alert.id.clone();
        let key = id.as_str().as_bytes();
        match &spread.reached {
            Some(_) => {
                writes.put(
                    trees,
                    TreeName::Alerts,
                    key,
                    &Alert { spread_to: spread.reached.clone(), ..alert },
                )?;
            }
            None => writes.remove(TreeName::Alerts, key),
        }
    }
    Ok(())
}

/// The next looks that are due, the longest due first, at most `limit`: after one of them or from the first.
pub(in crate::store) fn due_readers(
    trees: &Trees,
    until: DateTime<Utc>,
    after: Option<&DueReader>,
    limit: usize,
) -> Result<Vec<DueReader>, StoreError> {
    let start = after.map_or(Bound::Unbounded, |last| Bound::Excluded(keys::at(last.at, last.reader.key())));
    let mut looks = Vec::new();
    for key in trees.tree(TreeName::Looks).range((start, Bound::Unbounded)).keys().take(limit) {
        let look = look(&key?)?;
        if look.at > until {
            break;
        }
        looks.push(look);
    }
    Ok(looks)
}

/// When the next look is due.
pub(in crate::store) fn next_look(trees: &Trees) -> Result<Option<DateTime<Utc>>, StoreError> {
    trees.tree(TreeName::Looks).first()?.map(|(key, _)| Ok(look(&key)?.at)).transpose()
}

/// The look that a key is.
pub(in crate::store) fn look(key: &[u8]) -> Result<DueReader, StoreError> {
    let damaged = |reason: String| undecodable("look", key, reason);
    let at = keys::moment_of(key).ok_or_else(|| damaged("it begins with no moment".to_owned()))?;
    let reader = String::from_utf8_lossy(keys::id_of(key)).parse();
    Ok(DueReader { at, reader: reader.map_err(|error| damaged(format!("{error}")))? })
}

/// What waits for these readers, in the order in which it is told: source by source, each read's
/// changes in their order.
pub(in crate::store) fn waiting(
    trees: &Trees,
    readers: &[EmailAddress],
) -> Result<WaitingReaders, StoreError> {
    let mut changes: BTreeMap<ChangeId, Arc<Change>> = BTreeMap::new();
    let mut all = Vec::with_capacity(readers.len());
    for address in readers {
        let mut items = items_of(trees, address)?;
        for item in &items {
            if !changes.contains_key(&item.change)
                && let Some(change) = trees.readable(changes::by_id(trees, &item.change))?
            {
                changes.insert(item.change.clone(), Arc::new(change));
            }
        }
        // What nobody can read is nobody's to tell; it is shown, and stays.
        items.retain(|item| changes.contains_key(&item.change));
        items.sort_by_cached_key(|item| {
            let place = changes.get(&item.change).map(|change| changes::place(change));
            (place, item.topic.clone())
        });
        let reader = subscribers::get(trees, address)?.unwrap_or_else(|| Subscriber::new(address.clone()));
        all.push(WaitingReader { reader, items });
    }
    Ok(WaitingReaders { readers: all, changes })
}

/// The items of a reader that can be read.
fn items_of(trees: &Trees, reader: &EmailAddress) -> Result<Vec<AlertItem>, StoreError> {
    let prefix = keys::items_of(reader.key());
    let mut items = Vec::new();
    for pair in trees.pairs(trees.tree(TreeName::Items).scan_prefix(&prefix)) {
        let (key, bytes) = pair?;
        let item = decoded_item(trees, (&key, &key[prefix.len()..]), Some(&bytes));
        items.extend(trees.readable(item)?.flatten());
    }
    Ok(items)
}

/// An item under its key, in which its alert stands. Of one alert most readers have the same.
fn decoded_item(
    trees: &Trees,
    key_and_alert: (&[u8], &[u8]),
    bytes: Option<&[u8]>,
) -> Result<Option<AlertItem>, StoreError> {
    Ok(trees.decoded_alike(TreeName::Items, key_and_alert, bytes)?.map(Arc::unwrap_or_clone))
}

/// Puts mails into the outbox and what they tell out of the way. A mail that its reader ceased to want while
/// it was made does not get there: what it tells waits for another look. So does all of what is composed of something
/// that waits otherwise by now; returns the readers of that.
pub(in crate::store) fn compose(
    trees: &Trees,
    writes: &mut Writes,
    composed: Vec<ReaderCommit>,
) -> Result<Vec<EmailAddress>, StoreError> {
    let mut unwanted = Unwanted::default();
    let mut superseded = Vec::new();
    for mut one in composed {
        for at in std::mem::take(&mut one.looks) {
            writes.remove(TreeName::Looks, &keys::at(at, one.reader.key()));
        }
        let reader = trees.readable(subscribers::get(trees, &one.reader))?;
        if !still_waits(trees, &one, reader.as_ref().and_then(Option::as_ref))? {
            writes.put_raw(TreeName::Looks, &keys::at(one.at, one.reader.key()), Vec::new())?;
            superseded.push(one.reader);
            continue;
        }
        match reader {
            Some(Some(reader)) => unwanted.take_out(trees, &mut one, &reader)?,
            Some(None) => tell_nothing(&mut one),
            None => let_wait(&mut one),
        }
        events::note(trees, writes, &one)?;
        let address = one.reader.key();
        for alert in &one.settled {
            writes.remove(TreeName::Items, &keys::item(address, alert.as_str()));
        }
        for item in &one.struck {
            writes.put(trees, TreeName::Items, &keys::item(address, item.alert.as_str()), item)?;
        }
        if let Some(next) = one.next {
            writes.put_raw(TreeName::Looks, &keys::at(next, address), Vec::new())?;
        }
        subscribers::composed(trees, writes, &one)?;
        outbox::queue_packed(trees, writes, one.mails)?;
    }
    Ok(superseded)
}

/// Whether what was composed for a reader was composed of what is kept now. Who cannot be read, or was erased, has nothing
/// told, whatever it was composed of.
fn still_waits(trees: &Trees, one: &ReaderCommit, reader: Option<&Subscriber>) -> Result<bool, StoreError> {
    let Some(reader) = reader else { return Ok(true) };
    let kept = |alert: &AlertId| {
        let key = keys::item(one.reader.key(), alert.as_str());
        let bytes = trees.tree(TreeName::Items).get(&key)?;
        let item = decoded_item(trees, (&key, alert.as_str().as_bytes()), bytes.as_deref());
        Ok(trees.readable(item)?.flatten())
    };
    telling::still_waits(one, reader, kept)
}

/// What waits for somebody whose record cannot be read is looked at again after this.
const LOOK_AGAIN: Duration = Duration::hours(1);

/// Who was erased meanwhile gets nothing, and nothing of them waits.
fn tell_nothing(one: &mut ReaderCommit) {
    one.mails.clear();
    one.struck.clear();
    one.events.clear();
    one.aside.clear();
}

/// What waits for somebody whose record cannot be read goes on waiting.
fn let_wait(one: &mut ReaderCommit) {
    one.mails.clear();
    one.settled.clear();
    one.aside.clear();
    one.next = Some(one.at + LOOK_AGAIN);
}

/// Finds mails that are not wanted by the subscription of now.
#[derive(Default)]
struct Unwanted<'a> {
    consent: Option<ConsentCheck<'a>>,
}

impl<'a> Unwanted<'a> {
    fn take_out(
        &mut self,
        trees: &'a Trees,
        one: &mut ReaderCommit,
        reader: &Subscriber,
    ) -> Result<(), StoreError> {
        let consent = self.consent.get_or_insert_with(|| ConsentCheck::new(trees, one.at));
        for queued in std::mem::take(&mut one.mails) {
            let is_made = queued.mail.state == MailState::Queued;
            if !is_made
                || matches!(
                    consent.of_reader(&queued.mail, Some(reader))?,
                    ConsentVerdict::Whole | ConsentVerdict::Later(_)
                )
            {
                one.mails.push(queued);
                continue;
            }
            if let Basis::Alerts { items } = &queued.mail.basis {
                one.settled.retain(|alert| !items.iter().any(|item| item.alert == *alert));
                one.next = Some(one.at);
            }
        }
        Ok(())
    }
}

/// Collects what was found in pauses that began when it was not: of each change since then that their reader
/// follows, an item.
pub(super) fn collect_paused(trees: &Trees, writes: &mut Writes) -> Result<(), StoreError> {
    for reader in subscribers::all(trees)? {
        let Some(since) = reader.paused_since else { continue };
        let query = ChangeQuery { since: Some(since), limit: usize::MAX, ..ChangeQuery::default() };
        for change in changes::list(trees, &query)?.iter().filter(|change| change.retracted_at.is_none()) {
            for alert in all_alerts_of(change) {
                let known = reader.follows(&alert.topic, change);
                let is_followed = known.is_some_and(|known| known.confirmed_at <= Some(change.found_at));
                if is_followed {
                    let key = keys::item(reader.address.key(), alert.id.as_str());
                    writes.put(trees, TreeName::Items, &key, &AlertItem::of(&alert))?;
                }
            }
        }
    }
    Ok(())
}

/// Has every reader looked at for whom a look is to come: the clock went back. What waits for them was raised by
/// now.
pub(super) fn bring_back(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    for key in clock::ahead(trees, TreeName::Looks, now) {
        let key = key?;
        writes.remove(TreeName::Looks, &key);
        let address = String::from_utf8_lossy(keys::id_of(&key)).into_owned();
        writes.put_raw(TreeName::Looks, &keys::at(now, &address), Vec::new())?;
    }
    clock::amend(trees, writes, TreeName::Items, |item: AlertItem| AlertItem {
        raised_at: moment::by_now(item.raised_at, now),
        ..item
    })
}

/// Has a reader looked at who changed how mail comes, where anything waits for them or is promised.
pub(super) fn wake(
    trees: &Trees,
    writes: &mut Writes,
    reader: &Subscriber,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let address = reader.address.key();
    let mut waiting = trees.tree(TreeName::Items).scan_prefix(keys::items_of(address)).keys();
    let is_promised = reader.preferences.attested_until.is_some() || reader.ended_pause(now).is_some();
    if is_promised || waiting.next().transpose()?.is_some() {
        writes.put_raw(TreeName::Looks, &keys::at(now, address), Vec::new())?;
    }
    Ok(())
}
