//! Answers of gatekeepers, error pages and log-ins: none may ever move a baseline.

use std::fs;
use std::path::Path;

use regwatch::domain::assess::assess;
use regwatch::domain::block::ResponseFacts;
use regwatch::domain::id::BodyHash;
use regwatch::domain::matching::Watchlist;
use regwatch::domain::quality::Quality;
use regwatch::domain::response::ResponseMeta;
use regwatch::domain::snapshot::{Baseline, Snapshot};
use regwatch::domain::source::{
    DocketSettings, PageTextSettings, Pairs, RowSettings, Source, SourceKind, TableSettings,
};
use regwatch::extract::{RawDocument, extract, face};
use serde_json::Value;
use url::Url;

/// An answer as far as its capture tells.
struct Answer {
    name: String,
    status: u16,
    headers: Vec<(String, String)>,
    /// Where a redirect led, if one did.
    redirected: Option<Url>,
    body: Vec<u8>,
}

impl Answer {
    /// A captured body without its headers, as a server in good faith would send it.
    fn of_body(name: String, body: Vec<u8>) -> Self {
        Self {
            name,
            status: 200,
            headers: vec![("content-type".to_owned(), "text/html".to_owned())],
            redirected: None,
            body,
        }
    }

    /// A transcript: status line, headers, blank line, body.
    fn of_transcript(name: String, text: &str) -> Self {
        let (head, body) =
            text.replace("\r\n", "\n").split_once("\n\n").map(|(h, b)| (h.to_owned(), b.to_owned())).unwrap();
        let status = head
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|digits| digits.parse().ok())
            .find(|status| (200..600).contains(status))
            .unwrap();
        let headers = head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
            .collect();
        Self { name, status, headers, redirected: None, body: body.into_bytes() }
    }

    /// A record of status, headers and title. The body was not kept: the title stands for it.
    fn of_record(path: &Path) -> Self {
        let record: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let record = &record["data"];
        let headers = record["headers"].as_object().into_iter().flatten();
        let title = record["title"].as_str().unwrap_or_default();
        let body = fs::read(path.with_extension("body")).unwrap_or_else(|_| {
            let is_empty = record["content_length"] == 0;
            let page =
                format!("<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>");
            if is_empty { Vec::new() } else { page.into_bytes() }
        });
        Self {
            name: path.display().to_string(),
            status: record["status"].as_u64().unwrap().try_into().unwrap(),
            headers: headers
                .map(|(name, value)| (name.to_lowercase(), value.as_str().unwrap_or_default().to_owned()))
                .collect(),
            redirected: record["source_metadata"]["redirected_url"].as_str().and_then(|url| url.parse().ok()),
            body,
        }
    }

    /// A recorded exchange (HAR).
    fn of_exchange(path: &Path) -> Self {
        let har: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
        let response = &har["log"]["entries"][0]["response"];
        let headers = response["headers"].as_array().unwrap().iter();
        Self {
            name: path.display().to_string(),
            status: response["status"].as_u64().unwrap().try_into().unwrap(),
            headers: headers
                .map(|header| {
                    let text = |name: &str| header[name].as_str().unwrap_or_default();
                    (text("name").to_lowercase(), text("value").to_owned())
                })
                .collect(),
            redirected: None,
            body: response["content"]["text"].as_str().unwrap_or_default().as_bytes().to_vec(),
        }
    }

    fn content_type(&self) -> Option<&str> {
        self.headers.iter().find(|(name, _)| name == "content-type").map(|(_, value)| value.as_str())
    }

    /// What speaks against the answer before its entries are read.
    fn quality(&self, requested: &Url) -> Quality {
        let answered = self.redirected.as_ref().unwrap_or(requested);
        let face = face(&RawDocument { body: &self.body, content_type: self.content_type(), url: answered });
        let facts = ResponseFacts {
            status: self.status,
            headers: &self.headers,
            requested,
            answered,
            body: &self.body,
            title: face.title.as_deref(),
        };
        facts.quality().with(face.signs())
    }
}

