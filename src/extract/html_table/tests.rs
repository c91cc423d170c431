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
    extract(&settings(), &RawDocument { body: html.as_bytes(), content_type: None, url: &url })
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
    let error = extract(&settings, &RawDocument { body: b"x", content_type: None, url: &url }).unwrap_err();
    assert!(error.to_string().contains("main >"), "{error}");
}

/// The entries as `key: field=text; …`, lines parted by slashes.
#[track_caller]
fn check(html: &str, expected: &[&str]) {
    let told: Vec<String> = read(html)
        .unwrap()
        .entries
        .iter()
        .map(|entry| {
            let fields = entry.fields.iter().filter(|(name, _)| !matches!(name.as_str(), "name" | "country"));
            let fields: Vec<String> =
                fields.map(|(name, text)| format!("{name}={}", text.replace('\n', "/"))).collect();
            format!("{}: {}", entry.key, fields.join("; "))
        })
        .collect();
    assert_eq!(told, expected, "{html}");
}

const PLAIN: &str = "<tr><th>Country<th>Entity name<th>Effective date";

#[test]
fn where_a_row_stands_is_a_field() {
    check(
        &format!(
            "<main><h1>Lists</h1><h2>Designated (2)</h2><table>{PLAIN}<tr><td>F<td>A<td>x<tr><td>F<td>B<td>x</table>             <h2>Removed from the list</h2><table><caption>2024, updated 3 May</caption>{PLAIN}<tr><td>F<td>C<td>x</table></main>"
        ),
        &[
            "f/a: date=x; section=Designated",
            "f/b: date=x; section=Designated",
            "f/c: date=x; section=Removed from the list / 2024",
        ],
    );
    check(
        &format!(
            "<main><table><tr><td colspan=3>Annex II{PLAIN}<tr><td>F<td>A<td>x<tr><th colspan=3>Removed (1)<tr><td>F<td>B<td>x\
             <tr><td>Reinstated<td><td><tr><td>F<td>C<td>x<tr><td colspan=3>D<tr><td>F<td>D<td>x</table></main>"
        ),
        &[
            "f/a: date=x; section=Annex II",
            "f/b: date=x; section=Annex II / Removed",
            "f/c: date=x; section=Annex II / Reinstated",
            "f/d: date=x; section=Annex II / Reinstated",
        ],
    );
}

#[test]
fn a_row_wider_than_its_headers_is_read_whole() {
    check(
        &format!(
            "<main><table>{PLAIN}<th><tr><td>F<td>A<td>x<td>Final<td>Revoked<tr><td>F<td>B<td>y<tr><td>F<td>C<td></table></main>"
        ),
        &["f/a: column_4=Final; column_5=Revoked; date=x", "f/b: date=y", "f/c: "],
    );
    // Numbers that count the rows say where these stand.
    check(
        &format!(
            "<main><table><tr><th></th>{}<tr><td>1<td>F<td>A<td>x<tr><td>2<td>F<td>B<td>y</table></main>",
            &PLAIN[4..]
        ),
        &["f/a: date=x", "f/b: date=y"],
    );
}

#[test]
fn a_row_of_one_cell_that_heads_nothing_is_an_entry() {
    check(
        &format!(
            "<main><table>{PLAIN}<tr><td>F<td>A<td>x<tr><td colspan=3>Example Works (see order)<tr><td>Total<td><td>1</table></main>"
        ),
        &["f/a: date=x", "/example-works-see-order: "],
    );
    check(&format!("<main><table>{PLAIN}<tr><td colspan=3>No data available in table</table></main>"), &[]);
}

#[test]
fn details_below_an_entry_are_its_own() {
    let row = |name: &str| {
        format!("<tr><td>F<td>{name}<td>x<tr><td colspan=3>About {name} <a href=/{name}>more</a>")
    };
    check(
        &format!("<main><table>{PLAIN}{}{}{}</table></main>", row("A"), row("B"), row("C")),
        &[
            "f/a: date=x; details=About A more; links=more\thttps://agency.test/A",
            "f/b: date=x; details=About B more; links=more\thttps://agency.test/B",
            "f/c: date=x; details=About C more; links=more\thttps://agency.test/C",
        ],
    );
}

#[test]
fn a_long_cell_that_rows_share_is_said_in_each_of_them() {
    let long = "reason ".repeat(100);
    check(
        &format!(
            "<main><table><tr><th>Effective date<th>Country<th>Entity name<tr><td rowspan=2>{long}<td>F<td>A<tr><td>F<td>B</table></main>"
        ),
        &[&format!("f/a: date={}", long.trim()), &format!("f/b: date={}", long.trim())],
    );
}

#[test]
fn struck_and_hidden_rows_are_kept_and_marked() {
    check(
        &format!(
            "<main><table>{PLAIN}<tr><td>F<td><del>A</del><td><s>x</s><tr hidden><td>F<td>B<td>y<template><tr><td>F<td>C<td>z</template></table></main>"
        ),
        &["f/a: date=x; struck_through=A/x", "f/b: date=y; hidden=B/y/F"],
    );
}

#[test]
fn equal_rows_are_as_many_as_there_are() {
    let row = "<tr><td>F<td>A<td>x";
    check(&format!("<main><table>{PLAIN}{row}{row}</table></main>"), &["f/a: date=x", "f/a~2: date=x"]);
}

#[test]
fn a_table_within_a_row_is_text_and_one_around_the_list_is_layout() {
    let inner = "<table><tr><td>see note</table>";
    check(
        &format!("<main><table>{PLAIN}<tr><td>F<td>A<td>x{inner}</table></main>"),
        &["f/a: date=x/see note"],
    );
    check(
        &format!("<main><table><tr><td>menu<td><table>{PLAIN}<tr><td>F<td>A<td>x</table></table></main>"),
        &["f/a: date=x"],
    );
}

#[test]
fn headers_said_again_in_other_words_are_no_entry() {
    check(
        &format!(
            "<main><table>{PLAIN}<tr><td>F<td>A<td>x<tr><th>Country<th>Name<th>Date (continued)<tr><td>F<td>B<td>y</table></main>"
        ),
        &["f/a: date=x", "f/b: date=y"],
    );
}
