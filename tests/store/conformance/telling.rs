//! Telling: two workers who take the same work up are never both kept.

use chrono::{DateTime, Utc};
use regwatch::domain::alert::{Alert, AlertItem};
use regwatch::domain::email::EmailAddress;
use regwatch::domain::id::{AlertId, MailId};
use regwatch::domain::outbox::{MailState, QueuedMail};
use regwatch::domain::retraction::Retraction;
use regwatch::store::{FanOut, Met, PackedMail, ReaderCommit, RetractCommit, Store, StoreError, Withdrawn};

use super::Home;
use crate::fixture::{at, changed, keep, mail, page, source, topic};

fn ann() -> EmailAddress {
    "ann@example.org".parse().unwrap()
}

fn bob() -> EmailAddress {
    "bob@example.org".parse().unwrap()
}

/// A store with two readers and one alert for both.
async fn with_an_alert(home: &Home) -> (Store, Alert) {
    let store = home.open();
    for reader in [ann(), bob()] {
        store.follow(&reader, &[topic("zte")], true, "operator", at(0)).await.unwrap();
    }
    keep(&store, changed(&source("fcc"), 1, page(1, 90), &["zte"])).await.unwrap();
    let alert = store.pending_alerts().await.unwrap().remove(0).0;
    (store, alert)
}

/// A run of readers who get their item.
fn spread(alert: &Alert, from: Option<EmailAddress>, to: &[EmailAddress], ends: bool) -> FanOut {
    let item = |reader: &EmailAddress| (reader.clone(), AlertItem::of(alert), at(1));
    FanOut {
        alerts: vec![alert.id.clone()],
        from,
        items: to.iter().map(item).collect(),
        reached: to.last().filter(|_| !ends).cloned(),
    }
}

/// A mail that tells all that waits for a reader.
async fn telling(store: &Store, name: &str, now: DateTime<Utc>) -> ReaderCommit {
    let waiting = store.waiting(vec![ann()]).await.unwrap().readers.remove(0);
    ReaderCommit {
        settled: waiting.items.iter().map(|item| item.alert.clone()).collect(),
        met: Met { items: waiting.items, ..Met::default() },
        mails: vec![PackedMail::of(mail(name, now))],
        ..ReaderCommit::empty(ann(), now)
    }
}

async fn waiting(store: &Store, reader: EmailAddress) -> Vec<AlertId> {
    let waiting = store.waiting(vec![reader]).await.unwrap().readers.remove(0);
    waiting.items.into_iter().map(|item| item.alert).collect()
}

async fn subjects(store: &Store) -> Vec<String> {
    let mut subjects: Vec<String> =
        store.mails(None, 99).await.unwrap().into_iter().map(|mail| mail.subject).collect();
    subjects.sort();
    subjects
}

#[track_caller]
fn is_superseded<T: std::fmt::Debug>(ended: &Result<T, StoreError>) {
    assert!(matches!(ended, Err(StoreError::Superseded { .. })), "{ended:?}");
}

#[tokio::test]
async fn an_alert_that_two_spread_is_given_to_each_reader_once() {
    let home = Home::new();
    let (store, alert) = with_an_alert(&home).await;
    let (one, other) = (spread(&alert, None, &[ann()], false), spread(&alert, None, &[ann()], false));
    store.spread(one).await.unwrap();
    // Ann's item is told before the other comes to it.
    assert_eq!(store.compose(vec![telling(&store, "first", at(1)).await]).await.unwrap(), []);
    is_superseded(&store.spread(other).await);
    assert_eq!(waiting(&store, ann()).await, [], "she does not get it again");
    store.spread(spread(&alert, Some(ann()), &[bob()], true)).await.unwrap();
    assert_eq!(waiting(&store, bob()).await, std::slice::from_ref(&alert.id));
    is_superseded(&store.spread(spread(&alert, Some(ann()), &[bob()], true)).await);
    let store = home.reopen(store).await;
    assert_eq!(store.pending_alerts().await.unwrap(), []);
    assert_eq!(subjects(&store).await, ["Change for first"]);
}

#[tokio::test]
async fn of_a_read_that_is_taken_back_while_its_alert_is_spread_nobody_gets_an_item() {
    let home = Home::new();
    let (store, alert) = with_an_alert(&home).await;
    let change = store.find_change(alert.change.as_str()).await.unwrap();
    let step = spread(&alert, None, &[ann()], false);
    let retraction = Retraction::of(&change, std::slice::from_ref(&change), None, at(2));
    store.retract(RetractCommit { retraction, restored: None }).await.unwrap();
    is_superseded(&store.spread(step).await);
    assert_eq!(waiting(&store, ann()).await, []);
}

