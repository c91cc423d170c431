//! Finding mails: by what they tell, by state, by time, and when the next is due.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use super::{DUE, StoredMail, bytes, listed, stored};
use crate::domain::email::EmailAddress;
use crate::domain::id::{ChangeId, MailId};
use crate::domain::outbox::{Mail, MailState};
use crate::store::boundary::{MailListing, OpenMails};
use crate::store::error::StoreError;
use crate::store::kept::trees::{RecordIter, TreeName, Trees};
use crate::store::kept::{indexes, keys};

/// The next mails that tell one of these changes, in the order of their ids, after one of them or from the first, at
/// most `limit`.
pub(in crate::store) fn telling(
    trees: &Trees,
    changes: &[ChangeId],
    id: Option<&MailId>,
    limit: usize,
) -> Result<MailListing, StoreError> {
    let names: Vec<&str> = changes.iter().map(ChangeId::as_str).collect();
    let keys = indexes::merged(trees, TreeName::MailsTelling, &names, id.map(MailId::as_str), limit)?;
    let mut mails = Vec::with_capacity(keys.len());
    for key in &keys {
        mails.extend(listed(trees, key)?.map(|stored| stored.mail));
    }
    // Fewer than wanted are the last ones, whether they can be read or not.
    let last = keys.last().filter(|_| keys.len() == limit);
    Ok(MailListing { mails, reached: last.map(|key| MailId::from_text(&String::from_utf8_lossy(key))) })
}

/// When the next mail falls due, or the next lease ends.
pub(in crate::store) fn next_due(trees: &Trees) -> Result<Option<DateTime<Utc>>, StoreError> {
    let mut next = None;
    for tree in DUE {
        for key in trees.tree(tree).iter().keys() {
            if let Some(stored) = listed(trees, keys::id_of(&key?))? {
                next = next.into_iter().chain([stored.mail.at]).min();
                break;
            }
        }
    }
    Ok(next)
}

/// How many mails wait, since when, and how many were given up.
pub(in crate::store) fn queue(trees: &Trees) -> Result<OpenMails, StoreError> {
    let mut queue = OpenMails { attention: trees.tree(TreeName::Undelivered).len()?, ..OpenMails::default() };
    for key in DUE.iter().flat_map(|tree| trees.tree(*tree).iter().keys()) {
        let Some(stored) = listed(trees, keys::id_of(&key?))? else { continue };
        queue.waiting += 1;
        queue.oldest = queue.oldest.into_iter().chain([stored.mail.queued_at]).min();
    }
    Ok(queue)
}

/// Every mail to an address, the newest first.
pub(in crate::store) fn to(trees: &Trees, address: &EmailAddress) -> Result<Vec<Mail>, StoreError> {
    let prefix = keys::items_of(address.key());
    let mut mails = Vec::new();
    for key in trees.tree(TreeName::MailsTo).scan_prefix(&prefix).keys() {
        mails.extend(listed(trees, &key?[prefix.len()..])?.map(|stored| stored.mail));
    }
    mails.sort_by(|a, b| b.queued_at.cmp(&a.queued_at).then_with(|| a.id.cmp(&b.id)));
    Ok(mails)
}

/// The mails in one state or in any, the newest first.
pub(in crate::store) fn list(
    trees: &Trees,
    state: Option<MailState>,
    limit: usize,
) -> Result<Vec<Mail>, StoreError> {
    let mut mails = match state {
        None => newest(trees, trees.tree(TreeName::MailsByTime).iter(), 0, limit, |_| true)?,
        Some(MailState::Sent) => {
            let is_sent = |mail: &Mail| mail.state == MailState::Sent;
            newest(trees, trees.tree(TreeName::MailsByTime).iter(), 0, limit, is_sent)?
        }
        Some(state @ (MailState::Queued | MailState::Leased | MailState::Deferred)) => {
            let under_way = ids_under_way(trees)?.into_iter().map(|id| listed(trees, &id));
            let mails = under_way.filter_map(Result::transpose).map(|stored| Ok(stored?.mail));
            let mails = mails.collect::<Result<Vec<Mail>, StoreError>>()?;
            mails.into_iter().filter(|mail| mail.state == state).collect()
        }
        Some(state) => {
            let prefix = keys::items_of(&state.to_string());
            let of_state = trees.tree(TreeName::MailsAside).scan_prefix(&prefix);
            newest(trees, of_state, prefix.len(), limit, |_| true)?
        }
    };
    mails.sort_by(|a, b| b.queued_at.cmp(&a.queued_at).then_with(|| a.recipient.cmp(&b.recipient)));
    mails.truncate(limit);
    Ok(mails)
}

/// The newest mails of a range of keys that are a moment and an id, behind a name of that length; with them all that
/// were queued in the same millisecond as the last of them.
fn newest(
    trees: &Trees,
    range: RecordIter<'_>,
    name_length: usize,
    limit: usize,
    is_wanted: impl Fn(&Mail) -> bool,
) -> Result<Vec<Mail>, StoreError> {
    let (mut mails, mut last) = (Vec::new(), None);
    for pair in range.rev() {
        let (key, _) = pair?;
        let place = key.get(name_length..).unwrap_or_default();
        let moment = keys::moment_of(place);
        if mails.len() >= limit && moment != last {
            break;
        }
        if let Some(stored) = listed(trees, keys::id_of(place))?.filter(|stored| is_wanted(&stored.mail)) {
            last = moment;
            mails.push(stored.mail);
        }
    }
    Ok(mails)
}

fn ids_under_way(trees: &Trees) -> Result<Vec<Vec<u8>>, StoreError> {
    let keys = DUE.iter().flat_map(|tree| trees.tree(*tree).iter().keys());
    keys.map(|key| Ok(keys::id_of(&key?).to_vec())).collect()
}

/// The mail whose id begins so.
pub(in crate::store) fn find(trees: &Trees, beginning: &str) -> Result<Mail, StoreError> {
    Ok(trees.only::<StoredMail>(TreeName::Mails, beginning)?.mail)
}

/// The mails that wait, were given up, or failed.
pub(super) fn open(trees: &Trees) -> Result<Vec<StoredMail>, StoreError> {
    let mut ids: BTreeSet<Vec<u8>> = ids_under_way(trees)?.into_iter().collect();
    for key in trees.tree(TreeName::Undelivered).iter().keys() {
        ids.insert(key?.to_vec());
    }
    for state in [MailState::Failed, MailState::Expired] {
        let prefix = keys::items_of(&state.to_string());
        for key in trees.tree(TreeName::MailsAside).scan_prefix(&prefix).keys() {
            ids.insert(keys::id_of(&key?[prefix.len()..]).to_vec());
        }
    }
    let open = ids.iter().map(|id| listed(trees, id)).filter_map(Result::transpose);
    open.collect()
}

/// A mail's frozen bytes.
pub(in crate::store) fn message(trees: &Trees, id: &MailId) -> Result<Vec<u8>, StoreError> {
    bytes(trees, &stored(trees, id.as_str().as_bytes())?)
}
