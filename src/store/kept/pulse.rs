//! How the writer is: when something was last forced to the disk, and whether it still takes anything.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::watch;

/// Shared by the writer and whoever wants to know.
#[derive(Debug)]
pub(super) struct Pulse {
    began: Instant,
    /// Milliseconds from `began` to the last write that reached the disk.
    durable_ms: AtomicU64,
    failed: watch::Sender<Option<String>>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { began: Instant::now(), durable_ms: AtomicU64::new(0), failed: watch::Sender::new(None) }
    }
}

impl Pulse {
    /// Something reached the disk.
    pub(super) fn beat(&self) {
        let since = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.durable_ms.store(since, Ordering::SeqCst);
    }

    /// How long ago something reached the disk.
    pub(super) fn age(&self) -> Duration {
        let at = Duration::from_millis(self.durable_ms.load(Ordering::SeqCst));
        self.began.elapsed().saturating_sub(at)
    }

    /// Nothing more is taken; the first reason counts.
    pub(super) fn fail(&self, reason: &str) {
        self.failed.send_if_modified(|failed| {
            let is_first = failed.is_none();
            if is_first {
                *failed = Some(reason.to_owned());
            }
            is_first
        });
    }

    /// Waits until nothing more is taken; gives the reason.
    pub(super) async fn failure(&self) -> String {
        let mut failed = self.failed.subscribe();
        match failed.wait_for(Option::is_some).await {
            Ok(reason) => reason.clone().unwrap_or_default(),
            // This holds the sender.
            Err(_) => String::new(),
        }
    }
}
