//! Mail that comes in.

use chrono::{DateTime, Utc};

use crate::domain::id::BodyHash;
use crate::domain::inbound::Conversation;
use crate::domain::outbox::QueuedMail;

/// Names a state of a person: a hash of all that is kept of them. The default names somebody of whom nothing is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct PersonVersion(pub(in crate::store) Option<[u8; 32]>);

/// The state that a message meets.
#[derive(Debug, Clone)]
pub struct KnownPerson {
    /// The state itself; somebody new where nobody is known.
    pub state: Conversation,
    /// Names it; an exchange that was computed from it carries it.
    pub version: PersonVersion,
}

/// Whether a message is to be looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenUp {
    /// It was taken in before.
    Known,
    /// It is, for so many times.
    Attempt(u32),
}

/// What became of an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exchanged {
    /// It was kept.
    Kept,
    /// Its message was taken in before, and nothing of it was kept.
    Known,
}

/// All that a message which came in means, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct InboundCommit {
    /// Names the message: the same one taken in again is no news.
    pub message: BodyHash,
    /// When it was taken in.
    pub at: DateTime<Utc>,
    /// The state it leaves, where it changed any, and the version of the one that it was computed from. The store keeps
    /// it only if that is still the person's state and the budget of now allows what it took.
    pub state: Option<(Conversation, PersonVersion)>,
    /// What is answered.
    pub mails: Vec<QueuedMail>,
    /// What it wants to follow and nobody tracks.
    pub wishes: Vec<String>,
}
