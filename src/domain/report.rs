//! What a check found, and how `check now --json` prints it. Documented in `docs/check.schema.json`.

use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind, FieldChange};
use super::docket::DocketEvent;
use super::id::{ChangeId, CompanyId, SourceId};
use super::matching::MatchRule;
use super::verdict::Verdict;

/// What one check found over all its sources.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckReport {
    /// One a source, in the order of the configuration.
    pub sources: Vec<SourceCheck>,
    /// Mails put into the outbox for what was found; `None` if another worker makes them.
    pub mails_queued: Option<usize>,
}

impl CheckReport {
    /// Whether some source could not be read.
    #[must_use]
    pub fn has_unread(&self) -> bool {
        self.sources.iter().any(|source| !source.verdict.is_read())
    }

    /// Whether something changed.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.changes().next().is_some()
    }

    /// What changed, source by source.
    pub fn changes(&self) -> impl Iterator<Item = &Change> {
        self.sources.iter().flat_map(|source| &source.changes)
    }

    /// What was listed already, source by source.
    pub fn notices(&self) -> impl Iterator<Item = &Change> {
        self.sources.iter().flat_map(|source| &source.notices)
    }

    /// The report as it is printed.
    #[must_use]
    pub fn printed(&self) -> PrintedCheck<'_> {
        let sources = self.sources.iter().map(PrintedSource::of).collect();
        PrintedCheck { sources, mails_queued: self.mails_queued }
    }
}

/// What one read of one source found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCheck {
    /// The source.
    pub id: SourceId,
    /// Whether the read may be believed.
    pub verdict: Verdict,
    /// Why not, where it may not.
    pub reason: Option<String>,
    /// Whether this was the first sight of the source.
    pub baseline: bool,
    /// How many entries it has.
    pub entries: usize,
    /// How many of them name a tracked company.
    pub named: usize,
    /// What changed since the last good read.
    pub changes: Vec<Change>,
    /// What stood there already when the company registry came to know whom it names.
    pub notices: Vec<Change>,
}

impl SourceCheck {
    /// Whether it found something for readers, or may be trouble for the operator.
    #[must_use]
    pub fn is_to_be_told(&self) -> bool {
        !self.changes.is_empty() || !self.notices.is_empty() || !self.verdict.is_read()
    }

    /// This read and a second one of the same check, as one; if nothing came of the second, as if there had been none.
    #[must_use]
    pub fn followed_by(mut self, second: Self) -> Self {
        if !second.verdict.is_read() {
            return self;
        }
        self.changes.extend(second.changes);
        let Self { baseline, changes, notices, .. } = self;
        Self { baseline, changes, notices, ..second }
    }
}

/// A [`CheckReport`] as it is printed.
#[derive(Debug, Serialize)]
pub struct PrintedCheck<'a> {
    sources: Vec<PrintedSource<'a>>,
    mails_queued: Option<usize>,
}

#[derive(Debug, Serialize)]
struct PrintedSource<'a> {
    id: &'a SourceId,
    verdict: Verdict,
    reason: Option<&'a str>,
    baseline: bool,
    entries: usize,
    named: usize,
    changes: Vec<PrintedChange<'a>>,
    notices: Vec<PrintedChange<'a>>,
}

#[derive(Debug, Serialize)]
struct PrintedChange<'a> {
    /// For `changes show`.
    id: &'a ChangeId,
    kind: ChangeKind,
    /// What became of a docket entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<DocketEvent>,
    key: &'a str,
    title: &'a str,
    fields: &'a [FieldChange],
    companies: Vec<PrintedCompany<'a>>,
}

#[derive(Debug, Serialize)]
struct PrintedCompany<'a> {
    id: &'a CompanyId,
    /// By which name; empty if the source is bound to the company.
    alias: &'a str,
    /// By which rule.
    rule: MatchRule,
}

impl<'a> PrintedSource<'a> {
    fn of(source: &'a SourceCheck) -> Self {
        Self {
            id: &source.id,
            verdict: source.verdict,
            reason: source.reason.as_deref(),
            baseline: source.baseline,
            entries: source.entries,
            named: source.named,
            changes: source.changes.iter().map(PrintedChange::of).collect(),
            notices: source.notices.iter().map(PrintedChange::of).collect(),
        }
    }
}

impl<'a> PrintedChange<'a> {
    fn of(change: &'a Change) -> Self {
        let mut companies: Vec<PrintedCompany<'_>> = Vec::new();
        for found in &change.matches {
            if !companies.iter().any(|known| *known.id == found.company) {
                companies.push(PrintedCompany { id: &found.company, alias: &found.alias, rule: found.rule });
            }
        }
        Self {
            id: &change.id,
            kind: change.entry.kind,
            event: change.entry.event(),
            key: &change.entry.key,
            title: &change.entry.title,
            fields: &change.entry.fields,
            companies,
        }
    }
}
