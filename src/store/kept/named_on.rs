//! Which sources name a company.
//!
//! Of each source the hashes of the companies that its entries name stand together, four bytes each. The first sight of a
//! list may name hundreds: a key for each of them would cost more than all else that is kept of it. To find a company's
//! sources, the store goes through these hashes and decodes the standings that may name the company.

use super::keys;
use super::trees::{TreeName, Trees};
use super::writes::{MAX_VALUE_BYTES, Writes};
use crate::domain::id::{CompanyId, SourceId};
use crate::domain::match_index::MatchIndex;
use crate::store::error::StoreError;

/// The beginning of the SHA-256 of a company's id.
type CompanyHash = [u8; 4];

/// So many stand under one key.
const MAX_HASHES: usize = MAX_VALUE_BYTES / size_of::<CompanyHash>();

/// Stands in the database once every standing is in here.
const BY_SOURCE: &[u8] = b"standings-indexed-by-source";

/// Stands where an earlier program had a key for each company and source, with nothing under it.
const BY_COMPANY: &[u8] = b"standings-indexed";

/// So many of those keys are removed at once.
const REMOVED_AT_ONCE: usize = 10_000;

fn hash(company: &CompanyId) -> CompanyHash {
    let [first, second, third, fourth, ..] = keys::digest(company.as_str());
    [first, second, third, fourth]
}

/// Writes whom a source names, as far as that is not what stands there.
pub(super) fn put(trees: &Trees, writes: &mut Writes, standing: &MatchIndex) -> Result<(), StoreError> {
    let tree = trees.tree(TreeName::NamedOn);
    let hashes: Vec<CompanyHash> = standing.named.keys().map(hash).collect();
    let key_of = |part: u64| keys::snapshot(standing.source.as_str(), part);
    let mut behind = 0;
    for (number, part) in (0..).zip(hashes.chunks(MAX_HASHES)) {
        let (key, part) = (key_of(number), part.concat());
        if tree.get(&key)?.as_deref() != Some(&part[..]) {
            writes.put_raw(TreeName::NamedOn, &key, part)?;
        }
        behind = number + 1;
    }
    // The companies that it named before may have been more.
    while tree.contains_key(key_of(behind))? {
        writes.remove(TreeName::NamedOn, &key_of(behind));
        behind += 1;
    }
    Ok(())
}

/// The sources of which an entry names a company, with the keys of those entries.
pub(in crate::store) fn find(
    trees: &Trees,
    company: &CompanyId,
) -> Result<Vec<(SourceId, Vec<String>)>, StoreError> {
    let wanted = hash(company);
    let mut found: Vec<(SourceId, Vec<String>)> = Vec::new();
    for pair in trees.pairs(trees.tree(TreeName::NamedOn).iter()) {
        let (key, hashes) = pair?;
        if !hashes.chunks_exact(wanted.len()).any(|hash| *hash == wanted) {
            continue;
        }
        let source = key.split(|byte| *byte == 0).next().unwrap_or_default();
        let standing = trees.readable(trees.get::<MatchIndex>(TreeName::Standings, source))?;
        let Some(mut standing) = standing.flatten() else { continue };
        // Others may have the same hash.
        let Some(entries) = standing.named.remove(company) else { continue };
        if found.last().is_none_or(|(source, _)| *source != standing.source) {
            found.push((standing.source, entries.into_iter().collect()));
        }
    }
    Ok(found)
}

