//! Every reader gets an alert once, whatever ends the work in between.

use std::collections::BTreeSet;

use regwatch::dispatch::BatchWindow;
use regwatch::domain::alert::AlertItem;
use regwatch::store::FanOut;

use crate::stand::{Stand, email};

fn address(number: usize) -> String {
    format!("reader{number:04}@example.org")
}

#[tokio::test]
async fn a_thousand_and_more_readers_are_each_told_once() {
    let stand = Stand::new();
    for number in 0..1_203 {
        stand.subscribe(&address(number), &[]).await;
    }
    stand.find("a", None).await;
    stand.round().await;
    stand.advance(5);
    assert_eq!(stand.round().await, 1_203);
    let told: BTreeSet<String> = stand.mails().await.into_iter().map(|(to, _)| to).collect();
    assert_eq!(told.len(), 1_203);
}

/// While the mails of some are being kept those of others are made: here of the same, who are due once more.
#[tokio::test]
async fn who_is_due_twice_is_told_once_however_many_are() {
    let stand = Stand::new();
    for number in 0..600 {
        stand.subscribe(&address(number), &[]).await;
    }
    for name in ["a", "b"] {
        stand.find(name, None).await;
        assert_eq!(stand.round().await, 0, "it waits for company");
        stand.advance(1);
    }
    stand.advance(5);
    assert_eq!(stand.round().await, 600);
    let mails = stand.mails().await;
    let told: BTreeSet<&String> = mails.iter().map(|(to, _)| to).collect();
    assert_eq!((mails.len(), told.len()), (600, 600));
    assert!(mails.iter().all(|(_, subject)| subject.contains("+1")), "{}", mails[0].1);
    assert_eq!(stand.store.next_look().await.unwrap(), None, "nobody is looked at again");
}

#[tokio::test]
async fn readers_who_have_their_item_are_passed_over_after_a_restart() {
    let mut stand = Stand::new();
    for number in 0..4 {
        stand.subscribe(&address(number), &[]).await;
    }
    stand.find("a", None).await;
    let (alert, _) = stand.store.pending_alerts().await.unwrap().remove(0);
    // The process got this far, and its mails left.
    let items = (0..2).map(|number| (email(&address(number)), AlertItem::of(&alert), alert.raised_at));
    let step = FanOut {
        alerts: vec![alert.id.clone()],
        from: None,
        items: items.collect(),
        reached: Some(email(&address(1))),
    };
    stand.store.spread(step).await.unwrap();
    stand.restart();
    assert_eq!(stand.dispatcher.dispatch(BatchWindow::Now).await.unwrap(), 4);
    let told: Vec<String> = stand.mails().await.into_iter().map(|(to, _)| to).collect();
    assert_eq!(told.len(), 4, "{told:?}");
    assert_eq!(told.iter().collect::<BTreeSet<_>>().len(), 4, "{told:?}");
    assert_eq!(stand.store.pending_alerts().await.unwrap(), []);
}
