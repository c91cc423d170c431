//! What a read means is kept, all of it, and read again after the store was closed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use regwatch::domain::alert::alerts_of;
use regwatch::domain::id::{BodyHash, SourceId};
use regwatch::domain::match_index::MatchIndex;
use regwatch::domain::matching::WatchlistVersion;
use regwatch::domain::retraction::Retraction;
use regwatch::domain::robots::{Robots, RobotsCopy};
use regwatch::domain::snapshot::Snapshot;
use regwatch::domain::source::{CountedRequest, Quota};
use regwatch::store::{
    Backfilled, ChangeQuery, KeptBody, KnownSource, ReadCommit, RematchCommit, RetractCommit, StoreError,
};

use super::Home;
use crate::fixture::{at, change, changed, company, good, keep, noise, page, snapshot, source, suspect};

#[tokio::test]
async fn all_that_a_read_means_is_read_again_after_closing() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let read = changed(&fcc, 1, page(1, 30_000), &["hytera", "zte"]);
    keep(&store, read.clone()).await.unwrap();

    let store = home.reopen(store).await;
    let kept = read.accepted.unwrap();
    assert_eq!(store.read_state(&fcc).await.unwrap(), Some(read.state));
    assert_eq!(store.snapshots(&fcc, 9).await.unwrap(), std::slice::from_ref(&kept.baseline.snapshot));
    let body = store.body(&kept.baseline.snapshot.response.sha256).await.unwrap();
    assert_eq!(body.map(KeptBody::from), Some(kept.body));
    assert_eq!(store.accepted(&fcc).await.unwrap().as_ref(), Some(&kept.baseline.snapshot));
    assert_eq!(store.baseline(&fcc).await.unwrap(), Some(kept.baseline));
    let all = ChangeQuery { limit: 9, ..ChangeQuery::default() };
    assert_eq!(store.changes(all).await.unwrap(), read.changes);
    let pending = store.pending_alerts().await.unwrap();
    assert_eq!(pending.len(), 2);
    for (alert, change) in pending {
        assert!(read.alerts.contains(&alert), "{alert:?}");
        assert_eq!(change, read.changes[0]);
    }
}

#[tokio::test]
async fn a_source_that_was_never_read_has_nothing() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    assert_eq!(store.baseline(&fcc).await.unwrap(), None);
    assert_eq!(store.accepted(&fcc).await.unwrap(), None);
    assert_eq!(store.read_state(&fcc).await.unwrap(), None);
    assert_eq!(store.quarantined(&fcc).await.unwrap(), None);
    assert_eq!(store.snapshots(&fcc, 9).await.unwrap(), []);
    assert_eq!(store.pending_alerts().await.unwrap(), []);
}

#[tokio::test]
async fn of_all_sources_those_are_named_whose_hosts_asked_to_be_left_alone() {
    let home = Home::new();
    let store = home.open();
    let (fcc, docket) = (source("fcc"), source("docket"));
    for id in [&fcc, &docket] {
        keep(&store, changed(id, 1, page(1, 40), &[])).await.unwrap();
    }
    let all = || vec![fcc.clone(), docket.clone(), source("never-read")];
    assert_eq!(store.asked_to_wait(all()).await.unwrap(), []);
    let state = store.read_state(&docket).await.unwrap().unwrap().put_off(at(9));
    keep(&store, ReadCommit::of(state.clone())).await.unwrap();
    assert_eq!(store.asked_to_wait(all()).await.unwrap(), [state]);
    assert_eq!(store.asked_to_wait(vec![fcc]).await.unwrap(), []);
}

#[tokio::test]
async fn snapshots_come_newest_first_and_only_of_their_source() {
    let home = Home::new();
    let store = home.open();
    // The second name begins with the first, and the numbers pass from one byte to two.
    for (name, last) in [("fcc", 300), ("fcc-2", 2)] {
        let id = source(name);
        for sequence in 1..=last {
            keep(&store, changed(&id, sequence, page(sequence, 40), &[])).await.unwrap();
        }
    }
    let store = home.reopen(store).await;
    let sequences = async |name, limit| -> Vec<u64> {
        let kept = store.snapshots(&source(name), limit).await.unwrap();
        kept.iter().map(|snapshot: &Snapshot| snapshot.sequence).collect()
    };
    assert_eq!(sequences("fcc", 3).await, [300, 299, 298]);
    assert_eq!(sequences("fcc", usize::MAX).await, (1..=300).rev().collect::<Vec<_>>());
    assert_eq!(sequences("fcc-2", 9).await, [2, 1]);
    assert_eq!(sequences("fcc", 0).await, [0; 0]);
    assert_eq!(store.baseline(&source("fcc")).await.unwrap().unwrap().snapshot.sequence, 300);
}

