//! Whatever happens to the files, the store either has all that was acknowledged or is not opened.
//!
//! Each test prints, for each kind of damage, what was said.

use std::fs;
use std::path::{Path, PathBuf};

use regwatch::settings::StoreSettings;
use regwatch::store::{RepairWishes, Store, StoreError, repair, verify};

use crate::fixture::{Home, changed, keep, noise, page, source};
use crate::lost::copy;

/// A store as it was left, to be copied and damaged.
struct Pattern {
    home: tempfile::TempDir,
    sequences: u64,
}

impl Pattern {
    /// A store with so many reads; closed in order, or as a killed process leaves it.
    async fn new(sequences: u64, body_bytes: usize, is_closed: bool) -> Self {
        let (home, kept) = (Home::new(), tempfile::tempdir().unwrap());
        let mut store = home.open();
        for sequence in 1..=sequences {
            let body =
                if sequence % 2 == 0 { noise(sequence, body_bytes) } else { page(sequence, body_bytes) };
            keep(&store, changed(&source("fcc"), sequence, body, &["zte"])).await.unwrap();
            if sequence == sequences / 2 {
                store = home.reopen(store).await;
            }
        }
        if is_closed {
            store.close().await.unwrap();
            copy(home.folder().parent().unwrap(), kept.path());
        } else {
            copy(home.folder().parent().unwrap(), kept.path());
            store.close().await.unwrap();
        }
        Self { home: kept, sequences }
    }

    fn log(&self) -> Vec<u8> {
        fs::read(self.home.path().join("db/db")).unwrap()
    }

    /// A copy, damaged; gives what was said, after checking that nothing was lost in silence.
    async fn damaged(&self, damage: &dyn Fn(&Path)) -> Result<(), String> {
        let copied = Copy::of(self);
        damage(&copied.folder());
        let before = contents(&copied.folder());
        match copied.open() {
            Ok(store) => {
                assert_eq!(
                    store.pending_alerts().await.unwrap().len() as u64,
                    self.sequences,
                    "lost in silence"
                );
                let snapshots = store.snapshots(&source("fcc"), usize::MAX).await.unwrap();
                for snapshot in snapshots {
                    assert!(
                        store.body(&snapshot.response.sha256).await.unwrap().is_some(),
                        "a body lost in silence"
                    );
                }
                store.close().await.unwrap();
                Ok(())
            }
            Err(error) => {
                let is_refusal = matches!(
                    error,
                    StoreError::Damaged { .. } | StoreError::Older { .. } | StoreError::Missing { .. }
                );
                assert!(is_refusal, "{error:?}");
                assert_eq!(contents(&copied.folder()), before, "what was refused is as it was");
                Err(error.to_string().replace(copied.state.path().to_str().unwrap(), "…"))
            }
        }
    }
}

/// A store of its own, to be damaged.
struct Copy {
    state: tempfile::TempDir,
}

impl Copy {
    fn of(pattern: &Pattern) -> Self {
        let state = tempfile::tempdir().unwrap();
        copy(pattern.home.path(), state.path());
        Self { state }
    }

    fn folder(&self) -> PathBuf {
        self.state.path().join("db")
    }

    fn settings(&self) -> StoreSettings {
        StoreSettings::Sled { path: self.folder() }
    }

    fn open(&self) -> Result<Store, StoreError> {
        Store::open(&self.settings())
    }
}

/// Every file of a folder with what it holds.
fn contents(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let files = entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_file());
    let mut files: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    files
}

fn on_log(change: impl Fn(&mut Vec<u8>)) -> impl Fn(&Path) {
    on_file("db", change)
}

/// The file in which the first bodies lie.
const PACK: &str = "pack.00000001";

fn on_file(name: &str, change: impl Fn(&mut Vec<u8>)) -> impl Fn(&Path) {
    move |folder| {
        let path = folder.join(name);
        let mut bytes = fs::read(&path).unwrap();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
    }
}

fn tell(what: &str, said: &Result<(), String>) {
    println!("{what}: {}", said.as_ref().map_or_else(String::as_str, |()| "nothing lost, opened"));
}

/// Where the log's file holds anything, at its end.
fn end_of(log: &[u8]) -> usize {
    log.iter().rposition(|byte| *byte != 0).unwrap_or(0)
}

async fn bits_blocks_and_cuts(pattern: &Pattern, step: usize) -> usize {
    let end = end_of(&pattern.log());
    let mut refused = 0;
    let mut hurt = async |what: String, damage: &dyn Fn(&Path)| {
        let said = pattern.damaged(damage).await;
        tell(&what, &said);
        refused += usize::from(said.is_err());
    };
    for place in (8..end).step_by(step) {
        hurt(format!("bit at {place} flipped"), &on_log(|log| log[place] ^= 1)).await;
        hurt(
            format!("512 bytes at {place} zeroed"),
            &on_log(|log| {
                let until = (place + 512).min(log.len());
                log[place..until].fill(0);
            }),
        )
        .await;
        hurt(format!("cut at {place}"), &on_log(|log| log.truncate(place))).await;
    }
    refused
}