/// A source of every kind, after its first good read.
fn tracked(corpus: &Path) -> Vec<(Source, Baseline)> {
    let table = TableSettings {
        selector: "table".to_owned(),
        columns: Pairs::of(&[("Entity", "name"), ("Date", "date")]),
        caption: None,
        one_page: false,
        rows: RowSettings { key: vec!["name".to_owned()], ..RowSettings::default() },
    };
    let text = PageTextSettings { keep: vec!["main".to_owned()], drop: Vec::new(), one_page: false };
    let rss = "<rss version='2.0'><channel><title>Orders</title><item><title>23-1 A v. B</title><guid>1</guid></item></channel></rss>";
    let good = [
        (SourceKind::FccCoveredList, super::fcc::page(corpus, "2026-07-20")),
        (
            SourceKind::HtmlTable(table),
            "<table><tr><th>Entity<th>Date<tr><td>A<td>1<tr><td>B<td>2</table>".to_owned(),
        ),
        (SourceKind::PageText(text), "<main><h1>Guide</h1>One.<h2>Two</h2>Three.</main>".to_owned()),
        (SourceKind::CourtRss(DocketSettings::default()), rss.to_owned()),
        (SourceKind::Feed, rss.to_owned()),
    ];
    good.into_iter()
        .map(|(kind, body)| first_read(crate::source(kind, "https://agency.test/list"), &body))
        .collect()
}

fn first_read(source: Source, body: &str) -> (Source, Baseline) {
    let page = RawDocument { body: body.as_bytes(), content_type: None, url: &source.url };
    let document = extract(&source.kind, &page).unwrap();
    let snapshot = Snapshot {
        source: source.id.clone(),
        sequence: 1,
        response: ResponseMeta {
            read_at: chrono::DateTime::UNIX_EPOCH,
            url: source.url.to_string(),
            status: 200,
            headers: Vec::new(),
            sha256: BodyHash::of(body.as_bytes()),
            body_bytes: body.len() as u64,
        },
        fingerprint: source.fingerprint(),
        entries: document.entries.len(),
    };
    (source, Baseline { snapshot, document })
}

/// Whether the answer, read after a good one, is taken for the source.
fn is_taken(source: &Source, baseline: &Baseline, answer: &Answer) -> bool {
    if answer.quality(&source.url).is_blocked() {
        return false;
    }
    let page = RawDocument { body: &answer.body, content_type: answer.content_type(), url: &source.url };
    let Ok(document) = extract(&source.kind, &page) else { return false };
    let read = crate::read_of(&source.url, answer.status, &answer.body);
    let watchlist = Watchlist::new(Vec::new()).unwrap();
    assess(source, Some(baseline), document, read, &watchlist).is_ok()
}

#[track_caller]
fn none_is_taken(answers: &[Answer]) {
    let Some(corpus) = crate::corpus() else { return };
    assert!(!answers.is_empty());
    for (source, baseline) in tracked(&corpus) {
        for answer in answers {
            assert!(!is_taken(&source, &baseline, answer), "{} was taken for {}", answer.name, source.kind);
        }
    }
}

/// The files of a folder of block pages, by path.
fn files(folder: &str) -> Vec<std::path::PathBuf> {
    let Some(corpus) = crate::corpus() else { return Vec::new() };
    let folder = corpus.join("block_pages").join(folder);
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn a_captured_block_page_is_never_taken_for_the_source() {
    let folders = [
        "akamai_access_denied",
        "captive_portal",
        "cloudflare_challenge",
        "f5_request_rejected",
        "federal_register_request_access",
        "http_errors",
        "incapsula",
        "pacer_not_appellate_dockets",
        "pacer_not_dockets",
    ];
    let answers: Vec<Answer> = folders
        .iter()
        .flat_map(|folder| files(folder))
        .map(|path| {
            let name = path.display().to_string();
            let body = fs::read(&path).unwrap();
            if path.extension().is_some_and(|extension| extension == "http") {
                Answer::of_transcript(name, &String::from_utf8_lossy(&body))
            } else {
                Answer::of_body(name, body)
            }
        })
        .collect();
    if crate::corpus().is_some() {
        assert_eq!(answers.len(), 26);
        none_is_taken(&answers);
    }
}

#[test]
fn an_exchange_with_an_anti_bot_system_is_never_taken_for_the_source() {
    let failed = files("antibot_har").into_iter().filter(|path| path.to_string_lossy().contains("_failed"));
    let answers: Vec<Answer> = failed.map(|path| Answer::of_exchange(&path)).collect();
    if crate::corpus().is_some() {
        none_is_taken(&answers);
    }
}

#[test]
fn an_error_page_does_not_become_a_list() {
    let Some(corpus) = crate::corpus() else { return };
    let incident = corpus.join("block_pages/incident_error_page_became_list/2_polluted_by_error_page.rsc");
    let polluted = fs::read_to_string(incident).unwrap();
    let page: Vec<&str> =
        polluted.lines().filter_map(|line| line.split_once("address=")).map(|(_, html)| html).collect();
    assert_eq!(page.first(), Some(&"<!DOCTYPE html>"));
    none_is_taken(&[Answer::of_body("the incident".to_owned(), page.join("\n").into_bytes())]);
}

/// The records and what their folders say of their quality, 0 blocked to 1 real.
fn records() -> Vec<(f64, Answer)> {
    let mut records = Vec::new();
    for folder in files("edgi_response_records") {
        let quality = folder.to_string_lossy().rsplit_once('-').unwrap().1.parse().unwrap();
        for path in fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
            if path.extension().is_some_and(|extension| extension == "json") {
                records.push((quality, Answer::of_record(&path)));
            }
        }
    }
    records
}

