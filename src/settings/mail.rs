//! How mail leaves.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;

use super::DkimKey;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::Doubt;

/// A name and an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender {
    /// The name shown, ASCII or not, without control characters.
    pub name: Option<String>,
    /// The address.
    pub address: EmailAddress,
}

impl Sender {
    /// Who runs the service, as its mails say it.
    #[must_use]
    pub fn organisation(&self) -> &str {
        self.name.as_deref().unwrap_or("regwatch")
    }
}

/// How mail leaves.
#[derive(Debug, Clone)]
pub struct MailSettings {
    /// Whom mail is from.
    pub from: Sender,
    /// By which way it leaves.
    pub transport: TransportSettings,
    /// The postal address that every mail must show (CAN-SPAM, 15 U.S.C. 7704(a)(5)).
    pub postal_address: Option<String>,
    /// How a subscriber reaches a person, in the foot of every mail; the sender's address unless given.
    pub help_address: EmailAddress,
    /// How long alerts of one subscriber are collected before a mail is made of them.
    pub group_within: Duration,
    /// Whoever would be told of a deadline with less time left than this is told at once.
    pub deadline_within: Duration,
    /// Mails delivered at once.
    pub concurrency: usize,
    /// How fast they leave.
    pub pace: Pace,
    /// What becomes of a mail whose fate nobody knows.
    pub on_in_doubt: Doubt,
    /// By which key it is signed; without it the relay signs, or nobody.
    pub dkim: Option<DkimSettings>,
}

/// By which key mail is signed (RFC 6376).
#[derive(Debug, Clone)]
pub struct DkimSettings {
    /// The domain that signs: that of the sender or one above it.
    pub domain: String,
    /// Under which name the key is published below it.
    pub selector: String,
    /// The file that holds the key.
    pub key_file: PathBuf,
    /// The key.
    pub key: DkimKey,
}

/// How fast mail leaves; nothing limits what is not said.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pace {
    /// Mails in a minute.
    pub rate_per_minute: Option<u32>,
    /// Mails in a minute to one recipient domain.
    pub domain_rate_per_minute: Option<u32>,
    /// Mails to one recipient domain at once.
    pub domain_concurrency: Option<usize>,
}

/// By which way mail leaves.
#[derive(Debug, Clone)]
pub enum TransportSettings {
    /// Into a Maildir on this machine.
    Maildir {
        /// The Maildir; made where it is missing.
        path: PathBuf,
    },
    /// Through an SMTP relay.
    Smtp(SmtpSettings),
}

/// An SMTP relay.
#[derive(Debug, Clone)]
pub struct SmtpSettings {
    /// Its host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: SmtpSecurity,
    /// Who logs in, where somebody must.
    pub credentials: Option<SmtpCredentials>,
}

/// How an SMTP connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpSecurity {
    /// TLS from the first byte (RFC 8314), `smtps://`.
    Tls,
    /// STARTTLS, refused where the relay does not offer it; the default of `smtp://`.
    StartTls,
    /// STARTTLS with any certificate where the relay offers it, else none (RFC 7435). Nobody logs in.
    Opportunistic,
    /// None; the default on loopback only, elsewhere only when asked for by `tls = "none"`.
    None,
}

/// A log-in at a relay.
#[derive(Debug, Clone)]
pub struct SmtpCredentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: SecretString,
}
