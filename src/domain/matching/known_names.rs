//! What names resemble. The same names stand on list after list, and on each page of one: taking a name apart and
//! looking for its words costs more than everything else that is done with a row.

use std::sync::{PoisonError, RwLock};

use rustc_hash::FxHashMap;

use super::Match;

/// So much of them is kept. What comes after that begins the memory again.
const MAX_BYTES: usize = 2 << 20;

/// What a name takes beside its letters.
const ENTRY_BYTES: usize = 56;

/// What a name takes for each company that it resembles, about.
const MATCH_BYTES: usize = 512;

/// A longer text is seldom seen twice.
const MAX_NAME_BYTES: usize = 200;

/// Names that were looked for, with the companies that they resemble, most of them none; of one watchlist, whose answer
/// to a name is always the same.
#[derive(Debug, Default)]
pub(super) struct Resemblances(RwLock<KnownNames>);

#[derive(Debug, Default)]
struct KnownNames {
    names: FxHashMap<Box<str>, Box<[Match]>>,
    bytes: usize,
}

impl Clone for Resemblances {
    /// A copy begins with none: what it is a copy for may ask for other names.
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Resemblances {
    /// What a name in a field resembles; `None` where that is not known.
    pub(super) fn of(&self, field: &str, name: &str) -> Option<Vec<Match>> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let resembling = known.names.get(name)?.iter();
        Some(resembling.map(|found| Match { field: field.to_owned(), ..found.clone() }).collect())
    }

    /// Notes what a name resembles.
    pub(super) fn note(&self, name: &str, resembling: &[Match]) {
        if name.len() > MAX_NAME_BYTES {
            return;
        }
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if known.bytes >= MAX_BYTES {
            *known = KnownNames::default();
        }
        if known.names.insert(name.into(), resembling.into()).is_none() {
            known.bytes += name.len() + ENTRY_BYTES + resembling.len() * MATCH_BYTES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::company::AliasKind;

    #[test]
    fn names_are_remembered_within_bounds() {
        let known = Resemblances::default();
        known.note("Bluebird Works", &[]);
        known.note("Bluebird Works", &[]);
        assert_eq!(known.of("name", "Bluebird Works"), Some(Vec::new()));
        assert_eq!(known.of("name", "bluebird works"), None);
        assert_eq!(known.clone().of("name", "Bluebird Works"), None);
        let long = "x".repeat(MAX_NAME_BYTES + 1);
        known.note(&long, &[]);
        assert_eq!(known.of("name", &long), None);
        let last = format!("{:08}", MAX_BYTES / (ENTRY_BYTES + 8));
        for number in 0..=MAX_BYTES / (ENTRY_BYTES + 8) {
            known.note(&format!("{number:08}"), &[]);
        }
        assert!(known.of("name", "Bluebird Works").is_none() && known.of("name", &last).is_some());
    }

    #[test]
    fn what_a_name_resembles_stands_in_the_field_that_is_asked_about() {
        let known = Resemblances::default();
        let found = |field: &str| {
            let by_alias =
                Match::by_alias("bluebird".parse().unwrap(), "Bluebird".to_owned(), AliasKind::Legal);
            by_alias.at(field, "Blubird", 0..7)
        };
        known.note("Blubird", &[found("title")]);
        assert_eq!(known.of("aliases", "Blubird"), Some(vec![found("aliases")]));
    }
}
