//! The pages that name people, and the record of what was done.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::super::page::{page, readable};
use super::asked::RequestFields;
use super::change::SelectOption;
use super::frame::PageFrame;
use super::{Server, Who};
use crate::domain::audit::AuditEntry;
use crate::domain::email::EmailAddress;
use crate::domain::outbox::{Mail, MailState};
use crate::domain::subscription::Subscriber;
use crate::domain::text::{one_line, shorten};
use crate::render::{exact_on_page, followed, line, on_page};
use crate::store::StoreError;

/// Rows on one page.
const SHOWN: usize = 100;

/// The states of mails, in the order in which they are shown.
const STATES: [MailState; 11] = [
    MailState::Held,
    MailState::Queued,
    MailState::Leased,
    MailState::Deferred,
    MailState::Sent,
    MailState::Failed,
    MailState::Suppressed,
    MailState::Expired,
    MailState::Dead,
    MailState::Unsubscribed,
    MailState::Replaced,
];

#[derive(Template)]
#[template(path = "desk/mails.html")]
struct MailsPage {
    frame: PageFrame,
    states: Vec<SelectOption>,
    rows: Vec<MailRow>,
    is_full: bool,
}

struct MailRow {
    id: String,
    to: String,
    subject: String,
    state: String,
    standing: String,
    queued_at: String,
    attempts: u32,
    error: Option<String>,
    changes: Vec<String>,
}

impl MailRow {
    fn of(mail: &Mail) -> Self {
        Self {
            id: mail.id.to_string(),
            to: mail.recipient.to_string(),
            subject: line(&mail.subject),
            state: mail.state.to_string(),
            standing: mail.standing(),
            queued_at: on_page(mail.queued_at),
            attempts: mail.attempts,
            error: mail.last_error.as_deref().map(|error| shorten(&one_line(error), 300)),
            changes: mail.changes.iter().map(ToString::to_string).take(20).collect(),
        }
    }
}

#[derive(Template)]
#[template(path = "desk/mail.html")]
struct OneMail {
    frame: PageFrame,
    row: MailRow,
    history: Vec<(String, String)>,
    message: Option<String>,
}

#[derive(Template)]
#[template(path = "desk/subscribers.html")]
struct Subscribers {
    frame: PageFrame,
    rows: Vec<SubscriberRow>,
    next: Option<String>,
}

struct SubscriberRow {
    address: String,
    follows: Vec<String>,
    is_paused: bool,
}

#[derive(Template)]
#[template(path = "desk/audit.html")]
struct Audit {
    frame: PageFrame,
    rows: Vec<(u64, AuditEntry, String)>,
    next: Option<u64>,
}

pub(super) async fn mails(State(shared): Server, Extension(visitor): Who, asked: RequestFields) -> Response {
    let state = STATES.into_iter().find(|state| Some(state.to_string().as_str()) == asked.get("state"));
    let mails = match shared.desk.views.mails(state, SHOWN).await {
        Ok(mails) => mails,
        Err(error) => return shared.fault(&error),
    };
    let states = STATES.into_iter().map(|known| (known.to_string(), known.to_string(), Some(known) == state));
    let list = MailsPage {
        frame: PageFrame::of(&shared, &visitor, "Mails", "mails"),
        states: states.collect(),
        is_full: mails.len() == SHOWN,
        rows: mails.iter().map(MailRow::of).collect(),
    };
    page(StatusCode::OK, &list)
}

pub(super) async fn mail(State(shared): Server, Extension(visitor): Who, Path(id): Path<String>) -> Response {
    let mail = match shared.desk.store.find_mail(&id).await {
        Ok(mail) => mail,
        Err(StoreError::NotFound { .. } | StoreError::Ambiguous { .. }) => {
            return shared.not_there(&visitor, "No mail has this id.");
        }
        Err(error) => return shared.fault(&error),
    };
    let message = shared.desk.store.message(&mail.id).await.ok().filter(|message| !message.is_empty());
    let one = OneMail {
        frame: PageFrame::of(&shared, &visitor, &mail.subject, "mails"),
        row: MailRow::of(&mail),
        history: mail.history.iter().map(|step| (on_page(step.at), step_words(step))).collect(),
        message: message.map(|message| readable(&message)),
    };
    page(StatusCode::OK, &one)
}

pub(super) async fn subscribers(
    State(shared): Server,
    Extension(visitor): Who,
    asked: RequestFields,
) -> Response {
    let after = asked.parsed::<EmailAddress>("after");
    let found = match shared.desk.views.subscribers(after, SHOWN).await {
        Ok(found) => found,
        Err(error) => return shared.fault(&error),
    };
    let now = shared.desk.views.now();
    let watchlist = shared.registry.current();
    let row = |subscriber: &Subscriber| SubscriberRow {
        address: subscriber.address.to_string(),
        follows: followed(subscriber, &watchlist).into_iter().map(|(_, line)| line).collect(),
        is_paused: subscriber.is_paused(now),
    };
    let next = found.last().filter(|_| found.len() == SHOWN);
    let list = Subscribers {
        frame: PageFrame::of(&shared, &visitor, "Subscribers", "subscribers"),
        next: next.map(|last| asked.with("after", last.address.as_str())),
        rows: found.iter().map(row).collect(),
    };
    page(StatusCode::OK, &list)
}

pub(super) async fn audit(State(shared): Server, Extension(visitor): Who, asked: RequestFields) -> Response {
    let deeds = match shared.desk.views.deeds(asked.parsed("before"), SHOWN).await {
        Ok(deeds) => deeds,
        Err(error) => return shared.fault(&error),
    };
    let next =
        deeds.last().filter(|(number, _)| deeds.len() == SHOWN && *number > 0).map(|(number, _)| *number);
    let rows = deeds.into_iter().map(|(number, deed)| {
        let at = exact_on_page(deed.at);
        (number, deed, at)
    });
    let frame = PageFrame::of(&shared, &visitor, "Audit log", "audit");
    page(StatusCode::OK, &Audit { frame, rows: rows.collect(), next })
}

/// A step of a mail's life in words.
fn step_words(step: &crate::domain::outbox::MailEvent) -> String {
    match &step.words {
        Some(words) => format!("{}: {}", step.state, shorten(&one_line(words), 300)),
        None => step.state.to_string(),
    }
}
