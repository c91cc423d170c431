//! Changes that are looked for.

use regwatch::domain::change::{Change, ChangeKind};
use regwatch::domain::id::CompanyId;
use regwatch::store::{ChangeSearch, ReadCommit, Store};

use super::Home;
use crate::fixture::{changed, keep, source, suspect};

fn search() -> ChangeSearch {
    ChangeSearch { limit: 100, ..ChangeSearch::default() }
}

async fn ids(store: &Store, search: ChangeSearch) -> Vec<String> {
    let found = store.search(search).await.unwrap();
    assert_eq!(found.total, found.changes.len(), "all of it fits on one page");
    found.changes.into_iter().map(|(_, change)| change.id.to_string()).collect()
}

fn hikvision() -> CompanyId {
    "hikvision".parse().unwrap()
}

#[tokio::test]
async fn changes_are_found_by_all_that_is_asked_for_and_by_nothing_less() {
    let home = Home::new();
    let store = home.open();
    let (fcc, bis) = (source("fcc"), source("bis"));
    let one = changed(&fcc, 1, b"one".to_vec(), &["hikvision"]);
    let other = changed(&bis, 1, b"other".to_vec(), &["zte"]);
    keep(&store, one.clone()).await.unwrap();
    keep(&store, other.clone()).await.unwrap();
    let (one, other): (Vec<Change>, Vec<Change>) = (one.changes, other.changes);
    let all: Vec<String> = other.iter().chain(&one).map(|change| change.id.to_string()).collect();
    let count = all.len();
    assert_eq!(store.search(search()).await.unwrap().total, count);

    let of_fcc = ChangeSearch { sources: vec![fcc.clone()], ..search() };
    let found = ids(&store, of_fcc.clone()).await;
    assert_eq!(found.len(), one.len());
    assert!(one.iter().all(|change| found.contains(&change.id.to_string())));
    let both = ChangeSearch { sources: vec![fcc.clone(), bis.clone()], ..search() };
    assert_eq!(ids(&store, both).await.len(), count);
    let of_company = ChangeSearch { company: Some(hikvision()), ..search() };
    assert_eq!(ids(&store, of_company).await, found);
    assert_eq!(
        ids(&store, ChangeSearch { company: Some(hikvision()), sources: vec![bis], ..search() }).await,
        [""; 0]
    );

    let title = one[0].entry.title.to_uppercase();
    assert!(ids(&store, ChangeSearch { words: title, ..search() }).await.contains(&one[0].id.to_string()));
    assert_eq!(ids(&store, ChangeSearch { words: "no such word".into(), ..search() }).await, [""; 0]);

    let day = one[0].found_at.date_naive();
    let on = |since, until| ChangeSearch { since, until, ..search() };
    assert_eq!(ids(&store, on(Some(day), Some(day))).await.len(), count);
    assert_eq!(ids(&store, on(day.succ_opt(), None)).await.len(), 0);
    assert_eq!(ids(&store, on(None, day.pred_opt())).await.len(), 0);
    let kind = one[0].entry.kind;
    assert_eq!(ids(&store, ChangeSearch { kind: Some(kind), ..of_fcc }).await, found);
    assert_eq!(
        ids(&store, ChangeSearch { kind: Some(ChangeKind::AlreadyListed), ..search() }).await.len(),
        0
    );
    let entry = Some((fcc, one[0].entry.key.clone()));
    assert!(ids(&store, ChangeSearch { entry, ..search() }).await.contains(&one[0].id.to_string()));
}

#[tokio::test]
async fn pages_follow_each_other_and_hold_each_change_once() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let template = changed(&fcc, 1, b"one".to_vec(), &["hikvision"]);
    let mut many = template.clone();
    many.changes = (0..2_500)
        .map(|number| Change {
            id: regwatch::domain::id::ChangeId::derive(&["many", &number.to_string()]),
            ..template.changes[0].clone()
        })
        .collect();
    many.alerts.clear();
    keep(&store, many).await.unwrap();
    let (mut before, mut seen) = (None, std::collections::BTreeSet::new());
    loop {
        let page = store
            .search(ChangeSearch { before, limit: 999, company: Some(hikvision()), ..search() })
            .await
            .unwrap();
        assert_eq!(page.total, 2_500);
        for (_, change) in &page.changes {
            assert!(seen.insert(change.id.clone()), "{} twice", change.id);
        }
        before = page.changes.last().map(|(number, _)| *number);
        if !page.has_more {
            break;
        }
    }
    assert_eq!(seen.len(), 2_500);
}

