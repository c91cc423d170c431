//! What stands on the sources already about companies that somebody begins to follow.

use super::entry::EntryDate;
use super::id::CompanyId;
use super::snapshot::Baseline;
use super::source::Source;
use super::standing::Standing;
use super::subscription::Filter;

/// Of one source, as many entries are named; a docket or a long list would be a mail of its own.
const MAX_NAMED: usize = 10;

/// What stands on one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedOn {
    /// What readers call the source.
    pub source_title: String,
    /// The first of the entries, in the order of the page: title and date.
    pub entries: Vec<(String, Option<EntryDate>)>,
    /// How many more there are.
    pub more: usize,
    /// What never appears there, in its operator's words.
    pub misses: Option<String>,
}

impl ListedOn {
    /// What stands on a source about companies; nothing where nothing does or the source is not wanted.
    #[must_use]
    pub fn of(
        source: &Source,
        standing: &Standing,
        baseline: &Baseline,
        companies: &[CompanyId],
        only: &Filter,
    ) -> Option<Self> {
        if !only.sources.is_empty() && !only.sources.contains(&source.id) {
            return None;
        }
        let keys = |company| standing.named.get(company);
        let is_named = |key: &str| companies.iter().filter_map(keys).any(|keys| keys.contains(key));
        let mut named = baseline.document.entries.iter().filter(|entry| is_named(&entry.key));
        let entries: Vec<_> =
            named.by_ref().take(MAX_NAMED).map(|entry| (entry.title.clone(), entry.date)).collect();
        (!entries.is_empty()).then(|| Self {
            source_title: source.title.clone(),
            entries,
            more: named.count(),
            misses: source.misses.clone(),
        })
    }
}
