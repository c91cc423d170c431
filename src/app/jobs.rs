//! Jobs that one worker does for all that work on one store: the worker that claims a job does it, and another takes it
//! over when that one ends.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::domain::text::error_chain;
use crate::store::{Claim, Store};

/// A worker without a job asks for it that often.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Runs something for as long as this worker has the job, again whenever it gets it, until stopped.
pub(super) async fn hold_job<F: Future<Output = ()>>(
    store: Store,
    name: &'static str,
    stop: CancellationToken,
    run: impl Fn(CancellationToken) -> F,
) {
    while !stop.is_cancelled() {
        if let Some(job) = claim(&store, name).await {
            let ours = stop.child_token();
            let running = run(ours.clone());
            tokio::pin!(running);
            tokio::select! {
                () = &mut running => {}
                () = job.lost() => {
                    ours.cancel();
                    running.await;
                }
            }
        }
        tokio::select! {
            () = tokio::time::sleep(ASK_AGAIN) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Claims a job; `None` if another worker has it, or nobody can say.
pub(super) async fn claim(store: &Store, name: &'static str) -> Option<Claim> {
    store.claim_job(name).await.unwrap_or_else(|error| {
        tracing::warn!(error = error_chain(&error), "failed to claim the job {name}");
        None
    })
}
