//! What is answered to whom: the paths, and what each of them does.
//!
//! A GET shows, a POST acts, and to act twice is to act once. Whatever leads to nothing, made up, too old
//! or unknown, gets one and the same answer.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, Uri};
use axum::middleware::{from_fn, from_fn_with_state, map_response};
use axum::response::Response;
use axum::routing::get;
use axum::{Extension, Router};
use chrono::NaiveDate;

use super::archive::MAIL;
use super::form::{FormChange, FormFault, KINDS};
use super::guard::{guard, last_part};
use super::page::{Confirm, Followed, Manage, MessagePage, UnsubscribePage, page, secured, style};
use super::ways::Ways;
use super::{Server, WebState, api, desk};
use crate::domain::inbound::{ConfirmToken, ReplyKind};
use crate::domain::keyed_link::{LinkPurpose, SubscriberKey};
use crate::domain::subscription::{Subscriber, SubscriptionState};
use crate::domain::text::error_chain;
use crate::domain::topic::Topic;
use crate::render::{company_name, followed, paused, promise, wishes};
use crate::store::StoreError;
use crate::subscribe::IngestError;

/// A form of ours has a handful of short fields, a mail program's one-click has one.
const MAX_BODY_BYTES: usize = 4 * 1024;

/// A body within its limit, or what was wrong with it.
type LimitedBody = Result<Bytes, BytesRejection>;

/// Every path.
pub(super) fn router(shared: Arc<WebState>) -> Router {
    let (api, described) = api::router(&shared);
    Router::new()
        .route("/confirm/{token}", get(ask_to_confirm).post(confirm))
        .route("/manage/{link}", get(show_followed).post(change_followed))
        .route("/unsubscribe/{link}", get(ask_to_leave).post(leave))
        .route("/confirm/{token}/", get(ask_to_confirm).post(confirm))
        .route("/manage/{link}/", get(show_followed).post(change_followed))
        .route("/unsubscribe/{link}/", get(ask_to_leave).post(leave))
        .merge(desk::door())
        .merge(desk::router(&shared))
        .merge(api)
        .layer(Extension(described))
        .fallback(nothing)
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(&shared), guard))
        .layer(from_fn(api::problems))
        .route("/style.css", get(style))
        .layer(map_response(secured))
        .with_state(shared)
}

async fn ask_to_confirm(State(shared): Server, uri: Uri) -> Response {
    let Ok(token) = last_part(&uri).parse::<ConfirmToken>() else { return shared.nothing() };
    match shared.visits.question(&token).await {
        Ok(Some(question)) => {
            let lines = wishes(&question.purpose, &shared.registry.current());
            let standing = if question.is_open { Vec::new() } else { shared.standing(&question.subscriber) };
            let is_open = question.is_open;
            page(
                StatusCode::OK,
                &Confirm { root: shared.root(), name: shared.organisation(), lines, is_open, standing },
            )
        }
        Ok(None) => shared.nothing(),
        Err(error) => shared.fault(&error),
    }
}

async fn confirm(State(shared): Server, uri: Uri, body: LimitedBody) -> Response {
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
    match shared.visits.open(LinkPurpose::Manage, &last_part(&uri)) {
        Some(key) => match uri.query() {
            Some(SHOW_FOUND) => shared.found_for(&key).await,
            Some(SHOW_MAILS) => shared.archive_of(&key).await,
            Some(query) if query.starts_with(MAIL) => shared.mail_of(&key, &query[MAIL.len()..]).await,
            _ => shared.followed(&key, Ok(None)).await,
        },
        None => shared.nothing(),
    }
}

/// Asks the page of what somebody follows for what was found of it.
const SHOW_FOUND: &str = "show=found";

/// Asks it for the mails that were sent to them.
const SHOW_MAILS: &str = "show=mails";

async fn change_followed(State(shared): Server, uri: Uri, body: LimitedBody) -> Response {
    let Some(key) = shared.visits.open(LinkPurpose::Manage, &last_part(&uri)) else {
        return shared.nothing();
    };
    let Ok(body) = body else { return shared.too_much() };
    let change = match FormChange::of(&body) {
        Ok(change) => change,
        Err(fault) => return shared.followed(&key, Err(fault)).await,
    };
    if let FormChange::Pause(Some(day)) = change
        && !shared.is_to_come(&key, day).await
    {
        return shared.followed(&key, Err(FormFault::Day)).await;
    }
    match shared.change(&key, change).await {
        Ok(done) => shared.followed(&key, Ok(Some(done))).await,
        Err(error) => shared.fault(&error),
    }
}

