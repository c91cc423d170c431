//! The queue over a made-up store, with a clock that runs as fast as nobody has anything to do.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::time::Instant;

use super::*;
use crate::domain::read_state::ReadState;
use crate::domain::snapshot::Validators;
use crate::domain::source::{SourceKind, SourcePause};
use crate::domain::verdict::Verdict;
use crate::store::SourceBell;

pub(in crate::scheduler) fn source(id: &str, schedule: &str) -> Source {
    Source {
        id: id.parse().unwrap(),
        schedule: schedule.parse().unwrap(),
        ..Source::sample(SourceKind::Feed)
    }
}

fn start() -> DateTime<Utc> {
    "2026-11-24T00:30:00Z".parse().unwrap()
}

/// A clock that goes with tokio's, apart from what it was set by.
#[derive(Debug)]
pub(super) struct WallClock {
    begun: Instant,
    /// What it showed then.
    start: DateTime<Utc>,
    set_by: Mutex<TimeDelta>,
}

impl WallClock {
    /// One that begins now.
    pub(super) fn new() -> Self {
        Self { begun: Instant::now(), start: start(), set_by: Mutex::default() }
    }

    fn set(&self, by: TimeDelta) {
        *self.set_by.lock().unwrap_or_else(PoisonError::into_inner) += by;
    }
}

impl Clock for WallClock {
    fn now(&self) -> DateTime<Utc> {
        let gone = TimeDelta::from_std(self.begun.elapsed()).unwrap();
        self.start + gone + *self.set_by.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is kept, who reads, and what was read.
struct World {
    clock: Arc<WallClock>,
    bell: SourceBell,
    kept: Mutex<HashMap<SourceId, KeptSchedule>>,
    looks: AtomicUsize,
    /// How long a look at the store takes, and a read.
    look_takes: Duration,
    read_takes: Duration,
    /// What is wrong with reads.
    fault: Mutex<Fault>,
    reads: Mutex<Vec<(DateTime<Utc>, SourceId)>>,
    at_once: Mutex<(usize, usize)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    Fails,
    IsNotKept,
    Panics,
}

impl World {
    fn new(look_takes: Duration, read_takes: Duration) -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::new(WallClock::new()),
            bell: SourceBell::default(),
            kept: Mutex::default(),
            looks: AtomicUsize::new(0),
            look_takes,
            read_takes,
            fault: Mutex::new(Fault::None),
            reads: Mutex::default(),
            at_once: Mutex::default(),
        })
    }

    /// Writes something of a source, and rings as the store does.
    fn write(&self, id: &SourceId, write: impl FnOnce(&mut KeptSchedule)) {
        write(self.kept.lock().unwrap().entry(id.clone()).or_default());
        self.bell.ring(id.clone());
    }

    fn was_read(&self, id: &SourceId, confirm_at: Option<DateTime<Utc>>) {
        let now = self.clock.now();
        let state = ReadState {
            jitter: Some(Jitter::drawn(0)),
            confirm_at,
            ..ReadState::good(id.clone(), Validators::default(), now)
        };
        self.write(id, |kept| kept.state = Some(state));
    }

    async fn read(self: Arc<Self>, source: Arc<Source>) -> Ended {
        self.reads.lock().unwrap().push((self.clock.now(), source.id.clone()));
        let fault = *self.fault.lock().unwrap();
        assert!(fault != Fault::Panics, "a source that breaks its reader");
        {
            let mut at_once = self.at_once.lock().unwrap();
            at_once.0 += 1;
            at_once.1 = at_once.1.max(at_once.0);
        }
        tokio::time::sleep(self.read_takes).await;
        self.at_once.lock().unwrap().0 -= 1;
        match fault {
            Fault::IsNotKept => return Ended { is_kept: false, is_to_be_told: true },
            Fault::Fails => {
                let now = self.clock.now();
                self.write(&source.id, |kept| {
                    let (id, before, reason) = (source.id.clone(), kept.state.take(), "down".to_owned());
                    kept.state = Some(ReadState::unread(id, before, Verdict::Failed, reason, None, now));
                });
            }
            _ => self.was_read(&source.id, None),
        }
        Ended { is_kept: true, is_to_be_told: false }
    }

    fn scheduler(self: &Arc<Self>, sources: Vec<Source>) -> Scheduler {
        let (looking, reading) = (Arc::clone(self), Arc::clone(self));
        let look: Look = Box::new(move |ids| {
            let world = Arc::clone(&looking);
            Box::pin(async move {
                world.looks.fetch_add(1, Ordering::Relaxed);
                let found = {
                    let kept = world.kept.lock().unwrap();
                    ids.iter().map(|id| Ok(kept.get(id).cloned().unwrap_or_default())).collect()
                };
                // What is written from here on is not in it.
                tokio::time::sleep(world.look_takes).await;
                Ok(found)
            })
        });
        let read: ReadSource = Box::new(move |source, _| Box::pin(Arc::clone(&reading).read(source)));
        let claim: ClaimSources = Box::new(|ids| {
            let claimed = ids.iter().map(|_| Some(ClaimedSource { claim: None, kept: None })).collect();
            Box::pin(async move { Ok(claimed) })
        });
        let planned =
            sources.into_iter().map(|source| Planned::new(Arc::new(source), false, Jitter::drawn(0)));
        let rules = Rules { started_at: self.clock.now(), longest_delay: Duration::ZERO };
        Scheduler::new(
            planned.collect(),
            rules,
            Hands { look, claim, read, is_large: Box::new(|source| source.id.as_str().starts_with("large")) },
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        )
    }

    /// Lets the scheduler run while `meanwhile` goes on, and then ends it.
    async fn run(self: &Arc<Self>, sources: Vec<Source>, concurrency: usize, meanwhile: impl Future) {
        let (scheduler, watch) = (self.scheduler(sources), self.bell.watch());
        let (stop, found) = (CancellationToken::new(), Notify::new());
        let running = scheduler.run(watch, concurrency, &found, stop.clone());
        let ending = async {
            meanwhile.await;
            stop.cancel();
        };
        tokio::join!(running, ending);
    }

    fn reads_of(&self, id: &str) -> Vec<DateTime<Utc>> {
        let reads = self.reads.lock().unwrap();
        reads.iter().filter(|(_, source)| source.as_str() == id).map(|(at, _)| *at).collect()
    }
}

