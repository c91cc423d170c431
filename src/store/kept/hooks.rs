//! Webhooks: who they are, what is to be told to them, and what became of it.
//!
//! An event is written by the step that writes its change, where there is any webhook at all; it stays until every
//! webhook that wants it has its delivery. Deliveries that wait stand in an index by webhook and moment, and all of
//! them in another, which is the log.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{changes, keys, outbox};
use crate::domain::change::Change;
use crate::domain::id::CompanyId;
use crate::domain::moment::by_now;
use crate::domain::outbox::QueuedMail;
use crate::domain::webhook::{Answered, Delivery, DeliveryState, EventKind, HookEvent, Webhook};
use crate::store::boundary::{DeliveryLease, HookSettled, LeaseToken};
use crate::store::error::StoreError;

/// What was delivered is remembered for so long.
const REMEMBERED: Duration = Duration::days(90);

/// As many old deliveries are forgotten with each one that is settled.
const FORGOTTEN_AT_ONCE: usize = 4;

/// Events that are handed out at once.
const EVENTS_AT_ONCE: usize = 500;

/// A delivery as it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct StoredDelivery {
    #[serde(flatten)]
    delivery: Delivery,
    /// Who is sending it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lease: Option<LeaseToken>,
}

impl StoredDelivery {
    /// Whether it is being sent by somebody who may be alive.
    fn is_in_hands(&self, trees: &Trees) -> Result<bool, StoreError> {
        self.lease.map_or(Ok(false), |token| trees.may_be_alive(token))
    }
}

/// Notes that something is to be told of a change.
pub(super) fn tell(
    trees: &Trees,
    writes: &mut Writes,
    kind: EventKind,
    change: &Change,
    companies: Vec<CompanyId>,
    at: DateTime<Utc>,
) -> Result<(), StoreError> {
    if trees.tree(TreeName::Webhooks).is_empty()? {
        return Ok(());
    }
    let event = HookEvent::new(kind, change, companies, at);
    writes.put(trees, TreeName::HookEvents, event.id.as_bytes(), &event)
}

/// Every webhook, in the order in which they were made.
pub(in crate::store) fn all(trees: &Trees) -> Result<Vec<Webhook>, StoreError> {
    let mut hooks: Vec<Webhook> = trees.all_with(TreeName::Webhooks, &[])?;
    hooks.sort_by(|a, b| a.created_at.cmp(&b.created_at).then_with(|| a.id.cmp(&b.id)));
    Ok(hooks)
}

/// The webhook whose id begins so.
pub(in crate::store) fn find(trees: &Trees, beginning: &str) -> Result<Webhook, StoreError> {
    trees.only(TreeName::Webhooks, beginning)
}

/// Keeps a webhook.
pub(in crate::store) fn put(trees: &Trees, writes: &mut Writes, hook: &Webhook) -> Result<(), StoreError> {
    writes.put(trees, TreeName::Webhooks, hook.id.as_bytes(), hook)
}

/// Forgets a webhook with all that was told to it.
pub(in crate::store) fn remove(
    trees: &Trees,
    writes: &mut Writes,
    beginning: &str,
) -> Result<Webhook, StoreError> {
    let hook = find(trees, beginning)?;
    writes.remove(TreeName::Webhooks, hook.id.as_bytes());
    for key in trees.tree(TreeName::HookDue).scan_prefix(keys::items_of(&hook.id)).keys() {
        writes.remove(TreeName::HookDue, &key?);
    }
    for key in trees.tree(TreeName::HookLog).scan_prefix(keys::items_of(&hook.id)).keys() {
        let key = key?;
        writes.remove(TreeName::Deliveries, id_of(&hook.id, &key));
        writes.remove(TreeName::HookLog, &key);
    }
    Ok(hook)
}

/// Stops telling a webhook, or begins again: what waits for it is then due.
pub(in crate::store) fn pause(
    trees: &Trees,
    writes: &mut Writes,
    beginning: &str,
    is_paused: bool,
    now: DateTime<Utc>,
) -> Result<Webhook, StoreError> {
    let mut hook = find(trees, beginning)?;
    hook.pause(is_paused);
    put(trees, writes, &hook)?;
    if !is_paused {
        hurry(trees, writes, &hook.id, now)?;
    }
    Ok(hook)
}

