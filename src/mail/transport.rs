//! The ways by which mail leaves, behind one face.

use std::time::Duration;

use super::{MailError, Maildir, Memory, Smtp, Timeouts};
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Mail, Outcome};
use crate::settings::TransportSettings;

/// One way by which mail leaves. Shared by all senders: every method takes `&self`.
#[derive(Debug)]
pub enum Transport {
    /// Into a Maildir on this machine.
    Maildir(Maildir),
    /// Through an SMTP relay.
    Smtp(Box<Smtp>),
    /// Kept in memory, for tests.
    Memory(Memory),
}

impl Transport {
    /// Prepares the configured transport. A relay is not contacted yet.
    ///
    /// # Errors
    /// Maildir folders that cannot be made; TLS that cannot be prepared.
    pub fn open(settings: &TransportSettings) -> Result<Self, MailError> {
        match settings {
            TransportSettings::Maildir { path } => Maildir::open(path).map(Self::Maildir),
            TransportSettings::Smtp(relay) => {
                Smtp::open(relay, Timeouts::default()).map(Box::new).map(Self::Smtp)
            }
        }
    }

    /// A transport that keeps what it is given, and the handle to look at it.
    #[must_use]
    pub fn memory() -> (Self, Memory) {
        let memory = Memory::default();
        (Self::Memory(memory.clone()), memory)
    }

    /// Hands one mail over. Dropping the future is safe at any point: what was under way is
    /// then in doubt for a relay, and undone or done for a Maildir.
    pub async fn deliver(&self, mail: &Mail, from: &EmailAddress, bytes: &[u8]) -> Outcome {
        let given = self.deliver_if(mail, from, bytes, std::future::ready(true)).await;
        given.unwrap_or(Outcome::Deferred { reason: "it was not begun with".to_owned() })
    }

    /// The same, asking at the last moment before the message itself is handed over whether it may be;
    /// nothing where it may not. What fails before that has certainly not been delivered.
    pub async fn deliver_if(
        &self,
        mail: &Mail,
        from: &EmailAddress,
        bytes: &[u8],
        may_begin: impl Future<Output = bool> + Send,
    ) -> Option<Outcome> {
        match self {
            Self::Smtp(smtp) => smtp.deliver(mail, from, bytes, may_begin).await,
            Self::Maildir(maildir) => {
                if may_begin.await {
                    Some(maildir.deliver(mail, bytes).await)
                } else {
                    None
                }
            }
            Self::Memory(memory) => may_begin.await.then(|| memory.deliver(mail, from, bytes)),
        }
    }

    /// Names the transport, for how it stands to be known of it and no other.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Maildir(maildir) => format!("maildir:{}", maildir.path().display()),
            Self::Smtp(smtp) => format!("relay {}", smtp.name()),
            Self::Memory(_) => "memory".to_owned(),
        }
    }

    /// Whether delivering one mail twice leaves one copy.
    #[must_use]
    pub fn is_idempotent(&self) -> bool {
        matches!(self, Self::Maildir(_))
    }

    /// The longest that [`Self::deliver`] can take: a lease must outlast it.
    #[must_use]
    pub fn longest_attempt(&self) -> Duration {
        match self {
            Self::Smtp(smtp) => smtp.longest_attempt(),
            Self::Maildir(_) | Self::Memory(_) => Duration::from_secs(60),
        }
    }

    /// Says goodbye on idle connections.
    pub async fn close(&self) {
        if let Self::Smtp(smtp) = self {
            smtp.close().await;
        }
    }
}
