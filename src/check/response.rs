//! What was received, as everything after receiving takes it.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::extraction::in_time;
use crate::domain::bundle::is_bundle;
use crate::domain::response::ResponseMeta;
use crate::domain::source::Source;
use crate::extract::{RawDocument, signal};
use crate::fetch::FetchResponse;
use crate::store::{KeptBody, Store};

/// A response with its facts, which are put together once.
#[derive(Debug)]
pub(super) struct Response {
    /// The facts.
    pub meta: ResponseMeta,
    /// The body; of a document of several answers all of them as one.
    pub body: KeptBody,
    /// The source's own word for its state.
    pub signal: Option<String>,
    /// Whether the document came in several answers.
    pub is_of_several: bool,
    /// How long the server wishes not to be asked again.
    pub retry_after: Option<Duration>,
}

/// A body with more than this is compressed before it is compared: a list and its body together would take twice
/// the memory.
pub(super) const LARGE_BYTES: usize = 4 << 20;

impl Response {
    pub(super) fn of(source: &Source, answer: FetchResponse, read_at: DateTime<Utc>) -> Self {
        let FetchResponse { status, url, headers, body, retry_after } = answer;
        let (sha256, body_bytes) = (body.sha256().clone(), body.len() as u64);
        let meta = ResponseMeta { read_at, url: url.into(), status, headers, sha256, body_bytes };
        let signal = signal_of(source, &body, meta.header("content-type"));
        let is_of_several = is_bundle(&body);
        let body = KeptBody::Hashed(body.bytes(), meta.sha256.clone());
        Self { meta, body, signal, is_of_several, retry_after }
    }

    /// The same; a large body is compressed, as the store will keep it, and not in memory any more.
    pub(super) async fn packed(self, store: &Store) -> Self {
        let KeptBody::Hashed(body, hash) = &self.body else { return self };
        if body.len() <= LARGE_BYTES {
            return self;
        }
        let (received, hash, store) = (body.clone(), hash.clone(), store.clone());
        match in_time(move || store.pack(&received, &hash)).await {
            Ok(Ok(packed)) => Self { body: packed.into(), ..self },
            // The store compresses it again when it keeps it, and returns the error.
            Ok(Err(_)) | Err(_) => self,
        }
    }
}

/// The source's own word for its state. Of a bundle, its first part's.
pub(super) fn signal_of(source: &Source, body: &[u8], content_type: Option<&str>) -> Option<String> {
    let page = RawDocument { body, content_type, url: &source.url };
    signal(&source.kind, page.parts().ok()?.first()?)
}
