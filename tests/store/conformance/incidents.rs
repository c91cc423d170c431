//! Incidents and the mails that tell of them are kept together.

use regwatch::domain::incident::Telling;

use crate::fixture::{Home, at, changed, incident, keep, mail, noise, source};

#[tokio::test]
async fn incidents_are_kept_newest_first_and_the_last_word_counts() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(store.incidents().await.unwrap(), []);
    let (old, new) = (incident("fcc", 1), incident("bis", 2));
    store.escalate(&[old.clone(), new.clone()], Vec::new()).await.unwrap();
    let told = old.told(Telling::Begun, at(3));
    store.escalate(std::slice::from_ref(&told), Vec::new()).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.incidents().await.unwrap(), [new, told]);
}

#[tokio::test]
async fn an_incident_and_its_mail_are_one_step() {
    let home = Home::new();
    let store = home.open();
    let told = incident("fcc", 1).told(Telling::Begun, at(1));
    let queued = mail("operator", at(1));
    store.escalate(std::slice::from_ref(&told), vec![queued.clone()]).await.unwrap();
    // Told again after the process ended between two steps: the mail that is there stays as it is.
    let later = mail("operator", at(9));
    store.escalate(std::slice::from_ref(&told), vec![later]).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.incidents().await.unwrap(), [told]);
    assert_eq!(store.mails(None, 9).await.unwrap(), [queued.despite_bounces().mail]);
}

#[tokio::test]
async fn an_incident_of_any_size_outlives_a_clean_up_and_touches_no_alert() {
    let home = Home::new();
    let store = home.open();
    keep(&store, changed(&source("fcc"), 1, noise(1, 100), &["zte"])).await.unwrap();
    let mut large = incident("fcc", 1);
    large.reason = "海康威视 ".repeat(900);
    store.escalate(std::slice::from_ref(&large), Vec::new()).await.unwrap();
    store.collect_garbage().await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.incidents().await.unwrap(), [large]);
    assert_eq!(store.pending_alerts().await.unwrap().len(), 1);
}
