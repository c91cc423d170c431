//! The outbox: queued, leased, settled, in doubt.

use std::collections::BTreeMap;

use chrono::Duration;
use regwatch::domain::id::MailId;
use regwatch::domain::outbox::{Doubt, MailState, Outcome, QueuedMail};
use regwatch::store::{Lease, MailAction, Store, StoreError};

use super::Home;
use crate::fixture::{at, changed, keep, mail, page, source};

const LEASE: Duration = Duration::minutes(5);

fn deferred() -> Outcome {
    Outcome::Deferred { reason: "450 later".to_owned() }
}

/// Leases what is due at this minute: whom each mail is for, with the claim on it.
async fn hand_out(store: &Store, minute: i64, limit: usize) -> Vec<(String, Lease)> {
    let leased = store.lease_due(at(minute), limit, LEASE).await.unwrap();
    let name = |address: &str| address.split('@').next().unwrap().to_owned();
    leased
        .into_iter()
        .map(|leased| {
            let name = name(leased.mail.recipient.as_str());
            assert_eq!(leased.mail.state, MailState::Leased);
            assert_eq!(leased.mail.at, at(minute) + LEASE);
            assert_eq!(leased.bytes, mail(&name, at(0)).bytes);
            (name, leased.lease)
        })
        .collect()
}

/// The same by name.
async fn claims(store: &Store, minute: i64, limit: usize) -> BTreeMap<String, Lease> {
    hand_out(store, minute, limit).await.into_iter().collect()
}

/// The same, the names alone.
async fn lease(store: &Store, minute: i64, limit: usize) -> Vec<String> {
    hand_out(store, minute, limit).await.into_iter().map(|(name, _)| name).collect()
}

fn id(name: &str) -> MailId {
    mail(name, at(0)).mail.id
}

#[tokio::test]
async fn dispatch_takes_the_alerts_away_and_may_be_repeated() {
    let home = Home::new();
    let store = home.open();
    let read = changed(&source("fcc"), 1, page(1, 100), &["hytera", "zte"]);
    keep(&store, read.clone()).await.unwrap();
    let told = [read.alerts[0].id.clone()];
    for _ in 0..2 {
        store.dispatch(&told, vec![mail("ann", at(0)), mail("bob", at(0))]).await.unwrap();
    }
    let store = home.reopen(store).await;
    let left = store.pending_alerts().await.unwrap();
    assert_eq!(left.iter().map(|(alert, _)| alert).collect::<Vec<_>>(), [&read.alerts[1]]);
    assert_eq!(store.mails(None, 9).await.unwrap(), [mail("ann", at(0)).mail, mail("bob", at(0)).mail]);

    let hands = claims(&store, 0, 1).await;
    assert_eq!(hands.len(), 1);
    for lease in hands.values() {
        store.settle(lease, Outcome::SENT, at(1), 0.0).await.unwrap();
    }
    let before = store.mails(None, 9).await.unwrap();
    store.dispatch(&told, vec![mail("ann", at(9)), mail("bob", at(9))]).await.unwrap();
    assert_eq!(store.mails(None, 9).await.unwrap(), before, "a mail that is there stays as it is");
}

#[tokio::test]
async fn a_mail_that_is_given_twice_at_once_is_one_mail() {
    let home = Home::new();
    let store = home.open();
    store.dispatch(&[], vec![mail("ann", at(0)), mail("ann", at(3))]).await.unwrap();
    assert_eq!(store.mails(None, 9).await.unwrap(), [mail("ann", at(0)).mail]);
    let hands = hand_out(&store, 0, 9).await;
    let [(name, ann)] = &hands[..] else { panic!("{hands:?}") };
    assert_eq!(name, "ann");
    store.settle(ann, Outcome::SENT, at(1), 0.0).await.unwrap();
    assert_eq!(store.next_mail_due().await.unwrap(), None);
}

