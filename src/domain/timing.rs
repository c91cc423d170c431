//! How long it takes from a publication to the mail that tells of it, source by source.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Duration, Utc};
use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind};
use super::entry::EntryDate;
use super::id::{ChangeId, SourceId};
use super::outbox::{Mail, MailState};

/// How long it took at a source: medians, in seconds; nothing where it is not known of any change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// The source.
    pub source: SourceId,
    /// How many changes were looked at.
    pub changes: usize,
    /// From publication to first sight, of entries that say to the minute when they were published.
    pub published_to_seen: Option<i64>,
    /// From first sight to the first mail that was accepted.
    pub seen_to_mailed: Option<i64>,
    /// From publication to the first mail that was accepted.
    pub published_to_mailed: Option<i64>,
}

/// The timings of all sources among these changes, by their ids.
#[must_use]
pub fn timings(changes: &[Change], mails: &[Mail]) -> Vec<Timing> {
    let mailed = first_mailed(mails);
    let mut by_source: BTreeMap<&SourceId, Vec<&Change>> = BTreeMap::new();
    for change in changes.iter().filter(|change| change.entry.kind != ChangeKind::AlreadyListed) {
        by_source.entry(&change.source).or_default().push(change);
    }
    let timing = |(source, changes): (&SourceId, Vec<&Change>)| {
        let lengths = |of: &dyn Fn(&Change) -> Option<Duration>| {
            median(changes.iter().filter_map(|change| of(change)).collect())
        };
        let until_mailed = |change: &Change, from: DateTime<Utc>| Some(*mailed.get(&change.id)? - from);
        Timing {
            source: source.clone(),
            changes: changes.len(),
            published_to_seen: lengths(&|change| Some(change.found_at - published_at(change)?)),
            seen_to_mailed: lengths(&|change| until_mailed(change, change.found_at)),
            published_to_mailed: lengths(&|change| until_mailed(change, published_at(change)?)),
        }
    };
    by_source.into_iter().map(timing).collect()
}

/// When each change was first told by a mail that was accepted.
fn first_mailed(mails: &[Mail]) -> HashMap<&ChangeId, DateTime<Utc>> {
    let mut first: HashMap<&ChangeId, DateTime<Utc>> = HashMap::new();
    for mail in mails.iter().filter(|mail| mail.state == MailState::Sent) {
        for change in &mail.changes {
            first.entry(change).and_modify(|at| *at = (*at).min(mail.at)).or_insert(mail.at);
        }
    }
    first
}

/// When a change was published, where its source says it to the minute; what it says of a moment after it was seen
/// is no such thing.
fn published_at(change: &Change) -> Option<DateTime<Utc>> {
    match change.entry.date? {
        EntryDate::Moment(moment) => Some(moment.to_utc()).filter(|moment| *moment <= change.found_at),
        EntryDate::Day(_) => None,
    }
}

fn median(mut lengths: Vec<Duration>) -> Option<i64> {
    lengths.sort_unstable();
    lengths.get(lengths.len() / 2).map(Duration::num_seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::grouping::tests::change;
    use crate::domain::id::MailId;

    fn seen(name: &str, published: Option<&str>, at: &str) -> Change {
        let (_, mut change) = change(name, at, &[]);
        change.entry.date = published.map(|text| text.parse().unwrap());
        change
    }

    fn mail(name: &str, change: &Change, state: MailState, at: &str) -> Mail {
        let recipient = "a@example.org".parse().unwrap();
        let changes = vec![change.id.clone()];
        let now = DateTime::UNIX_EPOCH;
        let id = MailId::derive(&[name]);
        let mail = Mail::queued(id, recipient, String::new(), "a@tracker.example".to_owned(), changes, now);
        Mail { state, at: at.parse().unwrap(), ..mail }
    }

    #[test]
    fn the_median_is_taken_of_what_is_known_and_the_first_accepted_mail_counts() {
        let quick = seen("quick", Some("2031-02-10T06:00:00+00:00"), "2031-02-10T06:02:00Z");
        let slow = seen("slow", Some("2031-02-10T06:00:00+00:00"), "2031-02-10T07:00:00Z");
        let day = seen("day", Some("2031-02-10"), "2031-02-10T07:00:00Z");
        let ahead = seen("ahead", Some("2031-02-11T06:00:00+00:00"), "2031-02-10T07:00:00Z");
        let mails = [
            mail("late", &quick, MailState::Sent, "2031-02-10T06:30:00Z"),
            mail("first", &quick, MailState::Sent, "2031-02-10T06:07:00Z"),
            mail("never", &slow, MailState::Expired, "2031-02-10T07:01:00Z"),
        ];
        let [timing] = &timings(&[quick, slow, day, ahead], &mails)[..] else { panic!("one source") };
        assert_eq!(timing.changes, 4);
        assert_eq!(timing.published_to_seen, Some(60 * 60), "of two the upper one");
        assert_eq!(timing.seen_to_mailed, Some(5 * 60));
        assert_eq!(timing.published_to_mailed, Some(7 * 60));
    }

    #[test]
    fn of_what_nobody_was_told_and_no_source_dates_nothing_is_said() {
        let [timing] = &timings(&[seen("x", None, "2031-02-10T07:00:00Z")], &[])[..] else {
            panic!("one source")
        };
        assert_eq!(
            (timing.published_to_seen, timing.seen_to_mailed, timing.published_to_mailed),
            (None, None, None)
        );
    }
}
