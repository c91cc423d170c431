use super::*;

const HEADERS: &str = "<tr><th><p><strong>Covered Equipment or Services*</strong></p></th>\
    <th>Date of Inclusion on\n Covered List</th></tr>";

fn read(html: &str) -> Result<Document, Unreadable> {
    let url = "https://www.fcc.gov/supplychain/coveredlist".parse().unwrap();
    extract(&RawDocument { body: html.as_bytes(), content_type: Some("text/html; charset=utf-8"), url: &url })
}

fn page(rows: &[(&str, &str)]) -> String {
    let rows: Vec<String> =
        rows.iter().map(|(text, date)| format!("<tr><td>{text}</td><td>{date}</td></tr>")).collect();
    format!("<main><div id=covered-list><table>{HEADERS}{}</table></div></main>", rows.concat())
}

#[track_caller]
fn check_key(text: &str, expected: &str) {
    let document = read(&page(&[(text, "March 12, 2021")])).unwrap();
    assert_eq!(document.entries[0].key, format!("{expected}/2021-03-12"), "{text}");
}

#[test]
fn a_row_says_what_since_when_and_where() {
    let text = "Cameras made by <strong>Example Optics Company</strong>, see <a href='#note'>the note</a>.";
    let document = read(&page(&[(
        text,
        "<p>March 12, 2021</p><p>Updated:<br>May 3, 2022<br>Updated:<br>June 4, 2023*</p>",
    )]))
    .unwrap();
    let entry = &document.entries[0];
    assert_eq!(entry.title, "Example Optics Company");
    assert_eq!(entry.date.map(|date| date.to_string()).as_deref(), Some("2021-03-12"));
    assert_eq!(entry.fields["text"], "Cameras made by Example Optics Company, see the note.");
    assert_eq!(entry.fields["included"], "2021-03-12");
    assert_eq!(entry.fields["updated"], "2022-05-03\n2023-06-04");
    assert_eq!(entry.fields["links"], "the note\thttps://www.fcc.gov/supplychain/coveredlist#note");
    assert_eq!((document.completeness, document.resemblance), (Completeness::Whole, Resemblance::Title));
}

#[test]
fn a_name_is_the_same_with_and_without_bold() {
    for (bold, key) in [
        (
            "Equipment produced by <strong>Example Optics Company</strong>, including services.",
            "example-optics-company",
        ),
        (
            "Services provided by <strong>Sample Mobile USA Inc</strong>. subject to section 214.",
            "sample-mobile-usa-inc",
        ),
        (
            "Services provided by <strong>Sample (Americas) Corp.</strong> subject to it.",
            "sample-americas-corp",
        ),
        (
            "Software supplied, directly or indirectly, by <b>AO Beispiel Lab</b> or any of its affiliates.",
            "ao-beispiel-lab",
        ),
        (
            "Software produced or provided by <strong>Beispiel Lab, Inc.</strong> or its assignees.",
            "beispiel-lab-inc",
        ),
        (
            "Services by <strong>Net Corp</strong> and its subsidiary <strong>Com (USA) LLC</strong> subject to it.",
            "net-corp",
        ),
        (
            "Services provided by <strong>Digital Probe Inc.</strong>, subject to section 214.",
            "digital-probe-inc",
        ),
    ] {
        check_key(bold, key);
        let bare =
            bold.replace("<strong>", "").replace("</strong>", "").replace("<b>", "").replace("</b>", "");
        check_key(&bare, key);
    }
}

#[test]
fn a_row_that_names_nobody_is_known_by_its_category() {
    check_key(
        "Drones<sup>#</sup> (UAS) and drone parts produced in a foreign country†† —except, approved by DoW or DHS",
        "drones-uas-and-drone-parts",
    );
    check_key("Routers^ produced in a foreign country, except those approved by DoW", "routers");
    check_key("Routers ^produced in a foreign country", "routers");
    check_key("<strong>Power converters</strong> of any kind", "power-converters-of-any-kind");
}

#[test]
fn exemptions_are_never_listings() {
    let exemptions = format!(
        "<div id=conditional-approvals><table>{HEADERS}<tr><td>made by <strong>Freed Inc</strong><td>May 1, 2026</table></div>"
    );
    let both = page(&[("made by <strong>Listed Inc</strong>", "March 12, 2021")])
        .replace("</main>", &format!("{exemptions}</main>"));
    let document = read(&both).unwrap();
    assert_eq!(document.entries.len(), 1);
    assert_eq!(document.entries[0].title, "Listed Inc");
    assert!(matches!(read(&exemptions), Err(Unreadable::Missing { .. })));
}

#[test]
fn the_table_is_found_where_it_stood_before_and_alone() {
    let table = format!("<table>{HEADERS}<tr><td>by Listed Inc<td>March 12, 2021</table>");
    for html in [
        format!("<div class='a page-body b'><p>x</p>{table}</div>"),
        table.clone(),
        format!("<table><tr><td>menu</table>{table}"),
    ] {
        assert_eq!(read(&html).unwrap().entries.len(), 1, "{html}");
    }
    assert!(matches!(read(&format!("{table}{table}")), Err(Unreadable::Unexpected { .. })));
}

#[test]
fn without_the_table_nothing_is_read() {
    for html in ["", "<h1>Access Denied</h1>", "<div id=covered-list><p>Under maintenance</p></div>"] {
        assert!(matches!(read(html), Err(Unreadable::Missing { .. })), "{html}");
    }
    let other = "<div id=covered-list><table><tr><th>Name<th>Date of Inclusion on Covered List</table></div>";
    assert!(matches!(read(other), Err(Unreadable::Unexpected { .. })));
}

#[test]
fn one_company_twice_is_two_rows() {
    let text = "Cameras by <strong>Example Optics Company</strong>";
    let keys = |rows: &[(&str, &str)]| -> Vec<String> {
        read(&page(rows)).unwrap().entries.into_iter().map(|entry| entry.key).collect()
    };
    assert_eq!(
        keys(&[(text, "March 12, 2021"), (text, "March 12, 2022")]),
        ["example-optics-company/2021-03-12", "example-optics-company/2022-03-12"]
    );
    assert_eq!(
        keys(&[
            (text, "March 12, 2021"),
            ("Phones by <strong>Example Optics Company</strong>", "March 12, 2021")
        ]),
        ["example-optics-company/2021-03-12", "example-optics-company/2021-03-12~2"]
    );
}

#[test]
fn a_note_across_the_table_is_no_row_and_a_row_without_a_date_is_one() {
    let html = format!(
        "<table>{HEADERS}<tr><td colspan=2>*Footnote<tr><td>by Listed Inc<td>to be announced<tr><td><td></table>"
    );
    let document = read(&html).unwrap();
    assert_eq!(document.entries.len(), 1);
    assert_eq!(document.entries[0].date, None);
    assert_eq!(document.entries[0].fields["included"], "to be announced");
}
