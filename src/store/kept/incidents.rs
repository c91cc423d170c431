//! Trouble with reading, and the mails that tell of it.

use chrono::{DateTime, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{indexes, keys, outbox};
use crate::domain::incident::Incident;
use crate::domain::outbox::QueuedMail;
use crate::store::error::StoreError;
use crate::store::steps::telling;

/// Every incident, the newest first.
pub(in crate::store) fn list(trees: &Trees) -> Result<Vec<Incident>, StoreError> {
    Ok(newest_first(trees.all_with(TreeName::Incidents, &[])?))
}

/// The incidents that are open, or past since then or later, the newest first.
pub(in crate::store) fn since(trees: &Trees, since: DateTime<Utc>) -> Result<Vec<Incident>, StoreError> {
    let mut incidents = Vec::new();
    for key in trees.tree(TreeName::IncidentsByEnd).range(keys::moment(since)..).keys() {
        let known = trees.readable(trees.get::<Incident>(TreeName::Incidents, keys::id_of(&key?)))?;
        incidents.extend(known.flatten());
    }
    Ok(newest_first(incidents))
}

fn newest_first(mut incidents: Vec<Incident>) -> Vec<Incident> {
    incidents.sort_by(|a, b| b.opened_at.cmp(&a.opened_at).then_with(|| a.id.cmp(&b.id)));
    incidents
}

/// Keeps how incidents now stand, and puts the mails that tell of them into the outbox.
pub(in crate::store) fn escalate(
    trees: &Trees,
    writes: &mut Writes,
    (known, incidents): (&[Incident], &[Incident]),
    mails: Vec<QueuedMail>,
) -> Result<(), StoreError> {
    if !telling::are_those_known(&since(trees, DateTime::<Utc>::MAX_UTC)?, known) {
        return Err(StoreError::Superseded { what: "an incident was opened, told or closed" });
    }
    for incident in incidents {
        let before = trees.readable(trees.get(TreeName::Incidents, incident.id.as_str().as_bytes()))?;
        keep(trees, writes, before.flatten().as_ref(), incident)?;
    }
    let mails = mails.into_iter().map(QueuedMail::despite_bounces).collect();
    outbox::dispatch(trees, writes, &[], mails)
}

/// Nothing happened at a moment to come: the clock went back.
pub(super) fn bring_back(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    for incident in list(trees)? {
        let after = incident.clone().set_back(now);
        if after != incident {
            keep(trees, writes, Some(&incident), &after)?;
        }
    }
    Ok(())
}

fn keep(
    trees: &Trees,
    writes: &mut Writes,
    before: Option<&Incident>,
    incident: &Incident,
) -> Result<(), StoreError> {
    indexes::rewrite(
        writes,
        &before.map(indexes::of_incident).unwrap_or_default(),
        &indexes::of_incident(incident),
    )?;
    writes.put(trees, TreeName::Incidents, incident.id.as_str().as_bytes(), incident)
}
