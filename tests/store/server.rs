//! What belongs to a store in PostgreSQL alone: its tables, and the way to it from another store and back.

use regwatch::domain::meter::Meter;
use regwatch::settings::{DatabaseUrl, StoreRules, StoreSettings};
use regwatch::store::{
    RepairWishes, Store, StoreError, compact, copy, import, migrate, repair, restore, verify,
};

use crate::fixture::{self, at, changed, keep, mail, page, source, topic};
use crate::postgres::Server;

/// A new database, and a folder for what belongs to it on this machine.
struct Place {
    server: &'static Server,
    url: String,
    local: tempfile::TempDir,
}

impl Place {
    fn new() -> Option<Self> {
        let server = Server::shared()?;
        Some(Self { server, url: server.database(), local: tempfile::tempdir().unwrap() })
    }

    fn settings(&self) -> StoreSettings {
        let url = DatabaseUrl::new(&self.url, None).unwrap();
        StoreSettings::Postgres { url, local: self.local.path().join("db") }
    }

    fn sql(&self, text: &str) {
        let ran = self.server.run("psql", &["-qAt", "-v", "ON_ERROR_STOP=1", "-d", &self.url, "-c", text]);
        let ran = { ran }.output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    }
}

#[test]
fn tables_that_are_not_this_programs_are_refused_and_missing_ones_are_made_by_command() {
    let Some(place) = Place::new() else { return };
    let required = StoreRules { required: true, ..StoreRules::default() };
    let none = Store::open_with(&place.settings(), &required);
    assert!(matches!(none, Err(StoreError::NoneYet { .. })), "{none:?}");
    assert_eq!(migrate(&place.settings()).unwrap(), ["records", "workers"]);
    assert_eq!(migrate(&place.settings()).unwrap(), [""; 0]);
    drop(Store::open_with(&place.settings(), &required).unwrap());
    let refused = |why: &str| {
        for error in [Store::open(&place.settings()).unwrap_err(), verify(&place.settings()).unwrap_err()] {
            assert!(matches!(error, StoreError::Schema { .. }) && error.to_string().contains(why), "{error}");
        }
    };
    place.sql("INSERT INTO migrations (number, name, sha256) VALUES (99, 'of the future', '')");
    refused("migration 99 (of the future) is of a later version; use a newer regwatch");
    assert!(matches!(migrate(&place.settings()), Err(StoreError::Schema { .. })));
    place.sql("DELETE FROM migrations WHERE number = 99; UPDATE migrations SET sha256 = 'other'");
    refused("migration 1 (records) is not the one of this program");
}

#[tokio::test]
async fn every_statement_is_one_that_the_tables_answer() {
    let Some(place) = Place::new() else { return };
    let store = Store::open(&place.settings()).unwrap();
    keep(&store, changed(&source("fcc"), 1, page(1, 9_000), &["zte"])).await.unwrap();
    store.close().await.unwrap();
    let verified = verify(&place.settings()).unwrap();
    assert!(verified.is_sound, "{verified:?}");
    assert_eq!(verified.installation, Some(store.installation()));
    place.sql("ALTER TABLE looks RENAME COLUMN record TO other; UPDATE mails SET record = '\\x01'");
    let verified = verify(&place.settings());
    // The statements are told, or the first that could not be asked.
    let told = match &verified {
        Ok(verified) => format!("{:?}", verified.findings),
        Err(error) => error.to_string(),
    };
    assert!(told.contains("record") && told.contains("does not exist"), "{told}");
}

#[tokio::test]
async fn what_cannot_be_read_is_found_and_named() {
    let Some(place) = Place::new() else { return };
    let store = Store::open(&place.settings()).unwrap();
    store.dispatch(&[], vec![mail("ann", at(0))]).await.unwrap();
    keep(&store, changed(&source("fcc"), 1, page(1, 9_000), &["zte"])).await.unwrap();
    place.sql("UPDATE mails SET record = '\\x0100'; DELETE FROM bodies WHERE key IN (SELECT key FROM bodies LIMIT 1)");
    let verified = verify(&place.settings()).unwrap();
    assert!(!verified.is_sound);
    let trees: Vec<_> = verified.records.iter().map(|record| record.tree).collect();
    assert!(trees.contains(&"mails") && trees.len() > 1, "{:?}", verified.records);
}