async fn ask_to_leave(State(shared): Server, uri: Uri) -> Response {
    let Some(key) = shared.visits.open(LinkPurpose::Unsubscribe, &last_part(&uri)) else {
        return shared.nothing();
    };
    match shared.visits.subscriber(&key).await {
        Ok(found) => shared.leaving(found.as_ref()),
        Err(error) => shared.fault(&error),
    }
}

/// The button, and the one click of RFC 8058, whose body says no more than that it is one: either acts, in
/// whichever of the two encodings it comes.
async fn leave(State(shared): Server, uri: Uri, body: LimitedBody) -> Response {
    let Some(key) = shared.visits.open(LinkPurpose::Unsubscribe, &last_part(&uri)) else {
        return shared.nothing();
    };
    let Ok(body) = body else { return shared.too_much() };
    // Nothing but the button for it takes leaving back: whatever else is sent here is a click that leaves.
    if FormChange::of(&body) == Ok(FormChange::Undo) {
        return shared.taken_back(&key).await;
    }
    if let Err(error) = shared.visits.leave(&key, None).await {
        return shared.fault(&error);
    }
    match shared.visits.subscriber(&key).await {
        Ok(found) => shared.leaving(found.as_ref()),
        Err(error) => shared.fault(&error),
    }
}

async fn nothing(State(shared): Server) -> Response {
    shared.nothing()
}

impl WebState {
    /// Does what a button asks for; gives in words what was done.
    async fn change(&self, key: &SubscriberKey, change: FormChange) -> Result<String, IngestError> {
        Ok(match change {
            FormChange::Leave(company) => {
                self.visits.leave(key, Some(&company)).await?;
                let name = company_name(&company, &self.registry.current());
                format!("You will receive no further alerts about {name}.")
            }
            FormChange::LeaveAll => {
                self.visits.leave(key, None).await?;
                "You have been unsubscribed. You will receive no further alerts.".to_owned()
            }
            FormChange::Add(company) => {
                let watchlist = self.registry.current();
                if watchlist.can_be_followed(&company) {
                    self.visits.ask_for_more(key, &company).await?;
                    self.woken.notify_one();
                }
                let name = company_name(&company, &watchlist);
                format!("We sent you a mail to confirm that you want to follow {name} too.")
            }
            FormChange::Undo => self.undo(key).await?,
            FormChange::Pause(until) => {
                self.visits.pause(key, true, until).await?;
                "Mail is paused.".to_owned()
            }
            FormChange::Resume => {
                self.visits.pause(key, false, None).await?;
                // What the pause collected may be told now.
                self.woken.notify_one();
                "Mail has resumed.".to_owned()
            }
            FormChange::Refine(company, kinds) => {
                self.visits.refine(key, &company, kinds).await?;
                let name = company_name(&company, &self.registry.current());
                format!("Your choice for {name} is saved.")
            }
            FormChange::Prefer(wishes) => {
                self.visits.prefer(key, wishes).await?;
                "Your mail settings are saved.".to_owned()
            }
        })
    }

    /// Takes back what was left last; gives in words what was done.
    async fn undo(&self, key: &SubscriberKey) -> Result<String, StoreError> {
        let back = self.visits.undo(key).await?;
        self.woken.notify_one();
        let watchlist = self.registry.current();
        let names: Vec<String> = back.iter().map(|company| company_name(company, &watchlist)).collect();
        Ok(match names.as_slice() {
            [] => "Nothing was changed: the day for undoing has passed.".to_owned(),
            names => format!("You follow {} again.", names.join(", ")),
        })
    }

    /// The page of somebody who takes leaving back where they left.
    async fn taken_back(&self, key: &SubscriberKey) -> Response {
        let (done, found) = match (self.undo(key).await, self.visits.subscriber(key).await) {
            (Ok(done), Ok(found)) => (done, found),
            (Err(error), _) | (_, Err(error)) => return self.fault(&error),
        };
        let lines = found.map(|subscriber| self.standing(&subscriber)).unwrap_or_default();
        page(
            StatusCode::OK,
            &MessagePage {
                root: self.root(),
                name: self.organisation(),
                title: "What you follow now",
                lines,
                text: &done,
            },
        )
    }

