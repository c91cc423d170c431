//! A change: one entry that came, went or was reworded, with its proof.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::entry::EntryDate;
use super::found::Match;
use super::id::{ChangeId, CompanyId, SourceId};
use super::numbers::Numbers;
use super::topic::Topic;

pub use super::response::Evidence;

/// What happened to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// It is there and was not.
    Added,
    /// It was there and is not.
    Removed,
    /// It says something else than it did.
    Amended,
    /// It was there before the company it names was tracked: a notice, not news.
    AlreadyListed,
}

impl std::fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Amended => "amended",
            Self::AlreadyListed => "already listed",
        })
    }
}

/// One field's text before and after; at least one of the two is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldChange {
    /// The field's name.
    pub name: String,
    /// What it said, if it was there.
    pub before: Option<String>,
    /// What it says, if it is there.
    pub after: Option<String>,
}

/// One change of one entry as the comparison found it, before it is tied to a read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryChange {
    /// What happened.
    pub kind: ChangeKind,
    /// The entry's key; for an amended entry the key it has now.
    pub key: String,
    /// The entry's title; for an amended entry the one it has now.
    pub title: String,
    /// The date the entry bears.
    pub date: Option<EntryDate>,
    /// Where a reader finds the entry.
    pub url: Option<String>,
    /// The fields that differ; for added and removed entries all of them.
    pub fields: Vec<FieldChange>,
    /// Everything the entry said before and says now that matching may look at:
    /// field name and text, equal texts once.
    pub context: Vec<(String, String)>,
}

/// A change as it is stored and told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Identity: the same change found twice has the same id.
    pub id: ChangeId,
    /// Where it was seen.
    pub source: SourceId,
    /// The source's title at that time.
    pub source_title: String,
    /// What changed.
    #[serde(flatten)]
    pub entry: EntryChange,
    /// When it was found.
    pub found_at: DateTime<Utc>,
    /// Its place among what the same read found, from 0, in the order of the page.
    #[serde(default)]
    pub ordinal: usize,
    /// How many changes the same read found, this one included; 0 where that was not noted.
    #[serde(default)]
    pub found_together: usize,
    /// Whom it concerns and why.
    pub matches: Vec<Match>,
    /// Companies it may concern: names that are nearly theirs, for a person to look at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub possible: Vec<Match>,
    /// The numbers of the document or docket entry that it is about, and of those it speaks of: what ties it to what
    /// other sources tell. Older programs did not note them.
    #[serde(default, skip_serializing_if = "Numbers::is_empty")]
    pub numbers: Numbers,
    /// When a person said that the read which shows it was not the source's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retracted_at: Option<DateTime<Utc>>,
    /// The read that shows it.
    pub evidence: Evidence,
    /// The read before it; of a notice the earliest read known to show the entry.
    pub previous: Evidence,
}

impl Change {
    /// Whether it tells what was there already, and nothing new.
    #[must_use]
    pub fn is_notice(&self) -> bool {
        self.entry.kind == ChangeKind::AlreadyListed
    }

    /// When it was published, as far as that is known: the moment that the source gives, if it lies between the
    /// read before and the one that found it, or else when it was found.
    #[must_use]
    pub fn published_at(&self) -> DateTime<Utc> {
        let given = match self.entry.date {
            Some(EntryDate::Moment(moment)) => Some(moment.with_timezone(&Utc)),
            Some(EntryDate::Day(_)) | None => None,
        };
        let is_likely = |at: &DateTime<Utc>| (self.previous.read_at..=self.found_at).contains(at);
        given.filter(is_likely).unwrap_or(self.found_at)
    }

    /// What may be followed to be told of it: the companies concerned, and its source.
    pub fn topics(&self) -> impl Iterator<Item = Topic> {
        self.companies().into_iter().map(Topic::from).chain([Topic::from(&self.source)])
    }

    /// The companies concerned, each once, in the order of their ids.
    #[must_use]
    pub fn companies(&self) -> Vec<&CompanyId> {
        let mut companies: Vec<_> = self.matches.iter().map(|found| &found.company).collect();
        companies.sort();
        companies.dedup();
        companies
    }
}