#[tokio::test]
async fn mails_that_went_out_are_kept_together_and_each_has_its_own_answer() {
    let home = Home::new();
    let store = home.open();
    let names: Vec<String> = (0..50).map(|number| format!("reader{number:02}")).collect();
    store.dispatch(&[], names.iter().map(|name| mail(name, at(0))).collect()).await.unwrap();
    store.dispatch(&[], vec![mail("refused", at(0))]).await.unwrap();
    let hands = claims(&store, 0, 99).await;
    assert_eq!(hands.len(), 51);
    let refused = Outcome::Failed { reason: "550 no".to_owned() };
    store.settle(&hands["refused"], refused, at(1), 0.0).await.unwrap();
    let keeping: Vec<_> = names.iter().map(|name| store.settle_sent(&hands[name], None, at(1))).collect();
    let late = store.settle_sent(&hands["refused"], None, at(1));
    for (name, keeping) in names.iter().zip(keeping) {
        let sent = keeping.kept().await.unwrap();
        assert_eq!((sent.id, sent.state, sent.attempts), (id(name), MailState::Sent, 1));
    }
    assert!(matches!(late.kept().await, Err(StoreError::LeaseLost { .. })));
    drop(store.settle_sent(&hands[&names[0]], None, at(2)));
    let store = home.reopen(store).await;
    let sent = store.mails(Some(MailState::Sent), 99).await.unwrap();
    assert_eq!(sent.len(), 50);
    assert!(sent.iter().all(|mail| mail.attempts == 1 && mail.at == at(1)), "settled is settled");
    assert_eq!(store.next_mail_due().await.unwrap(), None);
    store.close().await.unwrap();
    assert!(matches!(
        store.settle_sent(&hands[&names[0]], None, at(3)).kept().await,
        Err(StoreError::Closed)
    ));
}

#[tokio::test]
async fn mails_are_handed_out_when_they_are_due_and_only_then() {
    let home = Home::new();
    let store = home.open();
    let mut late = mail("late", at(0));
    late.mail.state = MailState::Deferred;
    late.mail.at = at(60);
    store
        .dispatch(&[], vec![late, mail("third", at(3)), mail("first", at(1)), mail("second", at(2))])
        .await
        .unwrap();

    let store = home.reopen(store).await;
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(1)));
    assert_eq!(lease(&store, 0, 9).await, [""; 0]);
    assert_eq!(lease(&store, 3, 0).await, [""; 0]);
    let mut hands = hand_out(&store, 3, 2).await;
    assert_eq!(
        hands.iter().map(|(name, _)| name).collect::<Vec<_>>(),
        ["first", "second"],
        "the longest due first"
    );
    hands.extend(hand_out(&store, 3, 9).await);
    assert_eq!(hands.len(), 3);
    assert_eq!(hands[2].0, "third");
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(8)), "the leases end");
    for (_, lease) in &hands {
        store.settle(lease, Outcome::SENT, at(4), 0.0).await.unwrap();
    }
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(60)));
    assert_eq!(lease(&store, 59, 9).await, [""; 0]);
    let hands = claims(&store, 60, 9).await;
    assert_eq!(hands.keys().collect::<Vec<_>>(), ["late"]);
    store.settle(&hands["late"], Outcome::SENT, at(61), 0.0).await.unwrap();
    assert_eq!(store.next_mail_due().await.unwrap(), None);
}

