//! Reading every source on time: one queue for all of them, and one sleep.
//!
//! The queue holds when each source comes up. It is made of what is kept of the sources, and what is kept of one is
//! looked up again when something of it is written, by any writer ([`Store::watch_sources`]): a read by hand, what
//! waits to be confirmed, a pause and its end. So a source that is idle costs its place in the queue and nothing else.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;
use tokio::task::{Id, JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use super::due_queue::{DueQueue, Room, Upcoming};
use super::plan::{Planned, Rules, after_a_fault};
use crate::check::{Checker, announced_at};
use crate::clock::Clock;
use crate::domain::id::SourceId;
use crate::domain::jitter::Jitter;
use crate::domain::moment;
use crate::domain::source::Source;
use crate::domain::text::error_chain;
use crate::store::{Claim, ClaimAttempt, KeptSchedule, Rung, SourceWatch, Store, StoreError};

/// So many sources are looked up at once: what is kept of each is forgotten before the next ones are.
const LOOKED_UP_AT_ONCE: usize = 1000;

/// The longest sleep: a wall clock that was set, in either direction, or a machine that was suspended,
/// is noticed within it.
const LONGEST_NAP: Duration = Duration::from_secs(30);

/// A source that another worker reads is looked at again after this, if nothing is heard of it before.
const READ_BY_OTHERS: TimeDelta = TimeDelta::seconds(15);

/// Reads all sources of the daemon.
#[derive(Debug)]
pub struct ReadingLoop {
    /// The sources.
    pub sources: Arc<[Arc<Source>]>,
    /// Those whose first read is not put off.
    pub awaited: BTreeSet<SourceId>,
    /// Reads them.
    pub checker: Arc<Checker>,
    /// Knows when they were read.
    pub store: Store,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Each read is put off by a random part of this.
    pub jitter: Duration,
    /// Sources read at once.
    pub concurrency: usize,
    /// Woken after every read that found something.
    pub found: Arc<Notify>,
}

impl ReadingLoop {
    /// Runs until stopped; reads under way are finished first. Nothing a source does ends it.
    pub async fn run(self, stop: CancellationToken) {
        let Self { sources, awaited, checker, store, clock, jitter, concurrency, found } = self;
        let (watch, claiming) = (store.watch_sources(), store.clone());
        let announced: Arc<HashMap<SourceId, Arc<Source>>> = Arc::new(announced(&sources).collect());
        let announced_too = Arc::clone(&announced);
        let look: Look = Box::new(move |ids| {
            let (store, announced) = (store.clone(), Arc::clone(&announced));
            Box::pin(async move { look_up(&store, ids, &announced).await })
        });
        let claim: ClaimSources = Box::new(move |ids| {
            let (store, announced) = (claiming.clone(), Arc::clone(&announced_too));
            Box::pin(async move { claim_due(&store, ids, &announced).await })
        });
        let reading = Arc::clone(&checker);
        let read: ReadSource = Box::new(move |source, claim| {
            let checker = Arc::clone(&checker);
            Box::pin(async move {
                let Some(claim) = claim else { return Ended { is_kept: false, is_to_be_told: false } };
                let (found, is_kept) = checker.read_as_scheduled(&source, claim).await;
                Ended { is_kept, is_to_be_told: found.is_to_be_told() }
            })
        });
        let is_large: IsLarge = {
            let checker = Arc::clone(&reading);
            Box::new(move |source| checker.is_large(source))
        };
        let planned = sources.iter().map(|source| {
            let is_awaited = awaited.contains(&source.id);
            Planned::new(Arc::clone(source), is_awaited, Jitter::drawn(rand::random()))
        });
        let rules = Rules { started_at: clock.now(), longest_delay: jitter };
        let scheduler =
            Scheduler::new(planned.collect(), rules, Hands { look, claim, read, is_large }, clock);
        scheduler.run(watch, concurrency, &found, stop).await;
    }
}

/// The sources of which others announce what changes there, by their ids.
fn announced(sources: &[Arc<Source>]) -> impl Iterator<Item = (SourceId, Arc<Source>)> + '_ {
    let announced = sources.iter().filter(|source| !source.request.announcers.is_empty());
    announced.map(|source| (source.id.clone(), Arc::clone(source)))
}

