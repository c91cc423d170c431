//! What is watched.

use std::sync::Arc;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::{Json, Path, Query};
use super::problem::Problem;
use super::shapes::{Entry, List, Read, Snapshot, Source};
use super::{ApiResult, Server, Who, done, json, limit};
use crate::check::ReadOptions;
use crate::domain::id::SourceId;
use crate::domain::source;
use crate::view::{SourceFilter, SourceOrder, SourceState};
use crate::web::desk::READ_ELSEWHERE;

/// How sources stand.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Standing {
    /// A read waits for a person's word.
    Held,
    /// It cannot be read.
    Failing,
    /// It was never read.
    New,
    /// An operator has it left alone.
    Paused,
    /// It was read well.
    Good,
}

impl Standing {
    fn meant(self) -> SourceState {
        match self {
            Self::Held => SourceState::Held,
            Self::Failing => SourceState::Failing,
            Self::New => SourceState::New,
            Self::Paused => SourceState::Paused,
            Self::Good => SourceState::Good,
        }
    }
}

/// Which sources.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct SourcesQuery {
    /// Words in title, id or site.
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// In this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    state: Option<Standing>,
    /// On this site.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    /// Of this group.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// After so many; `next` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<usize>,
    /// At most so many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The sources by their titles, each with how it stands.
#[utoipa::path(
    get, path = "/api/v1/sources", tag = "sources", params(SourcesQuery),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Source>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(shared): Server,
    headers: HeaderMap,
    Query(wanted): Query<SourcesQuery>,
) -> ApiResult {
    let filter = SourceFilter {
        words: wanted.q.clone().unwrap_or_default(),
        state: wanted.state.map(Standing::meant),
        site: wanted.site.clone(),
        group: wanted.group.clone(),
        order: SourceOrder::Title,
        skip: wanted.skip.unwrap_or_default(),
        limit: limit(wanted.limit)?,
    };
    let overview = shared.desk.views.overview(&filter).await?;
    let shown = filter.skip.saturating_add(overview.rows.len());
    let next = (shown < overview.found && !overview.rows.is_empty())
        .then(|| shared.address("/sources", &SourcesQuery { skip: Some(shown), ..wanted }));
    let items = overview.rows.into_iter().map(Source::of).collect();
    json(&headers, &List { items, next: next.transpose()? })
}

/// A source with what is known of it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneSource {
    #[serde(flatten)]
    source: Source,
    /// The address that is read.
    url: String,
    /// Of what kind it is.
    kind: String,
    /// When it is read, as crontab(5) writes it.
    schedule: String,
    /// In which time zone that is meant.
    timezone: String,
    /// What never appears in it.
    misses: Option<String>,
    /// The ids of its newest changes.
    changes: Vec<String>,
}

const ID: &str = "The source's id";

/// One source.
#[utoipa::path(
    get, path = "/api/v1/sources/{id}", tag = "sources", params(("id" = String, Path, description = ID)),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = OneSource),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(State(shared): Server, headers: HeaderMap, Path(id): Path<String>) -> ApiResult {
    let view = shared.desk.views.source_view(shared.watched(&id)?).await?;
    let one = OneSource {
        url: view.source.url.to_string(),
        kind: view.source.kind.name().to_owned(),
        schedule: view.source.schedule.to_string(),
        timezone: view.source.timezone.to_string(),
        misses: view.source.misses.clone(),
        changes: view.changes.changes.iter().map(|(_, change)| change.id.to_string()).collect(),
        source: Source::of(view.row),
    };
    json(&headers, &one)
}

/// How many of a list.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Newest {
    /// At most so many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The newest reads of a source, the last one first. Those of ninety days are remembered.
#[utoipa::path(
    get, path = "/api/v1/sources/{id}/reads", tag = "sources", params(("id" = String, Path, description = ID), Newest),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Read>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn reads(
    State(shared): Server,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(wanted): Query<Newest>,
) -> ApiResult {
    let source = shared.watched(&id)?.id.clone();
    let reads = shared.desk.store.reads(&source, limit(wanted.limit)?).await?;
    json(&headers, &List { items: reads.iter().map(Read::of).collect(), next: None })
}

/// The newest accepted states of a source, the last one first.
#[utoipa::path(
    get, path = "/api/v1/sources/{id}/snapshots", tag = "sources", params(("id" = String, Path, description = ID), Newest),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Snapshot>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn snapshots(
    State(shared): Server,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(wanted): Query<Newest>,
) -> ApiResult {
    let source = shared.watched(&id)?.id.clone();
    let snapshots = shared.desk.store.snapshots(&source, limit(wanted.limit)?).await?;
    json(&headers, &List { items: snapshots.iter().map(Snapshot::of).collect(), next: None })
}

/// Which entries.
#[derive(Debug, Clone, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedEntries {
    /// After so many; `next` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    skip: Option<usize>,
    /// At most so many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The entries of a source's accepted state, as they are read today, in the order of the page.
#[utoipa::path(
    get, path = "/api/v1/sources/{id}/entries", tag = "sources", params(("id" = String, Path, description = ID), WantedEntries),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Entry>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn entries(
    State(shared): Server,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(wanted): Query<WantedEntries>,
) -> ApiResult {
    let (source, limit) = (shared.watched(&id)?.id.clone(), limit(wanted.limit)?);
    let skip = wanted.skip.unwrap_or_default();
    let baseline = shared.desk.store.baseline(&source).await?;
    let entries = baseline.map(|baseline| baseline.document.entries).unwrap_or_default();
    let items: Vec<Entry> = entries.iter().skip(skip).take(limit).map(Entry::of).collect();
    let shown = skip.saturating_add(items.len());
    let next = (shown < entries.len() && !items.is_empty()).then(|| {
        let wanted = WantedEntries { skip: Some(shown), ..wanted };
        shared.address(&format!("/sources/{source}/entries"), &wanted)
    });
    json(&headers, &List { items, next: next.transpose()? })
}

/// Which sources to read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ToRead {
    /// Their ids; all that are not paused where there are none.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 10_000)]
    sources: Vec<SourceId>,
    /// Ask for the whole page and compare it even where nothing seems to have changed.
    #[serde(default)]
    force: bool,
}

/// What is being read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct BeingRead {
    /// The ids of the sources.
    sources: Vec<String>,
}

/// Begins to read sources now. What was found stands in their reads and in the changes.
#[utoipa::path(
    post, path = "/api/v1/check", tag = "operating", request_body = ToRead, security(("token" = ["operate"])),
    responses(
        (status = 202, body = BeingRead),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn check(
    State(shared): Server,
    Extension(visitor): Who,
    Json(ToRead { sources: ids, force }): Json<ToRead>,
) -> ApiResult {
    let desk = &shared.desk;
    if !desk.reads {
        return Err(Problem::conflict(READ_ELSEWHERE));
    }
    let mut sources: Vec<Arc<source::Source>> = Vec::new();
    for id in &ids {
        let source = shared.watched(id.as_str())?;
        if !sources.iter().any(|known| known.id == source.id) {
            sources.push(Arc::clone(source));
        }
    }
    if ids.is_empty() {
        let paused = desk.store.paused_sources(desk.views.now()).await?;
        sources.extend(desk.views.sources().iter().filter(|source| !paused.contains(&source.id)).cloned());
    }
    let names: Vec<String> = sources.iter().map(|source| source.id.to_string()).collect();
    shared.note_by(&visitor, "check", &names.join(" "), "").await?;
    shared.read_soon(sources, ReadOptions { force, is_manual: true, ..ReadOptions::default() });
    done(StatusCode::ACCEPTED, &BeingRead { sources: names })
}