/// Removes the keys of an earlier program, some at a time, and then writes those of every standing. Returns whether there is
/// more to do.
pub(in crate::store) fn index_more(trees: &Trees, writes: &mut Writes) -> Result<bool, StoreError> {
    if trees.tree(TreeName::Meta).contains_key(BY_SOURCE)? {
        return Ok(false);
    }
    let mut removed = 0;
    for pair in trees.pairs(trees.tree(TreeName::NamedOn).iter()) {
        let (key, hashes) = pair?;
        if hashes.is_empty() {
            writes.remove(TreeName::NamedOn, &key);
            removed += 1;
        }
        if removed == REMOVED_AT_ONCE {
            return Ok(true);
        }
    }
    for standing in trees.all_with::<MatchIndex>(TreeName::Standings, &[])? {
        put(trees, writes, &standing)?;
    }
    writes.remove(TreeName::Meta, BY_COMPANY);
    writes.put_raw(TreeName::Meta, BY_SOURCE, Vec::new())?;
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::id::WatchlistHash;
    use crate::store::kept::{opening, pieces};

    fn standing(source: &str, companies: &[String]) -> MatchIndex {
        let named = |company: &String| (company.parse().unwrap(), ["entry".to_owned()].into());
        MatchIndex {
            source: source.parse().unwrap(),
            watchlist: WatchlistHash::derive(&[]),
            named: companies.iter().map(named).collect(),
            embedded: None,
        }
    }

    fn keep(trees: &Trees, standing: &MatchIndex) {
        let mut writes = Writes::default();
        writes.put(trees, TreeName::Standings, standing.source.as_str().as_bytes(), standing).unwrap();
        put(trees, &mut writes, standing).unwrap();
        pieces::keep(&writes, trees).unwrap();
    }

    fn named_on(trees: &Trees, company: &str) -> Vec<String> {
        let found = find(trees, &company.parse().unwrap()).unwrap();
        found.into_iter().map(|(source, _)| source.to_string()).collect()
    }

    fn companies(count: usize) -> Vec<String> {
        (0..count).map(|number| format!("c{number}")).collect()
    }

    #[test]
    fn a_source_is_found_by_each_of_the_companies_it_names_however_many_they_are() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        keep(&trees, &standing("long", &companies(3 * MAX_HASHES)));
        keep(&trees, &standing("short", &companies(2)));
        assert_eq!(trees.tree(TreeName::NamedOn).len().unwrap(), 4);
        assert_eq!(named_on(&trees, "c1"), ["long", "short"]);
        assert_eq!(named_on(&trees, &format!("c{}", 3 * MAX_HASHES - 1)), ["long"]);
        assert!(named_on(&trees, "nobody").is_empty());
        keep(&trees, &standing("long", &companies(1)));
        assert_eq!(trees.tree(TreeName::NamedOn).len().unwrap(), 2, "the other parts went");
        assert_eq!((named_on(&trees, "c0").len(), named_on(&trees, "c1")), (2, vec!["short".to_owned()]));
        keep(&trees, &standing("long", &[]));
        assert_eq!(named_on(&trees, "c0"), ["short"]);
    }

    #[test]
    fn what_did_not_change_is_not_written_again() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let standing = standing("fcc", &companies(9));
        keep(&trees, &standing);
        let mut writes = Writes::default();
        put(&trees, &mut writes, &standing).unwrap();
        assert!(writes.is_empty());
    }

    #[test]
    fn the_keys_of_an_earlier_program_give_way_to_those_of_today() {
        let state = tempfile::tempdir().unwrap();
        let trees = opening::open(state.path()).unwrap();
        let fcc = standing("fcc", &companies(2));
        let mut writes = Writes::default();
        writes.put(&trees, TreeName::Standings, b"fcc", &fcc).unwrap();
        for number in 0..=REMOVED_AT_ONCE {
            writes.put_raw(TreeName::NamedOn, format!("c{number}\0fcc").as_bytes(), Vec::new()).unwrap();
        }
        writes.put_raw(TreeName::Meta, BY_COMPANY, Vec::new()).unwrap();
        pieces::keep(&writes, &trees).unwrap();
        let step = || {
            let mut writes = Writes::default();
            let is_more = index_more(&trees, &mut writes).unwrap();
            pieces::keep(&writes, &trees).unwrap();
            is_more
        };
        assert_eq!([step(), step()], [true, false]);
        assert_eq!(trees.tree(TreeName::NamedOn).len().unwrap(), 1);
        assert_eq!((named_on(&trees, "c1"), named_on(&trees, "c2").len()), (vec!["fcc".to_owned()], 0));
        assert!(!trees.tree(TreeName::Meta).contains_key(BY_COMPANY).unwrap());
        assert!(index_more(&trees, &mut Writes::default()).is_ok_and(|is_more| !is_more));
    }
}
