//! What of a sheet must be known before its rows are read, and stands behind them in part: which columns
//! are hidden, and which cells are merged.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use super::cells::{MAX_COLUMNS, check_regions};
use super::package::{XmlPiece, XmlStream, attribute, is_set, number};
use crate::domain::verdict::Unreadable;

/// Cells that are merged: the first and the last, each by row and column from 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Region {
    pub(super) start: (u32, usize),
    pub(super) end: (u32, usize),
}

impl Region {
    /// The region that a reference such as `A1:B2` means.
    fn of(reference: &str) -> Option<Self> {
        let (one, other) = reference.split_once(':').unwrap_or((reference, reference));
        let (one, other) = (place(one)?, place(other)?);
        Some(Self {
            start: (one.0.min(other.0), one.1.min(other.1)),
            end: (one.0.max(other.0), one.1.max(other.1).min(MAX_COLUMNS - 1)),
        })
    }

    pub(super) fn columns(&self) -> usize {
        self.end.1 - self.start.1 + 1
    }
}

/// The row and the column of a cell such as `$AB12`, from 0.
pub(super) fn place(reference: &str) -> Option<(u32, usize)> {
    let reference = reference.trim().replace('$', "");
    let digits = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, digits) = reference.split_at(digits);
    if letters.is_empty() || letters.len() > 3 {
        return None;
    }
    let column = letters.bytes().try_fold(0_usize, |column, letter| {
        letter
            .is_ascii_alphabetic()
            .then(|| column * 26 + usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    })?;
    Some((digits.parse::<u32>().ok()?.checked_sub(1)?, column - 1))
}

#[derive(Debug, Default)]
pub(super) struct SheetFrame {
    hidden: Vec<RangeInclusive<usize>>,
    pub(super) regions: Vec<Region>,
    /// Whether rows of one merged cell stand below each other row, nearly: they say more of it.
    pub(super) are_bands_details: bool,
}

impl SheetFrame {
    /// # Errors
    /// Where the sheet is not well-formed, or has more than can be held.
    pub(super) fn read(mut file: XmlStream<'_>) -> Result<Self, Unreadable> {
        let mut frame = Self::default();
        // Rows that say something, by their numbers from 0.
        let (mut rows, mut row, mut is_noted) = (0_usize, 0_u32, true);
        while let Some(piece) = file.next()? {
            let XmlPiece::Open(tag) = piece else { continue };
            match tag.local_name().as_ref() {
                "col" => frame.take_column(&tag),
                "row" => {
                    row = number(&tag, "r").unwrap_or(row + 1);
                    is_noted = false;
                }
                "v" | "is" if !is_noted => {
                    rows += 1;
                    is_noted = true;
                }
                "mergeCell" => {
                    frame.regions.extend(attribute(&tag, "ref").and_then(|reference| Region::of(&reference)));
                    check_regions(frame.regions.len())?;
                }
                _ => {}
            }
        }
        frame.are_bands_details = are_details(&frame.regions, rows);
        Ok(frame)
    }

    fn take_column(&mut self, tag: &quick_xml::events::BytesStart<'_>) {
        let is_hidden = is_set(tag, "hidden") || number::<f64>(tag, "width") == Some(0.0);
        let (Some(first), Some(last)) = (number::<usize>(tag, "min"), number::<usize>(tag, "max")) else {
            return;
        };
        if is_hidden && first > 0 && self.hidden.len() < MAX_COLUMNS {
            self.hidden.push(first - 1..=last.saturating_sub(1));
        }
    }

    pub(super) fn is_hidden(&self, column: usize) -> bool {
        self.hidden.iter().any(|columns| columns.contains(&column))
    }
}

/// Bands that open below entries are nearly as many as these, and no two stand together.
fn are_details(regions: &[Region], rows: usize) -> bool {
    let is_band = |region: &&Region| region.start.0 == region.end.0 && region.columns() > 1;
    let bands: BTreeSet<u32> = regions.iter().filter(is_band).map(|region| region.start.0).collect();
    let are_apart = bands.iter().all(|row| !bands.contains(&(row + 1)));
    bands.len() > 1 && are_apart && bands.len() * 3 >= rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_by_letters_and_numbers() {
        assert_eq!(place("A1"), Some((0, 0)));
        assert_eq!(place("$XFD$1048576"), Some((1_048_575, 16_383)));
        for no in ["", "A", "1", "A0", "ABCD1", "Ä1", "A-1"] {
            assert_eq!(place(no), None, "{no}");
        }
        assert_eq!(Region::of("B3:A1"), Some(Region { start: (0, 0), end: (2, 1) }));
    }

    #[test]
    fn bands_below_each_row_are_details() {
        let band = |row: u32| Region { start: (row, 0), end: (row, 2) };
        assert!(are_details(&[band(2), band(4), band(6)], 7));
        assert!(!are_details(&[band(2), band(8)], 20) && !are_details(&[band(2)], 3));
        assert!(!are_details(&[band(2), band(3), band(5)], 7));
    }
}
