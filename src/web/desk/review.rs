//! What waits for a person's word: reads that were held back, and names that may be somebody's.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use chrono_tz::Tz;

use super::super::WebState;
use super::super::page::page;
use super::body::text_of;
use super::frame::{ChangeRow, PageFrame};
use super::{Server, Who};
use crate::check::QuarantineReview;
use crate::domain::change::Change;
use crate::domain::snapshot::QuarantinedRead;
use crate::domain::source::Source;
use crate::domain::text::{one_line, shorten};
use crate::domain::text_diff::WordFate;
use crate::render::{ChangePage, ChangeReader, EvidencePage, line, on_page};
use crate::store::StoreError;

/// Changes of a held read that are shown whole.
const SHOWN_CHANGES: usize = 30;

/// Of a held body's text as much is shown.
const SHOWN_CHARS: usize = 20_000;

#[derive(Template)]
#[template(path = "desk/review.html")]
struct ReviewPage {
    frame: PageFrame,
    held: Vec<HeldRow>,
    undecided: Vec<(ChangeRow, ChangePage)>,
    undecided_total: usize,
}

struct HeldRow {
    id: String,
    title: String,
    reason: String,
    since: String,
    score: String,
}

#[derive(Template)]
#[template(path = "desk/review_one.html")]
struct HeldReadPage {
    frame: PageFrame,
    row: HeldRow,
    proof: EvidencePage,
    signs: Vec<String>,
    /// Entries now, and as they would be.
    entries: (Option<usize>, Option<usize>),
    obstacle: Option<String>,
    changes: Vec<ChangePage>,
    changes_total: usize,
    /// How many people would be told.
    told: usize,
    text: Option<String>,
    accepted: Vec<String>,
}

pub(super) async fn list(State(shared): Server, Extension(visitor): Who) -> Response {
    match shared.review_page(PageFrame::of(&shared, &visitor, "Review", "review")).await {
        Ok(list) => page(StatusCode::OK, &list),
        Err(error) => shared.fault(&error),
    }
}

pub(super) async fn one(State(shared): Server, Extension(visitor): Who, Path(id): Path<String>) -> Response {
    let Some(source) = shared.desk.views.source(&id) else {
        return shared.not_there(&visitor, "There is no source with this id.");
    };
    match shared.desk.checker.review(source).await {
        Ok(Some(review)) => {
            let frame = PageFrame::of(&shared, &visitor, &source.title, "review");
            match shared.held_page(frame, source, review).await {
                Ok(one) => page(StatusCode::OK, &one),
                Err(error) => shared.fault(&error),
            }
        }
        Ok(None) => shared.not_there(&visitor, "This source has no quarantined read."),
        Err(error) => shared.fault(&error),
    }
}

pub(super) async fn raw(State(shared): Server, Extension(visitor): Who, Path(id): Path<String>) -> Response {
    let nothing = "This source has no quarantined read.";
    let Some(source) = shared.desk.views.source(&id) else { return shared.not_there(&visitor, nothing) };
    match shared.desk.store.quarantined(&source.id).await {
        Ok(Some(held)) => shared.download(&held.evidence.sha256).await,
        Ok(None) => shared.not_there(&visitor, nothing),
        Err(error) => shared.fault(&error),
    }
}

impl WebState {
    async fn review_page(&self, frame: PageFrame) -> Result<ReviewPage, StoreError> {
        let views = &self.desk.views;
        let held = views.quarantined().await?.iter().map(|held| self.held_row(held)).collect();
        let undecided = views.undecided().await?;
        let watchlist = self.registry.current();
        let both = |(_, change): &(u32, Change)| {
            let reader =
                ChangeReader::of_all(&watchlist, views.source(change.source.as_str()).map(Arc::as_ref));
            (ChangeRow::of(change, self), ChangePage::of(change, reader))
        };
        Ok(ReviewPage {
            frame,
            held,
            undecided: undecided.changes.iter().map(both).collect(),
            undecided_total: undecided.total,
        })
    }

    fn held_row(&self, held: &QuarantinedRead) -> HeldRow {
        HeldRow {
            id: held.source.to_string(),
            title: line(self.desk.views.title_of(&held.source)),
            reason: shorten(&one_line(&held.reason), 500),
            since: on_page(held.held_since),
            score: format!("{:.2}", held.score()),
        }
    }

    async fn held_page(
        &self,
        frame: PageFrame,
        source: &Source,
        review: QuarantineReview,
    ) -> Result<HeldReadPage, StoreError> {
        let QuarantineReview { held, entries, changes, obstacle, .. } = review;
        let views = &self.desk.views;
        let body = views.body(&held.evidence.sha256).await?.unwrap_or_default();
        let text = tokio::task::spawn_blocking(move || text_of(&body)).await.unwrap_or_default();
        let baseline = self.desk.store.baseline(&source.id).await?;
        let accepted = baseline.iter().flat_map(|baseline| &baseline.document.entries);
        let watchlist = self.registry.current();
        Ok(HeldReadPage {
            frame,
            row: self.held_row(&held),
            proof: EvidencePage::of(&held.evidence, Tz::UTC),
            signs: held.quality.signs().iter().map(|sign| one_line(&sign.words)).collect(),
            entries: (baseline.as_ref().map(|baseline| baseline.snapshot.entries), entries),
            obstacle: obstacle.map(|obstacle| one_line(&obstacle)),
            told: views.told_by(&changes).await?,
            changes_total: changes.len(),
            changes: changes
                .iter()
                .take(SHOWN_CHANGES)
                .map(|change| ChangePage::of(change, ChangeReader::of_all(&watchlist, Some(source))))
                .collect(),
            text: text.map(|(text, _)| shorten_lines(&text)),
            accepted: accepted.take(200).map(|entry| line(&entry.title)).collect(),
        })
    }
}

/// The beginning of a text, its lines kept.
fn shorten_lines(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN_CHARS).collect();
    if shown.len() < text.len() {
        shown.push_str("\n[…]");
    }
    shown
}
