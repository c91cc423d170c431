//! What went wrong, in the form that programs read (RFC 9457): every answer below `/api` that is an error has it.

use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::text::error_chain;

/// The media type of a problem.
pub(super) const MEDIA_TYPE: &str = "application/problem+json";

/// An error (RFC 9457).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(in crate::web) struct Problem {
    /// `about:blank`: the status says what sort of error it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// What the status means.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What was found and what was expected, where there is more to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl Problem {
    /// An error of which no more than its status is said.
    pub(super) fn of(status: StatusCode) -> Self {
        let title = status.canonical_reason().unwrap_or("Error").to_owned();
        Self { kind: "about:blank", title, status: status.as_u16(), detail: None }
    }

    pub(super) fn with(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..Self::of(status) }
    }

    /// A request that says what cannot be.
    pub(super) fn bad(detail: impl Into<String>) -> Self {
        Self::with(StatusCode::BAD_REQUEST, detail)
    }

    /// Something that is not there.
    pub(super) fn missing(detail: impl Into<String>) -> Self {
        Self::with(StatusCode::NOT_FOUND, detail)
    }

    /// Something that cannot be done as it stands.
    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::with(StatusCode::CONFLICT, detail)
    }

    /// Trouble here. What it is stands in the log and nowhere else.
    pub(super) fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = error_chain(error), "failed to answer an API request");
        Self::of(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl<E: std::error::Error + 'static> From<E> for Problem {
    fn from(error: E) -> Self {
        Self::fault(&error)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let headers = [(CONTENT_TYPE, MEDIA_TYPE), (CACHE_CONTROL, "no-store")];
        let mut response = (status, headers, body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let asks = HeaderValue::from_static("Bearer realm=\"regwatch\"");
            response.headers_mut().insert(WWW_AUTHENTICATE, asks);
        }
        response
    }
}

/// Makes a problem of every error below `/api`, whoever found it: the router, a limit, a page.
pub(in crate::web) async fn problems(request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_of_api = path.strip_prefix("/api").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let is_page = path == super::DOCS;
    let response = next.run(request).await;
    let is_error = response.status().is_client_error() || response.status().is_server_error();
    if !is_of_api || is_page || !is_error || has_media_type(response.headers()) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    let mut problem = Problem::of(head.status);
    problem.detail = said(&head.headers, body).await;
    let made = problem.into_response();
    for name in ["content-type", "cache-control", "content-length", "etag", "content-security-policy"] {
        head.headers.remove(name);
    }
    let (mut new_head, body) = made.into_parts();
    for (name, value) in &head.headers {
        new_head.headers.entry(name).or_insert_with(|| value.clone());
    }
    Response::from_parts(new_head, body)
}

fn has_media_type(headers: &HeaderMap) -> bool {
    headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(MEDIA_TYPE.as_bytes()))
}

/// A longer text is no sentence about an error.
const MAX_DETAIL_BYTES: usize = 1024;

/// What an error says of itself in plain text: the library's words on a body or a path that cannot be read.
async fn said(headers: &HeaderMap, body: Body) -> Option<String> {
    let is_plain = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/plain"));
    let bytes = axum::body::to_bytes(body, MAX_DETAIL_BYTES).await.ok().filter(|_| is_plain)?;
    let text = crate::domain::text::one_line(&String::from_utf8_lossy(&bytes));
    (!text.is_empty()).then_some(text)
}
