//! Spreadsheets written here, honest and not.

use std::io::Write;

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;
use crate::domain::source::{Pairs, RowSettings};

const TYPES: &str = "<Types xmlns='http://schemas.openxmlformats.org/package/2006/content-types'/>";
const RELATIONS: &str = "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>\
     <Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet' Target='worksheets/sheet1.xml'/></Relationships>";
const ROOT: &str = "<Relationships xmlns='http://schemas.openxmlformats.org/package/2006/relationships'>\
     <Relationship Id='r1' Type='http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument' Target='xl/workbook.xml'/></Relationships>";
const BOOK: &str = "<workbook xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main' \
     xmlns:r='http://schemas.openxmlformats.org/officeDocument/2006/relationships'>\
     <sheets><sheet name='Current' sheetId='1' r:id='r1'/></sheets></workbook>";

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// A spreadsheet of one sheet with these cells: place, text.
fn book(cells: &[(&str, &str)]) -> Vec<u8> {
    let row = |place: &str| place.trim_start_matches(|c: char| c.is_ascii_alphabetic()).to_owned();
    let cell =
        |(place, text): &(&str, &str)| format!("<c r='{place}' t='inlineStr'><is><t>{text}</t></is></c>");
    let rows: String = cells
        .chunk_by(|one, next| row(one.0) == row(next.0))
        .map(|cells| {
            format!("<row r='{}'>{}</row>", row(cells[0].0), cells.iter().map(cell).collect::<String>())
        })
        .collect();
    book_of(&format!("<sheetData>{rows}</sheetData>"))
}

/// A spreadsheet whose one sheet holds this.
fn book_of(content: &str) -> Vec<u8> {
    let sheet = format!(
        "<worksheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>{content}</worksheet>"
    );
    packed(&[
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", ROOT.as_bytes()),
        ("xl/workbook.xml", BOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
    ])
}

fn read(sheet: Option<&str>, body: &[u8]) -> Result<Document, Unreadable> {
    let settings = XlsxSettings {
        sheet: sheet.map(str::to_owned),
        columns: Pairs::of(&[("Company", "name"), ("From", "listed")]),
        rows: RowSettings {
            key: vec!["name".to_owned()],
            date: Some("listed".to_owned()),
            ..RowSettings::default()
        },
        ..XlsxSettings::default()
    };
    extract(&settings, &Page { body, content_type: None, url: &"https://agency.test/".parse().unwrap() })
}

#[test]
fn rows_below_the_headers_are_entries() {
    let cells = [
        ("A1", "Bans in force"),
        ("B3", "From"),
        ("C3", "Company"),
        ("B4", "2024-05-06"),
        ("C4", "Example Works"),
        ("C9", "Specimen Ltd"),
    ];
    for sheet in [None, Some("Current")] {
        let entries = read(sheet, &book(&cells)).unwrap().entries;
        let told: Vec<(&str, Option<String>)> = entries
            .iter()
            .map(|entry| (entry.title.as_str(), entry.date.map(|date| date.to_string())))
            .collect();
        assert_eq!(told, [("Example Works", Some("2024-05-06".to_owned())), ("Specimen Ltd", None)]);
    }
}

#[test]
fn a_sheet_that_says_to_end_before_it_begins_is_read() {
    let cells = |row: &str, name: &str, day: &str| {
        let cell = |text: &str| format!("<c t='inlineStr'><is><t>{text}</t></is></c>");
        format!("<row r='{row}'>{}{}</row>", cell(name), cell(day))
    };
    let rows = [cells("1", "Company", "From"), cells("2", "Example Works", "2024-05-06")].concat();
    for dimension in ["B3:A1", "AU1:B3", "A9:B3"] {
        let body = book_of(&format!("<dimension ref='{dimension}'/><sheetData>{rows}</sheetData>"));
        assert_eq!(read(None, &body).unwrap().entries[0].title, "Example Works", "{dimension}");
    }
}

#[test]
fn what_is_no_such_sheet_is_refused() {
    let cells = [("A1", "Company"), ("B1", "From"), ("A2", "Example Works"), ("B2", "2024-05-06")];
    assert!(read(Some("Former"), &book(&cells)).is_err());
    assert!(read(None, &book(&[("A1", "Access Denied")])).is_err());
    assert!(read(None, b"<html>").is_err());
    assert!(read(None, &packed(&[("a", b"b")])).is_err());
    let whole = book(&cells);
    assert!((0..whole.len()).step_by(7).all(|end| read(None, &whole[..end]).is_err()));
}

#[test]
fn a_bomb_is_refused_before_anything_is_read_from_it() {
    let bomb = packed(&[("xl/sharedStrings.xml", &vec![b' '; 2 << 20])]);
    assert!(bomb.len() < 10_000);
    let error = check_size(&bomb, 1 << 20).unwrap_err();
    assert!(error.to_string().contains("unpacks to more than 1 MiB"), "{error}");
    assert!(check_size(&bomb, 2 << 20).is_ok());
}

#[test]
fn two_cells_a_billion_apart_take_no_room_between_them() {
    let cells =
        [("A1", "Company"), ("B1", "From"), ("A2", "Example Works"), ("B2", "x"), ("XFD1048576", "far")];
    assert_eq!(read(None, &book(&cells)).unwrap().entries.len(), 1);
}
