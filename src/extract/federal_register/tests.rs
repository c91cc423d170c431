use serde_json::{Value, json};

use super::*;
use crate::domain::bundle;
use crate::extract::tests::part;

const SEARCH: &str = "https://register.test/api/v1/documents.json?conditions[term]=list";
const INSPECTED: &str = "https://register.test/api/v1/public-inspection-documents.json?conditions[term]=list";

fn settings(pages: usize, inspection: bool) -> FederalRegisterSettings {
    FederalRegisterSettings { pages, inspection: inspection.then(|| INSPECTED.parse().unwrap()) }
}

fn read_at(url: &str, body: &str) -> Result<Document, Unreadable> {
    extract(&RawDocument {
        body: body.as_bytes(),
        content_type: Some("application/json"),
        url: &url.parse().unwrap(),
    })
}

fn read(body: &Value) -> Result<Document, Unreadable> {
    read_at(SEARCH, &body.to_string())
}

fn results(documents: &[Value]) -> Value {
    json!({ "description": "Documents", "count": documents.len(), "total_pages": 1, "results": documents })
}

fn rule() -> Value {
    json!({
        "document_number": "2031-00017",
        "title": "Protecting Against  Threats",
        "type": "Rule",
        "abstract": "The agency adopts a list.",
        "action": "Final rule.",
        "dates": "Effective on March 3, 2031.",
        "agencies": [
            { "raw_name": "AGENCY OF WIRES", "name": "Wires Agency", "id": 1, "slug": "wires" },
            { "raw_name": "AGENCY OF RADIO" },
        ],
        "docket_ids": ["WC Docket No. 31-5", "FCC 31-9"],
        "citation": "96 FR 100",
        "publication_date": "2031-02-01",
        "effective_on": "2031-03-03",
        "comments_close_on": null,
        "correction_of": null,
        "corrections": ["https://register.test/api/v1/documents/C1-2031-00017"],
        "html_url": "https://register.test/documents/2031/02/01/2031-00017/protecting",
        "pdf_url": "https://files.test/2031-00017.pdf",
        "page_views": { "count": 17, "last_updated": "2031-02-02 10:15:01 -0500" },
        "excerpts": "a <span class=\"match\">list</span>",
        "significant": true,
    })
}

#[test]
fn a_document_is_read_with_its_dates_and_links() {
    let document = read(&results(&[rule()])).unwrap();
    assert_eq!((document.completeness, document.resemblance), (Completeness::Window, Resemblance::Never));
    let entry = &document.entries[0];
    assert_eq!((entry.key.as_str(), entry.title.as_str()), ("2031-00017", "Protecting Against Threats"));
    assert_eq!(entry.date.map(|date| date.to_string()).as_deref(), Some("2031-02-01"));
    assert_eq!(
        entry.url.as_deref(),
        Some("https://register.test/documents/2031/02/01/2031-00017/protecting")
    );
    let fields: Vec<(&str, &str)> =
        entry.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("abstract", "The agency adopts a list."),
            ("action", "Final rule."),
            ("agencies", "Wires Agency\nAGENCY OF RADIO"),
            ("citation", "96 FR 100"),
            ("corrected_by", "C1-2031-00017"),
            ("dates", "Effective on March 3, 2031."),
            ("docket", "WC Docket No. 31-5\nFCC 31-9"),
            ("effective", "2031-03-03"),
            ("links", "PDF\thttps://files.test/2031-00017.pdf"),
            ("number", "2031-00017"),
            ("published", "2031-02-01"),
            ("status", "published"),
            ("type", "Rule"),
        ]
    );
}

#[test]
fn one_document_is_read_from_its_own_address() {
    let document = read(&rule()).unwrap();
    assert_eq!(document, read(&results(&[rule()])).unwrap());
}

#[test]
fn a_correction_names_the_document_it_corrects() {
    let check = |number: &str, correction_of: Option<&str>, expected: Option<&str>| {
        let document =
            read(&results(&[json!({ "document_number": number, "correction_of": correction_of })]));
        let document = document.unwrap();
        assert_eq!(document.entries[0].fields.get("corrects").map(String::as_str), expected, "{number}");
    };
    check("C1-2031-00017", None, Some("2031-00017"));
    check("C2-E9-12345", None, Some("E9-12345"));
    check(
        "2031-00020",
        Some("https://register.test/api/v1/documents/2031-00017.json?x=1"),
        Some("2031-00017"),
    );
    for original in ["2031-00017", "E9-12345", "94-1234", "X94-10912"] {
        check(original, None, None);
    }
}

