//! The chain of a source's reads.

use std::time::Duration;

use chrono::{DateTime, Utc};
use regwatch::domain::change::Evidence;
use regwatch::domain::evidence::seal::SealProof;
use regwatch::domain::evidence::{Chain, ChainLine, ChainVerdict, ChainedRead, digest_of_change};
use regwatch::domain::id::{BodyHash, SourceId};
use regwatch::domain::retraction::Retraction;
use regwatch::settings::Retention;
use regwatch::store::{ReadCommit, RetractCommit, SealWish, Stamp, Store, StoreError, verify};

use super::Home;
use crate::fixture::{at, changed, keep, page, snapshot, source};

/// A read that found the page as it was.
pub fn unchanged(id: &SourceId, minute: i64) -> ReadCommit {
    let snapshot = snapshot(id, 1, b"the same page");
    let mut read = ChainedRead::of(&snapshot.response, ChainVerdict::NotModified);
    read.at = at(minute);
    ReadCommit { chained: Some(read), ..ReadCommit::of(crate::fixture::good(id, &snapshot)) }
}

/// A read that found a change.
pub fn changing(id: &SourceId, sequence: u64) -> ReadCommit {
    let read = changed(id, sequence, page(sequence, 3_000), &["zte"]);
    let snapshot = &read.accepted.as_ref().unwrap().baseline.snapshot;
    let chained = ChainedRead::of(&snapshot.response, ChainVerdict::Good);
    ReadCommit { chained: Some(chained), ..read }
}

pub async fn lines(store: &Store, id: &SourceId) -> Vec<ChainLine> {
    store.chain(id, 0, u64::MAX).await.unwrap()
}

/// The lines follow each other as they are read from the store.
#[track_caller]
pub fn follow(lines: &[ChainLine]) -> Chain {
    let texts: Vec<String> = lines.iter().map(ChainLine::text).collect();
    Chain::read(texts.iter().map(String::as_bytes)).unwrap()
}

pub async fn keep_unchanged(store: &Store, id: &SourceId, minutes: std::ops::Range<i64>) {
    for minute in minutes {
        let version = store.known(id).await.unwrap().version;
        store.commit_together(unchanged(id, minute).computed_from(version)).kept().await.unwrap();
    }
}

#[tokio::test]
async fn every_read_is_a_line_that_names_the_one_before_it() {
    let home = Home::new();
    let store = home.open();
    let (fcc, feed, feed2) = (source("fcc"), source("feed"), source("feed-2"));
    // More than are kept after one that stands in full.
    keep_unchanged(&store, &feed, 0..150).await;
    keep_unchanged(&store, &feed2, 0..3).await;
    let read = changing(&fcc, 1);
    keep(&store, read.clone()).await.unwrap();
    let before = lines(&store, &feed).await;
    let store = home.reopen(store).await;
    keep_unchanged(&store, &feed, 150..151).await;
    let chain = lines(&store, &feed).await;
    assert_eq!((chain.len(), &chain[..150]), (151, &before[..]));
    follow(&chain);
    assert_eq!(chain[70].at, at(70));
    assert_eq!(store.chain(&feed, 70, 71).await.unwrap(), chain[69..71]);
    assert_eq!(lines(&store, &feed2).await.len(), 3);
    let found = lines(&store, &fcc).await;
    assert_eq!(found[0].changes, [digest_of_change(&read.changes[0])]);
    assert!(found[0].is_of(&read.changes[0].evidence));
    let kept = store.find_change(read.changes[0].id.as_str()).await.unwrap();
    assert_eq!(digest_of_change(&kept), found[0].changes[0], "the kept change is the one that is bound");
    store.close().await.unwrap();
    assert!(verify(&home.settings()).unwrap().is_sound);
}

#[tokio::test]
async fn a_read_that_is_not_kept_is_no_line() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    keep(&store, changing(&fcc, 1)).await.unwrap();
    let stale = store.commit(changing(&fcc, 2)).await;
    assert!(matches!(stale, Err(StoreError::Stale { .. })));
    assert_eq!(lines(&store, &fcc).await.len(), 1);
}

#[tokio::test]
async fn what_a_person_takes_back_is_a_line_of_its_own() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    let read = changing(&fcc, 1);
    keep(&store, read.clone()).await.unwrap();
    let retraction = Retraction::of(&read.changes[0], &read.changes, Some("a test page".to_owned()), at(9));
    store.retract(RetractCommit { retraction, restored: None }).await.unwrap();
    let chain = lines(&store, &fcc).await;
    follow(&chain);
    assert_eq!(chain[1].verdict, ChainVerdict::Retracted);
    assert_eq!(chain[1].changes, chain[0].changes);
    assert_eq!((chain[1].at, chain[1].reason.as_deref()), (at(9), Some("a test page")));
}

