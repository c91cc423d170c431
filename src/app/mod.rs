//! The composition root: the one place where the parts are put together.
//!
//! Builds the use cases from a validated [`Config`], runs them as a daemon, and
//! opens the [`Backend`] through which commands reach either that daemon or the
//! store itself. Errors are [`anyhow`] from here on: nobody matches on them any
//! more, somebody reads them.

mod backend;
mod counting;
mod daemon;
mod generation;
mod inbox;
mod jobs;
mod log;
mod manners;
mod store_watch;
mod watchdog;

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Context;
use chrono::{DateTime, Utc};
use tokio::sync::mpsc;

use self::manners::shared_manners;
use crate::check::Checker;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{CommandService, ServiceParts};
use crate::deliver::{Deliverer, DelivererParts};
use crate::dispatch::{Composer, ComposerParts, Dispatcher};
use crate::domain::id::SourceId;
use crate::domain::keyed_link::{LinkKey, WebAddresses};
use crate::domain::read_state::ReadState;
use crate::escalate::{Escalator, EscalatorParts, keep_time};
use crate::evidence::Authority;
use crate::fetch::Fetcher;
use crate::mail::Transport;
use crate::metrics::Counts;
use crate::prove::{Prover, ProverParts};
use crate::registry::Registry;
use crate::reload::{Reloader, Takeover};
use crate::screen::{Screener, StandingLists, StandingListsParts};
use crate::settings::{FetchSettings, InboxSettings, WorkerRole, WorkerRoles};
use crate::status::{StatusReader, StatusReaderParts, Workers};
use crate::store::{Opened, Store, StoreError};
use crate::subscribe::{Inbox, InboxParts, SubscriberLock, SubscriptionPages, Subscriptions};
use crate::webhook::{Webhooks, WebhooksParts};

pub use crate::reload::watchlist;
pub use backend::Backend;
pub use daemon::run as run_daemon;
pub use log::{LogFormat, start as start_log};

/// A command looks at every record of a store that is no larger, so that what cannot be read is told.
const SURVEYED_UP_TO: u64 = 8 << 20;

/// Everything, built and ready. Owns the store until it is closed.
#[derive(Debug)]
pub struct App {
    config: Config,
    store: Store,
    registry: Registry,
    transport: Arc<Transport>,
    checker: Arc<Checker>,
    escalator: Arc<Escalator>,
    dispatcher: Arc<Dispatcher>,
    deliverer: Arc<Deliverer>,
    inbox: Option<Arc<Inbox>>,
    asker: Option<Arc<Inbox>>,
    service: Arc<CommandService>,
    visits: Arc<SubscriptionPages>,
    webhooks: Arc<Webhooks>,
    subscriptions: Arc<Subscriptions>,
    prover: Prover,
    status: Arc<StatusReader>,
    screener: Screener,
    standing: Arc<StandingLists>,
    workers: Workers,
    counts: Counts,
    roles: WorkerRoles,
    clock: Arc<dyn Clock>,
}

/// What outlives the parts, which are put together anew when the files are taken over.
#[derive(Debug, Clone)]
struct LongLived {
    /// What was done since the process began.
    counts: Counts,
    /// Its tasks.
    workers: Workers,
    /// The way to have the files taken over, in a daemon.
    takeovers: Option<mpsc::Sender<Takeover>>,
    /// Whether nobody of this process had the store before.
    is_first: bool,
    /// What it does, in a daemon.
    roles: WorkerRoles,
}

impl LongLived {
    fn begin(takeovers: Option<mpsc::Sender<Takeover>>, roles: WorkerRoles) -> anyhow::Result<Self> {
        Ok(Self { counts: Counts::new()?, workers: Workers::default(), takeovers, is_first: true, roles })
    }
}