#[test]
fn what_only_a_folder_needs_says_what_to_use_instead() {
    let Some(place) = Place::new() else { return };
    let (settings, meter) = (place.settings(), Meter::default());
    let file = std::path::Path::new("/nonexistent");
    let wishes = RepairWishes::default();
    let told = [
        repair(&settings, wishes).unwrap_err().to_string(),
        compact(&settings, &meter).unwrap_err().to_string(),
        restore(&settings, file, &meter).unwrap_err().to_string(),
        import(&settings, file, &meter).unwrap_err().to_string(),
    ];
    for (told, instead) in told.iter().zip(["pg_amcheck", "autovacuum", "pg_restore", "store copy"]) {
        assert!(told.contains("is not for a store in PostgreSQL") && told.contains(instead), "{told}");
    }
}

/// A store with something of most kinds.
async fn fill(store: &Store) {
    store.instance_key([7; 32]).await.unwrap();
    for number in 0..30 {
        let id = source(&format!("source-{number}"));
        for sequence in 1..=3 {
            keep(store, changed(&id, sequence, page(number * 10 + sequence, 9_000), &["zte"])).await.unwrap();
        }
        let reader = format!("reader{number}@example.org").parse().unwrap();
        store.follow(&reader, &[topic("zte"), topic("dahua")], true, "cli", at(0)).await.unwrap();
    }
    store
        .dispatch(&[], (0..200).map(|number| mail(&format!("to-{number}"), at(number))).collect())
        .await
        .unwrap();
}

#[tokio::test]
async fn a_store_is_copied_into_a_database_and_back_and_is_the_same() {
    let Some(place) = Place::new() else { return };
    let (home, back) = (fixture::Home::new(), fixture::Home::new());
    let store = home.open();
    fill(&store).await;
    let (installation, mails) = (store.installation(), store.mails(None, 999).await.unwrap());
    store.close().await.unwrap();
    let meter = Meter::default();
    let there = copy(&home.settings(), &place.settings(), &meter).await.unwrap();
    assert!(there.written > 1_000 && there.removed == 0, "{there:?}");
    let occupied = copy(&home.settings(), &place.settings(), &meter).await;
    assert!(matches!(occupied, Err(StoreError::Occupied { .. })), "{occupied:?}");
    assert!(verify(&place.settings()).unwrap().is_sound);
    let again = copy(&place.settings(), &back.settings(), &meter).await.unwrap();
    assert_eq!(again.kinds, there.kinds);
    assert!(verify(&back.settings()).unwrap().is_sound);
    for store in [Store::open(&place.settings()).unwrap(), back.open()] {
        assert_eq!(store.installation(), installation);
        assert_eq!(store.mails(None, 999).await.unwrap(), mails);
        assert_eq!(store.instance_key([9; 32]).await.unwrap(), [7; 32]);
        assert_eq!(store.pending_alerts().await.unwrap().len(), 90);
        // It goes on from there.
        keep(&store, changed(&source("source-0"), 4, page(999, 2_000), &["zte"])).await.unwrap();
        assert_eq!(store.snapshots(&source("source-0"), 9).await.unwrap().len(), 4);
    }
}

#[tokio::test]
async fn a_copy_that_was_broken_off_is_no_store_and_goes_on_where_it_was() {
    let Some(place) = Place::new() else { return };
    let home = fixture::Home::new();
    let store = home.open();
    fill(&store).await;
    store.close().await.unwrap();
    let meter = Meter::default();
    let whole = copy(&home.settings(), &place.settings(), &meter).await.unwrap();
    // As it stands in the midst of a copy: marked, and some of it is not there yet.
    place.sql(
        "INSERT INTO meta (key, record) VALUES ('copy-unfinished', ''); \
         DELETE FROM mails WHERE key IN (SELECT key FROM mails ORDER BY key DESC LIMIT 17); \
         INSERT INTO looks (key, record) VALUES ('\\x00', '')",
    );
    let unfinished = Store::open(&place.settings());
    assert!(matches!(unfinished, Err(StoreError::UnfinishedCopy { .. })), "{unfinished:?}");
    let rest = copy(&home.settings(), &place.settings(), &meter).await.unwrap();
    assert_eq!((rest.written, rest.removed), (17, 1));
    assert_eq!(rest.kinds, whole.kinds);
    drop(Store::open(&place.settings()).unwrap());
}
