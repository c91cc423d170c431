use super::*;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::entry::{Entry, Resemblance};
use crate::domain::noise::Noise;
use crate::domain::source::{Request, SourceKind};
use crate::domain::verdict::Guard;

fn source(companies: &[&str]) -> Source {
    Source {
        id: "list".parse().unwrap(),
        title: "A list".to_owned(),
        url: "https://agency.test/list".parse().unwrap(),
        kind: SourceKind::FccCoveredList,
        schedule: "@hourly".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: companies.iter().map(|id| id.parse().unwrap()).collect(),
        guard: Guard { min_entries: 2, max_drop_percent: 20 },
        noise: Noise::default(),
        request: Request::default(),
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

fn read(body: &str) -> ReadFacts {
    ReadFacts {
        read_at: DateTime::UNIX_EPOCH,
        url: "https://agency.test/list".to_owned(),
        status: 200,
        headers: Vec::new(),
        sha256: BodyHash::of(body.as_bytes()),
        body_bytes: body.len() as u64,
    }
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
    assert_eq!(second.alerts[0].company.as_str(), "hikvision");
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
    assert!(matches!(judge(7), Err(Suspicion::Dropped { before: 10, gone: 3, tolerated: 2 })));
    assert!(matches!(judge(1), Err(Suspicion::TooFew { found: 1, min: 2 })));
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
        let guard = Guard { min_entries: 1, max_drop_percent: 50 };
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
