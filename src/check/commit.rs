//! From the outcome of a read to what the store must keep of it.

use chrono::{DateTime, Utc};

use super::outcome::ReadOutcome;
use super::read_rejection::held_quality;
use super::response::Response;
use super::source_context::{SourceContext, flickers};
use crate::domain::agreement::Agreement;
use crate::domain::assess::Assessment;
use crate::domain::change::ChangeKind;
use crate::domain::evidence::{ChainVerdict, ChainedRead, headers_text};
use crate::domain::id::BodyHash;
use crate::domain::quality::Quality;
use crate::domain::read_record::ReadRecord;
use crate::domain::read_state::ReadState;
use crate::domain::snapshot::{QuarantinedRead, Validators};
use crate::domain::source::Source;
use crate::domain::verdict::{Suspicion, Verdict};
use crate::fetch::FetchResponse;
use crate::store::{Accepted, HeldBody, ReadCommit};

/// What the chain says of an answer of which nothing else is kept.
#[derive(Debug)]
pub(super) struct FirstAnswer {
    url: String,
    status: u16,
    headers: BodyHash,
    body: BodyHash,
}

impl FirstAnswer {
    pub(super) fn of(answer: &FetchResponse) -> Self {
        Self {
            url: answer.url.to_string(),
            status: answer.status,
            headers: BodyHash::of(headers_text(&answer.headers).as_bytes()),
            body: answer.body.sha256().clone(),
        }
    }
}

impl ReadOutcome {
    /// All of it, to be committed as one step, which takes the accepted entries over. Only a good read moves the
    /// baseline.
    pub(super) fn make_commit(
        &mut self,
        source: &Source,
        known: &SourceContext,
        now: DateTime<Utc>,
    ) -> ReadCommit {
        let mut commit = ReadCommit::of(self.next_state(source, known, now));
        commit.computed_from = known.version;
        commit.clears_held = self.verdict().is_read();
        let reason = self.reason().unwrap_or_default();
        match self {
            Self::NotModified { .. } | Self::Unchanged { .. } | Self::Failed { .. } => {}
            Self::Assessed { response, assessment, .. } => {
                commit.accepted = assessment
                    .baseline
                    .take()
                    .map(|baseline| Accepted { baseline, body: response.body.clone() });
                commit.changes.clone_from(&assessment.changes);
                commit.alerts.clone_from(&assessment.alerts);
                if let Some(amended) = &commit.state.amended {
                    commit.clears_held = false;
                    let read = QuarantinedRead {
                        source: source.id.clone(),
                        held_since: amended.since,
                        reason: amended.to_string(),
                        evidence: response.meta.evidence(),
                        headers: response.meta.headers.clone(),
                        quality: Quality::default(),
                        drop: None,
                    };
                    commit.held = Some(HeldBody { read, body: response.body.clone() });
                }
            }
            // What a person rejected is not shown to them again.
            Self::Suspect { response, .. } if known.has_rejected(response) => {}
            Self::Suspect { response, suspicion, quality } => {
                let before = known.held.as_ref();
                let read = QuarantinedRead {
                    source: source.id.clone(),
                    held_since: before.map_or(now, |held| held.held_since),
                    reason,
                    evidence: response.meta.evidence(),
                    headers: response.meta.headers.clone(),
                    quality: held_quality(suspicion, quality),
                    drop: agreement(source, before, suspicion, now),
                };
                commit.held = Some(HeldBody { read, body: response.body.clone() });
            }
        }
        commit
    }

    /// The read as it stands in the chain of its source's reads.
    pub(super) fn to_chained(
        &self,
        source: &Source,
        known: &SourceContext,
        first: Option<FirstAnswer>,
        read_at: DateTime<Utc>,
    ) -> ChainedRead {
        let verdict = ChainVerdict::from(self.verdict());
        let reason = self.reason().filter(|_| !verdict.is_seen());
        match self {
            Self::Unchanged { response, .. }
            | Self::Assessed { response, .. }
            | Self::Suspect { response, .. } => {
                ChainedRead { reason, ..ChainedRead::of(&response.meta, verdict) }
            }
            Self::NotModified { .. } | Self::Failed { .. } => {
                let vouched =
                    matches!(self, Self::NotModified { .. }).then(|| known.accepted_body()).flatten();
                let body = vouched.or_else(|| first.as_ref().map(|first| first.body.clone()));
                ChainedRead {
                    at: read_at,
                    read_at: None,
                    url: first.as_ref().map_or_else(|| source.url.to_string(), |first| first.url.clone()),
                    status: first.as_ref().map(|first| first.status),
                    headers: first.map(|first| first.headers),
                    body,
                    verdict,
                    reason,
                }
            }
        }
    }

