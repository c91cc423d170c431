//! Dockets as CourtListener has them: from its API, its feeds and its pages.

use super::*;

fn courtlistener_plain(settings: &DocketSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let settings = CourtlistenerSettings { docket: settings.clone(), ..CourtlistenerSettings::default() };
    courtlistener(&settings, page)
}

pub(super) fn courtlistener_page(body: &str) -> Result<Document, Unreadable> {
    read_at(courtlistener_plain, body, "https://www.courtlistener.com/docket/77/a-v-b/?order_by=desc")
}

pub(super) const API: &str = r#"{"count":"x","next":"https://www.courtlistener.com/?cursor=a","previous":null,"results":[
    {"id":9001,"docket":"https://www.courtlistener.com/api/rest/v4/dockets/77/","date_filed":"2022-10-11","entry_number":140,
    "description":"MOTION for Settlement by ROSES &amp; CO. (Entered: 10/11/2022)","date_modified":"2022-10-18T13:03:18-07:00",
    "recap_documents":[{"document_number":"140","attachment_number":null,"is_sealed":null,"is_available":true,
    "absolute_url":"/docket/77/140/a-v-b/","filepath_local":"recap/x/x.140.0.pdf","page_count":28},
    {"document_number":"140","attachment_number":1,"is_sealed":null,"is_available":false,"description":"Proposed Order",
    "absolute_url":"/docket/77/140/1/a-v-b/","filepath_local":null}]},
    {"id":9002,"docket":77,"date_filed":"2022-10-12","entry_number":null,"description":"","recap_documents":[
    {"document_number":"","attachment_number":null,"description":"Order"}]}]}"#;

#[test]
fn an_answer_of_the_api_is_read_whole() {
    let document = courtlistener_page(API).unwrap();
    assert_eq!(document.completeness, Completeness::Window);
    check(
        &document.entries[0],
        "77/9001",
        &[
            ("docket", "77"),
            ("entered", "2022-10-11"),
            ("filed", "2022-10-11"),
            ("kind", "motion"),
            (
                "links",
                "document 140\thttps://storage.courtlistener.com/recap/x/x.140.0.pdf\n\
                 attachment 1\thttps://www.courtlistener.com/docket/77/140/1/a-v-b/",
            ),
            ("number", "140"),
            ("text", "MOTION for Settlement by ROSES & CO. (Entered: 10/11/2022)"),
        ],
    );
    check(
        &document.entries[1],
        "77/9002",
        &[("docket", "77"), ("filed", "2022-10-12"), ("kind", "order"), ("text", "Order")],
    );
}

#[test]
fn of_the_api_only_what_says_something_is_a_change() {
    let read = |from: &str, to: &str| courtlistener_page(&API.replace(from, to)).unwrap();
    let before = || courtlistener_page(API).unwrap();
    let touched = read("2022-10-18T13", "2023-01-01T00");
    check_events(&before(), &touched, &[]);
    check_events(&before(), &read("\"page_count\":28", "\"page_count\":29"), &[]);
    let sealed =
        read("\"attachment_number\":1,\"is_sealed\":null", "\"attachment_number\":1,\"is_sealed\":true");
    assert_eq!(sealed.entries[0].fields["access"], "attachment 1 sealed");
    check_events(&before(), &sealed, &[("77/9001", DocketEvent::Sealed)]);
    let uploaded = API
        .replace("\"is_available\":false", "\"is_available\":true")
        .replace("\"filepath_local\":null", "\"filepath_local\":\"recap/x/x.140.1.pdf\"");
    check_events(
        &before(),
        &courtlistener_page(&uploaded).unwrap(),
        &[("77/9001", DocketEvent::DocumentAttached)],
    );
    check_events(
        &before(),
        &read("\"entry_number\":140", "\"entry_number\":141"),
        &[("77/9001", DocketEvent::DetailsAmended)],
    );
    let page = read("\"results\":[", "\"results\":[],\"x\":[");
    check_events(&before(), &page, &[]);
}

