//! The long-running service: start, run, take over what the files say, drain.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::generation::Generation;
use super::{LongLived, refuse_nobody, store_watch, watchdog};
use crate::clock::Clock;
use crate::config::{Config, fingerprint, load};
use crate::control::{ControlServer, InUse, StoreOwner};
use crate::domain::id::SourceId;
use crate::domain::text::error_chain;
use crate::reload::{TakenOver, keep_what_needs_a_restart};
use crate::settings::{StoreSettings, WorkerRoles};
use crate::store::{Enrolment, Store, StoreError};

/// How long a start waits for a command that owns the store to end.
const WAIT_FOR_STORE: Duration = Duration::from_secs(150);

/// A larger store is not looked at record by record at each start: that would take too long. A
/// smaller one is, so that the operator knows of what cannot be read before anybody stumbles over it.
const SURVEYED_UP_TO: u64 = 256 << 20;

/// How long an end waits for a store that failed to be closed.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The exit code of a process that had to leave a store as it was (sysexits(3)).
const EX_IOERR: i32 = 74;

/// Between two attempts to open the store.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// So many may wait for the files to be taken over.
const MAX_TAKEOVERS: usize = 8;

/// Runs until SIGTERM or SIGINT, then drains: no new reads, those under way are finished, the store
/// is closed. A second signal ends it at once. At SIGHUP, or when somebody asks for it, the files are taken over.
///
/// # Errors
/// What keeps it from starting. Once it runs, only a signal ends it, or a store that takes no more.
pub async fn run(config: Config, clock: Arc<dyn Clock>, roles: WorkerRoles) -> anyhow::Result<()> {
    refuse_part_of_one_process(&config, &roles)?;
    let stop = CancellationToken::new();
    stop_on_signal(&stop)?;
    let mut hangups = signal(SignalKind::hangup()).context("cannot listen for SIGHUP")?;
    refuse_nobody(&config, &[]).await?;
    let Some(store) = open_store(&config, &stop).await? else { return Ok(()) };
    if store.bytes() <= SURVEYED_UP_TO {
        store.survey().await?;
    }
    let (asking, mut asked) = mpsc::channel(MAX_TAKEOVERS);
    let mut daemon =
        Daemon::start(store, config, clock, LongLived::begin(Some(asking), roles)?, &stop).await?;
    let failure = loop {
        tokio::select! {
            () = stop.cancelled() => break None,
            reason = store_watch::until_it_fails(&daemon.store) => break Some(reason),
            _ = hangups.recv() => drop(Box::pin(daemon.take_over()).await),
            Some(reply) = asked.recv() => {
                // Whoever asked may have gone.
                let _ = reply.send(Box::pin(daemon.take_over()).await);
            }
        }
    };
    watchdog::stopping();
    match failure {
        Some(reason) => daemon.give_up(&stop, reason).await,
        None => daemon.drain().await,
    }
}

/// The running service.
struct Daemon {
    store: Store,
    clock: Arc<dyn Clock>,
    process: LongLived,
    generation: Generation,
    in_use: InUse,
    /// What does not depend on the configuration: commands, and the watchdog.
    tasks: TaskTracker,
}

impl Daemon {
    async fn start(
        store: Store,
        config: Config,
        clock: Arc<dyn Clock>,
        process: LongLived,
        stop: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let server = ControlServer::bind(&config.daemon.socket, StoreOwner::of(&config.store)).await?;
        let (sources, socket) = (config.sources.len(), config.daemon.socket.clone());
        let awaited = BTreeSet::new();
        store.propose(&fingerprint(&config), false).await?;
        enrol(&store, &config, &process.roles).await?;
        let generation =
            Generation::begin(store.clone(), config, Arc::clone(&clock), process.clone(), &awaited).await?;
        let (in_use, tasks) = (InUse::new(Arc::clone(generation.app.service())), TaskTracker::new());
        let (service, tracker, stopped) = (in_use.clone(), tasks.clone(), stop.clone());
        let serving = async move {
            if let Err(error) = server.serve(service, tracker, stopped).await {
                tracing::error!(error = error_chain(&error), "failed to listen on the control socket");
            }
        };
        tasks.spawn(generation.app.workers.run("control", serving));
        tasks.spawn(watchdog::keep_alive(store.clone(), stop.clone()));
        watchdog::ready(sources);
        tracing::info!(sources, socket = %socket.display(), "started: watching {sources} sources");
        Ok(Self {
            store,
            clock,
            process: LongLived { is_first: false, ..process },
            generation,
            in_use,
            tasks,
        })
    }

