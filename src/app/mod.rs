//! The composition root: the one place where the parts are put together.
//!
//! Builds the use cases from a validated [`Config`], runs them as a daemon, and
//! opens the [`Door`] through which commands reach either that daemon or the
//! store itself. Errors are [`anyhow`] from here on: nobody matches on them any
//! more, somebody reads them.

mod daemon;
mod door;
mod log;
mod watchdog;

use std::sync::Arc;

use anyhow::Context;

use crate::check::Checker;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::{Service, ServiceParts};
use crate::deliver::Deliverer;
use crate::dispatch::Dispatcher;
use crate::domain::matching::Watchlist;
use crate::fetch::Fetcher;
use crate::mail::Transport;
use crate::store::{Store, StoreError};
use crate::subscribe::{Inbox, InboxParts, Subscriptions};

pub use daemon::run as run_daemon;
pub use door::Door;
pub use log::{LogFormat, start as start_log};

/// Everything, built and ready. Owns the store until it is closed.
#[derive(Debug)]
pub struct App {
    config: Config,
    store: Store,
    transport: Arc<Transport>,
    checker: Arc<Checker>,
    dispatcher: Arc<Dispatcher>,
    deliverer: Arc<Deliverer>,
    service: Arc<Service>,
    clock: Arc<dyn Clock>,
}

impl App {
    /// Opens the store and builds the use cases over it.
    ///
    /// # Errors
    /// A store that cannot be opened, first of all because another process owns it; a transport
    /// that cannot be set up.
    pub async fn open(config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let store = Store::open(&config.store)?;
        Self::over(store, config, clock).await
    }

    async fn over(store: Store, config: Config, clock: Arc<dyn Clock>) -> anyhow::Result<Self> {
        let watchlist = watchlist(&config)?;
        let transport = Arc::new(Transport::open(&config.mail.transport).context("mail.transport")?);
        let key = store.instance_key(rand::random()).await?;
        let fetcher = Arc::new(Fetcher::new(config.fetch.clone()));
        let checker = Arc::new(Checker::new(
            store.clone(),
            fetcher,
            Arc::clone(&watchlist),
            Arc::clone(&clock),
            config.fetch.full_read_every,
        ));
        let dispatcher = Arc::new(Dispatcher::new(
            store.clone(),
            Arc::clone(&watchlist),
            config.mail.clone(),
            config.inbox.as_ref().map(|inbox| inbox.address.clone()),
            key,
            Arc::clone(&clock),
        ));
        let deliverer = Arc::new(Deliverer::new(
            store.clone(),
            Arc::clone(&transport),
            config.mail.from.address.clone(),
            Arc::clone(&clock),
            config.mail.concurrency,
        ));
        deliverer.recover().await?;
        let service = Arc::new(Service::new(ServiceParts {
            sources: config.sources.clone(),
            concurrency: config.fetch.concurrency,
            store: store.clone(),
            checker: Arc::clone(&checker),
            dispatcher: Arc::clone(&dispatcher),
            deliverer: Arc::clone(&deliverer),
            subscriptions: Subscriptions::new(store.clone(), Arc::clone(&watchlist), Arc::clone(&clock)),
            inbox: inbox(&config, &store, &watchlist, key, &clock),
            clock: Arc::clone(&clock),
        }));
        Ok(Self { config, store, transport, checker, dispatcher, deliverer, service, clock })
    }

    /// Executes commands.
    #[must_use]
    pub fn service(&self) -> &Arc<Service> {
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

/// What takes mail in, where a mailbox is configured.
fn inbox(
    config: &Config,
    store: &Store,
    watchlist: &Arc<Watchlist>,
    instance_key: [u8; 32],
    clock: &Arc<dyn Clock>,
) -> Option<Arc<Inbox>> {
    let settings = config.inbox.clone()?;
    Some(Arc::new(Inbox::new(InboxParts {
        store: store.clone(),
        watchlist: Arc::clone(watchlist),
        sources: config.sources.iter().map(|source| source.id.clone()).collect(),
        mail: config.mail.clone(),
        settings,
        instance_key,
        clock: Arc::clone(clock),
    })))
}

/// Every tracked company, ready to be looked for.
///
/// # Errors
/// A company whose names cannot be looked for.
pub fn watchlist(config: &Config) -> anyhow::Result<Arc<Watchlist>> {
    Ok(Arc::new(Watchlist::with(config.companies.clone(), config.categories.clone(), config.matching)?))
}

/// A checker for trying sources out, over no store.
#[must_use]
pub fn fetcher(config: &Config) -> Fetcher {
    Fetcher::new(config.fetch.clone())
}
