//! Sending what lies in the outbox.
//!
//! Takes no input but the store's state: leases what is due, hands it to the
//! transport, notes how it went, mail by mail. A mail is leased ahead of its sending; that its
//! sending begins is kept at the last moment before the message itself leaves, and with that it is asked
//! once more whether anybody wants it. While the senders have mails on their way,
//! what became of as many others is being kept, and of no more: a process killed
//! anywhere has at most two mails in doubt for each sender. A lease that nobody settles
//! comes back.
//!
//! A transport that cannot be reached is left alone: one mail is tried now and then,
//! the others wait. What goes out is held to a pace, in all and for each recipient
//! domain, so that nobody is flooded when a transport comes back. One that says of everybody that there is
//! no such mailbox is left alone, too, and its word ends no subscription.
//!
//! Deliberately absent: what becomes of a mail, which is [`crate::domain::outbox`]'s,
//! and telling the operator, which is `escalate`'s.

mod limits;
mod loops;
mod pending_acks;
mod send_queue;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Duration, Utc};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::limits::Limits;
use self::loops::Loops;
use self::pending_acks::PendingAcks;
use self::send_queue::{Leaser, SendQueue};
use crate::clock::Clock;
use crate::domain::email::EmailAddress;
use crate::domain::id::MailId;
use crate::domain::outbox::{Doubt, Mail, MailState, Outcome};
use crate::domain::refusal::{Belief, RecipientRejections};
use crate::domain::text::error_chain;
use crate::domain::verp::bounce_address;
use crate::mail::Transport;
use crate::metrics::Counts;
use crate::settings::{Pace, WorkerRole, WorkerRoles};
use crate::store::{Lease, LeasedMail, PendingWrite, Store, StoreError};

/// A lease outlasts the longest attempt by this, in which a mail may wait for its turn: no mail is in two
/// hands. That a sender vanishes in the midst of a process that lives on is rare enough to wait so long.
const LEASE_MARGIN: Duration = Duration::hours(1);

/// The loop looks that often even if nobody wakes it: a signal can be lost, a mail must not be.
const LONGEST_WAIT: std::time::Duration = std::time::Duration::from_secs(60);

/// The shortest wait, so that a mail that is due but cannot be leased does not make the loop spin.
const SHORTEST_WAIT: std::time::Duration = std::time::Duration::from_secs(1);

/// So long a command waits for what it has sent, where others may have much before it.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(5);

/// Between two looks at a mail that another worker sends.
const LOOK_AGAIN: std::time::Duration = std::time::Duration::from_millis(100);

/// What a [`Deliverer`] works with.
#[derive(Debug)]
pub struct DelivererParts {
    /// Keeps the outbox.
    pub store: Store,
    /// The way out.
    pub transport: Arc<Transport>,
    /// Whom mail is from: the envelope's sender where mail cannot come back to a mailbox of ours.
    pub from: EmailAddress,
    /// Where people write to, and what cannot be delivered comes back to.
    pub inbox: Option<EmailAddress>,
    /// Keys the addresses that mail comes back to.
    pub instance_key: [u8; 32],
    /// Mails sent at once.
    pub concurrency: usize,
    /// How fast.
    pub pace: Pace,
    /// What becomes of a mail whose fate nobody knows.
    pub on_in_doubt: Doubt,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

impl DelivererParts {
    /// What becomes of a mail whose sender vanished.
    fn doubt(&self) -> Doubt {
        if self.transport.is_idempotent() { Doubt::Impossible } else { self.on_in_doubt }
    }
}

/// Sends what is due. One for the whole program.
#[derive(Debug)]
pub struct Deliverer {
    parts: Arc<SharedBySenders>,
    turn: tokio::sync::Mutex<()>,
    loops: Loops,
    /// Whether this process sends nothing: another worker on the same store does.
    is_left_to_others: bool,
}

/// What the senders share.
#[derive(Debug)]
struct SharedBySenders {
    given: DelivererParts,
    limits: Arc<Limits>,
    refusals: Mutex<RecipientRejections>,
    is_stopping: AtomicBool,
    counts: OnceLock<Counts>,
}

/// How a round of deliveries went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DeliveryStats {
    /// Mails the transport took.
    pub sent: usize,
    /// Mails that wait, for another attempt or for a person.
    pub deferred: usize,
    /// Mails given up.
    pub failed: usize,
}

