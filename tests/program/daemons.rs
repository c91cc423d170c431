//! Several daemons on one store. Three of them are killed, frozen and cut off from the database at random while pages
//! change and mail flows: no change is lost, nobody is told twice, no tick is missed, and the site is asked no faster than
//! by one.
//!
//! `REGWATCH_TEST_KILLS=100` has it go on until so many were killed.

#![expect(
    clippy::disallowed_methods,
    reason = "the daemons go by the same clock; a person says how often they are killed"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};

use super::home::Letter;
use super::killed::Draws;
use super::postgres::Server;
use super::sink::Sink;
use super::site::Moment;
use super::{HUAWEI, Home, Site, ZTE, covered_list};

/// Lists of one host that are watched.
const LISTS: usize = 6;

/// Who is told of every change.
const READERS: usize = 3;

/// Daemons.
const WORKERS: usize = 3;

/// Between two requests to one host.
const INTERVAL: Duration = Duration::from_millis(250);

/// What the site may see of it less: its own threads and the network are between.
const TOLERANCE: Duration = Duration::from_millis(30);

/// So long a worker is frozen: past the lease of whatever it has claimed.
const FROZEN_FOR: Duration = Duration::from_secs(36);

/// So long it goes on at least: a frozen worker comes back within it.
const LASTING: Duration = Duration::from_secs(60);

/// A claim of a worker that is frozen ends after this.
const CLAIM_LASTS: Duration = Duration::from_secs(30);

/// Others look again so long after they found something claimed.
const LOOKED_AGAIN_AFTER: Duration = Duration::from_secs(15);

/// Within this time after a tick every list was read, also one that a worker had claimed which was frozen or killed, on a
/// machine that has other work. It goes on at least for so long after a tick.
const TICK_WITHIN: Duration =
    CLAIM_LASTS.saturating_add(LOOKED_AGAIN_AFTER).saturating_add(Duration::from_secs(5));

/// Whatever is left to be done is done within this.
const PATIENCE: Duration = Duration::from_secs(120);

/// Cuts every connection to the database.
const CUT: &str = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

fn lists(url: &str, schedule: &str) -> String {
    let list = |number: usize| {
        format!(
            "[[source]]\nid = \"list-{number}\"\nkind = \"fcc-covered-list\"\ntitle = \"List {number}\"\n\
             url = \"{url}/list-{number}\"\nschedule = \"{schedule}\"\n\
             guard = {{ min_entries = 2, max_drop = \"20%\" }}\n\n"
        )
    };
    (0..LISTS).map(list).collect()
}

fn page(list: usize, version: usize) -> String {
    let text = format!(", list {list}, version {version}.");
    covered_list(&[HUAWEI, ZTE, ("Hikvision", &text, "March 12, 2021")])
}

/// A daemon in a home of its own, as on a machine of its own.
struct Worker {
    home: Home,
    process: Child,
    log: PathBuf,
    lives: usize,
}

impl Worker {
    fn start(home: Home) -> Self {
        let log = home.path("daemon-0.log");
        let process = Self::spawn(&home, &log);
        Self { home, process, log, lives: 0 }
    }

    fn spawn(home: &Home, log: &PathBuf) -> Child {
        let mut program = home.program();
        program.arg("daemon").stdout(Stdio::null()).stderr(Stdio::from(File::create(log).unwrap()));
        program.spawn().unwrap()
    }

    fn start_again(&mut self) {
        self.lives += 1;
        self.log = self.home.path(&format!("daemon-{}.log", self.lives));
        self.process = Self::spawn(&self.home, &self.log);
    }

    fn says(&self, words: &str) -> bool {
        std::fs::read_to_string(&self.log).unwrap_or_default().contains(words)
    }

    #[track_caller]
    fn wait_until_it_says(&mut self, words: &str) {
        let end = Instant::now() + PATIENCE;
        while !self.says(words) {
            let said = || std::fs::read_to_string(&self.log).unwrap_or_default();
            assert!(self.process.try_wait().unwrap().is_none(), "it ended without {words:?}:\n{}", said());
            assert!(Instant::now() < end, "it does not say {words:?}:\n{}", said());
            std::thread::park_timeout(Duration::from_millis(50));
        }
    }

