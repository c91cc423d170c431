//! Executing commands: the same here and in the daemon.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::command::{Command, MailDetail, Questioned, Reply, SourceDetail, SourceStatus};
use crate::check::{Checker, ReadOptions, Reading, RetractError, ReviewError};
use crate::deliver::Deliverer;
use crate::dispatch::{DispatchError, Dispatcher, Patience};
use crate::domain::due::due_at;
use crate::domain::email::EmailAddress;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::incident::Incident;
use crate::domain::report::CheckReport;
use crate::domain::snapshot::HeldRead;
use crate::domain::source::Source;
use crate::domain::suppression::SuppressionReason;
use crate::domain::text::error_chain;
use crate::escalate::{EscalateError, Escalator};
use crate::reload::{ReloadError, Reloaded, Reloader};
use crate::store::{ChangeQuery, Deed, Store, StoreError};
use crate::subscribe::{Inbox, IngestError, Ingested, SubscribeError, Subscriptions};

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
    /// Tells the operator of trouble.
    pub escalator: Arc<Escalator>,
    /// Makes mails.
    pub dispatcher: Arc<Dispatcher>,
    /// Sends them.
    pub deliverer: Arc<Deliverer>,
    /// Takes subscriptions.
    pub subscriptions: Subscriptions,
    /// Takes over the company registry.
    pub reloader: Reloader,
    /// Takes mail in, where there is a mailbox.
    pub inbox: Option<Arc<Inbox>>,
    /// Asks people, where there is a mailbox or a page for their answer.
    pub asker: Option<Arc<Inbox>>,
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
    Escalate(#[from] EscalateError),
    #[error(transparent)]
    Review(#[from] ReviewError),
    #[error(transparent)]
    Retract(#[from] RetractError),
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    #[error(transparent)]
    Reload(#[from] ReloadError),
    #[error("nobody can write to this service; name its mailbox: [inbox] address = \"…\"")]
    NoInbox,
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

/// Changes whose names wait for a person's word, shown at once.
const SHOWN_POSSIBLE: usize = 100;

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
            Command::Reviews => {
                let query =
                    ChangeQuery { is_possible: true, limit: SHOWN_POSSIBLE, ..ChangeQuery::default() };
                Reply::Reviews { held: self.held_reads().await?, possible: parts.store.changes(query).await? }
            }
            Command::Decide { id, is_meant } => {
                let change = parts.store.decide(&id, is_meant, parts.clock.now()).await?;
                let mails_queued = self.tell().await?;
                Reply::Decided { change: Box::new(change), mails_queued }
            }
            Command::Review { id } => {
                Reply::Review(parts.checker.review(self.source(&id)?).await?.map(Box::new))
            }
            Command::Accept { id, untold } => self.accept(&id, untold).await?,
            Command::Reject { id } => {
                Reply::Rejected(Box::new(parts.checker.reject(self.source(&id)?).await?))
            }
            Command::Retract { id, reason } => {
                let change = parts.store.find_change(&id).await?;
                let source = self.source(&change.source)?;
                let retraction = parts.checker.retract(source, &change, reason).await?;
                Reply::Retracted { retraction, mails_queued: self.tell().await? }
            }
            Command::Incidents { all } => Reply::Incidents(self.incidents(all).await?),
            Command::Replay { id, since } => {
                Reply::Replayed(Box::new(parts.checker.replay(self.source(&id)?, since).await?))
            }
            Command::Changes { query } => Reply::Changes(parts.store.changes(query).await?),
            Command::Change { id } => Reply::Change(Box::new(parts.store.find_change(&id).await?)),
            Command::Subscribe { address, companies, confirmed } => {
                self.subscribe(&address, &companies, confirmed).await?
            }
            Command::Wishes => Reply::Wishes {
                asked: parts.store.asked_to_follow(parts.clock.now()).await?,
                untracked: parts.store.wishes().await?,
            },
            Command::ImportSubscribers { subscribers, dry_run } => {
                Reply::Imported(parts.subscriptions.import(subscribers, dry_run).await?)
            }
            Command::ConfirmSubscriber { address } => {
                Reply::Subscriber(parts.subscriptions.confirm(&address).await?)
            }
            Command::PauseSubscriber { address, paused, until } => {
                let subscriber = parts.subscriptions.pause(&address, paused, until).await?;
                // What a pause collected is told as soon as it is over.
                if !paused {
                    parts.dispatcher.dispatch(Patience::Group).await?;
                    parts.deliverer.hand_in().await?;
                }
                Reply::Subscriber(subscriber)
            }
            Command::Prefer { address, wishes } => {
                Reply::Subscriber(parts.subscriptions.prefer(&address, wishes).await?)
            }
            Command::Subscriber { address } => Reply::Subscriber(parts.subscriptions.show(&address).await?),
            Command::Subscribers => Reply::Subscribers(parts.subscriptions.list().await?),
            Command::Erase { address } => Reply::Erased(parts.subscriptions.erase(&address).await?),
            Command::Unsubscribe { address, companies } => {
                Reply::Unsubscribed(parts.subscriptions.remove(&address, &companies).await?)
            }
            Command::Outbox { state, undelivered, limit } => {
                let mails = if undelivered {
                    parts.store.mail_trouble(limit).await?.undelivered
                } else {
                    parts.store.mails(state, limit).await?
                };
                Reply::Mails(mails.into_iter().map(Into::into).collect())
            }
            Command::RetryMails { id } => Reply::Retried(self.retry(id.as_deref()).await?),
            Command::Mail { id } => Reply::Mail(Box::new(self.mail(&id).await?)),
            Command::HandleMail { id, deed } => self.handle(&id, deed).await?,
            Command::Suppressions => Reply::Suppressions(parts.store.suppressions().await?),
            Command::Suppress { address, why } => {
                let (reason, now) = (SuppressionReason::Operator, parts.clock.now());
                Reply::Suppressed(parts.store.suppress(&address, reason, why, now).await?)
            }
            Command::Unsuppress { address } => Reply::Unsuppressed(parts.store.unsuppress(&address).await?),
            Command::Reload => self.reload().await?,
            Command::Ingest { message, envelope } => {
                let inbox = parts.inbox.as_ref().ok_or(Refusal::NoInbox)?;
                let ingested = inbox.ingest(message, &envelope).await?;
                if matches!(ingested, Ingested::Reported { .. }) {
                    // A mail that came back may be trouble that a person is to hear of.
                    parts.escalator.escalate().await?;
                }
                parts.deliverer.hand_in().await?;
                Reply::Ingested(ingested)
            }
            Command::TestMail { address } => self.test_mail(&address).await?,
        })
    }

    /// Subscribes somebody. Whose consent nobody can show is asked for it, where they could answer.
    async fn subscribe(
        &self,
        address: &EmailAddress,
        companies: &[CompanyId],
        confirmed: bool,
    ) -> Result<Reply, Refusal> {
        let parts = &self.0;
        let subscriber = parts.subscriptions.add(address, companies, confirmed).await?;
        let is_waiting = |company: &&CompanyId| subscriber.active(company).is_none();
        let mut waiting: Vec<CompanyId> = companies.iter().filter(is_waiting).cloned().collect();
        waiting.sort();
        waiting.dedup();
        if waiting.is_empty() {
            return Ok(Reply::Subscriber(subscriber));
        }
        let question = match &parts.asker {
            None => Questioned::Nowhere,
            Some(asker) if asker.ask_to_follow(&subscriber.address, &waiting).await? => Questioned::Sent,
            Some(_) => Questioned::Withheld,
        };
        if question == Questioned::Sent {
            parts.deliverer.hand_in().await?;
        }
        Ok(Reply::Wished { subscriber, question })
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
        let options = ReadOptions { is_manual: true, ..options };
        let readings = parts.checker.read_all(sources, options, parts.concurrency, progress).await;
        let mails_queued = if options.dry_run { 0 } else { self.tell().await? };
        Ok(checked(readings, mails_queued))
    }

    /// Takes over the registry and matches what stands with it; tells what that finds.
    async fn reload(&self) -> Result<Reply, Refusal> {
        let parts = &self.0;
        let Reloaded { companies, needs_restart } = parts.reloader.reload().await?;
        let mut notices = Vec::new();
        for source in &parts.sources {
            notices.extend(parts.checker.rematch(source).await?);
        }
        let mails_queued = self.tell().await?;
        Ok(Reply::Reloaded { companies, needs_restart, notices, mails_queued })
    }

    /// Takes a held read, and tells what it changed unless nothing of it is to be told.
    async fn accept(&self, id: &SourceId, untold: bool) -> Result<Reply, Refusal> {
        let reading = self.0.checker.accept(self.source(id)?, untold).await?;
        let mails_queued = self.tell().await?;
        Ok(checked(vec![reading], mails_queued))
    }

    /// Makes mails of what was found and sends them; tells how many go to subscribers.
    async fn tell(&self) -> Result<usize, Refusal> {
        let parts = &self.0;
        parts.escalator.escalate().await?;
        let queued = parts.dispatcher.dispatch(Patience::Now).await?;
        parts.deliverer.hand_in().await?;
        Ok(queued)
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

    async fn held_reads(&self) -> Result<Vec<HeldRead>, Refusal> {
        let mut held = Vec::new();
        for source in &self.0.sources {
            held.extend(self.0.store.held(&source.id).await?);
        }
        Ok(held)
    }

    async fn incidents(&self, all: bool) -> Result<Vec<Incident>, Refusal> {
        let mut incidents = self.0.store.incidents().await?;
        incidents.retain(|incident| all || incident.is_open());
        Ok(incidents)
    }

    async fn statuses(&self) -> Result<Vec<SourceStatus>, Refusal> {
        let incidents = self.incidents(false).await?;
        let mut statuses = Vec::new();
        for source in &self.0.sources {
            statuses.push(self.status(source, &incidents).await?);
        }
        Ok(statuses)
    }

    /// How a source stands; `incidents` are those of all sources that are open.
    async fn status(&self, source: &Source, incidents: &[Incident]) -> Result<SourceStatus, Refusal> {
        let (store, id) = (&self.0.store, &source.id);
        let state = store.read_state(id).await?;
        let now = self.0.clock.now();
        Ok(SourceStatus {
            id: id.clone(),
            next_due_at: due_at(source, state.as_ref(), now, now),
            state,
            entries: store.accepted(id).await?.map(|snapshot| snapshot.entries),
            is_held: store.held(id).await?.is_some(),
            incidents: incidents.iter().filter(|incident| incident.concerns(id)).cloned().collect(),
        })
    }

    async fn detail(&self, id: &SourceId) -> Result<SourceDetail, Refusal> {
        let source = self.source(id)?;
        Ok(SourceDetail {
            status: self.status(source, &self.incidents(false).await?).await?,
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
        parts.deliverer.hand_in_now().await?;
        Ok(retried)
    }

    async fn mail(&self, id: &str) -> Result<MailDetail, Refusal> {
        let mail = self.0.store.find_mail(id).await?;
        let message = self.0.store.message(&mail.id).await.ok().filter(|message| !message.is_empty());
        let headers = message.map(|message| {
            let text = String::from_utf8_lossy(&message).into_owned();
            text.split_once("\r\n\r\n").map_or(text.clone(), |(headers, _)| headers.replace("\r\n", "\n"))
        });
        let (is_undelivered, history) = (mail.is_undelivered, mail.history.clone());
        Ok(MailDetail { mail: mail.into(), is_undelivered, history, headers })
    }

    async fn handle(&self, id: &str, deed: Deed) -> Result<Reply, Refusal> {
        let parts = &self.0;
        let id = parts.store.find_mail(id).await?.id;
        let (mail, is_done) = parts.store.handle_mail(&id, deed, parts.clock.now()).await?;
        if deed != Deed::Release {
            return Ok(Reply::Handled { mail: Box::new(mail.into()), is_done });
        }
        parts.deliverer.hand_in().await?;
        let mail = parts.store.find_mail(id.as_str()).await?;
        Ok(Reply::Handled { mail: Box::new(mail.into()), is_done })
    }

    async fn test_mail(&self, address: &EmailAddress) -> Result<Reply, Refusal> {
        let parts = &self.0;
        let id = parts.dispatcher.queue_test(address).await?;
        parts.deliverer.hand_in_now().await?;
        let mail = parts.store.find_mail(id.as_str()).await?;
        Ok(Reply::Tested(Box::new(mail.into())))
    }
}

/// The reply that tells what reads found.
fn checked(readings: Vec<Reading>, mails_queued: usize) -> Reply {
    let (mut sources, mut changes, mut notices) = (Vec::new(), Vec::new(), Vec::new());
    for reading in readings {
        sources.push(reading.report);
        changes.extend(reading.changes);
        notices.extend(reading.notices);
    }
    Reply::Checked { report: CheckReport { sources, mails_queued }, changes, notices }
}
