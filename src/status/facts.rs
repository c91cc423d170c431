//! The facts from which it is decided how all stands.

use std::sync::Arc;
use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};

use super::need::reason;
use super::overview::{Overview, overview};
use super::workers::{Worker, Workers};
use crate::clock::Clock;
use crate::domain::due::due_at;
use crate::domain::id::SourceId;
use crate::domain::incident::Incident;
use crate::domain::read_state::ReadState;
use crate::domain::source::Source;
use crate::domain::verdict::Verdict;
use crate::domain::webhook::Webhook;
use crate::settings::OperatorSettings;
use crate::store::{BackupNote, Queue, SourceGlance, Store, StoreError, StoreSize};

/// A read that is late by no more than this, and the delay that the daemon draws, is in time.
const GRACE: Duration = Duration::minutes(15);

/// Whoever is late by more than this will not be read without a person.
const LONG_OVERDUE: Duration = Duration::days(1);

/// How old the store's size may be that is shown: to measure it, all of it is read.
const SIZE_MAX_AGE: StdDuration = StdDuration::from_secs(60 * 60);

/// Everything that decides how all stands.
#[derive(Debug, Clone)]
pub struct Facts {
    /// When these were gathered.
    pub now: DateTime<Utc>,
    /// So many reads in a row that fail need a person.
    pub failures: u32,
    /// Every source that is configured.
    pub sources: Vec<SourceFacts>,
    /// The incidents that are open.
    pub incidents: Vec<Incident>,
    /// How the outbox stands.
    pub mails: Queue,
    /// How large the store is.
    pub store: StoreSize,
    /// The last backup that was taken.
    pub backup: Option<BackupNote>,
    /// The webhooks.
    pub webhooks: Vec<Webhook>,
    /// The daemon's tasks; none where no daemon runs.
    pub workers: Vec<Worker>,
}

/// How one source stands.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// The source.
    pub id: SourceId,
    /// How its reads went; `None` before the first.
    pub state: Option<ReadState>,
    /// When it is due, or was.
    pub due_at: Option<DateTime<Utc>>,
    /// How late a read of it may be.
    pub grace: Duration,
    /// Why a suspect read of it is kept for a person, where one is.
    pub quarantined: Option<String>,
    /// Since when.
    pub quarantined_since: Option<DateTime<Utc>>,
    /// Whether an operator has paused it.
    pub is_paused: bool,
}

impl Facts {
    /// Whether a source is configured and not paused.
    pub(super) fn is_watched(&self, id: &SourceId) -> bool {
        self.sources.iter().any(|source| source.id == *id && !source.is_paused)
    }
}

impl SourceFacts {
    /// Whether its last read was good and no other is late.
    #[must_use]
    pub fn is_in_time(&self, now: DateTime<Utc>) -> bool {
        let is_read = self.state.as_ref().is_some_and(|state| state.verdict.is_read());
        !self.is_paused && is_read && self.lateness(now).is_none()
    }

    /// By how much a read of it is late; `None` while it is in time.
    #[must_use]
    pub fn lateness(&self, now: DateTime<Utc>) -> Option<Duration> {
        let late = now - self.due_at?;
        (late > self.grace && !self.is_paused).then_some(late)
    }

    /// Whether its last read failed, or was suspect and nothing of it is kept.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        let is_unread = self.state.as_ref().is_some_and(|state| !state.verdict.is_read());
        !self.is_paused && is_unread && !self.is_quarantined()
    }

    /// Whether a read of it waits for a person.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        !self.is_paused && self.quarantined.is_some()
    }

    pub(super) fn fails_too_often(&self, limit: u32) -> bool {
        self.is_failing() && self.failures() >= limit
    }

    pub(super) fn is_long_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state.is_some() && self.lateness(now).is_some_and(|late| late > LONG_OVERDUE)
    }

    pub(super) fn failures(&self) -> u32 {
        self.state.as_ref().map_or(0, |state| state.failures)
    }

    pub(super) fn reason(&self) -> String {
        reason(
            self.state
                .as_ref()
                .and_then(|state| state.reason.as_deref())
                .unwrap_or("for no reason that is known"),
        )
    }

    pub(super) fn quarantine_reason(&self) -> String {
        reason(self.quarantined.as_deref().unwrap_or_default())
    }
}

/// What a [`StatusReader`] works with.
#[derive(Debug)]
pub struct StatusReaderParts {
    /// Knows how all stands.
    pub store: Store,
    /// What is watched.
    pub sources: Vec<Source>,
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
    started_at: DateTime<Utc>,
}

impl StatusReader {
    /// A reader over the given parts. What falls due before now is late only from now on.
    #[must_use]
    pub fn new(parts: StatusReaderParts) -> Self {
        let started_at = parts.clock.now();
        Self { parts, started_at }
    }

    /// Returns how all stands.
    ///
    /// # Errors
    /// The store's.
    pub async fn overview(&self) -> Result<Overview, StoreError> {
        Ok(overview(&self.facts().await?))
    }

    /// Returns all of it, for those who show more.
    ///
    /// # Errors
    /// The store's.
    pub async fn facts(&self) -> Result<Facts, StoreError> {
        let parts = &self.parts;
        let (store, now) = (&parts.store, parts.clock.now());
        let ids = parts.sources.iter().map(|source| source.id.clone()).collect();
        let glances = store.glances(ids).await?;
        let paused = store.paused_sources(now).await?;
        let workers = parts.workers.list();
        // Without a daemon nobody starts: what counts is when it was due.
        let started_at = if workers.is_empty() { DateTime::UNIX_EPOCH } else { self.started_at };
        let mut sources = Vec::with_capacity(parts.sources.len());
        for (source, glance) in parts.sources.iter().zip(glances) {
            let is_paused = paused.contains(&source.id);
            sources.push(self.source(source, (glance, is_paused), started_at, now).await?);
        }
        let mut incidents = store.incidents_since(now).await?;
        incidents.retain(Incident::is_open);
        Ok(Facts {
            now,
            failures: parts.operator.failures,
            sources,
            incidents,
            mails: store.queue().await?,
            store: store.size(SIZE_MAX_AGE).await?,
            backup: store.last_backup().await?,
            webhooks: store.webhooks().await?,
            workers,
        })
    }

    async fn source(
        &self,
        source: &Source,
        (glance, is_paused): (SourceGlance, bool),
        started_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<SourceFacts, StoreError> {
        let SourceGlance { state, is_held, .. } = glance;
        let held = if is_held { self.parts.store.held(&source.id).await? } else { None };
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
            state,
        })
    }
}

/// What the reads of a source come to, in the words of the metrics.
impl SourceFacts {
    /// The verdict of its last read.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.state.as_ref().map(|state| state.verdict)
    }
}
