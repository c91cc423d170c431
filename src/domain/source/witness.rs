//! Something small that moves when a source does, asked often so that the source need not be.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::route::Contradiction;
use crate::domain::entry::Document;
use crate::domain::moment;

/// What is asked before a source: a feed of its publisher, a page that says when the list was made, or the head of the
/// list itself. While it says the same, the source is not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Witness {
    /// Where it is asked.
    pub url: Url,
    /// Whether its headers are asked for alone, which not every server answers honestly.
    pub head: bool,
    /// The source itself is asked at least as often, whatever its witness says.
    #[serde(serialize_with = "in_words")]
    pub full_every: Duration,
    /// Where what the witness holds is the publisher's own list of changes: which of its lists the source is.
    #[serde(flatten)]
    pub changes_of: Option<PublishedList>,
}

/// Which of the lists of a publisher a source is, by their names in its list of changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PublishedList {
    /// The one of this name.
    ChangesOf(String),
    /// All of them together but this one.
    ChangesOfAllBut(String),
}

impl PublishedList {
    /// Whether what stands on these lists stands in the source.
    pub fn has<'a>(&self, mut lists: impl Iterator<Item = &'a str>) -> bool {
        match self {
            Self::ChangesOf(name) => lists.any(|list| list.eq_ignore_ascii_case(name)),
            Self::ChangesOfAllBut(name) => lists.any(|list| !list.eq_ignore_ascii_case(name)),
        }
    }
}

/// What a publisher says that it changed on a list, by the keys of entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PublishedChanges {
    /// The day of the publication, as it is written.
    pub day: String,
    /// What came.
    pub added: BTreeSet<String>,
    /// What went.
    pub removed: BTreeSet<String>,
    /// What came without a word on which lists, if that is said of nothing that came.
    pub unplaced: BTreeSet<String>,
}

/// So many entries of a difference are named.
const MAX_NAMED: usize = 5;

impl PublishedChanges {
    /// What the list does not bear out, in words; `None` if it agrees.
    #[must_use]
    pub fn against(&self, document: &Document) -> Option<String> {
        let there: BTreeSet<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
        let named = |keys: &BTreeSet<String>, is_there: bool| -> Option<String> {
            let mut keys = keys.iter().filter(|key| there.contains(key.as_str()) == is_there).peekable();
            keys.peek()?;
            let keys: Vec<&str> = keys.map(String::as_str).collect();
            let more = if keys.len() > MAX_NAMED { " and others" } else { "" };
            Some(format!("{}{more}", keys[..keys.len().min(MAX_NAMED)].join(", ")))
        };
        let lacking =
            named(&self.added, false).map(|keys| format!("added {keys}, not in the list as it was read"));
        let left = named(&self.removed, true)
            .map(|keys| format!("removed {keys}, still in the list as it was read"));
        let unplaced = (!self.unplaced.is_empty()).then(|| {
            let count = self.unplaced.len();
            format!("added {count} without the names of the lists, so that these cannot be compared")
        });
        let said = lacking.into_iter().chain(left).chain(unplaced).collect::<Vec<_>>().join("; ");
        (!said.is_empty()).then(|| format!("the publisher's own changes of {} differ: {said}", self.day))
    }
}

fn in_words<S: serde::Serializer>(length: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&moment::length(*length))
}

/// What a witness said when its source was last read, and how far that can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witnessed {
    /// Its word, as it was before the source was read; none where it said nothing that can be compared.
    pub word: Option<String>,
    /// How often the source was read since its witness said this first.
    pub reads: u32,
    /// When the source was last read.
    pub read_at: DateTime<Utc>,
    /// How many reads in a row were made for the witness's sake and brought nothing.
    pub idle: u32,
    /// What the publisher's own list of changes says against what was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against: Option<Contradiction>,
    /// When it was last recorded that the witness vouches for the source, or that the source was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded_at: Option<DateTime<Utc>>,
}

/// A publisher may announce an edition before it replaces the file: so many reads under one word, and it is believed
/// that the file is the one that was announced.
const READS_TO_SETTLE: u32 = 3;

/// A read that brought nothing although the witness had moved is followed by another one after this, and after twice
/// as long each time.
const FIRST_WAIT: TimeDelta = TimeDelta::minutes(10);