fn hours(hours: u64) -> Duration {
    Duration::from_secs(hours * 3600)
}

fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

fn at(text: &str) -> DateTime<Utc> {
    format!("2026-11-24T{text}:00Z").parse().unwrap()
}

/// Whether a moment is the expected one, or as little later as a timer's step and a look take.
#[track_caller]
fn assert_on_time(found: &[DateTime<Utc>], expected: &[DateTime<Utc>]) {
    let is_on_time = |(found, expected): (&DateTime<Utc>, &DateTime<Utc>)| {
        (0..50).contains(&(*found - *expected).num_milliseconds())
    };
    let are_all = found.len() == expected.len() && found.iter().zip(expected).all(is_on_time);
    assert!(are_all, "found {found:?}, expected {expected:?}");
}

#[tokio::test(start_paused = true)]
async fn every_source_is_read_when_it_is_due_and_in_that_order() {
    let world = World::new(Duration::ZERO, Duration::from_millis(5));
    let sources = vec![source("a", "0 */2 * * *"), source("b", "15 * * * *"), source("c", "45 1 * * *")];
    world.run(sources, 8, tokio::time::sleep(minutes(215))).await;
    assert_on_time(&world.reads_of("a"), &[at("00:30"), at("02:00"), at("04:00")]);
    assert_on_time(&world.reads_of("b"), &[at("00:30"), at("01:15"), at("02:15"), at("03:15")]);
    assert_on_time(&world.reads_of("c"), &[at("00:30"), at("01:45")]);
    let moments: Vec<_> = world.reads.lock().unwrap().iter().map(|(at, _)| *at).collect();
    assert!(moments.is_sorted(), "{moments:?}");
}

