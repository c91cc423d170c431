//! Changes that are looked for.

use regwatch::domain::change::{Change, ChangeKind};
use regwatch::domain::id::CompanyId;
use regwatch::store::{ChangeSearch, ReadCommit, Store};

use crate::fixture::{Home, changed, keep, source};

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
