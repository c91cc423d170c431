//! Whom a text is about: names found in prose, each with its explanation.
//!
//! One pass over a folded copy of the text ([`Folded`]) finds every name of every company
//! (`automaton`). Latin names must stand between word boundaries, Han names may stand anywhere. A
//! name that is also something else must be meant as one (`context`). Where several overlap the
//! longest wins, and a `not` name that wins vetoes what it covers.
//!
//! What a change concerns is more than what its texts name: `concern` adds whose source it is, who
//! owns those named, whom a category or a clause covers, and names that are nearly somebody's
//! (`scoring`). Deliberately absent: similarity in prose, where every word is like another.

mod amended;
mod automaton;
mod beginnings;
mod concern;
mod context;
mod exposure;
mod known_names;
mod ordinary;
mod roster;
mod version;

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use aho_corasick::BuildError;

use self::automaton::{Automaton, Patterns, Sighting};
use self::context::{Backing, Sight};
use self::known_names::KnownNames;
use self::roster::Roster;
use super::category::Category;
use super::company::{Alias, AliasKind, Company};
use super::id::{CompanyId, SourceId};
use super::scoring::{Thresholds, without_legal_forms};
use super::topic::Topic;

pub use self::concern::Concern;
pub use self::version::WatchlistVersion;
pub use super::folded::{Divided, Folded};
pub use super::found::{ChangePart, Match, MatchRule};

/// Companies named within so many bytes of each other are spoken of together.
const COMPANY: usize = 120;

/// Of names at one place, each of another company, so many are told from one another.
const MAX_OVERLAPPING: usize = 64;

/// Every tracked company, ready to be looked for.
#[derive(Debug, Clone)]
pub struct Watchlist {
    /// In the order of their ids.
    companies: Vec<Company>,
    categories: Vec<Category>,
    thresholds: Thresholds,
    names: Vec<CompanyName>,
    automaton: Automaton<PatternOwner>,
    /// The same names as the scorer has them; made when a list's name is first compared.
    roster: OnceLock<Roster>,
    known_names: KnownNames,
    version: OnceLock<Arc<WatchlistVersion>>,
    /// The sources that can be followed as such, with their titles.
    sources: BTreeMap<SourceId, String>,
}

/// A name of a company.
#[derive(Debug, Clone)]
struct CompanyName {
    /// Its place among the companies.
    company: usize,
    alias: Alias,
    /// The name as it is looked for.
    folded: String,
}

/// Whose a pattern is.
#[derive(Debug, Clone, Copy)]
enum PatternOwner {
    /// A name, by its place among the names.
    Name { name: usize, is_core: bool },
    /// A name that contains an alias and means somebody else.
    Veto { company: usize },
    /// A phrase that means a category, by its place among the categories.
    Category { category: usize },
    /// A phrase by which a rule reaches those who belong to whom it names.
    Reach,
}

/// The watchlist could not be built.
#[derive(Debug, thiserror::Error)]
pub enum WatchlistError {
    /// A name holds no letter or digit.
    #[error("company {company}: the name {name:?} holds no letter or digit to look for")]
    EmptyName {
        /// The company.
        company: CompanyId,
        /// The name as configured.
        name: String,
    },
    /// The names together are too large for one automaton.
    #[error("the names of all companies together are too long to search for")]
    TooLarge(#[from] BuildError),
}

/// A name, or a veto, where it stands.
struct NameClaim<'a> {
    company: usize,
    /// `None` for a veto.
    named: Option<&'a CompanyName>,
    is_core: bool,
    is_plural: bool,
    folded: Range<usize>,
}

/// A name that is meant.
struct NameHit<'a> {
    named: &'a CompanyName,
    span: Range<usize>,
}

/// What a text holds.
#[derive(Default)]
struct TextScan<'a> {
    /// In the order of the text.
    hits: Vec<NameHit<'a>>,
    /// Categories, by their place, and where they are spoken of.
    categories: Vec<(usize, Range<usize>)>,
    /// Where it is said that those who belong to somebody are meant, too.
    reaches: Vec<Range<usize>>,
}

