//! The clock was ahead and is put right: nothing waits for a moment that was an error.

use super::*;

/// What mails, breakers and limits that a clock set which was years ahead look like once it is right: the
/// rounds go on as the daemon makes them, and the clock with them.
async fn after_years_ahead(stand: &Stand, meanwhile: impl AsyncFnOnce(&Stand)) {
    let years = Duration::days(4 * 365);
    stand.store.note_time(stand.clock.now()).await.unwrap();
    stand.clock.advance(years);
    stand.store.note_time(stand.clock.now()).await.unwrap();
    meanwhile(stand).await;
    stand.clock.advance(-years);
    assert!(stand.store.note_time(stand.clock.now()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_mail_that_was_put_off_and_a_relay_that_was_left_alone_are_tried_at_once() {
    let stand = stand(2, Pace::default(), Doubt::Resend).await;
    after_years_ahead(&stand, async |stand: &Stand| {
        stand.relay.answer(Outcome::Deferred { reason: "451 later".to_owned() });
        stand.queue(people(1)).await;
        stand.deliverer.deliver_due().await.unwrap();
        stand.queue(["bob@example.net".to_owned()]).await;
        stand.down();
        stand.deliverer.deliver_due().await.unwrap();
        assert_eq!(stand.relay.delivered(), []);
    })
    .await;
    stand.pass(Duration::seconds(30)).await;
    assert_eq!(stand.relay.delivered().len(), 2);
}

#[tokio::test]
async fn a_domain_that_was_busy_and_a_pace_that_was_spent_hold_nobody_up() {
    let pace = Pace { domain_rate_per_minute: Some(60), rate_per_minute: Some(60), ..Pace::default() };
    let stand = stand(2, pace, Doubt::Resend).await;
    after_years_ahead(&stand, async |stand: &Stand| {
        stand.relay.answer(Outcome::Busy { reason: "421 too many".to_owned() });
        stand.queue(people(100)).await;
        stand.deliverer.deliver_due().await.unwrap();
    })
    .await;
    stand.pass(Duration::minutes(4)).await;
    assert_eq!(stand.relay.delivered().len(), 100);
}

#[tokio::test]
async fn a_lease_whose_sender_vanished_ends_within_a_day() {
    let stand = stand(1, Pace::default(), Doubt::Resend).await;
    after_years_ahead(&stand, async |stand: &Stand| {
        stand.queue(people(1)).await;
        let lease = Duration::hours(2);
        assert_eq!(stand.store.lease_due(stand.clock.now(), 1, lease).await.unwrap().len(), 1);
    })
    .await;
    stand.pass(Duration::hours(23)).await;
    assert_eq!(stand.relay.delivered(), [], "who has it in hand keeps it");
    stand.pass(Duration::hours(2)).await;
    assert_eq!(stand.relay.delivered().len(), 1);
}

#[tokio::test]
async fn what_an_older_program_left_for_years_is_found_when_no_mark_was_kept() {
    let stand = stand(1, Pace::default(), Doubt::Resend).await;
    stand.clock.advance(Duration::days(400));
    stand.relay.answer(Outcome::Deferred { reason: "451 later".to_owned() });
    stand.queue(people(1)).await;
    stand.deliverer.deliver_due().await.unwrap();
    stand.clock.advance(-Duration::days(400));
    assert_eq!(stand.store.note_time(stand.clock.now()).await.unwrap(), None);
    stand.pass(Duration::seconds(30)).await;
    assert_eq!(stand.relay.delivered().len(), 1);
}

#[tokio::test]
async fn a_mail_that_was_given_up_for_its_age_by_a_clock_that_was_ahead_is_tried_again() {
    let stand = stand(1, Pace::default(), Doubt::Resend).await;
    let later = || stand.relay.answer(Outcome::Deferred { reason: "451 later".to_owned() });
    later();
    stand.queue(people(1)).await;
    stand.deliverer.deliver_due().await.unwrap();
    after_years_ahead(&stand, async |stand: &Stand| {
        later();
        stand.deliverer.deliver_due().await.unwrap();
        assert_eq!(stand.mail("p0@example.org").await.state, MailState::Expired);
    })
    .await;
    stand.pass(Duration::seconds(30)).await;
    assert_eq!(stand.relay.delivered().len(), 1);
    let mail = stand.mail("p0@example.org").await;
    assert!(
        mail.history.iter().any(|step| step.words.as_deref().is_some_and(|words| words.contains("clock")))
    );
    assert!(stand.store.mail_trouble(10).await.unwrap().undelivered.is_empty());
}

#[tokio::test]
async fn a_mail_that_a_clock_ahead_saw_refused_is_given_up_after_five_days_of_the_right_one() {
    let stand = stand(1, Pace::default(), Doubt::Resend).await;
    for _ in 0..500 {
        stand.relay.answer(Outcome::Deferred { reason: "451 later".to_owned() });
    }
    after_years_ahead(&stand, async |stand: &Stand| {
        stand.queue(people(1)).await;
        stand.deliverer.deliver_due().await.unwrap();
    })
    .await;
    stand.pass(Duration::days(4)).await;
    assert_eq!(stand.mail("p0@example.org").await.state, MailState::Deferred);
    stand.pass(Duration::days(2)).await;
    assert_eq!(stand.mail("p0@example.org").await.state, MailState::Expired);
}
