//! The files of the Office of Foreign Assets Control.

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
