//! Every shipped source is good at first sight, silent at the second, and tells one row that names a tracked company.

use std::collections::BTreeSet;

use regwatch::config::Config;
use regwatch::domain::source::{Source, SourceKind};

use crate::install::{Install, shipped};
use crate::left_out::left_out;
use crate::world;

/// Whether certificates can be made here.
pub fn can_be_played() -> bool {
    let ran = std::process::Command::new("openssl").arg("version").output();
    let is_there = ran.is_ok_and(|output| output.status.success());
    if !is_there {
        left_out("the recorded world of the catalogue", "openssl is not installed");
    }
    is_there
}

/// All sources that can be read without a key of one's own.
fn open(config: &Config) -> Vec<&Source> {
    config.all_sources().filter(|source| source.catalogue.off.is_none()).collect()
}

/// Lists of more rows take an unoptimised program minutes, most of them for comparing names.
const LARGE_ROWS: usize = 3_000;

#[test]
fn every_source_but_the_largest_is_good_then_silent_and_tells_one_row_that_names_a_tracked_company() {
    let config = shipped();
    let is_small = |source: &&Source| world::size(source, 150, false).rows <= LARGE_ROWS;
    let sources: Vec<&Source> = open(&config).into_iter().filter(is_small).collect();
    replay(&sources);
}

/// For an optimised program: `cargo test --release --test catalogue`. `REGWATCH_SOURCES` names some of them.
#[test]
#[cfg_attr(debug_assertions, ignore = "an unoptimised program takes minutes for the largest lists")]
fn the_whole_catalogue_is_good_then_silent_and_tells_one_row_that_names_a_tracked_company() {
    let config = shipped();
    let named = std::env::var_os("REGWATCH_SOURCES").unwrap_or_default().into_string().unwrap();
    let is_named = |source: &&Source| named.is_empty() || named.split(',').any(|id| id == source.id.as_str());
    let sources: Vec<&Source> = open(&config).into_iter().filter(is_named).collect();
    replay(&sources);
}

/// What is off waits for somebody who confirms an address or a form, or has a key. In the form that is documented each is
/// read as well as the others, so that nothing else stands in the way. Of a PDF there is no such form.
#[test]
fn every_source_that_is_off_could_be_switched_on() {
    let config = shipped();
    let is_off = |source: &&Source| source.catalogue.off.is_some();
    let has_form = |source: &&Source| !matches!(source.kind, SourceKind::PdfText(_));
    let sources: Vec<&Source> = config.all_sources().filter(is_off).filter(has_form).collect();
    assert!(sources.iter().any(|source| matches!(source.kind, SourceKind::RegisterRules(_))));
    replay_in(&sources, Install::switched_on);
}

/// The most memory that an optimised program may take for a first and a second read of the whole catalogue, in MiB. That
/// every list changes at once is not expected of any day.
const MAX_MIB: u64 = 256;

#[expect(clippy::print_stdout, reason = "memory is a figure to be shown")]
fn show_peak(read: &str, peak_kib: u64) {
    println!("{read}: peak {} MiB", peak_kib >> 10);
}

fn check_peak(read: &str, peak_kib: u64) {
    show_peak(read, peak_kib);
    assert!(cfg!(debug_assertions) || peak_kib <= MAX_MIB << 10, "{read}: {peak_kib} KiB");
}

/// Reads these sources in their world: as it is, as it is again, and with one row more.
fn replay(sources: &[&Source]) {
    replay_in(sources, Install::of);
}

fn replay_in(sources: &[&Source], install: fn(&[&Source], &[&str]) -> Install) {
    if !can_be_played() {
        return;
    }
    let groups: BTreeSet<&str> =
        sources.iter().flat_map(|source| source.catalogue.groups.iter().map(String::as_str)).collect();
    let install = install(sources, &groups.into_iter().collect::<Vec<_>>());
    let ids: Vec<&str> = sources.iter().map(|source| source.id.as_str()).collect();
    world::answer(&install.proxy, sources, 150, false);

    let (first, peak) = install.check(&ids, &[0]);
    check_peak(&format!("first read of {} sources", first.len()), peak);
    assert_eq!(first.len(), sources.len());
    for source in sources {
        let report = &first[source.id.as_str()];
        assert_eq!(report["verdict"], "good", "{report:#}");
        let rows = world::size(source, 150, false).rows as u64;
        let entries = report["entries"].as_u64().unwrap();
        assert!(entries >= rows && entries <= rows + 2, "{rows} rows: {report:#}");
        assert!(report["changes"].as_array().unwrap().is_empty(), "{report:#}");
    }

    let (again, peak) = install.check(&ids, &[0]);
    check_peak("second read", peak);
    for (id, report) in &again {
        assert!(matches!(report["verdict"].as_str(), Some("good" | "not-modified")), "{id}: {report:#}");
        assert!(report["changes"].as_array().unwrap().is_empty(), "{id}: {report:#}");
    }

    world::answer(&install.proxy, sources, 150, true);
    let (told, peak) = install.check(&ids, &[0]);
    show_peak("third read", peak);
    for (id, report) in &told {
        let changes = report["changes"].as_array().unwrap();
        assert_eq!(changes.len(), 1, "{id}: {report:#}");
        assert!(changes[0].to_string().contains("hikvision"), "{id}: {report:#}");
    }
}

#[test]
fn minimum_and_drop_limits_stand_ten_to_twenty_percent_under_the_healthy_count() {
    for source in shipped().all_sources() {
        let Some(entries) = source.catalogue.observed.as_ref().and_then(|observed| observed.entries) else {
            continue;
        };
        let share = source.guard.min_entries * 100 / entries as usize;
        let is_window = source.guard.min_entries == 0;
        assert!(is_window || (80..=90).contains(&share), "{}: {share}% of {entries}", source.id);
        assert!(is_window || source.guard.max_drop_percent <= 20, "{}", source.id);
    }
}

#[test]
fn every_shipped_source_says_what_was_observed_and_how_that_is_known() {
    for source in shipped().all_sources() {
        assert!(source.catalogue.observed.is_some(), "{}", source.id);
        let grows = |bytes: u32| bytes as usize * 3 / 2 < source.request.max_body_bytes.unwrap_or(16 << 20);
        let bytes = source.catalogue.observed.as_ref().and_then(|observed| observed.bytes);
        assert!(bytes.is_none_or(grows), "{}: half as large again is over max_body", source.id);
    }
}

/// What is read of a document, save what every answer has.
const OF_A_DOCUMENT: [&str; 13] = [
    "abstract",
    "action",
    "agencies",
    "citation",
    "comments_close_on",
    "correction_of",
    "corrections",
    "dates",
    "docket_ids",
    "effective_on",
    "html_url",
    "pdf_url",
    "publication_date",
];

#[test]
fn every_search_of_the_federal_register_asks_for_all_that_is_read() {
    let mut searches = 0;
    for source in shipped().all_sources() {
        if !matches!(source.kind, SourceKind::FederalRegister(_)) {
            continue;
        }
        searches += 1;
        let asked: Vec<String> = source
            .url
            .query_pairs()
            .filter(|(name, _)| name == "fields[]")
            .map(|(_, field)| field.into_owned())
            .collect();
        for field in OF_A_DOCUMENT {
            assert!(asked.iter().any(|asked| asked == field), "{}: {field}", source.id);
        }
    }
    assert_eq!(searches, 5);
}
