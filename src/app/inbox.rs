//! What takes mail in by itself, where a mailbox is configured.

use std::sync::Arc;

use anyhow::Context;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::App;
use crate::config::Config;
use crate::domain::mail_source::MailSource;
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
        if let Some(path) = &ways.maildir {
            let maildrop = Maildrop::open(path).context("inbox.maildir")?;
            let intake = MailPoller::new(MailSource::Maildir, parts());
            tasks.spawn(MaildirLoop { maildrop, intake }.run(stop.clone()));
        }
        if let Some(mailbox) = &ways.imap {
            let imap = Imap::new(mailbox).context("inbox.imap")?;
            let intake = MailPoller::new(MailSource::Imap, parts());
            tasks.spawn(ImapLoop { imap, intake }.run(stop.clone()));
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
