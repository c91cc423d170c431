//! Matching what stands anew, when the company registry has changed.

use std::sync::Arc;

use super::Checker;
use super::source_context::SourceContext;
use crate::domain::alert::alerts_of;
use crate::domain::change::{Change, ChangeKind, Evidence};
use crate::domain::entry::Document;
use crate::domain::match_index::{MatchIndex, match_baseline, stand_anew};
use crate::domain::matching::{Watchlist, WatchlistVersion};
use crate::domain::snapshot::Baseline;
use crate::domain::source::Source;
use crate::store::{ChangeQuery, RematchCommit, StoreError};

impl Checker {
    /// Matches what stands of a source with the registry in force, where that is not the one it was
    /// matched with, and keeps what is found; gives the notices. Reads nothing from the source.
    ///
    /// # Errors
    /// The store's error; then nothing is kept, and the next read or start tries again.
    pub async fn rematch(&self, source: &Source) -> Result<Vec<Change>, StoreError> {
        let watchlist = self.registry.current();
        // Mostly there is nothing to do, for which nobody need wait for the source.
        if SourceContext::load(&self.store, source).await?.is_matched_with(&watchlist) {
            return Ok(Vec::new());
        }
        let _turn = self.turn(&source.id).await?;
        self.rematch_in_turn(source, &watchlist).await
    }

    /// The same for whoever has the source's turn.
    pub(super) async fn rematch_in_turn(
        &self,
        source: &Source,
        watchlist: &Watchlist,
    ) -> Result<Vec<Change>, StoreError> {
        let known = SourceContext::load(&self.store, source).await?;
        if known.is_matched_with(watchlist) {
            return Ok(Vec::new());
        }
        self.rematch_known(source, known, watchlist).await
    }

    /// The same where what is known of the source was loaded and was matched with another watchlist.
    pub(super) async fn rematch_known(
        &self,
        source: &Source,
        mut known: SourceContext,
        watchlist: &Watchlist,
    ) -> Result<Vec<Change>, StoreError> {
        known.load_entries(&self.store, source).await?;
        let SourceContext { baseline: Some(baseline), standing: before, version, .. } = known else {
            return Ok(Vec::new());
        };
        let (standing, listed) = match &before {
            // Without it the first sight of a source is its baseline.
            None => (match_baseline(source, &baseline.document, watchlist, None), Vec::new()),
            Some(before) => {
                let looked_for = self.looked_for(before).await?;
                stand_anew(source, &baseline.document, watchlist, (before, &looked_for))
            }
        };
        let earliest = if listed.is_empty() { Vec::new() } else { self.additions(source).await? };
        let first = self.first_sight(source, &baseline).await?;
        let now = self.clock.now();
        let notices = listed.into_iter().map(|listed| {
            let added = earliest.iter().find(|change| change.entry.key == listed.entry.key);
            let earliest = added.map_or_else(|| first.clone(), |change| change.evidence.clone());
            let notice = listed.notice(source, &baseline, earliest, now);
            let alerts = alerts_of(&notice);
            (notice, alerts)
        });
        let notices = self
            .store
            .rematch(RematchCommit {
                computed_from: version,
                standing,
                watchlist: Arc::clone(watchlist.version()),
                notices: notices.collect(),
            })
            .await?;
        if !notices.is_empty() {
            tracing::info!(source.id = %source.id, notices = notices.len(), "already listed: {} entries on {}", notices.len(), source.id);
        }
        Ok(notices)
    }

    /// Whom a source was matched with last. Should that be lost, whoever is named and was not named before is told.
    async fn looked_for(&self, before: &MatchIndex) -> Result<Arc<WatchlistVersion>, StoreError> {
        if let Some(embedded) = &before.embedded {
            return Ok(Arc::clone(embedded));
        }
        Ok(Arc::new(self.store.watchlist_version(&before.watchlist).await?.unwrap_or_default()))
    }

    /// The changes that added entries to a source.
    async fn additions(&self, source: &Source) -> Result<Vec<Change>, StoreError> {
        let of_source =
            ChangeQuery { source: Some(source.id.clone()), limit: usize::MAX, ..ChangeQuery::default() };
        let mut changes = self.store.changes(of_source).await?;
        changes.retain(|change| change.entry.kind == ChangeKind::Added);
        Ok(changes)
    }

    /// The read that made a source's first baseline.
    async fn first_sight(&self, source: &Source, baseline: &Baseline) -> Result<Evidence, StoreError> {
        let snapshots = self.store.snapshots(&source.id, usize::MAX).await?;
        Ok(snapshots.last().unwrap_or(&baseline.snapshot).evidence())
    }
}

impl SourceContext {
    /// Whether what stands was matched with this watchlist; so it was where nothing stands.
    pub(super) fn is_matched_with(&self, watchlist: &Watchlist) -> bool {
        match &self.standing {
            Some(standing) => standing.is_of(watchlist),
            None => self.accepted.is_none(),
        }
    }

    /// What stands once a document is accepted. Only where registry and extraction are still those
    /// of before does it follow from the changes.
    pub(super) fn standing_after(
        &self,
        source: &Source,
        document: &Document,
        changes: &[Change],
        watchlist: &Watchlist,
    ) -> MatchIndex {
        let is_read_alike =
            self.baseline.as_ref().is_some_and(|baseline| baseline.snapshot.fingerprint == self.fingerprint);
        match &self.standing {
            Some(before) if is_read_alike && before.is_of(watchlist) => before.after(document, changes),
            before => match_baseline(source, document, watchlist, before.as_ref()),
        }
    }
}
