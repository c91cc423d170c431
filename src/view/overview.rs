//! All sources at a glance.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};

use super::Views;
use crate::domain::due::due_at;
use crate::domain::id::SourceId;
use crate::domain::source::{Source, SourcePause};
use crate::domain::tally::DAYS;
use crate::store::{SourceGlance, StoreError};

/// How a source stands, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SourceState {
    /// A read waits for a person's word.
    Held,
    /// It cannot be read.
    Failing,
    /// It was never read.
    New,
    /// An operator has it left alone.
    Paused,
    /// It was read well.
    Good,
}

impl SourceState {
    /// Each with its name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("held", Self::Held),
        ("failing", Self::Failing),
        ("new", Self::New),
        ("paused", Self::Paused),
        ("good", Self::Good),
    ];

    /// The state in a word.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, state)| *state == self).map_or("", |(name, _)| name)
    }
}

/// What the reads of a day came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayState {
    /// The day (UTC).
    pub day: NaiveDate,
    /// Good reads.
    pub good: u32,
    /// Others.
    pub other: u32,
}

/// One source in the table.
#[derive(Debug, Clone)]
pub struct SourceRow {
    /// Its id.
    pub id: SourceId,
    /// What readers call it.
    pub title: String,
    /// The site it is on.
    pub site: String,
    /// The groups that it belongs to.
    pub groups: Vec<String>,
    /// How it stands.
    pub state: SourceState,
    /// Why, where it is not well.
    pub reason: Option<String>,
    /// When it was last read well.
    pub last_good_at: Option<DateTime<Utc>>,
    /// Since and until when it is left alone, where an operator said so.
    pub paused: Option<SourcePause>,
    /// When it is read next.
    pub next_due_at: Option<DateTime<Utc>>,
    /// Its newest change: when it was found and its id. Only of rows that are shown.
    pub last_change: Option<(DateTime<Utc>, String)>,
    /// How many entries it has. Only of rows that are shown.
    pub entries: Option<usize>,
    /// The last thirty days, the oldest first.
    pub days: Vec<DayState>,
    last_number: Option<u32>,
}

/// By what the table is ordered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum SourceOrder {
    /// The worst first.
    #[default]
    State,
    /// By title.
    Title,
    /// The longest without a good read first.
    LastGood,
    /// What changed last first.
    LastChange,
    /// What is due next first.
    Due,
}

impl SourceOrder {
    /// Each with its name.
    pub const ALL: [(&'static str, Self); 5] = [
        ("state", Self::State),
        ("title", Self::Title),
        ("good", Self::LastGood),
        ("change", Self::LastChange),
        ("due", Self::Due),
    ];
}

/// Which sources are asked for.
#[derive(Debug, Clone, Default)]
pub struct SourceFilter {
    /// Title, id or site hold this.
    pub words: String,
    /// In this state.
    pub state: Option<SourceState>,
    /// On this site.
    pub site: Option<String>,
    /// Of this group.
    pub group: Option<String>,
    /// In this order.
    pub order: SourceOrder,
    /// After so many of them.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

/// How the service stands.
#[derive(Debug, Clone)]
pub struct ServiceOverview {
    /// The sources asked for.
    pub rows: Vec<SourceRow>,
    /// How many there are of those asked for.
    pub found: usize,
    /// How many there are in all.
    pub total: usize,
    /// How many of all stand so, in the order of [`SourceState::ALL`].
    pub by_state: [usize; 5],
    /// The sites, in their order.
    pub sites: Vec<String>,
}

impl Views {
    /// All sources, and those asked for.
    ///
    /// # Errors
    /// The store's error.
    pub async fn overview(&self, filter: &SourceFilter) -> Result<ServiceOverview, StoreError> {
        let glances = self.glances().await?;
        let now = self.now();
        let pauses = self.0.store.source_pauses(now).await?;
        let mut standings: Vec<SortedSource<'_>> = self
            .sources()
            .iter()
            .zip(glances)
            .map(|(source, glance)| SortedSource::of(source, glance, pauses.get(&source.id).copied()))
            .collect();
        let mut by_state = [0; 5];
        for standing in &standings {
            by_state[standing.state as usize] += 1;
        }
        let total = standings.len();
        let words = filter.words.trim().to_lowercase();
        let words: Vec<&str> = words.split_whitespace().collect();
        standings.retain(|standing| filter.admits(standing, &words));
        let found = standings.len();
        sort(&mut standings, filter.order, now);
        let shown = standings.into_iter().skip(filter.skip).take(filter.limit);
        let rows = self.completed(shown.map(|standing| standing.row(now)).collect()).await?;
        Ok(ServiceOverview { rows, found, total, by_state, sites: self.sites().to_vec() })
    }

