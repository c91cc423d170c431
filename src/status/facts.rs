//! The facts from which it is decided how all stands.

use chrono::{DateTime, Duration, Utc};

use super::workers::Worker;
use crate::domain::id::SourceId;
use crate::domain::incident::Incident;
use crate::domain::read_state::ReadState;
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Verdict;
use crate::domain::webhook::Webhook;
use crate::store::{BackupNote, FellowWorker, OpenMails, StoreSize};

/// So much of a reason is shown.
const MAX_REASON_CHARS: usize = 160;

/// Whoever is late by more than this will not be read without a person.
const LONG_OVERDUE: Duration = Duration::days(1);

/// Everything that decides how all stands.
#[derive(Debug, Clone)]
pub struct StatusFacts {
    /// When these were gathered.
    pub now: DateTime<Utc>,
    /// So many reads in a row that fail need a person.
    pub failures: u32,
    /// Every source that is configured.
    pub sources: Vec<SourceFacts>,
    /// The incidents that are open.
    pub incidents: Vec<Incident>,
    /// How the outbox stands.
    pub mails: OpenMails,
    /// How large the store is.
    pub store: StoreSize,
    /// Whether the store's backups are its database server's, and not regwatch's.
    pub is_of_server: bool,
    /// The last backup that was taken.
    pub backup: Option<BackupNote>,
    /// The webhooks.
    pub webhooks: Vec<Webhook>,
    /// The daemon's tasks; none where no daemon runs.
    pub workers: Vec<Worker>,
    /// The daemons that work on the store; none of a store that one process owns.
    pub daemons: Vec<FellowWorker>,
}

/// How one source stands.
#[derive(Debug, Clone)]
pub struct SourceFacts {
    /// The source.
    pub id: SourceId,
    /// How its reads went; `None` before the first.
    pub state: Option<ReadFacts>,
    /// When it is due, or was.
    pub due_at: Option<DateTime<Utc>>,
    /// How late a read of it may be.
    pub grace: Duration,
    /// Why a suspect read of it is kept for a person, where one is.
    pub quarantined: Option<String>,
    /// Since when.
    pub quarantined_since: Option<DateTime<Utc>>,
    /// Whether an operator has paused it.
    pub is_paused: bool,
}

/// How the reads of a source went, as far as it decides anything here.
#[derive(Debug, Clone)]
pub struct ReadFacts {
    /// What the last one was found to be.
    pub verdict: Verdict,
    /// Why, where it was not good.
    pub reason: Option<String>,
    /// How many in a row were not good.
    pub failures: u32,
    /// When the source was last read well.
    pub last_good_at: Option<DateTime<Utc>>,
}

impl From<&ReadState> for ReadFacts {
    fn from(state: &ReadState) -> Self {
        Self {
            verdict: state.verdict,
            reason: state.reason.clone(),
            failures: state.failures,
            last_good_at: state.last_good_at,
        }
    }
}

impl SourceFacts {
    /// Whether its last read was good and no other is late.
    #[must_use]
    pub fn is_in_time(&self, now: DateTime<Utc>) -> bool {
        let is_read = self.state.as_ref().is_some_and(|state| state.verdict.is_read());
        !self.is_paused && is_read && self.lateness(now).is_none()
    }

    /// By how much a read of it is late; `None` while it is in time.
    #[must_use]
    pub fn lateness(&self, now: DateTime<Utc>) -> Option<Duration> {
        let late = now - self.due_at?;
        (late > self.grace && !self.is_paused).then_some(late)
    }

    /// Whether its last read failed, or was suspect and nothing of it is kept.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        let is_unread = self.state.as_ref().is_some_and(|state| !state.verdict.is_read());
        !self.is_paused && is_unread && !self.is_quarantined()
    }

    /// Whether a read of it waits for a person.
    #[must_use]
    pub fn is_quarantined(&self) -> bool {
        !self.is_paused && self.quarantined.is_some()
    }

    pub(super) fn fails_too_often(&self, limit: u32) -> bool {
        self.is_failing() && self.failures() >= limit
    }

    pub(super) fn is_long_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state.is_some() && self.lateness(now).is_some_and(|late| late > LONG_OVERDUE)
    }

    pub(super) fn failures(&self) -> u32 {
        self.state.as_ref().map_or(0, |state| state.failures)
    }

    pub(super) fn reason(&self) -> String {
        reason(
            self.state.as_ref().and_then(|state| state.reason.as_deref()).unwrap_or("for an unknown reason"),
        )
    }

    pub(super) fn quarantine_reason(&self) -> String {
        reason(self.quarantined.as_deref().unwrap_or_default())
    }
}

/// What the reads of a source come to, in the words of the metrics.
impl SourceFacts {
    /// The verdict of its last read.
    #[must_use]
    pub fn verdict(&self) -> Option<Verdict> {
        self.state.as_ref().map(|state| state.verdict)
    }
}

/// A reason as it is shown.
pub(super) fn reason(text: &str) -> String {
    shorten(&one_line(text), MAX_REASON_CHARS)
}
