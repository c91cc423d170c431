//! Mail that came in: what it means is kept at once, and once.

use chrono::Duration;
use regwatch::domain::email::EmailAddress;
use regwatch::domain::id::BodyHash;
use regwatch::domain::inbound::{Correspondence, PersonRequest, Purpose, Selection, Trust, converse};
use regwatch::domain::mail_source::{MailSource, MailSourceState};
use regwatch::domain::subscription::{Filter, Wish};
use regwatch::store::{Exchanged, InboundCommit, KnownPerson, StoreError, TakenUp};

use super::Home;
use crate::fixture::{at, mail, topic};

fn ann() -> EmailAddress {
    "ann@example.org".parse().unwrap()
}

fn to_follow_zte() -> Purpose {
    Purpose::Subscribe(Selection { topics: vec![topic("zte")], ..Selection::default() })
}

#[tokio::test]
async fn a_message_its_effects_and_its_answer_are_kept_together() {
    let home = Home::new();
    let store = home.open();
    let message = BodyHash::of(b"subscribe zte");
    let KnownPerson { mut state, version } = store.conversation(&ann()).await.unwrap();
    let token = state.correspondence.ask(to_follow_zte(), 7, at(0)).unwrap();
    let exchange = InboundCommit {
        message: message.clone(),
        at: at(0),
        state: Some((state, version)),
        mails: vec![mail("ann", at(0))],
        wishes: Vec::new(),
    };
    store.converse(exchange).await.unwrap();

    let store = home.reopen(store).await;
    assert_eq!(store.take_up(&message, at(0)).await.unwrap(), TakenUp::Known);
    assert_eq!(store.asked(&token.hash()).await.unwrap(), Some(ann()));
    assert_eq!(store.mails(None, 9).await.unwrap().len(), 1);
    assert_eq!(store.subscribers().await.unwrap(), [], "who was only asked is no subscriber");

    let KnownPerson { mut state, version } = store.conversation(&ann()).await.unwrap();
    assert_eq!(state.correspondence.answer(&token.hash(), at(1)), Some((to_follow_zte(), true)));
    let zte = topic("zte");
    let wish = Wish {
        topic: &zte,
        only: Filter::default(),
        confirmed: true,
        channel: "mail",
        agreed_to: Some("yes".to_owned()),
    };
    state.subscriber.follow(wish, at(1));
    let message = BodyHash::of(b"confirm");
    store
        .converse(InboundCommit {
            message,
            at: at(1),
            state: Some((state, version)),
            mails: Vec::new(),
            wishes: Vec::new(),
        })
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
    let exchange = InboundCommit {
        message: message.clone(),
        at: at(0),
        state: None,
        mails: Vec::new(),
        wishes: Vec::new(),
    };
    store.converse(exchange).await.unwrap();
    assert_eq!(store.forget_messages(at(0) + Duration::days(29)).await.unwrap(), 0);
    assert_eq!(store.take_up(&message, at(0)).await.unwrap(), TakenUp::Known);
    assert_eq!(store.forget_messages(at(0) + Duration::days(31)).await.unwrap(), 1);
    assert_eq!(store.take_up(&message, at(0)).await.unwrap(), TakenUp::Attempt(1));
}

#[tokio::test]
async fn the_operator_confirms_and_pauses() {
    let home = Home::new();
    let store = home.open();
    assert!(store.confirm(&ann(), "operator", at(0)).await.is_err());
    assert!(store.pause(&ann(), false, None, at(1)).await.is_err());
    store.follow(&ann(), &[topic("zte")], false, "operator", at(0)).await.unwrap();
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
async fn how_a_way_in_stands_is_kept_by_who_knew_how_it_stood() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(store.ways_in().await.unwrap(), []);
    let failing = MailSourceState::new(MailSource::Imap).failed("refused".to_owned(), at(1));
    assert!(store.keep_way_in(None, failing.clone()).await.unwrap());
    let maildir = MailSourceState::new(MailSource::Maildir).worked(2, at(2));
    assert!(store.keep_way_in(None, maildir.clone()).await.unwrap());
    let again = failing.failed("refused again".to_owned(), at(3));
    assert!(store.keep_way_in(Some(failing.clone()), again.clone()).await.unwrap());
    // Two that met it the first time failing: the second would forget what the first found.
    let worked = failing.worked(0, at(4));
    assert!(!store.keep_way_in(Some(failing), worked.clone()).await.unwrap());
    assert!(!store.keep_way_in(None, worked).await.unwrap());
    let store = home.reopen(store).await;
    assert_eq!(store.ways_in().await.unwrap(), [again, maildir]);
}

