//! The one thread that writes.
//!
//! Steps wait in a queue. The writer takes all that wait, applies each in one
//! transaction over all trees, forces the log to the disk once, and only then
//! tells those who wait. Because nobody else writes, a step may read, decide and
//! write without anything changing in between.
//!
//! A transaction costs sled two writes that are forced to the disk, and the flush one
//! more. Whoever has other work until its step is kept says so, and the writer lets a
//! short time pass for others to share all that, unless somebody is in a hurry.

use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock, mpsc};
use std::time::{Duration, Instant};

use tokio::sync::oneshot;

use super::admission::length_of_log;
use super::lock::Lock;
use super::mark::MarkFile;
use super::pieces;
use super::pulse::Pulse;
use super::trees::Trees;
use super::undo;
use super::writes::{AbortReason, Before, Failed, Writes};
use crate::store::error::StoreError;
use crate::store::keeping::PendingWrite;

/// The open database, until it is closed. Readers and the writer hold it for reading; who removes
/// bodies or closes it holds it alone.
pub(super) type SharedDatabase = Arc<RwLock<Option<OpenDatabase>>>;

/// A database that this process owns. The lock is given up last, as fields are dropped in their
/// order: also where the store is dropped without having been closed.
#[derive(Debug)]
pub(super) struct OpenDatabase {
    pub(super) trees: Trees,
    pub(super) mark: Mutex<MarkFile>,
    pub(super) folder: PathBuf,
    pub(super) place: DatabasePlace,
    pub(super) lock: Lock,
}

/// Which folder and which log were opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DatabasePlace([(u64, u64); 2]);

impl DatabasePlace {
    /// Those that lie there now.
    ///
    /// # Errors
    /// The system's.
    pub(super) fn of(folder: &Path) -> std::io::Result<Self> {
        let id = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino()));
        Ok(Self([id(folder)?, id(&folder.join("db"))?]))
    }
}

impl OpenDatabase {
    /// Notes beside the database how far it has come, which is on the disk already.
    pub(super) fn note(&self, commits: u64) {
        let mut mark = self.mark.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = mark.note(commits) {
            tracing::warn!(%error, store.path = %self.folder.display(), "the store's mark lags behind");
        }
    }

    /// Whether what lies under the folder's path is still what was opened.
    ///
    /// # Errors
    /// [`StoreError::Moved`].
    pub(super) fn is_in_place(&self) -> Result<(), StoreError> {
        match DatabasePlace::of(&self.folder) {
            Ok(place) if place == self.place => Ok(()),
            _ => Err(StoreError::Moved { path: self.folder.display().to_string() }),
        }
    }

    /// Writes out what is left, closes the database, and notes that it was closed in order.
    pub(super) fn close(self) -> Result<(), StoreError> {
        let in_place = self.is_in_place();
        let Self { trees, mark, folder, place: _, lock } = self;
        let flushed = trees.flush();
        // Waits until the engine is done with its file.
        drop(trees);
        flushed?;
        in_place?;
        let mut mark = mark.into_inner().unwrap_or_else(PoisonError::into_inner);
        let left = mark.left(&folder);
        if let Err(error) = length_of_log(&folder).and_then(|length| mark.close(length, left)) {
            tracing::warn!(%error, store.path = %folder.display(), "the store's mark does not say that it was closed");
        }
        drop(lock);
        Ok(())
    }
}

/// Steps that share one flush at most, besides those that are done together.
const MAX_GROUP: usize = 256;

/// The writer lets this much time pass at most before it takes steps that nobody waits for.
const PATIENCE: Duration = Duration::from_millis(40);

/// So many heavy steps do not wait for more.
const MAX_HEAVY: usize = 8;

/// What a step that waits for others takes meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum StepWeight {
    /// Next to nothing.
    Light,
    /// As much as a page and its entries.
    Heavy,
}

/// The exit code of a process that ends because its store broke off (sysexits(3)).
const EX_IOERR: i32 = 74;

/// Tells whoever waits for a step how it went.
type Acknowledge = Box<dyn FnOnce(Result<(), StoreError>) + Send>;

/// A step: looks at the trees, gathers writes, and says whom to tell.
type WriteOp = Box<dyn FnOnce(&Trees, &mut Writes) -> Acknowledge + Send>;

/// The way to the writer. It ends when the last of these is dropped.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Job>,
    together: mpsc::Sender<WriteOp>,
    told: Arc<WakeFlags>,
    pulse: Arc<Pulse>,
}

