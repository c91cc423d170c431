//! What the ways have in common by which mail is fetched: a message is tried, and what becomes of it
//! and of the way is noted.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::clock::Clock;
use crate::domain::mail_source::{MailSource, MailSourceState};
use crate::domain::text::error_chain;
use crate::mail::{Folder, InboundEnvelope};
use crate::store::{Store, StoreError};
use crate::subscribe::{Inbox, IngestError, Ingested};

/// Between two attempts to use a way that fails, the first and the longest.
const RETRY: Duration = Duration::from_secs(15);
const LONGEST_RETRY: Duration = Duration::from_secs(5 * 60);

/// What an [`MailPoller`] works with.
#[derive(Debug, Clone)]
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

/// Takes in what comes by one way, in which every message has a name of its own.
#[derive(Debug)]
pub struct MailPoller {
    parts: IntakeParts,
    way: MailSource,
    /// As it was met last; nothing before the first time.
    state: Option<MailSourceState>,
}

impl MailPoller {
    /// An intake for one way.
    #[must_use]
    pub fn new(way: MailSource, parts: IntakeParts) -> Self {
        Self { parts, way, state: None }
    }

    /// Takes one message in; says where it goes, or nothing where it stays to be tried again.
    ///
    /// # Errors
    /// The store's error: the fault is here, and the message is none the worse for it.
    pub(super) async fn take(&mut self, name: &str, raw: Vec<u8>) -> Result<Option<Folder>, StoreError> {
        match self.parts.inbox.ingest(raw, &InboundEnvelope::default()).await {
            Ok(Ingested::GivenUp { .. }) => Ok(Some(Folder::Failed)),
            Ok(ingested) => {
                if matches!(ingested, Ingested::Answered { .. }) {
                    self.parts.found.notify_one();
                }
                Ok(Some(Folder::Processed))
            }
            Err(IngestError::Store(error)) => Err(error),
            Err(IngestError::Ended) => Ok(None),
            Err(error) => self.strike(name, &error_chain(&error)).await,
        }
    }

    /// Notes that a message could not be taken in; says where it goes once that is too often.
    ///
    /// # Errors
    /// The store's error.
    pub(super) async fn strike(&mut self, name: &str, reason: &str) -> Result<Option<Folder>, StoreError> {
        let mut is_aside = false;
        let state = self.change(|state| {
            let (struck, is_too_often) = state.struck(name);
            is_aside = is_too_often;
            struck
        });
        let state = state.await?;
        let (way, strikes) = (self.way, state.strikes_of(name));
        if is_aside {
            tracing::error!(%way, reason, "set a message from {way} aside for a person: {reason}");
            return Ok(Some(Folder::Failed));
        }
        tracing::warn!(%way, strikes, reason, "failed to take in a message from {way}, trying again: {reason}");
        Ok(None)
    }

    /// Puts those last that failed before, so that they hold nobody up, and forgets those that are gone.
    ///
    /// # Errors
    /// The store's error.
    pub(super) async fn order<M>(
        &mut self,
        waiting: &mut [M],
        name: impl Fn(&M) -> String,
    ) -> Result<(), StoreError> {
        let names: HashSet<String> = waiting.iter().map(&name).collect();
        let state = self.change(|state| state.with_waiting(|known| names.contains(known))).await?;
        waiting.sort_by_key(|message| state.strikes_of(&name(message)));
        Ok(())
    }

    /// Notes that the way could be used, and how many messages lie aside.
    ///
    /// # Errors
    /// The store's error.
    pub(super) async fn worked(&mut self, set_aside: u32) -> Result<(), StoreError> {
        let now = self.parts.clock.now();
        self.change(|state| state.worked(set_aside, now)).await.map(drop)
    }

    /// Notes that the way cannot be used; gives how long to leave it alone.
    pub(super) async fn failed(&mut self, reason: String) -> Duration {
        let (way, now) = (self.way, self.parts.clock.now());
        tracing::warn!(%way, reason, "cannot take in mail from {way}: {reason}");
        let failures = match self.note_failure(reason, now).await {
            Ok(failures) => failures,
            Err(error) => {
                tracing::error!(%way, error = error_chain(&error), "failed to store the state of {way}");
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
        Ok(self.change(|state| state.failed(reason.clone(), now)).await?.failures)
    }

    /// Keeps the way as `change` makes it of how it stands; once more if another changed it meanwhile.
    async fn change(
        &mut self,
        mut change: impl FnMut(&MailSourceState) -> MailSourceState,
    ) -> Result<MailSourceState, StoreError> {
        loop {
            if self.state.is_none() {
                let known = self.parts.store.ways_in().await?;
                self.state = known.into_iter().find(|state| state.way == self.way);
            }
            let state = change(self.state.as_ref().unwrap_or(&MailSourceState::new(self.way)));
            if self.state.as_ref() == Some(&state) {
                return Ok(state);
            }
            if self.parts.store.keep_way_in(self.state.take(), state.clone()).await? {
                self.state = Some(state.clone());
                self.parts.found.notify_one();
                return Ok(state);
            }
        }
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
