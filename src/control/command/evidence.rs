//! What an operator asks of the evidence.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, Progress};
use crate::control::service::{CommandError, Service};
use crate::prove::{Exported, Sealing, Wanted};

/// Write evidence beside the store; the command that asked copies it from there.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ExportEvidence {
    /// What is wanted.
    pub wanted: Wanted,
}

impl Ask for ExportEvidence {
    type Reply = Exported;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
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

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        service.0.store.forget_evidence(&self.path);
        Ok(())
    }
}