#[test]
fn the_last_page_of_the_api_is_the_whole_docket_where_it_is_the_first_too() {
    let whole = API.replace("\"https://www.courtlistener.com/?cursor=a\"", "null");
    assert_eq!(courtlistener_page(&whole).unwrap().completeness, Completeness::Whole);
    let denied = "{\"detail\":\"Authentication credentials were not provided.\"}";
    assert!(courtlistener_page(denied).is_err());
}

pub(super) fn atom_feed(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Docket feed</title>\
         <id>https://www.courtlistener.com/docket/77/a-v-b/</id><updated>2022-10-12T00:00:00-07:00</updated>{entries}</feed>"
    )
}

pub(super) const ATOM: &str = "<entry><title>Entry #140 in Bread &amp;amp; Roses v. FCC, Inc., 1:16-cv-00745</title>\
    <link href=\"https://www.courtlistener.com/docket/77/a-v-b/?order_by=desc#entry-140\" rel=\"alternate\"/>\
    <published>2022-10-11T00:00:00-07:00</published><updated>2022-10-11T00:00:00-07:00</updated>\
    <id>https://www.courtlistener.com/docket/77/a-v-b/?order_by=desc#entry-140</id><summary type=\"html\">MOTION for &lt;i&gt;Settlement&lt;/i&gt;</summary>\
    <link href=\"https://storage.courtlistener.com/recap/x.140.0.pdf\" length=\"330183\" type=\"application/pdf\" rel=\"enclosure\"/></entry>\
    <entry><title>Minute entry from 2022-10-12 in Bread v. FCC</title>\
    <link href=\"https://www.courtlistener.com/docket/77/a-v-b/?order_by=desc#minute-entry-9002\" rel=\"alternate\"/>\
    <published>2022-10-12T00:00:00-07:00</published><id>x</id><summary type=\"html\">Minute Entry for proceedings</summary></entry>";

#[test]
fn an_atom_feed_is_read_whole() {
    let document = courtlistener_page(&atom_feed(ATOM)).unwrap();
    assert_eq!(document.completeness, Completeness::Window);
    check(
        &document.entries[0],
        "1:16-cv-00745/140",
        &[
            ("caption", "Bread & Roses v. FCC, Inc."),
            ("docket", "1:16-cv-00745"),
            ("filed", "2022-10-11"),
            ("kind", "motion"),
            ("links", "document 140\thttps://storage.courtlistener.com/recap/x.140.0.pdf"),
            ("number", "140"),
            ("text", "MOTION for Settlement"),
        ],
    );
    let address = "https://www.courtlistener.com/docket/77/a-v-b/?order_by=desc#entry-140";
    assert_eq!(document.entries[0].url.as_deref(), Some(address));
    assert_eq!(document.entries[1].key, "Bread v. FCC/9002");
    assert_eq!(document.entries[1].fields["filed"], "2022-10-12");
    let other = atom_feed("<entry><title>News of the day</title><id>1</id></entry>");
    assert!(courtlistener_page(&other).is_err());
}

pub(super) const HEADING: &str = "<body><h1 data-type='search.Docket' data-id='77'><span>Bread <span class=alt>v.</span> FCC</span>\n(<span>1:16-cv-00745</span>)</h1>\
    <p><span class=meta-data-header>Last Updated:</span> <span class=meta-data-value>Oct. 18, 2022, 1:03 p.m.</span></p>";

pub(super) const OLD_PAGE: &str = "<div class='fake-table' id='docket-entry-table'><div class='row bold'><div>Document Number</div></div>\
    <div class='row odd' id='entry-140'><div class='col-xs-1'><p>140</p></div><div class='col-xs-3'><p><span title='Oct. 11, 2022, 2 p.m.'>Oct 11, 2022</span></p></div>\
    <div class='col-xs-8'><p>MOTION for <i>Settlement</i></p>\
    <div class='row recap-documents'><div><p><a href='/docket/77/140/a-v-b/'>Main Doc<span>&shy;ument</span></a></p></div><div><p>Settlement</p></div>\
    <div><a href='https://storage.courtlistener.com/recap/x.140.0.pdf' title='Uploaded 3 days ago'>Download PDF</a>\
    <ul><li><a href='https://archive.org/x.pdf'>From Internet Archive</a></li><li><a href='https://ecf.dcd.uscourts.gov/doc1/04519519006?caseid=1'>Buy on PACER ($2.80)</a></li></ul></div></div>\
    <div class='row recap-documents'><div><p>Att<span>ach&shy;ment</span>&nbsp;1</p></div><div><p>Proposed Order</p></div>\
    <div><a href='https://ecf.dcd.uscourts.gov/doc1/04519519007?caseid=1'>Buy on PACER ($0.60)</a></div></div></div></div>\
    <div class='row even' id='minute-entry-9002'><div><p></p></div><div><p>Oct 12, 2022</p></div><div><p>Minute Entry</p></div></div></div></body>";

