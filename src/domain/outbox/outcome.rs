//! How an attempt went: who has the mail now, and who is to blame.

/// The outcome of one attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The transport took responsibility.
    Sent {
        /// Its answer, where it gives one: on one line, and not longer than a line.
        reply: Option<String>,
    },
    /// Certainly not delivered; worth another try.
    Deferred {
        /// The transport's words.
        reason: String,
    },
    /// The same because the recipient's mailbox is full, which may pass (RFC 3463, 5.2.2).
    Full {
        /// The transport's words.
        reason: String,
    },
    /// The same because the recipient's domain takes nothing more for now: its other mails wait too.
    Busy {
        /// The transport's words.
        reason: String,
    },
    /// The connection was lost after the message was handed over: delivered or not, nobody knows.
    Unknown {
        /// What happened.
        reason: String,
    },
    /// The same where an operator wishes to decide.
    Held {
        /// What happened.
        reason: String,
    },
    /// Refused for good.
    Failed {
        /// The transport's words.
        reason: String,
    },
    /// Refused for good, because there is no such mailbox (RFC 3463, 5.1.x).
    NoMailbox {
        /// The transport's words.
        reason: String,
    },
    /// The same, said by a relay that is not believed yet (`domain::refusal`): the mail waits.
    Doubted {
        /// The transport's words.
        reason: String,
        /// What is wrong with the transport, where it is taken for broken: no other mail is tried.
        broken: Option<String>,
    },
    /// Refused for good for what this side is or did (RFC 3463, 5.7.x), or cannot be sent at all.
    Dead {
        /// The transport's words.
        reason: String,
    },
    /// The transport as a whole is unreachable: the mail is not to blame and no attempt is counted.
    ChannelDown {
        /// What happened.
        reason: String,
    },
}

impl Outcome {
    /// Sent by a transport that gives no answer.
    pub const SENT: Self = Self::Sent { reply: None };

    /// The outcome in a word or two.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::Sent { .. } => "sent",
            Self::Deferred { .. } => "deferred",
            Self::Full { .. } => "full",
            Self::Busy { .. } => "busy",
            Self::Unknown { .. } => "unknown",
            Self::Held { .. } => "held",
            Self::Failed { .. } => "failed",
            Self::NoMailbox { .. } => "no mailbox",
            Self::Doubted { .. } => "doubted",
            Self::Dead { .. } => "dead",
            Self::ChannelDown { .. } => "channel down",
        }
    }
}

/// What becomes of a mail whose fate nobody knows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Doubt {
    /// Nothing: delivering one mail twice leaves one copy.
    Impossible,
    /// It is sent again under the same Message-ID, later and counted: better twice than never.
    #[default]
    Resend,
    /// It waits for an operator's word.
    Hold,
}

impl Doubt {
    /// The outcome as this wish has it.
    #[must_use]
    pub fn applied(self, outcome: Outcome) -> Outcome {
        match (self, outcome) {
            (Self::Hold, Outcome::Unknown { reason }) => Outcome::Held { reason },
            (_, outcome) => outcome,
        }
    }
}
