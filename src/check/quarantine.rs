//! A person's word on a read that was held back: what it would change, and taking it or letting it go.

use std::sync::Arc;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Checker;
use super::source_context::SourceContext;
use crate::domain::assess::{Assessment, Past, assess};
use crate::domain::change::Change;
use crate::domain::evidence::{ChainVerdict, ChainedRead};
use crate::domain::id::SourceId;
use crate::domain::match_index::match_baseline;
use crate::domain::matching::Watchlist;
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::report::SourceCheck;
use crate::domain::snapshot::{QuarantinedRead, Validators};
use crate::domain::source::Source;
use crate::domain::verdict::{Unreadable, Verdict};
use crate::extract::is_part;
use crate::store::{Accepted, ReadCommit, StoreError};

/// A held read, and what would happen if it were accepted.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct QuarantineReview {
    /// The read.
    pub held: QuarantinedRead,
    /// How much it can be worth: 0.0 certainly not the source's page, 1.0 nothing speaks against it.
    pub score: f64,
    /// How many entries it has; nothing where it cannot be accepted.
    pub entries: Option<usize>,
    /// What would be told.
    pub changes: Vec<Change>,
    /// Why it cannot be accepted.
    pub obstacle: Option<String>,
}

/// Why a person's word could not be followed.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// There is nothing to decide on.
    #[error("no read of {0} is quarantined")]
    NothingHeld(SourceId),
    /// The body gives no entries under the current settings.
    #[error("the held read of {id} cannot be accepted: {reason}")]
    Obstacle {
        /// The source.
        id: SourceId,
        /// Why.
        reason: String,
    },
    /// The store's error.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A held read with its body, and what is known beside it.
struct QuarantineCase {
    known: SourceContext,
    held: QuarantinedRead,
    body: Bytes,
}

impl Checker {
    /// What of a source is held back and what would change if it were accepted; nothing where
    /// nothing is held.
    ///
    /// # Errors
    /// The store's error.
    pub async fn review(&self, source: &Source) -> Result<Option<QuarantineReview>, StoreError> {
        let Some(case) = self.case(source).await? else { return Ok(None) };
        let outcome = self.outcome(source, &case, &self.registry.current()).await;
        let (score, held) = (case.held.score(), case.held);
        Ok(Some(match outcome {
            Ok(Assessment { entries, changes, .. }) => {
                QuarantineReview { held, score, entries: Some(entries), changes, obstacle: None }
            }
            Err(obstacle) => {
                QuarantineReview { held, score, entries: None, changes: Vec::new(), obstacle: Some(obstacle) }
            }
        }))
    }

    /// Takes what is held of a source for its state: baseline, changes and alerts are one commit, as
    /// of any good read. What is `untold` makes neither changes nor alerts: a person says that it is
    /// the same, written otherwise.
    ///
    /// # Errors
    /// Nothing is held, or it gives no entries under the current settings.
    pub async fn accept(&self, source: &Source, untold: bool) -> Result<SourceCheck, ReviewError> {
        let _turn = self.turn(&source.id).await?;
        let watchlist = self.registry.current();
        let notices = self.rematch_in_turn(source, &watchlist).await?;
        let case = self.case(source).await?.ok_or_else(|| ReviewError::NothingHeld(source.id.clone()))?;
        let assessment = self
            .outcome(source, &case, &watchlist)
            .await
            .map_err(|reason| ReviewError::Obstacle { id: source.id.clone(), reason })?;
        let now = self.clock.now();
        let mut assessment = found_now(assessment, now);
        if untold {
            assessment.changes.clear();
            assessment.alerts.clear();
        }
        let standing = assessment.baseline.as_ref().map(|baseline| {
            match_baseline(source, &baseline.document, &watchlist, case.known.standing.as_ref())
        });
        let named = standing.as_ref().map_or(0, |standing| standing.entries(&watchlist));
        let standing = standing.map(|standing| (standing, Arc::clone(watchlist.version())));
        let check = check(source, &assessment, named, notices);
        self.store.commit(ReadCommit { standing, ..commit(source, case, assessment, now) }).await?;
        tracing::info!(source.id = %source.id, changes = check.changes.len(), "accepted the quarantined read of {}", source.id);
        Ok(check)
    }

    /// Lets go of what is held of a source and notes that it was not the source's. The same body is
    /// not held again.
    ///
    /// # Errors
    /// Nothing is held.
    pub async fn reject(&self, source: &Source) -> Result<QuarantinedRead, ReviewError> {
        let _turn = self.turn(&source.id).await?;
        let nothing = || ReviewError::NothingHeld(source.id.clone());
        let known = self.store.known(&source.id).await?;
        let held = known.held.ok_or_else(nothing)?;
        let state = known.state.ok_or_else(nothing)?;
        let state = state.rejecting(held.evidence.sha256.clone(), self.clock.now());
        let commit = ReadCommit::of(state).computed_from(known.version);
        self.store.commit(ReadCommit { clears_held: true, ..commit }).await?;
        tracing::info!(source.id = %source.id, "rejected the quarantined read of {}", source.id);
        Ok(held)
    }

