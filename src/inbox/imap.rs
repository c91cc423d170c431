//! Taking in what arrives in a mailbox at a server.

use std::collections::HashSet;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::mail_poller::MailPoller;
use crate::domain::text::error_chain;
use crate::mail::Folder;
use crate::mail::imap::{Imap, ImapError, Mailbox};
use crate::store::StoreError;

/// The mailbox is looked through that often even if the server says nothing: what it says is a hint.
const INTERVAL: Duration = Duration::from_secs(5 * 60);

/// After a message that is to be tried again the mailbox is looked through sooner.
const SOON: Duration = Duration::from_secs(5);

/// Watches one mailbox.
#[derive(Debug)]
pub struct ImapLoop {
    /// The mailbox.
    pub imap: Imap,
    /// Takes messages in.
    pub intake: MailPoller,
}

/// A message is called by the mailbox's UID validity and its UID: only together they mean one for good.
fn name(validity: u32, uid: u32) -> String {
    format!("{validity}.{uid}")
}

/// Why a session ended that was not to end.
enum SessionEnd {
    /// The mailbox cannot be used now.
    Way(String),
    /// A message ended it. The message was counted, the mailbox is none the worse for it.
    Message,
}

impl From<ImapError> for SessionEnd {
    fn from(error: ImapError) -> Self {
        Self::Way(error_chain(&error))
    }
}

impl From<StoreError> for SessionEnd {
    fn from(error: StoreError) -> Self {
        Self::Way(error_chain(&error))
    }
}

impl ImapLoop {
    /// Runs until stopped; a message under way is finished first.
    pub async fn run(mut self, stop: CancellationToken) {
        while !stop.is_cancelled() {
            let wait = match self.session(&stop).await {
                Ok(()) => return,
                Err(SessionEnd::Message) => SOON,
                Err(SessionEnd::Way(reason)) => self.intake.failed(reason).await,
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.cancelled() => {}
            }
        }
    }

    /// One session, from the log-in until it fails or everything stops.
    async fn session(&mut self, stop: &CancellationToken) -> Result<(), SessionEnd> {
        let mut mailbox = tokio::select! {
            opened = self.imap.open() => opened?,
            () = stop.cancelled() => return Ok(()),
        };
        tracing::info!("opened the mailbox");
        loop {
            let wait = self.round(&mut mailbox, stop).await?;
            if stop.is_cancelled() {
                mailbox.close().await;
                return Ok(());
            }
            mailbox = tokio::select! {
                woken = mailbox.idle(wait) => woken?,
                () = stop.cancelled() => return Ok(()),
            };
        }
    }

    /// Takes in what waits; says how long to wait for more.
    async fn round(
        &mut self,
        mailbox: &mut Mailbox,
        stop: &CancellationToken,
    ) -> Result<Duration, SessionEnd> {
        let validity = mailbox.uid_validity();
        let mut moved = HashSet::new();
        let wait = loop {
            let mut waiting = mailbox.waiting().await?;
            if let Some(stuck) = waiting.iter().find(|uid| moved.contains(*uid)) {
                // Tried again, it would be copied without end.
                return Err(SessionEnd::Way(format!(
                    "message {stuck} is still in the mailbox after it was moved"
                )));
            }
            self.intake.order(&mut waiting, |uid| name(validity, *uid)).await?;
            let (before, mut left) = (moved.len(), 0);
            for uid in waiting {
                if stop.is_cancelled() {
                    return Ok(SOON);
                }
                match self.take(mailbox, uid).await? {
                    Some(folder) => {
                        mailbox.put_away(uid, folder).await?;
                        moved.insert(uid);
                    }
                    None => left += 1,
                }
            }
            match (moved.len() - before, left) {
                (0, 0) => break INTERVAL,
                (0, _) => break SOON,
                // More may have come meanwhile.
                _ => {}
            }
        };
        let set_aside = mailbox.set_aside().await?;
        self.intake.worked(set_aside).await?;
        Ok(wait)
    }

    /// Takes one message in; says where it goes, or nothing where it stays or is gone.
    async fn take(&mut self, mailbox: &mut Mailbox, uid: u32) -> Result<Option<Folder>, SessionEnd> {
        match mailbox.message(uid).await {
            Ok(Some(raw)) => Ok(self.intake.take(&name(mailbox.uid_validity(), uid), raw).await?),
            Ok(None) => Ok(None),
            Err(error) => self.strike(mailbox, uid, error).await,
        }
    }

    /// Notes that the server does not give a message. It may be the message at which the session
    /// breaks every time: then it is moved in a session of its own without having been read.
    async fn strike(
        &mut self,
        mailbox: &Mailbox,
        uid: u32,
        error: ImapError,
    ) -> Result<Option<Folder>, SessionEnd> {
        let validity = mailbox.uid_validity();
        let folder = self.intake.strike(&name(validity, uid), &error_chain(&error)).await?;
        if error.leaves_in_step() {
            return Ok(folder);
        }
        if let Some(folder) = folder {
            let mut fresh = self.imap.open().await?;
            if fresh.uid_validity() == validity {
                fresh.put_away(uid, folder).await?;
            }
        }
        Err(SessionEnd::Message)
    }
}
