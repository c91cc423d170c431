//! A company that gets its names one after another.

use std::collections::HashSet;

use crate::domain::company::{Alias, AliasKind, Company, objection};
use crate::domain::identifier::Identifier;

/// A company, and its names and numbers in the form in which two are one: whether it has one of a
/// hundred thousand is told at once.
#[derive(Debug)]
pub(super) struct CompanyDraft {
    company: Company,
    names: HashSet<String>,
}

impl From<Company> for CompanyDraft {
    fn from(company: Company) -> Self {
        let aliases = company.aliases.iter().map(|alias| alias.name.as_str());
        let numbers = company.identifiers.iter().map(|identifier| identifier.value.as_str());
        let not = company.not.iter().map(String::as_str);
        let all = std::iter::once(company.name.as_str()).chain(aliases).chain(numbers).chain(not);
        Self { names: all.map(folded).collect(), company }
    }
}

impl CompanyDraft {
    pub(super) fn company(&self) -> &Company {
        &self.company
    }

    /// What it has beside names and numbers may be changed as it is.
    pub(super) fn company_mut(&mut self) -> &mut Company {
        &mut self.company
    }

    pub(super) fn into_company(self) -> Company {
        self.company
    }

    /// Adds a name unless the company has it.
    ///
    /// # Errors
    /// A name that cannot be looked for.
    pub(super) fn add_alias(&mut self, alias: Alias) -> Result<(), String> {
        if let Some(objection) = objection(&alias.name, alias.kind) {
            return Err(objection);
        }
        if self.names.insert(folded(&alias.name)) {
            self.company.aliases.push(alias);
        }
        Ok(())
    }

    /// Adds a number unless the company has it.
    ///
    /// # Errors
    /// A number that is none of its scheme.
    pub(super) fn add_identifier(&mut self, identifier: Identifier) -> Result<(), String> {
        if let Some(expected) = identifier.scheme.objection(&identifier.value) {
            return Err(format!("found {:?}, expected {expected}", identifier.value));
        }
        if self.names.insert(folded(&identifier.value)) {
            self.company.identifiers.push(identifier);
        }
        Ok(())
    }

    /// Adds a name that means somebody else, unless the company has it.
    pub(super) fn add_not(&mut self, name: &str) {
        if self.names.insert(folded(name)) {
            self.company.not.push(name.to_owned());
        }
    }

    /// Gives the company its own name, which is nothing else of it any more.
    pub(super) fn call(&mut self, name: &str) {
        let own = folded(name);
        self.company.aliases.retain(|alias| folded(&alias.name) != own);
        self.company.identifiers.retain(|identifier| folded(&identifier.value) != own);
        self.company.not.retain(|other| folded(other) != own);
        self.names.remove(&folded(&self.company.name));
        self.names.insert(own);
        name.clone_into(&mut self.company.name);
    }

    /// Takes over what a company says beyond this one; gives that much, in a company with this one's
    /// id and name.
    pub(super) fn merge(&mut self, company: Company) -> Company {
        let mut more = Company::new(self.company.id.clone(), self.company.name.clone());
        let own = Alias::new(company.name, AliasKind::Legal);
        more.aliases = std::iter::once(own).chain(company.aliases).collect();
        more.aliases.retain(|alias| self.names.insert(folded(&alias.name)));
        more.identifiers = company.identifiers;
        more.identifiers.retain(|identifier| self.names.insert(folded(&identifier.value)));
        more.not = company.not;
        more.not.retain(|name| self.names.insert(folded(name)));
        more.exposures = company.exposures;
        more.exposures.retain(|category| !self.company.exposures.contains(category));
        more.sources = company.sources;
        more.sources.retain(|source| !self.company.sources.contains(source));
        more.parent = company.parent.filter(|_| self.company.parent.is_none());
        self.take(&more);
        more
    }

    fn take(&mut self, more: &Company) {
        self.company.aliases.extend(more.aliases.iter().cloned());
        self.company.identifiers.extend(more.identifiers.iter().cloned());
        self.company.not.extend(more.not.iter().cloned());
        self.company.exposures.extend(more.exposures.iter().cloned());
        self.company.sources.extend(more.sources.iter().cloned());
        self.company.parent = self.company.parent.take().or_else(|| more.parent.clone());
    }
}

fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
