//! The evidence of a change as a file. Looking changes nothing: a chain that is not sealed up to the change is not sealed
//! for whoever asks here, but by the daemon within the hour.

use axum::Extension;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use tokio_util::io::ReaderStream;

use super::super::WebState;
use super::super::page::page;
use super::frame::{Note, PageFrame};
use super::{Server, Visitor, Who};
use crate::domain::id::ChangeId;
use crate::prove::{EvidenceRequest, ProveError, Sealing};
use crate::store::StoreError;

pub(super) async fn of_change(
    State(shared): Server,
    Extension(visitor): Who,
    Path(id): Path<String>,
) -> Response {
    // What is open to everybody does not have packages put together for everybody.
    if visitor == Visitor::Stranger {
        return shared.nothing();
    }
    let id = match shared.story(&id).await {
        Ok(Some(story)) => story.change.id,
        Ok(None) => return shared.not_there(&visitor, "No change has this id. Copy the whole address."),
        Err(error) => return shared.fault(&error),
    };
    let frame = PageFrame::of(&shared, &visitor, "There is no evidence", "changes");
    shared.evidence(frame, &id).await
}

impl WebState {
    /// The evidence of a change; `refused` is the frame of the page that says why there is none.
    pub(in crate::web) async fn evidence(&self, refused: PageFrame, id: &ChangeId) -> Response {
        // Not many at once: each is read, packed and written.
        let Ok(_turn) = self.desk.packing.acquire().await else { return self.nothing() };
        let path = self.desk.store.place_for_evidence();
        let wanted = EvidenceRequest::Change(id.to_string());
        match self.desk.prover.export(&wanted, &path, Sealing::Never).await {
            Ok(_) => {}
            Err(error @ (ProveError::Unproven { .. } | ProveError::Unsealed | ProveError::Lost { .. })) => {
                let text = error.to_string();
                return page(StatusCode::NOT_FOUND, &Note { frame: refused, text: &text });
            }
            Err(error) => return self.fault(&error),
        }
        let opened = tokio::fs::File::open(&path).await;
        // Nobody else asks for it, and what is open can be read to its end.
        self.desk.store.forget_evidence(&path);
        match opened {
            Ok(file) => attachment(file, id).await,
            Err(error) => {
                self.fault(&StoreError::File { path: path.display().to_string(), reason: error.to_string() })
            }
        }
    }
}

async fn attachment(file: tokio::fs::File, id: &ChangeId) -> Response {
    let length = file.metadata().await.map(|file| file.len()).ok();
    let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/zip"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; sandbox"));
    if let Some(length) = length {
        headers.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Ok(name) = HeaderValue::from_str(&format!("attachment; filename=\"evidence-{id}.zip\"")) {
        headers.insert(CONTENT_DISPOSITION, name);
    }
    response
}
