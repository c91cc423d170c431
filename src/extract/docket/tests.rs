use super::*;
use crate::domain::diff::diff;
use crate::domain::docket::DocketEvent;
use crate::domain::noise::Noise;

fn read_at(
    kind: fn(&DocketSettings, &Page<'_>) -> Result<Document, Unreadable>,
    body: &str,
    url: &str,
) -> Result<Document, Unreadable> {
    let url = url.parse().unwrap();
    kind(&DocketSettings::default(), &Page { body: body.as_bytes(), content_type: None, url: &url })
}

fn pacer_page(body: &str) -> Result<Document, Unreadable> {
    read_at(pacer, body, "https://ecf.sample.test/cgi-bin/DktRpt.pl?408")
}

fn courtlistener_plain(settings: &DocketSettings, page: &Page<'_>) -> Result<Document, Unreadable> {
    let settings = CourtlistenerSettings { docket: settings.clone(), ..CourtlistenerSettings::default() };
    courtlistener(&settings, page)
}

fn courtlistener_page(body: &str) -> Result<Document, Unreadable> {
    read_at(courtlistener_plain, body, "https://www.courtlistener.com/docket/77/a-v-b/?order_by=desc")
}

#[track_caller]
fn check(entry: &Entry, key: &str, expected: &[(&str, &str)]) {
    let fields: Vec<(&str, &str)> =
        entry.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(fields, expected);
    assert_eq!(entry.key, key);
}

/// What becomes of a docket from one read to the next.
#[track_caller]
fn check_events(before: &Document, after: &Document, expected: &[(&str, DocketEvent)]) {
    let changes = diff(before, after, &Noise::default());
    let events: Vec<(&str, DocketEvent)> =
        changes.iter().map(|change| (change.key.as_str(), DocketEvent::of(change).unwrap())).collect();
    assert_eq!(events, expected);
}

fn appellate_page(rows: &str, receipt: &str) -> String {
    format!(
        "<title>23-0001 Docket</title><body><!-- === NEW SECTION - Case Stub === --><table border=1><tr><td><table>\
         <tr><td><b>Court of Appeals Docket #: </b>23-0001</td><td><b>Docketed:</b> 02/03/2023</td></tr>\
         <tr><td><b>Nature of Suit: </b>\n2990 Other</td></tr><tr><td>Bread & Roses v. FCC</td></tr></table></td></tr></table>\
         <!-- === NEW SECTION - Prior Cases === --><table><tr><td>01/01/2020<td>None<td>not an entry</table>\
         <!-- === NEW SECTION - DOCKET ENTRIES === --><form><table border=1><tr><td><table>{rows}</table></td></tr></table></form>\
         <center><table><tr><th>Search Criteria:</th><td>23-0001</td><th>Description:</th><td>{receipt}</td></tr>\
         <tr><td colspan=4>01/06/2023 10:22:43</td></tr></table></center></body>"
    )
}

const UNNUMBERED: &str = "<tr><td valign=top>02/03/2023</td><td><input type=checkbox name=d value=900001>\n&nbsp;&nbsp;</td>\
    <td>CLERK'S ORDER [900001] filed.\n [23-0001]  [Entered: 02/03/2023 12:24 PM]</td></tr>";

const NUMBERED: &str = "<tr><td>02/04/2023</td><td><a href='https://ecf.sample.test/docs1/01218400001?caseId=7' title='Open Document'>&nbsp;7&nbsp;</a>\
    <br><font>2 pg, 17.1 KB</font></td><td><b>MOTION</b> filed by<br>Roses [Entered: 02/04/2023 09:53 AM]</td></tr>";

#[test]
fn an_appellate_page_is_read_whole() {
    let document =
        pacer_page(&appellate_page(&format!("{UNNUMBERED}{NUMBERED}"), "Docket Report (full)")).unwrap();
    assert_eq!((document.completeness, document.resemblance), (Completeness::Whole, Resemblance::DayAndText));
    assert_eq!(document.entries.len(), 2);
    check(
        &document.entries[0],
        "23-0001/900001",
        &[
            ("caption", "Bread & Roses v. FCC"),
            ("docket", "23-0001"),
            ("entered", "2023-02-03T12:24"),
            ("filed", "2023-02-03"),
            ("kind", "order"),
            ("text", "CLERK'S ORDER [900001] filed. [23-0001] [Entered: 02/03/2023 12:24 PM]"),
        ],
    );
    check(
        &document.entries[1],
        "23-0001/7",
        &[
            ("caption", "Bread & Roses v. FCC"),
            ("docket", "23-0001"),
            ("entered", "2023-02-04T09:53"),
            ("filed", "2023-02-04"),
            ("kind", "motion"),
            ("links", "document 7\thttps://ecf.sample.test/docs1/01208400001"),
            ("number", "7"),
            ("text", "MOTION filed by Roses [Entered: 02/04/2023 09:53 AM]"),
        ],
    );
    assert_eq!(document.entries[1].url.as_deref(), Some("https://ecf.sample.test/docs1/01208400001"));
    assert!(document.entries[0].title.starts_with("23-0001 Bread & Roses v. FCC: CLERK'S ORDER"));
}

#[test]
fn the_receipt_tells_whether_all_was_asked_for() {
    for (criteria, completeness) in [
        ("1:17-cv-00554-ABC", Completeness::Whole),
        ("17-43611-BDL Fil or Ent: filed Doc From: 0 Doc To: 99999999 Term: included", Completeness::Whole),
        ("17-43611-BDL Fil or Ent: filed From: 1/1/2017 Doc From: 0 Doc To: 99999999", Completeness::Window),
        ("17-43611-BDL Fil or Ent: filed Doc From: 12 Doc To: 99999999", Completeness::Window),
        ("1:17-cv-00554 Start date: 1/1/2017", Completeness::Window),
    ] {
        let document = pacer_page(&district_page(MINUTES, criteria)).unwrap();
        assert_eq!(document.completeness, completeness, "{criteria}");
    }
}

#[test]
fn a_part_of_a_docket_says_nothing_of_the_rest() {
    let document = pacer_page(&appellate_page(UNNUMBERED, "Docket Report (filtered)")).unwrap();
    assert_eq!(document.completeness, Completeness::Window);
    let document = pacer_page(&district_page(MINUTES, "1:17-cv-00554 Starting with document: 1")).unwrap();
    assert_eq!(document.completeness, Completeness::Window);
}

#[test]
fn a_locked_document_is_restricted() {
    let page =
        |title: &str| pacer_page(&appellate_page(&NUMBERED.replace("Open Document", title), "")).unwrap();
    let locked = page("Open Restricted Document");
    assert_eq!(locked.entries[0].fields["access"], "restricted");
    check_events(&page("Open Document"), &locked, &[("23-0001/7", DocketEvent::Sealed)]);
}

fn district_page(rows: &str, criteria: &str) -> String {
    format!(
        "<h3 align=center>U.S. District Court<BR>Sample District<BR>CIVIL DOCKET FOR CASE #: 1:17-cv-00554-ABC-DE</h3>\
         <table><tr><td><br>Bread & Roses v. Roe et al<br>Assigned to: Judge Doe</td><td><br>Date Filed: 02/03/2017</td></tr></table>\
         <table><tr><td>Date\n Filed</td><th>#</th><td>Docket Text</td></tr>{rows}</table>\
         <HR><CENTER><TABLE><TR><TH>Search Criteria:</TH><TD>{criteria}</TD></TR></TABLE></CENTER>"
    )
}

const COMPLAINT: &str = "<tr><td nowrap>02/03/2017</td><td align=right><a href='/doc1/20110000001' onClick='x'>1</a>&nbsp;</td>\
    <td>COMPLAINT (Attachments: # <a href='/doc1/20110000002'>1</a> Civil Cover Sheet, # <a href='/doc1/20110000003'>2</a> Summons)\
    \x20re <a href='/doc1/20110000009'>9</a> (Related Doc # <a href='/doc1/20110000008'>5</a>) (Doe, J.) (Entered: 02/06/2017)</td></tr>";

const MINUTES: &str = "<tr><td>02/07/2017</td><td>&nbsp;</td><td>Minute Entry for proceedings held before Judge Doe. (Entered: 02/07/2017)</td></tr>";

#[test]
fn a_district_page_is_read_whole() {
    let document = pacer_page(&district_page(&format!("{COMPLAINT}{MINUTES}"), "1:17-cv-00554-ABC")).unwrap();
    assert_eq!(document.completeness, Completeness::Whole);
    check(
        &document.entries[0],
        "1:17-cv-00554/1",
        &[
            ("caption", "Bread & Roses v. Roe et al"),
            ("docket", "1:17-cv-00554"),
            ("entered", "2017-02-06"),
            ("filed", "2017-02-03"),
            ("kind", "pleading"),
            (
                "links",
                "document 1\thttps://ecf.sample.test/doc1/20100000001\nattachment 1\thttps://ecf.sample.test/doc1/20100000002\n\
                 attachment 2\thttps://ecf.sample.test/doc1/20100000003",
            ),
            ("number", "1"),
            (
                "text",
                "COMPLAINT (Attachments: # 1 Civil Cover Sheet, # 2 Summons) re 9 (Related Doc # 5) (Doe, J.) (Entered: 02/06/2017)",
            ),
        ],
    );
    check(
        &document.entries[1],
        "1:17-cv-00554/2017-02-07",
        &[
            ("caption", "Bread & Roses v. Roe et al"),
            ("docket", "1:17-cv-00554"),
            ("entered", "2017-02-07"),
            ("filed", "2017-02-07"),
            ("kind", "minute-entry"),
            ("text", "Minute Entry for proceedings held before Judge Doe. (Entered: 02/07/2017)"),
        ],
    );
}

#[test]
fn a_long_docket_goes_on_in_another_table() {
    let rows = format!(
        "{COMPLAINT}</table> <table>{MINUTES}</table><table><tr><td>02/09/2017</td><td>other</td></tr>"
    );
    let document = pacer_page(&district_page(&rows, "")).unwrap();
    assert_eq!(document.entries.len(), 2);
}

#[test]
fn a_bankruptcy_page_is_read_whole() {
    let page = "<center><b>U.S. Bankruptcy Court<br>Sample District<br>Bankruptcy Petition #: 2:17-bk-05481-abc7</b></center>\
        <table><tr><td><i>Assigned to:</i> Judge Doe<br>Chapter 11</td><td>Date filed: 10/19/2017</td></tr>\
        <tr><td><i><b>Debtor</b></i><br><b>Bread & Roses, Inc.</b><br>1 Sample Street</td></tr></table>\
        <table><tr><th>Filing Date</th><th colspan=2>#</th><th>Docket Text</th></tr>\
        <tr><td>10/19/2017</td><td>&nbsp;</td><td><a href='/doc1/02201226343?caseid=7'>1</a></td><td>Chapter 11 Voluntary Petition (Entered: 10/19/2017)</td></tr>\
        <tr><td>10/20/2017</td><td>2</td><td></td><td>Receipt of filing fee</td></tr></table>";
    let entries = pacer_page(page).unwrap().entries;
    check(
        &entries[0],
        "2:17-bk-05481/1",
        &[
            ("caption", "Bread & Roses, Inc."),
            ("docket", "2:17-bk-05481"),
            ("entered", "2017-10-19"),
            ("filed", "2017-10-19"),
            ("kind", "pleading"),
            ("links", "document 1\thttps://ecf.sample.test/doc1/02201226343"),
            ("number", "1"),
            ("text", "Chapter 11 Voluntary Petition (Entered: 10/19/2017)"),
        ],
    );
    assert_eq!(entries[1].key, "2:17-bk-05481/2");
}

#[test]
fn what_differs_on_every_read_of_a_page_is_no_change() {
    let page = |criteria: &str, digit: &str| {
        let rows = format!("{COMPLAINT}{MINUTES}").replace("2011000", &format!("201{digit}000"));
        pacer_page(&district_page(&rows, criteria)).unwrap()
    };
    check_events(
        &page("1:17-cv-00554 01/06/2023 10:22:43 $0.10", "1"),
        &page("1:17-cv-00554 01/07/2023 $0.30", "0"),
        &[],
    );
}

#[test]
fn an_unnumbered_entry_survives_its_amendment() {
    let other = MINUTES.replace("proceedings held", "a telephone conference that was not held");
    let amended = MINUTES.replace("Judge Doe", "Judge Doe on 2/7/2017: the motion is argued");
    let page = |rows: &[&str]| pacer_page(&district_page(&rows.concat(), "")).unwrap();
    check_events(
        &page(&[MINUTES, &other]),
        &page(&[&other, &amended]),
        &[("1:17-cv-00554/2017-02-07~2", DocketEvent::TextAmended)],
    );
    let next_day = MINUTES.replace("02/07/2017", "02/08/2017");
    check_events(
        &page(&[COMPLAINT, MINUTES]),
        &page(&[COMPLAINT, MINUTES, &next_day]),
        &[("1:17-cv-00554/2017-02-08", DocketEvent::New)],
    );
}

#[test]
fn an_entry_that_is_given_a_number_is_the_same() {
    let numbered = MINUTES.replace("&nbsp;", "4");
    let page = |rows: &str| pacer_page(&district_page(&format!("{COMPLAINT}{rows}"), "")).unwrap();
    check_events(&page(MINUTES), &page(&numbered), &[("1:17-cv-00554/4", DocketEvent::DetailsAmended)]);
}

#[test]
fn what_is_struck_from_a_docket_is_gone_and_a_new_caption_is_no_change_of_its_entries() {
    let page = |rows: &str| pacer_page(&district_page(rows, "")).unwrap();
    check_events(
        &page(&format!("{COMPLAINT}{MINUTES}")),
        &page(COMPLAINT),
        &[("1:17-cv-00554/2017-02-07", DocketEvent::Gone)],
    );
    let renamed = pacer_page(&district_page(COMPLAINT, "").replace("Roe et al", "Poe")).unwrap();
    check_events(&page(COMPLAINT), &renamed, &[]);
}

#[test]
fn an_attachment_that_is_added_is_told_as_one() {
    let page = |rows: &str| pacer_page(&district_page(rows, "")).unwrap();
    let more = COMPLAINT.replace(
        " Summons)",
        " Summons) (Additional attachment(s) added on 2/9/2017: # <a href='/doc1/20110000004'>3</a> Exhibit)",
    );
    check_events(&page(COMPLAINT), &page(&more), &[("1:17-cv-00554/1", DocketEvent::DocumentAttached)]);
}

const ACMS: &str = r#"{"caseDetails":{"caseNumber":"23-0001","name":"Bread &amp; Roses v. FCC"},
    "docketInfo":{"isCaseSealed":false,"docketEntries":[{"endDate":"2023-09-26","entryNumber":5,
    "docketEntryText":"<p><strong>SCHEDULE NOTICE</strong>. Brief due&nbsp;1/1/2024.<br />\nSee Rule 42 [Entered: 09/26/2023 12:26:09 AM]</p>",
    "docketEntryId":"9b1e7ea2-aa5c","createdOn":"2023-09-26T20:24:05Z","documentCount":1,"pageCount":2,
    "restrictedPartyFilingDocketEntry":false}]}}"#;