/// Looks up what decides when sources are read, what others announced of them included.
async fn look_up(store: &Store, ids: Vec<SourceId>, announced: &HashMap<SourceId, Arc<Source>>) -> LookedUp {
    let mut looked = store.schedules(ids.clone()).await?;
    for (id, kept) in ids.iter().zip(&mut looked) {
        if let (Some(source), Ok(kept)) = (announced.get(id), kept) {
            kept.announced_at = announced_at(store, source, kept.state.as_ref()).await?;
        }
    }
    Ok(looked)
}

/// What is kept of sources, in the order asked for.
type LookedUp = Result<Vec<Result<KeptSchedule, StoreError>>, StoreError>;
type Look = Box<dyn Fn(Vec<SourceId>) -> BoxFuture<'static, LookedUp> + Send + Sync>;
type ReadSource = Box<dyn Fn(Arc<Source>, Option<Claim>) -> BoxFuture<'static, Ended> + Send + Sync>;
type ClaimSources = Box<dyn Fn(Vec<SourceId>) -> BoxFuture<'static, ClaimResult> + Send + Sync>;
type IsLarge = Box<dyn Fn(&Source) -> bool + Send + Sync>;

/// What became of the attempt to claim sources, in the order asked for.
type ClaimResult = Result<Vec<Option<ClaimedSource>>, StoreError>;

/// A source that nobody else reads now.
struct ClaimedSource {
    /// The right to read it; nothing in tests.
    claim: Option<Claim>,
    /// How it stands since it was claimed, where others may have read it before.
    kept: Option<Result<KeptSchedule, StoreError>>,
}

/// Claims sources, and looks up how they stand by then if several workers read them.
async fn claim_due(
    store: &Store,
    ids: Vec<SourceId>,
    announced: &HashMap<SourceId, Arc<Source>>,
) -> ClaimResult {
    let attempts = store.claim_sources(&ids).await?;
    let of_claimed = |attempt: ClaimAttempt| match attempt {
        ClaimAttempt::Held(claim) => Some(claim),
        ClaimAttempt::Taken(_) => None,
    };
    let claims: Vec<Option<Claim>> = attempts.into_iter().map(of_claimed).collect();
    let claimed = ids.iter().zip(&claims).filter(|(_, claim)| claim.is_some());
    let claimed: Vec<SourceId> = claimed.map(|(id, _)| id.clone()).collect();
    let looked = if store.is_shared() { look_up(store, claimed, announced).await? } else { Vec::new() };
    let mut looked = looked.into_iter();
    Ok(claims
        .into_iter()
        .map(|claim| claim.map(|claim| ClaimedSource { claim: Some(claim), kept: looked.next() }))
        .collect())
}

/// How the scheduler looks sources up, claims and reads them.
struct Hands {
    look: Look,
    claim: ClaimSources,
    read: ReadSource,
    /// Of these one is read at a time.
    is_large: IsLarge,
}

/// How a read ended.
#[derive(Debug, Clone, Copy)]
struct Ended {
    /// Whether how it went was kept.
    is_kept: bool,
    /// Whether it found something for readers, or may be trouble for the operator.
    is_to_be_told: bool,
}

/// All sources with their queue.
struct Scheduler {
    planned: Vec<Planned>,
    numbers: HashMap<SourceId, usize>,
    /// Which sources another one announces, by its id.
    announced: HashMap<SourceId, Vec<usize>>,
    queue: DueQueue,
    /// Those of which something was written since they were looked up.
    stale: BTreeSet<usize>,
    /// The large source that is being read.
    large: Option<usize>,
    rules: Rules,
    hands: Hands,
    clock: Arc<dyn Clock>,
    /// The latest moment that the clock showed.
    latest: DateTime<Utc>,
    under_way: JoinSet<Ended>,
    tasks: HashMap<Id, usize>,
}

