//! Executing commands: the same here and in the daemon.

use std::collections::BTreeSet;
use std::sync::{Arc, PoisonError, RwLock};

use chrono::NaiveDate;
use tokio::sync::{mpsc, oneshot};

use super::ask::{Ask, ProgressReporter};
use super::command::Command;
use super::deed;
use super::reply::{
    CompanyOnSource, Handled, InForce, MailDetail, MailSummary, Paused, Questioned, SourceDetail,
    SourceStatus, Subscribed,
};
use crate::check::{Checker, ReadOptions, RetractError, ReviewError};
use crate::deliver::Deliverer;
use crate::dispatch::{BatchWindow, DispatchError, Dispatcher};
use crate::domain::audit::AuditEntry;
use crate::domain::due::due_at;
use crate::domain::email::EmailAddress;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::incident::Incident;
use crate::domain::report::CheckReport;
use crate::domain::snapshot::QuarantinedRead;
use crate::domain::source::{Source, SourcePause};
use crate::domain::spelling::did_you_mean;
use crate::domain::text::error_chain;
use crate::domain::topic::Topic;
use crate::escalate::{Attended, EscalateError, Escalator};
use crate::prove::{ProveError, Prover};
use crate::reload::{ReloadError, Reloaded, Reloader, TakenOver, Takeover};
use crate::screen::{ScreenError, Screener, StandingError, StandingLists};
use crate::settings::{Retention, WorkerRole, WorkerRoles};
use crate::status::StatusReader;
use crate::store::{MailAction, SourceGlance, Store, StoreError};
use crate::subscribe::{Inbox, IngestError, SubscribeError, Subscriptions};
use crate::webhook::{MakingError, WebhookError, Webhooks};

