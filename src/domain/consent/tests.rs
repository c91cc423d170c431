use std::collections::BTreeMap;

use super::*;
use crate::domain::grouping::tests::{change, reader};
use crate::domain::id::MailId;
use crate::domain::inbound::ConfirmToken;
use crate::domain::subscription::{Filter, Preference, Wish};

fn now() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn mail(basis: Basis, changes: &[(AlertItem, Change)]) -> Mail {
    let told = changes.iter().map(|(_, change)| change.id.clone()).collect();
    let to = "ann@example.org".parse().unwrap();
    let queued = Mail::queued(MailId::derive(&["a"]), to, String::new(), String::new(), told, now());
    Mail { basis, ..queued }
}

fn look(mail: &Mail, reader: Option<&Subscriber>, changes: &[(AlertItem, Change)]) -> ConsentVerdict {
    let known: BTreeMap<_, _> = changes.iter().map(|(_, change)| (&change.id, change)).collect();
    wanted(mail, RecipientFacts { reader, is_asked: false, is_screened: false, now: now() }, |id| {
        known.get(id).copied()
    })
}

fn found(names: &[&str]) -> Vec<(AlertItem, Change)> {
    names.iter().map(|name| change(name, "2026-11-24T10:00:00Z", &[])).collect()
}

fn telling(changes: &[(AlertItem, Change)]) -> Mail {
    mail(Basis::Alerts { items: changes.iter().map(|(item, _)| item.clone()).collect() }, changes)
}

#[test]
fn an_alert_is_wanted_by_whoever_still_follows_all_that_it_tells() {
    let changes = found(&["a", "b"]);
    let mail = telling(&changes);
    let mut ann = reader(&[]);
    assert_eq!(look(&mail, Some(&ann), &changes), ConsentVerdict::Whole);
    assert!(matches!(look(&mail, None, &changes), ConsentVerdict::Not { items, .. } if items.is_empty()));
    ann.leave(None, now());
    let ConsentVerdict::Not { items, why } = look(&mail, Some(&ann), &changes) else { panic!() };
    assert_eq!((items.len(), items[0].taken_back, why), (2, 1, LEFT), "they may take it back");
}

#[test]
fn what_a_filter_or_a_person_took_out_since_is_told_anew_without_it() {
    let mut changes = found(&["a", "b"]);
    let mail = telling(&changes);
    let mut ann = reader(&[]);
    changes[1].1.entry.kind = crate::domain::change::ChangeKind::Removed;
    let mut only = Filter::default();
    only.take_kind("removed");
    ann.subscriptions[0].only = only;
    assert!(matches!(look(&mail, Some(&ann), &changes), ConsentVerdict::Anew { why: NARROWED, .. }));
    ann.subscriptions[0].only.sources.insert("another".parse().unwrap());
    assert!(matches!(look(&mail, Some(&ann), &changes), ConsentVerdict::Not { .. }));

    let ann = reader(&[]);
    changes[0].1.retracted_at = Some(now());
    let ConsentVerdict::Anew { items, why } = look(&mail, Some(&ann), &changes) else { panic!() };
    assert_eq!((items.len(), &items[0].change, why), (1, &changes[1].1.id, CORRECTED));
    changes[1].1.retracted_at = Some(now());
    assert_eq!(look(&mail, Some(&ann), &changes), ConsentVerdict::Retracted);
}

#[test]
fn a_pause_keeps_what_a_mail_tells_and_quiet_hours_keep_the_mail() {
    let changes = found(&["a"]);
    let mail = telling(&changes);
    let mut ann = reader(&[]);
    ann.begin_pause(None, now());
    assert!(matches!(look(&mail, Some(&ann), &changes), ConsentVerdict::Anew { why: PAUSED, .. }));
    let quiet = Preference::Quiet("11:00-13:00".parse().ok());
    let night = reader(&[quiet]);
    let until = "2026-11-24T13:00:00Z".parse().unwrap();
    assert_eq!(look(&mail, Some(&night), &changes), ConsentVerdict::Later(until));
    let urgent = Mail { is_urgent: true, ..mail };
    assert_eq!(look(&urgent, Some(&night), &changes), ConsentVerdict::Whole, "a deadline does not wait");
}

