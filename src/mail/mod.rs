//! Mail out and in: MIME made of words and its way to a relay or into a Maildir; and the ways by which
//! messages come in.
//!
//! Out is the last step of the flow: `deliver` takes a mail and its frozen bytes from the
//! outbox, hands them to a [`Transport`] and writes the [`Outcome`] back. The bytes
//! are composed once, when the mail is queued, so that every attempt sends the same.
//!
//! The promise is at-least-once. Every answer and every fault is sorted into an
//! outcome by one question: who has the mail now? Where nobody can know, the outcome
//! says so, and the same Message-ID lets the reader's side drop a copy.
//!
//! In are a [`Maildrop`] and [`imap`], which are looked into, and [`lmtp`], through which a server hands
//! over. Each gives the bytes of one message after another; `inbox` takes them to `subscribe::Inbox`.
//!
//! Deliberately absent: the store, retries and their waiting times (the outbox's, in
//! `domain::outbox`), and what a message that came in means.
//!
//! [`Outcome`]: crate::domain::outbox::Outcome

mod compose;
mod dkim;
mod dns;
mod draft;
mod head;
pub mod imap;
mod inbound_message;
mod letter;
pub mod lmtp;
mod maildir;
mod maildrop;
mod memory;
mod message_id;
mod report;
mod smtp;
mod thread;
mod tls;
mod transport;

pub use compose::compose;
pub use dns::{DnsRecord, dns_records};
pub use draft::{Draft, DraftError};
pub use head::{MAX_MESSAGE_BYTES, without_mbox_line};
pub use inbound_message::{InboundEnvelope, InboundMessage, Unusable};
pub use letter::{Letter, ListUnsubscribe, MailPurpose};
pub use maildir::Maildir;
pub use maildrop::{Dropped, Maildrop};
pub use memory::{Delivered, Memory};
pub use message_id::{incident_thread_id, message_id, thread_id};
pub use report::MailReport;
pub use smtp::{Smtp, Timeouts};
pub use transport::Transport;

use std::io;
use std::path::PathBuf;

/// Where a message goes that waited in a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folder {
    /// It was taken in.
    Processed,
    /// It could not be.
    Failed,
}

/// Mail could not be made, or its transport not be opened.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// An address that the mail library does not take, though it passed our own policy.
    #[error("the address {address} cannot be put into a mail")]
    Address {
        /// The address, most of its local part hidden.
        address: String,
        /// What is wrong with it.
        source: lettre::address::AddressError,
    },
    /// The parts do not make a message.
    #[error("the mail {message_id} cannot be composed")]
    Message {
        /// Its Message-ID.
        message_id: String,
        /// What is wrong with it.
        source: lettre::error::Error,
    },
    /// A Message-ID or thread id that could break out of its header.
    #[error("the message id {id:?} is not of the form name@domain in plain ASCII")]
    MessageId {
        /// The id.
        id: String,
    },
    /// The key does not sign.
    #[error("failed to sign a mail")]
    Signature {
        /// What the library says.
        source: Box<mail_auth::Error>,
    },
    /// A folder of the Maildir is missing and cannot be made, or cannot be used.
    #[error("the Maildir folder {} cannot be used", path.display())]
    Maildir {
        /// The folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A password would go to a relay that nobody vouches for. The configuration refuses it first.
    #[error("the relay {host} has a login, expected required and verified TLS")]
    UnprotectedLogIn {
        /// The relay.
        host: String,
    },
    /// TLS cannot be set up, for the relay's name or for want of trusted certificates.
    #[error("cannot set up TLS for the relay {host}")]
    Tls {
        /// The relay.
        host: String,
        /// What is wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

#[cfg(test)]
mod tests;
