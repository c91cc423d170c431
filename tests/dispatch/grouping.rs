//! At once, in digests, not at night, and with a word about silence.

use regwatch::domain::outbox::{MailState, Outcome};
use regwatch::domain::retraction::Retraction;
use regwatch::domain::subscription::{Cadence, Preference};
use regwatch::store::{ChangeQuery, RetractCommit};

use crate::stand::{Stand, email, texts_of};

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
        ("ann@example.org", "Hikvision: entry amended on the FCC Covered List (+1 other change)")
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
        let is_told = |line: &&str| line.starts_with("Entry ") && line.ends_with(&title);
        assert_eq!(texts[0].lines().filter(is_told).count(), 1, "{}", texts[0]);
    }
    stand.find("d", None).await;
    stand.set_clock("2026-11-26T08:00:00Z");
    assert_eq!(stand.round().await, 1);
    assert_eq!(stand.mails().await[1].1, "[daily] Hikvision: entry amended on the FCC Covered List");
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
    let subject = "Hikvision: entry amended on FCC Covered List, comments close 30 Nov";
    assert_eq!(stand.mails().await[0].1, subject);
    let text = &stand.texts().await[0];
    let line =
        text.lines().find(|line| line.starts_with("Comments close")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("30 November 2026"), "{line}");
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
    stand.store.pause(&email("ann@example.org"), true, None, now()).await.unwrap();
    stand.advance(60);
    stand.find("b", None).await;
    stand.advance(60);
    assert_eq!(stand.round().await, 0);
    stand.store.pause(&email("ann@example.org"), false, None, now()).await.unwrap();
    assert_eq!(stand.round().await, 1, "one mail sums the pause up");
    assert_eq!(stand.mails().await[0].1, "[after a pause] 2 changes about Hikvision");
    let text = &stand.texts().await[0];
    for words in ["Paragraph a", "Paragraph b", "While your mail was paused, from 24 November 2026 to"] {
        assert!(text.replace('\n', " ").contains(words), "{text}");
    }
    stand.advance(60);
    stand.find("c", None).await;
    stand.advance(5);
    assert_eq!(stand.round().await, 1);
    assert_eq!(
        stand.mails().await[1].1,
        "Hikvision: entry amended on the FCC Covered List",
        "and then as before"
    );
}

#[tokio::test]
async fn a_pause_with_an_end_is_summed_up_when_it_ends_without_anybodys_word() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[]).await;
    let day = "2026-11-26".parse().ok();
    let now = regwatch::clock::Clock::now(&stand.clock);
    stand.store.pause(&email("ann@example.org"), true, day, now).await.unwrap();
    stand.find("a", None).await;
    stand.set_clock("2026-11-25T23:59:59Z");
    assert_eq!(stand.round().await, 0);
    assert_eq!(stand.store.next_look().await.unwrap(), Some("2026-11-26T00:00:00Z".parse().unwrap()));
    stand.set_clock("2026-11-26T00:00:00Z");
    assert_eq!(stand.round().await, 1);
    let ann = stand.store.subscriber(&email("ann@example.org")).await.unwrap().unwrap();
    assert_eq!((ann.paused_since, ann.paused_until, ann.ended_pause), (None, None, None));
    assert_eq!(stand.round().await, 0, "once");
}

impl Stand {
    async fn states(&self) -> Vec<(MailState, usize)> {
        let mails = self.store.mails(None, usize::MAX).await.unwrap();
        mails.iter().map(|mail| (mail.state, mail.changes.len())).collect()
    }

    async fn lease(&self) -> usize {
        let lease = chrono::Duration::minutes(1);
        self.store.lease_due(regwatch::clock::Clock::now(&self.clock), usize::MAX, lease).await.unwrap().len()
    }
}

#[tokio::test]
async fn a_queued_alert_of_whoever_left_is_not_handed_out_and_comes_back_with_them() {
    let stand = Stand::new();
    let ann = email("ann@example.org");
    let now = || regwatch::clock::Clock::now(&stand.clock);
    stand.subscribe("ann@example.org", &[]).await;
    stand.find("a", None).await;
    stand.advance(5);
    assert_eq!(stand.round().await, 1);
    stand.store.leave(&ann, None, now()).await.unwrap();
    assert_eq!(stand.lease().await, 0);
    assert_eq!(stand.states().await, [(MailState::Unsubscribed, 1)]);
    let mail = stand.store.mails(None, 1).await.unwrap().remove(0);
    let words = mail.history.last().unwrap().words.clone().unwrap();
    assert!(words.contains("no longer follows"), "{words}");
    stand.advance(60);
    stand.find("b", None).await;
    assert_eq!(stand.round().await, 0);
    assert_eq!(stand.store.undo_leaving(&ann, now()).await.unwrap(), [crate::stand::hikvision().into()]);
    assert_eq!(stand.round().await, 1, "what was kept back and what was found meanwhile");
    assert_eq!(stand.states().await[0], (MailState::Queued, 2));
    assert_eq!(stand.lease().await, 1);
}

