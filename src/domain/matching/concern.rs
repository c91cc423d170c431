//! Whom a change concerns: the change, not the page.
//!
//! Of an added or removed entry everything counts, of an amended one what was amended and whose
//! entry it is (`amended`), each told apart. A source may be a company's own; a caption names the parties of a
//! whole proceeding; a company that is named concerns those who own it.

use std::collections::BTreeSet;
use std::ops::Range;

use super::amended::Amended;
use super::roster::variants;
use super::{ChangePart, Match, MatchRule, Watchlist};
use crate::domain::change::EntryChange;
use crate::domain::company::Company;
use crate::domain::entry::{CAPTION, Entry, PARTIES};
use crate::domain::id::CompanyId;
use crate::domain::scoring::{Name, Score};
use crate::domain::source::Source;

/// A chain of owners is followed so far.
const MAX_OWNERS: usize = 8;

/// The fields in which lists name an entry.
const NAME_FIELDS: [&str; 6] = ["title", "name", "names", "alias", "aliases", "entity"];

/// Whom a change concerns.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Concern {
    /// Whom it must be told to.
    pub matches: Vec<Match>,
    /// Names that may be a company's: for a person to look at, no alert.
    pub possible: Vec<Match>,
}

impl Watchlist {
    /// The companies concerned by texts of one source: those it is bound to, then those named.
    /// One match a company and alias: the first place is proof enough.
    #[must_use]
    pub fn concerned(&self, bound: &[CompanyId], texts: &[(String, String)]) -> Vec<Match> {
        let mut matches: Vec<Match> = bound.iter().cloned().map(Match::by_source).collect();
        for (field, text) in texts {
            self.find(field, text).into_iter().for_each(|found| take(&mut matches, found));
        }
        self.add_owners(&mut matches);
        matches
    }

    /// The companies that a text names, and those who own them.
    #[must_use]
    pub fn named(&self, field: &str, text: &str) -> Vec<Match> {
        let mut matches = self.find(field, text);
        self.add_owners(&mut matches);
        matches
    }

    /// The companies concerned by a change of an entry.
    #[must_use]
    pub fn concern(&self, source: &Source, change: &EntryChange) -> Concern {
        let mut matches: Vec<Match> = source.companies.iter().cloned().map(Match::by_source).collect();
        let mut exposed = Vec::new();
        let amendment = Amended::of(source, change);
        for (field, text) in &change.context {
            let scan = self.scan(text);
            if scan.is_empty() {
                continue;
            }
            let amended = amendment.words_in(field, text);
            let scope = amendment.scope(field, text);
            for hit in scan.hits.iter().filter(|hit| scope.holds(&hit.span)) {
                let found = self.match_of(hit, field, text);
                let is_of_the_case = matches!(field.as_str(), CAPTION | PARTIES);
                let rule = if is_of_the_case { MatchRule::Caption } else { found.rule };
                take(&mut matches, Match { rule, part: part_of(&amended, &found.span), ..found });
            }
            if source.kind.is_list() {
                let of_part = |found: Match| Match { part: part_of(&amended, &found.span), ..found };
                exposed.extend(self.exposed(field, text, &scan).into_iter().map(of_part));
            }
        }
        self.named_by_links(change).into_iter().for_each(|found| take(&mut matches, found));
        let possible = if source.kind.is_list() { self.add_names(&mut matches, change) } else { Vec::new() };
        self.add_owners(&mut matches);
        for found in exposed {
            let is_named = matches
                .iter()
                .any(|known| known.company == found.company && known.rule != MatchRule::SourceBound);
            if !is_named {
                take(&mut matches, found);
            }
        }
        Concern { matches, possible }
    }

    /// Whom an entry that is told whole names: what [`Self::concern`] finds in it, without where and by which rule, which
    /// takes a copy of all that the entry says. Those to whom its source is bound it need not name.
    #[must_use]
    pub fn named_in(&self, source: &Source, entry: &Entry) -> BTreeSet<&CompanyId> {
        let mut named = BTreeSet::new();
        let mut take = |places: &[usize]| named.extend(places.iter().map(|place| &self.companies[*place].id));
        let is_name = |field: &str| source.kind.is_list() && is_name_field(field);
        let texts = entry.texts().filter(|(field, text)| *field == "title" || *text != entry.title);
        for (field, text) in texts {
            if is_name(field) {
                self.known_names.of(text, || self.places_by_name(field, text), &mut take);
            } else {
                take(&self.places_in(text));
            }
        }
        let owners = named.iter().filter_map(|id| self.company(id)).flat_map(|company| self.owners(company));
        let owners: Vec<&CompanyId> = owners.map(|owner| &owner.id).collect();
        named.extend(owners);
        named
    }

    /// The places of those whom a text names.
    fn places_in(&self, text: &str) -> Vec<usize> {
        self.scan(text).hits.iter().map(|hit| hit.named.company).collect()
    }

