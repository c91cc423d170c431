//! Logging in and out.

use askama::Template;
use axum::Extension;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{REFERRER_POLICY, RETRY_AFTER, SET_COOKIE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::Response;

use super::super::WebState;
use super::super::access::{Visitor, cookie, is_of_our_origin};
use super::super::client::client_address;
use super::super::guard::PeerAddress;
use super::super::page::page;
use super::super::session::LoginRefusal;
use super::asked::RequestFields;
use super::frame::PageFrame;
use super::{Server, Who, fields, see_other};
use crate::domain::audit::AuditEntry;

/// The page of a log-in.
#[derive(Template)]
#[template(path = "desk/login.html")]
struct LogIn {
    frame: PageFrame,
    next: String,
    fault: Option<String>,
}

pub(super) async fn ask(State(shared): Server, Extension(visitor): Who, asked: RequestFields) -> Response {
    if !shared.desk.can_log_in() {
        return shared.nothing();
    }
    let next = next_of(&asked);
    let frame = PageFrame::of(&shared, &visitor, "Log in", "login");
    log_in_page(StatusCode::OK, &LogIn { frame, next, fault: None })
}

/// The page with its form, which comes back to us: a browser that hides where it came from could not be told from
/// another site.
fn log_in_page(status: StatusCode, log_in: &LogIn) -> Response {
    let mut response = page(status, log_in);
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

pub(super) async fn log_in(
    State(shared): Server,
    Extension(PeerAddress(peer)): Extension<PeerAddress>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let desk = &shared.desk;
    if !desk.can_log_in() || !is_of_our_origin(&desk.settings.base_url, &headers) {
        return shared.nothing();
    }
    let asked = fields(&body);
    let (name, password) = (asked.shown("name"), asked.shown("password"));
    let client = client_address(peer, &headers, &desk.settings.trusted_proxies);
    let outcome = desk.sessions.log_in(&desk.settings, client, (&name, password)).await;
    let (act, detail) = match &outcome {
        Ok(_) => ("log-in", String::new()),
        Err(LoginRefusal::Wrong) => ("log-in-refused", format!("from {client}")),
        // What is throttled is not noted, so that nobody fills the record.
        Err(LoginRefusal::TooMany(_)) => ("", String::new()),
    };
    if !act.is_empty() {
        // Somebody may have typed the password in the name's place.
        let known = desk.settings.operators.iter().find(|operator| operator.name == name);
        let who = known.map_or("somebody", |operator| &operator.name);
        let entry = AuditEntry::new(desk.views.now(), who, "web", act, "", &detail);
        if let Err(error) = desk.store.note_deed(entry).await {
            return shared.fault(&error);
        }
    }
    match outcome {
        Ok((token, _)) => {
            let mut response = see_other(&format!("{}{}", shared.root(), next_of(&asked)));
            shared.set_cookie(&mut response, &token, "");
            response
        }
        Err(refused) => shared.not_logged_in(next_of(&asked), refused),
    }
}

pub(super) async fn log_out(
    State(shared): Server,
    Extension(visitor): Who,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Visitor::Known(session) = &visitor else { return see_other(shared.root()) };
    let is_ours = is_of_our_origin(&shared.desk.settings.base_url, &headers)
        && fields(&body).get("csrf").is_some_and(|token| session.is_token(token));
    if !is_ours {
        return shared.forbidden(
            &visitor,
            "Nothing was done",
            "The form did not come from a page of this service.",
        );
    }
    if let Some(token) = cookie(&headers, shared.cookie_name()) {
        shared.desk.sessions.log_out(token);
    }
    if let Err(error) = shared.note(&visitor, "log-out", "", "").await {
        return shared.fault(&error);
    }
    let mut response = see_other(shared.root());
    shared.set_cookie(&mut response, "", "; Max-Age=0");
    response
}

impl WebState {
    /// What the cookie of a session is called: over TLS so that nothing in the clear can have set it.
    pub(in crate::web) fn cookie_name(&self) -> &'static str {
        if self.desk.settings.base_url.scheme() == "https" { "__Secure-regwatch" } else { "regwatch" }
    }

    fn set_cookie(&self, response: &mut Response, token: &str, more: &str) {
        let secure = if self.desk.settings.base_url.scheme() == "https" { "; Secure" } else { "" };
        let (name, path) = (self.cookie_name(), self.root());
        let cookie = format!("{name}={token}; Path={path}; HttpOnly; SameSite=Lax{secure}{more}");
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().insert(SET_COOKIE, cookie);
        }
    }

    fn not_logged_in(&self, next: String, refused: LoginRefusal) -> Response {
        let (status, fault) = match refused {
            LoginRefusal::Wrong => (StatusCode::UNPROCESSABLE_ENTITY, "Wrong name or password.".to_owned()),
            LoginRefusal::TooMany(wait) => {
                let seconds = wait.as_secs() + 1;
                let unit = if seconds == 1 { "second" } else { "seconds" };
                (StatusCode::TOO_MANY_REQUESTS, format!("Too many attempts. Try again in {seconds} {unit}."))
            }
        };
        let frame = PageFrame::of(self, &Visitor::Stranger, "Log in", "login");
        let mut response = log_in_page(status, &LogIn { frame, next, fault: Some(fault) });
        if let LoginRefusal::TooMany(wait) = refused {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
        }
        response
    }
}

/// Where somebody wanted to go, below our own address; nowhere else can be named.
fn next_of(asked: &RequestFields) -> String {
    let wanted = asked.get("next").unwrap_or_default().trim_start_matches('/');
    let first = wanted.split(['/', '?']).next().unwrap_or_default();
    let is_page = super::need_of(first).is_some() && !first.is_empty();
    let is_plain = wanted.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !wanted.contains("//")
        && !wanted.contains("..");
    if is_page && is_plain { wanted.to_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(next: &str, expected: &str) {
        let query: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
        assert_eq!(next_of(&RequestFields::of(format!("next={query}").as_bytes())), expected, "{next:?}");
    }

    #[test]
    fn after_a_log_in_nobody_is_sent_elsewhere() {
        check("/changes?company=zte", "changes?company=zte");
        check("/sources/covered-list", "sources/covered-list");
        check("/", "");
        for foreign in [
            "https://evil.example/",
            "//evil.example/changes",
            "/\\evil.example",
            "/changes//evil.example",
            "/changes\r\nLocation: https://evil.example",
            "javascript:alert(1)",
            "/logout",
            "/changes/../logout",
            "evil.example",
        ] {
            let found = next_of(&RequestFields::of(
                format!(
                    "next={}",
                    url::form_urlencoded::byte_serialize(foreign.as_bytes()).collect::<String>()
                )
                .as_bytes(),
            ));
            assert_eq!(found, "", "{foreign:?}");
        }
    }
}
