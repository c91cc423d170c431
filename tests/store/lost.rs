//! State that is lost is never taken for a first start.

use std::fs;
use std::path::{Path, PathBuf};

use regwatch::settings::{StoreRules, StoreSettings};
use regwatch::store::{Opened, Store, StoreError};

use crate::fixture::{Home, changed, keep, page, source};

fn mark(home: &Home) -> PathBuf {
    home.folder().with_extension("mark")
}

pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// A store in which something was kept, and which was closed.
async fn filled() -> Home {
    let home = Home::new();
    add(&home, 1).await;
    home
}

async fn add(home: &Home, sequence: u64) {
    let store = home.open();
    keep(&store, changed(&source("fcc"), sequence, page(sequence, 3000), &["zte"])).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_first_start_is_told_and_where_a_store_is_required_refused() {
    let home = Home::new();
    let settings = StoreSettings::Sled { path: home.folder() };
    let required = StoreRules { required: true, ..StoreRules::default() };
    let refused = Store::open_with(&settings, &required);
    assert!(matches!(refused, Err(StoreError::NoneYet { .. })), "{refused:?}");
    assert!(!home.folder().exists() && !mark(&home).exists(), "nothing was begun");
    let store = home.open();
    assert_eq!(store.opened(), Opened::New);
    let installation = store.installation();
    store.close().await.unwrap();
    let store = Store::open_with(&settings, &required).unwrap();
    assert_eq!((store.opened(), store.installation()), (Opened::Known, installation));
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_store_that_is_gone_is_missed() {
    for lose in [
        (|folder| fs::remove_dir_all(folder).unwrap()) as fn(&Path),
        |folder| {
            fs::remove_dir_all(folder).unwrap();
            fs::create_dir(folder).unwrap();
        },
        |folder| fs::remove_file(folder.join("db")).unwrap(),
        |folder| fs::write(folder.join("db"), b"").unwrap(),
    ] {
        let home = filled().await;
        lose(&home.folder());
        let refused = home.try_open();
        let is_missed = matches!(refused, Err(StoreError::Missing { .. } | StoreError::Damaged { .. }));
        assert!(is_missed, "{refused:?}");
        assert!(home.try_open().is_err(), "it is so the second time as well");
    }
}

#[tokio::test]
async fn an_older_copy_and_a_foreign_store_are_told_apart() {
    let (home, other) = (filled().await, filled().await);
    let backup = home.folder().with_file_name("backup");
    copy(&home.folder(), &backup);
    add(&home, 2).await;
    let replace = |by: &Path| {
        fs::remove_dir_all(home.folder()).unwrap();
        copy(by, &home.folder());
    };
    replace(&backup);
    let refused = home.try_open();
    assert!(matches!(refused, Err(StoreError::Older { .. })), "{refused:?}");
    assert!(refused.unwrap_err().to_string().contains("regwatch store repair --accept-older --apply"));
    replace(&other.folder());
    let refused = home.try_open();
    assert!(matches!(refused, Err(StoreError::Foreign { .. })), "{refused:?}");
}

#[tokio::test]
async fn a_store_without_a_mark_gets_one_and_keeps_what_it_has() {
    let home = filled().await;
    for lose in [
        (|mark| fs::remove_file(mark).unwrap()) as fn(&Path),
        |mark| fs::write(mark, b"").unwrap(),
        |mark| fs::write(mark, b"something else").unwrap(),
    ] {
        lose(&mark(&home));
        let store = home.open();
        assert_eq!(store.opened(), Opened::Adopted);
        assert_eq!(store.pending_alerts().await.unwrap().len(), 1);
        store.close().await.unwrap();
        let store = home.open();
        assert_eq!(store.opened(), Opened::Known);
        store.close().await.unwrap();
    }
}
