//! One mail for an event, together with everything else that a reader may wish: digests, pauses, the weekly report.

use regwatch::domain::retraction::Retraction;
use regwatch::domain::subscription::{Cadence, Preference};
use regwatch::store::{ChangeQuery, RetractCommit};

use crate::stand::{Stand, email};

const ANN: &str = "ann@example.org";
const ONCE: Preference = Preference::Once(true);
const DAILY: Preference = Preference::Cadence(Cadence::Daily);
const NUMBER: &str = "2026-25555";

impl Stand {
    /// At a moment: looks, and sends what is due; returns the texts of these mails, each on one line.
    async fn mails_at(&self, moment: &str) -> Vec<String> {
        self.set_clock(moment);
        self.round().await;
        let leased = self.leased().await;
        for one in &leased {
            let sent = regwatch::domain::outbox::Outcome::SENT;
            self.store.settle(&one.lease, sent, self.now(), 0.0).await.unwrap();
        }
        let texts = crate::stand::texts_of(&leased);
        texts.iter().map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
    }

    /// What waits for Ann.
    async fn waiting(&self) -> usize {
        let waiting = self.store.waiting(vec![email(ANN)]).await.unwrap();
        waiting.readers.iter().map(|waiting| waiting.items.len()).sum()
    }
}

#[track_caller]
fn only(mut mails: Vec<String>) -> String {
    assert_eq!(mails.len(), 1, "{mails:#?}");
    mails.remove(0)
}

fn times(text: &str, words: &str) -> usize {
    text.matches(words).count()
}

#[tokio::test]
async fn of_an_event_that_a_digest_told_the_next_digest_has_nothing() {
    let stand = Stand::new();
    stand.subscribe(ANN, &[DAILY, ONCE]).await;
    stand.find_document("register", NUMBER, &[]).await;
    assert_eq!(stand.mails_at("2026-11-24T11:00:00Z").await, [""; 0]);
    stand.find_document("bureau", NUMBER, &[]).await;
    let digest = only(stand.mails_at("2026-11-25T08:00:00Z").await);
    assert_eq!(times(&digest, "Also told by"), 2, "both are in it, each says so of the other: {digest}");
    stand.find_document("releases", NUMBER, &[]).await;
    assert_eq!(stand.mails_at("2026-11-26T08:00:00Z").await, [""; 0]);
    assert_eq!(stand.waiting().await, 0);
    stand.find_document("mirror", NUMBER, &[]).await;
    stand.find_document("register", "2026-30000", &[]).await;
    let digest = only(stand.mails_at("2026-11-27T08:00:00Z").await);
    assert!(digest.contains("Paragraph 2026-30000") && !digest.contains("the mirror"), "{digest}");
}

#[tokio::test]
async fn an_event_told_at_once_for_its_deadline_is_in_no_digest_unless_another_source_tells_more() {
    let stand = Stand::new();
    stand.subscribe(ANN, &[DAILY, ONCE]).await;
    let deadline = ("comments_close", "2026-11-30");
    stand.find_document("register", NUMBER, &[deadline]).await;
    only(stand.mails_at("2026-11-24T10:05:00Z").await);
    stand.find_document("bureau", NUMBER, &[deadline]).await;
    stand.find_document("releases", NUMBER, &[]).await;
    assert_eq!(stand.mails_at("2026-11-25T08:00:00Z").await, [""; 0]);
    stand.find_document("mirror", NUMBER, &[deadline, ("effective", "2026-12-24")]).await;
    let more = only(stand.mails_at("2026-11-25T08:05:00Z").await);
    assert!(more.contains("24 December 2026"), "{more}");
}

#[tokio::test]
async fn a_digest_that_was_not_sent_keeps_nothing_back() {
    let stand = Stand::new();
    stand.subscribe(ANN, &[DAILY, ONCE]).await;
    stand.find_document("register", NUMBER, &[]).await;
    stand.set_clock("2026-11-25T08:00:00Z");
    assert_eq!(stand.round().await, 1, "it waits for the relay");
    stand.find_document("bureau", NUMBER, &[]).await;
    stand.set_clock("2026-11-26T08:00:00Z");
    assert_eq!(stand.round().await, 1);
}

#[tokio::test]
async fn what_a_mail_says_of_the_same_read_does_not_promise_what_was_told_already() {
    let stand = Stand::new();
    stand.subscribe(ANN, &[ONCE]).await;
    stand.find_document("register", NUMBER, &[]).await;
    only(stand.mails_at("2026-11-24T10:05:00Z").await);
    stand.find_documents("bureau", &[NUMBER, "2026-30000"]).await;
    let mail = only(stand.mails_at("2026-11-24T10:10:00Z").await);
    assert!(mail.contains("Paragraph 2026-30000"), "{mail}");
    assert!(mail.contains("one more entry about what you follow, which is not part of this mail"), "{mail}");
}

