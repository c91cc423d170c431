//! What is due: comments that close and rules that take effect.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};

use super::Views;
use crate::domain::change::Change;
use crate::domain::deadline::Deadline;
use crate::domain::entry::{Entry, EntryDate};
use crate::domain::id::{ChangeId, CompanyId, SourceId};
use crate::domain::source::{Source, SourceKind};
use crate::store::StoreError;

/// Entries with a deadline that are looked at.
const MOST: usize = 2_000;

/// A deadline of an entry, as the entry now stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueEntry {
    /// When, and what then happens.
    pub deadline: Deadline,
    /// The source.
    pub source: SourceId,
    /// What readers call it.
    pub source_title: String,
    /// The entry's key in it.
    pub key: String,
    /// The entry's title.
    pub title: String,
    /// Where the source shows it.
    pub url: Option<String>,
    /// The companies concerned, in the order of their ids.
    pub companies: Vec<CompanyId>,
    /// The change that says so, where one was seen.
    pub change: Option<ChangeId>,
    /// Since when it is known.
    pub known_at: DateTime<Utc>,
}

impl Views {
    /// Every deadline on that day or later, the first first; only those that concern a company, where one is given.
    ///
    /// # Errors
    /// The store's error.
    pub async fn deadlines(
        &self,
        since: NaiveDate,
        company: Option<&CompanyId>,
    ) -> Result<Vec<DueEntry>, StoreError> {
        let mut entries: BTreeMap<(SourceId, String), Vec<DueEntry>> = BTreeMap::new();
        for change in self.0.store.with_deadlines(since, MOST).await? {
            entries.insert((change.source.clone(), change.entry.key.clone()), of_change(&change));
        }
        // What was there at first sight never changed, and is due all the same.
        for source in self.0.sources.iter().filter(|source| bears_deadlines(source)) {
            for due in self.due_at_first_sight(source).await? {
                let key = (due.source.clone(), due.key.clone());
                let is_told = |known: &Vec<DueEntry>| known.iter().any(|known| known.change.is_some());
                if !entries.get(&key).is_some_and(is_told) {
                    entries.entry(key).or_default().push(due);
                }
            }
        }
        let is_asked = |due: &DueEntry| {
            due.deadline.date >= since && company.is_none_or(|company| due.companies.contains(company))
        };
        let mut due: Vec<DueEntry> = entries.into_values().flatten().filter(is_asked).collect();
        due.sort_by(|a, b| (a.deadline, &a.source, &a.key).cmp(&(b.deadline, &b.source, &b.key)));
        Ok(due)
    }

    /// The deadlines in a source's accepted state.
    async fn due_at_first_sight(&self, source: &Source) -> Result<Vec<DueEntry>, StoreError> {
        let store = &self.0.store;
        let Some(baseline) = store.baseline(&source.id).await? else { return Ok(Vec::new()) };
        let standing = store.standing(&source.id).await?;
        let named = |entry: &Entry| {
            let named = standing.iter().flat_map(|standing| &standing.named);
            let named = named.filter(|(_, keys)| keys.contains(&entry.key));
            named.map(|(company, _)| company.clone()).collect::<Vec<CompanyId>>()
        };
        let of_entry = |entry: &Entry| {
            let due = Deadline::all_of_entry(entry).into_iter().map(|deadline| DueEntry {
                deadline,
                source: source.id.clone(),
                source_title: source.title.clone(),
                key: entry.key.clone(),
                title: entry.title.clone(),
                url: entry.url.clone(),
                companies: named(entry),
                change: None,
                known_at: begin_of(entry.date.map_or(deadline.date, EntryDate::day)),
            });
            due.collect::<Vec<_>>()
        };
        Ok(baseline.document.entries.iter().flat_map(of_entry).collect())
    }
}

/// Whether entries of a source come with such dates.
fn bears_deadlines(source: &Source) -> bool {
    matches!(source.kind, SourceKind::FederalRegister(_))
}

fn begin_of(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

/// The deadlines that an entry bears after a change.
fn of_change(change: &Change) -> Vec<DueEntry> {
    let due = Deadline::all_of(change).into_iter().map(|deadline| DueEntry {
        deadline,
        source: change.source.clone(),
        source_title: change.source_title.clone(),
        key: change.entry.key.clone(),
        title: change.entry.title.clone(),
        url: change.entry.url.clone(),
        companies: change.companies().into_iter().cloned().collect(),
        change: Some(change.id.clone()),
        known_at: change.found_at,
    });
    due.collect()
}
