//! What holds of every kind of source: nothing that comes makes the program panic or stand still.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;

use super::*;
use crate::domain::source::{
    Brackets, CourtlistenerSettings, CsvSettings, DocketSettings, EcfrSettings, EcfsSettings,
    FederalRegisterSettings, JsonSettings, ListSettings, NoticeSettings, PageTextSettings, Pairs,
    PdfTextSettings, RowSettings, RulesSettings, TableSettings, XlsxSettings, XmlSettings,
};

/// One answer of a document that comes in several.
pub(super) fn part<'a>(name: &str, url: &str, body: &'a str) -> BundlePart<'a> {
    BundlePart { name: name.to_owned(), url: url.parse().unwrap(), content_type: None, body: body.as_bytes() }
}

fn fields(path: &str) -> Pairs<Vec<String>> {
    [("a".to_owned(), vec![path.to_owned()])].into_iter().collect()
}

fn rows() -> RowSettings {
    RowSettings {
        key: vec!["a".to_owned()],
        date: Some("a".to_owned()),
        group: true,
        bracketed_aliases: Some(Brackets::Last),
        ..RowSettings::default()
    }
}

fn kinds() -> Vec<SourceKind> {
    vec![
        SourceKind::FccCoveredList,
        SourceKind::CourtRss(DocketSettings::default()),
        SourceKind::PacerDocket(DocketSettings::default()),
        SourceKind::ScotusDocket(DocketSettings::default()),
        SourceKind::Courtlistener(CourtlistenerSettings::default()),
        SourceKind::FederalRegister(FederalRegisterSettings {
            pages: 3,
            inspection: Some("https://agency.test/public-inspection-documents".parse().unwrap()),
        }),
        SourceKind::Ecfr(EcfrSettings {
            title: 15,
            part: "744".to_owned(),
            appendix: Some("Supplement No. 4 to Part 744".to_owned()),
        }),
        SourceKind::Ecfr(EcfrSettings { title: 15, part: "744".to_owned(), appendix: None }),
        SourceKind::Ecfs(EcfsSettings { pages: 3 }),
        SourceKind::RegisterNotice(NoticeSettings {
            notice: "a".to_owned(),
            unless: vec!["z".to_owned()],
            after: "a".to_owned(),
            before: vec!["b".to_owned()],
        }),
        SourceKind::RegisterRules(RulesSettings {
            rules: "a".to_owned(),
            unless: vec!["z".to_owned()],
            documents: 3,
        }),
        SourceKind::Feed,
        SourceKind::HtmlTable(TableSettings {
            selector: "table".to_owned(),
            columns: Pairs::of(&[("a", "a")]),
            caption: Some("b".to_owned()),
            one_page: false,
            rows: rows(),
        }),
        SourceKind::HtmlList(ListSettings {
            selector: "ul, dl, p".to_owned(),
            fields: [("a".to_owned(), vec!["b".to_owned(), "a@href".to_owned()])].into_iter().collect(),
            drop: vec![".x".to_owned()],
            one_page: false,
            rows: rows(),
        }),
        SourceKind::PageText(PageTextSettings {
            keep: vec!["body".to_owned()],
            drop: vec![".x".to_owned()],
            one_page: false,
        }),
        SourceKind::Csv(CsvSettings {
            columns: Pairs::of(&[("a", "a")]),
            rows: rows(),
            ..CsvSettings::default()
        }),
        SourceKind::Csv(CsvSettings {
            header: false,
            columns: Pairs::of(&[("1", "a")]),
            rows: rows(),
            ..CsvSettings::default()
        }),
        SourceKind::Xlsx(XlsxSettings {
            columns: Pairs::of(&[("a", "a")]),
            rows: rows(),
            ..XlsxSettings::default()
        }),
        SourceKind::Json(JsonSettings {
            entries: "$..a".to_owned(),
            fields: fields("$"),
            rows: rows(),
            ..JsonSettings::default()
        }),
        SourceKind::Xml(XmlSettings {
            entries: vec!["//a".to_owned()],
            fields: fields("."),
            one_page: false,
            rows: rows(),
        }),
        SourceKind::PdfText(PdfTextSettings {
            entry: "(?<a>.*)".to_owned(),
            rows: rows(),
            ..PdfTextSettings::default()
        }),
        SourceKind::Csl,
        SourceKind::Ofac,
        SourceKind::Uflpa,
        SourceKind::Dpl,
        SourceKind::UnXml,
        SourceKind::Eu,
        SourceKind::UkCsv,
    ]
}