/// In whose name people are asked whether they want mail; `None` where nobody could answer. Without a mailbox
/// questions are answered on their page alone, and whoever answers mail signs them.
fn asking(config: &Config, has_pages: bool) -> Option<InboxSettings> {
    let nobodys = || InboxSettings { address: config.mail.help_address.clone(), authserv_id: None };
    config.inbox.clone().or_else(|| has_pages.then(nobodys))
}

/// Tells the operator of trouble.
fn escalating(
    store: &Store,
    config: &Config,
    channel: String,
    instance_key: [u8; 32],
    clock: &Arc<dyn Clock>,
) -> Escalator {
    Escalator::new(EscalatorParts {
        store: store.clone(),
        sources: config.sources.clone(),
        ways_in: inbox::fetched(config),
        channel,
        mail: config.mail.clone(),
        operator: config.operator.clone(),
        low_disk_bytes: config.store_rules.low_disk_bytes as u64,
        instance_key,
        clock: Arc::clone(clock),
    })
}

/// Sends what lies in the outbox.
fn delivering(
    store: &Store,
    config: &Config,
    transport: &Arc<Transport>,
    instance_key: [u8; 32],
    clock: &Arc<dyn Clock>,
) -> Deliverer {
    Deliverer::new(DelivererParts {
        store: store.clone(),
        transport: Arc::clone(transport),
        from: config.mail.from.address.clone(),
        inbox: config.inbox.as_ref().map(|inbox| inbox.address.clone()),
        instance_key,
        concurrency: config.mail.concurrency,
        pace: config.mail.pace,
        on_in_doubt: config.mail.on_in_doubt,
        clock: Arc::clone(clock),
    })
}

/// Tells webhooks.
fn telling_webhooks(
    store: &Store,
    config: &Config,
    fetcher: &Arc<Fetcher>,
    registry: &Registry,
    instance_key: [u8; 32],
    (roles, clock): (&WorkerRoles, &Arc<dyn Clock>),
) -> Webhooks {
    Webhooks::new(WebhooksParts {
        store: store.clone(),
        fetcher: Arc::clone(fetcher),
        registry: registry.clone(),
        sources: config.sources.clone(),
        mail: config.mail.clone(),
        base_url: config.web.as_ref().map(|web| web.base_url.clone()),
        instance_key,
        sends: roles.has(WorkerRole::Send),
        clock: Arc::clone(clock),
    })
}

/// Says how all stands.
fn reading_status(store: &Store, config: &Config, workers: &Workers, clock: &Arc<dyn Clock>) -> StatusReader {
    StatusReader::new(StatusReaderParts {
        store: store.clone(),
        sources: config.sources.clone(),
        operator: config.operator.clone(),
        jitter: config.daemon.jitter,
        workers: workers.clone(),
        clock: Arc::clone(clock),
    })
}

/// Seals what was read, and shows it.
fn proving(store: &Store, config: &Config, registry: &Registry, clock: &Arc<dyn Clock>) -> Prover {
    Prover::new(ProverParts {
        store: store.clone(),
        sources: config.sources.clone(),
        registry: registry.clone(),
        authority: config.evidence.tsa.clone().map(Authority::at),
        clock: Arc::clone(clock),
    })
}

/// Screens standing lists again as sources change.
fn keeping_lists(
    store: &Store,
    config: &Config,
    screener: &Screener,
    instance_key: [u8; 32],
    clock: &Arc<dyn Clock>,
) -> StandingLists {
    StandingLists::new(StandingListsParts {
        store: store.clone(),
        screener: screener.clone(),
        operator: config.operator.address.clone(),
        mail: config.mail.clone(),
        instance_key,
        clock: Arc::clone(clock),
    })
}

fn checking(
    store: &Store,
    fetcher: Arc<Fetcher>,
    registry: &Registry,
    clock: &Arc<dyn Clock>,
    settings: &FetchSettings,
) -> Checker {
    Checker::new(
        store.clone(),
        fetcher,
        registry.clone(),
        Arc::clone(clock),
        settings.full_read_every,
        settings.max_freshness,
    )
}

