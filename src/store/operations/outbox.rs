//! The outbox: mails on their way.

use chrono::{DateTime, Duration, Utc};

use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, MailId};
use crate::domain::outbox::{Doubt, Mail, MailState, Outcome, QueuedMail};
use crate::settings::Pace;
use crate::store::Store;
use crate::store::boundary::{Lease, LeasedMail, MailAction, OpenMails, Pacing};
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;
use crate::store::kept::ask;

impl Store {
    /// Puts mails into the outbox and the alerts they tell out of the way, both or neither. A mail
    /// that is there already stays as it is.
    pub async fn dispatch(&self, alerts: &[AlertId], mails: Vec<QueuedMail>) -> Result<(), StoreError> {
        ask!(self.dispatch(alerts, mails).await)
    }

    /// Hands out at most `limit` mails that are due, each leased for `lasting`. Leases that ended
    /// without being settled are taken back.
    pub async fn lease_due(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        lasting: Duration,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        let pacing = Pacing { pace: Pace::default(), may_go: |_: &Mail| Ok(()) };
        self.lease_due_if(now, limit, lasting, Doubt::Resend, pacing).await
    }

    /// The same of those that may go by a pace. One whose lease ended is taken back as [`Mail::reclaim`] says.
    pub async fn lease_due_if(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        lasting: Duration,
        doubt: Doubt,
        pacing: Pacing<impl FnMut(&Mail) -> Result<(), DateTime<Utc>> + Send + 'static>,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        ask!(self.lease_due_if(now, limit, lasting, doubt, pacing).await)
    }

    /// Notes for all workers that a recipient domain takes nothing more for now, or takes mails again. Where one process
    /// owns the store, it keeps that in mind itself.
    pub async fn note_domain(
        &self,
        domain: &str,
        is_busy: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        ask!(self.note_domain(domain, is_busy, now).await)
    }

    /// Notes that a leased mail is handed over now, so that it counts as in doubt if nothing more is heard of it;
    /// tells whether it may be: its sender still has it, and its recipient still wants it. Senders that ask
    /// at the same time share what it costs.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn begin_sending(&self, lease: &Lease, now: DateTime<Utc>) -> Result<bool, StoreError> {
        ask!(self.begin_sending(lease, now).await)
    }

    /// Notes how an attempt went; gives the mail as it now stands. `jitter` as in [`Mail::settle`].
    ///
    /// # Errors
    /// [`StoreError::LeaseLost`] where the mail was settled or taken back meanwhile; [`StoreError::NotFound`]
    /// where it is not there any more.
    pub async fn settle(
        &self,
        lease: &Lease,
        outcome: Outcome,
        now: DateTime<Utc>,
        jitter: f64,
    ) -> Result<Mail, StoreError> {
        ask!(self.settle(lease, outcome, now, jitter).await)
    }

    /// Notes that mail went out and what was answered, for a caller that has other work until that is kept:
    /// notes that come within a short time share what it costs to force them to the disk. [`Self::flush_soon`]
    /// ends that time.
    ///
    /// # Errors
    /// As [`Self::settle`], from [`PendingWrite::kept`].
    #[must_use = "it is kept only once this says so"]
    pub fn settle_sent(
        &self,
        lease: &Lease,
        reply: Option<String>,
        now: DateTime<Utc>,
    ) -> PendingWrite<Mail> {
        ask!(self.settle_sent(lease, reply, now))
    }

    /// Has kept at once what was handed in and would be together with what comes.
    pub fn flush_soon(&self) {
        ask!(self.flush_soon());
    }

    /// Takes every leased mail back whose sender is gone, as [`Mail::reclaim`] says: the lease ended, or it is of
    /// a process that ended. Tells how many.
    pub async fn reclaim_leases(&self, now: DateTime<Utc>, doubt: Doubt) -> Result<usize, StoreError> {
        ask!(self.reclaim_leases(now, doubt).await)
    }

    /// Takes leased mails back that nobody began with; those whose lease ended are left as they stand.
    ///
    /// # Errors
    /// The store's, as everywhere here.
    pub async fn give_back(&self, leases: Vec<Lease>, now: DateTime<Utc>) -> Result<(), StoreError> {
        ask!(self.give_back(leases, now).await)
    }

    /// When the next mail falls due, or the next lease ends.
    pub async fn next_mail_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        ask!(self.next_mail_due().await)
    }

    /// The mails in one state or in any, the newest first, at most `limit`.
    pub async fn mails(&self, state: Option<MailState>, limit: usize) -> Result<Vec<Mail>, StoreError> {
        ask!(self.mails(state, limit).await)
    }

    /// The mail whose id begins so.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::Ambiguous`].
    pub async fn find_mail(&self, beginning: &str) -> Result<Mail, StoreError> {
        ask!(self.find_mail(beginning).await)
    }

    /// Every mail to an address, the newest first.
    ///
    /// # Errors
    /// The store's, as everywhere here.
    pub async fn mails_to(&self, address: &EmailAddress) -> Result<Vec<Mail>, StoreError> {
        ask!(self.mails_to(address).await)
    }

    /// A mail's frozen bytes.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], [`StoreError::DamagedBody`].
    pub async fn message(&self, id: &MailId) -> Result<Vec<u8>, StoreError> {
        ask!(self.message(id).await)
    }

    /// How many mails wait, since when, and how many were given up.
    ///
    /// # Errors
    /// The store's.
    pub async fn queue(&self) -> Result<OpenMails, StoreError> {
        ask!(self.queue().await)
    }

    /// Puts one mail, or every one that waits or was given up, back to the head of the queue; tells
    /// how many. See [`Mail::retry`].
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn retry_mails(&self, id: Option<&MailId>, now: DateTime<Utc>) -> Result<usize, StoreError> {
        ask!(self.retry_mails(id, now).await)
    }

    /// Does to a mail what an operator wishes; gives it as it now stands, and whether that could be done.
    ///
    /// # Errors
    /// [`StoreError::NotFound`].
    pub async fn handle_mail(
        &self,
        id: &MailId,
        deed: MailAction,
        now: DateTime<Utc>,
    ) -> Result<(Mail, bool), StoreError> {
        ask!(self.handle_mail(id, deed, now).await)
    }

    /// The answers that are to be composed again: what they list changed before they left.
    pub async fn to_compose_again(&self) -> Result<Vec<Mail>, StoreError> {
        ask!(self.to_compose_again().await)
    }

    /// Puts an answer that was composed again into the outbox; nothing where nothing is left to be told.
    pub async fn compose_again(&self, replaced: &MailId, mail: Option<QueuedMail>) -> Result<(), StoreError> {
        ask!(self.compose_again(replaced, mail).await)
    }
}
