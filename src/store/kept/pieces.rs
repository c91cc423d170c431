//! A step that is too large to be one transaction of the engine's.
//!
//! sled 0.34.7 has a few threads for all work on its file. Whoever needs a new segment of the log waits, with the
//! lock on all segments, until the end of the file was cut off where that is under way; that is work for these threads
//! as well, and each of them that has written a segment waits for the lock. Where more segments are to be
//! written at once than there are threads, all wait for each other for ever: seen after some 2,800 transactions of 8 KB
//! without a flush. So the engine is never given more than a few segments to write between two flushes.
//!
//! What is larger is written in pieces, each a transaction that is on the disk before the next, and all or nothing
//! of it counts nevertheless:
//!
//! - New bodies come first, their first parts last: without that part a body is not there, and before anything refers
//!   to it nobody misses it.
//! - What stood under all other keys is noted beside the database ([`undo`]). An opening that finds the note puts all
//!   of it back.
//! - Bodies that go come last, their first parts first.

use super::tally;
use super::trees::{TreeName, Trees};
use super::undo;
use super::writes::{AbortReason, Before, Failed, KeyWrites, Writes, at_once, bytes_of};
use crate::store::error::StoreError;

/// So much is given to the engine between two flushes. It writes several times as much into its log, since it
/// writes a whole page anew after a few changes to it.
pub(super) const MAX_BYTES: usize = 512 * 1024;

/// The records of one step, beside its bodies, may be a little more: to note what stood there costs time.
const MAX_AT_ONCE_BYTES: usize = 2 * MAX_BYTES;

/// Writes what stands under keys; all of it or nothing.
///
/// # Errors
/// The engine's or the system's; see [`Failed`].
pub(super) fn apply(words: KeyWrites<'_>, trees: &Trees) -> Result<u64, Failed> {
    let (bodies, rest): (KeyWrites<'_>, KeyWrites<'_>) =
        words.into_iter().partition(|((tree, _), _)| *tree == TreeName::Bodies);
    let (new, gone): (Vec<KeyWrite<'_>>, Vec<KeyWrite<'_>>) =
        bodies.into_iter().partition(|(_, value)| value.is_some());
    let mut commits = forced(new.into_iter().rev(), trees)?;
    if bytes(&rest) <= MAX_AT_ONCE_BYTES {
        if !rest.is_empty() {
            commits = Some(at_once(&rest, trees)?);
        }
        if !gone.is_empty() {
            flush(trees)?;
        }
    } else {
        commits = noted(rest, trees)?.or(commits);
    }
    let commits = forced(gone.into_iter(), trees)?.or(commits);
    Ok(commits.unwrap_or_default())
}

/// Writes all of it or nothing, and forces it to the disk.
///
/// # Errors
/// As [`Writes::apply`].
pub(super) fn keep(writes: &Writes, trees: &Trees) -> Result<(), StoreError> {
    writes.apply(trees)?;
    trees.flush()?;
    Ok(())
}

/// What is written under a key.
type KeyWrite<'a> = ((TreeName, &'a [u8]), Option<&'a [u8]>);

/// Writes in pieces, each forced to the disk; gives the number of the last commit.
fn forced<'a>(words: impl Iterator<Item = KeyWrite<'a>>, trees: &Trees) -> Result<Option<u64>, Failed> {
    let mut commits = None;
    let mut words = words.peekable();
    while words.peek().is_some() {
        let mut left = MAX_BYTES;
        let mut piece = KeyWrites::new();
        while let Some(((tree, key), value)) = words.next_if(|((_, key), value)| {
            let bytes = bytes_of(key, *value);
            let fits = piece.is_empty() || bytes <= left;
            left = left.saturating_sub(bytes);
            fits
        }) {
            piece.insert((tree, key), value);
        }
        commits = Some(at_once(&piece, trees)?);
        flush(trees)?;
    }
    Ok(commits)
}

/// Writes in pieces what was noted before, so that it can be taken back.
fn noted(words: KeyWrites<'_>, trees: &Trees) -> Result<Option<u64>, Failed> {
    let of_system = |error: std::io::Error| AbortReason::Engine(sled::Error::Io(error));
    let Some(folder) = trees.files().map(|files| files.folder.as_path()) else { return Ok(None) };
    undo::note(folder, before(&words, trees)).map_err(|error| failed(AbortReason::Engine(error)))?;
    let written = forced(words.into_iter(), trees).map_err(|failed| failed.reason);
    let done = written.and_then(|commits| {
        undo::forget(folder).map_err(of_system)?;
        Ok(commits)
    });
    done.map_err(|reason| Failed { reason, before: Vec::new(), is_half: true })
}

/// What stands under keys, with the tallies of their trees and the number of commits.
fn before(words: &KeyWrites<'_>, trees: &Trees) -> impl Iterator<Item = Result<Before, sled::Error>> {
    let of_tree = |tree: TreeName| tally::key(tree.name());
    let tallies: std::collections::BTreeSet<Vec<u8>> = words.keys().map(|(tree, _)| of_tree(*tree)).collect();
    let keys = words.keys().map(|(tree, key)| (*tree, key.to_vec()));
    let of_meta = tallies.into_iter().chain([tally::COMMITS.to_vec()]).map(|key| (TreeName::Meta, key));
    keys.chain(of_meta).map(|(tree, key)| {
        let value = match trees.files() {
            Some(files) => files.all[tree as usize].get(&key)?.map(|value| value.to_vec()),
            None => None,
        };
        Ok(Before { tree, key, value })
    })
}