#[tokio::test(start_paused = true)]
async fn no_more_are_read_at_once_than_may_be_and_the_longest_due_comes_first() {
    let world = World::new(Duration::ZERO, minutes(10));
    let schedules = ["9 3 * * *", "7 3 * * *", "5 3 * * *", "3 3 * * *"];
    let ids = ["d", "c", "b", "a"];
    for id in ids {
        world.was_read(&id.parse().unwrap(), None);
    }
    let sources = ids.iter().zip(schedules).map(|(id, schedule)| source(id, schedule)).collect();
    world.run(sources, 2, tokio::time::sleep(hours(4))).await;
    let reads: Vec<_> = world.reads.lock().unwrap().clone();
    let order: Vec<_> = reads.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(order, ["a", "b", "c", "d"]);
    let moments: Vec<_> = reads.iter().map(|(at, _)| *at).collect();
    assert_on_time(&moments, &[at("03:03"), at("03:05"), at("03:13"), at("03:15")]);
    assert_eq!(world.at_once.lock().unwrap().1, 2);
}

#[tokio::test(start_paused = true)]
async fn a_large_source_that_waits_for_another_one_keeps_nobody_else_waiting() {
    let world = World::new(Duration::ZERO, minutes(10));
    let schedules = ["1 3 * * *", "2 3 * * *", "3 3 * * *", "4 3 * * *"];
    let ids = ["large-a", "large-b", "c", "d"];
    for id in ids {
        world.was_read(&id.parse().unwrap(), None);
    }
    let sources = ids.iter().zip(schedules).map(|(id, schedule)| source(id, schedule)).collect();
    world.run(sources, 2, tokio::time::sleep(hours(4))).await;
    let reads: Vec<_> = world.reads.lock().unwrap().clone();
    let order: Vec<_> = reads.iter().map(|(_, id)| id.as_str()).collect();
    assert_eq!(order, ["large-a", "c", "large-b", "d"]);
    let moments: Vec<_> = reads.iter().map(|(at, _)| *at).collect();
    assert_on_time(&moments, &[at("03:01"), at("03:03"), at("03:11"), at("03:13")]);
}

#[tokio::test(start_paused = true)]
async fn what_is_written_of_a_source_is_heeded_whoever_writes_it() {
    let world = World::new(Duration::from_millis(3), Duration::from_millis(5));
    let id: SourceId = "a".parse().unwrap();
    let writer = Arc::clone(&world);
    let meanwhile = async {
        tokio::time::sleep(minutes(5)).await;
        // A read by hand that leaves something to be confirmed.
        writer.was_read(&id, Some(at("00:42")));
        tokio::time::sleep(minutes(15)).await;
        // A pause until a moment, and its end.
        let pause = |until| Some(SourcePause { since: writer.clock.now(), until });
        writer.write(&id, |kept| kept.pause = pause(Some(at("02:20"))));
        tokio::time::sleep(hours(2)).await;
        // One without end, and somebody who ends it.
        writer.write(&id, |kept| kept.pause = pause(None));
        tokio::time::sleep(hours(1)).await;
        writer.write(&id, |kept| kept.pause = None);
        tokio::time::sleep(minutes(5)).await;
    };
    world.run(vec![source("a", "0 * * * *")], 1, meanwhile).await;
    assert_on_time(&world.reads_of("a"), &[at("00:30"), at("00:42"), at("02:20"), at("03:50")]);
}

