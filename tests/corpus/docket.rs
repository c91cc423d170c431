//! Saved docket pages and answers, each beside what another project's parser made of it.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use regwatch::domain::entry::{Completeness, Document, Entry};
use regwatch::domain::source::{CourtlistenerSettings, DocketSettings, SourceKind};
use regwatch::domain::verdict::Unreadable;
use regwatch::extract::{RawDocument, extract};
use serde_json::Value;

/// How often two parsers say the same, field by field.
pub struct Agreement {
    family: &'static str,
    fields: BTreeMap<&'static str, (usize, usize)>,
    differences: Vec<String>,
}

impl Agreement {
    pub fn of(family: &'static str) -> Self {
        Self { family, fields: BTreeMap::new(), differences: Vec::new() }
    }

    /// Counts one field of one entry.
    pub fn field(&mut self, place: &str, name: &'static str, found: &str, expected: &str) {
        let (agreed, all) = self.fields.entry(name).or_default();
        *all += 1;
        if found == expected {
            *agreed += 1;
        } else {
            self.differences.push(format!("{place} {name}: found {found:?}, expected {expected:?}"));
        }
    }

    #[expect(clippy::print_stdout, reason = "the figures are what the comparison is for")]
    fn print(&self) {
        for (name, (agreed, all)) in &self.fields {
            let tenths = agreed * 1000 / all;
            println!(
                "{}: {name} agrees in {agreed} of {all} ({}.{}%)",
                self.family,
                tenths / 10,
                tenths % 10
            );
        }
        for difference in &self.differences {
            println!("  {difference}");
        }
    }

    /// Prints the figures; every field must agree everywhere.
    #[track_caller]
    pub fn is_whole(&self) {
        self.print();
        assert!(!self.fields.is_empty(), "{}: nothing was compared", self.family);
        assert_eq!(self.differences, [] as [String; 0], "{}", self.family);
    }

    /// Prints the figures; each field must agree in 99 of 100.
    #[track_caller]
    fn holds(&self) {
        self.print();
        for name in ["date", "number", "description", "docket"] {
            assert!(self.fields.contains_key(name), "{}: no {name} was compared", self.family);
        }
        for (name, (agreed, all)) in &self.fields {
            assert!(agreed * 100 >= all * 99, "{}: {name} agrees in {agreed} of {all}", self.family);
        }
    }
}

/// Captions as the other parser spells them: it writes out the United States and drops "et al"
/// and odd characters.
pub fn harmonised(caption: &str) -> String {
    let caption =
        caption.replace("USA", "United States").replace("United States of America", "United States");
    let caption = caption.replace("U.S.A.", "United States").replace(" vs. ", " v. ").replace(" vs ", " v. ");
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
    let folded: Vec<&str> =
        caption.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    folded.join(" ")
}

pub fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

pub fn field<'a>(entry: &'a Entry, name: &str) -> &'a str {
    entry.fields.get(name).map_or("", String::as_str)
}

/// A text without white space: the other parser joins what stands on two lines to one word.
fn folded(text: &str) -> String {
    text.split_whitespace().collect()
}

fn read(body: &[u8], content_type: &str) -> Result<Document, Unreadable> {
    let url = "https://ecf.example.gov/docket".parse().unwrap();
    let page = RawDocument { body, content_type: Some(content_type), url: &url };
    extract(&SourceKind::PacerDocket(DocketSettings::default()), &page)
}

/// The pages of a family, in the order of their names.
fn pages(corpus: &Path, family: &str, ending: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(corpus.join("dockets").join(family)).unwrap();
    let mut pages: Vec<PathBuf> = files
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == ending))
        .collect();
    pages.sort();
    pages
}

/// What the other parser makes of links that bear no document's number.
const OLD_LINK: &str = "sho0_doc.pl";

