use super::*;
use crate::domain::catalogue::{Catalogue, KeyPlaces};
use crate::domain::guard::Guard;
use crate::domain::noise::Noise;
use crate::domain::source::{RequestSettings, SourceKind};

fn source() -> Source {
    let observed = Observed {
        on: "2026-09-18".parse().unwrap(),
        by: "a test".to_owned(),
        landed: Some("https://files.agency.test/list.csv?signature=1".parse().unwrap()),
        content_type: Some("text/csv".to_owned()),
        bytes: Some(1_000),
        entries: Some(100),
        head: Some("Name,Date".to_owned()),
        robots: Some(RobotsWord::Open),
        refuses: None,
    };
    let lines = [("id", 2), ("url", 5), ("guard", 8)].map(|(key, line)| (key.into(), line));
    Source {
        id: "list".parse().unwrap(),
        title: "A list".to_owned(),
        url: "https://agency.test/list".parse().unwrap(),
        kind: SourceKind::Csl,
        schedule: "@daily".parse().unwrap(),
        timezone: chrono_tz::UTC,
        companies: Vec::new(),
        guard: Guard::of(85, 10),
        noise: Noise::default(),
        request: RequestSettings::default(),
        stale_after: None,
        quiet_after: None,
        misses: None,
        listing: None,
        catalogue: Catalogue {
            observed: Some(observed),
            places: KeyPlaces::new("lists.toml".into(), lines.into()),
            ..Catalogue::default()
        },
    }
}

fn healthy() -> Vec<u8> {
    let mut body = "\u{feff}Name, Date\r\n".as_bytes().to_vec();
    body.resize(1_000, b'x');
    body
}

fn told(landed: &str, content_type: &str, body: &[u8], max_body: usize) -> Vec<String> {
    let landed = landed.parse().unwrap();
    let seen = ObservedAnswer { landed: &landed, content_type: Some(content_type), body, max_body };
    of_answer(&source(), seen).iter().map(ToString::to_string).collect()
}

const PLACE: &str = "https://files.agency.test/list.csv?signature=2";

#[test]
fn what_is_as_it_was_is_no_drift() {
    assert_eq!(told(PLACE, "text/csv; charset=utf-8", &healthy(), 2_000), Vec::<String>::new());
    assert_eq!(of_entries(&source(), 100), Vec::new());
    assert_eq!(of_robots(&source(), None), None);
}

#[test]
fn each_fact_that_changed_is_named_with_the_line_to_change() {
    assert_eq!(
        told("https://files.agency.test/list-2.csv", "text/csv", &healthy(), 2_000),
        [
            "landed: found https://files.agency.test/list-2.csv, expected https://files.agency.test/list.csv (url at lists.toml:5)"
        ]
    );
    assert_eq!(
        told(PLACE, "text/html", &healthy(), 2_000),
        ["content-type: found \"text/html\", expected text/csv (observed.content_type at lists.toml:2)"]
    );
    assert_eq!(
        told(PLACE, "text/csv", &healthy(), 1_100),
        ["bytes: found 1000 bytes, expected less than 85% of 1100 bytes (max_body at lists.toml:2)"]
    );
    assert_eq!(
        told(PLACE, "text/csv", b"Name,Date", 2_000),
        ["bytes: found 9 bytes, expected about 1000 bytes (observed.bytes at lists.toml:2)"]
    );
    let renamed = [b"Party,Date\n".as_slice(), &[b'x'; 900]].concat();
    let [head] = &told(PLACE, "text/csv", &renamed, 2_000)[..] else { panic!("one fact changed") };
    assert!(
        head.starts_with("head: found \"Party,Date xxx") && head.contains("expected \"Name,Date\""),
        "{head}"
    );
}

#[test]
fn fewer_entries_and_a_guard_that_does_not_fit_are_named() {
    let told = |entries| of_entries(&source(), entries).iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        told(50),
        [
            "entries: found 50 entries, expected about 100 entries (observed.entries at lists.toml:2)",
            "guard: found min_entries = 85 with 50 entries, expected min_entries = 42 (guard.min_entries at lists.toml:8)",
        ]
    );
    assert_eq!(
        told(200),
        [
            "guard: found min_entries = 85 with 200 entries, expected min_entries = 170 (guard.min_entries at lists.toml:8)"
        ]
    );
}

#[test]
fn a_new_line_of_robots_is_named_and_one_that_is_passed_over_is_not() {
    let rule = Some("Disallow: /list");
    assert_eq!(
        of_robots(&source(), rule).unwrap().to_string(),
        "robots: found Disallow: /list, expected no line that forbids it, or robots = { ignore = true, because = … } (robots at lists.toml:2)"
    );
    let mut source = source();
    source.request.ignores_robots = Some("an API".to_owned());
    source.catalogue.observed = None;
    assert_eq!(of_robots(&source, rule), None);
}
