//! The outbox: mails, their frozen bytes, and when each is due.

use std::collections::BTreeSet;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::bodies::name_of;
use super::consent::Consent;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{indexes, keys, suppression};
use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, BodyHash, ChangeId, MailId};
use crate::domain::outbox::{Doubt, Mail, MailState, Outcome, QueuedMail};
use crate::store::boundary::LeaseToken;
use crate::store::record::{shown, undecodable};
use crate::store::steps::bounces;
use crate::store::steps::mails::{self, Due, Fate};
use crate::store::{Deed, Lease, LeasedMail, Mails, Queue, StoreError};

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
    fn is_abandoned(&self, trees: &Trees, now: DateTime<Utc>) -> bool {
        let is_of_living = self.lease.is_some_and(|token| trees.is_of_this_opening(token));
        mails::is_abandoned(&self.mail, is_of_living, now)
    }
}

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
    for QueuedMail { mail, bytes } in mails {
        let key = mail.id.as_str().as_bytes();
        // An earlier program made shorter ids of the same parts.
        let is_kept = trees.has_either(TreeName::Mails, [mail.id.as_str(), mail.id.short()])?;
        let is_there = is_kept || writes.has(TreeName::Mails, key);
        if !is_there {
            writes.put_body(trees, &bytes)?;
            let mut stored = StoredMail { mail, bytes: BodyHash::of(&bytes), lease: None };
            let queued_at = stored.mail.queued_at;
            if let Some(known) = suppression::of(trees, &stored.mail)? {
                stored.mail.suppress(queued_at, &known.words());
            }
            keep(trees, writes, None, &stored)?;
        }
    }
    Ok(())
}

/// Of the mails that are due, so many are looked at in one step: others write, too.
const MAX_LOOKED_AT: usize = 2_000;

/// Where mails stand that are due, those that go first before the others.
pub(super) const DUE: [TreeName; 2] = [TreeName::UrgentDue, TreeName::MailsDue];

/// Hands out what is due and may go, the longest due first; `may_go` gives the moment until which a
/// mail has to wait. What its recipient does not want any more ends here, and so does what is to go to a
/// suppressed address. A lease that nobody settled in time is taken back, not handed out at once.
pub(in crate::store) fn lease_due(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
    limit: usize,
    (lasting, doubt): (Duration, Doubt),
    may_go: impl FnMut(&Mail) -> Result<(), DateTime<Utc>>,
) -> Result<Vec<LeasedMail>, StoreError> {
    let consent = Consent::new(trees, now);
    let mut leasing = Leasing { trees, consent, now, lasting, doubt, may_go, leased: Vec::new() };
    let mut looked_at = 0;
    for tree in DUE {
        for key in trees.tree(tree).iter().keys() {
            let key = key?;
            let is_later = keys::moment_of(&key).is_some_and(|due| due > now);
            if leasing.leased.len() >= limit || is_later || looked_at >= MAX_LOOKED_AT {
                break;
            }
            looked_at += 1;
            leasing.look_at(writes, keys::id_of(&key))?;
        }
    }
    Ok(leasing.leased)
}

/// A step that hands mails out.
struct Leasing<'a, F> {
    trees: &'a Trees,
    consent: Consent<'a>,
    now: DateTime<Utc>,
    lasting: Duration,
    doubt: Doubt,
    may_go: F,
    leased: Vec<LeasedMail>,
}

