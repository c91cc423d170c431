//! The API: what the pages show and what the command line does, for programs.
//!
//! Every operation is a function that says of itself what it takes, gives and needs; the document at
//! `/api/v1/openapi.json` is made of that, and so is who may ask what ([`admission`]). Errors are problems
//! ([`problem`]). What is looked at bears a tag by which it is not sent twice.
//!
//! Deliberately absent: cookies as a way to act. A browser can be made to send them by anybody.
#![expect(unused_qualifications, reason = "what is written for the document names types by their paths")]

mod admission;
mod asked;
mod changes;
mod companies;
mod overview;
mod people;
mod problem;
mod reviews;
mod shapes;
mod sources;
mod viewer;
mod webhooks;

use std::sync::Arc;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use self::admission::{Admission, BY_TOKEN, admit};
use self::problem::Problem;
use super::access::Visitor;
use super::{Server, WebState, Who, conditional};
use crate::domain::audit::AuditEntry;
use crate::domain::source::Source;

pub(super) use problem::problems;
pub(super) use viewer::page as viewer;

/// Where the API stands.
const BASE: &str = "/api/v1";

/// Where people read what it does.
pub(super) const DOCS: &str = "/api/docs";

/// A body has a handful of fields.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// So many items come at once where nobody asks for less.
const MAX_ITEMS: usize = 100;

/// What an operation gives.
type ApiResult = Result<Response, Problem>;

#[derive(OpenApi)]
#[openapi(
    info(
        title = "regwatch",
        description = "What changed on the watched pages, whom it concerns, and the proof. Lists come in pages: `next` is the address of the next one, or null. Every answer to GET has an ETag. Errors are application/problem+json (RFC 9457). Reading needs no token if the pages need no login. Everything else needs one, created with `regwatch token add` and sent as `Authorization: Bearer …`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
    ),
    tags(
        (name = "changes", description = "Changes and deadlines"),
        (name = "sources", description = "Sources"),
        (name = "companies", description = "Companies"),
        (name = "review", description = "Decisions that wait for a person"),
        (name = "overview", description = "The state of the service"),
        (name = "coverage", description = "Coverage"),
        (name = "operating", description = "Actions of operators"),
        (name = "people", description = "Subscribers and mails"),
    ),
    modifiers(&ByToken),
)]
struct OpenApiDocument;

struct ByToken;

impl Modify for ByToken {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("made by `regwatch token add`; its scopes are read, operate and subscribers"));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme(BY_TOKEN, SecurityScheme::Http(scheme.build()));
    }
}

/// The document as it is served, and what the viewer shows.
#[derive(Debug)]
pub(super) struct ApiDescription(serde_json::Value);

/// Every operation, and the document about them.
fn operations() -> (Router<Arc<WebState>>, serde_json::Value) {
    let (router, document) = OpenApiRouter::<Arc<WebState>>::with_openapi(OpenApiDocument::openapi())
        .routes(routes!(changes::list))
        .routes(routes!(changes::one))
        .routes(routes!(changes::body))
        .routes(routes!(changes::decide))
        .routes(routes!(changes::retract))
        .routes(routes!(changes::deadlines))
        .routes(routes!(sources::list))
        .routes(routes!(sources::one))
        .routes(routes!(sources::reads))
        .routes(routes!(sources::snapshots))
        .routes(routes!(sources::entries))
        .routes(routes!(sources::check))
        .routes(routes!(companies::list))
        .routes(routes!(companies::one))
        .routes(routes!(reviews::list))
        .routes(routes!(reviews::one))
        .routes(routes!(reviews::accept))
        .routes(routes!(reviews::reject))
        .routes(routes!(overview::status))
        .routes(routes!(overview::coverage))
        .routes(routes!(overview::audit))
        .routes(routes!(people::mails))
        .routes(routes!(people::mail))
        .routes(routes!(people::handle))
        .routes(routes!(people::subscribers, people::subscribe))
        .routes(routes!(people::subscriber, people::unsubscribe))
        .routes(routes!(webhooks::list, webhooks::make))
        .routes(routes!(webhooks::one, webhooks::remove))
        .routes(routes!(webhooks::pause))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::redeliver))
        .split_for_parts();
    (router, serde_json::to_value(document).unwrap_or_default())
}

/// The API with all that stands before it, and the document about it.
pub(super) fn router(shared: &Arc<WebState>) -> (Router<Arc<WebState>>, Arc<ApiDescription>) {
    let (router, mut document) = operations();
    let root = shared.desk.settings.base_url.path().trim_end_matches('/').to_owned();
    document["servers"] = serde_json::json!([{ "url": if root.is_empty() { "/" } else { &root } }]);
    let admission = Arc::new(Admission::of(&with_itself(&document)));
    let router = router
        .route("/api/v1/openapi.json", get(openapi))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(shared), admit))
        .layer(Extension(admission));
    (router, Arc::new(ApiDescription(document)))
}

/// The document with its own address, which whoever reads anything may have.
fn with_itself(document: &serde_json::Value) -> serde_json::Value {
    let mut document = document.clone();
    document["paths"][format!("{BASE}/openapi.json")] =
        serde_json::json!({ "get": { "security": [{}, { BY_TOKEN: ["read"] }] } });
    document
}

async fn openapi(headers: HeaderMap, Extension(described): Extension<Arc<ApiDescription>>) -> Response {
    conditional::answer(&headers, "application/json", described.0.to_string())
}

/// Something as JSON, unless the asker has it.
fn json(asked: &HeaderMap, value: &impl Serialize) -> ApiResult {
    Ok(conditional::answer(asked, "application/json", serde_json::to_vec(value)?))
}

/// What was done, as JSON.
fn done(status: StatusCode, value: &impl Serialize) -> ApiResult {
    let kind = HeaderValue::from_static("application/json");
    Ok((status, [(axum::http::header::CONTENT_TYPE, kind)], serde_json::to_vec(value)?).into_response())
}

/// How many items are asked for: at least one, and never more than there may be.
fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked.unwrap_or(MAX_ITEMS) {
        limit @ 1..=MAX_ITEMS => Ok(limit),
        other => Err(Problem::bad(format!("limit: found {other}, expected 1 to {MAX_ITEMS}"))),
    }
}

impl WebState {
    /// The whole address of a page of a list: the path below the API's, and its query.
    fn address(&self, path: &str, query: &impl Serialize) -> Result<String, Problem> {
        let base = &self.desk.settings.base_url;
        let query = serde_urlencoded::to_string(query)?;
        Ok(format!("{base}{}{path}?{query}", BASE.trim_start_matches('/')))
    }

    /// A source that is watched.
    fn watched(&self, id: &str) -> Result<&Arc<Source>, Problem> {
        let source = self.desk.views.source(id);
        source.ok_or_else(|| Problem::missing(format!("no source {id:?} is watched")))
    }

    /// Notes a deed before it is done.
    async fn note_by(&self, visitor: &Visitor, act: &str, about: &str, detail: &str) -> Result<(), Problem> {
        let at = self.desk.views.now();
        let entry = AuditEntry::new(at, visitor.name(), "api", act, about, detail);
        Ok(self.desk.store.note_deed(entry).await?)
    }
}
