//! The life of a mail, step by step.

use super::*;

fn mail() -> Mail {
    let recipient = "a@example.org".parse().unwrap();
    let message_id = "a@tracker.example".to_owned();
    Mail::queued(
        MailId::derive(&["a"]),
        recipient,
        String::new(),
        message_id,
        Vec::new(),
        DateTime::UNIX_EPOCH,
    )
}

fn deferred(reason: &str) -> Outcome {
    Outcome::Deferred { reason: reason.to_owned() }
}

#[test]
fn what_the_transport_said_to_a_mail_it_took_is_told_and_is_no_error() {
    let mut mail = mail();
    mail.settle(Outcome::Deferred { reason: "451 later".to_owned() }, DateTime::UNIX_EPOCH, 0.0);
    let reply = Some("250 2.0.0 Ok: queued as 4F2C".to_owned());
    mail.settle(Outcome::Sent { reply: reply.clone() }, DateTime::UNIX_EPOCH, 0.0);
    assert_eq!((mail.last_error, &mail.history.last().unwrap().words), (None, &reply));
}

#[test]
fn who_is_said_not_to_be_there_is_asked_for_again_an_hour_later_and_for_days() {
    let mut mail = mail();
    let doubted = || Outcome::Doubted { reason: "550 5.1.1 no".to_owned(), broken: None };
    mail.settle(doubted(), DateTime::UNIX_EPOCH, -1.0);
    assert_eq!((mail.state, mail.at), (MailState::Deferred, DateTime::UNIX_EPOCH + Duration::hours(1)));
    let mut now = mail.at;
    while mail.state == MailState::Deferred {
        now = mail.at;
        mail.settle(doubted(), now, 0.0);
    }
    assert_eq!((mail.state, mail.is_undelivered), (MailState::Expired, true), "a person is told");
    assert!(now - DateTime::UNIX_EPOCH >= Duration::days(5));
    assert!(mail.attempts < 40, "{} attempts", mail.attempts);
}

#[test]
fn waiting_times_grow_and_end_after_five_days() {
    let mut mail = mail();
    let mut now = DateTime::UNIX_EPOCH;
    let mut waits = Vec::new();
    while !mail.is_settled() {
        mail.lease(now, Duration::minutes(1));
        mail.settle(deferred("450 later"), now, 0.0);
        waits.push((mail.at - now).num_minutes());
        now = mail.at.max(now + Duration::seconds(1));
    }
    assert_eq!(waits[..8], [1, 5, 15, 30, 60, 120, 240, 240]);
    assert_eq!(mail.state, MailState::Expired);
    assert!(mail.is_undelivered);
    assert!(mail.last_error.unwrap().contains("given up after 5 days: 450 later"));
}

#[test]
fn a_mail_in_doubt_is_counted_and_waits_a_quarter_of_an_hour() {
    let mut mail = mail();
    let now = DateTime::UNIX_EPOCH;
    mail.lease(now, Duration::minutes(1));
    mail.settle(Outcome::Unknown { reason: "connection lost".into() }, now, -1.0);
    assert_eq!((mail.in_doubt, mail.state), (1, MailState::Deferred));
    assert!(mail.at - now >= DOUBT_WAIT);
}

#[test]
fn an_unreachable_transport_costs_no_attempt() {
    let mut mail = mail();
    mail.lease(DateTime::UNIX_EPOCH, Duration::minutes(1));
    mail.settle(Outcome::ChannelDown { reason: "refused".into() }, DateTime::UNIX_EPOCH, 0.0);
    assert_eq!((mail.attempts, mail.state), (0, MailState::Deferred));
}

#[test]
fn a_reclaimed_mail_is_in_doubt_only_where_a_copy_could_result() {
    let mut idempotent = mail();
    idempotent.reclaim(DateTime::UNIX_EPOCH, Doubt::Impossible);
    assert!(idempotent.is_due(DateTime::UNIX_EPOCH));
    let mut doubtful = mail();
    doubtful.reclaim(DateTime::UNIX_EPOCH, Doubt::Resend);
    assert!(!doubtful.is_due(DateTime::UNIX_EPOCH));
    assert_eq!(doubtful.in_doubt, 1);
}

#[test]
fn a_sent_mail_is_never_sent_again() {
    let mut mail = mail();
    mail.settle(Outcome::SENT, DateTime::UNIX_EPOCH, 0.0);
    assert!(!mail.retry(DateTime::UNIX_EPOCH));
    assert_eq!(mail.state, MailState::Sent);
}

