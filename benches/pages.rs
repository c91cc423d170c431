//! What the pages cost over a large store: `cargo bench --bench pages`. 5,000 sources and 100,000 changes, behind the
//! daemon as people run it: each page asked for alone, then by 200 readers at once while sources are read, and what
//! all of that takes of memory beside the same daemon that nobody asks.
//!
//! `REGWATCH_PROGRAM` names another build of the program to be measured, `REGWATCH_BENCH_FOLDER` a folder that keeps the
//! store for the next time.
//!
//! Ends with an error where a page is slower than 100 ms at the 99th percentile, gives no answer, or the pages take
//! more than 50 MB.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark prints, or has failed")]

#[path = "../src/allocator.rs"]
mod allocator;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use chrono::{DateTime, TimeDelta, Utc};
use regwatch::clock::{Clock, SystemClock};
use regwatch::domain::change::{Change, ChangeKind, EntryChange, Evidence, FieldChange};
use regwatch::domain::company::AliasKind;
use regwatch::domain::id::{BodyHash, ChangeId, CompanyId, SourceId};
use regwatch::domain::matching::Match;
use regwatch::domain::read_state::ReadState;
use regwatch::domain::snapshot::Validators;
use regwatch::settings::StoreSettings;
use regwatch::store::{ReadCommit, Store};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

const SOURCES: usize = 5_000;
const CHANGES: usize = 100_000;
const COMPANIES: usize = 300;
const GROUPS: usize = 20;

/// Changes that are kept in one step: as many as one block of the index has numbers, so that each of its sets is
/// written once.
const IN_ONE_STEP: usize = 1_024;

/// Entries on a page that is watched.
const ENTRIES: usize = 30;

/// Each page is asked for so often by itself.
const ASKED: usize = 200;

const READERS: usize = 200;

/// Each reader opens a page so often.
const READS_EVERY: Duration = Duration::from_secs(4);

/// So long.
const CROWDED: Duration = Duration::from_secs(24);

/// Sources that are read again and again meanwhile.
const READ_MEANWHILE: usize = 50;

const MOST_MS: u128 = 100;
const MOST_MB: u64 = 50;

fn main() {
    let runtime = Runtime::new().unwrap();
    let kept = std::env::var_os("REGWATCH_BENCH_FOLDER").map(PathBuf::from);
    let made = if kept.is_none() { Some(tempfile::tempdir().unwrap()) } else { None };
    let folder = kept.or_else(|| made.as_ref().map(|made| made.path().to_owned())).unwrap();
    let origin = runtime.block_on(origin());
    let port = free_port();
    let is_there = folder.join("state/db").exists();
    configure(&folder, &origin, port);
    if !is_there {
        fill(&folder, &runtime);
        read_all(&folder);
    }
    println!("{SOURCES} sources, {CHANGES} changes; a page each {ASKED} times, by itself\n");
    let mut is_good = true;
    let mut daemon = Daemon::start(&folder, port);
    let pages = pages();
    println!("| page | KB | median ms | 99th ms |\n|---|---|---|---|");
    for page in pages.iter().chain(&whole()) {
        let (bytes, times) = runtime.block_on(alone(port, page));
        is_good &= row(page, bytes, &times);
    }
    daemon.end();

    let quiet = crowded(&folder, port, &[], &runtime);
    let busy = crowded(&folder, port, &pages, &runtime);
    let times = &busy.times;
    println!(
        "\n{READERS} readers, each a page every {} s, while {READ_MEANWHILE} sources are read again and again: {} pages, \
         median {} ms, 99th {} ms, {} not answered",
        READS_EVERY.as_secs(),
        times.len(),
        at(times, 50),
        at(times, 99),
        busy.failed
    );
    println!(
        "reads meanwhile: {} without readers, {} with them; peak memory {} MB without readers, {} MB with them",
        quiet.reads, busy.reads, quiet.peak_mb, busy.peak_mb
    );
    is_good &= at(times, 99) <= MOST_MS && busy.failed == 0;
    is_good &= busy.peak_mb.saturating_sub(quiet.peak_mb) <= MOST_MB;
    if !is_good {
        println!("not within {MOST_MS} ms, or more than {MOST_MB} MB");
        std::process::exit(1);
    }
}

