//! What the cells of a table say, each read once however many rows it covers.

use std::collections::HashMap;
use std::rc::Rc;

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use crate::domain::verdict::Unreadable;
use crate::extract::html::{Markup, Said, attribute, said};

/// What a cell says.
#[derive(Debug)]
pub(super) struct Cell {
    pub(super) said: Said,
    /// Where it leads, of one that covers several rows.
    links: Vec<(String, Url)>,
}

/// So many bytes may be repeated in rows below the one in which they stand: a page must not grow
/// without bound by being read.
const MAX_REPEATED_BYTES: usize = 8 << 20;

/// Reads cells.
pub(super) struct Cells<'a> {
    markup: &'a Markup,
    /// Cells that cover several rows.
    shared: HashMap<NodeId, Rc<Cell>>,
    left: usize,
}

impl<'a> Cells<'a> {
    pub(super) fn new(markup: &'a Markup) -> Self {
        Self { markup, shared: HashMap::new(), left: MAX_REPEATED_BYTES }
    }

    /// What a cell says.
    ///
    /// # Errors
    /// Where what rows share would be repeated beyond measure; names the row, counted from 0 below the headers.
    pub(super) fn read(&mut self, element: ElementRef<'a>, row: usize) -> Result<Rc<Cell>, Unreadable> {
        if let Some(cell) = self.shared.get(&element.id()) {
            let links: usize = cell.links.iter().map(|(label, url)| label.len() + url.as_str().len()).sum();
            let bytes = cell.said.text.len() + links;
            self.left = self.left.checked_sub(bytes).ok_or_else(|| Unreadable::Unexpected {
                what: format!("row {} of the table", row + 1),
                found: format!(
                    "cells that repeat more than {} MiB in the rows below",
                    MAX_REPEATED_BYTES >> 20
                ),
            })?;
            return Ok(Rc::clone(cell));
        }
        let is_shared = attribute(element, "rowspan").is_some();
        let links = if is_shared { self.markup.links_in(element) } else { Vec::new() };
        let cell = Rc::new(Cell { said: said(element), links });
        if is_shared {
            self.shared.insert(element.id(), Rc::clone(&cell));
        }
        Ok(cell)
    }

    /// Where a cell leads.
    ///
    /// # Errors
    /// Those of [`Self::read`].
    pub(super) fn links(
        &mut self,
        element: ElementRef<'a>,
        row: usize,
    ) -> Result<Vec<(String, Url)>, Unreadable> {
        if attribute(element, "rowspan").is_some() {
            return Ok(self.read(element, row)?.links.clone());
        }
        Ok(self.markup.links_in(element))
    }
}
