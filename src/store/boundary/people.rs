//! Subscribers.

use serde::{Deserialize, Serialize};

use crate::domain::email::EmailAddress;
use crate::domain::subscription::Subscriber;

/// A page of readers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Readers {
    /// They, in the order of their addresses.
    pub readers: Vec<Subscriber>,
    /// The last of the page; nothing where nobody comes after it.
    pub reached: Option<EmailAddress>,
}

/// What there was of a person who is forgotten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// Subscriptions, whatever became of them.
    pub subscriptions: usize,
    /// Mails to them, sent or not.
    pub mails: usize,
    /// Mails that were just being sent, and are still there.
    pub under_way: usize,
}
