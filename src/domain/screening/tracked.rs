//! Suppliers that are tracked companies, or belong to one: what the watchlist knows of them counts as well.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::entry_names;
use super::screened::{ScreeningAnswer, ScreeningFinding};
use super::suppliers::about;
use crate::domain::change::ChangeKind;
use crate::domain::company::{Alias, AliasKind, Company};
use crate::domain::comparable::comparable;
use crate::domain::diff::whole;
use crate::domain::entry::Entry;
use crate::domain::id::CompanyId;
use crate::domain::matching::{Concern, Match, MatchRule, Watchlist, WatchlistError};
use crate::domain::scoring::{Name, compare};
use crate::domain::source::Source;

/// A supplier's name that is so near a `not` name is that name.
const THE_SAME: f64 = 0.97;

/// The tracked companies that suppliers are or belong to.
#[derive(Debug)]
pub(super) struct Tracked {
    /// They alone, and those whom a supplier's name does not mean.
    watchlist: Watchlist,
    bonds: BTreeMap<CompanyId, Vec<(usize, Bond)>>,
    /// Their names as the scorer has them.
    names: BTreeMap<CompanyId, Vec<Name>>,
    alert_at: f64,
}

/// What a supplier is to a company.
#[derive(Debug, Clone)]
enum Bond {
    /// The company itself.
    Itself,
    /// What the company controls, by this name.
    Subsidiary(String),
    /// A company that belongs to it, tracked as well: from the owner down to it.
    Child(Vec<String>),
}

/// What an entry means for suppliers that are known to the watchlist.
#[derive(Debug, Default)]
pub(super) struct NamedSuppliers {
    /// For each supplier what was found.
    pub found: Vec<(usize, ScreeningFinding)>,
    /// The companies that the entry names.
    companies: BTreeSet<CompanyId>,
}

impl NamedSuppliers {
    /// Whether the entry names one of these companies.
    pub(super) fn names_any(&self, companies: &[CompanyId]) -> bool {
        companies.iter().any(|company| self.companies.contains(company))
    }

    fn keep(&mut self, supplier: usize, finding: ScreeningFinding) {
        match self.found.iter_mut().find(|(known, _)| *known == supplier) {
            Some((_, known)) if known.rank() <= finding.rank() => {}
            Some((_, known)) => *known = finding,
            None => self.found.push((supplier, finding)),
        }
    }
}

impl Tracked {
    /// What the watchlist knows of names; `None` where it knows none of them. Also for each name the companies that it
    /// does not mean.
    pub(super) fn of(
        names: &[String],
        watchlist: &Watchlist,
    ) -> Result<(Option<Self>, Vec<Vec<CompanyId>>), WatchlistError> {
        let (known, alert_at) = (TrackedNames::of(watchlist), watchlist.thresholds().alert_at);
        let mut bonds: BTreeMap<CompanyId, Vec<(usize, Bond)>> = BTreeMap::new();
        let mut vetoes = Vec::with_capacity(names.len());
        for (supplier, name) in names.iter().enumerate() {
            let not_meant = known.vetoed(name);
            for (company, alias) in known.meant(name, watchlist, alert_at) {
                if not_meant.contains(&company) {
                    continue;
                }
                let bond = match alias.kind {
                    AliasKind::Subsidiary => Bond::Subsidiary(alias.name),
                    _ => Bond::Itself,
                };
                for (owner, path) in owners(watchlist, &company) {
                    bonds.entry(owner).or_default().push((supplier, Bond::Child(path)));
                }
                bonds.entry(company).or_default().push((supplier, bond));
            }
            vetoes.push(not_meant);
        }
        let meant: BTreeSet<&CompanyId> = bonds.keys().chain(vetoes.iter().flatten()).collect();
        if meant.is_empty() {
            return Ok((None, vetoes));
        }
        let names = meant.iter().filter_map(|id| watchlist.company(id)).map(|company| {
            let names = company.names().filter(|alias| alias.kind != AliasKind::Subsidiary);
            (company.id.clone(), names.map(|alias| Name::of(&alias.name)).collect())
        });
        let (names, watchlist) = (names.collect(), watchlist.of_only(|company| meant.contains(&company.id))?);
        Ok((Some(Self { watchlist, bonds, names, alert_at }), vetoes))
    }

    /// What an entry means for them.
    pub(super) fn look_at(&self, source: &Source, entry: &Entry) -> NamedSuppliers {
        let mut named = NamedSuppliers::default();
        let Concern { matches, possible } =
            self.watchlist.concern(source, &whole(ChangeKind::AlreadyListed, entry));
        // That a source is bound to a company says nothing of an entry.
        for found in matches.iter().filter(|found| found.rule != MatchRule::SourceBound) {
            if found.is_hit() {
                named.companies.insert(found.company.clone());
            }
            for (supplier, bond) in self.bonds.get(&found.company).into_iter().flatten() {
                if let Some(finding) = self.finding(source, entry, found, bond) {
                    named.keep(*supplier, finding);
                }
            }
        }
        for near in &possible {
            for (supplier, bond) in self.bonds.get(&near.company).into_iter().flatten() {
                if matches!(bond, Bond::Itself) {
                    named.keep(
                        *supplier,
                        told(source, entry, near, ScreeningAnswer::Possible, near.reason.clone()),
                    );
                }
            }
        }
        named
    }