#[tokio::test]
async fn a_deferred_mail_waits_and_a_settled_one_is_never_handed_out_again() {
    let home = Home::new();
    let store = home.open();
    let mails = ["ann", "bob", "eve"].map(|name| mail(name, at(0)));
    store.dispatch(&[], mails.to_vec()).await.unwrap();
    let hands = claims(&store, 0, 9).await;
    assert_eq!(hands.len(), 3);
    let waiting = store.settle(&hands["ann"], deferred(), at(0), 0.0).await.unwrap();
    assert_eq!((waiting.state, waiting.at, waiting.attempts), (MailState::Deferred, at(1), 1));
    store.settle(&hands["bob"], Outcome::SENT, at(0), 0.0).await.unwrap();
    let refused = Outcome::Failed { reason: "550 no".to_owned() };
    store.settle(&hands["eve"], refused.clone(), at(0), 0.0).await.unwrap();

    // A late word about a settled mail changes nothing.
    let late = store.settle(&hands["bob"], refused, at(2), 0.0).await;
    assert!(matches!(late, Err(StoreError::LeaseLost { .. })), "{late:?}");
    let sent = store.find_mail(id("bob").as_str()).await.unwrap();
    assert_eq!((sent.state, sent.at, sent.last_error), (MailState::Sent, at(0), None));

    let store = home.reopen(store).await;
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(1)));
    assert_eq!(lease(&store, 0, 9).await, [""; 0]);
    assert_eq!(lease(&store, 1, 9).await, ["ann"]);
    for state in [MailState::Sent, MailState::Failed, MailState::Leased] {
        assert_eq!(store.mails(Some(state), 9).await.unwrap().len(), 1, "{state}");
    }
    assert_eq!(store.mails(Some(MailState::Queued), 9).await.unwrap(), []);
    assert_eq!(store.mails(None, 2).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_lease_that_ended_is_taken_back_in_doubt() {
    let home = Home::new();
    let store = home.open();
    store.dispatch(&[], vec![mail("ann", at(0))]).await.unwrap();
    let ann = &claims(&store, 0, 9).await["ann"];
    assert!(store.begin_sending(ann, at(1)).await.unwrap());
    assert!(!store.begin_sending(ann, at(1)).await.unwrap(), "once");
    let store = home.reopen(store).await;
    assert_eq!(lease(&store, 4, 9).await, [""; 0]);
    // The lease ends in minute 5: the mail may have been delivered, so it is not sent again at once.
    assert_eq!(lease(&store, 5, 9).await, [""; 0]);
    let doubtful = store.find_mail(id("ann").as_str()).await.unwrap();
    assert_eq!((doubtful.state, doubtful.in_doubt, doubtful.at), (MailState::Deferred, 1, at(20)));
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(20)));
    assert_eq!(lease(&store, 19, 9).await, [""; 0]);
    assert_eq!(lease(&store, 20, 9).await, ["ann"]);
}

#[tokio::test]
async fn leases_are_taken_back_when_their_senders_are_known_to_be_gone() {
    let home = Home::new();
    let store = home.open();
    store.dispatch(&[], ["ann", "bob", "eve"].map(|name| mail(name, at(0))).to_vec()).await.unwrap();
    assert_eq!(lease(&store, 0, 2).await.len(), 2);
    let store = home.reopen(store).await;
    assert_eq!(store.reclaim_leases(at(1), Doubt::Impossible).await.unwrap(), 2);
    assert_eq!(store.reclaim_leases(at(1), Doubt::Impossible).await.unwrap(), 0);
    let hands = claims(&store, 1, 9).await;
    assert_eq!(hands.len(), 3, "into a Maildir no copy can result");
    for lease in hands.values() {
        assert!(store.begin_sending(lease, at(1)).await.unwrap());
    }
    let store = home.reopen(store).await;
    assert_eq!(store.reclaim_leases(at(2), Doubt::Resend).await.unwrap(), 3);
    assert_eq!(lease(&store, 16, 9).await, [""; 0]);
    assert_eq!(lease(&store, 17, 9).await.len(), 3, "through a relay a copy could");
}

#[tokio::test]
async fn what_was_leased_ahead_and_not_begun_is_in_no_doubt() {
    let home = Home::new();
    let store = home.open();
    store.dispatch(&[], ["ann", "bob", "eve"].map(|name| mail(name, at(0))).to_vec()).await.unwrap();
    let hands = claims(&store, 0, 9).await;
    assert_eq!(hands.len(), 3);
    assert!(store.begin_sending(&hands["bob"], at(0)).await.unwrap());
    let store = home.reopen(store).await;
    assert_eq!(store.reclaim_leases(at(1), Doubt::Hold).await.unwrap(), 3);
    for (name, state, in_doubt) in
        [("ann", MailState::Queued, 0), ("bob", MailState::Held, 1), ("eve", MailState::Queued, 0)]
    {
        let mail = store.find_mail(id(name).as_str()).await.unwrap();
        assert_eq!((mail.state, mail.in_doubt), (state, in_doubt), "{name}");
    }
    assert!(!store.begin_sending(&hands["ann"], at(1)).await.unwrap(), "nobody has it in hands");
    assert_eq!(lease(&store, 1, 9).await.len(), 2);
}

