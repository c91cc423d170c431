//! The pages, and what every answer says to browsers.

use askama::Template;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::ways::Ways;
use crate::domain::text::error_chain;
use crate::render::with_lines;

/// A page. `root` is the path under which all of them stand.
#[derive(Template)]
#[template(path = "message.html")]
pub(super) struct MessagePage<'a> {
    pub root: &'a str,
    /// Who runs the service.
    pub name: &'a str,
    pub title: &'a str,
    pub lines: Vec<String>,
    pub text: &'a str,
}

/// A question with its button.
#[derive(Template)]
#[template(path = "confirm.html")]
pub(super) struct Confirm<'a> {
    pub root: &'a str,
    /// Who runs the service.
    pub name: &'a str,
    pub lines: Vec<String>,
    pub is_open: bool,
    /// Of a question that was settled: how it stands now.
    pub standing: Vec<String>,
}

/// The end of all mail, with its button, and the way back from it.
#[derive(Template)]
#[template(path = "unsubscribe.html")]
pub(super) struct UnsubscribePage<'a> {
    pub root: &'a str,
    /// Who runs the service.
    pub name: &'a str,
    pub title: &'a str,
    pub whom: Option<String>,
    /// Whether anything is there to end.
    pub is_following: bool,
    /// What can be followed again by a button.
    pub undo: Vec<String>,
}

/// What somebody follows, with the buttons that change it.
#[derive(Template)]
#[template(path = "manage.html")]
pub(super) struct Manage<'a> {
    pub root: &'a str,
    /// Who runs the service.
    pub name: &'a str,
    pub whom: Option<String>,
    /// What was just done.
    pub done: Option<String>,
    /// Why nothing was done.
    pub fault: Option<&'static str>,
    pub followed: Vec<Followed>,
    /// What can be followed besides: id and name.
    pub more: Vec<(String, String)>,
    pub ways: Ways,
    /// Since when nothing is sent and until when.
    pub paused: Option<String>,
    /// What can be followed again by a button.
    pub undo: Vec<String>,
}

/// One company on it.
pub(super) struct Followed {
    pub company: String,
    pub name: String,
    pub line: String,
    /// Which kinds of changes are told: value, words, whether it is chosen.
    pub kinds: [(&'static str, &'static str, bool); 3],
}

/// What was found of what somebody follows.
#[derive(Template)]
#[template(path = "found.html")]
pub(super) struct FoundPage<'a> {
    pub root: &'a str,
    /// Who runs the service.
    pub name: &'a str,
    pub rows: Vec<FoundRow>,
    /// Since when.
    pub since: String,
    /// The page that leads here.
    pub back: String,
}

/// One change of it.
pub(super) struct FoundRow {
    pub href: String,
    pub title: String,
    pub what: String,
    /// Whether no mail was made of it yet.
    pub is_waiting: bool,
}

/// The mails that somebody was sent.
#[derive(Template)]
#[template(path = "archive.html")]
pub(super) struct ArchivePage<'a> {
    pub root: &'a str,
    /// Who runs the service.
    pub name: &'a str,
    pub rows: Vec<ArchiveRow>,
    /// How many older ones are not shown.
    pub more: usize,
}

/// One mail of them.
pub(super) struct ArchiveRow {
    pub href: String,
    pub subject: String,
    pub standing: String,
}

/// One mail that somebody was sent.
#[derive(Template)]
#[template(path = "archived.html")]
pub(super) struct MailPage<'a> {
    pub root: &'a str,
    /// Who runs the service.
    pub name: &'a str,
    pub subject: String,
    pub standing: String,
    pub changes: Vec<FoundRow>,
    /// What it said; `None` if retention removed it.
    pub text: Option<String>,
}

/// The plain text of a mail as its reader gets it.
pub(super) fn readable(message: &[u8]) -> String {
    let parsed = mail_parser::MessageParser::default().parse(message);
    let text = parsed.and_then(|mail| mail.body_text(0).map(std::borrow::Cow::into_owned));
    with_lines(&text.unwrap_or_default())
}

/// The one style sheet.
const STYLE: &str = include_str!("style.css");

/// A page as an answer.
pub(super) fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, [(CONTENT_TYPE, "text/html; charset=utf-8")], html).into_response(),
        Err(error) => {
            tracing::error!(error = error_chain(&error), "failed to render a page");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// The style sheet as an answer.
pub(super) async fn style() -> Response {
    let headers = [(CONTENT_TYPE, "text/css; charset=utf-8"), (CACHE_CONTROL, "public, max-age=86400")];
    (headers, STYLE).into_response()
}

/// What every answer bears: nothing runs, nothing is framed, nothing is kept, and no address of ours, which
/// is a secret of its reader, is told to anybody else.
const HEADERS: [(HeaderName, &str); 7] = [
    (
        HeaderName::from_static("content-security-policy"),
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (HeaderName::from_static("referrer-policy"), "no-referrer"),
    (HeaderName::from_static("x-content-type-options"), "nosniff"),
    (HeaderName::from_static("x-frame-options"), "DENY"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
];

pub(super) async fn secured(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in HEADERS {
        // A page may be stricter, and the pages behind a log-in tell each other their address.
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}
