//! Suppliers held against the lists: pasted or handed in as a file, and not kept unless that is wished.

use std::convert::Infallible;
use std::time::Duration;

use askama::Template;
use axum::Extension;
use axum::body::{Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use multer::Multipart;
use tokio::time::timeout;
use url::form_urlencoded;

use super::super::page::page;
use super::frame::PageFrame;
use super::{MAX_UPLOAD_BYTES, Server, Who};
use crate::domain::id::ScreeningId;
use crate::domain::text::{counted, error_chain};
use crate::extract::column;
use crate::render::{ScreeningView, line};
use crate::screen::{ScreenError, StandingError};

/// The answers are there before the connection ends.
const SCREENING_TIMEOUT: Duration = Duration::from_secs(25);

/// What heads the column of names unless something else is said.
const COLUMN: &str = "name";

#[derive(Template)]
#[template(path = "desk/screen.html")]
struct ScreenPage {
    frame: PageFrame,
    fault: Option<String>,
    kept: Option<String>,
    found: Option<ScreeningView>,
    column: String,
}

/// What a form says.
#[derive(Debug, Default)]
pub(super) struct ScreeningForm {
    /// The token of the session.
    pub csrf: String,
    names: String,
    file: Bytes,
    column: String,
    keep: String,
}

impl ScreeningForm {
    /// Reads a form, with a file or without; `None` where it is none.
    pub(super) async fn of(headers: &HeaderMap, body: Bytes) -> Option<Self> {
        let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let mut handed = Self::default();
        let Ok(boundary) = multer::parse_boundary(kind) else {
            for (name, value) in form_urlencoded::parse(&body) {
                handed.take(&name, value.into_owned().into());
            }
            return Some(handed);
        };
        let stream = futures_util::stream::once(async move { Ok::<Bytes, Infallible>(body) });
        let mut form = Multipart::new(stream, boundary);
        while let Some(field) = form.next_field().await.ok()? {
            let name = field.name().unwrap_or_default().to_owned();
            handed.take(&name, field.bytes().await.ok()?);
        }
        Some(handed)
    }

    fn take(&mut self, name: &str, value: Bytes) {
        let text = || String::from_utf8_lossy(&value).into_owned();
        match name {
            "csrf" => self.csrf = text(),
            "names" => self.names = text(),
            "column" => text().trim().clone_into(&mut self.column),
            "keep" => text().trim().clone_into(&mut self.keep),
            "file" => self.file = value,
            _ => {}
        }
    }

    fn column(&self) -> &str {
        if self.column.is_empty() { COLUMN } else { &self.column }
    }

    /// The names that were pasted, one a line, and those of the file.
    fn names(&self) -> Result<Vec<String>, String> {
        let pasted = self.names.lines().filter(|name| !name.trim().is_empty()).map(str::to_owned);
        let mut names: Vec<String> = pasted.collect();
        if !self.file.is_empty() {
            let of_file = column(&self.file, self.column());
            names.extend(of_file.map_err(|error| format!("The file {}", error_chain(&error)))?);
        }
        if names.is_empty() {
            Err("Paste names, one per line, or choose a file.".to_owned())
        } else {
            Ok(names)
        }
    }
}

pub(super) async fn ask(State(shared): Server, Extension(visitor): Who) -> Response {
    let frame = PageFrame::of(&shared, &visitor, "Screen suppliers", "screen");
    page(
        StatusCode::OK,
        &ScreenPage { frame, fault: None, kept: None, found: None, column: COLUMN.to_owned() },
    )
}

pub(super) async fn screen(State(shared): Server, Extension(visitor): Who, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_UPLOAD_BYTES).await else { return shared.too_much() };
    let handed = ScreeningForm::of(&head.headers, body).await.unwrap_or_default();
    let frame = PageFrame::of(&shared, &visitor, "Screen suppliers", "screen");
    let mut shown = ScreenPage { frame, fault: None, kept: None, found: None, column: line(handed.column()) };
    let (names, id) = match (handed.names(), list_id(&handed.keep)) {
        (Ok(names), Ok(id)) => (names, id),
        (Err(fault), _) | (_, Err(fault)) => {
            shown.fault = Some(line(&fault));
            return page(StatusCode::UNPROCESSABLE_ENTITY, &shown);
        }
    };
    // Whose names they are is nobody's business but the operator's.
    let (act, about) = id.as_ref().map_or(("screen", ""), |id| ("screen-add", id.as_str()));
    if let Err(error) = shared.note(&visitor, act, about, &counted(names.len(), "name", "names")).await {
        return shared.fault(&error);
    }
    let desk = &shared.desk;
    let screening = async {
        match id.clone() {
            Some(id) => desk.standing.add(id, names, None).await,
            None => Ok(desk.screener.screen(names).await?),
        }
    };
    match timeout(SCREENING_TIMEOUT, screening).await {
        Ok(Ok(screened)) => {
            shown.found = Some(ScreeningView::of(&screened));
            shown.kept = id.map(|id| id.to_string());
            page(StatusCode::OK, &shown)
        }
        Ok(Err(StandingError::Store(error) | StandingError::Screen(ScreenError::Store(error)))) => {
            shared.fault(&error)
        }
        Ok(Err(error)) => {
            shown.fault = Some(line(&error_chain(&error)));
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        Err(_) => {
            shown.fault =
                Some("Screening took too long and was stopped: screen fewer names at once.".to_owned());
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
    }
}

/// Under which id the names are kept; `None` where they are not.
fn list_id(keep: &str) -> Result<Option<ScreeningId>, String> {
    if keep.is_empty() {
        return Ok(None);
    }
    keep.parse().map(Some).map_err(|error| error_chain(&error))
}
