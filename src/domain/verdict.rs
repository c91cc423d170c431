//! Whether a read may be believed, decided before anything is compared.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::entry::{Completeness, Document};

/// What a read was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The expected structure was there; the read may change the baseline.
    Good,
    /// The server vouches that nothing changed since the last accepted read.
    NotModified,
    /// Something came that does not look like the source; it is kept and shown and changes nothing.
    Suspect,
    /// Nothing usable came.
    Failed,
}

impl Verdict {
    /// Whether the source's state is known after this read.
    #[must_use]
    pub fn is_read(self) -> bool {
        matches!(self, Self::Good | Self::NotModified)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Good => "good",
            Self::NotModified => "not-modified",
            Self::Suspect => "suspect",
            Self::Failed => "failed",
        })
    }
}

/// A body that does not give the entries its source is known for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// The proof of the expected structure is missing.
    #[error("{what} is missing")]
    Missing {
        /// What was looked for.
        what: String,
    },
    /// A part of the structure is not as expected.
    #[error("{what} is not as expected: found {found}")]
    Unexpected {
        /// What was looked at.
        what: String,
        /// What was there instead.
        found: String,
    },
    /// Elements nested too deeply to be parsed in reasonable time.
    #[error("elements are nested more than {limit} deep")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
}

/// Why a read is held back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Suspicion {
    /// A block or challenge page in place of the source.
    #[error("looks like a block page ({0})")]
    Blocked(super::block::Mark),
    /// An answer without a body.
    #[error("the answer has no body")]
    Empty,
    /// The body does not have the source's structure.
    #[error("the expected structure is not there: {0}")]
    Structure(Unreadable),
    /// Fewer entries than the source can have.
    #[error("{found} entries, expected at least {min} (guard.min_entries)")]
    TooFew {
        /// Entries found.
        found: usize,
        /// The configured minimum.
        min: usize,
    },
    /// Too many entries gone at once.
    #[error("{gone} of {before} entries gone at once, tolerated are {tolerated} (guard.max_drop)")]
    Dropped {
        /// Entries before.
        before: usize,
        /// Entries gone.
        gone: usize,
        /// The most that may go.
        tolerated: usize,
    },
}

/// What a good read must look like, beyond its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The fewest entries a real page can have.
    pub min_entries: usize,
    /// The largest share of entries that may go between two reads, in percent.
    pub max_drop_percent: u8,
}

impl Guard {
    /// How many of `before` entries may go at once: one always, all never.
    #[must_use]
    pub fn tolerated_drop(&self, before: usize) -> usize {
        let share = before.saturating_mul(usize::from(self.max_drop_percent)) / 100;
        share.max(1).min(before.saturating_sub(1))
    }

    /// Judges a document against the one before it.
    ///
    /// # Errors
    /// The reason to hold the read back.
    pub fn judge(
        &self,
        previous: Option<&Document>,
        document: &Document,
        removed: usize,
    ) -> Result<(), Suspicion> {
        let found = document.entries.len();
        if found < self.min_entries {
            return Err(Suspicion::TooFew { found, min: self.min_entries });
        }
        if document.completeness == Completeness::Window {
            return Ok(());
        }
        let before = previous.map_or(0, |document| document.entries.len());
        let tolerated = self.tolerated_drop(before);
        if removed > tolerated {
            return Err(Suspicion::Dropped { before, gone: removed, tolerated });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: usize, percent: u8, expected: usize) {
        let guard = Guard { min_entries: 0, max_drop_percent: percent };
        assert_eq!(guard.tolerated_drop(before), expected);
    }

    #[test]
    fn one_entry_may_always_go_and_all_never() {
        check(100, 20, 20);
        check(13, 20, 2);
        check(3, 20, 1);
        check(2, 20, 1);
        check(1, 20, 0);
        check(10, 100, 9);
        check(0, 20, 0);
    }
}
