//! What a read did not show any more, and how many reads must agree before it is believed gone.
//!
//! A page is half written, a server answers from a stale copy: an entry that one
//! read misses is often back in the next. Where the guard asks for it, a removal
//! waits until enough reads agree, each some time after the one before. Whatever
//! else a read shows is told at once.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::entry::{Entry, family};
use super::guard::Guard;
use super::moment::exact_in_words;

/// An entry that is missing and not yet believed to be gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pending {
    /// Its key.
    pub key: String,
    /// What a reader would call it.
    pub title: String,
    /// The reads that missed it.
    pub agreement: Agreement,
}

/// Of the entries that a read missed, those that are not to be believed gone yet.
#[must_use]
pub fn still_waiting(
    guard: &Guard,
    known: &[Pending],
    missing: &[&Entry],
    now: DateTime<Utc>,
) -> Vec<Pending> {
    if guard.confirm_reads <= 1 {
        return Vec::new();
    }
    let agreed = |entry: &Entry| {
        // A twin may have been given another number when it was put back.
        let is_same =
            |pending: &&Pending| pending.agreement.on == family(&entry.key) && pending.title == entry.title;
        let exact = known.iter().find(|pending| pending.key == entry.key);
        let previous = exact.or_else(|| known.iter().find(is_same));
        Agreement::after(previous.map(|pending| &pending.agreement), family(&entry.key), guard.delay(), now)
    };
    missing
        .iter()
        .map(|entry| Pending { key: entry.key.clone(), title: entry.title.clone(), agreement: agreed(entry) })
        .filter(|pending| pending.agreement.reads < guard.confirm_reads)
        .collect()
}

/// What waits, in words; nothing where nothing does.
#[must_use]
pub fn in_words(pending: &[Pending], confirm_at: Option<DateTime<Utc>>) -> Option<String> {
    let after = confirm_at.map_or_else(String::new, |at| format!(" after {}", exact_in_words(at)));
    match pending {
        [] => None,
        [one] => {
            Some(format!("{:?} is missing; a second look{after} will tell whether it is gone", one.title))
        }
        all => Some(format!(
            "{} entries are missing; a second look{after} will tell whether they are gone",
            all.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::domain::agreement::name_of_set;

    fn at(minutes: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::minutes(minutes)
    }

    fn guard(confirm_reads: u32) -> Guard {
        Guard { confirm_reads, ..Guard::of(1, 20) }
    }

    /// How many reads count after each of the looks, made so many minutes from the start; 0 when believed.
    #[track_caller]
    fn check(confirm_reads: u32, looks: &[i64], expected: &[u32]) {
        let entry = Entry::new("a", "A");
        let mut known = Vec::new();
        let mut counted = Vec::new();
        for minutes in looks {
            known = still_waiting(&guard(confirm_reads), &known, &[&entry], at(*minutes));
            counted.push(known.first().map_or(0, |pending| pending.agreement.reads));
        }
        assert_eq!(counted, expected);
    }

    #[test]
    fn a_removal_is_believed_when_enough_reads_agree_each_a_while_after_the_other() {
        check(1, &[0], &[0]);
        check(2, &[0, 10], &[1, 0]);
        check(2, &[0, 1, 9, 10], &[1, 1, 1, 0]);
        check(3, &[0, 15, 20, 30], &[1, 2, 2, 0]);
    }

    #[test]
    fn a_clock_that_was_ahead_puts_off_no_confirmation_beyond_the_delay() {
        check(2, &[1_000_000, 0, 9, 10], &[1, 1, 1, 0]);
    }

    #[test]
    fn an_entry_that_comes_back_is_forgotten() {
        let entry = Entry::new("a", "A");
        let known = still_waiting(&guard(2), &[], &[&entry], at(0));
        assert!(still_waiting(&guard(2), &known, &[], at(20)).is_empty());
    }

    #[test]
    fn another_set_of_entries_begins_anew() {
        let first = Agreement::after(None, &name_of_set(["b", "a"]), Duration::minutes(10), at(0));
        let same = Agreement::after(Some(&first), &name_of_set(["a", "b"]), Duration::minutes(10), at(20));
        assert_eq!((same.reads, same.since), (2, at(0)));
        let other = Agreement::after(Some(&same), &name_of_set(["a"]), Duration::minutes(10), at(40));
        assert_eq!((other.reads, other.since), (1, at(40)));
    }

    #[test]
    fn what_waits_is_told_in_words() {
        let pending = still_waiting(&guard(2), &[], &[&Entry::new("a", "A Corp")], at(0));
        assert_eq!(
            in_words(&pending, Some(at(10))).unwrap(),
            "\"A Corp\" is missing; a second look after 1 January 1970, 00:10:00 UTC will tell whether it is gone"
        );
        assert_eq!(in_words(&[], None), None);
    }
}
