//! The outbox: mails, their frozen bytes, and when each is due.

use std::ops::Bound;

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::bodies::name_of;
use super::keys;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::id::{AlertId, BodyHash, MailId};
use crate::domain::outbox::{Mail, MailState, Outcome};
use crate::store::{LeasedMail, QueuedMail, StoreError};

/// A mail as it is kept: its bytes lie among the bodies.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredMail {
    mail: Mail,
    /// Names the bytes.
    pub(super) bytes: BodyHash,
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
        let is_there = trees.tree(TreeName::Mails).contains_key(key)? || writes.has(TreeName::Mails, key);
        if !is_there {
            writes.put_body(trees, &bytes)?;
            keep(trees, writes, None, &StoredMail { mail, bytes: BodyHash::of(&bytes) })?;
        }
    }
    Ok(())
}

/// Hands out what is due, the longest due first. A lease that nobody settled in time is taken back
/// as in doubt, not handed out at once.
pub(in crate::store) fn lease_due(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
    limit: usize,
    lasting: Duration,
) -> Result<Vec<LeasedMail>, StoreError> {
    let mut leased = Vec::new();
    for key in trees.tree(TreeName::MailsDue).iter().keys() {
        let key = key?;
        if leased.len() >= limit || keys::moment_of(&key).is_some_and(|due| due > now) {
            break;
        }
        let mut stored = stored(trees, keys::id_of(&key))?;
        let before = stored.mail.at;
        if stored.mail.is_due(now) {
            match bytes(trees, &stored) {
                Ok(bytes) => {
                    stored.mail.lease(now, lasting);
                    leased.push(LeasedMail { mail: stored.mail.clone(), bytes });
                }
                // One damaged mail must not hold up all the others; it is kept as given up.
                Err(error @ StoreError::DamagedBody { .. }) => {
                    tracing::error!(mail.id = %stored.mail.id, %error, "mail given up");
                    stored.mail.settle(Outcome::Failed { reason: error.to_string() }, now, 0.0);
                }
                Err(error) => return Err(error),
            }
        } else if stored.mail.state == MailState::Leased && stored.mail.at <= now {
            stored.mail.reclaim(now, false);
        } else {
            continue;
        }
        keep(trees, writes, Some(before), &stored)?;
    }
    Ok(leased)
}

/// Notes how an attempt went; gives the mail as it now stands. A mail that was settled stays so.
pub(in crate::store) fn settle(
    trees: &Trees,
    writes: &mut Writes,
    id: &MailId,
    outcome: Outcome,
    now: DateTime<Utc>,
    jitter: f64,
) -> Result<Mail, StoreError> {
    let mut stored = stored(trees, id.as_str().as_bytes())?;
    if !stored.mail.is_settled() {
        let before = stored.mail.at;
        stored.mail.settle(outcome, now, jitter);
        keep(trees, writes, Some(before), &stored)?;
    }
    Ok(stored.mail)
}

/// Keeps back a mail that told what is not so. Who has it in hands, or had it, keeps it.
pub(super) fn retract(
    trees: &Trees,
    writes: &mut Writes,
    id: &MailId,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let mut stored = stored(trees, id.as_str().as_bytes())?;
    if !matches!(stored.mail.state, MailState::Leased | MailState::Sent) {
        let before = stored.mail.at;
        stored.mail.retract(now);
        keep(trees, writes, Some(before), &stored)?;
    }
    Ok(())
}

/// The next mails in the order of their ids, after one of them or from the first, at most `limit`.
pub(in crate::store) fn after(
    trees: &Trees,
    id: Option<&MailId>,
    limit: usize,
) -> Result<Vec<Mail>, StoreError> {
    let start = id.map_or(Bound::Unbounded, |id| Bound::Excluded(id.as_str().as_bytes()));
    let pairs = trees.tree(TreeName::Mails).range::<&[u8], _>((start, Bound::Unbounded));
    let mails = pairs.take(limit).map(|pair| {
        let (key, bytes) = pair?;
        Ok(trees.decode::<StoredMail>(TreeName::Mails, &key, &bytes)?.mail)
    });
    mails.collect()
}

