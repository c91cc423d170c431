//! Other sources that speak of a source: what is new there may be a change here.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;

use crate::domain::change::{Change, ChangeKind};
use crate::domain::id::SourceId;
use crate::domain::read_state::ReadState;

/// Another watched source that announces what changes on this one: its publisher's notices, documents of the Federal
/// Register. What is new there has this source read at once; where this source cannot be read, its followers are told of
/// the announcement itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Announcer {
    /// The other source.
    pub source: SourceId,
    /// An entry there speaks of this source if it contains one of these; every entry does where there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub about: Vec<String>,
}

impl Announcer {
    /// Whether a change of the other source announces something of this one.
    #[must_use]
    pub fn announces(&self, change: &Change) -> bool {
        change.source == self.source
            && matches!(change.entry.kind, ChangeKind::Added | ChangeKind::Amended)
            && change.retracted_at.is_none()
            && self.speaks_of(change)
    }

    fn speaks_of(&self, change: &Change) -> bool {
        let said = change.entry.context.iter().map(|(_, text)| text).chain([&change.entry.title]);
        self.about.is_empty()
            || said
                .map(|text| in_words(text))
                .any(|said| self.about.iter().any(|about| said.contains(&in_words(about))))
    }
}

/// The words of a text in lower case, each between two blanks, so that no part of a word is found.
fn in_words(text: &str) -> String {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let words: String = words.flat_map(|word| [" ", word]).collect();
    words.to_lowercase() + " "
}

/// After so many reads in a row that failed, the followers of a source are told what was announced of it: a server that
/// is out of reach for a few minutes is no news.
const UNREAD_TO_TELL: u32 = 3;

/// What was announced longer ago is not told any more: whoever begins to follow announcers of a source that has been
/// out of reach for a year is not told all of that year.
const TOLD_FOR: TimeDelta = TimeDelta::days(30);

/// From when on announcements are to be told in the place of a source that cannot be read; `None` if none are: it was
/// read, or failed too few times in a row so far. `known` is of when the newest is that is known of the source.
#[must_use]
pub fn announced_after(
    state: &ReadState,
    known: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    let is_unread = !state.verdict.is_read() && state.failures >= UNREAD_TO_TELL;
    let told = [known, state.announced_until].into_iter().flatten();
    is_unread.then(|| told.max().unwrap_or(DateTime::UNIX_EPOCH).max(now - TOLD_FOR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grouping::tests::change;
    use crate::domain::snapshot::Validators;
    use crate::domain::verdict::Verdict;

    fn announcer(about: &[&str]) -> Announcer {
        let source = change("a", "2026-11-24T10:00:00Z", &[]).1.source;
        Announcer { source, about: about.iter().map(|&about| about.to_owned()).collect() }
    }

    #[test]
    fn an_entry_announces_a_source_by_whole_words_however_they_are_written() {
        let mut notice = change("a", "2026-11-24T10:00:00Z", &[]).1;
        "PSHSB Announces Update to the Covered\n List".clone_into(&mut notice.entry.title);
        for about in [&[][..], &["covered list"], &["secure networks act", "Covered-List"]] {
            assert!(announcer(about).announces(&notice), "{about:?}");
        }
        for about in [&["covered lists"][..], &["cover"], &["listed"]] {
            assert!(!announcer(about).announces(&notice), "{about:?}");
        }
        let elsewhere = Announcer { source: "other".parse().unwrap(), about: Vec::new() };
        assert!(!elsewhere.announces(&notice));
        let gone = Change { retracted_at: Some(notice.found_at), ..notice.clone() };
        notice.entry.kind = ChangeKind::Removed;
        assert!(!announcer(&[]).announces(&notice) && !announcer(&[]).announces(&gone));
    }

    #[test]
    fn announcements_are_told_once_a_source_failed_three_times_and_from_what_is_known_of_it() {
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::days(400) + TimeDelta::minutes(minutes);
        let good = ReadState::good("a".parse().unwrap(), Validators::default(), at(0));
        assert_eq!(announced_after(&good, Some(at(0)), at(1)), None);
        let mut state = good;
        for failures in 1..=3 {
            let before = Some(state);
            state = ReadState::unread(
                "a".parse().unwrap(),
                before,
                Verdict::Failed,
                "down".into(),
                None,
                at(failures),
            );
            let expected = (failures == 3).then_some(at(0));
            assert_eq!(announced_after(&state, Some(at(0)), at(failures)), expected, "{failures}");
        }
        let told = ReadState { announced_until: Some(at(2)), ..state };
        assert_eq!(announced_after(&told, Some(at(0)), at(4)), Some(at(2)));
        assert_eq!(
            announced_after(&told, None, at(0) + TimeDelta::days(90)),
            Some(at(0) + TimeDelta::days(60))
        );
    }
}
