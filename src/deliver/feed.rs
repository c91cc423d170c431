//! Leased mails on their way to the senders of one round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::{Mutex, mpsc};

use super::Parts;
use crate::domain::id::MailId;
use crate::domain::outbox::Mail;
use crate::store::{LeasedMail, StoreError};

/// Mails leased at once, for each sender: a lease costs a commit, and what is leased and not begun when the
/// process dies counts as in doubt.
const BATCH: usize = 2;

/// Hands leased mails out to the senders.
#[derive(Debug)]
pub(super) struct Feed {
    waiting: Mutex<Waiting>,
    is_down: AtomicBool,
    is_probe: bool,
}

#[derive(Debug)]
struct Waiting {
    mails: mpsc::Receiver<LeasedMail>,
    /// Taken out when it was too late to begin with them.
    left_over: Vec<MailId>,
}

/// Leases what a [`Feed`] hands out.
#[derive(Debug)]
pub(super) struct Leaser {
    mails: mpsc::Sender<LeasedMail>,
    batch: usize,
    is_probe: bool,
}

impl Feed {
    /// A feed for so many senders.
    pub(super) fn new(senders: usize) -> (Self, Leaser) {
        Self::with(senders, BATCH * senders, false)
    }

    /// A feed of one mail, that shows whether a transport can be reached again.
    pub(super) fn of_one() -> (Self, Leaser) {
        Self::with(1, 1, true)
    }

    fn with(senders: usize, batch: usize, is_probe: bool) -> (Self, Leaser) {
        let (leased, mails) = mpsc::channel(batch + senders);
        let waiting = Waiting { mails, left_over: Vec::new() };
        let feed = Self { waiting: Mutex::new(waiting), is_down: AtomicBool::new(false), is_probe };
        (feed, Leaser { mails: leased, batch, is_probe })
    }

    /// Whether it is a feed of one mail.
    pub(super) fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// The next mail; nothing once none is due, the transport is out of reach or the service stops.
    pub(super) async fn next(&self, parts: &Parts) -> Option<LeasedMail> {
        let mut waiting = self.waiting.lock().await;
        if self.is_over(parts) {
            return None;
        }
        let next = waiting.mails.recv().await?;
        if self.is_over(parts) {
            waiting.left_over.push(next.mail.id);
            return None;
        }
        Some(next)
    }

    /// Whether no mail may be begun any more.
    pub(super) fn is_over(&self, parts: &Parts) -> bool {
        self.is_down() || parts.is_stopping()
    }

    /// Takes back a mail that its sender did not begin.
    pub(super) async fn put_back(&self, mail: MailId) {
        self.waiting.lock().await.left_over.push(mail);
    }

    /// Notes that the transport is out of reach; tells whether that is news.
    pub(super) fn set_down(&self) -> bool {
        !self.is_down.swap(true, Ordering::Relaxed)
    }

    /// Whether the transport was found out of reach.
    pub(super) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Relaxed)
    }

    /// Ends the leasing; gives the mails that nobody began with.
    pub(super) async fn close(&self) -> Vec<MailId> {
        let mut waiting = self.waiting.lock().await;
        waiting.mails.close();
        let mut left_over = std::mem::take(&mut waiting.left_over);
        while let Some(leased) = waiting.mails.recv().await {
            left_over.push(leased.mail.id);
        }
        left_over
    }
}

impl Leaser {
    /// Leases batch after batch, each as soon as the one before leaves no more than a mail for each sender,
    /// until nothing is due or may go, or the feed is closed.
    pub(super) async fn lease_all(self, parts: &Parts) -> Result<(), StoreError> {
        while let Ok(room) = self.mails.reserve_many(self.batch).await {
            let leased = lease(parts, self.batch).await?;
            let is_last = leased.is_empty() || self.is_probe;
            for (place, mail) in room.zip(leased) {
                place.send(mail);
            }
            if is_last {
                break;
            }
        }
        Ok(())
    }
}

async fn lease(parts: &Parts, wanted: usize) -> Result<Vec<LeasedMail>, StoreError> {
    let now = parts.given.clock.now();
    let limit = parts.limits.admits(wanted, now);
    if limit == 0 || parts.is_stopping() {
        return Ok(Vec::new());
    }
    let limits = Arc::clone(&parts.limits);
    let may_go = move |mail: &Mail| limits.may_go(mail.recipient.domain(), now);
    let store = &parts.given.store;
    let leased = store.lease_due_if(now, limit, parts.lease(), parts.given.doubt(), may_go).await?;
    parts.limits.count(leased.len());
    Ok(leased)
}