#[test]
fn a_recorded_block_is_never_taken_for_the_source() {
    let blocked: Vec<Answer> =
        records().into_iter().filter(|(quality, _)| *quality < 1.0).map(|(_, answer)| answer).collect();
    if crate::corpus().is_some() {
        assert_eq!(blocked.len(), 16);
        none_is_taken(&blocked);
    }
}

#[test]
fn every_recorded_answer_has_the_quality_its_folder_states() {
    let mut differing = Vec::new();
    for (stated, answer) in records() {
        let requested = answer.redirected.clone().filter(|_| stated >= 1.0);
        let requested = requested.unwrap_or_else(|| "https://agency.test/list".parse().unwrap());
        let found = answer.quality(&requested);
        if (found.score() - stated).abs() > f64::EPSILON {
            differing.push(format!("{}: {} ({found}), stated {stated}", answer.name, found.score()));
        }
    }
    assert!(differing.is_empty(), "{differing:#?}");
}

#[test]
fn a_good_exchange_has_nothing_against_it() {
    let good = files("antibot_har").into_iter().filter(|path| path.to_string_lossy().contains("_success"));
    for path in good {
        let mut answer = Answer::of_exchange(&path);
        // The body was not kept.
        answer.body = b"<!DOCTYPE html><html lang=en><head><title>A video</title></head></html>".to_vec();
        assert_eq!(answer.quality(&"https://agency.test/list".parse().unwrap()), Quality::default());
    }
}

/// Every page of these folders is a real one, as its site served it.
#[test]
fn no_good_page_is_taken_for_a_block() {
    let Some(corpus) = crate::corpus() else { return };
    let folders = ["courtlistener", "dockets", "entity_lists", "fcc_ecfs_edocs", "fcc_site", "page_versions"];
    let requested: Url = "https://agency.test/list".parse().unwrap();
    let (mut looked_at, mut taken) = (0, Vec::new());
    for path in folders.iter().flat_map(|folder| pages_below(&corpus.join(folder))) {
        let answer = Answer::of_body(path.display().to_string(), fs::read(&path).unwrap());
        let quality = answer.quality(&requested);
        looked_at += 1;
        if quality != Quality::default() {
            taken.push(format!("{}: {quality}", answer.name));
        }
    }
    println!("{looked_at} good pages looked at");
    assert!(looked_at > 50, "{looked_at}");
    assert!(taken.is_empty(), "{taken:#?}");
}

fn pages_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut pages = Vec::new();
    for path in fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
        if path.is_dir() {
            pages.extend(pages_below(&path));
        } else if path
            .extension()
            .is_some_and(|extension| ["html", "htm", "xml"].iter().any(|e| extension == *e))
        {
            pages.push(path);
        }
    }
    pages
}

#[test]
fn text_that_is_badly_encoded_is_held_or_read_and_breaks_nothing() {
    let answers: Vec<Answer> = files("bad_encoding")
        .into_iter()
        .map(|path| Answer::of_body(path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    if crate::corpus().is_some() {
        assert_eq!(answers.len(), 3);
        none_is_taken(&answers);
    }
}

#[test]
fn an_empty_answer_is_never_taken_for_the_source() {
    none_is_taken(&[Answer::of_body("an empty answer".to_owned(), Vec::new())]);
}
