//! Reads of sources: what is known of each, and what a read means.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::change::Change;
use crate::domain::id::{BodyHash, CompanyId, SourceId, WatchlistHash};
use crate::domain::match_index::MatchIndex;
use crate::domain::matching::WatchlistVersion;
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::robots::RobotsCopy;
use crate::domain::snapshot::{Baseline, QuarantinedRead, Snapshot};
use crate::domain::source::CountedRequest;
use crate::store::Store;
use crate::store::boundary::{
    Backfilled, KnownEntries, KnownSource, ReadCommit, RematchCommit, SourceGlance,
};
use crate::store::compression::PackedBody;
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;
use crate::store::kept::{Database, ask};

impl Store {
    /// Packs a body, which has this hash, as it will be kept. Where the database is a folder, a large one lies in a file there
    /// until then, and not in memory.
    ///
    /// # Errors
    /// What zstd or the system refuses, and a hash that is none.
    pub fn pack(&self, body: &[u8], hash: &BodyHash) -> io::Result<PackedBody> {
        let name = hash.digest().ok_or_else(|| io::Error::other("expected 64 hexadecimal digits"))?;
        let folder = match &self.database {
            Database::Sled(sled) => Some(sled.folder()),
            Database::Postgres { .. } => None,
        };
        PackedBody::beside(folder, body, name)
    }

    /// The accepted state of a source.
    pub async fn baseline(&self, source: &SourceId) -> Result<Option<Baseline>, StoreError> {
        ask!(self.baseline(source).await)
    }

    /// The snapshot of a source's accepted state, without the entries: no document is decoded.
    pub async fn accepted(&self, source: &SourceId) -> Result<Option<Snapshot>, StoreError> {
        ask!(self.accepted(source).await)
    }

    /// How the reads of a source stand.
    pub async fn read_state(&self, source: &SourceId) -> Result<Option<ReadState>, StoreError> {
        ask!(self.read_state(source).await)
    }

    /// How the reads of sources stand, in their order, each with its source; nothing of one that was never read. The store
    /// leaves out a source whose state cannot be read, and reports it with the records that it passed over.
    pub async fn read_states(
        &self,
        sources: Vec<SourceId>,
    ) -> Result<Vec<(SourceId, Option<ReadState>)>, StoreError> {
        ask!(self.read_states(sources).await)
    }

    /// How the reads of those sources stand whose hosts asked to be left alone, perhaps long ago.
    pub async fn asked_to_wait(&self, sources: Vec<SourceId>) -> Result<Vec<ReadState>, StoreError> {
        ask!(self.asked_to_wait(sources).await)
    }

    /// The suspect read of a source that waits for a person's look.
    pub async fn quarantined(&self, source: &SourceId) -> Result<Option<QuarantinedRead>, StoreError> {
        ask!(self.quarantined(source).await)
    }

    /// The suspect reads of these sources, in their order; one that cannot be read is told as the store's.
    pub async fn quarantined_of(&self, sources: Vec<SourceId>) -> Result<Vec<QuarantinedRead>, StoreError> {
        ask!(self.quarantined_of(sources).await)
    }

    /// Returns what is kept of a source, with the version that names that state.
    pub async fn known(&self, source: &SourceId) -> Result<KnownSource, StoreError> {
        ask!(self.known(source).await)
    }

    /// A body as it was received, by its hash.
    ///
    /// # Errors
    /// [`StoreError::DamagedBody`] where it is not what its hash says.
    pub async fn body(&self, hash: &BodyHash) -> Result<Option<Vec<u8>>, StoreError> {
        ask!(self.body(hash).await)
    }

    /// The snapshots of a source, the newest first, at most `limit`.
    pub async fn snapshots(&self, source: &SourceId, limit: usize) -> Result<Vec<Snapshot>, StoreError> {
        ask!(self.snapshots(source, limit).await)
    }

    /// One snapshot of a source, by its number.
    pub async fn snapshot(&self, source: &SourceId, sequence: u64) -> Result<Option<Snapshot>, StoreError> {
        ask!(self.snapshot(source, sequence).await)
    }

