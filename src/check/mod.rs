//! One read of one source, from the question to the commit.
//!
//! The main job: ask ([`crate::fetch`]), judge and compare
//! ([`crate::domain::assess`]), and commit what it means in one atomic step
//! ([`crate::store`]). What was found is told by [`crate::dispatch`], which takes
//! the alerts from the store and not from here: kill the process after the
//! commit and nothing is lost.
//!
//! No read fails as a function: what went wrong is its outcome.

mod announced;
mod cache_hints;
mod commit;
mod doctor;
mod document;
mod extraction;
mod gather;
mod link;
mod outcome;
mod quarantine;
mod read_rejection;
mod readable;
mod replay;
mod response;
mod retract;
mod route;
mod source_context;
mod standing;
mod trial;
mod verdict;
mod whole;
mod witness;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use url::Url;

use crate::clock::Clock;
use crate::domain::entry::Document;
use crate::domain::id::SourceId;
use crate::domain::jitter::Jitter;
use crate::domain::quality::Quality;
use crate::domain::read_state::ReadState;
use crate::domain::report::SourceCheck;
use crate::domain::source::{Source, SourceKind};
use crate::domain::text::error_chain;
use crate::domain::verdict::{Unreadable, Verdict};
use crate::extract::{RawDocument, within};
use crate::fetch::{FetchError, FetchResponse, Fetcher};
use crate::metrics::Counts;
use crate::registry::Registry;
use crate::store::{Claim, PendingWrite, ReadCommit, Store, StoreError};

use cache_hints::CacheHints;
use commit::FirstAnswer;
use extraction::{extraction_limit, within_time};
use outcome::ReadOutcome;
use readable::{Unconverted, readable};
use source_context::SourceContext;
use witness::testimony;

pub use announced::announced_at;
pub use doctor::{SourceExamination, examine};
pub use quarantine::{QuarantineReview, ReviewError};
pub use replay::{ReplayReport, ReplayStep, TriedState};
pub use retract::RetractError;

/// How a read is to be done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadOptions {
    /// Find out, but commit nothing.
    pub dry_run: bool,
    /// Ask for the whole page and compare it even where nothing seems to have changed, and where the host asked
    /// to be left alone.
    pub force: bool,
    /// Whether a person asked for it, and not the schedule.
    #[serde(default)]
    pub is_manual: bool,
}

/// A read with what its caller must know besides.
struct FinishedRead {
    /// What it found.
    found: SourceCheck,
    /// Whether something is missing and waits for another look before it is believed gone.
    waits: bool,
    /// Whether how it went is in the store, once what is pending is.
    is_kept: bool,
    /// What is on its way to the disk.
    pending: Option<PendingWrite<()>>,
}

impl FinishedRead {
    /// One of which nothing is kept.
    fn unkept(found: SourceCheck) -> Self {
        Self { found, waits: false, is_kept: false, pending: None }
    }
}

/// What a body says, without being compared or stored: `source test`.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What the read would be found to be, apart from how much is gone since the last one.
    pub verdict: Verdict,
    /// Why, where it is not good.
    pub reason: Option<String>,
    /// What speaks against the answer.
    pub quality: Quality,
    /// What was read out of it.
    pub document: Option<Document>,
}

/// The right to read while others do, until it is given back.
type Slot = Option<OwnedSemaphorePermit>;

/// Reads sources. One for the whole program: no source is read twice at once.
#[derive(Debug)]
pub struct Checker {
    store: Store,
    fetcher: Arc<Fetcher>,
    registry: Registry,
    clock: Arc<dyn Clock>,
    full_read_every: u32,
    max_freshness: Duration,
    counts: Option<Counts>,
    /// Held while a large list is read: what several take in memory at once would have no bound.
    large: tokio::sync::Mutex<()>,
}

impl Checker {
    /// A checker over the given parts.
    ///
    /// After `full_read_every` conditional answers in a row a full one is asked for; a page can put
    /// off its next read by `max_freshness` at most.
    #[must_use]
    pub fn new(
        store: Store,
        fetcher: Arc<Fetcher>,
        registry: Registry,
        clock: Arc<dyn Clock>,
        full_read_every: u32,
        max_freshness: Duration,
    ) -> Self {
        Self {
            store,
            fetcher,
            registry,
            clock,
            full_read_every,
            max_freshness,
            counts: None,
            large: tokio::sync::Mutex::default(),
        }
    }

