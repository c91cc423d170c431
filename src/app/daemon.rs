//! The long-running service: start, run, drain.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{App, refuse_nobody, store_watch, watchdog};
use crate::check::Checker;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{Owner, Server};
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::scheduler::{SourceLoop, TellingLoop};
use crate::store::{Store, StoreError};
use crate::view::{ViewParts, Views};
use crate::web::{Runner, WebParts, WebServer};

/// How long a start waits for a command that owns the store to end.
const WAIT_FOR_STORE: Duration = Duration::from_secs(150);

/// Between two clean-ups of what nothing refers to any more.
const GARBAGE_INTERVAL: Duration = Duration::from_secs(24 * 60 * 60);

/// A store with a larger log is not looked at record by record at each start: that would take too long. A
/// smaller one is, so that the operator knows of what cannot be read before anybody stumbles over it.
const SURVEYED_UP_TO: u64 = 256 << 20;

/// How long an end waits for a store that failed to be closed.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The exit code of a process that had to leave a store as it was (sysexits(3)).
const EX_IOERR: i32 = 74;

/// Between two attempts to open the store.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// Runs until SIGTERM or SIGINT, then drains: no new reads, those under way are finished, the store
/// is closed. A second signal ends it at once.
///
/// # Errors
/// What keeps it from starting. Once it runs, only a signal ends it, or a store that takes no more.
pub async fn run(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    stop_on_signal(&stop)?;
    refuse_nobody(&config, &[]).await?;
    let Some(store) = open_store(&config, &stop).await? else { return Ok(()) };
    if store.log_bytes() <= SURVEYED_UP_TO {
        store.survey().await?;
    }
    let drain_timeout = config.daemon.drain_timeout;
    let app = App::over(store, config, clock).await?;
    let tasks = TaskTracker::new();
    app.start(&tasks, &stop).await?;
    watchdog::ready(app.config.sources.len());
    tracing::info!(sources = app.config.sources.len(), socket = %app.config.daemon.socket.display(), "regwatch runs");
    let failure = tokio::select! {
        () = stop.cancelled() => None,
        reason = store_watch::until_it_fails(&app.store) => Some(reason),
    };
    watchdog::stopping();
    if let Some(reason) = failure {
        return give_up(app, &stop, reason).await;
    }
    tracing::info!("stopping: work under way is finished first");
    app.deliverer.stop();
    tasks.close();
    if tokio::time::timeout(drain_timeout, tasks.wait()).await.is_err() {
        tracing::warn!(after = ?drain_timeout, "work was still under way; it is taken up again at the next start");
    }
    app.close().await?;
    tracing::info!("regwatch stopped");
    Ok(())
}

/// Ends without waiting for work whose outcome could not be kept.
async fn give_up(app: App, stop: &CancellationToken, reason: String) -> anyhow::Result<()> {
    tracing::error!(reason, "the store cannot be relied upon any more; the daemon ends");
    stop.cancel();
    app.deliverer.stop();
    match tokio::time::timeout(LAST_WORDS, app.close()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(error = error_chain(&error), "the store could not be closed in order");
        }
        // What hangs would hold up the end of the process as well.
        Err(_) => std::process::exit(EX_IOERR),
    }
    Err(anyhow::anyhow!("the store cannot be relied upon any more: {reason}"))
}

