//! Changes that are asked for or looked for, and reads that are taken back.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::reads::ReadCommit;
use crate::domain::change::{Change, ChangeKind};
use crate::domain::id::{CompanyId, MailId, RetractionId, SourceId};
use crate::domain::outbox::QueuedMail;
use crate::domain::retraction::Retraction;

/// Which changes are asked for. The default asks for none: `limit` is 0.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeQuery {
    /// Only of this source.
    pub source: Option<SourceId>,
    /// Only those that concern this company.
    pub company: Option<CompanyId>,
    /// Only those that may concern a company that they do not name for certain.
    #[serde(default)]
    pub is_possible: bool,
    /// Only those found then or later.
    pub since: Option<DateTime<Utc>>,
    /// At most so many, the newest.
    pub limit: usize,
}

impl ChangeQuery {
    /// Whether a change is asked for, the limit apart.
    #[must_use]
    pub fn covers(&self, change: &Change) -> bool {
        let concerning = if self.is_possible { &change.possible } else { &change.matches };
        let concerns = |company: &CompanyId| concerning.iter().any(|found| found.company == *company);
        self.source.as_ref().is_none_or(|source| *source == change.source)
            && self.company.as_ref().is_none_or(concerns)
            && (!self.is_possible || !change.possible.is_empty())
            && self.since.is_none_or(|since| change.found_at >= since)
    }
}

/// Changes that are looked for: all that have everything asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeSearch {
    /// Words that all stand in it.
    pub words: String,
    /// Of one of these sources; of any where empty.
    pub sources: Vec<SourceId>,
    /// That concerns this company; with [`Self::is_possible`], that may.
    pub company: Option<CompanyId>,
    /// Only those in which a name waits for a person's word.
    pub is_possible: bool,
    /// Of this kind.
    pub kind: Option<ChangeKind>,
    /// Of this entry: its source and its key.
    pub entry: Option<(SourceId, String)>,
    /// Found on this day (UTC) or later.
    pub since: Option<NaiveDate>,
    /// Found on this day or earlier.
    pub until: Option<NaiveDate>,
    /// Only those whose number is smaller: the next page.
    pub before: Option<u32>,
    /// At most so many.
    pub limit: usize,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct FoundChanges {
    /// The changes with their numbers, the newest first.
    pub changes: Vec<(u32, Change)>,
    /// How many there are in all, whatever the limit.
    pub total: usize,
    /// Whether there are more after these.
    pub has_more: bool,
}

/// A read that is taken back, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct RetractCommit {
    /// What is taken back.
    pub retraction: Retraction,
    /// The state before it as the source's own again, where the read was the last that was accepted.
    pub restored: Option<ReadCommit>,
}

/// What a run of mails is told of a retraction, kept as one atomic, durable step.
#[derive(Debug, Clone)]
pub struct Withdrawn {
    /// The retraction.
    pub retraction: RetractionId,
    /// The last mail that was looked at when this was computed; nothing where none was. The store keeps it only if the
    /// retraction is still as far.
    pub from: Option<MailId>,
    /// Mails that nobody has, which are kept back.
    pub dropped: Vec<MailId>,
    /// The mails that tell of it.
    pub mails: Vec<QueuedMail>,
    /// The last mail of the run; nothing where none comes after it, and the retraction is done with.
    pub reached: Option<MailId>,
    /// When.
    pub at: DateTime<Utc>,
}
