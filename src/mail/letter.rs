//! What a mail is made of, before it is bytes.

use chrono::{DateTime, Utc};

use crate::domain::email::EmailAddress;
use crate::domain::keyed_link::{LinkKey, WebAddresses};
use crate::domain::outbox::Thread;
use crate::render::Rendered;
use crate::settings::{DkimSettings, Sender};

/// Everything a mail's bytes depend on: the same letter gives the same bytes, its signature apart, which
/// bears the time.
#[derive(Debug, Clone, Copy)]
pub struct Letter<'a> {
    /// Whom it is from.
    pub from: &'a Sender,
    /// The one recipient.
    pub to: &'a EmailAddress,
    /// Where answers and the wish to leave go.
    pub help: &'a EmailAddress,
    /// Subject and bodies.
    pub rendered: &'a Rendered,
    /// Without angle brackets; see [`super::message_id()`].
    pub message_id: &'a str,
    /// The conversation it belongs to; see [`super::thread_id()`].
    pub thread: Option<&'a Thread>,
    /// By which key it is signed.
    pub dkim: Option<&'a DkimSettings>,
    /// When it was made.
    pub date: DateTime<Utc>,
    /// How its reader leaves; nothing for whoever is no subscriber.
    pub list: Option<ListUnsubscribe<'a>>,
    /// Whether it was asked for a moment ago, or a machine found something.
    pub occasion: MailPurpose<'a>,
}

/// Why a mail is written.
#[derive(Debug, Clone, Copy)]
pub enum MailPurpose<'a> {
    /// Something was found.
    Alert,
    /// What an earlier mail told is taken back.
    Retraction {
        /// Its Message-ID, without angle brackets.
        of: &'a str,
    },
    /// Something is wrong, and the operator is told.
    Incident,
    /// Somebody wrote.
    Answer {
        /// The Message-ID of what they wrote, without angle brackets.
        to: Option<&'a str>,
        /// Where an answer to this goes.
        reply_to: &'a str,
    },
}

/// How a subscriber leaves.
#[derive(Debug, Clone, Copy)]
pub struct ListUnsubscribe<'a> {
    /// The mailbox that takes the wish in.
    pub mailbox: &'a EmailAddress,
    /// Makes the word by which it is known there whose wish it is.
    pub key: LinkKey,
    /// Where the links lead, where there is a web server.
    pub web: Option<&'a WebAddresses>,
}
