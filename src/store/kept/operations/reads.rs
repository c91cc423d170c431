//! Reads of sources: what is known of each, and what a read means.

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
use crate::store::boundary::{
    Backfilled, KnownEntries, KnownSource, ReadCommit, RematchCommit, SourceGlance,
};
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;
use crate::store::kept::database::Database;
use crate::store::kept::trees::TreeName;
use crate::store::kept::writer::StepWeight;
use crate::store::kept::{history, keys, named_on, records, sources};

impl Database {
    pub(in crate::store) async fn baseline(&self, source: &SourceId) -> Result<Option<Baseline>, StoreError> {
        let source = source.clone();
        self.read(move |trees| sources::baseline(trees, &source)).await
    }

    pub(in crate::store) async fn accepted(&self, source: &SourceId) -> Result<Option<Snapshot>, StoreError> {
        let source = source.clone();
        self.look_up(move |trees| sources::accepted(trees, &source)).await
    }

    pub(in crate::store) async fn read_state(
        &self,
        source: &SourceId,
    ) -> Result<Option<ReadState>, StoreError> {
        let source = source.clone();
        self.look_up(move |trees| sources::read_state(trees, &source)).await
    }

    pub(in crate::store) async fn read_states(
        &self,
        sources: Vec<SourceId>,
    ) -> Result<Vec<(SourceId, Option<ReadState>)>, StoreError> {
        self.read(move |trees| sources::read_states(trees, sources)).await
    }

    pub(in crate::store) async fn asked_to_wait(
        &self,
        sources: Vec<SourceId>,
    ) -> Result<Vec<ReadState>, StoreError> {
        self.read(move |trees| sources::asked_to_wait(trees, sources)).await
    }

    pub(in crate::store) async fn quarantined(
        &self,
        source: &SourceId,
    ) -> Result<Option<QuarantinedRead>, StoreError> {
        let source = source.clone();
        self.look_up(move |trees| sources::quarantined(trees, &source)).await
    }

    pub(in crate::store) async fn quarantined_of(
        &self,
        sources: Vec<SourceId>,
    ) -> Result<Vec<QuarantinedRead>, StoreError> {
        self.read(move |trees| sources::quarantined_of(trees, &sources)).await
    }

    pub(in crate::store) async fn known(&self, source: &SourceId) -> Result<KnownSource, StoreError> {
        let source = source.clone();
        self.look_up(move |trees| sources::known(trees, &source)).await
    }

    pub(in crate::store) async fn body(&self, hash: &BodyHash) -> Result<Option<Vec<u8>>, StoreError> {
        let hash = hash.clone();
        self.read(move |trees| sources::body(trees, &hash)).await
    }

    pub(in crate::store) async fn snapshots(
        &self,
        source: &SourceId,
        limit: usize,
    ) -> Result<Vec<Snapshot>, StoreError> {
        let source = source.clone();
        self.read(move |trees| sources::snapshots(trees, &source, limit)).await
    }

    pub(in crate::store) async fn snapshot(
        &self,
        source: &SourceId,
        sequence: u64,
    ) -> Result<Option<Snapshot>, StoreError> {
        let source = source.clone();
        self.read(move |trees| sources::snapshot(trees, &source, sequence)).await
    }

    pub(in crate::store) async fn commit(&self, commit: ReadCommit) -> Result<(), StoreError> {
        self.write(move |trees, writes| sources::commit(trees, writes, &commit)).await
    }

    #[must_use = "it is kept only once this says so"]
    pub(in crate::store) fn commit_together(&self, commit: ReadCommit) -> PendingWrite<()> {
        // Of what such steps write this reads its own source's records alone, and what two of them write under one
        // key is the same.
        let looks = sources::looks(&commit.state.source);
        let weight = if commit.accepted.is_some() { StepWeight::Heavy } else { StepWeight::Light };
        self.write_together((looks, weight), move |trees, writes| sources::commit(trees, writes, &commit))
    }

    pub(in crate::store) async fn backfill(&self, backfilled: Backfilled) -> Result<(), StoreError> {
        self.write(move |trees, writes| history::backfill(trees, writes, &backfilled)).await
    }

    pub(in crate::store) async fn robots(&self) -> Result<Vec<RobotsCopy>, StoreError> {
        self.read(sources::robots).await
    }

    pub(in crate::store) async fn count_request(
        &self,
        request: CountedRequest,
        now: DateTime<Utc>,
    ) -> Result<Option<Duration>, StoreError> {
        self.write(move |trees, writes| sources::count_request(trees, writes, &request, now)).await
    }

    pub(in crate::store) async fn robots_of(&self, origin: &str) -> Result<Option<RobotsCopy>, StoreError> {
        let key = keys::digest(origin);
        self.read(move |trees| trees.get(TreeName::Robots, &key)).await
    }

    pub(in crate::store) async fn keep_robots(&self, copy: RobotsCopy) -> Result<(), StoreError> {
        self.write(move |trees, writes| {
            writes.put(trees, TreeName::Robots, &keys::digest(&copy.origin), &copy)
        })
        .await
    }

    pub(in crate::store) async fn standing(
        &self,
        source: &SourceId,
    ) -> Result<Option<MatchIndex>, StoreError> {
        let source = source.clone();
        self.read(move |trees| sources::standing(trees, &source)).await
    }

    pub(in crate::store) async fn watchlist_version(
        &self,
        hash: &WatchlistHash,
    ) -> Result<Option<WatchlistVersion>, StoreError> {
        let hash = hash.clone();
        self.read(move |trees| sources::watchlist_version(trees, &hash)).await
    }

    pub(in crate::store) async fn rematch(&self, commit: RematchCommit) -> Result<Vec<Change>, StoreError> {
        self.write(move |trees, writes| sources::rematch(trees, writes, commit.clone())).await
    }

    pub(in crate::store) async fn reads(
        &self,
        source: &SourceId,
        limit: usize,
    ) -> Result<Vec<ReadRecord>, StoreError> {
        let source = source.clone();
        self.read(move |trees| records::reads(trees, &source, limit)).await
    }

    pub(in crate::store) async fn glances(
        &self,
        sources: Arc<[SourceId]>,
    ) -> Result<Vec<Arc<SourceGlance>>, StoreError> {
        self.read(move |trees| trees.opening.glances.of(trees, &sources)).await
    }

    pub(in crate::store) async fn entry_counts(
        &self,
        sources: Vec<SourceId>,
    ) -> Result<Vec<Option<usize>>, StoreError> {
        self.read(move |trees| sources.iter().map(|source| sources::entry_count(trees, source)).collect())
            .await
    }

    pub(in crate::store) async fn entries(
        &self,
        wanted: Vec<(SourceId, Vec<String>)>,
        limit: usize,
    ) -> Result<Vec<KnownEntries>, StoreError> {
        self.read(move |trees| {
            wanted.iter().map(|(source, keys)| sources::entries(trees, source, keys, limit)).collect()
        })
        .await
    }

    pub(in crate::store) async fn named_on(
        &self,
        company: &CompanyId,
    ) -> Result<Vec<(SourceId, Vec<String>)>, StoreError> {
        let company = company.clone();
        self.read(move |trees| named_on::find(trees, &company)).await
    }
}