#[tokio::test]
async fn the_summary_of_a_pause_tells_an_event_once_and_nothing_that_was_told_before() {
    let stand = Stand::new();
    stand.subscribe(ANN, &[ONCE]).await;
    stand.find_document("register", NUMBER, &[]).await;
    only(stand.mails_at("2026-11-24T10:05:00Z").await);
    stand.store.pause(&email(ANN), true, "2026-11-28".parse().ok(), stand.now()).await.unwrap();
    stand.find_document("bureau", NUMBER, &[]).await;
    stand.find_document("register", "2026-30000", &[]).await;
    assert_eq!(stand.mails_at("2026-11-25T10:00:00Z").await, [""; 0]);
    stand.find_document("bureau", "2026-30000", &[]).await;
    assert_eq!(stand.mails_at("2026-11-27T23:59:00Z").await, [""; 0]);
    let summary = only(stand.mails_at("2026-11-28T00:00:00Z").await);
    assert!(summary.contains("While your mail was paused"), "{summary}");
    assert!(!summary.contains(NUMBER), "{summary}");
    assert_eq!(times(&summary, "Also told by"), 2, "{summary}");
    // What the summary told is told.
    stand.find_document("releases", "2026-30000", &[]).await;
    assert_eq!(stand.mails_at("2026-11-28T01:00:00Z").await, [""; 0]);
    assert_eq!(stand.waiting().await, 0);
}

#[tokio::test]
async fn a_pause_in_which_only_known_events_were_told_again_ends_without_a_mail() {
    let stand = Stand::new();
    stand.subscribe(ANN, &[DAILY, ONCE]).await;
    stand.find_document("register", NUMBER, &[]).await;
    only(stand.mails_at("2026-11-25T08:00:00Z").await);
    stand.store.pause(&email(ANN), true, "2026-11-28".parse().ok(), stand.now()).await.unwrap();
    stand.find_document("bureau", NUMBER, &[]).await;
    for moment in ["2026-11-26T08:00:00Z", "2026-11-28T00:00:00Z", "2026-11-28T08:00:00Z"] {
        assert_eq!(stand.mails_at(moment).await, [""; 0], "{moment}");
    }
    stand.find_document("register", "2026-30000", &[]).await;
    let digest = only(stand.mails_at("2026-11-29T08:00:00Z").await);
    assert!(!digest.contains("While your mail was paused"), "{digest}");
    let ann = stand.store.subscriber(&email(ANN)).await.unwrap().unwrap();
    assert_eq!((ann.paused_since, ann.paused_until, ann.ended_pause), (None, None, None));
}

#[tokio::test]
async fn what_is_taken_back_in_a_pause_brings_back_what_was_kept_back_for_it() {
    let stand = Stand::new();
    stand.store.instance_key([7; 32]).await.unwrap();
    stand.subscribe(ANN, &[ONCE]).await;
    let first = stand.find_document("register", NUMBER, &[]).await;
    only(stand.mails_at("2026-11-24T10:05:00Z").await);
    stand.store.pause(&email(ANN), true, "2026-11-28".parse().ok(), stand.now()).await.unwrap();
    stand.find_document("bureau", NUMBER, &[]).await;
    stand.mails_at("2026-11-24T12:00:00Z").await;
    assert_eq!(stand.waiting().await, 0, "it was told");
    let all = stand.store.changes(ChangeQuery { limit: 9, ..ChangeQuery::default() }).await.unwrap();
    let one = all.iter().find(|change| change.id == first).unwrap();
    let retraction = Retraction::of(one, std::slice::from_ref(one), None, stand.now());
    stand.store.retract(RetractCommit { retraction, restored: None }).await.unwrap();
    stand.mails_at("2026-11-24T13:00:00Z").await;
    let mails = stand.mails_at("2026-11-28T00:00:00Z").await;
    let summary = mails.iter().find(|mail| mail.contains("While your mail was paused"));
    assert!(summary.is_some_and(|mail| mail.contains("the bureau")), "{mails:#?}");
}

#[tokio::test]
async fn the_weekly_report_counts_an_event_once() {
    let stand = Stand::new();
    for (address, wishes) in [(ANN, vec![ONCE]), ("bob@example.org", vec![])] {
        let wishes = [wishes, vec![Preference::Attestation(true)]].concat();
        stand.subscribe(address, &wishes).await;
    }
    stand.advance(1);
    stand.find_document("register", NUMBER, &[]).await;
    assert_eq!(stand.mails_at("2026-11-24T10:06:00Z").await.len(), 2);
    stand.find_document("bureau", NUMBER, &[]).await;
    only(stand.mails_at("2026-11-24T10:11:00Z").await);
    stand.set_clock("2026-11-30T08:00:00Z");
    assert_eq!(stand.round().await, 2);
    let mut subjects = stand.mails().await;
    subjects.retain(|(_, subject)| subject.starts_with("[weekly]"));
    subjects.sort();
    let weekly =
        |name: &str, what: &str| (format!("{name}@example.org"), format!("[weekly] Hikvision: {what}"));
    assert_eq!(subjects, [weekly("ann", "1 change this week"), weekly("bob", "2 changes this week")]);
    let to_ann = stand.mails_at("2026-11-30T08:00:00Z").await;
    let to_ann = to_ann.iter().find(|text| text.contains("One more change tells only what you were told"));
    assert!(to_ann.is_some_and(|text| text.contains("we found one change about Hikvision")), "{to_ann:?}");
    // And in the week after, only what she knows is told again.
    stand.advance(1);
    stand.find_document("releases", NUMBER, &[]).await;
    only(stand.mails_at("2026-11-30T08:06:00Z").await);
    let mails = stand.mails_at("2026-12-07T08:00:00Z").await;
    assert!(mails.iter().any(|text| text.contains("we found nothing new about Hikvision")), "{mails:#?}");
}
