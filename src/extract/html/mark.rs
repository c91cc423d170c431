//! Which words are struck through, and which hidden.
//!
//! Such words are still the page's, so they are read as any; that they are struck or hidden is said
//! beside them. What a template holds is no part of the page and is never read.

use std::collections::HashSet;

use scraper::ElementRef;

use super::{Lines, Piece, attribute, walk};
use crate::domain::text::one_line;

/// What an element says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::extract) struct Said {
    /// All of it.
    pub(in crate::extract) text: String,
    /// Without the signs and notes beside its words: what it calls a thing. All where it has no words.
    pub(in crate::extract) name: String,
    /// The words that are struck through.
    pub(in crate::extract) struck: String,
    /// The words that are hidden.
    pub(in crate::extract) hidden: String,
}

/// Reads an element; what it stands in may have struck or hidden all of it.
pub(in crate::extract) fn said(element: ElementRef<'_>) -> Said {
    if let Some(words) = only_words(element) {
        let text = one_line(words);
        let marked = Marked::within(element);
        let of = |kept: &Kept| if kept.depth > 0 { text.clone() } else { String::new() };
        return Said { name: text.clone(), struck: of(&marked.struck), hidden: of(&marked.hidden), text };
    }
    let (mut text, mut name) = (Lines::with_signs(), Lines::default());
    let mut marked = Marked::within(element);
    walk(element, &HashSet::new(), |piece| {
        text.take(&piece);
        name.take(&piece);
        marked.take(&piece);
    });
    let (struck, hidden) = marked.finish();
    let text = text.finish();
    let name = Some(name.finish()).filter(|name| !name.is_empty()).unwrap_or_else(|| text.clone());
    Said { text, name, struck, hidden }
}

/// The words of a cell that holds nothing else and of which nothing else is said: most cells of most lists.
fn only_words(cell: ElementRef<'_>) -> Option<&str> {
    let value = cell.value();
    let is_silent =
        |name: &str| matches!(name, "class" | "id" | "align" | "valign" | "width" | "height" | "scope");
    if !matches!(value.name(), "td" | "th") || !value.attrs().all(|(name, _)| is_silent(name)) {
        return None;
    }
    let mut children = cell.children();
    let first = children.next();
    if children.next().is_some() {
        return None;
    }
    first.map_or(Some(""), |child| child.value().as_text().map(|text| &**text))
}

/// The struck and the hidden words of what is shown piece by piece.
pub(in crate::extract) struct Marked {
    struck: Kept,
    hidden: Kept,
}

/// Words of which one thing is true.
struct Kept {
    lines: Lines,
    /// How many elements that make it true are open.
    depth: usize,
}

impl Default for Marked {
    fn default() -> Self {
        let none = || Kept { lines: Lines::with_signs(), depth: 0 };
        Self { struck: none(), hidden: none() }
    }
}

impl Kept {
    fn take(&mut self, piece: &Piece<'_>, is_such: fn(ElementRef<'_>) -> bool) {
        match piece {
            Piece::Open(element) if is_such(*element) => self.depth += 1,
            Piece::Close(element) if is_such(*element) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.lines.take(&Piece::Break);
                }
            }
            _ => {}
        }
        // Where text is preformatted is noted whether or not it is such.
        let is_frame = matches!(piece, Piece::Open(_) | Piece::Close(_));
        if is_frame || self.depth > 0 {
            self.lines.take(piece);
        }
    }
}

impl Marked {
    /// For what is in an element, by what the element itself stands in. A table that is hidden as a
    /// whole says so of its rows; what hides more than a table waits for a script to show it.
    pub(in crate::extract) fn within(element: ElementRef<'_>) -> Self {
        let mut marked = Self::default();
        let mut is_inside = true;
        for outer in element.ancestors().filter_map(ElementRef::wrap) {
            marked.struck.depth += usize::from(is_struck(outer));
            marked.hidden.depth += usize::from(is_inside && is_hidden(outer));
            is_inside &= !matches!(outer.value().name(), "table" | "ul" | "ol" | "dl");
        }
        marked
    }

    /// The same marks for what follows.
    pub(in crate::extract) fn following(&self) -> Self {
        let follow = |kept: &Kept| Kept { lines: kept.lines.following(), depth: kept.depth };
        Self { struck: follow(&self.struck), hidden: follow(&self.hidden) }
    }

    /// Adds a piece.
    pub(in crate::extract) fn take(&mut self, piece: &Piece<'_>) {
        self.struck.take(piece, is_struck);
        self.hidden.take(piece, is_hidden);
    }

    /// The struck and the hidden words.
    pub(in crate::extract) fn finish(self) -> (String, String) {
        (self.struck.lines.finish(), self.hidden.lines.finish())
    }
}

fn is_struck(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "del" | "s" | "strike")
        || has_style(element, |name, value| {
            matches!(name, "text-decoration" | "text-decoration-line") && value.contains("line-through")
        })
}

/// Whether an element is hidden from everybody, and not only from those who listen.
pub(in crate::extract) fn is_hidden(element: ElementRef<'_>) -> bool {
    attribute(element, "hidden").is_some()
        || has_style(element, |name, value| match name {
            "display" => value.starts_with("none"),
            "visibility" => value.starts_with("hidden") || value.starts_with("collapse"),
            _ => false,
        })
}

fn has_style(element: ElementRef<'_>, is_such: impl Fn(&str, &str) -> bool) -> bool {
    let Some(style) = attribute(element, "style") else { return false };
    style
        .split(';')
        .filter_map(|rule| rule.split_once(':'))
        .any(|(name, value)| is_such(&name.trim().to_ascii_lowercase(), &value.trim().to_ascii_lowercase()))
}

/// Whether an element is within a template: scripts make pages of those, and they are none themselves.
pub(in crate::extract) fn is_in_template(element: ElementRef<'_>) -> bool {
    let outer = element.ancestors().filter_map(ElementRef::wrap);
    std::iter::once(element).chain(outer).any(|outer| outer.value().name() == "template")
}
