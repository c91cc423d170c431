//! What of a company's changes somebody wants to hear: all of them, or some kinds only.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::domain::change::{Change, ChangeKind};
use crate::domain::id::SourceId;

/// The field in which an entry of a docket says of what kind it is.
const ENTRY_KIND: &str = "kind";

/// What people write → the change they mean.
const CHANGES: [(&str, ChangeKind); 9] = [
    ("addition", ChangeKind::Added),
    ("added", ChangeKind::Added),
    ("new", ChangeKind::Added),
    ("removal", ChangeKind::Removed),
    ("removed", ChangeKind::Removed),
    ("delisting", ChangeKind::Removed),
    ("amendment", ChangeKind::Amended),
    ("amended", ChangeKind::Amended),
    ("update", ChangeKind::Amended),
];

/// Kinds of docket entries that can be asked for.
const ENTRIES: [&str; 9] =
    ["order", "opinion", "judgment", "motion", "brief", "notice", "appearance", "letter", "mandate"];

/// Which changes a subscription is to. Empty sets ask for everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// Only these changes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub changes: BTreeSet<ChangeKind>,
    /// Only these kinds of docket entries. Entries that say no kind are not of a docket and pass.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub entries: BTreeSet<String>,
    /// Only on these sources.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub sources: BTreeSet<SourceId>,
}

impl Filter {
    /// Whether everything is wanted.
    #[must_use]
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a change is wanted.
    #[must_use]
    pub fn admits(&self, change: &Change) -> bool {
        let mut kinds = change.entry.context.iter().filter(|(name, _)| name == ENTRY_KIND);
        let is_kind_wanted = self.entries.is_empty()
            || kinds.next().is_none_or(|(_, kind)| self.entries.contains(&kind.to_lowercase()));
        (self.changes.is_empty() || self.changes.contains(&change.entry.kind))
            && (self.sources.is_empty() || self.sources.contains(&change.source))
            && is_kind_wanted
    }

    /// Adds the kind of change or of docket entry that a lower-case word names; tells whether it
    /// names one.
    pub fn take_kind(&mut self, word: &str) -> bool {
        let singular = word.strip_suffix('s').unwrap_or(word);
        if let Some((_, kind)) = CHANGES.iter().find(|(known, _)| *known == word || *known == singular) {
            self.changes.insert(*kind);
            return true;
        }
        let entry = ENTRIES.iter().find(|known| **known == singular);
        self.entries.extend(entry.map(|known| (*known).to_owned()));
        entry.is_some()
    }

    /// What is wanted, in words that follow the company's name; nothing where everything is.
    #[must_use]
    pub fn words(&self) -> Option<String> {
        let changes = self.changes.iter().map(|kind| format!("entries {kind}"));
        let entries = self.entries.iter().map(|kind| format!("docket entries of the kind {kind}"));
        let sources = self.sources.iter().map(|source| format!("on {source}"));
        let wishes: Vec<String> = changes.chain(entries).chain(sources).collect();
        (!wishes.is_empty()).then(|| format!("only {}", wishes.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_in_singular_and_plural_name_kinds() {
        let mut filter = Filter::default();
        for word in ["removals", "removed", "order", "orders", "new"] {
            assert!(filter.take_kind(word), "{word}");
        }
        assert!(!filter.take_kind("everything"));
        assert_eq!(filter.changes, [ChangeKind::Added, ChangeKind::Removed].into());
        assert_eq!(filter.entries, ["order".to_owned()].into());
        let words = filter.words().unwrap();
        assert_eq!(words, "only entries added, entries removed, docket entries of the kind order");
        assert_eq!(Filter::default().words(), None);
    }
}
