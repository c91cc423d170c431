//! Which entries of a docket are wanted, as an operator says it.

use serde::{Deserialize, Serialize};
use url::Url;

use crate::domain::change::EntryChange;
use crate::domain::docket::{CaseNumber, KIND};

/// Which entries of a docket, or of a feed of many dockets, are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocketSettings {
    /// The case numbers whose entries are kept; every case's where there are none. One case can have
    /// several: consolidated ones, and those it had in other courts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dockets: Vec<String>,
    /// Which kinds of entry are told.
    #[serde(default, skip_serializing_if = "KindFilter::is_open")]
    pub entries: KindFilter,
}

/// How a docket is asked for at CourtListener, and which of its entries are wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourtlistenerSettings {
    /// Which entries are wanted.
    #[serde(flatten)]
    pub docket: DocketSettings,
    /// At most so many pages of the API's answer are read, of twenty entries each.
    pub pages: usize,
    /// The address of the docket itself, which says what the entries do not: number and caption.
    pub case: Option<Url>,
}

/// Kinds of entry that are told and that are not.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindFilter {
    /// Only these; every kind where there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keep: Vec<String>,
    /// Never these.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drop: Vec<String>,
}

impl DocketSettings {
    /// Whether an entry of this case is wanted.
    #[must_use]
    pub fn wants_docket(&self, number: &str) -> bool {
        let number = CaseNumber::of(number);
        self.dockets.is_empty() || self.dockets.iter().any(|wanted| CaseNumber::of(wanted).is_same(&number))
    }
}

impl KindFilter {
    /// Whether nothing is kept back.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.keep.is_empty() && self.drop.is_empty()
    }

    fn passes(&self, kind: &str) -> bool {
        let is_in = |kinds: &[String]| kinds.iter().any(|known| known == kind);
        (self.keep.is_empty() || is_in(&self.keep)) && !is_in(&self.drop)
    }

    /// Whether a change is told: what the entry was or what it is has to be wanted.
    ///
    /// Entries are filtered when they are told, not when they are read: one that is corrected from
    /// an appearance into an order must be told, and one corrected the other way is not gone.
    #[must_use]
    pub fn tells(&self, change: &EntryChange) -> bool {
        let mut kinds = change.context.iter().filter(|(name, _)| name == KIND).peekable();
        kinds.peek().is_none() || kinds.any(|(_, kind)| self.passes(kind))
    }
}
