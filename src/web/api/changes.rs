//! What changed, and what is due.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::asked::{Json, Path, Query};
use super::problem::Problem;
use super::shapes::{Change, Deadline, Kind, List};
use super::{ApiResult, Server, Who, done, json, limit};
use crate::check::RetractError;
use crate::domain::change;
use crate::domain::id::{ChangeId, CompanyId, SourceId};
use crate::render::page_of;
use crate::store::{ChangeSearch, StoreError};
use crate::view::TiedChange;
use crate::web::WebState;

/// Which changes.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct ChangesQuery {
    /// Words that all stand in them.
    #[serde(skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// The id of a company that they concern.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    company: Option<CompanyId>,
    /// The id of the source.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    source: Option<SourceId>,
    /// The site that the source is on.
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<String>,
    /// A group that the source belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    group: Option<String>,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(inline)]
    kind: Option<Kind>,
    /// Found on this day (UTC) or later.
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<NaiveDate>,
    /// Found on this day or earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<NaiveDate>,
    /// Only those in which a name waits for a person's word.
    #[serde(skip_serializing_if = "Option::is_none")]
    possible: Option<bool>,
    /// Only older ones than the change of this number; `next` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<u32>,
    /// At most so many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Changes, the newest first.
#[utoipa::path(
    get, path = "/api/v1/changes", tag = "changes", params(ChangesQuery),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Change>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(
    State(shared): Server,
    headers: HeaderMap,
    Query(wanted): Query<ChangesQuery>,
) -> ApiResult {
    let search = ChangeSearch {
        words: wanted.q.clone().unwrap_or_default(),
        sources: shared.narrowed(
            wanted.source.as_ref().map(SourceId::as_str),
            wanted.site.as_deref(),
            wanted.group.as_deref(),
        ),
        company: wanted.company.clone(),
        is_possible: wanted.possible.unwrap_or_default(),
        kind: wanted.kind.map(Kind::meant),
        entry: None,
        since: wanted.since,
        until: wanted.until,
        before: wanted.before,
        limit: limit(wanted.limit)?,
    };
    let found = shared.desk.views.search(search).await?;
    let base = &shared.desk.settings.base_url;
    let last = found.changes.last().map(|(number, _)| *number).filter(|_| found.has_more);
    let next =
        last.map(|before| shared.address("/changes", &ChangesQuery { before: Some(before), ..wanted }));
    let items = found.changes.iter().map(|(_, change)| Change::of(change, base)).collect();
    json(&headers, &List { items, next: next.transpose()? })
}

/// A change with what belongs to it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneChange {
    #[serde(flatten)]
    change: Change,
    /// The ids of other changes of the same entry, the newest first.
    others: Vec<String>,
    /// What other sources tell of the same, and what speaks of it, in the order in which it was found.
    ties: Vec<TiedTo>,
    /// The headers of the answer that shows it, without cookies.
    headers_now: Vec<Header>,
    /// The headers of the answer before it.
    headers_before: Vec<Header>,
}

/// Another change to which one is tied.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct TiedTo {
    /// Its id.
    id: String,
    /// Its page.
    page: String,
    /// Its source.
    source: String,
    /// What readers call its source.
    source_title: String,
    /// What happened, in words.
    happened: String,
    /// The title of its entry.
    title: String,
    /// When it was found.
    found_at: DateTime<Utc>,
    /// The number that ties the two, as it is cited.
    number: String,
    /// Whether both are about the document or docket entry of that number; otherwise one only speaks of it.
    is_certain: bool,
    /// Whether another source tells the same by it.
    is_same: bool,
}

impl TiedTo {
    fn of(tied: TiedChange, base: &Url) -> Self {
        Self {
            page: page_of(base, &tied.id),
            id: tied.id.to_string(),
            source: tied.source.to_string(),
            source_title: tied.source_title,
            happened: tied.happened,
            title: tied.title,
            found_at: tied.found_at,
            number: tied.number,
            is_certain: tied.is_certain,
            is_same: tied.is_same,
        }
    }
}

/// A header of an answer.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Header {
    name: String,
    value: String,
}

/// One change with its proof.
#[utoipa::path(
    get, path = "/api/v1/changes/{id}", tag = "changes", params(("id" = String, Path, description = "The change's id")),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = OneChange),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(State(shared): Server, headers: HeaderMap, Path(id): Path<String>) -> ApiResult {
    let story = shared.story(&id).await?.ok_or_else(|| unknown(&id))?;
    let [now, before] = crate::web::desk::change::headers_of(&story)
        .map(|headers| headers.into_iter().map(|(name, value)| Header { name, value }).collect::<Vec<_>>());
    let base = &shared.desk.settings.base_url;
    let ties = story.ties.iter().map(|tie| TiedTo::of(TiedChange::of(&story.change, tie), base)).collect();
    let one = OneChange {
        change: Change::of(&story.change, base),
        ties,
        others: story.others.iter().map(|other| other.id.to_string()).collect(),
        headers_now: now,
        headers_before: before,
    };
    json(&headers, &one)
}

