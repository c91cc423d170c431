use chrono::{DateTime, Duration, Utc};

use super::*;
use crate::domain::read_state::ReadState;
use crate::domain::snapshot::Validators;
use crate::domain::verdict::Verdict;
use crate::status::facts::ReadFacts;
use crate::store::{BackupNote, OpenMails, StoreSize};

fn now() -> DateTime<Utc> {
    "2026-11-24T12:00:00Z".parse().unwrap()
}

fn source(id: &str) -> SourceFacts {
    let read_at = now() - Duration::hours(1);
    SourceFacts {
        id: id.parse().unwrap(),
        state: Some(ReadFacts::from(&ReadState::good(id.parse().unwrap(), Validators::default(), read_at))),
        due_at: Some(now() + Duration::hours(1)),
        grace: Duration::minutes(15),
        quarantined: None,
        quarantined_since: None,
        is_paused: false,
    }
}

fn failing(id: &str, times: u32, reason: &str) -> SourceFacts {
    let mut state = None;
    for _ in 0..times {
        let (verdict, reason) = (Verdict::Failed, reason.to_owned());
        state = Some(ReadState::unread(id.parse().unwrap(), state, verdict, reason, None, now()));
    }
    SourceFacts { state: state.as_ref().map(ReadFacts::from), ..source(id) }
}

fn facts(sources: Vec<SourceFacts>) -> StatusFacts {
    StatusFacts {
        now: now(),
        failures: 3,
        sources,
        incidents: Vec::new(),
        mails: OpenMails::default(),
        store: StoreSize::default(),
        is_of_server: false,
        backup: None,
        webhooks: Vec::new(),
        workers: Vec::new(),
        daemons: Vec::new(),
    }
}

#[test]
fn where_all_is_well_the_sentence_says_so_and_nothing_needs_a_person() {
    let backup =
        BackupNote { at: now() - Duration::hours(6), path: "b".into(), bytes: 1, sha256: String::new() };
    let overview = overview(&StatusFacts { backup: Some(backup), ..facts(vec![source("a"), source("b")]) });
    let expected =
        "2 of 2 sources were read in time; 0 need you; 0 mails have failed; the last backup is 6 hours old";
    assert_eq!((overview.sentence.as_str(), overview.is_well()), (expected, true));
}

#[test]
fn a_source_needs_a_person_once_it_failed_often_enough() {
    let twice = overview(&facts(vec![source("a"), failing("b", 2, "answered 500")]));
    assert!(twice.is_well());
    let SourceFigures { in_time, attention, failing: fails, .. } = twice.figures.sources;
    assert_eq!((in_time, attention, fails), (1, 0, 1));
    let thrice = overview(&facts(vec![source("a"), failing("b", 3, "answered 500")]));
    assert_eq!(thrice.figures.sources.attention, 1);
    assert_eq!(thrice.needs[0].what, "b: 3 reads in a row failed: answered 500");
    assert_eq!(thrice.needs[0].command, "regwatch source show b");
}

#[test]
fn sources_that_fail_alike_are_one_line() {
    let unresolved = |id: &str| failing(id, 4, &format!("cannot resolve {id}.test: no such host"));
    let overview = overview(&facts(["a", "b", "c", "d"].map(unresolved).to_vec()));
    assert_eq!(overview.needs.len(), 1, "{:?}", overview.needs);
    assert!(
        overview.needs[0].what.starts_with("4 sources fail for one reason (a, b, c, …): "),
        "{:?}",
        overview.needs
    );
    assert_eq!(overview.figures.sources.attention, 4);
}

#[test]
fn a_quarantined_read_needs_a_person_unless_its_source_is_paused() {
    let held = SourceFacts { quarantined: Some("most entries are gone".into()), ..source("a") };
    let seen = overview(&facts(vec![held.clone()]));
    assert_eq!((seen.figures.sources.quarantined, seen.figures.sources.attention), (1, 1));
    let paused = overview(&facts(vec![SourceFacts { is_paused: true, ..held }]));
    assert!(paused.is_well());
    let SourceFigures { total, in_time, paused: count, quarantined, .. } = paused.figures.sources;
    assert_eq!((total, in_time, count, quarantined), (1, 0, 1, 0));
}

#[test]
fn what_nobody_reads_is_late_after_its_grace_and_needs_a_person_after_a_day() {
    let due = |minutes| SourceFacts { due_at: Some(now() - Duration::minutes(minutes)), ..source("a") };
    for (minutes, in_time, is_well) in [(14, 1, true), (16, 0, true), (60 * 24 + 1, 0, false)] {
        let overview = overview(&facts(vec![due(minutes)]));
        assert_eq!((overview.figures.sources.in_time, overview.is_well()), (in_time, is_well), "{minutes}");
    }
    let never_read = SourceFacts { state: None, ..due(60 * 48) };
    assert!(overview(&facts(vec![never_read])).is_well(), "a first start is no trouble");
}

#[test]
fn a_mail_that_waits_is_counted_and_one_that_was_given_up_needs_a_person() {
    let waiting = OpenMails { waiting: 2, oldest: Some(now() - Duration::seconds(90)), attention: 0 };
    let seen = overview(&StatusFacts { mails: waiting, ..facts(vec![source("a")]) });
    assert_eq!(seen.figures.mails, MailFigures { waiting: 2, oldest_s: 90, attention: 0 });
    assert!(seen.is_well());
    let given_up =
        overview(&StatusFacts { mails: OpenMails { attention: 1, ..waiting }, ..facts(Vec::new()) });
    assert!(!given_up.is_well() && given_up.sentence.contains("1 mail has failed"));
}

#[test]
fn the_figures_are_printed_under_the_names_that_programs_rely_on() {
    let figures = serde_json::to_value(overview(&facts(vec![source("a")])).figures).unwrap();
    let expected = serde_json::json!({
        "sources": { "total": 1, "in_time": 1, "attention": 0, "failing": 0, "quarantined": 0, "paused": 0 },
        "mails": { "waiting": 0, "oldest_s": 0, "attention": 0 },
        "store": { "bytes": 0, "reclaimable": 0 },
        "workers": [],
    });
    assert_eq!(figures, expected);
}
