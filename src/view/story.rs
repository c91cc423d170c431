//! A change with what belongs to it.

use super::Views;
use crate::domain::change::{Change, Evidence};
use crate::domain::id::{BodyHash, ChangeId};
use crate::domain::snapshot::Snapshot;
use crate::store::{ChangeSearch, StoreError};

/// Other changes of an entry, shown at once.
const SHOWN_EARLIER: usize = 20;

/// As many of a source's newest snapshots are looked at for the headers of a body.
const LOOKED_AT: usize = 200;

/// A change and its surroundings.
#[derive(Debug, Clone)]
pub struct Story {
    /// The change.
    pub change: Change,
    /// Other changes of the same entry, the newest first.
    pub others: Vec<Change>,
    /// The snapshots that its proofs name, now and before, where they are kept.
    pub snapshots: [Option<Snapshot>; 2],
}

impl Views {
    /// A change by its whole id; `None` where there is none.
    ///
    /// # Errors
    /// The store's error.
    pub async fn change(&self, id: &ChangeId) -> Result<Option<Change>, StoreError> {
        match self.0.store.find_change(id.as_str()).await {
            Ok(change) => Ok(Some(change).filter(|change| change.id == *id)),
            Err(StoreError::NotFound { .. } | StoreError::Ambiguous { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// A change with what belongs to it.
    ///
    /// # Errors
    /// The store's error.
    pub async fn story(&self, change: Change) -> Result<Story, StoreError> {
        let search = ChangeSearch {
            entry: Some((change.source.clone(), change.entry.key.clone())),
            limit: SHOWN_EARLIER,
            ..ChangeSearch::default()
        };
        let found = self.0.store.search(search).await?.changes;
        let others =
            found.into_iter().map(|(_, other)| other).filter(|other| other.id != change.id).collect();
        let snapshots = self.0.store.snapshots(&change.source, LOOKED_AT).await?;
        let of = |evidence: &Evidence| {
            let is_it = |snapshot: &&Snapshot| {
                snapshot.sha256 == evidence.sha256 && snapshot.read_at == evidence.read_at
            };
            snapshots.iter().find(is_it).cloned()
        };
        let snapshots = [of(&change.evidence), of(&change.previous)];
        Ok(Story { change, others, snapshots })
    }
}

impl Story {
    /// The body of one of its two proofs: now, or before.
    #[must_use]
    pub fn body(&self, is_before: bool) -> &BodyHash {
        if is_before { &self.change.previous.sha256 } else { &self.change.evidence.sha256 }
    }
}
