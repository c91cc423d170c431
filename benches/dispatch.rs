//! What an alert costs that a hundred thousand people are to be told of: `cargo bench --bench dispatch`.
//!
//! Prints how long it takes until every mail lies in the outbox, its bytes frozen and on the disk, how
//! much memory that took at most, and how long somebody else waited meanwhile who kept a read.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]
#![expect(clippy::print_stdout, reason = "the figures are what it is run for")]
#![expect(clippy::cast_precision_loss, reason = "counts and milliseconds fit")]

#[path = "../src/allocator.rs"]
mod allocator;
#[path = "../tests/dispatch/stand.rs"]
#[allow(dead_code, reason = "the tests need more of it")]
mod stand;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use regwatch::domain::read_state::ReadState;
use regwatch::domain::snapshot::Validators;
use regwatch::store::{ReadCommit, Store};
use stand::Stand;
use tokio::sync::oneshot;

const READERS: usize = 100_000;

/// Told to a process of its own: where to keep the readers, and how many.
const SUBSCRIBE: &str = "subscribe";

/// So many are subscribed at once: many share a flush.
const AT_ONCE: usize = 1_000;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [SUBSCRIBE, folder, readers] = arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        return runtime.block_on(subscribe(Path::new(folder), readers.parse().unwrap()));
    }
    let readers = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(READERS);
    let folder = tempfile::tempdir().unwrap();
    // A process of its own: one that subscribed so many would keep much of the memory that it took for it.
    let mut before = Command::new(std::env::current_exe().unwrap());
    assert!(before.arg(SUBSCRIBE).arg(folder.path()).arg(readers.to_string()).status().unwrap().success());
    runtime.block_on(measure(readers, folder));
}

async fn subscribe(folder: &Path, readers: usize) {
    let (store, now) = (stand::open(folder), stand::START.parse().unwrap());
    let numbers: Vec<usize> = (0..readers).collect();
    for some in numbers.chunks(AT_ONCE) {
        let mut tasks = tokio::task::JoinSet::new();
        for number in some {
            let address = stand::email(&format!("reader{number:06}@example{}.org", number % 97));
            let store = store.clone();
            tasks.spawn(async move {
                store.follow(&address, &[stand::hikvision().into()], true, "mail", now).await.unwrap();
            });
        }
        tasks.join_all().await;
    }
    store.close().await.unwrap();
}

async fn measure(readers: usize, folder: tempfile::TempDir) {
    let stand = Stand::over(folder);
    stand.find("a", None).await;
    stand.advance(5);
    let before = memory("VmRSS");
    let (stop, stopped) = oneshot::channel();
    let mut others = tokio::task::JoinSet::new();
    others.spawn(keep_reads(stand.store.clone(), stopped));
    let start = Instant::now();
    let queued = stand.round().await;
    let took = start.elapsed();
    stop.send(()).unwrap();
    let mut waits = others.join_next().await.unwrap().unwrap();
    waits.sort();
    assert_eq!(queued, readers);
    println!("readers               {readers}");
    println!(
        "until all are queued  {:.1} s, {:.0} mails/s",
        took.as_secs_f64(),
        readers as f64 / took.as_secs_f64()
    );
    println!("memory at most        {} MB, {before} MB before", memory("VmHWM"));
    println!(
        "reads kept meanwhile  {}, waiting {} ms at the median, {} ms at most",
        waits.len(),
        waits[waits.len() / 2].as_millis(),
        waits[waits.len() - 1].as_millis()
    );
}

/// Keeps unchanged reads, one after the other; gives how long each took.
async fn keep_reads(store: Store, mut stopped: oneshot::Receiver<()>) -> Vec<Duration> {
    let mut waits = Vec::new();
    loop {
        let now = stand::START.parse().unwrap();
        let state = ReadState::good("other".parse().unwrap(), Validators::default(), now);
        let start = Instant::now();
        stand::keep(&store, ReadCommit::of(state)).await;
        waits.push(start.elapsed());
        if stopped.try_recv().is_ok() {
            return waits;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A line of this process's status, in MB.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() / 1024
}