#[tokio::test]
async fn heads_are_sealed_once_a_day_and_when_that_is_wished() {
    let home = Home::new();
    let store = home.open();
    let (fcc, feed) = (source("fcc"), source("feed"));
    assert_eq!(store.seal(SealWish::Now, at(0)).await.unwrap(), None, "there is nothing to seal");
    keep(&store, changing(&fcc, 1)).await.unwrap();
    let first = store.seal(SealWish::IfDue, at(1)).await.unwrap().unwrap();
    assert_eq!((first.seal, first.heads), (1, 1));
    keep_unchanged(&store, &feed, 2..5).await;
    assert_eq!(
        store.seal(SealWish::IfDue, at(10)).await.unwrap(),
        None,
        "it is not a day old, and no change was found"
    );
    let second = store.seal(SealWish::Now, at(10)).await.unwrap().unwrap();
    assert_eq!(second.previous, BodyHash::of(first.text().as_bytes()));
    assert_eq!(store.seal(SealWish::Now, at(11)).await.unwrap(), None, "nothing is new");
    keep_unchanged(&store, &feed, 11..12).await;
    let third = store.seal(SealWish::IfDue, at(10 + 24 * 60)).await.unwrap().unwrap();
    for (seq, expected) in [(1, Some(2)), (3, Some(2)), (4, Some(3)), (5, None)] {
        assert_eq!(store.first_seal_over(&feed, seq).await.unwrap(), expected, "{seq}");
    }
    let (sealed, stamp) = store.sealed(3).await.unwrap().unwrap();
    assert_eq!((&sealed.seal, stamp), (&third, None));
    let proof = SealProof::of(&feed, &sealed.seal, &sealed.heads).unwrap();
    assert!(proof.is_under(&third) && !proof.is_under(&second));
    assert_eq!(proof.head.hash, lines(&store, &feed).await[3].hash());
    let stamp = Stamp { at: at(12), authority: "http://tsa.test/".to_owned(), answer: "MAA=".repeat(900) };
    store.keep_stamp(3, stamp.clone()).await.unwrap();
    store.collect_garbage().await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.sealed(3).await.unwrap().unwrap().1, Some(stamp));
}

fn keeping_chains(days: u64) -> Retention {
    let length = Some(Duration::from_secs(days * 24 * 60 * 60));
    Retention { sent_mails: None, read_details: None, bodies: None, chains: length }
}

async fn retired(store: &Store, now: DateTime<Utc>) -> usize {
    store.retire(keeping_chains(10), now).await.unwrap().chain_lines
}

#[tokio::test]
async fn a_chain_whose_old_lines_went_begins_after_a_sealed_head() {
    let home = Home::new();
    let store = home.open();
    let feed = source("feed");
    keep_unchanged(&store, &feed, 0..100).await;
    let late = at(30 * 24 * 60);
    assert_eq!(retired(&store, late).await, 0, "nothing is sealed");
    store.seal(SealWish::Now, at(100)).await.unwrap().unwrap();
    keep_unchanged(&store, &feed, 100..130).await;
    let all = lines(&store, &feed).await;
    assert_eq!(retired(&store, at(110)).await, 0, "nothing is old");
    assert_eq!(retired(&store, late).await, 100);
    assert_eq!(retired(&store, late).await, 0);
    let left = lines(&store, &feed).await;
    assert_eq!(left, all[100..]);
    let sealed = store.sealed(1).await.unwrap().unwrap().0;
    assert_eq!(left[0].previous, sealed.head_of(&feed).unwrap().hash);
    let store = home.reopen(store).await;
    keep_unchanged(&store, &feed, 130..140).await;
    assert_eq!(follow(&lines(&store, &feed).await).lines().len(), 40);
    store.close().await.unwrap();
    assert!(verify(&home.settings()).unwrap().is_sound);
}

#[tokio::test]
async fn what_a_change_needs_of_a_chain_never_goes() {
    let home = Home::new();
    let store = home.open();
    let fcc = source("fcc");
    keep_unchanged(&store, &fcc, 0..5).await;
    store.seal(SealWish::Now, at(6)).await.unwrap();
    let mut read = changing(&fcc, 1);
    let before = lines(&store, &fcc).await[2].clone();
    read.changes[0].previous = Evidence {
        url: before.url,
        read_at: before.at,
        status: before.status.unwrap(),
        sha256: before.body.unwrap(),
    };
    keep(&store, read).await.unwrap();
    keep_unchanged(&store, &fcc, 10..20).await;
    store.seal(SealWish::Now, at(30)).await.unwrap();
    assert_eq!(
        retired(&store, at(30 * 24 * 60)).await,
        0,
        "the head that is sealed comes after the read before"
    );
    assert_eq!(lines(&store, &fcc).await.len(), 16);
}
