//! What operators do. Each deed is noted before it is done, and again where it could not be.

use std::sync::Arc;

use axum::Extension;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::response::Response;
use chrono::NaiveDate;
use tokio::sync::mpsc;

use super::super::WebState;
use super::super::access::Visitor;
use super::{READ_ELSEWHERE, Server, Who, fields, see_other};
use crate::check::ReadOptions;
use crate::domain::id::{ChangeId, MailId};
use crate::domain::source::{Source, SourcePause};
use crate::domain::text::error_chain;
use crate::store::{MailAction, StoreError};

/// Sources that one request has read at once.
const READS_AT_ONCE: usize = 8;

/// How a deed ended that was noted.
type ActionResult = Result<(), Box<dyn std::error::Error + Send + Sync>>;

pub(super) async fn on_source(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let Some(source) = shared.desk.views.source(&id).cloned() else {
        return shared.not_there(&visitor, "There is no source with this id.");
    };
    let asked = fields(&body);
    let (act, pause, until) = match (asked.get("action"), asked.get("until")) {
        (Some("check"), _) if !shared.desk.reads => return shared.not_done(&visitor, READ_ELSEWHERE),
        (Some("check"), _) => {
            if let Err(error) = shared.note(&visitor, "check", &id, "").await {
                return shared.fault(&error);
            }
            shared.read_soon(vec![source], ReadOptions { is_manual: true, ..ReadOptions::default() });
            return see_other(&format!("{}sources/{id}?done=check", shared.root()));
        }
        (Some("resume"), _) => ("resume-source", None, String::new()),
        (Some("pause"), until) => match shared.pause_until(&source, until) {
            Some(pause) => ("pause-source", Some(pause), until.unwrap_or_default().to_owned()),
            None => return shared.not_to_come(&visitor),
        },
        _ => return shared.unknown_deed(&visitor),
    };
    let store = &shared.desk.store;
    let deed = async { store.pause_source(&source.id, pause).await.map(drop).map_err(Into::into) };
    shared.done(&visitor, (act, &id, &until), deed, &format!("sources/{id}")).await
}

pub(super) async fn on_review(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let asked = fields(&body);
    let Some(source) = shared.desk.views.source(&id) else {
        return shared.not_there(&visitor, "There is no source with this id.");
    };
    let held = match shared.desk.store.quarantined(&source.id).await {
        Ok(held) => held,
        Err(error) => return shared.fault(&error),
    };
    let hash = held.map(|held| held.evidence.sha256.to_string()).unwrap_or_default();
    // What was looked at is what is decided on: another body may have come meanwhile.
    if hash.is_empty() || asked.get("sha256") != Some(&hash) {
        return shared.not_there(&visitor, "This read is no longer quarantined. Open the page again.");
    }
    let checker = &shared.desk.checker;
    let action = asked.shown("action");
    let deed = async {
        match action.as_str() {
            "accept" => checker.accept(source, false).await.map(drop),
            "accept-untold" => checker.accept(source, true).await.map(drop),
            _ => checker.reject(source).await.map(drop),
        }
        .map_err(Into::into)
    };
    if !matches!(action.as_str(), "accept" | "accept-untold" | "reject") {
        return shared.unknown_deed(&visitor);
    }
    Box::pin(shared.done(&visitor, (&action, &id, &hash), deed, "review")).await
}

pub(super) async fn on_change(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let asked = fields(&body);
    let change = match shared.desk.views.change(&ChangeId::from_text(&id)).await {
        Ok(Some(change)) => change,
        Ok(None) => return shared.not_there(&visitor, "No change has this id."),
        Err(error) => return shared.fault(&error),
    };
    let action = asked.shown("action");
    let (desk, back) = (&shared.desk, format!("changes/{id}"));
    match action.as_str() {
        "meant" | "not-meant" => {
            let is_meant = action == "meant";
            let deed = async {
                desk.store.decide(&id, is_meant, desk.views.now()).await.map(drop).map_err(Into::into)
            };
            shared.done(&visitor, (&action, &id, ""), deed, &back).await
        }
        "retract" => {
            let Some(source) = desk.views.source(change.source.as_str()) else {
                return shared.not_there(&visitor, "The source of this change is no longer watched.");
            };
            let reason = asked.get("reason").map(str::to_owned);
            let detail = reason.clone().unwrap_or_default();
            let deed =
                async { desk.checker.retract(source, &change, reason).await.map(drop).map_err(Into::into) };
            shared.done(&visitor, (&action, &id, &detail), deed, &back).await
        }
        _ => shared.unknown_deed(&visitor),
    }
}

