//! An alert: one change that must be told about one company, and its items: one a reader.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::email::EmailAddress;
use super::id::{AlertId, ChangeId, CompanyId};

/// A change to be told to everyone who follows a company.
///
/// Written in the same commit as its change; it stays until every reader has an [`AlertItem`] of it,
/// so that a crash between the two loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Identity, derived from change and company.
    pub id: AlertId,
    /// The change.
    pub change: ChangeId,
    /// The company, or the source as such.
    pub company: CompanyId,
    /// When it was raised.
    pub raised_at: DateTime<Utc>,
    /// Up to which address, in their order, readers have their item; nobody yet where it is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spread_to: Option<EmailAddress>,
}

/// An alert for one reader. It stays until the mail that tells it is in the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertItem {
    /// The alert.
    pub alert: AlertId,
    /// The change.
    pub change: ChangeId,
    /// The company.
    pub company: CompanyId,
    /// When the alert was raised.
    pub raised_at: DateTime<Utc>,
    /// How often no mail could be made of it.
    #[serde(default)]
    pub strikes: u32,
    /// How often a mail that told it was taken back before it was sent: the next is another mail.
    #[serde(default)]
    pub taken_back: u32,
}

impl AlertItem {
    /// A reader's item of an alert.
    #[must_use]
    pub fn of(alert: &Alert) -> Self {
        Self {
            alert: alert.id.clone(),
            change: alert.change.clone(),
            company: alert.company.clone(),
            raised_at: alert.raised_at,
            strikes: 0,
            taken_back: 0,
        }
    }

    /// The item after the mail that told it was taken back.
    #[must_use]
    pub fn taken_back(&self) -> Self {
        Self { taken_back: self.taken_back.saturating_add(1), strikes: 0, ..self.clone() }
    }
}

impl Alert {
    fn of(change: &Change, company: CompanyId) -> Self {
        Self {
            id: AlertId::derive(&[change.id.as_str(), company.as_str()]),
            change: change.id.clone(),
            company,
            raised_at: change.found_at,
            spread_to: None,
        }
    }
}

/// The alerts a change raises: one for each company concerned.
#[must_use]
pub fn alerts_of(change: &Change) -> Vec<Alert> {
    change.companies().into_iter().map(|company| Alert::of(change, company.clone())).collect()
}

/// The alert that news raises for those who follow its source as such, where somebody does.
#[must_use]
pub fn alert_of_source(change: &Change) -> Option<Alert> {
    (!change.is_notice()).then(|| Alert::of(change, CompanyId::of_source(&change.source)))
}

/// All alerts that somebody may have an item of: those of companies, and that of the source.
#[must_use]
pub fn all_alerts_of(change: &Change) -> Vec<Alert> {
    alerts_of(change).into_iter().chain(alert_of_source(change)).collect()
}
