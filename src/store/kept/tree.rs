//! One tree of a database: its keys in their order and what lies under them.

use std::ops::{Bound, RangeBounds};

use super::postgres;
use super::trees::{Bytes, KeyedRecord, TreeName};
use crate::store::error::StoreError;

/// One tree of a database.
#[derive(Debug, Clone, Copy)]
pub(in crate::store) enum Tree<'a> {
    Sled(&'a sled::Tree),
    Postgres(&'a postgres::View, TreeName),
}

impl<'a> Tree<'a> {
    /// What lies under a key.
    pub(in crate::store) fn get(self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, StoreError> {
        match self {
            Self::Sled(tree) => Ok(tree.get(key)?),
            Self::Postgres(view, name) => view.get(name, key.as_ref()),
        }
    }

    /// Has what lies under keys that are asked for next fetched in one go, where that saves time.
    pub(in crate::store) fn warm(self, keys: &[Vec<u8>]) -> Result<(), StoreError> {
        match self {
            Self::Sled(_) => Ok(()),
            Self::Postgres(view, name) => view.warm(name, keys),
        }
    }

    /// Whether anything lies under a key.
    pub(in crate::store) fn contains_key(self, key: impl AsRef<[u8]>) -> Result<bool, StoreError> {
        match self {
            Self::Sled(tree) => Ok(tree.contains_key(key)?),
            Self::Postgres(view, name) => view.has(name, key.as_ref()),
        }
    }

    /// How many keys there are.
    pub(in crate::store) fn len(self) -> Result<usize, StoreError> {
        match self {
            Self::Sled(tree) => Ok(tree.len()),
            Self::Postgres(view, name) => view.len(name),
        }
    }

    /// Whether there are none.
    pub(in crate::store) fn is_empty(self) -> Result<bool, StoreError> {
        match self {
            Self::Sled(tree) => Ok(tree.is_empty()),
            Self::Postgres(view, name) => view.is_empty(name),
        }
    }

    /// The first key and what lies under it.
    pub(in crate::store) fn first(self) -> Result<Option<KeyedRecord>, StoreError> {
        self.iter().next().transpose()
    }

    /// The last key and what lies under it.
    pub(in crate::store) fn last(self) -> Result<Option<KeyedRecord>, StoreError> {
        self.iter().next_back().transpose()
    }

    /// All keys in their order.
    pub(in crate::store) fn iter(self) -> RecordIter<'a> {
        self.range::<&[u8], _>(..)
    }

    /// The keys of a range in their order.
    pub(in crate::store) fn range<K: AsRef<[u8]>, R: RangeBounds<K>>(self, range: R) -> RecordIter<'a> {
        match self {
            Self::Sled(tree) => RecordIter::Sled(tree.range(range)),
            Self::Postgres(view, name) => {
                let owned = |bound: Bound<&K>| bound.map(|key| key.as_ref().to_vec());
                RecordIter::Postgres(view.range(name, (owned(range.start_bound()), owned(range.end_bound()))))
            }
        }
    }

    /// The keys that begin so, in their order.
    pub(in crate::store) fn scan_prefix(self, prefix: impl AsRef<[u8]>) -> RecordIter<'a> {
        match self {
            Self::Sled(tree) => RecordIter::Sled(tree.scan_prefix(prefix)),
            Self::Postgres(view, name) => {
                let prefix = prefix.as_ref();
                let end = after_prefix(prefix).map_or(Bound::Unbounded, Bound::Excluded);
                RecordIter::Postgres(view.range(name, (Bound::Included(prefix.to_vec()), end)))
            }
        }
    }
}

/// The least key behind all that begin so; none where they are the last.
fn after_prefix(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if last < u8::MAX {
            end.push(last + 1);
            return Some(end);
        }
    }
    None
}

impl<'a> IntoIterator for Tree<'a> {
    type Item = Result<KeyedRecord, StoreError>;
    type IntoIter = RecordIter<'a>;

    fn into_iter(self) -> RecordIter<'a> {
        self.iter()
    }
}

/// Keys of a range with what lies under them, from both ends.
pub(in crate::store) enum RecordIter<'a> {
    Sled(sled::Iter),
    Postgres(postgres::KeyRange<'a>),
}

impl<'a> RecordIter<'a> {
    /// The keys alone.
    pub(in crate::store) fn keys(self) -> Keys<'a> {
        Keys(match self {
            Self::Sled(range) => Self::Sled(range),
            Self::Postgres(range) => Self::Postgres(range.of_keys()),
        })
    }
}

impl Iterator for RecordIter<'_> {
    type Item = Result<KeyedRecord, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Sled(range) => Some(range.next()?.map_err(StoreError::from)),
            Self::Postgres(range) => range.next(),
        }
    }
}

impl DoubleEndedIterator for RecordIter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Self::Sled(range) => Some(range.next_back()?.map_err(StoreError::from)),
            Self::Postgres(range) => range.next_back(),
        }
    }
}

/// Keys of a range, from both ends.
pub(in crate::store) struct Keys<'a>(RecordIter<'a>);

impl Iterator for Keys<'_> {
    type Item = Result<Bytes, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|pair| pair.map(|(key, _)| key))
    }
}

impl DoubleEndedIterator for Keys<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back().map(|pair| pair.map(|(key, _)| key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_all_keys_that_begin_so_comes_the_next_beginning() {
        assert_eq!(after_prefix(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(after_prefix(&[7, 255, 255]), Some(vec![8]));
        assert_eq!(after_prefix(&[255]), None);
        assert_eq!(after_prefix(b""), None);
    }
}