    /// The same, which counts what reads are found to be.
    #[must_use]
    pub fn counting(self, counts: Counts) -> Self {
        Self { counts: Some(counts), ..self }
    }

    /// Reads one source and commits what was found.
    pub async fn read(&self, source: &Source, options: ReadOptions) -> SourceCheck {
        self.read_in_slot(source, options, &mut None).await.0
    }

    /// Reads one source because it is due, under the claim on it; returns also whether how that went is in the store.
    pub async fn read_as_scheduled(&self, source: &Source, claim: Claim) -> (SourceCheck, bool) {
        self.read_claimed(source, ReadOptions::default(), &mut None, claim).await
    }

    /// The same for whoever has a slot, which is given back as soon as another source may be read: before what
    /// this read means is kept.
    async fn read_in_slot(
        &self,
        source: &Source,
        options: ReadOptions,
        slot: &mut Slot,
    ) -> (SourceCheck, bool) {
        match self.turn(&source.id).await {
            Ok(claim) => self.read_claimed(source, options, slot, claim).await,
            Err(error) => {
                let failed = ReadOutcome::failed(error_chain(&error), None).into_check(source);
                log(&failed);
                (failed, false)
            }
        }
    }

    /// Reads a source that nobody else reads until the claim is given back.
    async fn read_claimed(
        &self,
        source: &Source,
        options: ReadOptions,
        slot: &mut Slot,
        claim: Claim,
    ) -> (SourceCheck, bool) {
        let FinishedRead { mut found, waits, mut is_kept, .. } = self.read_once(source, options, slot).await;
        // What seems to have been taken out of a feed is looked for again at once: the next read may come too late
        // for whoever must know, and a feed that was half written is whole again by then.
        if source.kind == SourceKind::Feed && waits && !options.dry_run {
            let second = self.read_once(source, options, slot).await;
            found = found.followed_by(second.found);
            is_kept |= second.is_kept;
        }
        if !found.verdict.is_read() && !source.request.routes.is_empty() {
            found = Box::pin(self.by_another_route(source, found, options)).await;
        }
        if !found.verdict.is_read() && !source.request.announcers.is_empty() && !options.dry_run {
            found = Box::pin(self.with_announcements(source, found)).await;
        }
        drop(claim);
        if let Some(counts) = &self.counts {
            counts.read(found.verdict);
        }
        log(&found);
        (found, is_kept)
    }

    async fn read_once(&self, source: &Source, options: ReadOptions, slot: &mut Slot) -> FinishedRead {
        // What a read needs is large, and hundreds may wait until they are kept: they hold nothing of it any more.
        let read = Box::pin(self.read_in_turn(source, options, slot)).await;
        let kept = match read {
            Ok(mut read) => match read.pending.take() {
                Some(pending) => pending.kept().await.map(|()| read),
                None => Ok(read),
            },
            Err(error) => Err(error),
        };
        kept.unwrap_or_else(|error| {
            tracing::error!(source.id = %source.id, error = error_chain(&error), "failed to store the read of {}", source.id);
            FinishedRead::unkept(ReadOutcome::failed(error_chain(&error), None).into_check(source))
        })
    }

