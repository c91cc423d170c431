//! What a relay's answers and failures mean for a mail.

use lettre::transport::smtp::Error;

use crate::domain::bounce::{Blame, EnhancedStatus};
use crate::domain::outbox::Outcome;
use crate::domain::text::{one_line, shorten};

/// How far a delivery had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DeliveryPhase {
    /// Name, TCP, TLS, greeting, EHLO.
    Connect,
    /// STARTTLS, the TLS handshake behind it and the second EHLO.
    StartTls,
    /// AUTH.
    LogIn,
    /// MAIL FROM: the same for every mail.
    Sender,
    /// RCPT TO: the first thing that is this mail's own.
    Recipient,
    /// DATA.
    Data,
    /// The message, the final dot not written.
    Message,
    /// The final dot was written.
    FinalDot,
}

impl DeliveryPhase {
    fn words(self) -> &'static str {
        match self {
            Self::Connect => "connecting",
            Self::StartTls => "changing over to TLS",
            Self::LogIn => "logging in",
            Self::Sender => "naming the sender",
            Self::Recipient => "naming the recipient",
            Self::Data => "asking to hand over the message",
            Self::Message => "handing over the message",
            Self::FinalDot => "waiting for the answer to the message",
        }
    }
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Cause {
    /// A complete negative answer.
    Reply {
        /// 400 to 599.
        code: u16,
        /// The relay's words.
        text: String,
    },
    /// The connection broke, or what came is not SMTP.
    Broken(String),
    /// No answer in time.
    TimedOut,
    /// What this mail needs is not offered.
    NotOffered(&'static str),
}

/// A delivery that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct DeliveryFault {
    pub phase: DeliveryPhase,
    pub cause: Cause,
}

/// Longer words of a relay are cut.
const MAX_WORDS_CHARS: usize = 240;

impl DeliveryFault {
    pub(super) fn broken(phase: DeliveryPhase, what: impl std::fmt::Display) -> Self {
        Self { phase, cause: Cause::Broken(what.to_string()) }
    }

    pub(super) fn timed_out(phase: DeliveryPhase) -> Self {
        Self { phase, cause: Cause::TimedOut }
    }

    pub(super) fn of(phase: DeliveryPhase, error: &Error) -> Self {
        let cause = match error.status() {
            Some(code) => {
                let text = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
                Cause::Reply { code: code.into(), text }
            }
            None => Cause::Broken(error.to_string()),
        };
        Self { phase, cause }
    }

    /// Whether the relay gave a complete answer.
    pub(super) fn is_answer(&self) -> bool {
        matches!(self.cause, Cause::Reply { .. } | Cause::NotOffered(_))
    }

    /// Whether the relay gave a complete answer and keeps listening, so that the connection can go on.
    pub(super) fn leaves_in_step(&self) -> bool {
        matches!(self.cause, Cause::Reply { code, .. } if code != 421)
    }

    /// Who has the mail now, and who is to blame.
    ///
    /// | phase | 4xx | 421 | 5xx | lost or silent |
    /// |---|---|---|---|---|
    /// | connect, STARTTLS, log in | channel down | channel down | channel down | channel down |
    /// | sender | deferred | channel down | channel down | channel down |
    /// | recipient, DATA, message | deferred | busy | refused | deferred |
    /// | final dot | deferred | busy | refused | **unknown** |
    ///
    /// A sender that is refused is refused for every mail: failing one after another would only
    /// empty the queue. A 421 after the recipient counts as the recipient's domain's, so that one a
    /// relay chokes on cannot hold up the others. 530 and 538 say that the log-in is missing.
    ///
    /// Why a mail is refused is the enhanced status's to say (RFC 3463): there is no such mailbox, the
    /// mailbox is full, we are not trusted. Without one the mail failed and nobody is blamed: a bare
    /// 550 is said of policy as well, and must not end a subscription.
    pub(super) fn into_outcome(self, relay: &str) -> Outcome {
        let reason = format!("{relay}: {}", self.words());
        let is_channels = match (&self.cause, self.phase) {
            (_, DeliveryPhase::Connect | DeliveryPhase::StartTls | DeliveryPhase::LogIn)
            | (Cause::Reply { code: 530 | 538, .. }, _) => true,
            (Cause::Reply { code, .. }, DeliveryPhase::Sender) => *code == 421 || *code >= 500,
            (_, DeliveryPhase::Sender) => true,
            _ => false,
        };
        match self.cause {
            _ if is_channels => Outcome::ChannelDown { reason },
            Cause::NotOffered(_) => Outcome::Failed { reason },
            Cause::Reply { code, text } => refused(code, EnhancedStatus::leading(&text), reason),
            _ if self.phase == DeliveryPhase::FinalDot => Outcome::Unknown { reason },
            _ => Outcome::Deferred { reason },
        }
    }

