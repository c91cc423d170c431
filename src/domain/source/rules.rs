//! How rules, and what leads to them, become entries, as an operator says it.

use serde::{Deserialize, Serialize};
use url::Url;

/// Which answers of the Federal Register's API make up a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FederalRegisterSettings {
    /// At most so many pages of results are read, of each question.
    pub pages: usize,
    /// The address at which the same is asked of the documents on public inspection.
    pub inspection: Option<Url>,
}
