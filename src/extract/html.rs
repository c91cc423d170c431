//! Reading HTML as a person would: text with its lines, links, the title.
//!
//! What a reader sees is more than text nodes: pictures have words (`sign`), and words may be
//! struck through or hidden (`mark`).

mod mark;
mod sign;
mod title;

mod raised;
mod sheet;

use std::cell::RefCell;
use std::collections::HashSet;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};
use html5ever::{QualName, ns};
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use super::RawDocument;
use super::charset::decode;
use super::parser;
use crate::domain::entry::LINKS;
use crate::domain::text::{boundary_before, lines, one_line};
use crate::domain::verdict::Unreadable;
use crate::html::elements::{is_block, is_never_shown, is_preformatted};

pub(super) use self::mark::{ElementText, Marked, Surroundings, is_in_template, said, said_in};
pub(super) use self::sign::opening;
pub(super) use self::title::title;

/// A parsed page and the address its links are relative to.
pub(super) struct Markup {
    pub(super) tree: Html,
    base: Url,
}

/// Media types in which a page can come; other types are no page, whatever bytes they hold.
const PAGE_TYPES: [&str; 5] =
    ["text/html", "application/xhtml+xml", "text/plain", "application/xml", "text/xml"];

impl Markup {
    /// Decodes and parses a page.
    ///
    /// # Errors
    /// Where the answer is declared to be no page, or cannot be parsed in reasonable time.
    pub(super) fn of(page: &RawDocument<'_>) -> Result<Self, Unreadable> {
        if let Some(declared) = page.content_type {
            let media = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
            if !media.is_empty() && !PAGE_TYPES.contains(&media.as_str()) {
                return Err(Unreadable::Unexpected { what: "the content type".to_owned(), found: media });
            }
        }
        Ok(Self::over(parser::parse_whole(&decode(page))?, page.url))
    }

    /// Parses markup found within something else.
    ///
    /// # Errors
    /// Where that cannot be done in reasonable time.
    pub(super) fn parse(text: &str, url: &Url) -> Result<Self, Unreadable> {
        Ok(Self::over(parser::parse(text)?, url))
    }

    fn over(mut tree: Html, url: &Url) -> Self {
        sheet::apply(&mut tree);
        let base = selector("base[href]")
            .ok()
            .and_then(|bases| tree.select(&bases).next().and_then(|base| url.join(base.attr("href")?).ok()));
        Self { base: base.unwrap_or_else(|| url.clone()), tree }
    }

    /// The same page where it was found at another address.
    pub(super) fn at(self, url: &Url) -> Self {
        Self::over(self.tree, url)
    }

    /// The address against which links are resolved.
    pub(super) fn address(&self) -> &Url {
        &self.base
    }

    /// The whole text, by lines.
    pub(super) fn text(&self) -> String {
        text(self.tree.root_element())
    }

    /// Where an anchor leads, if that is a place on the web.
    pub(super) fn target(&self, anchor: ElementRef<'_>) -> Option<Url> {
        if anchor.value().name() != "a" {
            return None;
        }
        let target = self.base.join(anchor.attr("href")?.trim()).ok()?;
        matches!(target.scheme(), "http" | "https").then_some(target)
    }

    /// The links within an element, each with its label, in the order of the page.
    pub(super) fn links_in(&self, element: ElementRef<'_>) -> Vec<(String, Url)> {
        let anchors = std::iter::once(element).chain(element.descendent_elements());
        anchors.filter_map(|anchor| Some((self.target(anchor)?, anchor))).map(labelled).collect()
    }
}

/// What an element says in an attribute. The tree's own look-up makes a name of ours each time, which every cell of
/// every list would pay for a dozen times.
pub(super) fn attribute<'a>(element: ElementRef<'a>, name: &str) -> Option<&'a str> {
    let mut attributes = element.value().attrs.iter();
    let is_it = |known: &QualName| *known.local == *name && known.ns == ns!() && known.prefix.is_none();
    attributes.find(|(known, _)| is_it(known)).map(|(_, value)| &**value)
}

