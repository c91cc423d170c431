//! Leased mails on their way to the senders of one round.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc};

use super::SharedBySenders;
use crate::domain::outbox::Mail;
use crate::store::{Lease, LeasedMail, Pacing, StoreError};

/// Mails leased at once, for each sender: a lease costs a commit.
const BATCH: usize = 2;

/// While mails are on their way, it is looked that often whether others came: a relay that takes its time with
/// one holds up nobody who came later.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// How many leased mails are not done with.
#[derive(Debug, Default)]
struct InHand {
    count: AtomicUsize,
    is_less: Notify,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(super) struct MailInHand(Arc<InHand>);

impl Drop for MailInHand {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::SeqCst);
        self.0.is_less.notify_one();
    }
}

/// A leased mail in a sender's hands.
#[derive(Debug)]
pub(super) struct TakenMail {
    /// The mail.
    pub(super) leased: LeasedMail,
    _held: MailInHand,
}

/// Hands leased mails out to the senders.
#[derive(Debug)]
pub(super) struct SendQueue {
    waiting: Mutex<LeasedMails>,
    is_down: Arc<AtomicBool>,
    was_reached: AtomicBool,
    is_probe: bool,
}

#[derive(Debug)]
struct LeasedMails {
    mails: mpsc::Receiver<TakenMail>,
    /// Taken out when it was too late to begin with them.
    left_over: Vec<Lease>,
}

/// Leases what a [`SendQueue`] hands out.
#[derive(Debug)]
pub(super) struct Leaser {
    mails: mpsc::Sender<TakenMail>,
    in_hand: Arc<InHand>,
    /// As the feed has it.
    is_down: Arc<AtomicBool>,
    batch: usize,
    is_probe: bool,
}

impl SendQueue {
    /// A feed for so many senders.
    pub(super) fn new(senders: usize) -> (Self, Leaser) {
        Self::with(senders, BATCH * senders, false)
    }

    /// A feed of one mail, that shows whether a transport can be reached again.
    pub(super) fn of_one() -> (Self, Leaser) {
        Self::with(1, 1, true)
    }

    fn with(senders: usize, batch: usize, is_probe: bool) -> (Self, Leaser) {
        let (sender, mails) = mpsc::channel(batch + senders);
        let waiting = LeasedMails { mails, left_over: Vec::new() };
        let (is_down, was_reached) = (Arc::new(AtomicBool::new(false)), AtomicBool::new(false));
        let leaser =
            Leaser { mails: sender, in_hand: Arc::default(), is_down: Arc::clone(&is_down), batch, is_probe };
        (Self { waiting: Mutex::new(waiting), is_down, was_reached, is_probe }, leaser)
    }

    /// Whether it is a feed of one mail.
    pub(super) fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// The next mail; nothing once none is due, the transport is out of reach or the service stops.
    pub(super) async fn next(&self, parts: &SharedBySenders) -> Option<TakenMail> {
        let mut waiting = self.waiting.lock().await;
        if self.is_over(parts) {
            return None;
        }
        let next = waiting.mails.recv().await?;
        if self.is_over(parts) {
            waiting.left_over.push(next.leased.lease);
            return None;
        }
        Some(next)
    }

    /// Whether no mail may be begun any more.
    pub(super) fn is_over(&self, parts: &SharedBySenders) -> bool {
        self.is_down() || parts.is_stopping()
    }

    /// Takes back a mail that its sender did not begin.
    pub(super) async fn put_back(&self, lease: Lease) {
        self.waiting.lock().await.left_over.push(lease);
    }

    /// Notes that the transport is out of reach; tells whether that is news.
    pub(super) fn set_down(&self) -> bool {
        !self.is_down.swap(true, Ordering::Relaxed)
    }

    /// Notes that the transport answered.
    pub(super) fn set_reached(&self) {
        self.was_reached.store(true, Ordering::Relaxed);
    }

    /// Whether more may be sent: one mail that shows it must have been tried.
    pub(super) fn is_open(&self) -> bool {
        !self.is_down() && (!self.is_probe || self.was_reached.load(Ordering::Relaxed))
    }

    /// Whether the transport was found out of reach.
    pub(super) fn is_down(&self) -> bool {
        self.is_down.load(Ordering::Relaxed)
    }

    /// Ends the leasing; gives the mails that nobody began with.
    pub(super) async fn close(&self) -> Vec<Lease> {
        let mut waiting = self.waiting.lock().await;
        waiting.mails.close();
        let mut left_over = std::mem::take(&mut waiting.left_over);
        while let Some(taken) = waiting.mails.recv().await {
            left_over.push(taken.leased.lease);
        }
        left_over
    }
}

impl Leaser {
    /// Leases batch after batch, each as soon as the one before leaves no more than a mail for each sender,
    /// until nothing is due or may go and no mail is on its way any more, or the feed is closed.
    pub(super) async fn lease_all(self, parts: &SharedBySenders) -> Result<(), StoreError> {
        while let Ok(room) = self.mails.reserve_many(self.batch).await {
            if self.is_down.load(Ordering::Relaxed) {
                break;
            }
            let all = lease(parts, self.batch).await?;
            let is_empty = all.is_empty();
            for (place, leased) in room.zip(all) {
                self.in_hand.count.fetch_add(1, Ordering::SeqCst);
                place.send(TakenMail { leased, _held: MailInHand(Arc::clone(&self.in_hand)) });
            }
            if self.is_probe || (is_empty && !self.others_may_come().await) {
                break;
            }
        }
        Ok(())
    }

    /// Waits a little for others while mails are on their way; tells whether the round goes on.
    async fn others_may_come(&self) -> bool {
        if self.in_hand.count.load(Ordering::SeqCst) == 0 {
            return false;
        }
        tokio::select! {
            () = self.in_hand.is_less.notified() => true,
            () = tokio::time::sleep(LOOK_AGAIN) => true,
            () = self.mails.closed() => false,
        }
    }
}

async fn lease(parts: &SharedBySenders, wanted: usize) -> Result<Vec<LeasedMail>, StoreError> {
    let now = parts.given.clock.now();
    let limit = parts.limits.admits(wanted, now);
    if limit == 0 || parts.is_stopping() {
        return Ok(Vec::new());
    }
    let limits = Arc::clone(&parts.limits);
    let may_go = move |mail: &Mail| limits.may_go(mail.recipient.domain(), now);
    let store = &parts.given.store;
    let pacing = Pacing { pace: parts.given.pace, may_go };
    let leased = store.lease_due_if(now, limit, parts.lease(), parts.given.doubt(), pacing).await?;
    parts.limits.count(leased.len(), now);
    Ok(leased)
}
