//! Looking for changes: what has everything that is asked for.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    BLOCK, COMPANY, DAY, ENTRY, KIND, POSSIBLE, SOURCE, Set, UNDECIDED, WORD, block_key, by_number,
    next_number, term,
};
use crate::domain::id::{SourceId, digest_of};
use crate::domain::search::sought;
use crate::store::boundary::{ChangeSearch, FoundChanges};
use crate::store::error::StoreError;
use crate::store::sled::trees::{TreeName, Trees};

/// Numbers by their blocks.
type Blocks = BTreeMap<u32, Set>;

/// The sets that a search asks for: what it finds is in all of them.
struct Sought {
    terms: Vec<Vec<u8>>,
    /// The numbers among which it looks; `None` where it looks among all.
    among: Option<Blocks>,
}

impl Sought {
    fn of(trees: &Trees, search: &ChangeSearch) -> Result<Self, StoreError> {
        let mut terms: Vec<Vec<u8>> = sought(&search.words).iter().map(|word| term(WORD, word)).collect();
        let concern = if search.is_possible { POSSIBLE } else { COMPANY };
        terms.extend(search.company.as_ref().map(|company| term(concern, company.as_str())));
        if search.is_possible && search.company.is_none() {
            terms.push(term(UNDECIDED, ""));
        }
        terms.extend(search.kind.map(|kind| term(KIND, &kind.to_string())));
        Ok(Self { terms, among: among(trees, search)? })
    }

    /// The blocks that can have any of it, the last first.
    fn blocks(&self, end: u32) -> Vec<u32> {
        match &self.among {
            Some(among) => among.keys().rev().copied().collect(),
            None => (0..end.div_ceil(BLOCK)).rev().collect(),
        }
    }

    /// What a block has of it.
    fn in_block(&self, trees: &Trees, block: u32) -> Result<Set, StoreError> {
        let tree = trees.tree(TreeName::ChangeTerms);
        let mut set = match &self.among {
            Some(among) => among.get(&block).copied().unwrap_or_default(),
            None => Set::ALL,
        };
        for term in &self.terms {
            if set.is_empty() {
                return Ok(set);
            }
            let kept = tree.get(block_key(term, block))?;
            set = set.and(kept.map(|bytes| Set::decode(&bytes)).unwrap_or_default());
        }
        Ok(set)
    }
}

/// The numbers that the days, the sources and the entry of a search leave. Of these only the blocks that have any are
/// looked at, so that a search costs what it may find and not what there is.
fn among(trees: &Trees, search: &ChangeSearch) -> Result<Option<Blocks>, StoreError> {
    let mut among = days(trees, search.since, search.until)?;
    if let Some((source, key)) = &search.entry {
        let term = term(ENTRY, &digest_of(&[source.as_str(), key]));
        among = Some(narrowed(among, &|blocks, add| with_term(trees, &term, blocks, add))?);
    }
    if !search.sources.is_empty() {
        let union = |blocks: Range, add: &mut dyn FnMut(u32, Set)| {
            let mut sources = search.sources.iter();
            sources.try_for_each(|source| {
                with_term(trees, &term(SOURCE, source.as_str()), blocks.clone(), &mut *add)
            })
        };
        among = Some(narrowed(among, &union)?);
    }
    Ok(among)
}

/// Blocks from one to another.
type Range = std::ops::RangeInclusive<u32>;

/// Finds numbers within blocks.
type Find<'a> = dyn Fn(Range, &mut dyn FnMut(u32, Set)) -> Result<(), StoreError> + 'a;

/// Those of the numbers known so far that are found as well.
fn narrowed(among: Option<Blocks>, find: &Find<'_>) -> Result<Blocks, StoreError> {
    let mut found = Blocks::new();
    let Some(range) = range_of(among.as_ref()) else { return Ok(found) };
    find(range, &mut |block, set| {
        let all = found.entry(block).or_default();
        *all = all.or(set);
    })?;
    if let Some(among) = among {
        found = found
            .into_iter()
            .filter_map(|(block, set)| Some((block, set.and(*among.get(&block)?))))
            .collect();
    }
    found.retain(|_, set| !set.is_empty());
    Ok(found)
}

