use serde_json::{Value, json};

use super::*;
use crate::domain::bundle;
use crate::extract::tests::part;

const URL: &str =
    "https://filings.test/ecfs/filings?proceedings.name=31-5&sort=date_disseminated,DESC&limit=2";

fn filing(id: &str) -> Value {
    json!({
        "id_submission": id,
        "submissiontype": { "description": "COMMENT", "short": "COMMENT", "id": 7 },
        "filers": [{ "name": "Northwind  Cameras" }, { "name": "Pat Example" }],
        "lawfirms": [{ "name": "Example & Sample LLP" }],
        "addressentity": { "address_line_1": "1 Private Road", "city": "Port City" },
        "contact_email": "pat@example.org",
        "text_data": "I live at 1 Private Road.",
        "documents": [
            { "filename": "Comment.pdf", "src": "https://filings.test/document/1/1", "description": "Main" },
            { "filename": "", "src": "javascript:alert(1)", "description": "" },
        ],
        "proceedings": [{ "name": "31-5", "description": "Covered List", "id_proceeding": 1 }],
        "date_received": "2031-08-03T17:15:11.157Z",
        "date_disseminated": "2031-08-03T19:00:32.598Z",
        "date_last_modified": "2031-08-09T01:00:00.000Z",
        "filingstatus": { "description": "DISSEMINATED", "id": 30 },
        "viewingstatus": { "description": "Unrestricted", "id": 10 },
        "express_comment": 0,
    })
}

fn answer(filings: &[Value]) -> String {
    json!({ "filing": filings, "aggregations": { "express_comment": { "buckets": [] } } }).to_string()
}

fn read(body: &str) -> Result<Document, Unreadable> {
    extract(&RawDocument {
        body: body.as_bytes(),
        content_type: Some("application/json"),
        url: &URL.parse().unwrap(),
    })
}

#[test]
fn a_filing_is_read_as_the_public_list_shows_it() {
    let document = read(&answer(&[filing("31100001")])).unwrap();
    assert_eq!((document.completeness, document.resemblance), (Completeness::Window, Resemblance::Never));
    let entry = &document.entries[0];
    assert_eq!(
        (entry.key.as_str(), entry.title.as_str()),
        ("31100001", "COMMENT by Northwind Cameras, Pat Example")
    );
    assert_eq!(entry.date.map(|date| date.to_string()).as_deref(), Some("2031-08-03T19:00:32.598+00:00"));
    assert_eq!(entry.url.as_deref(), Some("https://www.fcc.gov/ecfs/search/search-filings/filing/31100001"));
    let fields: Vec<(&str, &str)> =
        entry.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("documents", "Comment.pdf Main\ndocument"),
            ("filers", "Northwind Cameras\nPat Example"),
            ("law_firms", "Example & Sample LLP"),
            ("links", "Comment.pdf Main\thttps://filings.test/document/1/1"),
            ("proceeding", "31-5 Covered List"),
            ("status", "DISSEMINATED"),
            ("type", "COMMENT"),
            ("viewing", "Unrestricted"),
        ]
    );
    let kept = format!("{entry:?}");
    assert!(!kept.contains("Private Road") && !kept.contains("pat@"), "{kept}");
}

#[test]
fn full_pages_lead_to_the_next_one() {
    let (full, half) = (answer(&[filing("1"), filing("2")]), answer(&[filing("3")]));
    let next = |pages, parts: &[BundlePart<'_>]| {
        wanted(&EcfsSettings { pages }, parts).unwrap().map(|next| next.url.to_string())
    };
    let first = part("first", URL, &full);
    let second_url = format!("{URL}&offset=2");
    assert_eq!(next(5, std::slice::from_ref(&first)).as_deref(), Some(second_url.as_str()));
    assert_eq!(next(1, std::slice::from_ref(&first)), None);
    assert_eq!(next(5, &[part("first", URL, &half)]), None);
    let second = |body| part("first, page 2", &second_url, body);
    assert_eq!(next(5, &[first.clone(), second(&full)]), Some(format!("{URL}&offset=4")));
    assert_eq!(next(5, &[first.clone(), second(&half)]), None);
    assert_eq!(next(5, &[part("first", "https://filings.test/?limit=0", &full)]), None);
}

#[test]
fn a_filing_on_two_pages_is_there_once() {
    let (one, two) = (answer(&[filing("1"), filing("2")]), answer(&[filing("2"), filing("3")]));
    let body =
        bundle::encode(&[part("first", URL, &one), part("first, page 2", &format!("{URL}&offset=2"), &two)]);
    let document =
        extract(&RawDocument { body: &body, content_type: None, url: &URL.parse().unwrap() }).unwrap();
    let keys: Vec<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["1", "2", "3"]);
}

#[test]
fn no_filings_are_good_and_no_answer_is_not() {
    assert_eq!(read(&answer(&[])).unwrap().entries.len(), 0);
    for bad in [
        "",
        "<html><title>API_KEY_MISSING</title></html>",
        "{\"error\":{\"code\":\"API_KEY_INVALID\"}}",
        "{\"filing\":[{}]}",
        "{\"filing\":[{\"id_submission\":\" \"}]}",
        "{\"filing\":{}}",
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
