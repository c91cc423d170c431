//! The words of a letter that was written in HTML.

use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::elements::{is_block, is_never_shown, is_preformatted};
use super::parser;
use crate::domain::text::lines;

/// Returns the lines of a letter without what it quotes; `None` if it cannot be read in reasonable time.
#[must_use]
pub fn own_words(letter: &str) -> Option<String> {
    let tree = parser::parse(letter).ok()?;
    let (mut text, mut preformatted, mut hidden) = (String::new(), 0_usize, None);
    for edge in tree.root_element().traverse() {
        let (Edge::Open(node) | Edge::Close(node)) = edge;
        if let Some(top) = hidden {
            if top == node.id() {
                hidden = None;
            }
            continue;
        }
        let is_open = matches!(edge, Edge::Open(_));
        match (ElementRef::wrap(node), node.value()) {
            (Some(element), _) => {
                let name = element.value().name();
                if is_open && (is_never_shown(name) || name == "blockquote") {
                    hidden = Some(node.id());
                    continue;
                }
                if is_block(name) {
                    text.push('\n');
                }
                if is_preformatted(element) {
                    preformatted = if is_open { preformatted + 1 } else { preformatted.saturating_sub(1) };
                }
            }
            (None, Node::Text(words)) if is_open && preformatted > 0 => text.push_str(words),
            // Line ends in markup are white space like any other.
            (None, Node::Text(words)) if is_open => {
                text.extend(words.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
            }
            _ => {}
        }
    }
    Some(lines(&text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(letter: &str, expected: &str) {
        assert_eq!(own_words(letter).as_deref(), Some(expected), "{letter}");
    }

    #[test]
    fn lines_are_those_that_its_reader_sees() {
        check("<p>No,\n  stop</p><div>Ann</div>", "No, stop\nAnn");
        check("list<br>zte<table><tr><td>a<td>b</table>", "list\nzte\na\nb");
        check("<pre>one\ntwo</pre><p>a <b>c</b>d</p>", "one\ntwo\na cd");
        check("", "");
    }

    #[test]
    fn what_is_quoted_or_never_shown_is_not_among_them() {
        check("<p>yes</p><blockquote>unsubscribe<div>x</div></blockquote><p>Ann</p>", "yes\nAnn");
        check("<head><style>p {}</style><title>t</title></head><p>list</p><script>no()</script>", "list");
    }

    #[test]
    fn a_letter_that_would_take_too_long_is_not_read() {
        assert_eq!(own_words(&("<div>".repeat(5_000) + "No")), None);
    }
}