#[tokio::test]
async fn a_queued_alert_of_whoever_paused_waits_for_the_summary() {
    let stand = Stand::new();
    let ann = email("ann@example.org");
    let now = || regwatch::clock::Clock::now(&stand.clock);
    stand.subscribe("ann@example.org", &[]).await;
    stand.find("a", None).await;
    stand.advance(5);
    stand.round().await;
    stand.store.pause(&ann, true, None, now()).await.unwrap();
    assert_eq!(stand.lease().await, 0);
    assert_eq!(stand.states().await, [(MailState::Replaced, 1)]);
    stand.advance(5);
    assert_eq!(stand.round().await, 0);
    stand.store.pause(&ann, false, None, now()).await.unwrap();
    assert_eq!(stand.round().await, 1);
    assert_eq!(stand.lease().await, 1);
}

#[tokio::test]
async fn of_a_queued_alert_only_what_is_still_followed_is_told() {
    let stand = Stand::new();
    let ann = email("ann@example.org");
    let now = || regwatch::clock::Clock::now(&stand.clock);
    stand.store.instance_key([7; 32]).await.unwrap();
    stand.subscribe("ann@example.org", &[]).await;
    stand.find("a", None).await;
    stand.find("b", None).await;
    stand.advance(5);
    stand.round().await;
    // One of its changes is taken back before anybody goes through the mails for it.
    let all = stand.store.changes(ChangeQuery { limit: 9, ..ChangeQuery::default() }).await.unwrap();
    let one = all.iter().find(|change| change.entry.title == "Paragraph a").unwrap();
    let retraction = Retraction::of(one, std::slice::from_ref(one), None, now());
    stand.store.retract(RetractCommit { retraction, restored: None }).await.unwrap();
    assert_eq!(stand.lease().await, 0);
    assert_eq!(stand.states().await, [(MailState::Replaced, 2)]);
    assert_eq!(stand.round().await, 1);
    let leased = stand.leased().await;
    let texts = texts_of(&leased);
    assert!(texts.len() == 1 && texts[0].contains("Paragraph b"), "{texts:?}");
    assert!(!texts[0].contains("Paragraph a"), "{texts:?}");
    stand.store.erase(&ann, now()).await.unwrap();
    assert_eq!(stand.store.mails(None, 9).await.unwrap().len(), 1, "one is just being sent");
    stand.store.settle(&leased[0].lease, Outcome::SENT, now(), 0.0).await.unwrap();
    assert_eq!(stand.store.mails(None, 9).await.unwrap(), [], "and is forgotten then");
}

#[tokio::test]
async fn who_left_is_not_told_what_waited() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[]).await;
    stand.find("a", None).await;
    stand.round().await;
    let now = regwatch::clock::Clock::now(&stand.clock);
    stand.store.leave(&email("ann@example.org"), None, now).await.unwrap();
    stand.advance(60);
    assert_eq!(stand.round().await, 0);
    assert!(stand.store.next_look().await.unwrap().is_some(), "they may take it back");
    stand.advance(24 * 60);
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

#[tokio::test]
async fn an_attestation_that_names_what_was_left_meanwhile_is_composed_again_for_the_rest() {
    let stand = Stand::new();
    let (ann, zte) = (email("ann@example.org"), "zte".parse().unwrap());
    stand.subscribe("ann@example.org", &[Preference::Attestation(true)]).await;
    stand.store.follow(&ann, std::slice::from_ref(&zte), true, "mail", stand.now()).await.unwrap();
    stand.round().await;
    // Two weeks' wait for a relay that is down.
    for monday in ["2026-11-30T08:00:00Z", "2026-12-07T08:00:00Z"] {
        stand.set_clock(monday);
        assert_eq!(stand.round().await, 1);
    }
    stand.store.leave(&ann, Some(&zte), stand.now()).await.unwrap();
    assert_eq!(stand.texts().await, [""; 0], "neither is sent");
    assert_eq!(stand.round().await, 1, "one in the place of both");
    let texts = stand.texts().await;
    let [text] = &texts[..] else { panic!("{texts:?}") };
    assert!(text.contains("From 24 November 2026 to 7 December 2026") && !text.contains("zte"), "{text}");
    assert_eq!(stand.round().await, 0, "once");
    stand.set_clock("2026-12-14T08:00:00Z");
    assert_eq!(stand.round().await, 1, "the weeks go on");
}