#[test]
fn an_answer_of_acms_is_read_whole() {
    let document = pacer_page(ACMS).unwrap();
    assert_eq!(document.completeness, Completeness::Whole);
    check(
        &document.entries[0],
        "23-0001/9b1e7ea2-aa5c",
        &[
            ("caption", "Bread &amp; Roses v. FCC"),
            ("docket", "23-0001"),
            ("documents", "1"),
            ("entered", "2023-09-26T00:26"),
            ("filed", "2023-09-26"),
            ("kind", "notice"),
            ("number", "5"),
            ("text", "SCHEDULE NOTICE. Brief due 1/1/2024. See Rule 42 [Entered: 09/26/2023 12:26:09 AM]"),
        ],
    );
    let more = pacer_page(&ACMS.replace("\"documentCount\":1", "\"documentCount\":2")).unwrap();
    check_events(&document, &more, &[("23-0001/9b1e7ea2-aa5c", DocketEvent::DocumentAttached)]);
}

const API: &str = r#"{"count":"x","next":"https://www.courtlistener.com/?cursor=a","previous":null,"results":[
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

fn atom_feed(entries: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><feed xmlns=\"http://www.w3.org/2005/Atom\"><title>Docket feed</title>\
         <id>https://www.courtlistener.com/docket/77/a-v-b/</id><updated>2022-10-12T00:00:00-07:00</updated>{entries}</feed>"
    )
}