#[test]
fn a_document_on_inspection_and_published_is_one_entry() {
    let inspected = json!({
        "document_number": "2031-00017",
        "title": null,
        "toc_doc": "Protecting Against Threats",
        "type": "Rule",
        "agencies": [{ "raw_name": "AGENCY OF WIRES" }],
        "docket_numbers": ["WC Docket No. 31-5"],
        "filed_at": "2031-01-30T08:45:00.000-05:00",
        "filing_type": "special",
        "publication_date": "2031-02-01",
        "html_url": "https://register.test/public-inspection/2031-00017/protecting",
        "pdf_url": "https://files.test/inspection/2031-00017.pdf",
    });
    let inspection = results(&[inspected]).to_string();
    let document = read_at(INSPECTED, &inspection).unwrap();
    let entry = &document.entries[0];
    assert_eq!((entry.key.as_str(), entry.fields["status"].as_str()), ("2031-00017", "on public inspection"));
    assert_eq!(
        (entry.fields["filing"].as_str(), entry.title.as_str()),
        ("special", "Protecting Against Threats")
    );

    let none = json!({ "count": 0 }).to_string();
    let published = results(&[rule()]).to_string();
    for (search, status) in [(&none, "on public inspection"), (&published, "published")] {
        let body =
            bundle::encode(&[part("first", SEARCH, search), part("inspection", INSPECTED, &inspection)]);
        let url = SEARCH.parse().unwrap();
        let document = extract(&RawDocument { body: &body, content_type: None, url: &url }).unwrap();
        assert_eq!(document.entries.len(), 1);
        assert_eq!(document.entries[0].fields["status"], status);
    }
}

#[test]
fn of_what_is_on_inspection_only_the_agencys_coming_documents_are_read() {
    let inspected = |number: &str, day: &str, slug: Option<&str>| json!({ "document_number": number, "publication_date": day, "agencies": [{ "name": "A", "slug": slug }] });
    let search = format!("{SEARCH}&conditions%5Bagencies%5D%5B%5D=wires-agency");
    let current = "https://register.test/api/v1/public-inspection-documents/current.json";
    let inspection = results(&[
        inspected("2031-00031", "2031-02-02", Some("wires-agency")),
        inspected("2031-00032", "2031-02-02", Some("water-agency")),
        inspected("2031-00033", "2031-02-02", None),
        inspected("2031-00009", "2031-01-02", Some("wires-agency")),
    ]);
    let (published, inspection) = (results(&[rule()]).to_string(), inspection.to_string());
    let body =
        bundle::encode(&[part("first", &search, &published), part("inspection", current, &inspection)]);
    let url = search.parse().unwrap();
    let document = extract(&RawDocument { body: &body, content_type: None, url: &url }).unwrap();
    let keys: Vec<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["2031-00017", "2031-00031", "2031-00033"]);
}

#[test]
fn pages_are_followed_as_far_as_the_settings_say() {
    let more = json!({ "count": 9, "next_page_url": "https://register.test/api/v1/documents?page=2", "results": [] });
    let (more, last) = (more.to_string(), results(&[]).to_string());
    let wanted = |settings, parts: &[BundlePart<'_>]| {
        wanted(&settings, parts).unwrap().map(|wanted| (wanted.name, wanted.url.to_string()))
    };
    let first = part("first", SEARCH, &more);
    let second = |body| part("first, page 2", "https://register.test/api/v1/documents?page=2", body);
    let next = Some(("first, page 2".to_owned(), "https://register.test/api/v1/documents?page=2".to_owned()));
    let inspection = Some(("inspection".to_owned(), INSPECTED.to_owned()));
    assert_eq!(wanted(settings(1, false), std::slice::from_ref(&first)), None);
    assert_eq!(wanted(settings(2, false), std::slice::from_ref(&first)), next);
    assert_eq!(wanted(settings(1, true), std::slice::from_ref(&first)), inspection);
    assert_eq!(wanted(settings(5, false), &[first.clone(), second(&last)]), None);
    assert_eq!(wanted(settings(5, true), &[first.clone(), second(&last)]), inspection);
    assert_eq!(wanted(settings(2, true), &[first.clone(), second(&more)]), inspection);
    let inspected = part("inspection", INSPECTED, &last);
    assert_eq!(wanted(settings(5, true), &[first, second(&last), inspected]), None);
}

#[test]
fn a_document_that_moved_to_the_next_page_is_there_once() {
    let page = results(&[rule()]).to_string();
    let body = bundle::encode(&[part("first", SEARCH, &page), part("first, page 2", SEARCH, &page)]);
    let document =
        extract(&RawDocument { body: &body, content_type: None, url: &SEARCH.parse().unwrap() }).unwrap();
    assert_eq!(document.entries.len(), 1);
}

#[test]
fn no_results_are_good_and_no_answer_is_not() {
    assert_eq!(read(&results(&[])).unwrap().entries.len(), 0);
    assert_eq!(read(&json!({ "description": "Documents", "count": 0 })).unwrap().entries.len(), 0);
    for bad in [
        json!({ "count": 7 }),
        json!({ "results": [rule()] }),
        json!({ "errors": { "conditions": "is invalid" } }),
        json!({ "status": 404, "message": "Record Not Found" }),
        json!({ "count": 1, "results": [{ "title": "without a number" }] }),
        json!({ "count": 1, "results": [{ "document_number": " " }] }),
        json!({ "count": 1, "results": {} }),
        json!([]),
    ] {
        assert!(read(&bad).is_err(), "{bad}");
    }
}

#[test]
fn a_page_in_place_of_json_is_told_with_its_title() {
    let page = "<!DOCTYPE html><html><head><title>Federal Register :: Page Not Found</title></head></html>";
    let error = read_at(SEARCH, page).unwrap_err().to_string();
    assert_eq!(
        error,
        "the JSON is not as expected: found an HTML page titled \"Federal Register :: Page Not Found\""
    );
    assert!(read_at(SEARCH, "").is_err());
}
