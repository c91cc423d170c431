//! What the cells of a table say, each read once however many rows it covers.

use std::collections::HashMap;

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use crate::domain::verdict::Unreadable;
use crate::extract::html::{ElementText, Markup, Surroundings, attribute, said, said_in};

/// A cell that covers several rows.
#[derive(Debug)]
struct SpanningCell {
    said: ElementText,
    /// Where it leads.
    links: Vec<(String, Url)>,
}

/// So many bytes may be repeated in rows below the one in which they stand: a page must not grow
/// without bound by being read.
const MAX_REPEATED_BYTES: usize = 8 << 20;

/// Reads cells.
pub(super) struct CellReader<'a> {
    markup: &'a Markup,
    /// Cells that cover several rows.
    shared: HashMap<NodeId, SpanningCell>,
    left: usize,
    /// The row that was read last, and what its cells stand in.
    row: Option<(NodeId, Surroundings)>,
    /// What that row stands in, and what it and others in that stand in.
    group: Option<(NodeId, Surroundings)>,
}

impl<'a> CellReader<'a> {
    pub(super) fn new(markup: &'a Markup) -> Self {
        Self { markup, shared: HashMap::new(), left: MAX_REPEATED_BYTES, row: None, group: None }
    }

    /// What a cell says.
    ///
    /// # Errors
    /// Where what rows share would be repeated beyond measure; names the row, counted from 0 below the headers.
    pub(super) fn read(&mut self, element: ElementRef<'a>, row: usize) -> Result<ElementText, Unreadable> {
        if attribute(element, "rowspan").is_none() {
            return Ok(self.said(element));
        }
        Ok(self.shared(element, row)?.said.clone())
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
            return Ok(self.shared(element, row)?.links.clone());
        }
        // In most cells nothing stands but words.
        let has_elements = element.child_elements().next().is_some();
        Ok(if has_elements { self.markup.links_in(element) } else { Vec::new() })
    }

    fn shared(&mut self, element: ElementRef<'a>, row: usize) -> Result<&SpanningCell, Unreadable> {
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
        }
        if !self.shared.contains_key(&element.id()) {
            let cell = SpanningCell { said: self.said(element), links: self.markup.links_in(element) };
            self.shared.insert(element.id(), cell);
        }
        Ok(&self.shared[&element.id()])
    }

    fn said(&mut self, element: ElementRef<'a>) -> ElementText {
        match element.parent().and_then(ElementRef::wrap) {
            Some(row) => said_in(element, self.in_row(row)),
            None => said(element),
        }
    }

    /// What the cells of a row stand in: all of them in the same elements, and all rows of a group as well.
    fn in_row(&mut self, row: ElementRef<'a>) -> Surroundings {
        if let Some((_, known)) = self.row.filter(|(known, _)| *known == row.id()) {
            return known;
        }
        let group = row.parent().map(|group| group.id());
        let outer = match self.group {
            Some((known, outer)) if Some(known) == group => outer,
            _ => Surroundings::of(row),
        };
        self.group = group.map(|group| (group, outer));
        let surroundings = outer.within(row);
        self.row = Some((row.id(), surroundings));
        surroundings
    }
}
