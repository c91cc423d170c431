//! What an operator asks of mail: what is on its way, what comes in, and where none is sent.

use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::reply::{Handled, MailDetail, MailSummary};
use crate::control::service::{CommandError, CommandService};
use crate::domain::email::EmailAddress;
use crate::domain::outbox::MailState;
use crate::domain::suppression::{Suppression, SuppressionReason};
use crate::escalate::Attended;
use crate::mail::InboundEnvelope;
use crate::store::MailAction;
use crate::subscribe::Ingested;

/// Mails, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListMails {
    /// In this state only.
    pub state: Option<MailState>,
    /// Only those that were given up and somebody must know of.
    #[serde(default)]
    pub undelivered: bool,
    /// At most so many.
    pub limit: usize,
}

impl Ask for ListMails {
    type Reply = Vec<MailSummary>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let store = &service.0.store;
        let mails = if self.undelivered {
            store.mail_trouble(self.limit).await?.undelivered
        } else {
            store.mails(self.state, self.limit).await?
        };
        Ok(mails.into_iter().map(Into::into).collect())
    }
}

/// Put given-up and waiting mails back to the head of the queue and send; answered with how many were put back.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RetryMails {
    /// Only this one, by its id or the beginning of it.
    pub id: Option<String>,
}

impl Ask for RetryMails {
    type Reply = usize;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.retry(self.id.as_deref()).await
    }
}

/// One mail: its headers and all that happened to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ShowMail {
    /// Its id, or the beginning of it.
    pub id: String,
}

impl Ask for ShowMail {
    type Reply = MailDetail;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.mail(&self.id).await
    }
}

/// Hold a mail back, let it go, or give it up.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HandleMail {
    /// Its id, or the beginning of it.
    pub id: String,
    /// What to do.
    pub deed: MailAction,
}

impl Ask for HandleMail {
    type Reply = Handled;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.handle(&self.id, self.deed).await
    }
}

/// Addresses that nothing is sent to, newest first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListSuppressions {}

impl Ask for ListSuppressions {
    type Reply = Vec<Suppression>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.suppressions().await?)
    }
}

/// Send an address nothing from now on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Suppress {
    /// Which.
    pub address: EmailAddress,
    /// Why, for the record.
    pub why: String,
}

impl Ask for Suppress {
    type Reply = Suppression;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let (reason, now) = (SuppressionReason::Operator, service.0.clock.now());
        Ok(service.0.store.suppress(&self.address, reason, self.why, now).await?)
    }
}

/// Send an address mail again; answered with whether it was sent nothing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Unsuppress {
    /// Which.
    pub address: EmailAddress,
}

impl Ask for Unsuppress {
    type Reply = bool;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.store.unsuppress(&self.address).await?)
    }
}

/// Take in a message that somebody wrote to the service.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ingest {
    /// The message as it came.
    pub message: Vec<u8>,
    /// What the server that took it in knows of it.
    pub envelope: InboundEnvelope,
}

impl Ask for Ingest {
    type Reply = Ingested;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let parts = &service.0;
        let inbox = parts.inbox.as_ref().ok_or(CommandError::NoInbox)?;
        let ingested = inbox.ingest(self.message, &self.envelope).await?;
        if matches!(ingested, Ingested::Reported { .. }) && service.composes() {
            // A mail that came back may be trouble that a person is to hear of.
            parts.escalator.escalate(Attended::Yes).await?;
        }
        parts.deliverer.hand_in().await?;
        Ok(ingested)
    }
}

/// Send a test mail; answered with the mail after its first attempt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TestMail {
    /// To whom.
    pub address: EmailAddress,
}

impl Ask for TestMail {
    type Reply = MailSummary;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.test_mail(&self.address).await
    }
}
