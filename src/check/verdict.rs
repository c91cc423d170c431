//! From an answer to an outcome: good, suspect or failed, before anything is compared.

use chrono::{DateTime, Utc};

use super::document::{as_configured, asked_at, left_out, read_of};
use super::gather::Whole;
use super::outcome::ReadOutcome;
use super::read_rejection::{ReadRejection, first_look, refusal_of, refused_by};
use super::response::{Response, signal_of};
use super::source_context::{SourceContext, flickers};
use super::whole::{drifts_of, whole};
use crate::domain::assess::{Assessment, assess};
use crate::domain::bundle;
use crate::domain::drift::Drift;
use crate::domain::entry::Document;
use crate::domain::flicker;
use crate::domain::id::SourceId;
use crate::domain::matching::Watchlist;
use crate::domain::pending;
use crate::domain::quality::{EntryOverlap, Quality};
use crate::domain::read_state::ReadState;
use crate::domain::snapshot::Validators;
use crate::domain::source::Source;
use crate::domain::verdict::Suspicion;
use crate::fetch::{Body, FetchResponse, Fetcher};
use crate::store::{Store, StoreError};

/// A first answer and the circumstances it came under.
pub(super) struct FetchAttempt<'a> {
    pub first: FetchResponse,
    pub read_at: DateTime<Utc>,
    /// What was known of the accepted body, where it might be vouched for.
    pub validators: Option<&'a Validators>,
    /// Whether a body that was accepted before may be taken as such unread.
    pub may_skip: bool,
}

impl FetchAttempt<'_> {
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

/// Judges an answer against what is known, once the whole document is there.
pub(super) async fn of(
    source: &Source,
    known: &mut SourceContext,
    received: FetchAttempt<'_>,
    watchlist: &Watchlist,
    (fetcher, store): (&Fetcher, &Store),
) -> Result<ReadOutcome, StoreError> {
    match (received.is_vouched_for(source), &known.accepted) {
        (Ok(true), Some(snapshot)) => return Ok(ReadOutcome::NotModified { entries: snapshot.entries }),
        (Err(reason), _) => return Ok(ReadOutcome::failed(reason, None)),
        _ => {}
    }
    let FetchAttempt { first, read_at, may_skip, .. } = received;
    let may_skip = may_skip && !known.state.as_ref().is_some_and(ReadState::is_open);
    // A page that was accepted was looked at then: only what came with it this time can speak against it.
    if let Some(entries) = known.accepted_entries(&first.body).filter(|_| may_skip)
        && source.request.link.is_none()
        && refusal_of(&source.url, &first, None).is_none()
    {
        known.note_drifts(&source.id, &drifts_of(fetcher, source, &first));
        return Ok(ReadOutcome::Unchanged { response: Response::of(source, first, read_at), entries });
    }
    let (face, quality) = first_look(&source.url, &first);
    if let Some(why) = refused_by(&first, &quality) {
        return Ok(ReadOutcome::refused(why, Response::of(source, first, read_at)));
    }
    let (Whole { answer, document }, drifts) = match whole(fetcher, source, first, read_at).await {
        Ok(whole) => whole,
        Err(refused) => {
            return Ok(ReadOutcome::refused(refused.why, Response::of(source, refused.answer, read_at)));
        }
    };
    known.note_drifts(&source.id, &drifts);
    let is_of_several = bundle::is_bundle(&answer.body);
    if let Some(entries) = known.accepted_entries(&answer.body).filter(|_| may_skip) {
        return Ok(ReadOutcome::Unchanged { response: Response::of(source, answer, read_at), entries });
    }
    let is_first = source.request.link.is_none() && !is_of_several;
    let (face, quality) =
        if is_first { (face, quality) } else { first_look(asked_at(source, &answer), &answer) };
    // One after the other, and as little as can be at once: the body is let go of before the accepted one is looked
    // at, and that one before its entries are.
    let (response, document) = match document {
        Some(read) => {
            let refused = |unreadable| ReadRejection::suspect(Suspicion::Structure(unreadable));
            (Response::of(source, answer, read_at).packed(store).await, read.map_err(refused))
        }
        None => read_of(source, answer, read_at, store).await,
    };
    let before = known.face(store, &face).await;
    known.load_entries(store, source).await?;
    let face = as_configured(source, face);
    let quality = quality.with(match before.filter(|_| known.accepted.is_some()) {
        Some(before) => face.signs_against(&before),
        None => face.signs_alone(),
    });
    let document = match document {
        Ok(document) => document,
        Err(refused) => return Ok(ReadOutcome::refused(refused.with(quality), response)),
    };
    Ok(compared(source, known, (response, quality), document, watchlist))
}

/// Compares a document with what is known.
fn compared(
    source: &Source,
    known: &SourceContext,
    (response, quality): (Response, Quality),
    document: Document,
    watchlist: &Watchlist,
) -> ReadOutcome {
    let found = if quality.signs().is_empty() {
        EntryOverlap::ALL
    } else {
        known.found_again(&document, &source.noise)
    };
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

impl SourceContext {
    /// Has it said of the read which facts of the source no longer hold, before they break it.
    fn note_drifts(&mut self, source: &SourceId, drifts: &[Drift]) {
        for drift in drifts {
            tracing::warn!(source.id = %source, fact = %drift.fact, %drift, "{source} differs from its catalogue entry: {drift}");
        }
        let said = drifts.iter().map(|drift| format!("not as observed: {drift}"));
        self.note = self.note.take().into_iter().chain(said).reduce(|all, note| format!("{all}; {note}"));
    }

    /// How many entries a body has that was accepted before under the same settings.
    fn accepted_entries(&self, body: &Body) -> Option<usize> {
        let snapshot = self.accepted.as_ref()?;
        if snapshot.fingerprint != self.fingerprint {
            return None;
        }
        let sha256 = body.sha256();
        let is_last_accepted = self.state.as_ref().is_some_and(|state| {
            state.validators.fingerprint == self.fingerprint
                && state.validators.sha256.as_ref() == Some(sha256)
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