#[tokio::test]
async fn what_was_begun_counts_until_it_is_taken_in_forgiven_or_long_ago() {
    let home = Home::new();
    let store = home.open();
    let [one, other, third] = ["one", "other", "third"].map(|name| BodyHash::of(name.as_bytes()));
    for attempt in 1..=2 {
        assert_eq!(store.take_up(&one, at(0)).await.unwrap(), TakenUp::Attempt(attempt));
    }
    store.close().await.unwrap();
    let store = home.open();
    assert_eq!(
        store.take_up(&one, at(0)).await.unwrap(),
        TakenUp::Attempt(3),
        "a restart does not begin anew"
    );
    store.forgive(&one).await.unwrap();
    assert_eq!(store.take_up(&one, at(0)).await.unwrap(), TakenUp::Attempt(3));
    let exchange =
        InboundCommit { message: one.clone(), at: at(1), state: None, mails: Vec::new(), wishes: Vec::new() };
    store.converse(exchange).await.unwrap();
    assert_eq!(store.take_up(&one, at(1)).await.unwrap(), TakenUp::Known);
    assert_eq!(store.take_up(&third, at(1)).await.unwrap(), TakenUp::Attempt(1));
    store.abandon_message(&third).await.unwrap();
    store.forgive(&third).await.unwrap();
    assert_eq!(store.take_up(&third, at(1)).await.unwrap(), TakenUp::Attempt(1));

    store.take_up(&other, at(0)).await.unwrap();
    let later = at(0) + Duration::days(31);
    store.take_up(&third, later).await.unwrap();
    assert_eq!(store.forget_messages(later).await.unwrap(), 2, "the one that was taken in, and the other");
    assert_eq!(store.take_up(&other, later).await.unwrap(), TakenUp::Attempt(1));
    assert_eq!(store.take_up(&one, later).await.unwrap(), TakenUp::Attempt(1));
    assert_eq!(store.take_up(&third, later).await.unwrap(), TakenUp::Attempt(3));
}

#[tokio::test]
async fn what_went_between_us_and_a_stranger_is_forgotten_once_it_is_over() {
    let home = Home::new();
    let store = home.open();
    let KnownPerson { mut state, version } = store.conversation(&ann()).await.unwrap();
    let token = state.correspondence.ask(to_follow_zte(), 7, at(0)).unwrap().hash();
    state.correspondence.note_answer(at(0));
    let exchange = InboundCommit {
        message: BodyHash::of(b"one"),
        at: at(0),
        state: Some((state, version)),
        mails: Vec::new(),
        wishes: Vec::new(),
    };
    store.converse(exchange).await.unwrap();
    store.forget_messages(at(0) + Duration::days(59)).await.unwrap();
    assert_eq!(store.asked(&token).await.unwrap(), Some(ann()));
    store.forget_messages(at(0) + Duration::days(61)).await.unwrap();
    assert_eq!(store.asked(&token).await.unwrap(), None);
    assert_eq!(store.conversation(&ann()).await.unwrap().state.correspondence, Correspondence::default());
}

