//! The machine loses power at any moment: what was acknowledged is on the disk.
//!
//! The writer works in an ext4 file system inside an image file, mounted as anybody mounts one. It
//! is halted, the image is copied as it lies at that moment, and the copy is mounted: what the
//! system still held in memory for the disk is not in it. ext4 writes out by itself every five
//! seconds and later, so that what nobody forced out is truly missing.

use std::io::Write;

use crate::machine::{Machine, Mount, open};
use crate::numbered::{Acknowledgements, Expected, verify};
use crate::process::Writer;

/// Databases one after the other, so that the image does not fill.
const DATABASES: u64 = 5;

/// Cuts while a database is written, and while it is opened again after its process was killed.
const CUTS_A_DATABASE: u64 = 13;

/// Bodies read again after each cut, of each source; all of them after the last cut of a database.
const NEWEST: u64 = 12;

#[test]
fn a_power_cut_takes_what_was_not_forced_to_the_disk() {
    let Some(machine) = Machine::new() else { return };
    let write = |name: &str, is_forced: bool| {
        let mut file = std::fs::File::create(machine.disk.point.join(name)).unwrap();
        file.write_all(&vec![7; 30_000]).unwrap();
        if is_forced {
            file.sync_all().unwrap();
        }
    };
    write("forced", true);
    write("not-forced", false);
    let size =
        |mount: &Mount, name: &str| std::fs::metadata(mount.point.join(name)).map_or(0, |file| file.len());
    assert_eq!(size(&machine.disk, "not-forced"), 30_000, "whoever looks before the cut sees it");
    let after = machine.cut();
    assert_eq!(size(&after, "forced"), 30_000);
    assert_eq!(size(&after, "not-forced"), 0);
}

#[tokio::test]
async fn power_cuts_take_nothing_that_was_acknowledged() {
    let Some(machine) = Machine::new() else { return };
    let (mut cuts, mut kept) = (0, 0);
    for database in 0..DATABASES {
        let folder = machine.disk.folder(&format!("state-{database}"));
        let mut acknowledged = Acknowledgements::new();
        let mut expected = Expected::default();
        let mut writer = Writer::start(&folder);
        for cut in 0..CUTS_A_DATABASE {
            if cut % 5 == 4 {
                // This one comes while the database is opened after a kill, or soon after.
                writer.kill(&mut acknowledged);
                writer = Writer::start(&folder);
            } else {
                writer.await_lines(1 + (database * 131 + cut * 61) % 300, &mut acknowledged);
            }
            writer.stop();
            let after = machine.cut();
            writer.drain(&mut acknowledged);
            let newest = if cut + 1 == CUTS_A_DATABASE { u64::MAX / 2 } else { NEWEST };
            check(&after, database, &acknowledged, &mut expected, newest).await;
            writer.go_on();
            cuts += 1;
        }
        writer.kill(&mut acknowledged);
        kept += acknowledged.values().map(|noted| noted.kept).sum::<u64>();
        std::fs::remove_dir_all(folder.parent().unwrap()).unwrap();
    }
    println!("power cuts: {cuts}, acknowledged commits verified: {kept}, lost: 0");
    assert!(kept > cuts, "the writer hardly wrote");
}

/// Opens what a cut left and looks for all that was acknowledged before it.
async fn check(
    after: &Mount,
    database: u64,
    acknowledged: &Acknowledgements,
    expected: &mut Expected,
    newest: u64,
) {
    let store = open(&after.folder(&format!("state-{database}")));
    let verified = verify(&store, acknowledged, expected, newest).await;
    store.close().await.unwrap();
    if let Err(fault) = verified {
        panic!("database {database}: {fault}");
    }
}