impl Scheduler {
    fn new(planned: Vec<Planned>, rules: Rules, hands: Hands, clock: Arc<dyn Clock>) -> Self {
        let numbers = planned.iter().enumerate().map(|(number, planned)| (planned.source.id.clone(), number));
        let mut announced: HashMap<SourceId, Vec<usize>> = HashMap::new();
        for (number, planned) in planned.iter().enumerate() {
            for announcer in &planned.source.request.announcers {
                announced.entry(announcer.source.clone()).or_default().push(number);
            }
        }
        Self {
            numbers: numbers.collect(),
            announced,
            queue: DueQueue::of(planned.iter().map(|planned| (hands.is_large)(&planned.source)).collect()),
            large: None,
            stale: (0..planned.len()).collect(),
            latest: clock.now(),
            planned,
            rules,
            hands,
            clock,
            under_way: JoinSet::new(),
            tasks: HashMap::new(),
        }
    }

    async fn run(
        mut self,
        mut watch: SourceWatch,
        concurrency: usize,
        found: &Notify,
        stop: CancellationToken,
    ) {
        while !stop.is_cancelled() {
            // A read that ends has written something: both are taken in one go, and the source is looked up once.
            while let Some(ended) = self.under_way.try_join_next_with_id() {
                self.end(&ended, found);
            }
            while let Some(rung) = watch.take() {
                self.note(rung);
            }
            let now = self.heed_the_clock();
            self.stale.extend(self.queue.take_looks(now));
            if !self.stale.is_empty() {
                self.look_up().await;
                // What was written meanwhile is looked up before anything is read.
                continue;
            }
            self.start_what_is_due(now, concurrency).await;
            let nap = self.nap(now, concurrency);
            tokio::select! {
                () = stop.cancelled() => {}
                rung = watch.next() => self.note(rung),
                Some(ended) = self.under_way.join_next_with_id() => self.end(&ended, found),
                () = tokio::time::sleep(nap) => {}
            }
        }
        while let Some(ended) = self.under_way.join_next_with_id().await {
            self.end(&ended, found);
        }
    }

    fn note(&mut self, rung: Rung) {
        match rung {
            Rung::For(source) => {
                self.stale.extend(self.numbers.get(&source));
                self.stale.extend(self.announced.get(&source).into_iter().flatten());
            }
            Rung::ForMany => self.stale.extend(0..self.planned.len()),
        }
    }

    /// Returns what the clock shows. If it went back, every source is planned again: it may have been read, or
    /// paused, at a moment that has not come yet.
    fn heed_the_clock(&mut self) -> DateTime<Utc> {
        let now = self.clock.now();
        if moment::lies_ahead(self.latest, now) {
            self.latest = now;
            self.stale.extend(0..self.planned.len());
        }
        self.latest = self.latest.max(now);
        // A clock that was set back would have it start in the future.
        self.rules.started_at = self.rules.started_at.min(now);
        now
    }

    /// Plans the stale sources again. A source that is being read is planned when that read has ended.
    async fn look_up(&mut self) {
        let mut stale: Vec<usize> = std::mem::take(&mut self.stale).into_iter().collect();
        stale.retain(|&number| !self.planned[number].is_under_way);
        for numbers in stale.chunks(LOOKED_UP_AT_ONCE) {
            let ids = numbers.iter().map(|&number| self.planned[number].source.id.clone()).collect();
            let looked = (self.hands.look)(ids).await;
            let now = self.clock.now();
            match looked {
                Ok(kept) => {
                    for (&number, kept) in numbers.iter().zip(kept) {
                        self.plan(number, kept, now);
                    }
                }
                Err(error) => {
                    tracing::error!(
                        error = error_chain(&error),
                        "failed to load the states of {} sources",
                        numbers.len()
                    );
                    for &number in numbers {
                        self.queue.put(number, Some(after_a_fault(now)));
                    }
                }
            }
        }
    }

    fn plan(&mut self, number: usize, kept: Result<KeptSchedule, StoreError>, now: DateTime<Utc>) {
        let planned = &mut self.planned[number];
        let turn = match kept {
            Ok(kept) => planned.next(&kept, self.rules, now),
            Err(error) => {
                let id = &planned.source.id;
                tracing::error!(source.id = %id, error = error_chain(&error), "failed to load the state of {id}");
                Some(after_a_fault(now))
            }
        };
        self.queue.put(number, turn);
    }