#[tokio::test]
async fn a_read_that_only_went_somehow_leaves_all_else_as_it_was() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let read = changed(&fcc, 1, page(1, 500), &["zte"]);
    keep(&store, read.clone()).await.unwrap();
    keep(&store, suspect(&fcc, b"<html>".to_vec())).await.unwrap();
    let held = store.quarantined(&fcc).await.unwrap();
    assert!(held.is_some());

    let later = read.state.clone().not_modified(at(60));
    keep(&store, ReadCommit::of(later.clone())).await.unwrap();
    assert_eq!(store.read_state(&fcc).await.unwrap(), Some(later));
    assert_eq!(store.quarantined(&fcc).await.unwrap(), held);
    assert_eq!(store.baseline(&fcc).await.unwrap(), Some(read.accepted.unwrap().baseline));
    assert_eq!(store.pending_alerts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_accepted_is_told_without_its_entries_though_the_count_began_anew() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    for sequence in [1, 2, 3, 1] {
        let read = changed(&fcc, sequence, page(sequence, 40), &[]);
        keep(&store, read.clone()).await.unwrap();
        keep(&store, suspect(&fcc, b"<html>".to_vec())).await.unwrap();
        let accepted = store.accepted(&fcc).await.unwrap();
        assert_eq!(accepted, Some(read.accepted.unwrap().baseline.snapshot));
    }
}

#[tokio::test]
async fn a_held_read_stays_until_it_is_let_go_or_replaced() {
    let home = Home::new();
    let store = home.open();
    let (fcc, bis) = (source("fcc"), source("bis"));
    let first = suspect(&fcc, noise(1, 3000));
    keep(&store, first.clone()).await.unwrap();
    keep(&store, suspect(&bis, noise(2, 3000))).await.unwrap();
    let store = home.reopen(store).await;
    let kept = first.held.unwrap();
    assert_eq!(store.quarantined(&fcc).await.unwrap(), Some(kept.read.clone()));
    let body = store.body(&kept.read.evidence.sha256).await.unwrap();
    assert_eq!(body.map(KeptBody::from), Some(kept.body));

    let second = suspect(&fcc, noise(3, 3000));
    keep(&store, ReadCommit { clears_held: true, ..second.clone() }).await.unwrap();
    assert_eq!(store.quarantined(&fcc).await.unwrap(), second.held.map(|held| held.read));

    let lets_go = ReadCommit { clears_held: true, ..changed(&fcc, 1, noise(4, 9), &[]) };
    keep(&store, lets_go).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.quarantined(&fcc).await.unwrap(), None);
    assert!(store.quarantined(&bis).await.unwrap().is_some());
}

