//! How many reads agree on something that one read alone does not prove.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::id::digest_of;
use super::moment;

/// How many reads agree on something that is not believed yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// Names what they agree on.
    pub on: String,
    /// When the first of them saw it.
    pub since: DateTime<Utc>,
    /// When the last one that counts saw it.
    pub counted_at: DateTime<Utc>,
    /// How many count.
    pub reads: u32,
}

impl Agreement {
    /// Returns the agreement after another read saw the same, or a new one if it saw something else. A read
    /// sooner than `delay` after the last one agrees without counting. So does a read before it: the clock
    /// was wrong then, and the delay starts again.
    #[must_use]
    pub fn after(previous: Option<&Self>, on: &str, delay: Duration, now: DateTime<Utc>) -> Self {
        match previous {
            Some(known) if known.on == on && moment::lies_ahead(known.counted_at, now) => {
                Self { since: moment::by_now(known.since, now), counted_at: now, ..known.clone() }
            }
            Some(known) if known.on == on && now >= known.counted_at + delay => {
                Self { counted_at: now, reads: known.reads.saturating_add(1), ..known.clone() }
            }
            Some(known) if known.on == on => known.clone(),
            _ => Self { on: on.to_owned(), since: now, counted_at: now, reads: 1 },
        }
    }
}

/// Names a set of entries that are gone together.
#[must_use]
pub fn name_of_set<'a>(keys: impl IntoIterator<Item = &'a str>) -> String {
    let mut keys: Vec<&str> = keys.into_iter().collect();
    keys.sort_unstable();
    digest_of(&keys)
}
