//! All that runs by itself under one configuration: it is begun at the start, and anew over the same open store
//! whenever the files are taken over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::jobs::{claim, hold_job};
use super::{App, LongLived, refuse_nobody};
use crate::check::Checker;
use crate::clock::Clock;
use crate::config::Config;
use crate::deliver::Deliverer;
use crate::domain::id::SourceId;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::mail::Transport;
use crate::monitor::{MonitorParts, MonitorServer, keep_pinging};
use crate::prove::Prover;
use crate::reload::watchlist;
use crate::scheduler::{MailLoop, ReadingLoop, ScreeningLoop};
use crate::settings::{Retention, WorkerRole};
use crate::store::Store;
use crate::view::{ViewParts, Views};
use crate::web::{Runner, WebParts, WebServer};

/// Between two clean-ups of what nothing refers to any more.
const GARBAGE_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// Between two looks whether a worker ended without a word.
const CLEARING_INTERVAL: Duration = Duration::from_secs(3);

/// Between two looks whether the chains of reads are to be sealed: a change is under a seal after this time.
const SEALING_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The parts with the tasks that they run.
#[derive(Debug)]
pub(super) struct Generation {
    pub(super) app: App,
    tasks: TaskTracker,
    /// Those that send mail: two generations must never send the same one.
    sending: TaskTracker,
    stop: CancellationToken,
}

impl Generation {
    /// Puts the parts together and starts them. Sources that are awaited are read at once.
    ///
    /// # Errors
    /// What cannot be set up; then nothing of it runs.
    pub(super) async fn begin(
        store: Store,
        config: Config,
        clock: Arc<dyn Clock>,
        process: LongLived,
        awaited: &BTreeSet<SourceId>,
    ) -> anyhow::Result<Self> {
        let app = App::over(store, config, clock, process).await?;
        let generation = Self {
            app,
            tasks: TaskTracker::new(),
            sending: TaskTracker::new(),
            stop: CancellationToken::new(),
        };
        if let Err(error) = generation.start(awaited).await {
            generation.end().await;
            return Err(error);
        }
        Ok(generation)
    }

    /// Whether a configuration could be begun with, as far as that can be told while another is in force.
    ///
    /// # Errors
    /// Why not.
    pub(super) async fn try_out(config: &Config) -> anyhow::Result<()> {
        watchlist(config)?;
        Transport::open(&config.mail.transport).context("mail.transport")?.close().await;
        refuse_nobody(config, &[]).await
    }

    /// Begins no more work, and waits for what is under way: at most as long as the configuration says, and for
    /// the mails in the senders' hands to the end. Returns whether all of it came to its end.
    pub(super) async fn end(&self) -> bool {
        self.stop.cancel();
        self.app.deliverer.stop();
        self.tasks.close();
        self.sending.close();
        let drain_timeout = self.app.config.daemon.drain_timeout;
        let is_drained = tokio::time::timeout(drain_timeout, self.tasks.wait()).await.is_ok();
        let are_sent = tokio::time::timeout(drain_timeout, self.sending.wait()).await.is_ok();
        is_drained && are_sent
    }

    /// Waits until no mail is in a sender's hands. Transports have limits of their own for how long that takes.
    pub(super) async fn end_sending(&self) {
        self.sending.wait().await;
        self.app.transport.close().await;
    }

    /// Ends without waiting.
    pub(super) fn give_up(&self) {
        self.stop.cancel();
        self.app.deliverer.stop();
    }

    /// Starts everything that runs by itself.
    async fn start(&self, awaited: &BTreeSet<SourceId>) -> anyhow::Result<()> {
        let found = Arc::new(Notify::new());
        let roles = &self.app.roles;
        if roles.has(WorkerRole::Web) {
            self.start_web(&found).await?;
        }
        self.start_monitor().await?;
        if roles.has(WorkerRole::Tell) {
            self.start_telling(&found);
        }
        if roles.has(WorkerRole::Send) {
            self.start_sending();
        }
        if roles.has(WorkerRole::Inbox) {
            self.app.take_mail_in(&self.tasks, &self.stop, &found).await?;
        }
        if roles.has(WorkerRole::Read) {
            self.start_reading(awaited, &found);
        }
        self.start_hearing(&found);
        self.start_tidying();
        Ok(())
    }

