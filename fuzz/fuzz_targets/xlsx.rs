//! Spreadsheets: archives as they come, and texts put into one, since no mutation makes a checksum right.

#![no_main]

use std::io::{Cursor, Write as _};
use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use regwatch::domain::source::Source;
use regwatch_fuzz::{BETWEEN, check, source};
use zip::ZipWriter;
use zip::result::ZipResult;
use zip::write::SimpleFileOptions;

static SOURCE: OnceLock<Source> = OnceLock::new();

const SETTINGS: &str = "
    kind = 'xlsx'
    columns = { 'Company' = 'name', 'From' = 'listed' }
    key = ['name']
    row_date = 'listed'
    optional = ['listed']
";

/// The files that a workbook consists of, in the order of the texts.
const FILES: [&str; 7] = [
    "xl/worksheets/sheet1.xml",
    "xl/sharedStrings.xml",
    "xl/styles.xml",
    "xl/workbook.xml",
    "xl/_rels/workbook.xml.rels",
    "[Content_Types].xml",
    "_rels/.rels",
];

fuzz_target!(|body: &[u8]| {
    let source = SOURCE.get_or_init(|| source(SETTINGS, "list.xlsx"));
    if body.starts_with(b"PK") {
        return check(source, body);
    }
    check(source, &packed(body).expect("an archive in memory"));
});

fn packed(body: &[u8]) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in FILES.iter().zip(body.split(|&byte| byte == BETWEEN)) {
        archive.start_file(*name, SimpleFileOptions::default())?;
        archive.write_all(content)?;
    }
    archive.finish().map(Cursor::into_inner)
}
