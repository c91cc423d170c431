//! What a server says besides the page: how long it stays fresh, and whether it kept its word.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::outcome::ReadOutcome;
use super::source_context::SourceContext;
use crate::domain::moment;
use crate::domain::read_state::ReadState;
use crate::domain::source::Source;
use crate::extract::{RawDocument, time_to_live};
use crate::fetch::FetchResponse;

/// A page that says it was last modified so long before a 304 contradicts it; caches and clocks may
/// lag by less.
const LAG: chrono::TimeDelta = chrono::TimeDelta::hours(1);

/// The server's word, taken from an answer before it is judged.
#[derive(Debug)]
pub(super) struct CacheHints {
    fresh_for: Option<Duration>,
    etag: Option<String>,
    last_modified: Option<String>,
}

impl CacheHints {
    /// What an answer says; of its freshness, what is not beyond `max_freshness`.
    pub(super) fn of(source: &Source, answer: &FetchResponse, max_freshness: Duration) -> Self {
        let page =
            RawDocument { body: &answer.body, content_type: answer.header("content-type"), url: &answer.url };
        let fresh_for = answer.fresh_for().max(time_to_live(&source.kind, &page));
        Self {
            fresh_for: fresh_for.map(|length| length.min(max_freshness)),
            etag: answer.header("etag").map(str::to_owned),
            last_modified: answer.header("last-modified").map(str::to_owned),
        }
    }

    /// Notes in an outcome that an earlier 304 was a lie, and tells whether it was.
    pub(super) fn exposes_lie(
        &self,
        known: &SourceContext,
        outcome: &mut ReadOutcome,
        now: DateTime<Utc>,
    ) -> bool {
        // Of a read at a moment to come nobody knows whether the page was modified before it.
        let is_known = |state: &&ReadState| {
            state.not_modified_in_a_row > 0 && !moment::lies_ahead(state.last_read_at, now)
        };
        let Some(state) = known.state.as_ref().filter(is_known) else {
            return false;
        };
        let ReadOutcome::Assessed { assessment, note, .. } = outcome else { return false };
        if assessment.changes.is_empty() || !self.contradicts(state) {
            return false;
        }
        *note = Some(format!(
            "the server had answered 304, not modified, {} times although the page was not the same; from now on it is always read in full",
            state.not_modified_in_a_row
        ));
        true
    }

    /// Whether the server calls by the same name what is not the same, or says itself that it changed
    /// before it said that it had not.
    fn contradicts(&self, state: &ReadState) -> bool {
        let is_same_tag = self.etag.is_some() && self.etag == state.validators.etag;
        let modified_at = self.last_modified.as_deref().and_then(|text| httpdate::parse_http_date(text).ok());
        is_same_tag || modified_at.is_some_and(|at| DateTime::<Utc>::from(at) + LAG < state.last_read_at)
    }

    /// When the source may be asked again, as far as this answer is concerned.
    pub(super) fn rest_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.fresh_for.and_then(|length| Some(now + chrono::Duration::from_std(length).ok()?))
    }
}
