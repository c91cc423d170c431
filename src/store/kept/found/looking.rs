//! Looking for changes: what has everything that is asked for.

use std::collections::BTreeMap;

use chrono::NaiveDate;

use super::{
    BLOCK, COMPANY, DAY, ENTRY, KIND, NumberSet, POSSIBLE, SOURCE, UNDECIDED, WORD, block_key, by_number,
    next_number, term,
};
use crate::domain::change::{Change, ChangeKind};
use crate::domain::id::{SourceId, digest_of};
use crate::domain::search::sought;
use crate::store::boundary::{ChangeSearch, FoundChanges};
use crate::store::error::StoreError;
use crate::store::kept::trees::{TreeName, Trees};

/// Numbers by their blocks.
type Blocks = BTreeMap<u32, NumberSet>;

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
    fn in_block(&self, trees: &Trees, block: u32) -> Result<NumberSet, StoreError> {
        let tree = trees.tree(TreeName::ChangeTerms);
        let mut set = match &self.among {
            Some(among) => among.get(&block).copied().unwrap_or_default(),
            None => NumberSet::ALL,
        };
        for term in &self.terms {
            if set.is_empty() {
                return Ok(set);
            }
            let kept = tree.get(block_key(term, block))?;
            set = set.and(kept.map(|bytes| NumberSet::decode(&bytes)).unwrap_or_default());
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
        let of_sources = |blocks: BlockRange, add: &mut dyn FnMut(u32, NumberSet)| {
            if search.sources.len() > FEW {
                in_blocks(&numbers_of_many(trees, &search.sources)?, &blocks, add);
                return Ok(());
            }
            let mut sources = search.sources.iter();
            sources.try_for_each(|source| {
                with_term(trees, &term(SOURCE, source.as_str()), blocks.clone(), &mut *add)
            })
        };
        among = Some(narrowed(among, &of_sources)?);
    }
    Ok(among)
}

/// Blocks from one to another.
type BlockRange = std::ops::RangeInclusive<u32>;

/// Finds numbers within blocks.
type Find<'a> = dyn Fn(BlockRange, &mut dyn FnMut(u32, NumberSet)) -> Result<(), StoreError> + 'a;

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
fn range_of(among: Option<&Blocks>) -> Option<BlockRange> {
    let Some(among) = among else { return Some(0..=u32::MAX) };
    Some(*among.first_key_value()?.0..=*among.last_key_value()?.0)
}

/// Names the sets of a term within blocks.
fn with_term(
    trees: &Trees,
    term: &[u8],
    blocks: BlockRange,
    add: &mut dyn FnMut(u32, NumberSet),
) -> Result<(), StoreError> {
    let keys = block_key(term, *blocks.start())..=block_key(term, *blocks.end());
    for pair in trees.pairs(trees.tree(TreeName::ChangeTerms).range(keys)) {
        let (key, bytes) = pair?;
        if let Some(block) = block_of(&key) {
            add(block, NumberSet::decode(&bytes));
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
            *set = set.or(NumberSet::decode(&bytes));
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

/// The newest change by which an entry came and that was not retracted.
pub(in crate::store::kept) fn came_by(
    trees: &Trees,
    source: &SourceId,
    key: &str,
) -> Result<Option<Change>, StoreError> {
    let search = ChangeSearch {
        entry: Some((source.clone(), key.to_owned())),
        kind: Some(ChangeKind::Added),
        limit: CAME_AT_MOST,
        ..ChangeSearch::default()
    };
    let found = self::search(trees, &search)?.changes.into_iter().map(|(_, change)| change);
    Ok(found.into_iter().find(|change| change.retracted_at.is_none()))
}

/// An entry that came and went more often is looked at no further.
const CAME_AT_MOST: usize = 20;

/// How many changes of each source were found from one day to another, in the order asked for.
pub(in crate::store) fn counts(
    trees: &Trees,
    sources: &[SourceId],
    (since, until): (NaiveDate, NaiveDate),
) -> Result<Vec<usize>, StoreError> {
    let days = Bits::of(&days(trees, Some(since), Some(until))?.unwrap_or_default());
    let glances = trees.opening.glances.of(trees, sources)?;
    let count = |numbers: &[u32]| numbers.iter().filter(|number| days.has(**number)).count();
    Ok(glances.iter().map(|glance| count(&glance.changes)).collect())
}

/// The numbers of a source's changes, ascending.
pub(in crate::store::kept) fn numbers_of(trees: &Trees, source: &SourceId) -> Result<Box<[u32]>, StoreError> {
    let mut numbers = Vec::new();
    with_term(trees, &term(SOURCE, source.as_str()), 0..=u32::MAX, &mut |block, set| {
        let begin = numbers.len();
        numbers.extend(set.descending(BLOCK).map(|place| block * BLOCK + place));
        numbers[begin..].reverse();
    })?;
    Ok(numbers.into())
}

/// More sources than these are those of a site or a group: how they stand is in memory, with their numbers.
const FEW: usize = 16;

/// The numbers of the changes of many sources.
fn numbers_of_many(trees: &Trees, sources: &[SourceId]) -> Result<Bits, StoreError> {
    let mut all = Bits::default();
    for glance in trees.opening.glances.of(trees, sources)? {
        for number in &glance.changes {
            all.put(*number);
        }
    }
    Ok(all)
}

/// Names the sets of numbers within blocks.
fn in_blocks(numbers: &Bits, blocks: &BlockRange, add: &mut dyn FnMut(u32, NumberSet)) {
    for (block, words) in (0_u32..).zip(numbers.0.chunks(WORDS)) {
        if blocks.contains(&block) && words.iter().any(|word| *word != 0) {
            let mut set = NumberSet::default();
            set.0[..words.len()].copy_from_slice(words);
            add(block, set);
        }
    }
}

/// Words of a set.
const WORDS: usize = (BLOCK / u64::BITS) as usize;

/// Numbers, one bit each: a hundred thousand take as much as a page of the engine.
#[derive(Default)]
struct Bits(Vec<u64>);

impl Bits {
    fn of(blocks: &Blocks) -> Self {
        let mut all = Self::default();
        for (block, set) in blocks {
            let begin = *block as usize * WORDS;
            all.reach(begin + WORDS);
            all.0[begin..begin + WORDS].copy_from_slice(&set.0);
        }
        all
    }

    fn reach(&mut self, words: usize) {
        if self.0.len() < words {
            self.0.resize(words, 0);
        }
    }

    fn put(&mut self, number: u32) {
        let word = (number / u64::BITS) as usize;
        self.reach(word + 1);
        self.0[word] |= 1 << (number % u64::BITS);
    }

    fn has(&self, number: u32) -> bool {
        let word = self.0.get((number / u64::BITS) as usize);
        word.is_some_and(|word| word & (1 << (number % u64::BITS)) != 0)
    }
}
