//! What a store in PostgreSQL does with a hundred thousand sources and a million readers: `cargo bench --bench scale`.
//!
//! It starts a server of its own, which forces what it keeps to the disk, and prints reads and mails a second with one,
//! two and four workers (each an opening of its own), what one alert to all readers costs, and what an old snapshot
//! that somebody holds open does to the queue. Every part ends with an error where what is kept is not right.
//! `cargo bench --bench scale -- sources=1000 readers=10000` measures with fewer, `reads-and-mails` ends after these, and
//! `without-room` has the server fill its pages, so that rows which are rewritten find no room beside themselves.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]
#![expect(clippy::cast_precision_loss, reason = "counts and milliseconds fit")]

#[path = "../src/allocator.rs"]
mod allocator;
#[path = "../tests/store/fixture.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod fixture;
#[path = "../tests/left_out/mod.rs"]
mod left_out;
#[path = "../tests/postgres/mod.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod postgres;

use std::collections::BTreeSet;
use std::io::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use fixture::{at, changed, good, keep, mail, page, snapshot, source, topic};
use postgres::Server;
use regwatch::domain::alert::{Alert, AlertItem};
use regwatch::domain::change::Change;
use regwatch::domain::grouping::{CollectionRules, due};
use regwatch::domain::id::MailId;
use regwatch::domain::read_state::ReadState;
use regwatch::domain::subscription::{Cadence, Preferences, Subscriber, Subscription, SubscriptionState};
use regwatch::settings::{DatabaseUrl, Retention, StoreSettings};
use regwatch::store::{FanOut, FollowerSet, ReadCommit, SetFanOut, Store};
use tokio::task::JoinSet;

/// How long each number of workers reads.
const LASTING: Duration = Duration::from_secs(4);

/// What each worker does at once.
const TASKS: usize = 8;

/// Mails that each number of workers sends.
const MAILS: usize = 4_000;

/// Mails that are leased at once.
const LEASED: usize = 50;

/// Who follows another company, so that telling each alone takes no hour.
const FEW: usize = 20_000;

fn main() {
    let argument = |name: &str, otherwise: usize| {
        let found =
            std::env::args().find_map(|word| word.strip_prefix(name)?.strip_prefix('=')?.parse().ok());
        found.unwrap_or(otherwise)
    };
    let (sources, readers) = (argument("sources", 100_000), argument("readers", 1_000_000));
    let says = |wanted: &str| std::env::args().any(|word| word == wanted);
    let (room, few) = (says("without-room"), says("reads-and-mails"));
    tokio::runtime::Runtime::new().unwrap().block_on(measure(sources, readers, room, few));
}

async fn measure(sources: usize, readers: usize, is_without_room: bool, ends_early: bool) {
    let Some(server) = Server::start("-c shared_buffers=512MB -c max_wal_size=8GB") else { return };
    let place = Place { url: server.database(), local: tempfile::tempdir().unwrap(), server };
    let store = place.open();
    if is_without_room {
        place.sql(
            "ALTER TABLE read_states SET (fillfactor = 100); ALTER TABLE touches SET (fillfactor = 100); \
             ALTER TABLE mails SET (fillfactor = 100)",
        );
    }
    let took = timed(place.load(&store, sources, readers)).await;
    println!("loaded                {sources} sources and {readers} readers in {:.1} s", took.as_secs_f64());
    for workers in [1, 2, 4] {
        place.read(&store, workers, sources).await;
    }
    for workers in [1, 2, 4] {
        place.send(&store, workers, "").await;
    }
    println!("rows written in place {}", place.in_place());
    if ends_early {
        return;
    }
    place.retire(&store).await;
    place.tell_all(&store, readers).await;
    place.tell_few(&store, readers).await;
    place.send_beside_an_old_snapshot(&store).await;
}

struct Place {
    server: Server,
    url: String,
    local: tempfile::TempDir,
}

/// What the server had done by a moment.
struct Mark {
    at: Instant,
    wal: i64,
    cpu: Duration,
}

/// What it did since.
struct Cost {
    took: Duration,
    wal: i64,
    cpu: Duration,
}

