//! The pages of the service: what changed, what is watched, and how it stands.
//!
//! Who may see what is decided in one place, before any page is looked for ([`admit`]): a page that is added is
//! closed until [`need_of`] says otherwise. A GET looks; a POST acts, needs an operator and the token of their
//! session, and is noted before it is done.

mod act;
mod asked;
pub(super) mod body;
pub(super) mod change;
mod chart;
mod company;
mod coverage;
mod evidence;
mod feed;
mod frame;
mod log_in;
mod people;
mod review;
mod screening;
mod sign_up;
mod sources;
mod trial;

use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{LOCATION, REFERRER_POLICY, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Router};

use self::asked::RequestFields;
use self::frame::Note;
pub(super) use self::frame::PageFrame;
use self::screening::ScreeningForm;
use super::access::{AccessNeed, Visitor, first_part, is_of_our_origin, need_of};
use super::page::page;
use super::rate::Rates;
use super::session::LoginSession;
use super::{Runner, Server, WebParts, WebState, Who, api};
use crate::check::Checker;
use crate::domain::audit::AuditEntry;
use crate::prove::Prover;
use crate::screen::{Screener, StandingLists};
use crate::settings::WebSettings;
use crate::status::StatusReader;
use crate::store::{Store, StoreError};
use crate::subscribe::Subscriptions;
use crate::view::Views;
use crate::webhook::Webhooks;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::session::Sessions;

/// Sign-ups of one client in a minute, and of all: each sends a mail to somebody who may not have asked for it.
const CLIENT_SIGN_UPS: u32 = 3;
const ALL_SIGN_UPS: u32 = 30;

/// So many packages of evidence are put together at once.
const PACKED_AT_ONCE: usize = 2;

/// A form of ours has a handful of short fields.
const MAX_FORM_BYTES: usize = 16 * 1024;

/// A table of suppliers has at most so many.
const MAX_UPLOAD_BYTES: usize = 16 << 20;

/// The page that takes such a table.
const SCREEN: &str = "screen";

/// What the pages need besides what mail's links do.
#[derive(Debug)]
pub(super) struct Desk {
    pub views: Views,
    pub checker: Arc<Checker>,
    pub store: Store,
    pub subscriptions: Arc<Subscriptions>,
    pub settings: WebSettings,
    pub sessions: Sessions,
    pub tasks: TaskTracker,
    pub status: Arc<StatusReader>,
    pub screener: Screener,
    pub standing: Arc<StandingLists>,
    pub prover: Prover,
    pub webhooks: Arc<Webhooks>,
    /// Whether sources are read here.
    pub reads: bool,
    /// As many packages of evidence are put together at once.
    pub packing: Semaphore,
    pub runner: Runner,
    /// How often addresses are asked for their consent at the word of strangers.
    pub sign_ups: Mutex<Rates>,
}

/// What is answered by a daemon that reads no sources and is asked to.
pub(super) const READ_ELSEWHERE: &str = "The daemon of these pages reads no sources, which another one does. Run `regwatch \
    check now` where a daemon has the role read.";

impl Desk {
    pub(super) fn of(parts: &WebParts, settings: &WebSettings, tasks: TaskTracker) -> Self {
        Self {
            views: parts.views.clone(),
            checker: Arc::clone(&parts.checker),
            store: parts.store.clone(),
            subscriptions: Arc::clone(&parts.subscriptions),
            settings: settings.clone(),
            sessions: Sessions::new(),
            tasks,
            status: Arc::clone(&parts.status),
            screener: parts.screener.clone(),
            standing: Arc::clone(&parts.standing),
            prover: parts.prover.clone(),
            webhooks: Arc::clone(&parts.webhooks),
            reads: parts.reads,
            packing: Semaphore::new(PACKED_AT_ONCE),
            runner: parts.runner.clone(),
            sign_ups: Mutex::new(Rates::new(CLIENT_SIGN_UPS, ALL_SIGN_UPS, Instant::now())),
        }
    }
}

