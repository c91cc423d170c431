//! Taking back a read that was believed: what it seemed to show is marked, and the state before it is
//! the source's again, so that the next good read does not tell the way back as news.

use std::sync::Arc;

use crate::domain::change::Change;
use crate::domain::entry::{Completeness, Document, Resemblance};
use crate::domain::id::BodyHash;
use crate::domain::match_index::match_baseline;
use crate::domain::read_state::ReadState;
use crate::domain::retraction::Retraction;
use crate::domain::snapshot::{Baseline, Snapshot, Validators};
use crate::domain::source::Source;
use crate::store::{Accepted, ChangeQuery, ReadCommit, RetractCommit, StoreError};

use super::Checker;
use super::source_context::{Unconfirmed, read_anew};

/// Why a read cannot be taken back.
#[derive(Debug, thiserror::Error)]
pub enum RetractError {
    /// It was before.
    #[error("change {0} has already been retracted")]
    Before(String),
    /// A notice tells what was there already: it comes from the registry, not from a read.
    #[error("change {0} is a notice of an earlier listing; it has no read to retract")]
    Notice(String),
    /// The state before it cannot be had.
    #[error("the state of {id} before that read cannot be restored: {reason}")]
    Obstacle {
        /// The source.
        id: String,
        /// What is in the way.
        reason: String,
    },
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Checker {
    /// Takes back the read that shows `change`: everything it seemed to show, told or not. Where the
    /// source's state still is what that read gave, the state before is restored.
    ///
    /// # Errors
    /// What was taken back before, and a state before it that cannot be had; then nothing is done.
    pub async fn retract(
        &self,
        source: &Source,
        change: &Change,
        reason: Option<String>,
    ) -> Result<Retraction, RetractError> {
        let _turn = self.turn(&source.id).await?;
        if change.retracted_at.is_some() {
            return Err(RetractError::Before(change.id.to_string()));
        }
        if change.is_notice() {
            return Err(RetractError::Notice(change.id.to_string()));
        }
        let query = ChangeQuery {
            source: Some(source.id.clone()),
            since: Some(change.found_at),
            limit: usize::MAX,
            ..ChangeQuery::default()
        };
        let all = self.store.changes(query).await?;
        let restored = self.restored(source, change).await?;
        let is_restored = restored.is_some();
        let retraction = Retraction { is_restored, ..Retraction::of(change, &all, reason, self.clock.now()) };
        self.store.retract(RetractCommit { retraction: retraction.clone(), restored }).await?;
        tracing::warn!(
            source.id = %source.id,
            changes = retraction.changes.len(),
            is_restored,
            "retracted a read of {}", source.id
        );
        Ok(retraction)
    }

    /// The state before the read of a change, where that read is the last that was accepted.
    async fn restored(&self, source: &Source, change: &Change) -> Result<Option<ReadCommit>, RetractError> {
        let rejected = &change.evidence.sha256;
        let known = self.store.known(&source.id).await?;
        let snapshots = self.store.snapshots(&source.id, usize::MAX).await?;
        let Some(last) = snapshots.first().filter(|last| last.response.sha256 == *rejected) else {
            return Ok(None);
        };
        let obstacle =
            |reason: &str| RetractError::Obstacle { id: source.id.to_string(), reason: reason.to_owned() };
        let before = snapshots
            .iter()
            .find(|before| before.response.sha256 == change.previous.sha256)
            .ok_or_else(|| obstacle("its snapshot is not in the store"))?;
        let body = self.store.body(&before.response.sha256).await?.unwrap_or_default();
        let empty = Baseline {
            snapshot: before.clone(),
            document: Document::new(Vec::new(), Completeness::Whole, Resemblance::Title),
        };
        let read = read_anew(&self.store, source, empty, Unconfirmed::default()).await?;
        let Baseline { document, .. } = read.map_err(|reason| obstacle(&reason))?;
        let snapshot = Snapshot {
            sequence: last.sequence + 1,
            fingerprint: source.fingerprint(),
            entries: document.entries.len(),
            ..before.clone()
        };
        let watchlist = self.registry.current();
        let standing = match_baseline(source, &document, &watchlist, known.standing.as_ref());
        let standing = Some((standing, Arc::clone(watchlist.version())));
        let state = self.state_without(source, known.state, rejected);
        let accepted = Accepted { baseline: Baseline { snapshot, document }, body: body.into() };
        let commit = ReadCommit::of(state).computed_from(known.version);
        Ok(Some(ReadCommit { accepted: Some(accepted), standing, ..commit }))
    }

    /// How the reads stand once the rejected body is no more: the next one asks for the whole page, and
    /// does not believe the same body again.
    fn state_without(&self, source: &Source, state: Option<ReadState>, rejected: &BodyHash) -> ReadState {
        let now = self.clock.now();
        let state = state.unwrap_or_else(|| ReadState::good(source.id.clone(), Validators::default(), now));
        let state = ReadState {
            validators: Validators::default(),
            pending: Vec::new(),
            confirm_at: None,
            amended: None,
            ..state
        };
        state.rejecting(rejected.clone(), now)
    }
}
