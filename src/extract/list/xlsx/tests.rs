//! Spreadsheets written here, honest and not.

use std::io::{Cursor, Write as _};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::package::XlsxPackage;
use super::*;
use crate::domain::entry::SECTION;
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
    extract(
        &settings,
        &RawDocument { body, content_type: None, url: &"https://agency.test/".parse().unwrap() },
    )
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
    let error = XlsxPackage::within(&bomb, 1 << 20).err().unwrap();
    assert!(error.to_string().contains("unpacks to more than 1 MiB"), "{error}");
    assert!(XlsxPackage::within(&bomb, 2 << 20).is_ok());
}

#[test]
fn two_cells_a_billion_apart_take_no_room_between_them() {
    let cells =
        [("A1", "Company"), ("B1", "From"), ("A2", "Example Works"), ("B2", "x"), ("XFD1048576", "far")];
    let entries = read(None, &book(&cells)).unwrap().entries;
    let far: Vec<_> =
        entries.iter().map(|entry| entry.fields.get("column_16384").map(String::as_str)).collect();
    assert_eq!(far, [None, Some("far")]);
}

const STYLES: &str = "<styleSheet xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>\
     <numFmts count='2'><numFmt numFmtId='164' formatCode='00000'/>\
     <numFmt numFmtId='165' formatCode='&quot;$&quot;#,##0.00'/></numFmts>\
     <fonts count='2'><font><sz val='11'/></font><font><strike/><sz val='11'/></font></fonts>\
     <fills count='1'><fill/></fills><borders count='1'><border/></borders>\
     <cellXfs count='7'><xf numFmtId='0' fontId='0' fillId='0' borderId='0'/>\
     <xf numFmtId='0' fontId='1' fillId='0' borderId='0' applyFont='1'/>\
     <xf numFmtId='164' fontId='0' fillId='0' borderId='0' applyNumberFormat='1'/>\
     <xf numFmtId='10' fontId='0'/><xf numFmtId='165' fontId='0'/><xf numFmtId='14' fontId='0'/>\
     <xf numFmtId='21' fontId='0'/></cellXfs></styleSheet>";

/// A book with styles and two sheets of this content, the first hidden or not.
fn styled(content: &str, first_state: &str) -> Vec<u8> {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let package = "http://schemas.openxmlformats.org/package/2006/relationships";
    let sheet = |text: &str| format!("<worksheet xmlns='{main}'>{text}</worksheet>");
    let workbook = format!(
        "<workbook xmlns='{main}' xmlns:r='{office}'><sheets>\
         <sheet name='Drafts' sheetId='1' state='{first_state}' r:id='r1'/>\
         <sheet name='Current' sheetId='2' r:id='r2'/></sheets></workbook>"
    );
    let relations = format!(
        "<Relationships xmlns='{package}'>\
         <Relationship Id='r1' Type='{office}/worksheet' Target='worksheets/sheet1.xml'/>\
         <Relationship Id='r2' Type='{office}/worksheet' Target='worksheets/sheet2.xml'/>\
         <Relationship Id='r3' Type='{office}/styles' Target='styles.xml'/></Relationships>"
    );
    let drafts =
        sheet(&format!("<sheetData>{}</sheetData>", rows_of(&[&["Company", "From"], &["Draft Ltd", "x"]])));
    packed(&[
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", ROOT.as_bytes()),
        ("xl/workbook.xml", workbook.as_bytes()),
        ("xl/_rels/workbook.xml.rels", relations.as_bytes()),
        ("xl/styles.xml", STYLES.as_bytes()),
        ("xl/worksheets/sheet1.xml", drafts.as_bytes()),
        ("xl/worksheets/sheet2.xml", sheet(content).as_bytes()),
    ])
}

fn rows_of(rows: &[&[&str]]) -> String {
    let cell = |text: &&str| format!("<c t='inlineStr'><is><t>{text}</t></is></c>");
    let row = |cells: &&[&str]| format!("<row>{}</row>", cells.iter().map(cell).collect::<String>());
    rows.iter().map(row).collect()
}

fn text(place: &str, style: usize, text: &str) -> String {
    format!("<c r='{place}' s='{style}' t='inlineStr'><is><t>{text}</t></is></c>")
}

