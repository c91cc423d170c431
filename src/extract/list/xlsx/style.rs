//! How cells are set: their number format, and whether they are struck through.

use std::collections::HashMap;

use super::format::{NumberFormat, built_in};
use super::package::{XmlPiece, XmlStream, attribute, is_yes, number};
use crate::domain::verdict::Unreadable;
use crate::extract::xml::unexpected;

/// So many styles may a book have, as in Excel.
const MAX_STYLES: usize = 65_536;

/// How a cell is set.
#[derive(Debug, Clone, Default)]
pub(super) struct Style {
    pub(super) format: NumberFormat,
    pub(super) is_struck: bool,
}

/// The styles of a book, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Styles(Vec<Style>);

/// What is being read.
#[derive(PartialEq, Eq)]
enum Within {
    Formats,
    Fonts,
    Cells,
    Other,
}

impl Styles {
    /// The style of this number; the first where none is said.
    pub(super) fn of(&self, index: usize) -> Option<&Style> {
        self.0.get(index)
    }

    /// # Errors
    /// Where the file is not well-formed, or has more styles than a book can have.
    pub(super) fn read(mut file: XmlStream<'_>) -> Result<Self, Unreadable> {
        let mut codes: HashMap<u32, String> = HashMap::new();
        let mut fonts: Vec<bool> = Vec::new();
        let mut cells: Vec<(u32, usize)> = Vec::new();
        let mut within = Within::Other;
        while let Some(piece) = file.next()? {
            match piece {
                XmlPiece::Open(tag) => match (tag.local_name().as_ref(), &within) {
                    ("numFmts", Within::Other) => within = Within::Formats,
                    ("fonts", Within::Other) => within = Within::Fonts,
                    ("cellXfs", Within::Other) => within = Within::Cells,
                    ("numFmt", Within::Formats) => {
                        if let (Some(id), Some(code)) =
                            (number(&tag, "numFmtId"), attribute(&tag, "formatCode"))
                        {
                            codes.insert(id, code);
                        }
                    }
                    ("font", Within::Fonts) => fonts.push(false),
                    ("strike", Within::Fonts) => {
                        if let Some(last) = fonts.last_mut() {
                            *last = attribute(&tag, "val").is_none_or(|value| is_yes(&value));
                        }
                    }
                    ("xf", Within::Cells) => {
                        cells.push((
                            number(&tag, "numFmtId").unwrap_or(0),
                            number(&tag, "fontId").unwrap_or(0),
                        ));
                    }
                    _ => {}
                },
                XmlPiece::Close(tag) => {
                    if matches!(tag.local_name().as_ref(), "numFmts" | "fonts" | "cellXfs") {
                        within = Within::Other;
                    }
                }
                XmlPiece::Text(_) => {}
            }
            if codes.len().max(fonts.len()).max(cells.len()) > MAX_STYLES {
                return Err(unexpected(
                    "the styles of the spreadsheet",
                    &format_args!("more than {MAX_STYLES}"),
                ));
            }
        }
        let style = |(format, font): (u32, usize)| Style {
            format: codes.get(&format).map_or_else(|| built_in(format), |code| NumberFormat::of(code)),
            is_struck: fonts.get(font).copied().unwrap_or(false),
        };
        Ok(Self(cells.into_iter().map(style).collect()))
    }
}
