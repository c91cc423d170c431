use serde_json::json;

use super::*;
use crate::domain::bundle::{self, FIRST};
use crate::domain::entry::Entry;
use crate::extract::tests::part;

const TITLES: &str = "https://code.test/api/versioner/v1/titles.json";
const LIST: &str = "Supplement No. 4 to Part 744";

fn settings(appendix: Option<&str>) -> EcfrSettings {
    EcfrSettings { title: 15, part: "744".to_owned(), appendix: appendix.map(str::to_owned) }
}

fn titles(amended: &str) -> String {
    json!({
        "titles": [
            { "number": 14, "latest_amended_on": "2031-01-01", "latest_issue_date": "2031-01-01" },
            { "number": 15, "name": "Trade", "latest_amended_on": amended, "latest_issue_date": "2031-06-02",
              "up_to_date_as_of": "2031-06-20", "reserved": false },
            { "number": 35, "name": "Reserved", "latest_amended_on": null, "latest_issue_date": null },
        ],
        "meta": { "date": "2031-06-20", "import_in_progress": false },
    })
    .to_string()
}

/// A part whose appendix holds these rows below the header of the Entity List.
fn regulations(rows: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?>\n<DIV5 N=\"744\" TYPE=\"PART\">\n<HEAD>PART 744&#x2014;CONTROLS</HEAD>\n\
         <AUTH><HED>Authority:</HED><PSPACE>50 U.S.C. 4801.</PSPACE></AUTH>\n\
         <DIV6 N=\"A\" TYPE=\"SUBPART\"><DIV8 N=\"744.1\" TYPE=\"SECTION\"><HEAD>&#xA7; 744.1 General\nprovisions.</HEAD>\n\
         <P>(a) <I>Scope.</I> See\n§ 744.11.</P><P>(b) More.</P><CITA TYPE=\"N\">[60 FR 1, Jan. 1, 1995]</CITA></DIV8></DIV6>\n\
         <DIV9 N=\"Supplement No. 3 to Part 744\" TYPE=\"APPENDIX\"><HEAD>Supplement No. 3</HEAD><P>[Reserved]</P></DIV9>\n\
         <DIV9 N=\"{LIST}\" TYPE=\"APPENDIX\">\n<HEAD>Supplement No. 4 to Part 744&#x2014;Entity List</HEAD>\n\
         <P>This supplement lists entities.</P>\n<DIV width=\"100%\"><DIV class=\"gpotbl_div\"><TABLE border=\"1\">\
         <THEAD><TR><TH scope=\"col\">Country</TH><TH>Entity</TH><TH>License <br/>requirement</TH>\
         <TH>License review policy</TH><TH>Federal Register citation</TH></TR></THEAD>\n<TBODY>{rows}</TBODY></TABLE></DIV></DIV>\n\
         </DIV9></DIV5>"
    )
}

fn row(cells: [&str; 5]) -> String {
    let cells = cells.map(|cell| {
        if cell.is_empty() { "<TD/>".to_owned() } else { format!("<TD class=\"gpotbl_cell\">{cell}</TD>") }
    });
    format!("<TR>{}</TR>\n", cells.concat())
}

fn read(body: &str, appendix: Option<&str>) -> Result<Document, Unreadable> {
    let url = "https://code.test/api/versioner/v1/full/2031-06-01/title-15.xml?part=744".parse().unwrap();
    extract(
        &settings(appendix),
        &RawDocument { body: body.as_bytes(), content_type: Some("application/xml"), url: &url },
    )
}

fn listed(rows: &[[&str; 5]]) -> Vec<Entry> {
    let rows: String = rows.iter().map(|cells| row(*cells)).collect();
    let document = read(&regulations(&rows), Some(LIST)).unwrap();
    assert_eq!((document.completeness, document.resemblance), (Completeness::Whole, Resemblance::Title));
    document.entries
}

const ALL: &str = "For all items subject to the EAR. (See §744.11 of the EAR)";
const DENIAL: &str = "Presumption of denial";

