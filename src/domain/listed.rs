//! What stands on the sources already about companies that somebody begins to follow.

use super::entry::EntryDate;
use super::inbound::Selection;
use super::match_index::MatchIndex;
use super::snapshot::Baseline;
use super::source::Source;
use super::topic::Topic;

/// Of one source, as many entries are named; a docket or a long list would be a mail of its own.
const MAX_NAMED: usize = 5;

/// What stands on one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedOn {
    /// What readers call the source.
    pub source_title: String,
    /// The first of the entries, in the order of the page: title and date. None where none stands there.
    pub entries: Vec<(String, Option<EntryDate>)>,
    /// How many more there are.
    pub more: usize,
    /// Whether the source was ever read well.
    pub is_read: bool,
    /// What this source does not show, in its operator's words.
    pub misses: Option<String>,
}

impl ListedOn {
    /// What stands on a source about the companies of a selection. `standing` is missing where the source
    /// was never read well; `baseline` is needed only where the standing names one of them
    /// ([`is_named`]).
    #[must_use]
    pub fn of(
        source: &Source,
        standing: Option<&MatchIndex>,
        baseline: Option<&Baseline>,
        selection: &Selection,
    ) -> Self {
        let named_by = |topic: &Topic| standing?.named.get(topic.company()?);
        let is_named =
            |key: &str| selection.topics.iter().filter_map(named_by).any(|keys| keys.contains(key));
        let entries = baseline.map_or(&[][..], |baseline| &baseline.document.entries);
        let mut named = entries.iter().filter(|entry| is_named(&entry.key));
        let entries = named.by_ref().take(MAX_NAMED).map(|entry| (entry.title.clone(), entry.date)).collect();
        Self {
            source_title: source.title.clone(),
            entries,
            more: named.count(),
            is_read: standing.is_some(),
            misses: source.misses.clone(),
        }
    }
}

/// Whether a source can tell whoever follows this selection anything.
#[must_use]
pub fn is_wanted(source: &Source, selection: &Selection) -> bool {
    let sources = &selection.only.sources;
    let is_of = |topic| source.can_tell_of(topic);
    (sources.is_empty() || sources.contains(&source.id)) && selection.topics.iter().any(is_of)
}

/// Whether anything stands there about a company of this selection.
#[must_use]
pub fn is_named(standing: &MatchIndex, selection: &Selection) -> bool {
    let mut companies = selection.topics.iter().filter_map(Topic::company);
    companies.any(|company| standing.named.get(company).is_some_and(|keys| !keys.is_empty()))
}
