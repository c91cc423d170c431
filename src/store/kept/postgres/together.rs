//! Small steps that are kept in one transaction.
//!
//! What a small step does costs the server less than the transaction around it. So the steps that are handed in while
//! others are being kept wait for these, and are then kept together. None waits for others to come.
//!
//! Each step still decides by what it looks up itself, and has an answer of its own. One that fails writes nothing, and
//! the others do not notice. If the transaction as a whole is not kept, each of its steps is done alone: then only those
//! fail that would have failed by themselves.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

use super::link::{AttemptResult, ServerLink};
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;
use crate::store::kept::trees::{FirstLooks, Trees};
use crate::store::kept::writes::Writes;

/// Steps of one transaction at most: the more it has looked at, the likelier another step comes before it.
const MAX_GROUP: usize = 128;

/// Transactions of such steps at once. A step that takes long holds up the others no longer than until the next begins.
const MAX_AT_ONCE: usize = 2;

/// A transaction that another step came before is tried so often before its steps are done one by one.
const TRIES: u32 = 2;

/// A step that may be kept with others, and who waits for its answer.
trait SharedStep: Send {
    /// What it looks up first.
    fn looks(&self) -> &FirstLooks;

    /// Looks and decides. What it found out is kept until it is answered, or done again.
    fn decide(&mut self, trees: &Trees, writes: &mut Writes);

    /// Answers what it found out: all that it wrote is kept.
    fn answer(self: Box<Self>);

    /// Does it in a transaction of its own.
    fn do_alone(self: Box<Self>, link: &ServerLink);
}

struct WaitingStep<R, S> {
    looks: FirstLooks,
    step: S,
    outcome: Result<R, StoreError>,
    answer: oneshot::Sender<Result<R, StoreError>>,
}

impl<R, S> SharedStep for WaitingStep<R, S>
where
    R: Send,
    S: FnMut(&Trees, &mut Writes) -> Result<R, StoreError> + Send,
{
    fn looks(&self) -> &FirstLooks {
        &self.looks
    }

    fn decide(&mut self, trees: &Trees, writes: &mut Writes) {
        let mut own = Writes::default();
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.step)(trees, &mut own)));
        // A panic ends the step, not the store; its waiter hears that the store let go of it.
        self.outcome = outcome.unwrap_or(Err(StoreError::Closed));
        if self.outcome.is_ok() {
            writes.append(own);
        }
    }

    fn answer(self: Box<Self>) {
        // The caller may have gone; what was written stays.
        let _ = self.answer.send(self.outcome);
    }

    fn do_alone(self: Box<Self>, link: &ServerLink) {
        let Self { looks, mut step, answer, .. } = *self;
        let outcome = link.step(&mut |trees, writes| {
            trees.warm(looks.iter().map(|(tree, key)| (*tree, &key[..])))?;
            step(trees, writes)
        });
        let _ = answer.send(outcome);
    }
}

/// Steps that wait to be kept with others.
#[derive(Default)]
pub(super) struct Gathering(Mutex<GatheringState>);

#[derive(Default)]
struct GatheringState {
    waiting: VecDeque<Box<dyn SharedStep>>,
    /// Who keeps steps now.
    at_work: usize,
}

impl fmt::Debug for Gathering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Gathering")
            .field("waiting", &state.waiting.len())
            .field("at_work", &state.at_work)
            .finish()
    }
}

impl Gathering {
    fn state(&self) -> MutexGuard<'_, GatheringState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a step; returns whether somebody more must begin to work.
    fn add(&self, step: Box<dyn SharedStep>) -> bool {
        let mut state = self.state();
        state.waiting.push_back(step);
        let is_wanted = state.at_work < MAX_AT_ONCE;
        state.at_work += usize::from(is_wanted);
        is_wanted
    }

    /// Takes the steps that wait, as many as one transaction holds; returns `None` if none do, and the caller must stop.
    fn take(&self) -> Option<Vec<Box<dyn SharedStep>>> {
        let mut state = self.state();
        if state.waiting.is_empty() {
            state.at_work -= 1;
            return None;
        }
        let count = state.waiting.len().min(MAX_GROUP);
        Some(state.waiting.drain(..count).collect())
    }
}

impl ServerLink {
    /// Has a step kept together with others that are handed in meanwhile. It must look at nothing that another such
    /// step writes: it would not see it. What it looks up first is fetched for all of them at once.
    pub(super) fn step_together<R: Send + 'static>(
        self: &Arc<Self>,
        looks: FirstLooks,
        step: impl FnMut(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> PendingWrite<R> {
        let (answer, answered) = oneshot::channel();
        let outcome = Err(StoreError::Closed);
        if self.gathering.add(Box::new(WaitingStep { looks, step, outcome, answer })) {
            let link = Arc::clone(self);
            self.spawn_blocking(move || link.keep_what_waits());
        }
        PendingWrite::of(answered)
    }

    fn keep_what_waits(self: &Arc<Self>) {
        while let Some(steps) = self.gathering.take() {
            // Whose step is lost hears that the store let go of it; the next ones are kept all the same.
            let _ = catch_unwind(AssertUnwindSafe(|| self.keep_together(steps)));
        }
    }

    fn keep_together(self: &Arc<Self>, mut steps: Vec<Box<dyn SharedStep>>) {
        for tries in 0..TRIES {
            let mut all = |trees: &Trees, writes: &mut Writes| {
                let looks = steps.iter().flat_map(|step| step.looks());
                trees.warm(looks.map(|(tree, key)| (*tree, &key[..])))?;
                for step in &mut steps {
                    step.decide(trees, writes);
                }
                Ok(())
            };
            let tried = {
                let _turn = self.turn(tries);
                self.attempt(&mut all)
            };
            match tried {
                AttemptResult::Done(Ok(())) => {
                    for step in steps {
                        step.answer();
                    }
                    return;
                }
                AttemptResult::Done(Err(_)) => break,
                AttemptResult::Anew(fault) => {
                    let count = steps.len();
                    tracing::debug!(
                        count,
                        tries,
                        reason = fault.reason,
                        "another step came before {count} steps"
                    );
                }
            }
        }
        for step in steps {
            let link = Arc::clone(self);
            self.spawn_blocking(move || step.do_alone(&link));
        }
    }
}