/// What is done to a database, in words, and by what.
type Damage<'a> = (&'a str, &'a dyn Fn(&Path));

#[tokio::test]
async fn a_small_store_damaged_anywhere_is_refused_or_whole() {
    let pattern = Pattern::new(4, 2000, true).await;
    let end = end_of(&pattern.log());
    let refused = bits_blocks_and_cuts(&pattern, end / 40).await;
    assert!(refused > 60, "{refused} refused");
}

#[tokio::test]
async fn a_large_store_damaged_anywhere_is_refused_or_whole() {
    let pattern = Pattern::new(120, 30_000, true).await;
    let end = end_of(&pattern.log());
    assert!(end > 512 << 10, "the log has several segments: {end}");
    let refused = bits_blocks_and_cuts(&pattern, end / 12).await;
    assert!(refused > 15, "{refused} refused");
    for segment in (0..end).step_by(512 * 1024) {
        let said = pattern
            .damaged(&on_log(|log| {
                let until = (segment + 512 * 1024).min(log.len());
                log[segment..until].fill(0);
            }))
            .await;
        tell(&format!("the segment at {segment} zeroed"), &said);
    }
}

#[tokio::test]
async fn what_a_killed_process_left_is_whole_and_its_damage_is_seen() {
    let pattern = Pattern::new(5, 3000, false).await;
    pattern.damaged(&|_| {}).await.expect("a killed process leaves a store that is whole");
    let end = end_of(&pattern.log());
    let refused = bits_blocks_and_cuts(&pattern, end / 30).await;
    assert!(refused > 40, "{refused} refused");
}

#[tokio::test]
async fn bodies_beside_the_log_are_missed_like_any_record() {
    for is_closed in [true, false] {
        let pattern = Pattern::new(6, 6000, is_closed).await;
        let pack = fs::read(pattern.home.path().join("db").join(PACK)).unwrap();
        let mut refused = 0;
        let mut hurt = async |what: String, damage: &dyn Fn(&Path)| {
            let said = pattern.damaged(damage).await;
            tell(&what, &said);
            refused += usize::from(said.is_err());
        };
        let step = pack.len() / 12;
        for place in (0..pack.len()).step_by(step) {
            hurt(format!("bit at {place} of the pack flipped"), &on_file(PACK, |pack| pack[place] ^= 1))
                .await;
            hurt(format!("pack cut at {place}"), &on_file(PACK, |pack| pack.truncate(place))).await;
        }
        hurt("pack removed".to_owned(), &|folder| fs::remove_file(folder.join(PACK)).unwrap()).await;
        // Baselines that another took the place of are missed by nobody.
        assert!(refused > 15, "{refused} refused");
        let tail = on_file(PACK, |pack| pack.extend_from_slice(&noise(9, 700)));
        assert_eq!(pattern.damaged(&tail).await, Ok(()), "bytes to which nothing refers");
    }
}

#[tokio::test]
async fn repairing_saves_the_bodies_that_can_be_read() {
    let pattern = Pattern::new(8, 6000, true).await;
    let copied = Copy::of(&pattern);
    // The first read's body comes first.
    on_file(PACK, |pack| pack[60] ^= 1)(&copied.folder());
    assert!(!verify(&copied.settings()).unwrap().is_sound);
    let told = repair(&copied.settings(), RepairWishes::default()).unwrap();
    assert!(!told.lost.is_empty() && !told.records.is_empty(), "{told:?}");
    repair(&copied.settings(), RepairWishes { apply: true, ..RepairWishes::default() }).unwrap();
    let verified = verify(&copied.settings()).unwrap();
    assert!(verified.findings.is_empty(), "{verified:?}");
    let store = copied.open().unwrap();
    let mut whole = 0;
    for snapshot in store.snapshots(&source("fcc"), usize::MAX).await.unwrap() {
        whole += usize::from(store.body(&snapshot.response.sha256).await.unwrap().is_some());
    }
    assert!(whole >= 6, "{whole} of 8 bodies");
    store.close().await.unwrap();
}

