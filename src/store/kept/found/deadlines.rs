//! Deadlines by their day: the term of a change that bears one.

use std::collections::{BTreeSet, HashSet};

use chrono::NaiveDate;

use super::{BLOCK, IndexWrites, NumberSet, by_number, number_key, search, term};
use crate::domain::change::Change;
use crate::domain::deadline::Deadline;
use crate::store::boundary::ChangeSearch;
use crate::store::error::StoreError;
use crate::store::kept::trees::{TreeName, Trees};
use crate::store::kept::writes::Writes;

/// Stands before a day on which something is due.
const DEADLINE: u8 = b't';

/// Stands in the database: the number of the change from which on the deadlines of those that an older program kept
/// are still to be indexed, or nothing where none is left.
const INDEXED: &[u8] = b"deadlines-indexed";

/// Of an entry's changes as many are looked at for the last that holds.
const LOOKED_AT: usize = 20;

/// The terms of a change's deadlines.
pub(super) fn terms_of(change: &Change) -> impl Iterator<Item = Vec<u8>> {
    Deadline::all_of(change).into_iter().map(|deadline| day(deadline.date))
}

fn day(date: NaiveDate) -> Vec<u8> {
    term(DEADLINE, &date.format("%Y-%m-%d").to_string())
}

/// Indexes the deadlines of the next changes that an older program kept; tells whether any may be left.
pub(in crate::store) fn index_more(trees: &Trees, writes: &mut Writes) -> Result<bool, StoreError> {
    let reached = trees.tree(TreeName::Meta).get(INDEXED)?;
    let start = match reached.as_deref() {
        Some([]) => return Ok(false),
        Some(bytes) => bytes.try_into().map_or(0, u32::from_be_bytes),
        None => 0,
    };
    let (mut sheet, mut next) = (IndexWrites::default(), None);
    let numbers = trees.tree(TreeName::ChangeNumbers).range(number_key(start)..);
    for pair in trees.pairs(numbers).take(BLOCK as usize) {
        let (key, id) = pair?;
        let Some(number) = key.get(1..).and_then(|number| number.try_into().ok()).map(u32::from_be_bytes)
        else {
            continue;
        };
        let change: Option<Change> = trees.readable(trees.get(TreeName::Changes, &id))?.flatten();
        for term in change.iter().flat_map(terms_of) {
            sheet.put(trees, &term, number, true)?;
        }
        next = Some(number.saturating_add(1));
    }
    sheet.write(writes)?;
    let reached = next.map(|next| next.to_be_bytes().to_vec()).unwrap_or_default();
    writes.put_raw(TreeName::Meta, INDEXED, reached)?;
    Ok(next.is_some())
}

/// Of every entry that has, or had, a deadline on that day or later the last change that was not retracted, at most
/// `limit`, those that were found last first.
pub(in crate::store) fn with_deadlines(
    trees: &Trees,
    since: NaiveDate,
    limit: usize,
) -> Result<Vec<Change>, StoreError> {
    let range = day(since)..term(DEADLINE, "~");
    let mut numbers = BTreeSet::new();
    for pair in trees.pairs(trees.tree(TreeName::ChangeTerms).range(range)) {
        let (key, bytes) = pair?;
        let block = key.len().checked_sub(4).and_then(|at| key[at..].try_into().ok());
        let Some(block) = block.map(u32::from_be_bytes) else { continue };
        numbers.extend(NumberSet::decode(&bytes).descending(BLOCK).map(|place| block * BLOCK + place));
    }
    let (mut seen, mut found) = (HashSet::new(), Vec::new());
    for number in numbers.into_iter().rev() {
        if found.len() == limit {
            break;
        }
        let Some(change) = by_number(trees, number)? else { continue };
        let entry = (change.source, change.entry.key);
        if seen.insert(entry.clone()) {
            let of_entry = ChangeSearch { entry: Some(entry), limit: LOOKED_AT, ..ChangeSearch::default() };
            let mut changes = search(trees, &of_entry)?.changes.into_iter().map(|(_, change)| change);
            found.extend(changes.find(|change| change.retracted_at.is_none()));
        }
    }
    Ok(found)
}
