//! Whether a read may be believed, decided before anything is compared.

use std::time::Duration;

use super::agreement::name_of_set;
use super::entry::{Completeness, Document, Resemblance};
use super::group;
use super::prose::{kept, paragraphs};
use super::snapshot::Baseline;
use super::verdict::{Suspicion, Unit};

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
            let which = name_of_set(removed.iter().copied());
            let gone = removed.len();
            return Err(Suspicion::Dropped { unit: Unit::Entries, before, gone, tolerated, which });
        }
        if self.is_off() {
            return Ok(());
        }
        if let Some(group) = group::gone(&previous.document, document, removed) {
            let which = name_of_set(removed.iter().copied());
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
        let which = name_of_set([]);
        Err(Suspicion::Dropped { unit: Unit::Entries, before, gone: before, tolerated: before - 1, which })
    }

    /// A section that lost its paragraphs is still there, and a page without headings is always one section. So
    /// the guard also counts the paragraphs of prose, and those that stayed the same.
    fn judge_prose(&self, previous: &Document, document: &Document) -> Result<(), Suspicion> {
        let (before, after) = (paragraphs(previous), paragraphs(document));
        let gone = before.len().saturating_sub(after.len());
        let tolerated = self.tolerated_drop(before.len());
        if gone > tolerated {
            let which = name_of_set(before.difference(&after).copied());
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
