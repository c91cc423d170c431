//! From an answer to an outcome: good, suspect or failed, before anything is compared.

use std::time::Duration;

use chrono::{DateTime, Utc};
use url::Url;

use super::Trial;
use super::commit::flickers;
use super::gather::{Refused, Whole, gather};
use super::known::{Known, found_again};
use super::link::follow;
use super::response::Response;
use crate::domain::assess::{Assessment, assess};
use crate::domain::block::ResponseFacts;
use crate::domain::bundle;
use crate::domain::drift::{self, Drift, Seen};
use crate::domain::entry::Document;
use crate::domain::face::Face;
use crate::domain::flicker;
use crate::domain::id::SourceId;
use crate::domain::matching::Watchlist;
use crate::domain::pending;
use crate::domain::quality::{Found, Quality, Sign, Weight};
use crate::domain::read_state::ReadState;
use crate::domain::report::SourceCheck;
use crate::domain::snapshot::Validators;
use crate::domain::source::{Source, SourceKind};
use crate::domain::text::error_chain;
use crate::domain::verdict::{Suspicion, Verdict};
use crate::extract::{Page, face, signal};
use crate::fetch::{Answer, Body, FetchError, Fetcher};
use crate::store::{Store, StoreError};

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
        let signal = || signal_of(source, &self.first.body, self.first.header("content-type"));
        Ok(known.is_some() && self.first.status == 200 && signal().as_ref() == known)
    }
}

/// The source's own word for its state. Of a bundle, its first part's.
pub(super) fn signal_of(source: &Source, body: &[u8], content_type: Option<&str>) -> Option<String> {
    let page = Page { body, content_type, url: &source.url };
    signal(&source.kind, page.parts().ok()?.first()?)
}

/// What a read was found to be, with all that is needed to commit and report it.
#[derive(Debug)]
pub(super) enum ReadOutcome {
    /// The server vouches for the accepted body.
    NotModified { entries: usize },
    /// The body came again, byte for byte.
    Unchanged { response: Response, entries: usize },
    /// The body was believed and compared.
    Assessed { response: Response, assessment: Box<Assessment>, note: Option<String> },
    /// Something else came in the source's place.
    Suspect { response: Response, suspicion: Suspicion, quality: Quality },
    /// Nothing usable came.
    Failed { reason: String, retry_after: Option<Duration>, is_unreachable: bool },
}

impl ReadOutcome {
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

    /// What the read found, for those who asked for it.
    pub(super) fn into_check(self, source: &Source) -> SourceCheck {
        let (verdict, reason) = (self.verdict(), self.reason());
        let (baseline, entries, changes) = match self {
            Self::NotModified { entries } | Self::Unchanged { entries, .. } => (false, entries, Vec::new()),
            Self::Assessed { assessment, .. } => {
                (assessment.is_first_sight, assessment.entries, assessment.changes)
            }
            Self::Suspect { .. } | Self::Failed { .. } => (false, 0, Vec::new()),
        };
        let (named, notices) = (0, Vec::new());
        SourceCheck { id: source.id.clone(), verdict, reason, baseline, entries, named, changes, notices }
    }
}

