//! A store that 0.1.0 wrote is adopted as it is.

use regwatch::domain::meter::Meter;
use regwatch::domain::outbox::MailState;
use regwatch::settings::StoreSettings;
use regwatch::store::{
    ChangeQuery, ChangeSearch, Opened, Store, StoreError, check_backup, compact, restore, verify,
};

use crate::fixture::source;
use crate::old_store::{ORIGIN, unpack};

#[tokio::test]
async fn a_store_of_0_1_0_is_adopted_with_all_it_has() {
    let state = tempfile::tempdir().unwrap();
    unpack(state.path(), ORIGIN);
    let settings = StoreSettings::Sled { path: state.path().join("state/db") };
    let verified = verify(&settings).unwrap();
    assert!(verified.is_sound && verified.installation.is_none(), "{verified:?}");
    let mut installation = None;
    for opened in [Opened::Adopted, Opened::Known, Opened::Known] {
        let store = Store::open(&settings).unwrap();
        assert_eq!(store.opened(), opened);
        assert_eq!(*installation.get_or_insert(store.installation()), store.installation());
        assert_eq!(store.subscribers().await.unwrap().len(), 4);
        assert_eq!(store.mails(None, 100).await.unwrap().len(), 7);
        for (mail, count) in
            [(MailState::Sent, 3), (MailState::Queued, 1), (MailState::Held, 1), (MailState::Dead, 1)]
        {
            assert_eq!(store.mails(Some(mail), 100).await.unwrap().len(), count, "{mail}");
        }
        let query = ChangeQuery { limit: 100, ..ChangeQuery::default() };
        assert_eq!(store.changes(query).await.unwrap().len(), 4);
        store.index_changes().await.unwrap();
        let found = store.search(ChangeSearch { limit: 100, ..ChangeSearch::default() }).await.unwrap();
        assert_eq!((found.total, found.changes.len()), (4, 4));
        for (_, change) in found.changes {
            let words =
                ChangeSearch { words: change.entry.title.clone(), limit: 100, ..ChangeSearch::default() };
            let found = store.search(words).await.unwrap();
            assert!(found.changes.iter().any(|(_, other)| other.id == change.id), "{change:?}");
        }
        // What is asked for by an index is what stands in the records.
        let mut told = 0;
        for mail in store.mails(None, 100).await.unwrap() {
            for change in &mail.changes {
                let page = store.mails_telling(vec![change.clone()], None, 100).await.unwrap();
                assert!(page.mails.contains(&mail));
                told += 1;
            }
        }
        assert!(told > 0);
        let incidents = store.incidents_since(chrono::DateTime::UNIX_EPOCH).await.unwrap();
        assert_eq!(incidents, store.incidents().await.unwrap());
        assert!(store.quarantined(&source("register")).await.unwrap().is_some());
        assert_eq!(store.incidents().await.unwrap().len(), 1);
        assert_eq!(store.unreadable(), [""; 0]);
        store.close().await.unwrap();
        assert!(verify(&settings).unwrap().is_sound);
    }
    // As the program begins: spellings of one address become one reader.
    let store = Store::open(&settings).unwrap();
    store.instance_key([1; 32]).await.unwrap();
    let mut followed = 0;
    for reader in store.subscribers().await.unwrap() {
        for subscription in reader.subscriptions.iter().filter(|known| known.may_be_told()) {
            let page = store.readers_of(vec![subscription.topic.clone()], None, 100).await.unwrap();
            assert!(page.readers.contains(&reader), "{subscription:?}");
            followed += 1;
        }
    }
    assert!(followed > 0);
    store.close().await.unwrap();
    assert!(verify(&settings).unwrap().is_sound);
}

#[tokio::test]
async fn a_damaged_store_of_0_1_0_is_not_adopted() {
    for damage in [
        (|log: &mut Vec<u8>| log[20_000] ^= 1) as fn(&mut Vec<u8>),
        |log| log[40_000..41_000].fill(0),
        |log| log[..4096].fill(0),
        Vec::clear,
    ] {
        let state = tempfile::tempdir().unwrap();
        unpack(state.path(), ORIGIN);
        let path = state.path().join("state/db");
        let mut log = std::fs::read(path.join("db")).unwrap();
        damage(&mut log);
        std::fs::write(path.join("db"), &log).unwrap();
        let refused = Store::open(&StoreSettings::Sled { path: path.clone() });
        assert!(matches!(refused, Err(StoreError::Damaged { .. })), "{refused:?}");
        println!("a store without tallies: {}", refused.unwrap_err());
        assert_eq!(std::fs::read(path.join("db")).unwrap(), log);
    }
}

/// What is in a store, as far as programs see it.
async fn contents(settings: &StoreSettings) -> (usize, Vec<(String, MailState)>, usize) {
    let store = Store::open(settings).unwrap();
    let mut mails: Vec<_> = store
        .mails(None, 100)
        .await
        .unwrap()
        .into_iter()
        .map(|mail| (mail.id.to_string(), mail.state))
        .collect();
    mails.sort_by(|a, b| a.0.cmp(&b.0));
    let query = ChangeQuery { limit: 100, ..ChangeQuery::default() };
    let changes = store.changes(query).await.unwrap().len();
    let subscribers = store.subscribers().await.unwrap().len();
    store.close().await.unwrap();
    (subscribers, mails, changes)
}

#[tokio::test]
async fn a_store_of_0_1_0_is_backed_up_restored_and_compacted_with_all_it_has() {
    let state = tempfile::tempdir().unwrap();
    unpack(state.path(), ORIGIN);
    let old = StoreSettings::Sled { path: state.path().join("state/db") };
    let before = contents(&old).await;
    assert_eq!((before.0, before.1.len(), before.2), (4, 7, 4));
    let store = Store::open(&old).unwrap();
    let archived = store.archive(&Meter::default()).await.unwrap();
    assert_eq!(check_backup(&archived.path, &Meter::default()).unwrap(), archived);
    store.close().await.unwrap();

    let elsewhere = tempfile::tempdir().unwrap();
    let new = StoreSettings::Sled { path: elsewhere.path().join("deep/db") };
    assert_eq!(restore(&new, &archived.path, &Meter::default()).unwrap(), archived);
    assert!(verify(&new).unwrap().is_sound);
    assert_eq!(contents(&new).await, before);
    assert!(matches!(restore(&new, &archived.path, &Meter::default()), Err(StoreError::Occupied { .. })));

    let compacted = compact(&new, &Meter::default()).unwrap();
    assert!(compacted.bytes <= compacted.bytes_before, "{compacted:?}");
    assert!(verify(&new).unwrap().is_sound);
    assert_eq!(contents(&new).await, before);
}
