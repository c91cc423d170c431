//! The prose of a page, one entry a section.
//!
//! Sections are told apart by their headings, so that a change is told as
//! "section so-and-so was reworded" and a paragraph that moves with its section
//! is no change. What stands before the first heading is a section of its own,
//! named after the page.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

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
    Ok(Document::new(entries, Completeness::Whole, Resemblance::Text))
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
}

impl<'a> Sections<'a> {
    fn new(markup: &'a Markup) -> Self {
        Self { markup, done: Vec::new(), current: Section::default(), headings: Vec::new(), heading: None }
    }

    fn take(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Open(element) if self.heading.is_none() && level(*element).is_some() => {
                self.heading = Some((element.id(), Lines::default()));
                return;
            }
            Piece::Close(element) if self.heading.as_ref().is_some_and(|(id, _)| *id == element.id()) => {
                self.begin(level(*element).unwrap_or(1));
                return;
            }
            Piece::Open(element) => {
                if let Some(target) = self.markup.target(*element) {
                    self.current.links.push((one_line(&html::text(*element)), target));
                }
            }
            _ => {}
        }
        match &mut self.heading {
            Some((_, heading)) => heading.take(piece),
            None => self.current.lines.take(piece),
        }
    }

    /// The heading just read begins a section, unless it is blank.
    fn begin(&mut self, level: u8) {
        let Some((_, heading)) = self.heading.take() else { return };
        let heading = one_line(&heading.finish());
        if heading.is_empty() {
            return;
        }
        self.headings.retain(|(above, _)| *above < level);
        self.headings.push((level, folded(&heading)));
        let path = self.headings.iter().map(|(_, folded)| folded.clone()).collect();
        let lines = self.current.lines.following();
        let section = Section { path, heading, lines, ..Section::default() };
        self.done.push(std::mem::replace(&mut self.current, section));
    }

    fn finish(mut self) -> Vec<Section> {
        self.done.push(self.current);
        self.done
    }
}

fn level(element: ElementRef<'_>) -> Option<u8> {
    match element.value().name().as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => Some(digit - b'0'),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
