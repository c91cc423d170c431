//! Courts' feeds, each beside what another project's parser made of it.

use std::collections::BTreeSet;
use std::fs;

use regwatch::domain::entry::{Document, Entry};
use regwatch::domain::source::{DocketSettings, SourceKind};
use regwatch::extract::{RawDocument, extract};
use serde_json::Value;

use crate::docket::{Agreement, field, harmonised, text};

fn read_with(settings: DocketSettings, body: &[u8], court: &str) -> Document {
    let url = format!("https://ecf.{court}.uscourts.gov/rss").parse().unwrap();
    let page = RawDocument { body, content_type: Some("text/xml"), url: &url };
    extract(&SourceKind::CourtRss(settings), &page).unwrap()
}

fn read(body: &[u8], court: &str) -> Document {
    read_with(DocketSettings::default(), body, court)
}

fn events<'a>(text: &'a str, separator: &str) -> BTreeSet<&'a str> {
    text.split(separator).map(str::trim).filter(|event| !event.is_empty()).collect()
}

/// The other parser's dockets, those of several defendants in one criminal case as one: a reader
/// knows the case by its number, and an order in it is one piece of news.
fn filings(dockets: &[Value]) -> Vec<&Value> {
    let mut seen = BTreeSet::new();
    let identity = |docket: &Value| {
        let entry = &docket["docket_entries"][0];
        [text(docket, "docket_number"), text(entry, "date_filed"), text(entry, "document_number")].join("/")
    };
    dockets.iter().filter(|docket| seen.insert(identity(docket))).collect()
}

/// What both parsers can say of an entry.
fn compare(agreement: &mut Agreement, place: &str, docket: &Value, entry: &Entry) {
    let expected = &docket["docket_entries"][0];
    let place = format!("{place} {}", entry.key);
    agreement.field(&place, "docket", field(entry, "docket"), text(docket, "docket_number"));
    let captions = (harmonised(field(entry, "caption")), harmonised(text(docket, "case_name")));
    agreement.field(&place, "caption", &captions.0, &captions.1);
    let said = events(field(entry, "text"), "; ");
    let expected_events = events(text(expected, "short_description"), " AND ");
    agreement.field(&place, "text", &format!("{said:?}"), &format!("{expected_events:?}"));
    let date = entry.date.map(|date| date.to_string()).unwrap_or_default();
    agreement.field(&place, "date", &date, text(expected, "date_filed"));
    agreement.field(&place, "entered", field(entry, "entered"), text(expected, "date_filed"));
    let paper = text(expected, "pacer_doc_id");
    let is_there = field(entry, "links").contains(paper);
    agreement.field(&place, "document", if is_there { paper } else { field(entry, "links") }, paper);
    // Where a court gives no numbers, the other parser takes the document's.
    let number = if field(entry, "number").is_empty() { paper } else { field(entry, "number") };
    agreement.field(&place, "number", number, text(expected, "document_number"));
    assert!(entry.url.is_some(), "{place}");
}

#[test]
fn every_feed_agrees_with_the_parse_beside_it() {
    let Some(corpus) = crate::corpus() else { return };
    let mut agreement = Agreement::of("court feeds");
    let mut entries = 0;
    for file in fs::read_dir(corpus.join("dockets/rss")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "xml") {
            continue;
        }
        let court = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let expected: Value =
            serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        let expected = filings(expected.as_array().unwrap());
        let document = read(&fs::read(&path).unwrap(), court.split('_').next().unwrap());
        // The other parser passes over the one case number it finds bad.
        let found: Vec<&Entry> =
            document.entries.iter().filter(|entry| !field(entry, "docket").contains('~')).collect();
        assert_eq!(found.len(), expected.len(), "{court}");
        for (docket, entry) in expected.into_iter().zip(found) {
            compare(&mut agreement, &court, docket, entry);
        }
        entries += document.entries.len();
    }
    assert_eq!(entries, 393);
    agreement.is_whole();
}

#[test]
fn one_order_in_two_consolidated_cases_is_two_entries() {
    let Some(corpus) = crate::corpus() else { return };
    let body = fs::read(corpus.join("dockets/rss/cadc.xml")).unwrap();
    let keys = |document: Document| -> Vec<String> {
        document.entries.into_iter().map(|entry| entry.key).take(2).collect()
    };
    assert_eq!(keys(read(&body, "cadc")), ["22-1214/1984499", "22-1315/1984499"]);
    let one = DocketSettings { dockets: vec!["22-1315".to_owned()], ..DocketSettings::default() };
    assert_eq!(keys(read_with(one, &body, "cadc")), ["22-1315/1984499"]);
}

#[test]
fn the_feeds_beside_the_pages_of_an_aggregator_are_read() {
    let Some(corpus) = crate::corpus() else { return };
    for (name, court, count) in [("rss_ca10", "ca10", 3), ("rss_sample_unnumbered_mdb", "mdb", 1)] {
        let document = read(&fs::read(corpus.join(format!("courtlistener/{name}.xml"))).unwrap(), court);
        assert_eq!(document.entries.len(), count, "{name}");
    }
}
