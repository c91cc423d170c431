//! What an operator asks of the evidence.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::service::{CommandError, CommandService};
use crate::prove::{EvidenceRequest, Exported, Sealing};

/// Write evidence beside the store; the command that asked copies it from there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportEvidence {
    /// What is wanted.
    pub wanted: EvidenceRequest,
}

impl Ask for ExportEvidence {
    type Reply = Exported;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let path = service.0.store.place_for_evidence();
        Ok(service.0.prover.export(&self.wanted, &path, Sealing::Allowed).await?)
    }
}

/// Evidence was fetched: remove what lies beside the store.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ForgetEvidence {
    /// What was fetched.
    pub path: PathBuf,
}

impl Ask for ForgetEvidence {
    type Reply = ();

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        service.0.store.forget_evidence(&self.path);
        Ok(())
    }
}
