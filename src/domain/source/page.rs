//! How pages become entries, as an operator says it.
//!
//! Settings are serialised under the keys of the configuration: that is what
//! `config show` prints and what a source's fingerprint covers.

use serde::Serialize;

use super::row::{Pairs, RowSettings};

/// How the rows of HTML tables become entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableSettings {
    /// CSS selector of the tables; every match is read, and each must have the mapped headers.
    pub selector: String,
    /// Header text → field name. Compared without case, white space and footnote marks.
    pub columns: Pairs,
    /// The field that takes what is said above each table: its caption or the paragraph before it.
    pub caption: Option<String>,
    /// Whether the one page is read although the list goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_page: bool,
    /// How its rows become entries.
    #[serde(flatten)]
    pub rows: RowSettings,
}

/// How lists that are no tables become entries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ListSettings {
    /// CSS selector of the lists, read item by item, or of what is an entry itself.
    pub selector: String,
    /// Field → where it is found in an entry: CSS selectors, `.` for all of it, `selector@attribute`.
    pub fields: Pairs<Vec<String>>,
    /// CSS selectors of what is left out of entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
    /// Whether the one page is read although the list goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_page: bool,
    /// How entries are told apart.
    #[serde(flatten)]
    pub rows: RowSettings,
}

impl ListSettings {
    /// The field of an entry for which no fields are set: all that it says.
    pub const TEXT: &str = "text";

    /// The selector of a place in an entry, and the attribute that is meant where one is.
    #[must_use]
    pub fn place(text: &str) -> (&str, Option<&str>) {
        let is_name = |name: &str| {
            !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':'))
        };
        match text.rsplit_once('@') {
            Some((css, name)) if is_name(name) => (css.trim(), Some(name)),
            _ => (text.trim(), None),
        }
    }
}

/// Which prose of a page is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageTextSettings {
    /// CSS selectors of what is read; each must match.
    pub keep: Vec<String>,
    /// CSS selectors of what is left out of it.
    pub drop: Vec<String>,
    /// Whether the one page is read although the list goes on.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub one_page: bool,
}
