//! Reading sled's log without sled, and without changing it.
//!
//! sled 0.34.7 passes over what it cannot read: a segment whose checksum is wrong counts as empty, a message
//! whose checksum is wrong ends the log, and all behind it is overwritten. Nobody is told. So before the engine
//! is let near the file it is read here, in the same way but keeping count of what had to be passed over.
//!
//! The file is a row of segments of one length. A segment begins with its place in the log (the LSN, which
//! grows for ever while segments are used again), and holds messages: whole pages, changes to pages, pages that
//! were freed. A page's state is its last whole message and the changes after it.

mod format;
mod page_table;
mod pages;
mod scan;
mod snapshot;

pub(super) use pages::{PageTree, read_trees};
pub(super) use scan::{Log, Reach};
pub(super) use snapshot::{SnapshotFitness, is_needless, is_snapshot, snapshots, standing, standing_beside};
