//! What the pages show, put together from what is kept: whole views, never a store's own types alone.
//!
//! Stands between the store and whatever shows things to people. Looking changes nothing: no function here writes.
//!
//! Deliberately absent: who may see what (`web`), how it looks (`web`'s templates), and acting (`check`, `store`).

mod company;
mod coverage;
mod deadlines;
mod overview;
mod reader;
mod story;
mod watched;

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::domain::audit::AuditEntry;
use crate::domain::change::Change;
use crate::domain::id::{BodyHash, SourceId};
use crate::domain::outbox::{Mail, MailState};
use crate::domain::read_record::ReadRecord;
use crate::domain::snapshot::{Baseline, QuarantinedRead, Snapshot};
use crate::domain::source::Source;
use crate::domain::subscription::Subscriber;
use crate::domain::topic::Topic;
use crate::registry::Registry;
use crate::store::{ChangeSearch, FoundChanges, SourceGlance, Store, StoreError};

pub use company::{CompanyView, ListedEntry, ListedSource};
pub use coverage::{CoverageView, SourceCoverage};
pub use deadlines::DueEntry;
pub use overview::{DayState, ServiceOverview, SourceFilter, SourceOrder, SourceRow, SourceState};
pub use story::{Story, TiedChange};

use self::watched::WatchedSources;

/// What views are made of.
#[derive(Debug, Clone)]
pub struct ViewParts {
    /// Keeps everything.
    pub store: Store,
    /// What is watched, in the order of the configuration.
    pub sources: Arc<[Arc<Source>]>,
    /// The companies in force.
    pub registry: Registry,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
}

/// Makes views. One for the whole program.
#[derive(Debug, Clone)]
pub struct Views(ViewParts, Arc<WatchedSources>);

/// All about one source.
#[derive(Debug, Clone)]
pub struct SourceView {
    /// How it stands.
    pub row: SourceRow,
    /// The source itself.
    pub source: Source,
    /// The suspect body that waits to be looked at.
    pub held: Option<QuarantinedRead>,
    /// Its accepted states, the newest first.
    pub snapshots: Vec<Snapshot>,
    /// Its reads, the newest first.
    pub reads: Vec<ReadRecord>,
    /// Its newest changes.
    pub changes: FoundChanges,
    /// Its accepted state with the entries as they are read today.
    pub baseline: Option<Baseline>,
}

/// Shown on one page of a source.
const SHOWN_SNAPSHOTS: usize = 50;
const SHOWN_READS: usize = 200;
const SHOWN_CHANGES: usize = 10;

/// As many readers are looked at in one go.
const READERS_AT_ONCE: usize = 1_000;

/// Names that wait for a person's word, shown at once.
const SHOWN_UNDECIDED: usize = 100;

impl Views {
    /// Views over the given parts.
    #[must_use]
    pub fn new(parts: ViewParts) -> Self {
        let watched = WatchedSources::of(Arc::clone(&parts.sources));
        Self(parts, Arc::new(watched))
    }