fn read_all(body: &[u8], content_type: Option<&str>) {
    let url = "https://agency.test/a/b?c".parse().unwrap();
    let page = RawDocument { body, content_type, url: &url };
    for kind in kinds() {
        if let Ok(parts) = page.parts() {
            let _ = (wanted(&kind, &parts), signal(&kind, &parts[0]));
        }
        if let Ok(document) = extract(&kind, &page) {
            let keys: std::collections::BTreeSet<&str> =
                document.entries.iter().map(|entry| entry.key.as_str()).collect();
            assert_eq!(keys.len(), document.entries.len(), "{kind}: a key is there twice");
        }
    }
    let _ = title(&page);
}

/// Pieces that mean something to one of the parsers.
fn fragment() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<table><tr><th>a<tr><td rowspan=3 colspan=9>x".to_owned()),
        Just("<div id=covered-list><table><tr><th>Covered Equipment or Services<th>Date of Inclusion on Covered List".to_owned()),
        Just("<tr><td>by <strong>X</strong><td>March 12, 2021".to_owned()),
        Just("<rss version='2.0'><channel><item><title>23-1 A".to_owned()),
        Just("</title><guid>?1&amp;2</guid><description>[a] (&lt;a href='/doc1/1234567'&gt;1&lt;/a&gt;)</description></item></channel></rss>".to_owned()),
        Just("<!-- NEW SECTION - DOCKET ENTRIES -->".to_owned()),
        Just("<table><tr><td>Docket #: 23-1<tr><td>09/01/2022<td><input value=1><td>ORDER [Entered: 09/01/2022 09:53 AM]".to_owned()),
        Just("<h3>CIVIL DOCKET FOR CASE #: 1:09-cv-1</h3><td>A v. B<table><tr><td>Date Filed<th>#<td>Docket Text".to_owned()),
        Just("<tr><td>09/01/2022<td>1<td>(Attachments: # <a href=/doc1/1234567>1</a>, # <a href=/doc1/1>".to_owned()),
        Just("<h1 data-type='search.Docket'>A v. B (1:09-cv-1)</h1><div id=docket-entry-table><div class=row id=entry-1><div>".to_owned()),
        Just("<ol aria-label='Docket entries'><li id=minute-entry-7><dl><div>1</div><div><dd>May 1, 2026</div><div><dd>x".to_owned()),
        Just("{\"results\":[{\"id\":1,\"docket\":\"/2/\"}],\"next\":".to_owned()),
        Just("{\"caseDetails\":{\"caseNumber\":\"1\"},\"docketInfo\":{\"docketEntries\":[{\"docketEntryId\":\"a\"}]}}".to_owned()),
        Just("<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>Entry #1 in A".to_owned()),
        Just("<![CDATA[".to_owned()),
        Just("<!DOCTYPE x [<!ENTITY a 'b'>]>&a;".to_owned()),
        Just("<h2>".to_owned()),
        Just("<a href='//x'>".to_owned()),
        Just("<title>".to_owned()),
        Just("<svg><style>".to_owned()),
        Just("{\"version\":\"1\",\"items\":[".to_owned()),
        Just("<DIV5 N='744' TYPE='PART'><DIV9 N='Supplement No. 4 to Part 744' TYPE='APPENDIX'>".to_owned()),
        Just("<TR><TH>Country</TH><TH>Entity</TH></TR><TR><TD ROWSPAN='9'>A</TD><TD>b, a.k.a. c<br/>—d;".to_owned()),
        Just("</TD></TR></DIV9></DIV5>".to_owned()),
        Just("{\"titles\":[{\"number\":15,\"latest_amended_on\":\"2026-01-02\"}]}".to_owned()),
        Just("{\"filing\":[{\"id_submission\":\"1\"".to_owned()),
        Just("regwatch bundle 1\n{\"parts\":[]}\n".to_owned()),
        Just("{\"count\":1,\"next_page_url\":\"?page=2\",\"results\":[{\"document_number\":\"C1-1-1\"".to_owned()),
        "</?[a-z]{1,8}( [a-z]+='?[^>]{0,6})*>?",
        "\\PC{0,12}",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn no_bytes_make_it_panic(body in proptest::collection::vec(any::<u8>(), 0..400)) {
        read_all(&body, None);
    }

    #[test]
    fn no_markup_makes_it_panic(parts in proptest::collection::vec(fragment(), 0..24), cut in 0..4_usize) {
        let text = parts.concat();
        read_all(&text.as_bytes()[..text.len().saturating_sub(cut)], Some("text/html"));
    }
}

