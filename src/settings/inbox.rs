//! How mail comes in.

use std::net::SocketAddr;
use std::path::PathBuf;

use secrecy::SecretString;

use crate::domain::email::EmailAddress;

/// Where people write to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboxSettings {
    /// The mailbox; `address+detail@` goes to it as well.
    pub address: EmailAddress,
    /// By which name the receiving server signs its `Authentication-Results`; without it no sender is
    /// taken as vouched for.
    pub authserv_id: Option<String>,
}

/// By which ways mail comes in.
#[derive(Debug, Clone, Default)]
pub struct WaysInSettings {
    /// A Maildir from which it is taken.
    pub maildir: Option<PathBuf>,
    /// A mailbox at a server from which it is fetched.
    pub imap: Option<ImapSettings>,
    /// Where a mail server on this machine hands it over.
    pub lmtp: Option<LmtpListen>,
}

/// A mailbox at an IMAP server.
#[derive(Debug, Clone)]
pub struct ImapSettings {
    /// The server's host name.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is protected.
    pub security: ImapSecurity,
    /// Who logs in.
    pub user: String,
    /// The password.
    pub password: SecretString,
    /// The folder in which messages arrive.
    pub mailbox: String,
    /// The folder into which they go once they were taken in.
    pub processed: String,
    /// The folder for those that could not be taken in.
    pub failed: String,
}

/// How an IMAP connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImapSecurity {
    /// TLS from the first byte (RFC 8314).
    Tls,
    /// STARTTLS, refused where the server does not offer it.
    StartTls,
    /// None; on this machine only.
    None,
}

/// Where LMTP is listened for; never where another machine can connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LmtpListen {
    /// A loopback address.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}