const NEW_PAGE: &str = "<ol role=list aria-label='Docket entries'><li id='entry-140'><div><dl>\
    <div><dt>Document Number</dt><dd>140</dd></div><div><dt>Date Filed</dt><dd><time datetime='2022-10-11'>Oct 11, 2022</time></dd></div>\
    <div><dt>Description</dt><dd><p>MOTION for Settlement</p></dd></div></dl><a href='#entry-140'>link</a></div>\
    <ul aria-label='Documents for this entry'><li><div><a href='/docket/77/140/a-v-b/'>Main Document</a><p>Settlement</p></div>\
    <div><a href='https://storage.courtlistener.com/recap/x.140.0.pdf'>From CourtListener</a></div></li>\
    <li><div><span>Attachment 1</span><p>Proposed Order</p></div><div><a href='https://ecf.dcd.uscourts.gov/doc1/04519519007'>Buy on PACER</a></div></li></ul></li>\
    <li id='minute-entry-9002'><dl><div><dt>Document Number</dt><dd></dd></div><div><dt>Date Filed</dt><dd>Oct 12, 2022</dd></div>\
    <div><dt>Description</dt><dd><p>Minute Entry</p></dd></div></dl></li></ol></body>";

#[test]
fn the_page_of_a_docket_is_read_in_both_templates() {
    for page in [OLD_PAGE, NEW_PAGE] {
        let document = courtlistener_page(&format!("{HEADING}{page}")).unwrap();
        assert_eq!(document.completeness, Completeness::Whole);
        check(
            &document.entries[0],
            "1:16-cv-00745/140",
            &[
                ("caption", "Bread v. FCC"),
                ("docket", "1:16-cv-00745"),
                ("filed", "2022-10-11"),
                ("kind", "motion"),
                (
                    "links",
                    "main document\thttps://storage.courtlistener.com/recap/x.140.0.pdf\n\
                     attachment 1\thttps://ecf.dcd.uscourts.gov/doc1/04509519007",
                ),
                ("number", "140"),
                ("text", "MOTION for Settlement"),
            ],
        );
        check(
            &document.entries[1],
            "1:16-cv-00745/9002",
            &[
                ("caption", "Bread v. FCC"),
                ("docket", "1:16-cv-00745"),
                ("filed", "2022-10-12"),
                ("kind", "minute-entry"),
                ("text", "Minute Entry"),
            ],
        );
    }
}

#[test]
fn what_moves_on_the_page_of_a_docket_is_no_change() {
    let read = |page: &str| courtlistener_page(page).unwrap();
    let page = format!("{HEADING}{OLD_PAGE}");
    let later = page
        .replace("Oct. 18, 2022", "Nov. 1, 2022")
        .replace("3 days ago", "5 days ago")
        .replace("$2.80", "$3.00")
        .replace("0451951", "0450951");
    check_events(&read(&page), &read(&later), &[]);
    let other_template = read(&format!("{HEADING}{NEW_PAGE}"));
    check_events(&read(&page), &other_template, &[]);
    let sealed = page.replace(
        "<a href='https://ecf.dcd.uscourts.gov/doc1/04519519007?caseid=1'>Buy on PACER ($0.60)</a>",
        "<span>Sealed on PACER</span>",
    );
    check_events(&read(&page), &read(&sealed), &[("1:16-cv-00745/140", DocketEvent::Sealed)]);
}