    async fn read_in_turn(
        &self,
        source: &Source,
        options: ReadOptions,
        slot: &mut Slot,
    ) -> Result<FinishedRead, StoreError> {
        // One registry for the whole read, whatever is taken over meanwhile.
        let watchlist = self.registry.current();
        let mut known = SourceContext::load(&self.store, source).await?;
        let mut notices = Vec::new();
        if !options.dry_run && !known.is_matched_with(&watchlist) {
            notices = self.rematch_known(source, known, &watchlist).await?;
            known = SourceContext::load(&self.store, source).await?;
        }
        let validators = (!options.force).then(|| known.validators(source, self.full_read_every)).flatten();
        let validators = validators.cloned();
        let asked_at = self.clock.now();
        let testimony = testimony(&self.fetcher, source, asked_at).await;
        let vouching = testimony.as_ref().and_then(|said| said.vouching(&known, options, asked_at));
        if let Some(vouching) = vouching {
            let (found, pending) = self.vouched(source, &known, vouching, asked_at, (options, slot)).await?;
            let found = SourceCheck { notices, ..found };
            return Ok(FinishedRead { found, waits: false, is_kept: !options.dry_run, pending });
        }
        let _large = if self.is_large(source) { Some(self.turn_for_large(slot).await) } else { None };
        let asked_at = self.clock.now();
        let answer = if options.force {
            self.fetcher.read_at_any_rate(source, asked_at).await
        } else {
            self.fetcher.read(source, validators.as_ref(), asked_at).await
        };
        let read_at = self.clock.now();
        if let Err(error @ (FetchError::Paused { .. } | FetchError::Quota { .. })) = &answer {
            return self.left_alone(source, known, (error, read_at), options).await;
        }
        if let Err(error @ FetchError::NoTurn { .. }) = &answer {
            // That says nothing of the source.
            return Ok(FinishedRead::unkept(
                ReadOutcome::failed(error_chain(error), None).into_check(source),
            ));
        }
        let first = answer.as_ref().ok().map(FirstAnswer::of);
        let word = answer.as_ref().ok().map(|answer| CacheHints::of(source, answer, self.max_freshness));
        let mut outcome = match answer {
            Ok(first) => {
                let may_skip = !options.force;
                let received =
                    verdict::FetchAttempt { first, read_at, validators: validators.as_ref(), may_skip };
                verdict::of(source, &mut known, received, &watchlist, (&self.fetcher, &self.store)).await?
            }
            Err(error) => ReadOutcome::unanswered(&error),
        };
        let has_lied = word.as_ref().is_some_and(|word| word.exposes_lie(&known, &mut outcome, read_at));
        let mut commit = outcome.make_commit(source, &known, read_at);
        commit.read = Some(outcome.to_record(asked_at, read_at));
        commit.chained = Some(outcome.to_chained(source, &known, first, read_at));
        let standing = match &commit.accepted {
            Some(accepted) => {
                let document = &accepted.baseline.document;
                Some(known.standing_after(source, document, &commit.changes, &watchlist))
            }
            // What an earlier program kept is kept as it is today.
            None => known.standing.clone().filter(|kept| kept.embedded.is_some() && kept.is_of(&watchlist)),
        };
        let named = standing.as_ref().or(known.standing.as_ref());
        let named = named.map_or(0, |standing| standing.entries(&watchlist));
        commit.standing =
            standing.map(|standing| (standing.without_embedded(), Arc::clone(watchlist.version())));
        let lied_at = known.state.as_ref().and_then(|state| state.lied_at);
        let lied_at = if has_lied { Some(read_at) } else { lied_at };
        if options.is_manual {
            commit.state = commit.state.by_hand(known.state.as_ref());
        }
        let state = commit.state.told(word.and_then(|word| word.rest_until(read_at)), lied_at);
        commit.state = state.counted_after(known.state.as_ref());
        if let (Some(said), Some(witness)) = (testimony, &source.request.witness) {
            let witnessed = said.after(&known, &outcome, read_at);
            let witnessed = self
                .held_against(source, witness, &mut known, (&outcome, &commit, witnessed), read_at)
                .await?;
            commit.state = commit.state.witnessed_by(witness, witnessed);
        }
        commit.state.jitter = Some(Jitter::drawn(rand::random()));
        let waits = !commit.state.pending.is_empty();
        // What was compared with takes as much memory as what is kept now.
        drop(known);
        let pending = self.keep(source, commit, (options, slot)).await?;
        let found = outcome.into_check(source);
        let named = if found.verdict.is_read() { named } else { 0 };
        let found = SourceCheck { named, notices, ..found };
        Ok(FinishedRead { found, waits, is_kept: !options.dry_run, pending })
    }

    /// Keeps what a read means. One that found nothing to tell waits a moment for others like it: together they cost
    /// what one does. No other read has to wait for that, so its slot is given back, and what is pending returned. One
    /// of a page that was not known so has its entries in memory until then, and its slot bounds how many do. Those of a
    /// large list are kept before the next one is read.
    async fn keep(
        &self,
        source: &Source,
        mut commit: ReadCommit,
        (options, slot): (ReadOptions, &mut Slot),
    ) -> Result<Option<PendingWrite<()>>, StoreError> {
        if options.dry_run {
            return Ok(None);
        }
        commit.robots = self.fetcher.new_robots();
        let has_entries = commit.accepted.is_some();
        if commit.is_news() || has_entries && self.is_large(source) {
            return self.store.commit(commit).await.map(|()| None);
        }
        let pending = self.store.commit_together(commit);
        if !has_entries {
            drop(slot.take());
        }
        Ok(Some(pending))
    }

