//! The one thread that writes.
//!
//! Steps wait in a queue. The writer takes all that wait, applies each in one
//! transaction over all trees, forces the log to the disk once, and only then
//! tells those who wait. Because nobody else writes, a step may read, decide and
//! write without anything changing in between.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, PoisonError, RwLock, mpsc};

use tokio::sync::oneshot;

use super::lock::Lock;
use super::trees::Trees;
use super::writes::Writes;
use crate::store::StoreError;

/// The open database, until it is closed. Readers and the writer hold it for reading; who removes
/// bodies or closes it holds it alone.
pub(super) type Shared = Arc<RwLock<Option<Open>>>;

/// A database that this process owns. The lock is given up last, as fields are dropped in their
/// order: also where the store is dropped without having been closed.
#[derive(Debug)]
pub(super) struct Open {
    pub(super) trees: Trees,
    pub(super) _lock: Lock,
}

/// Steps that share one flush at most.
const MAX_GROUP: usize = 256;

/// Tells whoever waits for a step how it went.
type Acknowledge = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A step: looks at the trees, gathers writes, and says whom to tell.
type Step = Box<dyn FnOnce(&Trees) -> (Writes, Acknowledge) + Send>;

/// The way to the writer. It ends when the last of these is dropped.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
}

struct Job(Step);

impl Writer {
    /// Starts the thread.
    pub(super) fn start(shared: Shared) -> std::io::Result<Self> {
        let (queue, jobs) = mpsc::channel();
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || run(&shared, &jobs))?;
        Ok(Self { queue })
    }

    /// Has a step done; gives its answer once all it wrote is on the disk.
    ///
    /// # Errors
    /// The step's own error, which writes nothing; or the store's.
    pub(super) async fn write<R: Send + 'static>(
        &self,
        step: impl FnOnce(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (answer, answered) = oneshot::channel();
        let job = Job(Box::new(move |trees| {
            let mut writes = Writes::default();
            let result = step(trees, &mut writes);
            if result.is_err() {
                writes = Writes::default();
            }
            let acknowledge = Box::new(move |kept: Result<(), StoreError>| {
                // Whoever asked may have gone; what was written stays.
                let _ = answer.send(result.and_then(|answer| kept.map(|()| answer)));
            });
            (writes, acknowledge)
        }));
        self.queue.send(job).map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }
}

fn run(shared: &Shared, jobs: &mpsc::Receiver<Job>) {
    let mut broken = None;
    while let Ok(first) = jobs.recv() {
        let group: Vec<Job> = std::iter::once(first).chain(jobs.try_iter().take(MAX_GROUP - 1)).collect();
        let open = shared.read().unwrap_or_else(PoisonError::into_inner);
        // Dropping a job tells whoever waits that the store is closed.
        let Some(Open { trees, .. }) = open.as_ref() else { continue };
        if let Err(reason) = write_group(trees, group, broken.as_ref())
            && broken.is_none()
        {
            tracing::error!(reason, "the disk refused a write; no more are taken");
            broken = Some(reason);
        }
    }
}

/// Applies steps, forces them to the disk together, and tells those who wait.
///
/// The disk may refuse a step as it is applied, where the log's buffer is full, or all of them when
/// they are forced to it. Either way the system may have dropped what it could not write, so nothing
/// that is not yet on the disk is acknowledged and no more is promised.
fn write_group(trees: &Trees, group: Vec<Job>, broken: Option<&String>) -> Result<(), String> {
    let mut waiting = Vec::new();
    let mut has_written = false;
    let mut refused = broken.cloned();
    for Job(step) in group {
        // A panic ends the step, not the writer; its waiter hears that the store let go of it.
        let Ok((writes, acknowledge)) = catch_unwind(AssertUnwindSafe(|| step(trees))) else { continue };
        if writes.is_empty() && !has_written {
            acknowledge(Ok(()));
            continue;
        }
        // What a step found may have been written a moment ago and is not on the disk yet.
        waiting.push(acknowledge);
        if !writes.is_empty() && refused.is_none() {
            has_written = true;
            refused = writes.apply(trees).err().map(|error| error.to_string());
        }
    }
    let forced = match refused {
        Some(reason) => Err(reason),
        None if has_written => trees.db.flush().map(drop).map_err(|error| error.to_string()),
        None => Ok(()),
    };
    for acknowledge in waiting {
        acknowledge(forced.clone().map_err(|reason| StoreError::DiskFailed { reason }));
    }
    forced
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sled::opening;
    use crate::store::sled::trees::TreeName;

    #[test]
    fn who_finds_a_thing_written_just_before_hears_of_it_no_sooner_than_who_wrote_it() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let (heard, order) = mpsc::channel();
        let step = |name: &'static str, writes: Writes| {
            let heard = heard.clone();
            let acknowledge: Acknowledge = Box::new(move |kept| heard.send((name, kept.is_ok())).unwrap());
            Job(Box::new(move |_| (writes, acknowledge)))
        };
        let mut writes = Writes::default();
        writes.put_raw(TreeName::Meta, b"key", b"value".to_vec()).unwrap();
        let group = vec![
            step("looked before", Writes::default()),
            step("wrote", writes),
            step("looked after", Writes::default()),
        ];
        write_group(&trees, group, None).unwrap();
        let order: Vec<_> = order.try_iter().collect();
        assert_eq!(order, [("looked before", true), ("wrote", true), ("looked after", true)]);
    }
}
