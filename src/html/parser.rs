//! HTML text → tree, in time and memory bounded by the text's length.
//!
//! The HTML parser's own costs grow with the square of three things: elements
//! that are open at once, attributes of one tag, and formatting elements that
//! are reopened in every paragraph. So the text is fed in pieces, and after each
//! piece the parser's own state is looked at: what it has open, what it has
//! built, and whether it is still inside one tag. A scan beforehand would have
//! to guess how the parser will read the text, and could be led astray.

use std::cell::{Cell, RefCell};

use ego_tree::Tree;
use html5ever::TokenizerResult;
use html5ever::interface::Tracer;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};
use html5ever::tree_builder::{TreeBuilder, TreeBuilderOpts};
use scraper::{Html, HtmlTreeSink, Node};

use super::{ending, limits};
use crate::domain::verdict::Unreadable;

/// So many elements may be open at once; real pages stay under 60.
pub(crate) const MAX_DEPTH: usize = 512;

/// The text is fed in pieces of about this many bytes. What a bound is overrun by is at most what fits in one.
const PIECE_BYTES: usize = 4096;

/// The first pieces are so long: who looks for something in a page's head has it after few of them.
const FIRST_PIECE_BYTES: usize = 512;

/// For every tag or comment that spans pieces, the square of the attributes it could hold counts
/// against this: one may hold some 22,000 blanks and quotes.
const MAX_TAG_COST: usize = 500_000_000;

/// A tree may have this many nodes beside one for every byte of text.
const SPARE_NODES: usize = 4096;

/// A table has a node for about so many bytes of its text; prose has one for more.
const USUAL_BYTES_A_NODE: usize = 24;

/// For more nodes room is made as they come.
const MAX_NODES_AHEAD: usize = 1 << 16;

/// Passes tokens on and notes whether any came.
pub(crate) struct WatchedSink<S> {
    pub(crate) inner: S,
    is_silent: Cell<bool>,
}

impl<S: TokenSink> TokenSink for WatchedSink<S> {
    type Handle = S::Handle;

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<S::Handle> {
        if !matches!(token, Token::ParseError(_)) {
            self.is_silent.set(false);
        }
        self.inner.process_token(token, line_number)
    }

    fn end(&self) {
        self.inner.end();
    }

    fn adjusted_current_node_present_but_not_in_html_namespace(&self) -> bool {
        self.inner.adjusted_current_node_present_but_not_in_html_namespace()
    }
}

/// Whether to go on after a piece.
pub(crate) enum AfterPiece {
    /// Read the next piece.
    Go,
    /// What was looked for is found.
    Stop,
}

/// Feeds the text to a sink piece by piece, asking `inspect` after each.
///
/// # Errors
/// Those of `inspect`, and a tag with too many attributes to be read in reasonable time.
pub(crate) fn feed<S: TokenSink>(
    text: &str,
    sink: S,
    inspect: impl Fn(&S, usize) -> Result<AfterPiece, Unreadable>,
) -> Result<S, Unreadable> {
    let tokenizer =
        Tokenizer::new(WatchedSink { inner: sink, is_silent: Cell::new(true) }, TokenizerOpts::default());
    let queue = BufferQueue::default();
    let (mut run, mut cost, mut fed) = (0_usize, 0_usize, 0_usize);
    for piece in pieces(text) {
        tokenizer.sink.is_silent.set(true);
        queue.push_back(StrTendril::from_slice(piece));
        drain(&tokenizer, &queue);
        fed += piece.len();
        if tokenizer.sink.is_silent.get() {
            run += piece
                .bytes()
                .filter(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c | b'/' | b'"' | b'\''))
                .count();
            if cost.saturating_add(run.saturating_mul(run)) > MAX_TAG_COST {
                return Err(Unreadable::Unexpected {
                    what: "the size of a tag".to_owned(),
                    found: format!("one that could hold {run} attributes"),
                });
            }
        } else {
            cost = cost.saturating_add(run.saturating_mul(run));
            run = 0;
        }
        if matches!(inspect(&tokenizer.sink.inner, fed)?, AfterPiece::Stop) {
            return Ok(tokenizer.sink.inner);
        }
    }
    tokenizer.end();
    inspect(&tokenizer.sink.inner, fed)?;
    Ok(tokenizer.sink.inner)
}

/// A script stops the tokenizer so that a browser can run it; here it just goes on.
fn drain<S: TokenSink>(tokenizer: &Tokenizer<S>, queue: &BufferQueue) {
    while !matches!(tokenizer.feed(queue), TokenizerResult::Done) {}
}

fn pieces(mut text: &str) -> impl Iterator<Item = &str> {
    let whole = text.len();
    std::iter::from_fn(move || {
        if text.is_empty() {
            return None;
        }
        let bytes = if whole - text.len() < PIECE_BYTES { FIRST_PIECE_BYTES } else { PIECE_BYTES };
        let end = (bytes..text.len()).find(|&end| text.is_char_boundary(end)).unwrap_or(text.len());
        let (piece, rest) = text.split_at(end);
        text = rest;
        Some(piece)
    })
}

