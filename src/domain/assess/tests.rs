use proptest::prelude::*;

use super::*;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::entry::{Entry, Resemblance};
use crate::domain::guard::Guard;
use crate::domain::id::BodyHash;
use crate::domain::noise::Noise;
use crate::domain::source::{RequestSettings, SourceKind};

fn source(companies: &[&str]) -> Source {
    Source {
        id: "list".parse().unwrap(),
        title: "A list".to_owned(),
        url: "https://agency.test/list".parse().unwrap(),
        kind: SourceKind::FccCoveredList,
        schedule: "@hourly".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: companies.iter().map(|id| id.parse().unwrap()).collect(),
        guard: Guard::of(2, 20),
        noise: Noise::default(),
        request: RequestSettings::default(),
        stale_after: None,
        quiet_after: None,
        misses: None,
        catalogue: crate::domain::catalogue::Catalogue::default(),
        listing: None,
    }
}

fn watchlist() -> Watchlist {
    let name = "Hangzhou Hikvision Digital Technology Co., Ltd.";
    let aliases = vec![Alias::new("Hikvision", AliasKind::Trade)];
    Watchlist::new(vec![Company { aliases, ..Company::new("hikvision".parse().unwrap(), name) }]).unwrap()
}

fn page(completeness: Completeness, rows: &[(&str, &str)]) -> Document {
    let entries = rows.iter().map(|&(key, text)| Entry::new(key, key).with("text", text)).collect();
    Document::new(entries, completeness, Resemblance::Title)
}

fn read(body: &str) -> ResponseMeta {
    ResponseMeta::sample(body.as_bytes())
}

const DAY_ONE: [(&str, &str); 3] = [("hik", "produced by Hikvision"), ("b", "two"), ("c", "three")];

fn first_sight(source: &Source, document: Document) -> Baseline {
    let first = assess(source, None, document, read("one"), &watchlist()).unwrap();
    assert!(first.is_first_sight);
    assert!(first.changes.is_empty() && first.alerts.is_empty());
    first.baseline.unwrap()
}

#[test]
fn the_first_sight_is_a_baseline_and_raises_nothing() {
    first_sight(&source(&[]), page(Completeness::Whole, &DAY_ONE));
}

#[test]
fn a_change_about_a_company_raises_one_alert_with_its_proof() {
    let source = source(&[]);
    let previous = first_sight(&source, page(Completeness::Whole, &DAY_ONE));
    let rows = [("hik", "produced by Hikvision or its affiliates"), ("b", "two, amended"), ("c", "three")];
    let second =
        assess(&source, Some(&previous), page(Completeness::Whole, &rows), read("two"), &watchlist())
            .unwrap();
    assert_eq!(second.changes.len(), 2);
    assert_eq!(second.alerts.len(), 1);
    assert_eq!(second.alerts[0].topic.text(), "hikvision");
    assert_eq!(second.changes[0].evidence.sha256, BodyHash::of(b"two"));
    assert_eq!(second.changes[0].previous.sha256, BodyHash::of(b"one"));
}

#[test]
fn an_unchanged_page_leaves_the_baseline_as_it_is() {
    let source = source(&[]);
    let previous = first_sight(&source, page(Completeness::Whole, &DAY_ONE));
    let again = assess(
        &source,
        Some(&previous),
        page(Completeness::Whole, &DAY_ONE),
        read("other bytes"),
        &watchlist(),
    )
    .unwrap();
    assert_eq!(again.baseline, None);
}

#[test]
fn a_bound_source_concerns_its_company_whatever_it_says() {
    let source = source(&["hikvision"]);
    let previous = first_sight(&source, page(Completeness::Whole, &DAY_ONE));
    let rows = [("hik", "produced by Hikvision"), ("b", "an order was filed"), ("c", "three")];
    let second =
        assess(&source, Some(&previous), page(Completeness::Whole, &rows), read("two"), &watchlist())
            .unwrap();
    assert_eq!(second.alerts.len(), 1);
}