impl<'a> TextScan<'a> {
    /// Takes over what another look at the same text found elsewhere.
    fn take(&mut self, other: TextScan<'a>) {
        let is_free = |taken: &[NameHit<'_>], hit: &NameHit<'_>| {
            let overlaps = |known: &NameHit<'_>| {
                known.named.company == hit.named.company
                    && known.span.start < hit.span.end
                    && hit.span.start < known.span.end
            };
            // Both are in the order of the text.
            let end = taken.partition_point(|known| known.span.start < hit.span.end);
            !taken[..end].iter().rev().take(MAX_OVERLAPPING).any(overlaps)
        };
        let new: Vec<NameHit<'a>> = other.hits.into_iter().filter(|hit| is_free(&self.hits, hit)).collect();
        self.hits.extend(new);
        self.hits.sort_by_key(|hit| hit.span.start);
        self.categories.extend(other.categories);
        self.reaches.extend(other.reaches);
    }

    fn is_empty(&self) -> bool {
        self.hits.is_empty() && self.categories.is_empty() && self.reaches.is_empty()
    }
}

impl Watchlist {
    /// Prepares the companies' names, without categories and with the usual thresholds.
    ///
    /// # Errors
    /// A name without a letter or digit, or more names than fit one automaton.
    pub fn new(companies: Vec<Company>) -> Result<Self, WatchlistError> {
        Self::with(companies, Vec::new(), Thresholds::default())
    }

    /// Prepares the companies' names and the categories' phrases.
    ///
    /// # Errors
    /// A name without a letter or digit, or more names than fit one automaton.
    pub fn with(
        mut companies: Vec<Company>,
        categories: Vec<Category>,
        thresholds: Thresholds,
    ) -> Result<Self, WatchlistError> {
        companies.sort_by(|a, b| a.id.cmp(&b.id));
        let mut patterns = Patterns::new();
        let mut names = Vec::new();
        for (company, entry) in companies.iter().enumerate() {
            for alias in entry.names() {
                let name = CompanyName { company, folded: fold(entry, &alias.name)?, alias };
                add_name(&mut patterns, &name, names.len());
                names.push(name);
            }
            for name in &entry.not {
                let folded = fold(entry, name)?;
                patterns.add_words(&folded, PatternOwner::Veto { company });
                if let Some(core) = without_legal_forms(&folded) {
                    patterns.add_words(&core, PatternOwner::Veto { company });
                }
            }
        }
        exposure::add_phrases(&mut patterns, &categories);
        let automaton = patterns.build()?;
        Ok(Self {
            companies,
            categories,
            thresholds,
            names,
            automaton,
            roster: OnceLock::new(),
            known_names: KnownNames::default(),
            version: OnceLock::new(),
            sources: BTreeMap::new(),
        })
    }

    /// The same with the sources that can be followed as such, each with its title.
    #[must_use]
    pub fn watching(self, sources: impl IntoIterator<Item = (SourceId, String)>) -> Self {
        Self { sources: sources.into_iter().collect(), ..self }
    }

    /// The sources that can be followed as such, with their titles.
    #[must_use]
    pub fn sources(&self) -> &BTreeMap<SourceId, String> {
        &self.sources
    }

    /// Whether somebody can follow this: a company that is tracked, or a source that is watched.
    #[must_use]
    pub fn can_be_followed(&self, topic: &Topic) -> bool {
        match topic {
            Topic::Source(source) => self.sources.contains_key(source),
            Topic::Company(company) => self.company(company).is_some(),
        }
    }

    /// The same watchlist with some of its companies only.
    ///
    /// # Errors
    /// None that building the whole one did not have.
    pub fn of_only(&self, mut is_meant: impl FnMut(&Company) -> bool) -> Result<Self, WatchlistError> {
        let companies = self.companies.iter().filter(|company| is_meant(company)).cloned().collect();
        Self::with(companies, self.categories.clone(), self.thresholds)
    }

