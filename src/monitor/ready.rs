//! Whether the daemon does its work: writes are kept, and its tasks run.

use std::time::Duration;

use super::MonitorParts;
use crate::domain::text::error_chain;
use crate::status::written_within;

/// A store that was written within this time is well; otherwise a write is tried.
const WRITTEN_WITHIN: Duration = Duration::from_secs(60);

/// Why it does not; empty where it does.
pub(super) async fn faults(parts: &MonitorParts) -> Vec<String> {
    let mut faults = Vec::new();
    if let Err(error) = parts.store.is_in_place().await {
        faults.push(format!("store: {}", error_chain(&error)));
    } else if let Err(reason) = written_within(&parts.store, WRITTEN_WITHIN).await {
        faults.push(format!("store: {reason}"));
    }
    let down = parts.workers.list().into_iter().filter(crate::status::Worker::is_down);
    faults.extend(down.map(|worker| format!("task {}: it panicked", worker.name)));
    faults
}