/// The pages that only those see who may.
pub(super) fn router(shared: &Arc<WebState>) -> Router<Arc<WebState>> {
    Router::new()
        .route("/", get(sources::overview))
        .route("/sources", get(sources::list))
        .route("/sources/{id}", get(sources::one).post(act::on_source))
        .route("/sources/{id}/compare", get(sources::compare))
        .route("/sources/{id}/try", post(trial::tried))
        .route("/changes", get(change::list))
        .route("/changes.atom", get(feed::atom))
        .route("/changes.json", get(feed::json))
        .route("/changes.csv", get(feed::table))
        .route("/deadlines.ics", get(feed::deadlines))
        .route("/changes/{id}", get(change::one).post(act::on_change))
        .route("/changes/{id}/evidence", get(evidence::of_change))
        .route("/changes/{id}/{which}", get(body::shown))
        .route("/changes/{id}/{which}/raw", get(body::raw))
        // These are met by the link of an alert alone, which `admit` answers.
        .route("/changes/{id}/{which}/", get(nowhere))
        .route("/changes/{id}/{which}/{below}", get(nowhere))
        .route("/changes/{id}/{which}/{below}/raw", get(nowhere))
        .route("/companies", get(company::list))
        .route("/companies/{id}", get(company::one))
        .route("/screen", get(screening::ask).post(screening::screen))
        .route("/review", get(review::list))
        .route("/review/{id}", get(review::one).post(act::on_review))
        .route("/review/{id}/raw", get(review::raw))
        .route("/coverage", get(coverage::coverage))
        .route("/audit", get(people::audit))
        .route(api::DOCS, get(api::viewer))
        .route("/mails", get(people::mails))
        .route("/mails/{id}", get(people::mail).post(act::on_mail))
        .route("/subscribers", get(people::subscribers))
        .layer(from_fn_with_state(Arc::clone(shared), admit))
}

/// The pages by which people log in and out or subscribe; nobody needs to be let in for them.
pub(super) fn door() -> Router<Arc<WebState>> {
    Router::new()
        .route("/login", get(log_in::ask).post(log_in::log_in))
        .route("/logout", post(log_in::log_out))
        .route(
            "/subscribe",
            get(sign_up::ask).post(sign_up::sign_up).layer(DefaultBodyLimit::max(MAX_FORM_BYTES)),
        )
        .route("/subscribe/sample", get(sign_up::sample))
}

/// Lets those in who may see a page, and takes a form only from a page of ours.
async fn admit(State(shared): Server, Extension(visitor): Who, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    // The link of an alert is let in by itself: whoever has it needs nothing else.
    if super::link_of_change(path).is_some() {
        return super::linked::answer(&shared, path, request.method()).await;
    }
    let Some(need) = first_part(path).and_then(need_of) else { return shared.nothing() };
    let is_act = !matches!(*request.method(), Method::GET | Method::HEAD);
    let need = if is_act { AccessNeed::Operating } else { need };
    if !visitor.may(need, &shared.desk.settings.public) {
        if matches!(need, AccessNeed::Feed(_)) {
            return shared.wants_a_token(&visitor);
        }
        return shared.turned_away(&visitor, request.uri(), is_act);
    }
    let request = match (is_act, &visitor) {
        (true, Visitor::Known(session)) => match shared.with_token(session, request).await {
            Ok(request) => request,
            Err(refused) => return *refused,
        },
        _ => request,
    };
    let mut request = request;
    request.extensions_mut().insert(visitor);
    let mut response = next.run(request).await;
    // Our own address may be told to our own pages: without it a browser hides where a form came from.
    response.headers_mut().insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    response
}

