//! Telling all who follow alike at once: the same as to tell each.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use regwatch::domain::alert::{Alert, AlertItem};
use regwatch::domain::change::{Change, ChangeKind};
use regwatch::domain::email::EmailAddress;
use regwatch::domain::grouping::{CollectionRules, due};
use regwatch::domain::subscription::{
    Cadence, Filter, Preferences, Subscriber, Subscription, SubscriptionState,
};
use regwatch::store::{FanOut, FollowerSet, SetFanOut, Store, StoreError};

use super::{Home, SEQUENCES};
use crate::fixture::{at, changed, keep, page, source, topic};

const TOPICS: [&str; 3] = ["dahua", "zte", "zte-2"];

fn collecting() -> CollectionRules {
    CollectionRules { wait: Duration::minutes(5), lead: Duration::days(2) }
}

/// When alerts are given to readers.
fn now() -> DateTime<Utc> {
    at(3_000)
}

fn filters() -> impl Strategy<Value = Filter> {
    let changes = proptest::collection::btree_set(
        prop_oneof![Just(ChangeKind::Amended), Just(ChangeKind::Added), Just(ChangeKind::Removed)],
        0..3,
    );
    let sources =
        proptest::collection::btree_set(prop_oneof![Just(source("fcc")), Just(source("bis"))], 0..2);
    (changes, sources).prop_map(|(changes, sources)| Filter { changes, sources, ..Filter::default() })
}

fn preferences() -> impl Strategy<Value = Preferences> {
    let cadences = prop_oneof![Just(Cadence::Immediate), Just(Cadence::Daily), Just(Cadence::Weekly)];
    let zones = prop_oneof![Just("UTC"), Just("Europe/Berlin"), Just("America/New_York")];
    let quiet = prop_oneof![Just(None), Just(Some("22:00-07:00")), Just(Some("00:10-23:50"))];
    (cadences, zones, quiet, any::<bool>()).prop_map(|(cadence, zone, quiet, is_told_once)| Preferences {
        cadence,
        zone: zone.parse().unwrap(),
        quiet: quiet.and_then(|quiet| quiet.parse().ok()),
        is_told_once,
        ..Preferences::default()
    })
}

/// A subscription that is followed, waits for a yes, or was left: before and after who leaves can come back.
fn subscriptions() -> impl Strategy<Value = Subscription> {
    let states = prop_oneof![
        4 => Just((SubscriptionState::Active, None)),
        1 => Just((SubscriptionState::Pending, None)),
        2 => (1_000_i64..3_100).prop_map(|minutes| (SubscriptionState::Unsubscribed, Some(at(minutes)))),
    ];
    (0..TOPICS.len(), states, filters()).prop_map(|(number, (state, ended_at), only)| Subscription {
        topic: topic(TOPICS[number]),
        state,
        requested_at: at(0),
        confirmed_at: Some(at(0)),
        channel: "test".to_owned(),
        only,
        agreed_to: None,
        ended_at,
    })
}

fn readers() -> impl Strategy<Value = Vec<Subscriber>> {
    let subscribed = proptest::collection::vec(subscriptions(), 1..4);
    let reader = (0_u32..60, subscribed, preferences(), any::<bool>());
    let reader = reader.prop_map(|(number, subscribed, preferences, is_paused)| {
        let address: EmailAddress = format!("r{number}@example.org").parse().unwrap();
        let mut reader = Subscriber { preferences, ..Subscriber::new(address) };
        for known in subscribed {
            if reader.subscriptions.iter().all(|other| other.topic != known.topic) {
                reader.subscriptions.push(known);
            }
        }
        reader.paused_since = is_paused.then_some(at(1));
        reader
    });
    proptest::collection::vec(reader, 0..40)
}

/// What each reader is told, and when they are looked at.
type Told = (BTreeMap<EmailAddress, BTreeSet<String>>, BTreeSet<(DateTime<Utc>, EmailAddress)>);

/// What it is where each reader is decided on alone.
fn one_by_one(readers: &[Subscriber], pending: &[(Alert, Change)]) -> Told {
    let (mut items, mut looks) = Told::default();
    for reader in readers {
        for (alert, change) in
            pending.iter().filter(|(alert, change)| reader.collects(&alert.topic, change, now()))
        {
            let item = AlertItem::of(alert);
            let (look_at, _) = due(&reader.preferences, &item, change, collecting(), now());
            items.entry(reader.address.clone()).or_default().insert(format!("{item:?}"));
            looks.insert((look_at, reader.address.clone()));
        }
    }
    (items, looks)
}

/// The next step by sets.
async fn next_step(
    store: &Store,
    pending: &[(Alert, Change)],
    from: Option<EmailAddress>,
    limit: usize,
) -> SetFanOut {
    let topics = pending.iter().map(|(alert, _)| alert.topic.clone()).collect::<BTreeSet<_>>();
    let page = store.followers(topics.into_iter().collect(), from.clone(), limit, now()).await.unwrap();
    let mut sets = Vec::new();
    for way in &page.ways {
        for (alert, change) in pending {
            if alert.topic == way.topic && way.following.admits(change) {
                let item = AlertItem::of(alert);
                let (look_at, _) = due(&way.following.preferences(), &item, change, collecting(), now());
                sets.push(FollowerSet { following: way.following.clone(), item, look_at });
            }
        }
    }
    let mut items = Vec::new();
    for reader in &page.others {
        for (alert, change) in
            pending.iter().filter(|(alert, change)| reader.collects(&alert.topic, change, now()))
        {
            let item = AlertItem::of(alert);
            let (look_at, _) = due(&reader.preferences, &item, change, collecting(), now());
            items.push((reader.address.clone(), item, look_at));
        }
    }
    let alerts = pending.iter().map(|(alert, _)| alert.id.clone()).collect();
    let step = FanOut { alerts, from, items, reached: page.reached };
    SetFanOut { step, sets, seen: page.seen }
}