/// Two who look at one state: what the second computed from it is not kept, and changes nothing.
#[tokio::test]
async fn of_two_messages_that_meet_one_state_the_second_is_overtaken() {
    let home = Home::new();
    let store = home.open();
    let (first, second) =
        (store.conversation(&ann()).await.unwrap(), store.conversation(&ann()).await.unwrap());
    let exchange = |name: &str, met: KnownPerson, random| {
        let KnownPerson { mut state, version } = met;
        let token = state.correspondence.ask(to_follow_zte(), random, at(0)).unwrap().hash();
        let (message, mails) = (BodyHash::of(name.as_bytes()), vec![mail(name, at(0))]);
        (
            token,
            InboundCommit { message, at: at(0), state: Some((state, version)), mails, wishes: Vec::new() },
        )
    };
    let ((asked, kept), (refused, overtaken)) = (exchange("one", first, 1), exchange("two", second, 2));
    assert_eq!(store.converse(kept.clone()).await.unwrap(), Exchanged::Kept);
    let error = store.converse(overtaken.clone()).await.unwrap_err();
    assert!(matches!(error, StoreError::Overtaken { .. }) && !error.to_string().contains("ann@"), "{error}");
    assert_eq!(store.asked(&refused).await.unwrap(), None);
    assert_eq!(store.mails(None, 9).await.unwrap().len(), 1);
    // It meets the state of now, and is kept; the first one again is no news, whatever it met.
    let met = store.conversation(&ann()).await.unwrap();
    let again = InboundCommit { state: Some((met.state, met.version)), ..overtaken };
    assert_eq!(store.converse(again).await.unwrap(), Exchanged::Kept);
    assert_eq!(store.converse(kept).await.unwrap(), Exchanged::Known);
    let store = home.reopen(store).await;
    assert_eq!(store.asked(&asked).await.unwrap(), Some(ann()));
    assert_eq!(store.mails(None, 9).await.unwrap().len(), 2);
}

/// What an operator or a mail does to a person overtakes a message that met them before.
#[tokio::test]
async fn a_message_does_not_undo_what_was_done_to_its_sender_meanwhile() {
    let home = Home::new();
    let store = home.open();
    store.follow(&ann(), &[topic("zte")], true, "operator", at(0)).await.unwrap();
    let KnownPerson { mut state, version } = store.conversation(&ann()).await.unwrap();
    state.correspondence.note_answer(at(1));
    store.leave(&ann(), None, at(1)).await.unwrap();
    let message = BodyHash::of(b"help");
    let stale = InboundCommit {
        message: message.clone(),
        at: at(1),
        state: Some((state, version)),
        mails: Vec::new(),
        wishes: Vec::new(),
    };
    assert!(matches!(store.converse(stale).await, Err(StoreError::Overtaken { .. })));
    assert!(!store.subscriber(&ann()).await.unwrap().unwrap().is_active());
    assert_eq!(store.take_up(&message, at(1)).await.unwrap(), TakenUp::Attempt(1), "it was not taken in");
}

/// Messages of many senders, each of which met the budget as it was before any of them.
#[tokio::test]
async fn what_messages_take_of_the_budget_counts_whatever_they_met() {
    let home = Home::new();
    let store = home.open();
    let mut met = Vec::new();
    for number in 0..70 {
        let address: EmailAddress = format!("ann{number}@example.org").parse().unwrap();
        met.push(store.conversation(&address).await.unwrap());
    }
    let mut kept = 0;
    for (number, KnownPerson { mut state, version }) in met.into_iter().enumerate() {
        let asks = vec![PersonRequest::List];
        let answers = converse(&mut state, asks, Trust::Unknown, None, || number as u128 + 1, at(0));
        assert_eq!(answers.len(), 1, "each alone may be asked");
        let message = BodyHash::of(number.to_string().as_bytes());
        let exchange = InboundCommit {
            message,
            at: at(0),
            state: Some((state, version)),
            mails: Vec::new(),
            wishes: Vec::new(),
        };
        match store.converse(exchange).await {
            Ok(_) => kept += 1,
            Err(error) => assert!(matches!(error, StoreError::Overtaken { .. }), "{error}"),
        }
    }
    assert_eq!(kept, 60, "one domain has so many asked at once");
}
