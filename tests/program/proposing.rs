//! What `source add` proposes for what is published, and what it says of it.

use std::io::{Cursor, Write as _};
use std::path::PathBuf;

use serde_json::Value;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::left_out::left_out;
use super::pdf::pdf;
use super::{Home, Site};

fn home() -> Home {
    Home::with_sources("")
}

fn saved(home: &Home, name: &str, body: &[u8]) -> PathBuf {
    let path = home.path(name);
    std::fs::write(&path, body).unwrap();
    path
}

/// What is proposed for a body that was saved.
#[track_caller]
fn proposed(url: &str, body: &[u8]) -> Value {
    let home = home();
    let path = saved(&home, "saved", body);
    let add = ["source", "add", url, "--id", "it", "--file", path.to_str().unwrap(), "--json"];
    home.run(&add).expect(0).json()
}

#[track_caller]
fn check(proposal: &Value, kind: &str, entries: usize, lines: &[&str]) {
    assert_eq!((&proposal["kind"], &proposal["entries"]), (&kind.into(), &entries.into()), "{proposal:#}");
    let toml = proposal["toml"].as_str().unwrap();
    for line in lines {
        assert!(toml.lines().any(|found| found == *line), "{line} is missing in:\n{toml}");
    }
}

fn warnings(proposal: &Value) -> String {
    let warnings = proposal["warnings"].as_array().unwrap().iter();
    warnings.map(|warning| warning.as_str().unwrap()).collect::<Vec<_>>().join("\n")
}

const DOCKET: &str = "<html><body><center><b>U.S. Bankruptcy Court<br>Sample District<br>Bankruptcy Petition #: 2:31-bk-05481-abc7</b></center>\
    <table><tr><td><i>Assigned to:</i> Judge Doe</td><td>Date filed: 10/19/2031</td></tr></table>\
    <table><tr><td><i><b>Debtor</b></i><br><b>Bread &amp; Roses, Inc.</b></td></tr></table>\
    <table><tr><th>Filing Date</th><th>#</th><th>Docket Text</th></tr>\
    <tr><td>10/19/2031</td><td>1</td><td>Chapter 11 Voluntary Petition</td></tr></table></body></html>";

#[test]
fn a_docket_is_read_as_one_and_held_to_its_case() {
    let proposal = proposed("https://dockets.invalid/05481.html", DOCKET.as_bytes());
    check(&proposal, "pacer-docket", 1, &["dockets = [\"2:31-bk-05481\"]"]);
    assert_eq!(proposal["first"][0]["fields"]["caption"], "Bread & Roses, Inc.");
    let json = r#"{"CaseNumber":"31-204 ","PetitionerTitle":"A","RespondentTitle":"B",
        "ProceedingsandOrder":[{"Date":"Apr 01 2032","Text":"Petition filed."}]}"#;
    let proposal = proposed("https://court.invalid/31-204.json", json.as_bytes());
    check(&proposal, "scotus-docket", 1, &["dockets = [\"31-204\"]"]);
}

#[test]
fn the_list_of_the_united_nations_is_read_by_its_entries_and_not_by_their_aliases() {
    let alias = "<ENTITY_ALIAS><QUALITY>a.k.a.</QUALITY><ALIAS_NAME>Other</ALIAS_NAME></ENTITY_ALIAS>";
    let entity = |number: usize| {
        format!(
            "<ENTITY><DATAID>{number}</DATAID><FIRST_NAME>Company {number}</FIRST_NAME><UN_LIST_TYPE>Sample</UN_LIST_TYPE>\
             <REFERENCE_NUMBER>SAe.{number:03}</REFERENCE_NUMBER><LISTED_ON>2031-01-0{number}</LISTED_ON>{}</ENTITY>",
            alias.repeat(5)
        )
    };
    let list = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><CONSOLIDATED_LIST dateGenerated=\"2031-02-01T00:00:00\"><INDIVIDUALS/>\
         <ENTITIES>{}{}{}</ENTITIES></CONSOLIDATED_LIST>",
        entity(1),
        entity(2),
        entity(3)
    );
    let proposal = proposed("https://list.invalid/consolidated.xml", list.as_bytes());
    check(&proposal, "un-xml", 3, &["guard = { min_entries = 2 }"]);
    assert_eq!(proposal["first"][0]["title"], "Company 1");
}

