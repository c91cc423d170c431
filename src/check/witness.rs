//! A source's witness: something small that moves when the source does, asked in its place.
//!
//! Its word belongs to an accepted read of the source, as a server's validators do. It spares a read that the schedule
//! makes; a person who asks for one is not put off with it.

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::commit::FirstAnswer;
use super::extraction::in_time;
use super::outcome::ReadOutcome;
use super::read_rejection::refusal;
use super::source_context::SourceContext;
use super::{Checker, ReadOptions, Slot};
use crate::domain::id::hex;
use crate::domain::jitter::Jitter;
use crate::domain::report::SourceCheck;
use crate::domain::source::{PublishedChanges, PublishedList, Source, Witness, Witnessed};
use crate::domain::text::error_chain;
use crate::extract::{RawDocument, published_changes};
use crate::fetch::{FetchResponse, Fetcher};
use crate::store::{PendingWrite, ReadCommit, StoreError};

/// What a witness answered.
#[derive(Debug)]
pub(super) struct Testimony<'a> {
    witness: &'a Witness,
    /// The answer, or in words why there is none.
    answer: Result<FetchResponse, String>,
    word: Option<String>,
}

/// Asks a source's witness; `None` for a source without one.
pub(super) async fn testimony<'a>(
    fetcher: &Fetcher,
    source: &'a Source,
    now: DateTime<Utc>,
) -> Option<Testimony<'a>> {
    let witness = source.request.witness.as_ref()?;
    let answer = match fetcher.glance(source, witness, now).await {
        Ok(answer) => Ok(answer),
        Err(error) => {
            let error = error_chain(&error);
            tracing::warn!(source.id = %source.id, error, "failed to ask the witness of {}", source.id);
            Err(error)
        }
    };
    let word = answer.as_ref().ok().and_then(|answer| word_of(witness, answer));
    Some(Testimony { witness, answer, word })
}

/// Headers by which a server names the state of what it sends.
const TELLING: [&str; 4] = ["etag", "last-modified", "content-length", "content-range"];

/// What an answer says of the state of what is asked for; `None` if it says nothing that can be compared.
fn word_of(witness: &Witness, answer: &FetchResponse) -> Option<String> {
    let is_refused =
        if witness.head { answer.status != 200 } else { refusal(&witness.url, answer).is_some() };
    let said: Vec<&str> = TELLING.iter().filter_map(|name| answer.header(name)).collect();
    if is_refused || (witness.head && said.is_empty()) {
        return None;
    }
    let mut hasher = Sha256::new();
    for part in [witness.url.as_str(), answer.url.as_str()].into_iter().chain(said) {
        hasher.update(part);
        hasher.update([0]);
    }
    hasher.update(&answer.body[..]);
    Some(hex(&hasher.finalize()[..16]))
}

impl Testimony<'_> {
    /// The answer by which a source is as it was when it was accepted; `None` where the source itself must be asked.
    pub(super) fn vouching(
        &self,
        known: &SourceContext,
        options: ReadOptions,
        now: DateTime<Utc>,
    ) -> Option<(&FetchResponse, usize)> {
        let accepted = known.accepted.as_ref();
        let accepted = accepted.filter(|accepted| accepted.fingerprint == known.fingerprint)?;
        // What is missing is confirmed by a read, not by a witness.
        let state =
            known.state.as_ref().filter(|state| state.verdict.is_read() && state.pending.is_empty())?;
        let kept = state.witnessed.as_ref()?;
        let is_spared = kept.spares_a_read(self.witness, self.word.as_deref()?, now);
        let may_spare = is_spared && !options.force && !options.is_manual;
        self.answer.as_ref().ok().filter(|_| may_spare).map(|answer| (answer, accepted.entries))
    }

    /// Why it says nothing; `None` if it does.
    pub(super) fn silence(&self) -> Option<String> {
        match &self.answer {
            _ if self.word.is_some() => None,
            Ok(answer) => Some(format!("{} from {}", answer.status, answer.url)),
            Err(reason) => Some(reason.clone()),
        }
    }

    /// What is known of the witness after its source was read.
    pub(super) fn after(
        self,
        known: &SourceContext,
        outcome: &ReadOutcome,
        now: DateTime<Utc>,
    ) -> Option<Witnessed> {
        let before = known.state.as_ref().and_then(|state| state.witnessed.as_ref());
        if !outcome.verdict().is_read() {
            return before.cloned();
        }
        let is_news = matches!(outcome, ReadOutcome::Assessed { assessment, .. } if assessment.is_news);
        Some(Witnessed::after(before, self.word, is_news, now))
    }
}