const ATOM: &str = "<entry><title>Entry #140 in Bread &amp;amp; Roses v. FCC, Inc., 1:16-cv-00745</title>\
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

const HEADING: &str = "<body><h1 data-type='search.Docket' data-id='77'><span>Bread <span class=alt>v.</span> FCC</span>\n(<span>1:16-cv-00745</span>)</h1>\
    <p><span class=meta-data-header>Last Updated:</span> <span class=meta-data-value>Oct. 18, 2022, 1:03 p.m.</span></p>";

const OLD_PAGE: &str = "<div class='fake-table' id='docket-entry-table'><div class='row bold'><div>Document Number</div></div>\
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

#[test]
fn without_its_structure_nothing_is_read() {
    for body in [
        "",
        "<h1>Access Denied</h1>",
        "{}",
        "[]",
        "<rss version='2.0'><channel></channel></rss>",
        "{\"results\":",
    ] {
        assert!(pacer_page(body).is_err(), "{body}");
        assert!(courtlistener_page(body).is_err(), "{body}");
    }
    let no_entries = appellate_page("", "").replace("DOCKET ENTRIES", "Receipt");
    assert!(matches!(pacer_page(&no_entries), Err(Unreadable::Missing { .. })));
    assert!(matches!(courtlistener_page(HEADING), Err(Unreadable::Missing { .. })));
    assert!(matches!(pacer_page("<h3>DOCKET FOR CASE #: 1:17-cv-1</h3>"), Err(Unreadable::Missing { .. })));
}