#[test]
fn a_row_is_read_with_its_aliases_and_terms() {
    let entries = listed(&[[
        "PORTLAND",
        "Northwind Cameras Co., Ltd.<SU>4</SU>, a.k.a., the following two aliases:<br/>—Northwind Group; <I>and</I>\
         <br/>—NW Cameras.<br/>No. 5 Harbour\nRoad, Port City, Portland; <I>and</I> 7 &amp; 9 Pier Street.",
        ALL,
        DENIAL,
        "84 FR 54002, 10/9/19. 85 FR 44159, 7/22/20.",
    ]]);
    let entry = &entries[0];
    assert_eq!(
        (entry.key.as_str(), entry.title.as_str()),
        ("northwind-cameras-co-ltd/portland", "Northwind Cameras Co., Ltd.")
    );
    assert_eq!(entry.date.map(|date| date.to_string()).as_deref(), Some("2019-10-09"));
    let fields: Vec<(&str, &str)> =
        entry.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("aliases", "Northwind Group\nNW Cameras."),
            ("citation", "84 FR 54002, 10/9/19. 85 FR 44159, 7/22/20."),
            ("country", "PORTLAND"),
            ("policy", DENIAL),
            ("requirement", ALL),
            (
                "text",
                "Northwind Cameras Co., Ltd. ⁴, a.k.a., the following two aliases:\n—Northwind Group; and\n\
                 —NW Cameras.\nNo. 5 Harbour Road, Port City, Portland; and 7 & 9 Pier Street."
            ),
        ]
    );
}

#[test]
fn a_country_holds_for_the_rows_below_it_and_reserved_places_hold_nobody() {
    let entries = listed(&[
        ["AIRLAND", "A Works, Air City", ALL, DENIAL, "84 FR 1, 1/2/19"],
        ["", "B Works, Air City", ALL, DENIAL, "84 FR 1, 1/2/19"],
        ["BARELAND", "[Reserved]", "", "", ""],
        ["PORTLAND", "", "", "", ""],
        ["", "A Works, Port City", ALL, DENIAL, "63 FR 1, 6/30/97"],
        ["", " ", "", "", ""],
    ]);
    let found: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.title.as_str(), entry.fields["country"].as_str())).collect();
    assert_eq!(found, [("A Works", "AIRLAND"), ("B Works", "AIRLAND"), ("A Works", "PORTLAND")]);
    assert_eq!(entries[2].date.map(|date| date.to_string()).as_deref(), Some("1997-06-30"));
}

#[test]
fn members_of_a_group_belong_to_it_and_share_its_citation() {
    let entries = listed(&[
        [
            "AIRLAND",
            "The following two subordinate institutions of Air Corporation:",
            "",
            "",
            "85 FR 1, 12/23/20",
        ],
        ["", "Subordinate institution:", "", "", ""],
        ["", "Air Engines Co. Ltd., Air City", "", "", ""],
        ["", "Subordinate instituion", "", "", ""],
        ["", "Air Wings Co. Ltd., Air City", "", "", ""],
        ["", "Water Works, Air City", "", "", "86 FR 2, 1/15/21"],
    ]);
    let found: Vec<(&str, Option<&str>, &str)> = entries
        .iter()
        .map(|entry| {
            let parent = entry.fields.get("parent").map(String::as_str);
            (entry.title.as_str(), parent, entry.fields["citation"].as_str())
        })
        .collect();
    assert_eq!(
        found,
        [
            ("Air Engines Co. Ltd.", Some("Air Corporation"), "85 FR 1, 12/23/20"),
            ("Air Wings Co. Ltd.", Some("Air Corporation"), "85 FR 1, 12/23/20"),
            ("Water Works", None, "86 FR 2, 1/15/21"),
        ]
    );
}

#[test]
fn cells_that_reach_over_rows_or_columns_shift_nothing() {
    let rows = format!(
        "<TR><TD rowspan=\"2\">AIRLAND</TD><TD>A Works, Air City</TD><TD rowspan=\"2\">{ALL}</TD><TD>{DENIAL}</TD><TD>84 FR 1, 1/2/19</TD></TR>\
         <TR><TD>B Works, Air City</TD><TD>Case by case</TD><TD>85 FR 1, 1/2/20</TD></TR>\
         <TR><TD colspan=\"5\">PORTLAND</TD></TR>{}\
         <TR><TD colspan=\"5\"><SU>1</SU> For this entity, see §734.9(e).</TD></TR>",
        row(["", "C Works, Port City", ALL, DENIAL, "86 FR 1, 1/2/21"]),
    );
    let entries = read(&regulations(&rows), Some(LIST)).unwrap().entries;
    let found: Vec<[&str; 3]> = entries
        .iter()
        .map(|entry| {
            let field = |name: &str| entry.fields.get(name).map_or("", String::as_str);
            [entry.title.as_str(), field("country"), field("policy")]
        })
        .collect();
    assert_eq!(
        found,
        [
            ["A Works", "AIRLAND", DENIAL],
            ["B Works", "AIRLAND", "Case by case"],
            ["C Works", "PORTLAND", DENIAL],
            ["¹ For this entity, see §734.9(e).", "", ""],
        ]
    );
    assert_eq!(entries[1].fields["requirement"], ALL);
}