impl Place {
    fn open(&self) -> Store {
        let url = DatabaseUrl::new(&self.url, None).unwrap();
        Store::open(&StoreSettings::Postgres { url, local: self.local.path().join("db") }).unwrap()
    }

    /// The one answer to a question, or nothing.
    fn sql(&self, text: &str) -> String {
        let ran = self.server.run("psql", &["-qAt", "-v", "ON_ERROR_STOP=1", "-d", &self.url, "-c", text]);
        let ran = { ran }.output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap().trim().to_owned()
    }

    fn number(&self, text: &str) -> i64 {
        self.sql(text).parse().unwrap()
    }

    fn mark(&self) -> Mark {
        let wal = self.number("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::bigint");
        Mark { at: Instant::now(), wal, cpu: self.server.cpu() }
    }

    fn since(&self, mark: &Mark) -> Cost {
        let took = mark.at.elapsed();
        let now = self.mark();
        Cost { took, wal: now.wal - mark.wal, cpu: now.cpu.saturating_sub(mark.cpu) }
    }

    /// A few records by the program, and as many like them as are wanted by the server.
    async fn load(&self, store: &Store, sources: usize, readers: usize) {
        let first = source("source-0");
        keep(store, ReadCommit::of(good(&first, &snapshot(&first, 1, b"a page")))).await.unwrap();
        let ways = [
            Preferences::default(),
            Preferences {
                cadence: Cadence::Daily,
                zone: "Europe/Berlin".parse().unwrap(),
                ..Preferences::default()
            },
            Preferences { quiet: "22:00-07:00".parse().ok(), ..Preferences::default() },
        ];
        for (number, preferences) in ways.into_iter().enumerate() {
            let mut reader = Subscriber::new(format!("reader-{number}@example.org").parse().unwrap());
            reader.preferences = preferences;
            reader.subscriptions = [topic("zte"), topic("dahua")].map(following).into();
            store.import(vec![reader], false).await.unwrap();
        }
        let (sources, readers, few) = (sources - 1, readers - 1, FEW.min(readers));
        self.sql(&format!(
            "INSERT INTO read_states SELECT convert_to('source-'||n, 'UTF8'), '\\x0100'::bytea || convert_to(replace(json, \
             '\"source-0\"', '\"source-'||n||'\"'), 'UTF8') FROM generate_series(1, {sources}) n, LATERAL (SELECT \
             convert_from(substr(record, 3), 'UTF8') AS json FROM read_states WHERE key = 'source-0') one; \
             INSERT INTO subscribers SELECT convert_to('reader-'||n||'@example.org', 'UTF8'), '\\x0100'::bytea || \
             convert_to(replace(json, 'reader-'||n % 3||'@', 'reader-'||n||'@'), 'UTF8') FROM generate_series(3, {readers}) n \
             JOIN (SELECT key, convert_from(substr(record, 3), 'UTF8') AS json FROM subscribers) one \
             ON one.key = convert_to('reader-'||n % 3||'@example.org', 'UTF8'); \
             INSERT INTO followers SELECT convert_to(topic, 'UTF8') || '\\x00'::bytea || convert_to('reader-'||n||'@example.org', \
             'UTF8'), one.record FROM generate_series(3, {readers}) n CROSS JOIN (VALUES ('zte', {readers}), ('dahua', {few} - 1)) \
             t (topic, most) JOIN (SELECT key, record FROM followers) one ON one.key = convert_to(topic, 'UTF8') || '\\x00'::bytea \
             || convert_to('reader-'||n % 3||'@example.org', 'UTF8') WHERE n <= most ORDER BY 1"
        ));
        self.sql("VACUUM ANALYZE read_states");
        self.sql("VACUUM ANALYZE subscribers");
        self.sql("VACUUM ANALYZE followers");
        let kept = store.subscriber(&"reader-100@example.org".parse().unwrap()).await.unwrap().unwrap();
        assert_eq!(kept.preferences.cadence, Cadence::Daily, "{kept:?}");
    }