/// Bodies over which a parser would brood for minutes or hours if nothing stopped it, read on all cores; how long
/// each takes is shown by `cargo bench --bench read`.
fn come_to_an_end(bodies: &[String]) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                    read_all(body.as_bytes(), None);
                }
            });
        }
    });
}

/// Of so many the share that a build reads: unoptimised it takes ten times as long, and what grows with the square
/// of an eighth is still far too long. Optimised (`cargo test --release --lib hostile`) all are read.
fn share(count: usize) -> usize {
    if cfg!(debug_assertions) { count / 8 } else { count }
}

#[test]
fn hostile_bodies_come_to_an_end() {
    let mut bodies: Vec<String> = Vec::new();
    let numbered = |unit: &str, count: usize| -> String {
        (0..count).map(|number| unit.replace('#', &number.to_string())).collect()
    };
    bodies.push("<div>".repeat(share(40_000)));
    bodies.push("<a><b><i><p>".repeat(share(10_000)));
    bodies.push(format!("<p {}>", numbered("a# ", share(60_000))));
    bodies.push(format!("<p>{}{}", numbered("<b id=#>", 400), "<p>x".repeat(share(20_000))));
    bodies.push(format!("<table><tr><th>a{}", "<tr><td rowspan=65534 colspan=1000>x".repeat(share(4_000))));
    bodies.push(format!(
        "<table><tr><th>a<tr><td rowspan=65534>{}{}",
        "x ".repeat(share(40_000)),
        "<tr>".repeat(share(12_000))
    ));
    bodies.push("<h1><h2>x".repeat(share(4_000)));
    bodies.push("<a href=x>y".repeat(share(10_000)));
    bodies.push(format!("<table><tr><th>a<tr><td>{}", "March 1, 2021 ".repeat(share(10_000))));
    bodies.push("&amp;&#x41;&notit;".repeat(share(10_000)));
    bodies.push("<a>".repeat(share(40_000)));
    bodies.push(format!(
        "<rss version='2.0'><channel>{}</channel></rss>",
        "<item><title>23-1 A</title></item>".repeat(share(10_000))
    ));
    bodies.push(format!(
        "<rss version='2.0'><channel><item><title>{}</title></item></channel></rss>",
        "1".repeat(share(1_000_000))
    ));
    bodies.push(format!(
        "<DIV5 N='744' TYPE='PART'><DIV9 N='Supplement No. 4 to Part 744' TYPE='APPENDIX'><TABLE>\
         <TR><TH>Country</TH><TH>Entity</TH></TR>{}</TABLE></DIV9></DIV5>",
        "<TR><TD ROWSPAN='64'>A</TD><TD COLSPAN='64'>b, c, d, —e</TD></TR>".repeat(share(1_000))
    ));
    bodies.push(format!(
        "<DIV5 N='744' TYPE='PART'><DIV9 N='Supplement No. 4 to Part 744' TYPE='APPENDIX'><TABLE>\
         <TR><TH>Country</TH><TH>Entity</TH></TR><TR><TD>A</TD><TD>{}</TD></TR></TABLE></DIV9></DIV5>",
        "a, ".repeat(share(50_000))
    ));
    bodies.push(format!(
        "<DIV5 N='744' TYPE='PART'><DIV9 N='Supplement No. 4 to Part 744' TYPE='APPENDIX'><TABLE>\
         <TR><TH>Country</TH><TH>Entity</TH>{}</TR><TR><TD ROWSPAN='64'>{}</TD><TD>a</TD></TR>{}</TABLE></DIV9></DIV5>",
        "<TH COLSPAN='64'>c</TH>".repeat(share(5_000)),
        "x ".repeat(share(20_000)),
        "<TR><TD/><TD>a</TD></TR>".repeat(share(5_000))
    ));
    bodies.push(format!(
        "{{\"count\":1,\"results\":[{{\"document_number\":\"1\",\"docket_ids\":[{}\"\"]}}]}}",
        numbered("\"#\",", share(60_000))
    ));
    bodies.push(format!("{{\"filing\":[{}]}}", vec!["{\"id_submission\":\"1\"}"; share(40_000)].join(",")));
    bodies.push(format!(
        "<!-- NEW SECTION --><td>Docket #: 1<!-- NEW SECTION - DOCKET ENTRIES --><table>{}",
        "<tr><td>09/01/2022<td><a href=/docs1/1234567>1</a><td>x".repeat(share(10_000))
    ));
    let heading = "<h3>DOCKET FOR CASE #: 1-cv-1</h3><td>A v. B";
    bodies.push(format!("{heading}{}", "<table><tr><td>Date Filed<td>#<td>Docket Text".repeat(100)));
    bodies.push(format!(
        "{heading}<table><tr><td>Date Filed<td>#<td>Docket Text<tr><td>09/01/2022<td>1<td>Attachments: {}",
        "# <a href=/doc1/1234567>1</a>, ".repeat(share(10_000))
    ));
    bodies.push(format!(
        "<h1 data-type=search.Docket>A</h1><div id=docket-entry-table>{}",
        "<div class=row id=entry-1><div></div><div>May 1, 2026</div><div><p>x</div></div>"
            .repeat(share(5_000))
    ));
    let text = "x ".repeat(share(200_000));
    bodies.push(format!(
        "{heading}{}{text}</table>",
        "<table><tr><td>Date Filed<td>#<td>Docket Text<tr><td>09/01/2022<td>1<td>".repeat(120)
    ));
    bodies.push(format!(
        "<title>x</title><!-- NEW SECTION --><td>Docket #: 1<!-- NEW SECTION - DOCKET ENTRIES -->{}{text}</table>",
        "<table><tr><td>09/01/2022<td>1<td>".repeat(120)
    ));
    bodies.push(format!(
        "<h1 data-type=search.Docket>A</h1>{}{}",
        "<div id=docket-entry-table><div class=row id=entry-1><div></div><div>May 1, 2026</div><div>"
            .repeat(100),
        "<div class=recap-documents><a href='https://storage.courtlistener.com/1'>1</a></div>"
            .repeat(share(5_000))
    ));
    bodies.push(format!("{{\"results\":[{}", "{\"id\":1,\"docket\":1},".repeat(share(40_000))));
    bodies.push(format!("{{\"a\":{}", "[".repeat(share(40_000))));
    bodies.push("<".repeat(share(300_000)));
    bodies.push("<!--".repeat(share(40_000)));
    come_to_an_end(&bodies);
}