/// Has all that waits for a webhook tried now.
fn hurry(trees: &Trees, writes: &mut Writes, hook: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    for key in trees.tree(TreeName::HookDue).scan_prefix(keys::items_of(hook)).keys() {
        let key = key?;
        if at_of(hook, &key).is_none_or(|at| at <= now) {
            continue;
        }
        let stored: Option<StoredDelivery> = trees.get(TreeName::Deliveries, id_of(hook, &key))?;
        if let Some(mut stored) = stored {
            let before = stored.delivery.clone();
            stored.delivery.hurry(stored.is_in_hands(trees)?, now);
            keep(trees, writes, Some(&before), &stored)?;
        }
    }
    Ok(())
}

/// Where a delivery stands in an index: by its webhook and a moment.
fn place(hook: &str, at: DateTime<Utc>, id: &str) -> Vec<u8> {
    [&keys::items_of(hook)[..], &keys::moment(at), id.as_bytes()].concat()
}

fn at_of(hook: &str, key: &[u8]) -> Option<DateTime<Utc>> {
    keys::moment_of(key.get(hook.len() + 1..)?)
}

fn id_of<'a>(hook: &str, key: &'a [u8]) -> &'a [u8] {
    keys::id_of(key.get(hook.len() + 1..).unwrap_or_default())
}

/// Writes a delivery that is in nobody's hands.
fn rewrite(
    trees: &Trees,
    writes: &mut Writes,
    before: Option<&Delivery>,
    after: &Delivery,
) -> Result<(), StoreError> {
    keep(trees, writes, before, &StoredDelivery { delivery: after.clone(), lease: None })
}

/// Writes a delivery with its places in the indexes, `before` how it stood.
fn keep(
    trees: &Trees,
    writes: &mut Writes,
    before: Option<&Delivery>,
    stored: &StoredDelivery,
) -> Result<(), StoreError> {
    let after = &stored.delivery;
    if let Some(before) = before.filter(|before| before.is_waiting()) {
        writes.remove(TreeName::HookDue, &place(&before.hook, before.at, &before.id));
    }
    if after.is_waiting() {
        writes.put_raw(TreeName::HookDue, &place(&after.hook, after.at, &after.id), Vec::new())?;
    }
    if before.is_none() {
        writes.put_raw(TreeName::HookLog, &place(&after.hook, after.queued_at, &after.id), Vec::new())?;
    }
    writes.put(trees, TreeName::Deliveries, after.id.as_bytes(), stored)
}

/// The events that not every webhook has its delivery of, with their changes, in the order in which they happened.
pub(in crate::store) fn pending(trees: &Trees) -> Result<Vec<(HookEvent, Change)>, StoreError> {
    let mut events: Vec<HookEvent> = trees.all_with(TreeName::HookEvents, &[])?;
    events.sort_by(|a, b| (a.at, a.kind, &a.id).cmp(&(b.at, b.kind, &b.id)));
    let mut pending = Vec::new();
    for event in events.into_iter().take(EVENTS_AT_ONCE) {
        let change = trees.readable(changes::by_id(trees, &event.change))?;
        pending.extend(change.map(|change| (event, change)));
    }
    Ok(pending)
}

/// Whether an event waits.
pub(in crate::store) fn has_pending(trees: &Trees) -> Result<bool, StoreError> {
    Ok(!trees.tree(TreeName::HookEvents).is_empty()?)
}

/// Puts the deliveries of an event in the way of their webhooks, and the event out of the way. A delivery that is
/// there already stays as it is.
pub(in crate::store) fn spread(
    trees: &Trees,
    writes: &mut Writes,
    event: &HookEvent,
    deliveries: &[Delivery],
) -> Result<(), StoreError> {
    let hooks: Vec<Webhook> = all(trees)?;
    for delivery in deliveries {
        let is_there = trees.tree(TreeName::Deliveries).contains_key(delivery.id.as_bytes())?;
        // One that was removed meanwhile is told nothing.
        if is_there || !hooks.iter().any(|hook| hook.id == delivery.hook) {
            continue;
        }
        if event.kind == EventKind::Retracted && !take_back(trees, writes, delivery)? {
            continue;
        }
        rewrite(trees, writes, None, delivery)?;
    }
    writes.remove(TreeName::HookEvents, event.id.as_bytes());
    Ok(())
}

