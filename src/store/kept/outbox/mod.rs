//! The outbox: mails, their frozen bytes, and when each is due.

mod handling;
mod leasing;
mod listing;
mod pacing;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::id::{AlertId, BodyHash, MailId};
use crate::domain::outbox::{Mail, MailState, QueuedMail};
use crate::store::boundary::{KeptBody, Lease, LeaseToken, PackedMail};
use crate::store::error::StoreError;
use crate::store::kept::bodies::name_of;
use crate::store::kept::trees::{FirstLooks, TreeName, Trees};
use crate::store::kept::writes::{Writes, inline_record};
use crate::store::kept::{indexes, keys, suppression};
use crate::store::record::{shown, undecodable};
use crate::store::steps::mails;

pub(super) use self::handling::bring_back;
pub(in crate::store) use self::handling::{compose_again, handle, retry, to_compose_again};
pub(in crate::store) use self::leasing::{
    MAX_LOOKED_AT, begin, give_back, lease_due, lease_these, reclaim_leases, settle,
};
pub(in crate::store) use self::listing::{find, list, message, next_due, queue, telling, to};
pub(in crate::store) use self::pacing::{SharedPaces, note_domain};

/// A mail as it is kept: its bytes lie among the bodies.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredMail {
    /// How it stands.
    pub(super) mail: Mail,
    /// Names the bytes.
    pub(super) bytes: BodyHash,
    /// Who has a leased mail in hands; of no meaning in any other state. A mail that an older program
    /// leased has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) lease: Option<LeaseToken>,
}

impl StoredMail {
    /// Whether it is in the hands of who has this lease.
    fn is_held_by(&self, lease: &Lease) -> bool {
        self.mail.state == MailState::Leased && self.lease == Some(lease.token)
    }

    /// Whether the sender that it was handed to is gone.
    fn is_abandoned(&self, trees: &Trees, now: DateTime<Utc>) -> Result<bool, StoreError> {
        let is_of_living = match self.lease {
            Some(token) if self.mail.state == MailState::Leased => trees.may_be_alive(token)?,
            _ => false,
        };
        Ok(mails::is_abandoned(&self.mail, is_of_living, now))
    }
}

/// Where mails stand that are due, those that go first before the others.
pub(in crate::store) const DUE: [TreeName; 2] = [TreeName::UrgentDue, TreeName::MailsDue];

/// Puts mails into the outbox and the alerts they tell out of the way. A mail that is there stays
/// as it is, wherever it stands.
pub(in crate::store) fn dispatch(
    trees: &Trees,
    writes: &mut Writes,
    alerts: &[AlertId],
    mails: Vec<QueuedMail>,
) -> Result<(), StoreError> {
    for alert in alerts {
        writes.remove(TreeName::Alerts, alert.as_str().as_bytes());
    }
    queue_packed(trees, writes, mails.into_iter().map(PackedMail::received))
}

/// Makes the record of a packed mail as files of our own have it. The one thread that writes them need not.
pub(in crate::store) fn make_record(packed: &mut PackedMail) {
    let KeptBody::Packed(body) = &packed.body else { return };
    let stored =
        StoredMail { mail: packed.mail.clone(), bytes: BodyHash::from_digest(&body.name), lease: None };
    packed.record = inline_record(&stored);
}

/// Puts mails into the outbox. A mail that is there stays as it is, wherever it stands.
pub(super) fn queue_packed(
    trees: &Trees,
    writes: &mut Writes,
    mails: impl IntoIterator<Item = PackedMail>,
) -> Result<(), StoreError> {
    for PackedMail { mail, body, record } in mails {
        let key = mail.id.as_str().as_bytes();
        // An earlier program made shorter ids of the same parts.
        let is_kept = trees.has_either(TreeName::Mails, [mail.id.as_str(), mail.id.short()])?;
        let is_there = is_kept || writes.has(TreeName::Mails, key);
        if !is_there {
            let name = writes.put_kept(trees, &body)?;
            let mut stored = StoredMail { mail, bytes: BodyHash::from_digest(&name), lease: None };
            let queued_at = stored.mail.queued_at;
            let known = suppression::of(trees, &stored.mail)?;
            if let Some(known) = &known {
                stored.mail.suppress(queued_at, &known.words());
            }
            index(trees, writes, None, &stored.mail)?;
            let id = stored.mail.id.as_str().as_bytes();
            match record.filter(|_| known.is_none()) {
                Some(record) => writes.put_raw(TreeName::Mails, id, record)?,
                None => writes.put(trees, TreeName::Mails, id, &stored)?,
            }
        }
    }
    Ok(())
}

