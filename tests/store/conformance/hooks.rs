//! Webhooks: a delivery is in one sender's hands.

use regwatch::domain::webhook::{
    Answered, Delivery, DeliveryState, HookFilter, HookFormat, HookSecret, HookState, SECRET_BYTES, Webhook,
};
use regwatch::store::Store;

use super::Home;
use crate::fixture::at;

fn webhook() -> Webhook {
    Webhook {
        id: "desk".to_owned(),
        name: "Desk".to_owned(),
        url: "https://desk.example/hook".parse().unwrap(),
        format: HookFormat::Standard,
        secret: HookSecret::of(&[7; SECRET_BYTES]),
        owner: "ann@example.org".parse().unwrap(),
        only: HookFilter::default(),
        created_at: at(0),
        state: HookState::Active,
        failing_since: None,
        breaker: None,
        reason: None,
    }
}

/// Puts a delivery in the way of a webhook that it makes.
async fn queued(store: &Store) -> Delivery {
    let (hook, delivery) = (webhook(), Delivery::test(&webhook(), [1; 8], at(0)));
    store.add_webhook(hook).await.unwrap();
    store.queue_delivery(delivery.clone()).await.unwrap();
    delivery
}

async fn due(store: &Store, minutes: i64) -> usize {
    store.deliveries_due("desk", at(minutes), 9).await.unwrap().len()
}

#[tokio::test]
async fn of_two_senders_one_begins_with_a_delivery_and_the_one_that_has_it_says_what_became_of_it() {
    let home = Home::new();
    let store = home.open();
    let id = queued(&store).await.id;
    let first = store.begin_delivery(&id, at(0)).await.unwrap().unwrap();
    assert_eq!(store.begin_delivery(&id, at(1)).await.unwrap(), None);
    assert_eq!(due(&store, 1).await, 0);
    // The first was frozen: its lease ends, and what it says then is not heard.
    assert_eq!(due(&store, 3).await, 1);
    let second = store.begin_delivery(&id, at(3)).await.unwrap().unwrap();
    let refused = Answered::Refused { reason: "late".to_owned(), status: 400 };
    assert_eq!(store.settle_delivery(first, refused, (at(0), at(3)), None).await.unwrap(), None);
    let taken = Answered::Taken { status: 204 };
    let settled = store.settle_delivery(second.clone(), taken.clone(), (at(3), at(4)), None).await.unwrap();
    assert_eq!(settled.unwrap().delivery.state, DeliveryState::Delivered);
    assert_eq!(store.settle_delivery(second, taken, (at(3), at(4)), None).await.unwrap(), None);
    assert_eq!(store.begin_delivery(&id, at(9)).await.unwrap(), None);
    let kept = store.find_delivery(&id).await.unwrap();
    assert_eq!((kept.tried, kept.begun_at), (1, Some(at(0))));
}

#[tokio::test]
async fn a_delivery_in_a_senders_hands_stays_there_when_its_webhook_is_resumed() {
    let home = Home::new();
    let store = home.open();
    let id = queued(&store).await.id;
    let lease = store.begin_delivery(&id, at(0)).await.unwrap().unwrap();
    for is_paused in [true, false] {
        store.pause_webhook("desk", is_paused, at(1)).await.unwrap();
    }
    assert_eq!(store.begin_delivery(&id, at(1)).await.unwrap(), None);
    // To send it again at an operator's wish is another sending, whatever became of the first.
    store.redeliver(&id, at(1)).await.unwrap();
    assert!(store.begin_delivery(&id, at(1)).await.unwrap().is_some());
    let taken = Answered::Taken { status: 200 };
    assert_eq!(store.settle_delivery(lease, taken, (at(0), at(1)), None).await.unwrap(), None);
}

#[tokio::test]
async fn what_an_ended_process_was_sending_is_due_again_and_what_a_living_one_sends_is_not() {
    let home = Home::new();
    let store = home.open();
    let id = queued(&store).await.id;
    store.begin_delivery(&id, at(0)).await.unwrap().unwrap();
    assert_eq!(store.reclaim_deliveries(at(0)).await.unwrap(), 0);
    let store = home.reopen(store).await;
    assert_eq!(due(&store, 0).await, 0);
    assert_eq!(store.reclaim_deliveries(at(0)).await.unwrap(), 1);
    assert_eq!(due(&store, 0).await, 1);
    assert!(store.begin_delivery(&id, at(0)).await.unwrap().is_some());
}
