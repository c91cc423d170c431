//! From pages to trees and their records.

use std::collections::{BTreeMap, HashSet};

use super::format::ByteCursor;
use super::scan::{Log, PageState};

/// The page that leads from a tree's name to its first page.
const NAMES: u64 = 0;

/// Something that belongs to a tree and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store::kept) struct PageFault {
    /// For people.
    pub(in crate::store::kept) what: String,
}

/// A tree by the page with which it begins.
#[derive(Debug, Clone, Copy)]
pub(in crate::store::kept) struct PageTree(u64);

/// The trees of a log, by their names.
///
/// # Errors
/// Where the page cannot be read that leads to them.
pub(in crate::store::kept) fn read_trees(log: &Log) -> Result<BTreeMap<Vec<u8>, PageTree>, PageFault> {
    let fault = |what: String| PageFault { what: format!("the names of the trees: {what}") };
    let Some(PageState::There { whole, .. }) = log.pages.get(&NAMES) else {
        return Err(fault("they are not there".to_owned()));
    };
    let (_, content) = log.content(*whole).map_err(fault)?;
    let (mut bytes, mut trees) = (ByteCursor(&content), BTreeMap::new());
    while !bytes.0.is_empty() {
        let pair = bytes.text().and_then(|name| Some((name, bytes.number()?)));
        let (name, page) = pair.ok_or_else(|| fault("they end in the middle".to_owned()))?;
        trees.insert(name.to_vec(), PageTree(page));
    }
    Ok(trees)
}

/// A page of a tree.
#[derive(Debug, Default)]
struct PageNode {
    next: Option<u64>,
    /// A child that its left neighbour takes over.
    merging_child: Option<u64>,
    /// It is taken over by its left neighbour.
    is_merging: bool,
    /// What all its keys begin with.
    prefix: Vec<u8>,
    data: PageData,
}

#[derive(Debug)]
enum PageData {
    /// Records.
    Leaf(BTreeMap<Vec<u8>, Vec<u8>>),
    /// The pages below it.
    Index(Vec<u64>),
}

impl Default for PageData {
    fn default() -> Self {
        Self::Leaf(BTreeMap::new())
    }
}

impl PageNode {
    fn read(content: &[u8]) -> Option<Self> {
        let mut bytes = ByteCursor(content);
        let some = |page: u64| (page != 0).then_some(page);
        let next = some(bytes.number()?);
        let merging_child = some(bytes.number()?);
        let is_merging = bytes.byte()? != 0;
        let prefix_bytes = usize::from(bytes.byte()?);
        let low = bytes.text()?;
        let prefix = low.get(..prefix_bytes)?.to_vec();
        bytes.text()?;
        let is_index = bytes.byte()? == 1;
        let count = bytes.count()?;
        let keys = (0..count).map(|_| bytes.text()).collect::<Option<Vec<_>>>()?;
        let data = if is_index {
            PageData::Index((0..count).map(|_| bytes.number()).collect::<Option<_>>()?)
        } else {
            let values = (0..count).map(|_| bytes.text()).collect::<Option<Vec<_>>>()?;
            let pairs = keys.into_iter().zip(values);
            PageData::Leaf(pairs.map(|(key, value)| (key.to_vec(), value.to_vec())).collect())
        };
        Some(Self { next, merging_child, is_merging, prefix, data })
    }

    fn apply(&mut self, change: &[u8]) -> Option<()> {
        let mut bytes = ByteCursor(change);
        match (bytes.byte()?, &mut self.data) {
            (0, PageData::Leaf(records)) => {
                records.insert(bytes.text()?.to_vec(), bytes.text()?.to_vec());
            }
            (1, PageData::Leaf(records)) => drop(records.remove(bytes.text()?)),
            (2, _) => self.merging_child = Some(bytes.number()?),
            (3, PageData::Index(pages)) => {
                let merged = self.merging_child.take();
                pages.retain(|page| Some(*page) != merged);
            }
            (4, _) => self.is_merging = true,
            _ => return None,
        }
        Some(())
    }
}

impl Log {
    /// Hands every record of a tree out; gives what cannot be read of it.
    pub(in crate::store::kept) fn records(
        &self,
        tree: PageTree,
        take: &mut dyn FnMut(&[u8], &[u8]),
    ) -> Vec<PageFault> {
        let (mut faults, mut leaves, mut seen) = (Vec::new(), Vec::new(), HashSet::new());
        self.leaves(tree.0, &mut leaves, &mut seen);
        let mut taken = HashSet::new();
        let mut is_whole = true;
        for (index, leaf) in leaves.iter().enumerate() {
            // Behind the first one they lead to each other; what is only named from above may be a page
            // that its neighbour has taken over already.
            if index > 0 && is_whole {
                break;
            }
            is_whole = self.chain(*leaf, index > 0, &mut taken, take, &mut faults) && is_whole;
        }
        faults
    }

    /// The leaves below a page in their order, as far as they are named from above.
    fn leaves(&self, page: u64, leaves: &mut Vec<u64>, seen: &mut HashSet<u64>) {
        let mut at = Some(page);
        while let Some(page) = at.filter(|page| seen.insert(*page)) {
            if let Ok(PageNode { data: PageData::Index(below), next, .. }) = self.node(page) {
                for page in below {
                    self.leaves(page, leaves, seen);
                }
                at = next;
            } else {
                // One that cannot be read is told of where its turn comes in the chain.
                leaves.push(page);
                at = None;
            }
        }
    }

    /// Hands out the records of a leaf and of those to its right; tells whether all could be read.
    fn chain(
        &self,
        first: u64,
        is_resumed: bool,
        taken: &mut HashSet<u64>,
        take: &mut dyn FnMut(&[u8], &[u8]),
        faults: &mut Vec<PageFault>,
    ) -> bool {
        let mut at = Some(first);
        while let Some(page) = at.filter(|page| taken.insert(*page)) {
            let node = match self.node(page) {
                Ok(node) => node,
                Err(what) => {
                    faults.push(PageFault { what: format!("page {page}: {what}") });
                    return false;
                }
            };
            let PageData::Leaf(records) = &node.data else {
                faults.push(PageFault { what: format!("page {page} is not what it should be") });
                return false;
            };
            if is_resumed && page == first && node.is_merging {
                return false;
            }
            for (key, value) in records {
                take(&[&node.prefix[..], key].concat(), value);
            }
            at = node.next;
        }
        true
    }

    fn node(&self, page: u64) -> Result<PageNode, String> {
        let Some(PageState::There { whole, changes }) = self.pages.get(&page) else {
            return Err("it is not there".to_owned());
        };
        let wrong = || "it does not say what a page says".to_owned();
        let (_, content) = self.content(*whole)?;
        let mut node = PageNode::read(&content).ok_or_else(wrong)?;
        for change in changes {
            let (_, content) = self.content(*change)?;
            node.apply(&content).ok_or_else(wrong)?;
        }
        Ok(node)
    }
}
