//! What waits for a person's word: reads that were held back.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::asked::{Json, Path};
use super::problem::Problem;
use super::shapes::{Change, Evidence, List};
use super::{ApiResult, Server, Who, done, json};
use crate::check::ReviewError;
use crate::domain::snapshot::QuarantinedRead;
use crate::domain::source;
use crate::domain::text::one_line;
use crate::web::WebState;

/// A read that was held back.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Held {
    /// The source's id.
    source: String,
    /// Since when.
    since: DateTime<Utc>,
    /// Why.
    reason: String,
    /// How much it can be worth, from 0 to 1.
    score: f64,
    /// What speaks against it.
    signs: Vec<String>,
    /// What was read.
    evidence: Evidence,
}

impl Held {
    fn of(held: &QuarantinedRead) -> Self {
        Self {
            source: held.source.to_string(),
            since: held.held_since,
            reason: one_line(&held.reason),
            score: held.score(),
            signs: held.quality.signs().iter().map(|sign| one_line(&sign.words)).collect(),
            evidence: Evidence::of(&held.evidence),
        }
    }
}

/// Everything that is held back.
#[utoipa::path(
    get, path = "/api/v1/reviews", tag = "review", security((), ("token" = ["read"])),
    responses(
        (status = 200, body = List<Held>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(shared): Server, headers: HeaderMap) -> ApiResult {
    let held = shared.desk.views.quarantined().await?;
    json(&headers, &List { items: held.iter().map(Held::of).collect(), next: None })
}

/// A held read with what would happen if it were accepted.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct OneHeld {
    #[serde(flatten)]
    held: Held,
    /// How many entries the source would have.
    entries: Option<usize>,
    /// What would be told.
    changes: Vec<Change>,
    /// How many people would be told.
    told: usize,
    /// Why it cannot be accepted.
    obstacle: Option<String>,
}

const SOURCE: &str = "The source's id";

/// What of a source is held back, and what it would change.
#[utoipa::path(
    get, path = "/api/v1/reviews/{source}", tag = "review", params(("source" = String, Path, description = SOURCE)),
    security((), ("token" = ["read"])),
    responses(
        (status = 200, body = OneHeld),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(State(shared): Server, headers: HeaderMap, Path(id): Path<String>) -> ApiResult {
    let source = shared.watched(&id)?;
    let review = shared.desk.checker.review(source).await?.ok_or_else(|| nothing(&id))?;
    let base = &shared.desk.settings.base_url;
    let one = OneHeld {
        held: Held::of(&review.held),
        entries: review.entries,
        told: shared.desk.views.told_by(&review.changes).await?,
        changes: review.changes.iter().map(|change| Change::of(change, base)).collect(),
        obstacle: review.obstacle,
    };
    json(&headers, &one)
}

/// A person's word on a held read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Acceptance {
    /// The SHA-256 of the body that was looked at: another may have come meanwhile.
    sha256: String,
    /// Accept it as the same written otherwise: nobody is told anything.
    #[serde(default)]
    untold: bool,
}

/// What became of a held read.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Decided {
    /// The source's id.
    source: String,
    /// The changes that it made.
    changes: Vec<Change>,
}

/// Accepts a held read. Whoever follows what changed is told.
#[utoipa::path(
    post, path = "/api/v1/reviews/{source}/accept", tag = "operating", request_body = Acceptance,
    params(("source" = String, Path, description = SOURCE)), security(("token" = ["operate"])),
    responses(
        (status = 200, body = Decided),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn accept(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    Json(Acceptance { sha256, untold }): Json<Acceptance>,
) -> ApiResult {
    let source = shared.held_as(&id, &sha256).await?;
    let act = if untold { "accept-untold" } else { "accept" };
    shared.note_by(&visitor, act, &id, &sha256).await?;
    let accepted = Box::pin(shared.desk.checker.accept(source, untold)).await.map_err(not_done)?;
    shared.woken.notify_one();
    let base = &shared.desk.settings.base_url;
    let changes = accepted.changes.iter().map(|change| Change::of(change, base)).collect();
    done(StatusCode::OK, &Decided { source: id, changes })
}

/// The body that was looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Rejection {
    /// The SHA-256 of the body that was looked at: another may have come meanwhile.
    sha256: String,
}

/// Rejects a held read: it is not the source's, and is not held again.
#[utoipa::path(
    post, path = "/api/v1/reviews/{source}/reject", tag = "operating", request_body = Rejection,
    params(("source" = String, Path, description = SOURCE)), security(("token" = ["operate"])),
    responses(
        (status = 200, body = Decided),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn reject(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    Json(Rejection { sha256 }): Json<Rejection>,
) -> ApiResult {
    let source = shared.held_as(&id, &sha256).await?;
    shared.note_by(&visitor, "reject", &id, &sha256).await?;
    shared.desk.checker.reject(source).await.map_err(not_done)?;
    shared.woken.notify_one();
    done(StatusCode::OK, &Decided { source: id, changes: Vec::new() })
}

fn nothing(id: &str) -> Problem {
    Problem::missing(format!("nothing of the source {id:?} is held back"))
}

fn not_done(error: ReviewError) -> Problem {
    match error {
        ReviewError::Store(error) => Problem::fault(&error),
        error => Problem::conflict(error.to_string()),
    }
}

impl WebState {
    /// A source of which this very body is held.
    async fn held_as(&self, id: &str, sha256: &str) -> Result<&source::Source, Problem> {
        let source = self.watched(id)?;
        let held = self.desk.store.quarantined(&source.id).await?.ok_or_else(|| nothing(id))?;
        if held.evidence.sha256.as_str() == sha256 {
            return Ok(source);
        }
        let words = format!(
            "sha256: the body that is held is {}, not the one that was looked at",
            held.evidence.sha256
        );
        Err(Problem::conflict(words))
    }
}
