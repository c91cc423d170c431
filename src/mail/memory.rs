//! A transport that keeps what it is given, for tests of everything above it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::email::EmailAddress;
use crate::domain::id::MailId;
use crate::domain::outbox::{Mail, Outcome};

/// A mail as it was handed over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Which mail.
    pub id: MailId,
    /// The envelope's sender.
    pub from: EmailAddress,
    /// The envelope's recipient.
    pub to: EmailAddress,
    /// The frozen bytes.
    pub bytes: Vec<u8>,
}

/// Keeps every copy it accepts, as a relay would, so that duplicates can be counted.
///
/// Clones share what they keep.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    delivered: Vec<Delivered>,
    answers: VecDeque<Outcome>,
}

impl Memory {
    /// What was accepted, in order. Where [`Outcome::Unknown`] was answered, the mail was.
    #[must_use]
    pub fn delivered(&self) -> Vec<Delivered> {
        self.lock().delivered.clone()
    }

    /// Makes the next delivery that has no answer yet end this way; without answers all are sent.
    pub fn answer(&self, outcome: Outcome) {
        self.lock().answers.push_back(outcome);
    }

    /// Forgets the answers that were not given yet: from now on all are sent.
    pub fn answer_all(&self) {
        self.lock().answers.clear();
    }

    pub(super) fn deliver(&self, mail: &Mail, from: &EmailAddress, bytes: &[u8]) -> Outcome {
        let mut inner = self.lock();
        let outcome = inner.answers.pop_front().unwrap_or(Outcome::SENT);
        if matches!(outcome, Outcome::Sent { .. } | Outcome::Unknown { .. }) {
            inner.delivered.push(Delivered {
                id: mail.id.clone(),
                from: from.clone(),
                to: mail.recipient.clone(),
                bytes: bytes.to_vec(),
            });
        }
        outcome
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
