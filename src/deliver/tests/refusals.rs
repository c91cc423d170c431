//! A relay that says of everybody that there is no such mailbox ends nobody's subscription.

use super::*;

fn readers(count: usize) -> impl Iterator<Item = String> {
    (0..count).map(|number| format!("p{number}@d{}.example", number % 4))
}

async fn queue_for(stand: &Stand, count: usize) {
    stand.queue(readers(count)).await;
}

#[tokio::test]
async fn a_relay_that_refuses_everybody_is_left_alone_and_everybody_is_told_afterwards() {
    let stand = stand(4, Pace::default(), Doubt::Resend).await;
    queue_for(&stand, 40).await;
    stand.refuse(10_000);
    stand.pass(Duration::days(2)).await;
    assert_eq!(stand.store.suppressions().await.unwrap(), []);
    let breaker = stand.store.breaker("memory").await.unwrap().unwrap();
    assert!(breaker.reason.contains("in a row are said not to be there"), "{breaker:?}");
    let mails = stand.store.mails(None, 100).await.unwrap();
    assert!(mails.iter().all(|mail| mail.is_under_way() && mail.attempts < 20), "{mails:?}");

    stand.relay.answer_all();
    stand.pass(Duration::hours(5)).await;
    assert_eq!(stand.relay.delivered().len(), 40);
    assert_eq!(stand.store.breaker("memory").await.unwrap(), None);
    assert_eq!(stand.store.suppressions().await.unwrap(), []);
}

#[tokio::test]
async fn a_relay_that_breaks_on_a_good_day_takes_nobody_with_it() {
    let stand = stand(1, Pace::default(), Doubt::Resend).await;
    queue_for(&stand, 40).await;
    assert_eq!(stand.deliverer.deliver_due().await.unwrap().sent, 40);
    stand.refuse(10_000);
    stand.queue(readers(30).map(|reader| format!("x{reader}"))).await;
    stand.pass(Duration::days(1)).await;
    assert_eq!(stand.store.suppressions().await.unwrap(), []);
    stand.relay.answer_all();
    stand.pass(Duration::hours(5)).await;
    assert_eq!(stand.relay.delivered().len(), 70);
}

#[tokio::test]
async fn a_relay_that_is_back_and_refuses_one_is_back() {
    let stand = stand(1, Pace::default(), Doubt::Resend).await;
    queue_for(&stand, 2).await;
    stand.down();
    stand.deliverer.deliver_due().await.unwrap();
    assert!(stand.store.breaker("memory").await.unwrap().is_some());
    stand.clock.advance(Duration::hours(1));
    stand.refuse(1);
    assert_eq!(stand.deliverer.deliver_due().await.unwrap().sent, 1);
    assert_eq!(stand.store.breaker("memory").await.unwrap(), None);
}

#[tokio::test]
async fn a_restart_makes_no_refusal_believed() {
    let mut stand = stand(2, Pace::default(), Doubt::Resend).await;
    queue_for(&stand, 10).await;
    for _ in 0..20 {
        stand.refuse(10_000);
        stand.pass(Duration::hours(3)).await;
        assert_eq!(stand.store.suppressions().await.unwrap(), []);
        let mails = stand.store.mails(None, 100).await.unwrap();
        assert!(mails.iter().all(Mail::is_under_way), "{mails:?}");
        stand.restart().await;
    }
    stand.pass(Duration::hours(5)).await;
    assert_eq!(stand.relay.delivered().len(), 10);
}

#[tokio::test]
async fn while_it_refuses_everybody_hardly_any_mail_is_tried() {
    let stand = stand(4, Pace::default(), Doubt::Resend).await;
    queue_for(&stand, 1_000).await;
    stand.refuse(10_000);
    stand.pass(Duration::hours(1)).await;
    let mails = stand.store.mails(None, 1_000).await.unwrap();
    let tried: u32 = mails.iter().map(|mail| mail.attempts).sum();
    assert!((3..30).contains(&tried), "{tried} attempts");
}