impl<F: FnMut(&Mail) -> Result<(), DateTime<Utc>>> Leasing<'_, F> {
    /// Takes one mail further whose moment has come.
    fn look_at(&mut self, writes: &mut Writes, id: &[u8]) -> Result<(), StoreError> {
        let Some(mut stored) = listed(self.trees, id)? else { return Ok(()) };
        let before = Place::of(&stored.mail);
        match mails::due(&stored.mail, self.now) {
            Due::HandOut => match self.consent.decide(writes, &mut stored.mail)? {
                Fate::Goes => self.lease(&mut stored)?,
                Fate::Stays(_) => {}
                Fate::Forgotten => return forget(self.trees, writes, &stored, before.at),
            },
            Due::Reclaim => drop(stored.mail.reclaim(self.now, self.doubt)),
            Due::Nothing => return Ok(()),
        }
        keep(self.trees, writes, Some(before), &stored)
    }

    fn lease(&mut self, stored: &mut StoredMail) -> Result<(), StoreError> {
        if let Err(until) = (self.may_go)(&stored.mail) {
            stored.mail.at = until;
            return Ok(());
        }
        match bytes(self.trees, stored) {
            Ok(bytes) => {
                stored.mail.lease(self.now, self.lasting);
                let token = self.trees.next_lease();
                stored.lease = Some(token);
                let (mail, lease) = (stored.mail.clone(), Lease { mail: stored.mail.id.clone(), token });
                self.leased.push(LeasedMail { mail, bytes, lease });
            }
            // One damaged mail must not hold up all the others; it is kept as given up.
            Err(error @ StoreError::DamagedBody { .. }) => {
                tracing::error!(mail.id = %stored.mail.id, %error, "gave up mail {}: {error}", stored.mail.id);
                mails::damaged(&mut stored.mail, error.to_string(), self.now);
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }
}

/// Notes that the sender of a leased mail hands it over now; tells whether it may: it is still in that
/// sender's hands, and wanted.
pub(in crate::store) fn begin(
    trees: &Trees,
    writes: &mut Writes,
    lease: &Lease,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    let mut stored = stored(trees, lease.mail.as_str().as_bytes())?;
    let before = Place::of(&stored.mail);
    if !stored.is_held_by(lease) || !stored.mail.is_ahead {
        return Ok(false);
    }
    let fate = Consent::new(trees, now).decide(writes, &mut stored.mail)?;
    match &fate {
        Fate::Goes => drop(stored.mail.begin()),
        Fate::Stays(_) => {}
        Fate::Forgotten => {
            forget(trees, writes, &stored, before.at)?;
            return Ok(false);
        }
    }
    keep(trees, writes, Some(before), &stored)?;
    Ok(fate == Fate::Goes)
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

/// Notes how an attempt went, and what it says of the recipient; gives the mail as it now stands.
///
/// # Errors
/// [`StoreError::LeaseLost`] where the mail is not in the hands of who has this lease.
pub(in crate::store) fn settle(
    trees: &Trees,
    writes: &mut Writes,
    lease: &Lease,
    outcome: Outcome,
    now: DateTime<Utc>,
    jitter: f64,
) -> Result<Mail, StoreError> {
    let mut stored = stored(trees, lease.mail.as_str().as_bytes())?;
    if !stored.is_held_by(lease) {
        return Err(StoreError::LeaseLost { mail: stored.mail.id });
    }
    let before = Place::of(&stored.mail);
    let is_counted = bounces::is_counted(&outcome);
    let bounces =
        if is_counted { suppression::soft_bounces(trees, &stored.mail.recipient)? } else { None };
    let consequence = bounces::of_outcome(&outcome, bounces, now);
    suppression::keep(trees, writes, &stored.mail.recipient, consequence, now)?;
    if suppression::is_erased(trees, &stored.mail.recipient)? {
        // It was on its way while its recipient was erased.
        forget(trees, writes, &stored, before.at)?;
        stored.mail.settle(outcome, now, jitter);
        return Ok(stored.mail);
    }
    stored.mail.settle(outcome, now, jitter);
    keep(trees, writes, Some(before), &stored)?;
    Ok(stored.mail)
}

/// The next mails that tell one of these changes, in the order of their ids, after one of them or from the first, at
/// most `limit`.
pub(in crate::store) fn telling(
    trees: &Trees,
    changes: &[ChangeId],
    id: Option<&MailId>,
    limit: usize,
) -> Result<Mails, StoreError> {
    let names: Vec<&str> = changes.iter().map(ChangeId::as_str).collect();
    let keys = indexes::merged(trees, TreeName::MailsTelling, &names, id.map(MailId::as_str), limit)?;
    let mut mails = Vec::with_capacity(keys.len());
    for key in &keys {
        mails.extend(listed(trees, key)?.map(|stored| stored.mail));
    }
    // Fewer than wanted are the last ones, whether they can be read or not.
    let last = keys.last().filter(|_| keys.len() == limit);
    Ok(Mails { mails, reached: last.map(|key| MailId::from_text(&String::from_utf8_lossy(key))) })
}

/// Takes leased mails back that nobody began with. One whose lease ended is another's, or waits again.
pub(in crate::store) fn give_back(
    trees: &Trees,
    writes: &mut Writes,
    leases: &[Lease],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for lease in leases {
        let stored = trees.get::<StoredMail>(TreeName::Mails, lease.mail.as_str().as_bytes())?;
        let Some(mut stored) = stored.filter(|stored| stored.is_held_by(lease)) else { continue };
        let before = Place::of(&stored.mail);
        stored.mail.give_back(now);
        keep(trees, writes, Some(before), &stored)?;
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
        keep(trees, writes, Some(Place::of(&before)), &stored)?;
    }
    Ok(Some(stored.mail))
}

/// What an operator does to a mail; gives the mail as it now stands, and whether it could be done.
pub(in crate::store) fn handle(
    trees: &Trees,
    writes: &mut Writes,
    id: &MailId,
    deed: Deed,
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

/// A mail's frozen bytes.
pub(in crate::store) fn message(trees: &Trees, id: &MailId) -> Result<Vec<u8>, StoreError> {
    bytes(trees, &stored(trees, id.as_str().as_bytes())?)
}

/// Takes every leased mail back whose sender is gone: its process ended, or its lease did; tells how many.
pub(in crate::store) fn reclaim_leases(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
    doubt: Doubt,
) -> Result<usize, StoreError> {
    let mut reclaimed = 0;
    for key in DUE.iter().flat_map(|tree| trees.tree(*tree).iter().keys()) {
        let Some(mut stored) = listed(trees, keys::id_of(&key?))? else { continue };
        if stored.is_abandoned(trees, now) {
            let before = Place::of(&stored.mail);
            stored.mail.reclaim(now, doubt);
            keep(trees, writes, Some(before), &stored)?;
            reclaimed += 1;
        }
    }
    Ok(reclaimed)
}

/// Has the mails looked at that wait for a moment to come: the clock went back, and nobody knows which of
/// these moments it would have come to.
pub(super) fn bring_back(trees: &Trees, writes: &mut Writes, now: DateTime<Utc>) -> Result<(), StoreError> {
    for key in trees.tree(TreeName::Mails).iter().keys() {
        let Some(mut stored) = listed(trees, &key?)? else { continue };
        let before = stored.mail.clone();
        stored.mail.set_back(now);
        if stored.mail != before {
            keep(trees, writes, Some(Place::of(&before)), &stored)?;
        }
    }
    Ok(())
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
pub(in crate::store) fn queue(trees: &Trees) -> Result<Queue, StoreError> {
    let mut queue = Queue { attention: trees.tree(TreeName::Undelivered).len(), ..Queue::default() };
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
    range: sled::Iter,
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
        let before = Place::of(&stored.mail);
        if stored.mail.retry(now) {
            keep(trees, writes, Some(before), &stored)?;
            retried += 1;
        }
    }
    Ok(retried)
}

/// The mails that wait, were given up, or failed.
fn open(trees: &Trees) -> Result<Vec<StoredMail>, StoreError> {
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
    let reason = if is_released { "it was let go of (store.keep_sent_mails)" } else { "it is not there" };
    Err(StoreError::DamagedBody { hash: stored.bytes.to_string(), reason: reason.to_owned() })
}

/// By what a mail was found until now, of what may change.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: DateTime<Utc>,
    state: MailState,
}

impl Place {
    fn of(mail: &Mail) -> Self {
        Self { at: mail.at, state: mail.state }
    }
}

/// Writes a mail and the places by which it is found; `before` are those until now.
fn keep(
    trees: &Trees,
    writes: &mut Writes,
    before: Option<Place>,
    stored: &StoredMail,
) -> Result<(), StoreError> {
    let mail = &stored.mail;
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
    } else if trees.tree(TreeName::Undelivered).contains_key(id)? {
        writes.remove(TreeName::Undelivered, id.as_bytes());
    }
    writes.put(trees, TreeName::Mails, id.as_bytes(), stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sled::opening;

    fn queued(id: &str) -> QueuedMail {
        let recipient = "ann@example.org".parse().unwrap();
        let message_id = format!("{id}@tracker.example");
        let mail = Mail::queued(
            MailId::from_text(id),
            recipient,
            String::new(),
            message_id,
            Vec::new(),
            DateTime::UNIX_EPOCH,
        );
        QueuedMail { mail, bytes: format!("the bytes of {id}").into_bytes() }
    }

    fn step<T>(trees: &Trees, step: impl FnOnce(&mut Writes) -> Result<T, StoreError>) -> T {
        let mut writes = Writes::default();
        let answer = step(&mut writes).unwrap();
        writes.apply(trees).unwrap();
        answer
    }

    #[test]
    fn a_mail_whose_bytes_are_damaged_is_given_up_and_holds_up_no_other() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        step(&trees, |writes| dispatch(&trees, writes, &[], vec![queued("a"), queued("b")]));
        let name = name_of(&BodyHash::of(b"the bytes of a")).unwrap();
        step(&trees, |writes| trees.remove_body(&name, writes));
        let now = DateTime::UNIX_EPOCH;
        let leased = step(&trees, |writes| {
            lease_due(&trees, writes, now, 10, (Duration::hours(1), Doubt::Resend), |_| Ok(()))
        });
        assert_eq!(leased.iter().map(|leased| leased.mail.id.as_str()).collect::<Vec<_>>(), ["b"]);
        let damaged = find(&trees, "a").unwrap();
        assert_eq!(damaged.state, MailState::Dead);
        assert!(damaged.last_error.unwrap().contains("is not there"));
    }
}