#[tokio::test(start_paused = true)]
async fn a_word_that_comes_while_the_store_is_looked_at_or_the_source_is_read_is_not_lost() {
    // Whatever the moment, before, in the midst of a look or of a read, or after them, what was written last counts.
    for moment in (0..60).map(Duration::from_millis) {
        let world = World::new(Duration::from_millis(20), Duration::from_millis(20));
        let id: SourceId = "a".parse().unwrap();
        let writer = Arc::clone(&world);
        let meanwhile = async {
            tokio::time::sleep(moment).await;
            writer.was_read(&id, Some(at("00:40")));
            if (20..45).contains(&moment.as_millis()) {
                // The read that is under way comes to another end than the one that was written.
                tokio::time::sleep(Duration::from_millis(30)).await;
                writer.was_read(&id, Some(at("00:40")));
            }
            tokio::time::sleep(minutes(20)).await;
        };
        world.run(vec![source("a", "0 12 * * *")], 1, meanwhile).await;
        let reads = world.reads_of("a");
        assert_on_time(&reads[reads.len() - 1..], &[at("00:40")]);
    }
}

#[tokio::test(start_paused = true)]
async fn more_words_than_can_be_named_are_heard_all_the_same() {
    let world = World::new(Duration::from_millis(20), Duration::from_millis(5));
    let ids: Vec<SourceId> = (0..5_000).map(|number| format!("s{number}").parse().unwrap()).collect();
    for id in &ids {
        world.was_read(id, None);
    }
    let sources = ids.iter().map(|id| source(id.as_str(), "0 12 * * *")).collect();
    let (writer, all) = (Arc::clone(&world), ids.clone());
    let meanwhile = async {
        tokio::time::sleep(minutes(1)).await;
        for id in &all {
            writer.was_read(id, Some(at("00:40")));
        }
        tokio::time::sleep(minutes(15)).await;
    };
    world.run(sources, 5_000, meanwhile).await;
    let mut read: Vec<_> = world.reads.lock().unwrap().iter().map(|(_, id)| id.clone()).collect();
    read.sort();
    let mut expected = ids;
    expected.sort();
    assert!(read == expected, "{} of 5000 were confirmed", read.len());
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_jumps_is_noticed_within_half_a_minute() {
    let world = World::new(Duration::ZERO, Duration::from_millis(5));
    let clock = Arc::clone(&world.clock);
    let meanwhile = async {
        tokio::time::sleep(minutes(10)).await;
        // Over the tick at 12:00: one read, though the clock went over many ticks.
        clock.set(TimeDelta::hours(20));
        tokio::time::sleep(minutes(10)).await;
        // Back by months: it was read at a moment that has not come, and is read at once.
        clock.set(-TimeDelta::days(90));
        tokio::time::sleep(minutes(10)).await;
        // Back by seconds, as clocks are: nothing.
        clock.set(-TimeDelta::seconds(50));
        tokio::time::sleep(minutes(10)).await;
    };
    world.run(vec![source("a", "0 12 * * *")], 1, meanwhile).await;
    let reads = world.reads_of("a");
    let forward = at("20:40");
    let back = at("20:50") - TimeDelta::days(90);
    assert_eq!(reads.len(), 3, "{reads:?}");
    for (found, expected) in reads.iter().zip([at("00:30"), forward, back]) {
        assert!((*found - expected).num_seconds().unsigned_abs() <= 31, "{found}, expected {expected}");
    }
}

#[tokio::test(start_paused = true)]
async fn reads_that_fail_or_break_off_or_are_not_kept_wait_longer_each_time_and_end_nothing() {
    for fault in [Fault::Fails, Fault::IsNotKept, Fault::Panics] {
        let world = World::new(Duration::ZERO, Duration::ZERO);
        *world.fault.lock().unwrap() = fault;
        let healing = Arc::clone(&world);
        let meanwhile = async {
            tokio::time::sleep(minutes(75)).await;
            *healing.fault.lock().unwrap() = Fault::None;
            tokio::time::sleep(minutes(60)).await;
        };
        world.run(vec![source("a", "0 2 * * *")], 1, meanwhile).await;
        let expected = ["00:30", "00:31", "00:36", "00:51", "01:51"].map(at);
        let mut reads = world.reads_of("a");
        // Well at 01:51, and so read at its next tick.
        assert_on_time(&reads.split_off(5), &[at("02:00")]);
        assert_on_time(&reads, &expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_read_under_way_is_finished_before_the_end() {
    let world = World::new(Duration::ZERO, minutes(10));
    world.run(vec![source("a", "0 2 * * *")], 1, tokio::time::sleep(minutes(1))).await;
    let kept = world.kept.lock().unwrap();
    assert_eq!(kept.values().filter(|kept| kept.state.is_some()).count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_day_of_idle_sources_asks_the_store_for_nothing() {
    let world = World::new(Duration::ZERO, Duration::ZERO);
    let sources: Vec<Source> =
        (0..100_000).map(|number| source(&format!("s{number}"), "0 12 1 1 *")).collect();
    for source in &sources {
        world.was_read(&source.id, None);
    }
    let count = sources.len();
    world.run(sources, 8, tokio::time::sleep(hours(24))).await;
    assert_eq!(world.looks.load(Ordering::Relaxed), count.div_ceil(LOOKED_UP_AT_ONCE), "at the start alone");
    assert!(world.reads.lock().unwrap().is_empty());
}

/// What idle sources cost over a real store: `cargo test --release --lib idle_sources_cost -- --ignored --nocapture`.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: prints the processor's time, and takes two minutes"]
async fn idle_sources_cost() {
    const SOURCES: usize = 100_000;
    const WATCHED: Duration = Duration::from_secs(60);
    let folder = tempfile::tempdir().unwrap();
    let settings = crate::settings::StoreSettings::Sled { path: folder.path().join("db") };
    let store = Store::open(&settings).unwrap();
    let clock: Arc<dyn Clock> = Arc::new(crate::clock::SystemClock);
    let sources: Vec<Source> =
        (0..SOURCES).map(|number| source(&format!("s{number}"), "0 12 1 1 *")).collect();
    let mut kept = Vec::new();
    for source in &sources {
        let state = ReadState::good(source.id.clone(), Validators::default(), clock.now());
        kept.push(store.commit_together(crate::store::ReadCommit::of(state)));
    }
    for keeping in kept {
        keeping.kept().await.unwrap();
    }
    let watch = store.watch_sources();
    let looking = store.clone();
    let look: Look = Box::new(move |ids| {
        let store = looking.clone();
        Box::pin(async move { store.schedules(ids).await })
    });
    let claim: ClaimSources = Box::new(|ids| panic!("{} are not due", ids.len()));
    let read: ReadSource = Box::new(|source, _| panic!("{} is not due", source.id));
    let planned = sources.into_iter().map(|source| Planned::new(Arc::new(source), false, Jitter::drawn(0)));
    let rules = Rules { started_at: clock.now(), longest_delay: Duration::ZERO };
    let mut scheduler = Scheduler::new(
        planned.collect(),
        rules,
        Hands { look, claim, read, is_large: Box::new(|_| false) },
        clock,
    );
    let before = processor_time();
    scheduler.look_up().await;
    println!("{SOURCES} sources planned: {:?} of the processor", processor_time().saturating_sub(before));
    let (stop, found) = (CancellationToken::new(), Notify::new());
    let before = processor_time();
    let running = scheduler.run(watch, 8, &found, stop.clone());
    let ending = async {
        tokio::time::sleep(WATCHED).await;
        stop.cancel();
    };
    tokio::join!(running, ending);
    println!(
        "{SOURCES} idle sources, {WATCHED:?}: {:?} of the processor",
        processor_time().saturating_sub(before)
    );
}

/// What this process used of the processor so far, as the kernel counts it.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields = stat.rsplit_once(") ").unwrap().1;
    let ticks: u64 = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}
