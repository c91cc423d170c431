//! The mail that takes an earlier one back.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::Composer;
use crate::domain::change::Change;
use crate::domain::id::MailId;
use crate::domain::mail_kind::MailKind;
use crate::domain::outbox::{Basis, Mail, QueuedMail};
use crate::domain::retraction::Retraction;
use crate::domain::topic::Topic;
use crate::mail::{Draft, DraftError, MailPurpose};
use crate::render::{self, Withdrawal};

impl Composer {
    /// The mail that takes an earlier one back, in the same thread. One that cannot be made stands in the
    /// outbox as given up, so that somebody tells its reader. `zone` is the reader's.
    pub(in crate::dispatch) fn withdraw(
        &self,
        retraction: &Retraction,
        mail: &Mail,
        changes: &[Change],
        (now, zone): (DateTime<Utc>, Tz),
    ) -> QueuedMail {
        let id = MailId::derive(&["retraction", retraction.id.as_str(), mail.id.as_str()]);
        let made = self.withdrawing(id.clone(), retraction, mail, changes, (now, zone));
        self.made_or_given_up(made, MailKind::Retraction, id, &mail.recipient, now)
    }

    fn withdrawing(
        &self,
        id: MailId,
        retraction: &Retraction,
        mail: &Mail,
        changes: &[Change],
        (now, zone): (DateTime<Utc>, Tz),
    ) -> Result<QueuedMail, DraftError> {
        let rendered = render::retraction(&Withdrawal {
            retraction,
            mail,
            changes: changes.iter().filter(|change| mail.changes.contains(&change.id)).collect(),
            zone,
            now,
            service: self.service(),
        })?;
        self.queued(Draft {
            thread: mail.thread.clone(),
            occasion: MailPurpose::Retraction { of: &mail.message_id },
            basis: Basis::Retraction { topics: retracted_topics(retraction, mail) },
            ..self.draft(id, &mail.recipient, rendered, now)
        })
    }
}

/// The topics as whose changes a mail told what is retracted; none where it does not say.
fn retracted_topics(retraction: &Retraction, mail: &Mail) -> Vec<Topic> {
    let Basis::Alerts { items } = &mail.basis else { return Vec::new() };
    let of = items.iter().filter(|item| retraction.changes.contains(&item.change));
    of.map(|item| item.topic.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}
