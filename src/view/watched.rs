//! What is watched, arranged once for all pages.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::domain::id::SourceId;
use crate::domain::source::Source;

/// The sources, and the ways to them.
#[derive(Debug)]
pub(super) struct WatchedSources {
    /// In the order of the configuration.
    pub(super) sources: Arc<[Arc<Source>]>,
    /// Their ids in that order.
    pub(super) ids: Arc<[SourceId]>,
    places: HashMap<SourceId, usize>,
    by_title: Vec<usize>,
    pub(super) groups: Vec<String>,
    pub(super) sites: Vec<String>,
}

impl WatchedSources {
    pub(super) fn of(sources: Arc<[Arc<Source>]>) -> Self {
        let ids: Arc<[SourceId]> = sources.iter().map(|source| source.id.clone()).collect();
        let mut by_title: Vec<usize> = (0..sources.len()).collect();
        by_title.sort_by_cached_key(|place| sources[*place].title.to_lowercase());
        let groups: BTreeSet<&String> = sources.iter().flat_map(|source| &source.catalogue.groups).collect();
        let sites: BTreeSet<&str> = sources.iter().filter_map(|source| source.url.host_str()).collect();
        Self {
            places: ids.iter().enumerate().map(|(place, id)| (id.clone(), place)).collect(),
            by_title,
            groups: groups.into_iter().cloned().collect(),
            sites: sites.into_iter().map(str::to_owned).collect(),
            ids,
            sources,
        }
    }

    pub(super) fn source(&self, id: &str) -> Option<&Arc<Source>> {
        self.sources.get(*self.places.get(&id.parse::<SourceId>().ok()?)?)
    }

    pub(super) fn by_title(&self) -> impl ExactSizeIterator<Item = &Source> {
        self.by_title.iter().map(|place| &*self.sources[*place])
    }
}
