//! How a way stands by which mail comes in: whether it can be used, and what it could not take.
//!
//! A mailbox that cannot be read is no small thing: somebody's "unsubscribe" lies in it unheard.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A way by which this service fetches mail. What is handed over to it, by a pipe or through LMTP,
/// is none: there the server that hands it over notices what fails, and keeps the mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WayIn {
    /// A Maildir on this machine.
    Maildir,
    /// A mailbox at an IMAP server.
    Imap,
}

impl std::fmt::Display for WayIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(match self {
            Self::Maildir => "maildir",
            Self::Imap => "imap",
        })
    }
}

/// How one way stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayInState {
    /// The way.
    pub way: WayIn,
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
}

impl WayInState {
    /// A way that was never tried.
    #[must_use]
    pub fn new(way: WayIn) -> Self {
        Self { way, failures: 0, failing_since: None, reason: None, set_aside: 0, set_aside_since: None }
    }

    /// The way after it could be used, with so many messages set aside.
    #[must_use]
    pub fn worked(&self, set_aside: u32, now: DateTime<Utc>) -> Self {
        let set_aside_since = (set_aside > 0).then(|| self.set_aside_since.unwrap_or(now));
        Self { set_aside, set_aside_since, ..Self::new(self.way) }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Duration;

    #[test]
    fn a_way_fails_since_its_first_failure_and_until_it_works() {
        let (start, later) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + Duration::hours(1));
        let failing =
            WayInState::new(WayIn::Imap).failed("no".to_owned(), start).failed("never".to_owned(), later);
        assert_eq!((failing.failures, failing.failing_since), (2, Some(start)));
        assert_eq!(failing.reason.as_deref(), Some("never"));
        assert_eq!(failing.worked(0, later), WayInState::new(WayIn::Imap));
    }

    #[test]
    fn what_is_set_aside_lies_there_since_the_first() {
        let (start, later) = (DateTime::UNIX_EPOCH, DateTime::UNIX_EPOCH + Duration::hours(1));
        let one = WayInState::new(WayIn::Maildir).worked(1, start);
        assert_eq!(one.worked(3, later).set_aside_since, Some(start));
        assert_eq!(one.failed("no".to_owned(), later).set_aside, 1);
        assert_eq!(one.worked(0, later).set_aside_since, None);
    }
}
