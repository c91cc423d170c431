//! Keeping an eye on the store while the daemon runs.

use std::time::Duration;

use crate::domain::text::error_chain;
use crate::store::Store;

/// Between two looks at whether the store is still where it was opened.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// Where nothing was kept for so long, something is: a daemon whose store takes nothing must not live on.
const WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// A write that takes longer does not come to an end.
const LONGEST_WRITE: Duration = Duration::from_secs(60);

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

/// Whether something was forced to the disk within this time; where nothing had to be, it is tried.
pub(super) async fn written_within(store: &Store, age: Duration) -> Result<(), String> {
    if store.last_durable() <= age {
        return Ok(());
    }
    match tokio::time::timeout(LONGEST_WRITE, store.beat()).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(error_chain(&error)),
        // Somebody has it for themselves, and gets on: unused bodies are removed.
        Err(_) if store.last_durable() <= LONGEST_WRITE => Ok(()),
        Err(_) => Err(format!("a write took longer than {} seconds", LONGEST_WRITE.as_secs())),
    }
}
