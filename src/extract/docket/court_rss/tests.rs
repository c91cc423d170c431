use super::*;
use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
use crate::domain::source::DocketSettings;

fn read(body: &[u8]) -> Result<Document, Unreadable> {
    let url = "https://ecf.sample.test/rss".parse().unwrap();
    let page = RawDocument { body, content_type: Some("text/xml"), url: &url };
    crate::extract::docket::court_rss(&DocketSettings::default(), &page)
}

fn feed(items: &str) -> String {
    format!(
        "<?xml version='1.0' encoding='ISO-8859-1'?>\n<rss version='2.0'><channel><title>Sample Court</title>\
             <description>Docket entries of type: orders</description>{items}</channel></rss>"
    )
}

fn entries(items: &str) -> Vec<Entry> {
    read(feed(items).as_bytes()).unwrap().entries
}

const APPELLATE: &str = "<item><title>23-0001 Bread &amp;amp; Roses v. FCC</title>\
    <link>https://ecf.sample.test/n/beam?servlet=Docket&amp;caseNum=23-0001</link>\
    <description>[Order Filed (CLERK)] (&lt;a href='https://ecf.sample.test/docs1/01218400001'>Document&lt;/a>)</description>\
    <guid isPermaLink='true'>https://ecf.sample.test/n/beam?servlet=Docket&amp;caseNum=23-0001&amp;partId=900001</guid>\
    <pubDate>Fri, 03 Feb 2023 11:57:38 EST</pubDate></item>";

#[test]
fn an_appellate_item_is_read_whole() {
    let entry = &entries(APPELLATE)[0];
    assert_eq!(entry.key, "23-0001/900001");
    assert_eq!(entry.title, "23-0001 Bread & Roses v. FCC: Order Filed (CLERK)");
    assert_eq!(entry.date.map(|date| date.to_string()).as_deref(), Some("2023-02-03T11:57:38-05:00"));
    assert_eq!(entry.url.as_deref(), Some("https://ecf.sample.test/n/beam?servlet=Docket&caseNum=23-0001"));
    let fields: Vec<(&str, &str)> =
        entry.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("caption", "Bread & Roses v. FCC"),
            ("docket", "23-0001"),
            ("entered", "2023-02-03T11:57:38-05:00"),
            ("filed", "2023-02-03"),
            ("kind", "order"),
            ("links", "Document\thttps://ecf.sample.test/docs1/01208400001"),
            ("text", "Order Filed (CLERK)"),
        ]
    );
}

#[test]
fn consolidated_cases_are_entries_of_their_own() {
    let other = APPELLATE.replace("23-0001", "23-0002");
    let keys: Vec<String> =
        entries(&format!("{APPELLATE}{other}")).into_iter().map(|entry| entry.key).collect();
    assert_eq!(keys, ["23-0001/900001", "23-0002/900001"]);
}

fn district(title: &str, description: &str, guid: &str) -> String {
    format!(
        "<item><title><![CDATA[{title}]]></title><link>https://ecf.sample.test/cgi-bin/DktRpt.pl?408</link>\
         <description><![CDATA[{description}]]></description><guid>{guid}</guid>\
         <pubDate>Tue, 22 May 2018 22:10:04 GMT</pubDate></item>"
    )
}

#[test]
fn several_events_of_one_filing_are_one_entry() {
    let guid = "https://ecf.sample.test/cgi-bin/DktRpt.pl?408";
    let one = district("1:17-cv-00554-ABC-DE Doe v. Roe", "[Scheduling Order] Doe v. Roe ", guid);
    let two = district("1:17-cv-00554-ABC-DE Doe v. Roe", "[Order] Doe v. Roe ", guid);
    let found = entries(&format!("{one}{two}"));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].key, "1:17-cv-00554/2018-05-22T22:10:04+00:00");
    assert_eq!(found[0].fields["text"], "Order; Scheduling Order");
}

#[track_caller]
fn check_district(title: &str, description: &str, guid: &str, key: &str, number: Option<&str>) {
    let found = entries(&district(title, description, guid));
    assert_eq!(found[0].key, key);
    assert_eq!(found[0].fields.get("number").map(String::as_str), number);
}

#[test]
fn an_entry_is_known_by_the_best_number_there_is() {
    let base = "https://ecf.sample.test/cgi-bin/DktRpt.pl?408";
    let link = "[Order] (<a href=\"https://ecf.sample.test/doc1/20110000001?caseid=408\" >13</a>)";
    check_district("2:13-cv-01808 A v. B", link, &format!("{base}&amp;47"), "2:13-cv-01808/47", Some("13"));
    check_district("2:13-cv-01808 A v. B", link, base, "2:13-cv-01808/13", Some("13"));
    check_district(
        "18-00079 A v. B",
        "Type: ap [Close [x] Case] ",
        &format!("{base}-19"),
        "18-00079/19",
        None,
    );
    check_district("5:18-~gr-00001 ", link, &format!("{base}&amp;5"), "5:18-~gr-00001/5", Some("13"));
    check_district(
        "Notice to all users",
        "Closed on Monday",
        base,
        "Notice to all users/2018-05-22T22:10:04+00:00",
        None,
    );
}