/// Does not send what a webhook was to be told of a change that was taken back; tells whether it was told, or may
/// have been, and so is to be told otherwise.
fn take_back(trees: &Trees, writes: &mut Writes, otherwise: &Delivery) -> Result<bool, StoreError> {
    let mut was_told = false;
    for key in trees.tree(TreeName::HookLog).scan_prefix(keys::items_of(&otherwise.hook)).keys() {
        let key = key?;
        let delivery: Option<Delivery> = trees.get(TreeName::Deliveries, id_of(&otherwise.hook, &key))?;
        let Some(mut delivery) = delivery.filter(|delivery| delivery.change == otherwise.change) else {
            continue;
        };
        let before = delivery.clone();
        if delivery.take_back(otherwise.queued_at) {
            rewrite(trees, writes, Some(&before), &delivery)?;
        } else if delivery.state != DeliveryState::Dropped {
            was_told = true;
        }
    }
    Ok(was_told)
}

/// Keeps a delivery that is none of an event: a test.
pub(in crate::store) fn queue(
    trees: &Trees,
    writes: &mut Writes,
    delivery: &Delivery,
) -> Result<(), StoreError> {
    rewrite(trees, writes, None, delivery)
}

/// What is due for a webhook, the longest due first, at most `limit`.
pub(in crate::store) fn due(
    trees: &Trees,
    hook: &str,
    now: DateTime<Utc>,
    limit: usize,
) -> Result<Vec<Delivery>, StoreError> {
    let mut due = Vec::new();
    for key in trees.tree(TreeName::HookDue).scan_prefix(keys::items_of(hook)).keys() {
        let key = key?;
        if due.len() == limit || at_of(hook, &key).is_none_or(|at| at > now) {
            break;
        }
        due.extend(trees.readable(trees.get(TreeName::Deliveries, id_of(hook, &key)))?.flatten());
    }
    Ok(due)
}

/// When something is due for a webhook next.
pub(in crate::store) fn next_due(trees: &Trees, hook: &str) -> Result<Option<DateTime<Utc>>, StoreError> {
    let first = trees.tree(TreeName::HookDue).scan_prefix(keys::items_of(hook)).next().transpose()?;
    Ok(first.and_then(|(key, _)| at_of(hook, &key)))
}

/// The delivery whose id begins so.
pub(in crate::store) fn delivery(trees: &Trees, beginning: &str) -> Result<Delivery, StoreError> {
    trees.only(TreeName::Deliveries, beginning)
}

/// What was told to a webhook or is to be, the newest first.
pub(in crate::store) fn log(trees: &Trees, hook: &str, limit: usize) -> Result<Vec<Delivery>, StoreError> {
    let newest = trees.tree(TreeName::HookLog).scan_prefix(keys::items_of(hook)).keys().rev();
    let mut log = Vec::new();
    for key in newest.take(limit) {
        log.extend(trees.readable(trees.get(TreeName::Deliveries, id_of(hook, &key?)))?.flatten());
    }
    Ok(log)
}