    /// The read as it is remembered.
    pub(super) fn to_record(&self, asked_at: DateTime<Utc>, read_at: DateTime<Utc>) -> ReadRecord {
        let (response, entries, changes) = match self {
            Self::NotModified { entries } => (None, Some(*entries), 0),
            Self::Unchanged { response, entries } => (Some(response), Some(*entries), 0),
            Self::Assessed { response, assessment, .. } => {
                (Some(response), Some(assessment.entries), assessment.changes.len())
            }
            Self::Suspect { response, .. } => (Some(response), None, 0),
            Self::Failed { .. } => (None, None, 0),
        };
        ReadRecord {
            status: response.map(|response| response.meta.status),
            body_bytes: response.map(|response| response.meta.body_bytes),
            // A clock that was put back meanwhile says nothing.
            took_ms: u64::try_from((read_at - asked_at).num_milliseconds()).ok(),
            entries,
            changes,
            ..ReadRecord::new(read_at, self.verdict(), self.reason().as_deref())
        }
    }

    fn next_state(&self, source: &Source, known: &SourceContext, now: DateTime<Utc>) -> ReadState {
        let reason = self.reason().unwrap_or_default();
        let unread = |previous, verdict, retry_after| {
            ReadState::unread(source.id.clone(), previous, verdict, reason, retry_after, now)
        };
        match (self, known.state.clone()) {
            (Self::NotModified { .. }, Some(previous)) => previous.not_modified(now),
            (Self::NotModified { .. }, None) => {
                ReadState::good(source.id.clone(), Validators::default(), now)
            }
            (Self::Unchanged { response, .. }, _) => {
                ReadState::good(source.id.clone(), validators(&known.fingerprint, response), now)
            }
            (Self::Assessed { response, assessment, .. }, previous) => {
                ReadState::good(source.id.clone(), validators(&known.fingerprint, response), now)
                    .waiting_for(assessment.pending.clone(), source.guard.delay())
                    .holding(assessment.held.clone(), previous.as_ref(), now)
                    .flickering(flickers(assessment, previous.as_ref(), now))
                    .bringing(assessment.is_news, assessment.newest)
                    .against(
                        previous.as_ref().and_then(|state| state.taken_from.as_ref()),
                        &contradicted(assessment),
                        now,
                    )
            }
            (Self::Suspect { response, suspicion, .. }, previous) => {
                unread(previous, Verdict::Suspect, response.retry_after)
                    .after_older_copy(matches!(suspicion, Suspicion::Older(_)))
            }
            (Self::Failed { retry_after, is_unreachable, .. }, previous) => {
                unread(previous, Verdict::Failed, *retry_after).unreachable(*is_unreachable)
            }
        }
    }
}

/// The entries that a read has otherwise than they were known, or no more.
fn contradicted(assessment: &Assessment) -> Vec<&str> {
    let changed = assessment.changes.iter().filter(|change| change.entry.kind != ChangeKind::Added);
    let changed = changed.map(|change| change.entry.key.as_str());
    changed.chain(assessment.pending.iter().map(|pending| pending.key.as_str())).collect()
}

/// What this read and those held before it agree on, where more is gone than may go.
fn agreement(
    source: &Source,
    before: Option<&QuarantinedRead>,
    suspicion: &Suspicion,
    now: DateTime<Utc>,
) -> Option<Agreement> {
    let which = suspicion.which_is_gone()?;
    let before = before.and_then(|held| held.drop.as_ref());
    Some(Agreement::after(before, which, source.guard.delay(), now))
}

/// The server's words about a body that was accepted. They are about the first answer; of a document
/// of several they count where that one alone says whether anything changed.
fn validators(fingerprint: &str, response: &Response) -> Validators {
    let signal = response.signal.clone();
    let speaks_for_all = signal.is_some() || !response.is_of_several;
    let header = |name| response.meta.header(name).filter(|_| speaks_for_all).map(str::to_owned);
    Validators {
        etag: header("etag"),
        last_modified: header("last-modified"),
        fingerprint: fingerprint.to_owned(),
        sha256: Some(response.meta.sha256.clone()),
        signal,
    }
}