    /// The places of those whom an entry's name names, or surely means.
    fn places_by_name(&self, field: &str, text: &str) -> Vec<usize> {
        let resembling = self.resembling(field, text);
        let sure = resembling.iter().filter(|found| self.is_sure(found));
        let mut places = self.places_in(text);
        places.extend(sure.filter_map(|found| self.place_of(&found.company)));
        places
    }

    /// Companies whose name an entry's name is, or nearly is.
    #[must_use]
    pub fn resembling(&self, field: &str, text: &str) -> Vec<Match> {
        let mut resembling: Vec<Match> = Vec::new();
        if self.roster().is_empty() {
            return resembling;
        }
        for name in variants(text) {
            for found in self.near(field, text, &name) {
                match resembling.iter_mut().find(|known| known.company == found.company) {
                    Some(known) if known.score >= found.score => {}
                    Some(known) => *known = found,
                    None => resembling.push(found),
                }
            }
        }
        resembling
    }

    /// Whether a name is so near that it is told.
    fn is_sure(&self, found: &Match) -> bool {
        found.score.as_f64() >= self.thresholds.alert_at
    }

    fn near(&self, field: &str, text: &str, name: &Name) -> Vec<Match> {
        let near = self.roster().near(name, self.thresholds.possible_at);
        near.into_iter()
            .map(|near| {
                let named = &self.names[near.name];
                let company = &self.companies[near.company];
                let found = Match::by_alias(company.id.clone(), named.alias.name.clone(), named.alias.kind);
                Match {
                    rule: MatchRule::Name,
                    score: Score::of(near.comparison.score),
                    reason: near.comparison.to_string(),
                    ..found.at(field, text, 0..text.len())
                }
            })
            .collect()
    }

    /// Adds companies whose names an entry's names nearly are, and gives those that are possible.
    fn add_names(&self, matches: &mut Vec<Match>, change: &EntryChange) -> Vec<Match> {
        let fields = change.context.iter().map(|(field, text)| (field.as_str(), text.as_str()));
        let mut possible = Vec::new();
        for found in names(&change.title, fields).flat_map(|(field, text)| self.resembling(field, text)) {
            let is_known = matches
                .iter()
                .any(|known| known.company == found.company && known.rule != MatchRule::SourceBound);
            if is_known {
                continue;
            }
            take(if self.is_sure(&found) { &mut *matches } else { &mut possible }, found);
        }
        possible.retain(|found| !matches.iter().any(|known| known.company == found.company));
        possible
    }

    /// Adds those who own a company that is named, each with the way there.
    fn add_owners(&self, matches: &mut Vec<Match>) {
        let named: Vec<Match> =
            matches.iter().filter(|found| found.rule != MatchRule::SourceBound).cloned().collect();
        for found in named {
            let Some(company) = self.company(&found.company) else { continue };
            let mut path = match found.path.as_slice() {
                [] => vec![company.short_name().to_owned()],
                path => path.to_vec(),
            };
            for owner in self.owners(company) {
                path.push(owner.short_name().to_owned());
                let is_named = matches.iter().any(|known| known.company == owner.id && known.path.is_empty());
                if !is_named {
                    take(matches, Match { company: owner.id.clone(), path: path.clone(), ..found.clone() });
                }
            }
        }
    }

    /// Those who own a company, the nearest first.
    pub(super) fn owners<'a>(&'a self, company: &'a Company) -> impl Iterator<Item = &'a Company> {
        let parent = |company: &&Company| company.parent.as_ref().and_then(|id| self.company(id));
        std::iter::successors(parent(&company), move |owner| parent(owner)).take(MAX_OWNERS)
    }
}

/// The names of an entry, each with its field. The title is nearly always one of the other fields, and is compared once.
fn names<'a>(
    title: &'a str,
    texts: impl Iterator<Item = (&'a str, &'a str)>,
) -> impl Iterator<Item = (&'a str, &'a str)> {
    let others = texts.filter(move |(field, text)| is_name_field(field) && *text != title);
    std::iter::once(("title", title)).chain(others)
}

fn is_name_field(field: &str) -> bool {
    NAME_FIELDS.contains(&field)
}

/// Keeps one match a company, alias and rule: words that changed before words that stood.
fn take(matches: &mut Vec<Match>, found: Match) {
    let known = matches.iter_mut().find(|known| {
        known.company == found.company && known.alias == found.alias && known.reason == found.reason
    });
    match known {
        Some(known) if known.part == ChangePart::Entry && found.part != ChangePart::Entry => *known = found,
        Some(_) => {}
        None => matches.push(found),
    }
}

fn part_of(amended: &[(Range<usize>, ChangePart)], span: &Range<usize>) -> ChangePart {
    let touched = amended.iter().find(|(words, _)| words.start < span.end && span.start < words.end);
    touched.map_or(ChangePart::Entry, |(_, part)| *part)
}

#[cfg(test)]
mod tests;
