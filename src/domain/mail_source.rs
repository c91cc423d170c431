//! How a way stands by which mail comes in: whether it can be used, and what it could not take.
//!
//! A mailbox that cannot be read is no small thing: somebody's "unsubscribe" lies in it unheard.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A way by which this service fetches mail. What is handed over to it, by a pipe or through LMTP,
/// is none: there the server that hands it over notices what fails, and keeps the mail.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum MailSource {
    /// A Maildir on this machine.
    Maildir,
    /// A mailbox at an IMAP server.
    Imap,
}

/// A message that failed so often is put aside.
const MAX_STRIKES: u32 = 3;

/// Of so many messages is known how often they failed. Where there are more, the next ones are put aside at once.
const MAX_STRUCK: usize = 1000;

/// How one way stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailSourceState {
    /// The way.
    pub way: MailSource,
    /// So many attempts failed since the last that did not.
    pub failures: u32,
    /// Since when it fails.
    pub failing_since: Option<DateTime<Utc>>,
    /// Why, as the last attempt has it.
    pub reason: Option<String>,
    /// So many messages lie where those are put that could not be taken in.
    pub set_aside: u32,
    /// Since when there are any.
    pub set_aside_since: Option<DateTime<Utc>>,
    /// How often messages failed that wait to be tried again, by what the way calls them.
    #[serde(default)]
    pub strikes: BTreeMap<String, u32>,
}

impl MailSourceState {
    /// A way that was never tried.
    #[must_use]
    pub fn new(way: MailSource) -> Self {
        Self {
            way,
            failures: 0,
            failing_since: None,
            reason: None,
            set_aside: 0,
            set_aside_since: None,
            strikes: BTreeMap::new(),
        }
    }

    /// The way after it could be used, with so many messages set aside.
    #[must_use]
    pub fn worked(&self, set_aside: u32, now: DateTime<Utc>) -> Self {
        let set_aside_since = (set_aside > 0).then(|| self.set_aside_since.unwrap_or(now));
        Self { set_aside, set_aside_since, strikes: self.strikes.clone(), ..Self::new(self.way) }
    }

    /// The way after an attempt to use it failed.
    #[must_use]
    pub fn failed(&self, reason: String, now: DateTime<Utc>) -> Self {
        Self {
            failures: self.failures.saturating_add(1),
            failing_since: self.failing_since.or(Some(now)),
            reason: Some(reason),
            ..self.clone()
        }
    }

    /// The way after a message failed, and whether that was once too often. It is kept, so that a restart
    /// does not begin to count anew.
    #[must_use]
    pub fn struck(&self, message: &str) -> (Self, bool) {
        let mut struck = self.clone();
        let strikes = self.strikes_of(message).saturating_add(1);
        let is_aside = strikes >= MAX_STRIKES || (strikes == 1 && self.strikes.len() >= MAX_STRUCK);
        if !is_aside {
            struck.strikes.insert(message.to_owned(), strikes);
        }
        (struck, is_aside)
    }

    /// The way once only these messages wait.
    #[must_use]
    pub fn with_waiting(&self, is_waiting: impl Fn(&str) -> bool) -> Self {
        let mut state = self.clone();
        state.strikes.retain(|message, _| is_waiting(message));
        state
    }

    /// How often a message failed.
    #[must_use]
    pub fn strikes_of(&self, message: &str) -> u32 {
        self.strikes.get(message).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn a_way_fails_since_its_first_failure_and_until_it_works() {
        let (start, later) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + Duration::hours(1));
        let failing = MailSourceState::new(MailSource::Imap)
            .failed("no".to_owned(), start)
            .failed("never".to_owned(), later);
        assert_eq!((failing.failures, failing.failing_since), (2, Some(start)));
        assert_eq!(failing.reason.as_deref(), Some("never"));
        assert_eq!(failing.worked(0, later), MailSourceState::new(MailSource::Imap));
    }

    #[test]
    fn what_is_set_aside_lies_there_since_the_first() {
        let (start, later) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + Duration::hours(1));
        let one = MailSourceState::new(MailSource::Maildir).worked(1, start);
        assert_eq!(one.worked(3, later).set_aside_since, Some(start));
        assert_eq!(one.failed("no".to_owned(), later).set_aside, 1);
        assert_eq!(one.worked(0, later).set_aside_since, None);
    }

    #[test]
    fn a_message_is_put_aside_when_it_failed_three_times_and_forgotten_once_it_is_gone() {
        let mut state = MailSourceState::new(MailSource::Imap);
        for is_last in [false, false, true] {
            let (struck, is_aside) = state.struck("1.7");
            assert_eq!(is_aside, is_last);
            state = struck.struck("1.8").0.worked(0, DateTime::UNIX_EPOCH);
        }
        assert_eq!(state.strikes_of("1.7"), 2, "kept until it is really gone");
        assert!(state.with_waiting(|message| message == "1.8").strikes.keys().eq(["1.8"]));
    }

    #[test]
    fn a_flood_of_messages_that_fail_is_not_remembered_without_end() {
        let mut state = MailSourceState::new(MailSource::Maildir);
        for number in 0..MAX_STRUCK {
            state = state.struck(&number.to_string()).0;
        }
        let (struck, is_aside) = state.struck("one more");
        assert!(is_aside && struck == state);
        assert!(!state.struck("7").1);
    }
}
