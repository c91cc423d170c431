//! Companies in the formats that others use, CSV and FollowTheMoney, subscribers and changes as CSV, and what
//! screening found as CSV and as a spreadsheet.
//!
//! Texts in, companies and the faults of single lines out, and back. What a company of the file is
//! to one that is tracked already is told by [`TrackedCompanies`]; what to do about it is the caller's choice.
//!
//! Deliberately absent: files ([`crate::config`] writes them) and questions to a person
//! (`cli::company`).

pub mod changes;
mod csv;
mod draft;
pub mod events;
mod formula;
mod ftm;
mod known;
pub mod screening;
pub mod subscribers;

use std::fmt;

use crate::domain::company::{AliasKind, Company};
use crate::domain::identifier::IdentifierScheme;

pub use csv::CsvError;
pub use known::TrackedCompanies;

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
pub struct IncomingCompany {
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
    pub companies: Vec<IncomingCompany>,
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

fn alias_kind(name: &str) -> Option<AliasKind> {
    name.parse().ok()
}

fn scheme(name: &str) -> Option<IdentifierScheme> {
    name.parse().ok()
}

#[cfg(test)]
mod tests;
