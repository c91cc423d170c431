//! The chains of reads, and the seals over their heads.
//!
//! A line is written by the very step that keeps its read: what of the two survives a power cut, the other does. What
//! was lost of unchanged reads is not in the chain either, and the next line follows the last that is there.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};

use super::keys;
use super::trees::{TreeName, Trees};
use super::writes::{Writes, number};
use crate::domain::change::Change;
use crate::domain::evidence::seal::{ChainHead, Seal};
use crate::domain::evidence::{ChainLine, ChainedRead, LAST_OF_BRIEF, StoredLine, digest_of_change};
use crate::domain::id::{BodyHash, InstallationId, SourceId};
use crate::store::boundary::{SealWish, Sealed, Stamp};
use crate::store::error::StoreError;
use crate::store::record::{RecordForm, undecodable};

/// The first lines of a chain that are old enough to go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) struct Cut {
    source: SourceId,
    /// The first line that stays.
    first: u64,
    /// How many go.
    pub(in crate::store) lines: usize,
}

fn key_of(source: &SourceId, seq: u64) -> Vec<u8> {
    keys::snapshot(source.as_str(), seq)
}

fn seq_of(key: &[u8]) -> u64 {
    number(key.get(key.len().saturating_sub(8)..))
}

/// Appends a read to its source's chain, with the changes that it found.
///
/// Where the last line cannot be read, the new one follows the last that can, under the next number: the chain is then
/// seen to be broken there, and nothing is kept from being read.
pub(super) fn append(
    trees: &Trees,
    writes: &mut Writes,
    source: &SourceId,
    read: ChainedRead,
    changes: &[Change],
) -> Result<(), StoreError> {
    let (mut last_seq, mut last) = (0, None);
    for pair in trees.tree(TreeName::Chain).scan_prefix(keys::snapshots_of(source.as_str())).rev() {
        let (key, value) = pair?;
        last_seq = last_seq.max(seq_of(&key));
        last = trees.readable(of_record(trees, source, &key, &value))?;
        if last.is_some() {
            break;
        }
    }
    let changes: Vec<BodyHash> = changes.iter().map(digest_of_change).collect();
    let before = last.as_ref().map(|(line, _)| line);
    let line = ChainLine::after(source, before, read, changes);
    let line = ChainLine { seq: last_seq + 1, ..line };
    if !line.changes.is_empty() {
        writes.put_raw(TreeName::Meta, UNSEALED, Vec::new())?;
    }
    put(trees, writes, &line, last.as_ref().and_then(|(_, full)| full.as_ref()))
}

/// Writes a line after the last one that was kept in full.
fn put(
    trees: &Trees,
    writes: &mut Writes,
    line: &ChainLine,
    full: Option<&ChainLine>,
) -> Result<(), StoreError> {
    let key = key_of(&line.source, line.seq);
    match StoredLine::of(line, full) {
        StoredLine::Brief(bytes) => writes.put_raw(TreeName::Chain, &key, bytes),
        StoredLine::Full(_) => writes.put(trees, TreeName::Chain, &key, line),
    }
}

/// A line, and the one in full that another may be kept after: only what lies in the tree itself is one.
type OfRecord = (ChainLine, Option<ChainLine>);

fn of_record(trees: &Trees, source: &SourceId, key: &[u8], value: &[u8]) -> Result<OfRecord, StoreError> {
    let what = TreeName::Chain.what();
    if !StoredLine::is_brief(value) {
        let line: ChainLine = trees.decode(TreeName::Chain, key, value)?;
        let is_inline = matches!(RecordForm::decode(what, key, value)?, RecordForm::Inline(_));
        return Ok((line.clone(), is_inline.then_some(line)));
    }
    let lost = || undecodable(what, key, "the line that it is kept after is missing or damaged".to_owned());
    let back = StoredLine::back(value).ok_or_else(lost)?;
    let full_key = key_of(source, seq_of(key).checked_sub(back).ok_or_else(lost)?);
    let full: ChainLine = match trees.tree(TreeName::Chain).get(&full_key)? {
        Some(full) if !StoredLine::is_brief(&full) => trees.decode(TreeName::Chain, &full_key, &full)?,
        _ => return Err(lost()),
    };
    Ok((StoredLine::line(value, &full).ok_or_else(lost)?, Some(full)))
}

