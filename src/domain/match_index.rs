//! Which entries of a source's current state name which companies.
//!
//! A change is matched when it is found. What stood there before a company was tracked never
//! changes and would never be told: so for each source it is remembered which entries named whom,
//! and by which names each company was looked for. When the registry says something else, what
//! stands is matched anew, and the difference is told once, as a notice: "already listed".

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::change::{Change, ChangeKind, Evidence};
use super::diff::whole;
use super::entry::{Document, Entry};
use super::event::Numbers;
use super::id::{ChangeId, CompanyId, SourceId, WatchlistHash};
use super::matching::{Match, MatchRule, Watchlist, WatchlistVersion};
use super::snapshot::Baseline;
use super::source::Source;

/// What was found in a source's current state, and with which registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredMatchIndex")]
pub struct MatchIndex {
    /// The source.
    pub source: SourceId,
    /// Names the version of the watchlist that was looked with; it is kept by itself.
    pub watchlist: WatchlistHash,
    /// The keys of the entries that name each company, those of companies no longer tracked
    /// included: one that comes back is not news.
    pub named: BTreeMap<CompanyId, BTreeSet<String>>,
    /// That version, as long as it is kept within this, as earlier programs did.
    #[serde(skip)]
    pub embedded: Option<Arc<WatchlistVersion>>,
}

/// A standing as it is read; of earlier programs it holds the companies themselves.
#[derive(Deserialize)]
struct StoredMatchIndex {
    source: SourceId,
    watchlist: Option<WatchlistHash>,
    companies: Option<WatchlistVersion>,
    named: BTreeMap<CompanyId, BTreeSet<String>>,
}

impl From<StoredMatchIndex> for MatchIndex {
    fn from(kept: StoredMatchIndex) -> Self {
        let StoredMatchIndex { source, watchlist, companies, named } = kept;
        let embedded = watchlist.is_none().then(|| Arc::new(companies.unwrap_or_default()));
        let of_embedded = || embedded.as_ref().map(|version| version.hash().clone());
        let watchlist = watchlist.or_else(of_embedded).unwrap_or_else(|| WatchlistHash::derive(&[]));
        Self { source, watchlist, named, embedded }
    }
}

/// An entry that was there when the registry came to know the company it names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StandingEntry<'a> {
    /// The entry.
    pub entry: &'a Entry,
    /// The company.
    pub company: CompanyId,
    /// Why it concerns the company.
    pub matches: Vec<Match>,
}

impl MatchIndex {
    /// Whether every company was looked for by the names it has in this watchlist.
    #[must_use]
    pub fn is_of(&self, watchlist: &Watchlist) -> bool {
        self.watchlist == *watchlist.version().hash()
    }

    /// The same without the version of the watchlist, which is then kept by itself.
    #[must_use]
    pub fn without_embedded(self) -> Self {
        Self { embedded: None, ..self }
    }

    /// How many entries name a company that this watchlist tracks.
    #[must_use]
    pub fn entries(&self, watchlist: &Watchlist) -> usize {
        let tracked = self.named.iter().filter(|(company, _)| watchlist.company(company).is_some());
        let mut keys: Vec<&String> = tracked.flat_map(|(_, keys)| keys).collect();
        keys.sort_unstable();
        keys.dedup();
        keys.len()
    }

    /// What stands after these changes, which were matched with the same registry: what did not
    /// change need not be matched again.
    #[must_use]
    pub fn after(&self, document: &Document, changes: &[Change]) -> Self {
        let mut named = self.named.clone();
        for change in changes {
            for found in change.matches.iter().filter(|found| is_named(found)) {
                named.entry(found.company.clone()).or_default().insert(change.entry.key.clone());
            }
        }
        let held: BTreeSet<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
        for keys in named.values_mut() {
            keys.retain(|key| held.contains(key.as_str()));
        }
        named.retain(|_, keys| !keys.is_empty());
        Self { source: self.source.clone(), watchlist: self.watchlist.clone(), named, embedded: None }
    }

    fn knows(&self, company: &CompanyId, key: &str) -> bool {
        self.named.get(company).is_some_and(|keys| keys.contains(key))
    }
}

/// Matches a source's current state with a watchlist: what stands now.
#[must_use]
pub fn match_baseline(
    source: &Source,
    document: &Document,
    watchlist: &Watchlist,
    before: Option<&MatchIndex>,
) -> MatchIndex {
    stand_and_list(source, document, watchlist, before, &|_| false).0
}

/// Matches a source's current state with another watchlist than before, of which `known` is the version. Gives
/// what stands now, and the entries that name a company which is new in the watchlist or has other names than
/// before, and named it not.
#[must_use]
pub fn stand_anew<'a>(
    source: &Source,
    document: &'a Document,
    watchlist: &Watchlist,
    (before, known): (&MatchIndex, &WatchlistVersion),
) -> (MatchIndex, Vec<StandingEntry<'a>>) {
    let version = watchlist.version();
    let is_new = |company: &CompanyId| known.names_of(company) != version.names_of(company);
    stand_and_list(source, document, watchlist, Some(before), &is_new)
}

