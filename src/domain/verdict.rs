//! Whether a read may be believed, decided before anything is compared.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::entry::{Completeness, Document, Resemblance};
use super::group;
use super::pending;
use super::prose::{kept, paragraphs};
use super::quality::Quality;
use super::snapshot::Baseline;

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
    #[error("does not look like the page that is watched: {0}")]
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
    #[error("{found} entries, expected at least {min} (guard.min_entries)")]
    TooFew {
        /// Entries found.
        found: usize,
        /// The configured minimum.
        min: usize,
    },
    /// Too much gone at once.
    #[error("{gone} of {before} {unit} gone at once, tolerated are {tolerated} (guard.max_drop)")]
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
    #[error("all {gone} entries of {group} are gone at once; the rest is there (guard.max_drop)")]
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
        "only {same} of {before} paragraphs are there again: it seems to be another page (guard.max_drop)"
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
    #[error("an older copy came: {0}")]
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

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Entries => "entries",
            Self::Paragraphs => "paragraphs",
        })
    }
}

/// What a good read must look like, beyond its structure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    /// The fewest entries a real page can have.
    pub min_entries: usize,
    /// The largest share of entries that may go between two reads, in percent.
    pub max_drop_percent: u8,
    /// How many reads must agree that an entry is gone before it is told; 1 believes the first.
    pub confirm_reads: u32,
    /// How many reads must agree that more is gone than may go before that is believed without a
    /// person's word; 0 never believes it.
    pub confirm_drop: u32,
    /// How long after a read another one may confirm it.
    pub confirm_delay: Duration,
    /// The most entries a real page can have; more are not read, whatever memory they would take.
    pub max_entries: usize,
}

/// The largest lists that are published have a tenth of these.
pub const DEFAULT_MAX_ENTRIES: usize = 200_000;

/// A page that is half written is whole again by then.
const CONFIRM_DELAY: Duration = Duration::from_secs(10 * 60);

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

impl Guard {
    /// A guard that believes the first good read.
    #[must_use]
    pub fn of(min_entries: usize, max_drop_percent: u8) -> Self {
        Self {
            min_entries,
            max_drop_percent,
            confirm_reads: 1,
            confirm_drop: 0,
            confirm_delay: CONFIRM_DELAY,
            max_entries: DEFAULT_MAX_ENTRIES,
        }
    }

    /// Whether nothing is held back for what is gone.
    fn is_off(&self) -> bool {
        self.max_drop_percent >= 100
    }

    /// How many of `before` entries may go at once: one always, all never, unless all may.
    #[must_use]
    pub fn tolerated_drop(&self, before: usize) -> usize {
        if self.is_off() {
            return before;
        }
        let share = before.saturating_mul(usize::from(self.max_drop_percent)) / 100;
        share.max(1).min(before.saturating_sub(1))
    }

    /// The same where one read is never enough: a second one must agree, whenever it comes.
    #[must_use]
    pub fn confirming(self) -> Self {
        if self.confirm_reads > 1 {
            return self;
        }
        Self { confirm_reads: 2, confirm_delay: Duration::ZERO, ..self }
    }

    /// How long after a read another one may confirm it.
    #[must_use]
    pub fn delay(&self) -> chrono::Duration {
        chrono::Duration::from_std(self.confirm_delay).unwrap_or(chrono::Duration::days(365))
    }

    /// Judges a document against the accepted state, of which the `removed` are not in it any more.
    ///
    /// # Errors
    /// The reason to hold the read back.
    pub fn judge(
        &self,
        previous: Option<&Baseline>,
        document: &Document,
        removed: &[&str],
    ) -> Result<(), Suspicion> {
        let found = document.entries.len();
        if found == 0 && document.is_honestly_empty {
            return Ok(());
        }
        if found < self.min_entries {
            return Err(Suspicion::TooFew { found, min: self.min_entries });
        }
        let Some(previous) = previous else { return Ok(()) };
        if document.completeness == Completeness::Window {
            return self.judge_window(previous.snapshot.entries, document);
        }
        let before = previous.document.entries.len();
        let tolerated = self.tolerated_drop(before);
        if removed.len() > tolerated {
            let which = pending::name_of_set(removed.iter().copied());
            let gone = removed.len();
            return Err(Suspicion::Dropped { unit: Unit::Entries, before, gone, tolerated, which });
        }
        if self.is_off() {
            return Ok(());
        }
        if let Some(group) = group::gone(&previous.document, document, removed) {
            let which = pending::name_of_set(removed.iter().copied());
            return Err(Suspicion::Vanished { group: group.name, gone: group.entries, which });
        }
        match document.resemblance {
            Resemblance::Text => self.judge_prose(&previous.document, document),
            _ => Ok(()),
        }
    }

    /// Entries leave a window without being gone, but not all of them at once, unless its settings say
    /// that they may: every later read would be good, and blind.
    fn judge_window(&self, before: usize, document: &Document) -> Result<(), Suspicion> {
        if before == 0 || !document.entries.is_empty() || self.is_off() {
            return Ok(());
        }
        let which = pending::name_of_set([]);
        Err(Suspicion::Dropped { unit: Unit::Entries, before, gone: before, tolerated: before - 1, which })
    }

    /// A section that lost its paragraphs is still there, and a page without headings is one section
    /// whatever it says: of prose the paragraphs are counted as well, and those that are the same.
    fn judge_prose(&self, previous: &Document, document: &Document) -> Result<(), Suspicion> {
        let (before, after) = (paragraphs(previous), paragraphs(document));
        let gone = before.len().saturating_sub(after.len());
        let tolerated = self.tolerated_drop(before.len());
        if gone > tolerated {
            let which = pending::name_of_set(before.difference(&after).copied());
            return Err(Suspicion::Dropped {
                unit: Unit::Paragraphs,
                before: before.len(),
                gone,
                tolerated,
                which,
            });
        }
        let same = kept(&before, &after);
        if same * 2 < before.len() {
            return Err(Suspicion::AnotherPage { before: before.len(), same });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(before: usize, percent: u8, expected: usize) {
        let guard = Guard::of(0, percent);
        assert_eq!(guard.tolerated_drop(before), expected);
    }

    #[test]
    fn one_entry_may_always_go_and_all_never_unless_all_may() {
        check(100, 20, 20);
        check(13, 20, 2);
        check(3, 20, 1);
        check(2, 20, 1);
        check(1, 20, 0);
        check(10, 99, 9);
        check(10, 100, 10);
        check(0, 20, 0);
    }
}
