//! A day of very many sources on the shipped schedules, as fast as the queue decides: none is missed, none is late for
//! long, and no host is asked twice within its interval.
//!
//! `REGWATCH_SIMULATED_SOURCES`, `REGWATCH_SIMULATED_DAYS` and `REGWATCH_SIMULATED_AT_ONCE` (reads at once) ask for more than
//! a test takes the time for.

use std::sync::Arc;
use std::sync::Mutex;

use chrono::TimeDelta;
use chrono_tz::Tz;
use tokio::time::{Instant, sleep, sleep_until};

use super::tests::WallClock;
use super::*;
use crate::domain::due::due_at;
use crate::domain::read_state::ReadState;
use crate::domain::schedule::CronExpr;
use crate::domain::snapshot::Validators;
use crate::domain::source::SourceKind;
use crate::domain::token_bucket::{BucketRate, TokenBucket};
use crate::domain::verdict::Verdict;
use crate::store::SourceBell;

/// Sources of one host.
const OF_A_HOST: usize = 10;

/// As is configured where nothing else is said, but for the sources read at once.
const LONGEST_DELAY: Duration = Duration::from_secs(60);
const HOST_RATE: BucketRate = BucketRate { interval: Duration::from_secs(2), burst: 1 };
const AT_ONCE: u64 = 64;

/// Of so many reads one fails.
const ONE_FAILS_OF: u64 = 100;

/// The schedules of the shipped sources, each with its time zone.
fn shipped() -> Vec<(CronExpr, Tz)> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/sources");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let mut schedules = Vec::new();
    for file in files {
        let table: toml::Table = std::fs::read_to_string(file).unwrap().parse().unwrap();
        for source in table.get("source").and_then(toml::Value::as_array).into_iter().flatten() {
            let word = |name: &str| source.get(name).and_then(toml::Value::as_str);
            if let Some(schedule) = word("schedule") {
                schedules
                    .push((schedule.parse().unwrap(), word("timezone").unwrap_or("UTC").parse().unwrap()));
            }
        }
    }
    schedules
}

/// A number that looks drawn, and is the same in every run.
fn drawn(source: usize, read: u64) -> u64 {
    let mut state = ((source as u64) << 32) ^ read ^ 0x9e37_79b9_7f4a_7c15;
    for _ in 0..2 {
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    }
    state ^ (state >> 31)
}

fn jitter(source: usize, read: u64) -> Jitter {
    Jitter::drawn(u16::try_from(drawn(source, read) >> 48).unwrap())
}

#[derive(Debug, Default)]
struct Host {
    bucket: TokenBucket,
    asked: Option<Instant>,
}

/// What is kept of a source, and when it is due next.
#[derive(Debug, Clone)]
struct Kept {
    state: Option<ReadState>,
    reads: u64,
    /// By its schedule or its backoff, and when that is put off by its delay.
    tick: DateTime<Utc>,
    due: DateTime<Utc>,
}

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    /// How late each read began, in milliseconds.
    lateness: Vec<u32>,
    nearest: Option<Duration>,
    missed: usize,
}

struct World {
    clock: Arc<WallClock>,
    bell: SourceBell,
    sources: Vec<Source>,
    numbers: HashMap<SourceId, usize>,
    kept: Mutex<Vec<Kept>>,
    hosts: Vec<tokio::sync::Mutex<Host>>,
    begun: Instant,
    started_at: DateTime<Utc>,
    seen: Mutex<Seen>,
}

impl World {
    fn new(count: usize) -> Arc<Self> {
        let clock = Arc::new(WallClock::new());
        let shipped = shipped();
        let source = |number: usize| {
            let (schedule, timezone) = shipped[number % shipped.len()].clone();
            let id = format!("source-{number}").parse().unwrap();
            Source { id, schedule, timezone, ..Source::sample(SourceKind::Feed) }
        };
        let sources: Vec<Source> = (0..count).map(source).collect();
        let started_at = clock.now();
        // As after a day on which all went well, so that the first minute is one like any other.
        let kept = (0..count).map(|number| {
            let last = started_at - TimeDelta::seconds(i64::try_from(drawn(number, 0) % 60).unwrap());
            let good = ReadState::good(sources[number].id.clone(), Validators::default(), last);
            let state = ReadState { jitter: Some(jitter(number, 0)), ..good };
            Self::kept(&sources[number], number, state, 1, started_at)
        });
        Arc::new(Self {
            bell: SourceBell::default(),
            numbers: sources.iter().enumerate().map(|(number, source)| (source.id.clone(), number)).collect(),
            kept: Mutex::new(kept.collect()),
            hosts: (0..count.div_ceil(OF_A_HOST)).map(|_| tokio::sync::Mutex::default()).collect(),
            begun: Instant::now(),
            started_at,
            seen: Mutex::default(),
            sources,
            clock,
        })
    }

    fn kept(source: &Source, number: usize, state: ReadState, reads: u64, now: DateTime<Utc>) -> Kept {
        let tick = due_at(source, Some(&state), DateTime::<Utc>::MIN_UTC, now).unwrap();
        let delay = state.jitter.unwrap_or_else(|| jitter(number, reads)).of(LONGEST_DELAY);
        Kept { state: Some(state), reads, tick, due: tick + delay }
    }

