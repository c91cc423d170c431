//! How files of data become entries, as an operator says it.

use serde::Serialize;

use super::row::{Pairs, RowSettings};

/// How delimited text becomes entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CsvSettings {
    /// What stands between two fields; an ASCII character.
    pub delimiter: char,
    /// The charset, where neither the file nor its server says it.
    pub encoding: Option<String>,
    /// So many lines stand above the table.
    pub skip_lines: usize,
    /// Whether the table has a row of headers; if not, columns are named by their numbers from 1.
    pub header: bool,
    /// Whether the file must end with a line end: one without it was cut off.
    pub final_newline: bool,
    /// Match lines that are no part of the table, such as a note at its foot.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub skip: Vec<String>,
    /// Header or number → field name. Headers are compared without case, white space and footnote marks.
    pub columns: Pairs,
    /// How its rows become entries.
    #[serde(flatten)]
    pub rows: RowSettings,
}

impl Default for CsvSettings {
    fn default() -> Self {
        Self {
            delimiter: ',',
            encoding: None,
            skip_lines: 0,
            header: true,
            final_newline: false,
            skip: Vec::new(),
            columns: Pairs::default(),
            rows: RowSettings::default(),
        }
    }
}

/// How a spreadsheet becomes entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct XlsxSettings {
    /// The sheet's name; the first sheet unless given.
    pub sheet: Option<String>,
    /// So many rows stand above the table.
    pub skip_rows: usize,
    /// Header → field name, as for delimited text.
    pub columns: Pairs,
    /// How its rows become entries.
    #[serde(flatten)]
    pub rows: RowSettings,
}

/// How JSON becomes entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct JsonSettings {
    /// `JSONPath` (RFC 9535) of the values that are entries.
    pub entries: String,
    /// Field name → `JSONPath`s from an entry to what the field says.
    pub fields: Pairs<Vec<String>>,
    /// Whether the one answer is read although the list goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_page: bool,
    /// How its rows become entries.
    #[serde(flatten)]
    pub rows: RowSettings,
}

/// How XML becomes entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct XmlSettings {
    /// Paths of the elements that are entries, from the root.
    pub entries: Vec<String>,
    /// Field name → paths from an entry to what the field says.
    pub fields: Pairs<Vec<String>>,
    /// Whether the one page is read although the list goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_page: bool,
    /// How its rows become entries.
    #[serde(flatten)]
    pub rows: RowSettings,
}

/// How the text of a PDF becomes entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PdfTextSettings {
    /// Matches the line after which entries begin; the first line unless given.
    pub begin: Option<String>,
    /// Matches the line at which entries end; the last line unless given.
    pub end: Option<String>,
    /// Match lines that are no part of an entry, such as a page's head and number.
    pub skip: Vec<String>,
    /// Matches the first line of an entry; every line is one unless given.
    pub starts: Option<String>,
    /// In so many columns the text of a page stands, to be read one after the other.
    #[serde(skip_serializing_if = "is_one")]
    pub text_columns: usize,
    /// Matches an entry's text, its lines joined; its named groups are the fields.
    pub entry: String,
    /// How entries are told apart.
    #[serde(flatten)]
    pub rows: RowSettings,
}

/// Whether text stands in one column, as it does where nothing is said.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the form that the attribute asks for")]
fn is_one(columns: &usize) -> bool {
    *columns < 2
}
