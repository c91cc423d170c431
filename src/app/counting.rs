//! Where requests to hosts with a quota are counted: in the store, by the process that owns it.

use std::sync::Arc;
use std::time::Duration;

use super::Backend;
use crate::clock::Clock;
use crate::config::Config;
use crate::control::ProgressReporter;
use crate::control::command::CountRequest;
use crate::domain::source::CountedRequest;
use crate::domain::text::error_chain;
use crate::fetch::RequestCounter;
use crate::store::Store;

/// Counts in a store that this process has open.
pub(super) fn in_store(store: &Store, clock: &Arc<dyn Clock>) -> RequestCounter {
    let (store, clock) = (store.clone(), Arc::clone(clock));
    RequestCounter::new(move |request| {
        let (store, now) = (store.clone(), clock.now());
        Box::pin(async move { store.count_request(request, now).await.map_err(|error| error_chain(&error)) })
    })
}

/// Counts in the store of a configuration, for a command that has it not open: the daemon counts, or else this process
/// opens the store for each request.
pub(super) fn by_backend(config: &Config, clock: Arc<dyn Clock>) -> RequestCounter {
    let config = Arc::new(config.clone());
    // Of one process only one request at a time can have the store open.
    let turn = Arc::new(tokio::sync::Mutex::new(()));
    RequestCounter::new(move |request| {
        let (config, clock, turn) = (Arc::clone(&config), Arc::clone(&clock), Arc::clone(&turn));
        Box::pin(async move {
            let _turn = turn.lock().await;
            count(&config, clock, request).await.map_err(|error| format!("{error:#}"))
        })
    })
}

async fn count(
    config: &Config,
    clock: Arc<dyn Clock>,
    request: CountedRequest,
) -> anyhow::Result<Option<Duration>> {
    let backend = Backend::open(config.clone(), clock).await?;
    backend.execute(CountRequest::from(request), ProgressReporter::unheard()).await
}