    /// Reads what is due and nobody else reads, the longest due first, as far as there is room.
    async fn start_what_is_due(&mut self, now: DateTime<Utc>, concurrency: usize) {
        loop {
            let due = self.take_what_is_due(now, concurrency);
            if due.is_empty() {
                return;
            }
            let ids = due.iter().map(|&number| self.planned[number].source.id.clone()).collect();
            match (self.hands.claim)(ids).await {
                Ok(claimed) => {
                    for (number, claimed) in due.into_iter().zip(claimed) {
                        self.start(number, claimed, now);
                    }
                }
                Err(error) => {
                    tracing::warn!(
                        error = error_chain(&error),
                        "failed to claim {} sources that are due",
                        due.len()
                    );
                    for number in due {
                        self.leave(number, Upcoming::Look(now + READ_BY_OTHERS));
                    }
                    return;
                }
            }
        }
    }

    /// Takes sources out of the queue that are due, as far as there is room to read them.
    fn take_what_is_due(&mut self, now: DateTime<Utc>, concurrency: usize) -> Vec<usize> {
        let mut due = Vec::new();
        while let Some(number) = self.queue.take_read(now, self.room(concurrency, due.len())) {
            if self.queue.is_large(number) {
                self.large = Some(number);
            }
            due.push(number);
        }
        due
    }

    /// Reads a source that was claimed, in a task of its own, so that a panic ends the read and not the loop. One that
    /// another worker reads, or has just read, is looked at again.
    fn start(&mut self, number: usize, claimed: Option<ClaimedSource>, now: DateTime<Utc>) {
        let Some(ClaimedSource { claim, kept }) = claimed else {
            return self.leave(number, Upcoming::Look(now + READ_BY_OTHERS));
        };
        if let Some(kept) = kept {
            let is_due = match &kept {
                Ok(kept) => matches!(
                    self.planned[number].next(kept, self.rules, now),
                    Some(Upcoming::Read(due)) if due <= now
                ),
                Err(_) => false,
            };
            if !is_due {
                self.large = self.large.filter(|large| *large != number);
                return self.plan(number, kept, now);
            }
        }
        let planned = &mut self.planned[number];
        planned.is_under_way = true;
        let task = self.under_way.spawn((self.hands.read)(planned.source.clone(), claim));
        self.tasks.insert(task.id(), number);
    }

    /// Gives a source that was to be read another place.
    fn leave(&mut self, number: usize, turn: Upcoming) {
        self.large = self.large.filter(|large| *large != number);
        self.queue.put(number, Some(turn));
    }

    fn end(&mut self, ended: &Result<(Id, Ended), JoinError>, found: &Notify) {
        let (id, is_kept) = match ended {
            Ok((id, ended)) => {
                if ended.is_to_be_told {
                    found.notify_one();
                }
                (*id, ended.is_kept)
            }
            Err(panic) => (panic.id(), false),
        };
        let Some(number) = self.tasks.remove(&id) else { return };
        self.large = self.large.filter(|large| *large != number);
        let planned = &mut self.planned[number];
        if let Err(panic) = ended {
            let source = &planned.source.id;
            tracing::error!(source.id = %source, error = error_chain(panic), "the read of {source} panicked");
        }
        planned.ended(is_kept, self.clock.now());
        self.stale.insert(number);
    }

    /// What can be read beside what is being read and what was just taken to be.
    fn room(&self, concurrency: usize, taken: usize) -> Room {
        match self.large {
            _ if self.under_way.len() + taken >= concurrency.max(1) => Room::None,
            Some(_) => Room::ForSmall,
            None => Room::ForAny,
        }
    }

    /// How long nothing is due; no longer than until the clock is worth a look.
    fn nap(&self, now: DateTime<Utc>, concurrency: usize) -> Duration {
        let left =
            self.queue.next(self.room(concurrency, 0)).map(|due| (due - now).to_std().unwrap_or_default());
        left.map_or(LONGEST_NAP, |left| left.min(LONGEST_NAP))
    }
}

#[cfg(test)]
mod simulated;
#[cfg(test)]
pub(super) mod tests;
