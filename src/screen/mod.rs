//! Suppliers held against the lists that are watched, as they were read last.
//!
//! Asks no site and keeps nothing. The lists are taken from the store one after the other, and looked through by all
//! cores in pieces, so that the memory it takes is that of a list and not of all of them.
//!
//! Deliberately absent: what makes a name one on a list, which is [`crate::domain::screening`]'s.

mod standing;

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroUsize;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::domain::change::ChangeKind;
use crate::domain::entry::Entry;
use crate::domain::id::{SourceId, WatchlistHash};
use crate::domain::matching::WatchlistError;
use crate::domain::screening::{
    ListLook, Screened, ScreenedName, Screening, ScreeningAnswer, Since, SupplierFinding, is_screened,
};
use crate::domain::source::Source;
use crate::registry::Registry;
use crate::store::{ChangeQuery, Store, StoreError};

pub use standing::{StandingError, StandingLists, StandingListsParts};

/// More suppliers are screened in several runs.
pub const MAX_NAMES: usize = 100_000;

/// So many entries are looked through by one core at a time.
const PIECE: usize = 1_000;

/// Why suppliers were not screened.
#[derive(Debug, thiserror::Error)]
pub enum ScreenError {
    /// There are too many.
    #[error("{0} names were given, expected {MAX_NAMES} at most; screen them in parts")]
    TooMany(usize),
    /// None was given.
    #[error("no name was given")]
    NoNames,
    /// Nothing can be said of anybody.
    #[error(
        "no list was read yet, so there is nothing to compare with; read the lists first: regwatch check now"
    )]
    NothingRead,
    /// No list is watched.
    #[error(
        "no list is watched, so there is nothing to compare with; `regwatch source list --group` shows the catalogue"
    )]
    NoLists,
    /// The names cannot be looked for.
    #[error(transparent)]
    Watchlist(#[from] WatchlistError),
    /// A piece of work broke off.
    #[error("screening against the list {list} panicked: {reason}")]
    Broken {
        /// The list.
        list: SourceId,
        /// What the runtime says.
        reason: String,
    },
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Holds suppliers against the lists. Clones are the same.
#[derive(Debug, Clone)]
pub struct Screener {
    store: Store,
    registry: Registry,
    lists: Arc<[Arc<Source>]>,
    clock: Arc<dyn Clock>,
}

impl Screener {
    /// A screener of those of the given sources that are lists.
    #[must_use]
    pub fn new(store: Store, registry: Registry, sources: &[Arc<Source>], clock: Arc<dyn Clock>) -> Self {
        let lists = sources.iter().filter(|source| is_screened(source)).cloned().collect();
        Self { store, registry, lists, clock }
    }

    /// The lists against which suppliers are held.
    #[must_use]
    pub fn lists(&self) -> &[Arc<Source>] {
        &self.lists
    }

    /// Names the version of the companies that are tracked.
    #[must_use]
    pub fn watchlist_hash(&self) -> WatchlistHash {
        self.registry.current().version().hash().clone()
    }

    /// Holds suppliers, by their names, against every list as it was read last.
    ///
    /// # Errors
    /// [`ScreenError`]; above all where there is nothing to be held against: silence would say that all is well.
    pub async fn screen(&self, names: Vec<String>) -> Result<Screened, ScreenError> {
        match names.len() {
            0 => return Err(ScreenError::NoNames),
            count if count > MAX_NAMES => return Err(ScreenError::TooMany(count)),
            _ if self.lists.is_empty() => return Err(ScreenError::NoLists),
            _ => {}
        }
        let watchlist = self.registry.current();
        let screening = tokio::task::spawn_blocking(move || Screening::of(names, &watchlist));
        let screening = screening.await.map_err(|panic| broken(&self.lists[0].id, &panic))??;
        let now = self.clock.now();
        let (lists, found, screening) = self.look(screening, now).await?;
        if lists.iter().all(|list| list.read_at.is_none()) {
            return Err(ScreenError::NothingRead);
        }
        let mut names = screening.finish(found);
        self.date(&mut names).await?;
        Ok(Screened { at: now, lists, names })
    }

    async fn look(
        &self,
        screening: Screening,
        now: DateTime<Utc>,
    ) -> Result<(Vec<ListLook>, Vec<SupplierFinding>, Screening), ScreenError> {
        let screening = Arc::new(screening);
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let turns = Arc::new(Semaphore::new(cores));
        let (mut lists, mut work) = (Vec::new(), JoinSet::new());
        for (place, source) in self.lists.iter().enumerate() {
            let known = self.store.known(&source.id).await?;
            let held = known.held.as_ref().map(|held| held.reason.as_str());
            let mut list = ListLook::of(source, known.state.as_ref(), held, now);
            if let Some(baseline) = self.store.baseline(&source.id).await? {
                let entries: Arc<[Entry]> = baseline.document.entries.into();
                list.entries = entries.len();
                for start in (0..entries.len()).step_by(PIECE) {
                    let turn = Arc::clone(&turns).acquire_owned().await;
                    let (screening, entries) = (Arc::clone(&screening), Arc::clone(&entries));
                    let lists = Arc::clone(&self.lists);
                    work.spawn_blocking(move || {
                        let _turn = turn;
                        let end = entries.len().min(start + PIECE);
                        (place, start, screening.look(&lists[place], &entries[start..end]))
                    });
                }
            } else {
                list.read_at = None;
            }
            lists.push(list);
        }
        let mut pieces = BTreeMap::new();
        while let Some(done) = work.join_next().await {
            let (place, start, found) = done.map_err(|panic| broken(&self.lists[0].id, &panic))?;
            pieces.insert((place, start), found);
        }
        let found = pieces.into_values().flatten().collect();
        let screening = Arc::into_inner(screening);
        let screening = screening.ok_or_else(|| broken(&self.lists[0].id, &"it is still under way"))?;
        Ok((lists, found, screening))
    }

    /// Says of each entry that was found since when it stands there.
    async fn date(&self, names: &mut [ScreenedName]) -> Result<(), StoreError> {
        let findings = || names.iter().flat_map(|name| &name.findings);
        let lists: BTreeSet<SourceId> = findings()
            .filter(|finding| finding.answer != ScreeningAnswer::Possible)
            .map(|finding| finding.list.clone())
            .collect();
        let mut known = BTreeMap::new();
        for list in lists {
            let history = self.history(&list).await?;
            known.insert(list, history);
        }
        for finding in names.iter_mut().flat_map(|name| &mut name.findings) {
            finding.since = known.get(&finding.list).and_then(|history| history.since(&finding.key));
        }
        Ok(())
    }

    async fn history(&self, list: &SourceId) -> Result<ListHistory, StoreError> {
        let query = ChangeQuery { source: Some(list.clone()), limit: usize::MAX, ..ChangeQuery::default() };
        let mut added = BTreeMap::new();
        for change in self.store.changes(query).await? {
            if change.entry.kind == ChangeKind::Added && change.retracted_at.is_none() {
                // The newest comes first: an entry that went and came back stands there since then.
                added.entry(change.entry.key).or_insert(change.evidence.read_at);
            }
        }
        let first = self.store.snapshots(list, usize::MAX).await?.last().map(|first| first.response.read_at);
        Ok(ListHistory { added, first })
    }
}

/// When the entries of a list came, and when it was read first.
struct ListHistory {
    added: BTreeMap<String, DateTime<Utc>>,
    first: Option<DateTime<Utc>>,
}

impl ListHistory {
    fn since(&self, key: &str) -> Option<Since> {
        let added = self.added.get(key).map(|at| Since { at: *at, was_added: true });
        added.or_else(|| self.first.map(|at| Since { at, was_added: false }))
    }
}

fn broken(list: &SourceId, reason: &dyn std::fmt::Display) -> ScreenError {
    ScreenError::Broken { list: list.clone(), reason: reason.to_string() }
}
