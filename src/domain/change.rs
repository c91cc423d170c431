//! A change: one entry that came, went or was reworded, with its proof.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::alert::{Alert, alerts_of};
use super::docket::DocketEvent;
use super::entry::EntryDate;
use super::event::Numbers;
use super::id::{ChangeId, CompanyId, SourceId};
use super::matching::Match;

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

impl EntryChange {
    /// What became of a docket entry; `None` for entries of other sources.
    #[must_use]
    pub fn event(&self) -> Option<DocketEvent> {
        DocketEvent::of(self)
    }

    /// What happened, in words: `added`, `amended`, `amended (document attached)`.
    #[must_use]
    pub fn happened(&self) -> String {
        match self.event() {
            None | Some(DocketEvent::New) => self.kind.to_string(),
            Some(event) => format!("{} ({event})", self.kind),
        }
    }
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
    /// Whom it may concern: names that are nearly theirs, for a person to look at.
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

    /// Takes a person's word on the names that may be meant: they are, and the change concerns their
    /// companies, or they are not. Gives the alerts this raises.
    pub fn decide(&mut self, is_meant: bool, now: DateTime<Utc>) -> Vec<Alert> {
        let known: Vec<CompanyId> = self.companies().into_iter().cloned().collect();
        let possible = std::mem::take(&mut self.possible);
        if is_meant {
            self.matches.extend(possible);
        }
        // Who follows the source was told of the change already.
        let new = alerts_of(self).into_iter().filter(|alert| !known.contains(&alert.company));
        new.map(|alert| Alert { raised_at: now, ..alert }).collect()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::BodyHash;

    fn possible(company: &str) -> Change {
        let evidence = |body: &[u8]| Evidence {
            url: "https://agency.test/list".to_owned(),
            read_at: DateTime::UNIX_EPOCH,
            status: 200,
            sha256: BodyHash::of(body),
        };
        let found = serde_json::json!({
            "company": company, "alias": "Dahua", "alias_kind": null, "rule": "alias", "field": "name",
            "span": { "start": 0, "end": 5 }, "excerpt": "Dahuo",
        });
        Change {
            id: ChangeId::derive(&["a"]),
            source: "list".parse().unwrap(),
            source_title: "A list".to_owned(),
            entry: EntryChange {
                kind: ChangeKind::Added,
                key: "a".to_owned(),
                title: "Dahuo".to_owned(),
                date: None,
                url: None,
                fields: Vec::new(),
                context: Vec::new(),
            },
            found_at: DateTime::UNIX_EPOCH,
            ordinal: 0,
            found_together: 1,
            matches: Vec::new(),
            possible: vec![serde_json::from_value(found).unwrap()],
            numbers: Numbers::default(),
            retracted_at: None,
            evidence: evidence(b"new"),
            previous: evidence(b"old"),
        }
    }

    #[test]
    fn a_name_that_is_meant_concerns_its_company_and_one_that_is_not_concerns_nobody() {
        let mut change = possible("dahua");
        let alerts = change.decide(true, DateTime::UNIX_EPOCH);
        assert_eq!(alerts.len(), 1);
        assert_eq!(change.companies(), [&"dahua".parse().unwrap()]);
        assert!(change.possible.is_empty());
        assert_eq!(change.decide(true, DateTime::UNIX_EPOCH), [], "a word counts once");

        let mut change = possible("dahua");
        assert_eq!(change.decide(false, DateTime::UNIX_EPOCH), []);
        assert!(change.companies().is_empty() && change.possible.is_empty());
    }
}
