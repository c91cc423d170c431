//! What an uneventful day costs.

use std::path::Path;

use regwatch::domain::evidence::{ChainVerdict, ChainedRead};
use regwatch::domain::id::{BodyHash, SourceId};
use regwatch::domain::read_record::ReadRecord;
use regwatch::domain::verdict::Verdict;
use regwatch::store::ReadCommit;

use crate::fixture::{Home, at, changed, keep, page, source};

/// Bytes on the disk that an unchanged read may cost, spread over many. The record is some 400
/// bytes; the rest is what the log adds until its old parts are used again.
const MAX_BYTES_A_READ: u64 = 2048;

const READS: u64 = 10_000;

fn bytes_in(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .map(|entry| match entry.metadata().unwrap() {
            kind if kind.is_dir() => bytes_in(&entry.path()),
            file => file.len(),
        })
        .sum()
}

/// The same page, with other headers each time.
fn chained(id: &SourceId, minute: i64) -> ChainedRead {
    ChainedRead {
        at: at(minute),
        read_at: None,
        url: format!("https://registry.example/{id}"),
        status: Some(304),
        headers: Some(BodyHash::of(&minute.to_be_bytes())),
        body: Some(BodyHash::of(id.as_str().as_bytes())),
        verdict: ChainVerdict::NotModified,
        reason: None,
    }
}

#[tokio::test]
async fn an_unchanged_read_costs_next_to_nothing() {
    let home = Home::new();
    let store = home.open();
    let sources: Vec<_> = (0..20).map(|number| source(&format!("source-{number}"))).collect();
    for (seed, id) in (0..).zip(&sources) {
        keep(&store, changed(id, 1, page(seed, 30_000), &["zte"])).await.unwrap();
    }
    let bodies = store.collect_garbage().await.unwrap();
    let before = bytes_in(&home.folder());
    for (minute, id) in (0..).zip(sources.iter().cycle()).take(usize::try_from(READS).unwrap()) {
        let state = store.read_state(id).await.unwrap().unwrap();
        let read = ReadCommit {
            read: Some(ReadRecord::new(at(minute), Verdict::NotModified, None)),
            chained: Some(chained(id, minute)),
            ..ReadCommit::of(state.not_modified(at(minute)))
        };
        keep(&store, read).await.unwrap();
    }
    assert_eq!(store.collect_garbage().await.unwrap(), bodies);
    store.close().await.unwrap();
    let grown = bytes_in(&home.folder()).saturating_sub(before);
    println!("unchanged reads: {READS}, bytes on the disk for each: {}", grown / READS);
    assert!(grown < READS * MAX_BYTES_A_READ, "{READS} unchanged reads took {grown} bytes");
}
