//! The clock was ahead and is put right: no alert waits for a moment that was an error.

use regwatch::clock::Clock;
use regwatch::domain::subscription::{Cadence, Preference};

use crate::stand::{START, Stand};

const AHEAD: &str = "2027-12-01T10:00:00Z";

/// Puts the clock right again after it was ahead.
async fn put_right(stand: &Stand) {
    stand.store.note_time(stand.clock.now()).await.unwrap();
    stand.set_clock(START);
    assert!(stand.store.note_time(stand.clock.now()).await.unwrap().is_some());
}

/// Has time go on as the daemon does, a round a minute; gives how many minutes it took until so many mails were
/// made.
async fn minutes_until(stand: &Stand, mails: usize) -> Option<i64> {
    let mut made = 0;
    for minute in 0..(8 * 24 * 60) {
        made += stand.round().await;
        if made >= mails {
            return Some(minute);
        }
        // Rounds that have nothing to do are left out.
        stand.store.note_time(stand.clock.now()).await.unwrap();
        stand.advance(1);
    }
    None
}

#[tokio::test]
async fn what_was_found_meanwhile_is_told_within_the_time_in_which_it_waits_for_company() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[]).await;
    stand.set_clock(AHEAD);
    stand.find("a", None).await;
    assert_eq!(stand.round().await, 0, "it waits for company");
    stand.find("b", None).await;
    put_right(&stand).await;
    assert_eq!(minutes_until(&stand, 1).await, Some(5));
    assert!(stand.mails().await[0].1.contains("(+1 other change)"), "{:?}", stand.mails().await);
}

#[tokio::test]
async fn a_digest_leaves_on_the_next_morning() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[Preference::Cadence(Cadence::Daily)]).await;
    stand.set_clock(AHEAD);
    stand.find("a", None).await;
    assert_eq!(stand.round().await, 0);
    put_right(&stand).await;
    assert_eq!(minutes_until(&stand, 1).await, Some(22 * 60), "at eight");
}

#[tokio::test]
async fn somebody_whom_the_wrong_clock_woke_is_told() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[Preference::Cadence(Cadence::Weekly)]).await;
    stand.find("a", None).await;
    assert_eq!(stand.round().await, 0);
    stand.set_clock(AHEAD);
    let wish = vec![Preference::Cadence(Cadence::Immediate)];
    stand.store.prefer(&crate::stand::email("ann@example.org"), wish, stand.clock.now()).await.unwrap();
    put_right(&stand).await;
    assert_eq!(minutes_until(&stand, 1).await, Some(5));
}

#[tokio::test]
async fn silence_is_attested_on_the_next_monday() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[Preference::Attestation(true)]).await;
    stand.set_clock(AHEAD);
    minutes_until(&stand, 1).await.unwrap();
    put_right(&stand).await;
    // From Tuesday at ten to Monday at eight.
    assert_eq!(minutes_until(&stand, 1).await, Some((6 * 24 - 2) * 60));
}

#[tokio::test]
async fn a_pause_that_a_clock_ahead_began_lasts_as_long_as_it_was_to() {
    let stand = Stand::new();
    stand.subscribe("ann@example.org", &[]).await;
    stand.set_clock(AHEAD);
    let until = AHEAD[..8].to_owned() + "03";
    let wish = Preference::PausedUntil(until.parse().unwrap());
    let ann = "ann@example.org".parse().unwrap();
    stand.store.prefer(&ann, vec![wish], stand.clock.now()).await.unwrap();
    put_right(&stand).await;
    stand.find("a", None).await;
    let minutes = minutes_until(&stand, 1).await.unwrap();
    assert!((30 * 60..=2 * 24 * 60).contains(&minutes), "{minutes}");
}
