//! Files of the configuration are read and parsed; what is wrong with them is noted.

use std::path::Path;

use toml::Spanned;
use toml::de::DeTable;

use super::draft::Drafts;
use super::fault::Faults;
use super::file::TextFile;

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
            Ok(text) => Some(Self::holding(path, index, text)),
            Err(error) => {
                let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let good = Self::holding(path, index, String::from_utf8_lossy(good).into_owned());
                let position = good.position(good.text.len());
                refuse(Some(position), "is not UTF-8 from here on, expected a UTF-8 text".to_owned());
                None
            }
        }
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
