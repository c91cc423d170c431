//! A company: where it is listed today, and what became of it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use super::Views;
use crate::domain::change::Change;
use crate::domain::company::Company;
use crate::domain::entry::{Entry, EntryDate};
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::match_index::names_in;
use crate::domain::matching::Watchlist;
use crate::domain::source::{ListMeaning, Source};
use crate::store::{ChangeSearch, FoundChanges, KnownEntries, StoreError};

/// Of one source, as many entries are named.
const SHOWN_ENTRIES: usize = 20;

/// As many of the sources that name it are shown with their entries.
const SHOWN_SOURCES: usize = 100;

/// Changes shown at once.
const SHOWN_CHANGES: usize = 50;

/// All about one company.
#[derive(Debug, Clone)]
pub struct CompanyView {
    /// The company.
    pub company: Company,
    /// The sources that name it today.
    pub listed: Vec<ListedSource>,
    /// How many more sources name it.
    pub more_listed: usize,
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
    /// What it means to stand there, where the source is a list of which that is known.
    pub listing: Option<ListMeaning>,
    /// When the source was first read: what was there then may have been there before.
    pub first_read_at: Option<DateTime<Utc>>,
}

/// An entry that names a company.
#[derive(Debug, Clone)]
pub struct ListedEntry {
    /// Its title.
    pub title: String,
    /// The date it bears.
    pub date: Option<EntryDate>,
    /// The names under which it names the company.
    pub named_as: Vec<String>,
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
        let is_watched = |(source, _): &&(SourceId, Vec<String>)| self.source(source.as_str()).is_some();
        let naming: HashSet<&SourceId> = named.iter().filter(is_watched).map(|(source, _)| source).collect();
        let shown: Vec<(SourceId, Vec<String>)> =
            named.iter().filter(is_watched).take(SHOWN_SOURCES).cloned().collect();
        let entries = self.0.store.entries(shown.clone(), SHOWN_ENTRIES).await?;
        let sources = shown.iter().filter_map(|(source, _)| self.source(source.as_str()));
        let watchlist = self.0.registry.current();
        let listed: Vec<ListedSource> =
            sources.zip(entries).map(|(source, known)| listed(source, id, known, &watchlist)).collect();
        let (mut unnamed, mut unread) = (Vec::new(), Vec::new());
        for (source, glance) in self.sources().iter().zip(self.glances().await?) {
            let is_read = glance.state.as_ref().is_some_and(|state| state.last_good_at.is_some());
            match (naming.contains(&source.id), is_read) {
                (true, _) => {}
                (false, true) => unnamed.push(source.id.clone()),
                (false, false) => unread.push(source.id.clone()),
            }
        }
        let more_listed = naming.len() - listed.len();
        let of_company =
            ChangeSearch { company: Some(id.clone()), limit: SHOWN_CHANGES, ..ChangeSearch::default() };
        let timeline = self.0.store.search(of_company.clone()).await?;
        let possible = self.0.store.search(ChangeSearch { is_possible: true, ..of_company }).await?;
        Ok(Some(CompanyView { company, listed, more_listed, unnamed, unread, timeline, possible }))
    }
}

/// What a source has of a company.
fn listed(source: &Source, company: &CompanyId, known: KnownEntries, watchlist: &Watchlist) -> ListedSource {
    let entry = |(entry, added): (Entry, Option<Change>)| ListedEntry {
        named_as: names_in(source, &entry, watchlist, company).into_iter().collect(),
        title: entry.title,
        date: entry.date,
        url: entry.url,
        added,
    };
    ListedSource {
        source: source.id.clone(),
        entries: known.entries.into_iter().map(entry).collect(),
        more: known.more,
        listing: source.listing.clone(),
        first_read_at: known.first.map(|first| first.response.read_at),
    }
}
