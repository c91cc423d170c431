//! Reading HTML as a person would: text with its lines, links, the title.

mod raised;

use std::cell::RefCell;
use std::collections::HashSet;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{
    BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts, states,
};
use scraper::{ElementRef, Html, Node, Selector};
use url::Url;

use super::Page;
use super::charset::decode;
use super::parser::{self, Next};
use crate::domain::entry::LINKS;
use crate::domain::text::{lines, one_line};
use crate::domain::verdict::Unreadable;

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
    pub(super) fn of(page: &Page<'_>) -> Result<Self, Unreadable> {
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

    fn over(tree: Html, url: &Url) -> Self {
        let base = selector("base[href]")
            .ok()
            .and_then(|bases| tree.select(&bases).next().and_then(|base| url.join(base.attr("href")?).ok()));
        Self { base: base.unwrap_or_else(|| url.clone()), tree }
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
        anchors.filter_map(|anchor| Some((one_line(&text(anchor)), self.target(anchor)?))).collect()
    }
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
pub(super) enum Piece<'a> {
    /// Words, white space as in the markup.
    Text(&'a str),
    /// The words before and after stand on different lines.
    Break,
    /// An element begins.
    Open(ElementRef<'a>),
    /// It ends.
    Close(ElementRef<'a>),
}

/// Shows an element's pieces in order, leaving out what is never shown and what is in `dropped`.
pub(super) fn walk<'a>(root: ElementRef<'a>, dropped: &HashSet<NodeId>, mut show: impl FnMut(Piece<'a>)) {
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
                show(Piece::Text(text));
            }
            continue;
        };
        let is_open = matches!(edge, Edge::Open(_));
        let name = element.value().name();
        if is_open && (is_never_shown(name) || dropped.contains(&node.id())) {
            hidden = Some(node.id());
            continue;
        }
        if is_block(name) {
            show(Piece::Break);
        }
        show(if is_open { Piece::Open(element) } else { Piece::Close(element) });
    }
}

/// An element's text: blocks, list items, table cells and `br` begin lines, inline elements do not.
pub(super) fn text(element: ElementRef<'_>) -> String {
    let mut text = Lines::default();
    walk(element, &HashSet::new(), |piece| text.take(&piece));
    text.finish()
}

/// The lines of a letter in HTML without what it quotes; nothing where it cannot be read in reasonable time.
#[must_use]
pub fn own_words(letter: &str) -> Option<String> {
    let tree = parser::parse(letter).ok()?;
    let quotes = selector("blockquote").ok()?;
    let dropped = tree.select(&quotes).map(|element| element.id()).collect();
    let mut text = Lines::default();
    walk(tree.root_element(), &dropped, |piece| text.take(&piece));
    Some(text.finish())
}

/// Text under construction.
#[derive(Default)]
pub(super) struct Lines {
    text: String,
    preformatted: usize,
    /// How many elements that are footnote marks are open.
    raised: usize,
    /// The element whose words are shown as others, while it is open.
    replaced: Option<NodeId>,
}

impl Lines {
    /// What begins where this ends, perhaps within preformatted text.
    pub(super) fn following(&self) -> Self {
        Self { text: String::new(), ..*self }
    }

    /// Adds a piece.
    pub(super) fn take(&mut self, piece: &Piece<'_>) {
        match piece {
            Piece::Text(_) if self.replaced.is_some() => {}
            Piece::Text(text) if self.raised > 0 => self.text.extend(raised::marked(text)),
            Piece::Text(text) if self.preformatted > 0 => self.text.push_str(text),
            // Line ends in markup are white space like any other.
            Piece::Text(text) => {
                self.text.extend(text.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
            }
            Piece::Break => self.text.push('\n'),
            Piece::Open(element) => {
                self.preformatted += usize::from(is_preformatted(*element));
                self.raised += usize::from(raised::is_mark(*element));
                if self.replaced.is_none()
                    && let Some(address) = raised::protected_mail(*element)
                {
                    self.text.push_str(&address);
                    self.replaced = Some(element.id());
                }
            }
            Piece::Close(element) => {
                self.raised = self.raised.saturating_sub(usize::from(raised::is_mark(*element)));
                self.replaced = self.replaced.filter(|id| *id != element.id());
                self.preformatted = self.preformatted.saturating_sub(usize::from(is_preformatted(*element)));
            }
        }
    }

    /// The lines that are not blank.
    pub(super) fn finish(self) -> String {
        lines(&self.text)
    }
}

fn is_preformatted(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "pre" | "textarea")
}