    /// Starts to make mails of what was found.
    fn start_telling(&self, found: &Arc<Notify>) {
        let Self { app, tasks, stop, .. } = self;
        let telling = MailLoop {
            escalator: Arc::clone(&app.escalator),
            dispatcher: Arc::clone(&app.dispatcher),
            asker: app.asker.clone(),
            deliverer: Arc::clone(&app.deliverer),
            webhooks: Arc::clone(&app.webhooks),
            store: app.store.clone(),
            clock: Arc::clone(&app.clock),
            found: Arc::clone(found),
        };
        tasks.spawn(app.workers.run("telling", telling.run(stop.clone())));
        let screening =
            ScreeningLoop { standing: Arc::clone(&app.standing), deliverer: Arc::clone(&app.deliverer) };
        let screen = move |stop| screening.clone().run(stop);
        let screening = hold_job(app.store.clone(), "screening", stop.clone(), screen);
        tasks.spawn(app.workers.run("screening", screening));
    }

    /// Starts to send mails, and to deliver to webhooks.
    fn start_sending(&self) {
        let Self { app, sending, stop, .. } = self;
        let (deliverer, stopped) = (Arc::clone(&app.deliverer), stop.clone());
        sending.spawn(app.workers.run("sending", async move { deliverer.run(stopped).await }));
        let webhooks = Arc::clone(&app.webhooks);
        let tell = move |stop| {
            let webhooks = Arc::clone(&webhooks);
            async move { webhooks.run(stop).await }
        };
        let telling = hold_job(app.store.clone(), "webhooks", stop.clone(), tell);
        sending.spawn(app.workers.run("webhooks", telling));
    }

    /// Starts to read sources, and to seal what was read.
    fn start_reading(&self, awaited: &BTreeSet<SourceId>, found: &Arc<Notify>) {
        let Self { app, tasks, stop, .. } = self;
        tasks.spawn(rematch(app.config.sources.clone(), Arc::clone(&app.checker), Arc::clone(found)));
        let reading = ReadingLoop {
            sources: app.config.sources.clone(),
            awaited: awaited.clone(),
            checker: Arc::clone(&app.checker),
            store: app.store.clone(),
            clock: Arc::clone(&app.clock),
            jitter: app.config.daemon.jitter,
            concurrency: app.config.fetch.concurrency,
            found: Arc::clone(found),
        };
        tasks.spawn(app.workers.run("reading", reading.run(stop.clone())));
        let prover = app.prover.clone();
        let seal = move |stop| keep_sealing(prover.clone(), stop);
        let sealing = hold_job(app.store.clone(), "seals", stop.clone(), seal);
        tasks.spawn(app.workers.run("sealing", sealing));
    }

    /// Starts to take up at once what another worker says that it wrote.
    fn start_hearing(&self, found: &Arc<Notify>) {
        let Self { app, tasks, stop, .. } = self;
        let (store, deliverer) = (app.store.clone(), Arc::clone(&app.deliverer));
        let (webhooks, found, stopped) = (Arc::clone(&app.webhooks), Arc::clone(found), stop.clone());
        tasks.spawn(async move {
            loop {
                tokio::select! {
                    () = store.hinted() => {
                        found.notify_one();
                        deliverer.wake();
                        webhooks.wake();
                    }
                    () = stopped.cancelled() => return,
                }
            }
        });
    }

    /// Starts to remove what nobody needs, and to clear up after others that ended, whatever else this worker does.
    fn start_tidying(&self) {
        let Self { app, tasks, stop, .. } = self;
        let retention = app.config.store_rules.retention.clone();
        let tidying = tidy_up(app.store.clone(), retention, Arc::clone(&app.clock), stop.clone());
        tasks.spawn(app.workers.run("tidying", tidying));
        tasks.spawn(clear_up(app.store.clone(), Arc::clone(&app.deliverer), stop.clone()));
    }

    /// Starts the server to which mail's links lead, where one is configured.
    async fn start_web(&self, found: &Arc<Notify>) -> anyhow::Result<()> {
        let app = &self.app;
        let Some(settings) = &app.config.web else { return Ok(()) };
        let server = WebServer::bind(settings).await?;
        tracing::info!(web.listen = %server.address()?, web.base_url = %settings.base_url, "web server listening for {}", settings.base_url);
        let parts = WebParts {
            visits: Arc::clone(&app.visits),
            registry: app.registry.clone(),
            woken: Arc::clone(found),
            views: Views::new(ViewParts {
                store: app.store.clone(),
                sources: app.config.sources.clone(),
                registry: app.registry.clone(),
                clock: Arc::clone(&app.clock),
            }),
            checker: Arc::clone(&app.checker),
            subscriptions: Arc::clone(&app.subscriptions),
            store: app.store.clone(),
            status: Arc::clone(&app.status),
            screener: app.screener.clone(),
            standing: Arc::clone(&app.standing),
            prover: app.prover.clone(),
            webhooks: Arc::clone(&app.webhooks),
            reads: app.roles.has(WorkerRole::Read),
            runner: Runner {
                help_address: app.config.mail.help_address.clone(),
                organisation: app.config.mail.from.organisation().to_owned(),
                postal_address: app.config.mail.postal_address.clone(),
            },
        };
        let serving = server.serve(parts, self.tasks.clone(), self.stop.clone());
        self.tasks.spawn(app.workers.run("web", serving));
        Ok(())
    }