#[tokio::test]
async fn what_a_person_decides_is_found_otherwise() {
    let home = Home::new();
    let store = home.open();
    let mut commit = changed(&source("fcc"), 1, b"one".to_vec(), &["hikvision"]);
    let change = &mut commit.changes[0];
    change.possible = std::mem::take(&mut change.matches);
    let id = change.id.clone();
    commit.changes.truncate(1);
    commit.alerts.clear();
    let now = commit.state.last_read_at;
    keep(&store, ReadCommit { ..commit }).await.unwrap();
    let possible = || ChangeSearch { is_possible: true, ..search() };
    assert_eq!(ids(&store, possible()).await, [id.to_string()]);
    assert_eq!(
        ids(&store, ChangeSearch { company: Some(hikvision()), ..possible() }).await,
        [id.to_string()]
    );
    assert_eq!(ids(&store, ChangeSearch { company: Some(hikvision()), ..search() }).await, [""; 0]);
    store.decide(id.as_str(), true, now).await.unwrap();
    assert_eq!(ids(&store, possible()).await, [""; 0]);
    assert_eq!(ids(&store, ChangeSearch { company: Some(hikvision()), ..search() }).await, [id.to_string()]);
}

#[tokio::test]
async fn reads_and_deeds_are_remembered_in_their_order() {
    use regwatch::domain::audit::AuditEntry;
    use regwatch::domain::read_record::ReadRecord;
    use regwatch::domain::verdict::Verdict;
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let base = changed(&fcc, 1, b"one".to_vec(), &[]);
    let now = base.state.last_read_at;
    for day in [-200, -100, -2, -1, 0] {
        let at = now + chrono::Duration::days(day);
        let read = Some(ReadRecord::new(at, Verdict::Good, None));
        keep(&store, ReadCommit { read, ..ReadCommit::of(base.state.clone()) }).await.unwrap();
    }
    let kept: Vec<i64> =
        store.reads(&fcc, 10).await.unwrap().iter().map(|read| (read.at - now).num_days()).collect();
    assert_eq!(kept, [0, -1, -2], "what is older than ninety days is forgotten");
    assert_eq!(store.reads(&source("fc"), 10).await.unwrap(), []);

    for (at, who) in [(now, "ann"), (now - chrono::Duration::days(1), "bob"), (now, "ann")] {
        store.note_deed(AuditEntry::new(at, who, "web", "accept", "fcc", "")).await.unwrap();
    }
    let deeds = store.deeds(None, 2).await.unwrap();
    let shown: Vec<(u64, &str)> = deeds.iter().map(|(number, deed)| (*number, deed.who.as_str())).collect();
    assert_eq!(
        shown,
        [(2, "ann"), (1, "bob")],
        "in the order in which they were done, whatever the clock said"
    );
    assert_eq!(store.deeds(Some(1), 5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn how_sources_stand_at_a_glance_is_how_they_were_written_last() {
    let home = Home::new();
    let store = home.open();
    let (fcc, bis) = (source("fcc"), source("bis"));
    let ids: std::sync::Arc<[_]> = [fcc.clone(), bis.clone()].into();
    let glances = async || store.glances(ids.clone()).await.unwrap();
    let never_read = glances().await;
    assert!(never_read.iter().all(|glance| glance.state.is_none() && !glance.is_held), "{never_read:?}");

    let first = changed(&fcc, 1, b"one".to_vec(), &["hikvision"]);
    keep(&store, first.clone()).await.unwrap();
    let read = glances().await;
    assert_eq!(read[0].state, Some(first.state.clone()));
    assert!(read[0].last_change().is_some() && read[1].last_change().is_none());

    keep(&store, changed(&bis, 1, b"other".to_vec(), &["zte"])).await.unwrap();
    let second = glances().await;
    assert!(second[1].last_change() > second[0].last_change());
    keep(&store, suspect(&fcc, b"blocked".to_vec())).await.unwrap();
    assert!(glances().await[0].is_held);
    let let_go = ReadCommit { clears_held: true, ..ReadCommit::of(first.state.clone()) };
    keep(&store, let_go).await.unwrap();
    assert!(!glances().await[0].is_held);
    keep(&store, changed(&fcc, 2, b"two".to_vec(), &["hikvision"])).await.unwrap();
    let third = glances().await;
    assert!(third[0].last_change() > third[1].last_change());
    assert_eq!(store.entry_counts(vec![fcc, source("none")]).await.unwrap(), [Some(1), None]);
}

#[tokio::test]
async fn glances_that_are_taken_while_others_write_do_not_stay_behind() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let ids: std::sync::Arc<[_]> = [fcc.clone()].into();
    let (looking, watched) = (store.clone(), ids.clone());
    let is_over = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let until = is_over.clone();
    let mut look = tokio::task::JoinSet::new();
    look.spawn(async move {
        while !until.load(std::sync::atomic::Ordering::Relaxed) {
            looking.glances(watched.clone()).await.unwrap();
            tokio::task::yield_now().await;
        }
    });
    for sequence in 1..60 {
        let read = changed(&fcc, sequence, b"one".to_vec(), &["hikvision"]);
        keep(&store, read.clone()).await.unwrap();
        assert_eq!(store.glances(ids.clone()).await.unwrap()[0].state, Some(read.state), "{sequence}");
    }
    is_over.store(true, std::sync::atomic::Ordering::Relaxed);
    look.join_all().await;
}

#[tokio::test]
async fn changes_are_counted_by_source_and_day_and_narrowed_down_by_both() {
    let home = Home::new();
    let store = home.open();
    let sources: std::sync::Arc<[_]> = ["fcc", "bis", "never"].map(source).into();
    let template = changed(&sources[0], 1, b"one".to_vec(), &["hikvision"]).changes.remove(0);
    // More than one block of numbers, and the sources in turn.
    for (of, source) in sources.iter().take(2).enumerate() {
        let changes = (0..1_500_i64).map(|number| Change {
            id: regwatch::domain::id::ChangeId::derive(&["many", source.as_str(), &number.to_string()]),
            source: source.clone(),
            found_at: template.found_at + chrono::Duration::days(number % 3),
            ..template.clone()
        });
        let changes = changes.take(if of == 0 { 1_500 } else { 900 }).collect();
        let base = changed(source, 1, b"one".to_vec(), &[]);
        keep(&store, ReadCommit { changes, ..ReadCommit::of(base.state) }).await.unwrap();
    }
    let first = template.found_at.date_naive();
    let day = |days| first + chrono::Duration::days(days);
    for (since, until, expected) in
        [(0, 2, [1_500, 900, 0]), (1, 1, [500, 300, 0]), (1, 9, [1_000, 600, 0]), (3, 9, [0, 0, 0])]
    {
        let (since, until) = (day(since), day(until));
        assert_eq!(store.change_counts(sources.clone(), (since, until)).await.unwrap(), expected);
        let found = |sources: &[_]| {
            let search = ChangeSearch {
                sources: sources.to_vec(),
                since: Some(since),
                until: Some(until),
                ..ChangeSearch::default()
            };
            store.search(search)
        };
        for (source, expected) in sources.iter().zip(expected) {
            assert_eq!(found(std::slice::from_ref(source)).await.unwrap().total, expected);
        }
        assert_eq!(found(&sources).await.unwrap().total, expected.iter().sum::<usize>());
        // As many as a group or a site has are looked up otherwise, and found alike.
        let others = (0..40).map(|number| source(&format!("other-{number}")));
        let many: Vec<_> = others.chain(sources.iter().cloned()).collect();
        assert_eq!(found(&many).await.unwrap().total, expected.iter().sum::<usize>());
    }
}
