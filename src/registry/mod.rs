//! The company registry in force: read by many, replaced by one.
//!
//! A running service takes over a changed registry without being restarted. Whoever begins a piece
//! of work takes the [`Watchlist`] of that moment and keeps it to the end of the work, so that no
//! read is judged by two registries.
//!
//! Deliberately absent: reading files ([`crate::config`]) and deciding when ([`crate::reload`]).

use std::sync::{Arc, PoisonError, RwLock};

use crate::domain::matching::Watchlist;

/// The watchlist in force. Clones are the same registry.
#[derive(Debug, Clone)]
pub struct Registry(Arc<RwLock<Arc<Watchlist>>>);

impl Registry {
    /// A registry that begins with this watchlist.
    #[must_use]
    pub fn new(watchlist: Watchlist) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(watchlist))))
    }

    /// The watchlist of this moment.
    #[must_use]
    pub fn current(&self) -> Arc<Watchlist> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Puts another in its place.
    pub fn replace(&self, watchlist: Watchlist) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(watchlist);
    }
}