/// That a witness says the same is a line of its source's chain, and one of its reads that are remembered, no more often
/// than this, however often it is asked.
const RECORDED_EVERY: TimeDelta = TimeDelta::hours(1);

/// The source is asked again after this where its witness says nothing.
const WITHOUT_A_WORD: TimeDelta = TimeDelta::hours(1);

impl Witnessed {
    /// Whether the source need not be asked, since its witness says what it said when the source was last read.
    #[must_use]
    pub fn spares_a_read(&self, witness: &Witness, word: &str, now: DateTime<Utc>) -> bool {
        let is_recent = TimeDelta::from_std(witness.full_every)
            .is_ok_and(|length| moment::is_within(self.read_at, length, now));
        self.is_settled() && self.word.as_deref() == Some(word) && is_recent
    }

    fn is_settled(&self) -> bool {
        self.reads >= READS_TO_SETTLE
    }

    /// What is known after the source was read, `word` being what its witness said just before.
    #[must_use]
    pub fn after(before: Option<&Self>, word: Option<String>, is_news: bool, now: DateTime<Utc>) -> Self {
        let same = before.filter(|before| word.is_some() && before.word == word);
        let reads = match (same, is_news) {
            // One more read, for an edition of which a part came first.
            (_, true) => READS_TO_SETTLE - 1,
            (Some(before), false) => before.reads.saturating_add(1),
            (None, false) => 1,
        };
        let idle = before.map_or(0, |before| before.idle);
        let is_settled = reads >= READS_TO_SETTLE;
        let idle = if is_news || is_settled { 0 } else { idle.saturating_add(1) };
        let against = before.and_then(|before| before.against.clone());
        Self { word, reads, read_at: now, idle, against, recorded_at: Some(now) }
    }

    /// Whether it is to be recorded now that the witness says the same.
    #[must_use]
    pub fn is_to_be_recorded(&self, now: DateTime<Utc>) -> bool {
        let last = self.recorded_at.unwrap_or(self.read_at);
        !moment::is_within(last, RECORDED_EVERY, now)
    }

    /// The same once that was recorded.
    #[must_use]
    pub fn recorded(self, now: DateTime<Utc>) -> Self {
        Self { recorded_at: Some(now), ..self }
    }

    /// Whether the source is believed to be the edition that its witness tells of since this read: then the
    /// publisher's list of changes can be held against it.
    #[must_use]
    pub fn has_settled(&self) -> bool {
        self.reads == READS_TO_SETTLE
    }

    /// The same once the publisher's list of changes was held against what was read: `words` is what differs.
    #[must_use]
    pub fn held_against(self, words: Option<String>, now: DateTime<Utc>) -> Self {
        let since = self.against.as_ref().map_or(now, |against| against.since);
        Self { against: words.map(|words| Contradiction { since, words }), ..self }
    }

