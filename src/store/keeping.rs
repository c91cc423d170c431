//! A step whose caller has other work until it is kept.

use tokio::sync::oneshot;

use super::error::StoreError;

/// A step on its way to the disk, which whoever handed it in need not wait for yet. Dropped, it is on its
/// way all the same.
#[derive(Debug)]
pub struct PendingWrite<R> {
    answered: oneshot::Receiver<Result<R, StoreError>>,
}

impl<R> PendingWrite<R> {
    /// A step whose answer comes on this way.
    pub(super) fn of(answered: oneshot::Receiver<Result<R, StoreError>>) -> Self {
        Self { answered }
    }

    /// The step's answer, once all it wrote is on the disk.
    ///
    /// # Errors
    /// The step's own error, which writes nothing; or the store's.
    pub async fn kept(self) -> Result<R, StoreError> {
        self.answered.await.unwrap_or(Err(StoreError::Closed))
    }
}
