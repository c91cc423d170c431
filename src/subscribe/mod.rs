//! Taking and ending subscriptions.
//!
//! Today the operator subscribes people; what they asked for takes effect only
//! once it is confirmed. Double opt-in by mail and by web will end here too.

use std::sync::Arc;

use crate::clock::Clock;
use crate::domain::email::EmailAddress;
use crate::domain::id::CompanyId;
use crate::domain::subscription::Subscriber;
use crate::registry::Registry;
use crate::store::{Store, StoreError};

/// The channel under which an operator's word is noted in the record of consent.
const OPERATOR: &str = "operator";

/// Takes and ends subscriptions.
#[derive(Debug)]
pub struct Subscriptions {
    store: Store,
    registry: Registry,
    clock: Arc<dyn Clock>,
}

/// Why a subscription was not taken or ended.
#[derive(Debug, thiserror::Error)]
pub enum SubscribeError {
    /// Nobody tracks such a company.
    #[error("no company {0}; `regwatch company list` shows those that are tracked")]
    UnknownCompany(CompanyId),
    /// Nobody by this address.
    #[error("{0} has no subscription to end")]
    NotSubscribed(EmailAddress),
    /// It could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Subscriptions {
    /// Subscriptions to the companies of a registry.
    #[must_use]
    pub fn new(store: Store, registry: Registry, clock: Arc<dyn Clock>) -> Self {
        Self { store, registry, clock }
    }

    /// Notes that an address wants to hear about companies. `confirmed` says that the operator has
    /// the person's consent; without it nothing is sent.
    ///
    /// # Errors
    /// A company that is not tracked, before anything is noted; or the store's error.
    pub async fn add(
        &self,
        address: &EmailAddress,
        companies: &[CompanyId],
        confirmed: bool,
    ) -> Result<Subscriber, SubscribeError> {
        let watchlist = self.registry.current();
        if let Some(unknown) = companies.iter().find(|id| watchlist.company(id).is_none()) {
            return Err(SubscribeError::UnknownCompany(unknown.clone()));
        }
        Ok(self.store.follow(address, companies, confirmed, OPERATOR, self.clock.now()).await?)
    }

    /// Ends an address's subscriptions to the given companies, or to all; tells how many were ended.
    ///
    /// # Errors
    /// An address that follows none of them; or the store's error.
    pub async fn remove(
        &self,
        address: &EmailAddress,
        companies: &[CompanyId],
    ) -> Result<usize, SubscribeError> {
        let mut ended = 0;
        if companies.is_empty() {
            ended += self.store.leave(address, None).await?;
        }
        for company in companies {
            ended += self.store.leave(address, Some(company)).await?;
        }
        if ended == 0 {
            return Err(SubscribeError::NotSubscribed(address.clone()));
        }
        Ok(ended)
    }

    /// Everyone who is or was subscribed.
    ///
    /// # Errors
    /// The store's error.
    pub async fn list(&self) -> Result<Vec<Subscriber>, StoreError> {
        self.store.subscribers().await
    }
}
