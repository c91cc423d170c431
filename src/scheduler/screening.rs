//! Holding standing lists of suppliers against the lists again, whenever one of these has changed. A task of its own: it
//! may take some seconds, and no alert waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::deliver::Deliverer;
use crate::domain::text::error_chain;
use crate::screen::StandingLists;

/// Looks that often whether a list has changed.
const INTERVAL: Duration = Duration::from_secs(60);

/// Tells owners of suppliers what is new.
#[derive(Debug, Clone)]
pub struct ScreeningLoop {
    /// Holds suppliers against the lists.
    pub standing: Arc<StandingLists>,
    /// Sends the mails, and is woken.
    pub deliverer: Arc<Deliverer>,
}

impl ScreeningLoop {
    /// Runs until stopped; a look under way is finished first.
    pub async fn run(self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.standing.look_again().await {
                Ok(0) => {}
                Ok(mails) => {
                    tracing::info!(mails, "queued {mails} mails about standing lists");
                    self.deliverer.wake();
                }
                Err(error) => {
                    tracing::error!(error = error_chain(&error), "failed to screen standing lists again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(INTERVAL) => {}
                () = stop.cancelled() => {}
            }
        }
    }
}
