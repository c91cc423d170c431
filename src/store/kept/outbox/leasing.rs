//! Mails in the hands of their senders: handing them out, and what becomes of them there.

use chrono::{DateTime, Duration, Utc};

use super::{DUE, MailKeys, StoredMail, bytes, forget, keep, listed, stored};
use crate::domain::outbox::{Doubt, Mail, Outcome};
use crate::store::boundary::{Lease, LeasedMail};
use crate::store::error::StoreError;
use crate::store::kept::consent::ConsentCheck;
use crate::store::kept::trees::{TreeName, Trees};
use crate::store::kept::writes::Writes;
use crate::store::kept::{keys, suppression};
use crate::store::steps::mails::{Due, MailFate};
use crate::store::steps::{bounces, mails};

/// Of the mails that are due, so many are looked at in one step: others write, too.
pub(in crate::store) const MAX_LOOKED_AT: usize = 2_000;

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
    let consent = ConsentCheck::new(trees, now);
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

/// Hands out of these mails what is due and may go, as [`lease_due`] does; what is left when there are enough is as it
/// was.
pub(in crate::store) fn lease_these(
    trees: &Trees,
    writes: &mut Writes,
    due: &[Vec<u8>],
    now: DateTime<Utc>,
    limit: usize,
    (lasting, doubt): (Duration, Doubt),
    may_go: impl FnMut(&Mail) -> Result<(), DateTime<Utc>>,
) -> Result<Vec<LeasedMail>, StoreError> {
    let consent = ConsentCheck::new(trees, now);
    let mut leasing = Leasing { trees, consent, now, lasting, doubt, may_go, leased: Vec::new() };
    for key in due {
        if leasing.leased.len() >= limit {
            break;
        }
        leasing.look_at(writes, keys::id_of(key))?;
    }
    Ok(leasing.leased)
}

/// A step that hands mails out.
struct Leasing<'a, F> {
    trees: &'a Trees,
    consent: ConsentCheck<'a>,
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
        let before = MailKeys::of(&stored.mail);
        match mails::due(&stored.mail, self.now) {
            Due::HandOut => match self.consent.decide(writes, &mut stored.mail)? {
                MailFate::Goes => self.lease(&mut stored)?,
                MailFate::Stays(_) => {}
                MailFate::Forgotten => return forget(self.trees, writes, &stored, before.at),
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
    let before = MailKeys::of(&stored.mail);
    if !stored.is_held_by(lease) || !stored.mail.is_ahead {
        return Ok(false);
    }
    let fate = ConsentCheck::new(trees, now).decide(writes, &mut stored.mail)?;
    match &fate {
        MailFate::Goes => drop(stored.mail.begin()),
        MailFate::Stays(_) => {}
        MailFate::Forgotten => {
            forget(trees, writes, &stored, before.at)?;
            return Ok(false);
        }
    }
    keep(trees, writes, Some(before), &stored)?;
    Ok(fate == MailFate::Goes)
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
    let before = MailKeys::of(&stored.mail);
    let is_counted = bounces::is_counted(&outcome);
    let bounces = if is_counted { suppression::soft_bounces(trees, &stored.mail.recipient)? } else { None };
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
        let before = MailKeys::of(&stored.mail);
        stored.mail.give_back(now);
        keep(trees, writes, Some(before), &stored)?;
    }
    Ok(())
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
        if stored.is_abandoned(trees, now)? {
            let before = MailKeys::of(&stored.mail);
            stored.mail.reclaim(now, doubt);
            keep(trees, writes, Some(before), &stored)?;
            reclaimed += 1;
        }
    }
    Ok(reclaimed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::{BodyHash, MailId};
    use crate::domain::outbox::{MailState, QueuedMail};
    use crate::store::boundary::PackedMail;
    use crate::store::kept::bodies::name_of;
    use crate::store::kept::opening;
    use crate::store::kept::outbox::{dispatch, find, queue_packed};

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
    fn a_mail_is_kept_alike_whoever_packed_it() {
        let kept = |queue: &dyn Fn(&Trees, &mut Writes) -> Result<(), StoreError>| {
            let state = tempfile::tempdir().unwrap();
            let trees = opening::open(state.path()).unwrap();
            step(&trees, |writes| queue(&trees, writes));
            let stored = trees.get::<StoredMail>(TreeName::Mails, b"a").unwrap().unwrap();
            let frame = trees.frame(&name_of(&stored.bytes).unwrap()).unwrap();
            (stored.mail.clone(), bytes(&trees, &stored).unwrap(), frame)
        };
        let packed = PackedMail::of(queued("a"));
        let by_store = kept(&|trees, writes| dispatch(trees, writes, &[], vec![queued("a")]));
        assert_eq!(kept(&|trees, writes| queue_packed(trees, writes, vec![packed.clone()])), by_store);
        assert_eq!(by_store.1, queued("a").bytes);
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