#[test]
fn one_page_of_several_is_a_window() {
    let page = format!("{HEADING}<a rel=next href='?order_by=desc&page=2'>Next</a>{OLD_PAGE}");
    assert_eq!(courtlistener_page(&page).unwrap().completeness, Completeness::Window);
    let narrowed = "https://www.courtlistener.com/docket/77/a-v-b/?filed_after=01/01/2022";
    let document = read_at(courtlistener_plain, &format!("{HEADING}{OLD_PAGE}"), narrowed).unwrap();
    assert_eq!(document.completeness, Completeness::Window);
}

fn part(name: &str, url: &str, body: &'static str) -> BundlePart<'static> {
    let content_type = Some("application/json".to_owned());
    BundlePart { name: name.to_owned(), url: url.parse().unwrap(), content_type, body: body.as_bytes() }
}

const ENTRIES_AT: &str = "https://www.courtlistener.com/api/rest/v4/docket-entries/?docket=77";
const CASE_AT: &str = "https://www.courtlistener.com/api/rest/v4/dockets/77/";

#[test]
fn the_docket_itself_and_the_pages_of_its_entries_are_asked_for() {
    let settings = |pages, case: &str| CourtlistenerSettings {
        docket: DocketSettings { dockets: vec!["16-cv-745".to_owned()], ..DocketSettings::default() },
        pages,
        case: case.parse().ok(),
    };
    let asked = |settings: &CourtlistenerSettings, parts: &[BundlePart<'_>]| {
        wanted(settings, parts).unwrap().map(|wanted| (wanted.name, wanted.url.to_string()))
    };
    let mut parts = vec![part("first", ENTRIES_AT, API)];
    assert_eq!(asked(&settings(1, ""), &parts), None);
    let next = ("first, page 2".to_owned(), "https://www.courtlistener.com/?cursor=a".to_owned());
    assert_eq!(asked(&settings(2, ""), &parts), Some(next.clone()));
    let with_case = settings(2, CASE_AT);
    assert_eq!(asked(&with_case, &parts), Some(("case".to_owned(), CASE_AT.to_owned())));
    parts.push(part(
        "case",
        CASE_AT,
        "{\"id\":77,\"docket_number\":\"1:16-cv-00745\",\"case_name\":\"A v. B\"}",
    ));
    assert_eq!(asked(&with_case, &parts), Some(next));
    let last = "{\"next\":null,\"previous\":\"x\",\"results\":[{\"id\":9002,\"docket\":77},{\"id\":8000,\"docket\":77,\"description\":\"COMPLAINT\"}]}";
    parts.push(part("first, page 2", ENTRIES_AT, last));
    assert_eq!(asked(&with_case, &parts), None);

    let url = ENTRIES_AT.parse().unwrap();
    let body = crate::domain::bundle::encode(&parts);
    let document =
        courtlistener(&with_case, &RawDocument { body: &body, content_type: None, url: &url }).unwrap();
    assert_eq!(document.completeness, Completeness::Whole);
    let keys: Vec<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["1:16-cv-00745/9001", "1:16-cv-00745/9002", "1:16-cv-00745/8000"]);
    assert_eq!(document.entries[2].title, "1:16-cv-00745 A v. B: COMPLAINT");
    let other = CourtlistenerSettings {
        docket: DocketSettings { dockets: vec!["23-1032".to_owned()], ..DocketSettings::default() },
        ..with_case
    };
    assert!(courtlistener(&other, &RawDocument { body: &body, content_type: None, url: &url }).is_err());
}

#[test]
fn the_api_does_not_lead_elsewhere_and_a_page_or_a_feed_is_one_answer() {
    let settings = CourtlistenerSettings { pages: 5, ..CourtlistenerSettings::default() };
    let elsewhere = "{\"next\":\"https://other.test/?cursor=a\",\"previous\":null,\"results\":[]}";
    assert!(wanted(&settings, &[part("first", ENTRIES_AT, elsewhere)]).is_err());
    for body in ["<html></html>", "<?xml version='1.0'?><feed/>", ""] {
        assert_eq!(wanted(&settings, &[part("first", ENTRIES_AT, body)]), Ok(None));
    }
}