    /// What a match means for a supplier; `None` for one that it does not concern.
    fn finding(
        &self,
        source: &Source,
        entry: &Entry,
        found: &Match,
        bond: &Bond,
    ) -> Option<ScreeningFinding> {
        let is_naming =
            entry_names::is_naming(&found.field) || found.field == "text" && entry_names::is_written(source);
        let exposed = |reason: String| Some(told(source, entry, found, ScreeningAnswer::Exposed, reason));
        match (found.rule, bond) {
            (MatchRule::Exposure, Bond::Itself | Bond::Subsidiary(_)) => exposed(found.reason.clone()),
            (MatchRule::Exposure, Bond::Child(_)) => None,
            (_, Bond::Itself) if !found.path.is_empty() => exposed(format!(
                "{} is named, which belongs to it ({})",
                found.path[0],
                found.path.join(" → ")
            )),
            (_, Bond::Subsidiary(name)) if !found.path.is_empty() => (*name == found.alias && is_naming)
                .then(|| told(source, entry, found, ScreeningAnswer::Listed, in_words(found))),
            (_, Bond::Child(_)) if !found.path.is_empty() => None,
            (_, Bond::Itself) if !is_naming => {
                exposed(format!("the entry of another names it in its {}: {}", found.field, found.excerpt))
            }
            (_, Bond::Subsidiary(_) | Bond::Child(_)) if !is_naming => None,
            (_, Bond::Itself) if self.is_full_name(source, entry, found) => {
                Some(told(source, entry, found, ScreeningAnswer::Listed, in_words(found)))
            }
            (_, Bond::Itself) => {
                exposed(format!("a name that bears “{}” is listed: {}", found.alias, found.excerpt))
            }
            (_, Bond::Subsidiary(_)) => exposed(format!("{} is listed, to which it belongs", found.alias)),
            (_, Bond::Child(path)) => {
                exposed(format!("{} is listed, to which it belongs ({})", path[0], path.join(" → ")))
            }
        }
    }

    /// Whether the name of the entry in which a match stands is a name of the company, and not a longer one that only
    /// bears it.
    fn is_full_name(&self, source: &Source, entry: &Entry, found: &Match) -> bool {
        if found.rule == MatchRule::Name || found.alias_kind == Some(AliasKind::Identifier) {
            return true;
        }
        let own = self.names.get(&found.company).map_or(&[][..], Vec::as_slice);
        let words = entry
            .texts()
            .find(|(field, _)| *field == found.field)
            .and_then(|(_, text)| text.get(found.span.clone()));
        let Some(words) = words else { return true };
        let (mut bearing, mut is_own) = (false, false);
        entry_names::of(source, entry, |name| {
            if !is_own && name.contains(words) {
                bearing = true;
                let name = Name::of(name);
                is_own = own.iter().any(|own| compare(own, &name).score >= self.alert_at);
            }
        });
        is_own || !bearing
    }
}

fn told(
    source: &Source,
    entry: &Entry,
    found: &Match,
    answer: ScreeningAnswer,
    reason: String,
) -> ScreeningFinding {
    ScreeningFinding {
        answer,
        name: found.alias.clone(),
        score: found.score,
        reason,
        company: Some(found.company.clone()),
        ..about(source, entry)
    }
}

/// Why a match is one, in words.
fn in_words(found: &Match) -> String {
    if !found.reason.is_empty() {
        return found.reason.clone();
    }
    let kind = found.alias_kind.map_or("name", AliasKind::label);
    format!(
        "the {kind} “{}” of the tracked company {} stands in its {}",
        found.alias, found.company, found.field
    )
}

/// Those who own a company, each with the way down to it.
fn owners(watchlist: &Watchlist, company: &CompanyId) -> Vec<(CompanyId, Vec<String>)> {
    let Some(company) = watchlist.company(company) else { return Vec::new() };
    let mut path = vec![company.short_name().to_owned()];
    let mut owners = Vec::new();
    for owner in watchlist.owners_of(company) {
        path.insert(0, owner.short_name().to_owned());
        owners.push((owner.id.clone(), path.clone()));
    }
    owners
}

/// The watchlist's names, to be found by a supplier's.
struct TrackedNames {
    names: HashMap<String, Vec<(CompanyId, Alias)>>,
    /// Names that mean somebody else than a company.
    not: Vec<(CompanyId, Name)>,
}

impl TrackedNames {
    fn of(watchlist: &Watchlist) -> Self {
        let mut known = Self { names: HashMap::new(), not: Vec::new() };
        for company in watchlist.companies() {
            for alias in company.names() {
                let named = known.names.entry(comparable(&alias.name)).or_default();
                named.push((company.id.clone(), alias));
            }
            known.not.extend(not_names(company));
        }
        known
    }

    /// The companies that a supplier's name means, each with the name that it is.
    fn meant(&self, name: &str, watchlist: &Watchlist, alert_at: f64) -> Vec<(CompanyId, Alias)> {
        if let Some(exact) = self.names.get(&comparable(name)) {
            return exact.clone();
        }
        let near = watchlist.resembling("name", name).into_iter();
        near.filter(|near| near.score.as_f64() >= alert_at)
            .map(|near| (near.company, Alias::new(near.alias, near.alias_kind.unwrap_or_default())))
            .collect()
    }

    /// The companies that it does not mean.
    fn vetoed(&self, name: &str) -> Vec<CompanyId> {
        if self.not.is_empty() {
            return Vec::new();
        }
        let name = Name::of(name);
        let is_meant =
            |(_, not): &&(CompanyId, Name)| not.may_resemble(&name) && compare(not, &name).score >= THE_SAME;
        let vetoed: BTreeSet<CompanyId> =
            self.not.iter().filter(is_meant).map(|(company, _)| company.clone()).collect();
        vetoed.into_iter().collect()
    }
}

fn not_names(company: &Company) -> impl Iterator<Item = (CompanyId, Name)> {
    company.not.iter().map(|not| (company.id.clone(), Name::of(not)))
}
