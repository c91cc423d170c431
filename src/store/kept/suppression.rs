//! Addresses that nothing is sent to, and what comes back from the others.

use chrono::{DateTime, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{events, outbox, subscribers};
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Mail, MailState};
use crate::domain::subscription::Subscriber;
use crate::domain::suppression::{SoftBounces, Suppression, SuppressionKey, SuppressionReason};
use crate::store::boundary::BounceCommit;
use crate::store::error::StoreError;
use crate::store::steps::bounces::{self, Consequence};

/// Every address that nothing is sent to, the newest first.
pub(in crate::store) fn list(trees: &Trees) -> Result<Vec<Suppression>, StoreError> {
    let mut all: Vec<Suppression> = trees.all_with(TreeName::Suppressions, &[])?;
    all.sort_by(|a, b| b.since.cmp(&a.since).then_with(|| a.key.cmp(&b.key)));
    Ok(all)
}

/// Why a mail must not go out, if so.
pub(super) fn of(trees: &Trees, mail: &Mail) -> Result<Option<Suppression>, StoreError> {
    let known = get(trees, &mail.recipient)?;
    Ok(known.filter(|suppression| suppression.stops(mail)))
}

/// How an address stands.
pub(in crate::store) fn get(
    trees: &Trees,
    address: &EmailAddress,
) -> Result<Option<Suppression>, StoreError> {
    // Most installations never have one: nothing is hashed for them.
    if trees.tree(TreeName::Suppressions).is_empty()? {
        return Ok(None);
    }
    match key_of(trees, address)? {
        Some(key) => trees.get(TreeName::Suppressions, key.as_str().as_bytes()),
        None => Ok(None),
    }
}

/// Whether an address was erased and came back to nothing since.
pub(super) fn is_erased(trees: &Trees, address: &EmailAddress) -> Result<bool, StoreError> {
    let known = get(trees, address)?;
    let is_erased = known.is_some_and(|known| known.reason == SuppressionReason::Erased);
    if !is_erased {
        return Ok(false);
    }
    Ok(trees.readable(subscribers::get(trees, address))?.is_some_and(|known| known.is_none()))
}

/// Sends an address nothing from now on; gives how it now stands. A stronger reason takes a weaker
/// one's place, not the other way round.
pub(in crate::store) fn add(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    reason: SuppressionReason,
    evidence: String,
    now: DateTime<Utc>,
) -> Result<Suppression, StoreError> {
    let key = required_key(trees, address)?;
    let known = trees.get(TreeName::Suppressions, key.as_str().as_bytes())?;
    let (suppression, is_new) = bounces::suppressed(known, (key, address), (reason, evidence), now);
    if is_new {
        writes.put(trees, TreeName::Suppressions, suppression.key.as_str().as_bytes(), &suppression)?;
    }
    Ok(suppression)
}

/// Sends an address mail again, and forgets what came back from it; tells whether nothing was sent.
pub(in crate::store) fn remove(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
) -> Result<bool, StoreError> {
    let Some(key) = key_of(trees, address)? else { return Ok(false) };
    let key = key.as_str().as_bytes();
    let was_there = trees.tree(TreeName::Suppressions).contains_key(key)?;
    writes.remove(TreeName::Suppressions, key);
    writes.remove(TreeName::SoftBounces, key);
    Ok(was_there)
}

/// Ends what ends by a confirmation that is newer than it.
pub(super) fn confirmed(
    trees: &Trees,
    writes: &mut Writes,
    subscriber: &Subscriber,
) -> Result<(), StoreError> {
    let Some(suppression) = get(trees, &subscriber.address)? else { return Ok(()) };
    if bounces::is_lifted(&suppression, subscriber) {
        remove(trees, writes, &subscriber.address)?;
    }
    Ok(())
}

/// How often an address took nothing.
pub(super) fn soft_bounces(trees: &Trees, address: &EmailAddress) -> Result<Option<SoftBounces>, StoreError> {
    match key_of(trees, address)? {
        Some(key) => trees.get(TreeName::SoftBounces, key.as_str().as_bytes()),
        None => Ok(None),
    }
}

/// Keeps what follows for an address from what was said of it.
pub(super) fn keep(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    consequence: Consequence,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    if consequence == Consequence::default() {
        return Ok(());
    }
    // An installation without a key never sent anything.
    let Some(key) = key_of(trees, address)? else { return Ok(()) };
    if let Some(bounces) = &consequence.bounces {
        writes.put(trees, TreeName::SoftBounces, key.as_str().as_bytes(), bounces)?;
    }
    if let Some((reason, evidence)) = consequence.suppressed {
        add(trees, writes, address, reason, evidence, now)?;
    }
    Ok(())
}

/// Keeps what a report says of a mail, with the fact that the report was taken in; gives the mail as it
/// now stands, or nothing where there is no such mail.
pub(in crate::store) fn came_back(
    trees: &Trees,
    writes: &mut Writes,
    report: &BounceCommit,
) -> Result<Option<Mail>, StoreError> {
    super::inbox::take(trees, writes, &report.message, report.at)?;
    let now = report.at;
    let change = |writes: &mut Writes, mail: &mut Mail| {
        let before = soft_bounces(trees, &mail.recipient)?;
        let consequence = bounces::came_back(mail, &report.verdict, before, now);
        keep(trees, writes, &mail.recipient, consequence, now)
    };
    match outbox::find(trees, &report.mail) {
        Ok(mail) => {
            let after = outbox::change(trees, writes, &mail.id, change)?;
            for mail in after.iter().filter(|mail| mail.state == MailState::Failed) {
                let mut changes = mail.changes.iter();
                changes.try_for_each(|id| events::came_back(trees, writes, id, &mail.recipient, now))?;
            }
            Ok(after)
        }
        // Of two mails whose ids begin alike nobody knows which one it is.
        Err(StoreError::NotFound { .. } | StoreError::Ambiguous { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn key_of(trees: &Trees, address: &EmailAddress) -> Result<Option<SuppressionKey>, StoreError> {
    Ok(super::kept_key(trees)?.map(|key| SuppressionKey::of(&key, address)))
}

/// The key of an address, in an installation that has its own. One without never sent a mail.
fn required_key(trees: &Trees, address: &EmailAddress) -> Result<SuppressionKey, StoreError> {
    key_of(trees, address)?
        .ok_or_else(|| StoreError::NotFound { what: "setting", id: "instance-key".to_owned() })
}