#[test]
fn too_few_entries_or_too_large_a_drop_is_held_back() {
    let source = source(&[]);
    let rows: Vec<(String, String)> = (0..10).map(|n| (format!("k{n}"), format!("text {n}"))).collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect();
    let previous = first_sight(&source, page(Completeness::Whole, &rows));
    let judge = |kept: usize| {
        assess(&source, Some(&previous), page(Completeness::Whole, &rows[..kept]), read("two"), &watchlist())
            .map(|a| a.changes.len())
    };
    assert_eq!(judge(8), Ok(2));
    assert!(matches!(judge(7), Err(Suspicion::Dropped { before: 10, gone: 3, tolerated: 2, .. })));
    assert!(matches!(judge(1), Err(Suspicion::TooFew { found: 1, min: 2 })));
}

#[test]
fn a_window_that_was_emptied_is_held_back_and_is_the_measure_once_accepted() {
    let mut source = source(&[]);
    source.guard = Guard::of(0, 99);
    let page = |rows: &[(&str, &str)]| page(Completeness::Window, rows);
    let before = first_sight(&source, page(&DAY_ONE));
    let judged = |past: Past<'_>, rows: &[(&str, &str)]| {
        assess(&source, past, page(rows), read("later"), &watchlist())
    };
    let held = judged(Some(&before).into(), &[]);
    assert!(matches!(held, Err(Suspicion::Dropped { before: 3, gone: 3, tolerated: 2, .. })), "{held:?}");
    assert!(judged(Some(&before).into(), &DAY_ONE[..1]).is_ok());
    let accepted = judged(Past { is_accepted: true, ..Some(&before).into() }, &[]).unwrap();
    assert!(accepted.changes.is_empty());
    let emptied = accepted.baseline.unwrap();
    assert!(judged(Some(&emptied).into(), &[]).is_ok());
    assert!(judged(Some(&emptied).into(), &DAY_ONE).unwrap().changes.is_empty(), "all of it is known");
    source.guard = Guard::of(0, 100);
    assert!(assess(&source, Some(&before), page(&[]), read("later"), &watchlist()).is_ok());
}

#[test]
fn prose_that_loses_its_paragraphs_is_held_back_though_every_section_is_there() {
    let source = source(&[]);
    let prose = |kept: usize| {
        let text: Vec<String> = (0..kept).map(|number| format!("Paragraph {number}.")).collect();
        let entries = vec![Entry::new("guide", "Guide").with("text", text.join("\n")), Entry::new("b", "B")];
        Document::new(entries, Completeness::Whole, Resemblance::Text)
    };
    let before = first_sight(&source, prose(10));
    let judge = |kept| assess(&source, Some(&before), prose(kept), read("two"), &watchlist());
    assert_eq!(judge(8).map(|found| found.changes.len()), Ok(1));
    let reason = judge(7).unwrap_err().to_string();
    assert_eq!(reason, "3 of 10 paragraphs disappeared in one read; at most 2 may (guard.max_drop)");
}

#[test]
fn an_entry_that_returns_to_a_window_is_not_news() {
    let mut source = source(&[]);
    source.guard.min_entries = 0;
    let page = |rows: &[(&str, &str)]| page(Completeness::Window, rows);
    let one = first_sight(&source, page(&[("a", "1"), ("b", "2")]));
    let two = assess(&source, Some(&one), page(&[("c", "3")]), read("2"), &watchlist()).unwrap();
    assert_eq!(two.changes.len(), 1);
    let baseline = two.baseline.unwrap();
    assert_eq!(baseline.document.entries.len(), 3);
    let three =
        assess(&source, Some(&baseline), page(&[("a", "1"), ("c", "3")]), read("3"), &watchlist()).unwrap();
    assert!(three.changes.is_empty());
}

fn at(minutes: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::Duration::minutes(minutes)
}

/// Reads of a source whose removals must be confirmed, one after the other.
struct Reads {
    source: Source,
    baseline: Baseline,
    pending: Vec<Pending>,
}

impl Reads {
    fn of(rows: &[(&str, &str)]) -> Self {
        let mut source = source(&[]);
        source.guard.confirm_reads = 2;
        let baseline = first_sight(&source, page(Completeness::Whole, rows));
        Self { source, baseline, pending: Vec::new() }
    }