impl App {
    /// Starts everything that runs by itself.
    async fn start(&self, tasks: &TaskTracker, stop: &CancellationToken) -> anyhow::Result<()> {
        let owner = Owner::of(&self.config.store);
        let server = Server::bind(&self.config.daemon.socket, owner).await?;
        let (service, tracker, stopped) = (Arc::clone(&self.service), tasks.clone(), stop.clone());
        tasks.spawn(self.workers.run("control", async move {
            if let Err(error) = server.serve(service, tracker, stopped).await {
                tracing::error!(error = error_chain(&error), "the control socket is closed");
            }
        }));
        let found = Arc::new(Notify::new());
        self.start_web(tasks, stop, &found).await?;
        let telling = TellingLoop {
            escalator: Arc::clone(&self.escalator),
            dispatcher: Arc::clone(&self.dispatcher),
            asker: self.asker.clone(),
            deliverer: Arc::clone(&self.deliverer),
            clock: Arc::clone(&self.clock),
            found: Arc::clone(&found),
        };
        tasks.spawn(self.workers.run("telling", telling.run(stop.clone())));
        let (deliverer, stopped) = (Arc::clone(&self.deliverer), stop.clone());
        tasks.spawn(self.workers.run("sending", async move { deliverer.run(stopped).await }));
        self.take_mail_in(tasks, stop, &found).await?;
        tasks.spawn(rematch(self.config.sources.clone(), Arc::clone(&self.checker), Arc::clone(&found)));
        let slots = Arc::new(Semaphore::new(self.config.fetch.concurrency.max(1)));
        for source in self.config.sources.clone() {
            let reading = SourceLoop {
                source,
                checker: Arc::clone(&self.checker),
                store: self.store.clone(),
                clock: Arc::clone(&self.clock),
                jitter: self.config.daemon.jitter,
                slots: Arc::clone(&slots),
                found: Arc::clone(&found),
            };
            tasks.spawn(self.workers.run("reading", reading.run(stop.clone())));
        }
        let tidying = tidy_up(self.store.clone(), Arc::clone(&self.clock), stop.clone());
        tasks.spawn(self.workers.run("tidying", tidying));
        tasks.spawn(watchdog::keep_alive(self.store.clone(), stop.clone()));
        Ok(())
    }

    /// Starts the server to which mail's links lead, where one is configured.
    async fn start_web(
        &self,
        tasks: &TaskTracker,
        stop: &CancellationToken,
        found: &Arc<Notify>,
    ) -> anyhow::Result<()> {
        let Some(settings) = &self.config.web else { return Ok(()) };
        let server = WebServer::bind(settings).await?;
        tracing::info!(web.listen = %server.address()?, web.base_url = %settings.base_url, "mail's links are answered");
        let parts = WebParts {
            visits: Arc::clone(&self.visits),
            registry: self.registry.clone(),
            woken: Arc::clone(found),
            views: Views::new(ViewParts {
                store: self.store.clone(),
                sources: self.config.sources.clone().into(),
                registry: self.registry.clone(),
                clock: Arc::clone(&self.clock),
            }),
            checker: Arc::clone(&self.checker),
            store: self.store.clone(),
            status: Arc::clone(&self.status),
            runner: Runner {
                help_address: self.config.mail.help_address.clone(),
                postal_address: self.config.mail.postal_address.clone(),
            },
        };
        tasks.spawn(self.workers.run("web", server.serve(parts, tasks.clone(), stop.clone())));
        Ok(())
    }
}

/// Tells what a registry that changed while nobody ran finds in what stands.
async fn rematch(sources: Vec<Source>, checker: Arc<Checker>, found: Arc<Notify>) {
    for source in sources {
        match checker.rematch(&source).await {
            Ok(notices) if !notices.is_empty() => found.notify_one(),
            Ok(_) => {}
            Err(error) => {
                tracing::error!(source.id = %source.id, error = error_chain(&error), "what stands could not be matched anew");
            }
        }
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

/// Lets go of what nobody needs any more, once a day.
async fn tidy_up(store: Store, clock: Arc<dyn Clock>, stop: CancellationToken) {
    while !stop.is_cancelled() {
        tokio::select! {
            () = tokio::time::sleep(GARBAGE_INTERVAL) => {}
            () = stop.cancelled() => return,
        }
        if let Err(error) = store.forget_messages(clock.now()).await {
            tracing::error!(error = error_chain(&error), "old messages could not be forgotten");
        }
        match store.collect_garbage().await {
            Ok(report) => tracing::info!(?report, "unused bodies removed"),
            Err(error) => tracing::error!(error = error_chain(&error), "unused bodies could not be removed"),
        }
    }
}