impl Deliverer {
    /// A deliverer over the given parts.
    #[must_use]
    pub fn new(parts: DelivererParts) -> Self {
        let limits = Arc::new(Limits::new(parts.pace, parts.concurrency.max(1)));
        let parts = SharedBySenders {
            given: parts,
            limits,
            refusals: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            counts: OnceLock::new(),
        };
        let (turn, loops) = (tokio::sync::Mutex::default(), Loops::default());
        Self { parts: Arc::new(parts), turn, loops, is_left_to_others: false }
    }

    /// The same, which sends only if that is among what this process does. What is due is otherwise left to the workers
    /// that send, who hear of it from the store.
    #[must_use]
    pub fn with_roles(mut self, roles: &WorkerRoles) -> Self {
        self.is_left_to_others = !roles.has(WorkerRole::Send);
        self
    }

    /// The same, which counts what becomes of mails.
    #[must_use]
    pub fn counting(self, counts: Counts) -> Self {
        // Nothing was counted before.
        let _ = self.parts.counts.set(counts);
        self
    }

    /// Begins in the place of another deliverer of this process, which has ended or settles what it still has.
    ///
    /// # Errors
    /// The store's error.
    pub async fn follow_on(&self) -> Result<(), StoreError> {
        self.parts.given.store.use_channel(&self.parts.given.transport.name()).await
    }

    /// Takes back what an earlier process had in its hands when it ended. Call once, before the first round. What a
    /// living worker has in its hands stays with it.
    ///
    /// # Errors
    /// The store's error.
    pub async fn recover(&self) -> Result<usize, StoreError> {
        let DelivererParts { store, transport, .. } = &self.parts.given;
        store.use_channel(&transport.name()).await?;
        self.reclaim().await
    }

    /// Takes back what processes had in their hands that ended.
    ///
    /// # Errors
    /// The store's error.
    pub async fn reclaim(&self) -> Result<usize, StoreError> {
        let DelivererParts { store, clock, .. } = &self.parts.given;
        let reclaimed = store.reclaim_leases(clock.now(), self.parts.given.doubt()).await?;
        if reclaimed > 0 {
            tracing::warn!(mails = reclaimed, "took back {reclaimed} mails that an ended process had leased");
        }
        Ok(reclaimed)
    }