/// The use cases a command may need.
#[derive(Debug)]
pub struct ServiceParts {
    /// What is watched.
    pub sources: Arc<[Arc<Source>]>,
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
    /// Tells webhooks.
    pub webhooks: Arc<Webhooks>,
    /// Takes subscriptions.
    pub subscriptions: Arc<Subscriptions>,
    /// Says how all stands.
    pub status: Arc<StatusReader>,
    /// Holds suppliers against the lists.
    pub screener: Screener,
    /// Keeps those that are held against them again and again.
    pub standing: Arc<StandingLists>,
    /// Seals what was read, and shows it.
    pub prover: Prover,
    /// How long what is kept.
    pub retention: Retention,
    /// What this process does; all of it where no daemon runs. The rest is left to other workers on the same store.
    pub roles: WorkerRoles,
    /// Has the daemon take over all that the files say; `None` where no daemon runs.
    pub takeovers: Option<mpsc::Sender<Takeover>>,
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
pub struct CommandService(pub(super) ServiceParts);

/// Why a command could not be done. Told to the operator in words.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each says it in its message")]
pub enum CommandError {
    #[error("no source {id}{hint}; `regwatch source list` shows the configured ones", hint = did_you_mean(id.as_str(), known.iter().map(SourceId::as_str)))]
    UnknownSource { id: SourceId, known: Vec<SourceId> },
    #[error("no daemon is running; the next start reads the files")]
    NoDaemon,
    #[error("this daemon reads no source (its roles: {0}); run the command where a daemon has the role read")]
    NotAReader(String),
    #[error("{0}")]
    NotTakenOver(String),
    #[error("{0} is not in the future at the source; expected a later day")]
    NotToCome(NaiveDate),
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
    Prove(#[from] ProveError),
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    #[error(transparent)]
    Reload(#[from] ReloadError),
    #[error("no inbox is configured; set [inbox] address = \"…\"")]
    NoInbox,
    #[error(transparent)]
    Ingest(#[from] IngestError),
    #[error(transparent)]
    Screen(#[from] ScreenError),
    #[error(transparent)]
    Standing(#[from] StandingError),
    #[error(transparent)]
    Making(#[from] MakingError),
    #[error(transparent)]
    Webhook(#[from] WebhookError),
}

/// Changes whose names wait for a person's word, shown at once.
pub(super) const SHOWN_POSSIBLE: usize = 100;

/// Snapshots shown with a source.
const SHOWN_SNAPSHOTS: usize = 20;

/// The service that executes what is asked now: another takes its place when the files are taken over. Clones are
/// the same.
#[derive(Debug, Clone)]
pub struct InUse(Arc<RwLock<Arc<CommandService>>>);

impl InUse {
    /// Begins with a service.
    #[must_use]
    pub fn new(service: Arc<CommandService>) -> Self {
        Self(Arc::new(RwLock::new(service)))
    }

    /// Returns the one that is in use. Whoever has it keeps it to the end of the command.
    #[must_use]
    pub fn current(&self) -> Arc<CommandService> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place.
    pub fn replace(&self, service: Arc<CommandService>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = service;
    }
}

impl CommandService {
    /// A service over the given use cases.
    #[must_use]
    pub fn new(parts: ServiceParts) -> Self {
        Self(parts)
    }

    /// Executes one command. Readings are sent to `progress` as they come.
    ///
    /// # Errors
    /// [`CommandError`]; what was done before it stays done.
    pub async fn execute<A: Ask>(
        &self,
        ask: A,
        progress: &ProgressReporter,
    ) -> Result<A::Reply, CommandError> {
        self.note(&ask.clone().into()).await?;
        ask.answer(self, progress).await
    }

    /// What each watched source shows of a company.
    pub(super) async fn coverage(&self, company: &CompanyId) -> Result<Vec<CompanyOnSource>, CommandError> {
        let mut coverage = Vec::new();
        for source in &*self.0.sources {
            let known = self.0.store.known(&source.id).await?;
            let named = known.standing.as_ref().and_then(|standing| standing.named.get(company));
            coverage.push(CompanyOnSource {
                source: source.id.clone(),
                entries: named.map_or(0, BTreeSet::len),
                verdict: known.state.as_ref().map(|state| state.verdict),
                last_good_at: known.state.as_ref().and_then(|state| state.last_good_at),
            });
        }
        Ok(coverage)
    }

    /// Notes a deed before it is done.
    async fn note(&self, command: &Command) -> Result<(), StoreError> {
        let Some((act, about, detail)) = command.deed() else { return Ok(()) };
        let entry = AuditEntry::new(self.0.clock.now(), deed::WHO, "command", act, &about, &detail);
        self.0.store.note_deed(entry).await
    }

    /// Subscribes somebody. Whose consent nobody can show is asked for it, where they could answer.
    pub(super) async fn subscribe(
        &self,
        address: &EmailAddress,
        topics: &[Topic],
        confirmed: bool,
    ) -> Result<Subscribed, CommandError> {
        let parts = &self.0;
        let subscriber = parts.subscriptions.add(address, topics, confirmed).await?;
        let is_waiting = |topic: &&Topic| subscriber.active(topic).is_none();
        let mut waiting: Vec<Topic> = topics.iter().filter(is_waiting).cloned().collect();
        waiting.sort();
        waiting.dedup();
        if waiting.is_empty() {
            return Ok(Subscribed { subscriber, question: None });
        }
        let question = match &parts.asker {
            None => Questioned::Nowhere,
            Some(asker) if asker.ask_to_follow(&subscriber.address, &waiting).await? => Questioned::Sent,
            Some(_) => Questioned::Withheld,
        };
        if question == Questioned::Sent {
            parts.deliverer.hand_in().await?;
        }
        Ok(Subscribed { subscriber, question: Some(question) })
    }

    /// Reads, tells what was found, and sends it: nothing waits for the daemon's next round.
    pub(super) async fn check(
        &self,
        sources: &[SourceId],
        options: ReadOptions,
        progress: &ProgressReporter,
    ) -> Result<CheckReport, CommandError> {
        let parts = &self.0;
        if !parts.roles.has(WorkerRole::Read) {
            let names: Vec<&str> = parts.roles.names().collect();
            return Err(CommandError::NotAReader(names.join(", ")));
        }
        let sources = self.to_be_read(sources).await?;
        let options = ReadOptions { is_manual: true, ..options };
        let sources = parts.checker.read_all(sources, options, parts.concurrency, &progress.checks).await;
        let mails_queued = if options.dry_run { Some(0) } else { self.tell().await? };
        if !options.dry_run {
            parts.prover.seal_if_due().await?;
        }
        Ok(CheckReport { sources, mails_queued })
    }

    /// Takes over the registry and matches what stands with it; tells what that finds.
    pub(super) async fn reload(&self) -> Result<InForce, CommandError> {
        let parts = &self.0;
        let Reloaded { companies, needs_restart } = parts.reloader.reload().await?;
        let mut notices = Vec::new();
        for source in &*parts.sources {
            notices.extend(parts.checker.rematch(source).await?);
        }
        let mails_queued = self.tell().await?;
        Ok(InForce { companies, needs_restart, notices, mails_queued })
    }

    /// Takes a held read, and tells what it changed unless nothing of it is to be told.
    pub(super) async fn accept(&self, id: &SourceId, untold: bool) -> Result<CheckReport, CommandError> {
        let accepted = self.0.checker.accept(self.source(id)?, untold).await?;
        let mails_queued = self.tell().await?;
        Ok(CheckReport { sources: vec![accepted], mails_queued })
    }

    /// Makes mails of what was found and sends them; returns how many go to subscribers, `None` if another worker makes
    /// them.
    pub(super) async fn tell(&self) -> Result<Option<usize>, CommandError> {
        let parts = &self.0;
        let queued = if self.composes() { Some(self.compose().await?) } else { None };
        parts.deliverer.hand_in().await?;
        parts.webhooks.hand_in().await?;
        Ok(queued)
    }

    /// Whether this process makes mails of what is found; if not, other workers do, who hear of it from the store.
    pub(super) fn composes(&self) -> bool {
        self.0.roles.has(WorkerRole::Tell)
    }

    async fn compose(&self) -> Result<usize, CommandError> {
        let parts = &self.0;
        parts.escalator.escalate(Attended::Yes).await?;
        let queued = parts.dispatcher.dispatch(BatchWindow::Now).await?;
        // Who asks for something else is not held up by suppliers that cannot be screened.
        if let Err(error) = parts.standing.look_again().await {
            tracing::error!(error = error_chain(&error), "failed to screen standing lists again");
        }
        if let Some(asker) = &parts.asker {
            asker.answer_again().await?;
        }
        Ok(queued)
    }

    /// The sources by these ids, in the order of the configuration; all for none.
    pub(super) fn named(&self, ids: &[SourceId]) -> Result<Vec<Arc<Source>>, CommandError> {
        for id in ids {
            self.source(id)?;
        }
        let is_meant = |source: &&Arc<Source>| ids.is_empty() || ids.contains(&source.id);
        Ok(self.0.sources.iter().filter(is_meant).cloned().collect())
    }

    /// The same; where none is named, without those that are paused.
    async fn to_be_read(&self, ids: &[SourceId]) -> Result<Vec<Arc<Source>>, CommandError> {
        let mut sources = self.named(ids)?;
        if ids.is_empty() {
            let paused = self.0.store.paused_sources(self.0.clock.now()).await?;
            sources.retain(|source| !paused.contains(&source.id));
        }
        Ok(sources)
    }

    /// Leaves a source alone from now on.
    pub(super) async fn pause(
        &self,
        id: &SourceId,
        until: Option<NaiveDate>,
    ) -> Result<Paused, CommandError> {
        let (source, now) = (self.source(id)?, self.0.clock.now());
        let pause = SourcePause::until_day(until, source.timezone, now);
        if let Some(day) = until.filter(|_| !pause.is_in_force(now)) {
            return Err(CommandError::NotToCome(day));
        }
        self.0.store.pause_source(id, Some(pause)).await?;
        Ok(Paused { id: id.clone(), paused: true, until: pause.until })
    }

    /// Reads a source again that was paused.
    pub(super) async fn resume(&self, id: &SourceId) -> Result<Paused, CommandError> {
        self.source(id)?;
        self.0.store.pause_source(id, None).await?;
        Ok(Paused { id: id.clone(), paused: false, until: None })
    }

    /// Has the daemon take over all that the files say.
    pub(super) async fn take_over(&self) -> Result<TakenOver, CommandError> {
        let takeovers = self.0.takeovers.as_ref().ok_or(CommandError::NoDaemon)?;
        let (reply, answer) = oneshot::channel();
        let ended = || CommandError::NotTakenOver("the daemon ends".to_owned());
        takeovers.send(reply).await.map_err(|_| ended())?;
        answer.await.map_err(|_| ended())?.map_err(CommandError::NotTakenOver)
    }

    pub(super) fn source(&self, id: &SourceId) -> Result<&Source, CommandError> {
        self.0.sources.iter().find(|source| source.id == *id).map(Arc::as_ref).ok_or_else(|| {
            let known = self.0.sources.iter().map(|source| source.id.clone()).collect();
            CommandError::UnknownSource { id: id.clone(), known }
        })
    }

    pub(super) async fn held_reads(&self) -> Result<Vec<QuarantinedRead>, CommandError> {
        let sources = self.0.sources.iter().map(|source| source.id.clone()).collect();
        Ok(self.0.store.quarantined_of(sources).await?)
    }

    pub(super) async fn incidents(&self, all: bool) -> Result<Vec<Incident>, CommandError> {
        if all {
            return Ok(self.0.store.incidents().await?);
        }
        let mut incidents = self.0.store.incidents_since(self.0.clock.now()).await?;
        incidents.retain(Incident::is_open);
        Ok(incidents)
    }

    pub(super) async fn statuses(&self) -> Result<Vec<SourceStatus>, CommandError> {
        self.statuses_of(self.0.sources.iter().map(Arc::as_ref).collect()).await
    }

    /// How sources stand, in the order asked for. All of them are looked up at once: one after the other, thousands
    /// take seconds.
    async fn statuses_of(&self, sources: Vec<&Source>) -> Result<Vec<SourceStatus>, CommandError> {
        let (store, now) = (&self.0.store, self.0.clock.now());
        let ids: Vec<SourceId> = sources.iter().map(|source| source.id.clone()).collect();
        let incidents = self.incidents(false).await?;
        let pauses = store.source_pauses(now).await?;
        let entries = store.entry_counts(ids.clone()).await?;
        let glances = store.glances(ids.into()).await?;
        let known = sources.into_iter().zip(glances).zip(entries);
        let status = |((source, glance), entries): ((&Source, Arc<SourceGlance>), Option<usize>)| {
            let id = &source.id;
            SourceStatus {
                id: id.clone(),
                next_due_at: due_at(source, glance.state.as_ref(), now, now),
                state: glance.state.clone(),
                entries,
                is_held: glance.is_held,
                paused: pauses.get(id).copied(),
                incidents: incidents.iter().filter(|incident| incident.concerns(id)).cloned().collect(),
            }
        };
        Ok(known.map(status).collect())
    }

    /// How one source stands; an error where what is kept of it cannot be read.
    async fn status(&self, source: &Source) -> Result<SourceStatus, CommandError> {
        self.0.store.read_state(&source.id).await?;
        let status = self.statuses_of(vec![source]).await?.pop();
        status.ok_or_else(|| StoreError::Closed.into())
    }

    pub(super) async fn detail(&self, id: &SourceId) -> Result<SourceDetail, CommandError> {
        let source = self.source(id)?;
        Ok(SourceDetail {
            status: self.status(source).await?,
            held: self.0.store.quarantined(id).await?,
            snapshots: self.0.store.snapshots(id, SHOWN_SNAPSHOTS).await?,
        })
    }

    pub(super) async fn held_body(&self, id: &SourceId) -> Result<Option<Vec<u8>>, CommandError> {
        self.source(id)?;
        match self.0.store.quarantined(id).await? {
            Some(held) => Ok(self.0.store.body(&held.evidence.sha256).await?),
            None => Ok(None),
        }
    }

    pub(super) async fn retry(&self, id: Option<&str>) -> Result<usize, CommandError> {
        let parts = &self.0;
        let mail = match id {
            Some(id) => Some(parts.store.find_mail(id).await?.id),
            None => None,
        };
        let retried = parts.store.retry_mails(mail.as_ref(), parts.clock.now()).await?;
        parts.deliverer.hand_in_now().await?;
        Ok(retried)
    }

    pub(super) async fn mail(&self, id: &str) -> Result<MailDetail, CommandError> {
        let mail = self.0.store.find_mail(id).await?;
        let message = self.0.store.message(&mail.id).await.ok().filter(|message| !message.is_empty());
        let headers = message.map(|message| {
            let text = String::from_utf8_lossy(&message).into_owned();
            text.split_once("\r\n\r\n").map_or(text.clone(), |(headers, _)| headers.replace("\r\n", "\n"))
        });
        let (is_undelivered, history) = (mail.is_undelivered, mail.history.clone());
        Ok(MailDetail { mail: mail.into(), is_undelivered, history, headers })
    }

    pub(super) async fn handle(&self, id: &str, deed: MailAction) -> Result<Handled, CommandError> {
        let parts = &self.0;
        let id = parts.store.find_mail(id).await?.id;
        let (mail, is_done) = parts.store.handle_mail(&id, deed, parts.clock.now()).await?;
        if deed != MailAction::Release {
            return Ok(Handled { mail: mail.into(), is_done });
        }
        parts.deliverer.hand_in().await?;
        let mail = parts.store.find_mail(id.as_str()).await?;
        Ok(Handled { mail: mail.into(), is_done })
    }

    pub(super) async fn test_mail(&self, address: &EmailAddress) -> Result<MailSummary, CommandError> {
        let parts = &self.0;
        let id = parts.dispatcher.queue_test(address).await?;
        parts.deliverer.hand_in_now().await?;
        Ok(parts.deliverer.attempted(&id).await?.into())
    }
}
