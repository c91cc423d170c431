//! Keeping an eye on the store while the daemon runs.

use std::time::Duration;

use crate::domain::text::error_chain;
use crate::status::written_within;
use crate::store::Store;

/// Between two looks at whether the store is still where it was opened.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where nothing was kept for so long, something is: a daemon whose store takes nothing must not live on.
const WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// Waits until the store cannot be relied upon any more; gives the reason.
pub(super) async fn until_it_fails(store: &Store) -> String {
    tokio::select! {
        reason = store.failure() => reason,
        reason = look(store) => reason,
    }
}

async fn look(store: &Store) -> String {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if let Err(error) = store.is_in_place().await {
            return error_chain(&error);
        }
        if let Err(reason) = written_within(store, WRITTEN_EVERY).await {
            return reason;
        }
    }
}
