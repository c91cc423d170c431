//! The cells of a sheet, row by row, merged ones in each place that they cover.

use super::book::{Book, BookFacts, SheetFile};
use super::decimal::Decimal;
use super::format::NumberFormat;
use super::frame::{Region, SheetFrame, place};
use super::moment;
use super::package::{XmlPiece, XmlStream, attribute, is_set, number};
use super::text::{SharedText, SharedTextBuilder, unescaped};
use crate::domain::verdict::Unreadable;
use crate::extract::limits;
use crate::extract::xml::unexpected;

/// So much may merged cells add to a sheet by standing in several places.
const MAX_FILLED_BYTES: usize = 64 << 20;

/// What a cell costs beside its text.
const CELL_BYTES: usize = 48;

/// So much may a row say; the texts that cells share may be long.
const MAX_ROW_BYTES: usize = 8 << 20;

/// A sheet has so many columns and rows at most.
pub(super) const MAX_COLUMNS: usize = 16_384;

/// A cell that says something.
#[derive(Debug, Clone, Default)]
pub(super) struct SheetCell {
    pub(super) column: usize,
    pub(super) text: String,
    /// What of it is struck through.
    pub(super) struck: String,
    pub(super) is_hidden: bool,
    /// The merged region that it covers.
    pub(super) region: Option<usize>,
}

/// The cells of a row that say something, by their columns.
#[derive(Debug)]
pub(super) struct SheetRow {
    cells: Vec<SheetCell>,
    /// Over how many columns the one cell is merged of which the row consists; 0 of another row.
    pub(super) band: usize,
}

impl SheetRow {
    pub(super) fn at(&self, column: usize) -> Option<&SheetCell> {
        self.cells.binary_search_by_key(&column, |cell| cell.column).ok().map(|index| &self.cells[index])
    }

    /// A row of one cell over its columns.
    pub(super) fn of_one(cell: SheetCell) -> Self {
        Self { cells: vec![cell], band: 1 }
    }

    pub(super) fn cells(&self) -> &[SheetCell] {
        &self.cells
    }

    /// The texts by column, of so many columns at most.
    pub(super) fn texts(&self, most: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for cell in self.cells.iter().filter(|cell| cell.column < most) {
            texts.resize(cell.column, String::new());
            texts.push(cell.text.clone());
        }
        texts
    }
}

/// Reads one row after another; blank rows are passed over.
pub(super) struct SheetReader<'a> {
    stream: XmlStream<'a>,
    facts: &'a BookFacts,
    frame: SheetFrame,
    merged: Merged,
    /// The number of the last row, from 1.
    row: u32,
}

impl<'a> SheetReader<'a> {
    pub(super) fn of(book: &'a mut Book<'_>, sheet: &SheetFile) -> Result<Self, Unreadable> {
        let frame = SheetFrame::read(book.sheet(sheet)?.0)?;
        let merged = Merged::of(&frame.regions);
        let (stream, facts) = book.sheet(sheet)?;
        Ok(Self { stream, facts, frame, merged, row: 0 })
    }

    /// Whether rows of one merged cell are details of the rows above them, not headings of those below.
    pub(super) fn are_bands_details(&self) -> bool {
        self.frame.are_bands_details
    }

    /// The next row that says something of its own.
    pub(super) fn row(&mut self) -> Result<Option<SheetRow>, Unreadable> {
        while let Some(piece) = self.stream.next()? {
            if let XmlPiece::Open(tag) = piece
                && tag.local_name().as_ref() == "row"
            {
                let is_hidden = is_set(&tag, "hidden") || number::<f64>(&tag, "ht") == Some(0.0);
                self.row = number(&tag, "r").unwrap_or(self.row + 1);
                let mut cells = self.cells(is_hidden)?;
                if cells.is_empty() {
                    continue;
                }
                cells.sort_by_key(|cell| cell.column);
                cells.dedup_by_key(|cell| cell.column);
                let band = self.merged.fill(&self.frame.regions, self.row.saturating_sub(1), &mut cells)?;
                return Ok(Some(SheetRow { cells, band }));
            }
        }
        Ok(None)
    }

    /// The cells of the row that has begun, those that say something.
    fn cells(&mut self, is_hidden: bool) -> Result<Vec<SheetCell>, Unreadable> {
        let (mut cells, mut column, mut bytes): (Vec<SheetCell>, usize, usize) = (Vec::new(), 0, 0);
        let mut current: Option<CellBuilder> = None;
        while let Some(piece) = self.stream.next()? {
            match (&piece, &mut current) {
                (XmlPiece::Close(tag), _) if tag.local_name().as_ref() == "row" => break,
                (XmlPiece::Open(tag), None) if tag.local_name().as_ref() == "c" => {
                    column =
                        attribute(tag, "r").and_then(|at| place(&at)).map_or(column, |(_, column)| column);
                    if column >= MAX_COLUMNS {
                        return Err(too_much(self.row, &format_args!("more than {MAX_COLUMNS} columns")));
                    }
                    current = Some(CellBuilder::of(tag));
                }
                (XmlPiece::Close(tag), Some(_)) if tag.local_name().as_ref() == "c" => {
                    let read = current.take().map(|reading| reading.finish(self.facts)).transpose()?;
                    let is_hidden = is_hidden || self.frame.is_hidden(column);
                    if let Some(cell) = read.filter(|cell| !cell.text.is_empty()) {
                        bytes += cell.text.len() + CELL_BYTES;
                        cells.push(SheetCell { column, is_hidden: is_hidden || cell.is_hidden, ..cell });
                    }
                    column += 1;
                    if bytes > MAX_ROW_BYTES {
                        return Err(too_much(
                            self.row,
                            &format_args!("more than {} MiB", MAX_ROW_BYTES >> 20),
                        ));
                    }
                }
                (piece, Some(reading)) => reading.take(piece),
                _ => {}
            }
        }
        Ok(cells)
    }
}