/// Compares an entry with what the other parser made of it.
fn compare(agreement: &mut Agreement, place: &str, expected: &Value, entry: &Entry) {
    let place = format!("{place} {}", entry.key);
    let day = |name: &str| text(expected, name).get(..10).unwrap_or_default().to_owned();
    agreement.field(&place, "date", field(entry, "filed"), &day("date_filed"));
    let paper = text(expected, "pacer_doc_id");
    let number = match &expected["document_number"] {
        Value::Number(number) => number.to_string(),
        // Where a court gives no numbers, the other parser takes the document's.
        other => other.as_str().filter(|number| *number != paper).unwrap_or_default().to_owned(),
    };
    agreement.field(&place, "number", field(entry, "number"), &number);
    let said = folded(text(expected, "description"));
    agreement.field(&place, "description", &folded(field(entry, "text")), &said);
    let entered = day("date_entered");
    if !entered.is_empty() {
        agreement.field(&place, "entered", field(entry, "entered").get(..10).unwrap_or_default(), &entered);
    }
    if paper == OLD_LINK {
        assert!(field(entry, "links").contains("/show_doc.pl?"), "{place}");
    } else if paper.len() < 20 {
        let main = field(entry, "links").lines().find(|link| link.starts_with("document"));
        let found = main.and_then(|link| link.rsplit('/').next()).unwrap_or_default();
        agreement.field(&place, "document", found, paper);
    } else {
        assert!(entry.key.ends_with(paper), "{place}");
    }
}

/// Pages of bankruptcies whose receipt says that none of their entries were asked for.
const NONE_SELECTED: [&str; 7] = ["cacb_39", "canb_2", "deb", "deb_13", "deb_2", "deb_24", "deb_9"];

#[test]
fn bankruptcy_pages_agree_with_the_parse_beside_them() {
    check("bankruptcy", "html", "text/html", &[], 1471);
}

#[test]
fn a_bankruptcy_none_of_whose_entries_were_asked_for_is_an_honest_empty_answer() {
    let Some(corpus) = crate::corpus() else { return };
    for name in NONE_SELECTED {
        let body = fs::read(corpus.join(format!("dockets/bankruptcy/{name}.html"))).unwrap();
        let document = read(&body, "text/html").unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(document.is_honestly_empty, "{name}");
        assert_eq!((document.entries.len(), document.completeness), (0, Completeness::Window), "{name}");
    }
}

/// Pages of the Supreme Court, in the templates of tildes and of one table.
#[test]
fn pages_of_the_supreme_court_agree_with_the_parse_beside_them() {
    let Some(corpus) = crate::corpus() else { return };
    let mut agreement = Agreement::of("scotus");
    let url = "https://court.example.gov/docket".parse().unwrap();
    for path in ["htm", "html"].iter().flat_map(|ending| pages(&corpus, &format!("scotus/{ending}"), ending))
    {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let body = fs::read(&path).unwrap();
        let expected = expected_case(&path);
        let page = RawDocument { body: &body, content_type: Some("text/html"), url: &url };
        let document = extract(&SourceKind::ScotusDocket(DocketSettings::default()), &page)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        let entries = expected["docket_entries"].as_array().unwrap();
        let number = text(&expected, "docket_number");
        assert_eq!(document.entries.len(), entries.len(), "{name}");
        for (expected, entry) in entries.iter().zip(&document.entries) {
            agreement.field(&name, "date", field(entry, "filed"), text(expected, "date_filed"));
            agreement.field(
                &name,
                "description",
                &folded(field(entry, "text")),
                &folded(text(expected, "description")),
            );
            agreement.field(&name, "docket", field(entry, "docket"), number);
        }
        let caption =
            (harmonised(field(&document.entries[0], "caption")), harmonised(text(&expected, "case_name")));
        // The other parser takes one word for a role that is none.
        agreement.field(&name, "caption", &caption.0.replace(" executrix ", " "), &caption.1);
    }
    agreement.is_whole();
}

fn expected_case(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap()
}

/// Reads every page of a family and compares it with the parse beside it.
#[track_caller]
fn check(family: &'static str, ending: &str, content_type: &str, empty: &[&str], count: usize) {
    let Some(corpus) = crate::corpus() else { return };
    let mut agreement = Agreement::of(family);
    let mut entries = 0;
    for path in pages(&corpus, family, ending) {
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let body = fs::read(&path).unwrap();
        let expected: Value =
            serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        if empty.contains(&name.as_str()) {
            // A summary without its entries proves nothing about them, unless it says so itself.
            assert!(expected["docket_entries"].as_array().unwrap().is_empty());
            match read(&body, content_type) {
                Ok(document) => assert!(document.is_honestly_empty && document.entries.is_empty(), "{name}"),
                Err(error) => assert!(matches!(error, Unreadable::Missing { .. }), "{name}"),
            }
            continue;
        }
        let document = read(&body, content_type).unwrap_or_else(|error| panic!("{family}/{name}: {error}"));
        let expected_entries = expected["docket_entries"].as_array().unwrap();
        assert_eq!(document.entries.len(), expected_entries.len(), "{family}/{name}");
        for (expected, entry) in expected_entries.iter().zip(&document.entries) {
            compare(&mut agreement, &name, expected, entry);
        }
        let Some(first) = document.entries.first() else { continue };
        agreement.field(&name, "docket", field(first, "docket"), text(&expected, "docket_number"));
        let captions = (harmonised(field(first, "caption")), harmonised(text(&expected, "case_name")));
        agreement.field(&name, "caption", &captions.0, &captions.1);
        entries += document.entries.len();
    }
    assert_eq!(entries, count, "{family}");
    agreement.holds();
}