    /// Those who own a company, the nearest first.
    pub fn owners_of<'a>(&'a self, company: &'a Company) -> impl Iterator<Item = &'a Company> {
        self.owners(company)
    }

    /// From which score on a name counts.
    #[must_use]
    pub fn thresholds(&self) -> Thresholds {
        self.thresholds
    }

    /// A tracked company.
    #[must_use]
    pub fn company(&self, id: &CompanyId) -> Option<&Company> {
        self.companies.get(self.place_of(id)?)
    }

    fn place_of(&self, id: &CompanyId) -> Option<usize> {
        self.companies.binary_search_by(|company| company.id.cmp(id)).ok()
    }

    /// All tracked companies, in the order of their ids.
    pub fn companies(&self) -> impl Iterator<Item = &Company> {
        self.companies.iter()
    }

    /// Which companies are looked for, and by which names.
    #[must_use]
    pub fn version(&self) -> &Arc<WatchlistVersion> {
        self.version.get_or_init(|| Arc::new(WatchlistVersion::of(&self.companies)))
    }

    /// What readers call a company; its id where it is no longer there.
    #[must_use]
    pub fn short_name<'a>(&'a self, id: &'a CompanyId) -> &'a str {
        self.company(id).map_or(id.as_str(), Company::short_name)
    }

    /// What readers call what they follow; its text where it is no longer there.
    #[must_use]
    pub fn name_of<'a>(&'a self, topic: &'a Topic) -> Cow<'a, str> {
        match topic {
            Topic::Company(company) => self.short_name(company).into(),
            Topic::Source(source) => {
                self.sources.get(source).map_or_else(|| topic.text(), |title| title.as_str().into())
            }
        }
    }

    /// The companies named in a text, in the order of the text. `field` names the text in the
    /// explanation.
    #[must_use]
    pub fn find(&self, field: &str, text: &str) -> Vec<Match> {
        self.scan(text).hits.into_iter().map(|hit| self.match_of(&hit, field, text)).collect()
    }

    fn match_of(&self, hit: &NameHit<'_>, field: &str, text: &str) -> Match {
        let company = &self.companies[hit.named.company];
        let alias = &hit.named.alias;
        let path = match alias.kind {
            AliasKind::Subsidiary => vec![alias.name.clone(), company.short_name().to_owned()],
            _ => Vec::new(),
        };
        let found = Match::by_alias(company.id.clone(), alias.name.clone(), alias.kind);
        Match { path, ..found.at(field, text, hit.span.clone()) }
    }

    fn roster(&self) -> &Roster {
        self.roster.get_or_init(|| Roster::of(&self.names))
    }

    fn scan(&self, text: &str) -> TextScan<'_> {
        if !self.automaton.may_find(text) {
            return TextScan::default();
        }
        let folded = Folded::of(text);
        let mut scan = self.scan_folded(text, &folded);
        if folded.has_divided() {
            let other = self.scan_folded(text, &Folded::with(text, Divided::Apart));
            scan.take(other);
        }
        scan
    }

    fn scan_folded(&self, text: &str, folded: &Folded) -> TextScan<'_> {
        let mut scan = TextScan::default();
        let mut claims = Vec::new();
        for sighting in self.automaton.find(folded) {
            for owner in sighting.owners {
                match *owner {
                    PatternOwner::Name { .. } | PatternOwner::Veto { .. } => {
                        claims.extend(self.claim(*owner, &sighting));
                    }
                    PatternOwner::Category { category } => {
                        scan.categories.push((category, folded.original(&sighting.folded)));
                    }
                    PatternOwner::Reach => scan.reaches.push(folded.original(&sighting.folded)),
                }
            }
        }
        let claims = meant(claims, text, folded);
        scan.hits = longest(claims)
            .into_iter()
            .filter_map(|claim| Some(NameHit { named: claim.named?, span: folded.original(&claim.folded) }))
            .collect();
        scan
    }

    fn claim(&self, owner: PatternOwner, sighting: &Sighting<'_, PatternOwner>) -> Option<NameClaim<'_>> {
        let (folded, is_plural) = (sighting.folded.clone(), sighting.is_plural);
        match owner {
            PatternOwner::Name { name, is_core } => {
                let named = &self.names[name];
                Some(NameClaim { company: named.company, named: Some(named), is_core, is_plural, folded })
            }
            PatternOwner::Veto { company } => {
                Some(NameClaim { company, named: None, is_core: false, is_plural, folded })
            }
            PatternOwner::Category { .. } | PatternOwner::Reach => None,
        }
    }
}