impl WebState {
    /// The answer to somebody who may not see a page.
    fn turned_away(&self, visitor: &Visitor, uri: &Uri, is_act: bool) -> Response {
        let can_log_in = self.desk.can_log_in();
        match visitor {
            Visitor::Stranger if !can_log_in => self.nothing(),
            Visitor::Stranger | Visitor::Local if can_log_in && !is_act => {
                let next = uri.path_and_query().map_or("/", axum::http::uri::PathAndQuery::as_str);
                let next: String = url::form_urlencoded::byte_serialize(next.as_bytes()).collect();
                see_other(&format!("{}login?next={next}", self.root()))
            }
            _ => self.forbidden(
                visitor,
                "Only an operator may do that",
                "Log in as an operator: the configuration names them in [[web.operator]].",
            ),
        }
    }

    /// The answer to a feed reader or a calendar without a token that is good. It asks its user for one.
    fn wants_a_token(&self, visitor: &Visitor) -> Response {
        let text = "This needs a token: as the password, or in the address as token=…. The operator creates one with `regwatch token add --scope feeds`.";
        let frame = PageFrame::of(self, visitor, "This needs a token", "");
        let mut response = page(StatusCode::UNAUTHORIZED, &Note { frame, text });
        let asks = HeaderValue::from_static("Basic realm=\"regwatch\", charset=\"UTF-8\"");
        response.headers_mut().insert(WWW_AUTHENTICATE, asks);
        response
    }

    /// A form with the token of its session, its body put back for whoever reads it; or why it is not taken.
    async fn with_token(&self, session: &LoginSession, request: Request) -> Result<Request, Box<Response>> {
        let (head, body) = request.into_parts();
        let takes_files = head.uri.path().trim_start_matches('/') == SCREEN;
        let limit = if takes_files { MAX_UPLOAD_BYTES } else { MAX_FORM_BYTES };
        let Ok(bytes) = to_bytes(body, limit).await else { return Err(Box::new(self.too_much())) };
        let token = if takes_files {
            ScreeningForm::of(&head.headers, bytes.clone()).await.map(|handed| handed.csrf)
        } else {
            RequestFields::of(&bytes).get("csrf").map(str::to_owned)
        };
        let is_ours = is_of_our_origin(&self.desk.settings.base_url, &head.headers)
            && token.is_some_and(|token| session.is_token(&token));
        if !is_ours {
            let visitor = Visitor::Known(session.clone());
            return Err(Box::new(self.forbidden(
                &visitor,
                "Nothing was done",
                "The form did not come from a page of this service, or is too old. Open the page again.",
            )));
        }
        Ok(Request::from_parts(head, Body::from(bytes)))
    }

    fn forbidden(&self, visitor: &Visitor, title: &str, text: &str) -> Response {
        page(StatusCode::FORBIDDEN, &Note { frame: PageFrame::of(self, visitor, title, ""), text })
    }

    /// A page about something that is not there, for somebody who may see it if it were.
    fn not_there(&self, visitor: &Visitor, text: &str) -> Response {
        let frame = PageFrame::of(self, visitor, "There is nothing here", "");
        page(StatusCode::NOT_FOUND, &Note { frame, text })
    }

    /// Notes a deed before it is done.
    async fn note(&self, visitor: &Visitor, act: &str, about: &str, detail: &str) -> Result<(), StoreError> {
        let at = self.desk.views.now();
        self.desk.store.note_deed(AuditEntry::new(at, visitor.name(), "web", act, about, detail)).await
    }
}

impl Desk {
    /// Whether anybody can log in here.
    pub(super) fn can_log_in(&self) -> bool {
        self.settings.operators.iter().any(|operator| operator.password.is_some())
    }
}

/// An address below a change that is no link of an alert.
async fn nowhere(State(shared): Server, Extension(visitor): Who) -> Response {
    shared.not_there(&visitor, "There is nothing at this address.")
}

/// Sends a browser to another page of ours with a GET.
fn see_other(address: &str) -> Response {
    match HeaderValue::from_str(address) {
        Ok(address) => (StatusCode::SEE_OTHER, [(LOCATION, address)]).into_response(),
        Err(_) => StatusCode::SEE_OTHER.into_response(),
    }
}

/// A form's fields.
fn fields(body: &Bytes) -> RequestFields {
    RequestFields::of(body)
}
