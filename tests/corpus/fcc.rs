//! Four states of the FCC's Covered List, as captured from May to July 2026.

use std::fs;
use std::path::Path;

use regwatch::domain::assess::assess;
use regwatch::domain::change::{ChangeKind, EntryChange};
use regwatch::domain::diff::diff;
use regwatch::domain::entry::Document;
use regwatch::domain::matching::Watchlist;
use regwatch::domain::noise::Noise;
use regwatch::domain::source::SourceKind;
use regwatch::extract::{RawDocument, extract};

pub const URL: &str = "https://www.fcc.gov/supplychain/coveredlist";

pub fn read(html: &str) -> Document {
    let url = URL.parse().unwrap();
    let page =
        RawDocument { body: html.as_bytes(), content_type: Some("text/html; charset=utf-8"), url: &url };
    extract(&SourceKind::FccCoveredList, &page).unwrap()
}

/// The page's HTML: a captured table stands in it as it is, captured rows are put into the table's structure.
pub fn page(corpus: &Path, day: &str) -> String {
    let folder = corpus.join("fcc_covered_list");
    let table = fs::read_to_string(folder.join(format!("{day}_table.html")))
        .unwrap_or_else(|_| rendered(&fs::read_to_string(folder.join(format!("{day}_table.csv"))).unwrap()));
    format!(
        "<!DOCTYPE html><title>List of Covered Equipment and Services | FCC</title>\
         <main><div id=\"covered-list\">{table}</div><div id=\"conditional-approvals\"><table>\
         <tr><th>Covered Equipment or Services*</th><th>Date of Inclusion on Covered List</th></tr>\
         <tr><td>Routers by <strong>Freed Networks Inc.</strong></td><td>June 1, 2026</td></tr></table></div></main>"
    )
}

fn rendered(csv: &str) -> String {
    let rows: Vec<String> = csv::Reader::from_reader(csv.as_bytes())
        .into_records()
        .map(|record| {
            let record = record.unwrap();
            let mut dates = record[1].split("Updated:");
            let included = dates.next().unwrap();
            let updated = dates.map(|date| format!("Updated:<br/>{date}")).collect::<Vec<_>>().join("<br/><br/>");
            let subject = record[0].replace('&', "&amp;").replace('<', "&lt;");
            format!("<tr><td>{subject}</td><td><p class=\"rtecenter\">{included}</p><p class=\"rtecenter\">{updated}</p></td></tr>")
        })
        .collect();
    format!(
        "<table><thead><tr><th><p><strong>Covered Equipment or Services*</strong></p></th>\
         <th><p><strong>Date of Inclusion on Covered List</strong></p></th></tr></thead><tbody>{}</tbody></table>",
        rows.concat()
    )
}

fn changes(corpus: &Path, before: &str, after: &str) -> Vec<EntryChange> {
    let noise = Noise::of(SourceKind::FccCoveredList.default_noise());
    diff(&read(&page(corpus, before)), &read(&page(corpus, after)), &noise)
}

fn kinds(changes: &[EntryChange]) -> Vec<(ChangeKind, &str)> {
    changes.iter().map(|change| (change.kind, change.key.as_str())).collect()
}

fn fields(change: &EntryChange) -> Vec<&str> {
    change.fields.iter().map(|field| field.name.as_str()).collect()
}

#[test]
fn every_row_of_the_captured_table_is_known_by_whom_it_names() {
    let Some(corpus) = crate::corpus() else { return };
    let document = read(&page(&corpus, "2026-05-14"));
    let keys: Vec<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "huawei-technologies-company/2021-03-12",
            "zte-corporation/2021-03-12",
            "hytera-communications-corporation/2021-03-12",
            "hangzhou-hikvision-digital-technology-company/2021-03-12",
            "dahua-technology-company/2021-03-12",
            "ao-kaspersky-lab/2022-03-25",
            "china-mobile-international-usa-inc/2022-03-25",
            "china-telecom-americas-corp/2022-03-25",
            "pacific-networks-corp/2022-09-20",
            "china-unicom-americas-operations-limited/2022-09-20",
            "kaspersky-lab-inc/2024-07-23",
            "uncrewed-aircraft-systems-uas-and-uas-critical-components/2025-12-22",
            "routers/2026-03-23",
        ]
    );
    let drones = &document.entries[11];
    assert_eq!(drones.fields["updated"], "2026-01-07\n2026-03-18");
    assert!(
        drones.fields["links"]
            .contains("UAS critical components\thttps://bluelist.appsplatformportals.us/Framework/")
    );
}

#[test]
fn a_state_without_markup_has_the_same_keys_and_titles() {
    let Some(corpus) = crate::corpus() else { return };
    let names = |day: &str| -> Vec<(String, String)> {
        read(&page(&corpus, day)).entries.into_iter().map(|entry| (entry.key, entry.title)).collect()
    };
    let captured = names("2026-05-14");
    assert_eq!(captured, names("2026-05-21"));
    assert_eq!(captured, names("2026-06-23"));
    assert_eq!(captured, names("2026-07-20")[..13]);
}

#[test]
fn from_14_to_21_may_there_is_noise_only() {
    let Some(corpus) = crate::corpus() else { return };
    assert_eq!(changes(&corpus, "2026-05-14", "2026-05-21"), []);
}

#[test]
fn from_21_may_to_23_june_the_drones_are_amended() {
    let Some(corpus) = crate::corpus() else { return };
    let changes = changes(&corpus, "2026-05-21", "2026-06-23");
    assert_eq!(
        kinds(&changes),
        [(ChangeKind::Amended, "uncrewed-aircraft-systems-uas-and-uas-critical-components/2025-12-22")]
    );
    assert_eq!(fields(&changes[0]), ["text", "updated"]);
    assert_eq!(changes[0].fields[1].after.as_deref(), Some("2026-01-07\n2026-03-18\n2026-06-15"));
}

#[test]
fn from_23_june_to_20_july_one_is_added_and_one_shortened_in_silence() {
    let Some(corpus) = crate::corpus() else { return };
    let changes = changes(&corpus, "2026-06-23", "2026-07-20");
    assert_eq!(
        kinds(&changes),
        [
            (ChangeKind::Amended, "kaspersky-lab-inc/2024-07-23"),
            (ChangeKind::Added, "digitalsystem-technology-inc/2026-07-07"),
        ]
    );
    assert_eq!(fields(&changes[0]), ["text"]);
}

#[test]
fn the_states_pass_the_guard_one_after_another() {
    let Some(corpus) = crate::corpus() else { return };
    let source = crate::source(SourceKind::FccCoveredList, URL);
    let watchlist = Watchlist::new(Vec::new()).unwrap();
    let mut baseline = None;
    let mut told = Vec::new();
    for day in ["2026-05-14", "2026-05-21", "2026-06-23", "2026-07-20"] {
        let html = page(&corpus, day);
        let read_facts = crate::read_of(&source.url, 200, html.as_bytes());
        let assessment = assess(&source, baseline.as_ref(), read(&html), read_facts, &watchlist).unwrap();
        told.push(assessment.changes.len());
        baseline = assessment.baseline.or(baseline);
    }
    assert_eq!(told, [0, 0, 1, 2]);
}
