//! One column of a table that somebody hands in: CSV in whatever charset their office writes, or a spreadsheet.
//!
//! What cannot be read for certain is refused: a supplier that is passed over would be taken for a clean one.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, WINDOWS_1252};

use super::{csv, xlsx};
use crate::domain::text::{one_line, shorten};
use crate::domain::verdict::Unreadable;
use crate::extract::table::{HEADER_ROWS, folded_header};

/// So many rows of a sheet are read.
const MAX_ROWS: usize = 1_000_000;

/// So many characters of what was found instead are shown.
const MAX_SHOWN_CHARS: usize = 200;

/// What may stand between the cells of delimited text.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Why a table gives no names.
#[derive(Debug, thiserror::Error)]
pub enum ColumnError {
    /// No row heads a column so.
    #[error(
        "has no column {wanted:?}, found the columns {found}; name the one that holds the names with --column"
    )]
    NoColumn {
        /// The column that was looked for.
        wanted: String,
        /// What heads the columns that are there.
        found: String,
    },
    /// A row has more cells than the table has columns.
    #[error(
        "row {row} has more cells than the {expected} columns: {cells}; put a name with a comma in it into quotes"
    )]
    TooManyCells {
        /// Which row of the file, blank ones left out.
        row: usize,
        /// Its cells.
        cells: String,
        /// How many columns have headers.
        expected: usize,
    },
    /// The bytes are text in no charset that is known.
    #[error("has an unknown character encoding, expected UTF-8 or GB18030")]
    Charset,
    /// The table cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// A row cannot be read.
    #[error("is not readable as delimited text")]
    Row(#[from] ::csv::Error),
}

/// The texts of a column, each as it is written, blank ones left out. The column is known by what heads it, whatever
/// its capitals; the headers stand in one of the first rows.
///
/// # Errors
/// [`ColumnError`].
pub fn column(body: &[u8], wanted: &str) -> Result<Vec<String>, ColumnError> {
    if body.starts_with(b"PK\x03\x04") {
        return of_sheets(body, wanted);
    }
    let rows = rows(body)?;
    let header = header(&rows, wanted).ok_or_else(|| no_column(wanted, &rows))?;
    whole_rows(&rows, header.0)?;
    Ok(below(&rows, header))
}

/// Refuses rows with more cells than there are headers: a name with the delimiter in it was not quoted, and was cut.
fn whole_rows(rows: &[Vec<String>], header: usize) -> Result<(), ColumnError> {
    let expected = rows[header].len();
    let has_more = |cells: &Vec<String>| cells.iter().skip(expected).any(|cell| !cell.trim().is_empty());
    match rows.iter().enumerate().skip(header + 1).find(|(_, cells)| has_more(cells)) {
        Some((row, cells)) => Err(ColumnError::TooManyCells {
            row: row + 1,
            cells: shorten(&one_line(&cells.join(" | ")), MAX_SHOWN_CHARS),
            expected,
        }),
        None => Ok(()),
    }
}

/// The cells of delimited text, row by row, whatever stands between them.
///
/// # Errors
/// [`ColumnError`].
pub fn rows(body: &[u8]) -> Result<Vec<Vec<String>>, ColumnError> {
    let text = decoded(body)?;
    let text = text.trim_start_matches('\u{feff}').trim_end_matches(['\u{1a}', '\0']);
    let delimiter = delimiter(text);
    csv::quote::check(text, delimiter, 0)?;
    let mut reader = ::csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut rows = Vec::new();
    for record in reader.records() {
        rows.push(record?.iter().map(str::to_owned).collect());
    }
    Ok(rows)
}

/// The names of the first sheet that has the column; what a person hides in a book is looked at last.
fn of_sheets(body: &[u8], wanted: &str) -> Result<Vec<String>, ColumnError> {
    let mut sheets = xlsx::sheets(body, MAX_ROWS)?;
    sheets.sort_by_key(|sheet| sheet.is_hidden);
    let found = sheets.iter().find_map(|sheet| Some(below(&sheet.rows, header(&sheet.rows, wanted)?)));
    found.ok_or_else(|| no_column(wanted, sheets.first().map_or(&[][..], |sheet| &sheet.rows)))
}

/// The row and the column in which a header stands.
fn header(rows: &[Vec<String>], wanted: &str) -> Option<(usize, usize)> {
    let wanted = folded_header(wanted);
    rows.iter()
        .take(HEADER_ROWS)
        .enumerate()
        .find_map(|(row, cells)| Some((row, cells.iter().position(|cell| folded_header(cell) == wanted)?)))
}

/// What stands below a header.
fn below(rows: &[Vec<String>], (row, column): (usize, usize)) -> Vec<String> {
    let cells = rows[row + 1..].iter().filter_map(|cells| cells.get(column));
    cells.filter(|cell| !cell.trim().is_empty()).cloned().collect()
}

