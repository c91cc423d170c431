//! How sources stand, in short, in memory for those who ask about all of them at once.
//!
//! The page of sources, the overview and the metrics ask about every source each time, and to look thousands of records
//! up and decode them takes longer than all the rest of a page. So what was looked up is kept until something that it
//! shows is written.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::trees::{TreeName, Trees};
use super::{found, sources};
use crate::domain::id::SourceId;
use crate::store::boundary::SourceGlance;
use crate::store::error::StoreError;

/// The glances that were made and still hold.
#[derive(Debug, Default)]
pub(super) struct Glances {
    kept: Mutex<CachedGlance>,
    /// One at a time looks up what is missing: others who wait for the same need not.
    looking: Mutex<()>,
    /// Whether anybody ever asked: otherwise there is nothing to forget.
    is_used: AtomicBool,
}

#[derive(Debug, Default)]
struct CachedGlance {
    glances: HashMap<SourceId, Arc<SourceGlance>>,
    /// How often something was forgotten. A glance that was begun before may show what no longer holds.
    forgotten: u64,
}

impl Glances {
    /// How sources stand, in the order asked for.
    ///
    /// # Errors
    /// The engine's.
    pub(super) fn of(
        &self,
        trees: &Trees,
        sources: &[SourceId],
    ) -> Result<Vec<Arc<SourceGlance>>, StoreError> {
        if trees.view().is_some() {
            // What other processes write is not heard of.
            return sources.iter().map(|source| look(trees, source).map(Arc::new)).collect();
        }
        self.is_used.store(true, Ordering::SeqCst);
        if let Some(all) = self.known(sources) {
            return Ok(all);
        }
        let _looking = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        sources.iter().map(|source| self.one(trees, source)).collect()
    }

    /// All of them, if all are known.
    fn known(&self, sources: &[SourceId]) -> Option<Vec<Arc<SourceGlance>>> {
        let kept = self.kept();
        sources.iter().map(|source| kept.glances.get(source).cloned()).collect()
    }

    fn one(&self, trees: &Trees, source: &SourceId) -> Result<Arc<SourceGlance>, StoreError> {
        let begun = {
            let kept = self.kept();
            if let Some(known) = kept.glances.get(source) {
                return Ok(Arc::clone(known));
            }
            kept.forgotten
        };
        let glance = Arc::new(look(trees, source)?);
        let mut kept = self.kept();
        if kept.forgotten == begun {
            kept.glances.insert(source.clone(), Arc::clone(&glance));
        }
        Ok(glance)
    }

    /// Forgets what shows something that was written under these keys. To be called once it can be read.
    pub(super) fn forget<'a>(&self, keys: impl Iterator<Item = (TreeName, &'a [u8])>) {
        if !self.is_used.load(Ordering::SeqCst) {
            return;
        }
        let written: Vec<SourceId> = keys.filter_map(|(tree, key)| shown_source(tree, key)).collect();
        if written.is_empty() {
            return;
        }
        let mut kept = self.kept();
        kept.forgotten += 1;
        for source in &written {
            kept.glances.remove(source);
        }
    }

    fn kept(&self) -> MutexGuard<'_, CachedGlance> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The source whose glance shows what lies under a key.
fn shown_source(tree: TreeName, key: &[u8]) -> Option<SourceId> {
    let id = match tree {
        TreeName::ReadStates | TreeName::Touches | TreeName::Held => key,
        TreeName::ChangeTerms => found::source_of_term(key)?,
        _ => return None,
    };
    std::str::from_utf8(id).ok()?.parse().ok()
}

/// How a source stands. No change and no entry is read.
fn look(trees: &Trees, source: &SourceId) -> Result<SourceGlance, StoreError> {
    let key = source.as_str().as_bytes();
    Ok(SourceGlance {
        state: trees.readable(sources::read_state(trees, source))?.flatten(),
        is_held: trees.tree(TreeName::Held).contains_key(key)?,
        changes: found::numbers_of(trees, source)?,
    })
}