/// The lines of a source from one number to another, the oldest first; those that cannot be read are passed over.
pub(in crate::store) fn lines(
    trees: &Trees,
    source: &SourceId,
    (first, last): (u64, u64),
) -> Result<Vec<ChainLine>, StoreError> {
    let range = trees.tree(TreeName::Chain).range(key_of(source, first)..=key_of(source, last));
    let lines = trees.pairs(range).map(|pair| {
        let (key, value) = pair?;
        trees.readable(of_record(trees, source, &key, &value).map(|(line, _)| line))
    });
    lines.filter_map(Result::transpose).collect()
}

/// The last line of every chain, in the order of the sources.
fn heads(trees: &Trees) -> Result<Vec<ChainHead>, StoreError> {
    let tree = trees.tree(TreeName::Chain);
    let (mut heads, mut from) = (Vec::new(), Vec::new());
    while let Some((key, _)) = tree.range(from..).next().transpose()? {
        let name = key.split(|byte| *byte == 0).next().unwrap_or_default().to_vec();
        let source: Option<SourceId> =
            String::from_utf8(name.clone()).ok().and_then(|name| name.parse().ok());
        // No source id holds a byte below '-'.
        from = [&name[..], &[1]].concat();
        let Some(source) = source else { continue };
        let Some((key, value)) = tree.range(..&from[..]).next_back().transpose()? else { continue };
        let last = trees.readable(of_record(trees, &source, &key, &value))?;
        heads.extend(last.map(|(line, _)| ChainHead { source, seq: line.seq, hash: line.hash() }));
    }
    Ok(heads)
}

/// Stands in the database while a change was found that is under no seal.
const UNSEALED: &[u8] = b"change-unsealed";

/// Whether chains are to be sealed.
pub(in crate::store) fn is_due(
    trees: &Trees,
    wish: SealWish,
    now: DateTime<Utc>,
) -> Result<bool, StoreError> {
    Ok(wish == SealWish::Now
        || trees.tree(TreeName::Meta).contains_key(UNSEALED)?
        || last_seal(trees)?.is_none_or(|last| last.seal.is_over(now)))
}

/// Seals the heads of all chains, where there is anything new; gives the seal.
pub(in crate::store) fn seal(
    trees: &Trees,
    writes: &mut Writes,
    installation: InstallationId,
    now: DateTime<Utc>,
) -> Result<Option<Seal>, StoreError> {
    writes.remove(TreeName::Meta, UNSEALED);
    let before = last_seal(trees)?;
    let heads = heads(trees)?;
    if heads.is_empty() || before.as_ref().is_some_and(|before| before.heads == heads) {
        return Ok(None);
    }
    let seal = Seal::over(&heads, before.as_ref().map(|before| &before.seal), installation, now);
    let sealed = Sealed { seal: seal.clone(), heads };
    writes.put(trees, TreeName::Seals, &seal.seal.to_be_bytes(), &sealed)?;
    Ok(Some(seal))
}

/// The last seal.
pub(in crate::store) fn last_seal(trees: &Trees) -> Result<Option<Sealed>, StoreError> {
    let Some((key, value)) = trees.tree(TreeName::Seals).last()? else { return Ok(None) };
    trees.decode(TreeName::Seals, &key, &value).map(Some)
}

/// A seal with its time stamp, where it has one.
pub(in crate::store) fn seal_of(
    trees: &Trees,
    number: u64,
) -> Result<Option<(Sealed, Option<Stamp>)>, StoreError> {
    let key = number.to_be_bytes();
    let Some(sealed) = trees.get(TreeName::Seals, &key)? else { return Ok(None) };
    Ok(Some((sealed, trees.get(TreeName::Stamps, &key)?)))
}

