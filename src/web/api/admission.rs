//! Who may ask what of the API.
//!
//! The document says of each operation which scope its token needs, and whether it may be asked without one where the
//! pages are open; this is read from it. An operation of which the document says nothing is closed.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::http::{Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use super::super::WebState;
use super::super::access::{AccessNeed, Visitor};
use super::problem::Problem;
use crate::domain::access_token::AccessScope;
use crate::settings::OpenSection;

/// What the document calls the way in by a token.
pub(super) const BY_TOKEN: &str = "token";

/// What an operation needs.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Wants {
    /// The scope of a token; `None` where the document does not say, so that nobody may.
    scope: Option<AccessScope>,
    /// Whether whoever may see the pages may ask it without a token.
    is_open: bool,
    /// The part of the pages that shows the same.
    section: Option<OpenSection>,
}

/// What every operation needs, by path and method.
#[derive(Debug)]
pub(super) struct Admission(Vec<(Vec<String>, BTreeMap<String, Wants>)>);

impl Admission {
    /// What a document says.
    pub(super) fn of(document: &Value) -> Self {
        let paths = document["paths"].as_object().into_iter().flatten();
        let of_path = |(path, item): (&String, &Value)| {
            let operations = item.as_object().into_iter().flatten();
            let wants = operations.map(|(method, operation)| (method.to_uppercase(), Wants::of(operation)));
            (path.split('/').map(str::to_owned).collect(), wants.collect())
        };
        Self(paths.map(of_path).collect())
    }

    /// What a request needs; `None` where there is no such operation, which the router then says.
    fn wants(&self, method: &Method, path: &str) -> Option<&Wants> {
        let parts: Vec<&str> = path.split('/').collect();
        let fits = |pattern: &[String]| {
            pattern.len() == parts.len()
                && pattern
                    .iter()
                    .zip(&parts)
                    .all(|(known, part)| (known.starts_with('{') && !part.is_empty()) || known == part)
        };
        // A path without variable parts goes before one with them, as in the router.
        let variable = |pattern: &[String]| pattern.iter().filter(|part| part.starts_with('{')).count();
        let found = self.0.iter().filter(|(pattern, _)| fits(pattern));
        let (_, methods) = found.min_by_key(|(pattern, _)| variable(pattern))?;
        let method = if method == Method::HEAD { "GET" } else { method.as_str() };
        methods.get(method)
    }
}

impl Wants {
    fn of(operation: &Value) -> Self {
        let ways: Vec<&Value> = operation["security"].as_array().into_iter().flatten().collect();
        let scope = ways.iter().find_map(|way| way[BY_TOKEN][0].as_str()?.parse().ok());
        let tag = operation["tags"][0].as_str().unwrap_or_default();
        Self {
            scope,
            is_open: ways.iter().any(|way| way.as_object().is_some_and(serde_json::Map::is_empty)),
            section: OpenSection::ALL.iter().find(|(name, _)| *name == tag).map(|(_, section)| *section),
        }
    }

    /// Why somebody may not ask this; `None` where they may.
    fn refusal(&self, visitor: &Visitor, is_look: bool, public: &[OpenSection]) -> Option<StatusCode> {
        if let Visitor::Holder(holder) = visitor {
            let may = self.scope.is_some_and(|scope| holder.may(scope));
            return (!may).then_some(StatusCode::FORBIDDEN);
        }
        let is_open = self.is_open && visitor.may(AccessNeed::Reading(self.section), public);
        // What names people is shown to operators on the pages as well; acts need a token, which no other site
        // can have a browser send.
        let is_seen = is_look && self.scope == Some(AccessScope::Subscribers) && visitor.is_operator();
        (!is_open && !is_seen).then_some(StatusCode::UNAUTHORIZED)
    }
}

/// Lets those in who may ask.
pub(super) async fn admit(
    State(shared): State<Arc<WebState>>,
    Extension(visitor): Extension<Visitor>,
    Extension(admission): Extension<Arc<Admission>>,
    request: Request,
    next: Next,
) -> Response {
    let is_look = matches!(*request.method(), Method::GET | Method::HEAD);
    let refusal = admission
        .wants(request.method(), request.uri().path())
        .and_then(|wants| Some((wants, wants.refusal(&visitor, is_look, &shared.desk.settings.public)?)));
    match refusal {
        None => next.run(request).await,
        Some((wants, status)) => {
            let scope = wants.scope.map(|scope| scope.to_string()).unwrap_or_default();
            let detail = format!("this needs a token with the scope {scope}, as Authorization: Bearer …");
            Problem::with(status, detail).into_response()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::web::access::Holder;

    fn admission() -> Admission {
        Admission::of(&serde_json::json!({ "paths": {
            "/api/v1/changes": { "get": { "tags": ["changes"], "security": [{}, { "token": ["read"] }] } },
            "/api/v1/changes/{id}": { "get": { "tags": ["changes"], "security": [{}, { "token": ["read"] }] } },
            "/api/v1/check": { "post": { "tags": ["operating"], "security": [{ "token": ["operate"] }] } },
            "/api/v1/mails": { "get": { "tags": ["people"], "security": [{ "token": ["subscribers"] }] } },
            "/api/v1/forgotten": { "get": {} },
        }}))
    }

    fn holder(scopes: &[AccessScope]) -> Visitor {
        Visitor::Holder(Holder { name: String::new(), scopes: scopes.iter().copied().collect() })
    }

    #[track_caller]
    fn check(visitor: &Visitor, method: &str, path: &str, expected: Option<u16>) {
        let (admission, method) = (admission(), method.parse::<Method>().unwrap());
        let wants = admission.wants(&method, path).unwrap();
        let found = wants.refusal(visitor, method == Method::GET, &[OpenSection::Companies]);
        assert_eq!(found.map(|status| status.as_u16()), expected, "{visitor:?} {method} {path}");
    }

    #[test]
    fn the_document_says_who_may_and_what_it_does_not_say_nobody_may() {
        let (local, stranger) = (Visitor::Local, Visitor::Stranger);
        let (read, operate) = (holder(&[AccessScope::Read]), holder(&[AccessScope::Operate]));
        for path in ["/api/v1/changes", "/api/v1/changes/1"] {
            check(&local, "GET", path, None);
            check(&stranger, "GET", path, Some(401));
            check(&read, "GET", path, None);
            check(&operate, "GET", path, Some(403));
        }
        check(&local, "POST", "/api/v1/check", Some(401));
        check(&read, "POST", "/api/v1/check", Some(403));
        check(&operate, "POST", "/api/v1/check", None);
        check(&local, "GET", "/api/v1/mails", Some(401));
        check(&holder(&[AccessScope::Subscribers]), "GET", "/api/v1/mails", None);
        check(&local, "GET", "/api/v1/forgotten", Some(401));
        check(
            &holder(&[AccessScope::Read, AccessScope::Operate, AccessScope::Subscribers]),
            "GET",
            "/api/v1/forgotten",
            Some(403),
        );
    }

    #[test]
    fn what_is_no_operation_is_left_to_the_router() {
        let admission = admission();
        for (method, path) in [
            ("GET", "/api/v1/nothing"),
            ("DELETE", "/api/v1/changes"),
            ("GET", "/api/v1/changes/"),
            ("GET", "/api/v1/check"),
        ] {
            assert_eq!(admission.wants(&method.parse().unwrap(), path), None, "{method} {path}");
        }
        assert!(admission.wants(&Method::HEAD, "/api/v1/changes").is_some());
    }
}