/// Takes every leased mail back; tells how many.
pub(in crate::store) fn reclaim_leases(
    trees: &Trees,
    writes: &mut Writes,
    now: DateTime<Utc>,
    delivery_is_idempotent: bool,
) -> Result<usize, StoreError> {
    let mut reclaimed = 0;
    for key in trees.tree(TreeName::MailsDue).iter().keys() {
        let mut stored = stored(trees, keys::id_of(&key?))?;
        if stored.mail.state == MailState::Leased {
            let before = stored.mail.at;
            stored.mail.reclaim(now, delivery_is_idempotent);
            keep(trees, writes, Some(before), &stored)?;
            reclaimed += 1;
        }
    }
    Ok(reclaimed)
}

/// When the next mail falls due, or the next lease ends.
pub(in crate::store) fn next_due(trees: &Trees) -> Result<Option<DateTime<Utc>>, StoreError> {
    match trees.tree(TreeName::MailsDue).first()? {
        Some((key, _)) => Ok(Some(stored(trees, keys::id_of(&key))?.mail.at)),
        None => Ok(None),
    }
}

/// The mails in one state or in any, the newest first.
pub(in crate::store) fn list(
    trees: &Trees,
    state: Option<MailState>,
    limit: usize,
) -> Result<Vec<Mail>, StoreError> {
    let stored: Vec<StoredMail> = trees.all_with(TreeName::Mails, &[])?;
    let mut mails: Vec<Mail> = stored.into_iter().map(|stored| stored.mail).collect();
    mails.retain(|mail| state.is_none_or(|state| state == mail.state));
    mails.sort_by(|a, b| b.queued_at.cmp(&a.queued_at).then_with(|| a.recipient.cmp(&b.recipient)));
    mails.truncate(limit);
    Ok(mails)
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
        None => trees.all_with(TreeName::Mails, &[])?,
    };
    let mut retried = 0;
    for mut stored in mails {
        let before = stored.mail.at;
        if stored.mail.retry(now) {
            keep(trees, writes, Some(before), &stored)?;
            retried += 1;
        }
    }
    Ok(retried)
}

fn stored(trees: &Trees, id: &[u8]) -> Result<StoredMail, StoreError> {
    trees
        .get(TreeName::Mails, id)?
        .ok_or_else(|| StoreError::NotFound { what: TreeName::Mails.what(), id: super::trees::shown(id) })
}

fn bytes(trees: &Trees, stored: &StoredMail) -> Result<Vec<u8>, StoreError> {
    trees.body(&name_of(&stored.bytes)?)?.ok_or_else(|| StoreError::DamagedBody {
        hash: stored.bytes.to_string(),
        reason: "it is not there".to_owned(),
    })
}

/// Writes a mail and its place among those that are due; `before` is when it was due until now.
fn keep(
    trees: &Trees,
    writes: &mut Writes,
    before: Option<DateTime<Utc>>,
    stored: &StoredMail,
) -> Result<(), StoreError> {
    let id = stored.mail.id.as_str();
    if let Some(before) = before {
        writes.remove(TreeName::MailsDue, &keys::at(before, id));
    }
    if !stored.mail.is_settled() {
        writes.put_raw(TreeName::MailsDue, &keys::at(stored.mail.at, id), Vec::new())?;
    }
    writes.put(trees, TreeName::Mails, id.as_bytes(), stored)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sled::opening;

    fn queued(id: &str) -> QueuedMail {
        let mail = Mail {
            id: MailId::from_text(id),
            recipient: "ann@example.org".parse().unwrap(),
            subject: String::new(),
            message_id: format!("{id}@tracker.example"),
            changes: Vec::new(),
            queued_at: DateTime::UNIX_EPOCH,
            state: MailState::Queued,
            at: DateTime::UNIX_EPOCH,
            attempts: 0,
            in_doubt: 0,
            last_error: None,
        };
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
        let leased = step(&trees, |writes| lease_due(&trees, writes, now, 10, Duration::hours(1)));
        assert_eq!(leased.iter().map(|leased| leased.mail.id.as_str()).collect::<Vec<_>>(), ["b"]);
        let damaged = find(&trees, "a").unwrap();
        assert_eq!(damaged.state, MailState::Failed);
        assert!(damaged.last_error.unwrap().contains("is not there"));
    }
}
