//! A change as a chain binds it: what was found, and nothing of what was thought of it later.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::change::{Change, ChangeKind, Evidence, FieldChange};
use crate::domain::entry::EntryDate;
use crate::domain::id::{BodyHash, ChangeId, SourceId};

/// What of a change never changes. Its JSON is hashed when the change is found and again whenever it is shown: a field
/// that is added to one of these types must be left out where it is empty, or what was found before is no longer shown
/// to be what it was.
///
/// Whom it concerns is not in it: a person's word may change that, and whoever reads it can see for themselves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldChange {
    /// Its id.
    pub id: ChangeId,
    /// The source.
    pub source: SourceId,
    /// The source's title at that time.
    pub source_title: String,
    /// What happened.
    pub kind: ChangeKind,
    /// The entry's key.
    pub key: String,
    /// The entry's title.
    pub title: String,
    /// The date the entry bears.
    pub date: Option<EntryDate>,
    /// Where a reader finds the entry.
    pub url: Option<String>,
    /// The fields that differ.
    pub fields: Vec<FieldChange>,
    /// What else the entry says.
    pub context: Vec<(String, String)>,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// The read that shows it.
    pub evidence: Evidence,
    /// The read before it.
    pub previous: Evidence,
}

impl From<&Change> for ToldChange {
    fn from(change: &Change) -> Self {
        let entry = &change.entry;
        Self {
            id: change.id.clone(),
            source: change.source.clone(),
            source_title: change.source_title.clone(),
            kind: entry.kind,
            key: entry.key.clone(),
            title: entry.title.clone(),
            date: entry.date,
            url: entry.url.clone(),
            fields: entry.fields.clone(),
            context: entry.context.clone(),
            found_at: change.found_at,
            evidence: change.evidence.clone(),
            previous: change.previous.clone(),
        }
    }
}

impl ToldChange {
    /// Its JSON, as it is hashed.
    #[must_use]
    pub fn text(&self) -> String {
        // Texts and numbers, all of which JSON has.
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }
}

/// The SHA-256 by which the line of a read names a change that it found.
#[must_use]
pub fn digest_of_change(change: &Change) -> BodyHash {
    BodyHash::of(ToldChange::from(change).text().as_bytes())
}
