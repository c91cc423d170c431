//! Leased mails on their way to the senders of one round.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Mutex;

use super::Parts;
use crate::domain::id::MailId;
use crate::store::{LeasedMail, StoreError};

/// Leased ahead, so many for each sender: a lease costs a commit, and what is leased and not begun when
/// the process dies counts as in doubt.
const LEASED_AHEAD: usize = 2;

/// Hands mails out to senders, leasing more while there are any.
#[derive(Debug, Default)]
pub(super) struct Feed {
    waiting: Mutex<Waiting>,
    is_down: AtomicBool,
    is_probe: bool,
}

#[derive(Debug, Default)]
struct Waiting {
    mails: VecDeque<LeasedMail>,
    has_ended: bool,
}

impl Feed {
    /// A feed of one mail, that shows whether a transport can be reached again.
    pub(super) fn of_one() -> Self {
        Self { is_probe: true, ..Self::default() }
    }

    /// Whether it is that feed.
    pub(super) fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// The next mail; nothing once none is due, the transport is out of reach or the service stops.
    pub(super) async fn next(&self, parts: &Parts) -> Result<Option<LeasedMail>, StoreError> {
        let mut waiting = self.waiting.lock().await;
        if self.is_down() || parts.is_stopping() {
            return Ok(None);
        }
        if waiting.mails.is_empty() && !waiting.has_ended {
            waiting.mails = self.lease(parts).await?.into();
            waiting.has_ended = waiting.mails.is_empty() || self.is_probe;
        }
        Ok(waiting.mails.pop_front())
    }

    async fn lease(&self, parts: &Parts) -> Result<Vec<LeasedMail>, StoreError> {
        let now = parts.given.clock.now();
        let wanted = if self.is_probe { 1 } else { LEASED_AHEAD * parts.given.concurrency.max(1) };
        let limit = parts.limits.admits(wanted, now);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let limits = Arc::clone(&parts.limits);
        let leased = parts
            .given
            .store
            .lease_due_if(now, limit, parts.lease(), move |mail| limits.may_go(mail.recipient.domain(), now))
            .await?;
        parts.limits.count(leased.len());
        Ok(leased)
    }

    /// Notes that the transport is out of reach; tells whether that is news.
    pub(super) fn set_down(&self) -> bool {
        !self.is_down.swap(true, Ordering::Relaxed)
    }

    /// Whether the transport was found out of reach.
    pub(super) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Relaxed)
    }

    /// The mails that nobody began with.
    pub(super) async fn left_over(&self) -> Vec<MailId> {
        let mut waiting = self.waiting.lock().await;
        waiting.mails.drain(..).map(|leased| leased.mail.id).collect()
    }
}
