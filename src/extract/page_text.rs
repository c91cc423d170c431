//! The prose of a page, one entry a section.
//!
//! Sections are told apart by their headings, so that a change is told as
//! "section so-and-so was reworded" and a paragraph that moves with its section
//! is no change. What stands before the first heading is a section of its own,
//! named after the page. A row of a table is one line, so that what changed in it
//! is seen beside what it is about.

mod row;

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use self::row::{CELL_MARK, Row, has_cell_before, is_cell};
use super::Page;
use super::html::{self, Lines, Markup, Piece};
use super::table::folded;
use crate::domain::entry::{Completeness, Document, Entry, Resemblance};
use crate::domain::source::PageTextSettings;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;

pub(super) fn extract(settings: &PageTextSettings, page: &Page<'_>) -> Result<Document, Unreadable> {
    let markup = Markup::of(page)?;
    let kept = kept(settings, &markup)?;
    let mut dropped = HashSet::new();
    for css in &settings.drop {
        dropped.extend(markup.tree.select(&html::selector(css)?).map(|element| element.id()));
    }
    let mut sections = Sections::new(&markup);
    for root in kept {
        html::walk(root, &dropped, |piece| sections.take(&piece));
        sections.take(&Piece::Break);
    }
    let title = html::title(page).unwrap_or_else(|| page.url.to_string());
    let entries = sections.finish().into_iter().filter_map(|section| section.into_entry(&title)).collect();
    Ok(Document::new(entries, Completeness::Whole, Resemblance::Text).relative_to(markup.address()))
}

/// What is read, in the order of the page; what lies within another is read with it.
fn kept<'a>(settings: &PageTextSettings, markup: &'a Markup) -> Result<Vec<ElementRef<'a>>, Unreadable> {
    let mut wanted = HashSet::new();
    for css in &settings.keep {
        let selector = html::selector(css)?;
        let mut matches = markup.tree.select(&selector).map(|element| element.id()).peekable();
        if matches.peek().is_none() {
            return Err(Unreadable::Missing { what: format!("an element that matches {css:?}") });
        }
        wanted.extend(matches);
    }
    let is_outermost =
        |element: &ElementRef<'_>| !element.ancestors().any(|outer| wanted.contains(&outer.id()));
    let elements = markup.tree.root_element();
    let all = std::iter::once(elements).chain(elements.descendent_elements());
    Ok(all.filter(|element| wanted.contains(&element.id())).filter(is_outermost).collect())
}

/// A heading and what follows it, up to the next.
#[derive(Default)]
struct Section {
    /// Its place on the page.
    place: usize,
    /// The headings above it and its own, as they are compared.
    path: Vec<String>,
    heading: String,
    lines: Lines,
    links: Vec<(String, Url)>,
}

impl Section {
    fn into_entry(self, page_title: &str) -> Option<Entry> {
        let text = self.lines.finish();
        let is_lead = self.path.is_empty();
        if is_lead && text.is_empty() && self.links.is_empty() {
            return None;
        }
        let title = if is_lead { page_title.to_owned() } else { self.heading };
        Some(html::with_links(Entry::new(self.path.join("/"), title).with("text", text), self.links))
    }
}

/// Sections under construction.
struct Sections<'a> {
    markup: &'a Markup,
    done: Vec<Section>,
    current: Section,
    /// The headings in force: level and folded text.
    headings: Vec<(u8, String)>,
    /// The heading being read.
    heading: Option<(NodeId, Lines)>,
    /// What can be folded away and is open, from the outermost.
    folds: Vec<Fold>,
    /// How many sections began.
    begun: usize,
    /// The row being read.
    row: Option<Row>,
}

/// An element with a summary: a section within a section, which goes on behind it.
struct Fold {
    id: NodeId,
    /// What the summary interrupted, and the headings in force there.
    interrupted: Option<(Section, Vec<(u8, String)>)>,
}

impl<'a> Sections<'a> {
    fn new(markup: &'a Markup) -> Self {
        Self {
            markup,
            done: Vec::new(),
            current: Section::default(),
            headings: Vec::new(),
            heading: None,
            folds: Vec::new(),
            begun: 0,
            row: None,
        }
    }