pub(super) async fn on_mail(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let action = fields(&body).shown("action");
    let mail: MailId = match shared.desk.store.find_mail(&id).await {
        Ok(mail) => mail.id,
        Err(StoreError::NotFound { .. } | StoreError::Ambiguous { .. }) => {
            return shared.not_there(&visitor, "No mail has this id.");
        }
        Err(error) => return shared.fault(&error),
    };
    let deed = match action.as_str() {
        "hold" => Some(MailAction::Hold),
        "release" => Some(MailAction::Release),
        "drop" => Some(MailAction::Drop),
        "retry" => None,
        _ => return shared.unknown_deed(&visitor),
    };
    let (store, now) = (&shared.desk.store, shared.desk.views.now());
    let done = async {
        let is_done = match deed {
            Some(deed) => store.handle_mail(&mail, deed, now).await?.1,
            None => store.retry_mails(Some(&mail), now).await? > 0,
        };
        if is_done { Ok(()) } else { Err("as the mail stands, that cannot be done".into()) }
    };
    shared.done(&visitor, (&action, &id, ""), done, &format!("mails/{id}")).await
}

impl WebState {
    /// A pause of a source, up to a day that is still to come where it is, or until it is resumed.
    fn pause_until(&self, source: &Source, until: Option<&str>) -> Option<SourcePause> {
        let now = self.desk.views.now();
        let day = until.map(str::parse::<NaiveDate>).transpose().ok()?;
        let pause = SourcePause::until_day(day, source.timezone, now);
        pause.is_in_force(now).then_some(pause)
    }

    fn not_to_come(&self, visitor: &Visitor) -> Response {
        let text = "A pause must end on a future day, such as 2027-01-15, or on none. Go back and choose another day.";
        let frame = super::PageFrame::of(self, visitor, "Nothing was done", "");
        super::page(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &super::Note { frame, text })
    }

    /// Has sources read, for pages and programs alike. Reads take longer than an answer may: they go on by themselves.
    pub(in crate::web) fn read_soon(&self, sources: Vec<Arc<Source>>, options: ReadOptions) {
        let (checker, woken) = (Arc::clone(&self.desk.checker), Arc::clone(&self.woken));
        self.desk.tasks.spawn(async move {
            let (progress, listener) = mpsc::channel(1);
            drop(listener);
            checker.read_all(sources, options, READS_AT_ONCE, &progress).await;
            woken.notify_one();
        });
    }

    /// Notes a deed, does it, and leads to the page on which it is seen.
    async fn done(
        &self,
        visitor: &Visitor,
        (act, about, detail): (&str, &str, &str),
        deed: impl Future<Output = ActionResult>,
        then: &str,
    ) -> Response {
        if let Err(error) = self.note(visitor, act, about, detail).await {
            return self.fault(&error);
        }
        let Err(error) = deed.await else {
            // Mails may wait now.
            self.woken.notify_one();
            return see_other(&format!("{}{then}?done={act}", self.root()));
        };
        let why = error_chain(error.as_ref());
        if let Err(error) = self.note(visitor, &format!("{act}-failed"), about, &why).await {
            return self.fault(&error);
        }
        self.not_done(visitor, &why)
    }

    fn not_done(&self, visitor: &Visitor, why: &str) -> Response {
        let frame = super::PageFrame::of(self, visitor, "The action failed", "");
        let note = super::Note { frame, text: why };
        super::page(axum::http::StatusCode::CONFLICT, &note)
    }

    fn unknown_deed(&self, visitor: &Visitor) -> Response {
        let frame = super::PageFrame::of(self, visitor, "Nothing was done", "");
        let note = super::Note { frame, text: "The form names no action that exists here." };
        super::page(axum::http::StatusCode::UNPROCESSABLE_ENTITY, &note)
    }
}