    /// Takes over what the files say. What would be refused at a start is refused, and what is in force stays.
    ///
    /// # Errors
    /// Why nothing was taken over, for people.
    async fn take_over(&mut self) -> Result<TakenOver, String> {
        let outcome = Box::pin(self.try_to_take_over()).await;
        match &outcome {
            Ok(taken) => tracing::info!(
                sources = taken.sources,
                companies = taken.companies,
                needs_restart = taken.needs_restart.join(", "),
                "reloaded the configuration: {} sources, {} companies",
                taken.sources,
                taken.companies
            ),
            Err(error) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "failed to reload the configuration; the former one stays in force"
                );
            }
        }
        watchdog::ready(self.generation.app.config.sources.len());
        outcome.map_err(|error| format!("{error:#}"))
    }

    async fn try_to_take_over(&mut self) -> anyhow::Result<TakenOver> {
        let in_force = self.generation.app.config.clone();
        let path = in_force.path.clone();
        let mut config = tokio::task::spawn_blocking(move || load(&path)).await??;
        let needs_restart = keep_what_needs_a_restart(&in_force, &mut config);
        Generation::try_out(&config).await?;
        let taken = TakenOver::between(&in_force, &config, needs_restart);
        if !self.generation.end().await {
            tracing::warn!("work under the former configuration still continues");
        }
        self.generation.end_sending().await;
        let awaited: BTreeSet<SourceId> = taken.added.iter().cloned().collect();
        match Box::pin(self.begin(config, &awaited)).await {
            Ok(()) => Ok(taken),
            Err(error) => {
                Box::pin(self.begin(in_force, &BTreeSet::new()))
                    .await
                    .context("the former configuration cannot be returned to")?;
                Err(error)
            }
        }
    }

    /// Begins another generation in the place of the one that ended.
    async fn begin(&mut self, config: Config, awaited: &BTreeSet<SourceId>) -> anyhow::Result<()> {
        let (store, clock) = (self.store.clone(), Arc::clone(&self.clock));
        // One step: from then on every worker with another configuration begins nothing.
        store.propose(&fingerprint(&config), true).await?;
        enrol(&store, &config, &self.process.roles).await?;
        self.generation = Generation::begin(store, config, clock, self.process.clone(), awaited).await?;
        self.in_use.replace(Arc::clone(self.generation.app.service()));
        Ok(())
    }

    /// Finishes what is under way, and closes the store.
    async fn drain(self) -> anyhow::Result<()> {
        tracing::info!("stopping: finishing work in progress first");
        let drain_timeout = self.generation.app.config.daemon.drain_timeout;
        self.tasks.close();
        let (is_drained, commands) =
            tokio::join!(self.generation.end(), tokio::time::timeout(drain_timeout, self.tasks.wait()));
        if !is_drained || commands.is_err() {
            tracing::warn!(after = ?drain_timeout, "work in progress was interrupted; it continues at the next start");
        }
        self.generation.app.close().await?;
        tracing::info!("regwatch stopped");
        Ok(())
    }

    /// Ends without waiting for work whose outcome could not be kept.
    async fn give_up(self, stop: &CancellationToken, reason: String) -> anyhow::Result<()> {
        tracing::error!(reason, "the store is no longer reliable; the daemon ends");
        stop.cancel();
        self.generation.give_up();
        match tokio::time::timeout(LAST_WORDS, self.generation.app.close()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(error = error_chain(&error), "failed to close the store cleanly");
            }
            // What hangs would hold up the end of the process as well.
            Err(_) => std::process::exit(EX_IOERR),
        }
        Err(anyhow::anyhow!("the store is no longer reliable: {reason}"))
    }
}

/// Waits for a short-lived command that owns the store; `None` where a signal came meanwhile.
async fn open_store(config: &Config, stop: &CancellationToken) -> anyhow::Result<Option<Store>> {
    let opening = async {
        loop {
            match Store::open_with(&config.store, &config.store_rules) {
                Err(error @ StoreError::Locked { .. }) => {
                    tracing::warn!(error = error_chain(&error), "waiting for the store");
                    tokio::time::sleep(STORE_RETRY).await;
                }
                opened => return opened,
            }
        }
    };
    tokio::select! {
        opened = tokio::time::timeout(WAIT_FOR_STORE, opening) => match opened {
            Ok(opened) => Ok(Some(opened?)),
            Err(_) => Ok(Some(Store::open_with(&config.store, &config.store_rules)?)),
        },
        () = stop.cancelled() => Ok(None),
    }
}

/// What a daemon does by itself another must be able to do beside it.
fn refuse_part_of_one_process(config: &Config, roles: &WorkerRoles) -> anyhow::Result<()> {
    let is_one_process = matches!(config.store, StoreSettings::Sled { .. });
    anyhow::ensure!(
        roles.are_all() || !is_one_process,
        "--role divides the work among daemons that share a store in PostgreSQL; the store {} belongs to one process, \
         which must do all of it: start `regwatch daemon` without --role, or set store.url to a database",
        config.store.place()
    );
    Ok(())
}

/// Has the other workers know this one.
async fn enrol(store: &Store, config: &Config, roles: &WorkerRoles) -> Result<(), StoreError> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default().trim().to_owned();
    let enrolment = Enrolment {
        host,
        pid: std::process::id(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        roles: roles.names().map(str::to_owned).collect(),
        configuration: fingerprint(config),
    };
    store.enrol(enrolment).await
}

fn stop_on_signal(stop: &CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let stop = stop.clone();
    #[expect(
        clippy::disallowed_methods,
        reason = "it must outlive the tracked tasks, to hear the second signal"
    )]
    tokio::spawn(async move {
        for is_first in [true, false] {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if is_first {
                stop.cancel();
            } else {
                tracing::warn!("stopped at once");
                std::process::exit(130);
            }
        }
    });
    Ok(())
}
