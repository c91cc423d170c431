//! The mails that somebody was sent: their own archive, for whoever has their link.
//!
//! It has what was told, and not what answered or asked them: a question bears the token that answers it, and a link
//! that was passed on must not say yes in its reader's name.

use axum::http::StatusCode;
use axum::response::Response;
use chrono_tz::Tz;

use super::WebState;
use super::page::{ArchivePage, ArchiveRow, FoundRow, MailPage, page, readable};
use crate::domain::id::MailId;
use crate::domain::keyed_link::SubscriberKey;
use crate::domain::mail_kind::MailKind;
use crate::domain::outbox::{Mail, MailState};
use crate::domain::subscription::Subscriber;
use crate::render::{line, moment};
use crate::store::StoreError;

/// At most so many are shown, the newest.
const SHOWN: usize = 100;

/// What stands in the query before a mail's id.
pub(super) const MAIL: &str = "mail=";

impl WebState {
    /// The list of whoever a link belongs to.
    pub(super) async fn archive_of(&self, key: &SubscriberKey) -> Response {
        match self.archive_page(key).await {
            Ok(Some(archive)) => page(StatusCode::OK, &archive),
            Ok(None) => self.nothing(),
            Err(error) => self.fault(&error),
        }
    }

    /// One mail of theirs.
    pub(super) async fn mail_of(&self, key: &SubscriberKey, id: &str) -> Response {
        match self.mail_page(key, &MailId::from_text(id)).await {
            Ok(Some(mail)) => page(StatusCode::OK, &mail),
            Ok(None) => self.nothing(),
            Err(error) => self.fault(&error),
        }
    }

    async fn archive_page(&self, key: &SubscriberKey) -> Result<Option<ArchivePage<'_>>, StoreError> {
        let Some(reader) = self.visits.subscriber(key).await? else { return Ok(None) };
        let mut mails = self.desk.store.mails_to(&reader.address).await?;
        mails.retain(is_told);
        let more = mails.len().saturating_sub(SHOWN);
        let row = |mail: &Mail| ArchiveRow {
            href: format!("?{MAIL}{}", mail.id),
            subject: line(&mail.subject),
            standing: standing(mail, reader.preferences.zone),
        };
        let rows = mails.iter().take(SHOWN).map(row).collect();
        Ok(Some(ArchivePage { root: self.root(), name: self.organisation(), rows, more }))
    }

    async fn mail_page(&self, key: &SubscriberKey, id: &MailId) -> Result<Option<MailPage<'_>>, StoreError> {
        let Some(reader) = self.visits.subscriber(key).await? else { return Ok(None) };
        let mails = self.desk.store.mails_to(&reader.address).await?;
        let Some(mail) = mails.into_iter().find(|mail| mail.id == *id && is_told(mail)) else {
            return Ok(None);
        };
        let text = match self.desk.store.message(&mail.id).await {
            Ok(message) if !message.is_empty() => Some(readable(&message)),
            // Retention removes what is old enough.
            Ok(_) | Err(StoreError::DamagedBody { .. } | StoreError::NotFound { .. }) => None,
            Err(error) => return Err(error),
        };
        Ok(Some(MailPage {
            root: self.root(),
            name: self.organisation(),
            subject: line(&mail.subject),
            standing: standing(&mail, reader.preferences.zone),
            changes: self.told_by(&mail, &reader).await?,
            text,
        }))
    }

    /// The changes that a mail tells, each with the link by which its reader sees it today.
    async fn told_by(&self, mail: &Mail, reader: &Subscriber) -> Result<Vec<FoundRow>, StoreError> {
        let mut rows = Vec::new();
        for id in mail.changes.iter().take(SHOWN) {
            match self.desk.store.find_change(id.as_str()).await {
                Ok(change) => rows.push(self.found_row(&change, reader, false)),
                Err(StoreError::NotFound { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(rows)
    }
}

/// Whether a mail told its reader something of what they follow. What another mail took the place of, they never had.
fn is_told(mail: &Mail) -> bool {
    let is_kind = match mail.kind {
        None => !mail.changes.is_empty(),
        Some(kind) => matches!(
            kind,
            MailKind::Alert
                | MailKind::Digest
                | MailKind::Notice
                | MailKind::Summary
                | MailKind::Coverage
                | MailKind::Retraction
        ),
    };
    is_kind && mail.state != MailState::Replaced
}

/// What became of a mail, in its reader's words.
fn standing(mail: &Mail, zone: Tz) -> String {
    match mail.state {
        MailState::Sent => format!("sent {}", moment(mail.at, zone)),
        MailState::Queued | MailState::Leased | MailState::Deferred => "on its way".to_owned(),
        MailState::Held => "held by the operator, not sent yet".to_owned(),
        MailState::Unsubscribed => "not sent, because you unsubscribed".to_owned(),
        MailState::Failed
        | MailState::Suppressed
        | MailState::Expired
        | MailState::Dead
        | MailState::Replaced => format!("not delivered, {}", moment(mail.at, zone)),
    }
}