fn dispatching(
    store: &Store,
    config: &Config,
    registry: &Registry,
    (web, instance_key): (Option<WebAddresses>, [u8; 32]),
    clock: &Arc<dyn Clock>,
) -> Dispatcher {
    let composer = Composer::new(ComposerParts {
        settings: config.mail.clone(),
        inbox: config.inbox.as_ref().map(|inbox| inbox.address.clone()),
        sources: config.sources.clone(),
        web,
        instance_key,
    });
    Dispatcher::new(store.clone(), registry.clone(), config.mail.clone(), composer, Arc::clone(clock))
}

impl App {
    /// Opens the store and builds the use cases over it.
    ///
    /// # Errors
    /// A store that cannot be opened, first of all because another process owns it; a transport
    /// that cannot be set up.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let store = Store::open_with(&config.store, &config.store_rules)?;
        if store.bytes() <= SURVEYED_UP_TO {
            store.survey().await?;
        }
        Self::over(store, config, clock, LongLived::begin(None, WorkerRoles::default())?).await
    }

    /// Builds the use cases over an open store.
    async fn over(
        store: Store,
        config: Config,
        clock: Arc<dyn Clock>,
        process: LongLived,
    ) -> anyhow::Result<Self> {
        let LongLived { counts, workers, takeovers, is_first, roles } = process;
        let registry = Registry::new(watchlist(&config)?);
        let transport = Arc::new(Transport::open(&config.mail.transport).context("mail.transport")?);
        let key = store.instance_key(rand::random()).await?;
        store.index_changes().await?;
        keep_time(&store, clock.now()).await?;
        let fetcher = Fetcher::new(config.fetch.clone()).sharing(shared_manners(&store));
        let fetcher = Arc::new(fetcher.counting_by(counting::in_store(&store, &clock)));
        keep_pauses(&fetcher, &config, &store, clock.now()).await?;
        fetcher.recall_robots(store.robots().await?, clock.now());
        let webhooks = telling_webhooks(&store, &config, &fetcher, &registry, key, (&roles, &clock));
        let webhooks = Arc::new(webhooks);
        let checker =
            Arc::new(checking(&store, fetcher, &registry, &clock, &config.fetch).counting(counts.clone()));
        let web = config.web.as_ref().map(|web| WebAddresses::new(&web.base_url, LinkKey::new(key)));
        let dispatcher = Arc::new(dispatching(&store, &config, &registry, (web.clone(), key), &clock));
        let escalator = Arc::new(escalating(&store, &config, transport.name(), key, &clock));
        let deliverer = delivering(&store, &config, &transport, key, &clock).counting(counts.clone());
        let deliverer = Arc::new(deliverer.with_roles(&roles));
        if is_first {
            deliverer.recover().await?;
            webhooks.recover().await?;
        } else {
            deliverer.follow_on().await?;
        }
        let turn = SubscriberLock::default();
        let asker = asking(&config, web.is_some()).map(|settings| {
            let parts = InboxParts {
                store: store.clone(),
                registry: registry.clone(),
                sources: config.sources.clone(),
                mail: config.mail.clone(),
                settings,
                takes_mail: config.inbox.is_some(),
                web,
                instance_key: key,
                turn: turn.clone(),
                clock: Arc::clone(&clock),
            };
            Arc::new(Inbox::new(parts).counting(counts.clone()))
        });
        let inbox = asker.clone().filter(|_| config.inbox.is_some());
        let prover = proving(&store, &config, &registry, &clock);
        let status = Arc::new(reading_status(&store, &config, &workers, &clock));
        let screener = Screener::new(store.clone(), registry.clone(), &config.sources, Arc::clone(&clock));
        let subscriptions =
            Subscriptions::new(store.clone(), registry.clone(), turn.clone(), Arc::clone(&clock));
        let subscriptions = Arc::new(subscriptions);
        let standing = Arc::new(keeping_lists(&store, &config, &screener, key, &clock));
        let service = Arc::new(CommandService::new(ServiceParts {
            sources: config.sources.clone(),
            concurrency: config.fetch.concurrency,
            store: store.clone(),
            checker: Arc::clone(&checker),
            escalator: Arc::clone(&escalator),
            dispatcher: Arc::clone(&dispatcher),
            deliverer: Arc::clone(&deliverer),
            webhooks: Arc::clone(&webhooks),
            subscriptions: Arc::clone(&subscriptions),
            inbox: inbox.clone(),
            asker: asker.clone(),
            status: Arc::clone(&status),
            screener: screener.clone(),
            standing: Arc::clone(&standing),
            prover: prover.clone(),
            retention: config.store_rules.retention.clone(),
            roles: roles.clone(),
            takeovers,
            reloader: Reloader::new(&config, registry.clone()),
            clock: Arc::clone(&clock),
        }));
        let visits =
            SubscriptionPages::new(store.clone(), LinkKey::new(key), asker.clone(), turn, Arc::clone(&clock));
        Ok(Self {
            config,
            store,
            registry,
            transport,
            checker,
            escalator,
            dispatcher,
            deliverer,
            inbox,
            asker,
            service,
            visits: Arc::new(visits),
            webhooks,
            subscriptions,
            prover,
            status,
            screener,
            standing,
            workers,
            counts,
            roles,
            clock,
        })
    }

    /// Whether the store was made just now, because there was none.
    #[must_use]
    pub fn has_new_store(&self) -> bool {
        self.store.opened() == Opened::New
    }

    /// Says how all stands.
    #[must_use]
    pub fn status(&self) -> &Arc<StatusReader> {
        &self.status
    }

    /// Executes commands.
    #[must_use]
    pub fn service(&self) -> &Arc<CommandService> {
        &self.service
    }

    /// Gives the store and the transport back in order.
    ///
    /// # Errors
    /// What could not be written at the last.
    pub async fn close(self) -> Result<(), StoreError> {
        self.transport.close().await;
        self.store.close().await
    }
}

