//! What is answered to whom: the paths, and what each of them does.
//!
//! A GET shows, a POST acts, and to act twice is to act once. Whatever leads to nothing, made up, too old
//! or unknown, gets one and the same answer.

use std::sync::Arc;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;

use super::Shared;
use super::form::{Change, Fault};
use super::guard::guard;
use super::page::{Confirm, Followed, Manage, Message, Unsubscribe, page, secured, style};
use super::ways::Ways;
use crate::domain::id::CompanyId;
use crate::domain::inbound::{Answer, ConfirmToken};
use crate::domain::keyed_link::{LinkPurpose, SubscriberKey};
use crate::domain::subscription::Subscriber;
use crate::domain::text::error_chain;
use crate::render::{company_name, followed, wishes};
use crate::store::StoreError;

/// A form of ours has a handful of short fields, a mail program's one-click has one.
const MAX_BODY_BYTES: usize = 4 * 1024;

/// What leads somewhere.
type Server = State<Arc<Shared>>;

/// A body within its limit, or what was wrong with it.
type Body = Result<Bytes, BytesRejection>;

/// Every path.
pub(super) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/confirm/{token}", get(ask_to_confirm).post(confirm))
        .route("/manage/{link}", get(show_followed).post(change_followed))
        .route("/unsubscribe/{link}", get(ask_to_leave).post(leave))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&shared), guard))
        .route("/style.css", get(style))
        .layer(map_response(secured))
        .with_state(shared)
}

/// What the path ends with: a token or a link.
pub(super) fn last_part(uri: &Uri) -> &str {
    uri.path().rsplit('/').next().unwrap_or_default()
}

async fn ask_to_confirm(State(shared): Server, uri: Uri) -> Response {
    let Ok(token) = last_part(&uri).parse::<ConfirmToken>() else { return shared.nothing() };
    match shared.visits.question(&token).await {
        Ok(Some(question)) => {
            let lines = wishes(&question.purpose, &shared.registry.current());
            page(StatusCode::OK, &Confirm { root: shared.root(), lines, is_open: question.is_open })
        }
        Ok(None) => shared.nothing(),
        Err(error) => shared.fault(&error),
    }
}

async fn confirm(State(shared): Server, uri: Uri, body: Body) -> Response {
    if body.is_err() {
        return shared.too_much();
    }
    let Ok(token) = last_part(&uri).parse::<ConfirmToken>() else { return shared.nothing() };
    match shared.visits.confirm(&token).await {
        Ok(Some((answer, subscriber))) => {
            // A mail may wait now that welcomes them.
            shared.woken.notify_one();
            shared.confirmed(&answer, &subscriber)
        }
        Ok(None) => shared.nothing(),
        Err(error) => shared.fault(&error),
    }
}

async fn show_followed(State(shared): Server, uri: Uri) -> Response {
    match shared.visits.open(LinkPurpose::Manage, last_part(&uri)) {
        Some(key) => shared.followed(&key, Ok(None)).await,
        None => shared.nothing(),
    }
}

async fn change_followed(State(shared): Server, uri: Uri, body: Body) -> Response {
    let Some(key) = shared.visits.open(LinkPurpose::Manage, last_part(&uri)) else {
        return shared.nothing();
    };
    let Ok(body) = body else { return shared.too_much() };
    let change = match Change::of(&body) {
        Ok(change) => change,
        Err(fault) => return shared.followed(&key, Err(fault)).await,
    };
    match shared.change(&key, change).await {
        Ok(done) => shared.followed(&key, Ok(Some(done))).await,
        Err(error) => shared.fault(&error),
    }
}

async fn ask_to_leave(State(shared): Server, uri: Uri) -> Response {
    let Some(key) = shared.visits.open(LinkPurpose::Unsubscribe, last_part(&uri)) else {
        return shared.nothing();
    };
    match shared.visits.subscriber(&key).await {
        Ok(found) => page(StatusCode::OK, &Unsubscribe { root: shared.root(), whom: whom(found.as_ref()) }),
        Err(error) => shared.fault(&error),
    }
}

/// The button, and the one click of RFC 8058, whose body says no more than that it is one: either acts, in
/// whichever of the two encodings it comes.
async fn leave(State(shared): Server, uri: Uri, body: Body) -> Response {
    let Some(key) = shared.visits.open(LinkPurpose::Unsubscribe, last_part(&uri)) else {
        return shared.nothing();
    };
    if body.is_err() {
        return shared.too_much();
    }
    match shared.visits.leave(&key, None).await {
        Ok(()) => {
            shared.message("You will not be told any more", "Nothing is sent to this address any more.")
        }
        Err(error) => shared.fault(&error),
    }
}

async fn nothing(State(shared): Server) -> Response {
    shared.nothing()
}

