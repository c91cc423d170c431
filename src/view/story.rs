//! A change with what belongs to it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Views;
use crate::domain::change::{Change, Evidence};
use crate::domain::event::Tie;
use crate::domain::id::{BodyHash, ChangeId, SourceId};
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
    /// What other sources tell of the same, and what speaks of it, in the order in which it was found.
    pub ties: Vec<Tie>,
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
                snapshot.response.sha256 == evidence.sha256 && snapshot.response.read_at == evidence.read_at
            };
            snapshots.iter().find(is_it).cloned()
        };
        let snapshots = [of(&change.evidence), of(&change.previous)];
        let ties = self.0.store.ties(&change).await?;
        Ok(Story { change, others, ties, snapshots })
    }
}

/// A change that is tied to another, as programs are told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TiedChange {
    /// Its id.
    pub id: ChangeId,
    /// Its source.
    pub source: SourceId,
    /// What readers call its source.
    pub source_title: String,
    /// What happened, in words.
    pub happened: String,
    /// The title of its entry.
    pub title: String,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// The number that ties the two, as it is cited.
    pub number: String,
    /// Whether both are about the document or docket entry of that number; otherwise one only speaks of it.
    pub is_certain: bool,
    /// Whether another source tells the same by it.
    pub is_same: bool,
}

impl TiedChange {
    /// A tie of a change.
    #[must_use]
    pub fn of(change: &Change, tie: &Tie) -> Self {
        Self {
            id: tie.change.id.clone(),
            source: tie.change.source.clone(),
            source_title: tie.change.source_title.clone(),
            happened: tie.change.entry.happened(),
            title: tie.change.entry.title.clone(),
            found_at: tie.change.found_at,
            number: tie.number.to_string(),
            is_certain: tie.is_certain,
            is_same: tie.is_told_by_another(change),
        }
    }
}

impl Story {
    /// The body of one of its two proofs: now, or before.
    #[must_use]
    pub fn body(&self, is_before: bool) -> &BodyHash {
        if is_before { &self.change.previous.sha256 } else { &self.change.evidence.sha256 }
    }
}