/// What the writer is told.
enum Job {
    /// To do a step, whose answer somebody waits for.
    Do(WriteOp),
    /// That there are steps to be done together.
    Gather,
    /// That somebody waits for the answer to one of those.
    Hurry,
}

/// What the writer was told and has not acted on: to be told again would only wake it.
#[derive(Debug, Default)]
struct WakeFlags {
    to_gather: AtomicBool,
    to_hurry: AtomicBool,
    /// How many heavy steps wait.
    heavy: AtomicUsize,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(shared: SharedDatabase) -> std::io::Result<Self> {
        let (writer, inlet) = Self::with_inlet();
        let pulse = Arc::clone(&writer.pulse);
        std::thread::Builder::new().name("store-writer".to_owned()).spawn(move || {
            if catch_unwind(AssertUnwindSafe(|| run(&shared, &inlet, &pulse))).is_err() {
                pulse.fail("its writer ended");
            }
        })?;
        Ok(writer)
    }

    /// How the writer is.
    pub(super) fn pulse(&self) -> &Arc<Pulse> {
        &self.pulse
    }

    /// Both ends of the ways to a writer.
    fn with_inlet() -> (Self, Inlet) {
        let (queue, jobs) = mpsc::channel();
        let (together, gathered) = mpsc::channel();
        let told = Arc::new(WakeFlags::default());
        let pulse = Arc::default();
        (Self { queue, together, told: Arc::clone(&told), pulse }, Inlet { jobs, gathered, told })
    }

    /// Has a step done; gives its answer once all it wrote is on the disk.
    ///
    /// # Errors
    /// The step's own error, which writes nothing; or the store's.
    pub(super) async fn write<R: Send + 'static>(
        &self,
        step: impl FnOnce(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> Result<R, StoreError> {
        let (step, answered) = answering(step);
        self.queue.send(Job::Do(step)).map_err(|_| StoreError::Closed)?;
        answered.await.unwrap_or(Err(StoreError::Closed))
    }

    /// Has a step done in one transaction with others that are handed in within a short time. It must
    /// look at nothing that another such step writes: it would not see it.
    pub(super) fn write_together<R: Send + 'static>(
        &self,
        weight: StepWeight,
        step: impl FnOnce(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
    ) -> PendingWrite<R> {
        let (step, answered) = answering(step);
        // Where the writer is gone the step is dropped, and its answer says so.
        let _ = self.together.send(step);
        if !self.told.to_gather.swap(true, Ordering::SeqCst) {
            let _ = self.queue.send(Job::Gather);
        }
        if weight == StepWeight::Heavy && self.told.heavy.fetch_add(1, Ordering::SeqCst) + 1 >= MAX_HEAVY {
            self.flush_soon();
        }
        PendingWrite::of(answered)
    }

    /// Has the steps that are to be done together done now.
    pub(super) fn flush_soon(&self) {
        if !self.told.to_hurry.swap(true, Ordering::SeqCst) {
            // Where the writer is gone, so are the steps.
            let _ = self.queue.send(Job::Hurry);
        }
    }
}

/// A step with the way on which its answer comes.
fn answering<R: Send + 'static>(
    step: impl FnOnce(&Trees, &mut Writes) -> Result<R, StoreError> + Send + 'static,
) -> (WriteOp, oneshot::Receiver<Result<R, StoreError>>) {
    let (answer, answered) = oneshot::channel();
    let step = Box::new(move |trees: &Trees, writes: &mut Writes| {
        let mut own = Writes::default();
        let result = step(trees, &mut own);
        if result.is_ok() {
            writes.append(own);
        }
        let acknowledge: Acknowledge = Box::new(move |kept: Result<(), StoreError>| {
            // Whoever asked may have gone; what was written stays.
            let _ = answer.send(result.and_then(|answer| kept.map(|()| answer)));
        });
        acknowledge
    });
    (step, answered)
}

/// The writer's end of the ways to it.
struct Inlet {
    jobs: mpsc::Receiver<Job>,
    /// Steps to be done together. They do not wake the writer one by one: [`Job::Gather`] does once.
    gathered: mpsc::Receiver<WriteOp>,
    told: Arc<WakeFlags>,
}

/// Steps that share one flush.
#[derive(Default)]
struct Steps {
    /// Done first, in one transaction.
    together: Vec<WriteOp>,
    /// Done one after the other; each sees what was handed in before it.
    single: Vec<WriteOp>,
}

