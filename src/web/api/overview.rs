//! How the service stands, what was watched, and what people did.

use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::Query;
use super::problem::Problem;
use super::shapes::{AuditItem, List};
use super::{ApiResult, Server, json, limit};
use crate::view::SourceCoverage;

/// How the service stands.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Status {
    /// In one sentence.
    sentence: String,
    /// What needs a person.
    needs: Vec<Need>,
    /// How many sources are configured.
    sources: usize,
    /// How many of them were read well, none of their reads being late.
    in_time: usize,
    /// How many could not be read the last time.
    failing: usize,
    /// How many have a read that waits for a person.
    quarantined: usize,
    /// How many an operator has paused.
    paused: usize,
}

/// Something that needs a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Need {
    /// What is wrong.
    what: String,
    /// The command for it.
    command: String,
    /// The ids of the sources that it is about.
    sources: Vec<String>,
}

/// How the service stands, in one sentence and in figures.
#[utoipa::path(
    get, path = "/api/v1/status", tag = "overview", security((), ("token" = ["read"])),
    responses(
        (status = 200, body = Status),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn status(State(shared): Server, headers: HeaderMap) -> ApiResult {
    let overview = shared.desk.status.glance().await?;
    let figures = overview.sources;
    let need = |need: &crate::status::Need| Need {
        what: need.what.clone(),
        command: need.command.clone(),
        sources: need.sources.iter().map(ToString::to_string).collect(),
    };
    let status = Status {
        sentence: overview.sentence,
        needs: overview.needs.iter().map(need).collect(),
        sources: figures.total,
        in_time: figures.in_time,
        failing: figures.failing,
        quarantined: figures.quarantined,
        paused: figures.paused,
    };
    json(&headers, &status)
}

/// Of which time.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Time {
    /// From this day (UTC) on; a month before its end where none is given.
    since: Option<NaiveDate>,
    /// Up to this day; today where none is given.
    until: Option<NaiveDate>,
}

/// What was watched in a time.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Coverage {
    /// The first day.
    since: NaiveDate,
    /// The last day.
    until: NaiveDate,
    /// From which day on reads are remembered, where more was asked for.
    remembered_since: Option<NaiveDate>,
    /// The sources.
    items: Vec<Covered>,
}

/// What was watched of a source.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Covered {
    /// The source's id.
    source: String,
    /// What readers call it.
    title: String,
    /// Good reads.
    good: u32,
    /// Other reads.
    other: u32,
    /// When it was last read well.
    last_good_at: Option<DateTime<Utc>>,
    /// Since when it cannot be read.
    failing_since: Option<DateTime<Utc>>,
    /// How many changes were found.
    changes: usize,
    /// The days without a good read.
    days_without: Vec<NaiveDate>,
    /// What never appears in it.
    misses: Option<String>,
}

impl Covered {
    fn of(covered: SourceCoverage) -> Self {
        let SourceCoverage {
            source,
            title,
            good,
            other,
            last_good_at,
            failing_since,
            changes,
            days_without,
            misses,
        } = covered;
        let source = source.to_string();
        Self { source, title, good, other, last_good_at, failing_since, changes, days_without, misses }
    }
}

/// What was watched from a day to another, source by source.
#[utoipa::path(
    get, path = "/api/v1/coverage", tag = "coverage", params(Time), security((), ("token" = ["read"])),
    responses(
        (status = 200, body = Coverage),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn coverage(
    State(shared): Server,
    headers: HeaderMap,
    Query(time): Query<Time>,
) -> ApiResult {
    let coverage = shared.desk.views.coverage(time.since, time.until).await?;
    let shown = Coverage {
        since: coverage.since,
        until: coverage.until,
        remembered_since: coverage.remembered_since,
        items: coverage.sources.into_iter().map(Covered::of).collect(),
    };
    json(&headers, &shown)
}

/// Which entries of the audit log.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedDeeds {
    /// Only older ones than the entry of this number; `next` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u64>,
    /// At most so many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Who did what, the newest first. Nothing in it is ever changed.
#[utoipa::path(
    get, path = "/api/v1/audit", tag = "review", params(WantedDeeds), security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<AuditItem>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn audit(
    State(shared): Server,
    headers: HeaderMap,
    Query(wanted): Query<WantedDeeds>,
) -> ApiResult {
    let limit = limit(wanted.limit)?;
    let deeds = shared.desk.views.deeds(wanted.before, limit).await?;
    let last = deeds.last().map(|(number, _)| *number).filter(|number| deeds.len() == limit && *number > 0);
    let next = last.map(|before| shared.address("/audit", &WantedDeeds { before: Some(before), ..wanted }));
    json(&headers, &List { items: deeds.into_iter().map(AuditItem::of).collect(), next: next.transpose()? })
}