fn too_much(row: u32, found: &dyn std::fmt::Display) -> Unreadable {
    unexpected(&format!("row {row} of the sheet"), found)
}

/// A cell under construction.
struct CellBuilder {
    kind: String,
    style: usize,
    value: String,
    is_in_value: bool,
    inline: SharedTextBuilder,
}

impl CellBuilder {
    fn of(tag: &quick_xml::events::BytesStart<'_>) -> Self {
        Self {
            kind: attribute(tag, "t").unwrap_or_default(),
            style: number(tag, "s").unwrap_or(0),
            value: String::new(),
            is_in_value: false,
            inline: SharedTextBuilder::default(),
        }
    }

    fn take(&mut self, piece: &XmlPiece<'_>) {
        match piece {
            XmlPiece::Open(tag) if tag.local_name().as_ref() == "v" => self.is_in_value = true,
            XmlPiece::Close(tag) if tag.local_name().as_ref() == "v" => self.is_in_value = false,
            XmlPiece::Text(text) if self.is_in_value => self.value.push_str(text),
            piece => self.inline.take(piece),
        }
    }

    /// What a reader sees in the cell; days are written as in ISO 8601.
    fn finish(self, facts: &BookFacts) -> Result<SheetCell, Unreadable> {
        let default = super::style::Style::default();
        let style = facts.styles.of(self.style).unwrap_or(&default);
        let said = |text: SharedText| SheetCell {
            struck: text.struck(style.is_struck),
            text: text.all,
            ..SheetCell::default()
        };
        let plain = |text: String| said(SharedText::plain(text));
        let value = self.value.trim();
        Ok(match self.kind.as_str() {
            "s" => {
                let text = value.parse().ok().and_then(|index: usize| facts.texts.get(index));
                said(text.cloned().ok_or_else(|| {
                    unexpected(
                        "a cell of the sheet",
                        &format_args!("the text {value:?}, which the book does not have"),
                    )
                })?)
            }
            "inlineStr" => said(self.inline.finish()),
            "str" => plain(unescaped(&self.value)),
            "b" => plain(if value.is_empty() {
                String::new()
            } else {
                (value == "1" || value == "true").to_string()
            }),
            "d" | "e" => plain(value.to_owned()),
            _ => {
                let (text, is_hidden) = shown(value, &style.format, facts.is_from_1904);
                SheetCell { is_hidden, ..plain(text) }
            }
        })
    }
}

/// A number as its format shows it, and whether that hides it.
fn shown(value: &str, format: &NumberFormat, is_from_1904: bool) -> (String, bool) {
    let Some(number) = Decimal::of(value) else { return (value.to_owned(), false) };
    if let NumberFormat::Moment { has_day } = format
        && let Some(text) = moment::shown(value, *has_day, is_from_1904)
    {
        return (text, false);
    }
    (format.shown(&number), format.hides(&number))
}

/// The merged cells of a sheet.
struct Merged {
    /// In the order of their first rows, the last first.
    ahead: Vec<usize>,
    /// Those that reach into the row, with what they say.
    open: Vec<(usize, SheetCell)>,
    left: usize,
}

impl Merged {
    fn of(regions: &[Region]) -> Self {
        let mut ahead: Vec<usize> = (0..regions.len()).collect();
        ahead.sort_by_key(|index| std::cmp::Reverse(regions[*index].start));
        Self { ahead, open: Vec::new(), left: MAX_FILLED_BYTES }
    }

    /// Puts what merged cells say where they cover the row. One that covers all that the row says is
    /// said once; over how many columns it is merged is returned, 0 of another row.
    fn fill(
        &mut self,
        regions: &[Region],
        number: u32,
        row: &mut Vec<SheetCell>,
    ) -> Result<usize, Unreadable> {
        self.open.retain(|(index, _)| regions[*index].end.0 >= number);
        while let Some(index) = self.ahead.pop_if(|index| regions[*index].start.0 <= number) {
            let region = &regions[index];
            let anchor = row.iter_mut().find(|cell| cell.column == region.start.1);
            // A merged cell that says nothing, in a row above perhaps, says nothing here.
            if let Some(anchor) = anchor.filter(|_| region.start.0 == number) {
                anchor.region = Some(index);
                self.open.push((index, anchor.clone()));
            }
        }
        let own = row.len();
        if own == 1
            && self.open.len() == 1
            && let Some(region) = row[0].region
        {
            return Ok(regions[region].columns());
        }
        for (index, cell) in &self.open {
            for column in regions[*index].start.1..=regions[*index].end.1 {
                if row[..own].binary_search_by_key(&column, |cell| cell.column).is_ok() {
                    continue;
                }
                self.left = self
                    .left
                    .checked_sub(cell.text.len() + CELL_BYTES)
                    .ok_or_else(|| too_much(number + 1, &"merged cells that cover more than can be read"))?;
                row.push(SheetCell { column, ..cell.clone() });
            }
        }
        row.sort_by_key(|cell| cell.column);
        row.dedup_by_key(|cell| cell.column);
        Ok(0)
    }
}

/// Checks that a sheet has no more merged cells than can be held.
pub(super) fn check_regions(count: usize) -> Result<(), Unreadable> {
    limits::check_parts("merged cells", count)
}
