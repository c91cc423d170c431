//! How the sources behind somebody's silence are: what was read, how often, and what could not be.

use chrono::{DateTime, Utc};

use super::id::SourceId;
use super::read_state::ReadState;
use super::source::Source;
use super::subscription::{Subscriber, SubscriptionState};

/// One source as a reader should know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceHealth {
    /// The source.
    pub source: SourceId,
    /// What readers call it.
    pub title: String,
    /// When it was last read well.
    pub last_good_at: Option<DateTime<Utc>>,
    /// Since when it cannot be read well; nothing where its last read was good.
    pub failing_since: Option<DateTime<Utc>>,
    /// Good reads in the time asked for.
    pub good: u32,
    /// Other reads in it.
    pub unread: u32,
}

impl SourceHealth {
    /// A source's health since then.
    #[must_use]
    pub fn of(source: &Source, state: Option<&ReadState>, since: DateTime<Utc>) -> Self {
        let (good, unread) = state.map_or((0, 0), |state| state.tally.since(since.date_naive()));
        Self {
            source: source.id.clone(),
            title: source.title.clone(),
            last_good_at: state.and_then(|state| state.last_good_at),
            failing_since: state.and_then(|state| state.failing_since),
            good,
            unread,
        }
    }

    /// Whether the last read was good.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.last_good_at.is_some() && self.failing_since.is_none()
    }
}

/// Whether a source can tell this reader anything.
#[must_use]
pub fn is_watched_for(source: &Source, reader: &Subscriber) -> bool {
    let mut active = reader.subscriptions.iter().filter(|known| known.state == SubscriptionState::Active);
    active.any(|known| {
        source.can_tell_of(&known.topic)
            && (known.only.sources.is_empty() || known.only.sources.contains(&source.id))
    })
}