#[test]
fn struck_cells_are_kept_and_marked_and_numbers_keep_their_zeros() {
    let sheet = |style| {
        format!(
            "<sheetData><row r='1'>{}{}</row><row r='2'>{}<c r='B2' s='2'><v>123</v></c></row></sheetData>",
            text("A1", 0, "Company"),
            text("B1", 0, "From"),
            text("A2", style, "Example Works"),
        )
    };
    let plain = read(Some("Current"), &styled(&sheet(0), "visible")).unwrap().entries.remove(0);
    assert_eq!(plain.fields["listed"], "00123");
    assert_eq!(plain.fields.get(STRUCK), None);
    let struck = read(Some("Current"), &styled(&sheet(1), "visible")).unwrap().entries.remove(0);
    assert_eq!(struck.key, plain.key);
    assert_eq!(struck.fields[STRUCK], "Example Works");
}

#[test]
fn a_hidden_sheet_is_not_taken_unless_it_is_named_and_then_marked() {
    let sheet = format!("<sheetData>{}</sheetData>", rows_of(&[&["Company", "From"], &["Shown Ltd", "x"]]));
    let body = styled(&sheet, "hidden");
    assert_eq!(read(None, &body).unwrap().entries[0].title, "Shown Ltd");
    let hidden = read(Some("Drafts"), &body).unwrap().entries.remove(0);
    assert_eq!((hidden.title.as_str(), hidden.fields[HIDDEN].as_str()), ("Draft Ltd", "Draft Ltd\nx"));
    let error = read(Some("Former"), &body).unwrap_err().to_string();
    assert!(error.contains("hidden \"Drafts\", \"Current\""), "{error}");
}

#[test]
fn a_merged_cell_stands_in_every_row_and_column_that_it_covers() {
    let sheet = format!(
        "<sheetData><row r='1'>{}{}</row><row r='2'>{}{}</row><row r='3'>{}</row><row r='4'>{}{}</row></sheetData>\
         <mergeCells count='1'><mergeCell ref='B2:B3'/></mergeCells>",
        text("A1", 0, "Company"),
        text("B1", 0, "From"),
        text("A2", 0, "First Ltd"),
        text("B2", 0, "2024-05-06"),
        text("A3", 0, "Second Ltd"),
        text("A4", 0, "Third Ltd"),
        text("B4", 0, "2025-01-02"),
    );
    let entries = read(Some("Current"), &styled(&sheet, "visible")).unwrap().entries;
    let days: Vec<String> = entries.iter().map(|entry| entry.fields["listed"].clone()).collect();
    assert_eq!(days, ["2024-05-06", "2024-05-06", "2025-01-02"]);
}

#[test]
fn a_band_over_the_whole_row_heads_the_rows_below_it() {
    let sheet = format!(
        "<sheetData><row r='1'>{}{}</row><row r='2'>{}</row><row r='3'>{}{}</row></sheetData>\
         <mergeCells count='1'><mergeCell ref='A2:B2'/></mergeCells>",
        text("A1", 0, "Company"),
        text("B1", 0, "From"),
        text("A2", 0, "Removed from the list"),
        text("A3", 0, "First Ltd"),
        text("B3", 0, "2024-05-06"),
    );
    let entries = read(Some("Current"), &styled(&sheet, "visible")).unwrap().entries;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].fields[SECTION], "Removed from the list");
}

#[test]
fn a_column_beyond_the_first_hundreds_is_read() {
    let cells = [("A1", "Company"), ("ZZ1", "From"), ("A2", "Example Works"), ("ZZ2", "2024-05-06")];
    assert_eq!(read(None, &book(&cells)).unwrap().entries[0].fields["listed"], "2024-05-06");
}

#[test]
fn merged_cells_that_cover_too_much_are_refused() {
    let long = "x".repeat(30_000);
    let rows: String =
        (3..3_000).map(|row| format!("<row r='{row}'>{}</row>", text(&format!("A{row}"), 0, "a"))).collect();
    let sheet = format!(
        "<sheetData><row r='1'>{}{}</row><row r='2'>{}{}</row>{rows}</sheetData>\
         <mergeCells count='1'><mergeCell ref='B2:B1048576'/></mergeCells>",
        text("A1", 0, "Company"),
        text("B1", 0, "From"),
        text("A2", 0, "a"),
        text("B2", 0, &long),
    );
    let error = read(None, &book_of(&sheet)).unwrap_err().to_string();
    assert!(error.contains("merged cells that cover more than can be read"), "{error}");
}

/// A sheet of names in the first column and such cells in the second.
fn listed(cells: &[&str]) -> String {
    let row = |(index, cell): (usize, &&str)| {
        let row = index + 2;
        format!("<row r='{row}'>{}{cell}</row>", text(&format!("A{row}"), 0, &format!("Company {row}")))
    };
    let header = format!("<row r='1'>{}{}</row>", text("A1", 0, "Company"), text("B1", 0, "From"));
    format!("<sheetData>{header}{}</sheetData>", cells.iter().enumerate().map(row).collect::<String>())
}

