//! The chains of reads and their seals.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::domain::evidence::seal::{ChainHead, Seal};
use crate::domain::id::SourceId;

/// When chains are to be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealWish {
    /// Where the last seal is a day old, or a change was found after it.
    IfDue,
    /// At once.
    Now,
}

/// A seal with the heads that are under it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The seal.
    pub seal: Seal,
    /// The heads, in the order of their sources.
    pub heads: Vec<ChainHead>,
}

impl Sealed {
    /// The head of a source.
    #[must_use]
    pub fn head_of(&self, source: &SourceId) -> Option<&ChainHead> {
        let at = self.heads.binary_search_by(|head| head.source.cmp(source)).ok()?;
        self.heads.get(at)
    }
}

/// The time that an authority put to a seal (RFC 3161).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// When it was asked for.
    pub at: DateTime<Utc>,
    /// The authority's address.
    pub authority: String,
    /// Its answer, DER in Base64.
    pub answer: String,
}