#[tokio::test]
async fn who_is_alive_and_within_the_lease_keeps_the_mail() {
    let home = Home::new();
    let store = home.open();
    store.dispatch(&[], ["ann", "bob"].map(|name| mail(name, at(0))).to_vec()).await.unwrap();
    let hands = claims(&store, 0, 9).await;
    assert!(store.begin_sending(&hands["bob"], at(0)).await.unwrap());
    assert_eq!(store.reclaim_leases(at(1), Doubt::Resend).await.unwrap(), 0);
    store.settle(&hands["ann"], Outcome::SENT, at(2), 0.0).await.unwrap();
    // In minute 5 the lease ends.
    assert_eq!(store.reclaim_leases(at(5), Doubt::Resend).await.unwrap(), 1);
}

#[tokio::test]
async fn of_two_claimants_only_the_later_one_says_what_becomes_of_a_mail() {
    let home = Home::new();
    let store = home.open();
    store.dispatch(&[], vec![mail("ann", at(0))]).await.unwrap();
    let late = &claims(&store, 0, 9).await["ann"];
    // The first one sleeps past its lease: nobody began with the mail, so another has it at once.
    assert_eq!(lease(&store, 5, 9).await, [""; 0], "taken back, and not handed out in the same step");
    let present = &claims(&store, 5, 9).await["ann"];
    assert_ne!(late, present);

    let refused = Outcome::NoMailbox { reason: "550 no such user".to_owned() };
    assert!(!store.begin_sending(late, at(6)).await.unwrap());
    for outcome in [Outcome::SENT, refused, deferred()] {
        let lost = store.settle(late, outcome, at(6), 0.0).await;
        assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "{lost:?}");
    }
    let lost = store.settle_sent(late, None, at(6)).kept().await;
    assert!(matches!(lost, Err(StoreError::LeaseLost { .. })), "{lost:?}");
    store.give_back(vec![late.clone()], at(6)).await.unwrap();
    assert_eq!(store.suppressions().await.unwrap(), [], "what it says of the mailbox counts as little");

    assert!(store.begin_sending(present, at(7)).await.unwrap());
    let sent = store.settle(present, Outcome::SENT, at(7), 0.0).await.unwrap();
    assert_eq!((sent.state, sent.attempts, sent.in_doubt), (MailState::Sent, 1, 0));
    let store = home.reopen(store).await;
    assert_eq!(store.mails(None, 9).await.unwrap(), [sent]);
}

#[tokio::test]
async fn what_is_urgent_goes_before_what_waits_already() {
    let home = Home::new();
    let store = home.open();
    let mut urgent = mail("urgent", at(5));
    urgent.mail.is_urgent = true;
    let many: Vec<_> = (0..50).map(|number| mail(&format!("reader{number}"), at(0))).collect();
    store.dispatch(&[], many).await.unwrap();
    store.dispatch(&[], vec![urgent]).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.next_mail_due().await.unwrap(), Some(at(0)));
    assert!(!lease(&store, 4, 1).await.contains(&"urgent".to_owned()), "its time has not come");
    let hands = claims(&store, 5, 1).await;
    store.settle(&hands["urgent"], Outcome::SENT, at(5), 0.0).await.unwrap();
    assert_eq!(lease(&store, 5, 99).await.len(), 49);
}

