//! What the ways have in common by which mail is fetched: a message is tried, and what becomes of it
//! and of the way is noted.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::domain::text::error_chain;
use crate::domain::way_in::{WayIn, WayInState};
use crate::mail::{Envelope, Folder, MAX_MESSAGE_BYTES};
use crate::store::{Store, StoreError};
use crate::subscribe::{Inbox, IngestError, Ingested};

/// A message that could not be taken in so often is put aside.
const MAX_STRIKES: u32 = 3;

/// Between two attempts to use a way that fails, the first and the longest.
const RETRY: Duration = Duration::from_secs(15);
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

/// What an [`Intake`] works with.
#[derive(Debug)]
pub struct IntakeParts {
    /// Takes messages in.
    pub inbox: Arc<Inbox>,
    /// Knows how the way stands.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Wakes who sends the answers and tells the operator.
    pub found: Arc<Notify>,
}

/// Takes in what comes by one way. `K` is what that way calls a message by.
#[derive(Debug)]
pub struct Intake<K> {
    parts: IntakeParts,
    way: WayIn,
    /// Read from the store once; nobody else writes it.
    state: Option<WayInState>,
    strikes: HashMap<K, u32>,
}

impl<K: Eq + Hash + Clone> Intake<K> {
    /// An intake for one way.
    #[must_use]
    pub fn new(way: WayIn, parts: IntakeParts) -> Self {
        Self { parts, way, state: None, strikes: HashMap::new() }
    }

    /// Takes one message in; says where it goes, or nothing where it stays to be tried again.
    ///
    /// # Errors
    /// The store's error: the fault is here, and the message is none the worse for it.
    pub(super) async fn take(&mut self, key: &K, raw: Vec<u8>) -> Result<Option<Folder>, StoreError> {
        match self.parts.inbox.ingest(raw, &Envelope::default()).await {
            Ok(ingested) => {
                self.strikes.remove(key);
                if matches!(ingested, Ingested::Answered { .. }) {
                    self.parts.found.notify_one();
                }
                Ok(Some(Folder::Processed))
            }
            Err(IngestError::Store(error)) => Err(error),
            Err(error) => Ok(self.strike(key, &error_chain(&error))),
        }
    }

    /// Notes that a message could not be taken in; says where it goes once that is too often.
    pub(super) fn strike(&mut self, key: &K, reason: &str) -> Option<Folder> {
        let strikes = self.strikes.entry(key.clone()).or_default();
        *strikes += 1;
        let way = self.way;
        if *strikes < MAX_STRIKES {
            tracing::warn!(%way, strikes, reason, "a message could not be taken in; it is tried again");
            return None;
        }
        tracing::error!(%way, reason, "a message could not be taken in and is put aside for a person");
        Some(Folder::Failed)
    }

    /// Whether a message is larger than any that is taken in: nobody looks further into it.
    pub(super) fn is_too_large(&self, bytes: u64) -> bool {
        let is_too_large = bytes > MAX_MESSAGE_BYTES as u64;
        if is_too_large {
            tracing::warn!(way = %self.way, bytes, "a message is too large and is put aside for a person");
        }
        is_too_large
    }

    /// Puts those last that failed before, so that they hold nobody up, and forgets those that are gone.
    pub(super) fn order<M>(&mut self, waiting: &mut [M], key: impl Fn(&M) -> K) {
        let keys: std::collections::HashSet<K> = waiting.iter().map(&key).collect();
        self.strikes.retain(|known, _| keys.contains(known));
        waiting.sort_by_key(|message| self.strikes.get(&key(message)).copied().unwrap_or_default());
    }

    /// Notes that the way could be used, and how many messages lie aside.
    ///
    /// # Errors
    /// The store's error.
    pub(super) async fn worked(&mut self, set_aside: u32) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        let state = self.state().await?.worked(set_aside, now);
        self.keep(state).await
    }

    /// Notes that the way cannot be used; gives how long to leave it alone.
    pub(super) async fn failed(&mut self, reason: String) -> Duration {
        let (way, now) = (self.way, self.parts.clock.now());
        tracing::warn!(%way, reason, "mail cannot be taken in");
        let failures = match self.note_failure(reason, now).await {
            Ok(failures) => failures,
            Err(error) => {
                tracing::error!(%way, error = error_chain(&error), "how a way in stands could not be kept");
                1
            }
        };
        backoff(failures)
    }

    async fn note_failure(
        &mut self,
        reason: String,
        now: chrono::DateTime<chrono::Utc>,
    ) -> Result<u32, StoreError> {
        let state = self.state().await?.failed(reason, now);
        let failures = state.failures;
        self.keep(state).await?;
        Ok(failures)
    }

    async fn state(&mut self) -> Result<WayInState, StoreError> {
        if let Some(state) = &self.state {
            return Ok(state.clone());
        }
        let known = self.parts.store.ways_in().await?;
        let state = known.into_iter().find(|state| state.way == self.way);
        Ok(self.state.insert(state.unwrap_or(WayInState::new(self.way))).clone())
    }

    async fn keep(&mut self, state: WayInState) -> Result<(), StoreError> {
        if self.state.as_ref() == Some(&state) {
            return Ok(());
        }
        self.parts.store.keep_way_in(state.clone()).await?;
        self.state = Some(state);
        self.parts.found.notify_one();
        Ok(())
    }
}

/// Twice as long after each failure.
fn backoff(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1).min(8));
    RETRY.saturating_mul(doubled).min(LONGEST_RETRY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_that_fails_is_left_alone_for_longer_each_time_but_never_for_long() {
        let seconds: Vec<u64> = [0, 1, 2, 3, 4, 5, 6, u32::MAX].map(|n| backoff(n).as_secs()).to_vec();
        assert_eq!(seconds, [15, 15, 30, 60, 120, 240, 300, 300]);
    }
}