#[tokio::test]
async fn records_of_any_size_and_script_are_kept() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let long = "海康威视数字技术股份有限公司，".repeat(400);
    // Around the size from which a record lies among the bodies, byte by byte.
    for sequence in 1..=64 {
        let mut read = changed(&fcc, sequence, page(sequence, 10), &["hikvision"]);
        let words = usize::try_from(sequence).unwrap() - 1;
        read.changes[0].entry.title = "é".repeat(words) + &"x".repeat(1000);
        keep(&store, read).await.unwrap();
    }
    let mut read = changed(&fcc, 65, page(65, 10), &["hikvision"]);
    read.state.reason = Some(long.clone());
    read.changes[0].entry.context.push(("名称".to_owned(), long.clone()));
    let accepted = read.accepted.as_mut().unwrap();
    accepted.baseline.snapshot.response.headers.push(("x-registry".to_owned(), long.clone()));
    accepted.baseline.document.entries[0].fields.insert("名称".to_owned(), long.clone());
    keep(&store, read.clone()).await.unwrap();
    let mut held = suspect(&source("bis"), Vec::new());
    held.held.as_mut().unwrap().read.reason.clone_from(&long);
    keep(&store, held.clone()).await.unwrap();

    let store = home.reopen(store).await;
    let baseline = read.accepted.unwrap().baseline;
    assert_eq!(store.read_state(&fcc).await.unwrap(), Some(read.state));
    assert_eq!(store.snapshots(&fcc, 1).await.unwrap(), std::slice::from_ref(&baseline.snapshot));
    assert_eq!(store.baseline(&fcc).await.unwrap(), Some(baseline));
    assert_eq!(store.find_change(read.changes[0].id.as_str()).await.unwrap(), read.changes[0]);
    assert_eq!(store.quarantined(&source("bis")).await.unwrap(), held.held.map(|held| held.read));
    let all = ChangeQuery { limit: usize::MAX, ..ChangeQuery::default() };
    let titles: Vec<usize> =
        store.changes(all).await.unwrap().iter().skip(1).map(|change| change.entry.title.len()).collect();
    assert_eq!(titles, (0..64).rev().map(|words| 1000 + 2 * words).collect::<Vec<_>>());
}

#[tokio::test]
async fn the_state_of_a_source_is_the_last_one_committed() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let states = (1..=50).map(|sequence| good(&fcc, &snapshot(&fcc, sequence, b"")));
    for state in states {
        keep(&store, ReadCommit::of(state)).await.unwrap();
    }
    let store = home.reopen(store).await;
    assert_eq!(store.read_state(&fcc).await.unwrap().unwrap().last_read_at, at(50));
}

#[tokio::test]
async fn what_another_registry_finds_is_kept_with_it_and_told_once() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    assert_eq!(store.standing(&fcc).await.unwrap(), None);
    let mut read = changed(&fcc, 1, page(1, 50), &[]);
    let first = standing(&fcc, &["hytera"]);
    read.standing = Some((first.clone(), looking_for(&["hytera"])));
    let snapshot = read.accepted.as_ref().unwrap().baseline.snapshot.clone();
    keep(&store, read).await.unwrap();
    assert_eq!(store.standing(&fcc).await.unwrap(), Some(first));

    let second = standing(&fcc, &["hytera", "zte"]);
    let notice = change(&snapshot, "listed", &["zte"]);
    let commit = RematchCommit {
        computed_from: store.known(&fcc).await.unwrap().version,
        standing: second.clone(),
        watchlist: looking_for(&["hytera", "zte"]),
        notices: vec![(notice.clone(), alerts_of(&notice))],
    };
    assert_eq!(store.rematch(commit.clone()).await.unwrap(), std::slice::from_ref(&notice));
    let store = home.reopen(store).await;
    assert_eq!(store.standing(&fcc).await.unwrap(), Some(second));
    let pending = store.pending_alerts().await.unwrap();
    assert_eq!(pending.len(), 1);
    assert_eq!(pending[0].1, notice);

    store.dispatch(&[pending[0].0.id.clone()], Vec::new()).await.unwrap();
    let stale = store.rematch(commit.clone()).await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
    let again = RematchCommit { computed_from: store.known(&fcc).await.unwrap().version, ..commit };
    assert_eq!(store.rematch(again).await.unwrap(), [], "it was told before");
    assert_eq!(store.pending_alerts().await.unwrap(), []);
    store.collect_garbage().await.unwrap();
    let standing = store.standing(&fcc).await.unwrap().expect("what is kept as a body is not garbage");
    let version = store.watchlist_version(&standing.watchlist).await.unwrap();
    assert_eq!(version.as_ref(), Some(&*looking_for(&["hytera", "zte"])));
    let outdated = looking_for(&["hytera"]);
    assert_eq!(store.watchlist_version(outdated.hash()).await.unwrap(), None, "no standing names it");
}

