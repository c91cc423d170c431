//! The document in an answer, and what every reader of it needs to know.

use std::io::Read;

use chrono::{DateTime, Utc};
use url::Url;

use super::extraction::{extraction_limit, within_time};
use super::read_rejection::ReadRejection;
use super::response::{LARGE_BYTES, Response};
use crate::domain::entry::Document;
use crate::domain::page_profile::PageProfile;
use crate::domain::source::{Source, SourceKind};
use crate::domain::text::counted;
use crate::domain::verdict::{Suspicion, Unreadable};
use crate::extract::{RawDocument, StreamedTable, streamed_table, within};
use crate::fetch::FetchResponse;
use crate::store::{KeptBody, PackedBody, Store};

/// The address that an answer with a whole document was asked of. Where a page led to it, that it did so is no sign
/// against the file.
pub(super) fn asked_at<'a>(source: &'a Source, answer: &'a FetchResponse) -> &'a Url {
    if source.request.link.is_some() { &answer.url } else { &source.url }
}

/// Where the operator says in which charset a file is, it is theirs to say.
pub(super) fn as_configured(source: &Source, face: PageProfile) -> PageProfile {
    let is_told = matches!(&source.kind, SourceKind::Csv(settings) if settings.encoding.is_some());
    PageProfile { is_half_decoded: face.is_half_decoded && !is_told, ..face }
}

/// The document in a whole answer, and the response as the rest of the read takes it: of a large one the body is packed.
pub(super) async fn read_of(
    source: &Source,
    answer: FetchResponse,
    read_at: DateTime<Utc>,
    store: &Store,
) -> (Response, Result<Document, ReadRejection>) {
    match streamed(source, &answer).await {
        Ok(Some(table)) => {
            let url = answer.url.clone();
            let response = Response::of(source, answer, read_at).packed(store).await;
            let document = match &response.body {
                KeptBody::Packed(body) => read_streamed(source, table, body.clone(), url).await,
                KeptBody::Received(_) | KeptBody::Hashed(..) => {
                    Err(ReadRejection::Failed("failed to compress the body".to_owned()))
                }
            };
            (response, document)
        }
        Ok(None) => {
            let document = document_of(source, &answer).await;
            (Response::of(source, answer, read_at).packed(store).await, document)
        }
        Err(refused) => (Response::of(source, answer, read_at).packed(store).await, Err(refused)),
    }
}

/// A large table that can be read without its body in memory.
async fn streamed(source: &Source, answer: &FetchResponse) -> Result<Option<StreamedTable>, ReadRejection> {
    if answer.body.len() <= LARGE_BYTES || source.request.member.is_some() {
        return Ok(None);
    }
    let (kind, body, url) = (source.kind.clone(), answer.body.bytes(), answer.url.clone());
    let content_type = answer.header("content-type").map(str::to_owned);
    let look = move || {
        streamed_table(&kind, &RawDocument { body: &body, content_type: content_type.as_deref(), url: &url })
    };
    read_or_refused(within_time(extraction_limit(source), look).await)
}

async fn read_streamed(
    source: &Source,
    table: StreamedTable,
    body: PackedBody,
    url: Url,
) -> Result<Document, ReadRejection> {
    let max_entries = source.guard.max_entries;
    let read = move || {
        let open = || Ok(Box::new(body.reader()?) as Box<dyn Read + '_>);
        within(max_entries, || table.read(&open, &url))
    };
    read_or_refused(within_time(extraction_limit(source), read).await)
}

fn read_or_refused<T>(read: Result<Result<T, Unreadable>, String>) -> Result<T, ReadRejection> {
    match read {
        Ok(Ok(read)) => Ok(read),
        Ok(Err(unreadable)) => Err(ReadRejection::suspect(Suspicion::Structure(unreadable))),
        Err(reason) => Err(ReadRejection::Failed(reason)),
    }
}

pub(super) async fn document_of(source: &Source, answer: &FetchResponse) -> Result<Document, ReadRejection> {
    let content_type = answer.header("content-type").map(str::to_owned);
    read_or_refused(super::extract(source, answer.body.bytes(), content_type, answer.url.clone()).await)
}

/// Of what was left out so much is named.
const MAX_NAMED: usize = 5;

/// Names in words the items of a document that could not be read; `None` if all could.
pub(super) fn left_out(document: &Document) -> Option<String> {
    let names = document.left_out.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let count = document.left_out.len();
    let others = if count > MAX_NAMED { " and others" } else { "" };
    let items = counted(count, "malformed item was", "malformed items were");
    (count > 0).then(|| format!("{items} left out: {names}{others}"))
}