fn no_column(wanted: &str, rows: &[Vec<String>]) -> ColumnError {
    let headers = rows.iter().find(|row| row.iter().any(|cell| !cell.trim().is_empty()));
    let found = headers.map_or_else(|| "no rows".to_owned(), |row| one_line(&row.join(" | ")));
    ColumnError::NoColumn { wanted: wanted.to_owned(), found: shorten(&found, MAX_SHOWN_CHARS) }
}

/// The text of a file: by its byte order mark, as UTF-8 where it is that, else as Chinese offices write or as Western
/// ones do.
fn decoded(body: &[u8]) -> Result<Cow<'_, str>, ColumnError> {
    let (encoding, body) = match Encoding::for_bom(body) {
        Some((encoding, length)) => (encoding, &body[length..]),
        None if std::str::from_utf8(body).is_ok() => (UTF_8, body),
        None if is_western(body) => (WINDOWS_1252, body),
        None => (GB18030, body),
    };
    encoding.decode_without_bom_handling_and_without_replacement(body).ok_or(ColumnError::Charset)
}

/// Whether letters beyond ASCII stand alone among others, as in Western words. Chinese ones stand in pairs of bytes.
fn is_western(body: &[u8]) -> bool {
    let runs = || body.split(u8::is_ascii).filter(|run| !run.is_empty());
    let single = runs().filter(|run| run.len() == 1).count();
    single * 2 > runs().count()
}

/// What stands between the cells: whatever stands most often in the first row that says anything, outside of quotes.
fn delimiter(text: &str) -> u8 {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let outside: String = line.split('"').step_by(2).collect();
    let count = |delimiter: &u8| outside.bytes().filter(|byte| byte == delimiter).count();
    let most = DELIMITERS.iter().rev().max_by_key(|delimiter| count(delimiter));
    most.copied().unwrap_or(b',')
}

#[cfg(test)]
mod tests {
    use rust_xlsxwriter::Workbook;

    use super::*;

    #[track_caller]
    fn check(body: &[u8], wanted: &str, expected: &[&str]) {
        assert_eq!(column(body, wanted).unwrap(), expected, "{}", String::from_utf8_lossy(body));
    }

    const NAMES: [&str; 3] = ["杭州琥珀技术有限公司", "Basalt \"B\" Ltd, Wien", " Amber "];

    fn table() -> String {
        format!(
            "\n编号,Name,城市\n1,{},杭州\n2,\"Basalt \"\"B\"\" Ltd, Wien\",\n3,{},x\n4,  ,y\n5\n",
            NAMES[0], NAMES[2]
        )
    }

    #[test]
    fn names_are_read_as_they_are_written_in_any_charset_of_an_office() {
        let text = table();
        check(text.as_bytes(), "name", &NAMES);
        check(format!("\u{feff}{text}").as_bytes(), " NAME", &NAMES);
        check(&GB18030.encode(&text).0, "name", &NAMES);
        let wide: Vec<u8> =
            [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
        check(&wide, "name", &NAMES);
        check(b"name;city\r\nSoci\xe9t\xe9 Ambre;Gen\xe8ve\r\n", "name", &["Société Ambre"]);
        check(b"\"name\"\tcity\nAmber, Ltd\tx\n", "name", &["Amber, Ltd"]);
        check("供应商\n琥珀\n".as_bytes(), "供应商", &["琥珀"]);
    }

    #[test]
    fn a_spreadsheet_is_read_as_the_same_table() {
        let mut book = Workbook::new();
        book.add_worksheet().write(0, 0, "Notes").unwrap();
        let sheet = book.add_worksheet();
        sheet.write(0, 0, "Suppliers of 2026").unwrap();
        sheet.write(2, 1, "Name").unwrap();
        for (row, name) in (3..).zip(NAMES) {
            sheet.write(row, 1, name).unwrap();
        }
        let body = book.save_to_buffer().unwrap();
        let found = column(&body, "name").unwrap();
        assert_eq!(found.iter().map(|name| name.trim()).collect::<Vec<_>>(), NAMES.map(str::trim));
    }

    #[test]
    fn what_would_pass_over_a_supplier_is_refused() {
        let error = column(b"supplier,city\nAmber,x\n", "name").unwrap_err().to_string();
        assert!(error.contains("\"name\"") && error.contains("supplier | city"), "{error}");
        assert!(column(b"", "name").unwrap_err().to_string().contains("no rows"));
        let error = column(b"name,city\n\"Amber,x\nBasalt,\"y\"\n", "name").unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        assert!(matches!(column(b"name\n\x81\xff\xff\x81\n", "name"), Err(ColumnError::Charset)));
        for cut in
            [&b"name\nAmber\nSZ Amber Technology Co., Ltd.\n"[..], b"city,name\nx,Amber\nx,Amber, Ltd\n"]
        {
            let error = column(cut, "name").unwrap_err().to_string();
            assert!(error.contains("row 3") && error.contains("into quotes"), "{error}");
        }
        check(b"name,city\nAmber,x,, \n", "name", &["Amber"]);
    }
}