    /// Until when neither the source nor its witness is asked; `None` if both are at the schedule's next tick.
    #[must_use]
    pub fn rest_until(&self, witness: &Witness) -> Option<DateTime<Utc>> {
        let longest = TimeDelta::from_std(witness.full_every).ok()?;
        let wait = match self.idle {
            _ if self.word.is_none() => WITHOUT_A_WORD,
            0 => return None,
            idle => FIRST_WAIT * 2_i32.pow((idle - 1).min(10)),
        };
        Some(self.read_at + wait.min(longest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn witness() -> Witness {
        let full_every = Duration::from_secs(6 * 60 * 60);
        Witness {
            url: "https://agency.test/feed".parse().unwrap(),
            head: false,
            full_every,
            changes_of: None,
        }
    }

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes)
    }

    /// What is known after reads, each with the minute, the witness's word and whether anything was new.
    fn after(reads: &[(i64, Option<&str>, bool)]) -> Witnessed {
        let mut known = None;
        for &(minute, word, is_news) in reads {
            known = Some(Witnessed::after(known.as_ref(), word.map(str::to_owned), is_news, at(minute)));
        }
        known.unwrap()
    }

    #[track_caller]
    fn check(known: &Witnessed, minute: i64, word: &str, is_spared: bool) {
        assert_eq!(known.spares_a_read(&witness(), word, at(minute)), is_spared, "{known:?}");
    }

    #[test]
    fn a_source_is_not_asked_while_its_witness_says_the_same() {
        let known = after(&[(0, Some("a"), true), (5, Some("a"), false)]);
        check(&known, 10, "a", true);
        check(&known, 10, "b", false);
        check(&known, 5 + 6 * 60, "a", false);
        check(&known, 0, "a", false);
        assert_eq!(known.rest_until(&witness()), None);
    }

    #[test]
    fn a_list_that_follows_its_announcement_late_is_looked_for_again() {
        let first = [(0, Some("a"), true), (5, Some("a"), false), (100, Some("b"), false)];
        let once = after(&first);
        check(&once, 105, "b", false);
        assert_eq!(once.rest_until(&witness()), Some(at(110)));
        let twice = after(&[&first[..], &[(110, Some("b"), false)]].concat());
        assert_eq!(twice.rest_until(&witness()), Some(at(130)));
        let settled = after(&[&first[..], &[(110, Some("b"), false), (130, Some("b"), false)]].concat());
        check(&settled, 135, "b", true);
        assert_eq!(settled.rest_until(&witness()), None);
    }

    #[test]
    fn a_witness_that_always_moves_does_not_have_the_source_asked_each_time() {
        let words: Vec<String> = (0..20).map(|number| number.to_string()).collect();
        let (mut minute, mut reads, mut known) = (0, 0, None);
        while minute < 24 * 60 {
            let word = Some(words[reads % words.len()].clone());
            let now = Witnessed::after(known.as_ref(), word, false, at(minute));
            minute = (now.rest_until(&witness()).unwrap() - at(0)).num_minutes();
            known = Some(now);
            reads += 1;
        }
        assert_eq!(reads, 9, "10, 20, 40, 80, 160, 320 minutes, then six hours each");
    }

    #[test]
    fn what_a_list_does_not_bear_out_of_its_publishers_changes_is_named() {
        use crate::domain::entry::{Completeness, Entry, Resemblance};
        let entries = ["1", "2", "3"].map(|key| Entry::new(key, key)).to_vec();
        let document = Document::new(entries, Completeness::Whole, Resemblance::Title);
        let keys = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect();
        let changes = |added: &[&str], removed: &[&str]| PublishedChanges {
            day: "2031-09-23".to_owned(),
            added: keys(added),
            removed: keys(removed),
            unplaced: BTreeSet::new(),
        };
        assert_eq!(changes(&["1", "2"], &["9"]).against(&document), None);
        let words = changes(&["1", "7"], &["3"]).against(&document).unwrap();
        assert!(words.contains("added 7, not in the list") && words.contains("removed 3, still"), "{words}");
        let unplaced = PublishedChanges { unplaced: keys(&["8", "9"]), ..changes(&[], &[]) };
        assert!(unplaced.against(&document).unwrap().contains("added 2 without the names of the lists"));
        let known = after(&[(0, Some("a"), true)]).held_against(Some(words), at(1));
        let again = Witnessed::after(Some(&known), Some("b".to_owned()), true, at(9));
        assert_eq!(again.against.as_ref().map(|against| against.since), Some(at(1)));
        assert_eq!(again.held_against(None, at(9)).against, None);
    }

    #[test]
    fn that_a_witness_says_the_same_is_recorded_once_an_hour() {
        let mut known = after(&[(0, Some("a"), true), (5, Some("a"), false)]);
        let mut recorded = Vec::new();
        for minute in (10..=24 * 60).step_by(5) {
            if known.is_to_be_recorded(at(minute)) {
                known = known.recorded(at(minute));
                recorded.push(minute);
            }
        }
        assert_eq!(recorded.len(), 23, "of 287 looks");
        assert_eq!(recorded[..2], [65, 125]);
        // A clock that was set back holds nothing up.
        assert!(known.is_to_be_recorded(at(0)));
    }

    #[test]
    fn without_its_witness_a_source_is_asked_each_hour() {
        let known = after(&[(0, Some("a"), true), (5, None, false)]);
        check(&known, 6, "a", false);
        assert_eq!(known.rest_until(&witness()), Some(at(65)));
    }
}
