//! Companies in the formats that others use: CSV and FollowTheMoney.
//!
//! Texts in, companies and the faults of single lines out, and back. What a company of the file is
//! to one that is tracked already is told by [`Known`]; what to do about it is the caller's choice.
//!
//! Deliberately absent: files ([`crate::config`] writes them) and questions to a person
//! (`cli::company`).

mod csv;
mod ftm;
mod known;

use std::fmt;

use crate::domain::company::{Alias, AliasKind, Company, objection};
use crate::domain::identifier::{Identifier, IdentifierScheme};

pub use csv::CsvError;
pub use known::Known;

/// A format that companies come and go in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// A fact a row: `company,kind,value,source`.
    Csv,
    /// An entity a line, as OpenSanctions publishes them (`entities.ftm.json`).
    Ftm,
}

/// A company that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Where it begins, from 1.
    pub line: u64,
    /// The company, without the facts that are at fault.
    pub company: Company,
}

/// A fact that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineFault {
    /// Where it stands, from 1.
    pub line: u64,
    /// What was found and what was expected.
    pub message: String,
}

impl fmt::Display for LineFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.line, self.message)
    }
}

/// What a text says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parsed {
    /// The companies, in the order in which they begin.
    pub companies: Vec<Incoming>,
    /// What cannot be taken, line by line.
    pub faults: Vec<LineFault>,
}

impl Format {
    /// Reads companies out of a text. Every fault is told.
    #[must_use]
    pub fn parse(self, text: &str) -> Parsed {
        let mut parsed = match self {
            Self::Csv => csv::parse(text),
            Self::Ftm => ftm::parse(text),
        };
        parsed.faults.sort_by_key(|fault| fault.line);
        parsed
    }

    /// Puts companies into a text.
    ///
    /// # Errors
    /// Only what the library refuses, which it does for no text.
    pub fn write(self, companies: &[Company]) -> Result<String, CsvError> {
        match self {
            Self::Csv => csv::write(companies),
            Self::Ftm => Ok(ftm::write(companies)),
        }
    }
}

/// Adds a name unless the company has it.
///
/// # Errors
/// A name that cannot be looked for.
fn add_alias(company: &mut Company, alias: Alias) -> Result<(), String> {
    if let Some(objection) = objection(&alias.name, alias.kind) {
        return Err(objection);
    }
    if !has_name(company, &alias.name) {
        company.aliases.push(alias);
    }
    Ok(())
}

/// Adds a number unless the company has it.
///
/// # Errors
/// A number that is none of its scheme.
fn add_identifier(company: &mut Company, identifier: Identifier) -> Result<(), String> {
    if let Some(expected) = identifier.scheme.objection(&identifier.value) {
        return Err(format!("found {:?}, expected {expected}", identifier.value));
    }
    if !has_name(company, &identifier.value) {
        company.identifiers.push(identifier);
    }
    Ok(())
}

/// Whether a name or number is the company's, capitals and blanks apart, as the configuration has it.
fn has_name(company: &Company, name: &str) -> bool {
    let name = folded(name);
    let aliases = company.aliases.iter().map(|alias| alias.name.as_str());
    let numbers = company.identifiers.iter().map(|identifier| identifier.value.as_str());
    let not = company.not.iter().map(String::as_str);
    let mut all = std::iter::once(company.name.as_str()).chain(aliases).chain(numbers).chain(not);
    all.any(|other| folded(other) == name)
}

/// Leaves out what the company has by this name: it becomes the company's own.
fn forget_name(company: &mut Company, name: &str) {
    let name = folded(name);
    company.aliases.retain(|alias| folded(&alias.name) != name);
    company.identifiers.retain(|identifier| folded(&identifier.value) != name);
    company.not.retain(|other| folded(other) != name);
}

fn folded(name: &str) -> String {
    name.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

fn alias_kind(name: &str) -> Option<AliasKind> {
    AliasKind::ALL.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind)
}

fn scheme(name: &str) -> Option<IdentifierScheme> {
    IdentifierScheme::ALL.iter().find(|(known, _)| *known == name).map(|(_, scheme)| *scheme)
}

#[cfg(test)]
mod tests;
