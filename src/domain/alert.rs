//! An alert: one change that must be told about one topic, and its items: one a reader.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::Change;
use super::email::EmailAddress;
use super::id::{AlertId, ChangeId, CompanyId, SourceId};
use super::topic::Topic;

/// A change to be told to everyone who follows a topic.
///
/// Written in the same commit as its change; it stays until every reader has an [`AlertItem`] of it,
/// so that a crash between the two loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Identity, derived from change and topic.
    pub id: AlertId,
    /// The change.
    pub change: ChangeId,
    /// What it is an alert about.
    #[serde(rename = "company")]
    pub topic: Topic,
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
    /// What it is an alert about.
    #[serde(rename = "company")]
    pub topic: Topic,
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
            topic: alert.topic.clone(),
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
    fn of(change: &Change, topic: Topic) -> Self {
        Self {
            id: AlertId::derive(&[change.id.as_str(), &topic.text()]),
            change: change.id.clone(),
            topic,
            raised_at: change.found_at,
            spread_to: None,
        }
    }
}

/// The alerts a change raises: one for each company concerned.
#[must_use]
pub fn alerts_of(change: &Change) -> Vec<Alert> {
    change.companies().into_iter().map(|company| Alert::of(change, company.into())).collect()
}

/// The alerts that a change raises for followers of another source, of which it speaks and which cannot be read, and of the
/// companies that stand on that source. Those of companies that the change itself concerns were raised with it.
#[must_use]
pub fn alerts_of_announcement<'a>(
    change: &Change,
    source: &SourceId,
    listed: impl Iterator<Item = &'a CompanyId>,
    now: DateTime<Utc>,
) -> Vec<Alert> {
    let concerned = change.companies();
    let unnamed = listed.filter(|company| !concerned.contains(company)).map(Topic::from);
    let topics = unnamed.chain([Topic::from(source)]);
    topics.map(|topic| Alert { raised_at: now, ..Alert::of(change, topic) }).collect()
}

/// The alert that news raises for those who follow its source as such, where somebody does.
#[must_use]
pub fn alert_of_source(change: &Change) -> Option<Alert> {
    (!change.is_notice()).then(|| Alert::of(change, (&change.source).into()))
}

/// All alerts that somebody may have an item of: those of companies, and that of the source.
#[must_use]
pub fn all_alerts_of(change: &Change) -> Vec<Alert> {
    alerts_of(change).into_iter().chain(alert_of_source(change)).collect()
}

impl Change {
    /// Takes a person's word on the names that may be meant: they are, and the change concerns their
    /// companies, or they are not. Gives the alerts this raises.
    pub fn decide(&mut self, is_meant: bool, now: DateTime<Utc>) -> Vec<Alert> {
        let known: Vec<Topic> = self.companies().into_iter().map(Topic::from).collect();
        let possible = std::mem::take(&mut self.possible);
        if is_meant {
            self.matches.extend(possible);
        }
        // Who follows the source was told of the change already.
        let new = alerts_of(self).into_iter().filter(|alert| !known.contains(&alert.topic));
        new.map(|alert| Alert { raised_at: now, ..alert }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::{ChangeKind, EntryChange, Evidence};
    use crate::domain::id::BodyHash;
    use crate::domain::numbers::Numbers;

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