fn stand_and_list<'a>(
    source: &Source,
    document: &'a Document,
    watchlist: &Watchlist,
    before: Option<&MatchIndex>,
    is_new: &dyn Fn(&CompanyId) -> bool,
) -> (MatchIndex, Vec<StandingEntry<'a>>) {
    let mut named: BTreeMap<CompanyId, BTreeSet<String>> = BTreeMap::new();
    let mut listed = Vec::new();
    for entry in &document.entries {
        for company in watchlist.named_in(source, entry) {
            let is_told = !is_new(company) || before.is_none_or(|before| before.knows(company, &entry.key));
            if !is_told {
                let matches = matches_of(source, entry, watchlist, company);
                listed.push(StandingEntry { entry, company: company.clone(), matches });
            }
            if let Some(keys) = named.get_mut(company) {
                keys.insert(entry.key.clone());
            } else {
                named.insert(company.clone(), BTreeSet::from([entry.key.clone()]));
            }
        }
    }
    let held: BTreeSet<&str> = document.entries.iter().map(|entry| entry.key.as_str()).collect();
    for (company, keys) in before.iter().flat_map(|before| &before.named) {
        let kept = keys.iter().filter(|key| held.contains(key.as_str())).cloned();
        named.entry(company.clone()).or_default().extend(kept);
    }
    named.retain(|_, keys| !keys.is_empty());
    let watchlist = watchlist.version().hash().clone();
    (MatchIndex { source: source.id.clone(), watchlist, named, embedded: None }, listed)
}

/// Whether a company is named. What a source is bound to concerns its changes, and a category covers
/// without naming: that either stands there is no discovery.
fn is_named(found: &Match) -> bool {
    !matches!(found.rule, MatchRule::SourceBound | MatchRule::Exposure)
}

/// The names under which an entry names a company, each once: of one that it owns, that one's.
#[must_use]
pub fn names_in(
    source: &Source,
    entry: &Entry,
    watchlist: &Watchlist,
    company: &CompanyId,
) -> BTreeSet<String> {
    let found = matches_of(source, entry, watchlist, company);
    found.into_iter().map(|found| found.path.into_iter().next().unwrap_or(found.alias)).collect()
}

/// Where and by which rule an entry names a company.
fn matches_of(source: &Source, entry: &Entry, watchlist: &Watchlist, company: &CompanyId) -> Vec<Match> {
    let concern = watchlist.concern(source, &whole(ChangeKind::AlreadyListed, entry));
    concern.matches.into_iter().filter(|found| found.company == *company && is_named(found)).collect()
}

