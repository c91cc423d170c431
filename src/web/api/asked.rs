//! What a request says, read strictly: a field that is not known or cannot be read is an error and not left out, so
//! that nobody takes the answer to another question for theirs.

use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::problem::Problem;

/// The query of an address.
#[derive(Debug)]
pub(super) struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = axum::extract::Query::<T>::from_request_parts(parts, state).await;
        query
            .map(|axum::extract::Query(query)| Self(query))
            .map_err(|rejected| Problem::bad(rejected.body_text()))
    }
}

/// The variable parts of a path.
#[derive(Debug)]
pub(super) struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = axum::extract::Path::<T>::from_request_parts(parts, state).await;
        path.map(|axum::extract::Path(path)| Self(path))
            .map_err(|rejected| Problem::bad(rejected.body_text()))
    }
}

/// A body of JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let body = axum::Json::<serde_json::Value>::from_request(request, state).await;
        let axum::Json(body) =
            body.map_err(|rejected| Problem::with(rejected.status(), rejected.body_text()))?;
        // A list would be taken for an object's fields in their order.
        if !body.is_object() {
            return Err(Problem::bad("the body: expected a JSON object"));
        }
        serde_path_to_error::deserialize(body).map(Self).map_err(|error| Problem::bad(fault(&error)))
    }
}

/// What is wrong with a body, and at which of its keys.
fn fault(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    match error.path().to_string().as_str() {
        "." => format!("the body: {}", error.inner()),
        key => format!("the body, {key}: {}", error.inner()),
    }
}
