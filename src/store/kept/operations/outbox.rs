//! The outbox: mails on their way.

use chrono::{DateTime, Duration, Utc};

use crate::domain::email::EmailAddress;
use crate::domain::id::{AlertId, MailId};
use crate::domain::outbox::{Doubt, Mail, MailState, Outcome, QueuedMail};
use crate::settings::Pace;
use crate::store::boundary::{Lease, LeasedMail, MailAction, OpenMails, Pacing};
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;
use crate::store::kept::database::Database;
use crate::store::kept::outbox::SharedPaces;
use crate::store::kept::postgres::Postgres;
use crate::store::kept::trees::Trees;
use crate::store::kept::writer::StepWeight;
use crate::store::kept::writes::Writes;
use crate::store::kept::{keys, outbox};

/// Who claimed mails leases them within this time.
const CLAIMED_FOR: std::time::Duration = std::time::Duration::from_secs(20);

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
        pacing: Pacing<impl FnMut(&Mail) -> Result<(), DateTime<Utc>> + Send + 'static>,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        let Pacing { pace, may_go } = pacing;
        match self {
            Self::Sled(sled) => {
                sled.write(move |trees, writes| {
                    outbox::lease_due(trees, writes, now, limit, (lasting, doubt), may_go)
                })
                .await
            }
            Self::Postgres { server, .. } => {
                Self::lease_among_others(server, now, limit, (lasting, doubt), pace).await
            }
        }
    }

    pub(in crate::store) async fn note_domain(
        &self,
        domain: &str,
        is_busy: bool,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        if !self.is_of_server() {
            return Ok(());
        }
        let domain = domain.to_owned();
        self.write(move |trees, writes| outbox::note_domain(trees, writes, &domain, is_busy, now)).await
    }

    pub(in crate::store) async fn begin_sending(
        &self,
        lease: &Lease,
        now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let lease = lease.clone();
        // Of what such steps write this reads its mail alone.
        let begun = self.write_together((outbox::looks(&lease), StepWeight::Light), move |trees, writes| {
            outbox::begin(trees, writes, &lease, now)
        });
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
        self.write_together((outbox::looks(&lease), StepWeight::Light), move |trees, writes| {
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
        pace: Pace,
    ) -> Result<Vec<LeasedMail>, StoreError> {
        let before = keys::moment(now + Duration::milliseconds(1)).to_vec();
        // What is claimed and may not go yet would be there for nobody for a while.
        let limit = match pace.rate_per_minute {
            Some(_) => server.read(move |trees| SharedPaces::new(trees, pace, now).admits(limit)).await?,
            None => limit,
        };
        let (mut leased, mut looked_at) = (Vec::new(), Vec::new());
        for queue in outbox::DUE {
            while leased.len() < limit && looked_at.len() < outbox::MAX_LOOKED_AT {
                let wanted = limit - leased.len();
                let due = server.claim(queue, before.clone(), wanted, looked_at.clone(), CLAIMED_FOR).await?;
                if due.is_empty() {
                    break;
                }
                looked_at.extend(due.iter().map(|key| keys::id_of(key).to_vec()));
                let step = move |trees: &Trees, writes: &mut Writes| {
                    let paces = SharedPaces::new(trees, pace, now);
                    let wanted = paces.admits(wanted)?;
                    let may_go = |mail: &Mail| paces.may_go(mail);
                    let leased =
                        outbox::lease_these(trees, writes, &due, now, wanted, (lasting, doubt), may_go)?;
                    paces.keep(writes, leased.len())?;
                    Ok((leased, wanted))
                };
                let (more, admitted) = server.write(step).await?;
                leased.extend(more);
                if admitted < wanted {
                    return Ok(leased);
                }
            }
        }
        Ok(leased)
    }
}