fn run(shared: &SharedDatabase, inlet: &Inlet, pulse: &Pulse) {
    let mut broken = None;
    while let Ok(first) = inlet.jobs.recv() {
        let steps = inlet.gather(first);
        let open = shared.read().unwrap_or_else(PoisonError::into_inner);
        // Dropping a step tells whoever waits that the store is closed.
        let Some(open) = open.as_ref() else { continue };
        let kept = |commits| {
            open.is_in_place().map_err(|error| error.to_string())?;
            open.note(commits);
            pulse.beat();
            Ok(())
        };
        match write_group(&open.trees, steps, broken.as_ref(), &kept) {
            Ok(()) => {}
            Err(Broken::Half { reason, before }) => end_at_once(&open.folder, &reason, &before),
            Err(Broken::Refused(reason)) => {
                if broken.is_none() {
                    tracing::error!(reason, "failed to write the store; it accepts no more writes");
                    pulse.fail(&format!("it could not be written ({reason})"));
                    broken = Some(reason);
                }
            }
        }
    }
}

/// Ends the process, which may have half a transaction in memory that must not be built upon. The next opening
/// takes it back.
fn end_at_once(folder: &Path, reason: &AbortReason, before: &[Before]) -> ! {
    let is_noted = before.is_empty() || undo::note(folder, before.iter().map(Ok)).is_ok();
    tracing::error!(
        %reason,
        store.path = %folder.display(),
        noted = is_noted,
        "the store broke off in the middle of a write; the process ends, and the next start takes the write back"
    );
    std::process::exit(EX_IOERR)
}

impl Inlet {
    /// What shares one flush: all that waits, and while nobody is in a hurry what comes soon.
    fn gather(&self, first: Job) -> Steps {
        let end = Instant::now() + PATIENCE;
        let (mut single, mut is_urgent) = (Vec::new(), false);
        let mut next = Some(first);
        while let Some(job) = next {
            is_urgent |= !matches!(job, Job::Gather);
            if let Job::Do(step) = job {
                single.push(step);
            }
            next = match single.len() {
                MAX_GROUP.. => None,
                _ if is_urgent => self.jobs.try_recv().ok(),
                _ => self.jobs.recv_timeout(end.saturating_duration_since(Instant::now())).ok(),
            };
        }
        // In this order: a step that comes too late for the last line tells the writer anew.
        self.told.to_gather.store(false, Ordering::SeqCst);
        self.told.to_hurry.store(false, Ordering::SeqCst);
        self.told.heavy.store(0, Ordering::SeqCst);
        Steps { together: self.gathered.try_iter().collect(), single }
    }
}

/// Notes that all up to a commit is on the disk; or says why that is worth nothing.
type NoteFlushed<'a> = dyn Fn(u64) -> Result<(), String> + 'a;

/// Why nothing more is taken.
#[derive(Debug)]
enum Broken {
    /// The disk takes no more.
    Refused(String),
    /// A transaction was written in part.
    Half { reason: AbortReason, before: Vec<Before> },
}

/// Applies steps, forces them to the disk together, has `kept` note how far that went, and tells those who wait.
fn write_group(
    trees: &Trees,
    steps: Steps,
    broken: Option<&String>,
    kept: &NoteFlushed<'_>,
) -> Result<(), Broken> {
    let mut group =
        WriteGroup { trees, waiting: Vec::new(), commits: None, unforced: 0, refused: broken.cloned() };
    group.write(steps.together)?;
    for step in steps.single {
        group.write(vec![step])?;
    }
    group.force(kept).map_err(Broken::Refused)
}

/// Steps on their way to the disk.
///
/// The disk may refuse a step as it is applied, where the log's buffer is full, or all of them when
/// they are forced to it. Either way the system may have dropped what it could not write, so nothing
/// that is not yet on the disk is acknowledged and no more is promised.
struct WriteGroup<'a> {
    trees: &'a Trees,
    waiting: Vec<Acknowledge>,
    /// The number of the last transaction that was applied.
    commits: Option<u64>,
    /// What was applied since the log was forced to the disk last.
    unforced: usize,
    refused: Option<String>,
}