    /// Reads these rows at a minute; gives what is told, as `kind key`.
    fn read(&mut self, minutes: i64, rows: &[(&str, &str)]) -> Vec<String> {
        let past = Past { baseline: Some(&self.baseline), pending: &self.pending, ..Past::default() };
        let facts = ResponseMeta { read_at: at(minutes), ..read(&format!("{minutes}")) };
        let document = page(Completeness::Whole, rows);
        let found = assess(&self.source, past, document, facts, &watchlist()).unwrap();
        self.pending = found.pending;
        self.baseline = found.baseline.unwrap_or_else(|| self.baseline.clone());
        found.changes.iter().map(|change| format!("{} {}", change.entry.kind, change.entry.key)).collect()
    }
}

const FIVE: [(&str, &str); 5] = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4"), ("e", "5")];

#[test]
fn a_removal_seen_once_waits_and_hides_nothing_else() {
    let mut reads = Reads::of(&FIVE);
    let rows = [("b", "2"), ("c", "3 and more"), ("d", "4"), ("e", "5"), ("f", "6")];
    assert_eq!(reads.read(60, &rows), ["amended c", "added f"]);
    assert_eq!(reads.pending.len(), 1);
    assert_eq!(reads.read(61, &rows), [""; 0], "too soon to count");
    assert_eq!(reads.read(70, &rows), ["removed a"]);
    assert!(reads.pending.is_empty());
    assert_eq!(reads.read(80, &rows), [""; 0]);
}

#[test]
fn an_entry_that_comes_back_before_it_was_believed_gone_is_no_news() {
    let mut reads = Reads::of(&FIVE);
    assert_eq!(reads.read(60, &FIVE[1..]), [""; 0]);
    assert_eq!(reads.read(90, &FIVE), [""; 0]);
    assert!(reads.pending.is_empty());
    assert_eq!(reads.read(120, &FIVE[1..]), [""; 0], "it must be missed twice anew");
    assert_eq!(reads.read(130, &FIVE[1..]), ["removed a"]);
}

#[test]
fn one_of_two_alike_waits_under_a_key_of_its_own() {
    let twins = [("a", "1"), ("a", "one"), ("c", "3"), ("d", "4"), ("e", "5")];
    let mut reads = Reads::of(&twins);
    let rows = [("a", "one"), ("c", "3"), ("d", "4"), ("e", "5")];
    assert_eq!(reads.read(60, &[&rows[..], &[("f", "6")]].concat()), ["added f"]);
    assert_eq!(reads.read(70, &[&rows[..], &[("f", "6")]].concat()).len(), 1);
    assert!(reads.pending.is_empty());
}

