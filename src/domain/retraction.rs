//! Taking back what was told: a read that was believed and was not the source's.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::id::{ChangeId, MailId, RetractionId, SourceId};
use super::outbox::{Mail, MailState};

/// A person's word that a read which raised alerts was not the source's.
///
/// It stays until everybody who was told has been told otherwise.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retraction {
    /// Identity, derived from the read.
    pub id: RetractionId,
    /// Whose read.
    pub source: SourceId,
    /// All that it seemed to show.
    pub changes: Vec<ChangeId>,
    /// Why, in the operator's words.
    pub reason: Option<String>,
    /// When it was said.
    pub at: DateTime<Utc>,
    /// Whether the state before the read is the source's again.
    #[serde(default)]
    pub is_restored: bool,
    /// Up to which mail, in the order of their ids, its readers have been told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<MailId>,
}

/// What a retraction means for a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetractionEffect {
    /// It tells none of what is retracted.
    None,
    /// Certainly nobody has it. One that tells nothing else is not sent; what else it tells is told without
    /// what is retracted, when it would be sent ([`super::consent`]).
    Drop,
    /// Its reader has it, or may have it, or will: they are told otherwise.
    Tell,
}

impl Retraction {
    /// The retraction of all changes that the read of `change` seemed to show; `all` are changes of the
    /// same source.
    #[must_use]
    pub fn of(change: &Change, all: &[Change], reason: Option<String>, at: DateTime<Utc>) -> Self {
        let is_of_read = |other: &&Change| {
            other.source == change.source
                && other.found_at == change.found_at
                && other.evidence.sha256 == change.evidence.sha256
        };
        Self {
            id: RetractionId::derive(&[
                change.source.as_str(),
                change.evidence.sha256.as_str(),
                &change.found_at.to_rfc3339(),
            ]),
            source: change.source.clone(),
            changes: all.iter().filter(is_of_read).map(|change| change.id.clone()).collect(),
            reason,
            at,
            is_restored: false,
            reached: None,
        }
    }

    /// What it means for a mail.
    #[must_use]
    pub fn effect_on(&self, mail: &Mail) -> RetractionEffect {
        let told = mail.changes.iter().filter(|change| self.changes.contains(change)).count();
        if told == 0 {
            return RetractionEffect::None;
        }
        let is_gone = match mail.state {
            MailState::Sent => true,
            MailState::Leased => !mail.is_ahead,
            _ => false,
        };
        match (is_gone || mail.in_doubt > 0, told == mail.changes.len()) {
            (true, _) => RetractionEffect::Tell,
            (false, true) => RetractionEffect::Drop,
            (false, false) => RetractionEffect::None,
        }
    }
}
