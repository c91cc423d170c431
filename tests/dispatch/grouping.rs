//! At once, in digests, not at night, and with a word about silence.

use regwatch::domain::subscription::{Cadence, Preference};

use crate::stand::{Stand, email};

const DAILY: Preference = Preference::Cadence(Cadence::Daily);

#[tokio::test]
async fn what_is_found_within_minutes_is_one_mail() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[]).await;
    stand.find("a", None).await;
    assert_eq!(stand.round().await, 0, "it waits for company");
    stand.advance(4);
    stand.find("b", None).await;
    assert_eq!(stand.round().await, 0);
    stand.advance(1);
    assert_eq!(stand.round().await, 1);
    assert_eq!(stand.round().await, 0, "once");
    let [(to, subject)] = &stand.mails().await[..] else { panic!() };
    assert_eq!(
        (to.as_str(), subject.as_str()),
        ("ann@example.org", "Hikvision: 2 changes on FCC Covered List")
    );
}

#[tokio::test]
async fn a_digest_comes_in_the_morning_with_everything_once_and_the_health_of_the_sources() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[DAILY]).await;
    for name in ["a", "b", "c"] {
        stand.find(name, None).await;
        stand.advance(90);
        assert_eq!(stand.round().await, 0);
    }
    stand.set_clock("2026-11-25T08:00:00Z");
    assert_eq!(stand.round().await, 1);
    let texts = stand.texts().await;
    for name in ["a", "b", "c"] {
        let title = format!("Paragraph {name}");
        assert_eq!(texts[0].lines().filter(|line| line.trim() == title).count(), 1, "{}", texts[0]);
    }
    stand.find("d", None).await;
    stand.set_clock("2026-11-26T08:00:00Z");
    assert_eq!(stand.round().await, 1);
    assert_eq!(stand.mails().await[1].1, "[daily] Hikvision: FCC Covered List entry amended");
}

#[tokio::test]
async fn a_deadline_goes_through_digests_and_nights_and_is_told_in_the_subject() {
    let stand = Stand::new();
    let quiet = Preference::Quiet("09:00-23:00".parse().ok());
    stand.subscribe("ann@example.org", &[DAILY, quiet]).await;
    stand.find("a", None).await;
    stand.find("b", Some("2026-11-30")).await;
    stand.round().await;
    stand.advance(5);
    assert_eq!(stand.round().await, 1);
    let subject = "Hikvision: comments close 2026-11-30, FCC Covered List entry amended";
    assert_eq!(stand.mails().await[0].1, subject);
    assert!(stand.texts().await[0].contains("Deadline: comments close 2026-11-30"));
}

#[tokio::test]
async fn another_wish_counts_for_what_waits_already() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[DAILY]).await;
    stand.find("a", None).await;
    stand.advance(10);
    assert_eq!(stand.round().await, 0);
    let wishes = vec![Preference::Cadence(Cadence::Immediate)];
    stand
        .store
        .prefer(&email("ann@example.org"), wishes, regwatch::clock::Clock::now(&stand.clock))
        .await
        .unwrap();
    assert_eq!(stand.round().await, 1);
}

#[tokio::test]
async fn what_waits_when_its_reader_pauses_is_told_when_the_pause_ends() {
    let stand = Stand::new();
    let now = || regwatch::clock::Clock::now(&stand.clock);
    stand.subscribe("ann@example.org", &[]).await;
    stand.find("a", None).await;
    stand.round().await;
    stand.store.pause(&email("ann@example.org"), true, now()).await.unwrap();
    stand.advance(60);
    stand.find("b", None).await;
    stand.advance(60);
    assert_eq!(stand.round().await, 0);
    stand.store.pause(&email("ann@example.org"), false, now()).await.unwrap();
    assert_eq!(stand.round().await, 1);
    assert!(stand.texts().await[0].contains("Paragraph a"));
}

#[tokio::test]
async fn who_left_is_not_told_what_waited() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[]).await;
    stand.find("a", None).await;
    stand.round().await;
    stand.store.leave(&email("ann@example.org"), None).await.unwrap();
    stand.advance(60);
    assert_eq!(stand.round().await, 0);
    assert_eq!(stand.store.next_look().await.unwrap(), None, "nothing waits any more");
}

#[tokio::test]
async fn silence_is_attested_every_monday_and_a_week_with_changes_says_so() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[Preference::Attestation(true)]).await;
    stand.round().await;
    stand.set_clock("2026-11-30T08:00:00Z");
    assert_eq!(stand.round().await, 1);
    assert_eq!(stand.round().await, 0, "once a week");
    stand.set_clock("2026-12-02T08:00:00Z");
    stand.find("a", None).await;
    stand.round().await;
    stand.set_clock("2026-12-07T08:00:00Z");
    assert_eq!(stand.round().await, 2);
    let subjects: Vec<String> = stand.mails().await.into_iter().map(|(_, subject)| subject).collect();
    assert_eq!(subjects[0], "[weekly] Hikvision: nothing changed");
    assert!(subjects.contains(&"[weekly] Hikvision: 1 change this week".to_owned()), "{subjects:?}");
}
