//! Files of the configuration: their text, and which line a byte of it is on.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A file that was read.
#[derive(Debug)]
pub(super) struct TextFile {
    /// As it was asked for, for messages.
    pub(super) path: PathBuf,
    /// The same, as all that is read from it refers to it.
    pub(super) name: Arc<str>,
    /// Its place among the files read; the main file is 0.
    pub(super) index: usize,
    pub(super) text: String,
    /// Where its lines begin: the place of every value is asked for, and a file may hold thousands.
    lines: Vec<usize>,
}

impl TextFile {
    /// A text that stands in no file; it is called by this name.
    pub(super) fn of(name: &Path, text: &str) -> Self {
        Self::holding(name, 0, text.to_owned())
    }

    pub(super) fn holding(path: &Path, index: usize, text: String) -> Self {
        let lines = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        let name = path.display().to_string().into();
        Self { path: path.to_owned(), name, index, text, lines }
    }

    /// Line and column of a byte, both from 1.
    pub(super) fn position(&self, offset: usize) -> (usize, usize) {
        let line = self.lines.partition_point(|begin| *begin <= offset).max(1);
        let before = self.text.get(self.lines[line - 1]..offset.min(self.text.len()));
        (line, before.map_or(0, |before| before.chars().count()) + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_has_its_line_and_column() {
        let file = TextFile::of(Path::new("a.toml"), "a = 1\n\u{e4}b = 2\n\nc");
        for (offset, expected) in [
            (0, (1, 1)),
            (5, (1, 6)),
            (6, (2, 1)),
            (8, (2, 2)),
            (14, (3, 1)),
            (15, (4, 1)),
            (16, (4, 2)),
            (99, (4, 2)),
        ] {
            assert_eq!(file.position(offset), expected, "byte {offset}");
        }
        assert_eq!(TextFile::of(Path::new("a.toml"), "").position(0), (1, 1));
    }
}
