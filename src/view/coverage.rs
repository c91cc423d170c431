//! What was watched in a time, source by source.

use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::Views;
use crate::domain::health::SourceHealth;
use crate::domain::id::SourceId;
use crate::domain::tally::DAYS;
use crate::store::StoreError;

/// The report of a month, where no other time is asked for.
const COVERED_DAYS: u64 = 29;

/// What was watched in a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoverageView {
    /// The first day.
    pub since: NaiveDate,
    /// The last day.
    pub until: NaiveDate,
    /// The first day of which reads are remembered, where more was asked for.
    pub remembered_since: Option<NaiveDate>,
    /// The sources, in the order of the configuration.
    pub sources: Vec<SourceCoverage>,
}

/// What was watched of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceCoverage {
    /// The source.
    pub source: SourceId,
    /// What readers call it.
    pub title: String,
    /// Good reads.
    pub good: u32,
    /// Other reads.
    pub other: u32,
    /// When it was last read well.
    pub last_good_at: Option<DateTime<Utc>>,
    /// Since when it cannot be read.
    pub failing_since: Option<DateTime<Utc>>,
    /// How many changes were found.
    pub changes: usize,
    /// The days without a good read.
    pub days_without: Vec<NaiveDate>,
    /// What never appears in it.
    pub misses: Option<String>,
}

impl Views {
    /// What was watched from a day to another: a month up to today where nothing else is asked for.
    ///
    /// # Errors
    /// The store's error.
    pub async fn coverage(
        &self,
        since: Option<NaiveDate>,
        until: Option<NaiveDate>,
    ) -> Result<CoverageView, StoreError> {
        let today = self.now().date_naive();
        let until = until.unwrap_or(today).min(today);
        let month_before = until.checked_sub_days(Days::new(COVERED_DAYS)).unwrap_or(until);
        let since = since.unwrap_or(month_before).min(until);
        let remembered = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
        let glances = self.glances().await?;
        let changes = self.0.store.change_counts(Arc::clone(&self.1.ids), (since, until)).await?;
        let known = glances.iter().zip(changes);
        let sources = self.sources().iter().zip(known).map(|(source, (glance, changes))| {
            let state = glance.state.as_ref();
            let health = SourceHealth::of(source, state, since.and_time(NaiveTime::MIN).and_utc());
            let days = since.max(remembered).iter_days().take_while(|day| *day <= until);
            let (mut good, mut other, mut days_without) = (0, 0, Vec::new());
            for day in days {
                let (read_well, read_badly) = state.map_or((0, 0), |state| state.tally.on(day));
                good += read_well;
                other += read_badly;
                days_without.extend((read_well == 0).then_some(day));
            }
            SourceCoverage {
                source: source.id.clone(),
                title: source.title.clone(),
                good,
                other,
                last_good_at: health.last_good_at,
                failing_since: health.failing_since,
                changes,
                days_without,
                misses: source.misses.clone(),
            }
        });
        let sources = sources.collect();
        Ok(CoverageView {
            since,
            until,
            remembered_since: (since < remembered).then_some(remembered),
            sources,
        })
    }
}
