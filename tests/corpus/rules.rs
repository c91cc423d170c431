//! Rules and what leads to them: the Federal Register's API, the Code of Federal Regulations, filings
//! at the FCC.

use std::fs;
use std::path::{Path, PathBuf};

use regwatch::domain::bundle::BundlePart;
use regwatch::domain::entry::{Document, Entry};
use regwatch::domain::source::{EcfrSettings, EcfsSettings, FederalRegisterSettings, SourceKind};
use regwatch::domain::verdict::Unreadable;
use regwatch::extract::{RawDocument, extract, signal, wanted};
use serde_json::{Value, json};

const REGISTER: &str = "https://www.federalregister.gov/api/v1/documents.json";

fn register() -> SourceKind {
    SourceKind::FederalRegister(FederalRegisterSettings { pages: 5, inspection: None })
}

fn read(kind: &SourceKind, body: &[u8], url: &str) -> Result<Document, Unreadable> {
    extract(kind, &RawDocument { body, content_type: None, url: &url.parse().unwrap() })
}

fn part<'a>(url: &str, body: &'a [u8]) -> BundlePart<'a> {
    BundlePart { name: "first".to_owned(), url: url.parse().unwrap(), content_type: None, body }
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

fn field<'a>(entry: &'a Entry, name: &str) -> &'a str {
    entry.fields.get(name).map_or("", String::as_str)
}

fn words(text: &str) -> Vec<&str> {
    text.split_whitespace().collect()
}

fn json_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    files.sort();
    files
}

/// Compares an entry with the document it was read from; tells how many fields were compared.
#[track_caller]
fn check_document(entry: &Entry, document: &Value) -> usize {
    let number = text(document, "document_number");
    assert_eq!(entry.key, number);
    if document["title"].is_string() {
        assert_eq!(words(&entry.title), words(text(document, "title")), "{number}");
    }
    assert_eq!(entry.url.as_deref().unwrap_or_default(), text(document, "html_url"), "{number}");
    let day = entry.date.map(|date| date.to_string()).unwrap_or_default();
    assert_eq!(day, text(document, "publication_date"), "{number}");
    let pdf = text(document, "pdf_url");
    assert!(field(entry, "links").ends_with(pdf), "{number}: {pdf}");
    let list = |name: &str| document[name].as_array().cloned().unwrap_or_default();
    let agencies = list("agencies");
    for agency in &agencies {
        let name = agency["name"].as_str().unwrap_or_else(|| text(agency, "raw_name"));
        assert!(field(entry, "agencies").lines().any(|line| line == name), "{number}: {name}");
    }
    for docket in list("docket_ids") {
        assert!(field(entry, "docket").lines().any(|line| words(line) == words(docket.as_str().unwrap())));
    }
    let plain = [
        ("type", "type"),
        ("citation", "citation"),
        ("abstract", "abstract"),
        ("effective_on", "effective"),
        ("comments_close_on", "comments_close"),
        ("publication_date", "published"),
    ];
    for (theirs, ours) in plain {
        assert_eq!(words(field(entry, ours)), words(text(document, theirs)), "{number}: {ours}");
    }
    5 + plain.len() + agencies.len()
}

#[test]
fn the_federal_registers_answers_agree_field_by_field() {
    let Some(corpus) = super::corpus() else { return };
    let (mut files, mut documents, mut fields, mut others) = (0, 0, 0, 0);
    let folder = corpus.join("federal_register");
    for path in json_files(&folder.join("api_json")).into_iter().chain(json_files(&folder)) {
        let body = fs::read(&path).unwrap();
        let answer: Value = serde_json::from_slice(&body).unwrap();
        let found = read(&register(), &body, REGISTER);
        let Some(results) = answer["results"].as_array() else {
            assert!(found.is_err(), "{} holds no documents", path.display());
            others += 1;
            continue;
        };
        let entries = found.unwrap().entries;
        assert_eq!(entries.len(), results.len(), "{}", path.display());
        for (entry, document) in entries.iter().zip(results) {
            fields += check_document(entry, document);
        }
        files += 1;
        documents += entries.len();
    }
    assert!(
        files > 10 && documents > 100 && others > 3,
        "{files} files, {documents} documents, {others} others"
    );
    println!(
        "federal register: {documents} documents in {files} answers, {fields} fields agree; {others} other answers refused"
    );
}

#[test]
fn the_federal_registers_next_page_is_followed() {
    let Some(corpus) = super::corpus() else { return };
    let path = corpus.join("federal_register/api_json/documents_fcc_rule_notice_newest_2026-09-21.json");
    let body = fs::read(path).unwrap();
    let next = wanted(&register(), &[part(REGISTER, &body)]).unwrap().unwrap();
    assert!(next.url.query().unwrap().contains("search_after_cursor=WzE3ODkzNDQwMDAwMDAs"), "{}", next.url);
}