impl WriteGroup<'_> {
    /// Writes what steps wish, in one transaction.
    fn write(&mut self, steps: Vec<WriteOp>) -> Result<(), Broken> {
        let mut writes = Writes::default();
        let mut asked = Vec::new();
        for step in steps {
            // A panic ends the step, not the writer; its waiter hears that the store let go of it.
            if let Ok(acknowledge) = catch_unwind(AssertUnwindSafe(|| step(self.trees, &mut writes))) {
                asked.push(acknowledge);
            }
        }
        if writes.is_empty() && self.commits.is_none() {
            for acknowledge in asked {
                acknowledge(Ok(()));
            }
            return Ok(());
        }
        if writes.is_empty() || self.refused.is_some() {
            // What a step found may have been written a moment ago and is not on the disk yet.
            self.waiting.append(&mut asked);
            return Ok(());
        }
        match writes.apply(self.trees) {
            Ok(commits) => {
                self.commits = Some(commits);
                self.waiting.append(&mut asked);
                self.unforced += writes.bytes();
                self.force_what_is_much();
            }
            Err(Failed { reason, before, is_half })
                if is_half || (!before.is_empty() && !reason.is_full()) =>
            {
                return Err(Broken::Half { reason, before });
            }
            // What these steps touch cannot be read; nothing was written, and other steps are well.
            Err(failed) if failed.before.is_empty() && failed.reason.is_unreadable() => {
                let reason = failed.reason.to_string();
                for acknowledge in asked {
                    acknowledge(Err(StoreError::Unreadable { reason: reason.clone() }));
                }
            }
            Err(failed) => {
                self.waiting.append(&mut asked);
                self.refused = Some(failed.reason.to_string());
            }
        }
        Ok(())
    }

    /// The engine is not given much to write without a pause; see [`pieces`].
    fn force_what_is_much(&mut self) {
        if self.unforced > pieces::MAX_BYTES {
            self.unforced = 0;
            if let Err(error) = self.trees.flush() {
                self.refused = Some(error.to_string());
            }
        }
    }

    /// Forces all of it to the disk and tells those who wait.
    fn force(self, kept: &NoteFlushed<'_>) -> Result<(), String> {
        let forced = match (self.refused, self.commits) {
            (Some(reason), _) => Err(reason),
            (None, Some(commits)) => {
                self.trees.flush().map_err(|error| error.to_string()).and_then(|()| kept(commits))
            }
            (None, None) => Ok(()),
        };
        for acknowledge in self.waiting {
            acknowledge(forced.clone().map_err(|reason| StoreError::DiskFailed { reason }));
        }
        forced
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::kept::opening;
    use crate::store::kept::trees::TreeName;

    #[test]
    fn who_finds_a_thing_written_just_before_hears_of_it_no_sooner_than_who_wrote_it() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let (heard, order) = mpsc::channel();
        let step = |name: &'static str, mut writes: Writes| {
            let heard = heard.clone();
            let acknowledge: Acknowledge = Box::new(move |kept| heard.send((name, kept.is_ok())).unwrap());
            let step: WriteOp = Box::new(move |_, all| {
                all.append(std::mem::take(&mut writes));
                acknowledge
            });
            step
        };
        let single = vec![
            step("looked before", Writes::default()),
            step("wrote", one_write("value")),
            step("looked after", Writes::default()),
        ];
        write_group(&trees, Steps { single, ..Steps::default() }, None, &|_| Ok(())).unwrap();
        let order: Vec<_> = order.try_iter().collect();
        assert_eq!(order, [("looked before", true), ("wrote", true), ("looked after", true)]);
    }

    fn one_write(value: &str) -> Writes {
        let mut writes = Writes::default();
        writes.put_raw(TreeName::Meta, b"key", value.as_bytes().to_vec()).unwrap();
        writes
    }

    /// A step that writes a value, and the way on which its answer comes: what stood there before.
    fn writing(value: &'static str) -> (WriteOp, oneshot::Receiver<Before>) {
        answering(move |trees, writes| {
            writes.append(one_write(value));
            let before = trees.tree(TreeName::Meta).get(b"key")?;
            Ok(before.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        })
    }

    type Before = Result<Option<String>, StoreError>;

    #[test]
    fn steps_that_are_done_together_do_not_see_each_other_and_all_others_do() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let (mut steps, answers): (Vec<_>, Vec<_>) = ["a", "b", "c", "d"].map(writing).into_iter().unzip();
        let single = steps.split_off(2);
        write_group(&trees, Steps { together: steps, single }, None, &|_| Ok(())).unwrap();
        let seen: Vec<_> =
            answers.into_iter().map(|mut answer| answer.try_recv().unwrap().unwrap()).collect();
        assert_eq!(seen.iter().map(Option::as_deref).collect::<Vec<_>>(), [None, None, Some("b"), Some("c")]);
        assert_eq!(trees.tree(TreeName::Meta).get(b"key").unwrap().unwrap(), b"d");
    }

    #[test]
    fn a_step_that_fails_or_panics_takes_no_other_with_it() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let (fails, mut failed) = answering(|_, writes| {
            writes.append(one_write("half done"));
            Err::<(), _>(StoreError::Closed)
        });
        let (panics, mut panicked) = answering(|_, _| -> Result<(), StoreError> { panic!("a step's") });
        let (good, mut answer) = writing("good");
        let together = vec![good, fails, panics];
        write_group(&trees, Steps { together, ..Steps::default() }, None, &|_| Ok(())).unwrap();
        assert!(matches!(failed.try_recv(), Ok(Err(StoreError::Closed))));
        assert!(panicked.try_recv().is_err(), "nobody answers");
        assert!(answer.try_recv().unwrap().is_ok());
        assert_eq!(trees.tree(TreeName::Meta).get(b"key").unwrap().unwrap(), b"good");
    }

    fn nothing() -> WriteOp {
        Box::new(|_, _| Box::new(|_| {}))
    }

    /// What the writer takes next.
    fn taken(inlet: &Inlet) -> Steps {
        inlet.gather(inlet.jobs.try_recv().expect("the writer is told"))
    }

    #[test]
    fn steps_that_nobody_waits_for_wake_the_writer_once_and_give_others_the_time_to_come() {
        let (writer, inlet) = Writer::with_inlet();
        for _ in 0..2 {
            let keeping =
                (0..3).map(|_| writer.write_together(StepWeight::Light, |_, _| Ok(()))).collect::<Vec<_>>();
            let start = Instant::now();
            assert_eq!(taken(&inlet).together.len(), keeping.len());
            assert!(start.elapsed() >= PATIENCE);
            assert!(inlet.jobs.try_recv().is_err(), "told once");
        }
    }

    #[test]
    fn heavy_steps_do_not_wait_once_they_are_several() {
        let (writer, inlet) = Writer::with_inlet();
        for _ in 0..2 {
            let heavy = |_| writer.write_together(StepWeight::Heavy, |_, _| Ok(()));
            let _keeping = (0..MAX_HEAVY).map(heavy).collect::<Vec<_>>();
            let told = inlet.jobs.try_iter().collect::<Vec<_>>();
            assert!(matches!(told[..], [Job::Gather, Job::Hurry]), "the last one is in a hurry");
            assert_eq!(inlet.gather(Job::Hurry).together.len(), MAX_HEAVY);
        }
    }

    #[test]
    fn whoever_waits_is_not_kept_waiting_for_others() {
        for urgent in [Job::Do(nothing()), Job::Hurry] {
            let (writer, inlet) = Writer::with_inlet();
            let single = usize::from(matches!(urgent, Job::Do(_)));
            writer.queue.send(urgent).unwrap();
            drop(writer.write_together(StepWeight::Light, |_, _| Ok(())));
            // Handed in by somebody else, much later.
            let late = std::thread::spawn(move || {
                std::thread::park_timeout(PATIENCE * 50);
                writer.queue.send(Job::Hurry).is_ok()
            });
            let steps = taken(&inlet);
            assert_eq!((steps.together.len(), steps.single.len()), (1, single), "what waits goes along");
            late.thread().unpark();
            late.join().unwrap();
        }
    }

    #[tokio::test]
    async fn haste_is_told_once_and_nobody_waits_for_a_writer_that_is_gone() {
        let (writer, inlet) = Writer::with_inlet();
        let step = writer.write_together(StepWeight::Light, |_, _| Ok(()));
        writer.flush_soon();
        writer.flush_soon();
        assert!(matches!(inlet.jobs.try_iter().collect::<Vec<_>>()[..], [Job::Gather, Job::Hurry]));
        drop(inlet);
        let late = writer.write_together(StepWeight::Light, |_, _| Ok(()));
        for step in [step, late] {
            assert!(matches!(step.kept().await, Err(StoreError::Closed)));
        }
    }

    #[test]
    fn a_group_has_an_end_however_many_steps_wait() {
        let (writer, inlet) = Writer::with_inlet();
        for _ in 0..=MAX_GROUP {
            writer.queue.send(Job::Do(nothing())).unwrap();
        }
        assert_eq!(taken(&inlet).single.len(), MAX_GROUP);
    }
}
