//! Receivers that are told of changes by HTTP: what `regwatch webhook` does, for programs.
//!
//! A webhook's address may let in whoever has it (Slack's and Teams' do), so that only its host is shown; its secret
//! is shown once, by the answer that made it, and its owner in short: no address of a person is read by this scope.

use std::collections::BTreeSet;

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;
use utoipa::{IntoParams, ToSchema};

use super::asked::{Json, Path, Query};
use super::problem::Problem;
use super::shapes::{Kind, List};
use super::{ApiResult, Server, Who, done, json, limit};
use crate::domain::email::EmailAddress;
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::webhook::{self, HookFilter};
use crate::store::StoreError;
use crate::web::WebState;
use crate::webhook::{MakingError, WantedWebhook};

/// In which form a receiver is told.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum HookFormat {
    /// JSON with the signature of Standard Webhooks.
    #[default]
    Standard,
    /// A message in a channel of Slack.
    Slack,
    /// A card in a channel of Teams.
    Teams,
}

impl HookFormat {
    fn of(format: webhook::HookFormat) -> Self {
        match format {
            webhook::HookFormat::Standard => Self::Standard,
            webhook::HookFormat::Slack => Self::Slack,
            webhook::HookFormat::Teams => Self::Teams,
        }
    }

    fn meant(self) -> webhook::HookFormat {
        match self {
            Self::Standard => webhook::HookFormat::Standard,
            Self::Slack => webhook::HookFormat::Slack,
            Self::Teams => webhook::HookFormat::Teams,
        }
    }
}

/// Which changes a webhook is told of. What is empty asks for everything; several of one sort are any of them, several
/// sorts are all of them, and a source counts as well as its group.
#[derive(Debug, Clone, Default, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HookOnly {
    /// Only what concerns one of these companies.
    #[schema(value_type = Vec<String>)]
    companies: BTreeSet<CompanyId>,
    /// Only on these sources.
    #[schema(value_type = Vec<String>)]
    sources: BTreeSet<SourceId>,
    /// Only on sources of these groups.
    #[schema(value_type = Vec<String>)]
    groups: BTreeSet<String>,
    /// Only where this happened.
    kinds: Vec<Kind>,
    /// Also what concerns no company that is tracked.
    unconcerned: bool,
}

impl HookOnly {
    fn of(only: &HookFilter) -> Self {
        let HookFilter { companies, sources, groups, kinds, unconcerned } = only.clone();
        let kinds = kinds.into_iter().map(Kind::of).collect();
        Self { companies, sources, groups, kinds, unconcerned }
    }

    fn meant(self) -> HookFilter {
        let Self { companies, sources, groups, kinds, unconcerned } = self;
        let kinds = kinds.into_iter().map(Kind::meant).collect();
        HookFilter { companies, sources, groups, kinds, unconcerned }
    }
}

/// A receiver that is told of changes.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Webhook {
    /// Its id.
    id: String,
    /// What its operator calls it.
    name: String,
    /// The host that is told; the whole address is not shown.
    host: Option<String>,
    /// In which form.
    format: HookFormat,
    /// Who is mailed when it is disabled, in short.
    owner: String,
    /// What it is told of.
    only: HookOnly,
    /// When it was made; what was found before is not told.
    created_at: DateTime<Utc>,
    /// active, paused or disabled.
    state: String,
    /// Since when it took nothing.
    failing_since: Option<DateTime<Utc>>,
    /// Why it was disabled, or what is met while it is out of reach.
    reason: Option<String>,
}

impl Webhook {
    fn of(hook: &webhook::Webhook) -> Self {
        let met = || hook.breaker.as_ref().map(|breaker| breaker.reason.clone());
        Self {
            id: hook.id.clone(),
            name: hook.name.clone(),
            host: hook.url.host_str().map(str::to_owned),
            format: HookFormat::of(hook.format),
            owner: hook.owner.redacted(),
            only: HookOnly::of(&hook.only),
            created_at: hook.created_at,
            state: hook.state.to_string(),
            failing_since: hook.failing_since,
            reason: hook.reason.clone().or_else(met),
        }
    }
}

/// A webhook that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MadeWebhook {
    /// The key of its signatures; it is not shown again.
    secret: String,
    /// The webhook.
    webhook: Webhook,
}

