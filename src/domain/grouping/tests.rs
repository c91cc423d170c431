use std::collections::BTreeSet;

use super::*;
use crate::domain::change::{ChangeKind, EntryChange, Evidence};
use crate::domain::id::{AlertId, BodyHash, ChangeId};
use crate::domain::subscription::{Filter, Preference, Wish};
use crate::domain::topic::Topic;

const COLLECTING: CollectionRules = CollectionRules { wait: Duration::minutes(5), lead: Duration::days(7) };

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn topic() -> Topic {
    "zte".parse().unwrap()
}

pub(crate) fn reader(wishes: &[Preference]) -> Subscriber {
    let mut reader = Subscriber::new("ann@example.org".parse().unwrap());
    let topic = topic();
    let only = Filter::default();
    let wish = Wish { topic: &topic, only, confirmed: true, channel: "mail", agreed_to: None };
    reader.follow(wish, DateTime::UNIX_EPOCH);
    for wish in wishes {
        reader.take(*wish, at("2026-11-23T00:00:00Z"));
    }
    reader
}

/// A change found then, with the fields of its entry.
pub(crate) fn change(name: &str, raised: &str, fields: &[(&str, &str)]) -> (AlertItem, Change) {
    let id = ChangeId::derive(&[name]);
    let evidence = Evidence {
        url: "https://agency.test/list".to_owned(),
        read_at: at(raised),
        status: 200,
        sha256: BodyHash::of(b"page"),
    };
    let entry = EntryChange {
        kind: ChangeKind::Added,
        key: name.to_owned(),
        title: name.to_owned(),
        date: None,
        url: None,
        fields: Vec::new(),
        context: fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect(),
    };
    let item = AlertItem {
        alert: AlertId::derive(&[name]),
        change: id.clone(),
        topic: topic(),
        raised_at: at(raised),
        strikes: 0,
        taken_back: 0,
    };
    let change = Change {
        id,
        source: "list".parse().unwrap(),
        source_title: "A list".to_owned(),
        entry,
        found_at: at(raised),
        ordinal: 0,
        found_together: 1,
        matches: Vec::new(),
        possible: Vec::new(),
        numbers: crate::domain::event::Numbers::default(),
        retracted_at: None,
        evidence: evidence.clone(),
        previous: evidence,
    };
    (item, change)
}

fn waiting(all: &[(AlertItem, Change)]) -> impl Iterator<Item = WaitingItem<'_>> {
    all.iter().map(|(item, change)| WaitingItem { item, change, told_as: None })
}

fn titles<'a>(bundle: &MailBatch<'a>) -> Vec<&'a str> {
    bundle.told.iter().map(|told| told.change.entry.title.as_str()).collect()
}

#[test]
fn what_is_found_within_minutes_of_each_other_is_one_mail() {
    let all = [change("a", "2026-11-24T10:00:00Z", &[]), change("b", "2026-11-24T10:04:00Z", &[])];
    let reader = reader(&[]);
    let early = plan(&reader, waiting(&all), COLLECTING, at("2026-11-24T10:04:59Z"));
    assert!(early.bundles.is_empty() && early.dropped.is_empty());
    assert_eq!(early.next, Some(at("2026-11-24T10:05:00Z")));
    let plan = plan(&reader, waiting(&all), COLLECTING, at("2026-11-24T10:05:00Z"));
    assert_eq!(plan.bundles.iter().map(titles).collect::<Vec<_>>(), [["a", "b"]]);
    assert_eq!((plan.bundles[0].cadence, plan.next), (Cadence::Immediate, None));
}

#[test]
fn a_digest_waits_for_the_morning_and_a_deadline_does_not_wait_for_it() {
    let soon = [("comments_close", "2026-12-01"), ("effective", "2026-12-20")];
    let later = [("comments_close", "2027-02-01")];
    let all = [
        change("a", "2026-11-24T10:00:00Z", &[]),
        change("soon", "2026-11-24T10:00:00Z", &soon),
        change("later", "2026-11-24T10:00:00Z", &later),
        change("past", "2026-11-24T10:00:00Z", &[("effective", "2026-11-01")]),
    ];
    let reader = reader(&[Preference::Cadence(Cadence::Daily)]);
    let first = plan(&reader, waiting(&all), COLLECTING, at("2026-11-24T10:05:00Z"));
    assert_eq!(first.bundles.iter().map(titles).collect::<Vec<_>>(), [["soon"]]);
    assert_eq!(first.bundles[0].told[0].deadline.unwrap().to_string(), "comments close 2026-12-01");
    assert_eq!(first.next, Some(at("2026-11-25T08:00:00Z")));
    let left = [all[0].clone(), all[2].clone(), all[3].clone()];
    let digest = plan(&reader, waiting(&left), COLLECTING, at("2026-11-25T08:00:00Z"));
    assert_eq!(digest.bundles.iter().map(titles).collect::<Vec<_>>(), [["a", "later", "past"]]);
    assert_eq!(digest.bundles[0].cadence, Cadence::Daily);
}