    /// One source as the table has it.
    pub(super) async fn row(&self, source: &Source) -> Result<SourceRow, StoreError> {
        let glances = self.0.store.glances([source.id.clone()].into()).await?;
        let pause = self.0.store.source_pause(&source.id, self.now()).await?;
        let rows = glances.into_iter().map(|glance| SortedSource::of(source, glance, pause).row(self.now()));
        let mut rows = self.completed(rows.collect()).await?;
        rows.pop().ok_or(StoreError::Closed)
    }

    /// Rows with what is looked up only for those that are shown.
    async fn completed(&self, mut rows: Vec<SourceRow>) -> Result<Vec<SourceRow>, StoreError> {
        let numbers = rows.iter().filter_map(|row| row.last_number).collect();
        let changes = self.0.store.numbered(numbers).await?;
        let changes: HashMap<u32, _> =
            changes.iter().map(|(number, change)| (*number, (change.found_at, &change.id))).collect();
        let entries = self.0.store.entry_counts(rows.iter().map(|row| row.id.clone()).collect()).await?;
        for (row, entries) in rows.iter_mut().zip(entries) {
            let change = row.last_number.and_then(|number| changes.get(&number));
            row.last_change = change.map(|(at, id)| (*at, id.to_string()));
            row.entries = entries;
        }
        Ok(rows)
    }
}

/// A source as it is compared with others: nothing of it is copied for that.
struct SortedSource<'a> {
    source: &'a Source,
    glance: Arc<SourceGlance>,
    paused: Option<SourcePause>,
    state: SourceState,
}

impl SourceFilter {
    fn admits(&self, standing: &SortedSource<'_>, words: &[&str]) -> bool {
        let source = standing.source;
        self.state.is_none_or(|state| state == standing.state)
            && self.site.as_ref().is_none_or(|site| site == standing.site())
            && self.group.as_ref().is_none_or(|group| source.catalogue.groups.contains(group))
            && (words.is_empty() || {
                let texts = [source.title.to_lowercase(), source.id.as_str().to_lowercase()];
                let site = standing.site();
                words.iter().all(|word| texts.iter().any(|text| text.contains(word)) || site.contains(word))
            })
    }
}

fn sort(standings: &mut [SortedSource<'_>], order: SourceOrder, now: DateTime<Utc>) {
    match order {
        SourceOrder::State => {
            standings.sort_by(|a, b| (a.state, &a.source.title).cmp(&(b.state, &b.source.title)));
        }
        SourceOrder::Title => standings.sort_by(|a, b| a.source.title.cmp(&b.source.title)),
        SourceOrder::LastGood => standings.sort_by_key(SortedSource::last_good_at),
        SourceOrder::LastChange => standings.sort_by_key(|row| std::cmp::Reverse(row.glance.last_change())),
        SourceOrder::Due => standings.sort_by_cached_key(|row| {
            let due = row.next_due_at(now);
            (due.is_none(), due)
        }),
    }
}

impl<'a> SortedSource<'a> {
    fn of(source: &'a Source, glance: Arc<SourceGlance>, paused: Option<SourcePause>) -> Self {
        let state = match &glance.state {
            _ if glance.is_held => SourceState::Held,
            _ if paused.is_some() => SourceState::Paused,
            None => SourceState::New,
            Some(state) if state.verdict.is_read() => SourceState::Good,
            Some(_) => SourceState::Failing,
        };
        Self { source, glance, paused, state }
    }

    fn site(&self) -> &'a str {
        self.source.url.host_str().unwrap_or_default()
    }

    fn last_good_at(&self) -> Option<DateTime<Utc>> {
        self.glance.state.as_ref()?.last_good_at
    }

    fn next_due_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self.paused {
            Some(pause) => pause.until,
            None => due_at(self.source, self.glance.state.as_ref(), now, now),
        }
    }

    /// As it is shown.
    fn row(&self, now: DateTime<Utc>) -> SourceRow {
        let state = self.glance.state.as_ref();
        let today = now.date_naive();
        let day = |ago| {
            let day = today.checked_sub_days(Days::new(ago)).unwrap_or(today);
            let (good, other) = state.map_or((0, 0), |state| state.tally.on(day));
            DayState { day, good, other }
        };
        SourceRow {
            id: self.source.id.clone(),
            title: self.source.title.clone(),
            site: self.site().to_owned(),
            groups: self.source.catalogue.groups.clone(),
            state: self.state,
            reason: state
                .and_then(|state| state.reason.clone())
                .filter(|_| !matches!(self.state, SourceState::Good | SourceState::Paused)),
            last_good_at: self.last_good_at(),
            next_due_at: self.next_due_at(now),
            paused: self.paused,
            last_change: None,
            entries: None,
            days: (0..DAYS).rev().map(day).collect(),
            last_number: self.glance.last_change(),
        }
    }
}
