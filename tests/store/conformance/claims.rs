//! What one worker at a time may do, claimed by two.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::Duration as TimeDelta;
use regwatch::store::{Claim, ClaimAttempt, ClaimName, Store};

use super::Home;
use crate::fixture::{at, changed, keep, mail, page, source};

/// How often each of several asks: enough that in memory two ask within the same microsecond.
const ATTEMPTS: u32 = 500;

async fn claimed(store: &Store, ids: &[&str]) -> Vec<Option<Claim>> {
    let ids: Vec<_> = ids.iter().map(|id| source(id)).collect();
    let attempts = store.claim_sources(&ids).await.unwrap();
    let held = |attempt| match attempt {
        ClaimAttempt::Held(claim) => Some(claim),
        ClaimAttempt::Taken(_) => None,
    };
    attempts.into_iter().map(held).collect()
}

/// Which of the sources that are asked for are got.
fn got(claims: &[Option<Claim>]) -> Vec<bool> {
    claims.iter().map(Option::is_some).collect()
}

#[tokio::test]
async fn of_two_that_claim_the_same_sources_each_source_is_one_s_until_it_is_given_back() {
    let home = Home::new();
    let one = home.open();
    let other = home.another(&one);
    let first = claimed(&one, &["fcc", "bis"]).await;
    assert_eq!(got(&first), [true, true]);
    let second = claimed(&other, &["bis", "ofac", "fcc"]).await;
    assert_eq!(got(&second), [false, true, false], "in the order asked for");
    keep(&one, changed(&source("fcc"), 1, page(1, 2_000), &["zte"])).await.unwrap();
    drop(first);
    // It is waited for: that something was given back may take a moment to be seen.
    for id in ["fcc", "bis"] {
        let claim = other.claim_source(&source(id)).await.unwrap();
        assert_eq!(claim.name(), &ClaimName::read(&source(id)));
        assert!(!claim.was_left());
    }
    keep(&other, changed(&source("fcc"), 2, page(2, 2_000), &["zte"])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_many_that_wait_for_one_thing_all_get_it_one_after_another() {
    let home = Home::new();
    let one = home.open();
    let other = home.another(&one);
    let name = ClaimName::host("agency.test");
    let mut tasks = tokio::task::JoinSet::new();
    let (at_once, most) = (Arc::new(std::sync::Mutex::new((0_u32, 0_u32))), 12);
    for store in [&one, &other].into_iter().cycle().take(most) {
        let (store, name, at_once) = (store.clone(), name.clone(), Arc::clone(&at_once));
        tasks.spawn(async move {
            let claim = store.claim_when_free(&name).await.unwrap();
            {
                let mut at_once = at_once.lock().unwrap();
                at_once.0 += 1;
                at_once.1 = at_once.1.max(at_once.0);
            }
            tokio::task::yield_now().await;
            at_once.lock().unwrap().0 -= 1;
            drop(claim);
        });
    }
    assert_eq!(tasks.join_all().await.len(), most);
    assert_eq!(at_once.lock().unwrap().1, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_that_ask_at_the_same_moment_one_gets_it() {
    let home = Home::new();
    let one = home.open();
    let other = home.another(&one);
    let holders = Arc::new(AtomicU32::new(0));
    let mut tasks = tokio::task::JoinSet::new();
    for store in [&one, &other, &one, &other] {
        let (store, holders) = (store.clone(), Arc::clone(&holders));
        tasks.spawn(async move {
            for _ in 0..ATTEMPTS {
                let claims = claimed(&store, &["fcc"]).await;
                if claims.iter().all(Option::is_some) {
                    assert_eq!(holders.fetch_add(1, Ordering::SeqCst), 0, "another has it");
                    tokio::task::yield_now().await;
                    holders.fetch_sub(1, Ordering::SeqCst);
                }
                drop(claims);
            }
        });
    }
    // A task that failed panics here.
    assert_eq!(tasks.join_all().await.len(), 4);
}

#[tokio::test]
async fn what_was_given_back_rests_and_hands_a_note_on() {
    let home = Home::new();
    let one = home.open();
    let other = home.another(&one);
    let name = ClaimName::host("agency.test");
    let claim = one.claim_when_free(&name).await.unwrap();
    assert_eq!(claim.note(), None);
    let began = claim.now();
    let rest = Duration::from_millis(300);
    claim.give_back(rest, Some(b"asked".to_vec()));
    let claim = other.claim_when_free(&name).await.unwrap();
    assert_eq!(claim.note(), Some(&b"asked"[..]));
    assert!(claim.now() - began >= TimeDelta::milliseconds(290), "nobody had it while it rested");
    claim.give_back(Duration::ZERO, None);
    assert_eq!(
        one.claim_when_free(&name).await.unwrap().note(),
        Some(&b"asked"[..]),
        "it is kept until another is"
    );
}

#[tokio::test]
async fn a_job_is_one_worker_s_at_a_time() {
    let home = Home::new();
    let one = home.open();
    let other = home.another(&one);
    let job = one.claim_job("seals").await.unwrap();
    assert!(job.is_some());
    assert!(other.claim_job("seals").await.unwrap().is_none());
    assert!(other.claim_job("incidents").await.unwrap().is_some());
    job.unwrap().give_back(Duration::from_secs(3600), None);
    assert!(other.claim_job("seals").await.unwrap().is_none(), "it was done a moment ago");
}

#[tokio::test]
async fn of_two_that_lease_mails_each_mail_is_one_s() {
    let home = Home::new();
    let one = home.open();
    let other = home.another(&one);
    let mails = (0..6).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    one.dispatch(&[], mails).await.unwrap();
    let first = one.lease_due(at(0), 4, TimeDelta::minutes(5)).await.unwrap();
    let second = other.lease_due(at(0), 4, TimeDelta::minutes(5)).await.unwrap();
    assert_eq!((first.len(), second.len()), (4, 2));
    assert!(first.iter().all(|leased| second.iter().all(|other| other.mail.id != leased.mail.id)));
}
