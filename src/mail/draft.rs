//! A mail on its way into the outbox: from words to bytes that are frozen.
//!
//! Whoever has something to tell says what, to whom and on what occasion; what all mails of an installation
//! have in common stands here.

use chrono::{DateTime, Utc};

use super::{Letter, ListUnsubscribe, MailError, MailPurpose, compose, message_id};
use crate::domain::email::EmailAddress;
use crate::domain::id::{ChangeId, MailId};
use crate::domain::outbox::{Basis, Mail, QueuedMail, Thread};
use crate::render::{RenderError, Rendered};
use crate::settings::MailSettings;

/// What is to be sent, and why.
#[derive(Debug)]
pub struct Draft<'a> {
    /// The same telling to the same person has the same.
    pub id: MailId,
    /// The one recipient.
    pub to: &'a EmailAddress,
    /// Subject and bodies.
    pub rendered: Rendered,
    /// The changes it tells.
    pub changes: Vec<ChangeId>,
    /// The conversation it belongs to.
    pub thread: Option<Thread>,
    /// How its reader leaves; nothing for whoever is no subscriber.
    pub list: Option<ListUnsubscribe<'a>>,
    /// What it was written for.
    pub occasion: MailPurpose<'a>,
    /// By what right it is sent.
    pub basis: Basis,
    /// Whether it goes before those that wait already.
    pub is_urgent: bool,
    /// When it is made.
    pub at: DateTime<Utc>,
}

/// Why no mail came of it.
#[derive(Debug, thiserror::Error)]
pub enum DraftError {
    /// It could not be put into words.
    #[error(transparent)]
    Render(#[from] RenderError),
    /// Its words could not be made a message.
    #[error("failed to compose the mail for {recipient}")]
    Compose {
        /// Most of the address is hidden.
        recipient: String,
        /// What was wrong.
        source: MailError,
    },
}

impl Draft<'_> {
    /// The mail with its bytes, as the outbox takes it.
    ///
    /// # Errors
    /// [`DraftError::Compose`], for an address or id that cannot be put into a header safely.
    pub fn queued(self, settings: &MailSettings, instance_key: &[u8; 32]) -> Result<QueuedMail, DraftError> {
        let Self { id, to, rendered, changes, thread, list, occasion, basis, is_urgent, at } = self;
        let message_id = message_id(instance_key, &id, settings.from.address.domain());
        let letter = Letter {
            from: &settings.from,
            to,
            help: &settings.help_address,
            rendered: &rendered,
            message_id: &message_id,
            thread: thread.as_ref(),
            dkim: settings.dkim.as_ref(),
            date: at,
            list,
            occasion,
        };
        let bytes =
            compose(&letter).map_err(|source| DraftError::Compose { recipient: to.redacted(), source })?;
        let kind = Some(rendered.kind);
        let queued = Mail::queued(id, to.clone(), rendered.subject, message_id, changes, at);
        Ok(QueuedMail { mail: Mail { kind, thread, basis, is_urgent, ..queued }, bytes })
    }
}