fn bytes(words: &KeyWrites<'_>) -> usize {
    words.iter().map(|((_, key), value)| bytes_of(key, *value)).sum()
}

fn flush(trees: &Trees) -> Result<(), Failed> {
    trees.flush().map_err(|error| failed(AbortReason::Engine(error)))
}

/// Nothing that would have to be taken back was written.
fn failed(reason: AbortReason) -> Failed {
    Failed { reason, before: Vec::new(), is_half: false }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::Path;

    use super::*;
    use crate::store::kept::check::check;
    use crate::store::kept::{garbage, indexes, opening};
    use crate::store::record::Digest;

    /// Bytes that cannot be compressed.
    fn noise(bytes: usize, seed: u64) -> Vec<u8> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state.to_le_bytes()
        };
        (0..bytes / 8).flat_map(|_| next()).collect()
    }

    fn sound(folder: &Path) {
        assert_eq!(check(folder).unwrap().findings, [""; 0]);
    }

    /// The engine's threads would wait for each other: the file is cut off while many segments are written.
    #[test]
    fn large_bodies_come_and_go_and_the_writer_never_waits_for_ever() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let mut last: Option<(Digest, Vec<u8>)> = None;
        for round in 0..4 {
            let content = noise(12 << 20, round);
            let mut writes = Writes::default();
            let digest = writes.put_body(&trees, &content).unwrap();
            writes.put_raw(TreeName::Meta, b"round", round.to_be_bytes().to_vec()).unwrap();
            keep(&writes, &trees).unwrap();
            assert_eq!(trees.body(&digest).unwrap().unwrap(), content);
            if let Some((before, content)) = last.replace((digest, content)) {
                assert_eq!(trees.body(&before).unwrap().unwrap(), content);
                let mut writes = Writes::default();
                trees.remove_body(&before, &mut writes).unwrap();
                keep(&writes, &trees).unwrap();
                assert_eq!(trees.body(&before).unwrap(), None);
            }
        }
        drop(trees);
        sound(state.path());
    }

    /// A step of thousands of records: those that are there get another value, or go; others are new.
    fn many(count: u32, value: &[u8]) -> Writes {
        let mut writes = Writes::default();
        for number in 0..count {
            let key = number.to_be_bytes();
            match number % 3 {
                0 => writes.remove(TreeName::Budgets, &key),
                _ => writes.put_raw(TreeName::Budgets, &key, value.repeat(200)).unwrap(),
            }
        }
        writes
    }

    fn records(trees: &Trees) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let pairs = TreeName::all().flat_map(|tree| trees.tree(tree).iter().map(Result::unwrap));
        pairs.map(|(key, value)| (key.to_vec(), value.to_vec())).collect()
    }

    #[test]
    fn a_step_of_many_records_is_kept_whole() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let trees = opening::open(&folder).unwrap();
        keep(&many(4_000, b"old"), &trees).unwrap();
        keep(&many(8_000, b"new"), &trees).unwrap();
        let tree = trees.tree(TreeName::Budgets);
        assert!(tree.iter().all(|pair| pair.unwrap().1 == b"new".repeat(200)));
        assert_eq!(tree.len().unwrap(), 5_333);
        assert!(!undo::path(&folder).exists());
        drop(trees);
        sound(&folder);
    }

    #[test]
    fn a_step_of_many_records_that_was_broken_off_never_was() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("db");
        let trees = opening::open(&folder).unwrap();
        keep(&many(4_000, b"old"), &trees).unwrap();
        let as_it_was = records(&trees);
        // The process is killed after the first pieces.
        let writes = many(8_000, b"new");
        let words = writes.last_words();
        undo::note(&folder, before(&words, &trees)).unwrap();
        forced(words.into_iter().take(5_000), &trees).unwrap();
        assert_ne!(records(&trees), as_it_was);
        drop(trees);
        let (trees, _, _) = super::super::admission::admit(&folder, true).unwrap();
        let mut found = records(&trees);
        // The opening itself is counted.
        let of_opening = |key: &[u8]| {
            key == b"opened" || key == indexes::RIGHT_AT || key == tally::COMMITS || key.starts_with(b"tally")
        };
        let mut as_it_was = as_it_was;
        found.retain(|key, _| !of_opening(key));
        as_it_was.retain(|key, _| !of_opening(key));
        assert!(found == as_it_was, "{} and {} records", found.len(), as_it_was.len());
        drop(trees);
        sound(&folder);
    }

    #[test]
    fn of_a_large_body_that_was_broken_off_nothing_is_taken_for_it() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let content = noise(2 << 20, 1);
        let mut writes = Writes::default();
        let digest = writes.put_body(&trees, &content).unwrap();
        let count = writes.last_words().len();
        forced(writes.last_words().into_iter().rev().take(count - 1), &trees).unwrap();
        assert_eq!(trees.body(&digest).unwrap(), None);
        let mut again = Writes::default();
        again.put_body(&trees, &content).unwrap();
        keep(&again, &trees).unwrap();
        assert_eq!(trees.body(&digest).unwrap().unwrap(), content);
        assert_eq!(garbage::tests::collect(&trees), 1, "nothing refers to it");
        assert!(trees.tree(TreeName::Bodies).is_empty().unwrap());
    }
}