    async fn case(&self, source: &Source) -> Result<Option<QuarantineCase>, StoreError> {
        let mut known = SourceContext::load_whole(&self.store, source).await?;
        let Some(held) = known.held.take() else { return Ok(None) };
        let body = self.store.body(&held.evidence.sha256).await?.unwrap_or_default();
        Ok(Some(QuarantineCase { known, held, body: body.into() }))
    }

    /// What the held body means, the guard left aside.
    async fn outcome(
        &self,
        source: &Source,
        case: &QuarantineCase,
        watchlist: &Watchlist,
    ) -> Result<Assessment, String> {
        let QuarantineCase { known, held, body } = case;
        let content_type = held.header("content-type").map(str::to_owned);
        let url = held.evidence.url.parse().unwrap_or_else(|_| source.url.clone());
        let document = super::extract_whole(source, body.clone(), content_type, url).await?;
        let document = document.map_err(|unreadable| with_remedy(&unreadable, source))?;
        let response = held.response(body.len() as u64);
        let past = Past { is_accepted: true, ..known.past() };
        assess(source, past, document, response, watchlist).map_err(|suspicion| suspicion.to_string())
    }
}

/// Why a body gives no entries, and what can be done: a person's word makes none of it. What is held is
/// read under the settings of the moment, so that it can be accepted once they fit.
fn with_remedy(unreadable: &Unreadable, source: &Source) -> String {
    let id = &source.id;
    let remedy = match unreadable {
        Unreadable::TooMany { .. } => {
            format!("raise guard.max_entries of {id} if the list has grown so long")
        }
        _ if is_part(unreadable) => {
            format!(
                "set one_page = true for {id} if this part is all that is to be read, or give the address of the whole list"
            )
        }
        Unreadable::TooDeep { .. } => {
            format!("there is no setting for this; give {id} another address of the same list")
        }
        _ => format!(
            "if it is the source's own page in a new form, `regwatch source add {} --id {id}-new` proposes settings for it",
            source.url
        ),
    };
    format!(
        "{unreadable}. It gives no entries that could be accepted: {remedy}; with other settings for {id} `review show {id}` \
         reads what is held again. If it is not the source's page, `review reject {id}` lets it go"
    )
}

/// The changes become known now, whenever the body was read: whoever asks what is new since then
/// must find them. The proof keeps the moment of the read.
fn found_now(mut assessment: Assessment, now: DateTime<Utc>) -> Assessment {
    for change in &mut assessment.changes {
        change.found_at = now;
    }
    for alert in &mut assessment.alerts {
        alert.raised_at = now;
    }
    assessment
}

fn commit(source: &Source, case: QuarantineCase, assessment: Assessment, now: DateTime<Utc>) -> ReadCommit {
    // The server's validators of that day say nothing about today.
    let validators = Validators {
        fingerprint: source.fingerprint(),
        sha256: Some(case.held.evidence.sha256.clone()),
        ..Validators::default()
    };
    let reason = "accepted by a person";
    let accepted = ChainedRead::done_with(&case.held.evidence, ChainVerdict::Accepted, now);
    let chained = Some(ChainedRead { reason: Some(reason.to_owned()), ..accepted });
    let state = ReadState::good(source.id.clone(), validators, now)
        .bringing(assessment.is_news, assessment.newest)
        .counted_after(case.known.state.as_ref());
    let read = ReadRecord {
        entries: Some(assessment.entries),
        changes: assessment.changes.len(),
        ..ReadRecord::new(now, Verdict::Good, Some(reason))
    };
    ReadCommit {
        read: Some(read),
        chained,
        accepted: assessment.baseline.map(|baseline| Accepted { baseline, body: case.body.into() }),
        clears_held: true,
        changes: assessment.changes,
        alerts: assessment.alerts,
        ..ReadCommit::of(state).computed_from(case.known.version)
    }
}

fn check(source: &Source, assessment: &Assessment, named: usize, notices: Vec<Change>) -> SourceCheck {
    SourceCheck {
        id: source.id.clone(),
        verdict: Verdict::Good,
        reason: Some("accepted by a person".to_owned()),
        baseline: assessment.is_first_sight,
        entries: assessment.entries,
        named,
        changes: assessment.changes.clone(),
        notices,
    }
}
