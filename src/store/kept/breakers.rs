//! Ways out that are closed, and mails that nobody could be given.

use chrono::{DateTime, Utc};

use super::outbox;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::breaker::Breaker;
use crate::store::boundary::MailTrouble;
use crate::store::error::StoreError;

/// How a channel that is out of reach stands.
pub(in crate::store) fn of(trees: &Trees, channel: &str) -> Result<Option<Breaker>, StoreError> {
    trees.get(TreeName::Breakers, channel.as_bytes())
}

/// Notes that a channel was found out of reach; gives how it now stands.
pub(in crate::store) fn break_channel(
    trees: &Trees,
    writes: &mut Writes,
    channel: &str,
    reason: String,
    now: DateTime<Utc>,
) -> Result<Breaker, StoreError> {
    let breaker = Breaker::after(of(trees, channel)?, channel, reason, now);
    writes.put(trees, TreeName::Breakers, channel.as_bytes(), &breaker)?;
    Ok(breaker)
}

/// Forgets how the channels of these names stood.
pub(in crate::store) fn mend(
    trees: &Trees,
    writes: &mut Writes,
    is_mended: impl Fn(&str) -> bool,
) -> Result<(), StoreError> {
    for breaker in all(trees)?.iter().filter(|breaker| is_mended(&breaker.channel)) {
        writes.remove(TreeName::Breakers, breaker.channel.as_bytes());
    }
    Ok(())
}

/// Trouble with mail: the channel that is out of reach, and mails that were given up, at most `limit`.
pub(in crate::store) fn trouble(trees: &Trees, limit: usize) -> Result<MailTrouble, StoreError> {
    let undelivered = trees.tree(TreeName::Undelivered).iter().keys();
    let mails = undelivered.map(|key| outbox::listed(trees, &key?)).filter_map(Result::transpose);
    let undelivered = mails.take(limit).map(|stored| Ok(stored?.mail)).collect::<Result<_, StoreError>>()?;
    Ok(MailTrouble { breaker: all(trees)?.into_iter().next(), undelivered })
}

fn all(trees: &Trees) -> Result<Vec<Breaker>, StoreError> {
    trees.all_with(TreeName::Breakers, &[])
}