#[test]
fn what_else_is_sent_by_a_right_that_may_end_is_looked_at_too() {
    let followed: Topic = reader(&[]).followed().next().unwrap().clone();
    let other: Topic = "orchid".parse().unwrap();
    let is_wanted = |basis: Basis, reader: &Subscriber| look(&mail(basis, &[]), Some(reader), &[]);
    let mut ann = reader(&[Preference::Attestation(true)]);
    let welcome = || Basis::Welcome { topics: vec![followed.clone()] };
    let attesting = |topics: &[&Topic]| Basis::Attestation {
        since: Some(now()),
        topics: topics.iter().copied().cloned().collect(),
    };
    let bases =
        [welcome(), attesting(&[]), attesting(&[&followed]), Basis::Retraction { topics: Vec::new() }];
    for basis in &bases {
        assert_eq!(is_wanted(basis.clone(), &ann), ConsentVerdict::Whole, "{basis:?}");
    }
    let to_both = Basis::Welcome { topics: vec![followed.clone(), other.clone()] };
    assert!(matches!(is_wanted(to_both, &ann), ConsentVerdict::Anew { why: NARROWED, .. }));
    let of_more = attesting(&[&followed, &other]);
    assert!(matches!(is_wanted(of_more, &ann), ConsentVerdict::Anew { why: NARROWED, .. }));
    let list = |topics: &[&Topic]| Basis::List { topics: topics.iter().copied().cloned().collect() };
    assert_eq!(is_wanted(list(&[&followed]), &ann), ConsentVerdict::Whole);
    for changed in [&[][..], &[&other], &[&followed, &other]] {
        assert!(
            matches!(is_wanted(list(changed), &ann), ConsentVerdict::Anew { why: CHANGED, .. }),
            "{changed:?}"
        );
    }
    ann.begin_pause(None, now());
    assert!(matches!(is_wanted(attesting(&[&followed]), &ann), ConsentVerdict::Not { .. }));
    assert!(matches!(is_wanted(Basis::Retraction { topics: Vec::new() }, &ann), ConsentVerdict::Later(_)));
    ann.end_pause(now());
    ann.leave(None, now());
    for basis in bases {
        assert!(matches!(is_wanted(basis.clone(), &ann), ConsentVerdict::Not { .. }), "{basis:?}");
    }
    assert_eq!(is_wanted(Basis::None, &ann), ConsentVerdict::Whole, "an answer is owed");
    let question = mail(Basis::Question { token: ConfirmToken::of(1).hash() }, &[]);
    assert!(matches!(look(&question, Some(&ann), &[]), ConsentVerdict::Not { .. }));
    let asked = RecipientFacts { reader: None, is_asked: true, is_screened: false, now: now() };
    assert_eq!(wanted(&question, asked, |_| None), ConsentVerdict::Whole);
}

#[test]
fn a_mail_of_an_older_program_is_held_against_the_companies_of_its_changes() {
    let mut changes = found(&["a"]);
    let found = serde_json::json!({
        "company": "zte", "alias": "ZTE", "alias_kind": null, "rule": "alias", "field": "name",
        "span": { "start": 0, "end": 3 }, "excerpt": "ZTE",
    });
    changes[0].1.matches = vec![serde_json::from_value(found).unwrap()];
    let old = mail(Basis::None, &changes);
    let mut ann = reader(&[]);
    let company = "hikvision".parse().unwrap();
    let only = Filter::default();
    ann.follow(Wish { topic: &company, only, confirmed: true, channel: "mail", agreed_to: None }, now());
    assert_eq!(look(&old, Some(&ann), &changes), ConsentVerdict::Whole);
    ann.leave(Some(&"zte".parse().unwrap()), now());
    assert!(matches!(look(&old, Some(&ann), &changes), ConsentVerdict::Not { .. }));
    assert_eq!(look(&old, None, &changes), ConsentVerdict::Whole);
}
