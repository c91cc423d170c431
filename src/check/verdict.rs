//! From an answer to a finding: good, suspect or failed, before anything is compared.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::known::Known;
use super::{Reading, Trial};
use crate::domain::assess::{Assessment, ReadFacts, assess};
use crate::domain::block::ResponseFacts;
use crate::domain::entry::Document;
use crate::domain::face::Face;
use crate::domain::id::BodyHash;
use crate::domain::matching::Watchlist;
use crate::domain::pending;
use crate::domain::quality::Quality;
use crate::domain::report::{ChangeReport, SourceReport};
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::domain::verdict::{Suspicion, Verdict};
use crate::extract::{Page, face};
use crate::fetch::{Answer, FetchError};

/// An answer and the circumstances it came under.
pub(super) struct Received {
    pub answer: Answer,
    pub read_at: DateTime<Utc>,
    pub was_conditional: bool,
    /// Whether a body that was accepted before may be taken as such unread.
    pub may_skip: bool,
    /// How the accepted page shows itself.
    pub before: Option<Face>,
}

/// What a read was found to be, with all that is needed to commit and report it.
#[derive(Debug)]
pub(super) enum Finding {
    /// The server vouches for the accepted body.
    NotModified { entries: usize },
    /// The body came again, byte for byte.
    Unchanged { answer: Answer, entries: usize },
    /// The body was believed and compared.
    Assessed { answer: Answer, assessment: Box<Assessment>, note: Option<String> },
    /// Something else came in the source's place.
    Suspect { answer: Answer, suspicion: Suspicion, quality: Quality },
    /// Nothing usable came.
    Failed { reason: String, retry_after: Option<Duration>, is_unreachable: bool },
}

impl Finding {
    pub(super) fn failed(reason: String, retry_after: Option<Duration>) -> Self {
        Self::Failed { reason, retry_after, is_unreachable: false }
    }

    /// No answer came.
    pub(super) fn unanswered(error: &FetchError) -> Self {
        let (reason, retry_after) = (error_chain(error), error.retry_after());
        Self::Failed { reason, retry_after, is_unreachable: error.is_unreachable() }
    }

    pub(super) fn verdict(&self) -> Verdict {
        match self {
            Self::NotModified { .. } => Verdict::NotModified,
            Self::Unchanged { .. } | Self::Assessed { .. } => Verdict::Good,
            Self::Suspect { .. } => Verdict::Suspect,
            Self::Failed { .. } => Verdict::Failed,
        }
    }

    pub(super) fn reason(&self) -> Option<String> {
        match self {
            Self::NotModified { .. } | Self::Unchanged { .. } => None,
            Self::Assessed { note, .. } => note.clone(),
            Self::Suspect { suspicion, quality, .. } => Some(in_words(suspicion, quality)),
            Self::Failed { reason, .. } => Some(reason.clone()),
        }
    }

    pub(super) fn into_reading(self, source: &Source) -> Reading {
        let (verdict, reason) = (self.verdict(), self.reason());
        let (baseline, entries, changes) = match self {
            Self::NotModified { entries } | Self::Unchanged { entries, .. } => (false, entries, Vec::new()),
            Self::Assessed { assessment, .. } => {
                (assessment.is_first_sight, assessment.entries, assessment.changes)
            }
            Self::Suspect { .. } | Self::Failed { .. } => (false, 0, Vec::new()),
        };
        let report = SourceReport {
            id: source.id.clone(),
            verdict,
            reason,
            baseline,
            entries,
            changes: changes.iter().map(ChangeReport::from).collect(),
        };
        Reading { report, changes }
    }
}

/// Judges an answer against what is known.
pub(super) async fn of(source: &Source, known: &Known, received: Received, watchlist: &Watchlist) -> Finding {
    let Received { answer, read_at, was_conditional, may_skip, before } = received;
    if answer.status == 304 {
        return match &known.baseline {
            Some(baseline) if was_conditional => Finding::NotModified { entries: baseline.snapshot.entries },
            _ => Finding::failed("answered 304 to an unconditional request".to_owned(), None),
        };
    }
    let (face, quality) = first_look(source, &answer);
    if let Some(refused) = refusal(&answer, &quality) {
        return refused.into_finding(answer, quality);
    }
    let sha256 = BodyHash::of(&answer.body);
    let may_skip = may_skip && known.pending().is_empty();
    if let Some(entries) = known.accepted_entries(source, &sha256).filter(|_| may_skip) {
        return Finding::Unchanged { answer, entries };
    }
    let quality = quality.with(before.iter().flat_map(|before| face.signs_against(before)));
    let document = match document_of(source, &answer).await {
        Ok(document) => document,
        Err(refused) => return refused.into_finding(answer, quality),
    };
    if let Some(signs) = quality.not_outweighed(known.found_again(&document)) {
        return Finding::Suspect { answer, suspicion: Suspicion::Other(signs), quality };
    }
    let facts = facts_of(&answer, sha256, read_at);
    match assess(source, known.past(), document, facts, watchlist) {
        Ok(assessment) => {
            let note = known.note_on(source, &assessment);
            Finding::Assessed { answer, assessment: Box::new(assessment), note }
        }
        Err(suspicion) => Finding::Suspect { answer, suspicion, quality },
    }
}