/// What this process held at most so far, in MiB.
#[cfg(target_os = "linux")]
fn peak_mib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    peak.trim().trim_end_matches(" kB").parse::<usize>().unwrap() / 1024
}

/// Bodies of the size that is taken by default, of the shortest rows there are.
#[cfg(target_os = "linux")]
#[test]
fn a_flood_of_short_rows_is_refused_before_it_takes_the_memory() {
    const SIZE: usize = 16 << 20;
    let repeated = |head: &str, row: &dyn Fn(usize) -> String, foot: &str| {
        let mut body = head.to_owned();
        for number in 0.. {
            if body.len() >= SIZE {
                break;
            }
            body.push_str(&row(number));
        }
        body + foot
    };
    let csv = CsvSettings { columns: Pairs::of(&[("a", "a")]), rows: rows(), ..CsvSettings::default() };
    let table = TableSettings {
        selector: "table".to_owned(),
        columns: Pairs::of(&[("a", "a")]),
        rows: rows(),
        ..TableSettings::default()
    };
    let json = JsonSettings {
        entries: "$[*]".to_owned(),
        fields: fields("$.a"),
        rows: rows(),
        ..JsonSettings::default()
    };
    let xml =
        XmlSettings { entries: vec!["r/e".to_owned()], fields: fields("a"), one_page: false, rows: rows() };
    for (name, kind, body) in [
        ("csv", SourceKind::Csv(csv), repeated("a\n", &|n| format!("{n}\n"), "")),
        (
            "html",
            SourceKind::HtmlTable(table),
            repeated("<table><tr><th>a", &|n| format!("<tr><td>{n}"), "</table></body>"),
        ),
        ("json", SourceKind::Json(json), repeated("[{\"a\":0}", &|n| format!(",{{\"a\":{n}}}"), "]")),
        ("xml", SourceKind::Xml(xml), repeated("<r>", &|n| format!("<e><a>{n}</a></e>"), "</r>")),
    ] {
        let url = "https://agency.test/".parse().unwrap();
        let error = extract(&kind, &RawDocument { body: body.as_bytes(), content_type: None, url: &url })
            .unwrap_err();
        println!("{name}: {} MiB at most; {error}", peak_mib());
        assert!(error.to_string().contains("guard.max_entries"), "{name}: {error}");
    }
    assert!(peak_mib() < 1024, "{} MiB", peak_mib());
}
