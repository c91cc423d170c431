//! Daemons that work on one store.

use crate::store::Store;
use crate::store::boundary::{AdoptedConfig, Enrolment, FellowWorker};
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Whether several daemons may work on it at once.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        ask!(self.is_of_server())
    }

    /// Makes this process known as a daemon, which claims only while its configuration is the one in force.
    pub async fn enrol(&self, enrolment: Enrolment) -> Result<(), StoreError> {
        ask!(self.enrol(enrolment).await)
    }

    /// Proposes a configuration. It is adopted if it is a new one; one that others took the place of is adopted again only
    /// if somebody insists. Returns the one in force afterwards.
    pub async fn propose(&self, configuration: &str, insists: bool) -> Result<AdoptedConfig, StoreError> {
        ask!(self.propose(configuration, insists).await)
    }

    /// The configuration in force; `None` if none was ever proposed.
    pub async fn generation(&self, ours: &str) -> Result<Option<AdoptedConfig>, StoreError> {
        ask!(self.generation(ours).await)
    }

    /// The daemons that work on the store; none of one that a single process owns.
    pub async fn fellow_workers(&self) -> Result<Vec<FellowWorker>, StoreError> {
        ask!(self.fellow_workers().await)
    }

    /// The daemons that ended without a word and that nobody has cleared up after. One whose connection was cut just now is
    /// among them for a moment: only one that is found twice is gone.
    pub async fn departed(&self) -> Result<Vec<String>, StoreError> {
        ask!(self.departed().await)
    }

    /// Forgets daemons that ended; what they had claimed is free.
    pub async fn forget_departed(&self, ids: &[String]) -> Result<(), StoreError> {
        ask!(self.forget_departed(ids).await)
    }

    /// Waits until another worker says that it wrote something which may have to be told or sent. It is a hint: what it
    /// says may be lost, and whoever waits for it looks from time to time all the same.
    pub async fn hinted(&self) {
        ask!(self.hinted().await);
    }
}