/// One event for one webhook.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Delivery {
    /// Its id, which the receiver gets as `webhook-id`.
    id: String,
    /// change.found, change.concerns, change.retracted or test.
    kind: String,
    /// The id of the change; null where it is a test.
    change: Option<String>,
    /// queued, deferred, delivered, failed or dropped.
    state: String,
    /// When it was queued.
    queued_at: DateTime<Utc>,
    /// How often it was tried.
    tried: u32,
    /// The last attempts, the oldest first.
    attempts: Vec<HookAttempt>,
}

/// One attempt at a delivery.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct HookAttempt {
    /// When.
    at: DateTime<Utc>,
    /// The HTTP status, where there was an answer.
    status: Option<u16>,
    /// How long it took.
    took_ms: u64,
    /// What was met, where it was not taken.
    words: Option<String>,
}

impl Delivery {
    fn of(delivery: &webhook::Delivery) -> Self {
        let attempt = |attempt: &webhook::Attempt| HookAttempt {
            at: attempt.at,
            status: attempt.status,
            took_ms: attempt.took_ms,
            words: attempt.words.clone(),
        };
        Self {
            id: delivery.id.clone(),
            kind: delivery.kind.word().to_owned(),
            change: delivery.change.as_ref().map(ToString::to_string),
            state: delivery.state.to_string(),
            queued_at: delivery.queued_at,
            tried: delivery.tried,
            attempts: delivery.attempts.iter().map(attempt).collect(),
        }
    }
}

/// Every webhook.
#[utoipa::path(
    get, path = "/api/v1/webhooks", tag = "operating", security(("token" = ["operate"])),
    responses(
        (status = 200, body = List<Webhook>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn list(State(shared): Server, headers: HeaderMap) -> ApiResult {
    let hooks = shared.desk.store.webhooks().await?;
    json(&headers, &List { items: hooks.iter().map(Webhook::of).collect(), next: None })
}

/// A receiver to be told of changes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewWebhook {
    /// Where it is told: an http or https address.
    #[schema(value_type = String, format = "uri")]
    url: Url,
    /// What you call it; its host where nothing is said.
    name: Option<String>,
    /// In which form.
    #[serde(default)]
    format: HookFormat,
    /// Who is mailed when it is disabled because it took nothing for days.
    #[schema(value_type = String)]
    owner: EmailAddress,
    /// What it is told of; without it, all that concerns a company that is tracked.
    #[serde(default)]
    only: HookOnly,
}

/// Has a receiver told of changes from now on.
#[utoipa::path(
    post, path = "/api/v1/webhooks", tag = "operating", request_body = NewWebhook,
    security(("token" = ["operate"])),
    responses(
        (status = 201, description = "It is told from now on", body = MadeWebhook),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn make(
    State(shared): Server,
    Extension(visitor): Who,
    Json(NewWebhook { url, name, format, owner, only }): Json<NewWebhook>,
) -> ApiResult {
    let wanted = WantedWebhook { name, url, format: format.meant(), owner, only: only.meant() };
    let host = wanted.url.host_str().unwrap_or_default().to_owned();
    let detail = [host.as_str(), &wanted.only.words().unwrap_or_default()].join(" ").trim_end().to_owned();
    let name = shared.desk.webhooks.may_add(&wanted).map_err(Problem::bad)?;
    shared.note_by(&visitor, "add-webhook", &name, &detail).await?;
    let hook = match shared.desk.webhooks.add(wanted).await {
        Ok(hook) => hook,
        Err(MakingError::NoReceiver(why)) => return Err(Problem::bad(why)),
        Err(error) => return Err(Problem::fault(&error)),
    };
    done(StatusCode::CREATED, &MadeWebhook { secret: hook.secret.text(), webhook: Webhook::of(&hook) })
}

/// One webhook.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}", tag = "operating", security(("token" = ["operate"])),
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, body = Webhook),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn one(State(shared): Server, headers: HeaderMap, Path(id): Path<String>) -> ApiResult {
    json(&headers, &Webhook::of(&shared.webhook(&id).await?))
}

/// Forgets a webhook with all that was told to it.
#[utoipa::path(
    delete, path = "/api/v1/webhooks/{id}", tag = "operating", security(("token" = ["operate"])),
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, description = "It is told nothing more", body = Webhook),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn remove(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
) -> ApiResult {
    let id = shared.webhook(&id).await?.id;
    shared.note_by(&visitor, "remove-webhook", &id, "").await?;
    done(StatusCode::OK, &Webhook::of(&shared.desk.store.remove_webhook(&id).await?))
}

