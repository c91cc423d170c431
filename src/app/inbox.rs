//! What takes mail in by itself, where a mailbox is configured.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::App;
use super::jobs::hold_job;
use crate::config::Config;
use crate::domain::mail_source::MailSource;
use crate::domain::text::error_chain;
use crate::inbox::{ImapLoop, IntakeParts, Listener, LmtpServer, MailPoller, MaildirLoop};
use crate::mail::Maildrop;
use crate::mail::imap::Imap;

/// The ways by which mail is fetched.
pub(super) fn fetched(config: &Config) -> Vec<MailSource> {
    let maildir = config.ways_in.maildir.as_ref().map(|_| MailSource::Maildir);
    let imap = config.ways_in.imap.as_ref().map(|_| MailSource::Imap);
    maildir.into_iter().chain(imap).collect()
}

impl App {
    /// Starts taking mail in, by every way that is configured. `found` wakes who sends the answers.
    pub(super) async fn take_mail_in(
        &self,
        tasks: &TaskTracker,
        stop: &CancellationToken,
        found: &Arc<Notify>,
    ) -> anyhow::Result<()> {
        let (Some(inbox), Some(settings)) = (&self.inbox, &self.config.inbox) else { return Ok(()) };
        let ways = &self.config.ways_in;
        let parts = || IntakeParts {
            inbox: Arc::clone(inbox),
            store: self.store.clone(),
            clock: Arc::clone(&self.clock),
            found: Arc::clone(found),
        };
        // A mailbox has one reader at a time, which has in memory how it stands.
        if let Some(path) = &ways.maildir {
            let (maildrop, parts) = (Maildrop::open(path).context("inbox.maildir")?, parts());
            let poll = move |stop| {
                let intake = MailPoller::new(MailSource::Maildir, parts.clone());
                MaildirLoop { maildrop: maildrop.clone(), intake }.run(stop)
            };
            tasks.spawn(hold_job(self.store.clone(), "maildir", stop.clone(), poll));
        }
        if let Some(mailbox) = &ways.imap {
            Imap::new(mailbox).context("inbox.imap")?;
            let (mailbox, parts) = (mailbox.clone(), parts());
            let poll = move |stop: CancellationToken| {
                let (imap, parts) = (Imap::new(&mailbox), parts.clone());
                async move {
                    match imap {
                        Ok(imap) => {
                            let intake = MailPoller::new(MailSource::Imap, parts);
                            ImapLoop { imap, intake }.run(stop).await;
                        }
                        Err(error) => {
                            tracing::error!(error = error_chain(&error), "failed to open inbox.imap");
                        }
                    }
                }
            };
            tasks.spawn(hold_job(self.store.clone(), "imap", stop.clone(), poll));
        }
        if let Some(listen) = &ways.lmtp {
            let listener = Listener::bind(listen).await.context("inbox.lmtp.listen")?;
            let server = LmtpServer {
                inbox: Arc::clone(inbox),
                mailboxes: vec![settings.address.clone()],
                found: Arc::clone(found),
                tasks: tasks.clone(),
            };
            tasks.spawn(server.run(listener, stop.clone()));
        }
        Ok(())
    }
}