/// Judges an answer against what is known, once the whole document is there.
pub(super) async fn of(
    source: &Source,
    known: &mut Known,
    received: Received<'_>,
    watchlist: &Watchlist,
    (fetcher, store): (&Fetcher, &Store),
) -> Result<ReadOutcome, StoreError> {
    match (received.is_vouched_for(source), &known.accepted) {
        (Ok(true), Some(snapshot)) => return Ok(ReadOutcome::NotModified { entries: snapshot.entries }),
        (Err(reason), _) => return Ok(ReadOutcome::failed(reason, None)),
        _ => {}
    }
    let Received { first, read_at, may_skip, .. } = received;
    let may_skip = may_skip && !known.state.as_ref().is_some_and(ReadState::is_open);
    // A page that was accepted was looked at then: only what came with it this time can speak against it.
    if let Some(entries) = known.accepted_entries(source, &first.body).filter(|_| may_skip)
        && source.request.link.is_none()
        && refusal_of(&source.url, &first, None).is_none()
    {
        known.note_drifts(&source.id, &drifts_of(fetcher, source, &first));
        return Ok(ReadOutcome::Unchanged { response: Response::of(first, read_at), entries });
    }
    let (face, quality) = first_look(&source.url, &first);
    if let Some(why) = refused_by(&first, &quality) {
        return Ok(why.into_outcome(Response::of(first, read_at)));
    }
    let (Whole { answer, document }, drifts) = match whole(fetcher, source, first, read_at).await {
        Ok(whole) => whole,
        Err(refused) => return Ok(refused.why.into_outcome(Response::of(refused.answer, read_at))),
    };
    known.note_drifts(&source.id, &drifts);
    let is_of_several = bundle::is_bundle(&answer.body);
    if let Some(entries) = known.accepted_entries(source, &answer.body).filter(|_| may_skip) {
        return Ok(ReadOutcome::Unchanged { response: Response::of(answer, read_at), entries });
    }
    known.load_entries(store, source).await?;
    let before = known.face(store).await;
    let is_first = source.request.link.is_none() && !is_of_several;
    let (face, quality) =
        if is_first { (face, quality) } else { first_look(asked_at(source, &answer), &answer) };
    let face = as_configured(source, face);
    let quality = quality.with(match &before {
        Some(before) => face.signs_against(before),
        None => face.signs_alone(),
    });
    let document = match document {
        Some(read) => read.map_err(|unreadable| Refusal::suspect(Suspicion::Structure(unreadable))),
        None => document_of(source, &answer).await,
    };
    let response = Response::of(answer, read_at);
    let document = match document {
        Ok(document) => document,
        Err(refused) => return Ok(refused.with(quality).into_outcome(response)),
    };
    Ok(compared(source, known, (response, quality), document, watchlist))
}

/// The answer that holds the document or its first part, given the first one: the file to which a page leads.
pub(super) async fn landed(
    fetcher: &Fetcher,
    source: &Source,
    first: Answer,
    now: DateTime<Utc>,
) -> Result<Answer, Box<Refused>> {
    match &source.request.link {
        Some(link) => follow(fetcher, source, link, first, now).await,
        None => Ok(first),
    }
}

/// The answer with the whole document, and what of the source's facts it contradicts.
async fn whole(
    fetcher: &Fetcher,
    source: &Source,
    first: Answer,
    now: DateTime<Utc>,
) -> Result<(Whole, Vec<Drift>), Box<Refused>> {
    let file = landed(fetcher, source, first, now).await?;
    let drifts = drifts_of(fetcher, source, &file);
    Ok((gather(fetcher, source, file, now).await?, drifts))
}

fn drifts_of(fetcher: &Fetcher, source: &Source, file: &Answer) -> Vec<Drift> {
    let seen = Seen {
        landed: &file.url,
        content_type: file.header("content-type"),
        body: &file.body,
        max_body: fetcher.max_body(source),
    };
    drift::of_answer(source, seen)
}

/// Compares a document with what is known.
fn compared(
    source: &Source,
    known: &Known,
    (response, quality): (Response, Quality),
    document: Document,
    watchlist: &Watchlist,
) -> ReadOutcome {
    let found =
        if quality.signs().is_empty() { Found::ALL } else { known.found_again(&document, &source.noise) };
    if let Some(signs) = quality.not_outweighed(found) {
        return ReadOutcome::Suspect { response, suspicion: Suspicion::Other(signs), quality };
    }
    if known.has_rejected(&response) {
        return ReadOutcome::Suspect { response, suspicion: Suspicion::Rejected, quality };
    }
    let left_out = left_out(&document);
    match assess(source, known.past(), document, response.meta.clone(), watchlist) {
        Ok(assessment) => {
            let notes = [left_out, known.note_on(source, &assessment)];
            let note = notes.into_iter().flatten().reduce(|all, note| format!("{all}; {note}"));
            ReadOutcome::Assessed { response, assessment: Box::new(assessment), note }
        }
        Err(suspicion) => ReadOutcome::Suspect { response, suspicion, quality },
    }
}

/// Of what was left out so much is named.
const MAX_NAMED: usize = 5;