    /// A read that did not ask, since the host wishes to be left alone. It says nothing of the source, and only
    /// the schedule's next read is put off.
    async fn left_alone(
        &self,
        source: &Source,
        known: SourceContext,
        (error, now): (&FetchError, DateTime<Utc>),
        options: ReadOptions,
    ) -> Result<FinishedRead, StoreError> {
        let wish = error.retry_after();
        let mut reason = error_chain(error);
        if options.is_manual {
            reason.push_str("; --force reads it all the same");
        } else if !options.dry_run {
            let until = now + wish.and_then(|wish| TimeDelta::from_std(wish).ok()).unwrap_or_default();
            let state = match known.state {
                Some(state) => state.put_off(until),
                None => {
                    ReadState::unread(source.id.clone(), None, Verdict::Failed, reason.clone(), wish, now)
                }
            };
            self.store.commit(ReadCommit::of(state).computed_from(known.version)).await?;
        }
        let is_kept = !options.is_manual && !options.dry_run;
        let found = ReadOutcome::failed(reason, wish).into_check(source);
        Ok(FinishedRead { is_kept, ..FinishedRead::unkept(found) })
    }

    /// Reads several sources, `concurrency` at once, and sends what each read found when it is there.
    /// They come back in the order given.
    pub async fn read_all(
        self: &Arc<Self>,
        sources: Vec<Arc<Source>>,
        options: ReadOptions,
        concurrency: usize,
        progress: &mpsc::Sender<SourceCheck>,
    ) -> Vec<SourceCheck> {
        // On the runtime's own threads: another one that waits for it would have to be woken for each read.
        let mut work = JoinSet::new();
        work.spawn(Arc::clone(self).read_each(sources, options, concurrency, progress.clone()));
        work.join_all().await.pop().unwrap_or_default()
    }

    async fn read_each(
        self: Arc<Self>,
        sources: Vec<Arc<Source>>,
        options: ReadOptions,
        concurrency: usize,
        progress: mpsc::Sender<SourceCheck>,
    ) -> Vec<SourceCheck> {
        let slots = Arc::new(Semaphore::new(concurrency.max(1)));
        let mut waiting = sources.into_iter().enumerate();
        let (mut next, mut reads, mut all) = (waiting.next(), JoinSet::new(), Vec::new());
        // A read begins when there is a slot for it: those that wait take no memory.
        loop {
            tokio::select! {
                Ok(slot) = Arc::clone(&slots).acquire_owned(), if next.is_some() => {
                    let (checker, mut slot) = (Arc::clone(&self), Some(slot));
                    if let Some((index, source)) = std::mem::replace(&mut next, waiting.next()) {
                        reads.spawn(async move {
                            (index, checker.read_in_slot(&source, options, &mut slot).await.0)
                        });
                    }
                }
                Some(read) = reads.join_next() => match read {
                    Ok((index, found)) => {
                        // Nobody listening is no reason to stop reading.
                        let _ = progress.send(found.clone()).await;
                        all.push((index, found));
                    }
                    Err(panic) => tracing::error!(error = error_chain(&panic), "a read panicked"),
                },
                else => break,
            }
        }
        all.sort_by_key(|(index, _)| *index);
        all.into_iter().map(|(_, found)| found).collect()
    }

    /// Whether of sources like this one is read at a time, since each may take much memory.
    #[must_use]
    pub fn is_large(&self, source: &Source) -> bool {
        self.fetcher.may_be_large(source)
    }

    /// Waits until no other large list is read. The slot is given back meanwhile, since others can be read.
    async fn turn_for_large(&self, slot: &mut Slot) -> tokio::sync::MutexGuard<'_, ()> {
        if let Ok(turn) = self.large.try_lock() {
            return turn;
        }
        let slots = slot.take().map(|slot| Arc::clone(slot.semaphore()));
        let turn = self.large.lock().await;
        if let Some(slots) = slots {
            // They are never closed.
            *slot = slots.acquire_owned().await.ok();
        }
        turn
    }

    /// Waits until nobody else reads the source, in this process or another.
    async fn turn(&self, source: &SourceId) -> Result<Claim, StoreError> {
        self.store.claim_source(source).await
    }
}