#[track_caller]
fn shown(cell: &str, expected: &str) {
    let entry = read(Some("Current"), &styled(&listed(&[cell]), "visible")).unwrap().entries.remove(0);
    assert_eq!(entry.fields.get("listed").map_or("", String::as_str), expected, "{cell}");
}

#[test]
fn numbers_keep_every_digit_and_are_shown_as_their_cell_shows_them() {
    shown("<c r='B2'><v>12345678901234567890</v></c>", "12345678901234567890");
    shown("<c r='B2'><v>0.10000000000000001</v></c>", "0.1");
    shown("<c r='B2' s='3'><v>0.125</v></c>", "12.50%");
    shown("<c r='B2' s='4'><v>1234.5</v></c>", "$1,234.50");
    shown("<c r='B2' s='5'><v>45418</v></c>", "2024-05-06");
    shown("<c r='B2' s='5'><v>45418.75</v></c>", "2024-05-06 18:00:00");
    shown("<c r='B2' s='6'><v>0.75</v></c>", "18:00:00");
    shown("<c r='B2' t='d'><v>2024-05-06</v></c>", "2024-05-06");
    shown("<c r='B2' t='b'><v>1</v></c>", "true");
    shown("<c r='B2' t='str'><f>A2&amp;\"x\"</f><v>a_x0041_</v></c>", "aA");
}

#[test]
fn a_cell_in_error_says_so() {
    shown("<c r='B2' t='e'><f>1/0</f><v>#DIV/0!</v></c>", "#DIV/0!");
}

#[test]
fn words_within_a_cell_may_be_struck() {
    let runs = "<r><t xml:space='preserve'>in force </t></r>\
                <r><rPr><strike/><sz val='11'/></rPr><t>until revoked</t></r><rPh><t>no word</t></rPh>";
    let cell = format!("<c r='B2' t='inlineStr'><is>{runs}</is></c>");
    let entry = read(Some("Current"), &styled(&listed(&[&cell]), "visible")).unwrap().entries.remove(0);
    assert_eq!(entry.fields["listed"], "in force until revoked");
    assert_eq!(entry.fields[STRUCK], "until revoked");
    let unstruck = cell.replace("<strike/>", "<strike val='0'/>");
    let entry = read(Some("Current"), &styled(&listed(&[&unstruck]), "visible")).unwrap().entries.remove(0);
    assert_eq!(entry.fields.get(STRUCK), None);
}

#[test]
fn hidden_rows_columns_and_numbers_are_kept_and_marked() {
    let number = "<c r='B2'><v>5</v></c>";
    let hidden = |sheet: &str| {
        let entries = read(Some("Current"), &book_of(sheet)).unwrap().entries;
        entries[0].fields.get(HIDDEN).cloned().unwrap_or_default()
    };
    let sheet = listed(&[number]);
    assert_eq!(hidden(&sheet), "");
    assert_eq!(hidden(&sheet.replace("<row r='2'>", "<row r='2' hidden='1'>")), "Company 2\n5");
    assert_eq!(hidden(&sheet.replace("<row r='2'>", "<row r='2' ht='0' customHeight='1'>")), "Company 2\n5");
    for columns in ["<col min='2' max='9' hidden='1'/>", "<col min='2' max='2' width='0' customWidth='1'/>"] {
        assert_eq!(hidden(&format!("<cols><col min='1' max='1' width='9'/>{columns}</cols>{sheet}")), "5");
    }
}

