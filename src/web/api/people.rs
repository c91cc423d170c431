//! Who is told, and the mails on their way: what names people.

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::asked::{Json, Path, Query};
use super::problem::Problem;
use super::shapes::{List, Mail, Subscriber};
use super::{ApiResult, Server, Who, done, json, limit};
use crate::domain::email::EmailAddress;
use crate::domain::id::MailId;
use crate::domain::inbound::Selection;
use crate::domain::outbox::MailState;
use crate::domain::topic::Topic;
use crate::store::{MailAction, StoreError};
use crate::subscribe::SubscribeError;
use crate::web::WebState;

/// Which mails.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedMails {
    /// In this state.
    #[param(value_type = Option<String>)]
    state: Option<MailState>,
    /// At most so many, 1 to 100.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// The newest mails, the last one first.
#[utoipa::path(
    get, path = "/api/v1/mails", tag = "people", params(WantedMails), security(("token" = ["subscribers"])),
    responses(
        (status = 200, body = List<Mail>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn mails(
    State(shared): Server,
    headers: HeaderMap,
    Query(wanted): Query<WantedMails>,
) -> ApiResult {
    let mails = shared.desk.views.mails(wanted.state, limit(wanted.limit)?).await?;
    json(&headers, &List { items: mails.iter().map(Mail::of).collect(), next: None })
}

/// One mail.
#[utoipa::path(
    get, path = "/api/v1/mails/{id}", tag = "people", params(("id" = String, Path, description = "The mail's id")),
    security(("token" = ["subscribers"])),
    responses(
        (status = 200, body = Mail),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn mail(State(shared): Server, headers: HeaderMap, Path(id): Path<String>) -> ApiResult {
    let mail = shared.mail(&id).await?;
    json(&headers, &Mail::of(&mail))
}

/// What is done to a mail.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) enum MailDeed {
    /// Let it wait for a person's word.
    Hold,
    /// Put what is held, suppressed or dropped into the queue.
    Release,
    /// Give it up for good; it is kept.
    Drop,
    /// Try again now what waits or was given up.
    Retry,
}

/// What is done to a mail.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Handling {
    /// What.
    act: MailDeed,
}

/// Does something to a mail.
#[utoipa::path(
    post, path = "/api/v1/mails/{id}/handle", tag = "people", request_body = Handling,
    params(("id" = String, Path, description = "The mail's id")), security(("token" = ["subscribers"])),
    responses(
        (status = 200, body = Mail),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn handle(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    Json(Handling { act }): Json<Handling>,
) -> ApiResult {
    let id = shared.mail(&id).await?.id;
    let (word, deed) = match act {
        MailDeed::Hold => ("hold", Some(MailAction::Hold)),
        MailDeed::Release => ("release", Some(MailAction::Release)),
        MailDeed::Drop => ("drop", Some(MailAction::Drop)),
        MailDeed::Retry => ("retry", None),
    };
    shared.note_by(&visitor, word, id.as_str(), "").await?;
    let (store, now) = (&shared.desk.store, shared.desk.views.now());
    let is_done = match deed {
        Some(deed) => store.handle_mail(&id, deed, now).await?.1,
        None => store.retry_mails(Some(&id), now).await? > 0,
    };
    if !is_done {
        return Err(Problem::conflict("as the mail stands, that cannot be done"));
    }
    shared.woken.notify_one();
    done(StatusCode::OK, &Mail::of(&shared.mail(id.as_str()).await?))
}

/// Which subscribers.
#[derive(Debug, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WantedSubscribers {
    /// Only those whose address comes after this one; `next` has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(value_type = Option<String>)]
    after: Option<EmailAddress>,
    /// At most so many, 1 to 100.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
}

/// Whoever is or was subscribed, by address.
#[utoipa::path(
    get, path = "/api/v1/subscribers", tag = "people", params(WantedSubscribers), security(("token" = ["subscribers"])),
    responses(
        (status = 200, body = List<Subscriber>),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn subscribers(
    State(shared): Server,
    headers: HeaderMap,
    Query(wanted): Query<WantedSubscribers>,
) -> ApiResult {
    let limit = limit(wanted.limit)?;
    let found = shared.desk.views.subscribers(wanted.after.clone(), limit).await?;
    let last = found.last().filter(|_| found.len() == limit).map(|last| last.address.clone());
    let next =
        last.map(|last| shared.address("/subscribers", &WantedSubscribers { after: Some(last), ..wanted }));
    json(&headers, &List { items: found.iter().map(Subscriber::of).collect(), next: next.transpose()? })
}

const ADDRESS: &str = "Where mail goes";

/// One subscriber.
#[utoipa::path(
    get, path = "/api/v1/subscribers/{address}", tag = "people", params(("address" = String, Path, description = ADDRESS)),
    security(("token" = ["subscribers"])),
    responses(
        (status = 200, body = Subscriber),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn subscriber(
    State(shared): Server,
    headers: HeaderMap,
    Path(address): Path<String>,
) -> ApiResult {
    let address = address_of(&address)?;
    let known = shared.desk.store.subscriber(&address).await?.ok_or_else(nobody)?;
    json(&headers, &Subscriber::of(&known))
}

/// Somebody to be told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewSubscriber {
    /// Where mail goes.
    #[schema(value_type = String)]
    address: EmailAddress,
    /// The ids of the companies; `source:ID` follows a source as such.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50)]
    companies: Vec<Topic>,
    /// Whether you have the person's consent and can show it. Where not, they are asked by mail.
    #[serde(default)]
    confirmed: bool,
}

/// One wish asks for as many companies at most.
const MAX_COMPANIES: usize = 50;

/// What became of a wish to subscribe.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Subscribed {
    /// Where mail goes.
    address: String,
    /// Whether it is to be confirmed by the person first, who is asked by mail.
    is_asked: bool,
}

/// Subscribes somebody. Unless their consent is there they are asked for it, and told nothing before they say yes.
#[utoipa::path(
    post, path = "/api/v1/subscribers", tag = "people", request_body = NewSubscriber,
    security(("token" = ["subscribers"])),
    responses(
        (status = 200, description = "They are told from now on", body = Subscribed),
        (status = 202, description = "They are asked by mail", body = Subscribed),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn subscribe(
    State(shared): Server,
    Extension(visitor): Who,
    Json(NewSubscriber { address, companies, confirmed }): Json<NewSubscriber>,
) -> ApiResult {
    let watchlist = shared.registry.current();
    if let Some(unknown) = companies.iter().find(|topic| !watchlist.can_be_followed(topic)) {
        return Err(Problem::bad(format!(
            "companies: {unknown} is no company that is tracked and no source that is watched"
        )));
    }
    if companies.is_empty() || companies.len() > MAX_COMPANIES {
        return Err(Problem::bad(format!(
            "companies: found {}, expected 1 to {MAX_COMPANIES}",
            companies.len()
        )));
    }
    if !confirmed && !shared.visits.can_ask() {
        return Err(Problem::conflict("nobody could answer a question here; subscribe with confirmed"));
    }
    let names: Vec<String> = companies.iter().map(ToString::to_string).collect();
    shared.note_by(&visitor, "subscribe", &address.redacted(), &names.join(", ")).await?;
    let status = if confirmed {
        shared.desk.subscriptions.add(&address, &companies, true).await?;
        StatusCode::OK
    } else {
        let mut topics = companies;
        topics.sort();
        topics.dedup();
        shared.visits.sign_up(&address, Selection { topics, ..Selection::default() }).await?;
        StatusCode::ACCEPTED
    };
    shared.woken.notify_one();
    done(status, &Subscribed { address: address.to_string(), is_asked: !confirmed })
}

/// Which subscription.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Leaving {
    /// The id of the company; all where none is given.
    #[param(value_type = Option<String>)]
    company: Option<Topic>,
}

/// Ends somebody's subscription to one company, or to all.
#[utoipa::path(
    delete, path = "/api/v1/subscribers/{address}", tag = "people",
    params(("address" = String, Path, description = ADDRESS), Leaving), security(("token" = ["subscribers"])),
    responses(
        (status = 200, body = Subscriber),
        (status = "default", description = "An error", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn unsubscribe(
    State(shared): Server,
    Extension(visitor): Who,
    Path(address): Path<String>,
    Query(Leaving { company }): Query<Leaving>,
) -> ApiResult {
    let address = address_of(&address)?;
    if shared.desk.store.subscriber(&address).await?.is_none() {
        return Err(nobody());
    }
    let detail = company.as_ref().map(ToString::to_string).unwrap_or_default();
    shared.note_by(&visitor, "unsubscribe", &address.redacted(), &detail).await?;
    let topics: Vec<Topic> = company.into_iter().collect();
    match shared.desk.subscriptions.remove(&address, &topics).await {
        Ok(_) | Err(SubscribeError::NotSubscribed(_)) => {}
        Err(error) => return Err(Problem::fault(&error)),
    }
    let known = shared.desk.store.subscriber(&address).await?.ok_or_else(nobody)?;
    done(StatusCode::OK, &Subscriber::of(&known))
}

fn address_of(text: &str) -> Result<EmailAddress, Problem> {
    text.parse().map_err(|_| nobody())
}

fn nobody() -> Problem {
    Problem::missing("nobody of this address is or was subscribed")
}

impl WebState {
    async fn mail(&self, id: &str) -> Result<crate::domain::outbox::Mail, Problem> {
        let unknown = || Problem::missing(format!("no mail has the id {id:?}"));
        match self.desk.store.find_mail(id).await {
            Ok(mail) if mail.id == MailId::from_text(id) => Ok(mail),
            Ok(_) | Err(StoreError::NotFound { .. } | StoreError::Ambiguous { .. }) => Err(unknown()),
            Err(error) => Err(Problem::fault(&error)),
        }
    }
}
