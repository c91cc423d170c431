//! What becomes different when the daemon takes over all that the files say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;

use crate::config::Config;
use crate::domain::id::SourceId;
use crate::domain::source::Source;

/// Somebody waits for the daemon to take the files over, and hears what came of it.
pub type Takeover = oneshot::Sender<Result<TakenOver, String>>;

/// What was taken over.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    /// How many sources are watched now.
    pub sources: usize,
    /// How many companies are tracked now.
    pub companies: usize,
    /// Sources that are watched from now on; they are read at once.
    pub added: Vec<SourceId>,
    /// Sources that are watched no longer.
    pub removed: Vec<SourceId>,
    /// Sources that are watched otherwise.
    pub changed: Vec<SourceId>,
    /// Settings that differ and stay as they were until the daemon is started again.
    pub needs_restart: Vec<String>,
}

impl TakenOver {
    /// Compares what was in force with what is now.
    #[must_use]
    pub fn between(before: &Config, after: &Config, needs_restart: Vec<String>) -> Self {
        let described = |config: &Config| -> BTreeMap<SourceId, String> {
            config.sources.iter().map(|source| (source.id.clone(), described(source))).collect()
        };
        let (old, new) = (described(before), described(after));
        let missing_in = |other: &BTreeMap<SourceId, String>, ids: &BTreeMap<SourceId, String>| {
            ids.keys().filter(|id| !other.contains_key(*id)).cloned().collect()
        };
        let is_changed = |(id, now): &(&SourceId, &String)| old.get(*id).is_some_and(|then| then != *now);
        Self {
            sources: after.sources.len(),
            companies: after.companies.len(),
            added: missing_in(&old, &new),
            removed: missing_in(&new, &old),
            changed: new.iter().filter(is_changed).map(|(id, _)| id.clone()).collect(),
            needs_restart,
        }
    }
}

/// All that a source is, to be compared.
fn described(source: &Source) -> String {
    format!("{source:?}")
}

/// Leaves in a new configuration what a running daemon cannot change as it is in the one in force; names the keys
/// that differ.
#[must_use]
pub fn keep_what_needs_a_restart(in_force: &Config, new: &mut Config) -> Vec<String> {
    let mut differing = Vec::new();
    if new.store != in_force.store {
        differing.push("store.url".to_owned());
        new.store = in_force.store.clone();
    }
    if new.daemon.socket != in_force.daemon.socket {
        differing.push("daemon.socket".to_owned());
        new.daemon.socket.clone_from(&in_force.daemon.socket);
    }
    differing
}
