//! From an answer to a finding: good, suspect or failed, before anything is compared.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::gather::gather;
use super::known::Known;
use super::{Reading, Trial};
use crate::domain::assess::{Assessment, ReadFacts, assess};
use crate::domain::block::{Mark, ResponseFacts};
use crate::domain::entry::Document;
use crate::domain::id::BodyHash;
use crate::domain::matching::Watchlist;
use crate::domain::report::{ChangeReport, SourceReport};
use crate::domain::snapshot::Validators;
use crate::domain::source::Source;
use crate::domain::verdict::{Suspicion, Verdict};
use crate::extract::{Page, signal, title};
use crate::fetch::{Answer, Fetcher};

/// A first answer and the circumstances it came under.
pub(super) struct Received<'a> {
    pub first: Answer,
    pub read_at: DateTime<Utc>,
    /// What was known of the accepted body, where it might be vouched for.
    pub validators: Option<&'a Validators>,
    /// Whether a body that was accepted before may be taken as such unread.
    pub may_skip: bool,
}

impl Received<'_> {
    /// Whether the server, or the source's own word in its first answer, vouches for the accepted body.
    fn is_vouched_for(&self, source: &Source) -> Result<bool, String> {
        let can_be_304 = self.validators.is_some_and(Validators::can_be_sent);
        if self.first.status == 304 {
            return if can_be_304 {
                Ok(true)
            } else {
                Err("answered 304 to an unconditional request".to_owned())
            };
        }
        let known = self.validators.and_then(|validators| validators.signal.as_ref());
        Ok(known.is_some() && self.first.status == 200 && signal_of(source, &self.first).as_ref() == known)
    }
}

/// The source's own word for its state. Of a bundle, its first part's.
pub(super) fn signal_of(source: &Source, answer: &Answer) -> Option<String> {
    let page = Page { body: &answer.body, content_type: answer.header("content-type"), url: &source.url };
    signal(&source.kind, page.parts().ok()?.first()?)
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
    Suspect { answer: Answer, suspicion: Suspicion },
    /// Nothing usable came.
    Failed { reason: String, retry_after: Option<Duration> },
}

impl Finding {
    pub(super) fn failed(reason: String, retry_after: Option<Duration>) -> Self {
        Self::Failed { reason, retry_after }
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
            Self::Suspect { suspicion, .. } => Some(suspicion.to_string()),
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

/// Judges an answer against what is known, once the whole document is there.
pub(super) async fn of(
    source: &Source,
    known: &Known,
    received: Received<'_>,
    watchlist: &Watchlist,
    fetcher: &Fetcher,
) -> Finding {
    match (received.is_vouched_for(source), &known.baseline) {
        (Ok(true), Some(baseline)) => return Finding::NotModified { entries: baseline.snapshot.entries },
        (Err(reason), _) => return Finding::failed(reason, None),
        _ => {}
    }
    let Received { first, read_at, may_skip, .. } = received;
    if let Some(why) = refusal(&source.url, &first) {
        return why.into_finding(first);
    }
    let answer = match gather(fetcher, source, first, read_at).await {
        Ok(answer) => answer,
        Err(refused) => return refused.why.into_finding(refused.answer),
    };
    let sha256 = BodyHash::of(&answer.body);
    if let Some(entries) = known.accepted_entries(source, &sha256).filter(|_| may_skip) {
        return Finding::Unchanged { answer, entries };
    }
    let document = match document_of(source, &answer).await {
        Ok(document) => document,
        Err(refused) => return refused.into_finding(answer),
    };
    let facts = ReadFacts {
        read_at,
        url: answer.url.to_string(),
        status: answer.status,
        headers: answer.headers.clone(),
        sha256,
        body_bytes: answer.body.len() as u64,
    };
    match assess(source, known.baseline.as_ref(), document, facts, watchlist) {
        Ok(assessment) => {
            Finding::Assessed { answer, assessment: Box::new(assessment), note: known.note.clone() }
        }
        Err(suspicion) => Finding::Suspect { answer, suspicion },
    }
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
}

/// Why an answer is not the source's page, or not a part of its document.
pub(super) enum Refusal {
    Suspect(Suspicion),
    Failed(String),
}

impl Refusal {
    fn into_finding(self, answer: Answer) -> Finding {
        match self {
            Self::Suspect(suspicion) => Finding::Suspect { answer, suspicion },
            Self::Failed(reason) => Finding::failed(reason, answer.retry_after),
        }
    }

    pub(super) fn into_trial(self) -> Trial {
        let (verdict, reason) = match self {
            Self::Suspect(suspicion) => (Verdict::Suspect, suspicion.to_string()),
            Self::Failed(reason) => (Verdict::Failed, reason),
        };
        Trial { verdict, reason: Some(reason), document: None }
    }
}

/// What can be told of the answer to an address without reading the entries.
pub(super) fn refusal(asked: &Url, answer: &Answer) -> Option<Refusal> {
    if let Some(mark) = block_mark(asked, answer) {
        return Some(Refusal::Suspect(Suspicion::Blocked(mark)));
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

fn block_mark(asked: &Url, answer: &Answer) -> Option<Mark> {
    let page = Page { body: &answer.body, content_type: answer.header("content-type"), url: &answer.url };
    let title = title(&page);
    ResponseFacts {
        status: answer.status,
        headers: &answer.headers,
        requested: asked,
        answered: &answer.url,
        body_bytes: answer.body.len(),
        title: title.as_deref(),
    }
    .block_mark()
}

async fn document_of(source: &Source, answer: &Answer) -> Result<Document, Refusal> {
    let content_type = answer.header("content-type").map(str::to_owned);
    match super::extract(source, answer.body.clone(), content_type, answer.url.clone()).await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(unreadable)) => Err(Refusal::Suspect(Suspicion::Structure(unreadable))),
        Err(reason) => Err(Refusal::Failed(reason)),
    }
}

/// What a document would be found to be at first sight.
pub(super) async fn trial(source: &Source, answer: Answer) -> Trial {
    if let Some(refused) = refusal(&source.url, &answer) {
        return refused.into_trial();
    }
    match document_of(source, &answer).await {
        Ok(document) => {
            let suspicion = source.guard.judge(None, &document, 0).err();
            let verdict = if suspicion.is_some() { Verdict::Suspect } else { Verdict::Good };
            Trial { verdict, reason: suspicion.map(|reason| reason.to_string()), document: Some(document) }
        }
        Err(refused) => refused.into_trial(),
    }
}

/// The same for the document that a first answer begins.
pub(super) async fn trial_of_first(
    source: &Source,
    first: Answer,
    fetcher: &Fetcher,
    now: DateTime<Utc>,
) -> Trial {
    if let Some(refused) = refusal(&source.url, &first) {
        return refused.into_trial();
    }
    match gather(fetcher, source, first, now).await {
        Ok(answer) => trial(source, answer).await,
        Err(refused) => refused.why.into_trial(),
    }
}