    /// Keeps all that one read means, or nothing of it.
    ///
    /// # Errors
    /// [`StoreError::Stale`] if the source's state has changed since the read loaded it.
    pub async fn commit(&self, commit: ReadCommit) -> Result<(), StoreError> {
        ask!(self.commit(commit).await)
    }

    /// The same for a read that found nothing to tell, and may wait until others are kept with it: a short time, or as
    /// long as it takes until something else is kept.
    #[must_use = "it is kept only once this says so"]
    pub fn commit_together(&self, commit: ReadCommit) -> PendingWrite<()> {
        ask!(self.commit_together(commit))
    }

    /// Keeps states from before the first one of a source as its history, all or nothing.
    ///
    /// # Errors
    /// [`StoreError::Stale`] where another state is the first one now.
    pub async fn backfill(&self, backfilled: Backfilled) -> Result<(), StoreError> {
        ask!(self.backfill(backfilled).await)
    }

    /// What hosts said of being read when they were asked last.
    pub async fn robots(&self) -> Result<Vec<RobotsCopy>, StoreError> {
        ask!(self.robots().await)
    }

    /// Counts a request to a host whose API allows only so many, for all processes over this store; returns how long it
    /// takes until the request is allowed, if it is not. Then it is not counted.
    pub async fn count_request(
        &self,
        request: CountedRequest,
        now: DateTime<Utc>,
    ) -> Result<Option<Duration>, StoreError> {
        ask!(self.count_request(request, now).await)
    }

    /// What one origin said of being read when it was asked last.
    pub async fn robots_of(&self, origin: &str) -> Result<Option<RobotsCopy>, StoreError> {
        ask!(self.robots_of(origin).await)
    }

    /// Keeps what an origin said of being read, for other workers to know at once.
    pub async fn keep_robots(&self, copy: RobotsCopy) -> Result<(), StoreError> {
        ask!(self.keep_robots(copy).await)
    }

    /// Which entries of a source's accepted state name whom.
    pub async fn standing(&self, source: &SourceId) -> Result<Option<MatchIndex>, StoreError> {
        ask!(self.standing(source).await)
    }

    /// The version of a watchlist by its hash, as long as a standing names it.
    pub async fn watchlist_version(
        &self,
        hash: &WatchlistHash,
    ) -> Result<Option<WatchlistVersion>, StoreError> {
        ask!(self.watchlist_version(hash).await)
    }

    /// Keeps all that another registry found in a source's accepted state, or nothing of it; gives
    /// the notices that were not kept before.
    ///
    /// # Errors
    /// [`StoreError::Stale`], as of [`Self::commit`].
    pub async fn rematch(&self, commit: RematchCommit) -> Result<Vec<Change>, StoreError> {
        ask!(self.rematch(commit).await)
    }

    /// The reads of a source that are remembered, the newest first, at most `limit`.
    pub async fn reads(&self, source: &SourceId, limit: usize) -> Result<Vec<ReadRecord>, StoreError> {
        ask!(self.reads(source, limit).await)
    }

    /// How sources stand, in short, in the order asked for.
    pub async fn glances(&self, sources: Arc<[SourceId]>) -> Result<Vec<Arc<SourceGlance>>, StoreError> {
        ask!(self.glances(sources).await)
    }

    /// How many entries the accepted states of sources have, in the order asked for; no document is decoded.
    pub async fn entry_counts(&self, sources: Vec<SourceId>) -> Result<Vec<Option<usize>>, StoreError> {
        ask!(self.entry_counts(sources).await)
    }

    /// Of each source the entries with these keys, at most `limit`, in one look-up.
    pub async fn entries(
        &self,
        wanted: Vec<(SourceId, Vec<String>)>,
        limit: usize,
    ) -> Result<Vec<KnownEntries>, StoreError> {
        ask!(self.entries(wanted, limit).await)
    }

    /// The sources of which an entry names a company, with the keys of those entries.
    pub async fn named_on(&self, company: &CompanyId) -> Result<Vec<(SourceId, Vec<String>)>, StoreError> {
        ask!(self.named_on(company).await)
    }
}