/// Has hosts left alone that asked for it before this process began.
async fn keep_pauses(
    fetcher: &Fetcher,
    config: &Config,
    store: &Store,
    now: DateTime<Utc>,
) -> Result<(), StoreError> {
    let ids = config.sources.iter().map(|source| source.id.clone()).collect();
    let states = store.asked_to_wait(ids).await?;
    let states: HashMap<&SourceId, &ReadState> = states.iter().map(|state| (&state.source, state)).collect();
    for source in &*config.sources {
        if let Some(pause) = states.get(&source.id).and_then(|state| state.wished_pause(now)) {
            fetcher.pause(&source.url, pause);
        }
    }
    Ok(())
}

/// Refuses to begin where a source is somebody else's site and it is not said in whose name it is asked.
///
/// # Errors
/// Which keys to change, and where they stand.
pub async fn refuse_nobody(config: &Config, sources: &[SourceId]) -> anyhow::Result<()> {
    let Some(why) = &config.fetch.only_here else { return Ok(()) };
    let fetcher = Fetcher::new(config.fetch.clone());
    for source in config.sources.iter().filter(|source| sources.is_empty() || sources.contains(&source.id)) {
        if fetcher.may_ask(source).await.is_err() {
            anyhow::bail!(
                "no foreign site is read without a contact: {why} (source {} is at {})",
                source.id,
                source.url
            );
        }
    }
    Ok(())
}

/// A fetcher for trying sources out, over no store: only for a request that counts against a quota the store is opened, or
/// the daemon asked, to count it.
#[must_use]
pub fn fetcher(config: &Config, clock: Arc<dyn Clock>) -> Fetcher {
    Fetcher::new(config.fetch.clone()).counting_by(counting::by_backend(config, clock))
}
