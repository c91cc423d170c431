//! A page leads to the file that is read: a new edition under a new address, and a file within a ZIP.

use std::io::{Cursor, Write as _};

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::{Home, Site};

fn source(url: &str) -> String {
    format!(
        "[[source]]\nid = \"denied\"\nkind = \"dpl\"\ntitle = \"Denied Persons List\"\nurl = \"{url}/list\"\n\
         link = {{ text = \"Export as CSV\" }}\nschedule = \"@daily\"\nguard = {{ min_entries = 2 }}\n"
    )
}

fn edition(rows: &[&str]) -> String {
    let head = "\u{feff}Name_and_Address,Effective_Date,Expiration_Date,Type of Denial,\
                Appropriate Federal Register Citations\r\n";
    let rows: String = rows
        .iter()
        .map(|name| format!("\"{name}, 1 ELM, SPRINGFIELD, , US, \",01/02/2020,,Standard,89 F.R. 1\r\n"))
        .collect();
    format!("{head}{rows}")
}

fn page(links: &str) -> String {
    format!("<!DOCTYPE html><html><head><title>Denied Persons List</title></head><body>{links}</body></html>")
}

fn csv(site: &Site, path: &str, rows: &[&str]) {
    site.answer(path, 200, &[("content-type", "text/csv"), ("etag", "\"always\"")], edition(rows));
}

#[track_caller]
fn only(report: &Value) -> &Value {
    &report["sources"][0]
}

#[test]
fn a_new_edition_under_a_new_address_is_read_though_the_old_file_stays() {
    let site = Site::start();
    let home = Home::with_sources(&source(&site.url));
    home.subscribe("a@reader.example", "hikvision");
    site.page("/list", page("<a href=\"/files/list_1.csv\">Export as CSV</a>"));
    csv(&site, "/files/list_1.csv", &["AMBER CO", "JOHN DOE"]);
    assert_eq!(only(&home.check(0))["entries"], 2);
    assert!(only(&home.check(0))["changes"].as_array().unwrap().is_empty());

    site.page("/list", page("<a href=\"/files/list_2.csv\">Export as CSV</a>"));
    csv(&site, "/files/list_2.csv", &["AMBER CO", "JOHN DOE", "HIKVISION USA INC."]);
    let report = home.check(0);
    let changes = only(&report)["changes"].as_array().unwrap();
    assert_eq!(changes.len(), 1, "{report:#}");
    assert_eq!(changes[0]["title"], "HIKVISION USA INC.", "{report:#}");
    let letters = home.letters_to("a@reader.example");
    assert_eq!(letters.len(), 1);
    assert!(letters[0].text.contains("/files/list_2.csv"), "the proof is the file: {}", letters[0].text);

    for (links, said) in [
        ("", "the link \\\"Export as CSV\\\""),
        (
            "<a href=\"/files/list_1.csv\">Export as CSV</a><a href=\"/files/list_2.csv\">Export as CSV</a>",
            "expected one",
        ),
        ("<a href=\"https://elsewhere.example/list.csv\">Export as CSV</a>", "is not among its hosts"),
    ] {
        site.page("/list", page(links));
        let report = home.check(4);
        assert_eq!(only(&report)["verdict"], "suspect", "{report:#}");
        assert!(only(&report)["reason"].to_string().contains(said), "{report:#}");
    }
}

#[test]
fn a_list_within_a_zip_is_read() {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    zip.start_file("public/LIST_26.CSV", SimpleFileOptions::default()).unwrap();
    zip.write_all(edition(&["AMBER CO", "JOHN DOE"]).as_bytes()).unwrap();
    let packed = zip.finish().unwrap().into_inner();
    let router = Router::new()
        .route("/list", get(|| async { Html(page("<a href=\"/list.zip\">Export as CSV</a>")) }))
        .route("/list.zip", get(move || async move { ([("content-type", "application/zip")], packed) }));
    let home = Home::with_sources(&(source(&Site::serve(router)) + "member = \"list_*.csv\"\n"));
    let report = home.check(0);
    assert_eq!(only(&report)["entries"], 2, "{report:#}");
    home.amend("list_*.csv", "other.csv");
    let report = home.check(4);
    assert!(only(&report)["reason"].to_string().contains("a ZIP without it"), "{report:#}");
}
