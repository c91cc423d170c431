//! Matching what stands anew, when the company registry has changed.

use super::Checker;
use super::known::Known;
use crate::domain::alert::alerts_of;
use crate::domain::change::{Change, ChangeKind, Evidence};
use crate::domain::entry::Document;
use crate::domain::matching::Watchlist;
use crate::domain::snapshot::Baseline;
use crate::domain::source::Source;
use crate::domain::standing::{Standing, stand};
use crate::store::{ChangeQuery, RematchCommit, StoreError};

impl Checker {
    /// Matches what stands of a source with the registry in force, where that is not the one it was
    /// matched with, and keeps what is found; gives the notices. Reads nothing from the source.
    ///
    /// # Errors
    /// The store's error; then nothing is kept, and the next read or start tries again.
    pub async fn rematch(&self, source: &Source) -> Result<Vec<Change>, StoreError> {
        let _turn = self.turn(&source.id).await;
        self.rematch_in_turn(source, &self.registry.current()).await
    }

    /// The same for whoever has the source's turn.
    pub(super) async fn rematch_in_turn(
        &self,
        source: &Source,
        watchlist: &Watchlist,
    ) -> Result<Vec<Change>, StoreError> {
        let before = self.store.standing(&source.id).await?;
        if before.is_some_and(|before| before.is_of(watchlist)) {
            return Ok(Vec::new());
        }
        let known = Known::load_whole(&self.store, source).await?;
        let Known { baseline: Some(baseline), standing: before, version, .. } = known else {
            return Ok(Vec::new());
        };
        let (standing, listed) = stand(source, &baseline.document, watchlist, before.as_ref());
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
            .rematch(RematchCommit { computed_from: version, standing, notices: notices.collect() })
            .await?;
        if !notices.is_empty() {
            tracing::info!(source.id = %source.id, notices = notices.len(), "already listed");
        }
        Ok(notices)
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

impl Known {
    /// What stands once a document is accepted. Only where registry and extraction are still those
    /// of before does it follow from the changes.
    pub(super) fn standing_after(
        &self,
        source: &Source,
        document: &Document,
        changes: &[Change],
        watchlist: &Watchlist,
    ) -> Standing {
        let is_read_alike = self
            .baseline
            .as_ref()
            .is_some_and(|baseline| baseline.snapshot.fingerprint == source.fingerprint());
        match &self.standing {
            Some(before) if is_read_alike && before.is_of(watchlist) => before.after(document, changes),
            before => stand(source, document, watchlist, before.as_ref()).0,
        }
    }
}
