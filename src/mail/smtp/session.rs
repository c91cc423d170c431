//! One connection to a relay, phase by phase, each with its own time.
//!
//! Where the relay offers PIPELINING (RFC 2920), sender, recipient and DATA go out at
//! once: one wait for the wire instead of three. Their answers are still read one by
//! one, and a connection that owes one is not used for another mail.

use std::fmt::Display;
use std::pin::pin;
use std::time::Duration;

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::DEFAULT_MECHANISMS;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Ehlo, Mail, Quit, Rcpt, Rset};
use lettre::transport::smtp::extension::{MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::relay::{Protection, Relay, TlsNeed};
use super::reply::{Cause, DeliveryFault, DeliveryPhase, words};
use super::wire::MoreFollows;
use super::{Envelope, Timeouts};

/// A connection over which the relay has said who it is, and we who we are.
pub(super) struct RelaySession {
    connection: AsyncSmtpConnection,
    /// Of the wire below it.
    more_follows: MoreFollows,
    /// Whether commands may be sent before those ahead of them are answered.
    has_pipelining: bool,
    /// Whether addresses may hold other letters than ASCII (SMTPUTF8, RFC 6531).
    takes_utf8: bool,
    /// Answers to what was sent ahead that are not read yet.
    owed: usize,
}

/// What goes out ahead of the answer to MAIL: RCPT and DATA.
const SENT_AHEAD: usize = 2;

impl RelaySession {
    pub(super) async fn connect(relay: &Relay, timeouts: &Timeouts) -> Result<Self, DeliveryFault> {
        let wire = relay.connect(timeouts.connect).await?;
        let (more_follows, heard) = (wire.more_follows(), wire.heard());
        let greeting = AsyncSmtpConnection::connect_with_transport(Box::new(wire), &relay.hello);
        let mut connection = within(timeouts.greeting, DeliveryPhase::Connect, greeting).await?;
        let mut offered = heard.take();
        if let Protection::StartTls { parameters, need } = &relay.protection {
            if *need == TlsNeed::Required || connection.can_starttls() {
                let upgrade = connection.starttls(parameters.clone(), &relay.hello);
                within(timeouts.greeting, DeliveryPhase::StartTls, upgrade).await?;
                // What is offered within TLS is another matter (RFC 3207, 4.2), and the library keeps of it only
                // what it knows itself.
                let hello = connection.command(Ehlo::new(relay.hello.clone()));
                let again = within(timeouts.greeting, DeliveryPhase::Connect, hello).await?;
                offered = again.message().collect::<Vec<_>>().join("\n");
            } else {
                relay.note_plain();
            }
        }
        let offers = |wanted: &str| {
            let keyword = |line: &str| {
                let line = line.trim().trim_start_matches("250").trim_start_matches(['-', ' ']).to_owned();
                line.split(' ').next().unwrap_or_default().to_ascii_uppercase()
            };
            offered.lines().any(|line| keyword(line) == wanted)
        };
        let (has_pipelining, takes_utf8) = (offers("PIPELINING"), offers("SMTPUTF8"));
        if let Some(credentials) = &relay.credentials {
            let log_in = connection.auth(DEFAULT_MECHANISMS, credentials);
            within(timeouts.greeting, DeliveryPhase::LogIn, log_in).await?;
        }
        Ok(Self { connection, more_follows, has_pipelining, takes_utf8, owed: 0 })
    }

    /// Whether commands are sent before those ahead of them are answered.
    pub(super) fn sends_ahead(&self) -> bool {
        self.has_pipelining
    }

    /// The same, each command sent once the one before is answered.
    pub(super) fn one_by_one(self) -> Self {
        Self { has_pipelining: false, ..self }
    }

    /// Names the sender; where that need not wait for an answer, also the recipient, and asks to hand
    /// the message over.
    pub(super) async fn begin(
        &mut self,
        envelope: &Envelope,
        timeouts: &Timeouts,
    ) -> Result<(), DeliveryFault> {
        let is_ascii = |address: &Address| AsRef::<str>::as_ref(address).is_ascii();
        let needs_utf8 = !is_ascii(&envelope.from) || !is_ascii(&envelope.to);
        if needs_utf8 && !self.takes_utf8 {
            return Err(DeliveryFault {
                phase: DeliveryPhase::Recipient,
                cause: Cause::NotOffered("SMTPUTF8"),
            });
        }
        let parameters = if needs_utf8 {
            vec![MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]
        } else {
            Vec::new()
        };
        let mail = Mail::new(Some(envelope.from.clone()), parameters);
        if self.has_pipelining {
            let rcpt = Rcpt::new(envelope.to.clone(), Vec::new());
            self.owed = SENT_AHEAD;
            // A relay may keep its answers back until it has them all.
            let limit = timeouts.command * 2 + timeouts.data;
            self.command(DeliveryPhase::Sender, limit, format!("{mail}{rcpt}{Data}"), 2).await
        } else {
            self.command(DeliveryPhase::Sender, timeouts.command, mail, 2).await
        }
    }

    /// Names the recipient and has the relay wait for the message, after [`Self::begin`].
    pub(super) async fn prepare(
        &mut self,
        envelope: &Envelope,
        timeouts: &Timeouts,
    ) -> Result<(), DeliveryFault> {
        if self.has_pipelining {
            self.answer(DeliveryPhase::Recipient, timeouts.command, 2).await?;
            self.answer(DeliveryPhase::Data, timeouts.data, 3).await
        } else {
            let rcpt = Rcpt::new(envelope.to.clone(), Vec::new());
            self.command(DeliveryPhase::Recipient, timeouts.command, rcpt, 2).await?;
            self.command(DeliveryPhase::Data, timeouts.data, Data, 3).await
        }
    }

    /// Hands over the message and the final dot, after [`Self::prepare`]; gives the relay's answer.
    ///
    /// Only what fails before the dot is written is known not to be delivered. The library
    /// writes the dot when the iterator of parts has ended, so the iterator tells, also the wire, which
    /// until then holds back what there is room for.
    pub(super) async fn message(
        &mut self,
        bytes: &[u8],
        timeouts: &Timeouts,
    ) -> Result<String, DeliveryFault> {
        let dot_follows = self.more_follows.clone();
        dot_follows.set(true);
        let phase = || if dot_follows.get() { DeliveryPhase::Message } else { DeliveryPhase::FinalDot };
        let text = bytes.strip_suffix(b"\r\n").unwrap_or(bytes);
        let parts = std::iter::once(text).chain(std::iter::from_fn(|| {
            dot_follows.set(false);
            None
        }));
        let mut sending = pin!(self.connection.message_iter(parts));
        let answer = match timeout(timeouts.message, &mut sending).await {
            Ok(answer) => answer,
            Err(_) if phase() == DeliveryPhase::Message => {
                return Err(DeliveryFault::timed_out(DeliveryPhase::Message));
            }
            Err(_) => match timeout(timeouts.final_dot, &mut sending).await {
                Ok(answer) => answer,
                Err(_) => return Err(DeliveryFault::timed_out(DeliveryPhase::FinalDot)),
            },
        };
        let answer = answer.map_err(|error| DeliveryFault::of(phase(), &error))?;
        expect(phase(), &answer, 2)?;
        let lines: Vec<&str> = answer.message().collect();
        Ok(words(answer.code().into(), &lines.join(" ")))
    }

    /// Takes back what was begun, after the relay refused it.
    ///
    /// What was sent ahead must have been refused as well: a relay that asks for the message although it
    /// took no recipient waits for one, and the connection is of no more use.
    pub(super) async fn reset(&mut self, timeouts: &Timeouts) -> Result<(), DeliveryFault> {
        while self.owed > 0 {
            match self.answer(DeliveryPhase::Data, timeouts.data, 2).await {
                Err(fault) if !fault.leaves_in_step() => return Err(fault),
                Ok(()) | Err(_) => {}
            }
        }
        self.command(DeliveryPhase::Sender, timeouts.command, Rset, 2).await
    }

    /// Says goodbye, waiting a second at most for the answer.
    pub(super) async fn quit(mut self) {
        let _ = timeout(Duration::from_secs(1), self.connection.command(Quit)).await;
    }

    /// Reads the answer to what was sent ahead.
    async fn answer(
        &mut self,
        phase: DeliveryPhase,
        limit: Duration,
        class: u16,
    ) -> Result<(), DeliveryFault> {
        self.owed = self.owed.saturating_sub(1);
        let answer = within(limit, phase, self.connection.read_response()).await?;
        expect(phase, &answer, class)
    }

    async fn command(
        &mut self,
        phase: DeliveryPhase,
        limit: Duration,
        command: impl Display,
        class: u16,
    ) -> Result<(), DeliveryFault> {
        let answer = within(limit, phase, self.connection.command(command)).await?;
        expect(phase, &answer, class)
    }
}

/// A positive answer of another class than asked for means that we are out of step: `221` to
/// MAIL says goodbye, `250` to DATA answers something else.
fn expect(phase: DeliveryPhase, answer: &Response, class: u16) -> Result<(), DeliveryFault> {
    let code = u16::from(answer.code());
    if code / 100 == class && code != 221 {
        Ok(())
    } else {
        Err(DeliveryFault::broken(phase, format_args!("the answer {code} is out of place")))
    }
}

async fn within<T>(
    limit: Duration,
    phase: DeliveryPhase,
    step: impl Future<Output = Result<T, Error>>,
) -> Result<T, DeliveryFault> {
    match timeout(limit, step).await {
        Ok(result) => result.map_err(|error| DeliveryFault::of(phase, &error)),
        Err(_) => Err(DeliveryFault::timed_out(phase)),
    }
}
