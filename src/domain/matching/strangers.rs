//! Names that resemble no company's. The same names stand on list after list, and on each page of one: taking a name
//! apart and looking for its words costs more than everything else that is done with a row.

use std::sync::{PoisonError, RwLock};

use rustc_hash::FxHashSet;

/// So much of them is kept. What comes after that begins the memory again.
const MAX_BYTES: usize = 2 << 20;

/// What a name takes beside its letters.
const ENTRY_BYTES: usize = 32;

/// A longer text is seldom seen twice.
const MAX_NAME_BYTES: usize = 200;

/// Names that were looked for and found to be nobody's; of one watchlist, whose answer to a name is always the same.
#[derive(Debug, Default)]
pub(super) struct Strangers(RwLock<UnrelatedNames>);

#[derive(Debug, Default)]
struct UnrelatedNames {
    names: FxHashSet<Box<str>>,
    bytes: usize,
}

impl Clone for Strangers {
    /// A copy begins with none: what it is a copy for may ask for other names.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Strangers {
    /// Whether a name is known to be nobody's.
    pub(super) fn holds(&self, name: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).names.contains(name)
    }

    /// Notes that a name is nobody's.
    pub(super) fn note(&self, name: &str) {
        if name.len() > MAX_NAME_BYTES {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.bytes >= MAX_BYTES {
            *known = UnrelatedNames::default();
        }
        if known.names.insert(name.into()) {
            known.bytes += name.len() + ENTRY_BYTES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_remembered_within_bounds() {
        let strangers = Strangers::default();
        strangers.note("Bluebird Works");
        strangers.note("Bluebird Works");
        assert!(strangers.holds("Bluebird Works") && !strangers.holds("bluebird works"));
        assert!(!strangers.clone().holds("Bluebird Works"));
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        strangers.note(&long);
        assert!(!strangers.holds(&long));
        let last = format!("{:08}", MAX_BYTES / (ENTRY_BYTES + 8));
        for number in 0..=MAX_BYTES / (ENTRY_BYTES + 8) {
            strangers.note(&format!("{number:08}"));
        }
        assert!(!strangers.holds("Bluebird Works") && strangers.holds(&last));
    }
}
