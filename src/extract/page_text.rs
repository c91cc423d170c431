//! The prose of a page, one entry a section, and one each item of a list.
//!
//! Sections are told apart by their headings, so that a change is told as
//! "section so-and-so was reworded" and a paragraph that moves with its section
//! is no change. What stands before the first heading is a section of its own,
//! named after the page. An item of a list is known by its words, and says under
//! which headings it stands: who joins a list concerns nobody else on it. A row of a table is one
//! line, so that what changed in it is seen beside what it is about.

mod item;
mod row;

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::ElementRef;
use url::Url;

use self::item::{HeadingPath, ItemBuilder, begins};
use self::row::{CELL_MARK, DataRow, has_cell_before, is_cell};
use super::RawDocument;
use super::html::{self, Marked, Markup, PagePiece, TextLines};
use super::section;
use super::table::folded;
use crate::domain::entry::{Completeness, Document, Entry, HIDDEN, Resemblance, STRUCK};
use crate::domain::source::PageTextSettings;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;

pub(super) fn extract(settings: &PageTextSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let markup = Markup::of(page)?;
    let kept = kept(settings, &markup)?;
    let mut dropped = HashSet::new();
    for css in &settings.drop {
        dropped.extend(markup.tree.select(&html::selector(css)?).map(|element| element.id()));
    }
    let mut sections = SectionBuilder::new(&markup);
    for root in kept.into_iter().filter(|root| !dropped.contains(&root.id())) {
        html::walk(root, &dropped, |piece| sections.take(&piece));
        sections.take(&PagePiece::Break);
    }
    let title = html::title(page).unwrap_or_else(|| page.url.to_string());
    Ok(Document::new(sections.finish(&title), Completeness::Whole, Resemblance::Text)
        .relative_to(markup.address()))
}

/// What is read, in the order of the page; what lies within another is read with it.
fn kept<'a>(settings: &PageTextSettings, markup: &'a Markup) -> Result<Vec<ElementRef<'a>>, Unreadable> {
    let mut wanted = HashSet::new();
    for css in &settings.keep {
        let selector = html::selector(css)?;
        let shown = markup.tree.select(&selector).filter(|element| !html::is_in_template(*element));
        let mut matches = shown.map(|element| element.id()).peekable();
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

/// Words under construction: what they say, what of it is struck or hidden, where it leads.
struct WordsBuilder {
    lines: TextLines,
    marked: Marked,
    links: Vec<(String, Url)>,
}

impl Default for WordsBuilder {
    fn default() -> Self {
        Self { lines: TextLines::with_signs(), marked: Marked::outermost(), links: Vec::new() }
    }
}

impl WordsBuilder {
    /// What begins where these are.
    fn following(&self) -> Self {
        Self { lines: self.lines.following(), marked: self.marked.following(), links: Vec::new() }
    }

    fn take(&mut self, piece: &PagePiece<'_>) {
        self.lines.take(piece);
        self.marked.take(piece);
    }

    /// Fills an entry.
    fn into_entry(self, entry: Entry, heading: (String, String)) -> Entry {
        let (struck, hidden) = self.marked.finish();
        let both = |one: String, other: String| crate::domain::text::lines(&format!("{one}\n{other}"));
        let entry = entry
            .with("text", self.lines.finish())
            .with(STRUCK, both(heading.0, struck))
            .with(HIDDEN, both(heading.1, hidden));
        html::with_links(entry, self.links)
    }
}

/// A heading and what follows it, up to the next.
#[derive(Default)]
struct TextSection {
    /// Its place on the page.
    place: usize,
    /// The headings above it and its own, as they are compared.
    path: Vec<String>,
    heading: String,
    /// What of the heading is struck or hidden.
    marks: (String, String),
    words: WordsBuilder,
    /// The items of lists in it.
    items: Vec<(ItemBuilder, HeadingPath)>,
}

impl TextSection {
    fn into_entries(self, page_title: &str, top: u8) -> impl Iterator<Item = Entry> {
        let is_lead = self.path.is_empty();
        let is_blank = is_lead && self.words.lines.is_blank() && self.words.links.is_empty();
        let title = if is_lead { page_title.to_owned() } else { self.heading };
        let entry = Entry::new(self.path.join("/"), title);
        let own = (!is_blank).then(|| self.words.into_entry(entry, self.marks));
        let items = self.items.into_iter().filter_map(move |(item, place)| item.into_entry(&place, top));
        own.into_iter().chain(items)
    }
}

/// The heading being read.
struct Heading {
    id: NodeId,
    words: WordsBuilder,
}

/// A heading in force.
#[derive(Clone)]
struct Above {
    level: u8,
    folded: String,
    label: String,
}

/// Sections under construction.
struct SectionBuilder<'a> {
    markup: &'a Markup,
    done: Vec<TextSection>,
    current: TextSection,
    headings: Vec<Above>,
    heading: Option<Heading>,
    /// The items being read, the innermost last.
    items: Vec<ItemBuilder>,
    /// How many elements are open whose lists are no lists of the text: tables, menus.
    closed: usize,
    /// Headings of the first level.
    titles: usize,
    /// What can be folded away and is open, from the outermost.
    folds: Vec<Fold>,
    /// How many sections began.
    begun: usize,
    /// The row being read.
    row: Option<DataRow>,
}

/// An element with a summary: a section within a section, which goes on behind it.
struct Fold {
    id: NodeId,
    /// What the summary interrupted, and the headings in force there.
    interrupted: Option<(TextSection, Vec<Above>)>,
}