impl StandingEntry<'_> {
    /// The notice that tells it. `earliest` is the earliest read known to show the entry.
    ///
    /// Its id comes from source, company and entry alone: it can be told once and never again.
    #[must_use]
    pub fn notice(
        self,
        source: &Source,
        baseline: &Baseline,
        earliest: Evidence,
        now: DateTime<Utc>,
    ) -> Change {
        let Self { entry, company, matches } = self;
        let told = whole(ChangeKind::AlreadyListed, entry);
        Change {
            id: ChangeId::derive(&["already listed", source.id.as_str(), company.as_str(), &entry.key]),
            source: source.id.clone(),
            source_title: source.title.clone(),
            numbers: Numbers::of(source, &told),
            entry: told,
            found_at: now,
            ordinal: baseline.document.entries.iter().position(|other| other.key == entry.key).unwrap_or(0),
            found_together: 0,
            matches,
            possible: Vec::new(),
            retracted_at: None,
            evidence: baseline.snapshot.evidence(),
            previous: earliest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::change::EntryChange;
    use crate::domain::company::{Alias, AliasKind, Company};
    use crate::domain::diff::diff;
    use crate::domain::entry::{Completeness, Resemblance};
    use crate::domain::source::SourceKind;

    fn source() -> Source {
        Source { companies: vec!["bound".parse().unwrap()], ..Source::sample(SourceKind::FccCoveredList) }
    }

    fn company(id: &str, names: &[&str]) -> Company {
        Company {
            aliases: names.iter().map(|name| Alias::new(*name, AliasKind::Trade)).collect(),
            ..Company::new(id.parse().unwrap(), format!("{id} Incorporated"))
        }
    }

    fn document(titles: &[&str]) -> Document {
        let entries = titles.iter().map(|title| Entry::new(*title, *title)).collect();
        Document::new(entries, Completeness::Whole, Resemblance::Title)
    }

    /// Stands the list with one registry after another; gives what each of them lists anew.
    #[track_caller]
    fn check(steps: &[(&[&str], Vec<Company>, &[&str])]) {
        let source = source();
        let mut before: Option<(MatchIndex, Arc<WatchlistVersion>)> = None;
        for (number, (titles, companies, expected)) in steps.iter().enumerate() {
            let watchlist = Watchlist::new(companies.clone()).unwrap();
            let document = document(titles);
            let (standing, listed) = match &before {
                Some((before, known)) => stand_anew(&source, &document, &watchlist, (before, known)),
                None => (match_baseline(&source, &document, &watchlist, None), Vec::new()),
            };
            let listed: Vec<String> =
                listed.iter().map(|listed| format!("{} {}", listed.company, listed.entry.key)).collect();
            assert_eq!(listed, *expected, "step {}", number + 1);
            assert!(standing.is_of(&watchlist));
            before = Some((standing, Arc::clone(watchlist.version())));
        }
    }

    const LIST: &[&str] = &["Amber Ltd", "Basalt Ltd", "Basalt Drones"];

    #[test]
    fn the_first_sight_lists_nothing() {
        check(&[(LIST, vec![company("basalt", &["Basalt"])], &[])]);
    }

    #[test]
    fn a_new_company_is_listed_once_with_every_entry_that_names_it() {
        let amber = || company("amber", &["Amber"]);
        let both = || vec![amber(), company("basalt", &["Basalt"])];
        check(&[
            (LIST, vec![amber()], &[]),
            (LIST, both(), &["basalt Basalt Ltd", "basalt Basalt Drones"]),
            (LIST, both(), &[]),
        ]);
    }

    #[test]
    fn a_new_name_lists_only_what_no_other_name_found() {
        check(&[
            (LIST, vec![company("basalt", &["Basalt Ltd"])], &[]),
            (LIST, vec![company("basalt", &["Basalt Ltd", "Basalt"])], &["basalt Basalt Drones"]),
        ]);
    }

    #[test]
    fn what_was_told_as_a_change_and_a_company_that_comes_back_are_not_listed() {
        let basalt = || vec![company("basalt", &["Basalt"])];
        check(&[
            (&["Amber Ltd"], basalt(), &[]),
            (LIST, basalt(), &[]),
            (LIST, Vec::new(), &[]),
            (LIST, basalt(), &[]),
        ]);
    }

    #[test]
    fn what_stands_after_a_change_is_what_matching_all_of_it_anew_would_find() {
        let (source, watchlist) = (source(), Watchlist::new(vec![company("basalt", &["Basalt"])]).unwrap());
        let (before, after) =
            (document(&["Amber Ltd", "Basalt Ltd"]), document(&["Amber Ltd", "Basalt Drones"]));
        let standing = match_baseline(&source, &before, &watchlist, None);
        let evidence = Evidence {
            url: String::new(),
            read_at: DateTime::UNIX_EPOCH,
            status: 200,
            sha256: crate::domain::id::BodyHash::of(b""),
        };
        let change = |entry: EntryChange| Change {
            id: ChangeId::derive(&[&entry.key]),
            source: source.id.clone(),
            source_title: String::new(),
            matches: watchlist.concern(&source, &entry).matches,
            possible: Vec::new(),
            numbers: Numbers::default(),
            retracted_at: None,
            entry,
            found_at: DateTime::UNIX_EPOCH,
            ordinal: 0,
            found_together: 2,
            evidence: evidence.clone(),
            previous: evidence.clone(),
        };
        let changes: Vec<Change> = diff(&before, &after, &source.noise).into_iter().map(change).collect();
        assert!(!changes.is_empty());
        assert_eq!(standing.after(&after, &changes), match_baseline(&source, &after, &watchlist, None));
    }

    #[test]
    fn entries_are_counted_once_and_only_for_who_is_tracked() {
        let watchlist =
            Watchlist::new(vec![company("basalt", &["Basalt"]), company("drones", &["Basalt Drones"])])
                .unwrap();
        let standing = match_baseline(&source(), &document(LIST), &watchlist, None);
        assert_eq!(standing.entries(&watchlist), 2);
        let nobody = Watchlist::new(Vec::new()).unwrap();
        let standing = match_baseline(&source(), &document(LIST), &nobody, Some(&standing));
        assert_eq!(standing.entries(&nobody), 0);
    }

    #[test]
    fn a_standing_of_an_earlier_program_is_of_the_same_watchlist_and_lists_nothing_anew() {
        let watchlist = Watchlist::new(vec![company("basalt", &["Basalt"])]).unwrap();
        let document = document(LIST);
        let standing = match_baseline(&source(), &document, &watchlist, None);
        let mut record = serde_json::to_value(&standing).unwrap();
        let fields = record.as_object_mut().unwrap();
        fields.remove("watchlist");
        let companies = serde_json::to_value(&**watchlist.version()).unwrap();
        assert!(companies["basalt"].is_string(), "{companies}");
        fields.insert("companies".to_owned(), companies);
        let before: MatchIndex = serde_json::from_value(record).unwrap();
        assert!(before.is_of(&watchlist) && before.embedded.is_some());
        assert_eq!(before.clone().without_embedded(), standing);
        let more =
            Watchlist::new(vec![company("amber", &["Amber"]), company("basalt", &["Basalt"])]).unwrap();
        let known = before.embedded.clone().unwrap();
        let (_, listed) = stand_anew(&source(), &document, &more, (&before, &known));
        let listed: Vec<&str> = listed.iter().map(|listed| listed.entry.key.as_str()).collect();
        assert_eq!(listed, ["Amber Ltd"]);
        let written = serde_json::to_string(&before).unwrap();
        assert!(!written.contains("embedded") && !written.contains("companies"), "{written}");
    }
}