#[test]
fn a_band_of_any_words_heads_the_rows_below_it_or_says_more_of_those_above() {
    let row = |number: usize, name: &str, day: &str| {
        format!(
            "<row r='{number}'>{}{}</row>",
            text(&format!("A{number}"), 0, name),
            text(&format!("B{number}"), 0, day)
        )
    };
    let band = |number: usize, words: &str| {
        format!("<row r='{number}'>{}</row>", text(&format!("A{number}"), 0, words))
    };
    let merged = |rows: &[usize]| {
        let cells: String = rows.iter().map(|row| format!("<mergeCell ref='A{row}:B{row}'/>")).collect();
        format!("<mergeCells>{cells}</mergeCells>")
    };
    let sheet = |rows: &[String], bands: &[usize]| {
        let rows = format!("{}{}", row(1, "Company", "From"), rows.concat());
        read(None, &book_of(&format!("<sheetData>{rows}</sheetData>{}", merged(bands)))).unwrap().entries
    };
    let entries = sheet(
        &[
            band(2, "Region North"),
            row(3, "A", "x"),
            row(4, "B", "x"),
            band(5, "Region South"),
            row(6, "C", "x"),
        ],
        &[2, 5],
    );
    let places: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.title.as_str(), entry.fields[SECTION].as_str())).collect();
    assert_eq!(places, [("A", "Region North"), ("B", "Region North"), ("C", "Region South")]);

    let entries = sheet(
        &[row(2, "A", "x"), band(3, "Of Sample City"), row(4, "B", "x"), band(5, "Of Other City")],
        &[3, 5],
    );
    let details: Vec<(&str, &str)> =
        entries.iter().map(|entry| (entry.title.as_str(), entry.fields["details"].as_str())).collect();
    assert_eq!(details, [("A", "Of Sample City"), ("B", "Of Other City")]);

    let entries = sheet(&[row(2, "A", "x"), row(3, "B", "x"), row(4, "C", "x"), band(5, "Last Ltd")], &[5]);
    assert_eq!(entries.last().unwrap().title, "Last Ltd");
}

#[test]
fn what_stands_in_a_column_without_a_header_is_read_unless_it_counts_the_rows() {
    let row = |number: usize, words: &str| {
        format!(
            "<row r='{number}'><c r='A{number}'><v>{}</v></c>{}{}{}</row>",
            number - 1,
            text(&format!("B{number}"), 0, &format!("Company {number}")),
            text(&format!("C{number}"), 0, "x"),
            text(&format!("D{number}"), 0, words),
        )
    };
    let header = format!("<row r='1'>{}{}</row>", text("B1", 0, "Company"), text("C1", 0, "From"));
    let rows = format!("{header}{}{}", row(2, "Revoked"), row(3, "in force"));
    let entry = read(None, &book_of(&format!("<sheetData>{rows}</sheetData>"))).unwrap().entries.remove(0);
    assert_eq!(entry.fields["column_4"], "Revoked");
    assert_eq!(entry.fields.get("column_1"), None);
}

#[test]
fn a_sheet_is_bounded_while_it_is_read() {
    let rows = |count: usize| {
        let rows: String = (2..count + 2)
            .map(|row| {
                format!("<row r='{row}'>{}</row>", text(&format!("A{row}"), 0, &format!("Company {row}")))
            })
            .collect();
        let header = format!("<row r='1'>{}{}</row>", text("A1", 0, "Company"), text("B1", 0, "From"));
        book_of(&format!("<sheetData>{header}{rows}</sheetData>"))
    };
    let refused = |body: &[u8]| limits::within(3, || read(None, body)).unwrap_err().to_string();
    assert!(limits::within(3, || read(None, &rows(3))).is_ok());
    assert!(refused(&rows(4)).contains("guard.max_entries is 3"));

    let piece = "x".repeat(2 << 20);
    let error = refused(&book(&[("A1", "Company"), ("B1", "From"), ("A2", &piece)]));
    assert!(error.contains("a tag or a text of more than 1 MiB"), "{error}");

    let long = "x".repeat(1 << 19);
    let cells: String = (0..40).map(|_| text_without_place(&long)).collect();
    let error = refused(&book_of(&format!("<sheetData><row>{cells}</row></sheetData>")));
    assert!(error.contains("row 1 of the sheet"), "{error}");
}

fn text_without_place(text: &str) -> String {
    format!("<c t='inlineStr'><is><t>{text}</t></is></c>")
}

#[test]
fn a_sheet_that_ends_early_or_defines_entities_is_refused() {
    let main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    let sheet = |text: &str| {
        packed(&[
            ("_rels/.rels", ROOT.as_bytes()),
            ("xl/workbook.xml", BOOK.as_bytes()),
            ("xl/_rels/workbook.xml.rels", RELATIONS.as_bytes()),
            ("xl/worksheets/sheet1.xml", text.as_bytes()),
        ])
    };
    let rows = rows_of(&[&["Company", "From"], &["Example Works", "x"]]);
    let whole = format!("<worksheet xmlns='{main}'><sheetData>{rows}</sheetData></worksheet>");
    assert!(read(None, &sheet(&whole)).is_ok());
    let early = whole.replace("</sheetData></worksheet>", "");
    assert!(read(None, &sheet(&early)).unwrap_err().to_string().contains("ends early"));
    let defined = format!("<!DOCTYPE x [<!ENTITY e 'y'>]>{whole}");
    assert!(read(None, &sheet(&defined)).is_err());
    assert!(read(None, &sheet(&whole.replace("Works", "&e;"))).unwrap_err().to_string().contains("&e;"));
}
