//! Trouble with reading, and the mails that tell of it.

use super::outbox;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::incident::Incident;
use crate::domain::outbox::QueuedMail;
use crate::store::StoreError;

/// Every incident, the newest first.
pub(in crate::store) fn list(trees: &Trees) -> Result<Vec<Incident>, StoreError> {
    let mut incidents: Vec<Incident> = trees.all_with(TreeName::Incidents, &[])?;
    incidents.sort_by(|a, b| b.opened_at.cmp(&a.opened_at).then_with(|| a.id.cmp(&b.id)));
    Ok(incidents)
}

/// Keeps how incidents now stand, and puts the mails that tell of them into the outbox.
pub(in crate::store) fn escalate(
    trees: &Trees,
    writes: &mut Writes,
    incidents: &[Incident],
    mails: Vec<QueuedMail>,
) -> Result<(), StoreError> {
    for incident in incidents {
        writes.put(trees, TreeName::Incidents, incident.id.as_str().as_bytes(), incident)?;
    }
    let mails = mails.into_iter().map(QueuedMail::despite_bounces).collect();
    outbox::dispatch(trees, writes, &[], mails)
}
