//! How many records each tree holds and the sum of their hashes, kept in the database itself.
//!
//! Both are brought up to date by the very transaction that writes the records. sled's own checksums say
//! that what is read was once written; these say that it is what was written last, and that nothing of it
//! is missing: a record that came back in an older shape, or went without anybody's having removed it,
//! leaves a sum that does not fit.

use sha2::{Digest as _, Sha256};

use super::trees::TreeName;

/// Stands before a tree's name in the key of its tally.
const PREFIX: &[u8] = b"tally/";

/// How many transactions the database has seen.
pub(super) const COMMITS: &[u8] = b"commits";

/// The records of one tree, in short.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct TreeTally {
    /// How many.
    pub(super) records: u64,
    /// The sum of their hashes, which does not depend on their order.
    sum: u128,
}

impl TreeTally {
    /// Counts a record in.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_add(1);
        self.sum = self.sum.wrapping_add(hash(key, value));
    }

    /// Counts a record out.
    pub(super) fn take(&mut self, key: &[u8], value: &[u8]) {
        self.records = self.records.wrapping_sub(1);
        self.sum = self.sum.wrapping_sub(hash(key, value));
    }

    /// What both count together; a change may have counted out more than in.
    pub(super) fn and(self, change: Self) -> Self {
        Self { records: self.records.wrapping_add(change.records), sum: self.sum.wrapping_add(change.sum) }
    }

    /// As it is kept.
    pub(super) fn encode(&self) -> Vec<u8> {
        [&self.records.to_be_bytes()[..], &self.sum.to_be_bytes()].concat()
    }

    /// From what is kept.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (records, sum) = bytes.split_at_checked(8)?;
        Some(Self {
            records: u64::from_be_bytes(records.try_into().ok()?),
            sum: u128::from_be_bytes(sum.try_into().ok()?),
        })
    }
}

/// Under which key a tree's tally is kept, among the settings.
pub(super) fn key(tree: &str) -> Vec<u8> {
    [PREFIX, tree.as_bytes()].concat()
}

/// Whether a record is counted: those that count are not.
pub(super) fn counts(tree: TreeName, key: &[u8]) -> bool {
    tree != TreeName::Meta || (key != COMMITS && !key.starts_with(PREFIX))
}

fn hash(key: &[u8], value: &[u8]) -> u128 {
    let digest = Sha256::new()
        .chain_update((key.len() as u64).to_be_bytes())
        .chain_update(key)
        .chain_update(value)
        .finalize();
    digest[..16].iter().fold(0, |sum, byte| (sum << 8) | u128::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_nothing_and_what_is_counted_out_leaves_nothing() {
        let (mut one, mut other) = (TreeTally::default(), TreeTally::default());
        one.add(b"a", b"1");
        one.add(b"b", b"2");
        other.add(b"b", b"2");
        other.add(b"a", b"1");
        assert_eq!(one, other);
        assert_eq!(TreeTally::decode(&one.encode()), Some(one));
        other.take(b"a", b"1");
        other.take(b"b", b"2");
        assert_eq!(other, TreeTally::default());
        assert_ne!(hash(b"ab", b"c"), hash(b"a", b"bc"));
    }
}