#[test]
fn pages_in_place_of_the_registers_json_are_refused() {
    let Some(corpus) = super::corpus() else { return };
    let mut pages = 0;
    for folder in ["http_errors", "federal_register_request_access", "f5_request_rejected"] {
        for file in fs::read_dir(corpus.join("block_pages").join(folder)).unwrap() {
            let path = file.unwrap().path();
            let body = fs::read(&path).unwrap();
            let error = read(&register(), &body, REGISTER).unwrap_err().to_string();
            assert!(error.starts_with("the JSON is not as expected"), "{}: {error}", path.display());
            pages += 1;
        }
    }
    println!("federal register: {pages} error and block pages refused");
}

#[test]
fn notices_of_thirty_years_keep_their_numbers_dates_and_links() {
    let Some(corpus) = super::corpus() else { return };
    let path = corpus.join("entity_lists/fr_notices/fr_notices_2026-03-18.csv");
    let mut notices = csv::Reader::from_path(path).unwrap();
    let rows: Vec<csv::StringRecord> = notices.records().map(Result::unwrap).collect();
    let results: Vec<Value> = rows
        .iter()
        .map(|row| json!({ "document_number": &row[0], "publication_date": &row[1], "html_url": &row[2], "pdf_url": &row[3] }))
        .collect();
    let body = json!({ "count": results.len(), "results": results }).to_string();
    let document = read(&register(), body.as_bytes(), REGISTER).unwrap();
    assert_eq!(document.entries.len(), rows.len());
    for (entry, notice) in document.entries.iter().zip(&results) {
        check_document(entry, notice);
        assert_eq!(field(entry, "corrects"), "", "{} is no correction", entry.key);
        assert!(entry.url.as_deref().unwrap().contains(&format!("/{}/", entry.key)), "{:?}", entry.url);
    }
    println!("federal register: {} notices from 1998 to 2026 agree", rows.len());
}

#[test]
fn the_titles_of_the_code_say_when_each_was_amended() {
    let Some(corpus) = super::corpus() else { return };
    let body = fs::read(corpus.join("federal_register/ecfr/ecfr-cfr-titles-2026-08-03.json")).unwrap();
    let titles: Value = serde_json::from_slice(&body).unwrap();
    let first = part("https://www.ecfr.gov/api/versioner/v1/titles.json", &body);
    let mut amended = 0;
    for title in titles["titles"].as_array().unwrap() {
        let number = u32::try_from(title["number"].as_u64().unwrap()).unwrap();
        let kind = SourceKind::Ecfr(EcfrSettings { title: number, part: "744".to_owned(), appendix: None });
        let Some(day) = title["latest_amended_on"].as_str() else {
            assert!(wanted(&kind, std::slice::from_ref(&first)).is_err() && signal(&kind, &first).is_none());
            continue;
        };
        assert_eq!(signal(&kind, &first), Some(format!("{day}/{}", text(title, "latest_issue_date"))));
        let next = wanted(&kind, std::slice::from_ref(&first)).unwrap().unwrap();
        let expected =
            format!("https://www.ecfr.gov/api/versioner/v1/full/{day}/title-{number}.xml?part=744");
        assert_eq!(next.url.as_str(), expected);
        amended += 1;
    }
    println!("code of federal regulations: {amended} titles agree");
}

/// The Military End-User List as the code prints it, from what another reader made of it.
fn printed(entities: &[Value]) -> String {
    let row = |cell: &str, citation: &str| format!("<TR><TD/><TD>{cell}</TD><TD>{citation}</TD></TR>");
    let escaped = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let (mut rows, mut parent) = (String::new(), String::new());
    for entity in entities {
        let above = text(entity, "notes").trim_start_matches("Subordinate institution of ").to_owned();
        if !above.is_empty() && above != parent {
            let members = entities.iter().filter(|other| text(other, "notes").ends_with(&above)).count();
            let count = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"][members - 1];
            let head = format!("The following {count} subordinate institutions of {}:", escaped(&above));
            rows += &row(&head, text(entity, "federal_register"));
        }
        if !above.is_empty() {
            rows += &row("Subordinate institution:", "");
        }
        let aliases: Vec<&str> =
            entity["aliases"].as_array().unwrap().iter().map(|alias| alias.as_str().unwrap()).collect();
        let mut cell = escaped(text(entity, "name"));
        if !aliases.is_empty() {
            cell += ", a.k.a., the following alias:";
            cell +=
                &aliases.iter().map(|alias| format!("<br/>—{}.<br/>", escaped(alias))).collect::<String>();
        } else if !text(entity, "address").is_empty() {
            cell += ", ";
        }
        cell += &escaped(text(entity, "address"));
        let citation = if above.is_empty() { text(entity, "federal_register") } else { "" };
        rows += &row(&cell, citation);
        parent = above;
    }
    format!(
        "<DIV5 N=\"744\" TYPE=\"PART\"><DIV9 N=\"Supplement No. 7 to Part 744\" TYPE=\"APPENDIX\"><HEAD>List</HEAD><TABLE>\
         <TR><TH>Country</TH><TH>Entity</TH><TH>Federal Register citation</TH></TR>\
         <TR><TD>BURMA</TD><TD>[Reserved]</TD><TD/></TR><TR><TD>CHINA</TD><TD/><TD/></TR>{rows}</TABLE></DIV9></DIV5>"
    )
}

