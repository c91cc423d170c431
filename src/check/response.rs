//! What was received, as everything after receiving takes it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::domain::response::ResponseMeta;
use crate::domain::source::Source;
use crate::extract::{RawDocument, signal};
use crate::fetch::{Body, FetchResponse};

/// A response with its facts, which are put together once.
#[derive(Debug)]
pub(super) struct Response {
    /// The facts.
    pub meta: ResponseMeta,
    /// The body; of a document of several answers all of them as one.
    pub body: Body,
    /// How long the server wishes not to be asked again.
    pub retry_after: Option<Duration>,
}

impl Response {
    pub(super) fn of(answer: FetchResponse, read_at: DateTime<Utc>) -> Self {
        let FetchResponse { status, url, headers, body, retry_after } = answer;
        let (sha256, body_bytes) = (body.sha256().clone(), body.len() as u64);
        let meta = ResponseMeta { read_at, url: url.into(), status, headers, sha256, body_bytes };
        Self { meta, body, retry_after }
    }
}

/// The source's own word for its state. Of a bundle, its first part's.
pub(super) fn signal_of(source: &Source, body: &[u8], content_type: Option<&str>) -> Option<String> {
    let page = RawDocument { body, content_type, url: &source.url };
    signal(&source.kind, page.parts().ok()?.first()?)
}