fn is_never_shown(name: &str) -> bool {
    matches!(
        name,
        "head" | "script" | "style" | "noscript" | "template" | "iframe" | "object" | "svg" | "datalist"
    )
}

fn is_block(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "br"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "legend"
            | "li"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "optgroup"
            | "option"
            | "p"
            | "pre"
            | "search"
            | "section"
            | "select"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "textarea"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// Adds the `links` field.
pub(super) fn with_links(
    entry: crate::domain::entry::Entry,
    links: impl IntoIterator<Item = (String, Url)>,
) -> crate::domain::entry::Entry {
    entry.with(LINKS, link_list(links))
}

/// Looks for the title and for nothing else.
#[derive(Default)]
struct TitleSink {
    state: RefCell<TitleState>,
}

#[derive(Default)]
struct TitleState {
    text: Option<String>,
    is_done: bool,
    /// A drawing has titles of its own.
    drawings: usize,
}

impl TitleSink {
    fn tag(&self, tag: &Tag) -> TokenSinkResult<()> {
        let mut state = self.state.borrow_mut();
        let is_start = tag.kind == TagKind::StartTag;
        match &*tag.name {
            "svg" if is_start && !tag.self_closing => state.drawings += 1,
            "svg" if !is_start => state.drawings = state.drawings.saturating_sub(1),
            _ if state.drawings > 0 => {}
            "title" if is_start => {
                state.text = Some(String::new());
                return TokenSinkResult::RawData(RawKind::Rcdata);
            }
            "title" => state.is_done = state.text.is_some(),
            "textarea" if is_start => return TokenSinkResult::RawData(RawKind::Rcdata),
            "script" if is_start => return TokenSinkResult::RawData(RawKind::ScriptData),
            "style" | "xmp" | "iframe" | "noembed" | "noframes" | "noscript" if is_start => {
                return TokenSinkResult::RawData(RawKind::Rawtext);
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl TokenSink for TitleSink {
    type Handle = ();

    fn process_token(&self, token: Token, _line_number: u64) -> TokenSinkResult<()> {
        if self.state.borrow().is_done {
            return TokenSinkResult::Continue;
        }
        match token {
            Token::TagToken(tag) => return self.tag(&tag),
            Token::CharacterTokens(text) => {
                if let Some(title) = &mut self.state.borrow_mut().text {
                    title.push_str(&text);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// See [`super::title`].
pub(super) fn title(page: &Page<'_>) -> Option<String> {
    let stop_when_done =
        |sink: &TitleSink, _| Ok(if sink.state.borrow().is_done { Next::Stop } else { Next::Go });
    let sink = parser::feed(&decode(page), TitleSink::default(), stop_when_done).ok()?;
    sink.state.into_inner().text.map(|title| one_line(&title)).filter(|title| !title.is_empty())
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
mod tests {
    use super::*;

    fn url() -> Url {
        "https://agency.test/lists/one".parse().unwrap()
    }

    #[track_caller]
    fn check_text(html: &str, expected: &str) {
        assert_eq!(Markup::parse(html, &url()).unwrap().text(), expected);
    }

    #[test]
    fn blocks_begin_lines_and_inline_elements_do_not() {
        check_text("a<b>b</b>c <i>d</i>\n e", "abc d e");
        check_text("<p>one<p>two<br>three<ul><li>four<li>five</ul>", "one\ntwo\nthree\nfour\nfive");
        check_text("<table><tr><th>a<td>b<tr><td>c</table>", "a\nb\nc");
        check_text("<pre>one\n  two</pre>x\ny", "one\ntwo\nx y");
        check_text("27,<sup>#</sup>  (b)", "27,# (b)");
    }

    #[test]
    fn a_footnote_mark_is_raised_and_a_word_is_not() {
        check_text("ZTE<sup>1</sup> and <a href='#fn12'>[12]</a>", "ZTE¹ and ¹²");
        check_text("ZTE<a href='#_ftn1'><sup>[1]</sup></a>, x<sup>a, b</sup>", "ZTE¹, xᵃ, ᵇ");
        check_text("ZTE<span class='footnote-ref'>2</span> <span class=year>2</span>", "ZTE² 2");
        check_text("2<sup>nd</sup> of 10<sup>6</sup> m<sup>2</sup>, X<sup>TM</sup>", "2nd of 10⁶ m², XTM");
        check_text("see <a href='#fees'>5</a> and [1]", "see 5 and [1]");
    }

    #[test]
    fn a_mail_address_hidden_from_robots_is_read_as_readers_see_it() {
        for link in [
            "<a href='/cdn-cgi/l/email-protection' class=__cf_email__ data-cfemail='5f3e'>[email&#160;protected]</a>",
            "<a href='/cdn-cgi/l/email-protection#5f3e'>[email&#160;protected]</a>",
        ] {
            check_text(&format!("write to {link} now"), "write to a now");
        }
        check_text("<a href='/cdn-cgi/l/email-protection#5f3e'>the bureau</a>", "the bureau");
    }

    #[test]
    fn what_is_not_shown_is_not_read() {
        check_text(
            "<title>t</title><style>s</style>a<script>b</script><noscript>c</noscript><!-- d --><svg><text>e</text></svg>f",
            "af",
        );
    }

    #[track_caller]
    fn check_links(html: &str, expected: &str) {
        let markup = Markup::parse(html, &url()).unwrap();
        assert_eq!(link_list(markup.links_in(markup.tree.root_element())), expected);
    }

    #[test]
    fn links_are_absolute_labelled_and_lead_to_the_web() {
        check_links("<a href='two'>The\n <b>next</b></a>", "The next\thttps://agency.test/lists/two");
        check_links("<a href=' /x '>a</a><a href='/x'>a</a>", "a\thttps://agency.test/x");
        check_links("<base href='https://cdn.test/d/'><a href=e>f</a>", "f\thttps://cdn.test/d/e");
        check_links("<a href='javascript:x()'>a</a><a href='mailto:a@b.test'>b</a><a name=c>c</a>", "");
        check_links("<a href='http://['>broken</a>", "");
    }

    #[track_caller]
    fn check_title(html: &str, expected: Option<&str>) {
        let url = url();
        let page = Page { body: html.as_bytes(), content_type: None, url: &url };
        assert_eq!(title(&page).as_deref(), expected);
    }

    #[test]
    fn the_title_is_found_without_a_tree() {
        check_title("<html><head><title>Access&#32;Denied&amp;\n more</title>", Some("Access Denied& more"));
        check_title("<TITLE lang=en>Just a moment...</TITLE ><title>two</title>", Some("Just a moment..."));
        check_title(
            "<!-- <title>no</title> --><script>'<title>no</title>'</script><title>yes</title>",
            Some("yes"),
        );
        check_title("<svg><title>drawing</title></svg><title>page</title>", Some("page"));
        check_title("<title>cut off", Some("cut off"));
        check_title("<title> \n</title>", None);
        check_title("no markup", None);
        check_title(&format!("<a {}><title>x</title>", "a b c ".repeat(50_000)), None);
    }

    #[test]
    fn character_references_are_resolved_once() {
        assert_eq!(
            unescape("Food &amp; Water &lt;b&gt; a<b &nbsp; &amp;amp;"),
            "Food & Water <b> a<b \u{a0} &amp;"
        );
    }

    #[test]
    fn an_answer_declared_to_be_no_page_is_none() {
        let url = url();
        let page = |content_type| Page { body: b"<p>x", content_type: Some(content_type), url: &url };
        assert!(Markup::of(&page("application/pdf")).is_err());
        assert!(Markup::of(&page("Text/HTML; charset=utf-8")).is_ok());
    }
}
