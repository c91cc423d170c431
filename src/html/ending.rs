//! Whether a page ends where a page ends, whatever its server says of its length.
//!
//! A parser closes everything itself, and what did not arrive would seem to be gone. A page that has its
//! closing tag near its end is whole; one that never had any is cut off where it ends within a tag, a
//! comment, or an element that must be closed: a table or a list above all.

use crate::domain::verdict::Unreadable;

/// How close to a body's end its closing tag is looked for: scripts and comments may follow it.
pub(crate) const TAIL_BYTES: usize = 4 * 1024;

/// Elements whose end no page may leave out and that hold what is read, or hide it.
const MUST_END: [&str; 14] = [
    "table", "ul", "ol", "dl", "select", "script", "style", "textarea", "title", "iframe", "noscript", "svg",
    "object", "math",
];

/// Whether a closing tag of the whole document stands near its end.
pub(crate) fn is_closed(body: &[u8]) -> bool {
    let end = body[body.len().saturating_sub(TAIL_BYTES)..].to_ascii_lowercase();
    let has = |tag: &[u8]| end.windows(tag.len()).any(|window| window == tag);
    has(b"</html") || has(b"</body")
}

/// Refuses a page that ends within something; `open` are the elements that it leaves open.
///
/// # Errors
/// Names what the page ends in.
pub(crate) fn check<'a>(text: &str, open: impl IntoIterator<Item = &'a str>) -> Result<(), Unreadable> {
    if is_closed(text.as_bytes()) {
        return Ok(());
    }
    let found = within_tag(text).map(str::to_owned).or_else(|| {
        let open: Vec<&str> = open.into_iter().collect();
        MUST_END.iter().find(|name| open.contains(name)).map(|name| format!("within <{name}>"))
    });
    found.map_or(Ok(()), |place| {
        let what = "the end of the page".to_owned();
        Err(Unreadable::Unexpected { what, found: format!("that it is cut off {place}") })
    })
}

/// The tag or comment that the text ends in.
fn within_tag(text: &str) -> Option<&'static str> {
    if text.rfind("<!--").is_some_and(|begin| !text[begin..].contains("-->")) {
        return Some("within a comment");
    }
    let tag = &text[text.rfind('<')?..];
    let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
    (is_tag && !tag.contains('>')).then_some("within a tag")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_end(text: &str, open: &[&str], expected: Option<&str>) {
        let found = check(text, open.iter().copied()).err().map(|error| error.to_string());
        assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
        assert!(expected.is_none_or(|words| found.is_some_and(|found| found.ends_with(words))));
    }

    #[test]
    fn a_page_that_ends_within_something_is_cut_off() {
        check_end("<table><tr><td>a", &["html", "body", "table", "tr", "td"], Some("within <table>"));
        check_end("<p>a <a hre", &["p"], Some("within a tag"));
        check_end("<p>a</p", &[], Some("within a tag"));
        check_end("<p>a</p><!-- and", &[], Some("within a comment"));
        check_end("<ul><li>a", &["ul", "li"], Some("within <ul>"));
    }

    #[test]
    fn what_may_be_left_open_is() {
        check_end("<p>a", &["html", "body", "p", "div"], None);
        check_end("<p>1 < 2", &["p"], None);
        check_end("<table><tr><td>a</body></html>", &["table"], None);
        check_end("", &[], None);
    }
}