    /// Unchanged reads, each looked up and kept.
    async fn read(&self, store: &Store, count: usize, sources: usize) {
        let workers: Vec<Store> = (0..count).map(|_| self.open()).collect();
        let read_at = at(10 + i64::try_from(count).unwrap());
        let (mark, end) = (self.mark(), Instant::now() + LASTING);
        let mut tasks = JoinSet::new();
        for task in 0..count * TASKS {
            let worker = workers[task % count].clone();
            tasks.spawn(async move {
                let (mut kept, mut number) = (Vec::new(), task);
                while Instant::now() < end {
                    let id = source(&format!("source-{number}"));
                    number = (number + count * TASKS * 7) % sources;
                    let state = good(&id, &snapshot(&id, 1, b"a page"));
                    let state = ReadState { last_read_at: read_at, ..state };
                    let version = worker.known(&id).await.unwrap().version;
                    worker
                        .commit_together(ReadCommit::of(state).computed_from(version))
                        .kept()
                        .await
                        .unwrap();
                    kept.push(id);
                }
                kept
            });
        }
        let kept: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
        let cost = self.since(&mark);
        for id in kept.iter().step_by(97) {
            let state = store.known(id).await.unwrap().state.unwrap();
            assert_eq!(state.last_read_at, read_at, "{id} was not kept");
        }
        cost.print(&format!("unchanged reads, {count} workers"), kept.len());
        for worker in workers {
            worker.close().await.unwrap();
        }
    }

    /// Mails that are leased and settled; each goes to one sender.
    async fn send(&self, store: &Store, count: usize, named: &str) -> f64 {
        let name: String = named.chars().filter(char::is_ascii_alphanumeric).collect();
        let mails: Vec<_> =
            (0..MAILS).map(|number| mail(&format!("of-{name}-{count}-{number}"), at(0))).collect();
        let mark = self.mark();
        for batch in mails.chunks(250) {
            store.dispatch(&[], batch.to_vec()).await.unwrap();
        }
        if named.is_empty() && count == 1 {
            self.since(&mark).print("mails queued, 250 a step", MAILS);
        }
        let workers: Vec<Store> = (0..count).map(|_| self.open()).collect();
        let mark = self.mark();
        let mut tasks = JoinSet::new();
        for task in 0..count * TASKS {
            let worker = workers[task % count].clone();
            tasks.spawn(async move {
                let (mut sent, mut misses) = (Vec::new(), 0);
                // What another is just claiming is passed over, and may be free again a moment later.
                while misses < 3 {
                    let leased = worker.lease_due(at(0), LEASED, TimeDelta::hours(1)).await.unwrap();
                    misses = if leased.is_empty() { misses + 1 } else { 0 };
                    let settled = leased.iter().map(|leased| worker.settle_sent(&leased.lease, None, at(0)));
                    for settled in settled.collect::<Vec<_>>() {
                        settled.kept().await.unwrap();
                    }
                    sent.extend(leased.into_iter().map(|leased| leased.mail.id));
                }
                sent
            });
        }
        let sent: Vec<MailId> = tasks.join_all().await.into_iter().flatten().collect();
        let cost = self.since(&mark);
        let distinct: BTreeSet<&MailId> = sent.iter().collect();
        assert_eq!((sent.len(), distinct.len()), (MAILS, MAILS), "each mail goes to one sender");
        assert_eq!(self.number("SELECT count(*) FROM mails_due"), 0);
        cost.print(&format!("mails leased and settled, {count} workers{named}"), MAILS);
        for worker in workers {
            worker.close().await.unwrap();
        }
        MAILS as f64 / cost.took.as_secs_f64()
    }

    /// How many rows were rewritten where they stood, without another entry in an index.
    fn in_place(&self) -> String {
        std::thread::sleep(Duration::from_secs(2));
        self.sql(
            "SELECT string_agg(format('%s: %s of %s', relname, n_tup_hot_upd, n_tup_upd), ', ' ORDER BY relname) \
             FROM pg_stat_user_tables WHERE relname IN ('read_states', 'touches', 'mails') AND n_tup_upd > 0",
        )
    }

