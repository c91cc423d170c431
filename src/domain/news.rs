//! When a source last brought anything new, and for how long it is usually silent.
//!
//! A court that moves to another system leaves a feed behind that lives, is read
//! well, and says nothing any more. Nothing fails then; only silence tells.

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::entry::EntryDate;
use super::working_day;

/// What is known of a source's news.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// When a read last found anything new; since when that is known, where none did yet.
    #[serde(default)]
    pub at: Option<DateTime<Utc>>,
    /// The newest date of anything that the source ever showed.
    #[serde(default)]
    pub newest: Option<EntryDate>,
    /// The longest silence that ended, in working days.
    #[serde(default)]
    pub longest: u32,
}

/// Where nobody looked for longer than this, silence is ours and not the source's.
const MAX_UNSEEN: Duration = Duration::days(2);

impl News {
    /// What is known after a read that `brought` this: `previous` is what was known, and when a read was last good.
    #[must_use]
    pub(super) fn after(
        previous: Option<(&Self, Option<DateTime<Utc>>)>,
        brought: &Self,
        read_at: DateTime<Utc>,
        last_good_at: Option<DateTime<Utc>>,
    ) -> Self {
        let Some((known, known_good_at)) = previous else {
            return Self { at: brought.at.or(last_good_at), ..brought.clone() };
        };
        let newest = known.newest.max(brought.newest);
        // A state that was carried over bears an earlier moment.
        let has_brought = brought.at == Some(read_at);
        // Entries of other cases are news of the court as well.
        let is_newer = brought.newest.is_some() && known.newest.is_some() && newest > known.newest;
        if !has_brought && !is_newer {
            return Self { at: known.at.or(last_good_at), newest, longest: known.longest };
        }
        let was_watched = known_good_at.is_some_and(|at| read_at - at <= MAX_UNSEEN);
        let silence = known.at.filter(|_| was_watched).map_or(0, |at| silent(at, read_at));
        Self { at: Some(read_at), newest, longest: known.longest.max(silence) }
    }
}

/// The working days of a silence, in Greenwich's zone: a day more or less does not matter.
fn silent(from: DateTime<Utc>, to: DateTime<Utc>) -> u32 {
    working_day::between(from.date_naive(), to.date_naive())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::read_state::ReadState;
    use crate::domain::snapshot::Validators;

    fn at(text: &str) -> DateTime<Utc> {
        format!("{text}Z").parse().unwrap()
    }

    fn read(previous: Option<&ReadState>, moment: &str, is_news: bool) -> ReadState {
        ReadState::good("court".parse().unwrap(), Validators::default(), at(moment))
            .bringing(is_news, None)
            .counted_after(previous)
    }

    #[test]
    fn the_longest_silence_that_was_watched_is_remembered() {
        let mut state = read(None, "2026-03-02T12:00:00", true);
        for day in 3..=6 {
            state = read(Some(&state), &format!("2026-03-0{day}T12:00:00"), false);
        }
        assert_eq!((state.news.at, state.news.longest), (Some(at("2026-03-02T12:00:00")), 0));
        state = read(Some(&state), "2026-03-07T12:00:00", true);
        assert_eq!((state.news.at, state.news.longest), (Some(at("2026-03-07T12:00:00")), 4));
        // The service did not run for a month.
        state = read(Some(&state), "2026-04-07T12:00:00", true);
        assert_eq!(state.news.longest, 4);
    }

    #[test]
    fn an_entry_of_another_case_is_news_of_the_court() {
        let day = |text: &str| Some(EntryDate::Day(text.parse().unwrap()));
        let with = |previous: Option<&ReadState>, moment: &str, newest| {
            ReadState::good("court".parse().unwrap(), Validators::default(), at(moment))
                .bringing(false, newest)
                .counted_after(previous)
        };
        let first = with(None, "2026-03-02T12:00:00", day("2026-03-02"));
        assert_eq!(first.news.at, Some(at("2026-03-02T12:00:00")), "from now on it is known");
        let same = with(Some(&first), "2026-03-03T12:00:00", day("2026-03-02"));
        assert_eq!(same.news.at, Some(at("2026-03-02T12:00:00")));
        let other = with(Some(&same), "2026-03-04T12:00:00", day("2026-03-04"));
        assert_eq!(other.news.at, Some(at("2026-03-04T12:00:00")));
        let vouched = other.clone().not_modified(at("2026-03-05T06:00:00")).counted_after(Some(&other));
        assert_eq!(vouched.news, other.news);
        let empty = with(Some(&other), "2026-03-05T12:00:00", None);
        assert_eq!((empty.news.at, empty.news.newest), (Some(at("2026-03-04T12:00:00")), day("2026-03-04")));
    }
}
