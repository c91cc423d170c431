//! Mail that came in: what it means is kept at once, and once.

use chrono::Duration;
use regwatch::domain::email::EmailAddress;
use regwatch::domain::id::BodyHash;
use regwatch::domain::inbound::{Correspondence, Purpose, Selection};
use regwatch::domain::subscription::{Filter, Wish};
use regwatch::domain::way_in::{WayIn, WayInState};
use regwatch::store::Exchange;

use crate::fixture::{Home, at, company, mail};

fn ann() -> EmailAddress {
    "ann@example.org".parse().unwrap()
}

fn to_follow_zte() -> Purpose {
    Purpose::Subscribe(Selection { companies: vec![company("zte")], ..Selection::default() })
}

#[tokio::test]
async fn a_message_its_effects_and_its_answer_are_kept_together() {
    let home = Home::new();
    let store = home.open();
    let message = BodyHash::of(b"subscribe zte");
    assert!(!store.is_taken(&message).await.unwrap());
    let mut state = store.conversation(&ann()).await.unwrap();
    let token = state.correspondence.ask(to_follow_zte(), 7, at(0)).unwrap();
    let exchange = Exchange {
        message: message.clone(),
        at: at(0),
        state: Some(state),
        mails: vec![mail("ann", at(0))],
        wishes: Vec::new(),
    };
    store.converse(exchange).await.unwrap();

    let store = home.reopen(store).await;
    assert!(store.is_taken(&message).await.unwrap());
    assert_eq!(store.asked(&token.hash()).await.unwrap(), Some(ann()));
    assert_eq!(store.mails(None, 9).await.unwrap().len(), 1);
    assert_eq!(store.subscribers().await.unwrap(), [], "who was only asked is no subscriber");

    let mut state = store.conversation(&ann()).await.unwrap();
    assert_eq!(state.correspondence.answer(&token.hash(), at(1)), Some((to_follow_zte(), true)));
    let zte = company("zte");
    let wish = Wish {
        company: &zte,
        only: Filter::default(),
        confirmed: true,
        channel: "mail",
        agreed_to: Some("yes".to_owned()),
    };
    state.subscriber.follow(wish, at(1));
    let message = BodyHash::of(b"confirm");
    store
        .converse(Exchange { message, at: at(1), state: Some(state), mails: Vec::new(), wishes: Vec::new() })
        .await
        .unwrap();
    let store = home.reopen(store).await;
    let kept = store.subscriber(&ann()).await.unwrap().unwrap();
    assert_eq!(kept.active(&zte).and_then(|known| known.agreed_to.as_deref()), Some("yes"));
}

#[tokio::test]
async fn a_message_is_forgotten_once_no_server_hands_it_over_again() {
    let home = Home::new();
    let store = home.open();
    let message = BodyHash::of(b"help");
    let exchange =
        Exchange { message: message.clone(), at: at(0), state: None, mails: Vec::new(), wishes: Vec::new() };
    store.converse(exchange).await.unwrap();
    assert_eq!(store.forget_messages(at(0) + Duration::days(29)).await.unwrap(), 0);
    assert!(store.is_taken(&message).await.unwrap());
    assert_eq!(store.forget_messages(at(0) + Duration::days(31)).await.unwrap(), 1);
    assert!(!store.is_taken(&message).await.unwrap());
}

#[tokio::test]
async fn the_operator_confirms_and_pauses() {
    let home = Home::new();
    let store = home.open();
    assert!(store.confirm(&ann(), "operator", at(0)).await.is_err());
    assert!(store.pause(&ann(), false, None, at(1)).await.is_err());
    store.follow(&ann(), &[company("zte")], false, "operator", at(0)).await.unwrap();
    assert_eq!(store.confirm(&ann(), "operator", at(1)).await.unwrap(), 1);
    assert_eq!(store.confirm(&ann(), "operator", at(1)).await.unwrap(), 0);
    assert_eq!(store.pause(&ann(), true, None, at(2)).await.unwrap(), None);
    assert_eq!(store.pause(&ann(), true, None, at(3)).await.unwrap(), Some(at(2)));
    let store = home.reopen(store).await;
    assert_eq!(store.subscriber(&ann()).await.unwrap().unwrap().paused_since, Some(at(2)));
    assert_eq!(store.pause(&ann(), false, None, at(1)).await.unwrap(), Some(at(2)));
    assert_eq!(store.subscriber(&ann()).await.unwrap().unwrap().paused_since, None);
}

#[tokio::test]
async fn how_a_way_in_stands_is_kept_and_the_last_word_counts() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(store.ways_in().await.unwrap(), []);
    let failing = WayInState::new(WayIn::Imap).failed("refused".to_owned(), at(1));
    store.keep_way_in(failing.clone()).await.unwrap();
    let maildir = WayInState::new(WayIn::Maildir).worked(2, at(2));
    store.keep_way_in(maildir.clone()).await.unwrap();
    let failing = failing.failed("refused again".to_owned(), at(3));
    store.keep_way_in(failing.clone()).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.ways_in().await.unwrap(), [failing, maildir]);
}

#[tokio::test]
async fn what_was_begun_counts_until_it_is_taken_in_forgiven_or_long_ago() {
    let home = Home::new();
    let store = home.open();
    let [one, other] = ["one", "other"].map(|name| BodyHash::of(name.as_bytes()));
    for attempt in 1..=2 {
        assert_eq!(store.begin(&one, at(0)).await.unwrap(), attempt);
    }
    store.close().await.unwrap();
    let store = home.open();
    assert_eq!(store.begin(&one, at(0)).await.unwrap(), 3, "a restart does not begin anew");
    store.forgive(&one).await.unwrap();
    assert_eq!(store.begin(&one, at(0)).await.unwrap(), 3);
    let exchange =
        Exchange { message: one.clone(), at: at(1), state: None, mails: Vec::new(), wishes: Vec::new() };
    store.converse(exchange).await.unwrap();
    assert_eq!(store.begin(&one, at(1)).await.unwrap(), 1);
    store.give_up(&one).await.unwrap();
    store.forgive(&one).await.unwrap();
    assert_eq!(store.begin(&one, at(1)).await.unwrap(), 1);

    store.begin(&other, at(0)).await.unwrap();
    let later = at(0) + Duration::days(31);
    store.begin(&one, later).await.unwrap();
    assert_eq!(store.forget_messages(later).await.unwrap(), 2, "the one that was taken in, and the other");
    assert_eq!(store.begin(&other, later).await.unwrap(), 1);
    assert_eq!(store.begin(&one, later).await.unwrap(), 3);
}

#[tokio::test]
async fn what_went_between_us_and_a_stranger_is_forgotten_once_it_is_over() {
    let home = Home::new();
    let store = home.open();
    let mut state = store.conversation(&ann()).await.unwrap();
    let token = state.correspondence.ask(to_follow_zte(), 7, at(0)).unwrap().hash();
    state.correspondence.note_answer(at(0));
    let exchange = Exchange {
        message: BodyHash::of(b"one"),
        at: at(0),
        state: Some(state),
        mails: Vec::new(),
        wishes: Vec::new(),
    };
    store.converse(exchange).await.unwrap();
    store.forget_messages(at(0) + Duration::days(59)).await.unwrap();
    assert_eq!(store.asked(&token).await.unwrap(), Some(ann()));
    store.forget_messages(at(0) + Duration::days(61)).await.unwrap();
    assert_eq!(store.asked(&token).await.unwrap(), None);
    assert_eq!(store.conversation(&ann()).await.unwrap().correspondence, Correspondence::default());
}
