//! A source that is read well and says nothing: a feed that was left behind.

use chrono::{DateTime, NaiveDate, Utc};

use super::read_state::ReadState;
use super::source::Source;
use super::working_day;

/// A source that is read well and has brought nothing for longer than it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceSilence {
    /// Since when.
    pub since: DateTime<Utc>,
    /// The day on which something was new, as the source counts days.
    pub last: NaiveDate,
    /// The working days since.
    pub days: u32,
    /// How many of them it may have.
    pub limit: u32,
}

impl SourceSilence {
    /// The silence of a source, if it is one.
    #[must_use]
    pub fn of(source: &Source, state: &ReadState) -> Option<Self> {
        let since = state.news.at?;
        // What nobody looked for is not missing: days count up to the last good read.
        let read_at = state.last_good_at?;
        let limit = match source.quiet_after {
            Some(0) => return None,
            Some(days) => days,
            // A small court may be silent for longer than a large one, and was.
            None => source.kind.default_quiet_after()?.max(state.news.longest.saturating_mul(2)),
        };
        let day = |moment: DateTime<Utc>| moment.with_timezone(&source.timezone).date_naive();
        let days = working_day::between(day(since), day(read_at));
        (days >= limit).then_some(Self { since, last: day(since), days, limit })
    }
}
