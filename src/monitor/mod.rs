//! Health and metrics, on a listener of their own: `/livez`, `/readyz`, `/metrics`; and the ping of a dead-man's
//! switch.
//!
//! They are apart from the pages that mail leads to, which are open to the world: by default only this machine
//! reaches them, and a machine that is asked too much still tells whether it lives.
//!
//! Deliberately absent: any authorisation (let a proxy or a firewall do it where another machine may ask), and
//! any address of a person.

mod figures;
mod ping;
mod ready;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::domain::text::error_chain;
use crate::metrics::Counts;
use crate::settings::MetricsSettings;
use crate::status::{StatusReader, Workers};
use crate::store::Store;

pub use ping::keep_pinging;

/// The media type of Prometheus's text format.
const TEXT_FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// A server that listens.
#[derive(Debug)]
pub struct MonitorServer {
    listener: TcpListener,
}

/// The server cannot listen.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {listen}, which metrics.listen names")]
pub struct MonitorError {
    listen: SocketAddr,
    source: io::Error,
}

/// What is shown.
#[derive(Debug, Clone)]
pub struct MonitorParts {
    /// Proves that writes are kept.
    pub store: Store,
    /// Says how all stands.
    pub status: Arc<StatusReader>,
    /// The daemon's tasks.
    pub workers: Workers,
    /// What was done.
    pub counts: Counts,
}

impl MonitorServer {
    /// Listens where the settings say.
    ///
    /// # Errors
    /// [`MonitorError`] naming the address.
    pub async fn bind(settings: &MetricsSettings) -> Result<Self, MonitorError> {
        let listen = settings.listen;
        let listener = TcpListener::bind(listen).await.map_err(|source| MonitorError { listen, source })?;
        Ok(Self { listener })
    }

    /// Where it listens: the port is known even where the settings leave it open.
    ///
    /// # Errors
    /// The system's, which does not know.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until stopped.
    pub async fn serve(self, parts: MonitorParts, stop: CancellationToken) {
        let router = Router::new()
            .route("/livez", get(async || "alive\n"))
            .route("/readyz", get(readiness))
            .route("/healthz", get(readiness))
            .route("/metrics", get(metrics))
            .with_state(parts);
        let server = axum::serve(self.listener, router).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = server.await {
            tracing::error!(error = error_chain(&error), "stopped serving metrics");
        }
    }
}

async fn readiness(State(parts): State<MonitorParts>) -> Response {
    let faults = ready::faults(&parts).await;
    if faults.is_empty() {
        return "ready\n".into_response();
    }
    (StatusCode::SERVICE_UNAVAILABLE, faults.iter().map(|fault| format!("{fault}\n")).collect::<String>())
        .into_response()
}

async fn metrics(State(parts): State<MonitorParts>) -> Response {
    let shown = async {
        let facts = parts.status.facts().await?;
        let gauges = figures::gather(&facts)?;
        Ok::<_, figures::FiguresError>(figures::encode(parts.counts.gather().into_iter().chain(gauges))?)
    };
    match shown.await {
        Ok(text) => ([(header::CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => {
            let words = error_chain(&error);
            tracing::error!(error = words, "failed to render metrics");
            (StatusCode::INTERNAL_SERVER_ERROR, format!("{words}\n")).into_response()
        }
    }
}