    fn signal(&self, signal: &str) {
        let pid = self.process.id().to_string();
        assert!(std::process::Command::new("kill").args([signal, &pid]).status().unwrap().success());
    }

    /// Ends it without warning; returns whether it was alive.
    fn kill(&mut self) -> bool {
        let was_alive = self.process.try_wait().unwrap().is_none();
        let _ = self.process.kill();
        self.process.wait().unwrap();
        was_alive
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

const RUNS: &str = "started: watching";

/// A site, a relay, a database and homes that share it.
struct World {
    server: Server,
    site: Site,
    sink: Sink,
    homes: Vec<Home>,
}

impl World {
    fn new(schedule: &str) -> Option<Self> {
        let server = Server::start("-c shared_buffers=32MB")?;
        let url = server.database();
        Self::over(server, url, schedule)
    }

    /// The same over a database that is there.
    fn over(server: Server, url: String, schedule: &str) -> Option<Self> {
        let sink = Sink::start("several workers on one store")?;
        let site = Site::start();
        for list in 0..LISTS {
            site.page(&format!("/list-{list}"), page(list, 0));
        }
        let sources = lists(&site.url, schedule);
        let first = Home::with_store(&sources, url);
        let others = (1..=WORKERS).map(|_| first.elsewhere(&sources)).collect::<Vec<_>>();
        let homes: Vec<Home> = std::iter::once(first).chain(others).collect();
        let interval = format!("host_interval = \"{}ms\"\nhost_burst = 1", INTERVAL.as_millis());
        for home in &homes {
            home.configure(&sources, &format!("smtp://127.0.0.1:{}", sink.port));
            home.amend("host_interval = \"0s\"", &interval);
        }
        for reader in 0..READERS {
            homes[0].subscribe(&format!("reader{reader}@example.org"), "hikvision");
        }
        Some(Self { server, site, sink, homes })
    }
}

fn wanted_kills() -> usize {
    std::env::var("REGWATCH_TEST_KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(0)
}

/// What was done to the workers.
#[derive(Debug, Default)]
struct Done {
    kills: usize,
    freezes: usize,
    cuts: usize,
    restarts: usize,
    ended: usize,
}

#[test]
fn three_workers_killed_frozen_and_cut_off_lose_nothing_tell_nothing_twice_and_stay_polite() {
    let Some(world) = World::new("* * * * *") else { return };
    let mut homes = world.homes.iter().skip(1).map(Home::elsewhere_alike).collect::<Vec<_>>();
    let mut workers: Vec<Worker> = homes.drain(..).map(Worker::start).collect();
    for worker in &mut workers {
        worker.wait_until_it_says(RUNS);
    }
    for list in 0..LISTS {
        world.site.wait_until_asked(&format!("/list-{list}"), 1);
    }
    let began = SystemTime::now();
    let (done, last) = while_pages_change(&world, || disturb(&world, &mut workers));
    let ended = SystemTime::now();
    wait_until_told(&world, &workers, &last);
    wait_until_all_are_seen(&world, &mut workers);
    drop(workers);
    tell(&world, &done, (began, ended));
}

/// Has pages change all the time, and somebody read them beside the schedule; gives the last version of each.
fn while_pages_change<T>(world: &World, meanwhile: impl FnOnce() -> T) -> (T, Vec<usize>) {
    let versions: Vec<AtomicUsize> = (0..LISTS).map(|_| AtomicUsize::new(0)).collect();
    let is_over = AtomicBool::new(false);
    let done = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut draws = Draws(0x5eed_0011);
            while !is_over.load(Ordering::SeqCst) {
                let list = usize::try_from(draws.next() % 1_000_003).unwrap() % LISTS;
                let version = versions[list].fetch_add(1, Ordering::SeqCst) + 1;
                world.site.page(&format!("/list-{list}"), page(list, version));
                let mut check = world.homes[0].program();
                let _ = check.args(["check", "now", &format!("list-{list}")]).output();
            }
        });
        let _ending = Ending(&is_over);
        meanwhile()
    });
    (done, versions.iter().map(|version| version.load(Ordering::SeqCst)).collect())
}

