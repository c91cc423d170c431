//! Incidents.

use chrono::{DateTime, Utc};

use crate::domain::incident::Incident;
use crate::domain::outbox::QueuedMail;
use crate::store::error::StoreError;
use crate::store::kept::database::Database;
use crate::store::kept::incidents;

impl Database {
    pub(in crate::store) async fn incidents(&self) -> Result<Vec<Incident>, StoreError> {
        self.read(incidents::list).await
    }

    pub(in crate::store) async fn incidents_since(
        &self,
        since: DateTime<Utc>,
    ) -> Result<Vec<Incident>, StoreError> {
        self.read(move |trees| incidents::since(trees, since)).await
    }

    pub(in crate::store) async fn escalate(
        &self,
        known: &[Incident],
        incidents: &[Incident],
        mails: Vec<QueuedMail>,
    ) -> Result<(), StoreError> {
        let (known, incidents) = (known.to_vec(), incidents.to_vec());
        self.write(move |trees, writes| {
            incidents::escalate(trees, writes, (&known, &incidents), mails.clone())
        })
        .await
    }
}
