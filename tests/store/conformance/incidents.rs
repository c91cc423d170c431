//! Incidents and the mails that tell of them are kept together.

use std::collections::BTreeSet;

use regwatch::domain::incident::{Incident, IncidentKind, Notification};
use regwatch::domain::outbox::QueuedMail;
use regwatch::store::{Store, StoreError};

use super::Home;
use crate::fixture::{at, changed, incident, keep, mail, noise, source};

/// Keeps incidents as a step that was computed from those of now.
async fn escalate(store: &Store, incidents: &[Incident], mails: Vec<QueuedMail>) -> Result<(), StoreError> {
    store.escalate(&store.incidents().await?, incidents, mails).await
}

#[tokio::test]
async fn incidents_are_kept_newest_first_and_the_last_word_counts() {
    let home = Home::new();
    let store = home.open();
    assert_eq!(store.incidents().await.unwrap(), []);
    let (old, new) = (incident("fcc", 1), incident("bis", 2));
    escalate(&store, &[old.clone(), new.clone()], Vec::new()).await.unwrap();
    let told = old.told(Notification::Begun, at(3));
    escalate(&store, std::slice::from_ref(&told), Vec::new()).await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.incidents().await.unwrap(), [new, told]);
}

#[tokio::test]
async fn an_incident_and_its_mail_are_one_step() {
    let home = Home::new();
    let store = home.open();
    let told = incident("fcc", 1).told(Notification::Begun, at(1));
    let queued = mail("operator", at(1));
    escalate(&store, std::slice::from_ref(&told), vec![queued.clone()]).await.unwrap();
    // Told again after the process ended between two steps: the mail that is there stays as it is.
    let later = mail("operator", at(9));
    escalate(&store, std::slice::from_ref(&told), vec![later]).await.unwrap();
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
    escalate(&store, std::slice::from_ref(&large), Vec::new()).await.unwrap();
    store.collect_garbage().await.unwrap();
    let store = home.reopen(store).await;
    assert_eq!(store.incidents().await.unwrap(), [large]);
    assert_eq!(store.pending_alerts().await.unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_past_is_asked_for_by_when_it_was_over() {
    let home = Home::new();
    let store = home.open();
    let over = |name: &str, minutes| Incident { closed_at: Some(at(minutes)), ..incident(name, 0) };
    let told = |name: &str, end_told_at| Incident { told_at: Some(at(1)), end_told_at, ..over(name, 10) };
    let first_start = Incident { kind: IncidentKind::FirstStart, ..over("first", 1) };
    let all = [
        incident("open", 0),
        over("early", 10),
        over("late", 30),
        told("told", Some(at(10))),
        told("untold", None),
        first_start,
    ];
    escalate(&store, &all, Vec::new()).await.unwrap();
    let store = home.reopen(store).await;
    let since = async |store: &Store, minutes| {
        let known = store.incidents_since(at(minutes)).await.unwrap();
        known.into_iter().map(|known| known.title).collect::<BTreeSet<_>>()
    };
    let titled =
        |names: &[&str]| names.iter().map(|name| format!("The list of {name}")).collect::<BTreeSet<_>>();
    assert_eq!(since(&store, 20).await, titled(&["open", "late", "untold", "first"]));
    assert_eq!(since(&store, 10).await.len(), 6);
    // It is there again, and over once more.
    escalate(&store, &[Incident { closed_at: None, ..over("early", 10) }], Vec::new()).await.unwrap();
    assert!(since(&store, 60).await.contains("The list of early"));
    escalate(&store, &[over("early", 40)], Vec::new()).await.unwrap();
    assert_eq!(since(&store, 35).await, titled(&["open", "early", "untold", "first"]));
    assert_eq!(store.incidents().await.unwrap().len(), 6);
}

/// Two who look at one trouble: it is one incident, and told once.
#[tokio::test]
async fn of_two_escalations_computed_from_the_same_incidents_the_second_is_superseded() {
    let home = Home::new();
    let store = home.open();
    let refused = async |known: &[Incident], incident: &Incident, name: &str| {
        let ended = store.escalate(known, std::slice::from_ref(incident), vec![mail(name, at(2))]).await;
        assert!(matches!(ended, Err(StoreError::Superseded { .. })), "{ended:?}");
    };
    let (one, other) = (incident("fcc", 1), Incident { opened_at: at(2), ..incident("bis", 2) });
    store.escalate(&[], std::slice::from_ref(&one), vec![mail("one", at(1))]).await.unwrap();
    refused(&[], &other, "other").await;
    // Both know it now, and one of them closes it.
    let known = store.incidents_since(at(9)).await.unwrap();
    assert_eq!(known, std::slice::from_ref(&one));
    let closed = Incident { closed_at: Some(at(3)), ..one.clone() };
    store.escalate(&known, std::slice::from_ref(&closed), Vec::new()).await.unwrap();
    refused(&known, &one.told(Notification::Begun, at(3)), "reminder").await;
    let store = home.reopen(store).await;
    assert_eq!(store.incidents().await.unwrap(), [closed]);
    let mails = store.mails(None, 9).await.unwrap();
    assert_eq!(mails.iter().map(|mail| mail.subject.as_str()).collect::<Vec<_>>(), ["Change for one"]);
}