/// Says that it is over, also where a test has failed: nobody waits for ever.
struct Ending<'a>(&'a AtomicBool);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What still is to be done is done by those that live.
fn wait_until_told(world: &World, workers: &[Worker], last: &[usize]) {
    let until = Instant::now() + PATIENCE;
    world.homes[0].check(0);
    while !is_told(world, last) {
        assert!(Instant::now() < until, "{:?}: what was found is not told: {last:?}", logs(workers));
        // What was in doubt at a kill would wait a quarter of an hour.
        world.homes[0].run(&["outbox", "retry"]).expect(0);
        std::thread::park_timeout(Duration::from_millis(500));
    }
}

/// Every worker shows in the status, and nothing else does. What came last may have been a freeze, after which a worker
/// says again that it is there, or a cut at which it ended: then it is started again, as a machine does.
fn wait_until_all_are_seen(world: &World, workers: &mut [Worker]) {
    let until = Instant::now() + PATIENCE;
    loop {
        for worker in &mut *workers {
            if worker.process.try_wait().unwrap().is_some() {
                worker.start_again();
                worker.wait_until_it_says(RUNS);
            }
        }
        let status = world.homes[0].run(&["status", "--json"]).json();
        let daemons = status["daemons"].as_array().unwrap();
        let seen: BTreeSet<u64> = daemons
            .iter()
            .filter(|daemon| daemon["is_alive"] == true)
            .map(|daemon| daemon["pid"].as_u64().unwrap())
            .collect();
        if seen == workers.iter().map(|worker| worker.process.id().into()).collect() {
            return;
        }
        assert!(Instant::now() < until, "{status}: not the {WORKERS} workers of {:?}", logs(workers));
        std::thread::park_timeout(Duration::from_millis(500));
    }
}

fn logs(workers: &[Worker]) -> Vec<String> {
    workers.iter().map(|worker| std::fs::read_to_string(&worker.log).unwrap_or_default()).collect()
}

/// What is done to workers.
#[derive(Debug, Clone, Copy)]
enum Deed {
    Kill,
    Freeze,
    Cut,
    Restart,
}

/// Kills, freezes, cuts off and restarts at random until it was enough. Each is done once at least.
fn disturb(world: &World, workers: &mut [Worker]) -> Done {
    let mut draws = Draws(0x5eed_0012);
    let mut draw = |below: usize| usize::try_from(draws.next() % 1_000_003).unwrap() % below;
    let (mut done, begin) = (Done::default(), Instant::now());
    let mut frozen: Option<(usize, Instant)> = None;
    let has_ticked = begin + until_next_minute(SystemTime::now()) + TICK_WITHIN;
    while begin.elapsed() < LASTING
        || Instant::now() < has_ticked
        || done.kills < wanted_kills()
        || frozen.is_some()
    {
        if let Some((number, _)) = frozen.filter(|(_, since)| since.elapsed() > FROZEN_FOR) {
            workers[number].signal("-CONT");
            frozen = None;
        }
        let is_time_left = begin.elapsed() + FROZEN_FOR < LASTING || done.kills < wanted_kills();
        let deed = match (draw(12), &done) {
            (_, Done { freezes: 0, .. }) => Deed::Freeze,
            (_, Done { kills: 2, cuts: 0, .. }) | (0, _) => Deed::Cut,
            (_, Done { kills: 4, restarts: 0, .. }) => Deed::Restart,
            (1, Done { restarts, kills, .. }) if restarts * 25 < *kills => Deed::Restart,
            (2 | 3, _) if frozen.is_none() && is_time_left => Deed::Freeze,
            _ => Deed::Kill,
        };
        let mut number = draw(workers.len());
        if frozen.is_some_and(|(other, _)| other == number) {
            number = (number + 1) % workers.len();
        }
        let worker = &mut workers[number];
        match deed {
            Deed::Kill => {
                if worker.kill() {
                    done.kills += 1;
                } else {
                    done.ended += 1;
                }
                worker.start_again();
                worker.wait_until_it_says(RUNS);
            }
            Deed::Freeze => {
                worker.signal("-STOP");
                frozen = Some((number, Instant::now()));
                done.freezes += 1;
            }
            Deed::Cut => {
                let url = world.homes[0].store();
                let cut = world.server.run("psql", &["-qAt", "-d", url, "-c", CUT]).output().unwrap();
                done.cuts += usize::from(cut.status.success());
            }
            Deed::Restart => {
                world.server.restart_at_once();
                done.restarts += 1;
            }
        }
        std::thread::park_timeout(Duration::from_millis(u64::try_from(draw(700)).unwrap()));
    }
    done
}