    /// Whether a day is still to come where whoever holds a link is.
    async fn is_to_come(&self, key: &SubscriberKey, day: NaiveDate) -> bool {
        let found = self.visits.subscriber(key).await.ok().flatten();
        let begin = found.and_then(|subscriber| subscriber.preferences.begin_of(day));
        begin.is_none_or(|begin| begin > self.visits.now())
    }

    /// The page on which all mail is ended, or on which that is taken back.
    fn leaving(&self, found: Option<&Subscriber>) -> Response {
        let is_over = |subscriber: &Subscriber| {
            subscriber.subscriptions.iter().all(|known| known.state == SubscriptionState::Unsubscribed)
        };
        let is_following = !found.is_some_and(is_over);
        let title = if is_following { "Stop all mail?" } else { "You are unsubscribed" };
        let undo = found.map(|subscriber| self.undone(subscriber)).unwrap_or_default();
        let root = self.root();
        page(
            StatusCode::OK,
            &UnsubscribePage {
                root,
                name: self.organisation(),
                title,
                whom: whom(found),
                is_following,
                undo,
            },
        )
    }

    /// What somebody can follow again by a button.
    fn undone(&self, subscriber: &Subscriber) -> Vec<String> {
        let watchlist = self.registry.current();
        let left = subscriber.left_last(self.visits.now());
        left.iter().map(|company| company_name(company, &watchlist)).collect()
    }

    /// How somebody stands, a line a company.
    fn standing(&self, subscriber: &Subscriber) -> Vec<String> {
        let followed = followed(subscriber, &self.registry.current());
        let mut lines: Vec<String> = followed.into_iter().map(|(_, line)| line).collect();
        if lines.is_empty() {
            lines.push("This address follows nothing and gets no mail.".to_owned());
        } else {
            lines.extend(paused(subscriber, self.visits.now()));
        }
        lines
    }

    /// The page of what somebody follows, with what was just done or why nothing was.
    async fn followed(&self, key: &SubscriberKey, done: Result<Option<String>, FormFault>) -> Response {
        let found = match self.visits.subscriber(key).await {
            Ok(found) => found,
            Err(error) => return self.fault(&error),
        };
        let watchlist = self.registry.current();
        let lines = found.as_ref().map(|subscriber| followed(subscriber, &watchlist)).unwrap_or_default();
        let kinds = |topic: &Topic| {
            let only =
                found.as_ref().and_then(|subscriber| subscriber.active(topic)).map(|known| &known.only);
            let chosen =
                |kind| only.is_none_or(|only| only.changes.is_empty() || only.changes.contains(&kind));
            KINDS.map(|(name, kind, words)| (name, words, chosen(kind)))
        };
        let followed = lines.into_iter().map(|(topic, line)| Followed {
            name: company_name(&topic, &watchlist),
            kinds: kinds(&topic),
            company: topic.to_string(),
            line,
        });
        let paused = found.as_ref().and_then(|subscriber| paused(subscriber, self.visits.now()));
        let undo = found.as_ref().map(|subscriber| self.undone(subscriber)).unwrap_or_default();
        let more = self.not_followed(found.as_ref());
        let preferences = found.as_ref().map(|subscriber| subscriber.preferences.clone()).unwrap_or_default();
        let status = if done.is_ok() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
        let (done, fault) = match done {
            Ok(done) => (done, None),
            Err(fault) => (None, Some(fault.words())),
        };
        let manage = Manage {
            root: self.root(),
            name: self.organisation(),
            whom: whom(found.as_ref()),
            done,
            fault,
            followed: followed.collect(),
            more,
            ways: Ways::of(&preferences),
            paused,
            undo,
        };
        page(status, &manage)
    }

