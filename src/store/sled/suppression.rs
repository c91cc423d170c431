//! Addresses that nothing is sent to, and what comes back from the others.

use chrono::{DateTime, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{events, outbox, subscribers};
use crate::domain::bounce::Verdict;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Mail, MailState};
use crate::domain::subscription::Subscriber;
use crate::domain::suppression::{SoftBounces, Suppression, SuppressionKey, SuppressionReason};
use crate::store::{CameBack, StoreError};

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
    if trees.tree(TreeName::Suppressions).is_empty() {
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
    let known: Option<Suppression> = trees.get(TreeName::Suppressions, key.as_str().as_bytes())?;
    if let Some(known) = known.filter(|known| known.reason >= reason) {
        return Ok(known);
    }
    // Nothing of who was erased is kept but the key.
    let shown = if reason == SuppressionReason::Erased { String::new() } else { address.redacted() };
    let suppression = Suppression { key, shown, reason, since: now, evidence };
    writes.put(trees, TreeName::Suppressions, suppression.key.as_str().as_bytes(), &suppression)?;
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
    let newest = subscriber.subscriptions.iter().filter_map(|known| known.confirmed_at).max();
    if newest.is_some_and(|at| suppression.ends_by_confirming(at)) {
        remove(trees, writes, &subscriber.address)?;
    }
    Ok(())
}

/// Notes that an address has no mailbox.
pub(super) fn no_mailbox(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    words: &str,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    // An installation without a key never sent anything.
    if key_of(trees, address)?.is_none() {
        return Ok(());
    }
    add(trees, writes, address, SuppressionReason::Bounce, words.to_owned(), now).map(drop)
}

/// Notes that a mailbox took nothing; tells whether it did so too often.
pub(super) fn passing(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    words: &str,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let Some(key) = key_of(trees, address)? else { return Ok(false) };
    let before: Option<SoftBounces> = trees.get(TreeName::SoftBounces, key.as_str().as_bytes())?;
    let bounces = SoftBounces::after(before, now);
    writes.put(trees, TreeName::SoftBounces, key.as_str().as_bytes(), &bounces)?;
    if bounces.are_too_many() {
        no_mailbox(trees, writes, address, &format!("on {} days: {words}", bounces.days), now)?;
    }
    Ok(bounces.are_too_many())
}

/// Keeps what a report says of a mail, with the fact that the report was taken in; gives the mail as it
/// now stands, or nothing where there is no such mail.
pub(in crate::store) fn came_back(
    trees: &Trees,
    writes: &mut Writes,
    report: &CameBack,
) -> Result<Option<Mail>, StoreError> {
    super::inbox::take(trees, writes, &report.message, report.at)?;
    let now = report.at;
    let change = |writes: &mut Writes, mail: &mut Mail| match &report.verdict {
        Verdict::NoMailbox { words } => {
            end(mail, now, words, false);
            no_mailbox(trees, writes, &mail.recipient, words, now)
        }
        Verdict::Passing { words } => {
            let is_given_up = passing(trees, writes, &mail.recipient, words, now)?;
            end(mail, now, words, !is_given_up);
            Ok(())
        }
        Verdict::Undelivered { words } => {
            end(mail, now, words, true);
            Ok(())
        }
        Verdict::Complaint { words } => {
            mail.note(now, format!("complaint: {words}"));
            let evidence = format!("{words}; mail {}", mail.id);
            add(trees, writes, &mail.recipient, SuppressionReason::Complaint, evidence, now).map(drop)
        }
        Verdict::Nothing { .. } => Ok(()),
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

/// A mail that was taken has come back; one that was not yet taken goes its own way.
fn end(mail: &mut Mail, now: DateTime<Utc>, words: &str, must_be_known: bool) {
    if mail.state == MailState::Sent {
        mail.come_back(now, words, must_be_known);
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