#[test]
fn a_deadline_goes_first_and_through_quiet_hours() {
    let all = [
        change("a", "2026-11-24T23:00:00Z", &[]),
        change("late", "2026-11-24T23:00:00Z", &[("effective", "2026-11-30")]),
        change("soon", "2026-11-24T23:00:00Z", &[("effective", "2026-11-26")]),
    ];
    let reader = reader(&[Preference::Quiet(Some("22:00-07:00".parse().unwrap()))]);
    let plan = plan(&reader, waiting(&all), COLLECTING, at("2026-11-24T23:05:00Z"));
    assert_eq!(plan.bundles.iter().map(titles).collect::<Vec<_>>(), [["soon", "late", "a"]]);
}

#[test]
fn what_is_not_followed_any_more_is_let_go_and_what_waits_in_a_pause_stays() {
    let all = [change("a", "2026-11-24T10:00:00Z", &[])];
    let now = at("2026-11-24T12:00:00Z");
    let mut paused = reader(&[]);
    paused.begin_pause(None, now);
    let during = plan(&paused, waiting(&all), COLLECTING, now);
    assert!(during.bundles.is_empty() && during.dropped.is_empty() && during.next.is_none());
    let mut gone = reader(&[]);
    gone.leave(None, now);
    let after = plan(&gone, waiting(&all), COLLECTING, now);
    assert!(after.bundles.is_empty() && after.dropped.is_empty(), "they may take it back");
    assert_eq!(after.next, Some(at("2026-11-25T12:00:00Z")));
    assert_eq!(plan(&gone, waiting(&all), COLLECTING, after.next.unwrap()).dropped, [&all[0].0]);
}

#[test]
fn what_a_pause_collected_is_one_mail_however_much_it_is_and_what_comes_after_it_is_another() {
    let mut all: Vec<_> =
        (0..250).map(|number| change(&format!("{number}"), "2026-11-24T10:00:00Z", &[])).collect();
    all.push(change("soon", "2026-11-24T10:00:00Z", &[("effective", "2026-11-30")]));
    all[3].1.entry.kind = ChangeKind::AlreadyListed;
    let mut reader = reader(&[Preference::Cadence(Cadence::Daily)]);
    reader.begin_pause(Some(at("2026-11-25T12:00:00Z")), at("2026-11-24T09:00:00Z"));
    let during = plan(&reader, waiting(&all), COLLECTING, at("2026-11-25T11:59:00Z"));
    assert!(during.bundles.is_empty() && during.dropped.is_empty() && during.summed_up.is_none());
    assert_eq!(during.next, Some(at("2026-11-25T12:00:00Z")), "it is looked at when the pause ends");
    all.push(change("after", "2026-11-25T12:00:01Z", &[]));
    let now = at("2026-11-25T12:00:02Z");
    let after = plan(&reader, waiting(&all), COLLECTING, now);
    let [summary] = &after.bundles[..] else { panic!("{}", after.bundles.len()) };
    assert_eq!((summary.told.len(), titles(summary)[0], titles(summary)[250]), (251, "soon", "3"));
    assert_eq!((summary.pause, after.summed_up), (reader.ended_pause(now), reader.ended_pause(now)));
    assert_eq!(after.next, Some(at("2026-11-26T08:00:00Z")), "the rest waits for its digest");
}

#[test]
fn a_wish_for_digests_counts_for_what_waits_already() {
    let all = [change("a", "2026-11-24T10:00:00Z", &[])];
    let mut reader = reader(&[Preference::Cadence(Cadence::Weekly)]);
    let now = at("2026-11-24T12:00:00Z");
    assert_eq!(plan(&reader, waiting(&all), COLLECTING, now).next, Some(at("2026-11-30T08:00:00Z")));
    reader.take(Preference::Cadence(Cadence::Immediate), now);
    assert_eq!(plan(&reader, waiting(&all), COLLECTING, now).bundles.len(), 1);
}