#[test]
fn the_names_of_the_military_end_user_list_are_told_from_their_addresses() {
    let Some(corpus) = super::corpus() else { return };
    let body = fs::read(corpus.join("entity_lists/bis/bis_meu.json")).unwrap();
    let list: Value = serde_json::from_slice(&body).unwrap();
    let entities = list["entities"].as_array().unwrap();
    let kind = SourceKind::Ecfr(EcfrSettings {
        title: 15,
        part: "744".to_owned(),
        appendix: Some("Supplement No. 7 to Part 744".to_owned()),
    });
    let url = "https://www.ecfr.gov/api/versioner/v1/full/2026-07-23/title-15.xml?part=744";
    let document = read(&kind, printed(entities).as_bytes(), url).unwrap();
    assert_eq!(document.entries.len(), entities.len());
    for (entry, entity) in document.entries.iter().zip(entities) {
        assert_eq!(entry.title, text(entity, "name"));
        assert_eq!(
            words(field(entry, "citation")),
            words(text(entity, "federal_register")),
            "{}",
            entry.title
        );
        let parent = text(entity, "notes").trim_start_matches("Subordinate institution of ");
        assert_eq!(field(entry, "parent"), parent, "{}", entry.title);
        let aliases: Vec<&str> =
            field(entry, "aliases").lines().map(|alias| alias.trim_end_matches('.')).collect();
        let expected: Vec<&str> = entity["aliases"]
            .as_array()
            .unwrap()
            .iter()
            .map(|alias| alias.as_str().unwrap().trim_end_matches('.'))
            .collect();
        assert_eq!(aliases, expected, "{}", entry.title);
    }
    println!("military end-user list: {} of {} names agree", document.entries.len(), entities.len());
}

#[test]
fn filings_agree_and_keep_no_more_than_the_list_shows() {
    let Some(corpus) = super::corpus() else { return };
    let body = fs::read(corpus.join("fcc_ecfs_edocs/fcc-ecfs-filings-2026-08-03.json")).unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    let filings = answer["filing"].as_array().unwrap();
    let kind = SourceKind::Ecfs(EcfsSettings { pages: 5 });
    let url = "https://publicapi.fcc.gov/ecfs/filings?sort=date_disseminated,DESC&limit=25";
    let document = read(&kind, &body, url).unwrap();
    assert_eq!(document.entries.len(), filings.len());
    let names = |filing: &Value, list: &str, name: &str| -> Vec<String> {
        let items = filing[list].as_array().unwrap().iter();
        items.map(|item| words(text(item, name)).join(" ")).collect()
    };
    for (entry, filing) in document.entries.iter().zip(filings) {
        assert_eq!(entry.key, text(filing, "id_submission"));
        assert_eq!(field(entry, "type"), text(&filing["submissiontype"], "description"));
        assert_eq!(field(entry, "filers").lines().collect::<Vec<_>>(), names(filing, "filers", "name"));
        let proceedings = names(filing, "proceedings", "name");
        assert!(
            field(entry, "proceeding").lines().zip(&proceedings).all(|(line, name)| line.starts_with(name))
        );
        assert_eq!(field(entry, "links").lines().count(), filing["documents"].as_array().unwrap().len());
        let expected = text(filing, "date_disseminated").replace('Z', "+00:00");
        assert_eq!(entry.date.unwrap().to_string(), expected);
    }
    let next = wanted(&kind, &[part(url, &body)]).unwrap().unwrap();
    assert_eq!(next.url.as_str(), format!("{url}&offset=25"));
    println!("electronic comment filing system: {} filings agree", filings.len());
}
