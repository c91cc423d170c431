//! The writing process is killed at any moment: nothing acknowledged is lost, nothing is torn.

use std::path::Path;

use regwatch::settings::StoreSettings;
use regwatch::store::Store;

use crate::fixture::Home;
use crate::numbered::{Acknowledgements, Expected, verify, write_until_refused};
use crate::process::{FOLDER, OPENING, REFUSED, Writer};

const KILLS: u64 = 48;

/// The process that is killed. Without a folder in its environment there is nothing to do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    println!("{OPENING}");
    let store = Store::open(&StoreSettings::Sled { path: folder.into() }).unwrap();
    println!("{REFUSED}{}", write_until_refused(store).await);
}

#[tokio::test]
async fn killing_the_writer_loses_nothing_that_was_acknowledged() {
    let home = Home::new();
    let mut acknowledged = Acknowledgements::new();
    let mut expected = Expected::default();
    let mut found = 0;
    for kill in 0..KILLS {
        let writer = Writer::start(&home.folder());
        if kill % 3 == 2 {
            await_owned(&home.folder(), &writer, kill);
        } else {
            writer.await_lines(1 + kill * 37 % 160, &mut acknowledged);
        }
        writer.kill(&mut acknowledged);

        let store = home.open();
        let newest = if kill + 1 == KILLS { u64::MAX / 2 } else { 8 };
        found = verify(&store, &acknowledged, &mut expected, newest)
            .await
            .unwrap_or_else(|fault| panic!("after kill {kill}: {fault}"));
        store.close().await.unwrap();
    }
    let kept: u64 = acknowledged.values().map(|noted| noted.kept).sum();
    println!("kills: {KILLS}, acknowledged reads verified: {kept}, reads found: {found}, lost: 0");
    assert!(kept > KILLS, "the writer hardly wrote");
}

/// Waits until the writer owns the folder, which it does before it opens the database in it; then a
/// little longer, another time each.
fn await_owned(folder: &Path, writer: &Writer, kill: u64) {
    let lock = folder.with_extension("lock");
    let owner = || std::fs::read_to_string(&lock).unwrap_or_default();
    while owner().trim() != writer.id().to_string() {
        std::thread::yield_now();
    }
    for _ in 0..kill * 40 {
        std::hint::black_box(owner());
    }
}
