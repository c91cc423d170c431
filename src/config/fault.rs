//! What is wrong with a configuration: every fault, with its place.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use super::file::TextFile;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigFault {
    /// The file.
    pub path: PathBuf,
    /// Line and column, both from 1, the column in characters; `None` where the file cannot be read.
    pub position: Option<(usize, usize)>,
    /// The key, such as `mail.from` or `source[fcc-covered-list].schedule`; empty for the file itself.
    pub key: String,
    /// What was found and what was expected.
    pub message: String,
    /// Which file of those read, and how far into it: the order in which faults are told.
    order: (usize, usize),
}

impl fmt::Display for ConfigFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path.display())?;
        if let Some((line, column)) = self.position {
            write!(f, ":{line}:{column}")?;
        }
        if !self.key.is_empty() {
            write!(f, ": {}", self.key)?;
        }
        write!(f, ": {}", self.message)
    }
}

/// A configuration that is not taken: all its faults, in the order of the files.
#[derive(Debug, Clone, PartialEq, Eq, Default, thiserror::Error)]
pub struct ConfigError {
    faults: Vec<ConfigFault>,
}

impl ConfigError {
    /// Every fault; at least one.
    #[must_use]
    pub fn faults(&self) -> &[ConfigFault] {
        &self.faults
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [fault] = self.faults.as_slice() {
            return fault.fmt(f);
        }
        write!(f, "{} faults in the configuration", self.faults.len())?;
        self.faults.iter().try_for_each(|fault| write!(f, "\n{fault}"))
    }
}

/// Collects faults while everything is read, so that one run tells them all.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: RefCell<Vec<ConfigFault>>,
}

impl Faults {
    /// Notes a fault at a place of a file.
    pub(super) fn at(&self, file: &TextFile, span: &Range<usize>, key: &str, message: impl fmt::Display) {
        self.note(ConfigFault {
            path: file.path.clone(),
            position: Some(file.position(span.start)),
            key: key.to_owned(),
            message: message.to_string(),
            order: (file.index, span.start),
        });
    }

    /// Notes that a file cannot be taken at all.
    pub(super) fn of_file(
        &self,
        path: PathBuf,
        index: usize,
        position: Option<(usize, usize)>,
        message: String,
    ) {
        self.note(ConfigFault { path, position, key: String::new(), message, order: (index, 0) });
    }

    fn note(&self, fault: ConfigFault) {
        let mut found = self.found.borrow_mut();
        if !found.contains(&fault) {
            found.push(fault);
        }
    }

    /// The error, if there were faults.
    pub(super) fn into_error(self) -> Option<ConfigError> {
        let mut faults = self.found.into_inner();
        faults.sort_by_key(|fault| fault.order);
        (!faults.is_empty()).then_some(ConfigError { faults })
    }
}
