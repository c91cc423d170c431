//! Forgetting a person: everything that names them goes, the bytes of their mails included, but for a keyed hash that
//! keeps them from being written to again.

use chrono::{DateTime, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{events, indexes, keys, outbox, screenings, subscribers, suppression};
use crate::domain::email::EmailAddress;
use crate::domain::inbound::Correspondence;
use crate::domain::outbox::MailState;
use crate::domain::suppression::SuppressionReason;
use crate::store::boundary::Erased;
use crate::store::error::StoreError;

/// Gathers the end of all that names an address; gives what there was of it. A mail that is just being
/// sent is left to whoever sends it, told, and forgotten when its sender is done with it.
pub(in crate::store) fn erase(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
    now: DateTime<Utc>,
) -> Result<Erased, StoreError> {
    let key = address.key().as_bytes();
    let subscriptions = subscribers::get(trees, address)?.map_or(0, |known| known.subscriptions.len());
    let correspondence: Option<Correspondence> = trees.get(TreeName::Correspondence, key)?;
    for asked in correspondence.iter().flat_map(|known| &known.asked) {
        writes.remove(TreeName::Tokens, asked.token.as_str().as_bytes());
    }
    forget_links(trees, writes, address)?;
    for list in screenings::all(trees)?.into_iter().filter(|list| list.owner == *address) {
        writes.remove_own(trees, TreeName::Screenings, list.id.as_str().as_bytes())?;
    }
    if let Some(known) = subscribers::get(trees, address)? {
        indexes::rewrite(writes, &indexes::of_subscriber(&known), &[])?;
    }
    writes.remove_own(trees, TreeName::Subscribers, key)?;
    writes.remove_own(trees, TreeName::Correspondence, key)?;
    writes.remove(TreeName::AskAgain, key);
    forget_waiting(trees, writes, address)?;
    events::forget(trees, writes, address)?;
    let (mails, under_way) = forget_mails(trees, writes, address)?;
    if subscriptions > 0 || correspondence.is_some() || mails > 0 {
        suppression::add(trees, writes, address, SuppressionReason::Erased, String::new(), now)?;
    }
    Ok(Erased { subscriptions, mails, under_way })
}

/// Every way from a link to them: of each spelling of the address that was ever theirs.
fn forget_links(trees: &Trees, writes: &mut Writes, address: &EmailAddress) -> Result<(), StoreError> {
    for pair in trees.tree(TreeName::SubscriberKeys) {
        let (key, _) = pair?;
        if trees.get::<EmailAddress>(TreeName::SubscriberKeys, &key)?.as_ref() == Some(address) {
            writes.remove(TreeName::SubscriberKeys, &key);
        }
    }
    Ok(())
}

fn forget_waiting(trees: &Trees, writes: &mut Writes, address: &EmailAddress) -> Result<(), StoreError> {
    for item in trees.tree(TreeName::Items).scan_prefix(keys::items_of(address.key())).keys() {
        writes.remove(TreeName::Items, &item?);
    }
    for look in trees.tree(TreeName::Looks).iter().keys() {
        let look = look?;
        if keys::id_of(&look) == address.key().as_bytes() {
            writes.remove(TreeName::Looks, &look);
        }
    }
    Ok(())
}

/// The mails to an address, and how many of them are just being sent.
fn forget_mails(
    trees: &Trees,
    writes: &mut Writes,
    address: &EmailAddress,
) -> Result<(usize, usize), StoreError> {
    let (mut forgotten, mut under_way) = (0, 0);
    let prefix = keys::items_of(address.key());
    for key in trees.tree(TreeName::MailsTo).scan_prefix(&prefix).keys() {
        let Some(stored) = outbox::listed(trees, &key?[prefix.len()..])? else { continue };
        if stored.mail.state == MailState::Leased {
            under_way += 1;
            continue;
        }
        outbox::forget(trees, writes, &stored, stored.mail.at)?;
        forgotten += 1;
    }
    Ok((forgotten, under_way))
}