impl Checker {
    /// What is known of a witness once the publisher's own list of changes, where it is one, was held against the list
    /// that was read.
    pub(super) async fn held_against(
        &self,
        source: &Source,
        witness: &Witness,
        known: &mut SourceContext,
        (outcome, commit, witnessed): (&ReadOutcome, &ReadCommit, Option<Witnessed>),
        now: DateTime<Utc>,
    ) -> Result<Option<Witnessed>, StoreError> {
        let is_due = outcome.verdict().is_read() && witnessed.as_ref().is_some_and(Witnessed::has_settled);
        let (Some(list), Some(witnessed)) =
            (witness.changes_of.as_ref().filter(|_| is_due), witnessed.clone())
        else {
            return Ok(witnessed);
        };
        let changes = match self.changes_published(source, witness, list, now).await {
            Ok(changes) => changes,
            Err(reason) => {
                tracing::warn!(source.id = %source.id, reason, "failed to read the publisher's changes of {}", source.id);
                return Ok(Some(witnessed));
            }
        };
        known.load_entries(&self.store, source).await?;
        let read = commit.accepted.as_ref().map(|accepted| &accepted.baseline);
        let document = read.or(known.baseline.as_ref()).map(|baseline| &baseline.document);
        Ok(Some(match document {
            Some(document) => witnessed.held_against(changes.against(document), now),
            None => witnessed,
        }))
    }

    async fn changes_published(
        &self,
        source: &Source,
        witness: &Witness,
        list: &PublishedList,
        now: DateTime<Utc>,
    ) -> Result<PublishedChanges, String> {
        let answer = self.fetcher.read_further(source, &witness.url, 0, now).await;
        let answer = answer.map_err(|error| error_chain(&error))?;
        if let Some(why) = refusal(&witness.url, &answer) {
            return Err(why.into_trial().reason.unwrap_or_default());
        }
        let (body, url, list) = (answer.body.bytes(), answer.url.clone(), list.clone());
        let read =
            move || published_changes(&list, &RawDocument { body: &body, content_type: None, url: &url });
        in_time(read).await?.map_err(|unreadable| unreadable.to_string())
    }

    /// Keeps that a source's witness vouches for it; returns also what is pending of that.
    pub(super) async fn vouched(
        &self,
        source: &Source,
        known: &SourceContext,
        (answer, entries): (&FetchResponse, usize),
        asked_at: DateTime<Utc>,
        (options, slot): (ReadOptions, &mut Slot),
    ) -> Result<(SourceCheck, Option<PendingWrite<()>>), StoreError> {
        let read_at = self.clock.now();
        let mut outcome = ReadOutcome::NotModified { entries };
        let mut commit = outcome.make_commit(source, known, read_at);
        let before = known.state.as_ref();
        let witnessed = commit.state.witnessed.take();
        // A witness may be asked every few minutes, and what it says each time would be most of what is kept.
        let is_recorded = witnessed.as_ref().is_none_or(|witnessed| witnessed.is_to_be_recorded(read_at));
        commit.state.witnessed = if is_recorded {
            commit.read = Some(outcome.to_record(asked_at, read_at));
            commit.chained = Some(outcome.to_chained(source, known, Some(FirstAnswer::of(answer)), read_at));
            witnessed.map(|witnessed| witnessed.recorded(read_at))
        } else {
            witnessed
        };
        commit.state = commit.state.counted_after(before);
        // What is counted there are the words of the source's own server.
        commit.state.not_modified_in_a_row = before.map_or(0, |state| state.not_modified_in_a_row);
        commit.state.jitter = Some(Jitter::drawn(rand::random()));
        let pending = self.keep(source, commit, (options, slot)).await?;
        Ok((outcome.into_check(source), pending))
    }
}
