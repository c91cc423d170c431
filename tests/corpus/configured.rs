//! The sources of the project's own configuration, over captures of what they read.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use regwatch::config::{Config, load};
use regwatch::domain::diff::diff;
use regwatch::domain::entry::Document;
use regwatch::domain::id::SourceId;
use regwatch::domain::matching::Watchlist;
use regwatch::extract::{RawDocument, extract};

fn config() -> Config {
    load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("config/regwatch.toml")).unwrap()
}

/// Reads a body as the named source does; its guard must be content with it.
#[track_caller]
fn read(config: &Config, id: &str, body: &[u8]) -> Document {
    let id: SourceId = id.parse().unwrap();
    let source = config.source(&id).unwrap();
    let page = RawDocument { body, content_type: None, url: &source.url };
    let document = extract(&source.kind, &page).unwrap();
    source.guard.judge(None, &document, &[]).unwrap();
    document
}

#[test]
fn the_uflpa_entity_list_is_read_by_its_headers() {
    let Some(corpus) = super::corpus() else { return };
    let body = fs::read(corpus.join("entity_lists/dhs_uflpa/source-uflpa-2026-07-09.html")).unwrap();
    let document = read(&config(), "dhs-uflpa", &body);
    let undated: Vec<&str> = document
        .entries
        .iter()
        .filter(|entry| entry.date.is_none())
        .map(|entry| entry.title.as_str())
        .collect();
    assert!(undated.is_empty(), "{undated:#?}");
    assert!(document.entries.iter().any(|entry| entry.title.starts_with("Baoding LYSZD")));
}

/// How many rows of the Covered List name a company; those that are not here stand on other lists.
const COVERED: [(&str, usize); 11] = [
    ("china-mobile", 1),
    ("china-telecom", 1),
    ("china-unicom", 1),
    ("dahua", 1),
    ("digitalsystem", 1),
    ("hikvision", 1),
    ("huawei", 1),
    ("hytera", 1),
    // AO Kaspersky Lab, and Kaspersky Lab, Inc.
    ("kaspersky", 2),
    ("pacific-networks", 1),
    ("zte", 1),
];

#[test]
fn the_covered_list_names_the_tracked_companies_that_are_on_it() {
    let Some(corpus) = super::corpus() else { return };
    let config = config();
    let body = super::fcc::page(&corpus, "2026-07-20");
    let document = read(&config, "fcc-covered-list", body.as_bytes());
    let watchlist = Watchlist::new(config.companies.clone()).unwrap();
    let expected: BTreeMap<&str, usize> = COVERED.into();
    for company in &config.companies {
        let naming = document.entries.iter().filter(|entry| {
            entry.fields.iter().any(|(name, text)| {
                watchlist.find(name, text).iter().any(|found| found.company == company.id)
            })
        });
        let titles: Vec<&str> = naming.map(|entry| entry.title.as_str()).collect();
        let rows = expected.get(company.id.as_str()).copied().unwrap_or_default();
        assert_eq!(titles.len(), rows, "{}: {titles:#?}", company.id);
    }
}

#[test]
fn the_courts_of_the_configuration_are_read() {
    let Some(corpus) = super::corpus() else { return };
    for (id, capture) in [("court-cadc", "cadc"), ("court-ca10", "ca10"), ("court-nyed", "nyed_1")] {
        let body = fs::read(corpus.join(format!("dockets/rss/{capture}.xml"))).unwrap();
        assert!(!read(&config(), id, &body).entries.is_empty(), "{id}");
    }
}

#[test]
fn what_the_state_department_added_and_then_corrected_is_found_and_its_markup_is_not() {
    let Some(corpus) = super::corpus() else { return };
    let config = config();
    let source = config.source(&"state-cuba-restricted".parse().unwrap()).unwrap();
    let at = |day: &str| {
        let path = format!("page_versions/state_cuba_restricted/{day}_restricted-list.html");
        read(&config, "state-cuba-restricted", &fs::read(corpus.join(path)).unwrap())
    };
    let (february, july, later) = (at("2025-02-06"), at("2025-07-14"), at("2025-07-21"));
    let changes = diff(&february, &july, &source.noise);
    assert!(format!("{changes:?}").contains("Grand Aston La Habana"), "{changes:#?}");
    // A week later new mark-up, and six dates whose year had been wrong.
    let corrections = diff(&july, &later, &source.noise);
    let [correction] = &corrections[..] else { panic!("{corrections:#?}") };
    let [field] = &correction.fields[..] else { panic!("{correction:#?}") };
    let corrected = field.before.as_deref().map(|text| text.replace("July 14, 2024", "July 14, 2025"));
    assert_eq!(corrected, field.after);
}

#[test]
fn the_registers_api_is_read_as_the_catalogue_asks_it() {
    let Some(corpus) = super::corpus() else { return };
    let capture = "federal_register/api_json/documents_fcc_rule_notice_newest_2026-09-21.json";
    let body = fs::read(corpus.join(capture)).unwrap();
    let config = config();
    let registers: Vec<&str> = config
        .sources
        .iter()
        .filter(|source| source.kind.name() == "federal-register")
        .map(|source| source.id.as_str())
        .collect();
    assert!(registers.len() >= 4, "{registers:?}");
    for id in registers {
        let document = read(&config, id, &body);
        assert!(
            document.entries.iter().any(|entry| entry.title.starts_with("Promoting Fair and Open")),
            "{id}"
        );
    }
}

#[test]
fn every_source_of_the_catalogue_says_what_it_misses_and_when_it_is_read_in_its_own_zone() {
    let config = config();
    for source in &*config.sources {
        assert!(source.misses.is_some(), "{}", source.id);
        assert_ne!(source.timezone, chrono_tz::UTC, "{}", source.id);
    }
}