#[tokio::test]
async fn reads_that_are_kept_together_are_each_kept_or_stale() {
    let home = Home::new();
    let store = home.open();
    let read = |id: &SourceId, number| good(id, &snapshot(id, number, b"page"));
    let sources: Vec<SourceId> = ["a", "b", "c"].into_iter().map(source).collect();
    let mut keeping = Vec::new();
    for id in &sources {
        let commit = ReadCommit { robots: vec![robots(id.as_str())], ..ReadCommit::of(read(id, 1)) };
        assert!(!commit.is_news());
        keeping.push(store.commit_together(commit));
    }
    for kept in keeping {
        kept.kept().await.unwrap();
    }
    let stale = store.commit_together(ReadCommit::of(read(&sources[0], 2))).kept().await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
    let store = home.reopen(store).await;
    for id in &sources {
        assert_eq!(store.read_state(id).await.unwrap(), Some(read(id, 1)));
    }
    let mut origins: Vec<String> =
        store.robots().await.unwrap().into_iter().map(|copy| copy.origin).collect();
    origins.sort();
    assert_eq!(origins, ["https://a.test", "https://b.test", "https://c.test"]);
}

#[tokio::test]
async fn a_request_is_counted_once_it_is_said_to_be_and_no_more_than_the_quota_are() {
    let home = Home::new();
    let store = home.open();
    let quota = Quota { requests: 4, within: Duration::from_secs(3600) };
    let request = |host: &str| CountedRequest { host: host.to_owned(), quota, at_any_rate: false };
    // Several that ask at once are counted each.
    let asking: Vec<_> = (0..6).map(|_| store.count_request(request("api.test"), at(0))).collect();
    let counted = futures_util::future::join_all(asking).await;
    let refused = counted.into_iter().filter_map(|counted| counted.unwrap()).collect::<Vec<_>>();
    assert_eq!(refused, [Duration::from_secs(3600); 2]);
    assert_eq!(store.count_request(request("other.test"), at(0)).await.unwrap(), None);

    let store = home.reopen(store).await;
    let left = async |moment| store.count_request(request("api.test"), moment).await.unwrap();
    assert_eq!(left(at(1)).await, Some(at(0) + quota.within - at(1)).map(|left| left.to_std().unwrap()));
    assert_eq!(left(at(0) + quota.within).await, None);
}

fn robots(host: &str) -> RobotsCopy {
    RobotsCopy { origin: format!("https://{host}.test"), rules: Robots::default(), asked_at: at(1) }
}

fn looking_for(companies: &[&str]) -> Arc<WatchlistVersion> {
    let names: BTreeMap<_, _> = companies.iter().map(|id| (company(id), "names".to_owned())).collect();
    Arc::new(names.into())
}

#[tokio::test]
async fn of_two_reads_computed_from_one_state_the_second_is_stale_and_keeps_nothing() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let (one, other) = (store.known(&fcc).await.unwrap(), store.known(&fcc).await.unwrap());
    assert_eq!(one, KnownSource::default());
    let (first, second) =
        (changed(&fcc, 1, page(1, 90), &["zte"]), changed(&fcc, 1, page(2, 90), &["hytera"]));
    store.commit(first.clone().computed_from(one.version)).await.unwrap();
    let store = home.reopen(store).await;
    let kept = store.known(&fcc).await.unwrap();
    let stale = store.commit(second.clone().computed_from(other.version)).await;
    assert!(matches!(&stale, Err(StoreError::Stale { source_id }) if *source_id == fcc), "{stale:?}");
    let restored = Some(ReadCommit { changes: Vec::new(), alerts: Vec::new(), ..second.clone() });
    let retraction = Retraction::of(&first.changes[0], &first.changes, None, at(2));
    let stale = store.retract(RetractCommit { retraction, restored }).await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
    assert_eq!(store.known(&fcc).await.unwrap(), kept);
    assert_eq!(kept.accepted, Some(first.accepted.unwrap().baseline.snapshot));
    let found = store.find_change(first.changes[0].id.as_str()).await.unwrap();
    assert_eq!(found, first.changes[0], "nor was it taken back");
    let pending: Vec<_> = store.pending_alerts().await.unwrap().into_iter().map(|(alert, _)| alert).collect();
    assert_eq!(pending, first.alerts);
    let body = &second.accepted.as_ref().unwrap().baseline.snapshot.response.sha256;
    assert_eq!(store.body(body).await.unwrap(), None);
    // Whatever is kept of a source counts, not its accepted state alone; another source's does not.
    keep(&store, suspect(&source("bis"), noise(1, 90))).await.unwrap();
    assert_eq!(store.known(&fcc).await.unwrap().version, kept.version);
    keep(&store, suspect(&fcc, noise(1, 90))).await.unwrap();
    let stale = store.commit(second.computed_from(kept.version)).await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
}

