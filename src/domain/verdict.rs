//! What a read was found to be, and why it is held back.

use serde::{Deserialize, Serialize};

use super::quality::Quality;
use super::text::counted;

/// What a read was found to be.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Serialize,
    Deserialize,
    strum::Display,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
    strum::VariantNames,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
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
    /// More than may be held at once while a body is read.
    #[error("there are more than {limit} {what} (guard.max_entries is {max_entries})")]
    TooMany {
        /// What was counted.
        what: &'static str,
        /// The limit.
        limit: usize,
        /// The setting that it comes from.
        max_entries: usize,
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
    #[error("looks like a block page: {0}")]
    Blocked(Quality),
    /// A page of the site, perhaps, and not the one that is watched, or not all of it.
    #[error("does not look like the watched page: {0}")]
    Other(Quality),
    /// An answer without a body.
    #[error("the answer has no body")]
    Empty,
    /// The very body of which a person said so.
    #[error("a person rejected this very body")]
    Rejected,
    /// The body does not have the source's structure.
    #[error("the expected structure is not there: {0}")]
    Structure(Unreadable),
    /// Fewer entries than the source can have.
    #[error("{}, expected at least {min} (guard.min_entries)", counted(*found, "entry", "entries"))]
    TooFew {
        /// Entries found.
        found: usize,
        /// The configured minimum.
        min: usize,
    },
    /// Too much gone at once.
    #[error(
        "{gone} of {} disappeared in one read; at most {tolerated} may (guard.max_drop)",
        unit.counted(*before)
    )]
    Dropped {
        /// What is counted.
        unit: Unit,
        /// How many there were.
        before: usize,
        /// How many are gone.
        gone: usize,
        /// The most that may go.
        tolerated: usize,
        /// Names the set of those that are gone.
        which: String,
    },
    /// All that stood together is gone at once, however little it is of the whole.
    #[error("all {gone} entries of {group} disappeared in one read, and no others (guard.max_drop)")]
    Vanished {
        /// What they stood under.
        group: String,
        /// How many they were.
        gone: usize,
        /// Names the set of those that are gone.
        which: String,
    },
    /// A page of prose that says something else.
    #[error(
        "only {same} of {before} paragraphs are still there: it seems to be another page (guard.max_drop)"
    )]
    AnotherPage {
        /// How many there were.
        before: usize,
        /// How many are there again, to the letter or in other words.
        same: usize,
    },
    /// A page of the same kind about something else.
    #[error("{0}")]
    AnotherThing(String),
    /// A copy from before the accepted page.
    #[error("the answer is an older copy: {0}")]
    Older(String),
}

/// What a person would count on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// Entries.
    Entries,
    /// Paragraphs of prose, of which an entry may hold any number.
    Paragraphs,
}

impl Unit {
    /// `1 entry`, `2 paragraphs`.
    fn counted(self, count: usize) -> String {
        match self {
            Self::Entries => counted(count, "entry", "entries"),
            Self::Paragraphs => counted(count, "paragraph", "paragraphs"),
        }
    }
}

impl Suspicion {
    /// The most a read held back for this can be worth, in percent.
    #[must_use]
    pub fn at_most(&self) -> u8 {
        match self {
            Self::Blocked(quality) | Self::Other(quality) => {
                quality.signs().first().map_or(0, |sign| sign.at_most)
            }
            Self::Empty | Self::Rejected => 0,
            Self::Structure(_) => 10,
            Self::TooFew { .. } => 20,
            Self::AnotherThing(_) | Self::Older(_) => 30,
            Self::Dropped { .. } | Self::Vanished { .. } | Self::AnotherPage { .. } => 40,
        }
    }

    /// Names the set of entries that are gone, where that is what the read is held for.
    #[must_use]
    pub fn which_is_gone(&self) -> Option<&str> {
        match self {
            Self::Dropped { which, .. } | Self::Vanished { which, .. } => Some(which),
            _ => None,
        }
    }
}