/// Changes one mail; gives it as it now stands, or nothing where there is none.
pub(super) fn change(
    trees: &Trees,
    writes: &mut Writes,
    id: &MailId,
    change: impl FnOnce(&mut Writes, &mut Mail) -> Result<(), StoreError>,
) -> Result<Option<Mail>, StoreError> {
    let Some(mut stored) = trees.get::<StoredMail>(TreeName::Mails, id.as_str().as_bytes())? else {
        return Ok(None);
    };
    let before = stored.mail.clone();
    change(writes, &mut stored.mail)?;
    if stored.mail != before {
        keep(trees, writes, Some(MailKeys::of(&before)), &stored)?;
    }
    Ok(Some(stored.mail))
}

/// Forgets a mail with its bytes, in which stands a Message-ID that no other mail has. `due` is when it was due as it
/// is kept.
pub(super) fn forget(
    trees: &Trees,
    writes: &mut Writes,
    stored: &StoredMail,
    due: DateTime<Utc>,
) -> Result<(), StoreError> {
    let id = stored.mail.id.as_str();
    writes.remove_own(trees, TreeName::Mails, id.as_bytes())?;
    if let Ok(name) = name_of(&stored.bytes) {
        trees.remove_body(&name, writes)?;
    }
    writes.remove(TreeName::Undelivered, id.as_bytes());
    writes.remove(TreeName::Anew, id.as_bytes());
    for tree in DUE {
        writes.remove(tree, &keys::at(due, id));
    }
    indexes::rewrite(writes, &indexes::of_mail(&stored.mail), &[])
}

/// What each step on a leased mail looks up first.
pub(in crate::store) fn looks(lease: &Lease) -> FirstLooks {
    [TreeName::Mails, TreeName::Undelivered]
        .map(|tree| (tree, lease.mail.as_str().as_bytes().to_vec()))
        .into()
}

pub(super) fn stored(trees: &Trees, id: &[u8]) -> Result<StoredMail, StoreError> {
    trees
        .get(TreeName::Mails, id)?
        .ok_or_else(|| StoreError::NotFound { what: TreeName::Mails.what(), id: shown(id) })
}

/// A mail that a list leads to; nothing where it cannot be read, which keeps nobody from the others.
pub(super) fn listed(trees: &Trees, id: &[u8]) -> Result<Option<StoredMail>, StoreError> {
    let is_missing =
        || undecodable(TreeName::Mails.what(), id, "a list leads to it and it is not there".to_owned());
    let stored = trees.get(TreeName::Mails, id).and_then(|stored| stored.ok_or_else(is_missing));
    trees.readable(stored)
}

fn bytes(trees: &Trees, stored: &StoredMail) -> Result<Vec<u8>, StoreError> {
    let name = name_of(&stored.bytes)?;
    if let Some(bytes) = trees.body(&name)? {
        return Ok(bytes);
    }
    let is_released = trees.tree(TreeName::Released).contains_key(name)?;
    let reason = if is_released { "retention removed it (store.keep_sent_mails)" } else { "it is not there" };
    Err(StoreError::DamagedBody { hash: stored.bytes.to_string(), reason: reason.to_owned() })
}

/// By what a mail was found until now, of what may change.
#[derive(Debug, Clone, Copy)]
struct MailKeys {
    at: DateTime<Utc>,
    state: MailState,
}

impl MailKeys {
    fn of(mail: &Mail) -> Self {
        Self { at: mail.at, state: mail.state }
    }
}

/// Writes a mail and the places by which it is found; `before` are those until now.
fn keep(
    trees: &Trees,
    writes: &mut Writes,
    before: Option<MailKeys>,
    stored: &StoredMail,
) -> Result<(), StoreError> {
    index(trees, writes, before, &stored.mail)?;
    writes.put(trees, TreeName::Mails, stored.mail.id.as_str().as_bytes(), stored)
}

/// Writes the places by which a mail is found.
fn index(
    trees: &Trees,
    writes: &mut Writes,
    before: Option<MailKeys>,
    mail: &Mail,
) -> Result<(), StoreError> {
    let id = mail.id.as_str();
    let due = if mail.is_urgent { TreeName::UrgentDue } else { TreeName::MailsDue };
    match before {
        None => indexes::rewrite(writes, &[], &indexes::of_mail(mail))?,
        Some(before) => {
            writes.remove(due, &keys::at(before.at, id));
            let former = indexes::aside(mail, before.state);
            indexes::rewrite(writes, former.as_slice(), indexes::aside(mail, mail.state).as_slice())?;
        }
    }
    if mail.is_under_way() {
        writes.put_raw(due, &keys::at(mail.at, id), Vec::new())?;
    }
    if mail.is_undelivered {
        writes.put_raw(TreeName::Undelivered, id.as_bytes(), Vec::new())?;
    } else if before.is_some() && trees.tree(TreeName::Undelivered).contains_key(id)? {
        writes.remove(TreeName::Undelivered, id.as_bytes());
    }
    Ok(())
}
