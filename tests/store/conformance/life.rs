//! Opening, closing, and many at once.

use chrono::Duration;
use regwatch::domain::email::EmailAddress;
use regwatch::domain::id::{BodyHash, MailId};
use regwatch::domain::inbound::ConfirmToken;
use regwatch::domain::outbox::{Doubt, Outcome};
use regwatch::store::{ChangeQuery, InboundCommit, StoreError};
use tokio::task::JoinSet;

use super::Home;
use crate::fixture::{at, changed, keep, mail, page, source, topic};

#[tokio::test]
async fn a_store_can_be_closed_and_opened_again_and_again() {
    let home = Home::new();
    let mut store = home.open();
    for sequence in 1..=30 {
        keep(&store, changed(&source("fcc"), sequence, page(sequence, 9000), &["zte"])).await.unwrap();
        store = home.reopen(store).await;
    }
    assert_eq!(store.pending_alerts().await.unwrap().len(), 30);
}

#[tokio::test]
async fn after_closing_every_call_says_so() {
    #[track_caller]
    fn check<T: std::fmt::Debug>(answer: &Result<T, StoreError>) {
        assert!(matches!(answer, Err(StoreError::Closed)), "{answer:?}");
    }
    let home = Home::new();
    let store = home.open();
    let other = store.clone();
    let (fcc, now) = (source("fcc"), at(0));
    store.dispatch(&[], vec![mail("bob", now)]).await.unwrap();
    let lease = store.lease_due(now, 1, Duration::minutes(1)).await.unwrap().remove(0).lease;
    store.close().await.unwrap();
    store.close().await.unwrap();
    let ann = "ann@example.org".parse().unwrap();
    for store in [store, other] {
        check(&store.baseline(&fcc).await);
        check(&store.read_state(&fcc).await);
        check(&store.quarantined(&fcc).await);
        check(&store.body(&BodyHash::of(b"")).await);
        check(&store.snapshots(&fcc, 1).await);
        check(&keep(&store, changed(&fcc, 1, Vec::new(), &[])).await);
        check(&store.find_change("0").await);
        check(&store.changes(ChangeQuery { limit: 1, ..ChangeQuery::default() }).await);
        check(&store.pending_alerts().await);
        check(&store.dispatch(&[], vec![mail("ann", now)]).await);
        check(&store.lease_due(now, 1, Duration::minutes(1)).await);
        check(&store.settle(&lease, Outcome::SENT, now, 0.0).await);
        check(&store.reclaim_leases(now, Doubt::Impossible).await);
        check(&store.next_mail_due().await);
        check(&store.mails(None, 1).await);
        check(&store.find_mail("0").await);
        check(&store.retry_mails(None, now).await);
        check(&store.subscribers().await);
        check(&store.follow(&ann, &[topic("zte")], true, "cli", now).await);
        check(&store.leave(&ann, None, now).await);
        check(&store.subscriber(&ann).await);
        check(&store.confirm(&ann, "cli", now).await);
        check(&store.pause(&ann, true, None, now).await);
        check(&store.take_up(&BodyHash::of(b""), now).await);
        check(&store.asked(&ConfirmToken::of(1).hash()).await);
        check(&store.conversation(&ann).await);
        let message = BodyHash::of(b"");
        check(
            &store
                .converse(InboundCommit {
                    message,
                    at: now,
                    state: None,
                    mails: Vec::new(),
                    wishes: Vec::new(),
                })
                .await,
        );
        check(&store.forget_messages(now).await);
        check(&store.instance_key([0; 32]).await);
        check(&store.collect_garbage().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_who_write_at_once_lose_nothing() {
    const SOURCES: u64 = 32;
    const READS: u64 = 10;
    let home = Home::new();
    let store = home.open();
    let ann: EmailAddress = "ann@example.org".parse().unwrap();
    let mut tasks = JoinSet::new();
    for number in 0..SOURCES {
        let (store, ann) = (store.clone(), ann.clone());
        tasks.spawn(async move {
            let id = source(&format!("source-{number}"));
            for sequence in 1..=READS {
                let read = changed(&id, sequence, page(number * 100 + sequence, 4000), &["zte"]);
                let alert = read.alerts[0].id.clone();
                keep(&store, read).await.unwrap();
                if sequence % 2 == 0 {
                    let told = mail(&format!("{id}-{sequence}"), at(0));
                    store.dispatch(&[alert], vec![told]).await.unwrap();
                }
            }
            // All of them change the same record.
            store.follow(&ann, &[topic(&format!("company-{number}"))], true, "cli", at(0)).await.unwrap();
        });
    }
    // Somebody tidies up meanwhile.
    for _ in 0..5 {
        store.collect_garbage().await.unwrap();
    }
    while let Some(ended) = tasks.join_next().await {
        ended.unwrap();
    }
    let store = home.reopen(store).await;
    let total = usize::try_from(SOURCES * READS).unwrap();
    let everything = ChangeQuery { limit: usize::MAX, ..ChangeQuery::default() };
    assert_eq!(store.changes(everything).await.unwrap().len(), total);
    assert_eq!(store.pending_alerts().await.unwrap().len(), total / 2);
    assert_eq!(store.mails(None, usize::MAX).await.unwrap().len(), total / 2);
    assert_eq!(store.subscribers().await.unwrap()[0].subscriptions.len() as u64, SOURCES);
    for number in 0..SOURCES {
        let kept = store.snapshots(&source(&format!("source-{number}")), 99).await.unwrap();
        assert_eq!(kept.len() as u64, READS);
        for snapshot in kept {
            assert!(store.body(&snapshot.response.sha256).await.unwrap().is_some());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_mail_goes_to_one_of_many_senders() {
    let home = Home::new();
    let store = home.open();
    let mails = (0..100).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    store.dispatch(&[], mails).await.unwrap();
    let mut tasks = JoinSet::new();
    for _ in 0..8 {
        let store = store.clone();
        tasks.spawn(async move {
            let mut got = Vec::new();
            loop {
                let leased = store.lease_due(at(0), 3, Duration::minutes(5)).await.unwrap();
                if leased.is_empty() {
                    return got;
                }
                got.extend(leased.into_iter().map(|leased| leased.mail.id));
            }
        });
    }
    let mut handed_out: Vec<MailId> = tasks.join_all().await.into_iter().flatten().collect();
    assert_eq!(handed_out.len(), 100);
    handed_out.sort();
    handed_out.dedup();
    assert_eq!(handed_out.len(), 100);
}
