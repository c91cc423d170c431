//! What an operator asks of suppliers.

use serde::{Deserialize, Serialize};

use crate::control::ask::{Ask, ProgressReporter};
use crate::control::reply::StandingSummary;
use crate::control::service::{CommandError, CommandService};
use crate::domain::email::EmailAddress;
use crate::domain::id::ScreeningId;
use crate::domain::screening::Screened;

/// Hold suppliers against the lists that are watched. Nothing of it is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ScreenNames {
    /// Their names.
    pub names: Vec<String>,
}

impl Ask for ScreenNames {
    type Reply = Screened;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.screener.screen(self.names).await?)
    }
}

/// Keep suppliers as a standing list; answered with what is found of them now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AddStandingList {
    /// Under which id.
    pub id: ScreeningId,
    /// Their names.
    pub names: Vec<String>,
    /// Who is told what is new; the operator where nobody is named.
    pub owner: Option<EmailAddress>,
}

impl Ask for AddStandingList {
    type Reply = Screened;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.standing.add(self.id, self.names, self.owner).await?)
    }
}

/// Every standing list, without its names.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListStandingLists {}

impl Ask for ListStandingLists {
    type Reply = Vec<StandingSummary>;

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        let lists = service.0.store.standing_lists().await?;
        Ok(lists.into_iter().map(StandingSummary::from).collect())
    }
}

/// Forget a standing list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RemoveStandingList {
    /// Which.
    pub id: ScreeningId,
}

impl Ask for RemoveStandingList {
    type Reply = ();

    async fn answer(
        self,
        service: &CommandService,
        _progress: &ProgressReporter,
    ) -> Result<Self::Reply, CommandError> {
        Ok(service.0.standing.remove(&self.id).await?)
    }
}
