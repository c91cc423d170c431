//! How rules, and what leads to them, become entries, as an operator says it.

use serde::{Deserialize, Serialize};
use url::Url;

/// Which regulations are read.
///
/// They are one part of a title of the Code of Federal Regulations.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcfrSettings {
    /// The title's number.
    #[serde(rename = "cfr_title")]
    pub title: u32,
    /// The part's number.
    #[serde(rename = "cfr_part")]
    pub part: String,
    /// The appendix whose lists are read, by its number, such as `Supplement No. 4 to Part 744`; the
    /// part's sections and appendices where there is none.
    pub appendix: Option<String>,
}

/// How far the filings of the FCC's proceedings are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EcfsSettings {
    /// At most so many pages of results are read.
    pub pages: usize,
}

/// Which notice of the Federal Register holds a list, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeSettings {
    /// Words of its title; the newest such notice holds the list in force.
    pub notice: String,
    /// Words of the titles of notices that are others all the same.
    pub unless: Vec<String>,
    /// The words of its text behind which the list begins.
    pub after: String,
    /// Words of the paragraph before which it ends.
    pub before: Vec<String>,
}

/// Which rules of the Federal Register amend a list, and how many of them are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RulesSettings {
    /// Words of their titles.
    pub rules: String,
    /// Words of the titles of rules that are others all the same.
    pub unless: Vec<String>,
    /// The texts of so many are read, the newest.
    pub documents: usize,
}

/// Which answers of the Federal Register's API make up a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederalRegisterSettings {
    /// At most so many pages of results are read, of each question.
    pub pages: usize,
    /// The address at which the same is asked of the documents on public inspection.
    pub inspection: Option<Url>,
}
