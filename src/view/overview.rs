//! All sources at a glance.

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
pub enum Order {
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

impl Order {
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
    pub order: Order,
    /// After so many of them.
    pub skip: usize,
    /// At most so many.
    pub limit: usize,
}

/// How the service stands.
#[derive(Debug, Clone)]
pub struct Overview {
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
    pub async fn overview(&self, filter: &SourceFilter) -> Result<Overview, StoreError> {
        let ids = self.0.sources.iter().map(|source| source.id.clone()).collect();
        let glances = self.0.store.glances(ids).await?;
        let now = self.now();
        let pauses = self.0.store.source_pauses(now).await?;
        let row = |(source, glance): (&Source, _)| row(source, glance, pauses.get(&source.id).copied(), now);
        let mut rows: Vec<SourceRow> = self.0.sources.iter().zip(glances).map(row).collect();
        let by_state =
            SourceState::ALL.map(|(_, state)| rows.iter().filter(|row| row.state == state).count());
        let mut sites: Vec<String> = rows.iter().map(|row| row.site.clone()).collect();
        sites.sort();
        sites.dedup();
        let total = rows.len();
        rows.retain(|row| filter.admits(row));
        let found = rows.len();
        sort(&mut rows, filter.order);
        let rows: Vec<SourceRow> = rows.into_iter().skip(filter.skip).take(filter.limit).collect();
        let rows = self.completed(rows).await?;
        Ok(Overview { rows, found, total, by_state, sites })
    }

    /// One source as the table has it.
    pub(super) async fn row(&self, source: &Source) -> Result<SourceRow, StoreError> {
        let glances = self.0.store.glances(vec![source.id.clone()]).await?;
        let pause = self.0.store.source_pause(&source.id, self.now()).await?;
        let rows = glances.into_iter().map(|glance| row(source, glance, pause, self.now())).collect();
        let mut rows = self.completed(rows).await?;
        rows.pop().ok_or(StoreError::Closed)
    }

    /// Rows with what is looked up only for those that are shown.
    async fn completed(&self, mut rows: Vec<SourceRow>) -> Result<Vec<SourceRow>, StoreError> {
        let numbers = rows.iter().filter_map(|row| row.last_number).collect();
        let changes = self.0.store.numbered(numbers).await?;
        for row in &mut rows {
            let change = changes.iter().find(|(number, _)| Some(*number) == row.last_number);
            row.last_change = change.map(|(_, change)| (change.found_at, change.id.to_string()));
            row.entries = self.0.store.accepted(&row.id).await?.map(|snapshot| snapshot.entries);
        }
        Ok(rows)
    }
}

impl SourceFilter {
    fn admits(&self, row: &SourceRow) -> bool {
        let words = self.words.trim().to_lowercase();
        let texts = [row.title.to_lowercase(), row.id.as_str().to_lowercase(), row.site.to_lowercase()];
        words.split_whitespace().all(|word| texts.iter().any(|text| text.contains(word)))
            && self.state.is_none_or(|state| state == row.state)
            && self.site.as_ref().is_none_or(|site| *site == row.site)
            && self.group.as_ref().is_none_or(|group| row.groups.contains(group))
    }
}

fn sort(rows: &mut [SourceRow], order: Order) {
    match order {
        Order::State => rows.sort_by(|a, b| (a.state, &a.title).cmp(&(b.state, &b.title))),
        Order::Title => rows.sort_by(|a, b| a.title.cmp(&b.title)),
        Order::LastGood => rows.sort_by_key(|row| row.last_good_at),
        Order::LastChange => rows.sort_by_key(|row| std::cmp::Reverse(row.last_number)),
        Order::Due => rows.sort_by_key(|row| (row.next_due_at.is_none(), row.next_due_at)),
    }
}

fn row(source: &Source, glance: SourceGlance, paused: Option<SourcePause>, now: DateTime<Utc>) -> SourceRow {
    let SourceGlance { state, is_held, last_change } = glance;
    let standing = match &state {
        _ if is_held => SourceState::Held,
        _ if paused.is_some() => SourceState::Paused,
        None => SourceState::New,
        Some(state) if state.verdict.is_read() => SourceState::Good,
        Some(_) => SourceState::Failing,
    };
    let today = now.date_naive();
    let day = |ago| {
        let day = today.checked_sub_days(Days::new(ago)).unwrap_or(today);
        let (good, other) = state.as_ref().map_or((0, 0), |state| state.tally.on(day));
        DayState { day, good, other }
    };
    SourceRow {
        id: source.id.clone(),
        title: source.title.clone(),
        site: source.url.host_str().unwrap_or_default().to_owned(),
        groups: source.catalogue.groups.clone(),
        state: standing,
        reason: state
            .as_ref()
            .and_then(|state| state.reason.clone())
            .filter(|_| !matches!(standing, SourceState::Good | SourceState::Paused)),
        last_good_at: state.as_ref().and_then(|state| state.last_good_at),
        next_due_at: match paused {
            Some(pause) => pause.until,
            None => due_at(source, state.as_ref(), now, now),
        },
        paused,
        last_change: None,
        entries: None,
        days: (0..DAYS).rev().map(day).collect(),
        last_number: last_change,
    }
}
