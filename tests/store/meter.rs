//! Whoever waits for long work on a store is told how far it has come.

use regwatch::domain::meter::Meter;
use regwatch::store::{RepairWishes, compact, import, repair_metered, restore, verify_metered};

use crate::fixture::{Home, changed, keep, page, source};

/// Does something that tells how far it has come; returns how far that was.
fn reached<R>(work: impl FnOnce(&Meter) -> R) -> (R, u8) {
    let meter = Meter::default();
    let done = work(&meter);
    (done, meter.percent().unwrap())
}

#[tokio::test]
async fn every_long_work_on_a_store_comes_to_its_end() {
    let home = Home::new();
    let store = home.open();
    for sequence in 1..=20 {
        keep(&store, changed(&source("fcc"), sequence, page(sequence, 4000), &["zte"])).await.unwrap();
    }
    let mut files = Vec::new();
    for as_lines in [false, true] {
        let meter = Meter::default();
        let written = if as_lines { store.export(&meter).await } else { store.archive(&meter).await };
        assert_eq!(meter.percent(), Some(99), "lines: {as_lines}");
        let file = home.folder().with_extension(format!("{as_lines}"));
        std::fs::rename(written.unwrap().path, &file).unwrap();
        files.push(file);
    }
    store.close().await.unwrap();
    for (count, (file, as_lines)) in files.iter().zip([false, true]).enumerate() {
        let new = Home::new();
        let (made, percent) = reached(|meter| {
            if as_lines {
                import(&new.settings(), file, meter)
            } else {
                restore(&new.settings(), file, meter)
            }
        });
        assert!(made.unwrap().records > 0, "{count}");
        assert_eq!(percent, 90, "what is left is to look at it and to put it in its place");
    }
    let (verified, percent) = reached(|meter| verify_metered(&home.settings(), meter));
    assert_eq!((verified.unwrap().is_sound, percent), (true, 99));
    let (repaired, percent) =
        reached(|meter| repair_metered(&home.settings(), RepairWishes::default(), meter));
    assert_eq!((repaired.unwrap().deeds.len(), percent), (0, 50), "there is nothing to do");
    let (compacted, percent) = reached(|meter| compact(&home.settings(), meter));
    assert!(compacted.unwrap().records > 0);
    assert_eq!(percent, 90);
}
