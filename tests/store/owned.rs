//! What a store does that one process owns, with all its files.

use std::sync::Arc;

use regwatch::domain::meter::Meter;
use regwatch::settings::StoreSettings;
use regwatch::store::{SealWish, Store, StoreError, check_backup, restore};

use crate::fixture::{Home, at, changed, keep, source};
use crate::on_sled::conformance::chain::{changing, follow, keep_unchanged, lines};

#[tokio::test]
async fn a_second_owner_is_refused_until_the_first_closes() {
    let home = Home::new();
    let store = home.open();
    match home.try_open() {
        Err(StoreError::Locked { holder, .. }) => assert_eq!(holder, Some(std::process::id())),
        other => panic!("a second owner got {other:?}"),
    }
    store.close().await.unwrap();
    home.open();
}

#[tokio::test]
async fn a_folder_that_cannot_be_is_named() {
    let home = Home::new();
    let file = home.folder().with_file_name("file");
    std::fs::write(&file, b"").unwrap();
    let path = file.join("db");
    let error = Store::open(&StoreSettings::Sled { path: path.clone() }).unwrap_err().to_string();
    assert!(error.contains(file.to_str().unwrap()), "{error}");
}

#[tokio::test]
async fn a_chain_is_in_every_backup_and_goes_on_after_it() {
    let home = Home::new();
    let store = home.open();
    let (fcc, feed) = (source("fcc"), source("feed"));
    keep(&store, changing(&fcc, 1)).await.unwrap();
    keep_unchanged(&store, &feed, 0..70).await;
    store.seal(SealWish::Now, at(80)).await.unwrap();
    let before = (lines(&store, &fcc).await, lines(&store, &feed).await);
    let (archived, exported) =
        (store.archive(&Meter::default()).await.unwrap(), home.folder().with_extension("lines"));
    assert!(check_backup(&archived.path, &Meter::default()).is_ok());
    let elsewhere = Home::new();
    restore(&elsewhere.settings(), &archived.path, &Meter::default()).unwrap();
    std::fs::copy(store.export(&Meter::default()).await.unwrap().path, &exported).unwrap();
    let imported = Home::new();
    regwatch::store::import(&imported.settings(), &exported, &Meter::default()).unwrap();
    for home in [elsewhere, imported] {
        let store = home.open();
        assert_eq!((lines(&store, &fcc).await, lines(&store, &feed).await), before);
        keep_unchanged(&store, &feed, 90..92).await;
        follow(&lines(&store, &feed).await);
        assert_eq!(store.last_seal().await.unwrap().unwrap().heads.len(), 2);
    }
}

#[tokio::test]
async fn how_a_source_stands_of_which_nothing_was_written_is_not_looked_up_again() {
    let home = Home::new();
    let store = home.open();
    let ids: Arc<[_]> = [source("fcc"), source("bis")].into();
    let before = store.glances(ids.clone()).await.unwrap();
    keep(&store, changed(&source("fcc"), 1, b"one".to_vec(), &["hikvision"])).await.unwrap();
    let after = store.glances(ids).await.unwrap();
    assert!(!Arc::ptr_eq(&before[0], &after[0]));
    assert!(Arc::ptr_eq(&before[1], &after[1]), "nobody else writes it");
}
