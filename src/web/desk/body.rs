//! The two bodies of a change: as text to be read, and byte for byte to be kept.
//!
//! What a page of somebody else says is never shown as ours: as text it is escaped like any other, and the bytes
//! leave as a download of a type that no browser opens.

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::WebState;
use super::super::page::page;
use super::frame::PageFrame;
use super::{Server, Who};
use crate::domain::bundle;
use crate::domain::id::BodyHash;
use crate::extract::plain_text;
use crate::render::with_lines;
use crate::view::Story;

/// Of a text as much is shown.
const MAX_SHOWN_BYTES: usize = 512 * 1024;

/// Of a body as much is read for its text.
const MAX_READ_BYTES: usize = 4 * 1024 * 1024;

#[derive(Template)]
#[template(path = "desk/body.html")]
pub(in crate::web) struct BodyPage {
    pub frame: PageFrame,
    /// The change's page.
    pub back: String,
    /// The address of the download.
    pub raw: String,
    pub is_before: bool,
    pub sha256: String,
    pub bytes: usize,
    /// The text; `None` where the body is none.
    pub text: Option<String>,
    pub is_cut: bool,
}

/// Which of the two bodies an address means.
pub(in crate::web) fn is_before(which: &str) -> Option<bool> {
    match which {
        "now" => Some(false),
        "before" => Some(true),
        _ => None,
    }
}

pub(super) async fn shown(
    State(shared): Server,
    Extension(visitor): Who,
    Path((id, which)): Path<(String, String)>,
) -> Response {
    let (story, before) = match shared.body_asked(&id, &which).await {
        Ok(Some(found)) => found,
        Ok(None) => return shared.not_there(&visitor, "The body at this address is not stored."),
        Err(error) => return shared.fault(&error),
    };
    let back = format!("{}changes/{}", shared.root(), story.change.id);
    let frame = PageFrame::of(&shared, &visitor, title(before), "changes");
    shared.body_page(frame, back, &story, before).await
}

pub(super) async fn raw(
    State(shared): Server,
    Extension(visitor): Who,
    Path((id, which)): Path<(String, String)>,
) -> Response {
    match shared.body_asked(&id, &which).await {
        Ok(Some((story, before))) => shared.download(story.body(before)).await,
        Ok(None) => shared.not_there(&visitor, "The body at this address is not stored."),
        Err(error) => shared.fault(&error),
    }
}

/// What the page of a body is called.
pub(in crate::web) fn title(is_before: bool) -> &'static str {
    if is_before { "The page before the change" } else { "The page with the change" }
}

impl WebState {
    async fn body_asked(
        &self,
        id: &str,
        which: &str,
    ) -> Result<Option<(Story, bool)>, crate::store::StoreError> {
        let Some(before) = is_before(which) else { return Ok(None) };
        Ok(self.story(id).await?.map(|story| (story, before)))
    }

    /// The page of a body's text.
    pub(in crate::web) async fn body_page(
        &self,
        frame: PageFrame,
        back: String,
        story: &Story,
        before: bool,
    ) -> Response {
        let hash = story.body(before).clone();
        let body = match self.desk.views.body(&hash).await {
            Ok(body) => body.unwrap_or_default(),
            Err(error) => return self.fault(&error),
        };
        let bytes = body.len();
        let text = tokio::task::spawn_blocking(move || text_of(&body)).await.unwrap_or_default();
        let (text, is_cut) = text.map_or((None, false), |(text, is_cut)| (Some(text), is_cut));
        let raw = format!("{back}/{}/raw", if before { "before" } else { "now" });
        let shown =
            BodyPage { frame, back, raw, is_before: before, sha256: hash.to_string(), bytes, text, is_cut };
        page(StatusCode::OK, &shown)
    }

    /// A body as a file that is kept, whatever it is.
    pub(in crate::web) async fn download(&self, hash: &BodyHash) -> Response {
        let body = match self.desk.views.body(hash).await {
            Ok(Some(body)) => body,
            Ok(None) => return self.nothing(),
            Err(error) => return self.fault(&error),
        };
        let name = format!("attachment; filename=\"{hash}.bin\"");
        let mut response = (StatusCode::OK, body).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
        headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
        if let Ok(name) = HeaderValue::from_str(&name) {
            headers.insert(CONTENT_DISPOSITION, name);
        }
        response
    }
}

/// The text of a body and whether there is more of it; `None` of what is no text.
pub(super) fn text_of(body: &[u8]) -> Option<(String, bool)> {
    let parts = match bundle::decode(body) {
        Some(parts) => parts.ok()?.into_iter().map(|part| part.body.to_vec()).collect(),
        None => vec![body.to_vec()],
    };
    let (mut text, mut is_cut) = (String::new(), false);
    for part in parts {
        let head = &part[..part.len().min(MAX_READ_BYTES)];
        is_cut |= head.len() < part.len();
        text.push_str(&text_of_part(head)?);
        text.push('\n');
    }
    let text = with_lines(text.trim());
    let end = crate::domain::text::boundary_before(&text, MAX_SHOWN_BYTES.min(text.len()));
    is_cut |= end < text.len();
    Some((text[..end].to_owned(), is_cut))
}

fn text_of_part(body: &[u8]) -> Option<String> {
    if body.iter().take(4096).any(|byte| *byte == 0) || body.starts_with(b"%PDF") || body.starts_with(b"PK") {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let head = text.trim_start().chars().take(512).collect::<String>().to_lowercase();
    let is_html = head.starts_with("<!doctype html") || head.contains("<html") || head.starts_with("<table");
    Some(if is_html { plain_text(&text)? } else { text.into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_read_as_its_words_and_a_file_of_another_sort_as_none() {
        let (text, is_cut) = text_of(b"<!doctype html><p>One<p>Two<script>alert(1)</script>").unwrap();
        assert!(text.contains("One") && text.contains("Two") && !text.contains('<') && !is_cut, "{text}");
        assert_eq!(text_of(b"a,b\n1,2\n").unwrap().0, "a,b\n1,2");
        assert_eq!(text_of(b"%PDF-1.7"), None);
        assert_eq!(text_of(b"\0\0"), None);
    }
}