    /// Starts the listener of health and metrics, and the pings, where they are configured.
    async fn start_monitor(&self) -> anyhow::Result<()> {
        let app = &self.app;
        let Some(settings) = &app.config.metrics else { return Ok(()) };
        let server = MonitorServer::bind(settings).await?;
        tracing::info!(metrics.listen = %server.address()?, "serving health and metrics");
        let parts = MonitorParts {
            store: app.store.clone(),
            status: Arc::clone(&app.status),
            workers: app.workers.clone(),
            counts: app.counts.clone(),
        };
        if let Some(ping) = settings.ping.clone() {
            let pinged = parts.clone();
            let keep = move |stop| keep_pinging(ping.clone(), pinged.clone(), stop);
            let pinging = hold_job(app.store.clone(), "ping", self.stop.clone(), keep);
            self.tasks.spawn(app.workers.run("pinging", pinging));
        }
        self.tasks.spawn(app.workers.run("metrics", server.serve(parts, self.stop.clone())));
        Ok(())
    }
}

/// Tells what a registry that changed while nobody ran finds in what stands.
async fn rematch(sources: Arc<[Arc<Source>]>, checker: Arc<Checker>, found: Arc<Notify>) {
    for source in &*sources {
        match checker.rematch(source).await {
            Ok(notices) if !notices.is_empty() => found.notify_one(),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(source.id = %source.id, error = error_chain(&error), "failed to match source {} against the new watchlist", source.id);
            }
        }
    }
}

/// Seals the chains of reads where that is due, and has an authority put its time to the last seal.
async fn keep_sealing(prover: Prover, stop: CancellationToken) {
    while !stop.is_cancelled() {
        if let Err(error) = prover.seal_if_due().await {
            tracing::error!(error = error_chain(&error), "failed to seal the chains of reads");
        }
        tokio::select! {
            () = tokio::time::sleep(SEALING_INTERVAL) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Lets go of what nobody needs any more, once a day.
async fn tidy_up(store: Store, retention: Retention, clock: Arc<dyn Clock>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(GARBAGE_INTERVAL) => {}
            () = stop.cancelled() => return,
        }
        if let Some(job) = claim(&store, "tidying").await {
            tidy_once(&store, retention.clone(), clock.now()).await;
            // Once a day, however many workers there are.
            job.give_back(GARBAGE_INTERVAL.mul_f64(0.9), None);
        }
    }
}

/// Takes back what workers had in their hands that ended without a word, once one is found missing twice: the connection of
/// one that lives on may have been cut just now.
async fn clear_up(store: Store, deliverer: Arc<Deliverer>, stop: CancellationToken) {
    let mut missed = Vec::new();
    while !stop.is_cancelled() {
        let departed = store.departed().await.unwrap_or_else(|error| {
            tracing::debug!(error = error_chain(&error), "failed to look for workers that ended");
            Vec::new()
        });
        let gone: Vec<String> = departed.iter().filter(|id| missed.contains(*id)).cloned().collect();
        if !gone.is_empty()
            && let Some(_job) = claim(&store, "clear-up").await
        {
            take_over_from(&gone, &store, &deliverer).await;
        }
        missed = departed;
        tokio::select! {
            () = tokio::time::sleep(CLEARING_INTERVAL) => {}
            () = stop.cancelled() => {}
        }
    }
}

async fn take_over_from(gone: &[String], store: &Store, deliverer: &Deliverer) {
    tracing::warn!(workers = gone.join(", "), "taking over from workers that ended: {}", gone.join(", "));
    let cleared = async {
        deliverer.reclaim().await?;
        store.forget_departed(gone).await
    };
    if let Err(error) = cleared.await {
        tracing::error!(error = error_chain(&error), "failed to take over from workers that ended");
    }
    deliverer.wake();
}

async fn tidy_once(store: &Store, retention: Retention, now: DateTime<Utc>) {
    match store.retire(retention, now).await {
        Ok(released) => tracing::info!(?released, "removed data by retention"),
        Err(error) => {
            tracing::error!(error = error_chain(&error), "failed to remove data by retention");
        }
    }
    if let Err(error) = store.forget_messages(now).await {
        tracing::error!(error = error_chain(&error), "failed to forget old incoming messages");
    }
    if let Err(error) = store.forget_claims().await {
        tracing::error!(error = error_chain(&error), "failed to forget old claims");
    }
    match store.collect_garbage().await {
        Ok(report) => tracing::info!(?report, "removed unused bodies"),
        Err(error) => tracing::error!(error = error_chain(&error), "failed to remove unused bodies"),
    }
}
