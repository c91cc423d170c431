//! Who is tracked already, and what a company that comes in is to them.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::CompanyDraft;
use crate::domain::company::Company;
use crate::domain::comparable::comparable;
use crate::domain::id::CompanyId;

/// The companies that are tracked, by their names and numbers.
#[derive(Debug, Default)]
pub struct TrackedCompanies {
    companies: BTreeMap<CompanyId, CompanyDraft>,
    owners: BTreeMap<String, BTreeSet<CompanyId>>,
}

impl TrackedCompanies {
    /// These companies.
    #[must_use]
    pub fn of(companies: &[Company]) -> Self {
        let mut known = Self::default();
        for company in companies {
            known.add(company.clone());
        }
        known
    }

    /// One more.
    pub fn add(&mut self, company: Company) {
        self.own(&company);
        self.companies.insert(company.id.clone(), company.into());
    }

    /// Notes whose these names and numbers are.
    fn own(&mut self, company: &Company) {
        for name in spellings(company) {
            self.owners.entry(name).or_default().insert(company.id.clone());
        }
    }

    /// A company by its id.
    #[must_use]
    pub fn get(&self, id: &CompanyId) -> Option<&Company> {
        self.companies.get(id).map(CompanyDraft::company)
    }

    /// The companies with which this one shares its id, or a name or number that may mean one
    /// company only: those above it and below it apart.
    #[must_use]
    pub fn twins(&self, company: &Company) -> BTreeSet<CompanyId> {
        let sharing = spellings(company).filter_map(|name| self.owners.get(&name)).flatten();
        let mut twins: BTreeSet<CompanyId> =
            sharing.filter(|id| !self.is_relative(id, company)).cloned().collect();
        twins.extend(self.get(&company.id).map(|known| known.id.clone()));
        twins
    }

    fn is_relative(&self, id: &CompanyId, company: &Company) -> bool {
        *id != company.id
            && (self.is_above(id, company.parent.as_ref()) || self.is_above(&company.id, Some(id)))
    }

    /// Whether `above` is `from` or stands above it. A circle ends after as many steps as there are companies.
    fn is_above(&self, above: &CompanyId, from: Option<&CompanyId>) -> bool {
        std::iter::successors(from, |id| self.get(id)?.parent.as_ref())
            .take(self.companies.len() + 1)
            .any(|id| id == above)
    }

    /// Adds what a company says beyond what is known of its twin; gives that much, in a company with
    /// the twin's id and name. Nothing where there is no such twin.
    pub fn merge(&mut self, twin: &CompanyId, company: Company) -> Option<Company> {
        let more = self.companies.get_mut(twin)?.merge(company);
        self.own(&more);
        Some(more)
    }
}

/// Every name and number in the form in which two are one.
fn spellings(company: &Company) -> impl Iterator<Item = String> {
    let aliases = company.aliases.iter().map(|alias| alias.name.as_str());
    let numbers = company.identifiers.iter().map(|identifier| identifier.value.as_str());
    std::iter::once(company.name.as_str()).chain(aliases).chain(numbers).map(comparable)
}
