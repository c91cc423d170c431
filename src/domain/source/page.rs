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

/// Which prose of a page is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PageTextSettings {
    /// CSS selectors of what is read; each must match.
    pub keep: Vec<String>,
    /// CSS selectors of what is left out of it.
    pub drop: Vec<String>,
}
