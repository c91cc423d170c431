//! What the style sheets within a page hide.
//!
//! A sheet is a program for the whole page; here only rules are heeded that hide whatever has a class, an id or a
//! place. A rule for some screens only hides nothing from everybody, and what another rule shows again is not hidden.

use std::collections::HashSet;
use std::sync::LazyLock;

use ego_tree::NodeId;
use html5ever::tendril::StrTendril;
use html5ever::{LocalName, QualName, ns};
use regex::Regex;
use scraper::node::Element;
use scraper::{Html, Node, Selector};

/// So much of the sheets of a page is read.
const MAX_BYTES: usize = 256 << 10;

/// So many selectors that hide something are heeded.
const MAX_SELECTORS: usize = 64;

#[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("constant pattern")
}

static HIDES: LazyLock<Regex> = LazyLock::new(|| {
    pattern(r"(?i)(?:^|[;{\s])(?:display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse))\b")
});
static SHOWS: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?i)(?:^|[;\s])(?:display|visibility)\s*:"));
static COMMENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?s)/\*.*?\*/"));
/// Names with a class or an id, one within the other; what a reader points at or does is none.
static PLAIN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[\w-]*(?:[.#][\w-]+)+(?:(?:\s*>\s*|\s+)[\w-]*(?:[.#][\w-]+)*)*$"));

/// Marks as hidden what the page's own sheets hide.
pub(super) fn apply(tree: &mut Html) {
    let hidden = hidden_by(&sheets(tree));
    let Ok(selector) = Selector::parse(&hidden.join(", ")) else { return };
    let found: Vec<NodeId> = tree.select(&selector).map(|element| element.id()).collect();
    let name = QualName::new(None, ns!(), LocalName::from("hidden"));
    for id in found {
        if let Some(mut node) = tree.tree.get_mut(id)
            && let Node::Element(element) = node.value()
            && !element.attrs.iter().any(|(known, _)| *known == name)
        {
            element.attrs.push((name.clone(), StrTendril::new()));
            // They are looked up by halves.
            element.attrs.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        }
    }
}

fn sheet(node: &Node) -> Option<&Element> {
    node.as_element().filter(|element| element.name() == "style")
}

/// The text of the sheets that hold for every reader.
fn sheets(tree: &Html) -> String {
    let mut text = String::new();
    // Many pages have none, and to go through the nodes as they lie in memory is faster than from one to the next.
    if !tree.tree.values().any(|node| sheet(node).is_some()) {
        return text;
    }
    for node in tree.tree.root().descendants() {
        let Some(element) = sheet(node.value()) else { continue };
        let media = element.attr("media").unwrap_or("all").trim().to_ascii_lowercase();
        if !matches!(media.as_str(), "" | "all" | "screen") {
            continue;
        }
        for child in node.children() {
            if let Some(words) = child.value().as_text() {
                text.push_str(words);
                text.push('\n');
            }
        }
        if text.len() > MAX_BYTES {
            return String::new();
        }
    }
    text
}

/// The selectors of what rules hide and no rule shows.
fn hidden_by(text: &str) -> Vec<String> {
    if !HIDES.is_match(text) {
        return Vec::new();
    }
    let (mut hidden, mut shown) = (Vec::new(), HashSet::new());
    for rule in rules(&COMMENT.replace_all(text, " ")) {
        let does_hide = HIDES.is_match(&rule.declarations);
        if !does_hide && !SHOWS.is_match(&rule.declarations) {
            continue;
        }
        for selector in
            rule.selectors.split(',').map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "))
        {
            if !does_hide {
                shown.insert(selector);
            } else if !rule.is_conditional && PLAIN.is_match(&selector) {
                hidden.push(selector);
            }
        }
    }
    // `.pane.active` is shown of what `.pane` hides: which it is, a script decides.
    hidden.retain(|selector| !shown.iter().any(|shown: &String| shown.contains(selector.as_str())));
    hidden.truncate(MAX_SELECTORS);
    hidden
}

struct StyleRule {
    selectors: String,
    declarations: String,
    /// Whether it holds under a condition: of the screen, of what a browser can do.
    is_conditional: bool,
}

fn rules(text: &str) -> Vec<StyleRule> {
    let (mut rules, mut outer, mut head) = (Vec::new(), 0_usize, String::new());
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}', ';']) {
        head.push_str(&rest[..at]);
        let mark = rest.as_bytes()[at];
        rest = &rest[at + 1..];
        match mark {
            b'{' if head.trim_start().starts_with('@') => outer += 1,
            b'{' => {
                let end = rest.find('}').unwrap_or(rest.len());
                rules.push(StyleRule {
                    selectors: head.trim().to_owned(),
                    declarations: rest[..end].to_owned(),
                    is_conditional: outer > 0,
                });
                rest = rest.get(end + 1..).unwrap_or_default();
            }
            b'}' => outer = outer.saturating_sub(1),
            _ => {}
        }
        head.clear();
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        assert_eq!(hidden_by(text), expected, "{text}");
    }

    #[test]
    fn rules_hide_what_has_a_class_an_id_or_a_place() {
        check(".gone { color: red; display: none }", &[".gone"]);
        check("tr.old,\n#draft>td.x{visibility:hidden}", &["tr.old", "#draft>td.x"]);
        check("/* .a{display:none} */ .b{display:none!important}", &[".b"]);
        check("@import 'x.css'; .b{display:none}", &[".b"]);
    }

    #[test]
    fn what_is_hidden_from_some_or_shown_again_is_not_hidden() {
        check("@media print{.gone{display:none}} .x{color:red}", &[]);
        check(".menu{display:none} .menu{display:block}", &[]);
        check(".pane{display:none} .pane.active{display:block}", &[]);
        check(".wide{display:none} @media (min-width:9em){.wide{display:flex}}", &[]);
        check(
            ".gone:not(.x){display:none} a:hover .tip{display:none} td{display:none} [x]{display:none}",
            &[],
        );
        check(".a{list-style:none;border:none;background:none}", &[]);
    }
}