/// Whether the last version of every list was found and every mail has gone.
fn is_told(world: &World, last: &[usize]) -> bool {
    let changes = changes(world);
    let found = last.iter().enumerate().all(|(list, version)| {
        let text = format!(", list {list}, version {version}.");
        *version == 0 || changes.iter().any(|change| change.to_string().contains(&text))
    });
    let copies = world.sink.copies();
    let is_known =
        |change: &serde_json::Value| (0..READERS).all(|reader| !telling(&copies, change, reader).is_empty());
    found && changes.iter().all(is_known) && mails(world).iter().all(|mail| mail["state"] == "sent")
}

/// The mails by which a reader was told of a change.
fn telling<'a>(copies: &'a [Letter], change: &serde_json::Value, reader: usize) -> BTreeSet<&'a str> {
    let (id, to) = (&change["id"].as_str().unwrap()[..16], format!("reader{reader}@example.org"));
    let telling = copies.iter().filter(|copy| copy.to == to && copy.text.contains(id));
    telling.map(|copy| &copy.message_id[..]).collect()
}

fn changes(world: &World) -> Vec<serde_json::Value> {
    let listed = world.homes[0].run(&["changes", "list", "--limit", "100000", "--json"]).expect(0).json();
    listed["changes"].as_array().unwrap().clone()
}

fn mails(world: &World) -> Vec<serde_json::Value> {
    let listed = world.homes[0].run(&["outbox", "list", "--limit", "100000", "--json"]).expect(0).json();
    listed["mails"].as_array().unwrap().clone()
}

/// Holds what came of it to what must be so; gives the figures.
fn hold_to_it(world: &World) -> String {
    let (changes, mails, copies) = (changes(world), mails(world), world.sink.copies());
    let mut copies_of: BTreeMap<&str, usize> = BTreeMap::new();
    for copy in &copies {
        *copies_of.entry(&copy.message_id).or_default() += 1;
    }
    let mut shown = BTreeSet::new();
    for change in &changes {
        for reader in 0..READERS {
            let telling = telling(&copies, change, reader);
            assert_eq!(telling.len(), 1, "reader {reader} is told of {change} by {telling:?}");
        }
        let found = (change["source"].to_string(), change["fields"].to_string());
        assert!(shown.insert(found), "found twice: {change}");
    }
    let duplicates: usize = copies_of.values().map(|copies| copies - 1).sum();
    let in_doubt: u64 = mails.iter().map(|mail| mail["in_doubt"].as_u64().unwrap()).sum();
    assert!(duplicates as u64 <= in_doubt, "a copy that nobody counted: {duplicates} of {in_doubt}");
    assert_eq!(copies_of.len(), mails.len(), "a mail that was sent is at the sink, and nothing else is");
    format!(
        "{} changes, {} mails, {} copies of which {duplicates} are second ones ({in_doubt} in doubt); lost 0, told twice 0",
        changes.len(),
        mails.len(),
        copies.len(),
    )
}

