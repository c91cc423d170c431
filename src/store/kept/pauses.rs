//! Sources that an operator has told to be left alone.

use std::collections::BTreeMap;

use super::trees::{TreeName, Trees};
use super::writes::Writes;
use crate::domain::id::SourceId;
use crate::domain::source::SourcePause;
use crate::store::error::StoreError;

/// The pause of a source, whether it is in force or over.
pub(in crate::store) fn get(trees: &Trees, source: &SourceId) -> Result<Option<SourcePause>, StoreError> {
    trees.get(TreeName::Pauses, source.as_str().as_bytes())
}

/// The pause of every source that has one, in force or over.
pub(in crate::store) fn all(trees: &Trees) -> Result<BTreeMap<SourceId, SourcePause>, StoreError> {
    let mut pauses = BTreeMap::new();
    for key in trees.tree(TreeName::Pauses).iter().keys() {
        let key = key?;
        let id = std::str::from_utf8(&key).ok().and_then(|id| id.parse::<SourceId>().ok());
        let Some(id) = id else { continue };
        if let Some(pause) = get(trees, &id)? {
            pauses.insert(id, pause);
        }
    }
    Ok(pauses)
}

/// Pauses a source, or ends that; gives the pause that was known before.
pub(in crate::store) fn put(
    trees: &Trees,
    writes: &mut Writes,
    source: &SourceId,
    pause: Option<&SourcePause>,
) -> Result<Option<SourcePause>, StoreError> {
    let before = get(trees, source)?;
    let key = source.as_str().as_bytes();
    match pause {
        Some(pause) => writes.put(trees, TreeName::Pauses, key, pause)?,
        None => writes.remove(TreeName::Pauses, key),
    }
    Ok(before)
}
