//! What an operator, the clock and a change of subscriptions do to mails that wait.

use chrono::{DateTime, Utc};

use super::listing::open;
use super::{MailKeys, StoredMail, change, dispatch, keep, listed, stored};
use crate::domain::id::MailId;
use crate::domain::outbox::{Mail, QueuedMail};
use crate::store::boundary::MailAction;
use crate::store::error::StoreError;
use crate::store::kept::trees::{TreeName, Trees};
use crate::store::kept::writes::Writes;
use crate::store::steps::mails;

/// What an operator does to a mail; gives the mail as it now stands, and whether it could be done.
pub(in crate::store) fn handle(
    trees: &Trees,
    writes: &mut Writes,
    id: &MailId,
    deed: MailAction,
    now: DateTime<Utc>,
) -> Result<(Mail, bool), StoreError> {
    let mut is_done = false;
    let mail = change(trees, writes, id, |_, mail| {
        is_done = mails::handle(mail, deed, now);
        Ok(())
    })?;
    let not_found = || StoreError::NotFound { what: TreeName::Mails.what(), id: id.to_string() };
    Ok((mail.ok_or_else(not_found)?, is_done))
}

/// Puts one mail, or every one that waits or was given up, back to the head of the queue; tells how many.
pub(in crate::store) fn retry(
    trees: &Trees,
    writes: &mut Writes,
    id: Option<&MailId>,
    now: DateTime<Utc>,
) -> Result<usize, StoreError> {
    let mails: Vec<StoredMail> = match id {
        Some(id) => vec![stored(trees, id.as_str().as_bytes())?],
        None => open(trees)?,
    };
    let mut retried = 0;
    for mut stored in mails {
        let before = MailKeys::of(&stored.mail);
        if stored.mail.retry(now) {
            keep(trees, writes, Some(before), &stored)?;
            retried += 1;
        }
    }
    Ok(retried)
}

/// Has the mails looked at that wait for a moment to come: the clock went back, and nobody knows which of
/// these moments it would have come to.
pub(in crate::store::kept) fn bring_back(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for key in trees.tree(TreeName::Mails).iter().keys() {
        let Some(mut stored) = listed(trees, &key?)? else { continue };
        let before = stored.mail.clone();
        stored.mail.set_back(now);
        if stored.mail != before {
            keep(trees, writes, Some(MailKeys::of(&before)), &stored)?;
        }
    }
    Ok(())
}

/// The mails that are to be composed again.
pub(in crate::store) fn to_compose_again(trees: &Trees) -> Result<Vec<Mail>, StoreError> {
    let mut mails = Vec::new();
    for key in trees.tree(TreeName::Anew).iter().keys() {
        mails.extend(listed(trees, &key?)?.map(|stored| stored.mail));
    }
    Ok(mails)
}

/// Puts a mail that was composed again into the outbox, where anything is left to be told.
pub(in crate::store) fn compose_again(
    trees: &Trees,
    writes: &mut Writes,
    replaced: &MailId,
    mail: Option<QueuedMail>,
) -> Result<(), StoreError> {
    writes.remove(TreeName::Anew, replaced.as_str().as_bytes());
    dispatch(trees, writes, &[], mail.map(QueuedMail::despite_bounces).into_iter().collect())
}
