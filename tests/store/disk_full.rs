//! The disk fills up: the store says so, and what it acknowledged before stays.

use crate::machine::{Machine, open};
use crate::numbered::{Acknowledgements, Expected, verify};
use crate::process::Writer;

/// What the writer may use before the disk is full.
const FREE_BYTES: u64 = 12 << 20;

#[tokio::test]
async fn a_full_disk_takes_nothing_that_was_acknowledged() {
    let Some(machine) = Machine::new() else { return };
    let filler = machine.fill_up_to(FREE_BYTES);
    let folder = machine.disk.folder("state");
    let mut acknowledged = Acknowledgements::new();
    let reason = Writer::start(&folder).await_refusal(&mut acknowledged).unwrap();
    assert!(reason.contains("No space left on device"), "{reason}");
    assert!(!acknowledged.is_empty(), "the disk was full too soon");
    std::fs::remove_file(filler).unwrap();

    let store = open(&folder);
    let verified = verify(&store, &acknowledged, &mut Expected::default(), u64::MAX / 2).await;
    store.close().await.unwrap();
    let found = verified.unwrap_or_else(|fault| panic!("{fault}"));
    println!("full disk: reads found again: {found}, lost: 0");
}