#[test]
fn lists_with_other_headers_are_read_as_well() {
    let body = regulations("").replace(
        "<THEAD>",
        "<TR><TH>Country</TH><TH>Listed person and address</TH><TH>Federal Register citation and date of publication</TH>\
         <TH>Remarks</TH></TR><TR><TD>AIRLAND</TD><TD>Air Trading, Air City</TD><TD>83 FR 1, 4/11/18</TD><TD>x</TD></TR><THEAD>",
    );
    let entries = read(&body, Some("supplement no. 4 to part 744")).unwrap().entries;
    assert_eq!((entries[0].title.as_str(), entries[0].fields["remarks"].as_str()), ("Air Trading", "x"));
}

#[test]
fn without_an_appendix_each_section_is_an_entry() {
    let document = read(&regulations(&row(["A", "B", "", "", ""])), None).unwrap();
    let found: Vec<(&str, &str)> =
        document.entries.iter().map(|entry| (entry.key.as_str(), entry.title.as_str())).collect();
    assert_eq!(
        found,
        [
            ("744.1", "§ 744.1 General provisions."),
            ("Supplement No. 3 to Part 744", "Supplement No. 3"),
            (LIST, "Supplement No. 4 to Part 744—Entity List"),
        ]
    );
    assert_eq!(
        document.entries[0].fields["text"],
        "(a) Scope. See § 744.11.\n(b) More.\n[60 FR 1, Jan. 1, 1995]"
    );
}

#[test]
fn the_part_is_asked_for_as_its_title_was_last_amended() {
    let titles = titles("2031-06-01");
    let first = part(FIRST, TITLES, &titles);
    let next = wanted(&settings(None), std::slice::from_ref(&first)).unwrap().unwrap();
    assert_eq!(next.url.as_str(), "https://code.test/api/versioner/v1/full/2031-06-01/title-15.xml?part=744");
    let regulations = regulations("");
    let second = part(FIRST, next.url.as_str(), &regulations);
    assert_eq!(wanted(&settings(None), &[first.clone(), second.clone()]), Ok(None));
    assert_eq!(wanted(&settings(None), std::slice::from_ref(&second)), Ok(None), "a day of the operator's");
    let body = bundle::encode(&[first.clone(), BundlePart { name: next.name, ..second }]);
    let whole = RawDocument { body: &body, content_type: None, url: &first.url };
    assert_eq!(extract(&settings(None), &whole), read(&regulations, None));
}

#[test]
fn only_settled_titles_speak_for_the_part() {
    let signal = |body: &str| signal(&settings(None), &part(FIRST, TITLES, body));
    let settled = titles("2031-06-01");
    assert_eq!(signal(&settled).as_deref(), Some("2031-06-01/2031-06-02"));
    assert_eq!(signal(&settled.replace("\"import_in_progress\":false", "\"import_in_progress\":true")), None);
    assert_eq!(
        signal(&settled.replace("\"number\":15", "\"processing_in_progress\":true,\"number\":15")),
        None
    );
    assert_eq!(signal("<DIV5/>"), None);
    assert_eq!(signal("{}"), None);
}

#[test]
fn what_is_not_the_part_or_its_list_is_refused() {
    let good = regulations(&row(["A", "B", "", "", ""]));
    for (body, reason) in [
        (good.replace("N=\"744\"", "N=\"745\""), "the division of part 744 is missing"),
        (
            good.replace("No. 4 to Part", "No. 9 to Part"),
            "\"Supplement No. 4 to Part 744\" in part 744 is missing",
        ),
        (good.replace("<TH>Entity</TH>", "<TH>Item</TH>"), "the table Country / Entity is missing"),
        (good[..good.len() - 20].to_owned(), "the XML is not as expected"),
        (titles("2031-06-01"), "the XML of part 744 is missing"),
        ("{\"error\":\"Not Found\"}".to_owned(), "the XML of part 744 is missing"),
        (String::new(), "the root element is missing"),
        ("<html><body>Request Access</body></html>".to_owned(), "the division of part 744 is missing"),
    ] {
        let error = read(&body, Some(LIST)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    for bad in
        ["{\"titles\":[]}", "{\"error\":1}", "{\"titles\":[{\"number\":15,\"latest_amended_on\":\"../..\"}]}"]
    {
        assert!(wanted(&settings(None), &[part(FIRST, TITLES, bad)]).is_err(), "{bad}");
    }
}
