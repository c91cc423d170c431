//! Mails held against the subscriptions of now, by the step that takes them further.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use super::{inbox, keys, screenings, subscribers, suppression};
use crate::domain::alert::AlertItem;
use crate::domain::change::Change;
use crate::domain::consent::{ConsentVerdict, RecipientFacts, wanted};
use crate::domain::email::EmailAddress;
use crate::domain::id::ChangeId;
use crate::domain::outbox::{Basis, Mail};
use crate::domain::subscription::Subscriber;
use crate::store::error::StoreError;
use crate::store::steps::mails::{self, Aftermath, Anew, AttestedFrom, MailFate};

/// A mail to somebody whose record cannot be read is looked at again after this.
const LOOK_AGAIN: Duration = Duration::hours(1);

/// Whether nothing can end a mail's being wanted.
fn is_unbound(mail: &Mail) -> bool {
    mail.basis == Basis::None && mail.changes.is_empty()
}

/// Looks at the mails of one step. Most tell the same few changes.
#[derive(Debug)]
pub(super) struct ConsentCheck<'a> {
    trees: &'a Trees,
    changes: HashMap<ChangeId, Option<Change>>,
    /// By reader, from when on silence is attested again.
    attested_from: AttestedFrom,
    now: DateTime<Utc>,
}

impl<'a> ConsentCheck<'a> {
    pub(super) fn new(trees: &'a Trees, now: DateTime<Utc>) -> Self {
        Self { trees, changes: HashMap::new(), attested_from: AttestedFrom::default(), now }
    }

    /// Whether a mail is wanted, by the subscription of now.
    pub(super) fn of(&mut self, mail: &Mail) -> Result<ConsentVerdict, StoreError> {
        if is_unbound(mail) {
            return Ok(ConsentVerdict::Whole);
        }
        // Whose record cannot be read is sent nothing meanwhile, and keeps nobody else waiting.
        match self.trees.readable(subscribers::get(self.trees, &mail.recipient))? {
            Some(reader) => self.of_reader(mail, reader.as_ref()),
            None => Ok(ConsentVerdict::Later(self.now + LOOK_AGAIN)),
        }
    }

    /// The same, where its recipient was looked up.
    pub(super) fn of_reader(
        &mut self,
        mail: &Mail,
        reader: Option<&Subscriber>,
    ) -> Result<ConsentVerdict, StoreError> {
        if is_unbound(mail) {
            return Ok(ConsentVerdict::Whole);
        }
        for id in &mail.changes {
            if !self.changes.contains_key(id) {
                let change = self.trees.get(TreeName::Changes, id.as_str().as_bytes());
                self.changes.insert(id.clone(), self.trees.readable(change)?.flatten());
            }
        }
        let is_asked = match &mail.basis {
            Basis::Question { token } => inbox::is_open(self.trees, token, self.now)?,
            _ => false,
        };
        let is_screened = match &mail.basis {
            Basis::Screening { list } => screenings::is_wanted(self.trees, list, &mail.recipient)?,
            _ => false,
        };
        let facts = RecipientFacts { reader, is_asked, is_screened, now: self.now };
        Ok(wanted(mail, facts, |id| self.changes.get(id).and_then(Option::as_ref)))
    }

    /// Has a mail that is about to be taken further end or wait, where it is to do either, with what follows from that.
    pub(super) fn decide(&mut self, writes: &mut Writes, mail: &mut Mail) -> Result<MailFate, StoreError> {
        let fate = if let Some(known) = suppression::of(self.trees, mail)? {
            let is_erased = suppression::is_erased(self.trees, &mail.recipient)?;
            mails::suppressed(mail, &known, is_erased, self.now)
        } else {
            let said = self.of(mail)?;
            mails::wanted(mail, said, self.now)
        };
        if let MailFate::Stays(Aftermath { items, anew }) = &fate {
            self.have_made_again(writes, mail, *anew)?;
            put_back(self.trees, writes, &mail.recipient, items, self.now)?;
        }
        Ok(fate)
    }

    fn have_made_again(
        &mut self,
        writes: &mut Writes,
        mail: &Mail,
        anew: Option<Anew>,
    ) -> Result<(), StoreError> {
        match anew {
            // One step may take back several; what it writes is not yet there to be read.
            Some(Anew::AttestedFrom(since)) => {
                let from = self.attested_from.earliest(&mail.recipient, since);
                subscribers::attest_again(self.trees, writes, &mail.recipient, from, self.now)
            }
            Some(Anew::Composed) => writes.put_raw(TreeName::Anew, mail.id.as_str().as_bytes(), Vec::new()),
            None => Ok(()),
        }
    }
}

/// Has items wait for their reader again.
fn put_back(
    trees: &Trees,
    writes: &mut Writes,
    reader: &EmailAddress,
    items: &[AlertItem],
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    for item in items {
        let key = keys::item(reader.key(), item.alert.as_str());
        writes.put(trees, TreeName::Items, &key, item)?;
    }
    if !items.is_empty() {
        writes.put_raw(TreeName::Looks, &keys::at(now, reader.key()), Vec::new())?;
    }
    Ok(())
}
