//! From a first answer to the whole document.

use chrono::{DateTime, Utc};

use super::gather::{RejectedPart, Whole, gather};
use super::link::follow;
use crate::domain::drift::{self, Drift, ObservedAnswer};
use crate::domain::source::Source;
use crate::fetch::{FetchResponse, Fetcher};

/// The answer that holds the document or its first part, given the first one: the file to which a page leads.
pub(super) async fn landed(
    fetcher: &Fetcher,
    source: &Source,
    first: FetchResponse,
    now: DateTime<Utc>,
) -> Result<FetchResponse, Box<RejectedPart>> {
    match &source.request.link {
        Some(link) => follow(fetcher, source, link, first, now).await,
        None => Ok(first),
    }
}

/// The answer with the whole document, and what of the source's facts it contradicts.
pub(super) async fn whole(
    fetcher: &Fetcher,
    source: &Source,
    first: FetchResponse,
    now: DateTime<Utc>,
) -> Result<(Whole, Vec<Drift>), Box<RejectedPart>> {
    let file = landed(fetcher, source, first, now).await?;
    let drifts = drifts_of(fetcher, source, &file);
    Ok((gather(fetcher, source, file, now).await?, drifts))
}

pub(super) fn drifts_of(fetcher: &Fetcher, source: &Source, file: &FetchResponse) -> Vec<Drift> {
    let seen = ObservedAnswer {
        landed: &file.url,
        content_type: file.header("content-type"),
        body: &file.body,
        max_body: fetcher.max_body(source),
    };
    drift::of_answer(source, seen)
}
