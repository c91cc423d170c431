//! The index by which changes are looked for. Nothing that is asked reads all of them.
//!
//! Every change has a number, in the order in which they were kept. A term (a word of it, its source, a company it
//! concerns, its kind, its day, its entry) leads to the set of the numbers that have it, cut into blocks of 1024:
//! `term, 0, block` → the numbers within the block. What has several terms is what all their sets hold, block by
//! block from the newest.
//!
//! The index is written by the step that writes the change, so that a crash leaves neither without the other. The
//! changes of a store that an older program wrote get their numbers when it is opened, block by block, each one step.

mod deadlines;
mod looking;

use std::collections::{BTreeMap, BTreeSet};

use super::keys;
use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::change::Change;
use crate::domain::event::{DocumentNumber, MAX_OWNERS, Numbers};
use crate::domain::id::{ChangeId, digest_of};
use crate::domain::search::words_of_change;
use crate::store::error::StoreError;

pub(in crate::store) use deadlines::{index_more as index_more_deadlines, with_deadlines};
pub(super) use looking::{came_by, numbers_of};
pub(in crate::store) use looking::{counts, search};

/// Numbers in one block.
const BLOCK: u32 = 1024;

/// As many numbers of a block are kept as a list; more are a bitmap, which no list is as long as.
const MAX_LISTED: usize = 63;

/// A longer text is no part of a key.
const MAX_TERM_BYTES: usize = 200;

/// Stands in the database once every change has its number: the key of the last one by time, or nothing where all
/// of them have one.
const INDEXED: &[u8] = b"changes-indexed";

/// Numbers within a block.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct NumberSet([u64; 16]);

impl NumberSet {
    const ALL: Self = Self([u64::MAX; 16]);

    fn decode(bytes: &[u8]) -> Self {
        let mut set = Self::default();
        if bytes.len() == size_of::<Self>() {
            for (word, bytes) in set.0.iter_mut().zip(bytes.chunks_exact(8)) {
                *word = bytes.try_into().map_or(0, u64::from_be_bytes);
            }
        } else {
            for bytes in bytes.chunks_exact(2) {
                set.put(u32::from(u16::from_be_bytes([bytes[0], bytes[1]])), true);
            }
        }
        set
    }

    fn encode(self) -> Vec<u8> {
        let listed: Vec<u32> = self.descending(BLOCK).collect();
        if listed.len() > MAX_LISTED {
            return self.0.iter().flat_map(|word| word.to_be_bytes()).collect();
        }
        let place = |place: &u32| u16::try_from(*place).unwrap_or_default().to_be_bytes();
        listed.iter().rev().flat_map(place).collect()
    }

