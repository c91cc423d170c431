//! Changes, and the alerts that no mail was made of yet.

use super::keys;
use super::trees::{TreeName, Trees};
use crate::domain::alert::Alert;
use crate::domain::change::Change;
use crate::store::record::undecodable;
use crate::store::{ChangeQuery, StoreError};

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
        let change = change(trees, keys::id_of(&key))?;
        if query.covers(&change) {
            found.push(change);
        }
    }
    Ok(found)
}

/// Every alert that waits, with its change, in the order they were raised.
pub(in crate::store) fn pending_alerts(trees: &Trees) -> Result<Vec<(Alert, Change)>, StoreError> {
    let mut alerts: Vec<Alert> = trees.all_with(TreeName::Alerts, &[])?;
    alerts.sort_by(|a, b| (a.raised_at, &a.change, &a.company).cmp(&(b.raised_at, &b.change, &b.company)));
    alerts
        .into_iter()
        .map(|alert| {
            let change = change(trees, alert.change.as_str().as_bytes())?;
            Ok((alert, change))
        })
        .collect()
}

fn change(trees: &Trees, id: &[u8]) -> Result<Change, StoreError> {
    trees.get(TreeName::Changes, id)?.ok_or_else(|| {
        undecodable("change", &super::trees::shown(id), "it is referred to and is not there".to_owned())
    })
}
