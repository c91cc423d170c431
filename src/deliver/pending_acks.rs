//! Mails that the transport took, until that is on the disk.
//!
//! Forcing to the disk what became of a mail takes as long as sending one. So a sender hands it in and goes
//! on with the next. Besides the one that each has in its hands, so many mails may wait for the disk as there
//! are senders.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::DeliveryStats;
use crate::domain::outbox::Mail;
use crate::store::{PendingWrite, Store, StoreError};

/// Where senders leave a mail that went out.
#[derive(Debug, Clone)]
pub(super) struct PendingAcks {
    store: Store,
    places: Arc<Semaphore>,
    /// With fewer places free than this the disk is asked to make haste.
    few: usize,
    mails: mpsc::UnboundedSender<Sent>,
}

/// Waits until each is kept.
#[derive(Debug)]
pub(super) struct Keeper {
    mails: mpsc::UnboundedReceiver<Sent>,
}

#[derive(Debug)]
struct Sent {
    mail: PendingWrite<Mail>,
    _place: OwnedSemaphorePermit,
}

impl PendingAcks {
    /// Room for so many.
    pub(super) fn new(store: Store, places: usize) -> (Self, Keeper) {
        let (sent, mails) = mpsc::unbounded_channel();
        let unkept =
            Self { store, places: Arc::new(Semaphore::new(places)), few: places.div_ceil(4), mails: sent };
        (unkept, Keeper { mails })
    }

    /// Leaves a mail there as soon as there is room; tells whether another may be sent. None may once one
    /// was not kept: it is not known what would become of the next.
    #[must_use]
    pub(super) async fn push(&self, mail: PendingWrite<Mail>) -> bool {
        if self.places.available_permits() < self.few {
            self.store.flush_soon();
        }
        let place = Arc::clone(&self.places).acquire_owned().await;
        place.is_ok_and(|place| self.mails.send(Sent { mail, _place: place }).is_ok())
    }
}

impl Drop for PendingAcks {
    /// No more will come from this sender for the disk to wait for.
    fn drop(&mut self) {
        self.store.flush_soon();
    }
}

impl Keeper {
    /// Counts the mails as they are kept, until no sender is left or one is not kept.
    ///
    /// # Errors
    /// The store's: a mail is not kept as sent.
    pub(super) async fn keep_all(mut self) -> Result<DeliveryStats, StoreError> {
        let mut delivered = DeliveryStats::default();
        while let Some(Sent { mail, _place }) = self.mails.recv().await {
            delivered.count_kept(mail.kept().await)?;
        }
        Ok(delivered)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::domain::id::MailId;
    use crate::domain::outbox::QueuedMail;
    use crate::settings::StoreSettings;
    use crate::store::Lease;

    async fn leased(store: &Store) -> Lease {
        let now = DateTime::UNIX_EPOCH;
        let (id, ann) = (MailId::derive(&["ann's"]), "ann@example.org".parse().unwrap());
        let mail = Mail::queued(id, ann, String::new(), String::new(), Vec::new(), now);
        store.dispatch(&[], vec![QueuedMail { mail, bytes: b"x".to_vec() }]).await.unwrap();
        store.lease_due(now, 1, chrono::Duration::hours(1)).await.unwrap().remove(0).lease
    }

    #[tokio::test]
    async fn once_a_mail_is_not_kept_no_other_may_be_sent() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreSettings::Sled { path: state.path().join("db") }).unwrap();
        let (unkept, keeper) = PendingAcks::new(store.clone(), 2);
        let lease = leased(&store).await;
        store.close().await.unwrap();
        let sent = || store.settle_sent(&lease, None, DateTime::UNIX_EPOCH);
        assert!(unkept.push(sent()).await);
        assert!(matches!(keeper.keep_all().await, Err(StoreError::Closed)));
        assert!(!unkept.push(sent()).await);
    }

    #[tokio::test]
    async fn a_mail_whose_lease_ended_keeps_nobody_from_counting_the_others() {
        let state = tempfile::tempdir().unwrap();
        let store = Store::open(&StoreSettings::Sled { path: state.path().join("db") }).unwrap();
        let (unkept, keeper) = PendingAcks::new(store.clone(), 2);
        let lease = leased(&store).await;
        store.give_back(vec![lease.clone()], DateTime::UNIX_EPOCH).await.unwrap();
        let again = store.lease_due(DateTime::UNIX_EPOCH, 1, chrono::Duration::hours(1)).await.unwrap();
        for lease in [&lease, &again[0].lease] {
            assert!(unkept.push(store.settle_sent(lease, None, DateTime::UNIX_EPOCH)).await);
        }
        drop(unkept);
        assert_eq!(keeper.keep_all().await.unwrap(), DeliveryStats { sent: 1, ..DeliveryStats::default() });
    }
}
