//! The addresses to which mail leads (confirming, seeing what one follows, leaving, one change), and the pages on
//! which everything is looked at.
//!
//! A driver beside `control`: it takes requests in and ends in `subscribe`. Mail scanners and readers'
//! programs open every address they find, so a GET or HEAD never changes anything; a POST does, and needs
//! neither cookie nor log-in (RFC 8058), since the address itself is what only its reader has. Everything is
//! bounded: requests a minute, connections, bytes, time.
//!
//! Of the other pages `access` says who may see which, in one place; `desk` makes them of `view`, and what operators
//! do there is noted before it is done.
//!
//! TLS is a proxy's in front of it. Deliberately absent: any script, anything from another site, and any address of
//! a person in full but to an operator.

mod access;
mod answer;
mod api;
mod archive;
mod client;
mod conditional;
mod connection;
mod desk;
mod form;
mod found;
mod guard;
mod linked;
mod page;
mod rate;
mod session;
mod ways;

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Router};
use tokio::net::TcpListener;
use tokio::sync::{Notify, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use self::access::Visitor;
use self::connection::Places;
use self::desk::Desk;
use self::guard::PeerAddress;
use self::linked::link_of_change;
use self::rate::Rates;
use crate::check::Checker;
use crate::domain::email::EmailAddress;
use crate::prove::Prover;
use crate::registry::Registry;
use crate::screen::{Screener, StandingLists};
use crate::settings::WebSettings;
use crate::status::StatusReader;
use crate::store::Store;
use crate::subscribe::{SubscriptionPages, Subscriptions};
use crate::view::Views;
use crate::webhook::Webhooks;

/// A server that listens.
#[derive(Debug)]
pub struct WebServer {
    listener: TcpListener,
    settings: WebSettings,
}

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}, which web.listen names")]
pub struct WebError {
    listen: SocketAddr,
    source: io::Error,
}

/// What the pages are made of.
#[derive(Debug)]
pub struct WebParts {
    /// Does what is asked for.
    pub visits: Arc<SubscriptionPages>,
    /// How readers call the companies.
    pub registry: Registry,
    /// Woken when a mail may wait.
    pub woken: Arc<Notify>,
    /// What the pages show.
    pub views: Views,
    /// Reads, and takes a person's word on what it read.
    pub checker: Arc<Checker>,
    /// Takes and ends subscriptions at an operator's word.
    pub subscriptions: Arc<Subscriptions>,
    /// Keeps what operators do.
    pub store: Store,
    /// Says how all stands.
    pub status: Arc<StatusReader>,
    /// Holds suppliers against the lists.
    pub screener: Screener,
    /// Keeps those that are held against them again and again.
    pub standing: Arc<StandingLists>,
    /// Shows what was read.
    pub prover: Prover,
    /// Tells webhooks.
    pub webhooks: Arc<Webhooks>,
    /// Whether this process reads sources. If not, nobody has it do so by a page.
    pub reads: bool,
    /// Who runs the service.
    pub runner: Runner,
}

/// Who runs the service, for those who think of subscribing.
#[derive(Debug, Clone)]
pub struct Runner {
    /// Who runs the service, as readers know them.
    pub organisation: String,
    /// Where a person answers.
    pub help_address: EmailAddress,
    /// The postal address.
    pub postal_address: Option<String>,
}

/// The same with what the answers need besides.
#[derive(Debug)]
struct WebState {
    visits: Arc<SubscriptionPages>,
    registry: Registry,
    woken: Arc<Notify>,
    trusted_proxies: Vec<IpAddr>,
    rates: Mutex<Rates>,
    root: String,
    desk: Desk,
}

/// The state as a handler gets it.
type Server = State<Arc<WebState>>;

/// Who asks, as [`guard`] found out.
type Who = Extension<Visitor>;

impl WebState {
    fn of(parts: WebParts, settings: &WebSettings, tasks: TaskTracker) -> Self {
        let desk = Desk::of(&parts, settings, tasks);
        let WebParts { visits, registry, woken, .. } = parts;
        Self {
            visits,
            registry,
            woken,
            trusted_proxies: settings.trusted_proxies.clone(),
            rates: Mutex::new(Rates::new(settings.client_rate, settings.total_rate, Instant::now())),
            root: settings.base_url.path().to_owned(),
            desk,
        }
    }

    /// Who asks.
    fn visitor(&self, peer: IpAddr, headers: &HeaderMap) -> Visitor {
        let (settings, sessions) = (&self.desk.settings, &self.desk.sessions);
        let session = access::cookie(headers, self.cookie_name()).and_then(|token| sessions.find(token));
        if let Some(session) = session {
            return Visitor::Known(session);
        }
        if let Some(operator) = access::vouched(settings, headers) {
            return Visitor::Known(session::LoginSession::vouched(operator, sessions));
        }
        if access::is_local(settings, peer, headers) { Visitor::Local } else { Visitor::Stranger }
    }

    /// The path under which all pages stand.
    fn root(&self) -> &str {
        &self.root
    }

    /// Who runs the service, as readers know them.
    fn organisation(&self) -> &str {
        &self.desk.runner.organisation
    }
}

/// Before another attempt where a connection could not be taken, for want of file descriptors say.
const AFTER_A_FAULT: Duration = Duration::from_millis(200);

impl WebServer {
    /// Listens where the settings say.
    ///
    /// # Errors
    /// [`WebError`] naming the address.
    pub async fn bind(settings: &WebSettings) -> Result<Self, WebError> {
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|source| WebError { listen, source })?;
        Ok(Self { listener, settings: settings.clone() })
    }

    /// Where it listens: the port is known even where the settings leave it open.
    ///
    /// # Errors
    /// The system's, which does not know.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until stopped. Each connection is a task of its own; one under way is finished.
    pub async fn serve(self, parts: WebParts, tasks: TaskTracker, stop: CancellationToken) {
        let Self { listener, settings } = self;
        let router = answer::router(Arc::new(WebState::of(parts, &settings, tasks.clone())));
        let slots = Arc::new(Semaphore::new(settings.max_connections));
        let places = Places::new(settings.max_connections / 4, &settings.trusted_proxies);
        loop {
            let next = async {
                let slot = Arc::clone(&slots).acquire_owned().await;
                (slot, listener.accept().await)
            };
            let (slot, accepted) = tokio::select! {
                next = next => next,
                () = stop.cancelled() => return,
            };
            let (stream, peer) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "failed to accept a web connection");
                    tokio::time::sleep(AFTER_A_FAULT).await;
                    continue;
                }
            };
            // Who has too many is hung up on at once.
            let Some(place) = places.take(peer.ip()) else { continue };
            let (router, stop) = (knowing(&router, peer), stop.clone());
            tasks.spawn(async move {
                connection::serve(stream, router, stop).await;
                drop((slot, place));
            });
        }
    }
}

/// The pages as they are shown to one peer.
fn knowing(router: &Router, peer: SocketAddr) -> Router {
    router.clone().layer(Extension(PeerAddress(peer.ip())))
}