proptest::proptest! {
    #[test]
    fn every_item_is_told_once_let_go_or_looked_at_again(
        raised in proptest::collection::vec(0_i64..20_000, 1..250),
        cadence in 0_usize..3,
        after in 0_i64..20_000,
    ) {
        let zero = at("2026-11-24T00:00:00Z");
        let all: Vec<_> = raised.iter().enumerate().map(|(number, minutes)| {
            let raised = (zero + Duration::minutes(*minutes)).to_rfc3339();
            let deadline = [("effective", "2026-12-03")];
            change(&format!("{number}"), &raised, if number % 7 == 0 { &deadline } else { &[] })
        }).collect();
        let reader = reader(&[Preference::Cadence(Cadence::ALL[cadence].1)]);
        let now = zero + Duration::minutes(after);
        let plan = plan(&reader, waiting(&all), COLLECTING, now);
        let told: Vec<&AlertId> =
            plan.bundles.iter().flat_map(|bundle| &bundle.told).map(|told| &told.item.alert).collect();
        let once: BTreeSet<_> = told.iter().collect();
        proptest::prop_assert_eq!(once.len(), told.len());
        proptest::prop_assert!(plan.dropped.is_empty());
        proptest::prop_assert!(told.len() == all.len() || plan.next.is_some_and(|next| next > now));
        proptest::prop_assert!(plan.bundles.iter().all(|bundle| bundle.told.len() <= MAX_ITEMS));
    }
}

#[test]
fn what_is_gravest_is_told_first_and_one_change_is_never_parted() {
    let found = |rule: &str| {
        let found = serde_json::json!({
            "company": "zte", "alias": "ZTE", "alias_kind": null, "rule": rule, "field": "title",
            "span": { "start": 0, "end": 3 }, "excerpt": "ZTE",
        });
        serde_json::from_value::<crate::domain::matching::Match>(found).unwrap()
    };
    let one = |name: &str, kind: ChangeKind, rule: &str, fields: &[(&str, &str)]| {
        let (item, mut change) = change(name, "2026-11-24T10:00:00Z", fields);
        change.entry.kind = kind;
        change.matches = vec![found(rule)];
        (item, change)
    };
    let all = [
        one("amended", ChangeKind::Amended, "alias", &[]),
        one("exposed", ChangeKind::Added, "exposure", &[]),
        one("named", ChangeKind::Removed, "alias", &[]),
        one("pressing", ChangeKind::Amended, "exposure", &[("effective", "2026-11-26")]),
    ];
    let reader = reader(&[]);
    let plan = plan(&reader, waiting(&all), COLLECTING, at("2026-11-24T10:05:00Z"));
    assert_eq!(titles(&plan.bundles[0]), ["pressing", "named", "exposed", "amended"]);
    assert_eq!(plan.bundles[0].part, None);
}

#[test]
fn mails_that_leave_together_are_numbered() {
    let all: Vec<_> =
        (0..150).map(|number| change(&format!("{number:03}"), "2026-11-24T10:00:00Z", &[])).collect();
    let reader = reader(&[]);
    let plan = plan(&reader, waiting(&all), COLLECTING, at("2026-11-24T10:05:00Z"));
    let parts: Vec<_> = plan.bundles.iter().map(|bundle| (bundle.told.len(), bundle.part)).collect();
    assert_eq!(parts, [(100, Some((1, 2))), (50, Some((2, 2)))]);
}

#[test]
fn what_was_told_already_waits_for_nothing_and_is_in_no_mail() {
    let all = [change("a", "2026-11-24T10:00:00Z", &[]), change("b", "2026-11-24T10:00:00Z", &[])];
    let told = ChangeId::derive(&["told"]);
    let waiting = all.iter().enumerate().map(|(index, (item, change))| WaitingItem {
        item,
        change,
        told_as: (index == 0).then_some(&told),
    });
    let ann = reader(&[]);
    let plan = plan(&ann, waiting, COLLECTING, at("2026-11-24T10:05:00Z"));
    assert_eq!(plan.aside, [(&all[0].0, &told)]);
    assert_eq!(plan.bundles.iter().map(titles).collect::<Vec<_>>(), [["b"]]);
    assert!(plan.dropped.is_empty());
}
