//! How far long work has come, for whoever waits for it.
//!
//! Whoever works and whoever watches hold the same meter. It never goes back, and says that all is done only once
//! whoever waits knows it otherwise: the last hundredth is theirs.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// All of the work.
const WHOLE: u64 = 10_000;

/// As much as is ever shown.
const MOST_PERCENT: u64 = 99;

/// How far long work has come. Clones are the same.
#[derive(Debug, Clone, Default)]
pub struct Meter(Arc<AtomicU64>);

impl Meter {
    /// How much of the work is done, in percent; `None` where it does not say.
    #[must_use]
    pub fn percent(&self) -> Option<u8> {
        let done = self.0.load(Ordering::Relaxed);
        let percent = (done * 100 / WHOLE).min(MOST_PERCENT);
        u8::try_from(percent).ok().filter(|_| done > 0)
    }

    /// Notes that so much is done, unless it was more already.
    pub fn reach(&self, percent: u8) {
        self.0.fetch_max(u64::from(percent) * WHOLE / 100, Ordering::Relaxed);
    }

    /// A part of the work, from one percentage to another, that consists of so many pieces of its own.
    #[must_use]
    pub fn part(&self, percents: Range<u8>, pieces: u64) -> WorkPart {
        self.reach(percents.start);
        WorkPart { meter: self.clone(), percents, pieces, done: Cell::new(0) }
    }
}

/// A part of the work, which is done piece by piece.
#[derive(Debug)]
pub struct WorkPart {
    meter: Meter,
    percents: Range<u8>,
    pieces: u64,
    done: Cell<u64>,
}

impl WorkPart {
    /// Notes that so many pieces more are done.
    pub fn advance(&self, pieces: u64) {
        let done = self.done.get().saturating_add(pieces).min(self.pieces);
        self.done.set(done);
        let at = |percent: u8| u64::from(percent) * WHOLE / 100;
        let (start, end) = (at(self.percents.start), at(self.percents.end));
        // As much of a part as of its pieces, whatever their number.
        let share = u128::from(end - start) * u128::from(done) / u128::from(self.pieces.max(1));
        self.meter.0.fetch_max(start + u64::try_from(share).unwrap_or(0), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_follow_each_other_and_nothing_goes_back() {
        let meter = Meter::default();
        assert_eq!(meter.percent(), None, "nothing is known yet");
        let first = meter.part(0..40, 3);
        first.advance(1);
        assert_eq!(meter.percent(), Some(13));
        first.advance(9);
        assert_eq!(meter.percent(), Some(40), "more pieces than were expected are no more than all");
        let second = meter.part(40..100, u64::MAX);
        second.advance(u64::MAX / 2);
        assert_eq!(meter.percent(), Some(69));
        meter.reach(20);
        assert_eq!(meter.percent(), Some(69));
        second.advance(u64::MAX);
        assert_eq!(meter.percent(), Some(99));
        meter.part(0..10, 0).advance(1);
        assert_eq!(meter.percent(), Some(99));
    }
}
