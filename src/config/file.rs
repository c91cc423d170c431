//! Files of the configuration: their text, and which line a byte of it is on.

use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::DeTable;

use super::draft::Drafts;
use super::fault::Faults;

/// A file that was read.
#[derive(Debug)]
pub(super) struct TextFile {
    /// As it was asked for, for messages.
    pub(super) path: PathBuf,
    /// Its place among the files read; the main file is 0.
    pub(super) index: usize,
    text: String,
}

impl TextFile {
    /// Reads a file; what is wrong with it is noted.
    pub(super) fn read(path: &Path, index: usize, drafts: &Drafts, faults: &Faults) -> Option<Self> {
        let refuse = |position, message| faults.of_file(path.to_owned(), index, position, message);
        let bytes = match drafts.read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                refuse(
                    None,
                    format!("cannot be read: {error}; expected a TOML file (`regwatch init DIR` writes one)"),
                );
                return None;
            }
        };
        match String::from_utf8(bytes) {
            Ok(text) => Some(Self { path: path.to_owned(), index, text }),
            Err(error) => {
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let position = position(&String::from_utf8_lossy(good), good.len());
                refuse(Some(position), "is not UTF-8 from here on, expected a UTF-8 text".to_owned());
                None
            }
        }
    }

    /// Line and column of a byte, both from 1.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        position(&self.text, offset)
    }

    /// Parses the text; every fault of the syntax is noted, and what could be made out is given.
    pub(super) fn parse(&self, faults: &Faults) -> Option<Spanned<DeTable<'_>>> {
        let (table, errors) = DeTable::parse_recoverable(&self.text);
        for error in &errors {
            let span = error.span().unwrap_or_default();
            faults.at(self, &span, "", format_args!("is not valid TOML: {}", error.message()));
        }
        // What was recovered after a fault of the syntax would only give misleading faults.
        errors.is_empty().then_some(table)
    }
}

fn position(text: &str, offset: usize) -> (usize, usize) {
    let before: Vec<&str> = text.get(..offset.min(text.len())).unwrap_or_default().split('\n').collect();
    let column = before.last().map_or(0, |line| line.chars().count());
    (before.len(), column + 1)
}
