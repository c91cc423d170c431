//! The cells of a sheet, row by row, merged ones in each place that they cover.

use std::io::Cursor;

use calamine::{Dimensions, Xlsx, XlsxCellReader};

use super::{no_book, plain};
use crate::domain::verdict::Unreadable;
use crate::extract::limits;

/// So much may merged cells add to a sheet by standing in several places.
const MAX_FILLED_BYTES: usize = 64 << 20;

/// What a cell costs beside its text.
const CELL_BYTES: usize = 48;

/// A cell that says something.
#[derive(Debug, Clone)]
pub(super) struct Cell {
    column: usize,
    pub(super) text: String,
    pub(super) is_struck: bool,
    /// The merged region that it covers.
    pub(super) region: Option<usize>,
}

/// The cells of a row that say something, by their columns.
pub(super) struct Row(Vec<Cell>);

impl Row {
    pub(super) fn at(&self, column: usize) -> Option<&Cell> {
        self.0.binary_search_by_key(&column, |cell| cell.column).ok().map(|index| &self.0[index])
    }

    /// The texts by column, of so many columns at most.
    pub(super) fn texts(&self, most: usize) -> Vec<String> {
        let mut texts = Vec::new();
        for cell in self.0.iter().filter(|cell| cell.column < most) {
            texts.resize(cell.column, String::new());
            texts.push(cell.text.clone());
        }
        texts
    }
}

/// Reads one row after another; blank rows are passed over.
pub(super) struct Cells<'a, 'b> {
    reader: XlsxCellReader<'a, Cursor<&'b [u8]>>,
    next: Option<(u32, Cell)>,
    merged: Merged,
    /// The reader may not be asked again after its last cell.
    is_over: bool,
}

impl<'a, 'b> Cells<'a, 'b> {
    pub(super) fn of(book: &'a mut Xlsx<Cursor<&'b [u8]>>, sheet: &str) -> Result<Self, Unreadable> {
        let regions = book.merge_cells_by_sheet_name(sheet).map_err(|error| no_book(&error))?;
        limits::check_parts("merged cells", regions.len())?;
        let reader = book.worksheet_cells_reader(sheet).map_err(|error| no_book(&error))?;
        Ok(Self { reader, next: None, merged: Merged::of(regions), is_over: false })
    }

    /// The next row that says something of its own.
    pub(super) fn row(&mut self) -> Result<Option<Row>, Unreadable> {
        let mut row: Vec<Cell> = Vec::new();
        let mut number = None;
        while let Some((line, cell)) = self.cell()? {
            if number.is_some_and(|number| number != line) {
                self.next = Some((line, cell));
                break;
            }
            number = Some(line);
            row.push(cell);
        }
        let Some(number) = number else { return Ok(None) };
        row.sort_by_key(|cell| cell.column);
        row.dedup_by_key(|cell| cell.column);
        self.merged.fill(number, &mut row)?;
        Ok(Some(Row(row)))
    }

    /// The next cell that says something.
    fn cell(&mut self) -> Result<Option<(u32, Cell)>, Unreadable> {
        if let Some(cell) = self.next.take() {
            return Ok(Some(cell));
        }
        while !self.is_over
            && let Some((cell, style)) =
                self.reader.next_cell_with_style_id().map_err(|error| no_book(&error))?
        {
            let (line, column) = cell.get_position();
            let style = self.reader.styles().get(style);
            let format = style.and_then(|style| style.number_format.as_ref());
            let text = plain(&cell, format.map(|format| format.format_code.as_str()));
            if !text.is_empty() {
                let font = style.and_then(|style| style.font.as_ref());
                let is_struck = font.is_some_and(calamine::Font::has_strikethrough);
                return Ok(Some((line, Cell { column: column as usize, text, is_struck, region: None })));
            }
        }
        self.is_over = true;
        Ok(None)
    }
}

/// The merged cells of a sheet.
struct Merged {
    /// In the order of their first rows, the last first.
    ahead: Vec<(usize, Dimensions)>,
    /// Those that reach into the row, with what they say.
    open: Vec<(Dimensions, Cell)>,
    left: usize,
}

impl Merged {
    fn of(regions: Vec<Dimensions>) -> Self {
        let mut ahead: Vec<(usize, Dimensions)> = regions.into_iter().enumerate().collect();
        ahead.sort_by_key(|(_, region)| std::cmp::Reverse(region.start));
        Self { ahead, open: Vec::new(), left: MAX_FILLED_BYTES }
    }

    /// Puts what merged cells say where they cover the row. One that covers all that the row says is
    /// said once.
    fn fill(&mut self, number: u32, row: &mut Vec<Cell>) -> Result<(), Unreadable> {
        self.open.retain(|(region, _)| region.end.0 >= number);
        while let Some((index, region)) = self.ahead.pop_if(|(_, region)| region.start.0 <= number) {
            let anchor = row.iter_mut().find(|cell| cell.column == region.start.1 as usize);
            // A merged cell that says nothing, in a row above perhaps, says nothing here.
            if let Some(anchor) = anchor.filter(|_| region.start.0 == number) {
                anchor.region = Some(index);
                self.open.push((region, anchor.clone()));
            }
        }
        let own = row.len();
        if own == 1 && row[0].region.is_some() && self.open.len() == 1 {
            return Ok(());
        }
        for (region, cell) in &self.open {
            for column in region.start.1..=region.end.1 {
                let column = column as usize;
                if row[..own].binary_search_by_key(&column, |cell| cell.column).is_ok() {
                    continue;
                }
                self.left = self.left.checked_sub(cell.text.len() + CELL_BYTES).ok_or_else(|| {
                    Unreadable::Unexpected {
                        what: format!("row {} of the sheet", number + 1),
                        found: "merged cells that cover more than can be read".to_owned(),
                    }
                })?;
                row.push(Cell { column, ..cell.clone() });
            }
        }
        row.sort_by_key(|cell| cell.column);
        row.dedup_by_key(|cell| cell.column);
        Ok(())
    }
}