#[test]
fn appellate_pages_agree_with_the_parse_beside_them() {
    check("appellate", "html", "text/html", &["ca1_3"], 114);
}

#[test]
fn district_pages_agree_with_the_parse_beside_them() {
    check("district", "html", "text/html", &["dcd_1"], 461);
}

#[test]
fn pages_of_the_court_of_international_trade_agree_with_the_parse_beside_them() {
    check("cit", "html", "text/html", &[], 19);
}

#[test]
fn answers_of_the_newer_appellate_system_agree_with_the_parse_beside_them() {
    check("acms", "acms_json", "application/json", &[], 62);
}

#[test]
fn a_page_made_from_a_feed_agrees_with_the_parse_beside_it() {
    check("rss_entries", "html", "text/html", &[], 1);
}

#[test]
fn an_answer_to_a_webhook_is_read_as_one_of_the_api() {
    let Some(corpus) = crate::corpus() else { return };
    let file = corpus.join("courtlistener/webhooks/docket_alert_webhook_dummy.txt");
    let event: Value =
        serde_json::from_str(&fs::read_to_string(file).unwrap().replace("{{ webhook_version }}", "1"))
            .unwrap();
    let url = "https://www.courtlistener.com/api/rest/v4/docket-entries/?docket=4214664".parse().unwrap();
    let body = event["payload"].to_string();
    let page = RawDocument { body: body.as_bytes(), content_type: Some("application/json"), url: &url };
    let document = extract(&SourceKind::Courtlistener(CourtlistenerSettings::default()), &page).unwrap();
    let expected = &event["payload"]["results"][0];
    let entry = &document.entries[0];
    assert_eq!(entry.key, format!("4214664/{}", expected["id"]));
    assert_eq!(field(entry, "number"), expected["entry_number"].to_string());
    assert_eq!(field(entry, "filed"), text(expected, "date_filed"));
    assert_eq!(field(entry, "text"), text(expected, "description"));
    assert_eq!((field(entry, "kind"), field(entry, "entered")), ("motion", "2022-10-11"));
    let links: Vec<&str> = field(entry, "links").lines().collect();
    assert_eq!(links.len(), 2);
    assert!(links[0].ends_with(
        "storage.courtlistener.com/recap/gov.uscourts.dcd.178502/gov.uscourts.dcd.178502.140.0.pdf"
    ));
    assert!(links[1].starts_with("attachment 1\thttps://www.courtlistener.com/docket/4214664/140/1/"));
}

#[test]
fn the_docket_of_an_aggregator_s_tests_is_read_and_what_is_none_is_not() {
    let Some(corpus) = crate::corpus() else { return };
    let folder = corpus.join("courtlistener");
    let document = read(&fs::read(folder.join("azd.html")).unwrap(), "text/html").unwrap();
    let unnumbered = document.entries.iter().filter(|entry| field(entry, "number").is_empty());
    assert_eq!((document.entries.len(), unnumbered.count()), (23, 1));
    for other in ["courtlistener/dcd_04505578698.html", "dockets/attachments/ca5_22-30311.html"] {
        assert!(read(&fs::read(corpus.join(other)).unwrap(), "text/html").is_err(), "{other}");
    }
}

#[test]
fn a_docket_that_is_cut_off_anywhere_is_refused_or_says_nothing_of_the_rest() {
    let Some(corpus) = crate::corpus() else { return };
    for family in ["appellate", "district", "cit", "bankruptcy"] {
        for path in pages(&corpus, family, "html") {
            let body = fs::read(&path).unwrap();
            let Ok(whole) = read(&body, "text/html") else { continue };
            for tenth in 1..10 {
                let Ok(part) = read(&body[..body.len() * tenth / 10], "text/html") else { continue };
                assert_eq!(part.entries, whole.entries, "{} cut at {tenth}0%", path.display());
            }
        }
    }
}