async fn told(store: &Store, readers: &[Subscriber]) -> Told {
    let addresses = readers.iter().map(|reader| reader.address.clone()).collect();
    let (mut items, mut looks) = Told::default();
    for waiting in store.waiting(addresses).await.unwrap().readers {
        for item in waiting.items {
            items.entry(waiting.reader.address.clone()).or_default().insert(format!("{item:?}"));
        }
    }
    let due = store.due_readers(at(90_000), None, 999).await.unwrap();
    looks.extend(due.into_iter().map(|look| (look.at, look.reader)));
    (items, looks)
}

async fn with_alerts(home: &Home, readers: &[Subscriber]) -> (Store, Vec<(Alert, Change)>) {
    let store = home.open();
    store.import(readers.to_vec(), false).await.unwrap();
    for (id, companies) in [("fcc", &["zte", "dahua"][..]), ("bis", &["zte", "zte-2"])] {
        keep(&store, changed(&source(id), 1, page(1, 90), companies)).await.unwrap();
    }
    let pending = store.pending_alerts().await.unwrap();
    (store, pending)
}

#[test]
fn telling_all_who_follow_alike_at_once_is_to_tell_each() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut runner =
        TestRunner::new(Config { cases: SEQUENCES, failure_persistence: None, ..Config::default() });
    let checked = runner.run(&(readers(), 1_usize..20), |(readers, limit)| {
        runtime.block_on(async {
            let home = Home::new();
            let (store, pending) = with_alerts(&home, &readers).await;
            // As they are kept: of one address that came several times there is one.
            let kept = store.subscribers_after(None, 999).await.unwrap();
            let mut reached = None;
            loop {
                let step = next_step(&store, &pending, reached, limit).await;
                reached = step.step.reached.clone();
                store.spread_sets(step).await.unwrap();
                if reached.is_none() {
                    break;
                }
            }
            assert_eq!(told(&store, &kept).await, one_by_one(&kept, &pending));
            assert_eq!(store.pending_alerts().await.unwrap(), []);
            store.close().await.unwrap();
        });
        Ok(())
    });
    checked.unwrap();
}

fn follower(name: &str, only: Filter) -> Subscriber {
    let mut reader = Subscriber::new(format!("{name}@example.org").parse().unwrap());
    reader.subscriptions.push(Subscription {
        topic: topic("zte"),
        state: SubscriptionState::Active,
        requested_at: at(0),
        confirmed_at: Some(at(0)),
        channel: "test".to_owned(),
        only,
        agreed_to: None,
        ended_at: None,
    });
    reader
}

#[tokio::test]
async fn who_follows_otherwise_than_was_seen_has_all_of_the_step_decided_again() {
    let home = Home::new();
    let readers = [follower("ann", Filter::default()), follower("bob", Filter::default())];
    let (store, pending) = with_alerts(&home, &readers).await;
    let pending: Vec<_> = pending.into_iter().filter(|(alert, _)| alert.topic == topic("zte")).collect();
    let ann = &readers[0].address;

    let step = next_step(&store, &pending, None, 100).await;
    store.refine(ann, &topic("zte"), [ChangeKind::Removed].into(), at(3_001)).await.unwrap();
    let overtaken = store.spread_sets(step).await;
    assert!(matches!(overtaken, Err(StoreError::Superseded { .. })), "{overtaken:?}");

    let step = next_step(&store, &pending, None, 100).await;
    store.leave(ann, Some(&topic("zte")), at(3_002)).await.unwrap();
    let overtaken = store.spread_sets(step).await;
    assert!(matches!(overtaken, Err(StoreError::Superseded { .. })), "{overtaken:?}");
    assert_eq!(told(&store, &readers).await, Told::default(), "nothing of it was kept");

    // Who comes meanwhile and follows as others do is told as they are.
    let step = next_step(&store, &pending, None, 100).await;
    let newcomer = follower("cid", Filter::default());
    store.import(vec![newcomer.clone()], false).await.unwrap();
    store.spread_sets(step.clone()).await.unwrap();
    let (items, _) = told(&store, &[&readers[..], std::slice::from_ref(&newcomer)].concat()).await;
    // Ann may come back for a day.
    assert_eq!(items.keys().collect::<Vec<_>>(), [ann, &readers[1].address, &newcomer.address]);
    let again = store.spread_sets(step).await;
    assert!(matches!(again, Err(StoreError::Superseded { .. })), "{again:?}");
}

#[tokio::test]
async fn of_two_who_give_one_alert_to_its_readers_one_is_kept() {
    let home = Home::new();
    let (store, pending) = with_alerts(&home, &[follower("ann", Filter::default())]).await;
    let step = next_step(&store, &pending, None, 100).await;
    let (one, other) = tokio::join!(store.spread_sets(step.clone()), store.spread_sets(step));
    let kept = [&one, &other].into_iter().filter(|ended| ended.is_ok()).count();
    assert_eq!(kept, 1, "{one:?} {other:?}");
}
