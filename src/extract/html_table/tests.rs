use super::*;
use crate::domain::entry::{Completeness, Resemblance};
use crate::domain::source::{Pairs, RowSettings};

fn settings() -> TableSettings {
    let columns = [
        ("Name of Entity", "name"),
        ("Entity Name", "name"),
        ("Effective Date", "date"),
        ("Country", "country"),
    ];
    TableSettings {
        selector: "main table".to_owned(),
        columns: Pairs::of(&columns),
        caption: None,
        one_page: false,
        rows: RowSettings {
            key: vec!["country".to_owned(), "name".to_owned()],
            title: Some("name".to_owned()),
            date: Some("date".to_owned()),
            ..RowSettings::default()
        },
    }
}

fn read(html: &str) -> Result<Document, Unreadable> {
    let url = "https://agency.test/list/".parse().unwrap();
    extract(&settings(), &Page { body: html.as_bytes(), content_type: None, url: &url })
}

const HEADERS: &str = "<thead><tr><th>Country<th>Entity&nbsp;name*<th>Notes<th>Effective\n date</thead>";

fn keys(html: &str) -> Vec<String> {
    read(html).unwrap().entries.into_iter().map(|entry| entry.key).collect()
}

#[test]
fn a_row_becomes_an_entry() {
    let html = format!(
        "<main><table>{HEADERS}<tr><td>Freedonia<td>Example Works, Ltd.<br>alias Exwo<td>x <a href=n1>note</a><td>June 3, 2024</table></main>"
    );
    let document = read(&html).unwrap();
    assert_eq!((document.completeness, document.resemblance), (Completeness::Whole, Resemblance::Title));
    let entry = &document.entries[0];
    assert_eq!(entry.key, "freedonia/example-works-ltd-alias-exwo");
    assert_eq!(entry.title, "Example Works, Ltd. alias Exwo");
    assert_eq!(entry.date.map(|date| date.to_string()).as_deref(), Some("2024-06-03"));
    let fields: Vec<(&str, &str)> =
        entry.fields.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    assert_eq!(
        fields,
        [
            ("country", "Freedonia"),
            ("date", "June 3, 2024"),
            ("links", "note\thttps://agency.test/list/n1"),
            ("name", "Example Works, Ltd.\nalias Exwo"),
        ]
    );
}

#[test]
fn every_matching_table_is_read_and_headers_may_be_spelt_two_ways() {
    let html = format!(
        "<main><table>{HEADERS}<tr><td>F<td>A<td><td>x</table>\
         <table><tr><td colspan=3>Annex<tr><td>NAME OF ENTITY<td>Effective Date<td>Country<tr><td>B<td>y<td>F</table></main>\
         <table><tr><td>not in main</table>"
    );
    assert_eq!(keys(&html), ["f/a", "f/b"]);
}

#[test]
fn what_spans_rows_is_inherited_and_what_spans_columns_is_no_row() {
    let html = format!(
        "<main><table>{HEADERS}<tr><td rowspan=2>F<td>A<td><td>x<tr><td>B<td><td>y<tr><td colspan=4>Section two\
         <tr><td>G<td>C<td><td>z<tr><th>Country<th>Entity name<th>Notes<th>Effective date<tr><td><td><td><td></table></main>"
    );
    assert_eq!(keys(&html), ["f/a", "f/b", "g/c"]);
}

#[test]
fn an_entry_does_not_depend_on_its_place() {
    let row = |name: &str| format!("<tr><td>F<td>{name}<td><td>x");
    let html = |rows: &str| format!("<main><table>{HEADERS}{rows}</table></main>");
    let mut one = read(&html(&format!("{}{}{}", row("A"), row("B"), row("C")))).unwrap().entries;
    let mut two = read(&html(&format!("{}{}{}", row("C"), row("A"), row("B")))).unwrap().entries;
    one.sort_by(|a, b| a.key.cmp(&b.key));
    two.sort_by(|a, b| a.key.cmp(&b.key));
    assert_eq!(one, two);
}

#[test]
fn a_row_without_its_key_is_kept() {
    assert_eq!(
        keys(&format!("<main><table>{HEADERS}<tr><td><td><td><td>June 3, 2024</table></main>")),
        ["june-3-2024"]
    );
}

#[test]
fn a_table_with_other_headers_is_refused_and_named() {
    let html =
        format!("<main><table>{HEADERS}</table><table><tr><th>Country<th>Price<tr><td>F<td>1</table></main>");
    let Err(Unreadable::Unexpected { what, found }) = read(&html) else { panic!("was read") };
    assert!(what.contains("main table") && what.contains("Effective Date"), "{what}");
    assert_eq!(found, "\"Country | Price\"");
    assert!(matches!(read("<main><table></table></main>"), Err(Unreadable::Unexpected { .. })));
    assert!(matches!(read("<h1>Request Rejected</h1>"), Err(Unreadable::Missing { .. })));
}

#[test]
fn a_selector_that_is_none_is_named() {
    let mut settings = settings();
    settings.selector = "main >".to_owned();
    let url = "https://agency.test/".parse().unwrap();
    let error = extract(&settings, &Page { body: b"x", content_type: None, url: &url }).unwrap_err();
    assert!(error.to_string().contains("main >"), "{error}");
}
