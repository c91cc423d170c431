//! The answers as programs read them.
//!
//! Each name bears all that its answer rests on, so that whoever cuts one out of the report has it whole: which lists
//! were looked at, and which of them are not current.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::screened::{ListFreshness, ListLook, Screened, ScreenedName, ScreeningAnswer, ScreeningFinding};
use crate::domain::entry::EntryDate;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::scoring::Score;

/// All of it.
#[derive(Debug, Serialize)]
pub struct ScreeningReport<'a> {
    at: DateTime<Utc>,
    lists: &'a [ListLook],
    counts: AnswerCounts,
    names: Vec<NameReport<'a>>,
}

/// How many names got each answer.
#[derive(Debug, Serialize)]
struct AnswerCounts {
    listed: usize,
    exposed: usize,
    possible: usize,
    clear: usize,
}

/// A name with all that its answer rests on.
#[derive(Debug, Serialize)]
struct NameReport<'a> {
    name: &'a str,
    answer: ScreeningAnswer,
    listed: Vec<FindingReport<'a>>,
    exposed: Vec<FindingReport<'a>>,
    possible: Vec<FindingReport<'a>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    not: &'a [CompanyId],
    looked_at: &'a [&'a SourceId],
    stale: &'a [&'a SourceId],
    quarantined: &'a [&'a SourceId],
    unread: &'a [&'a SourceId],
}

/// A finding with what it means to stand there.
#[derive(Debug, Serialize)]
struct FindingReport<'a> {
    list: &'a SourceId,
    list_title: Option<&'a str>,
    entry: &'a str,
    name: &'a str,
    score: Score,
    reason: &'a str,
    company: Option<&'a CompanyId>,
    /// The date that the list gives.
    date: Option<EntryDate>,
    /// The read that showed it first.
    since: Option<DateTime<Utc>>,
    /// Whether it came after the first read of the list; else it may have stood there earlier.
    was_added: Option<bool>,
    effect: Option<&'a str>,
    authority: Option<&'a str>,
    url: Option<&'a str>,
}

/// The lists that stand so, and those that were looked at.
#[derive(Debug)]
pub struct Standings<'a> {
    looked_at: Vec<&'a SourceId>,
    stale: Vec<&'a SourceId>,
    quarantined: Vec<&'a SourceId>,
    unread: Vec<&'a SourceId>,
}

impl Screened {
    /// Which lists stand how.
    #[must_use]
    pub fn standings(&self) -> Standings<'_> {
        let of = |standing| self.standing(standing).map(|list| &list.id).collect();
        Standings {
            looked_at: self.lists.iter().filter(|list| list.read_at.is_some()).map(|list| &list.id).collect(),
            stale: of(ListFreshness::Stale),
            quarantined: of(ListFreshness::Quarantined),
            unread: of(ListFreshness::Unread),
        }
    }

    /// The answers as programs read them.
    #[must_use]
    pub fn report<'a>(&'a self, standings: &'a Standings<'a>) -> ScreeningReport<'a> {
        let mut counts = AnswerCounts { listed: 0, exposed: 0, possible: 0, clear: 0 };
        let names = self.names.iter().map(|name| {
            let answer = name.answer();
            *match answer {
                ScreeningAnswer::Listed => &mut counts.listed,
                ScreeningAnswer::Exposed => &mut counts.exposed,
                ScreeningAnswer::Possible => &mut counts.possible,
                ScreeningAnswer::Clear => &mut counts.clear,
            } += 1;
            self.name_report(name, answer, standings)
        });
        let names = names.collect();
        ScreeningReport { at: self.at, lists: &self.lists, counts, names }
    }

    fn name_report<'a>(
        &'a self,
        name: &'a ScreenedName,
        answer: ScreeningAnswer,
        standings: &'a Standings<'a>,
    ) -> NameReport<'a> {
        let of = |answer| name.found(answer).map(|finding| self.finding_report(finding)).collect();
        NameReport {
            name: &name.name,
            answer,
            listed: of(ScreeningAnswer::Listed),
            exposed: of(ScreeningAnswer::Exposed),
            possible: of(ScreeningAnswer::Possible),
            not: &name.not,
            looked_at: &standings.looked_at,
            stale: &standings.stale,
            quarantined: &standings.quarantined,
            unread: &standings.unread,
        }
    }

    fn finding_report<'a>(&'a self, finding: &'a ScreeningFinding) -> FindingReport<'a> {
        let list = self.list(&finding.list);
        FindingReport {
            list: &finding.list,
            list_title: list.map(|list| list.title.as_str()),
            entry: &finding.entry,
            name: &finding.name,
            score: finding.score,
            reason: &finding.reason,
            company: finding.company.as_ref(),
            date: finding.date,
            since: finding.since.map(|since| since.at),
            was_added: finding.since.map(|since| since.was_added),
            effect: list.and_then(|list| list.effect.as_deref()),
            authority: list.and_then(|list| list.authority.as_deref()),
            url: finding.url.as_deref(),
        }
    }
}
