//! Whether what is written is kept.

use std::time::Duration;

use crate::domain::text::error_chain;
use crate::store::Store;

/// A write that takes longer does not come to an end.
const LONGEST_WRITE: Duration = Duration::from_secs(60);

/// Whether something was forced to the disk within this time; where nothing had to be, it is tried.
///
/// # Errors
/// Why nothing can be, in words.
pub async fn written_within(store: &Store, age: Duration) -> Result<(), String> {
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
