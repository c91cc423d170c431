//! A company: where it is listed today, and what became of it.

use std::collections::BTreeSet;

use super::Views;
use crate::domain::change::Change;
use crate::domain::company::Company;
use crate::domain::entry::{Entry, EntryDate};
use crate::domain::id::{CompanyId, SourceId};
use crate::store::{ChangeSearch, FoundChanges, StoreError};

/// Of one source, as many entries are named.
const SHOWN_ENTRIES: usize = 20;

/// Changes shown at once.
const SHOWN_CHANGES: usize = 50;

/// All about one company.
#[derive(Debug, Clone)]
pub struct CompanyView {
    /// The company.
    pub company: Company,
    /// The sources that name it today.
    pub listed: Vec<ListedSource>,
    /// Sources that can name it and do not, those that were read well.
    pub unnamed: Vec<SourceId>,
    /// Sources that were never read well: nothing is known of them.
    pub unread: Vec<SourceId>,
    /// What concerned it, the newest first.
    pub timeline: FoundChanges,
    /// Names that may be its own, for a person to decide.
    pub possible: FoundChanges,
}

/// A source that names a company.
#[derive(Debug, Clone)]
pub struct ListedSource {
    /// The source.
    pub source: SourceId,
    /// The entries, in the order of the page.
    pub entries: Vec<ListedEntry>,
    /// How many more there are.
    pub more: usize,
}

/// An entry that names a company.
#[derive(Debug, Clone)]
pub struct ListedEntry {
    /// Its title.
    pub title: String,
    /// The date it bears.
    pub date: Option<EntryDate>,
    /// Where the source shows it.
    pub url: Option<String>,
    /// The change by which it came, where that was seen.
    pub added: Option<Change>,
}

impl Views {
    /// All about one company; `None` where it is not tracked.
    ///
    /// # Errors
    /// The store's error.
    pub async fn company(&self, id: &CompanyId) -> Result<Option<CompanyView>, StoreError> {
        let Some(company) = self.0.registry.current().company(id).cloned() else { return Ok(None) };
        let named: Vec<(SourceId, Vec<String>)> = self.0.store.named_on(id).await?;
        let mut listed = Vec::new();
        for (source, keys) in &named {
            if self.source(source.as_str()).is_some() {
                listed.push(self.listed(source, keys).await?);
            }
        }
        let naming: BTreeSet<&SourceId> = named.iter().map(|(source, _)| source).collect();
        let others: Vec<SourceId> = self.0.sources.iter().map(|source| source.id.clone()).collect();
        let glances = self.0.store.glances(others.clone()).await?;
        let (mut unnamed, mut unread) = (Vec::new(), Vec::new());
        for (source, glance) in others.into_iter().zip(glances) {
            let is_read = glance.state.is_some_and(|state| state.last_good_at.is_some());
            match (naming.contains(&source), is_read) {
                (true, _) => {}
                (false, true) => unnamed.push(source),
                (false, false) => unread.push(source),
            }
        }
        let of_company =
            ChangeSearch { company: Some(id.clone()), limit: SHOWN_CHANGES, ..ChangeSearch::default() };
        let timeline = self.0.store.search(of_company.clone()).await?;
        let possible = self.0.store.search(ChangeSearch { is_possible: true, ..of_company }).await?;
        Ok(Some(CompanyView { company, listed, unnamed, unread, timeline, possible }))
    }

    async fn listed(&self, source: &SourceId, keys: &[String]) -> Result<ListedSource, StoreError> {
        let baseline = self.0.store.baseline(source).await?;
        let entries = baseline.as_ref().map_or(&[][..], |baseline| &baseline.document.entries);
        let named: Vec<&Entry> = entries.iter().filter(|entry| keys.contains(&entry.key)).collect();
        let more = named.len().saturating_sub(SHOWN_ENTRIES);
        let mut listed = Vec::new();
        for entry in named.into_iter().take(SHOWN_ENTRIES) {
            let search = ChangeSearch {
                entry: Some((source.clone(), entry.key.clone())),
                limit: SHOWN_ENTRIES,
                ..ChangeSearch::default()
            };
            let changes = self.0.store.search(search).await?.changes;
            let is_come = |change: &Change| change.entry.kind == crate::domain::change::ChangeKind::Added;
            let added = changes.into_iter().map(|(_, change)| change).find(is_come);
            listed.push(ListedEntry {
                title: entry.title.clone(),
                date: entry.date,
                url: entry.url.clone(),
                added,
            });
        }
        Ok(ListedSource { source: source.clone(), entries: listed, more })
    }
}