/// Shows the figures, with what the site saw.
#[allow(clippy::print_stdout, reason = "the figures are shown")]
fn tell(world: &World, done: &Done, (began, ended): (SystemTime, SystemTime)) {
    let told = hold_to_it(world);
    let asked = world.site.moments();
    let distance = asked.windows(2).map(|pair| pair[1].at - pair[0].at).min().unwrap_or_default();
    let robots = asked.iter().filter(|asked| asked.path == "/robots.txt").count();
    let (ticks, missed) = ticks(&asked, began, ended);
    println!(
        "{WORKERS} workers: {done:?}; {} requests at least {} ms apart (interval {} ms), {robots} for robots.txt; \
         {ticks} ticks, {missed} missed; {told}",
        asked.len(),
        distance.as_millis(),
        INTERVAL.as_millis(),
    );
    assert!(distance + TOLERANCE >= INTERVAL, "{distance:?}");
    assert!(ticks > 0);
    assert_eq!(missed, 0, "a tick");
    assert!(done.kills >= 5 && done.freezes > 0, "{done:?}");
}

/// A read that is under way at a tick is read after it.
const AT_A_TICK: Duration = Duration::from_secs(1);

fn until_next_minute(at: SystemTime) -> Duration {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Duration::from_secs(60).saturating_sub(Duration::new(since.as_secs() % 60, since.subsec_nanos()))
}

/// How many ticks of the lists there were within a time, and of how many nobody read the list soon after.
fn ticks(asked: &[Moment], began: SystemTime, ended: SystemTime) -> (usize, usize) {
    let (mut ticks, mut missed) = (0, 0);
    let mut tick = began + until_next_minute(began);
    while tick + TICK_WITHIN < ended {
        for list in 0..LISTS {
            let path = format!("/list-{list}");
            let is_read = |asked: &Moment| {
                asked.path == path && asked.wall + AT_A_TICK >= tick && asked.wall <= tick + TICK_WITHIN
            };
            ticks += 1;
            missed += usize::from(!asked.iter().any(is_read));
        }
        tick += Duration::from_secs(60);
    }
    (ticks, missed)
}

