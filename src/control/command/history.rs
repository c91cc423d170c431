//! Taking an archive in as a source's history.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::service::{CommandError, CommandService};
use crate::domain::change::Change;
use crate::domain::id::SourceId;
use crate::domain::snapshot::Snapshot;
use crate::store::Backfilled;

/// The first accepted state of a source; answered with `None` where it was never read well.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FirstState {
    /// Whose.
    pub id: SourceId,
}

impl Ask for FirstState {
    type Reply = Option<PastState>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.source(&self.id)?;
        let store = &service.0.store;
        let Some(first) = store.snapshots(&self.id, usize::MAX).await?.pop() else { return Ok(None) };
        let body = store.body(&first.response.sha256).await?.unwrap_or_default();
        Ok(Some((first, body).into()))
    }
}

/// A state of a source with its body.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PastState {
    /// The state.
    pub snapshot: Snapshot,
    /// Its body in base64: bodies are large, and lines of numbers larger.
    body: String,
}

impl From<(Snapshot, Vec<u8>)> for PastState {
    fn from((snapshot, body): (Snapshot, Vec<u8>)) -> Self {
        Self { snapshot, body: STANDARD.encode(body) }
    }
}

impl PastState {
    /// The body.
    ///
    /// # Errors
    /// Where it was not written by this program.
    pub fn body(&self) -> Result<Vec<u8>, base64::DecodeError> {
        STANDARD.decode(&self.body)
    }
}

/// Take states from before the first one in as history, with what changed between them. Nobody is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Backfill {
    /// The first state that was known when they were found.
    pub first: Snapshot,
    /// The states before it, the oldest first.
    pub states: Vec<PastState>,
    /// What changed from each to the next, up to the first that was known.
    pub changes: Vec<Change>,
}

impl Ask for Backfill {
    type Reply = ();

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.source(&self.first.source)?;
        let states: Result<Vec<(Snapshot, Vec<u8>)>, base64::DecodeError> = self
            .states
            .into_iter()
            .map(|state| Ok((state.body()?, state.snapshot)))
            .map(|state| state.map(|(body, snapshot)| (snapshot, body)))
            .collect();
        let states = states.map_err(|error| CommandError::NotTakenOver(error.to_string()))?;
        let backfilled = Backfilled { first: self.first, states, changes: self.changes };
        Ok(service.0.store.backfill(backfilled).await?)
    }
}