    fn put(&mut self, place: u32, is_there: bool) {
        let (word, bit) = ((place / 64) as usize % 16, 1_u64 << (place % 64));
        if is_there {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    fn has(self, place: u32) -> bool {
        self.0[(place / 64) as usize % 16] & (1 << (place % 64)) != 0
    }

    fn is_empty(self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn count(self) -> usize {
        self.0.iter().map(|word| word.count_ones() as usize).sum()
    }

    fn and(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word &= other);
        self
    }

    fn or(mut self, other: Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        self
    }

    /// Those below a place, the highest first.
    fn descending(self, below: u32) -> impl Iterator<Item = u32> {
        (0..below.min(BLOCK)).rev().filter(move |place| self.has(*place))
    }
}

/// The source of which a key of the index names the changes, if it does that.
pub(super) fn source_of_term(key: &[u8]) -> Option<&[u8]> {
    let (letter, rest) = key.split_first()?;
    let end = rest.len().checked_sub(size_of::<u32>() + 1)?;
    (*letter == SOURCE).then_some(&rest[..end])
}

/// What a term is about; the letter stands before it.
fn term(letter: u8, text: &str) -> Vec<u8> {
    let end = crate::domain::text::boundary_before(text, MAX_TERM_BYTES.min(text.len()));
    [&[letter], &text.as_bytes()[..end]].concat()
}

const WORD: u8 = b'w';
const SOURCE: u8 = b's';
const COMPANY: u8 = b'c';
const POSSIBLE: u8 = b'p';
const UNDECIDED: u8 = b'u';
const KIND: u8 = b'k';
const ENTRY: u8 = b'e';
const DAY: u8 = b'd';
/// A number of its own, and one that it speaks of.
const OWN: u8 = b'o';
const CITED: u8 = b'q';

fn entry_term(change: &Change) -> Vec<u8> {
    term(ENTRY, &digest_of(&[change.source.as_str(), &change.entry.key]))
}

fn number_term(letter: u8, number: &DocumentNumber) -> Vec<u8> {
    term(letter, &digest_of(&[number.scheme.name(), &number.value]))
}

/// Every term of a change.
fn terms_of(change: &Change) -> BTreeSet<Vec<u8>> {
    let mut terms: BTreeSet<Vec<u8>> = words_of_change(change).iter().map(|word| term(WORD, word)).collect();
    terms.insert(term(SOURCE, change.source.as_str()));
    terms.insert(term(KIND, &change.entry.kind.to_string()));
    terms.insert(term(DAY, &change.found_at.format("%Y-%m-%d").to_string()));
    terms.insert(entry_term(change));
    terms.extend(change.companies().into_iter().map(|company| term(COMPANY, company.as_str())));
    terms.extend(deadlines::terms_of(change));
    terms.extend(change.possible.iter().map(|found| term(POSSIBLE, found.company.as_str())));
    terms.extend(change.numbers.own.iter().map(|number| number_term(OWN, number)));
    terms.extend(change.numbers.cited.iter().map(|number| number_term(CITED, number)));
    if !change.possible.is_empty() {
        terms.insert(term(UNDECIDED, ""));
    }
    terms
}

fn block_key(term: &[u8], block: u32) -> Vec<u8> {
    [term, &[0], &block.to_be_bytes()].concat()
}

fn number_key(number: u32) -> Vec<u8> {
    [&b"n"[..], &number.to_be_bytes()].concat()
}

fn id_key(id: &ChangeId) -> Vec<u8> {
    [b"i", id.as_str().as_bytes()].concat()
}

fn number_of(trees: &Trees, id: &ChangeId) -> Result<Option<u32>, StoreError> {
    let kept = trees.tree(TreeName::ChangeNumbers).get(id_key(id))?;
    Ok(kept.and_then(|bytes| bytes[..].try_into().ok()).map(u32::from_be_bytes))
}

/// The number after the last one.
fn next_number(trees: &Trees) -> Result<u32, StoreError> {
    let last = trees.tree(TreeName::ChangeNumbers).scan_prefix(b"n").next_back().transpose()?;
    let number = last.and_then(|(key, _)| key.get(1..)?.try_into().ok()).map(u32::from_be_bytes);
    Ok(number.map_or(0, |number| number.saturating_add(1)))
}

/// What a step writes to the index.
#[derive(Default)]
struct IndexWrites {
    sets: BTreeMap<Vec<u8>, NumberSet>,
}

impl IndexWrites {
    fn put(&mut self, trees: &Trees, term: &[u8], number: u32, is_there: bool) -> Result<(), StoreError> {
        let key = block_key(term, number / BLOCK);
        let set = match self.sets.entry(key) {
            std::collections::btree_map::Entry::Occupied(set) => set.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => {
                let kept = trees.tree(TreeName::ChangeTerms).get(place.key())?;
                place.insert(kept.map(|bytes| NumberSet::decode(&bytes)).unwrap_or_default())
            }
        };
        set.put(number % BLOCK, is_there);
        Ok(())
    }

    fn write(self, writes: &mut Writes) -> Result<(), StoreError> {
        for (key, set) in self.sets {
            if set.is_empty() {
                writes.remove(TreeName::ChangeTerms, &key);
            } else {
                writes.put_raw(TreeName::ChangeTerms, &key, set.encode())?;
            }
        }
        Ok(())
    }
}

/// Gives changes that are kept in this step their numbers, and their places under their terms.
pub(super) fn add(trees: &Trees, writes: &mut Writes, changes: &[Change]) -> Result<(), StoreError> {
    if changes.is_empty() {
        return Ok(());
    }
    let (mut sheet, mut next) = (IndexWrites::default(), next_number(trees)?);
    warm(trees, changes, next)?;
    for change in changes {
        let number = if let Some(number) = number_of(trees, &change.id)? {
            number
        } else {
            let number = next;
            next = next.saturating_add(1);
            let bytes = number.to_be_bytes().to_vec();
            writes.put_raw(TreeName::ChangeNumbers, &id_key(&change.id), bytes)?;
            let id = change.id.as_str().as_bytes().to_vec();
            writes.put_raw(TreeName::ChangeNumbers, &number_key(number), id)?;
            number
        };
        for term in terms_of(change) {
            sheet.put(trees, &term, number, true)?;
        }
    }
    sheet.write(writes)
}

/// Has what is asked for next fetched in one go, where each question is a way to a server and back.
fn warm(trees: &Trees, changes: &[Change], next: u32) -> Result<(), StoreError> {
    if trees.view().is_none() {
        return Ok(());
    }
    let blocks = next / BLOCK..=next.saturating_add(u32::try_from(changes.len()).unwrap_or(BLOCK)) / BLOCK;
    let terms: BTreeSet<Vec<u8>> = changes.iter().flat_map(terms_of).collect();
    let keys: Vec<Vec<u8>> =
        blocks.flat_map(|block| terms.iter().map(move |term| block_key(term, block))).collect();
    trees.tree(TreeName::ChangeTerms).warm(&keys)?;
    let ids: Vec<Vec<u8>> = changes.iter().map(|change| id_key(&change.id)).collect();
    trees.tree(TreeName::ChangeNumbers).warm(&ids)
}

/// Notes that a change is another now: whom it concerns was decided.
pub(super) fn revise(
    trees: &Trees,
    writes: &mut Writes,
    before: &Change,
    after: &Change,
) -> Result<(), StoreError> {
    let Some(number) = number_of(trees, &before.id)? else { return Ok(()) };
    let (old, new) = (terms_of(before), terms_of(after));
    let mut sheet = IndexWrites::default();
    for term in old.difference(&new) {
        sheet.put(trees, term, number, false)?;
    }
    for term in new.difference(&old) {
        sheet.put(trees, term, number, true)?;
    }
    sheet.write(writes)
}

/// Indexes the next block of changes that an older program kept; tells whether any may be left.
pub(in crate::store) fn index_more(trees: &Trees, writes: &mut Writes) -> Result<bool, StoreError> {
    let reached = trees.tree(TreeName::Meta).get(INDEXED)?;
    let start = match &reached {
        Some(reached) if reached.is_empty() => return Ok(false),
        Some(reached) => [reached, &[0][..]].concat(),
        None => Vec::new(),
    };
    let (mut changes, mut last) = (Vec::new(), Vec::new());
    let by_time = trees.tree(TreeName::ChangesByTime).range(start..);
    for pair in trees.pairs(by_time).take(BLOCK as usize) {
        let (key, _) = pair?;
        let change: Option<Change> =
            trees.readable(trees.get(TreeName::Changes, keys::id_of(&key)))?.flatten();
        changes.extend(change);
        last = key.to_vec();
    }
    add(trees, writes, &changes)?;
    // The last word is empty: all of them have their numbers.
    let is_more = !last.is_empty();
    writes.put_raw(TreeName::Meta, INDEXED, last)?;
    Ok(is_more)
}

/// The changes that have a number in common with these, as [`Store::sharing`](crate::store::Store::sharing) says.
pub(in crate::store) fn sharing(trees: &Trees, numbers: &Numbers) -> Result<Vec<Change>, StoreError> {
    let mut places = BTreeSet::new();
    for number in &numbers.own {
        places.extend(newest_with(trees, &number_term(OWN, number), MAX_OWNERS + 1)?);
        places.extend(newest_with(trees, &number_term(CITED, number), MAX_OWNERS + 1)?);
    }
    for number in &numbers.cited {
        places.extend(newest_with(trees, &number_term(OWN, number), MAX_OWNERS + 1)?);
    }
    places.into_iter().filter_map(|place| by_number(trees, place).transpose()).collect()
}

/// The places of the newest changes that have a term, at most `limit`.
fn newest_with(trees: &Trees, term: &[u8], limit: usize) -> Result<Vec<u32>, StoreError> {
    let prefix = [term, &[0]].concat();
    let mut places = Vec::new();
    for pair in trees.tree(TreeName::ChangeTerms).scan_prefix(&prefix).rev() {
        let (key, bytes) = pair?;
        let block = key.get(prefix.len()..).and_then(|block| block.try_into().ok()).map(u32::from_be_bytes);
        let Some(block) = block else { continue };
        let numbers = NumberSet::decode(&bytes).descending(BLOCK).map(|place| block * BLOCK + place);
        places.extend(numbers.take(limit - places.len()));
        if places.len() == limit {
            break;
        }
    }
    Ok(places)
}

/// The changes of these numbers, those that can be read.
pub(in crate::store) fn numbered(trees: &Trees, numbers: &[u32]) -> Result<Vec<(u32, Change)>, StoreError> {
    let found = numbers.iter().map(|number| Ok(by_number(trees, *number)?.map(|change| (*number, change))));
    found.filter_map(Result::transpose).collect()
}

fn by_number(trees: &Trees, number: u32) -> Result<Option<Change>, StoreError> {
    let Some(id) = trees.tree(TreeName::ChangeNumbers).get(number_key(number))? else { return Ok(None) };
    Ok(trees.readable(trees.get(TreeName::Changes, &id))?.flatten())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_comes_back_as_it_was_whether_few_or_many() {
        for step in [1, 7, 16, 17, 200, 1023] {
            let mut set = NumberSet::default();
            (0..BLOCK).step_by(step).for_each(|place| set.put(place, true));
            let bytes = set.encode();
            assert!(bytes.len() <= 128, "{step}");
            assert_eq!(NumberSet::decode(&bytes), set, "{step}");
            assert_eq!(set.count(), (0..BLOCK).step_by(step).count());
            assert_eq!(set.descending(BLOCK).last(), Some(0));
        }
        assert_eq!(NumberSet::decode(&[]), NumberSet::default());
    }
}
