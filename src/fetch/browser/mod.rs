//! Pages that scripts put together: a browser without a window shows them, and what stands there then is
//! read.
//!
//! A page's scripts are the most hostile thing that is read anywhere here, so the browser is kept apart:
//! a process group of its own that is killed as a whole, an empty profile that goes with it, limits of
//! time and memory, and one way into the network, which the same guard watches as every other request
//! (`passage`). It is spoken to over two pipes (`devtools`), so that nothing listens anywhere.
//!
//! Deliberately absent: clicking, logging in, and everything else that is more than looking.

mod devtools;
mod egress_proxy;
mod process;
mod visit;

use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use url::Url;

use super::address::AddressGuard;
use super::error::{FetchError, ReadPhase};
use super::{FetchResponse, body};
use crate::settings::BrowserSettings;

use egress_proxy::EgressProxy;
use process::BrowserProcess;
use visit::RenderedPage;

/// Shows pages, one at a time: each browser takes hundreds of megabytes.
#[derive(Debug)]
pub(super) struct Browser {
    settings: BrowserSettings,
    guard: AddressGuard,
    turn: Semaphore,
}

/// What a page is told of who looks at it.
#[derive(Debug, Clone)]
pub(super) struct Manners {
    /// Stands behind the browser's own name, or in place of it where an operator said so.
    pub user_agent: UserAgent,
    /// `Accept-Language`.
    pub language: String,
}

/// The name under which a browser asks.
#[derive(Debug, Clone)]
pub(super) enum UserAgent {
    /// Its own, followed by this.
    Extended(String),
    /// This, as it was configured.
    Configured(String),
}

impl Browser {
    pub(super) fn new(settings: BrowserSettings, guard: AddressGuard) -> Self {
        Self { settings, guard, turn: Semaphore::new(1) }
    }

    /// Opens a page, waits until its scripts have come to rest, and gives what stands there.
    pub(super) async fn show(
        &self,
        url: &Url,
        manners: &Manners,
        limit: body::Limit,
    ) -> Result<FetchResponse, FetchError> {
        // Closed never.
        let _turn = self.turn.acquire().await;
        let refuse = |reason: String| FetchError::Browser { url: url.to_string(), reason };
        let passage =
            EgressProxy::open(self.guard.clone()).await.map_err(|error| refuse(error.to_string()))?;
        let mut process = BrowserProcess::start(&self.settings, passage.address())
            .map_err(|error| refuse(error.to_string()))?;
        let pipes = process.pipes();
        let showing = async {
            tokio::select! {
                shown = visit::visit(pipes, url, manners, limit.bytes) => shown,
                reason = process.overrun(self.settings.max_memory_bytes) => Err(visit::VisitError::Broken(reason)),
            }
        };
        let outcome = timeout(self.settings.timeout, showing).await;
        process.end().await;
        match outcome {
            Ok(Ok(shown)) => answer(url, shown, &passage),
            Ok(Err(visit::VisitError::TooLarge)) => {
                Err(FetchError::TooLarge { url: url.to_string(), limit: limit.bytes })
            }
            Ok(Err(visit::VisitError::Broken(reason))) => {
                Err(passage.refused().map_or_else(|| refuse(reason), |refused| refused.into_error(url)))
            }
            Err(_) => Err(FetchError::Timeout {
                phase: ReadPhase::Total,
                url: url.to_string(),
                after: self.settings.timeout,
            }),
        }
    }
}

/// The page as an answer. What the server said of the bytes it sent does not hold of what scripts
/// made of them.
fn answer(url: &Url, shown: RenderedPage, passage: &EgressProxy) -> Result<FetchResponse, FetchError> {
    let answered = shown.url.parse::<Url>().unwrap_or_else(|_| url.clone());
    if let Some(refused) = passage.refused().filter(|refused| refused.is_host_of(&answered)) {
        return Err(refused.into_error(url));
    }
    let mut headers = shown.headers;
    headers.retain(|(name, _)| {
        !name.starts_with("content-")
            && !matches!(name.as_str(), "etag" | "last-modified" | "transfer-encoding")
    });
    headers.push(("content-type".to_owned(), "text/html; charset=utf-8".to_owned()));
    Ok(FetchResponse {
        status: shown.status,
        url: answered,
        headers,
        body: Bytes::from(shown.html).into(),
        retry_after: None,
    })
}
