//! What becomes of a message.

use tokio::task::JoinError;

use crate::domain::id::MailId;
use crate::mail::DraftError;
use crate::store::StoreError;

/// What became of a message.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Ingested {
    /// It was acted upon; so many mails answer it.
    Answered {
        /// Mails put into the outbox.
        mails: usize,
    },
    /// It reports on a mail that was sent, and what it says was kept.
    Reported {
        /// The mail.
        mail: MailId,
    },
    /// It was taken in before.
    Known,
    /// Nothing was done about it, on purpose.
    PassedOver {
        /// Why.
        reason: String,
    },
    /// It was tried as often as any message, in vain: it is a person's now.
    GivenUp {
        /// How it ended the last time.
        reason: String,
    },
}

/// Why a message could not be taken in. It must be handed over again.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// An answer could not be made.
    #[error(transparent)]
    Draft(#[from] DraftError),
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The message made the parser panic.
    #[error("the parser gave up on it")]
    Parser,
    /// The program ended before the message was looked at.
    #[error("the program ended before it read the message")]
    Ended,
}

impl IngestError {
    /// The store's error behind it.
    pub(super) fn of_store(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            Self::Draft(_) | Self::Parser | Self::Ended => None,
        }
    }

    /// Whether the message has no part in it, so that the attempt does not count.
    pub(super) fn is_blameless(&self) -> bool {
        matches!(self, Self::Store(_) | Self::Ended)
    }
}

impl From<JoinError> for IngestError {
    fn from(error: JoinError) -> Self {
        if error.is_panic() { Self::Parser } else { Self::Ended }
    }
}
