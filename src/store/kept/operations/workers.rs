//! Daemons that work on one store. Of a database that one process owns, that process is alone.

use chrono::DateTime;

use crate::store::boundary::{AdoptedConfig, Enrolment, FellowWorker};
use crate::store::error::StoreError;
use crate::store::kept::database::Database;

impl Database {
    pub(in crate::store) async fn enrol(&self, enrolment: Enrolment) -> Result<(), StoreError> {
        match self {
            Self::Sled(_) => Ok(()),
            Self::Postgres { server, .. } => server.enrol(enrolment).await,
        }
    }

    pub(in crate::store) async fn propose(
        &self,
        configuration: &str,
        insists: bool,
    ) -> Result<AdoptedConfig, StoreError> {
        match self {
            Self::Sled(_) => Ok(AdoptedConfig { number: 1, is_ours: true, since: DateTime::UNIX_EPOCH }),
            Self::Postgres { server, .. } => server.propose(configuration, insists).await,
        }
    }

    pub(in crate::store) async fn generation(&self, ours: &str) -> Result<Option<AdoptedConfig>, StoreError> {
        match self {
            Self::Sled(_) => Ok(None),
            Self::Postgres { server, .. } => server.generation(ours).await,
        }
    }

    pub(in crate::store) async fn fellow_workers(&self) -> Result<Vec<FellowWorker>, StoreError> {
        match self {
            Self::Sled(_) => Ok(Vec::new()),
            Self::Postgres { server, .. } => server.fellow_workers().await,
        }
    }

    pub(in crate::store) async fn departed(&self) -> Result<Vec<String>, StoreError> {
        match self {
            Self::Sled(_) => Ok(Vec::new()),
            Self::Postgres { server, .. } => server.departed().await,
        }
    }

    pub(in crate::store) async fn forget_departed(&self, ids: &[String]) -> Result<(), StoreError> {
        match self {
            Self::Sled(_) => Ok(()),
            Self::Postgres { server, .. } => server.forget_departed(ids).await,
        }
    }

    pub(in crate::store) async fn forget_claims(&self) -> Result<(), StoreError> {
        match self {
            Self::Sled(_) => Ok(()),
            Self::Postgres { server, .. } => server.forget_claims().await,
        }
    }

    pub(in crate::store) async fn hinted(&self) {
        match self {
            Self::Sled(_) => std::future::pending().await,
            Self::Postgres { server, .. } => server.hinted().await,
        }
    }
}