    fn words(&self) -> String {
        let phase = self.phase.words();
        match &self.cause {
            // What a relay says to a log-in may repeat the log-in.
            Cause::Reply { code, text } if self.phase == DeliveryPhase::LogIn => {
                format!("{code} {} while {phase}", enhanced_status(text)).replace("  ", " ")
            }
            Cause::Reply { code, text } => words(*code, text),
            Cause::Broken(_) if self.phase == DeliveryPhase::LogIn => {
                format!("the connection broke while {phase}")
            }
            Cause::Broken(what) => format!("{} while {phase}", shorten(&one_line(what), MAX_WORDS_CHARS)),
            Cause::NotOffered(what) => format!(
                "does not offer {what}, without which no mail can go to an address with other letters than ASCII before \
                 the @"
            ),
            Cause::TimedOut => format!("no answer in time while {phase}"),
        }
    }
}

/// A relay's answer as it is kept and shown.
pub(super) fn words(code: u16, text: &str) -> String {
    format!("{code} {}", shorten(&one_line(text), MAX_WORDS_CHARS))
}

/// What a complete refusal of this mail means.
fn refused(code: u16, status: Option<EnhancedStatus>, reason: String) -> Outcome {
    let blame = status.filter(|status| status.class == code / 100).map(EnhancedStatus::blame);
    match (code, blame) {
        (421, _) => Outcome::Busy { reason },
        (552, None) | (500.., Some(Blame::Passing)) => Outcome::Full { reason },
        (500.., Some(Blame::NoMailbox)) => Outcome::NoMailbox { reason },
        (500.., Some(Blame::Ours)) => Outcome::Dead { reason },
        (500.., _) => Outcome::Failed { reason },
        _ if status.is_some_and(|status| (status.subject, status.detail) == (2, 2)) => {
            Outcome::Full { reason }
        }
        _ => Outcome::Deferred { reason },
    }
}

/// The `5.7.8` at the beginning of an answer's words (RFC 3463), if it is there.
fn enhanced_status(text: &str) -> String {
    EnhancedStatus::leading(text).map(|status| status.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(phase: DeliveryPhase, cause: &Cause, expected: &str) {
        let outcome = DeliveryFault { phase, cause: cause.clone() }.into_outcome("relay");
        assert_eq!(outcome.name(), expected, "{phase:?} {cause:?}");
    }

    #[test]
    fn every_fault_has_its_outcome() {
        use DeliveryPhase::{Connect, Data, FinalDot, LogIn, Message, Recipient, Sender, StartTls};
        let reply = |code| Cause::Reply { code, text: "words".to_owned() };
        let broken = || Cause::Broken("connection reset".to_owned());
        let rows = [
            (Connect, ["channel down"; 5]),
            (StartTls, ["channel down"; 5]),
            (LogIn, ["channel down"; 5]),
            (Sender, ["deferred", "channel down", "channel down", "channel down", "channel down"]),
            (Recipient, ["deferred", "busy", "failed", "deferred", "deferred"]),
            (Data, ["deferred", "busy", "failed", "deferred", "deferred"]),
            (Message, ["deferred", "busy", "failed", "deferred", "deferred"]),
            (FinalDot, ["deferred", "busy", "failed", "unknown", "unknown"]),
        ];
        for (phase, [transient, closing, permanent, lost, silent]) in rows {
            check(phase, &reply(451), transient);
            check(phase, &reply(421), closing);
            check(phase, &reply(550), permanent);
            check(phase, &broken(), lost);
            check(phase, &Cause::TimedOut, silent);
            check(phase, &reply(530), "channel down");
        }
    }

    #[test]
    fn a_refusal_is_taken_as_its_enhanced_status_has_it() {
        let rows = [
            (550, "5.1.1 no such user", "no mailbox"),
            (550, "5.2.1 disabled", "no mailbox"),
            (552, "5.2.2 over quota", "full"),
            (552, "mailbox full", "full"),
            (552, "5.3.4 too large", "failed"),
            (452, "4.2.2 over quota", "full"),
            (554, "5.7.1 not from you", "dead"),
            (550, "5.1.8 bad sender", "dead"),
            (550, "no such user", "failed"),
            (550, "4.1.1 at odds with itself", "failed"),
            (451, "5.1.1 at odds with itself", "deferred"),
        ];
        for (code, text, expected) in rows {
            check(DeliveryPhase::Recipient, &Cause::Reply { code, text: text.to_owned() }, expected);
        }
    }

    #[test]
    fn a_log_in_never_shows_up_in_an_error() {
        let text = "5.7.8 bad credentials AGFubgBzZWNyZXQ= secret".to_owned();
        let fault = DeliveryFault { phase: DeliveryPhase::LogIn, cause: Cause::Reply { code: 535, text } };
        assert_eq!(fault.words(), "535 5.7.8 while logging in");
        let fault = DeliveryFault::broken(DeliveryPhase::LogIn, "AGFubgBzZWNyZXQ=");
        assert_eq!(fault.words(), "the connection broke while logging in");
    }

    #[test]
    fn a_relays_words_are_shown_on_one_line() {
        let text = "5.1.1 no\r\nsuch \u{1b}[31muser".to_owned();
        let fault =
            DeliveryFault { phase: DeliveryPhase::Recipient, cause: Cause::Reply { code: 550, text } };
        assert_eq!(fault.words(), "550 5.1.1 no such [31muser");
    }
}