#[tokio::test]
async fn what_two_compose_of_the_same_items_is_told_by_the_first_alone() {
    let home = Home::new();
    let (store, alert) = with_an_alert(&home).await;
    store.spread(spread(&alert, None, &[ann(), bob()], true)).await.unwrap();
    let (one, other) = (telling(&store, "one", at(1)).await, telling(&store, "other", at(2)).await);
    assert_eq!(store.compose(vec![one]).await.unwrap(), []);
    assert_eq!(store.compose(vec![other]).await.unwrap(), [ann()]);
    let store = home.reopen(store).await;
    assert_eq!(subjects(&store).await, ["Change for one"]);
    assert_eq!(waiting(&store, ann()).await, []);
    assert_eq!(waiting(&store, bob()).await, [alert.id], "another's items are no matter");
    let looks = store.due_readers(at(9), None, 99).await.unwrap();
    assert!(looks.iter().any(|look| look.reader == ann() && look.at == at(2)), "she is looked at again");
}

#[tokio::test]
async fn readers_who_are_due_come_page_by_page_the_longest_due_first() {
    let home = Home::new();
    let (store, alert) = with_an_alert(&home).await;
    let reader = |number: i64| format!("reader{number}@example.org").parse::<EmailAddress>().unwrap();
    let due_at = |number| at(9 - number / 3);
    let items = (0..9).map(|number| (reader(number), AlertItem::of(&alert), due_at(number))).collect();
    store.spread(FanOut { alerts: vec![alert.id.clone()], from: None, items, reached: None }).await.unwrap();
    let (mut last, mut found) = (None, Vec::new());
    loop {
        let page = store.due_readers(at(8), last, 4).await.unwrap();
        assert!(page.len() <= 4);
        last = page.last().cloned();
        if last.is_none() {
            break;
        }
        found.extend(page.into_iter().map(|due| (due.at, due.reader)));
    }
    let expected = [6, 7, 8, 3, 4, 5].map(|number| (due_at(number), reader(number)));
    assert_eq!(found, expected);
}

/// What nobody could make a mail of is another item from then on, and what waits anew after a mail was taken back, too.
#[tokio::test]
async fn an_item_that_was_tried_by_another_meanwhile_is_not_told_as_if_it_were_not() {
    let home = Home::new();
    let (store, alert) = with_an_alert(&home).await;
    store.spread(spread(&alert, None, &[ann()], true)).await.unwrap();
    let late = telling(&store, "late", at(3)).await;
    let met = late.met.clone();
    let struck = met.items.iter().map(|item| AlertItem { strikes: 1, ..item.clone() }).collect();
    let tried = ReaderCommit {
        met,
        struck,
        settled: Vec::new(),
        mails: Vec::new(),
        ..telling(&store, "tried", at(2)).await
    };
    assert_eq!(store.compose(vec![tried]).await.unwrap(), []);
    assert_eq!(store.compose(vec![late]).await.unwrap(), [ann()]);
    let kept = store.waiting(vec![ann()]).await.unwrap().readers.remove(0).items;
    assert_eq!(kept.iter().map(|item| item.strikes).collect::<Vec<_>>(), [1]);
    assert_eq!(subjects(&store).await, [""; 0]);
    assert_eq!(store.compose(vec![telling(&store, "again", at(4)).await]).await.unwrap(), []);
    assert_eq!(subjects(&store).await, ["Change for again"]);
}

#[tokio::test]
async fn a_retraction_that_two_tell_is_told_once() {
    let home = Home::new();
    let (store, alert) = with_an_alert(&home).await;
    let change = store.find_change(alert.change.as_str()).await.unwrap();
    let telling = |name: &str| -> QueuedMail {
        let mut queued = mail(name, at(1));
        queued.mail.changes = vec![change.id.clone()];
        queued
    };
    store.dispatch(&[], vec![telling("ann"), telling("bob")]).await.unwrap();
    let retraction = Retraction::of(&change, std::slice::from_ref(&change), None, at(2));
    let id = retraction.id.clone();
    store.retract(RetractCommit { retraction, restored: None }).await.unwrap();
    let first = store.mails_telling(vec![change.id.clone()], None, 1).await.unwrap();
    let step = |from: Option<MailId>, name: &str, reached: Option<MailId>| Withdrawn {
        retraction: id.clone(),
        from,
        dropped: first.mails.iter().map(|mail| mail.id.clone()).collect(),
        mails: vec![mail(name, at(3))],
        reached,
        at: at(3),
    };
    store.tell_retraction(step(None, "one", first.reached.clone())).await.unwrap();
    is_superseded(&store.tell_retraction(step(None, "other", first.reached.clone())).await);
    let store = home.reopen(store).await;
    assert_eq!(store.pending_retractions().await.unwrap().remove(0).reached, first.reached);
    store.tell_retraction(step(first.reached.clone(), "rest", None)).await.unwrap();
    is_superseded(&store.tell_retraction(step(first.reached.clone(), "rest-again", None)).await);
    assert_eq!(store.pending_retractions().await.unwrap(), []);
    let told = ["Change for ann", "Change for bob", "Change for one", "Change for rest"];
    assert_eq!(subjects(&store).await, told);
    let dropped = store.find_mail(first.mails[0].id.as_str()).await.unwrap();
    assert_ne!(dropped.state, MailState::Queued);
}
