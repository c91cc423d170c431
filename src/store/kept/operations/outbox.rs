//! The outbox: mails on their way.

use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Duration, Utc};

use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, MailId};
use crate::domain::outbox::{Doubt, Mail, MailState, Outcome, QueuedMail};
use crate::store::boundary::{Lease, LeasedMail, MailAction, OpenMails};
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;
use crate::store::kept::database::Database;
use crate::store::kept::postgres::Postgres;
use crate::store::kept::trees::Trees;
use crate::store::kept::writes::Writes;
use crate::store::kept::{keys, outbox};

impl Database {
    pub(in crate::store) async fn dispatch(
        &self,
        alerts: &[AlertId],
        mails: Vec<QueuedMail>,
    ) -> Result<(), StoreError> {
        let alerts = alerts.to_vec();
        self.write(move |trees, writes| outbox::dispatch(trees, writes, &alerts, mails.clone())).await
    }

    pub(in crate::store) async fn lease_due_if(
        &self,
        now: DateTime<Utc>,
        limit: usize,
        lasting: Duration,
        doubt: Doubt,
        may_go: impl FnMut(&Mail) -> Result<(), DateTime<Utc>> + Send + 'static,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        match self {
            Self::Sled(sled) => {
                sled.write(move |trees, writes| {
                    outbox::lease_due(trees, writes, now, limit, (lasting, doubt), may_go)
                })
                .await
            }
            Self::Postgres { server, .. } => {
                Self::lease_among_others(server, now, limit, (lasting, doubt), may_go).await
            }
        }
    }

    pub(in crate::store) async fn begin_sending(
        &self,
        lease: &Lease,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let lease = lease.clone();
        // Of what such steps write this reads its mail alone.
        let begun = self.write_together(move |trees, writes| outbox::begin(trees, writes, &lease, now));
        self.flush_soon();
        begun.kept().await
    }

    pub(in crate::store) async fn settle(
        &self,
        lease: &Lease,
        outcome: Outcome,
        now: DateTime<Utc>,
        jitter: f64,
    ) -> Result<Mail, StoreError> {
        let lease = lease.clone();
        self.write(move |trees, writes| outbox::settle(trees, writes, &lease, outcome.clone(), now, jitter))
            .await
    }

    #[must_use = "it is kept only once this says so"]
    pub(in crate::store) fn settle_sent(
        &self,
        lease: &Lease,
        reply: Option<String>,
        now: DateTime<Utc>,
    ) -> PendingWrite<Mail> {
        let lease = lease.clone();
        let sent = Outcome::Sent { reply };
        // Of what is written this reads the mail alone, so that such steps can be done together.
        self.write_together(move |trees, writes| {
            outbox::settle(trees, writes, &lease, sent.clone(), now, 0.0)
        })
    }

    pub(in crate::store) async fn reclaim_leases(
        &self,
        now: DateTime<Utc>,
        doubt: Doubt,
    ) -> Result<usize, StoreError> {
        self.write(move |trees, writes| outbox::reclaim_leases(trees, writes, now, doubt)).await
    }

    pub(in crate::store) async fn give_back(
        &self,
        leases: Vec<Lease>,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.write(move |trees, writes| outbox::give_back(trees, writes, &leases, now)).await
    }

    pub(in crate::store) async fn next_mail_due(&self) -> Result<Option<DateTime<Utc>>, StoreError> {
        self.read(outbox::next_due).await
    }

    pub(in crate::store) async fn mails(
        &self,
        state: Option<MailState>,
        limit: usize,
    ) -> Result<Vec<Mail>, StoreError> {
        self.read(move |trees| outbox::list(trees, state, limit)).await
    }

    pub(in crate::store) async fn find_mail(&self, beginning: &str) -> Result<Mail, StoreError> {
        let beginning = beginning.to_owned();
        self.read(move |trees| outbox::find(trees, &beginning)).await
    }

    pub(in crate::store) async fn mails_to(&self, address: &EmailAddress) -> Result<Vec<Mail>, StoreError> {
        let address = address.clone();
        self.read(move |trees| outbox::to(trees, &address)).await
    }

    pub(in crate::store) async fn message(&self, id: &MailId) -> Result<Vec<u8>, StoreError> {
        let id = id.clone();
        self.read(move |trees| outbox::message(trees, &id)).await
    }

    pub(in crate::store) async fn queue(&self) -> Result<OpenMails, StoreError> {
        self.read(outbox::queue).await
    }

    pub(in crate::store) async fn retry_mails(
        &self,
        id: Option<&MailId>,
        now: DateTime<Utc>,
    ) -> Result<usize, StoreError> {
        let id = id.cloned();
        self.write(move |trees, writes| outbox::retry(trees, writes, id.as_ref(), now)).await
    }

    pub(in crate::store) async fn handle_mail(
        &self,
        id: &MailId,
        deed: MailAction,
        now: DateTime<Utc>,
    ) -> Result<(Mail, bool), StoreError> {
        let id = id.clone();
        self.write(move |trees, writes| outbox::handle(trees, writes, &id, deed, now)).await
    }

    pub(in crate::store) async fn to_compose_again(&self) -> Result<Vec<Mail>, StoreError> {
        self.read(outbox::to_compose_again).await
    }

    pub(in crate::store) async fn compose_again(
        &self,
        replaced: &MailId,
        mail: Option<QueuedMail>,
    ) -> Result<(), StoreError> {
        let replaced = replaced.clone();
        self.write(move |trees, writes| outbox::compose_again(trees, writes, &replaced, mail.clone())).await
    }

    /// Hands out what is due where other workers do, too: what one has claimed the others pass over.
    async fn lease_among_others(
        server: &Postgres,
        now: DateTime<Utc>,
        limit: usize,
        (lasting, doubt): (Duration, Doubt),
        may_go: impl FnMut(&Mail) -> Result<(), DateTime<Utc>> + Send + 'static,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        let may_go = Arc::new(Mutex::new(may_go));
        let before = keys::moment(now + Duration::milliseconds(1)).to_vec();
        let (mut leased, mut looked_at) = (Vec::new(), Vec::new());
        for queue in outbox::DUE {
            while leased.len() < limit && looked_at.len() < outbox::MAX_LOOKED_AT {
                let wanted = limit - leased.len();
                let due = server.claim(queue, before.clone(), wanted, looked_at.clone()).await?;
                if due.is_empty() {
                    break;
                }
                looked_at.extend(due.iter().map(|key| keys::id_of(key).to_vec()));
                let may_go = Arc::clone(&may_go);
                let step = move |trees: &Trees, writes: &mut Writes| {
                    let mut may_go = may_go.lock().unwrap_or_else(PoisonError::into_inner);
                    outbox::lease_these(trees, writes, &due, now, wanted, (lasting, doubt), &mut *may_go)
                };
                leased.extend(server.write(step).await?);
            }
        }
        Ok(leased)
    }
}