fn borrowed(rows: &[(String, String)]) -> Vec<(&str, &str)> {
    rows.iter().map(|(key, text)| (key.as_str(), text.as_str())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_and_goes_what_was_told_leads_to_what_is_there(
        pages in proptest::collection::vec((proptest::collection::btree_set(0_u8..8, 0..8), 0_i64..15), 1..8)
    ) {
        let rows = |page: &BTreeSet<u8>| -> Vec<(String, String)> {
            let names = page.iter().map(|number| (format!("e{number}"), format!("text {number}")));
            std::iter::once(("always".to_owned(), "here".to_owned())).chain(names).collect()
        };
        let keys = |rows: &[(String, String)]| rows.iter().map(|(key, _)| key.clone()).collect::<BTreeSet<_>>();
        let first = rows(&BTreeSet::from([0, 1, 2]));
        let mut reads = Reads::of(&borrowed(&[&first[..], &[("other".to_owned(), "x".to_owned())]].concat()));
        reads.source.guard = Guard { confirm_reads: 2, ..Guard::of(1, 100) };
        let mut known = keys(&first);
        known.insert("other".to_owned());
        let mut now = 100;
        let (last, _) = pages.last().unwrap().clone();
        let settled = std::iter::repeat_n((last.clone(), 10), 3);
        for (page, pause) in pages.into_iter().chain(settled) {
            now += pause;
            let page = rows(&page);
            for told in reads.read(now, &borrowed(&page)) {
                match told.split_once(' ').unwrap() {
                    ("added", key) => prop_assert!(known.insert(key.to_owned()), "{key} was told twice"),
                    ("removed", key) => prop_assert!(known.remove(key), "{key} was not there"),
                    _ => {}
                }
            }
        }
        prop_assert_eq!(known, keys(&rows(&last)));
        prop_assert!(reads.pending.is_empty());
    }
}

#[test]
fn more_gone_than_may_go_is_believed_when_a_person_or_enough_reads_say_so() {
    let mut source = source(&[]);
    let baseline = first_sight(&source, page(Completeness::Whole, &FIVE));
    let document = || page(Completeness::Whole, &FIVE[2..]);
    let judged = |source: &Source, drop: Option<&Agreement>, is_accepted| {
        let past = Past { baseline: Some(&baseline), drop, is_accepted, ..Past::default() };
        let facts = ResponseMeta { read_at: at(60), ..read("two") };
        assess(source, past, document(), facts, &watchlist()).map(|found| found.changes.len())
    };
    let Err(Suspicion::Dropped { which, .. }) = judged(&source, None, false) else { panic!() };
    let seen = |minutes| Agreement::after(None, &which, chrono::Duration::minutes(10), at(minutes));
    assert!(judged(&source, Some(&seen(0)), false).is_err(), "not unless it is asked for");
    assert_eq!(judged(&source, None, true), Ok(2));
    source.guard.confirm_drop = 2;
    assert!(judged(&source, None, false).is_err());
    assert!(judged(&source, Some(&seen(55)), false).is_err(), "too soon after the first");
    assert_eq!(judged(&source, Some(&seen(0)), false), Ok(2));
    let other = Agreement { on: "others".to_owned(), ..seen(0) };
    assert!(judged(&source, Some(&other), false).is_err(), "they agree on something else");
}
mod dockets {
    use super::*;
    use crate::domain::docket::{DOCKET, KIND, TEXT};
    use crate::domain::source::{DocketSettings, KindFilter, SourceKind};

    fn filing(number: &str, kind: &str) -> Entry {
        Entry::new(format!("23-1/{number}"), format!("23-1 A v. B: {kind}"))
            .with(DOCKET, "23-1")
            .with(KIND, kind)
            .with(TEXT, format!("{kind} by Example"))
    }

    fn docket(entries: Vec<Entry>) -> Document {
        Document::new(entries, Completeness::Whole, Resemblance::DayAndText)
    }

    #[test]
    fn what_is_not_wanted_is_not_told_and_what_it_becomes_is() {
        let entries = KindFilter { keep: Vec::new(), drop: vec!["appearance".to_owned()] };
        let settings = DocketSettings { entries, ..DocketSettings::default() };
        let guard = Guard::of(1, 50);
        let source = Source { kind: SourceKind::PacerDocket(settings), guard, ..source(&[]) };
        let mut baseline = first_sight(&source, docket(vec![filing("1", "order")]));
        let mut told = |entries: Vec<Entry>| -> Vec<String> {
            let read = read(&format!("{entries:?}"));
            let assessment = assess(&source, Some(&baseline), docket(entries), read, &watchlist()).unwrap();
            if let Some(next) = assessment.baseline {
                baseline = next;
            }
            assessment.changes.into_iter().map(|change| change.entry.happened()).collect()
        };
        assert_eq!(told(vec![filing("1", "order"), filing("2", "appearance")]), [""; 0]);
        assert_eq!(told(vec![filing("1", "order"), filing("2", "motion")]), ["amended (text amended)"]);
        assert_eq!(told(vec![filing("1", "order"), filing("2", "appearance")]), ["amended (text amended)"]);
        assert_eq!(told(vec![filing("1", "order")]), [""; 0]);
    }
}

mod parts_and_copies {
    use super::*;

    fn of_lists(groups: &[(&str, usize)]) -> Document {
        let rows = groups.iter().flat_map(|&(list, count)| {
            (0..count)
                .map(move |n| Entry::new(format!("{list}-{n}"), format!("{list} {n}")).with("list", list))
        });
        Document::new(rows.collect(), Completeness::Whole, Resemblance::Title)
    }

    const LISTS: [(&str, usize); 2] = [("Entities", 90), ("Unverified", 4)];

    #[test]
    fn a_list_that_is_missing_from_a_consolidated_file_is_held_unless_all_may_go() {
        let mut source = source(&[]);
        let before = first_sight(&source, of_lists(&LISTS));
        let judged = |source: &Source, lists: &[(&str, usize)], is_accepted| {
            let past = Past { is_accepted, ..Past::from(Some(&before)) };
            assess(source, past, of_lists(lists), read("two"), &watchlist()).map(|found| found.changes.len())
        };
        let held = judged(&source, &LISTS[..1], false).unwrap_err();
        assert_eq!(
            held.to_string(),
            "all 4 entries of list \"Unverified\" disappeared in one read, and no others (guard.max_drop)"
        );
        assert_eq!(judged(&source, &[LISTS[0], ("Unverified", 1)], false), Ok(3), "one is left");
        assert_eq!(judged(&source, &LISTS[..1], true), Ok(4), "a person said so");
        source.guard = Guard::of(0, 100);
        assert_eq!(judged(&source, &LISTS[..1], false), Ok(4));
        assert_eq!(judged(&source, &[], false), Ok(94), "every guard of what is gone is off");
    }

    fn prose(paragraphs: &[String]) -> Document {
        let entry = Entry::new("", "A page").with("text", paragraphs.join("\n"));
        Document::new(vec![entry], Completeness::Whole, Resemblance::Text)
    }

    #[test]
    fn a_page_of_other_paragraphs_is_another_page_and_one_that_was_reworded_is_not() {
        let source = Source { guard: Guard::of(1, 40), ..source(&[]) };
        let rules = |end: &str| -> Vec<String> {
            (0..9).map(|n| format!("Rule {n} applies to all equipment of the maker until {end}.")).collect()
        };
        let tips: Vec<String> = (0..9).map(|n| format!("Tip {n}: use the menu to find a page.")).collect();
        let before = first_sight(&source, prose(&rules("May")));
        let judged = |paragraphs: &[String]| {
            assess(&source, Some(&before), prose(paragraphs), read("two"), &watchlist())
        };
        assert_eq!(judged(&tips).unwrap_err(), Suspicion::AnotherPage { before: 9, same: 0 });
        assert!(judged(&rules("June")).is_ok());
        assert!(judged(&[&rules("May")[..5], &tips[..]].concat()).is_ok(), "most are there again");
    }

    #[test]
    fn a_copy_from_before_the_accepted_page_is_not_believed_unless_it_says_the_same() {
        let source = source(&[]);
        let modified = |day: &str, body: &str| ResponseMeta {
            headers: vec![("last-modified".to_owned(), format!("{day} Jan 1970 00:00:00 GMT"))],
            read_at: at(60 * 24 * 30),
            ..read(body)
        };
        let document = |rows: &[(&str, &str)]| page(Completeness::Whole, rows);
        let first = assess(&source, None, document(&DAY_ONE), modified("Wed, 14", "one"), &watchlist());
        let before = first.unwrap().baseline.unwrap();
        let judged = |rows: &[(&str, &str)], day: &str, is_accepted| {
            let past = Past { is_accepted, ..Past::from(Some(&before)) };
            assess(&source, past, document(rows), modified(day, "two"), &watchlist())
        };
        let older = judged(&DAY_ONE[..2], "Tue, 06", false).unwrap_err();
        assert!(matches!(older, Suspicion::Older(_)), "{older}");
        assert!(judged(&DAY_ONE, "Tue, 06", false).is_ok(), "it says what is known");
        assert!(judged(&DAY_ONE[..2], "Thu, 15", false).is_ok());
        assert!(judged(&DAY_ONE[..2], "Tue, 06", true).is_ok(), "a person said so");
    }
}