impl Trial {
    fn failed(reason: String) -> Self {
        Self { verdict: Verdict::Failed, reason: Some(reason), quality: Quality::default(), document: None }
    }
}

/// Asks for a source's page and tells what is read out of it. Compares and stores nothing.
pub async fn try_source(fetcher: &Fetcher, source: &Source, clock: &dyn Clock) -> Trial {
    let now = clock.now();
    match fetcher.read(source, None, now).await {
        Ok(first) => trial::trial_of_first(source, first, fetcher, now).await,
        Err(error) => Trial::failed(error_chain(&error)),
    }
}

/// A body that somebody saved.
#[derive(Debug, Clone)]
pub struct Saved {
    /// Which part of the document it is, where that is said.
    pub name: Option<String>,
    /// The bytes.
    pub body: Bytes,
}

/// Asks for a page that is not watched yet.
///
/// # Errors
/// In words, why what came is not the page.
pub async fn look(fetcher: &Fetcher, source: &Source, clock: &dyn Clock) -> Result<FetchResponse, String> {
    let answer = fetcher.read(source, None, clock.now()).await.map_err(|error| error_chain(&error))?;
    match read_rejection::refusal(&source.url, &answer) {
        Some(refused) => Err(refused.into_trial().reason.unwrap_or_default()),
        None => Ok(answer),
    }
}

/// Tells what is read out of bodies that somebody saved: a source's page, and the further parts of
/// its document, as far as they are there.
pub async fn try_saved(source: &Source, first: Bytes, others: Vec<Saved>) -> Trial {
    let (body, missing) = match gather::put_together(source, first, others).await {
        Ok(put_together) => put_together,
        Err(refused) => return refused.into_trial(),
    };
    let answer = FetchResponse {
        status: 200,
        url: source.url.clone(),
        headers: Vec::new(),
        body: body.into(),
        retry_after: None,
    };
    let trial = trial::trial(source, answer).await;
    Trial { reason: trial.reason.or(missing), ..trial }
}

fn log(found: &SourceCheck) {
    let (source, verdict, reason) = (&found.id, found.verdict, found.reason.as_deref());
    if verdict.is_read() {
        tracing::info!(source.id = %source, %verdict, reason, entries = found.entries, changes = found.changes.len(), "source read: {source} is {verdict}");
    } else {
        tracing::warn!(source.id = %source, %verdict, reason, "failed to read {source}: {verdict}");
    }
}

/// Reads a body into entries.
///
/// # Errors
/// The reason in words: the structure is missing, or it took too long.
async fn extract(
    source: &Source,
    body: Bytes,
    content_type: Option<String>,
    url: Url,
) -> Result<Result<Document, Unreadable>, String> {
    read_by(source, body, content_type, url, crate::extract::extract).await
}

/// The same for a stored body, which may lack what the settings ask for today: it would be compared
/// with more than it has.
async fn extract_whole(
    source: &Source,
    body: Bytes,
    content_type: Option<String>,
    url: Url,
) -> Result<Result<Document, Unreadable>, String> {
    let extract =
        |kind: &SourceKind, page: &RawDocument<'_>| match crate::extract::wanted(kind, &page.parts()?)? {
            Some(wanted) => Err(Unreadable::Missing { what: format!("the part {:?}", wanted.name) }),
            None => crate::extract::extract(kind, page),
        };
    read_by(source, body, content_type, url, extract).await
}

async fn read_by(
    source: &Source,
    body: Bytes,
    content_type: Option<String>,
    url: Url,
    extract: fn(&SourceKind, &RawDocument<'_>) -> Result<Document, Unreadable>,
) -> Result<Result<Document, Unreadable>, String> {
    let kind = source.kind.clone();
    let (body, content_type) = match readable(source, body, content_type).await {
        Ok(readable) => readable,
        Err(Unconverted::Body(unreadable)) => return Ok(Err(unreadable)),
        Err(Unconverted::Machine(reason)) => return Err(reason),
    };
    let max_entries = source.guard.max_entries;
    within_time(extraction_limit(source), move || {
        let page = RawDocument { body: &body, content_type: content_type.as_deref(), url: &url };
        within(max_entries, || extract(&kind, &page))
    })
    .await
}
