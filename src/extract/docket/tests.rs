use self::courtlistener::{API, ATOM, HEADING, OLD_PAGE, atom_feed, courtlistener_page};
use super::*;
use crate::domain::diff::diff;
use crate::domain::docket::DocketEvent;
use crate::domain::noise::Noise;

mod bankruptcy;
mod courtlistener;
mod scotus;

fn read_at(
    kind: fn(&DocketSettings, &RawDocument<'_>) -> Result<Document, Unreadable>,
    body: &str,
    url: &str,
) -> Result<Document, Unreadable> {
    let url = url.parse().unwrap();
    kind(&DocketSettings::default(), &RawDocument { body: body.as_bytes(), content_type: None, url: &url })
}

fn pacer_page(body: &str) -> Result<Document, Unreadable> {
    read_at(pacer, body, "https://ecf.sample.test/cgi-bin/DktRpt.pl?408")
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
            ("parties", "Debtor: Bread & Roses, Inc."),
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
        let page = RawDocument { body: body.as_bytes(), content_type: None, url: &url };
        pacer(&DocketSettings { dockets, ..DocketSettings::default() }, &page)
    };
    assert!(read(&["23-1", "1:17-cv-554"]).is_ok());
    let error = read(&["23-1", "1:18-cv-00554"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the docket (expected that of 23-1, 1:18-cv-00554) is not as expected: found \"1:17-cv-00554\""
    );
}
