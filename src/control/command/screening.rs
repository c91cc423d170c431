//! What an operator asks of suppliers.

use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, Progress};
use crate::control::service::{CommandError, Service};
use crate::domain::screening::Screened;

/// Hold suppliers against the lists that are watched. Nothing of it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScreenNames {
    /// Their names.
    pub names: Vec<String>,
}

impl Ask for ScreenNames {
    type Reply = Screened;

    async fn answer(self, service: &Service, _progress: &Progress) -> Result<Self::Reply, CommandError> {
        Ok(service.0.screener.screen(self.names).await?)
    }
}