#[tokio::test]
async fn files_beside_the_log_may_go_and_the_log_may_not() {
    let pattern = Pattern::new(4, 2000, true).await;
    let snapshots = |folder: &Path, change: &dyn Fn(&Path)| {
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        files.filter(|path| path.to_string_lossy().contains("snap.")).for_each(|path| change(&path));
    };
    let harmless: [Damage<'_>; 7] = [
        ("snapshots emptied", &|folder| snapshots(folder, &|path| fs::write(path, b"").unwrap())),
        ("snapshots removed", &|folder| snapshots(folder, &|path| fs::remove_file(path).unwrap())),
        ("snapshots cut", &|folder| {
            snapshots(folder, &|path| fs::write(path, &fs::read(path).unwrap()[..20]).unwrap());
        }),
        ("a snapshot half written", &|folder| {
            fs::write(folder.join("snap.00000000FFFFFFFF.generating"), b"half").unwrap();
        }),
        ("settings emptied", &|folder| fs::write(folder.join("conf"), b"").unwrap()),
        ("settings removed", &|folder| fs::remove_file(folder.join("conf")).unwrap()),
        ("settings garbled", &|folder| fs::write(folder.join("conf"), b"segment_size: 4\nabcd").unwrap()),
    ];
    for (what, damage) in harmless {
        let said = pattern.damaged(damage).await;
        tell(what, &said);
        assert_eq!(said, Ok(()), "{what}");
    }
    let losses: [Damage<'_>; 5] = [
        ("log emptied", &|folder| fs::write(folder.join("db"), b"").unwrap()),
        ("log removed", &|folder| fs::remove_file(folder.join("db")).unwrap()),
        ("folder removed", &|folder| fs::remove_dir_all(folder).unwrap()),
        ("log of nothing but zeroes", &on_log(|log| log.fill(0))),
        ("log of noise", &on_log(|log| *log = noise(7, log.len()))),
    ];
    for (what, damage) in losses {
        let said = pattern.damaged(damage).await;
        tell(what, &said);
        said.expect_err(what);
    }
}

#[tokio::test]
async fn verifying_finds_what_opening_refuses_and_changes_nothing() {
    let pattern = Pattern::new(6, 3000, true).await;
    let sound = Copy::of(&pattern);
    let before = contents(&sound.folder());
    let verified = verify(&sound.settings()).unwrap();
    assert!(verified.is_sound, "{verified:?}");
    assert_eq!(contents(&sound.folder()), before);
    let end = end_of(&pattern.log());
    for place in (100..end).step_by(end / 25) {
        let copied = Copy::of(&pattern);
        on_log(|log| log[place] ^= 4)(&copied.folder());
        let before = contents(&copied.folder());
        let verified = verify(&copied.settings()).unwrap();
        assert_eq!(contents(&copied.folder()), before);
        assert_eq!(verified.is_sound, copied.open().is_ok(), "at {place}: {verified:?}");
    }
}

#[tokio::test]
async fn repairing_tells_first_and_then_saves_what_can_be_read() {
    let pattern = Pattern::new(12, 4000, true).await;
    let end = end_of(&pattern.log());
    let mut repairs = 0;
    for place in (3000..end).step_by(end / 15) {
        let copied = Copy::of(&pattern);
        on_log(|log| log[place..place + 40].fill(0x55))(&copied.folder());
        if copied.open().is_ok() {
            continue;
        }
        let before = contents(&copied.folder());
        let told = repair(&copied.settings(), RepairWishes::default()).unwrap();
        assert_eq!(contents(&copied.folder()), before, "a dry run changes nothing");
        assert!(!told.deeds.is_empty() && !told.lost.is_empty(), "{told:?}");
        let wishes = RepairWishes { apply: true, ..RepairWishes::default() };
        let done = repair(&copied.settings(), wishes).unwrap();
        assert_eq!(done.deeds, told.deeds);
        println!("40 bytes at {place} overwritten: lost {:?}", done.lost);
        let verified = verify(&copied.settings()).unwrap();
        assert!(verified.findings.is_empty(), "{verified:?}");
        let store = copied.open().unwrap();
        // Most of it is there, nothing is in anybody's way, and more can be kept.
        store.pending_alerts().await.unwrap();
        keep(&store, changed(&source("fcc"), 99, page(99, 500), &["zte"])).await.unwrap();
        store.close().await.unwrap();
        repairs += 1;
    }
    assert!(repairs > 4, "{repairs} repairs");
}

#[tokio::test]
async fn a_backup_that_was_copied_back_is_accepted_knowingly() {
    let pattern = Pattern::new(6, 2000, true).await;
    let copied = Copy::of(&pattern);
    let backup = tempfile::tempdir().unwrap();
    copy(&copied.folder(), &backup.path().join("db"));
    let store = copied.open().unwrap();
    keep(&store, changed(&source("fcc"), 7, page(7, 900), &["zte"])).await.unwrap();
    store.close().await.unwrap();
    let newer = tempfile::tempdir().unwrap();
    fs::rename(copied.folder(), newer.path().join("db")).unwrap();
    copy(&backup.path().join("db"), &copied.folder());
    assert!(matches!(copied.open(), Err(StoreError::Older { .. })));
    assert!(!verify(&copied.settings()).unwrap().is_sound);
    let refused = repair(&copied.settings(), RepairWishes::default());
    assert!(matches!(refused, Err(StoreError::Older { .. })), "{refused:?}");
    let wishes = RepairWishes { apply: true, accept_older: true, accept_foreign: false };
    println!("{:?}", repair(&copied.settings(), wishes).unwrap());
    let store = copied.open().unwrap();
    assert_eq!(store.pending_alerts().await.unwrap().len(), 6);
    store.close().await.unwrap();
    // The one that was left behind is no longer this installation's course.
    fs::remove_dir_all(copied.folder()).unwrap();
    fs::rename(newer.path().join("db"), copied.folder()).unwrap();
    assert!(matches!(copied.open(), Err(StoreError::Foreign { .. })));
}