impl<'a> SectionBuilder<'a> {
    fn new(markup: &'a Markup) -> Self {
        Self {
            markup,
            done: Vec::new(),
            current: TextSection::default(),
            headings: Vec::new(),
            heading: None,
            items: Vec::new(),
            closed: 0,
            titles: 0,
            folds: Vec::new(),
            begun: 0,
            row: None,
        }
    }

    fn take(&mut self, piece: &PagePiece<'_>) {
        match piece {
            PagePiece::Open(element) => {
                self.closed += usize::from(is_closed(*element));
                if element.value().name() == "details" {
                    self.folds.push(Fold { id: element.id(), interrupted: None });
                }
                if self.heading.is_none() && self.level(*element).is_some() {
                    let mut words = self.words().following();
                    words.take(piece);
                    self.heading = Some(Heading { id: element.id(), words });
                    return;
                }
                if self.heading.is_none() && self.closed == 0 {
                    self.open_item(*element);
                }
                if let Some(target) = self.markup.target(*element) {
                    let label = one_line(&html::shown(*element));
                    let label = self.row.iter().fold(label, |label, row| row.label(label));
                    self.words().links.push((label, target));
                }
                if self.row.is_none() {
                    self.row = DataRow::of(*element);
                }
            }
            PagePiece::Close(element) => {
                self.closed = self.closed.saturating_sub(usize::from(is_closed(*element)));
                if self.heading.as_ref().is_some_and(|heading| heading.id == element.id()) {
                    self.begin(self.level(*element).unwrap_or(1), is_summary(*element));
                    return;
                }
                if self.folds.last().is_some_and(|fold| fold.id == element.id()) {
                    self.go_on();
                }
            }
            _ => {}
        }
        self.add(piece);
        if let PagePiece::Close(element) = piece
            && self.items.last().is_some_and(|item| item.ends == element.id())
        {
            self.close_item();
        }
    }

    /// Adds a piece: within a row of data every break is one between words or cells.
    fn add(&mut self, piece: &PagePiece<'_>) {
        if let PagePiece::Close(element) = piece
            && self.row.as_ref().is_some_and(|row| row.id == element.id())
        {
            self.row = None;
        }
        let is_in_row = self.row.is_some() && self.heading.is_none();
        match piece {
            PagePiece::Break if is_in_row => self.words().take(&PagePiece::Text(" ")),
            PagePiece::Open(cell) if is_in_row && is_cell(*cell) && has_cell_before(*cell) => {
                self.words().take(&PagePiece::Text(CELL_MARK));
                self.words().marked.take(piece);
            }
            _ => self.words().take(piece),
        }
    }

    /// The words to which the next piece belongs.
    fn words(&mut self) -> &mut WordsBuilder {
        match (&mut self.heading, self.items.last_mut()) {
            (Some(heading), _) => &mut heading.words,
            (None, Some(item)) => &mut item.words,
            (None, None) => &mut self.current.words,
        }
    }

    /// An item of a list begins with this element, perhaps.
    fn open_item(&mut self, element: ElementRef<'_>) {
        let Some(ends) = begins(element) else { return };
        if let Some(item) = self.items.last_mut().filter(|item| item.ends == ends) {
            // The next term of a list of terms, or what is said of the one before.
            let is_next = element.value().name() == "dt" && item.is_explained;
            item.is_explained |= element.value().name() == "dd";
            if !is_next {
                return;
            }
            self.close_item();
        }
        let below = self.items.last().map(|outer| section::label(&outer.words.lines.opening()));
        let words = self.words().following();
        let is_explained = element.value().name() == "dd";
        self.items.push(ItemBuilder { ends, is_explained, below: below.unwrap_or_default(), words });
    }

    fn close_item(&mut self) {
        if let Some(item) = self.items.pop() {
            let place = self.headings.iter().map(|above| (above.level, above.label.clone())).collect();
            self.current.items.push((item, place));
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
        let Some(Heading { words, .. }) = self.heading.take() else { return };
        let WordsBuilder { lines, marked, mut links } = words;
        let heading = one_line(&lines.finish());
        if heading.is_empty() {
            self.words().links.append(&mut links);
            return;
        }
        self.titles += usize::from(level == 1);
        let before = self.headings.clone();
        self.headings.retain(|above| above.level < level);
        self.headings.push(Above {
            level,
            folded: folded(&heading),
            label: section::heading_label(&heading),
        });
        let path = self.headings.iter().map(|above| above.folded.clone()).collect();
        let words = WordsBuilder { links, ..self.current.words.following() };
        self.begun += 1;
        let marks = marked.finish();
        let section = TextSection { place: self.begun, path, heading, marks, words, items: Vec::new() };
        let interrupted = std::mem::replace(&mut self.current, section);
        match self.folds.last_mut().filter(|fold| is_within && fold.interrupted.is_none()) {
            Some(fold) => fold.interrupted = Some((interrupted, before)),
            None => self.done.push(interrupted),
        }
    }

    fn finish(mut self, page_title: &str) -> Vec<Entry> {
        while !self.items.is_empty() {
            self.close_item();
        }
        while !self.folds.is_empty() {
            self.go_on();
        }
        self.done.push(self.current);
        self.done.sort_by_key(|section| section.place);
        // The one heading that is above all of a page tells nothing apart.
        let top = if self.titles > 1 { 1 } else { 2 };
        self.done.into_iter().flat_map(|section| section.into_entries(page_title, top)).collect()
    }
}

fn is_closed(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "table" | "nav")
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