    /// When the next mail can go: it is due, the transport may be tried and the pace allows it.
    ///
    /// # Errors
    /// The store's error.
    pub async fn next_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        let DelivererParts { store, transport, clock, .. } = &self.parts.given;
        let Some(due) = store.next_mail_due().await? else { return Ok(None) };
        let probe = store.breaker(&transport.name()).await?.map(|breaker| breaker.probe_at(clock.now()));
        let pace = self.parts.limits.open_at(clock.now());
        Ok(Some(due.max(probe.unwrap_or(due)).max(pace)))
    }

    /// Sends everything that is due and within the pace, until nothing is or the transport is out of
    /// reach. One that was out of reach is tried with one mail first, and only when its time has come.
    ///
    /// # Errors
    /// The store's error; what was settled before it stays so.
    pub async fn deliver_due(&self) -> Result<DeliveryStats, StoreError> {
        self.deliver(false).await
    }

    /// Takes over what is due; `is_asked` says that somebody waits for it, so that a transport is tried whose
    /// time has not come.
    async fn deliver(&self, is_asked: bool) -> Result<DeliveryStats, StoreError> {
        let _turn = self.turn.lock().await;
        let DelivererParts { store, transport, clock, concurrency, .. } = &self.parts.given;
        let mut delivered = DeliveryStats::default();
        if let Some(breaker) = store.breaker(&transport.name()).await?
            && (!(is_asked || breaker.may_probe(clock.now()))
                || !self.round(1, SendQueue::of_one(), &mut delivered).await?)
        {
            return Ok(delivered);
        }
        let senders = (*concurrency).max(1);
        self.round(senders, SendQueue::new(senders), &mut delivered).await?;
        Ok(delivered)
    }

    /// Delivers whenever something is due, until stopped; from then on [`Self::hand_in`] asks this loop.
    pub async fn run(&self, stop: CancellationToken) {
        self.loops.is_running.store(true, Ordering::SeqCst);
        while !stop.is_cancelled() {
            let begun = self.loops.begin();
            if let Err(error) = self.deliver(self.loops.take_asked()).await {
                tracing::error!(error = error_chain(&error), "failed to deliver mail");
            }
            self.loops.end(begun);
            let wait = self.wait().await;
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.loops.woken.notified() => {}
                () = stop.cancelled() => {}
            }
        }
        self.loops.is_running.store(false, Ordering::SeqCst);
    }

    /// Wakes the loop: something may be due.
    pub fn wake(&self) {
        self.loops.woken.notify_one();
    }

    /// Has what is due sent. Where no loop delivers, by this call; else by the next round of the loop, which is
    /// waited for, and not for long: before it may lie what others wait for. A worker that sends nothing leaves it to
    /// the others.
    ///
    /// # Errors
    /// As [`Self::deliver_due`].
    pub async fn hand_in(&self) -> Result<(), StoreError> {
        if self.is_left_to_others {
            return Ok(());
        }
        if self.loops.is_running.load(Ordering::SeqCst) {
            self.loops.wait_for_round(PATIENCE).await;
            return Ok(());
        }
        self.deliver_due().await.map(drop)
    }

    /// The same with a transport that is tried although its time has not come: somebody waits for it.
    ///
    /// # Errors
    /// As [`Self::deliver_due`].
    pub async fn hand_in_now(&self) -> Result<(), StoreError> {
        if self.is_left_to_others {
            return Ok(());
        }
        if self.loops.is_running.load(Ordering::SeqCst) {
            self.loops.ask();
            self.loops.wait_for_round(PATIENCE).await;
            return Ok(());
        }
        self.deliver(true).await.map(drop)
    }

    /// Returns a mail that was handed in, after its first attempt: another worker is waited for, for a while.
    ///
    /// # Errors
    /// The store's error.
    pub async fn attempted(&self, id: &MailId) -> Result<Mail, StoreError> {
        let end = tokio::time::Instant::now() + PATIENCE;
        loop {
            let mail = self.parts.given.store.find_mail(id.as_str()).await?;
            let is_waiting = matches!(mail.state, MailState::Queued | MailState::Leased);
            if !self.is_left_to_others || !is_waiting || tokio::time::Instant::now() > end {
                return Ok(mail);
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    async fn wait(&self) -> std::time::Duration {
        let now = self.parts.given.clock.now();
        let due = self.next_due().await.ok().flatten();
        let wait = due.map_or(LONGEST_WAIT, |due| (due - now).to_std().unwrap_or_default());
        wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }

    /// Lets what is under way end and begins nothing more.
    pub fn stop(&self) {
        self.parts.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Has so many senders take mails from a feed until it ends; tells whether the transport could be
    /// reached.
    async fn round(
        &self,
        senders: usize,
        (feed, leaser): (SendQueue, Leaser),
        total: &mut DeliveryStats,
    ) -> Result<bool, StoreError> {
        let given = &self.parts.given;
        let feed = Arc::new(feed);
        let (unkept, keeper) = PendingAcks::new(given.store.clone(), senders);
        let (mut sending, mut serving) = (JoinSet::new(), JoinSet::new());
        let parts = Arc::clone(&self.parts);
        serving.spawn(async move { leaser.lease_all(&parts).await.map(|()| DeliveryStats::default()) });
        serving.spawn(keeper.keep_all());
        for _ in 0..senders {
            let (parts, feed, unkept) = (Arc::clone(&self.parts), Arc::clone(&feed), unkept.clone());
            sending.spawn(async move { parts.send_all(&feed, &unkept).await });
        }
        drop(unkept);
        let mut failure = total.add_all(&mut sending).await;
        let left_over = feed.close().await;
        failure = total.add_all(&mut serving).await.or(failure);
        if !left_over.is_empty() {
            given.store.give_back(left_over, given.clock.now()).await?;
        }
        failure.map_or(Ok(feed.is_open()), Err)
    }
}

impl SharedBySenders {
    /// One sender.
    async fn send_all(&self, feed: &SendQueue, unkept: &PendingAcks) -> Result<DeliveryStats, StoreError> {
        let mut delivered = DeliveryStats::default();
        while let Some(taken) = feed.next(self).await {
            let LeasedMail { mail, bytes, lease } = &taken.leased;
            let place = self.limits.place(mail.recipient.domain()).await;
            // Others to its domain may have taken long.
            let is_busy = self.limits.is_busy(mail.recipient.domain(), self.given.clock.now());
            if feed.is_over(self) || is_busy || self.is_too_late_for(mail) {
                feed.put_back(lease.clone()).await;
                continue;
            }
            let from = self.return_path(mail);
            let failed = OnceLock::new();
            let begin = self.begin(lease, &failed);
            let Some(outcome) = self.given.transport.deliver_if(mail, &from, bytes, begin).await else {
                drop(place);
                // It is not wanted any more, or is another's; or nobody can say.
                failed.into_inner().map_or(Ok(()), Err)?;
                continue;
            };
            let outcome = self.weighed(&mail.recipient, outcome);
            drop(place);
            self.note_channel(&outcome, feed).await?;
            match outcome {
                Outcome::Sent { reply } => {
                    self.tell_others(mail, &Outcome::SENT).await;
                    if !unkept.push(self.settle_sent(lease, reply)).await {
                        break;
                    }
                    self.note_sent(mail).await;
                }
                outcome => {
                    self.tell_others(mail, &outcome).await;
                    let settled = self.settle(lease, outcome).await;
                    if let (Ok(settled), Some(counts)) = (&settled, self.counts.get()) {
                        counts.mail(settled.state);
                    }
                    delivered.count_kept(settled)?;
                }
            }
        }
        Ok(delivered)
    }

    /// Counts a mail that went out, and how long what it tells took to be told.
    async fn note_sent(&self, mail: &Mail) {
        let Some(counts) = self.counts.get() else { return };
        counts.mail(MailState::Sent);
        let Some(first) = mail.changes.first() else { return };
        if let Ok(change) = self.given.store.find_change(first.as_str()).await {
            counts.told(change.published_at(), self.given.clock.now());
        }
    }

    /// Notes that a mail is handed over now; tells whether it may be.
    async fn begin(&self, lease: &Lease, failed: &OnceLock<StoreError>) -> bool {
        let begun = self.given.store.begin_sending(lease, self.given.clock.now()).await;
        begun.unwrap_or_else(|error| {
            let _ = failed.set(error);
            false
        })
    }

    /// An outcome as far as it is believed: of a mailbox that is said not to be there, see
    /// [`crate::domain::refusal`].
    fn weighed(&self, recipient: &EmailAddress, outcome: Outcome) -> Outcome {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        match outcome {
            Outcome::NoMailbox { reason } => match refusals.refused(recipient, self.given.clock.now()) {
                Belief::Believed => Outcome::NoMailbox { reason },
                Belief::Doubted => Outcome::Doubted { reason, broken: None },
                Belief::Broken { words } => {
                    let broken = Some(format!("{words}: {reason}"));
                    Outcome::Doubted { reason, broken }
                }
            },
            Outcome::Sent { .. } => {
                refusals.took(recipient);
                outcome
            }
            _ => outcome,
        }
    }

    /// Where the mail comes back to if it cannot be delivered.
    fn return_path(&self, mail: &Mail) -> EmailAddress {
        let inbox = self.given.inbox.as_ref();
        inbox
            .and_then(|inbox| bounce_address(&self.given.instance_key, &mail.id, inbox))
            .unwrap_or_else(|| self.given.from.clone())
    }

    /// Keeps whether the transport can be reached, where that is news.
    async fn note_channel(&self, outcome: &Outcome, feed: &SendQueue) -> Result<(), StoreError> {
        let DelivererParts { store, transport, clock, .. } = &self.given;
        let channel = transport.name();
        let fault = match outcome {
            Outcome::ChannelDown { reason } => Some(reason),
            Outcome::Doubted { broken, .. } => broken.as_ref(),
            _ => None,
        };
        if let Some(reason) = fault {
            let is_first = feed.set_down();
            let breaker = store.break_channel(&channel, reason.clone(), clock.now()).await?;
            if is_first && breaker.failures == 1 {
                tracing::error!(
                    channel,
                    reason,
                    "{channel} is out of reach; trying one mail now and then, all others wait"
                );
            } else if is_first {
                tracing::warn!(channel, reason, next = %breaker.next_probe_at, "{channel} is still out of reach");
            }
        } else if feed.is_probe() {
            feed.set_reached();
            store.mend_channel(&channel).await?;
            tracing::info!(channel, "{channel} can be reached again");
        }
        Ok(())
    }

    /// Takes note of what an outcome says of the recipient's domain, and has other workers know it.
    async fn tell_others(&self, mail: &Mail, outcome: &Outcome) {
        let DelivererParts { store, clock, .. } = &self.given;
        let (domain, now) = (mail.recipient.domain(), clock.now());
        if self.limits.learn(domain, outcome, now)
            && let Err(error) = store.note_domain(domain, matches!(outcome, Outcome::Busy { .. }), now).await
        {
            tracing::warn!(error = error_chain(&error), "failed to store how {domain} takes mail");
        }
    }

    /// Begins to keep that a mail went out.
    fn settle_sent(&self, lease: &Lease, reply: Option<String>) -> PendingWrite<Mail> {
        self.given.store.settle_sent(lease, reply, self.given.clock.now())
    }

    /// Keeps what else became of a mail.
    async fn settle(&self, lease: &Lease, outcome: Outcome) -> Result<Mail, StoreError> {
        let jitter = rand::random_range(-1.0..=1.0);
        let now = self.given.clock.now();
        let outcome = self.given.on_in_doubt.applied(outcome);
        self.given.store.settle(lease, outcome, now, jitter).await
    }

    fn lease(&self) -> Duration {
        self.longest_attempt() + LEASE_MARGIN
    }

    /// Whether an attempt could outlast the lease.
    fn is_too_late_for(&self, mail: &Mail) -> bool {
        self.given.clock.now() + self.longest_attempt() > mail.at
    }

    fn longest_attempt(&self) -> Duration {
        Duration::from_std(self.given.transport.longest_attempt()).unwrap_or(Duration::days(1))
    }

    fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }
}

/// Tells the log how a mail stands after an attempt.
fn log(mail: &Mail) {
    let (id, to, attempts) = (&mail.id, mail.recipient.redacted(), mail.attempts);
    let (state, reason) = (mail.state, mail.last_error.as_deref());
    match state {
        MailState::Sent => {
            tracing::info!(mail.id = %id, mail.to = to, attempts, "mail {id} to {to}: {}", mail.standing());
        }
        _ if mail.is_undelivered || state == MailState::Held => {
            tracing::error!(mail.id = %id, mail.to = to, attempts, reason, %state, "mail {} to {to} needs attention", mail.id);
        }
        _ if mail.is_settled() => {
            tracing::warn!(mail.id = %id, mail.to = to, attempts, reason, %state, "gave up mail {} to {to}", mail.id);
        }
        _ => {
            tracing::warn!(mail.id = %id, mail.to = to, attempts, reason, next = %mail.at, "deferred mail {} to {to}", mail.id);
        }
    }
}

impl DeliveryStats {
    /// Counts a mail once it is kept what became of it. That its lease was lost meanwhile is one mail's matter: it
    /// was taken back in doubt, and keeps nobody from the others.
    ///
    /// # Errors
    /// What the store says beyond that.
    fn count_kept(&mut self, kept: Result<Mail, StoreError>) -> Result<(), StoreError> {
        match kept {
            Ok(mail) => self.count(&mail),
            Err(error @ StoreError::LeaseLost { .. }) => {
                tracing::warn!(error = error_chain(&error), "an attempt outlasted its lease: {error}");
            }
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Counts a mail by how it stands after an attempt, which the log is told.
    fn count(&mut self, mail: &Mail) {
        log(mail);
        match mail.state {
            MailState::Sent => self.sent += 1,
            MailState::Queued | MailState::Leased | MailState::Deferred | MailState::Held => {
                self.deferred += 1;
            }
            MailState::Failed
            | MailState::Suppressed
            | MailState::Expired
            | MailState::Dead
            | MailState::Unsubscribed
            | MailState::Replaced => self.failed += 1,
        }
    }

    /// Adds what tasks give, until all have ended; gives the store's last error.
    async fn add_all(&mut self, tasks: &mut JoinSet<Result<Self, StoreError>>) -> Option<StoreError> {
        let mut failure = None;
        while let Some(ended) = tasks.join_next().await {
            match ended {
                Ok(Ok(delivered)) => self.add(delivered),
                Ok(Err(error)) => failure = Some(error),
                // The leases of its mails end by themselves; none is lost.
                Err(panic) => tracing::error!(error = error_chain(&panic), "a delivery of mail panicked"),
            }
        }
        failure
    }

    fn add(&mut self, other: Self) {
        self.sent += other.sent;
        self.deferred += other.deferred;
        self.failed += other.failed;
    }
}

#[cfg(test)]
mod tests;