#[test]
fn workers_with_roles_do_their_part_and_the_status_shows_who_does_what() {
    let Some(world) = World::new("15 */2 * * *") else { return };
    let start = |home: &Home, roles: &str| {
        let log = home.path("daemon-0.log");
        let mut program = home.program();
        program.args(["daemon", "--role", roles]);
        program.stdout(Stdio::null()).stderr(Stdio::from(File::create(&log).unwrap()));
        Worker { home: home.elsewhere_alike(), process: program.spawn().unwrap(), log, lives: 0 }
    };
    let mut reading = start(&world.homes[1], "read");
    reading.wait_until_it_says(RUNS);
    for list in 0..LISTS {
        world.site.wait_until_asked(&format!("/list-{list}"), 1);
    }
    world.site.page("/list-0", page(0, 1));
    // The daemon of this home reads, and makes no mails of what it finds, also not at somebody's word.
    let report = world.homes[1].check(0);
    assert!(report["mails_queued"].is_null() && report.to_string().contains("version 1"), "{report}");
    assert!(world.homes[1].run(&["check", "now"]).stdout.contains("mails are left to another worker"));
    assert_eq!(mails(&world), [] as [serde_json::Value; 0]);
    world.homes[1].run(&["source", "pause", "list-1"]).expect(0);
    let status = world.homes[1].run(&["status", "--json"]).json();
    let daemons = status["daemons"].as_array().unwrap();
    assert_eq!(
        (daemons.len(), &daemons[0]["roles"], &daemons[0]["is_current"]),
        (1, &serde_json::json!(["read"]), &true.into())
    );
    assert_eq!(
        status["workers"].as_array().unwrap().iter().filter(|task| task["name"] == "telling").count(),
        0
    );
    let mut telling = start(&world.homes[2], "tell");
    telling.wait_until_it_says(RUNS);
    let end = Instant::now() + PATIENCE;
    while mails(&world).len() < READERS {
        assert!(Instant::now() < end, "{:?}", logs(&[reading, telling]));
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let refused = world.homes[2].run(&["check", "now", "list-0"]).expect(1).stderr;
    assert!(refused.contains("reads no source (its roles: tell)"), "{refused}");
    // Neither of them sends, whichever command asks for it.
    let untried = world.homes[2].run(&["mail", "test", "reader0@example.org"]).expect(1).stdout;
    assert!(untried.contains("queued"), "{untried}");
    world.homes[1].run(&["outbox", "retry"]).expect(0);
    assert_eq!(world.sink.copies().len(), 0);
    assert!(mails(&world).iter().all(|mail| mail["attempts"] == 0), "{:?}", mails(&world));
    let mut sending = start(&world.homes[3], "send");
    sending.wait_until_it_says(RUNS);
    while world.sink.copies().len() < READERS + 1 {
        assert!(Instant::now() < end, "{:?}", logs(&[reading, telling, sending]));
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let tested = world.homes[2].run(&["mail", "test", "reader1@example.org"]).expect(0).stdout;
    assert!(tested.contains("reader1@example.org"), "{tested}");
    let shown = world.homes[0].run(&["status"]).stdout;
    for role in ["tell", "read", "send"] {
        assert!(shown.contains(&format!("{role}; generation 1")), "{shown}");
    }
}

#[test]
fn a_role_is_refused_where_one_process_must_do_all() {
    let site = Site::start();
    let home = Home::with_store(&lists(&site.url, "15 */2 * * *"), "sled:../state/db".to_owned());
    let refused = home.run(&["daemon", "--role", "read"]).expect(1).stderr;
    assert!(refused.contains("belongs to one process") && refused.contains("without --role"), "{refused}");
    let unknown = home.run(&["daemon", "--role", "reads"]).expect(2).stderr;
    assert!(unknown.contains("read, tell, send, web, inbox"), "{unknown}");
}

#[test]
fn a_new_configuration_is_adopted_in_one_step_and_who_has_the_old_one_begins_nothing() {
    let Some(world) = World::new("15 */2 * * *") else { return };
    let mut one = Worker::start(world.homes[1].elsewhere_alike());
    let mut other = Worker::start(world.homes[2].elsewhere_alike());
    one.wait_until_it_says(RUNS);
    other.wait_until_it_says(RUNS);
    one.home.amend("15 */2 * * *", "20 */2 * * *");
    one.home.run(&["reload"]).expect(0);
    one.wait_until_it_says("as generation 2");
    other.wait_until_it_says("this worker begins nothing");
    let refused = other.home.run(&["check", "now", "list-0", "--json"]);
    assert!(refused.stdout.contains("generation 2 of the configuration is in force"), "{refused:?}");
    let status = one.home.run(&["status"]);
    assert_eq!(status.code, Some(5), "{status:?}");
    assert!(
        status.stdout.contains("begins nothing") && status.stdout.contains("regwatch reload"),
        "{status:?}"
    );
    // One that starts with the old files does not bring it back.
    other.kill();
    other.start_again();
    other.wait_until_it_says("this worker begins nothing");
    other.home.amend("15 */2 * * *", "20 */2 * * *");
    other.home.run(&["reload"]).expect(0);
    other.wait_until_it_says("generation 2");
    assert_eq!(other.home.check(0)["sources"].as_array().unwrap().len(), LISTS);
}

/// The database's machine dies while two workers are at it, and a standby takes over that has all that was acknowledged.
#[test]
#[allow(clippy::print_stdout, reason = "the figures are shown")]
fn a_failover_to_a_synchronous_standby_loses_nothing_and_tells_nothing_twice() {
    let Some(server) = Server::start("-c shared_buffers=32MB") else { return };
    let standby = server.standby();
    let url = server.with_standby(&server.database(), &standby);
    let Some(world) = World::over(server, url, "* * * * *") else { return };
    let mut workers = [1, 2].map(|number| Worker::start(world.homes[number].elsewhere_alike()));
    for worker in &mut workers {
        worker.wait_until_it_says(RUNS);
    }
    let ((), last) = while_pages_change(&world, || {
        std::thread::park_timeout(Duration::from_secs(8));
        world.server.fail_over_to(&standby);
        std::thread::park_timeout(Duration::from_secs(8));
    });
    wait_until_told(&world, &workers, &last);
    println!("a failover under 2 workers: {}", hold_to_it(&world));
    drop(workers);
}