/// The first seal under which a source's head is at or after a line; the heads of a source only ever go on.
pub(in crate::store) fn first_seal_over(
    trees: &Trees,
    source: &SourceId,
    seq: u64,
) -> Result<Option<u64>, StoreError> {
    let Some(last) = last_seal(trees)? else { return Ok(None) };
    let (mut low, mut high) = (1, last.seal.seal + 1);
    while low < high {
        let middle = low.midpoint(high);
        let sealed: Option<Sealed> = trees.get(TreeName::Seals, &middle.to_be_bytes())?;
        let head = sealed.as_ref().and_then(|sealed| sealed.head_of(source)).map_or(0, |head| head.seq);
        if head >= seq {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Ok((low <= last.seal.seal).then_some(low))
}

/// Keeps the time that an authority put to a seal.
pub(in crate::store) fn put_stamp(
    trees: &Trees,
    writes: &mut Writes,
    seal: u64,
    stamp: &Stamp,
) -> Result<(), StoreError> {
    writes.put(trees, TreeName::Stamps, &seal.to_be_bytes(), stamp)
}

/// What of all chains is old enough to go: the lines before a sealed head that were read before a time, up to the first
/// that a change needs.
pub(super) fn cuts(
    trees: &Trees,
    before: Option<DateTime<Utc>>,
    changes: &[Change],
) -> Result<Vec<Cut>, StoreError> {
    let Some(before) = before else { return Ok(Vec::new()) };
    let mut needed: BTreeMap<&SourceId, HashSet<(DateTime<Utc>, &BodyHash)>> = BTreeMap::new();
    for change in changes {
        let of_source = needed.entry(&change.source).or_default();
        of_source.insert((change.previous.read_at, &change.previous.sha256));
    }
    let mut cuts = Vec::new();
    for head in heads(trees)? {
        let needed = needed.get(&head.source);
        let is_needed = |line: &ChainLine| {
            let body = line.body.as_ref().map(|body| (line.received_at(), body));
            let is_before = body.zip(needed).is_some_and(|(body, needed)| needed.contains(&body));
            is_before || !line.changes.is_empty()
        };
        cuts.extend(cut(trees, &head.source, before, &is_needed)?);
    }
    Ok(cuts)
}

fn cut(
    trees: &Trees,
    source: &SourceId,
    before: DateTime<Utc>,
    is_needed: &dyn Fn(&ChainLine) -> bool,
) -> Result<Option<Cut>, StoreError> {
    let (mut first, mut end) = (None, 0);
    for pair in trees.tree(TreeName::Chain).scan_prefix(keys::snapshots_of(source.as_str())) {
        let (key, value) = pair?;
        let (line, _) = of_record(trees, source, &key, &value)?;
        first.get_or_insert(line.seq);
        end = line.seq;
        if line.at >= before || is_needed(&line) {
            break;
        }
    }
    let Some(first) = first else { return Ok(None) };
    // The first line that stays follows a sealed head.
    let over = match first_seal_over(trees, source, end)? {
        Some(over) => over,
        None => last_seal(trees)?.map_or(1, |last| last.seal.seal + 1),
    };
    let sealed: Option<Sealed> = trees.get(TreeName::Seals, &(over - 1).to_be_bytes())?;
    let Some(anchor) = sealed.and_then(|sealed| sealed.head_of(source).map(|head| head.seq)) else {
        return Ok(None);
    };
    let lines = usize::try_from((anchor + 1).saturating_sub(first)).unwrap_or_default();
    Ok((lines > 0).then(|| Cut { source: source.clone(), first: anchor + 1, lines }))
}

/// Lets go of the first lines of a chain. Those that were kept after one of them are kept in full, or after another.
pub(in crate::store) fn take_first(trees: &Trees, writes: &mut Writes, cut: &Cut) -> Result<(), StoreError> {
    let end = cut.first + u64::from(LAST_OF_BRIEF);
    let mut full: Option<ChainLine> = None;
    for line in lines(trees, &cut.source, (cut.first, end))? {
        let key = key_of(&cut.source, line.seq);
        let kept = trees.tree(TreeName::Chain).get(&key)?;
        if kept.is_some_and(|kept| !StoredLine::is_brief(&kept)) {
            break;
        }
        put(trees, writes, &line, full.as_ref())?;
        full.get_or_insert(line);
    }
    for key in
        trees.tree(TreeName::Chain).range(key_of(&cut.source, 0)..key_of(&cut.source, cut.first)).keys()
    {
        writes.remove(TreeName::Chain, &key?);
    }
    Ok(())
}

/// Looks at brief lines in the order of their keys: whether each can be put together again.
#[derive(Debug, Default)]
pub(super) struct ChainWalk {
    full: Option<(Vec<u8>, ChainLine)>,
}

impl ChainWalk {
    /// Notes a line in full. One that lies apart is met later, and nothing is kept after it.
    pub(super) fn note_full(&mut self, key: &[u8], line: ChainLine) {
        self.full = Some((key.to_vec(), line));
    }

    /// Looks at a brief line.
    pub(super) fn look_at_brief(&self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        let full = self.full.as_ref().filter(|(full_key, _)| {
            let back = StoredLine::back(value).unwrap_or_default();
            let is_of_source =
                full_key.len() == key.len() && full_key[..key.len() - 8] == key[..key.len() - 8];
            is_of_source && seq_of(full_key) + back == seq_of(key)
        });
        let line = full.and_then(|(_, full)| StoredLine::line(value, full));
        line.map(drop).ok_or_else(|| {
            let reason = "the line that it is kept after is missing or damaged".to_owned();
            undecodable(TreeName::Chain.what(), key, reason)
        })
    }
}
