//! What was watched in a time, and on which days not.

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::NaiveDate;

use super::super::page::page;
use super::asked::RequestFields;
use super::frame::PageFrame;
use super::sources::SHOWN;
use super::{Server, Who};
use crate::domain::text::{one_line, shorten};
use crate::render::{day, line, on_page};
use crate::view::SourceCoverage;

#[derive(Template)]
#[template(path = "desk/coverage.html")]
struct CoveragePage {
    frame: PageFrame,
    since: String,
    until: String,
    /// The same in words.
    span: String,
    made_at: String,
    rows: Vec<CoverageRow>,
    /// How many sources there are, and how many of them have a day without a good read.
    total: usize,
    with_gaps: usize,
    changes: usize,
    /// The query of the next page, and of all on one.
    next: Option<String>,
    all: Option<String>,
    /// Days that are remembered, where more were asked for.
    is_cut: bool,
}

struct CoverageRow {
    id: String,
    title: String,
    good: u32,
    other: u32,
    last_good: Option<String>,
    failing_since: Option<String>,
    changes: usize,
    gaps: Vec<String>,
    misses: Option<String>,
}

pub(super) async fn coverage(
    State(shared): Server,
    Extension(visitor): Who,
    asked: RequestFields,
) -> Response {
    let views = &shared.desk.views;
    let found = match views.coverage(asked.parsed("since"), asked.parsed("until")).await {
        Ok(found) => found,
        Err(error) => return shared.fault(&error),
    };
    let mut sources: Vec<&SourceCoverage> = found.sources.iter().collect();
    // What was not covered is what somebody looks for here.
    sources.sort_by_key(|source| source.days_without.is_empty());
    let (skip, is_whole) = (asked.parsed("skip").unwrap_or(0), asked.get("all").is_some());
    let limit = if is_whole { usize::MAX } else { SHOWN };
    let shown: Vec<&SourceCoverage> = sources.iter().copied().skip(skip).take(limit).collect();
    let reached = skip.saturating_add(shown.len());
    let coverage = CoveragePage {
        total: sources.len(),
        with_gaps: sources.iter().filter(|source| !source.days_without.is_empty()).count(),
        next: (reached < sources.len() && !shown.is_empty())
            .then(|| asked.with("skip", &reached.to_string())),
        all: (shown.len() < sources.len())
            .then(|| RequestFields::of(asked.without(&["skip"]).as_bytes()).with("all", "1")),
        frame: PageFrame::of(&shared, &visitor, "Coverage", "coverage"),
        since: found.since.to_string(),
        until: found.until.to_string(),
        span: format!("{} to {}", day(found.since), day(found.until)),
        made_at: on_page(views.now()),
        changes: found.sources.iter().map(|source| source.changes).sum(),
        is_cut: found.remembered_since.is_some(),
        rows: shown.into_iter().map(CoverageRow::of).collect(),
    };
    page(StatusCode::OK, &coverage)
}

impl CoverageRow {
    fn of(source: &SourceCoverage) -> Self {
        Self {
            id: source.source.to_string(),
            title: line(&source.title),
            good: source.good,
            other: source.other,
            last_good: source.last_good_at.map(on_page),
            failing_since: source.failing_since.map(on_page),
            changes: source.changes,
            gaps: gaps(&source.days_without),
            misses: source.misses.as_deref().map(|misses| shorten(&one_line(misses), 300)),
        }
    }
}

/// The days without a good read, runs of them as one.
fn gaps(days: &[NaiveDate]) -> Vec<String> {
    let mut gaps: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for day in days {
        match gaps.last_mut() {
            Some((_, last)) if last.succ_opt() == Some(*day) => *last = *day,
            _ => gaps.push((*day, *day)),
        }
    }
    let words = |(first, last): (NaiveDate, NaiveDate)| {
        if first == last { day(first) } else { format!("{} to {}", day(first), day(last)) }
    };
    gaps.into_iter().map(words).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_without_a_good_read_are_named_in_runs() {
        let day = |day: u32| NaiveDate::from_ymd_opt(2026, 11, day).unwrap();
        assert_eq!(
            gaps(&[day(1), day(2), day(4)]),
            ["1 November 2026 to 2 November 2026", "4 November 2026"]
        );
        assert_eq!(gaps(&[]), [""; 0]);
    }
}
