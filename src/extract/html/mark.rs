//! Which words are struck through, and which hidden.
//!
//! Such words are still the page's, so they are read as any; that they are struck or hidden is said
//! beside them. What a template holds is no part of the page and is never read.

use std::collections::HashSet;

use scraper::ElementRef;

use super::{PagePiece, TextLines, attribute, walk};
use crate::domain::text::one_line;

/// What an element says.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(in crate::extract) struct ElementText {
    /// All of it.
    pub(in crate::extract) text: String,
    /// Its words without the signs and notes beside them, where there are any of either.
    pub(in crate::extract) words: Option<String>,
    /// The words that are struck through.
    pub(in crate::extract) struck: String,
    /// The words that are hidden.
    pub(in crate::extract) hidden: String,
}

impl ElementText {
    /// Of what was read with and without signs and notes.
    pub(in crate::extract) fn of(text: TextLines, words: TextLines, struck: String, hidden: String) -> Self {
        let text = text.finish();
        let words = Some(words.finish()).filter(|words| !words.is_empty() && *words != text);
        Self { text, words, struck, hidden }
    }

    /// What the element calls a thing: its words alone, or all that it says where it has no words.
    pub(in crate::extract) fn name(&self) -> &str {
        self.words.as_deref().unwrap_or(&self.text)
    }

    /// The same, taken out.
    pub(in crate::extract) fn into_name(self) -> String {
        self.words.unwrap_or(self.text)
    }
}

/// Reads an element; what it stands in may have struck or hidden all of it.
pub(in crate::extract) fn said(element: ElementRef<'_>) -> ElementText {
    said_in(element, Surroundings::of(element))
}

/// The same where it is known already what the element stands in.
pub(in crate::extract) fn said_in(element: ElementRef<'_>, surroundings: Surroundings) -> ElementText {
    if let Some(words) = only_words(element) {
        let text = one_line(words);
        let of = |depth: usize| if depth > 0 { text.clone() } else { String::new() };
        let (struck, hidden) = (of(surroundings.struck), of(surroundings.hidden));
        return ElementText { words: None, struck, hidden, text };
    }
    let (mut text, mut words) = (TextLines::with_signs(), TextLines::default());
    let mut marked = Marked::among(surroundings);
    walk(element, &HashSet::new(), |piece| {
        text.take(&piece);
        words.take(&piece);
        marked.take(&piece);
    });
    let (struck, hidden) = marked.finish();
    ElementText::of(text, words, struck, hidden)
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

/// How many of the elements around one strike it through or hide it.
#[derive(Debug, Clone, Copy)]
pub(in crate::extract) struct Surroundings {
    struck: usize,
    hidden: usize,
}

impl Surroundings {
    /// What an element stands in. A table that is hidden as a whole says so of its rows; what hides more
    /// than a table waits for a script to show it.
    pub(in crate::extract) fn of(element: ElementRef<'_>) -> Self {
        let (mut surroundings, mut is_inside) = (Self { struck: 0, hidden: 0 }, true);
        for outer in element.ancestors().filter_map(ElementRef::wrap) {
            surroundings.struck += usize::from(is_struck(outer));
            surroundings.hidden += usize::from(is_inside && is_hidden(outer));
            is_inside &= !matches!(outer.value().name(), "table" | "ul" | "ol" | "dl");
        }
        surroundings
    }

    /// The same for what stands in an element, given what that element stands in. It is no table or list: what hides those
    /// counts only up to the next one.
    pub(in crate::extract) fn within(self, element: ElementRef<'_>) -> Self {
        Self {
            struck: self.struck + usize::from(is_struck(element)),
            hidden: self.hidden + usize::from(is_hidden(element)),
        }
    }
}

/// The struck and the hidden words of what is shown piece by piece.
pub(in crate::extract) struct Marked {
    struck: MarkedText,
    hidden: MarkedText,
}

/// Words of which one thing is true.
struct MarkedText {
    lines: TextLines,
    /// How many elements that make it true are open.
    depth: usize,
}

impl MarkedText {
    fn take(&mut self, piece: &PagePiece<'_>, is_such: fn(ElementRef<'_>) -> bool) {
        match piece {
            PagePiece::Open(element) if is_such(*element) => self.depth += 1,
            PagePiece::Close(element) if is_such(*element) => {
                self.depth = self.depth.saturating_sub(1);
                if self.depth == 0 {
                    self.lines.take(&PagePiece::Break);
                }
            }
            _ => {}
        }
        // Where text is preformatted is noted whether or not it is such.
        let is_frame = matches!(piece, PagePiece::Open(_) | PagePiece::Close(_));
        if is_frame || self.depth > 0 {
            self.lines.take(piece);
        }
    }
}

impl Marked {
    /// For what is in an element.
    pub(in crate::extract) fn within(element: ElementRef<'_>) -> Self {
        Self::among(Surroundings::of(element))
    }

    /// For what stands in nothing else.
    pub(in crate::extract) fn outermost() -> Self {
        Self::among(Surroundings { struck: 0, hidden: 0 })
    }

    fn among(surroundings: Surroundings) -> Self {
        let kept = |depth: usize| MarkedText { lines: TextLines::with_signs(), depth };
        Self { struck: kept(surroundings.struck), hidden: kept(surroundings.hidden) }
    }

    /// The same marks for what follows.
    pub(in crate::extract) fn following(&self) -> Self {
        let follow = |kept: &MarkedText| MarkedText { lines: kept.lines.following(), depth: kept.depth };
        Self { struck: follow(&self.struck), hidden: follow(&self.hidden) }
    }

    /// Adds a piece.
    pub(in crate::extract) fn take(&mut self, piece: &PagePiece<'_>) {
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