/// What of a document could not be read, in words; nothing where all of it could.
fn left_out(document: &Document) -> Option<String> {
    let names = document.left_out.iter().take(MAX_NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match document.left_out.len() {
        0 => None,
        1 => Some(format!("1 malformed item was left out: {names}")),
        count if count > MAX_NAMED => {
            Some(format!("{count} malformed items were left out: {names} and others"))
        }
        count => Some(format!("{count} malformed items were left out: {names}")),
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
    /// Has it said of the read which facts of the source no longer hold, before they break it.
    fn note_drifts(&mut self, source: &SourceId, drifts: &[Drift]) {
        for drift in drifts {
            tracing::warn!(source.id = %source, fact = %drift.fact, %drift, "{source} differs from its catalogue entry: {drift}");
        }
        let said = drifts.iter().map(|drift| format!("not as observed: {drift}"));
        self.note = self.note.take().into_iter().chain(said).reduce(|all, note| format!("{all}; {note}"));
    }

    /// How many entries a body has that was accepted before under the same settings.
    fn accepted_entries(&self, source: &Source, body: &Body) -> Option<usize> {
        let snapshot = self.accepted.as_ref()?;
        let fingerprint = source.fingerprint();
        if snapshot.fingerprint != fingerprint {
            return None;
        }
        let sha256 = body.sha256();
        let is_last_accepted = self.state.as_ref().is_some_and(|state| {
            state.validators.fingerprint == fingerprint && state.validators.sha256.as_ref() == Some(sha256)
        });
        (snapshot.response.sha256 == *sha256 || is_last_accepted).then_some(snapshot.entries)
    }

    /// Whether a person said of this very body that it is not the source's.
    pub(super) fn has_rejected(&self, response: &Response) -> bool {
        let rejected = self.state.as_ref().and_then(|state| state.rejected.as_ref());
        rejected.is_some_and(|rejected| rejected.sha256 == response.meta.sha256)
    }

    /// What is to be said of a good read.
    fn note_on(&self, source: &Source, assessment: &Assessment) -> Option<String> {
        let pending = &assessment.pending;
        let confirm_at =
            pending.iter().map(|pending| pending.agreement.counted_at + source.guard.delay()).min();
        let held = (!assessment.held.is_empty()).then(|| {
            let held: Vec<String> = assessment.held.iter().map(ToString::to_string).collect();
            format!("held for review: {} (regwatch review show {})", held.join("; "), source.id)
        });
        // When it was seen does not matter to what is said of it.
        let flickers = flickers(assessment, self.state.as_ref(), DateTime::UNIX_EPOCH);
        let proposed = flicker::in_words(&flickers, source.id.as_str());
        let notes = [self.note.clone(), pending::in_words(pending, confirm_at), held, proposed];
        notes.into_iter().flatten().reduce(|all, note| format!("{all}; {note}"))
    }
}

/// Why an answer is not the source's page, or not a part of its document.
pub(super) enum Refusal {
    Suspect { suspicion: Suspicion, quality: Quality },
    Failed(String),
}

impl Refusal {
    /// Held back for what it is, with nothing else known against it.
    pub(super) fn suspect(suspicion: Suspicion) -> Self {
        Self::Suspect { suspicion, quality: Quality::default() }
    }

    /// The same with what else speaks against the answer.
    fn with(self, quality: Quality) -> Self {
        match self {
            Self::Suspect { suspicion, .. } => Self::Suspect { suspicion, quality },
            failed @ Self::Failed(_) => failed,
        }
    }

    fn into_outcome(self, response: Response) -> ReadOutcome {
        match self {
            Self::Suspect { suspicion, quality } => ReadOutcome::Suspect { response, suspicion, quality },
            Self::Failed(reason) => ReadOutcome::failed(reason, response.retry_after),
        }
    }

    pub(super) fn into_trial(self) -> Trial {
        match self {
            Self::Suspect { suspicion, quality } => {
                let reason = Some(in_words(&suspicion, &quality));
                let quality = held_quality(&suspicion, &quality);
                Trial { verdict: Verdict::Suspect, reason, quality, document: None }
            }
            Self::Failed(reason) => Trial::failed(reason),
        }
    }
}

/// What speaks against a held read, the reason it is held for included.
pub(super) fn held_quality(suspicion: &Suspicion, quality: &Quality) -> Quality {
    match suspicion {
        Suspicion::Blocked(_) | Suspicion::Other(_) => quality.clone(),
        other => quality.clone().with([Sign::new(other.at_most(), Weight::Certain, other.to_string())]),
    }
}

/// How the answer to an address shows itself, and what speaks against it before its entries are read.
fn first_look(asked: &Url, answer: &Answer) -> (Face, Quality) {
    let page = Page { body: &answer.body, content_type: answer.header("content-type"), url: &answer.url };
    let face = face(&page);
    let quality = facts(asked, answer, face.title.as_deref()).quality().with(face.signs());
    (face, quality)
}

fn facts<'a>(asked: &'a Url, answer: &'a Answer, title: Option<&'a str>) -> ResponseFacts<'a> {
    ResponseFacts {
        status: answer.status,
        headers: &answer.headers,
        requested: asked,
        answered: &answer.url,
        body: &answer.body,
        title,
    }
}