#[test]
fn a_page_that_is_cut_off_is_refused() {
    let appellate = appellate_page(&format!("{UNNUMBERED}{NUMBERED}"), "");
    let district = district_page(&format!("{COMPLAINT}{MINUTES}"), "");
    for (page, cut) in
        [(&appellate, "filed by<br>"), (&district, "Minute Entry for"), (&district, "02/07/2017</td>")]
    {
        let cut = page.find(cut).unwrap();
        assert!(pacer_page(page).is_ok() && pacer_page(&page[..cut]).is_err(), "cut at {cut}");
    }
    let page = format!("{HEADING}{OLD_PAGE}");
    let cut = page.find("minute-entry").unwrap();
    assert!(courtlistener_page(&page).is_ok() && courtlistener_page(&page[..cut]).is_err());
    assert!(courtlistener_page(&atom_feed(ATOM)[..600]).is_err());
    assert!(courtlistener_page(&API[..API.len() - 20]).is_err());
    assert!(pacer_page(&ACMS[..ACMS.len() - 20]).is_err());
}

#[test]
fn the_docket_of_another_case_is_refused() {
    let url = "https://ecf.sample.test/docket".parse().unwrap();
    let read = |dockets: &[&str]| {
        let dockets = dockets.iter().map(ToString::to_string).collect();
        let body = district_page(COMPLAINT, "");
        let page = Page { body: body.as_bytes(), content_type: None, url: &url };
        pacer(&DocketSettings { dockets, ..DocketSettings::default() }, &page)
    };
    assert!(read(&["23-1", "1:17-cv-554"]).is_ok());
    let error = read(&["23-1", "1:18-cv-00554"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the docket (expected that of 23-1, 1:18-cv-00554) is not as expected: found \"1:17-cv-00554\""
    );
}

fn part(name: &str, url: &str, body: &'static str) -> Part<'static> {
    let content_type = Some("application/json".to_owned());
    Part { name: name.to_owned(), url: url.parse().unwrap(), content_type, body: body.as_bytes() }
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
    let asked = |settings: &CourtlistenerSettings, parts: &[Part<'_>]| {
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
    let document = courtlistener(&with_case, &Page { body: &body, content_type: None, url: &url }).unwrap();
    assert_eq!(document.completeness, Completeness::Whole);
    let keys: Vec<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    assert_eq!(keys, ["1:16-cv-00745/9001", "1:16-cv-00745/9002", "1:16-cv-00745/8000"]);
    assert_eq!(document.entries[2].title, "1:16-cv-00745 A v. B: COMPLAINT");
    let other = CourtlistenerSettings {
        docket: DocketSettings { dockets: vec!["23-1032".to_owned()], ..DocketSettings::default() },
        ..with_case
    };
    assert!(courtlistener(&other, &Page { body: &body, content_type: None, url: &url }).is_err());
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
