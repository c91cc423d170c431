//! Taking mail in: what people ask for by mail, and the answers to it.
//!
//! One function behind every way in. Taken in twice, a message is the same one; killed before its
//! commit, it has done nothing and is handed over again.

mod acting;
mod answers;
mod asking;
mod outcome;

use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::bounce::BounceKind;
use crate::domain::id::{BodyHash, SourceId};
use crate::domain::inbound::silence;
use crate::domain::keyed_link::WebAddresses;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::domain::verp::mail_of;
use crate::mail::{InboundEnvelope, InboundMessage, MailReport};
use crate::metrics::Counts;
use crate::registry::Registry;
use crate::settings::{InboxSettings, MailSettings};
use crate::store::{BounceCommit, Exchanged, InboundCommit, Store, TakenUp, anew_if_overtaken};
use crate::subscribe::SubscriberLock;

pub use self::outcome::{IngestError, Ingested};

/// Takes mail in. One for the whole program.
#[derive(Debug)]
pub struct Inbox {
    store: Store,
    registry: Registry,
    sources: Arc<[Arc<Source>]>,
    /// Their ids, as people write them.
    source_ids: Vec<SourceId>,
    mail: MailSettings,
    settings: InboxSettings,
    takes_mail: bool,
    web: Option<WebAddresses>,
    instance_key: [u8; 32],
    clock: Arc<dyn Clock>,
    turn: SubscriberLock,
    counts: Option<Counts>,
}

/// A message is tried so often. One at which the process died counts as tried.
const MAX_ATTEMPTS: u32 = 3;

/// A message by what is to be done with it.
enum IncomingMail {
    /// Somebody's own words.
    Request(Box<InboundMessage>),
    /// A bounce or a complaint.
    Report(MailReport),
}

