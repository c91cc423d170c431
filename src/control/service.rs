//! Executing commands: the same here and in the daemon.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::command::{Command, Reply, SourceDetail, SourceStatus};
use crate::check::{Checker, ReadOptions, Reading};
use crate::deliver::Deliverer;
use crate::dispatch::{DispatchError, Dispatcher, Patience};
use crate::domain::change::Change;
use crate::domain::email::EmailAddress;
use crate::domain::id::SourceId;
use crate::domain::report::CheckReport;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::store::{Store, StoreError};
use crate::subscribe::{Inbox, IngestError, SubscribeError, Subscriptions};

/// The use cases a command may need.
#[derive(Debug)]
pub struct ServiceParts {
    /// What is watched.
    pub sources: Vec<Source>,
    /// Sources read at once.
    pub concurrency: usize,
    /// Keeps everything.
    pub store: Store,
    /// Reads.
    pub checker: Arc<Checker>,
    /// Makes mails.
    pub dispatcher: Arc<Dispatcher>,
    /// Sends them.
    pub deliverer: Arc<Deliverer>,
    /// Takes subscriptions.
    pub subscriptions: Subscriptions,
    /// Takes mail in, where there is a mailbox.
    pub inbox: Option<Arc<Inbox>>,
    /// Tells the time.
    pub clock: Arc<dyn crate::clock::Clock>,
}

/// Executes commands.
#[derive(Debug)]
pub struct Service(ServiceParts);

/// Why a command could not be done. Told to the operator in words.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error("no source {id}; the configuration has {known}")]
    UnknownSource { id: SourceId, known: String },
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    #[error("nobody can write to this service; name its mailbox: [inbox] address = \"…\"")]
    NoInbox,
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

/// Snapshots shown with a source.
const SHOWN_SNAPSHOTS: usize = 20;

impl Service {
    /// A service over the given use cases.
    #[must_use]
    pub fn new(parts: ServiceParts) -> Self {
        Self(parts)
    }

    /// Executes one command. Readings are sent to `progress` as they come.
    pub async fn execute(&self, command: Command, progress: &mpsc::Sender<Reading>) -> Reply {
        match self.answer(command, progress).await {
            Ok(reply) => reply,
            Err(refusal) => Reply::Refused(error_chain(&refusal)),
        }
    }

    async fn answer(&self, command: Command, progress: &mpsc::Sender<Reading>) -> Result<Reply, Refusal> {
        let parts = &self.0;
        Ok(match command {
            Command::Check { sources, options } => self.check(&sources, options, progress).await?,
            Command::Sources => Reply::Sources(self.statuses().await?),
            Command::Source { id } => Reply::Source(Box::new(self.detail(&id).await?)),
            Command::HeldBody { id } => Reply::Body(self.held_body(&id).await?),
            Command::Changes { query } => Reply::Changes(parts.store.changes(query).await?),
            Command::Change { id } => Reply::Change(Box::new(parts.store.find_change(&id).await?)),
            Command::Subscribe { address, companies, confirmed } => {
                Reply::Subscriber(parts.subscriptions.add(&address, &companies, confirmed).await?)
            }
            Command::ConfirmSubscriber { address } => {
                Reply::Subscriber(parts.subscriptions.confirm(&address).await?)
            }
            Command::PauseSubscriber { address, paused } => {
                Reply::Subscriber(parts.subscriptions.pause(&address, paused).await?)
            }
            Command::Subscriber { address } => Reply::Subscriber(parts.subscriptions.show(&address).await?),
            Command::Subscribers => Reply::Subscribers(parts.subscriptions.list().await?),
            Command::Unsubscribe { address, companies } => {
                Reply::Unsubscribed(parts.subscriptions.remove(&address, &companies).await?)
            }
            Command::Outbox { state, limit } => {
                let mails = parts.store.mails(state, limit).await?;
                Reply::Mails(mails.into_iter().map(Into::into).collect())
            }
            Command::RetryMails { id } => Reply::Retried(self.retry(id.as_deref()).await?),
            Command::Ingest { message, envelope } => {
                let inbox = parts.inbox.as_ref().ok_or(Refusal::NoInbox)?;
                let ingested = inbox.ingest(message, &envelope).await?;
                parts.deliverer.deliver_due().await?;
                Reply::Ingested(ingested)
            }
            Command::TestMail { address } => self.test_mail(&address).await?,
        })
    }

