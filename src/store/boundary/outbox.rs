//! The outbox: mails, and the claims on them.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::bounce::BounceKind;
use crate::domain::breaker::Breaker;
use crate::domain::id::{BodyHash, MailId};
use crate::domain::outbox::{Mail, QueuedMail};
use crate::settings::Pace;
use crate::store::boundary::KeptBody;
use crate::store::compression::PackedBody;

/// Names one handing-out of a mail: another one has another token, whoever it is to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct LeaseToken {
    /// The opening of the store by which it was handed out; drawn at random.
    pub(in crate::store) opening: u64,
    /// The how-manieth of that opening.
    pub(in crate::store) number: u64,
}

/// A claim on a mail. Only who has the present one can say what becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The mail.
    pub mail: MailId,
    /// Of all its leases this one.
    pub(in crate::store) token: LeaseToken,
}

/// What holds mails back that are due.
#[derive(Debug)]
pub struct Pacing<F> {
    /// The pace that all workers together keep to, where several send: how far it is used up stands in the store.
    pub pace: Pace,
    /// Where one process owns the store: whether a mail may go, or until when it has to wait.
    pub may_go: F,
}

/// A mail on its way into the outbox, its bytes as they will lie there if they could be compressed.
///
/// Many mails are packed where they are made, in several threads: the store keeps one step after another, and should not
/// compress meanwhile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackedMail {
    /// The mail.
    pub mail: Mail,
    /// Its frozen bytes.
    pub body: KeptBody,
    /// The record of it as it is here, where that was made before the step that keeps it.
    pub(in crate::store) record: Option<Vec<u8>>,
}

impl PackedMail {
    /// Packs a mail.
    #[must_use]
    pub fn of(queued: QueuedMail) -> Self {
        let QueuedMail { mail, bytes } = queued;
        // The store compresses again what could not be compressed, and returns the error.
        let body = PackedBody::of(&bytes).map_or_else(|_| bytes.into(), KeptBody::from);
        Self { mail, body, record: None }
    }

    /// A mail as it is handed over, which is not packed.
    pub(in crate::store) fn received(queued: QueuedMail) -> Self {
        Self { mail: queued.mail, body: queued.bytes.into(), record: None }
    }
}

/// A mail in a sender's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeasedMail {
    /// The mail.
    pub mail: Mail,
    /// The message, byte for byte as it was queued.
    pub bytes: Vec<u8>,
    /// The claim on it.
    pub lease: Lease,
}

/// A page of mails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailListing {
    /// They, in the order of their ids.
    pub mails: Vec<Mail>,
    /// The last of the page; nothing where none comes after it.
    pub reached: Option<MailId>,
}

/// What an operator does to a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailAction {
    /// Let it wait for their word.
    Hold,
    /// Put what is held, suppressed or dropped into the queue.
    Release,
    /// Give it up for good; it is kept.
    Drop,
}

/// Mails that are not at their end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenMails {
    /// Queued, with a sender, or put off.
    pub waiting: usize,
    /// When the oldest of these was queued.
    pub oldest: Option<DateTime<Utc>>,
    /// Given up, so that somebody must know.
    pub attention: usize,
}

/// What a report says of a mail, kept as one atomic, durable step.
#[derive(Debug)]
pub struct BounceCommit {
    /// Names the report: the same one taken in again is no news.
    pub message: BodyHash,
    /// When it was taken in.
    pub at: DateTime<Utc>,
    /// The beginning of the id of the mail that it is about.
    pub mail: String,
    /// What it says.
    pub verdict: BounceKind,
}

/// Trouble with mail as the outbox has it.
#[derive(Debug, Clone, Default)]
pub struct MailTrouble {
    /// The transport that is out of reach.
    pub breaker: Option<Breaker>,
    /// Mails that were given up and somebody must know of, at most so many as are looked at.
    pub undelivered: Vec<Mail>,
}