    /// The companies and sources that somebody can follow besides: id and name. Nobody is asked who follows nothing.
    fn not_followed(&self, subscriber: Option<&Subscriber>) -> Vec<(String, String)> {
        let Some(subscriber) = subscriber.filter(|known| known.is_active() && self.visits.can_ask()) else {
            return Vec::new();
        };
        let watchlist = self.registry.current();
        let mut more: Vec<(String, String)> = watchlist
            .companies()
            .filter(|company| subscriber.active(&company.id.clone().into()).is_none())
            .map(|company| (company.id.to_string(), company_name(&company.id.clone().into(), &watchlist)))
            .collect();
        more.sort_by_cached_key(|(_, name)| name.to_lowercase());
        let sources = watchlist.sources().keys().map(Topic::from);
        let mut sources: Vec<(String, String)> = sources
            .filter(|source| subscriber.active(source).is_none())
            .map(|source| (source.to_string(), company_name(&source, &watchlist)))
            .collect();
        sources.sort_by_cached_key(|(_, name)| name.to_lowercase());
        more.append(&mut sources);
        more
    }

    /// The page that says what was confirmed.
    fn confirmed(&self, answer: &ReplyKind, subscriber: &Subscriber) -> Response {
        let watchlist = self.registry.current();
        let name = |topic: &Topic| company_name(topic, &watchlist);
        let promised = promise(subscriber, self.visits.now());
        let (title, lines, text) = match answer {
            ReplyKind::Welcome(selection) => {
                ("You now follow", selection.topics.iter().map(name).collect(), promised.as_str())
            }
            ReplyKind::Goodbye(companies) if companies.is_empty() => {
                ("You are unsubscribed", Vec::new(), "You will receive no further alerts.")
            }
            ReplyKind::Goodbye(companies) => (
                "You are unsubscribed",
                companies.iter().map(name).collect(),
                "You will receive no further alerts about it.",
            ),
            ReplyKind::List => (
                "What you follow",
                self.standing(subscriber),
                "This is all that this address gets alerts about.",
            ),
            ReplyKind::Standing => (
                "What you follow now",
                self.standing(subscriber),
                "This request was already answered, or you have unsubscribed since. Nothing was changed.",
            ),
            ReplyKind::Preferred => {
                let ways = subscriber.preferences.words().into_iter();
                (
                    "How mail comes now",
                    ways.chain(paused(subscriber, self.visits.now())).collect(),
                    "Everything else is at its default: mail as soon as something changes, at any hour.",
                )
            }
            ReplyKind::Paused => (
                "Mail is paused",
                paused(subscriber, self.visits.now()).into_iter().collect(),
                "Changes during the pause are collected.",
            ),
            ReplyKind::Resumed(_) => (
                "Mail goes on",
                self.standing(subscriber),
                "If anything was collected, you get it in one mail.",
            ),
            // Nothing else is ever confirmed.
            ReplyKind::Confirm(..)
            | ReplyKind::Explain(..)
            | ReplyKind::Help
            | ReplyKind::Never
            | ReplyKind::Expired
            | ReplyKind::Unknown(_)
            | ReplyKind::Untracked(_) => {
                return self.nothing();
            }
        };
        page(
            StatusCode::OK,
            &MessagePage { root: self.root(), name: self.organisation(), title, lines, text },
        )
    }

    fn refusal(&self, status: StatusCode, title: &str, text: &str) -> Response {
        page(
            status,
            &MessagePage { root: self.root(), name: self.organisation(), title, lines: Vec::new(), text },
        )
    }

    /// The one answer to all that leads nowhere.
    pub(super) fn nothing(&self) -> Response {
        self.refusal(
            StatusCode::NOT_FOUND,
            "There is nothing here",
            "The address is incomplete, or its request has expired or never existed. If you copied the address from a mail, copy all of it, or write to the service again.",
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

    pub(super) fn too_much(&self) -> Response {
        self.refusal(StatusCode::PAYLOAD_TOO_LARGE, "The request is too large", "Nothing was changed.")
    }

    /// Trouble here. What it is stands in the log and nowhere else.
    pub(super) fn fault(&self, error: &(dyn std::error::Error + 'static)) -> Response {
        tracing::error!(error = error_chain(error), "failed to answer a page: {}", error_chain(error));
        let text = "Something went wrong here, and nothing was changed. Please try again later.";
        self.refusal(StatusCode::INTERNAL_SERVER_ERROR, "That did not work", text)
    }
}

/// Whom a page is about, most of the address hidden: a mail with its links may have been passed on.
fn whom(subscriber: Option<&Subscriber>) -> Option<String> {
    subscriber.map(|subscriber| subscriber.address.redacted())
}