/// Vetoes, and the names that are meant as names.
fn meant<'a>(claims: Vec<NameClaim<'a>>, text: &str, folded: &Folded) -> Vec<NameClaim<'a>> {
    let sight = |claim: &NameClaim<'a>, named: &'a CompanyName| Sight {
        text,
        span: folded.original(&claim.folded),
        alias: &named.alias,
        folded: &named.folded,
        is_core: claim.is_core,
        is_plural: claim.is_plural,
    };
    let is_plain = |claim: &&NameClaim<'a>| claim.named.is_some_and(|named| sight(claim, named).is_plain());
    let mut plain: Vec<(usize, usize)> =
        claims.iter().filter(is_plain).map(|claim| (claim.folded.start, claim.company)).collect();
    plain.sort_unstable();
    let backed: BTreeSet<usize> = plain.iter().map(|(_, company)| *company).collect();
    let is_meant = |claim: &NameClaim<'a>| match claim.named {
        Some(named) => {
            let near = claim.folded.start.saturating_sub(COMPANY)..=claim.folded.end + COMPANY;
            let from = plain.partition_point(|(start, _)| start < near.start());
            let mut beside = plain[from..].iter().take_while(|(start, _)| near.contains(start));
            let is_accompanied = beside.any(|(_, company)| *company != claim.company);
            let is_backed = backed.contains(&claim.company);
            sight(claim, named).is_meant(Backing { is_backed, is_accompanied })
        }
        None => true,
    };
    claims.into_iter().filter(is_meant).collect()
}

fn fold(company: &Company, name: &str) -> Result<String, WatchlistError> {
    let folded = Folded::of(name).words().into_owned();
    if folded.is_empty() {
        return Err(WatchlistError::EmptyName { company: company.id.clone(), name: name.to_owned() });
    }
    Ok(folded)
}

/// Adds a name in every form in which it is looked for: as it is, with its hyphens joined, and
/// without its legal form.
fn add_name(patterns: &mut Patterns<PatternOwner>, named: &CompanyName, name: usize) {
    patterns.add_words(&named.folded, PatternOwner::Name { name, is_core: false });
    if named.alias.kind == AliasKind::Identifier {
        return;
    }
    if named.alias.name.contains('-') {
        let joined = Folded::of(&named.alias.name.replace('-', ""));
        patterns.add(&joined, PatternOwner::Name { name, is_core: false });
    }
    if let Some(core) = without_legal_forms(&named.folded) {
        patterns.add_words(&core, PatternOwner::Name { name, is_core: true });
    }
}

/// Of claims that overlap and speak of one company the longest wins, a veto before a name.
fn longest(mut claims: Vec<NameClaim<'_>>) -> Vec<NameClaim<'_>> {
    claims.sort_by_key(|claim| (Reverse(claim.folded.len()), claim.named.is_some(), claim.folded.start));
    let mut taken: BTreeMap<usize, BTreeMap<usize, usize>> = BTreeMap::new();
    claims.retain(|claim| {
        let spans = taken.entry(claim.company).or_default();
        // The spans taken do not overlap: only the last that begins before the end can.
        let before = spans.range(..claim.folded.end).next_back();
        let is_free = before.is_none_or(|(_, &end)| end <= claim.folded.start);
        if is_free {
            spans.insert(claim.folded.start, claim.folded.end);
        }
        is_free
    });
    claims.sort_by_key(|claim| claim.folded.start);
    claims
}

#[cfg(test)]
mod tests;