#[tokio::test]
async fn what_waits_or_was_given_up_can_be_tried_again() {
    let home = Home::new();
    let store = home.open();
    let names = ["deferred", "failed", "leased", "queued", "sent"];
    store.dispatch(&[], names.map(|name| mail(name, at(0))).to_vec()).await.unwrap();
    let hands = claims(&store, 0, 9).await;
    assert_eq!(hands.len(), 5);
    store
        .settle(&hands["queued"], Outcome::ChannelDown { reason: "refused".to_owned() }, at(0), 0.0)
        .await
        .unwrap();
    store.retry_mails(Some(&id("queued")), at(0)).await.unwrap();
    store.settle(&hands["deferred"], deferred(), at(0), 0.0).await.unwrap();
    store
        .settle(&hands["failed"], Outcome::Failed { reason: "550 no".to_owned() }, at(0), 0.0)
        .await
        .unwrap();
    store.settle(&hands["sent"], Outcome::SENT, at(0), 0.0).await.unwrap();

    assert_eq!(store.retry_mails(Some(&id("sent")), at(0)).await.unwrap(), 0);
    assert_eq!(store.retry_mails(Some(&id("leased")), at(0)).await.unwrap(), 0);
    assert_eq!(store.retry_mails(None, at(0)).await.unwrap(), 2);
    let unknown = store.retry_mails(Some(&id("nobody")), at(0)).await;
    assert!(matches!(unknown, Err(StoreError::NotFound { .. })), "{unknown:?}");

    let store = home.reopen(store).await;
    let mut again = lease(&store, 0, 9).await;
    again.sort();
    assert_eq!(again, ["deferred", "failed", "queued"]);
}

#[tokio::test]
async fn a_mail_is_found_by_the_beginning_of_its_id() {
    let home = Home::new();
    let store = home.open();
    let mails: Vec<_> = (0..40).map(|number| mail(&format!("to-{number}"), at(0))).collect();
    store.dispatch(&[], mails.clone()).await.unwrap();
    for queued in &mails {
        assert_eq!(store.find_mail(queued.mail.id.as_str()).await.unwrap(), queued.mail);
    }
    // Forty ids share sixteen first digits.
    let is_ambiguous = async |digit: char| {
        matches!(store.find_mail(&digit.to_string()).await, Err(StoreError::Ambiguous { count: 2.., .. }))
    };
    let mut ambiguous = 0;
    for digit in "0123456789abcdef".chars() {
        ambiguous += usize::from(is_ambiguous(digit).await);
    }
    assert!(ambiguous > 0);
}

#[tokio::test]
async fn mails_are_listed_by_state_and_in_any_the_newest_first() {
    let home = Home::new();
    let store = home.open();
    let names = ["ann", "bob", "cid", "dora", "eve"];
    let mails: Vec<QueuedMail> = (0..).zip(names).map(|(minute, name)| mail(name, at(minute))).collect();
    store.dispatch(&[], mails.clone()).await.unwrap();
    let id = |name: &str| MailId::derive(&[name]);
    store.handle_mail(&id("bob"), MailAction::Hold, at(9)).await.unwrap();
    store.handle_mail(&id("eve"), MailAction::Hold, at(9)).await.unwrap();
    store.handle_mail(&id("cid"), MailAction::Drop, at(9)).await.unwrap();
    let leased = store.lease_due(at(10), 1, Duration::minutes(9)).await.unwrap();
    store.settle(&leased[0].lease, Outcome::SENT, at(10), 0.0).await.unwrap();
    let store = home.reopen(store).await;
    let listed = async |state, limit| {
        let mails = store.mails(state, limit).await.unwrap();
        mails.into_iter().map(|mail| mail.recipient.local().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(None, 9).await, ["eve", "dora", "cid", "bob", "ann"]);
    assert_eq!(listed(None, 2).await, ["eve", "dora"]);
    assert_eq!(listed(Some(MailState::Sent), 9).await, ["ann"]);
    assert_eq!(listed(Some(MailState::Queued), 9).await, ["dora"]);
    assert_eq!(listed(Some(MailState::Held), 9).await, ["eve", "bob"]);
    assert_eq!(listed(Some(MailState::Held), 1).await, ["eve"]);
    assert_eq!(listed(Some(MailState::Dead), 9).await, ["cid"]);
    store.handle_mail(&id("eve"), MailAction::Release, at(11)).await.unwrap();
    assert_eq!(listed(Some(MailState::Held), 9).await, ["bob"]);
    assert_eq!(listed(Some(MailState::Queued), 9).await, ["eve", "dora"]);
    let telling = store.mails_telling(mails[1].mail.changes.clone(), None, 9).await.unwrap();
    assert_eq!(telling.mails.iter().map(|mail| &mail.id).collect::<Vec<_>>(), [&id("bob")]);
}
