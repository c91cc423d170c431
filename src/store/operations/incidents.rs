//! Incidents.

use chrono::{DateTime, Utc};

use crate::domain::incident::Incident;
use crate::domain::outbox::QueuedMail;
use crate::store::Store;
use crate::store::error::StoreError;
use crate::store::kept::ask;

impl Store {
    /// Every incident, open or over, the newest first.
    pub async fn incidents(&self) -> Result<Vec<Incident>, StoreError> {
        ask!(self.incidents().await)
    }

    /// The incidents that are open, or past since then or later ([`Incident::is_past_since`]), the newest first.
    pub async fn incidents_since(&self, since: DateTime<Utc>) -> Result<Vec<Incident>, StoreError> {
        ask!(self.incidents_since(since).await)
    }

    /// Keeps how incidents now stand and puts the mails that tell of them into the outbox, both or
    /// neither. A mail that is there already stays as it is. `known` are the incidents that this was computed from, those
    /// that are not past among them.
    ///
    /// # Errors
    /// [`StoreError::Superseded`] if another worker opened, told or closed an incident meanwhile.
    pub async fn escalate(
        &self,
        known: &[Incident],
        incidents: &[Incident],
        mails: Vec<QueuedMail>,
    ) -> Result<(), StoreError> {
        ask!(self.escalate(known, incidents, mails).await)
    }
}
