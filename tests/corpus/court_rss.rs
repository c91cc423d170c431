//! Courts' feeds, each beside what another project's parser made of it.

use std::collections::BTreeSet;
use std::fs;

use regwatch::domain::entry::{Document, Entry};
use regwatch::domain::source::SourceKind;
use regwatch::extract::{Page, extract};
use serde_json::Value;

fn read(body: &[u8], court: &str) -> Document {
    let url = format!("https://ecf.{court}.uscourts.gov/rss").parse().unwrap();
    extract(&SourceKind::CourtRss, &Page { body, content_type: Some("text/xml"), url: &url }).unwrap()
}

/// Captions as the other parser spells them: it writes out the United States and drops "et al"
/// and odd characters.
fn harmonised(caption: &str) -> String {
    let caption =
        caption.replace("USA", "United States").replace("United States of America", "United States");
    let caption = caption.replace("U.S.A.", "United States").replace(" vs ", " v. ");
    let words: Vec<&str> = caption.split_whitespace().collect();
    let mut caption = words
        .join(" ")
        .replace(", et al.", "")
        .replace(", et al", "")
        .replace(" et al.", "")
        .replace(" et al", "");
    if caption.is_empty() {
        caption.push_str("Unknown Case Title");
    }
    let caption = caption.to_lowercase().replace("the united states", "united states");
    caption
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn field<'a>(entry: &'a Entry, name: &str) -> &'a str {
    entry.fields.get(name).map_or("", String::as_str)
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

/// Compares what both parsers can say of an entry.
fn compare(court: &str, docket: &Value, entry: &Entry) {
    let expected = &docket["docket_entries"][0];
    let place = format!("{court} {}", entry.key);
    assert_eq!(field(entry, "case"), text(docket, "docket_number"), "{place}");
    assert_eq!(harmonised(field(entry, "caption")), harmonised(text(docket, "case_name")), "{place}");
    assert_eq!(
        events(field(entry, "event"), "; "),
        events(text(expected, "short_description"), " AND "),
        "{place}"
    );
    assert_eq!(
        entry.date.map(|date| date.to_string()).as_deref(),
        expected["date_filed"].as_str(),
        "{place}"
    );
    assert_eq!(field(entry, "document"), text(expected, "document_number"), "{place}");
    assert!(field(entry, "links").contains(text(expected, "pacer_doc_id")), "{place}");
    assert!(entry.url.is_some(), "{place}");
}

#[test]
fn every_feed_agrees_with_the_parse_beside_it() {
    let Some(corpus) = crate::corpus() else { return };
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
            document.entries.iter().filter(|entry| !field(entry, "case").contains('~')).collect();
        assert_eq!(found.len(), expected.len(), "{court}");
        for (docket, entry) in expected.into_iter().zip(found) {
            compare(&court, docket, entry);
        }
        entries += document.entries.len();
    }
    assert_eq!(entries, 393);
}

#[test]
fn one_order_in_two_consolidated_cases_is_two_entries() {
    let Some(corpus) = crate::corpus() else { return };
    let document = read(&fs::read(corpus.join("dockets/rss/cadc.xml")).unwrap(), "cadc");
    let keys: Vec<&str> = document.entries.iter().map(|entry| entry.key.as_str()).take(2).collect();
    assert_eq!(keys, ["22-1214/1984499", "22-1315/1984499"]);
}