#[test]
fn the_other_spelling_of_a_document_is_no_change() {
    let link = |id: &str| format!("[Order] (<a href='https://ecf.sample.test/doc1/{id}'>Document</a>)");
    let guid = "https://ecf.sample.test/cgi-bin/DktRpt.pl?408";
    let read = |id: &str| entries(&district("1:17-cv-00554 A v. B", &link(id), guid));
    assert_eq!(read("20110000001"), read("20100000001"));
}

#[test]
fn an_empty_feed_is_good_and_no_feed_is_not() {
    let quiet = read(feed("").as_bytes()).unwrap();
    assert_eq!(
        (quiet.entries.len(), quiet.completeness, quiet.resemblance),
        (0, Completeness::Window, Resemblance::Never)
    );
    for bad in ["", "<html><head><title>Log in</title></head></html>", "<rss version='2.0'></rss>", "<feed/>"]
    {
        assert!(read(bad.as_bytes()).is_err(), "{bad}");
    }
    let whole = feed(APPELLATE);
    for cut in [whole.len() - 1, whole.len() / 2, 60] {
        assert!(read(&whole.as_bytes()[..cut]).is_err(), "cut at {cut}");
    }
}

#[test]
fn latin_1_is_read_as_declared() {
    let items = b"<item><title>23-1 Pe\xf1a v. FCC</title></item>";
    let body = [feed("").split("</channel>").next().unwrap().as_bytes(), items, b"</channel></rss>"].concat();
    assert_eq!(read(&body).unwrap().entries[0].fields["caption"], "Peña v. FCC");
}

#[test]
fn entities_of_a_document_type_are_expanded_within_bounds() {
    let levels: Vec<String> =
        (1..30).map(|level| format!("<!ENTITY e{level} '&e{0};&e{0};&e{0};&e{0};'>", level - 1)).collect();
    let body = |title: &str| {
        format!(
            "<!DOCTYPE rss [<!ENTITY e0 'boom'><!ENTITY file SYSTEM 'file:///etc/passwd'>{}]>\
             <rss><channel><item><title>23-1 {title} &#x41;</title></item></channel></rss>",
            levels.concat()
        )
    };
    let document = read(body("&e1;").as_bytes()).unwrap();
    assert_eq!(document.entries[0].fields["caption"], "boomboomboomboom A");
    for refused in ["&e29;", "&file;", "&undefined;"] {
        assert!(read(body(refused).as_bytes()).is_err(), "{refused}");
    }
}

#[test]
fn what_is_filed_in_the_evening_bears_the_day_of_its_court() {
    let read = |host: &str| {
        let url = format!("https://ecf.{host}/cgi-bin/rss_outside.pl").parse().unwrap();
        let body = feed(&district("1:17-cv-00554 A v. B", "[Order]", "g").replace("22:10:04", "02:10:04"));
        let page = RawDocument { body: body.as_bytes(), content_type: None, url: &url };
        let document = crate::extract::docket::court_rss(&DocketSettings::default(), &page).unwrap();
        document.entries[0].fields.get("filed").cloned()
    };
    for host in ["nyed.uscourts.gov", "cacd.uscourts.gov", "hib.uscourts.gov"] {
        assert_eq!(read(host).as_deref(), Some("2018-05-21"), "{host}");
    }
    assert_eq!(read("gud.uscourts.gov").as_deref(), Some("2018-05-22"));
    assert_eq!(read("sample.test"), None);
}

#[test]
fn where_the_court_is_not_known_neither_is_its_day() {
    let found =
        entries(&district("1:17-cv-00554 A v. B", "[Order]", "https://ecf.sample.test/DktRpt.pl?408"));
    assert_eq!(found[0].fields["entered"], "2018-05-22T22:10:04+00:00");
    assert!(!found[0].fields.contains_key("filed"));
}

#[test]
fn what_a_bankruptcy_court_says_of_the_case_is_no_text() {
    let frame = "Type: ap Office: 1 Chapter:   [Close Adversary Case] ";
    let found = entries(&district("18-00079 A v. B", frame, "https://ecf.sample.test/DktRpt.pl?408-19"));
    assert_eq!(found[0].fields["text"], "Close Adversary Case");
}

#[test]
fn of_a_court_s_feed_the_wanted_cases_are_kept() {
    let read = |dockets: &[&str]| -> Vec<String> {
        let settings = DocketSettings {
            dockets: dockets.iter().map(ToString::to_string).collect(),
            ..DocketSettings::default()
        };
        let url = "https://ecf.sample.test/rss".parse().unwrap();
        let body = feed(&format!(
            "{APPELLATE}{}{}",
            APPELLATE.replace("23-0001", "23-0002"),
            APPELLATE.replace("23-0001", "1:23-cv-00001-ABC-DE")
        ));
        let page = RawDocument { body: body.as_bytes(), content_type: Some("text/xml"), url: &url };
        let document = crate::extract::docket::court_rss(&settings, &page).unwrap();
        document.entries.into_iter().map(|entry| entry.fields["docket"].clone()).collect()
    };
    assert_eq!(read(&[]), ["23-0001", "23-0002", "1:23-cv-00001"]);
    assert_eq!(read(&["23-2", "1:23-cv-1-XYZ"]), ["23-0002", "1:23-cv-00001"]);
    assert_eq!(read(&["22-1"]), [""; 0]);
}
