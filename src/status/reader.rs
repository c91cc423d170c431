//! Gathers from the store the facts from which it is decided how all stands.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};

use super::facts::{ReadFacts, SourceFacts, StatusFacts};
use super::overview::{Glance, Overview, overview};
use super::workers::Workers;
use crate::clock::Clock;
use crate::domain::due::due_at;
use crate::domain::id::SourceId;
use crate::domain::incident::Incident;
use crate::domain::source::Source;
use crate::settings::OperatorSettings;
use crate::store::{SourceGlance, Store, StoreError, StoreSize};

/// A read that is late by no more than this, and the delay that the daemon draws, is in time.
const GRACE: Duration = Duration::minutes(15);

/// How old the store's size may be that is shown: to measure it, all of it is read.
const SIZE_MAX_AGE: StdDuration = StdDuration::from_secs(60 * 60);

/// What a [`StatusReader`] works with.
#[derive(Debug)]
pub struct StatusReaderParts {
    /// Knows how all stands.
    pub store: Store,
    /// What is watched.
    pub sources: Arc<[Arc<Source>]>,
    /// From when on a source needs a person.
    pub operator: OperatorSettings,
    /// Each read is put off by a random part of this.
    pub jitter: StdDuration,
    /// The daemon's tasks.
    pub workers: Workers,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Gathers the facts and says how all stands.
#[derive(Debug)]
pub struct StatusReader {
    parts: StatusReaderParts,
    /// Of the sources, in their order.
    ids: Arc<[SourceId]>,
    started_at: DateTime<Utc>,
}

impl StatusReader {
    /// A reader over the given parts. What falls due before now is late only from now on.
    #[must_use]
    pub fn new(parts: StatusReaderParts) -> Self {
        let started_at = parts.clock.now();
        let ids = parts.sources.iter().map(|source| source.id.clone()).collect();
        Self { parts, ids, started_at }
    }

    /// Returns how all stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        Ok(overview(&self.facts().await?))
    }

    /// Returns how all stands, but for the size of the store: to measure it takes longer than a page may.
    ///
    /// # Errors
    /// The store's.
    pub async fn glance(&self) -> Result<Glance, StoreError> {
        let Overview { sentence, needs, figures } = overview(&self.facts_with(StoreSize::default()).await?);
        Ok(Glance { sentence, needs, sources: figures.sources, daemons: figures.daemons })
    }

    /// Returns all of it, for those who show more.
    ///
    /// # Errors
    /// The store's.
    pub async fn facts(&self) -> Result<StatusFacts, StoreError> {
        self.facts_with(self.parts.store.size(SIZE_MAX_AGE).await?).await
    }

    async fn facts_with(&self, size: StoreSize) -> Result<StatusFacts, StoreError> {
        let parts = &self.parts;
        let (store, now) = (&parts.store, parts.clock.now());
        let glances = store.glances(Arc::clone(&self.ids)).await?;
        let paused = store.paused_sources(now).await?;
        let workers = parts.workers.list();
        // Without a daemon nobody starts: what counts is when it was due.
        let started_at = if workers.is_empty() { DateTime::UNIX_EPOCH } else { self.started_at };
        let mut sources = Vec::with_capacity(parts.sources.len());
        for (source, glance) in parts.sources.iter().zip(glances) {
            let is_paused = paused.contains(&source.id);
            sources.push(self.source(source, (&glance, is_paused), started_at, now).await?);
        }
        let mut incidents = store.incidents_since(now).await?;
        incidents.retain(Incident::is_open);
        Ok(StatusFacts {
            now,
            failures: parts.operator.failures,
            sources,
            incidents,
            mails: store.queue().await?,
            store: size,
            is_of_server: store.is_of_server(),
            backup: store.last_backup().await?,
            webhooks: store.webhooks().await?,
            workers,
            daemons: store.fellow_workers().await?,
        })
    }

    async fn source(
        &self,
        source: &Source,
        (glance, is_paused): (&SourceGlance, bool),
        started_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<SourceFacts, StoreError> {
        let SourceGlance { state, is_held, .. } = glance;
        let held = if *is_held { self.parts.store.quarantined(&source.id).await? } else { None };
        let amended = state.as_ref().and_then(|state| state.amended.as_ref());
        let quarantined_since =
            held.as_ref().map(|held| held.held_since).or_else(|| amended.map(|amended| amended.since));
        let quarantined = held.map(|held| held.reason).or_else(|| amended.map(ToString::to_string));
        let due_at = due_at(source, state.as_ref(), started_at, now).filter(|_| state.is_some());
        let jitter = Duration::from_std(self.parts.jitter).unwrap_or_default();
        Ok(SourceFacts {
            id: source.id.clone(),
            due_at,
            grace: GRACE + jitter,
            quarantined,
            quarantined_since,
            is_paused,
            state: state.as_ref().map(ReadFacts::from),
        })
    }
}