    /// The present.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.0.clock.now()
    }

    /// What is watched.
    #[must_use]
    pub fn sources(&self) -> &[Arc<Source>] {
        &self.1.sources
    }

    /// A source by its id.
    #[must_use]
    pub fn source(&self, id: &str) -> Option<&Arc<Source>> {
        self.1.source(id)
    }

    /// Every group of sources, in order.
    #[must_use]
    pub fn groups(&self) -> &[String] {
        &self.1.groups
    }

    /// Every site of sources, in order.
    #[must_use]
    pub fn sites(&self) -> &[String] {
        &self.1.sites
    }

    /// The sources by their titles.
    #[must_use]
    pub fn by_title(&self) -> impl ExactSizeIterator<Item = &Source> {
        self.1.by_title()
    }

    /// How every source stands, in the order of the configuration.
    async fn glances(&self) -> Result<Vec<Arc<SourceGlance>>, StoreError> {
        self.0.store.glances(Arc::clone(&self.1.ids)).await
    }

    /// What readers call a source; its id where it is no longer watched.
    #[must_use]
    pub fn title_of<'a>(&'a self, id: &'a SourceId) -> &'a str {
        self.source(id.as_str()).map_or(id.as_str(), |source| &source.title)
    }

    /// The companies in force.
    #[must_use]
    pub fn registry(&self) -> &Registry {
        &self.0.registry
    }

    /// Changes that are looked for.
    ///
    /// # Errors
    /// The store's error.
    pub async fn search(&self, search: ChangeSearch) -> Result<FoundChanges, StoreError> {
        self.0.store.search(search).await
    }

    /// All about one source.
    ///
    /// # Errors
    /// The store's error.
    pub async fn source_view(&self, source: &Source) -> Result<SourceView, StoreError> {
        let store = &self.0.store;
        let search = ChangeSearch {
            sources: vec![source.id.clone()],
            limit: SHOWN_CHANGES,
            ..ChangeSearch::default()
        };
        Ok(SourceView {
            row: self.row(source).await?,
            source: source.clone(),
            held: store.quarantined(&source.id).await?,
            snapshots: store.snapshots(&source.id, SHOWN_SNAPSHOTS).await?,
            reads: store.reads(&source.id, SHOWN_READS).await?,
            changes: store.search(search).await?,
            baseline: store.baseline(&source.id).await?,
        })
    }

    /// What is held back, of all sources.
    ///
    /// # Errors
    /// The store's error.
    pub async fn quarantined(&self) -> Result<Vec<QuarantinedRead>, StoreError> {
        let glances = self.glances().await?;
        let held = self.sources().iter().zip(glances).filter(|(_, glance)| glance.is_held);
        self.0.store.quarantined_of(held.map(|(source, _)| source.id.clone()).collect()).await
    }

    /// Changes in which a name waits for a person's word, the newest first.
    ///
    /// # Errors
    /// The store's error.
    pub async fn undecided(&self) -> Result<FoundChanges, StoreError> {
        let search = ChangeSearch { is_possible: true, limit: SHOWN_UNDECIDED, ..ChangeSearch::default() };
        self.0.store.search(search).await
    }

    /// How many people would be told of changes.
    ///
    /// # Errors
    /// The store's error.
    pub async fn told_by(&self, changes: &[Change]) -> Result<usize, StoreError> {
        let topics: BTreeSet<Topic> = changes.iter().flat_map(Change::topics).collect();
        let topics: Vec<Topic> = topics.into_iter().collect();
        let is_told = |subscriber: &&Subscriber| {
            changes
                .iter()
                .any(|change| change.topics().any(|topic| subscriber.follows(&topic, change).is_some()))
        };
        let (mut told, mut reached) = (0, None);
        loop {
            let page = self.0.store.readers_of(topics.clone(), reached, READERS_AT_ONCE).await?;
            told += page.readers.iter().filter(is_told).count();
            reached = page.reached;
            if reached.is_none() {
                return Ok(told);
            }
        }
    }

    /// A body as it was received.
    ///
    /// # Errors
    /// The store's error.
    pub async fn body(&self, hash: &BodyHash) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.store.body(hash).await
    }

    /// Mails in one state or in any, the newest first.
    ///
    /// # Errors
    /// The store's error.
    pub async fn mails(&self, state: Option<MailState>, limit: usize) -> Result<Vec<Mail>, StoreError> {
        self.0.store.mails(state, limit).await
    }

    /// Whoever is or was subscribed, by address.
    ///
    /// # Errors
    /// The store's error.
    pub async fn subscribers(
        &self,
        after: Option<crate::domain::email::EmailAddress>,
        limit: usize,
    ) -> Result<Vec<Subscriber>, StoreError> {
        self.0.store.subscribers_after(after, limit).await
    }

    /// What people did, the newest first.
    ///
    /// # Errors
    /// The store's error.
    pub async fn deeds(
        &self,
        before: Option<u64>,
        limit: usize,
    ) -> Result<Vec<(u64, AuditEntry)>, StoreError> {
        self.0.store.deeds(before, limit).await
    }
}