/// Whether a webhook is told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Pausing {
    /// Nothing from now on, or again: what waits then goes first. One that was disabled is told again by `false`.
    is_paused: bool,
}

/// Stops telling a webhook, or begins again.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/pause", tag = "operating", request_body = Pausing,
    security(("token" = ["operate"])), params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, body = Webhook),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn pause(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    Json(Pausing { is_paused }): Json<Pausing>,
) -> ApiResult {
    let id = shared.webhook(&id).await?.id;
    shared.note_by(&visitor, if is_paused { "pause-webhook" } else { "resume-webhook" }, &id, "").await?;
    let hook = shared.desk.store.pause_webhook(&id, is_paused, shared.desk.views.now()).await?;
    shared.desk.webhooks.wake();
    done(StatusCode::OK, &Webhook::of(&hook))
}

/// Sends a webhook a test now, whatever its state, and says how it was taken.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/test", tag = "operating", security(("token" = ["operate"])),
    params(("id" = String, Path, description = "The webhook's id")),
    responses(
        (status = 200, body = Delivery),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn test(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
) -> ApiResult {
    let hook = shared.webhook(&id).await?;
    shared.note_by(&visitor, "test-webhook", &hook.id, "").await?;
    let delivery = shared.desk.webhooks.queue_test(&hook).await?;
    done(StatusCode::OK, &Delivery::of(&shared.desk.webhooks.send_now(hook, delivery).await?))
}

/// How many.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedDeliveries {
    /// At most so many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// What was told to a webhook or is to be, the newest first.
#[utoipa::path(
    get, path = "/api/v1/webhooks/{id}/deliveries", tag = "operating", security(("token" = ["operate"])),
    params(("id" = String, Path, description = "The webhook's id"), WantedDeliveries),
    responses(
        (status = 200, body = List<Delivery>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn deliveries(
    State(shared): Server,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(wanted): Query<WantedDeliveries>,
) -> ApiResult {
    let limit = limit(wanted.limit)?;
    let hook = shared.webhook(&id).await?;
    let log = shared.desk.store.delivery_log(&hook.id, limit).await?;
    json(&headers, &List { items: log.iter().map(Delivery::of).collect(), next: None })
}

/// Sends a delivery again now, under its own id, whatever became of it.
#[utoipa::path(
    post, path = "/api/v1/webhooks/{id}/deliveries/{delivery}/redeliver", tag = "operating",
    security(("token" = ["operate"])),
    params(
        ("id" = String, Path, description = "The webhook's id"),
        ("delivery" = String, Path, description = "The delivery's id"),
    ),
    responses(
        (status = 200, body = Delivery),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn redeliver(
    State(shared): Server,
    Extension(visitor): Who,
    Path((id, delivery)): Path<(String, String)>,
) -> ApiResult {
    let hook = shared.webhook(&id).await?;
    let store = &shared.desk.store;
    let unknown = || Problem::missing(format!("webhook {id} has no delivery {delivery:?}"));
    match store.find_delivery(&delivery).await {
        Ok(found) if found.id == delivery && found.hook == hook.id => {}
        Ok(_) | Err(StoreError::NotFound { .. } | StoreError::Ambiguous { .. }) => return Err(unknown()),
        Err(error) => return Err(Problem::fault(&error)),
    }
    shared.note_by(&visitor, "redeliver", &delivery, "").await?;
    let again = store.redeliver(&delivery, shared.desk.views.now()).await?;
    done(StatusCode::OK, &Delivery::of(&shared.desk.webhooks.send_now(hook, again).await?))
}

impl WebState {
    /// The webhook of this id.
    async fn webhook(&self, id: &str) -> Result<webhook::Webhook, Problem> {
        match self.desk.store.find_webhook(id).await {
            Ok(hook) if hook.id == id => Ok(hook),
            Ok(_) | Err(StoreError::NotFound { .. } | StoreError::Ambiguous { .. }) => {
                Err(Problem::missing(format!("no webhook has the id {id:?}")))
            }
            Err(error) => Err(Problem::fault(&error)),
        }
    }
}
