//! What a check found, as `check now --json` prints it. Documented in `docs/check.schema.json`.

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind, FieldChange};
use super::docket::DocketEvent;
use super::id::{ChangeId, CompanyId, SourceId};
use super::matching::Rule;
use super::verdict::Verdict;

/// What one check found over all its sources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// One a source, in the order of the configuration.
    pub sources: Vec<SourceReport>,
    /// Mails put into the outbox for what was found.
    pub mails_queued: usize,
}

impl CheckReport {
    /// Whether some source could not be read.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        self.sources.iter().any(|source| !source.verdict.is_read())
    }

    /// Whether something changed.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.sources.iter().any(|source| !source.changes.is_empty())
    }
}

/// What one read of one source found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// The source.
    pub id: SourceId,
    /// Whether the read may be believed.
    pub verdict: Verdict,
    /// Why not, where it may not.
    pub reason: Option<String>,
    /// Whether this was the first sight of the source.
    pub baseline: bool,
    /// How many entries it has.
    pub entries: usize,
    /// What changed since the last good read.
    pub changes: Vec<ChangeReport>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeReport {
    /// For `changes show`.
    pub id: ChangeId,
    /// What happened.
    pub kind: ChangeKind,
    /// What became of a docket entry.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<DocketEvent>,
    /// The entry.
    pub key: String,
    /// What a reader would call it.
    pub title: String,
    /// What differs.
    pub fields: Vec<FieldChange>,
    /// Whom it concerns.
    pub companies: Vec<CompanyReport>,
}

/// A company concerned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompanyReport {
    /// The company.
    pub id: CompanyId,
    /// By which name; empty where the source is bound to the company.
    pub alias: String,
    /// By which rule.
    pub rule: Rule,
}

impl From<&Change> for ChangeReport {
    fn from(change: &Change) -> Self {
        let mut companies: Vec<CompanyReport> = Vec::new();
        for found in &change.matches {
            if !companies.iter().any(|known| known.id == found.company) {
                companies.push(CompanyReport {
                    id: found.company.clone(),
                    alias: found.alias.clone(),
                    rule: found.rule,
                });
            }
        }
        Self {
            id: change.id.clone(),
            kind: change.entry.kind,
            event: change.entry.event(),
            key: change.entry.key.clone(),
            title: change.entry.title.clone(),
            fields: change.entry.fields.clone(),
            companies,
        }
    }
}