/// Leases a delivery that is sent now: from here on it may have been taken. `None` if it is not due any more, or in
/// another's hands.
pub(in crate::store) fn begin(
    trees: &Trees,
    writes: &mut Writes,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<DeliveryLease>, StoreError> {
    let Some(before) = trees.get::<Delivery>(TreeName::Deliveries, id.as_bytes())? else { return Ok(None) };
    let mut delivery = before.clone();
    if !delivery.begin(now) {
        return Ok(None);
    }
    let token = trees.next_lease();
    keep(trees, writes, Some(&before), &StoredDelivery { delivery, lease: Some(token) })?;
    Ok(Some(DeliveryLease { delivery: id.to_owned(), token }))
}

/// Makes every delivery due whose sender is gone with its process; returns how many.
pub(in crate::store) fn reclaim(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mut reclaimed = 0;
    for hook in all(trees)? {
        for key in trees.tree(TreeName::HookDue).scan_prefix(keys::items_of(&hook.id)).keys() {
            let stored = trees.readable(trees.get(TreeName::Deliveries, id_of(&hook.id, &key?)))?.flatten();
            let Some(StoredDelivery { delivery: before, lease: Some(token) }) = stored else { continue };
            if trees.may_be_alive(token)? {
                continue;
            }
            let mut delivery = before.clone();
            delivery.hurry(false, now);
            rewrite(trees, writes, Some(&before), &delivery)?;
            reclaimed += 1;
        }
    }
    Ok(reclaimed)
}

/// Notes how an attempt went, of the delivery and of its webhook. Where the webhook is disabled by it, `farewell` goes
/// into the outbox, both or neither.
pub(in crate::store) fn settle(
    trees: &Trees,
    writes: &mut Writes,
    lease: &DeliveryLease,
    answered: &Answered,
    (began, now): (DateTime<Utc>, DateTime<Utc>),
    farewell: Option<QueuedMail>,
) -> Result<Option<HookSettled>, StoreError> {
    let stored = trees.get::<StoredDelivery>(TreeName::Deliveries, lease.delivery.as_bytes())?;
    let Some(stored) = stored.filter(|stored| stored.lease == Some(lease.token)) else { return Ok(None) };
    let before = stored.delivery;
    let Some(mut hook) = trees.get::<Webhook>(TreeName::Webhooks, before.hook.as_bytes())? else {
        return Ok(None);
    };
    let mut delivery = before.clone();
    delivery.settle(answered, began, now);
    let is_disabled = hook.note(answered, now);
    rewrite(trees, writes, Some(&before), &delivery)?;
    put(trees, writes, &hook)?;
    if is_disabled {
        let farewell = farewell.into_iter().map(QueuedMail::despite_bounces).collect();
        outbox::dispatch(trees, writes, &[], farewell)?;
    }
    forget(trees, writes, &hook.id, now)?;
    Ok(Some(HookSettled { delivery, hook, is_disabled }))
}

/// Forgets the oldest deliveries that were taken long ago.
fn forget(trees: &Trees, writes: &mut Writes, hook: &str, now: DateTime<Utc>) -> Result<(), StoreError> {
    let (begin, end) = (keys::items_of(hook), place(hook, now - REMEMBERED, ""));
    for key in trees.tree(TreeName::HookLog).range(begin..end).keys().take(FORGOTTEN_AT_ONCE) {
        let key = key?;
        let id = id_of(hook, &key).to_vec();
        let kept: Option<Delivery> = trees.get(TreeName::Deliveries, &id)?;
        let is_over =
            kept.is_none_or(|kept| matches!(kept.state, DeliveryState::Delivered | DeliveryState::Dropped));
        if is_over {
            writes.remove(TreeName::HookLog, &key);
            writes.remove(TreeName::Deliveries, &id);
        }
    }
    Ok(())
}

/// Has a delivery sent again under its own id, whatever became of it.
pub(in crate::store) fn redeliver(
    trees: &Trees,
    writes: &mut Writes,
    beginning: &str,
    now: DateTime<Utc>,
) -> Result<Delivery, StoreError> {
    let before = delivery(trees, beginning)?;
    let mut after = before.clone();
    after.redeliver(now);
    rewrite(trees, writes, Some(&before), &after)?;
    Ok(after)
}

/// Has all tried now that waits for a moment to come: the clock went back.
pub(super) fn bring_back(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    for mut hook in all(trees)? {
        hurry(trees, writes, &hook.id, now)?;
        let failing_since = hook.failing_since.map(|since| by_now(since, now));
        if failing_since != hook.failing_since {
            hook.failing_since = failing_since;
            put(trees, writes, &hook)?;
        }
    }
    Ok(())
}
