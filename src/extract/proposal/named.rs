//! Sources that have a kind of their own, known by what only they have.

use toml::Value;

use super::lines;
use crate::extract::RawDocument;

/// The names of kinds, each with what stands in bodies of it: all of the words of one line.
const FILES: [(&str, &[&str]); 9] = [
    ("pacer-docket", &["\"caseDetails\"", "\"docketEntries\""]),
    ("scotus-docket", &["\"CaseNumber\"", "\"ProceedingsandOrder\""]),
    ("courtlistener", &["\"results\"", "\"recap_documents\""]),
    ("csl", &["entity_number", "federal_register_notice", "standard_order"]),
    ("eu", &["Entity_LogicalId", "NameAlias_WholeName"]),
    ("eu", &["<sanctionEntity", "logicalId", "<nameAlias"]),
    ("uk-csv", &["Unique ID", "OFSI Group ID", "Name type"]),
    ("dpl", &["Street_Address", "Effective_Date", "Expiration_Date"]),
    ("un-xml", &["<CONSOLIDATED_LIST", "<REFERENCE_NUMBER"]),
];

/// Pages of dockets and of lists, each with one of the words that stand in its HTML.
const PAGES: [(&str, &[&str]); 5] = [
    (
        "pacer-docket",
        &[
            "DOCKET FOR CASE #",
            "Bankruptcy Petition #",
            "Adversary Proceeding #",
            "NEW SECTION - DOCKET ENTRIES",
        ],
    ),
    ("courtlistener", &["data-type=\"search.Docket\""]),
    (
        "scotus-docket",
        &["Proceedings and Orders", "Proceedings&nbsp;and&nbsp;Orders", "Proceedings&nbsp; and &nbsp;Orders"],
    ),
    ("fcc-covered-list", &["Covered List", "covered list", "COVERED LIST"]),
    ("uflpa", &["UFLPA", "Uyghur Forced Labor"]),
];

/// A file is known by its beginning, a page by anything in it.
const MAX_LEAD_BYTES: usize = 64 << 10;

/// The kinds that a body could be of, the most telling first.
pub(super) fn of(page: &RawDocument<'_>, text: &str, root: &str) -> Vec<String> {
    let host = page.url.host_str().unwrap_or_default();
    let is_at = |domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
    let kind = |name: &str| lines(&[("kind", Value::from(name))]);
    let mut found = Vec::new();
    if matches!(root, "rss" | "feed" | "RDF") {
        found.extend(is_at("courtlistener.com").then(|| kind("courtlistener")));
        found.extend(is_at("uscourts.gov").then(|| kind("court-rss")));
        return found;
    }
    if text.starts_with('{') {
        found.extend(is_at("federalregister.gov").then(|| kind("federal-register")));
        found.extend(is_at("fcc.gov").then(|| kind("ecfs")));
    }
    let lead = text.get(..MAX_LEAD_BYTES.min(text.len())).unwrap_or(text);
    if is_page(lead, root) {
        let is_such = |words: &&(&str, &[&str])| words.1.iter().any(|word| text.contains(word));
        found.extend(PAGES.iter().filter(is_such).map(|(name, _)| kind(name)));
        return found;
    }
    let is_such = |words: &&(&str, &[&str])| words.1.iter().all(|word| lead.contains(word));
    found.extend(FILES.iter().filter(is_such).map(|(name, _)| kind(name)));
    found.extend(is_of_ofac(lead).then(|| kind("ofac")));
    found
}

fn is_page(lead: &str, root: &str) -> bool {
    let lead = lead.to_ascii_lowercase();
    lead.starts_with('<')
        && !lead.starts_with("<?xml")
        && (root.is_empty() || root.eq_ignore_ascii_case("html"))
        || lead.contains("<html")
}

/// What stands for nothing in the files of the Office of Foreign Assets Control.
const NULL: &str = "-0-";

/// Those files have no headers: each row begins with a number, and has twelve columns.
fn is_of_ofac(lead: &str) -> bool {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(lead.as_bytes());
    let mut rows = reader.records().map_while(Result::ok).take(8).peekable();
    rows.peek().is_some()
        && rows.all(|row| {
            let is_number = row
                .get(0)
                .is_some_and(|text| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()));
            // The last row may be cut where the lead ends, or end the file as DOS did.
            is_number && row.iter().any(|cell| cell.trim() == NULL) && row.len() == 12 || row.len() == 1
        })
        && lead.contains(NULL)
}