/// A link's address and what it is called, if by no words then by its picture.
fn labelled((target, anchor): (Url, ElementRef<'_>)) -> (String, Url) {
    let words = one_line(&text(anchor));
    let label = if words.is_empty() { one_line(&shown(anchor)) } else { words };
    (label, target)
}

/// The `links` field: one line a link, label and address separated by a tab, exact copies once.
pub(super) fn link_list(links: impl IntoIterator<Item = (String, Url)>) -> String {
    let mut seen = HashSet::new();
    let mut list = String::new();
    for (label, address) in links {
        let line = format!("{label}\t{address}");
        if seen.insert(line.clone()) {
            if !list.is_empty() {
                list.push('\n');
            }
            list.push_str(&line);
        }
    }
    list
}

/// Parses a CSS selector.
///
/// # Errors
/// Names the selector, which came from the configuration.
pub(super) fn selector(css: &str) -> Result<Selector, Unreadable> {
    Selector::parse(css).map_err(|error| Unreadable::Unexpected {
        what: format!("the selector {css:?}"),
        found: error.to_string(),
    })
}

/// A part of the page as a reader meets it.
pub(super) enum PagePiece<'a> {
    /// Words, white space as in the markup.
    Text(&'a str),
    /// What stands for words: a picture's description, a tick, what was filled in.
    Sign(&'a str),
    /// What is said of the words before it: a tooltip, the day that is meant.
    Note(&'a str),
    /// The words before and after stand on different lines.
    Break,
    /// An element begins.
    Open(ElementRef<'a>),
    /// It ends.
    Close(ElementRef<'a>),
}

/// Shows an element's pieces in order, leaving out what is never shown and what is in `dropped`.
pub(super) fn walk<'a>(root: ElementRef<'a>, dropped: &HashSet<NodeId>, show: impl FnMut(PagePiece<'a>)) {
    walk_without(root, |id| dropped.contains(&id), show);
}

/// The same, leaving out what `is_dropped` says; the element itself is shown either way.
pub(super) fn walk_without<'a>(
    root: ElementRef<'a>,
    is_dropped: impl Fn(NodeId) -> bool,
    mut show: impl FnMut(PagePiece<'a>),
) {
    let mut hidden = None;
    for edge in root.traverse() {
        let (Edge::Open(node) | Edge::Close(node)) = edge;
        if let Some(top) = hidden {
            if top == node.id() {
                hidden = None;
            }
            continue;
        }
        let Some(element) = ElementRef::wrap(node) else {
            if let (Edge::Open(_), Node::Text(text)) = (edge, node.value()) {
                show(PagePiece::Text(text));
            }
            continue;
        };
        let is_open = matches!(edge, Edge::Open(_));
        let name = element.value().name();
        let is_dropped = || node.id() != root.id() && is_dropped(node.id());
        if is_open && (is_never_shown(name) || is_dropped()) {
            if name == "svg" && !is_dropped() {
                sign::drawing(element, &mut show);
            }
            hidden = Some(node.id());
            continue;
        }
        if is_block(name) {
            show(PagePiece::Break);
        }
        if is_open {
            show(PagePiece::Open(element));
            sign::before(element, &mut show);
        } else {
            sign::after(element, &mut show);
            show(PagePiece::Close(element));
        }
    }
}

/// An element's text: blocks, list items, table cells and `br` begin lines, inline elements do not.
/// What is no text is not in it; see [`said`].
pub(super) fn text(element: ElementRef<'_>) -> String {
    let mut text = TextLines::default();
    walk(element, &HashSet::new(), |piece| text.take(&piece));
    text.finish()
}

/// All that an element says: its text, and what stands there without being text.
pub(super) fn shown(element: ElementRef<'_>) -> String {
    let mut shown = TextLines::with_signs();
    walk(element, &HashSet::new(), |piece| shown.take(&piece));
    shown.finish()
}

/// The lines of a page as its readers see them; `None` if it cannot be read in reasonable time.
#[must_use]
pub fn plain_text(page: &str) -> Option<String> {
    parser::parse(page).ok().map(|tree| text(tree.root_element()))
}

/// So much of what lines say shows how they begin.
const MAX_OPENING_BYTES: usize = 400;

/// Text under construction.
#[derive(Default)]
pub(super) struct TextLines {
    text: String,
    preformatted: usize,
    /// How many elements that are footnote marks are open.
    raised: usize,
    /// The element whose words are shown as others, while it is open.
    replaced: Option<NodeId>,
    /// Whether signs and notes are taken.
    has_signs: bool,
}

impl TextLines {
    /// Lines that take signs and notes as well as words.
    pub(super) fn with_signs() -> Self {
        Self { has_signs: true, ..Self::default() }
    }

    /// What begins where this ends, perhaps within preformatted text.
    pub(super) fn following(&self) -> Self {
        Self { text: String::new(), ..*self }
    }

    /// Whether nothing is in it but white space.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim().is_empty()
    }

    /// Adds a piece.
    pub(super) fn take(&mut self, piece: &PagePiece<'_>) {
        match piece {
            PagePiece::Text(_) if self.replaced.is_some() => {}
            PagePiece::Text(text) if self.raised > 0 => self.text.extend(raised::marked(text)),
            PagePiece::Text(text) if self.preformatted > 0 => self.text.push_str(text),
            // Line ends in markup are white space like any other.
            PagePiece::Text(text) => {
                self.text.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
            }
            PagePiece::Sign(_) | PagePiece::Note(_) if !self.has_signs => {}
            PagePiece::Sign(words) => self.text.extend([" ", words, " "]),
            PagePiece::Note(words) => self.text.extend([" (", words, ") "]),
            PagePiece::Break => self.text.push('\n'),
            PagePiece::Open(element) => {
                self.preformatted += usize::from(is_preformatted(*element));
                self.raised += usize::from(raised::is_mark(*element));
                if self.replaced.is_none()
                    && let Some(address) = raised::protected_mail(*element)
                {
                    self.text.push_str(&address);
                    self.replaced = Some(element.id());
                }
            }
            PagePiece::Close(element) => {
                self.raised = self.raised.saturating_sub(usize::from(raised::is_mark(*element)));
                self.replaced = self.replaced.filter(|id| *id != element.id());
                self.preformatted = self.preformatted.saturating_sub(usize::from(is_preformatted(*element)));
            }
        }
    }

    /// How they begin, on one line.
    pub(super) fn opening(&self) -> String {
        one_line(&self.text[..boundary_before(&self.text, MAX_OPENING_BYTES)])
    }

    /// The lines that are not blank.
    pub(super) fn finish(self) -> String {
        lines(&self.text)
    }
}

/// Adds the `links` field.
pub(super) fn with_links(
    entry: crate::domain::entry::Entry,
    links: impl IntoIterator<Item = (String, Url)>,
) -> crate::domain::entry::Entry {
    entry.with(LINKS, link_list(links))
}

/// Collects text in which nothing but character references means anything.
#[derive(Default)]
struct PlainSink(RefCell<String>);

impl TokenSink for PlainSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        if let Token::CharacterTokens(text) = token {
            self.0.borrow_mut().push_str(&text);
        }
        TokenSinkResult::Continue
    }
}

/// Resolves HTML character references once; tags stay as they are written.
pub(super) fn unescape(text: &str) -> String {
    let opts = TokenizerOpts {
        initial_state: Some(states::State::RawData(RawKind::Rcdata)),
        ..TokenizerOpts::default()
    };
    let tokenizer = Tokenizer::new(PlainSink::default(), opts);
    let queue = BufferQueue::default();
    queue.push_back(text.into());
    while !matches!(tokenizer.feed(&queue), html5ever::TokenizerResult::Done) {}
    tokenizer.end();
    tokenizer.sink.0.into_inner()
}

#[cfg(test)]
mod tests;
