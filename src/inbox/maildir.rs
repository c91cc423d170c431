//! Taking in what a mail server puts into a Maildir.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::mail_poller::MailPoller;
use crate::domain::text::error_chain;
use crate::mail::{Dropped, Folder, Maildrop};

/// Between two looks. Listing an empty folder costs next to nothing, and asks nothing of the file
/// system that it may not have.
const INTERVAL: Duration = Duration::from_secs(2);

/// Watches one Maildir.
#[derive(Debug)]
pub struct MaildirLoop {
    /// The Maildir.
    pub maildrop: Maildrop,
    /// Takes messages in.
    pub intake: MailPoller,
}

impl MaildirLoop {
    /// Runs until stopped; a message under way is finished first.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let wait = match self.round(&stop).await {
                Ok(()) => INTERVAL,
                Err(reason) => self.intake.failed(reason).await,
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// Takes in what waits. The reason is in words: whatever it is, the next round tries again.
    async fn round(&mut self, stop: &CancellationToken) -> Result<(), String> {
        let mut waiting = self.maildrop.waiting().await.map_err(|error| error_chain(&error))?;
        let ordered = self.intake.order(&mut waiting, |message| message.name.clone()).await;
        ordered.map_err(|error| error_chain(&error))?;
        for message in waiting {
            if stop.is_cancelled() {
                return Ok(());
            }
            if let Some(folder) = self.take(&message).await? {
                self.maildrop.put_away(&message, folder).await.map_err(|error| error_chain(&error))?;
            }
        }
        let set_aside = self.maildrop.set_aside().await.map_err(|error| error_chain(&error))?;
        self.intake.worked(set_aside).await.map_err(|error| error_chain(&error))
    }

    async fn take(&mut self, message: &Dropped) -> Result<Option<Folder>, String> {
        let taken = match self.maildrop.read(message).await {
            Ok(raw) => self.intake.take(&message.name, raw).await,
            // Somebody else has taken it away.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => self.intake.strike(&message.name, &error_chain(&error)).await,
        };
        taken.map_err(|error| error_chain(&error))
    }
}