/// The addresses that are asked for.
fn pages() -> Vec<String> {
    let (since, until) =
        (found_at(20_000).format("%Y-%m-%d").to_string(), found_at(64_640).format("%Y-%m-%d").to_string());
    let change = change_id(CHANGES / 2);
    [
        "",
        "sources",
        "sources?sort=change",
        "sources?sort=due&skip=2500",
        "sources?q=number+77",
        "sources/source-7",
        "changes",
        "changes?q=word7",
        "changes?q=word7+word14+entry",
        "changes?q=nowhere",
        "changes?group=group-3",
        "changes?site=127.0.0.1",
        &format!("changes?company=company-7&since={since}&until={until}"),
        &format!("changes/{change}"),
        "companies",
        "companies/company-7",
        "review",
        &format!("coverage?since={since}&until={until}"),
        "audit",
        "subscribe",
        "changes.atom",
        "changes.json",
        "api/v1/status",
        "api/v1/sources",
        "api/v1/changes?company=company-7",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// Those that show all there is on one page, for printing or for programs.
fn whole() -> Vec<String> {
    ["coverage?all=1", "api/v1/coverage"].map(str::to_owned).to_vec()
}

fn row(page: &str, bytes: usize, times: &[u128]) -> bool {
    println!("| `/{page}` | {} | {} | {} |", bytes / 1024, at(times, 50), at(times, 99));
    at(times, 99) <= MOST_MS
}

/// The time at a percentile of sorted times.
fn at(times: &[u128], percentile: usize) -> u128 {
    times
        .get((times.len() * percentile / 100).min(times.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

/// Asks for a page; returns its size in bytes and the milliseconds it took, or `None` if it was not served.
async fn ask(client: &reqwest::Client, port: u16, page: &str) -> Option<(usize, u128)> {
    let began = Instant::now();
    let answer = client.get(format!("http://127.0.0.1:{port}/{page}")).send().await.ok()?;
    let is_good = answer.status().is_success();
    let bytes = answer.bytes().await.ok()?.len();
    is_good.then(|| (bytes, began.elapsed().as_millis()))
}

async fn alone(port: u16, page: &str) -> (usize, Vec<u128>) {
    let client = client();
    let (mut bytes, mut times) = (0, Vec::new());
    for _ in 0..ASKED {
        let (length, took) =
            ask(&client, port, page).await.unwrap_or_else(|| panic!("/{page} gives no answer"));
        bytes = length;
        times.push(took);
    }
    times.sort_unstable();
    (bytes, times)
}

fn client() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// What came of a time in which many readers ask, or nobody does, while sources are read.
struct Crowd {
    times: Vec<u128>,
    failed: usize,
    reads: usize,
    peak_mb: u64,
}

fn crowded(folder: &Path, port: u16, pages: &[String], runtime: &Runtime) -> Crowd {
    let mut daemon = Daemon::start(folder, port);
    let is_over = Arc::new(AtomicBool::new(false));
    let checking = {
        let (is_over, folder) = (Arc::clone(&is_over), folder.to_owned());
        std::thread::spawn(move || read_meanwhile(&folder, &is_over))
    };
    let mut answers = Vec::new();
    if pages.is_empty() {
        std::thread::sleep(CROWDED);
    } else {
        answers = runtime.block_on(all_readers(port, pages));
    }
    is_over.store(true, Ordering::Relaxed);
    let reads = checking.join().unwrap();
    let peak_mb = daemon.peak_mb();
    daemon.end();
    let mut times: Vec<u128> = answers.iter().filter_map(|answer| answer.map(|(_, took)| took)).collect();
    times.sort_unstable();
    Crowd { failed: answers.len() - times.len(), times, reads, peak_mb }
}

async fn all_readers(port: u16, pages: &[String]) -> Vec<Option<(usize, u128)>> {
    let client = client();
    let mut readers = JoinSet::new();
    for reader in 0..READERS {
        let (client, pages) = (client.clone(), pages.to_vec());
        readers.spawn(async move {
            // They do not all begin at once.
            let share = u32::try_from(reader).unwrap() * READS_EVERY / u32::try_from(READERS).unwrap();
            let mut due = tokio::time::Instant::now() + share;
            let mut answers = Vec::new();
            let rounds = CROWDED.as_secs() / READS_EVERY.as_secs();
            for round in 0..usize::try_from(rounds).unwrap() {
                tokio::time::sleep_until(due).await;
                due += READS_EVERY;
                answers.push(ask(&client, port, &pages[(reader + round * 5) % pages.len()]).await);
            }
            answers
        });
    }
    readers.join_all().await.into_iter().flatten().collect()
}

/// Has the daemon read sources until told to stop; returns the number of reads.
fn read_meanwhile(folder: &Path, is_over: &AtomicBool) -> usize {
    let mut reads = 0;
    while !is_over.load(Ordering::Relaxed) {
        let ids = (0..READ_MEANWHILE).map(|number| format!("source-{}", (reads + number) % SOURCES));
        let mut command = program(folder);
        command.args(["check", "now", "--force"]).args(ids).stdout(Stdio::null());
        assert!(command.status().unwrap().success());
        reads += READ_MEANWHILE;
    }
    reads
}

fn program(folder: &Path) -> Command {
    let named = std::env::var_os("REGWATCH_PROGRAM");
    let mut command = Command::new(named.unwrap_or_else(|| env!("CARGO_BIN_EXE_regwatch").into()));
    command.arg("--config").arg(config_of(folder)).arg("--log").arg("error").stdin(Stdio::null());
    command
}

fn config_of(folder: &Path) -> PathBuf {
    folder.join("config/regwatch.toml")
}

/// The first read of every source: their entries are known from then on.
fn read_all(folder: &Path) {
    let began = Instant::now();
    assert!(program(folder).args(["check", "now"]).stdout(Stdio::null()).status().unwrap().success());
    println!("read every source once in {:.1} s", began.elapsed().as_secs_f64());
}

struct Daemon(Child);

impl Daemon {
    fn start(folder: &Path, port: u16) -> Self {
        let daemon = Self(program(folder).arg("daemon").stdout(Stdio::null()).spawn().unwrap());
        let began = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(began.elapsed() < Duration::from_secs(120), "the daemon does not answer");
            std::thread::sleep(Duration::from_millis(100));
        }
        daemon
    }

    fn peak_mb(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() / 1024
    }

    fn end(&mut self) {
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
        self.0.wait().unwrap();
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Serves the pages that are watched; gives its address.
async fn origin() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let feed = |path: axum::extract::Path<usize>| async move {
        ([("content-type", "application/rss+xml")], feed(path.0))
    };
    #[allow(clippy::disallowed_methods, reason = "it ends with the bench")]
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/{number}", get(feed))).await });
    format!("http://{address}")
}

/// A feed, each of whose entries names another company.
fn feed(source: usize) -> String {
    let mut items = String::new();
    for entry in 0..ENTRIES {
        let company = (source * 7 + entry) % (COMPANIES * 10);
        let _ = write!(
            items,
            "<item><title>Notice {entry}: Harbourstone{company} Limited is named</title>\
             <link>https://agency.test/{source}/{entry}</link><guid>{source}-{entry}</guid>\
             <description>{}</description></item>",
            words(source, entry + 1)
        );
    }
    format!(
        "<?xml version=\"1.0\"?><rss version=\"2.0\"><channel><title>Register {source}</title>{items}</channel></rss>"
    )
}

fn words(number: usize, seed: usize) -> String {
    (0..40).map(|word| format!("word{} ", (number * 31 + word * seed) % 20_000)).collect()
}

fn configure(folder: &Path, origin: &str, port: u16) {
    let groups: Vec<String> = (0..GROUPS).map(|number| format!("group-{number}")).collect();
    let mut text = format!(
        "groups = {groups:?}\n[store]\nurl = \"sled:../state/db\"\n[mail]\nfrom = \"alerts@desk.example\"\ntransport = \"maildir:../state/mail\"\n\
         [fetch]\ncontact = \"ops@desk.example\"\nallow_private = [\"127.0.0.1\"]\nhost_interval = \"0s\"\n\
         [web]\nlisten = \"127.0.0.1:{port}\"\nbase_url = \"http://127.0.0.1:{port}\"\nclient_rate = 100000\n\
         total_rate = 100000\nmax_connections = 2000\n"
    );
    for number in 0..SOURCES {
        let _ = write!(
            text,
            "[[source]]\nid = \"source-{number}\"\nkind = \"feed\"\ntitle = \"Register number {number} of the agency\"\n\
             url = \"{origin}/{number}\"\nschedule = \"0 0 1 1 *\"\ngroups = [\"group-{}\"]\n",
            number % GROUPS
        );
    }
    for number in 0..COMPANIES {
        let _ = write!(
            text,
            "[[company]]\nid = \"company-{number}\"\nname = \"Harbourstone{number} Limited\"\naliases = [\"Harbourstone{number}\"]\n"
        );
    }
    std::fs::create_dir_all(folder.join("config")).unwrap();
    std::fs::write(config_of(folder), text).unwrap();
}

fn found_at(number: usize) -> DateTime<Utc> {
    SystemClock.now() - TimeDelta::minutes(i64::try_from(CHANGES - number).unwrap())
}

fn change_id(number: usize) -> ChangeId {
    ChangeId::derive(&["bench", &number.to_string()])
}

fn source_id(number: usize) -> SourceId {
    format!("source-{number}").parse().unwrap()
}

/// A change of some eighty words, some of them its own.
fn change(source: SourceId, number: usize) -> Change {
    let company: CompanyId = format!("company-{}", number % COMPANIES).parse().unwrap();
    let after = format!("Harbourstone{} Limited is added: {}", number % COMPANIES, words(number, 7));
    let evidence = Evidence {
        url: "https://agency.test/".to_owned(),
        read_at: found_at(number),
        status: 200,
        sha256: BodyHash::of(&number.to_be_bytes()),
    };
    let name = after.split(' ').next().unwrap().to_owned();
    let length = name.len();
    let found = Match::by_alias(company, name, AliasKind::Trade).at("text", &after, 0..length);
    Change {
        id: change_id(number),
        source,
        source_title: "Register of the agency".to_owned(),
        entry: EntryChange {
            kind: if number.is_multiple_of(3) { ChangeKind::Added } else { ChangeKind::Amended },
            key: format!("entry-{}", number % 5_000),
            title: format!("Entry number {number}"),
            date: None,
            url: None,
            fields: vec![FieldChange {
                name: "text".to_owned(),
                before: Some(words(number, 3)),
                after: Some(after.clone()),
            }],
            context: vec![("text".to_owned(), after)],
        },
        found_at: found_at(number),
        ordinal: 0,
        found_together: 1,
        matches: vec![found],
        possible: Vec::new(),
        numbers: regwatch::domain::event::Numbers::default(),
        retracted_at: None,
        previous: evidence.clone(),
        evidence,
    }
}

/// Puts states and changes into the store, as reads of the last two months would have.
fn fill(folder: &Path, runtime: &Runtime) {
    let mut began = Instant::now();
    let store = Store::open(&StoreSettings::Sled { path: folder.join("state/db") }).unwrap();
    runtime.block_on(async {
        // An empty store has its index at once; otherwise the next program that opens it indexes all changes.
        store.index_changes().await.unwrap();
        let mut kept = Vec::new();
        for source in (0..SOURCES).map(source_id) {
            let mut state = ReadState::good(source, Validators::default(), found_at(CHANGES));
            for day in 0..30 {
                let at = found_at(CHANGES) - TimeDelta::days(30 - day);
                state.tally = state.tally.counting(day % 7 != 0, at);
            }
            kept.push(store.commit_together(ReadCommit::of(state)));
        }
        for kept in kept {
            kept.kept().await.unwrap();
        }
        println!("kept how {SOURCES} sources stand in {:.1} s", began.elapsed().as_secs_f64());
        began = Instant::now();
        for begin in (0..CHANGES).step_by(IN_ONE_STEP) {
            let known = store.known(&source_id(begin / IN_ONE_STEP)).await.unwrap();
            let changes = (begin..CHANGES.min(begin + IN_ONE_STEP))
                .map(|number| change(source_id(number % SOURCES), number));
            let commit = ReadCommit { changes: changes.collect(), ..ReadCommit::of(known.state.unwrap()) };
            store.commit(commit.computed_from(known.version)).await.unwrap();
        }
        store.close().await.unwrap();
    });
    println!("kept {CHANGES} changes in {:.1} s", began.elapsed().as_secs_f64());
}