#[test]
fn a_file_without_headers_is_read_by_the_numbers_of_its_columns() {
    let row = |number: usize, name: &str| {
        format!("{number},\"{name}\",-0- ,\"SAMPLE\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \r\n")
    };
    let list = [row(36, "AEROCOMPANY"), row(173, "BREAD & ROSES, LTD."), row(306, "ROE")].concat() + "\u{1a}";
    let proposal = proposed("https://list.invalid/files/some.csv", list.as_bytes());
    check(&proposal, "ofac", 3, &["guard = { min_entries = 2 }"]);
    assert_eq!(proposal["first"][1]["title"], "BREAD & ROSES, LTD.");
    let other = "17;Bread;2031-01-01\n18;Roses;2031-01-02\n25;Roe;2031-01-02\n";
    let proposal = proposed("https://list.invalid/other.csv", other.as_bytes());
    check(
        &proposal,
        "csv",
        3,
        &["header = false", "delimiter = \";\"", "key = [\"column_1\"]", "row_date = \"column_3\""],
    );
    assert!(warnings(&proposal).contains("no headers"), "{proposal:#}");
}

/// A book of sheets, each a name, its state and its rows.
fn book(sheets: &[(&str, &str, &[&[&str]])]) -> Vec<u8> {
    let space = "xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'";
    let (office, package) = (
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
        "http://schemas.openxmlformats.org/package/2006",
    );
    let named: String = (1..)
        .zip(sheets)
        .map(|(number, (name, state, _))| {
            format!("<sheet name='{name}' sheetId='{number}' state='{state}' r:id='r{number}'/>")
        })
        .collect();
    let related: String = (1..=sheets.len())
        .map(|number| {
            format!("<Relationship Id='r{number}' Type='{office}/worksheet' Target='worksheets/sheet{number}.xml'/>")
        })
        .collect();
    let mut files = vec![
        ("[Content_Types].xml".to_owned(), format!("<Types xmlns='{package}/content-types'/>")),
        (
            "_rels/.rels".to_owned(),
            format!(
                "<Relationships xmlns='{package}/relationships'><Relationship Id='r1' Type='{office}/officeDocument' Target='xl/workbook.xml'/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml".to_owned(),
            format!("<workbook {space} xmlns:r='{office}'><sheets>{named}</sheets></workbook>"),
        ),
        (
            "xl/_rels/workbook.xml.rels".to_owned(),
            format!("<Relationships xmlns='{package}/relationships'>{related}</Relationships>"),
        ),
    ];
    for (number, (_, _, rows)) in (1..).zip(sheets) {
        let cells = |(row, cells): (usize, &&[&str])| {
            let cells = ('A'..).zip(cells.iter()).filter(|(_, text)| !text.is_empty());
            let cells = cells.map(|(column, text)| {
                format!("<c r='{column}{row}' t='inlineStr'><is><t>{text}</t></is></c>")
            });
            format!("<row r='{row}'>{}</row>", cells.collect::<String>())
        };
        let rows: String = (1..).zip(rows.iter()).map(cells).collect();
        files.push((
            format!("xl/worksheets/sheet{number}.xml"),
            format!("<worksheet {space}><sheetData>{rows}</sheetData></worksheet>"),
        ));
    }
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(name, SimpleFileOptions::default()).unwrap();
        archive.write_all(content.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

#[test]
fn a_spreadsheet_is_read_by_its_longest_sheet_and_the_others_are_named() {
    let rows: &[&[&str]] = &[
        &["List of companies"],
        &["No.", "Company", "Listed on", ""],
        &["1", "Bread Ltd.", "2031-01-01", "kept"],
        &["2", "Roses GmbH", "2031-01-02", ""],
        &["3", "Roe, Inc.", "2031-01-02", ""],
    ];
    let body = book(&[
        ("About", "visible", &[&["Read this"]]),
        ("Companies", "visible", rows),
        ("Drafts", "hidden", rows),
    ]);
    let proposal = proposed("https://list.invalid/list.xlsx", &body);
    check(
        &proposal,
        "xlsx",
        3,
        &["sheet = \"Companies\"", "key = [\"company\"]", "row_date = \"listed_on\""],
    );
    let said = warnings(&proposal);
    for words in [
        "column 4 has no header and is read as column_4: \"kept\"",
        "the sheet \"About\"",
        "the hidden sheet \"Drafts\"",
    ] {
        assert!(said.contains(words), "{words} is missing in:\n{said}");
    }
}

#[test]
fn a_pdf_is_read_by_the_items_of_its_list() {
    let poppler = std::process::Command::new("pdftotext").arg("-v").output();
    if poppler.is_err() {
        left_out("a PDF that is proposed", "pdftotext is not installed");
        return;
    }
    let body = pdf(&[&[
        (0, "ANNEX"),
        (0, "Companies identified"),
        (0, "1. Bread Ltd."),
        (3, "of Sample"),
        (0, "2. Roses GmbH"),
        (0, "3. Roe, Inc."),
    ]]);
    let proposal = proposed("https://list.invalid/annex.pdf", &body);
    check(&proposal, "pdf-text", 3, &["key = [\"name\"]"]);
    assert_eq!(proposal["first"][0]["fields"]["name"], "Bread Ltd. of Sample");
    assert!(warnings(&proposal).contains("ANNEX"), "{proposal:#}");
}

const LIST: &str = "<html><head><title>List</title></head><body><main><table id='list'>\
    <tr><th>Name</th><th>Listed</th></tr><tr><td>Bread Ltd.</td><td>May 1, 2031</td></tr>\
    <tr><td>Roses GmbH</td><td>May 2, 2031</td></tr><tr><td>Roe, Inc.</td><td>May 3, 2031</td></tr>\
    <tr><td>Poe SA</td><td>May 3, 2031</td></tr><tr><td>Doe AG</td><td>May 3, 2031</td></tr><tr><td>Loe KK</td><td>May 3, 2031</td></tr>\
    </table><p>Showing 1 to 6 of 13 entries</p></main></body></html>";

#[test]
fn the_first_five_entries_are_shown_and_so_is_that_the_list_goes_on() {
    let home = home();
    let path = saved(&home, "list.html", LIST.as_bytes());
    let add = ["source", "add", "https://list.invalid/list", "--file", path.to_str().unwrap()];
    let shown = home.run(&add).expect(0).stdout;
    assert!(
        shown.contains(
            "# The first 5 of 6, as read:\n#   Bread Ltd. · listed: May 1, 2031 · name: Bread Ltd.\n"
        ),
        "{shown}"
    );
    assert_eq!(shown.lines().filter(|line| line.starts_with("#   ")).count(), 5, "{shown}");
    assert!(
        shown.contains(
            "# Check this: this is a part of a longer list, it says \"Showing 1 to 6 of 13 entries\""
        ),
        "{shown}"
    );
    assert!(!shown.contains("one_page"), "the rest is followed, or the read is held: {shown}");
    // All that is printed is a configuration.
    std::fs::create_dir(home.path("config/sources")).unwrap();
    std::fs::write(home.path("config/sources/list.toml"), &shown).unwrap();
    home.amend("[store]", "include = [\"sources/*.toml\"]\n\n[store]");
    home.run(&["config", "check"]).expect(0);
}

#[test]
fn a_table_whose_cells_would_be_lost_is_not_proposed_as_one() {
    let wide = LIST
        .replace("</td></tr>", "</td><td>cell of its own</td><td>Revoked</td></tr>")
        .replace("Showing 1 to 6 of 13 entries", "");
    let proposal = proposed("https://list.invalid/wide", wide.as_bytes());
    let said = proposal["first"].to_string();
    assert!(said.contains("Revoked") && said.contains("cell of its own"), "{proposal:#}");
}

#[test]
fn where_nothing_is_included_yet_the_proposal_is() {
    let home = home();
    let before = std::fs::read_to_string(home.path("config/regwatch.toml")).unwrap();
    let path = saved(&home, "list.html", LIST.as_bytes());
    let add = [
        "source",
        "add",
        "https://list.invalid/list",
        "--id",
        "list",
        "--file",
        path.to_str().unwrap(),
        "--write",
    ];
    home.run(&add).expect(0);
    let after = std::fs::read_to_string(home.path("config/regwatch.toml")).unwrap();
    assert_eq!(after, format!("include = [\"sources/*.toml\"]\n\n{before}"));
    home.run(&["source", "show", "list"]).expect(0);
    // A second one needs nothing more.
    let other = [
        "source",
        "add",
        "https://list.invalid/list",
        "--id",
        "other",
        "--file",
        path.to_str().unwrap(),
        "--write",
    ];
    home.run(&other).expect(0);
    assert_eq!(std::fs::read_to_string(home.path("config/regwatch.toml")).unwrap(), after);
}

#[test]
fn a_page_that_scripts_put_together_is_said_to_be_one() {
    let site = Site::start();
    let frame = "<html><head><title>List</title></head><body><div id='root'></div><noscript>You need to enable JavaScript to run this app.</noscript>\
        <script>document.getElementById('root').innerHTML = '<main><table><tr><th>Name</th><th>Listed</th></tr>' \
        + ['Bread', 'Roses', 'Roe', 'Poe'].map(name => '<tr><td>' + name + ' Ltd.</td><td>May 1, 2031</td></tr>').join('') + '</table></main>';</script></body></html>";
    site.page("/app", frame);
    let home = home();
    let path = saved(&home, "app.html", frame.as_bytes());
    let url = format!("{}/app", site.url);
    let refused = home.run(&["source", "add", &url, "--file", path.to_str().unwrap()]).expect(1);
    assert!(refused.stderr.contains("scripts build this page"), "{}", refused.stderr);
    let shown = home.run(&["source", "add", &url]);
    if shown.code == Some(0) {
        assert!(shown.stdout.contains("render = \"browser\"\n"), "{}", shown.stdout);
        assert!(shown.stdout.contains("scripts build the page"), "{}", shown.stdout);
    } else {
        assert!(
            shown.stderr.contains("in the reader's browser, and no browser could load it"),
            "{}",
            shown.stderr
        );
    }
}
