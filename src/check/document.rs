//! The document in an answer, and what every reader of it needs to know.

use url::Url;

use super::read_rejection::ReadRejection;
use crate::domain::entry::Document;
use crate::domain::page_profile::PageProfile;
use crate::domain::source::{Source, SourceKind};
use crate::domain::text::counted;
use crate::domain::verdict::Suspicion;
use crate::fetch::FetchResponse;

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

pub(super) async fn document_of(source: &Source, answer: &FetchResponse) -> Result<Document, ReadRejection> {
    let content_type = answer.header("content-type").map(str::to_owned);
    match super::extract(source, answer.body.bytes(), content_type, answer.url.clone()).await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(unreadable)) => Err(ReadRejection::suspect(Suspicion::Structure(unreadable))),
        Err(reason) => Err(ReadRejection::Failed(reason)),
    }
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
