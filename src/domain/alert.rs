//! An alert: one change that must be told about one company.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::id::{AlertId, ChangeId, CompanyId};

/// A change to be told to everyone who follows a company.
///
/// Written in the same commit as its change; it stays until mails for it are in
/// the outbox, so that a crash between the two loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Identity, derived from change and company.
    pub id: AlertId,
    /// The change.
    pub change: ChangeId,
    /// The company.
    pub company: CompanyId,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
}

/// The alerts a change raises: one for each company concerned.
#[must_use]
pub fn alerts_of(change: &Change) -> Vec<Alert> {
    change
        .companies()
        .into_iter()
        .map(|company| Alert {
            id: AlertId::derive(&[change.id.as_str(), company.as_str()]),
            change: change.id.clone(),
            company: company.clone(),
            raised_at: change.found_at,
        })
        .collect()
}