    /// The bytes of all mails that were sent are old enough, and go. Beside it what the server takes to drop a table of as
    /// many, which is all that a partition could save.
    async fn retire(&self, store: &Store) {
        let bodies = "SELECT count(DISTINCT substr(key, 1, 32)) FROM bodies";
        let (before, mark) = (self.number(bodies), self.mark());
        self.sql(
            "CREATE TABLE as_many (LIKE bodies INCLUDING ALL); INSERT INTO as_many SELECT * FROM bodies",
        );
        let copying = self.since(&mark);
        let retention =
            Retention { sent_mails: Some(Duration::ZERO), bodies: None, read_details: None, chains: None };
        let mark = self.mark();
        let released = store.retire(retention, at(1)).await.unwrap();
        let report = store.collect_garbage().await.unwrap();
        let cost = self.since(&mark);
        let gone = usize::try_from(before - self.number(bodies)).unwrap();
        assert_eq!((released.mails, report.removed, gone), (3 * MAILS, 3 * MAILS, 3 * MAILS));
        cost.print("bytes of sent mails removed", gone);
        let mark = self.mark();
        self.sql("DROP TABLE as_many");
        let dropped = self.since(&mark);
        println!(
            "  a table of as many  {:.1} s and {} MB of WAL to drop, {:.1} s and {} MB to write",
            dropped.took.as_secs_f64(),
            dropped.wal >> 20,
            copying.took.as_secs_f64(),
            copying.wal >> 20
        );
    }

    /// One alert to everybody, by sets.
    async fn tell_all(&self, store: &Store, readers: usize) {
        let pending = find(store, "fcc", "zte").await;
        let (mark, bytes) = (self.mark(), self.waiting_bytes());
        let steps = tell_by_sets(store, &pending).await;
        let cost = self.since(&mark);
        let (items, looks) = self.waiting();
        assert_eq!((items, looks), (readers, readers), "everybody has one item and is looked at once");
        let wrong =
            "SELECT count(*) FROM items WHERE record <> (SELECT record FROM items ORDER BY key LIMIT 1)";
        assert_eq!(self.number(wrong), 0);
        cost.print(&format!("one alert, by sets, {steps} steps"), readers);
        println!(
            "  kept                {} MB of items and when to look",
            (self.waiting_bytes() - bytes) >> 20
        );
        let mark = self.mark();
        let again = find(store, "bis", "zte").await;
        tell_by_sets(store, &again).await;
        let cost = self.since(&mark);
        assert_eq!(self.waiting().0, 2 * readers);
        cost.print("a second alert to the same", readers);
    }

    /// One alert to fewer: each decided on alone, and by sets.
    async fn tell_few(&self, store: &Store, readers: usize) {
        let few = FEW.min(readers);
        let before = self.waiting().0;
        let pending = find(store, "docket", "dahua").await;
        let mark = self.mark();
        tell_one_by_one(store, &pending).await;
        let cost = self.since(&mark);
        assert_eq!(self.waiting().0 - before, few);
        cost.print("one alert, each reader alone", few);
        let pending = find(store, "feed", "dahua").await;
        let mark = self.mark();
        tell_by_sets(store, &pending).await;
        let cost = self.since(&mark);
        assert_eq!(self.waiting().0 - before, 2 * few);
        cost.print("one alert, by sets", few);
    }

    fn waiting(&self) -> (usize, usize) {
        let count =
            |table: &str| usize::try_from(self.number(&format!("SELECT count(*) FROM {table}"))).unwrap();
        (count("items"), count("looks"))
    }

    fn waiting_bytes(&self) -> i64 {
        self.number("SELECT pg_total_relation_size('items') + pg_total_relation_size('looks')")
    }

    /// What an old snapshot that somebody holds open does to the queue: what was taken out of it stays in its way.
    async fn send_beside_an_old_snapshot(&self, store: &Store) {
        let before = self.send(store, 2, ", before").await;
        let mut holding = self.server.run("psql", &["-qAt", "-d", &self.url]);
        let mut holding = holding.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let input = holding.stdin.as_mut().unwrap();
        input.write_all(b"BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1;\n").unwrap();
        input.flush().unwrap();
        let mut beside = Vec::new();
        for round in 1..=3 {
            beside.push(self.send(store, 2, &format!(", snapshot held, round {round}")).await);
        }
        let dead = self.number("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'mails_due'");
        drop(holding.stdin.take());
        holding.wait().unwrap();
        self.sql("VACUUM mails_due");
        let after = self.send(store, 2, ", snapshot gone").await;
        let last = beside.last().copied().unwrap_or_default();
        println!(
            "an old snapshot       {last:.0} mails a second beside it with {dead} dead rows in the queue, {before:.0} before \
             it, {after:.0} once it was gone"
        );
    }
}