type Builder = TreeBuilder<ego_tree::NodeId, HtmlTreeSink>;

/// Counts what the tree builder holds on to: open elements and formatting elements to reopen.
struct HandleCounter(Cell<usize>);

impl Tracer for HandleCounter {
    type Handle = ego_tree::NodeId;

    fn trace_handle(&self, _: &Self::Handle) {
        self.0.set(self.0.get() + 1);
    }
}

fn inspect(builder: &Builder, fed: usize) -> Result<AfterPiece, Unreadable> {
    let held = HandleCounter(Cell::new(0));
    builder.trace_handles(&held);
    let nodes = builder.sink.0.borrow().tree.values().len();
    limits::check_parts("elements and texts", nodes)?;
    if held.0.get() > MAX_DEPTH || nodes > fed + SPARE_NODES {
        return Err(Unreadable::TooDeep { limit: MAX_DEPTH });
    }
    Ok(AfterPiece::Go)
}

/// Takes the tree of a text, which then need not move as it grows.
fn tree_sink(text: &str) -> HtmlTreeSink {
    let nodes = (text.len() / USUAL_BYTES_A_NODE).min(MAX_NODES_AHEAD);
    HtmlTreeSink::new(Html { tree: Tree::with_capacity(Node::Document, nodes), ..Html::new_document() })
}

/// Parses markup, which may be a part of a page.
///
/// # Errors
/// Where that would take more than reasonable time or memory.
pub(crate) fn parse(text: &str) -> Result<Html, Unreadable> {
    let builder = feed(text, TreeBuilder::new(tree_sink(text), TreeBuilderOpts::default()), inspect)?;
    Ok(builder.sink.0.into_inner())
}

/// Parses a page that must be there to its end.
///
/// # Errors
/// As [`parse`], and where the page ends within something.
pub(crate) fn parse_whole(text: &str) -> Result<Html, Unreadable> {
    let open = RefCell::new(Vec::new());
    let look = |builder: &Builder, fed: usize| {
        // Behind the last piece, before the parser closes what is open by itself.
        if fed == text.len() && open.borrow().is_empty() {
            *open.borrow_mut() = open_elements(builder);
        }
        inspect(builder, fed)
    };
    let builder = feed(text, TreeBuilder::new(tree_sink(text), TreeBuilderOpts::default()), look)?;
    let tree = builder.sink.0.into_inner();
    let open = open.into_inner();
    let names = open.iter().filter_map(|id| Some(tree.tree.get(*id)?.value().as_element()?.name()));
    ending::check(text, names)?;
    Ok(tree)
}

/// What the tree builder holds on to.
#[derive(Default)]
struct OpenElements(RefCell<Vec<ego_tree::NodeId>>);

impl Tracer for OpenElements {
    type Handle = ego_tree::NodeId;

    fn trace_handle(&self, id: &Self::Handle) {
        self.0.borrow_mut().push(*id);
    }
}

fn open_elements(builder: &Builder) -> Vec<ego_tree::NodeId> {
    let open = OpenElements::default();
    builder.trace_handles(&open);
    open.0.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flood(unit: impl Fn(usize) -> String, count: usize) -> String {
        (0..count).map(unit).collect()
    }

    #[track_caller]
    fn refused(text: &str) {
        assert!(parse(text).is_err(), "{} bytes were parsed", text.len());
    }

    #[test]
    fn nesting_is_refused_however_it_is_hidden() {
        refused(&"<div>".repeat(40_000));
        refused(&format!("<svg><style>{}", "<g>".repeat(40_000)));
        refused(&format!("<svg><p><style><!-- </style>{}", "<div>".repeat(40_000)));
        refused(&"<table><tr><td>".repeat(20_000));
        refused(&flood(|n| format!("<b id=x{n}>"), 20_000));
        refused(&"<div></body><!-- x -->".repeat(20_000));
    }

    #[test]
    fn paragraphs_that_reopen_hundreds_of_elements_are_refused() {
        refused(&format!("<p>{}{}", flood(|n| format!("<b id=x{n}>"), 200), "<p>x".repeat(100_000)));
    }

    #[test]
    fn a_tag_of_a_hundred_thousand_attributes_is_refused() {
        refused(&format!("<a {}>", flood(|n| format!("a{n} "), 100_000)));
        refused(&format!("<a {}>", flood(|n| format!("a{n}='>'"), 100_000)));
        refused(&format!("<a {}>", flood(|n| format!("a{n}/"), 100_000)));
    }

    #[test]
    fn large_but_honest_pages_are_read() {
        for text in [
            "<li>item<p>text".repeat(50_000),
            format!("<img src='data:image/png;base64,{}'>", "QUJD/".repeat(20_000)),
            format!("<!-- {} -->", "an old paragraph ".repeat(7_000)),
            format!("<script>{}</script>", "if (a<b) { c = '<div>'; }".repeat(20_000)),
            "<tr><td>1<td>2".repeat(20_000),
            "<font color=red>".repeat(400) + "x",
        ] {
            assert!(parse(&text).is_ok(), "{}", &text[..40]);
        }
    }
}