fn facts_of(answer: &Answer, sha256: BodyHash, read_at: DateTime<Utc>) -> ReadFacts {
    ReadFacts {
        read_at,
        url: answer.url.to_string(),
        status: answer.status,
        headers: answer.headers.clone(),
        sha256,
        body_bytes: answer.body.len() as u64,
    }
}

/// Why a read is held back, with what else speaks against it.
fn in_words(suspicion: &Suspicion, quality: &Quality) -> String {
    let says_all = matches!(suspicion, Suspicion::Blocked(_) | Suspicion::Other(_));
    if says_all || quality.signs().is_empty() {
        return suspicion.to_string();
    }
    format!("{suspicion}; {quality}")
}

impl Known {
    /// How many entries a body has that was accepted before under the same settings.
    fn accepted_entries(&self, source: &Source, sha256: &BodyHash) -> Option<usize> {
        let baseline = self.baseline.as_ref()?;
        let fingerprint = source.fingerprint();
        let is_last_accepted = self.state.as_ref().is_some_and(|state| {
            state.validators.fingerprint == fingerprint && state.validators.sha256.as_ref() == Some(sha256)
        });
        let is_known = baseline.snapshot.fingerprint == fingerprint
            && (baseline.snapshot.sha256 == *sha256 || is_last_accepted);
        is_known.then_some(baseline.snapshot.entries)
    }

    /// Whether a person said of this very body that it is not the source's.
    pub(super) fn has_rejected(&self, answer: &Answer) -> bool {
        let rejected = self.state.as_ref().and_then(|state| state.rejected.as_ref());
        rejected.is_some_and(|rejected| rejected.sha256 == BodyHash::of(&answer.body))
    }

    /// What is to be said of a good read.
    fn note_on(&self, source: &Source, assessment: &Assessment) -> Option<String> {
        let pending = &assessment.pending;
        let confirm_at =
            pending.iter().map(|pending| pending.agreement.counted_at + source.guard.delay()).min();
        let notes = [self.note.clone(), pending::in_words(pending, confirm_at)];
        notes.into_iter().flatten().reduce(|all, note| format!("{all}; {note}"))
    }
}

/// Why an answer is not the source's page.
enum Refusal {
    Suspect(Suspicion),
    Failed(String),
}

impl Refusal {
    fn into_finding(self, answer: Answer, quality: Quality) -> Finding {
        match self {
            Self::Suspect(suspicion) => Finding::Suspect { answer, suspicion, quality },
            Self::Failed(reason) => Finding::failed(reason, answer.retry_after),
        }
    }

    fn into_trial(self, quality: Quality) -> Trial {
        let (verdict, reason) = match self {
            Self::Suspect(suspicion) => (Verdict::Suspect, in_words(&suspicion, &quality)),
            Self::Failed(reason) => (Verdict::Failed, reason),
        };
        Trial { verdict, reason: Some(reason), quality, document: None }
    }
}

/// How the page shows itself, and what speaks against it before its entries are read.
fn first_look(source: &Source, answer: &Answer) -> (Face, Quality) {
    let face =
        face(&Page { body: &answer.body, content_type: answer.header("content-type"), url: &answer.url });
    let facts = ResponseFacts {
        status: answer.status,
        headers: &answer.headers,
        requested: &source.url,
        answered: &answer.url,
        body: &answer.body,
        title: face.title.as_deref(),
    };
    let quality = facts.quality().with(face.signs());
    (face, quality)
}

/// What can be told without reading the entries.
fn refusal(answer: &Answer, quality: &Quality) -> Option<Refusal> {
    if quality.is_blocked() {
        return Some(Refusal::Suspect(Suspicion::Blocked(quality.clone())));
    }
    if answer.status != 200 {
        let name = status_name(answer.status);
        return Some(Refusal::Failed(format!(
            "{} answered {}{name}, expected 200",
            answer.url, answer.status
        )));
    }
    answer.body.is_empty().then_some(Refusal::Suspect(Suspicion::Empty))
}

/// The name of a status after a blank, where it has one.
fn status_name(status: u16) -> String {
    reqwest::StatusCode::from_u16(status)
        .ok()
        .and_then(|status| status.canonical_reason())
        .map_or_else(String::new, |name| format!(" {name}"))
}

async fn document_of(source: &Source, answer: &Answer) -> Result<Document, Refusal> {
    let content_type = answer.header("content-type").map(str::to_owned);
    match super::extract(source, answer.body.clone(), content_type, answer.url.clone()).await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(unreadable)) => Err(Refusal::Suspect(Suspicion::Structure(unreadable))),
        Err(reason) => Err(Refusal::Failed(reason)),
    }
}

/// What an answer would be found to be at first sight.
pub(super) async fn trial(source: &Source, answer: Answer) -> Trial {
    let (_, quality) = first_look(source, &answer);
    if let Some(refused) = refusal(&answer, &quality) {
        return refused.into_trial(quality);
    }
    let document = match document_of(source, &answer).await {
        Ok(document) => document,
        Err(refused) => return refused.into_trial(quality),
    };
    let suspicion = match quality.not_outweighed(0) {
        Some(signs) => Some(Suspicion::Other(signs)),
        None => source.guard.judge(None, &document, &[]).err(),
    };
    let verdict = if suspicion.is_some() { Verdict::Suspect } else { Verdict::Good };
    let reason = suspicion.map(|reason| in_words(&reason, &quality));
    Trial { verdict, reason, quality, document: Some(document) }
}
