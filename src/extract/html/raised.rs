//! Footnote marks in markup, and what is written in place of something that is made out only where it is shown.

use std::sync::LazyLock;

use regex::Regex;
use scraper::ElementRef;

use super::attribute;
use crate::domain::noise::{raised, revealed};

/// A longer text is no mark.
const MAX_MARK_BYTES: usize = 24;

#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by a test")]
static MARK: LazyLock<Regex> = LazyLock::new(|| {
    let one = r"(?:note |fn\.? ?)?(?:\d{1,3}|[a-pr-z]|[ivx]{1,4}|[*†‡§¶#^]{1,3})";
    Regex::new(&format!(r"^[\[(]?\s*{one}(?:\s*[,;]\s*{one}){{0,4}}\s*[\])]?$")).expect("constant pattern")
});

/// Fragments that name a footnote.
#[expect(clippy::expect_used, reason = "the pattern is a constant, exercised by a test")]
static NOTE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)^#_?(?:ftn|fn|foot-?note|end-?note|edn|cite[-_]?note|note|ref)[-_:.]?[a-z]{0,3}[-_:.]?\d*\*?$",
    )
    .expect("constant pattern")
});

/// Whether an element is a footnote's mark: it is raised, or leads to a note, and says no more than a mark does.
pub(super) fn is_mark(element: ElementRef<'_>) -> bool {
    is_raised(element) && {
        let mut text = String::new();
        for words in element.text() {
            text.push_str(words);
            if text.len() > MAX_MARK_BYTES {
                return false;
            }
        }
        MARK.is_match(text.trim())
    }
}

fn is_raised(element: ElementRef<'_>) -> bool {
    let value = element.value();
    let is_role =
        |name| attribute(element, name).is_some_and(|role| matches!(role.trim(), "doc-noteref" | "noteref"));
    match value.name() {
        "sup" => true,
        "a" if attribute(element, "href").is_some_and(|href| NOTE.is_match(href.trim())) => true,
        "a" | "span" | "small" | "button" => {
            is_role("role")
                || is_role("epub:type")
                || value.classes().any(|class| {
                    let class = class.to_ascii_lowercase();
                    matches!(
                        class.as_str(),
                        "footnote" | "fn" | "fnref" | "noteref" | "reference" | "superscript"
                    ) || ["footnote-", "footnote_", "fn-", "note-ref", "footnoteref", "endnote-"]
                        .iter()
                        .any(|start| class.starts_with(start))
                })
        }
        _ => false,
    }
}

/// The words of a mark as they are raised above the line; brackets say no more than that.
pub(super) fn marked(text: &str) -> impl Iterator<Item = char> + '_ {
    text.chars()
        .filter(|c| !matches!(c, '[' | ']' | '(' | ')'))
        .map(|c| if c.is_whitespace() { ' ' } else { raised(c).unwrap_or(c) })
}

/// The mail address that an element hides from robots and shows to readers.
pub(super) fn protected_mail(element: ElementRef<'_>) -> Option<String> {
    if let Some(code) = attribute(element, "data-cfemail") {
        return revealed(code.trim());
    }
    let href = attribute(element, "href").filter(|_| element.value().name() == "a")?;
    let (_, code) = href.split_once("/cdn-cgi/l/email-protection#")?;
    // Where the link has words of its own they stand.
    let is_placeholder =
        element.text().collect::<String>().replace('\u{a0}', " ").contains("[email protected]");
    revealed(code.trim()).filter(|_| is_placeholder)
}