/// Which of the two bodies.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Which {
    /// The one that shows the change.
    Now,
    /// The one before it.
    Before,
}

/// A body as it was received, whose hash the change bears.
#[utoipa::path(
    get, path = "/api/v1/changes/{id}/bodies/{which}", tag = "changes",
    params(("id" = String, Path, description = "The change's id"), ("which" = inline(Which), Path, description = "Which of the two")),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, content_type = "application/octet-stream"),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn body(State(shared): Server, Path((id, which)): Path<(String, Which)>) -> ApiResult {
    let change = shared.change_of(&id).await?;
    let evidence = match which {
        Which::Now => &change.evidence,
        Which::Before => &change.previous,
    };
    Ok(shared.download(&evidence.sha256).await)
}

/// Whose the names are that wait for a word.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Decision {
    /// Whether the names mean the companies.
    is_meant: bool,
}

/// Takes a person's word on the names in a change. Whoever follows a company that is meant is told.
#[utoipa::path(
    post, path = "/api/v1/changes/{id}/decide", tag = "operating", request_body = Decision,
    params(("id" = String, Path, description = "The change's id")), security(("token" = ["operate"])),
    responses(
        (status = 200, body = Change),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn decide(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    Json(Decision { is_meant }): Json<Decision>,
) -> ApiResult {
    let change = shared.change_of(&id).await?;
    if change.possible.is_empty() {
        return Err(Problem::conflict("no name in this change waits for a word"));
    }
    shared.note_by(&visitor, if is_meant { "meant" } else { "not-meant" }, &id, "").await?;
    let decided = match shared.desk.store.decide(&id, is_meant, shared.desk.views.now()).await {
        Err(StoreError::NotFound { .. }) => {
            return Err(Problem::conflict("no name in this change waits for a word"));
        }
        other => other?,
    };
    shared.woken.notify_one();
    done(StatusCode::OK, &Change::of(&decided, &shared.desk.settings.base_url))
}

/// Why a read is taken back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reason {
    /// In a few words, for whoever was told.
    #[schema(max_length = 500)]
    reason: Option<String>,
}

/// What was taken back.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Retracted {
    /// The retraction's id.
    id: String,
    /// The ids of all changes that the read seemed to show.
    changes: Vec<String>,
    /// Whether the state before the read is the source's again.
    is_restored: bool,
}

/// Takes back the read that shows a change, with all that it seemed to show. Whoever was told is told so.
#[utoipa::path(
    post, path = "/api/v1/changes/{id}/retract", tag = "operating", request_body = Reason,
    params(("id" = String, Path, description = "The change's id")), security(("token" = ["operate"])),
    responses(
        (status = 200, body = Retracted),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn retract(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    Json(Reason { reason }): Json<Reason>,
) -> ApiResult {
    let change = shared.change_of(&id).await?;
    let source = shared.watched(change.source.as_str())?;
    shared.note_by(&visitor, "retract", &id, reason.as_deref().unwrap_or_default()).await?;
    let retraction = match shared.desk.checker.retract(source, &change, reason).await {
        Ok(retraction) => retraction,
        Err(RetractError::Store(error)) => return Err(Problem::fault(&error)),
        Err(error) => return Err(Problem::conflict(error.to_string())),
    };
    shared.woken.notify_one();
    let retracted = Retracted {
        id: retraction.id.to_string(),
        changes: retraction.changes.iter().map(ToString::to_string).collect(),
        is_restored: retraction.is_restored,
    };
    done(StatusCode::OK, &retracted)
}

/// Which deadlines.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedDeadlines {
    /// The id of a company that they concern.
    #[param(value_type = Option<String>)]
    company: Option<CompanyId>,
    /// On this day or later; today where none is given.
    since: Option<NaiveDate>,
}

/// When comments close and rules take effect, the first first. All of them come at once.
#[utoipa::path(
    get, path = "/api/v1/deadlines", tag = "changes", params(WantedDeadlines),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Deadline>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn deadlines(
    State(shared): Server,
    headers: HeaderMap,
    Query(wanted): Query<WantedDeadlines>,
) -> ApiResult {
    let views = &shared.desk.views;
    let since = wanted.since.unwrap_or_else(|| views.now().date_naive());
    let due = views.deadlines(since, wanted.company.as_ref()).await?;
    json(&headers, &List { items: due.into_iter().map(Deadline::of).collect(), next: None })
}

fn unknown(id: &str) -> Problem {
    Problem::missing(format!("no change has the id {id:?}; expected all of it"))
}

impl WebState {
    async fn change_of(&self, id: &str) -> Result<change::Change, Problem> {
        self.desk.views.change(&ChangeId::from_text(id)).await?.ok_or_else(|| unknown(id))
    }
}
