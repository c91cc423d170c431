//! The pace of mail that several workers go by: it stands in the store, and each step that hands mails out reads it, takes
//! from it and writes it. Of two steps that take from the same one the later is done again.

use std::cell::RefCell;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use crate::domain::mail_pace::MailPace;
use crate::domain::outbox::Mail;
use crate::domain::token_bucket::BucketRate;
use crate::settings::Pace;
use crate::store::error::StoreError;
use crate::store::kept::trees::{TreeName, Trees};
use crate::store::kept::writes::Writes;

/// Names the pace of all mail; no domain is called so.
const ALL: &str = "*";

/// The paces that a step takes from.
pub(in crate::store) struct SharedPaces<'a> {
    trees: &'a Trees,
    pace: Pace,
    now: DateTime<Utc>,
    /// As they were found, and as they are by now.
    known: RefCell<BTreeMap<String, (MailPace, MailPace)>>,
    fault: RefCell<Option<StoreError>>,
}

impl<'a> SharedPaces<'a> {
    pub(in crate::store) fn new(trees: &'a Trees, pace: Pace, now: DateTime<Utc>) -> Self {
        Self { trees, pace, now, known: RefCell::default(), fault: RefCell::default() }
    }

    fn with<T>(&self, name: &str, take: impl FnOnce(&mut MailPace) -> T) -> Result<T, StoreError> {
        let mut known = self.known.borrow_mut();
        if !known.contains_key(name) {
            let kept: Option<MailPace> = self.trees.get(TreeName::Paces, name.as_bytes())?;
            let pace = kept.unwrap_or_default();
            known.insert(name.to_owned(), (pace, pace));
        }
        let (_, pace) = known.entry(name.to_owned()).or_default();
        Ok(take(pace))
    }

    /// How many of so many mails may go now.
    pub(in crate::store) fn admits(&self, wanted: usize) -> Result<usize, StoreError> {
        let Some(rate) = self.pace.rate_per_minute.map(BucketRate::per_minute) else { return Ok(wanted) };
        self.with(ALL, |pace| pace.admits(rate, wanted, self.now))
    }

    /// Whether a mail may go now, or until when it has to wait.
    ///
    /// # Errors
    /// Until when. What the database says is told by [`Self::keep`].
    pub(in crate::store) fn may_go(&self, mail: &Mail) -> Result<(), DateTime<Utc>> {
        let rate = self.pace.domain_rate_per_minute.map(BucketRate::per_minute);
        match self.with(mail.recipient.domain(), |pace| pace.may_go(rate, self.now)) {
            Ok(answer) => answer,
            Err(error) => {
                self.fault.borrow_mut().get_or_insert(error);
                Err(self.now)
            }
        }
    }

    /// Writes what was taken, with so many mails that were handed out.
    pub(in crate::store) fn keep(self, writes: &mut Writes, mails: usize) -> Result<(), StoreError> {
        if let Some(error) = self.fault.take() {
            return Err(error);
        }
        if let Some(rate) = self.pace.rate_per_minute.map(BucketRate::per_minute).filter(|_| mails > 0) {
            self.with(ALL, |pace| pace.count(rate, mails, self.now))?;
        }
        for (name, (before, pace)) in self.known.into_inner() {
            if pace != before {
                writes.put(self.trees, TreeName::Paces, name.as_bytes(), &pace)?;
            }
        }
        Ok(())
    }
}

/// Notes whether a domain takes nothing more for now, or took a mail again.
pub(in crate::store) fn note_domain(
    trees: &Trees,
    writes: &mut Writes,
    domain: &str,
    is_busy: bool,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let kept: Option<MailPace> = trees.get(TreeName::Paces, domain.as_bytes())?;
    let before = kept.unwrap_or_default();
    let mut pace = before;
    if is_busy {
        pace.busy(now);
    } else {
        pace.took();
    }
    if pace == before { Ok(()) } else { writes.put(trees, TreeName::Paces, domain.as_bytes(), &pace) }
}
