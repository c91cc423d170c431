//! The files of the Office of Foreign Assets Control.

use regwatch::domain::bundle::{BundlePart, encode};
use regwatch::domain::source::SourceKind;

use super::*;

#[test]
fn every_row_is_an_entry_under_its_number_and_name() {
    for (path, entries) in [("ofac/sdn.csv", 7379), ("ofac/cons_prim.csv", 442), ("ofac_small/sdn.csv", 17)] {
        let Some(body) = capture(path) else { return };
        let document = good(&SourceKind::Ofac, path, &body);
        assert_eq!(document.entries.len(), entries, "{path}");
        let rows = rows(&body, b',', false);
        let rows = rows.iter().filter(|row| row.len() == 12);
        let expected: Vec<(String, String)> = rows
            .map(|row| (row[0].to_owned(), row[1].split_whitespace().collect::<Vec<_>>().join(" ")))
            .collect();
        let found: Vec<(String, String)> =
            document.entries.iter().map(|entry| (entry.key.clone(), entry.title.clone())).collect();
        assert_eq!(found, expected, "{path}");
        let texts = document.entries.iter().flat_map(|entry| entry.fields.values());
        assert!(texts.flat_map(|text| text.lines()).all(|line| line != "-0-"), "{path}");
    }
}

#[test]
fn a_remark_is_told_apart() {
    let Some(body) = capture("ofac/cons_prim.csv") else { return };
    let document = good(&SourceKind::Ofac, "ofac/cons_prim.csv", &body);
    let hikvision = fields(entry(&document, "30946"));
    assert_eq!(hikvision["name"], "HANGZHOU HIKVISION DIGITAL TECHNOLOGY CO., LTD.");
    assert_eq!(hikvision["program"], "CMIC-EO13959");
    assert_eq!(
        hikvision["identifiers"],
        "Equity Ticker 002415 CN\nISIN CNE100000PM8\nUnified Social Credit Code (USCC) 91330000733796106P (China)"
    );
    assert!(hikvision["remarks"].contains("Listing Date (CMIC) 03 Jun 2021"));
    let bank = fields(entry(&document, "17014"));
    assert_eq!(bank["program"], "UKRAINE-EO13662\nRUSSIA-EO14024");
}

/// A list with the files beside it, as they are kept.
fn bundle(parts: &[(&str, &str)]) -> Option<Vec<u8>> {
    let bodies = parts.iter().map(|(_, path)| capture(path)).collect::<Option<Vec<_>>>()?;
    let parts: Vec<BundlePart<'_>> = parts
        .iter()
        .zip(&bodies)
        .map(|((name, path), body)| BundlePart {
            name: (*name).to_owned(),
            url: format!("https://agency.test/{path}").parse().unwrap(),
            content_type: None,
            body,
        })
        .collect();
    Some(encode(&parts))
}

#[test]
fn what_stands_beside_the_list_is_told_with_it() {
    let parts = [
        ("first", "ofac/cons_prim.csv"),
        ("addresses", "ofac/cons_add.csv"),
        ("comments", "ofac/cons_comments.csv"),
    ];
    let Some(body) = bundle(&parts) else { return };
    let document = good(&SourceKind::Ofac, "ofac/cons_*.csv", &body);
    let addressed = document.entries.iter().filter(|entry| entry.fields.contains_key("address")).count();
    assert_eq!((document.entries.len(), addressed), (442, 390));
    let bank = fields(entry(&document, "17014"));
    assert!(
        bank["identifiers"].contains("Registration Number 1027700342890 (Russia)"),
        "{}",
        bank["identifiers"]
    );
    assert_eq!(bank["aliases"], "RUSAG");
    let bank = fields(entry(&document, "17016"));
    assert!(bank["remarks"].contains("after the 'Effective Date (EO 14024 Directive)' associated"));
}

#[test]
fn other_names_come_from_their_own_file() {
    let parts = [
        ("first", "ofac_small/sdn.csv"),
        ("addresses", "ofac_small/add.csv"),
        ("names", "ofac_small/alt.csv"),
        ("comments", "ofac_small/sdn_comments.csv"),
    ];
    let Some(body) = bundle(&parts) else { return };
    let document = good(&SourceKind::Ofac, "ofac_small", &body);
    let maker = fields(entry(&document, "11195"));
    let aliases: Vec<&str> = maker["aliases"].lines().collect();
    assert!(
        aliases.contains(&"HESA") && aliases.contains(&"IRAN AIRCRAFT MANUFACTURING INDUSTRIES"),
        "{aliases:?}"
    );
    let addresses: Vec<&str> = maker["address"].lines().collect();
    assert_eq!(addresses.len(), 5);
    assert_eq!(addresses[2], "P.O. Box 81465-935, Esfahan, Iran");
    assert_eq!(maker["linked_to"].lines().count(), 2);
}

#[test]
fn another_order_is_no_change() {
    let Some(body) = capture("ofac/sdn.csv") else { return };
    same(&SourceKind::Ofac, &body, &reordered(&body, 0));
}

#[test]
fn a_page_in_its_place_is_refused() {
    let columns = "a,b,c,d,e,f,g,h,i,j,k,l\n";
    for page in ["<html><body>Access Denied</body></html>", columns, "{}", "36,\"CUT"] {
        assert!(read(&SourceKind::Ofac, page.as_bytes()).is_err(), "{page}");
    }
}
