//! Mail in from an ordinary mailbox, by IMAP (RFC 3501) with UIDPLUS (4315), MOVE (6851) and
//! IDLE (2177) where the server has them.
//!
//! A session is used until anything in it is odd, and then let go of: an answer that cannot be
//! read, one that does not come in time, one that is too large. Whoever drives it connects again.
//!
//! Deliberately absent: what a message means, and when it counts as taken in. A message leaves
//! the mailbox only when it is told to.

mod session;
mod wire;

pub use session::Mailbox;

use std::fmt;
use std::time::Duration;

use super::MailError;
use super::tls::Tls;
use crate::settings::{ImapSecurity, ImapSettings};

/// For a connection's handshakes, each.
const CONNECT: Duration = Duration::from_secs(30);

/// For a command and its answer. Searching a large mailbox takes a server a while.
const COMMAND: Duration = Duration::from_secs(60);

/// A mailbox at a server.
pub struct Imap {
    settings: ImapSettings,
    tls: Option<Tls>,
}

/// Why a session ended, or never began.
#[derive(Debug, thiserror::Error)]
pub enum ImapError {
    /// The server cannot be reached.
    #[error("{server} cannot be reached: {reason}")]
    Connect {
        /// Host and port.
        server: String,
        /// What the system says.
        reason: String,
    },
    /// The server does not let us in.
    #[error("{server} refuses the login of {user}: {reason}")]
    LogIn {
        /// Host and port.
        server: String,
        /// Who logs in.
        user: String,
        /// What it says.
        reason: String,
    },
    /// The server says no.
    #[error("{server} refuses to {what}: {reason}")]
    Refused {
        /// Host and port.
        server: String,
        /// What was asked of it.
        what: String,
        /// What it says.
        reason: String,
    },
    /// The session is over.
    #[error("the connection to {server} is lost while it should {what}: {reason}")]
    Lost {
        /// Host and port.
        server: String,
        /// What was asked of it.
        what: String,
        /// How it ended.
        reason: String,
    },
}

impl ImapError {
    /// Whether the server answered in order and the session can go on.
    #[must_use]
    pub fn leaves_in_step(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }
}

impl Imap {
    /// Prepares a mailbox; nothing is contacted.
    ///
    /// # Errors
    /// TLS that cannot be prepared.
    pub fn new(settings: &ImapSettings) -> Result<Self, MailError> {
        let host = &settings.host;
        let tls = match settings.security {
            ImapSecurity::None => None,
            ImapSecurity::Tls | ImapSecurity::StartTls => {
                let tls = Tls::to(host);
                Some(tls.map_err(|source| MailError::Tls { host: host.clone(), source })?)
            }
        };
        Ok(Self { settings: settings.clone(), tls })
    }

    /// Connects, logs in, and sees to the two folders.
    ///
    /// # Errors
    /// Why not.
    pub async fn open(&self) -> Result<Mailbox, ImapError> {
        Mailbox::open(self).await
    }

    /// Host and port.
    fn server(&self) -> String {
        format!("{}:{}", self.settings.host, self.settings.port)
    }
}

impl fmt::Debug for Imap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Imap").field("settings", &self.settings).finish_non_exhaustive()
    }
}
