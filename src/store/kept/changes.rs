//! Changes, and the alerts that not every reader has an item of yet.

use chrono::{DateTime, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{found, hooks, keys};
use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::domain::id::{ChangeId, SourceId};
use crate::domain::webhook::EventKind;
use crate::store::boundary::ChangeQuery;
use crate::store::error::StoreError;
use crate::store::record::undecodable;

/// The change whose id begins so.
pub(in crate::store) fn find(trees: &Trees, beginning: &str) -> Result<Change, StoreError> {
    trees.only(TreeName::Changes, beginning)
}

/// The changes asked for, the newest first.
pub(in crate::store) fn list(trees: &Trees, query: &ChangeQuery) -> Result<Vec<Change>, StoreError> {
    let mut found = Vec::new();
    let since = query.since.map_or([0; 8], keys::moment);
    for pair in trees.tree(TreeName::ChangesByTime).range(since..).rev() {
        if found.len() >= query.limit {
            break;
        }
        let (key, _) = pair?;
        let change = trees.readable(change(trees, keys::id_of(&key)))?;
        found.extend(change.filter(|change| query.covers(change)));
    }
    Ok(found)
}

/// All that a read found, by one of its changes.
pub(in crate::store) fn found_with(trees: &Trees, one: &Change) -> Result<Vec<Change>, StoreError> {
    let mut found = Vec::new();
    for key in trees.tree(TreeName::ChangesByTime).scan_prefix(keys::moment(one.found_at)).keys() {
        let other = change(trees, keys::id_of(&key?))?;
        if is_of_one_read(one, &other) {
            found.push(other);
        }
    }
    Ok(found)
}

fn is_of_one_read(one: &Change, other: &Change) -> bool {
    (&one.source, one.found_at, &one.evidence.sha256)
        == (&other.source, other.found_at, &other.evidence.sha256)
}

/// Every alert that waits, with its change: source by source, each read's changes in their order.
pub(in crate::store) fn pending_alerts(trees: &Trees) -> Result<Vec<(Alert, Change)>, StoreError> {
    let alerts: Vec<Alert> = trees.all_with(TreeName::Alerts, &[])?;
    let mut pending = Vec::with_capacity(alerts.len());
    for alert in alerts {
        let change = trees.readable(change(trees, alert.change.as_str().as_bytes()))?;
        pending.extend(change.map(|change| (alert, change)));
    }
    pending.sort_by(|(a, of_a), (b, of_b)| place(of_a).cmp(&place(of_b)).then_with(|| a.topic.cmp(&b.topic)));
    Ok(pending)
}

/// Whether there is one of them; the first decides.
pub(in crate::store) fn has_pending_alerts(trees: &Trees) -> Result<bool, StoreError> {
    for pair in trees.pairs(trees.tree(TreeName::Alerts).iter()) {
        let (key, bytes) = pair?;
        let Some(alert) = trees.readable(trees.decode::<Alert>(TreeName::Alerts, &key, &bytes))? else {
            continue;
        };
        if trees.readable(change(trees, alert.change.as_str().as_bytes()))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where a change stands among others that are told with it.
pub(super) fn place(change: &Change) -> (SourceId, DateTime<Utc>, usize) {
    (change.source.clone(), change.found_at, change.ordinal)
}

/// A change that is referred to.
pub(super) fn by_id(trees: &Trees, id: &ChangeId) -> Result<Change, StoreError> {
    change(trees, id.as_str().as_bytes())
}

/// Takes a person's word on the names that may be meant in a change; gives it as it now stands.
pub(in crate::store) fn decide(
    trees: &Trees,
    writes: &mut Writes,
    beginning: &str,
    is_meant: bool,
    now: DateTime<Utc>,
) -> Result<Change, StoreError> {
    let mut change = find(trees, beginning)?;
    let before = change.clone();
    if change.possible.is_empty() {
        return Err(StoreError::NotFound { what: "possible name in the change", id: change.id.to_string() });
    }
    let alerts = change.decide(is_meant, now);
    for alert in &alerts {
        writes.put(trees, TreeName::Alerts, alert.id.as_str().as_bytes(), alert)?;
    }
    if !alerts.is_empty() {
        let companies = alerts.iter().filter_map(|alert| alert.topic.company().cloned()).collect();
        hooks::tell(trees, writes, EventKind::Concerns, &change, companies, now)?;
    }
    writes.put(trees, TreeName::Changes, change.id.as_str().as_bytes(), &change)?;
    found::revise(trees, writes, &before, &change)?;
    Ok(change)
}

fn change(trees: &Trees, id: &[u8]) -> Result<Change, StoreError> {
    trees
        .get(TreeName::Changes, id)?
        .ok_or_else(|| undecodable("change", id, "it is referred to and is not there".to_owned()))
}
