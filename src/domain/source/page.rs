//! How pages become entries, as an operator says it.
//!
//! Settings are serialised under the keys of the configuration: that is what
//! `config show` prints and what a source's fingerprint covers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// How the rows of a table become entries.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableSettings {
    /// CSS selector of the tables; every match is read, and each must have the mapped headers.
    pub selector: String,
    /// Header text → field name. Compared without case, white space and footnote marks.
    pub columns: BTreeMap<String, String>,
    /// The fields that say what a row is about.
    pub key: Vec<String>,
    /// The field that names a row to a reader; the first key field unless given.
    #[serde(rename = "row_title")]
    pub title: Option<String>,
    /// The field that holds a row's date.
    #[serde(rename = "row_date")]
    pub date: Option<String>,
}

/// Which prose of a page is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageTextSettings {
    /// CSS selectors of what is read; each must match.
    pub keep: Vec<String>,
    /// CSS selectors of what is left out of it.
    pub drop: Vec<String>,
}