/// What the inbox is made of.
#[derive(Debug)]
pub struct InboxParts {
    /// Keeps it.
    pub store: Store,
    /// Who may be followed.
    pub registry: Registry,
    /// What may be followed of them.
    pub sources: Arc<[Arc<Source>]>,
    /// How mail is written.
    pub mail: MailSettings,
    /// Where people write to.
    pub settings: InboxSettings,
    /// Whether mail to that address is taken in; else questions are answered on their page.
    pub takes_mail: bool,
    /// Where the links of a mail lead, where there is a web server.
    pub web: Option<WebAddresses>,
    /// Keys Message-IDs.
    pub instance_key: [u8; 32],
    /// Shared with whatever else changes subscribers.
    pub turn: SubscriberLock,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl Inbox {
    /// An inbox over the given parts.
    #[must_use]
    pub fn new(parts: InboxParts) -> Self {
        let InboxParts {
            store,
            registry,
            sources,
            mail,
            settings,
            takes_mail,
            web,
            instance_key,
            turn,
            clock,
        } = parts;
        let source_ids = sources.iter().map(|source| source.id.clone()).collect();
        Self {
            store,
            registry,
            sources,
            source_ids,
            mail,
            settings,
            takes_mail,
            web,
            instance_key,
            clock,
            turn,
            counts: None,
        }
    }

    /// The same, which counts mails that came back.
    #[must_use]
    pub fn counting(self, counts: Counts) -> Self {
        Self { counts: Some(counts), ..self }
    }

    /// Takes one message in: does what it asks for as far as that may be done, and queues the
    /// answers, all in one commit.
    ///
    /// # Errors
    /// What must be tried again; nothing was done.
    pub async fn ingest(&self, raw: Vec<u8>, envelope: &InboundEnvelope) -> Result<Ingested, IngestError> {
        let message = named(&raw, envelope);
        let _turn = self.turn.wait().await;
        // Noted before anybody looks at it: what it does to this process then counts.
        let attempt = match self.store.take_up(&message, self.clock.now()).await? {
            TakenUp::Known => return Ok(Ingested::Known),
            TakenUp::Attempt(attempt) => attempt,
        };
        if attempt > MAX_ATTEMPTS {
            return self
                .abandon(&message, "the process ended each time it read the message".to_owned())
                .await;
        }
        tracing::debug!(message.sha256 = message.as_str(), attempt, "reading message {}", message.as_str());
        match self.look_at(message.clone(), raw, envelope).await {
            Err(error) if error.is_blameless() => {
                if let Err(error) = self.store.forgive(&message).await {
                    tracing::debug!(
                        error = error_chain(&error),
                        "failed to take back an attempt at a message"
                    );
                }
                Err(error)
            }
            Err(error) if attempt == MAX_ATTEMPTS => self.abandon(&message, error_chain(&error)).await,
            ended => {
                // What cannot be asked now is asked with the next round of mail.
                if let Err(error) = self.ask_again().await {
                    tracing::error!(
                        error = error_chain(&error),
                        "failed to ask again what is left of a question"
                    );
                }
                ended
            }
        }
    }

    async fn abandon(&self, message: &BodyHash, reason: String) -> Result<Ingested, IngestError> {
        tracing::error!(
            message.sha256 = message.as_str(),
            reason,
            "failed to take in message {}",
            message.as_str()
        );
        self.store.abandon_message(message).await?;
        Ok(Ingested::GivenUp { reason })
    }

    async fn look_at(
        &self,
        message: BodyHash,
        raw: Vec<u8>,
        envelope: &InboundEnvelope,
    ) -> Result<Ingested, IngestError> {
        let (settings, around) = (self.settings.clone(), envelope.clone());
        // Parsing takes its time with a hostile message: not on the threads that wait for others.
        let parsed =
            tokio::task::spawn_blocking(move || match MailReport::parse(&raw, &around, &settings.address)? {
                Some(report) => Ok(IncomingMail::Report(report)),
                None => {
                    InboundMessage::parse(&raw, &around, &settings).map(Box::new).map(IncomingMail::Request)
                }
            });
        let received = match parsed.await.map_err(IngestError::from)? {
            Ok(IncomingMail::Request(received)) => received,
            Ok(IncomingMail::Report(report)) => return self.report(message, report).await,
            Err(unusable) => return self.pass_over(message, unusable.to_string()).await,
        };
        let (sender, from) = (envelope.sender.as_deref(), &received.from);
        let own = [&self.settings.address, &self.mail.from.address];
        let silence = silence(&received.headers, sender, from, &own);
        let act = || async {
            match silence.clone() {
                Some(reason) => self.act_silently(message.clone(), &received, sender, reason).await,
                None => self.act(message.clone(), &received).await,
            }
        };
        anew_if_overtaken(act, IngestError::of_store).await
    }

    /// Keeps what a report says of the mail it names. Only an address that was made here names one.
    async fn report(&self, message: BodyHash, report: MailReport) -> Result<Ingested, IngestError> {
        let mail = report.details.iter().find_map(|detail| mail_of(&self.instance_key, detail));
        let (mail, verdict) = match (mail, report.verdict) {
            (_, BounceKind::Nothing { why }) => return self.pass_over(message, why).await,
            (None, verdict) => {
                return self.pass_over(message, format!("it names no mail of ours: {verdict:?}")).await;
            }
            (Some(mail), verdict) => (mail, verdict),
        };
        let report = BounceCommit { message, at: self.clock.now(), mail, verdict: verdict.clone() };
        match self.store.came_back(report).await? {
            Some(known) => {
                if let Some(counts) = &self.counts {
                    counts.bounce();
                }
                let to = known.recipient.redacted();
                tracing::warn!(mail.id = %known.id, mail.to = to, ?verdict, "mail {} to {to} bounced", known.id);
                Ok(Ingested::Reported { mail: known.id })
            }
            None => Ok(Ingested::PassedOver { reason: "it names a mail that is not there".to_owned() }),
        }
    }

    /// Notes a message that nothing is done about, so that it is not looked at again.
    async fn pass_over(&self, message: BodyHash, reason: String) -> Result<Ingested, IngestError> {
        let at = self.clock.now();
        tracing::info!(
            message.sha256 = message.as_str(),
            reason,
            "ignored message {}: {reason}",
            message.as_str()
        );
        let noted = InboundCommit { message, at, state: None, mails: Vec::new(), wishes: Vec::new() };
        match self.store.converse(noted).await? {
            Exchanged::Kept => Ok(Ingested::PassedOver { reason }),
            Exchanged::Known => Ok(Ingested::Known),
        }
    }
}

/// Names a message together with where it went: a copy to another detail is another message.
fn named(raw: &[u8], envelope: &InboundEnvelope) -> BodyHash {
    let mut bytes = envelope.recipient.clone().unwrap_or_default().into_bytes();
    bytes.push(0);
    bytes.extend_from_slice(raw);
    BodyHash::of(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_message_that_the_parser_cannot_bear_is_blamed_and_the_end_of_the_program_is_not() {
        let panicked = tokio::task::spawn_blocking(|| panic!("at this message")).await;
        let error = IngestError::from(panicked.unwrap_err());
        assert!(matches!(error, IngestError::Parser) && !error.is_blameless());
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(std::future::pending::<()>());
        tasks.abort_all();
        let ended = tasks.join_next().await.unwrap();
        let error = IngestError::from(ended.unwrap_err());
        assert!(matches!(error, IngestError::Ended) && error.is_blameless());
    }
}