/// The address that an answer with a whole document was asked of. Where a page led to it, that it did so is no sign
/// against the file.
fn asked_at<'a>(source: &'a Source, answer: &'a Answer) -> &'a Url {
    if source.request.link.is_some() { &answer.url } else { &source.url }
}

/// Where the operator says in which charset a file is, it is theirs to say.
fn as_configured(source: &Source, face: Face) -> Face {
    let is_told = matches!(&source.kind, SourceKind::Csv(settings) if settings.encoding.is_some());
    Face { is_half_decoded: face.is_half_decoded && !is_told, ..face }
}

/// What can be told of the answer to an address without reading the entries.
pub(super) fn refusal(asked: &Url, answer: &Answer) -> Option<Refusal> {
    refused_by(answer, &first_look(asked, answer).1)
}

/// What can be told of it by what came with its body; of the body the title alone counts.
fn refusal_of(asked: &Url, answer: &Answer, title: Option<&str>) -> Option<Refusal> {
    refused_by(answer, &facts(asked, answer, title).quality())
}

/// Why an answer is refused against which this speaks.
fn refused_by(answer: &Answer, quality: &Quality) -> Option<Refusal> {
    if quality.is_blocked() {
        let quality = quality.clone();
        return Some(Refusal::Suspect { suspicion: Suspicion::Blocked(quality.clone()), quality });
    }
    if answer.status != 200 {
        let name = status_name(answer.status);
        return Some(Refusal::Failed(format!(
            "{} answered {}{name}, expected 200",
            answer.url, answer.status
        )));
    }
    let empty = || Refusal::Suspect { suspicion: Suspicion::Empty, quality: quality.clone() };
    answer.body.is_empty().then(empty)
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
    match super::extract(source, answer.body.bytes(), content_type, answer.url.clone()).await {
        Ok(Ok(document)) => Ok(document),
        Ok(Err(unreadable)) => Err(Refusal::suspect(Suspicion::Structure(unreadable))),
        Err(reason) => Err(Refusal::Failed(reason)),
    }
}

/// What a document would be found to be at first sight.
pub(super) async fn trial(source: &Source, answer: Answer) -> Trial {
    if let Some(refused) = refusal(asked_at(source, &answer), &answer) {
        return refused.into_trial();
    }
    trial_of(source, Whole { answer, document: None }).await
}

pub(super) async fn trial_of(source: &Source, Whole { answer, document }: Whole) -> Trial {
    let (face, quality) = first_look(asked_at(source, &answer), &answer);
    let quality = quality.with(as_configured(source, face).signs_alone());
    let document = match document {
        Some(read) => read.map_err(|unreadable| Refusal::suspect(Suspicion::Structure(unreadable))),
        None => document_of(source, &answer).await,
    };
    let document = match document {
        Ok(document) => document,
        Err(refused) => return refused.with(quality).into_trial(),
    };
    let suspicion = match quality.not_outweighed(found_again(None, &document, &source.noise)) {
        Some(signs) => Some(Suspicion::Other(signs)),
        None => source.guard.judge(None, &document, &[]).err(),
    };
    let Some(suspicion) = suspicion else {
        let reason = left_out(&document);
        return Trial { verdict: Verdict::Good, reason, quality, document: Some(document) };
    };
    let held = Refusal::Suspect { suspicion, quality }.into_trial();
    Trial { document: Some(document), ..held }
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
    match whole(fetcher, source, first, now).await {
        Ok((whole, _)) => trial_of(source, whole).await,
        Err(refused) => refused.why.into_trial(),
    }
}
