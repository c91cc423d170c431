//! Mails that the transport took, until that is on the disk.
//!
//! Forcing to the disk what became of a mail takes as long as sending one. So a sender hands it in and goes
//! on with the next, and all senders together may be so far ahead of the disk as there are senders.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use super::Delivered;
use crate::domain::outbox::Mail;
use crate::store::{Keeping, Store, StoreError};

/// Where senders leave a mail that went out.
#[derive(Debug, Clone)]
pub(super) struct Unkept {
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
    mail: Keeping<Mail>,
    _place: OwnedSemaphorePermit,
}

impl Unkept {
    /// Room for so many.
    pub(super) fn new(store: Store, places: usize) -> (Self, Keeper) {
        let (sent, mails) = mpsc::unbounded_channel();
        let unkept =
            Self { store, places: Arc::new(Semaphore::new(places)), few: places.div_ceil(4), mails: sent };
        (unkept, Keeper { mails })
    }

    /// Leaves a mail there as soon as there is room.
    pub(super) async fn push(&self, mail: Keeping<Mail>) {
        if self.places.available_permits() < self.few {
            self.store.hurry();
        }
        // It is never closed. Where the keeper has ended it says why.
        if let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            let _ = self.mails.send(Sent { mail, _place: place });
        }
    }
}

impl Drop for Unkept {
    /// No more will come from this sender for the disk to wait for.
    fn drop(&mut self) {
        self.store.hurry();
    }
}

impl Keeper {
    /// Counts the mails as they are kept, until no sender is left.
    ///
    /// # Errors
    /// The store's: a mail is not kept as sent.
    pub(super) async fn keep_all(mut self) -> Result<Delivered, StoreError> {
        let mut delivered = Delivered::default();
        while let Some(Sent { mail, _place }) = self.mails.recv().await {
            delivered.count(&mail.kept().await?);
        }
        Ok(delivered)
    }
}
