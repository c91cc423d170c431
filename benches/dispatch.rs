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

use std::time::{Duration, Instant};

use regwatch::domain::read_state::ReadState;
use regwatch::domain::snapshot::Validators;
use regwatch::store::{ReadCommit, Store};
use stand::Stand;
use tokio::sync::oneshot;

const READERS: usize = 100_000;

fn main() {
    let readers = std::env::args().find_map(|argument| argument.parse().ok()).unwrap_or(READERS);
    tokio::runtime::Runtime::new().unwrap().block_on(measure(readers));
}

async fn measure(readers: usize) {
    let stand = Stand::new();
    let subscribing = (0..readers).map(|number| {
        let (store, clock) = (stand.store.clone(), stand.clock.clone());
        async move {
            let address = stand::email(&format!("reader{number:06}@example{}.org", number % 97));
            let now = regwatch::clock::Clock::now(&clock);
            store.follow(&address, &[stand::hikvision().into()], true, "mail", now).await.unwrap();
        }
    });
    // Many at once share a flush.
    let mut tasks = tokio::task::JoinSet::new();
    for subscribe in subscribing {
        tasks.spawn(subscribe);
    }
    tasks.join_all().await;
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