    async fn read(self: Arc<Self>, source: Arc<Source>) -> Ended {
        let number = self.numbers[&source.id];
        let before = self.kept.lock().unwrap()[number].clone();
        let is_failing = {
            let mut host = self.hosts[number / OF_A_HOST].lock().await;
            sleep_until(self.begun + host.bucket.free_at(HOST_RATE, self.begun.elapsed())).await;
            host.bucket.take(HOST_RATE, 1, self.begun.elapsed());
            self.note(&source, &before, host.asked.replace(Instant::now()));
            let chance = drawn(number, before.reads);
            sleep(Duration::from_millis(200 + chance % 1_800)).await;
            chance.is_multiple_of(ONE_FAILS_OF)
        };
        let now = self.clock.now();
        let state = if is_failing {
            ReadState::unread(source.id.clone(), before.state, Verdict::Failed, "down".to_owned(), None, now)
        } else {
            ReadState::good(source.id.clone(), Validators::default(), now)
        };
        let state = ReadState { jitter: Some(jitter(number, before.reads)), ..state };
        self.kept.lock().unwrap()[number] = Self::kept(&source, number, state, before.reads + 1, now);
        self.bell.ring(source.id.clone());
        Ended { is_kept: true, is_to_be_told: false }
    }

    /// Notes that a source is asked.
    fn note(&self, source: &Source, before: &Kept, host_asked: Option<Instant>) {
        let now = self.clock.now();
        let mut seen = self.seen.lock().unwrap();
        let late = (now - before.due).num_milliseconds();
        assert!(late >= 0, "{} was read {late} ms late", source.id);
        seen.lateness.push(u32::try_from(late).unwrap());
        seen.nearest = seen.nearest.into_iter().chain(host_asked.map(|asked| asked.elapsed())).min();
        // What came up again before the source was asked is a tick that nobody read it for.
        let again = source.schedule.next_after(before.tick, source.timezone);
        if before.state.as_ref().is_some_and(|state| state.verdict.is_read())
            && again.is_some_and(|at| at <= now)
        {
            seen.missed += 1;
        }
    }

    /// Has the real queue read all sources for so long, so many at once.
    async fn run(self: &Arc<Self>, lasting: Duration, at_once: usize) {
        let (looking, reading) = (Arc::clone(self), Arc::clone(self));
        let look: Look = Box::new(move |ids| {
            let world = Arc::clone(&looking);
            Box::pin(async move {
                let kept = world.kept.lock().unwrap();
                let state = |id: &SourceId| kept[world.numbers[id]].state.clone();
                Ok(ids
                    .iter()
                    .map(|id| Ok(KeptSchedule { state: state(id), ..KeptSchedule::default() }))
                    .collect())
            })
        });
        let read: ReadSource = Box::new(move |source, _| Box::pin(Arc::clone(&reading).read(source)));
        // Nobody else reads: every claim is granted.
        let claim: ClaimSources = Box::new(|ids| {
            let claimed = ids.iter().map(|_| Some(ClaimedSource { claim: None, kept: None })).collect();
            Box::pin(async move { Ok(claimed) })
        });
        let planned =
            self.sources.iter().map(|source| Planned::new(Arc::new(source.clone()), false, Jitter::drawn(0)));
        let rules = Rules { started_at: self.started_at - TimeDelta::days(1), longest_delay: LONGEST_DELAY };
        let hands = Hands { look, claim, read, is_large: Box::new(|_| false) };
        let scheduler =
            Scheduler::new(planned.collect(), rules, hands, Arc::clone(&self.clock) as Arc<dyn Clock>);
        let (watch, stop, found) = (self.bell.watch(), CancellationToken::new(), Notify::new());
        let ending = async {
            sleep(lasting).await;
            stop.cancel();
        };
        tokio::join!(scheduler.run(watch, at_once, &found, stop.clone()), ending);
    }
}

#[expect(clippy::disallowed_methods, reason = "a person who runs it by hand says how much of it")]
fn wanted(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn of_a_day_of_many_sources_no_tick_is_missed_and_no_host_is_pressed() {
    let count = usize::try_from(wanted("REGWATCH_SIMULATED_SOURCES", 10_000)).unwrap();
    let days = wanted("REGWATCH_SIMULATED_DAYS", 1);
    let at_once = usize::try_from(wanted("REGWATCH_SIMULATED_AT_ONCE", AT_ONCE)).unwrap();
    let world = World::new(count);
    world.run(Duration::from_secs(days * 86_400), at_once).await;
    let mut seen = std::mem::take(&mut *world.seen.lock().unwrap());
    seen.lateness.sort_unstable();
    let reads = seen.lateness.len();
    let late = |part: usize| Duration::from_millis(seen.lateness[(reads - 1) * part / 100].into());
    // What was due well before the end was read.
    let end = world.clock.now();
    let overdue =
        world.kept.lock().unwrap().iter().filter(|kept| kept.due + TimeDelta::minutes(5) < end).count();
    println!(
        "{count} sources for {days} days, {at_once} read at once: {reads} reads, late by {:?} at the median, {:?} of 99 in a hundred, {:?} at \
         most; {} ticks missed, {overdue} overdue at the end; two requests to one host {:?} apart or more",
        late(50),
        late(99),
        late(100),
        seen.missed,
        seen.nearest.unwrap_or_default()
    );
    assert_eq!((seen.missed, overdue), (0, 0));
    assert!(seen.nearest >= Some(HOST_RATE.interval), "{:?}", seen.nearest);
    // On the average a shipped source is read more than thirty times a day.
    assert!(reads > count * 20 * usize::try_from(days).unwrap(), "{reads}");
}