/// Two who found a source's history: it is put before the state that it leads to, once, and reads of before that are stale.
#[tokio::test]
async fn of_two_histories_that_lead_to_one_state_the_second_is_stale() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    keep(&store, changed(&fcc, 1, page(9, 90), &[])).await.unwrap();
    let first = store.snapshots(&fcc, 9).await.unwrap().remove(0);
    let met = store.known(&fcc).await.unwrap();
    let history = |seed| {
        let body = page(seed, 90);
        let states = vec![(snapshot(&fcc, 1, &body), body)];
        Backfilled { first: first.clone(), states, changes: Vec::new() }
    };
    store.backfill(history(1)).await.unwrap();
    let stale = store.backfill(history(2)).await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
    let read = changed(&fcc, 2, page(3, 90), &[]).computed_from(met.version);
    let stale = store.commit(read).await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })), "{stale:?}");
    let store = home.reopen(store).await;
    let kept = store.snapshots(&fcc, 9).await.unwrap();
    assert_eq!(kept.iter().map(|snapshot| snapshot.sequence).collect::<Vec<_>>(), [2, 1]);
    let bodies = [9, 1].map(|seed| BodyHash::of(&page(seed, 90)));
    assert_eq!(kept.into_iter().map(|snapshot| snapshot.response.sha256).collect::<Vec<_>>(), bodies);
}

#[tokio::test]
async fn first_sights_that_are_kept_together_have_their_bodies_and_are_found_by_whom_they_name() {
    let home = Home::new();
    let store = home.open();
    let sight = |id: &SourceId, companies: &[&str]| {
        let standing = Some((standing(id, companies), looking_for(companies)));
        let read = changed(id, 1, page(1, 50), &[]);
        ReadCommit { standing, changes: Vec::new(), alerts: Vec::new(), ..read }
    };
    let (first, second, third) = (source("a"), source("b"), source("c"));
    let sights = [sight(&first, &["hytera", "zte"]), sight(&second, &["zte"]), sight(&third, &["hikvision"])];
    assert!(sights.iter().all(|sight| !sight.is_news()));
    let baselines = sights.clone().map(|sight| sight.accepted.unwrap().baseline);
    for kept in sights.map(|sight| store.commit_together(sight)) {
        kept.kept().await.unwrap();
    }
    let store = home.reopen(store).await;
    for baseline in &baselines {
        let snapshot = &baseline.snapshot;
        assert_eq!(store.baseline(&snapshot.source).await.unwrap().as_ref(), Some(baseline));
        let body = store.body(&snapshot.response.sha256).await.unwrap();
        assert_eq!(body.as_deref(), Some(&page(1, 50)[..]), "three sources have one body");
    }
    let named_on = async |company: &str| -> Vec<SourceId> {
        let found = store.named_on(&company.parse().unwrap()).await.unwrap();
        assert!(found.iter().all(|(_, entries)| !entries.is_empty()));
        found.into_iter().map(|(source, _)| source).collect()
    };
    assert_eq!(named_on("zte").await, [first.clone(), second.clone()]);
    assert_eq!((named_on("hikvision").await, named_on("dahua").await), (vec![third], Vec::new()));
    let commit = RematchCommit {
        computed_from: store.known(&first).await.unwrap().version,
        standing: standing(&first, &["hytera"]),
        watchlist: looking_for(&["hytera"]),
        notices: Vec::new(),
    };
    store.rematch(commit).await.unwrap();
    assert_eq!((named_on("zte").await, named_on("hytera").await), (vec![second], vec![first]));
}

/// A standing in which each company is named by more entries than fit a record of a few bytes.
fn standing(source: &SourceId, companies: &[&str]) -> MatchIndex {
    let keys: BTreeSet<String> = (0..200).map(|number| format!("entry number {number}")).collect();
    let each = |id: &&str| (company(id), keys.clone());
    MatchIndex {
        source: source.clone(),
        watchlist: looking_for(companies).hash().clone(),
        embedded: None,
        named: companies.iter().map(each).collect(),
    }
}
