//! What is let go of once it is old enough: bytes of mails that went out, details of reads, bodies of pages.
//!
//! What is let go of is noted under its hash ([`TreeName::Released`]), so that its absence is no damage; the bytes
//! themselves go with the next clean-up (`garbage`). A record is never removed, and neither is anything that a
//! record needs which is kept: the accepted state, what waits for a person, and every body that proves a change.
//! Of a chain the first lines go, up to a sealed head and to what a change needs.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::bodies::name_of;
use super::chain::{self, Cut};
use super::outbox::StoredMail;
use super::packs::BodyLocation;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::change::Change;
use crate::domain::outbox::MailState;
use crate::domain::snapshot::{Baseline, QuarantinedRead, Snapshot};
use crate::settings::Retention;
use crate::store::boundary::Releasable;
use crate::store::error::StoreError;
use crate::store::record::Digest;

/// Records changed in one step: others write, too.
pub(in crate::store) const BATCH: usize = 256;

/// That a body was let go of.
#[derive(Debug, Serialize, Deserialize)]
struct Release {
    at: DateTime<Utc>,
}

/// What is old enough.
#[derive(Debug, Default)]
pub(in crate::store) struct RetentionPlan {
    /// Bodies of mails and of pages.
    pub(in crate::store) bodies: Vec<Digest>,
    /// Keys of snapshots whose details go.
    pub(in crate::store) details: Vec<Vec<u8>>,
    /// The first lines of chains.
    pub(in crate::store) cuts: Vec<Cut>,
    /// How much that is.
    pub(in crate::store) releasable: Releasable,
}

/// Finds what is old enough. Nothing is changed.
///
/// # Errors
/// A record that cannot be read: what it needs is not known, and nothing is let go of.
pub(in crate::store) fn plan(
    trees: &Trees,
    retention: &Retention,
    now: DateTime<Utc>,
) -> Result<RetentionPlan, StoreError> {
    let mut plan = RetentionPlan::default();
    let before = |length: Option<std::time::Duration>| {
        length
            .and_then(|length| Duration::from_std(length).ok())
            .and_then(|length| now.checked_sub_signed(length))
    };
    let (mut old, mut kept) = (HashSet::new(), HashSet::new());
    let mails_before = before(retention.sent_mails);
    for stored in trees.every::<StoredMail>(TreeName::Mails, &[])? {
        let is_over =
            matches!(stored.mail.state, MailState::Sent | MailState::Replaced | MailState::Unsubscribed);
        let is_old = is_over && mails_before.is_some_and(|before| stored.mail.at < before);
        let name = name_of(&stored.bytes)?;
        if is_old {
            old.insert((name, true))
        } else {
            kept.insert(name)
        };
    }
    let changes = trees.every::<Change>(TreeName::Changes, &[])?;
    let (bodies_before, details_before) = (before(retention.bodies), before(retention.read_details));
    for pair in trees.pairs(trees.tree(TreeName::Snapshots).iter()) {
        let (key, value) = pair?;
        let snapshot: Snapshot = trees.decode(TreeName::Snapshots, &key, &value)?;
        let is_before =
            |limit: Option<DateTime<Utc>>| limit.is_some_and(|limit| snapshot.response.read_at < limit);
        if is_before(details_before) && !snapshot.response.headers.is_empty() {
            plan.details.push(key.to_vec());
        }
        let name = name_of(&snapshot.response.sha256)?;
        if is_before(bodies_before) {
            old.insert((name, false))
        } else {
            kept.insert(name)
        };
    }
    for change in &changes {
        kept.insert(name_of(&change.evidence.sha256)?);
        kept.insert(name_of(&change.previous.sha256)?);
    }
    plan.cuts = chain::cuts(trees, before(retention.chains), &changes)?;
    plan.releasable.chain_lines = plan.cuts.iter().map(|cut| cut.lines).sum();
    for baseline in trees.every::<Baseline>(TreeName::Baselines, &[])? {
        kept.insert(name_of(&baseline.snapshot.response.sha256)?);
    }
    for held in trees.every::<QuarantinedRead>(TreeName::Held, &[])? {
        kept.insert(name_of(&held.evidence.sha256)?);
    }
    let released = released(trees)?;
    let old: BTreeSet<(Digest, bool)> =
        old.into_iter().filter(|(name, _)| !kept.contains(name) && !released.contains(name)).collect();
    for (name, is_mail) in old {
        let mut bytes = 0;
        for part in trees.tree(TreeName::Bodies).scan_prefix(name) {
            let (_, part) = part?;
            bytes += BodyLocation::decode(&part).map_or(part.len() as u64, BodyLocation::bytes);
        }
        if is_mail {
            plan.releasable.mails += 1;
            plan.releasable.mail_bytes += bytes;
        } else {
            plan.releasable.bodies += 1;
            plan.releasable.body_bytes += bytes;
        }
        plan.bodies.push(name);
    }
    plan.releasable.reads = plan.details.len();
    Ok(plan)
}

/// Notes that bodies are let go of.
///
/// # Errors
/// The engine's.
pub(in crate::store) fn release(
    trees: &Trees,
    writes: &mut Writes,
    bodies: &[Digest],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for name in bodies {
        writes.put(trees, TreeName::Released, name, &Release { at: now })?;
    }
    Ok(())
}

/// Takes the details of reads out of their records; the line of proof stays.
///
/// # Errors
/// The engine's; a record that cannot be read.
pub(in crate::store) fn take_details(
    trees: &Trees,
    writes: &mut Writes,
    keys: &[Vec<u8>],
) -> Result<(), StoreError> {
    for key in keys {
        if let Some(mut snapshot) = trees.get::<Snapshot>(TreeName::Snapshots, key)? {
            snapshot.response.headers.clear();
            writes.put(trees, TreeName::Snapshots, key, &snapshot)?;
        }
    }
    Ok(())
}

/// The bodies that were let go of.
///
/// # Errors
/// The engine's.
pub(super) fn released(trees: &Trees) -> Result<HashSet<Digest>, StoreError> {
    let keys = trees.tree(TreeName::Released).iter().keys();
    let names = keys.map(|key| Ok(key?[..].try_into().ok()));
    names.filter_map(Result::transpose).collect()
}