impl Cost {
    fn print(&self, what: &str, count: usize) {
        let each = |total: f64| total / count as f64;
        println!(
            "{what}: {:.0} a second, {count} in {:.1} s; the server {:.0} µs and {:.1} KB of WAL each, {:.1} s and {} MB in all",
            count as f64 / self.took.as_secs_f64(),
            self.took.as_secs_f64(),
            each(self.cpu.as_secs_f64() * 1e6),
            each(self.wal as f64) / 1024.0,
            self.cpu.as_secs_f64(),
            self.wal >> 20,
        );
    }
}

async fn timed(work: impl Future<Output = ()>) -> Duration {
    let start = Instant::now();
    work.await;
    start.elapsed()
}

fn following(topic: regwatch::domain::topic::Topic) -> Subscription {
    Subscription {
        topic,
        state: SubscriptionState::Active,
        requested_at: at(0),
        confirmed_at: Some(at(0)),
        channel: "bench".to_owned(),
        only: regwatch::domain::subscription::Filter::default(),
        agreed_to: None,
        ended_at: None,
    }
}

/// Finds a change that concerns a company; returns its alert.
async fn find(store: &Store, id: &str, company: &str) -> Vec<(Alert, Change)> {
    keep(store, changed(&source(id), 1, page(1, 9_000), &[company])).await.unwrap();
    let pending = store.pending_alerts().await.unwrap();
    assert_eq!(pending.len(), 1);
    pending
}

fn collecting() -> CollectionRules {
    CollectionRules { wait: TimeDelta::minutes(5), lead: TimeDelta::days(2) }
}

/// As the dispatcher does; returns in how many steps.
async fn tell_by_sets(store: &Store, pending: &[(Alert, Change)]) -> usize {
    let (mut reached, mut steps) = (None, 0);
    let topics: Vec<_> = pending.iter().map(|(alert, _)| alert.topic.clone()).collect();
    loop {
        let page =
            store.followers(topics.clone(), reached.clone(), store.readers_at_once(), at(9)).await.unwrap();
        assert!(page.others.is_empty());
        let mut sets = Vec::new();
        for way in &page.ways {
            for (alert, change) in pending.iter().filter(|(_, change)| way.following.admits(change)) {
                let item = AlertItem::of(alert);
                let (look_at, _) = due(&way.following.preferences(), &item, change, collecting(), at(9));
                sets.push(FollowerSet { following: way.following.clone(), item, look_at });
            }
        }
        let alerts = pending.iter().map(|(alert, _)| alert.id.clone()).collect();
        let step = FanOut { alerts, from: reached, items: Vec::new(), reached: page.reached };
        reached = step.reached.clone();
        store.spread_sets(SetFanOut { step, sets, seen: page.seen }).await.unwrap();
        steps += 1;
        if reached.is_none() {
            return steps;
        }
    }
}

/// Each reader looked up, decided on, and written.
async fn tell_one_by_one(store: &Store, pending: &[(Alert, Change)]) {
    let mut reached = None;
    let topics: Vec<_> = pending.iter().map(|(alert, _)| alert.topic.clone()).collect();
    loop {
        let page = store.readers_of(topics.clone(), reached.clone(), 1_000).await.unwrap();
        let mut items = Vec::new();
        for reader in &page.readers {
            for (alert, change) in
                pending.iter().filter(|(alert, change)| reader.collects(&alert.topic, change, at(9)))
            {
                let item = AlertItem::of(alert);
                let (look_at, _) = due(&reader.preferences, &item, change, collecting(), at(9));
                items.push((reader.address.clone(), item, look_at));
            }
        }
        let alerts = pending.iter().map(|(alert, _)| alert.id.clone()).collect();
        let step = FanOut { alerts, from: reached, items, reached: page.reached };
        reached = step.reached.clone();
        store.spread(step).await.unwrap();
        if reached.is_none() {
            return;
        }
    }
}