/// From the first to the last block that numbers are in; all where any number will do, nothing where there is none.
fn range_of(among: Option<&Blocks>) -> Option<Range> {
    let Some(among) = among else { return Some(0..=u32::MAX) };
    Some(*among.first_key_value()?.0..=*among.last_key_value()?.0)
}

/// Names the sets of a term within blocks.
fn with_term(
    trees: &Trees,
    term: &[u8],
    blocks: Range,
    add: &mut dyn FnMut(u32, Set),
) -> Result<(), StoreError> {
    let keys = block_key(term, *blocks.start())..=block_key(term, *blocks.end());
    for pair in trees.pairs(trees.tree(TreeName::ChangeTerms).range(keys)) {
        let (key, bytes) = pair?;
        if let Some(block) = block_of(&key) {
            add(block, Set::decode(&bytes));
        }
    }
    Ok(())
}

fn block_of(key: &[u8]) -> Option<u32> {
    let at = key.len().checked_sub(size_of::<u32>())?;
    key[at..].try_into().ok().map(u32::from_be_bytes)
}

/// The numbers of the days asked for; `None` where any day will do.
fn days(
    trees: &Trees,
    since: Option<NaiveDate>,
    until: Option<NaiveDate>,
) -> Result<Option<Blocks>, StoreError> {
    if since.is_none() && until.is_none() {
        return Ok(None);
    }
    let bound = |day: Option<NaiveDate>, else_text: &str, end: u8| {
        let text = day.map_or(else_text.to_owned(), |day| day.format("%Y-%m-%d").to_string());
        [term(DAY, &text), vec![end]].concat()
    };
    let range = bound(since, "", 0)..bound(until, "~", 1);
    let mut days = Blocks::new();
    for pair in trees.pairs(trees.tree(TreeName::ChangeTerms).range(range)) {
        let (key, bytes) = pair?;
        if let Some(block) = block_of(&key) {
            let set = days.entry(block).or_default();
            *set = set.or(Set::decode(&bytes));
        }
    }
    Ok(Some(days))
}

/// What a search finds, the newest first, and how much there is in all.
pub(in crate::store) fn search(trees: &Trees, search: &ChangeSearch) -> Result<FoundChanges, StoreError> {
    let sought = Sought::of(trees, search)?;
    let end = next_number(trees)?;
    let mut found = FoundChanges::default();
    for block in sought.blocks(end) {
        let mut set = sought.in_block(trees, block)?;
        if block == end / BLOCK {
            (end % BLOCK..BLOCK).for_each(|place| set.put(place, false));
        }
        found.total += set.count();
        let below = search.before.map_or(BLOCK, |before| before.saturating_sub(block * BLOCK));
        for place in set.descending(below) {
            if found.changes.len() == search.limit {
                found.has_more = true;
                break;
            }
            let number = block * BLOCK + place;
            if let Some(change) = by_number(trees, number)? {
                found.changes.push((number, change));
            }
        }
    }
    Ok(found)
}

/// How many changes of each source were found from one day to another, in the order asked for.
pub(in crate::store) fn counts(
    trees: &Trees,
    sources: &[SourceId],
    (since, until): (NaiveDate, NaiveDate),
) -> Result<Vec<usize>, StoreError> {
    let days = days(trees, Some(since), Some(until))?.unwrap_or_default();
    let Some(range) = range_of(Some(&days)) else { return Ok(vec![0; sources.len()]) };
    let count = |source: &SourceId| {
        let mut count = 0;
        with_term(trees, &term(SOURCE, source.as_str()), range.clone(), &mut |block, set| {
            count += days.get(&block).map_or(0, |day| set.and(*day).count());
        })?;
        Ok(count)
    };
    sources.iter().map(count).collect()
}
