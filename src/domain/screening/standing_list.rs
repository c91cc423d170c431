//! Suppliers that are kept, and what of them is new.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::screened::{Screened, ScreeningAnswer, ScreeningFinding};
use crate::domain::email::EmailAddress;
use crate::domain::id::{ScreeningId, SourceId, WatchlistHash};

/// Suppliers that somebody keeps an eye on: they are held against the lists again whenever one changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingList {
    /// The operator's handle for it.
    pub id: ScreeningId,
    /// Who is told what is new.
    pub owner: EmailAddress,
    /// Whether that is the operator, who needs no subscription.
    pub is_operators: bool,
    /// The suppliers' names.
    pub names: Vec<String>,
    /// When it was first kept.
    pub added_at: DateTime<Utc>,
    /// When it was last held against the lists.
    pub screened_at: DateTime<Utc>,
    /// What it was held against.
    pub against: Against,
    /// What is known to its owner.
    pub known: BTreeSet<KnownFinding>,
}

/// The states of all that decides what is found: another state may find something else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Against {
    /// The accepted state of each list that was read: its body, and the settings by which that was read.
    pub lists: BTreeMap<SourceId, String>,
    /// The companies that were tracked.
    pub watchlist: Option<WatchlistHash>,
}

/// A finding that its owner was told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KnownFinding {
    /// The supplier.
    pub name: String,
    /// The list.
    pub list: SourceId,
    /// Names the entry within the list.
    pub key: String,
    /// What it means for the supplier.
    pub answer: ScreeningAnswer,
    /// What the list calls the entry.
    pub entry: String,
}

/// What is other than its owner knows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScreeningNews {
    /// What was found and was not before, or is graver: the supplier with the finding.
    pub found: Vec<(String, ScreeningFinding)>,
    /// What was found before and is not any more.
    pub gone: Vec<KnownFinding>,
}

impl ScreeningNews {
    /// Whether there is nothing to be told.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.found.is_empty() && self.gone.is_empty()
    }
}

impl StandingList {
    /// Suppliers that are kept from now on; what was found of them is known.
    #[must_use]
    pub fn new(
        id: ScreeningId,
        (owner, is_operators): (EmailAddress, bool),
        screened: &Screened,
        against: Against,
    ) -> Self {
        let names = screened.names.iter().map(|name| name.name.clone()).collect();
        let (at, known) = (screened.at, known(screened));
        Self { id, owner, is_operators, names, added_at: at, screened_at: at, against, known }
    }

    /// What another look found that its owner does not know. A list that was never read, or is not watched any more,
    /// says nothing of what stood there.
    #[must_use]
    pub fn news(&self, screened: &Screened) -> ScreeningNews {
        let before: BTreeMap<(&str, &SourceId, &str), &KnownFinding> = self
            .known
            .iter()
            .map(|known| ((known.name.as_str(), &known.list, known.key.as_str()), known))
            .collect();
        let mut news = ScreeningNews::default();
        let mut now = BTreeSet::new();
        for name in &screened.names {
            for finding in &name.findings {
                let place = (name.name.as_str(), &finding.list, finding.key.as_str());
                let is_new = before.get(&place).is_none_or(|known| finding.answer < known.answer);
                if now.insert(place) && is_new {
                    news.found.push((name.name.clone(), finding.clone()));
                }
            }
        }
        let was_looked_at = |list: &SourceId| screened.list(list).is_some_and(|look| look.read_at.is_some());
        news.gone = before
            .into_iter()
            .filter(|(place, _)| !now.contains(place) && was_looked_at(place.1))
            .map(|(_, known)| known.clone())
            .collect();
        news
    }

    /// The same after its owner is told of that.
    #[must_use]
    pub fn told(self, screened: &Screened, against: Against) -> Self {
        let was_looked_at = |list: &SourceId| screened.list(list).is_some_and(|look| look.read_at.is_some());
        let mut kept: BTreeSet<KnownFinding> =
            self.known.into_iter().filter(|known| !was_looked_at(&known.list)).collect();
        kept.extend(known(screened));
        Self { screened_at: screened.at, against, known: kept, ..self }
    }
}

fn known(screened: &Screened) -> BTreeSet<KnownFinding> {
    let of_name = |name: &super::ScreenedName| -> Vec<KnownFinding> {
        let known = |finding: &ScreeningFinding| KnownFinding {
            name: name.name.clone(),
            list: finding.list.clone(),
            key: finding.key.clone(),
            answer: finding.answer,
            entry: finding.entry.clone(),
        };
        name.findings.iter().map(known).collect()
    };
    screened.names.iter().flat_map(of_name).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ListFreshness, ListLook, ScreenedName};
    use super::*;
    use crate::domain::scoring::Score;

    fn finding(key: &str, answer: ScreeningAnswer) -> ScreeningFinding {
        ScreeningFinding {
            answer,
            list: "list".parse().unwrap(),
            key: key.to_owned(),
            entry: key.to_owned(),
            name: key.to_owned(),
            score: Score::default(),
            reason: String::new(),
            company: None,
            date: None,
            since: None,
            url: None,
        }
    }

    fn screened(findings: &[(&str, ScreeningAnswer)], is_read: bool) -> Screened {
        let at: DateTime<Utc> = "2026-11-24T06:00:00Z".parse().unwrap();
        let list = ListLook {
            id: "list".parse().unwrap(),
            title: "A list".to_owned(),
            read_at: is_read.then_some(at),
            entries: 1,
            standing: ListFreshness::Current,
            reason: None,
            does_not_show: None,
            effect: None,
            authority: None,
            url: String::new(),
        };
        let findings = findings.iter().map(|(key, answer)| finding(key, *answer)).collect();
        let name = ScreenedName { name: "Amber".to_owned(), findings, not: Vec::new() };
        Screened { at, lists: vec![list], names: vec![name] }
    }

    #[test]
    fn what_is_new_graver_or_gone_is_news_once() {
        use ScreeningAnswer::{Listed, Possible};
        let id = "suppliers".parse().unwrap();
        let owner = ("desk@example.org".parse().unwrap(), true);
        let first = screened(&[("a", Possible), ("b", Listed)], true);
        let list = StandingList::new(id, owner, &first, Against::default());
        assert!(list.news(&first).is_empty());
        let second = screened(&[("a", Listed), ("c", Possible)], true);
        let news = list.news(&second);
        let found: Vec<&str> = news.found.iter().map(|(_, finding)| finding.key.as_str()).collect();
        assert_eq!(found, ["a", "c"]);
        assert_eq!(news.gone.iter().map(|known| known.key.as_str()).collect::<Vec<_>>(), ["b"]);
        let list = list.told(&second, Against::default());
        assert!(list.news(&second).is_empty());
        // A list of which nothing is known says nothing of what stood there.
        let unread = screened(&[], false);
        assert!(list.news(&unread).is_empty());
        assert_eq!(list.clone().told(&unread, Against::default()).known, list.known);
    }
}
