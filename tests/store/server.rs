//! What belongs to a store in PostgreSQL alone: its tables, and the way to it from another store and back.

use regwatch::domain::meter::Meter;
use regwatch::settings::{DatabaseUrl, StoreRules, StoreSettings};
use regwatch::store::{
    Archived, RepairWishes, Store, StoreError, check, check_backup, compact, copy, import, migrate, repair,
    restore, verify,
};
use tokio::task::JoinSet;

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
        Server::shared().map(Self::of)
    }

    /// One on a server of each version that there is.
    fn of_each_version() -> impl Iterator<Item = Self> {
        [Server::shared(), Server::newer()].into_iter().flatten().map(Self::of)
    }

    fn of(server: &'static Server) -> Self {
        Self { server, url: server.database(), local: tempfile::tempdir().unwrap() }
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
    assert_eq!(
        migrate(&place.settings()).unwrap(),
        ["records", "workers", "touches", "room", "steps", "named on"]
    );
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
    place.sql(
        "DELETE FROM migrations WHERE number = 99; UPDATE migrations SET sha256 = 'other' WHERE number = 1",
    );
    refused("migration 1 (records) is not the one of this program");
}

#[tokio::test]
async fn every_statement_is_one_that_the_tables_answer() {
    for place in Place::of_each_version() {
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
    let wishes = RepairWishes::default();
    let told = [
        repair(&settings, wishes).unwrap_err().to_string(),
        compact(&settings, &meter).unwrap_err().to_string(),
    ];
    for (told, instead) in told.iter().zip(["pg_amcheck", "autovacuum"]) {
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
    let bodies = there.kinds.iter().find(|kind| kind.name == "bodies").unwrap();
    let packed = std::fs::metadata(back.folder().join("pack.00000001")).unwrap().len();
    // In a pack a header of 44 bytes stands before each.
    assert!(
        packed > 44 * bodies.records && bodies.records > 90,
        "bodies lie in a pack again: {packed}, {bodies:?}"
    );
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

/// A store of a server with something of most kinds, and where it is.
async fn filled() -> Option<(Place, Store)> {
    let place = Place::new()?;
    let store = Store::open(&place.settings()).unwrap();
    fill(&store).await;
    Some((place, store))
}

/// What a store says of itself, for comparison.
async fn state_of(store: &Store) -> (Vec<regwatch::domain::outbox::Mail>, usize, usize, [u8; 32]) {
    let mails = store.mails(None, 999).await.unwrap();
    let (alerts, readers) = (
        store.pending_alerts().await.unwrap(),
        store.readers_of(vec![topic("zte")], None, 999).await.unwrap(),
    );
    (mails, alerts.len(), readers.readers.len(), store.instance_key([9; 32]).await.unwrap())
}

#[tokio::test]
async fn a_backup_or_export_of_a_database_is_restored_into_either() {
    let Some((place, store)) = filled().await else { return };
    let (expected, installation) = (state_of(&store).await, store.installation());
    let meter = Meter::default();
    let kept = tempfile::tempdir().unwrap();
    let keep_aside = |archived: &Archived, name: &str| {
        let file = kept.path().join(name);
        std::fs::copy(&archived.path, &file).unwrap();
        store.forget_archive();
        assert!(!archived.path.exists());
        file
    };
    let archived = store.archive(&meter).await.unwrap();
    assert_eq!(check_backup(&archived.path, &meter).unwrap(), archived);
    let backup = keep_aside(&archived, "backup");
    let export = keep_aside(&store.export(&meter).await.unwrap(), "export");
    for (file, is_backup) in [(&backup, true), (&export, false)] {
        let (other, folder) = (Place::new().unwrap(), fixture::Home::new());
        for settings in [other.settings(), folder.settings()] {
            let write = || {
                if is_backup { restore(&settings, file, &meter) } else { import(&settings, file, &meter) }
            };
            let made = write().unwrap();
            assert!(made.records > 1_000, "{made:?}");
            let occupied = write();
            assert!(matches!(occupied, Err(StoreError::Occupied { .. })), "{occupied:?}");
            let verified = verify(&settings).unwrap();
            assert!(verified.is_sound, "{verified:?}");
            let store = Store::open(&settings).unwrap();
            assert_eq!(
                (state_of(&store).await, store.installation()),
                (expected.clone(), installation.clone())
            );
            // It goes on from there.
            keep(&store, changed(&source("source-0"), 4, page(999, 2_000), &["zte"])).await.unwrap();
            store.close().await.unwrap();
        }
    }
    drop(place);
}

#[tokio::test]
async fn a_backup_of_a_folder_is_restored_into_a_database() {
    let Some(place) = Place::new() else { return };
    let home = fixture::Home::new();
    let store = home.open();
    fill(&store).await;
    let expected = state_of(&store).await;
    let meter = Meter::default();
    let archived = store.archive(&meter).await.unwrap();
    restore(&place.settings(), &archived.path, &meter).unwrap();
    let verified = verify(&place.settings()).unwrap();
    assert!(verified.is_sound, "{verified:?}");
    assert_eq!(verified.installation, Some(store.installation()));
    assert_eq!(state_of(&Store::open(&place.settings()).unwrap()).await, expected);
}

/// Others write all the while: what is in the backup is one moment's state, in which every change has its alert, every
/// record its body, and every index what it is made of.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_that_is_taken_while_others_write_is_one_moment() {
    let Some((_place, store)) = filled().await else { return };
    let mut writing = JoinSet::new();
    for number in 100..104_u64 {
        let store = store.clone();
        writing.spawn(async move {
            let id = source(&format!("source-{number}"));
            for sequence in 1.. {
                let read = changed(&id, sequence, page(number * 1_000 + sequence, 3_000), &["zte"]);
                keep(&store, read).await.unwrap();
                store.dispatch(&[], vec![mail(&format!("to-{number}-{sequence}"), at(0))]).await.unwrap();
            }
        });
    }
    let (meter, mut records) = (Meter::default(), Vec::new());
    for _ in 0..3 {
        let archived = store.archive(&meter).await.unwrap();
        let other = Place::new().unwrap();
        restore(&other.settings(), &archived.path, &meter).unwrap();
        let verified = verify(&other.settings()).unwrap();
        assert!(verified.is_sound, "{verified:?}");
        let restored = Store::open(&other.settings()).unwrap();
        let changes = restored.changes(regwatch::store::ChangeQuery {
            limit: usize::MAX,
            ..regwatch::store::ChangeQuery::default()
        });
        assert_eq!(changes.await.unwrap().len(), restored.pending_alerts().await.unwrap().len());
        records.push(archived.records);
    }
    writing.abort_all();
    assert!(records[0] < records[2], "somebody wrote meanwhile: {records:?}");
}

#[tokio::test]
async fn a_restoration_that_was_broken_off_is_no_store_and_goes_on_where_it_was() {
    let Some((_place, store)) = filled().await else { return };
    let meter = Meter::default();
    let archived = store.archive(&meter).await.unwrap();
    let exported = archived.path.with_extension("lines");
    let other = Place::new().unwrap();
    restore(&other.settings(), &archived.path, &meter).unwrap();
    let expected = state_of(&Store::open(&other.settings()).unwrap()).await;
    let break_off = || {
        other.sql(
            "INSERT INTO meta (key, record) VALUES ('copy-unfinished', ''); \
             DELETE FROM mails WHERE key IN (SELECT key FROM mails ORDER BY key DESC LIMIT 17); \
             INSERT INTO looks (key, record) VALUES ('\\x00', '')",
        );
        let unfinished = Store::open(&other.settings());
        assert!(matches!(unfinished, Err(StoreError::UnfinishedCopy { .. })), "{unfinished:?}");
    };
    break_off();
    restore(&other.settings(), &archived.path, &meter).unwrap();
    assert!(verify(&other.settings()).unwrap().is_sound);
    assert_eq!(state_of(&Store::open(&other.settings()).unwrap()).await, expected);
    break_off();
    std::fs::rename(store.export(&meter).await.unwrap().path, &exported).unwrap();
    import(&other.settings(), &exported, &meter).unwrap();
    assert!(verify(&other.settings()).unwrap().is_sound);
    assert_eq!(state_of(&Store::open(&other.settings()).unwrap()).await, expected);
}

#[tokio::test]
async fn a_backup_that_was_cut_short_or_changed_makes_nothing() {
    let Some((_place, store)) = filled().await else { return };
    let meter = Meter::default();
    let archived = store.archive(&meter).await.unwrap();
    let whole = std::fs::read(&archived.path).unwrap();
    let mut changed = whole.clone();
    let middle = changed.len() / 2;
    changed[middle] ^= 1;
    let other = Place::new().unwrap();
    for bad in [&whole[..whole.len() / 2], &whole[..whole.len() - 1], &changed, b"hello"] {
        let file = archived.path.with_extension("bad");
        std::fs::write(&file, bad).unwrap();
        let refused = restore(&other.settings(), &file, &meter);
        assert!(matches!(refused, Err(StoreError::BadBackup { .. })), "{refused:?}");
        let none = verify(&other.settings());
        assert!(matches!(none, Err(StoreError::NoneYet { .. })), "{none:?}");
    }
}

/// On tables with enough rows that reading all of one would be a waste, as the store's connections are set up.
#[test]
fn every_question_that_is_asked_often_is_answered_by_an_index() {
    const ROWS: &str = "DO $$ DECLARE kind text; BEGIN \
        FOR kind IN SELECT c.table_name FROM information_schema.columns c \
            WHERE c.table_schema = current_schema() AND c.column_name = 'key' LOOP \
            EXECUTE format('INSERT INTO %I (key, record) SELECT decode(md5(n::text), ''hex''), ''\\x00'' \
                FROM generate_series(1, 5000) n', kind); \
            EXECUTE format('ANALYZE %I', kind); \
        END LOOP; \
        INSERT INTO claims (name) SELECT 'source ' || n FROM generate_series(1, 5000) n; \
        INSERT INTO rung (source, opening) SELECT 'source-' || n, 1 FROM generate_series(1, 5000) n; \
        INSERT INTO generations (number, fingerprint) SELECT n, n::text FROM generate_series(1, 50) n; \
        ANALYZE claims, rung, generations; END $$";
    for place in Place::of_each_version() {
        migrate(&place.settings()).unwrap();
        assert_eq!(check(&place.settings()).unwrap(), [""; 0]);
        place.sql(ROWS);
        assert_eq!(check(&place.settings()).unwrap(), [""; 0]);
        place.sql("ALTER TABLE mails_due DROP CONSTRAINT mails_due_pkey CASCADE");
        let missing = check(&place.settings()).unwrap();
        assert!(!missing.is_empty(), "a claim without its index is seen");
        for finding in missing {
            assert!(finding.contains("no index leads to what is asked by"), "{finding}");
            assert!(finding.contains("mails_due"), "{finding}");
        }
    }
}