impl Shared {
    /// Does what a button asks for; gives in words what was done.
    async fn change(&self, key: &SubscriberKey, change: Change) -> Result<String, StoreError> {
        Ok(match change {
            Change::Leave(company) => {
                self.visits.leave(key, Some(&company)).await?;
                let name = company_name(&company, &self.registry.current());
                format!("Nothing is sent about {name} any more.")
            }
            Change::LeaveAll => {
                self.visits.leave(key, None).await?;
                "Nothing is sent to this address any more.".to_owned()
            }
            Change::Pause => {
                self.visits.pause(key, true).await?;
                "Mail is paused.".to_owned()
            }
            Change::Resume => {
                self.visits.pause(key, false).await?;
                "Mail goes on.".to_owned()
            }
            Change::Prefer(wishes) => {
                self.visits.prefer(key, wishes).await?;
                "Mail comes as you wish from now on.".to_owned()
            }
        })
    }

    /// The page of what somebody follows, with what was just done or why nothing was.
    async fn followed(&self, key: &SubscriberKey, done: Result<Option<String>, Fault>) -> Response {
        let found = match self.visits.subscriber(key).await {
            Ok(found) => found,
            Err(error) => return self.fault(&error),
        };
        let watchlist = self.registry.current();
        let lines = found.as_ref().map(|subscriber| followed(subscriber, &watchlist)).unwrap_or_default();
        let followed = lines.into_iter().map(|(company, line)| Followed {
            name: company_name(&company, &watchlist),
            company: company.to_string(),
            line,
        });
        let paused_since = found.as_ref().and_then(|subscriber| subscriber.paused_since);
        let preferences = found.as_ref().map(|subscriber| subscriber.preferences.clone()).unwrap_or_default();
        let status = if done.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let (done, fault) = match done {
            Ok(done) => (done, None),
            Err(fault) => (None, Some(fault.words())),
        };
        let manage = Manage {
            root: self.root(),
            whom: whom(found.as_ref()),
            done,
            fault,
            followed: followed.collect(),
            ways: Ways::of(&preferences),
            paused_since: paused_since.map(|since| since.format("%Y-%m-%d %H:%M UTC").to_string()),
        };
        page(status, &manage)
    }

    /// The page that says what was confirmed.
    fn confirmed(&self, answer: &Answer, subscriber: &Subscriber) -> Response {
        let watchlist = self.registry.current();
        let name = |company: &CompanyId| company_name(company, &watchlist);
        let (title, lines, text) = match answer {
            Answer::Welcome(selection) => (
                "You will be told",
                selection.companies.iter().map(name).collect(),
                "From now on you get a mail when a watched source changes in an entry about what you follow; silence means that nothing did.",
            ),
            Answer::Goodbye(companies) => (
                "You will not be told any more",
                companies.iter().map(name).collect(),
                "Nothing is sent to this address about it any more.",
            ),
            Answer::List => (
                "What you follow",
                followed(subscriber, &watchlist).into_iter().map(|(_, line)| line).collect(),
                "Nothing else is sent to this address.",
            ),
            Answer::Preferred => (
                "How mail comes now",
                subscriber.preferences.words(),
                "Whoever wishes nothing else gets mail as soon as something is found, at any hour.",
            ),
            Answer::Paused => ("Mail is paused", Vec::new(), "What changes meanwhile is kept, not mailed."),
            Answer::Resumed(_) => ("Mail goes on", Vec::new(), "Mail is sent to this address again."),
            // Nothing else is ever confirmed.
            Answer::Confirm(..)
            | Answer::Explain(..)
            | Answer::Help
            | Answer::Never
            | Answer::Expired
            | Answer::Unknown(_)
            | Answer::Untracked(_) => {
                return self.nothing();
            }
        };
        page(StatusCode::OK, &Message { root: self.root(), title, lines, text })
    }

    fn message(&self, title: &str, text: &str) -> Response {
        page(StatusCode::OK, &Message { root: self.root(), title, lines: Vec::new(), text })
    }

    fn refusal(&self, status: StatusCode, title: &str, text: &str) -> Response {
        page(status, &Message { root: self.root(), title, lines: Vec::new(), text })
    }

    /// The one answer to all that leads nowhere.
    pub(super) fn nothing(&self) -> Response {
        self.refusal(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "The address is not complete, or what it was made for is too long ago. If you copied it from a mail, copy all of it; or write to the service again.",
        )
    }

    /// Too many requests.
    pub(super) fn too_many(&self) -> Response {
        let text = "Nothing was changed. Wait a little and try again.";
        self.refusal(StatusCode::TOO_MANY_REQUESTS, "Too many requests", text)
    }

    /// A request that did not end in time.
    pub(super) fn too_slow(&self) -> Response {
        self.refusal(StatusCode::REQUEST_TIMEOUT, "That took too long", "Please try again.")
    }

    fn too_much(&self) -> Response {
        self.refusal(StatusCode::PAYLOAD_TOO_LARGE, "That was too much", "Nothing was changed.")
    }

    /// Trouble here. What it is stands in the log and nowhere else.
    fn fault(&self, error: &(dyn std::error::Error + 'static)) -> Response {
        tracing::error!(error = error_chain(error), "a page could not be answered");
        let text = "Something is wrong here, and nothing was changed. Please try again later.";
        self.refusal(StatusCode::INTERNAL_SERVER_ERROR, "That did not work", text)
    }
}

/// Whom a page is about, most of the address hidden: a mail with its links may have been passed on.
fn whom(subscriber: Option<&Subscriber>) -> Option<String> {
    subscriber.map(|subscriber| subscriber.address.redacted())
}