#[test]
fn a_mail_in_doubt_waits_for_a_word_where_that_is_wished() {
    let now = DateTime::UNIX_EPOCH;
    let mut held = mail();
    held.settle(Doubt::Hold.applied(Outcome::Unknown { reason: "lost".into() }), now, 0.0);
    assert_eq!((held.state, held.in_doubt), (MailState::Held, 1));
    assert!(!held.is_due(now + Duration::days(9)) && !held.retry(now));
    assert!(held.release(now) && held.is_due(now));
    let mut reclaimed = mail();
    reclaimed.reclaim(now, Doubt::Hold);
    assert_eq!((reclaimed.state, reclaimed.in_doubt), (MailState::Held, 1));
}

#[test]
fn days_without_a_transport_are_not_counted_against_a_mail() {
    let mut mail = mail();
    let after = DateTime::UNIX_EPOCH + Duration::days(30);
    mail.settle(Outcome::ChannelDown { reason: "refused".into() }, after, 0.0);
    mail.settle(deferred("450 later"), after, 0.0);
    assert_eq!(mail.state, MailState::Deferred, "its first refusal is today's");
    mail.settle(deferred("450 later"), after + GIVE_UP_AFTER, 0.0);
    assert_eq!(mail.state, MailState::Expired);
}

#[test]
fn what_nobody_was_told_is_marked_until_an_operator_acts() {
    let now = DateTime::UNIX_EPOCH;
    let reason = || "5.7.1".to_owned();
    for (outcome, state, is_undelivered) in [
        (Outcome::Dead { reason: reason() }, MailState::Dead, true),
        (Outcome::Failed { reason: reason() }, MailState::Failed, true),
        (Outcome::NoMailbox { reason: reason() }, MailState::Failed, false),
    ] {
        let mut mail = mail();
        mail.settle(outcome, now, 0.0);
        assert_eq!((mail.state, mail.is_undelivered), (state, is_undelivered));
        let mut dropped = mail.clone();
        assert!(mail.retry(now) && !mail.is_undelivered);
        assert!(dropped.drop_by_operator(now) && !dropped.is_undelivered && !dropped.retry(now));
        assert!(dropped.release(now), "a person may change their mind");
    }
}

#[test]
fn a_mail_with_a_long_life_keeps_its_last_steps() {
    let mut mail = mail();
    for minute in 0..100 {
        mail.note(DateTime::UNIX_EPOCH + Duration::minutes(minute), format!("note {minute}"));
    }
    assert_eq!(mail.history.len(), MAX_STEPS);
    assert_eq!(mail.history.last().unwrap().words.as_deref(), Some("note 99"));
}

#[test]
fn a_mail_is_in_doubt_from_the_moment_its_sending_began_and_not_before() {
    let now = DateTime::UNIX_EPOCH;
    for doubt in [Doubt::Impossible, Doubt::Resend, Doubt::Hold] {
        let mut ahead = mail();
        ahead.lease(now, Duration::minutes(1));
        assert!(!ahead.reclaim(now, doubt));
        assert_eq!((ahead.state, ahead.in_doubt, ahead.history.len()), (MailState::Queued, 0, 0));
        assert!(ahead.is_due(now) && !ahead.begin(), "nobody has it in hands");
    }
    let mut begun = mail();
    begun.lease(now, Duration::minutes(1));
    assert!(begun.begin() && !begun.begin());
    assert!(begun.reclaim(now, Doubt::Hold));
    assert_eq!((begun.state, begun.in_doubt), (MailState::Held, 1));
}

#[test]
fn a_mail_that_is_not_wanted_stays_ended_whatever_an_operator_says() {
    let now = DateTime::UNIX_EPOCH;
    for end in [Mail::unsubscribe, Mail::replace] {
        let mut mail = mail();
        mail.lease(now, Duration::minutes(1));
        end(&mut mail, now, "left");
        assert!(mail.is_settled() && !mail.is_undelivered);
        assert!(!mail.retry(now) && !mail.release(now) && !mail.hold(now) && !mail.drop_by_operator(now));
        assert_eq!(mail.history.last().unwrap().words.as_deref(), Some("left"));
    }
}

#[test]
fn a_mail_of_an_older_program_is_read_and_its_lease_may_have_been_begun() {
    let mut old = serde_json::to_value(mail()).unwrap();
    old["state"] = "leased".into();
    for new in ["basis", "is_urgent", "is_ahead"] {
        assert!(old.get(new).is_none(), "{new} is written only where it says something");
    }
    let mut old: Mail = serde_json::from_value(old).unwrap();
    assert!(old.reclaim(DateTime::UNIX_EPOCH, Doubt::Resend), "it is in doubt");
}

#[test]
fn a_mail_that_an_older_program_queued_has_no_kind() {
    let mut record = serde_json::to_value(mail()).unwrap();
    assert!(record.get("kind").is_none(), "{record}");
    record["kind"] = "alert".into();
    let noted: Mail = serde_json::from_value(record).unwrap();
    assert_eq!(noted.kind, Some(MailKind::Alert));
}
