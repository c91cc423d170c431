//! Whom names name. The same names stand on list after list, and on each page of one: taking a name apart and looking for
//! its words costs more than everything else that is done with a row.

use std::sync::{PoisonError, RwLock};

use rustc_hash::FxHashMap;

/// So much of them is kept. When there is more, all of them are forgotten.
const MAX_BYTES: usize = 2 << 20;

/// What a name takes beside its letters and whom it names.
const ENTRY_BYTES: usize = 56;

/// A longer text is seldom seen twice.
const MAX_NAME_BYTES: usize = 200;

/// Names that were looked at, with the places of the companies that each of them names, most of them none; of one
/// watchlist, whose answer to a name is always the same.
#[derive(Debug, Default)]
pub(super) struct KnownNames(RwLock<NameTable>);

#[derive(Debug, Default)]
struct NameTable {
    names: FxHashMap<Box<str>, Box<[usize]>>,
    bytes: usize,
}

impl Clone for KnownNames {
    /// A copy begins with none: what it is a copy for may ask for other names.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl KnownNames {
    /// Hands over whom a name names, which is found out where it is not known.
    pub(super) fn of<R>(
        &self,
        name: &str,
        find_out: impl FnOnce() -> Vec<usize>,
        take: impl FnOnce(&[usize]) -> R,
    ) -> R {
        if let Some(named) = self.0.read().unwrap_or_else(PoisonError::into_inner).names.get(name) {
            return take(named);
        }
        let named = find_out();
        if name.len() <= MAX_NAME_BYTES {
            self.note(name, &named);
        }
        take(&named)
    }

    fn note(&self, name: &str, named: &[usize]) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.bytes >= MAX_BYTES {
            *known = NameTable::default();
        }
        if known.names.insert(name.into(), named.into()).is_none() {
            known.bytes += name.len() + ENTRY_BYTES + size_of_val(named);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whom a name names, and whether that was known.
    fn ask(known: &KnownNames, name: &str) -> (Vec<usize>, bool) {
        let mut was_known = true;
        let find_out = || {
            was_known = false;
            vec![name.len()]
        };
        (known.of(name, find_out, <[usize]>::to_vec), was_known)
    }

    #[test]
    fn names_are_remembered_within_bounds() {
        let known = KnownNames::default();
        assert_eq!(ask(&known, "Bluebird Works"), (vec![14], false));
        assert_eq!(ask(&known, "Bluebird Works"), (vec![14], true));
        assert_eq!(ask(&known, "bluebird works"), (vec![14], false));
        assert_eq!(ask(&known.clone(), "Bluebird Works"), (vec![14], false));
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        assert!(!ask(&known, &long).1 && !ask(&known, &long).1);
        let many = MAX_BYTES / (ENTRY_BYTES + 8 + size_of::<usize>());
        for number in 0..=many {
            ask(&known, &format!("{number:08}"));
        }
        assert!(ask(&known, &format!("{many:08}")).1 && !ask(&known, "Bluebird Works").1);
    }
}