    fn take(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Open(element) if self.heading.is_none() && self.level(*element).is_some() => {
                self.heading = Some((element.id(), Lines::default()));
                return;
            }
            Piece::Close(element) if self.heading.as_ref().is_some_and(|(id, _)| *id == element.id()) => {
                self.begin(self.level(*element).unwrap_or(1), is_summary(*element));
                return;
            }
            Piece::Open(element) if element.value().name() == "details" => {
                self.folds.push(Fold { id: element.id(), interrupted: None });
            }
            Piece::Close(element) if self.folds.last().is_some_and(|fold| fold.id == element.id()) => {
                self.go_on();
            }
            Piece::Open(element) => {
                if let Some(target) = self.markup.target(*element) {
                    let label = one_line(&html::text(*element));
                    let label = self.row.iter().fold(label, |label, row| row.label(label));
                    self.current.links.push((label, target));
                }
                if self.row.is_none() {
                    self.row = Row::of(*element);
                }
            }
            Piece::Close(element) if self.row.as_ref().is_some_and(|row| row.id == element.id()) => {
                self.row = None;
            }
            _ => {}
        }
        match &mut self.heading {
            Some((_, heading)) => heading.take(piece),
            None => self.add(piece),
        }
    }

    /// Adds a piece to the section: within a row of data every break is one between words or cells.
    fn add(&mut self, piece: &Piece<'_>) {
        let lines = &mut self.current.lines;
        match piece {
            Piece::Break if self.row.is_some() => lines.take(&Piece::Text(" ")),
            Piece::Open(cell) if self.row.is_some() && is_cell(*cell) && has_cell_before(*cell) => {
                lines.take(&Piece::Text(CELL_MARK));
            }
            _ => lines.take(piece),
        }
    }

    /// A section that was interrupted goes on.
    fn go_on(&mut self) {
        let Some((section, headings)) = self.folds.pop().and_then(|fold| fold.interrupted) else { return };
        self.done.push(std::mem::replace(&mut self.current, section));
        self.headings = headings;
    }

    /// The level of a heading: of a summary that of what lies deeper than all headings.
    fn level(&self, element: ElementRef<'_>) -> Option<u8> {
        if is_summary(element) {
            let depth = u8::try_from(self.folds.len()).unwrap_or(u8::MAX);
            return (depth > 0).then(|| DEEPEST.saturating_add(depth));
        }
        level(element)
    }

    /// The heading just read begins a section, unless it is blank.
    fn begin(&mut self, level: u8, is_within: bool) {
        let Some((_, heading)) = self.heading.take() else { return };
        let heading = one_line(&heading.finish());
        if heading.is_empty() {
            return;
        }
        let before = self.headings.clone();
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, folded(&heading)));
        let path = self.headings.iter().map(|(_, folded)| folded.clone()).collect();
        let lines = self.current.lines.following();
        self.begun += 1;
        let section = Section { place: self.begun, path, heading, lines, ..Section::default() };
        let interrupted = std::mem::replace(&mut self.current, section);
        match self.folds.last_mut().filter(|fold| is_within && fold.interrupted.is_none()) {
            Some(fold) => fold.interrupted = Some((interrupted, before)),
            None => self.done.push(interrupted),
        }
    }

    fn finish(mut self) -> Vec<Section> {
        while !self.folds.is_empty() {
            self.go_on();
        }
        self.done.push(self.current);
        self.done.sort_by_key(|section| section.place);
        self.done
    }
}

/// The level of the deepest heading.
const DEEPEST: u8 = 6;

fn is_summary(element: ElementRef<'_>) -> bool {
    element.value().name() == "summary"
}

fn level(element: ElementRef<'_>) -> Option<u8> {
    match element.value().name().as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        // What only says that it is a heading is one of the second level (WAI-ARIA 1.2).
        _ if element.attr("role").is_some_and(|role| role.trim() == "heading") => {
            let level = element.attr("aria-level").and_then(|level| level.trim().parse().ok());
            Some(level.unwrap_or(2).clamp(1, DEEPEST))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