    /// Reads, tells what was found, and sends it: nothing waits for the daemon's next round.
    async fn check(
        &self,
        sources: &[SourceId],
        options: ReadOptions,
        progress: &mpsc::Sender<Reading>,
    ) -> Result<Reply, Refusal> {
        let parts = &self.0;
        let sources = self.named(sources)?;
        let readings = parts.checker.read_all(sources, options, parts.concurrency, progress).await;
        let mails_queued = if options.dry_run {
            0
        } else {
            let queued = parts.dispatcher.dispatch(Patience::Now).await?;
            parts.deliverer.deliver_due().await?;
            queued
        };
        let (mut reports, mut changes): (Vec<_>, Vec<Change>) = (Vec::new(), Vec::new());
        for reading in readings {
            reports.push(reading.report);
            changes.extend(reading.changes);
        }
        Ok(Reply::Checked { report: CheckReport { sources: reports, mails_queued }, changes })
    }

    /// The sources by these ids, in the order of the configuration; all for none.
    fn named(&self, ids: &[SourceId]) -> Result<Vec<Source>, Refusal> {
        for id in ids {
            self.source(id)?;
        }
        let is_meant = |source: &&Source| ids.is_empty() || ids.contains(&source.id);
        Ok(self.0.sources.iter().filter(is_meant).cloned().collect())
    }

    fn source(&self, id: &SourceId) -> Result<&Source, Refusal> {
        self.0.sources.iter().find(|source| source.id == *id).ok_or_else(|| {
            let known: Vec<&str> = self.0.sources.iter().map(|source| source.id.as_str()).collect();
            Refusal::UnknownSource { id: id.clone(), known: known.join(", ") }
        })
    }

    async fn statuses(&self) -> Result<Vec<SourceStatus>, Refusal> {
        let mut statuses = Vec::new();
        for source in &self.0.sources {
            statuses.push(self.status(&source.id).await?);
        }
        Ok(statuses)
    }

    async fn status(&self, id: &SourceId) -> Result<SourceStatus, Refusal> {
        let store = &self.0.store;
        Ok(SourceStatus {
            id: id.clone(),
            state: store.read_state(id).await?,
            entries: store.baseline(id).await?.map(|baseline| baseline.snapshot.entries),
            is_held: store.held(id).await?.is_some(),
        })
    }

    async fn detail(&self, id: &SourceId) -> Result<SourceDetail, Refusal> {
        self.source(id)?;
        Ok(SourceDetail {
            status: self.status(id).await?,
            held: self.0.store.held(id).await?,
            snapshots: self.0.store.snapshots(id, SHOWN_SNAPSHOTS).await?,
        })
    }

    async fn held_body(&self, id: &SourceId) -> Result<Option<Vec<u8>>, Refusal> {
        self.source(id)?;
        match self.0.store.held(id).await? {
            Some(held) => Ok(self.0.store.body(&held.evidence.sha256).await?),
            None => Ok(None),
        }
    }

    async fn retry(&self, id: Option<&str>) -> Result<usize, Refusal> {
        let parts = &self.0;
        let mail = match id {
            Some(id) => Some(parts.store.find_mail(id).await?.id),
            None => None,
        };
        let retried = parts.store.retry_mails(mail.as_ref(), parts.clock.now()).await?;
        parts.deliverer.deliver_due().await?;
        Ok(retried)
    }

    async fn test_mail(&self, address: &EmailAddress) -> Result<Reply, Refusal> {
        let parts = &self.0;
        let id = parts.dispatcher.queue_test(address).await?;
        parts.deliverer.deliver_due().await?;
        let mail = parts.store.find_mail(id.as_str()).await?;
        Ok(Reply::Tested(Box::new(mail.into())))
    }
}
