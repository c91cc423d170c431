//! What keeping costs: `cargo bench --bench store`. Every figure is a commit that survives a power cut.

#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

#[path = "../src/allocator.rs"]
mod allocator;

use chrono::DateTime;
use divan::Bencher;
use regwatch::domain::entry::{Completeness, Document, Resemblance};
use regwatch::domain::id::{BodyHash, SourceId};
use regwatch::domain::read_state::ReadState;
use regwatch::domain::response::ResponseMeta;
use regwatch::domain::snapshot::{Baseline, Snapshot, Validators};
use regwatch::settings::StoreSettings;
use regwatch::store::{Accepted, ReadCommit, Store};
use tempfile::TempDir;
use tokio::runtime::Runtime;

fn main() {
    divan::main();
}

fn opened() -> (TempDir, Store, Runtime) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&StoreSettings::Sled { path: folder.path().join("db") }).unwrap();
    (folder, store, Runtime::new().unwrap())
}

fn state() -> ReadState {
    let source: SourceId = "a".parse().unwrap();
    ReadState::good(source, Validators::default(), DateTime::UNIX_EPOCH)
}

/// A read that moved the baseline, with a body nobody has seen before.
fn changed(sequence: u64, body_bytes: usize) -> ReadCommit {
    let mut body = vec![0; body_bytes];
    rand::fill(&mut body[..]);
    let snapshot = Snapshot {
        source: "a".parse().unwrap(),
        sequence,
        response: ResponseMeta {
            read_at: DateTime::UNIX_EPOCH,
            url: "https://agency.test/".to_owned(),
            status: 200,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            sha256: BodyHash::of(&body),
            body_bytes: body.len() as u64,
        },
        fingerprint: String::new(),
        entries: 0,
    };
    let document = Document::new(Vec::new(), Completeness::Whole, Resemblance::Title);
    let accepted = Accepted { baseline: Baseline { snapshot, document }, body: body.into() };
    ReadCommit { accepted: Some(accepted), ..ReadCommit::of(state()) }
}

/// Keeps a read as one that was computed from the state of now.
async fn keep(store: &Store, read: ReadCommit) {
    let version = store.known(&read.state.source).await.unwrap().version;
    store.commit(read.computed_from(version)).await.unwrap();
}

#[divan::bench]
fn keep_an_unchanged_read(bencher: Bencher) {
    let (_folder, store, runtime) = opened();
    bencher.bench_local(|| runtime.block_on(keep(&store, ReadCommit::of(state()))));
}

#[divan::bench(args = [1_000, 30_000, 120_000])]
fn keep_a_changed_read(bencher: Bencher, body_bytes: usize) {
    let (_folder, store, runtime) = opened();
    let mut sequence = 0;
    bencher
        .with_inputs(|| {
            sequence += 1;
            changed(sequence, body_bytes)
        })
        .bench_local_values(|commit| runtime.block_on(keep(&store, commit)));
}
