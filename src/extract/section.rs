//! Where something stands on its page: the headings above it, a table's caption, a row that heads others.
//!
//! That is a part of what the page says of it: "Designated" or "Removed from the list". What counts
//! entries or dates the page is none, or every entry would seem amended whenever one is added.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use ego_tree::NodeId;
use ego_tree::iter::Edge;
use regex::Regex;
use scraper::node::Element;
use scraper::{ElementRef, Node};

use super::html::{Markup, attribute, opening};
use crate::domain::text::{one_line, shorten};

/// Longer labels are cut.
const MAX_LABEL_CHARS: usize = 200;

/// What parts the labels of a path.
const PARTING: &str = " / ";

fn pattern(text: &str) -> Regex {
    #[expect(clippy::expect_used, reason = "the patterns are constants, each exercised by a test")]
    Regex::new(text).expect("constant pattern")
}

const MONTH: &str = r"(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?";

/// A day or a month of a year, as headings write it; of a day the year may be missing.
fn day() -> String {
    format!(
        r"(?:\d{{4}}-\d{{2}}-\d{{2}}|\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{2,4}}|\d{{1,2}}(?:st|nd|rd|th)?\s+(?:of\s+)?{MONTH}(?:,?\s+\d{{4}})?|{MONTH}\s+\d{{1,2}}(?:st|nd|rd|th)?\b(?:,?\s+\d{{4}})?|{MONTH},?\s+\d{{4}})(?:,?\s*(?:at\s+)?\d{{1,2}}[:.]\d{{2}}(?::\d{{2}})?\s*(?:[ap]\.?m\.?)?\s*(?:[A-Z]{{2,4}}\b)?)?"
    )
}

/// "(updated 3 May)", "as of June 1, 2026", "last revised yesterday".
static STAMP: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(
        r"(?i)[\s(\[–—,:;|-]*\b(?:last\s+|page\s+)*(?:updated?|revised|reviewed|modified|refreshed|published|generated|retrieved|checked|current|correct|accurate|valid|as)\b(?:\s+as)?(?:\s+(?:of|on|at|to|through|until|from))?\s*[:–—-]?\s*(?:[a-z]+day,?\s+)?(?:{}|today|yesterday|just now|\d+\s+[a-z]+\s+ago)[\s)\]]*",
        day()
    ))
});

static DAY: LazyLock<Regex> = LazyLock::new(|| {
    pattern(&format!(r"(?i)[\s(\[–—,:;|-]*(?:\b(?:on|of|from|since)\s+)?\b{}[\s)\]]*", day()))
});

const COUNTED: &str = r"(?:entry|entries|items?|results?|records?|rows?|lines?|names?|entity|entities|compan(?:y|ies)|firms?|persons?|people|individuals?|part(?:y|ies)|vessels?|ships?|listings?|cases?|documents?|files?|orders?|matches|hits|members?|organi[sz]ations?|products?|notices?|suppliers?|vendors?|in total|total|so far)";

/// "(27)", "27 entries", "Total: 27", "showing 1 to 10 of 27".
static COUNTS: LazyLock<[Regex; 4]> = LazyLock::new(|| {
    [
        pattern(&format!(
            r"(?i)\bshowing\s+\d[\d,. ]*(?:(?:to|-|–|of)\s*\d[\d,. ]*)*(?:of\s+\d[\d,.]*\s*)?{COUNTED}?"
        )),
        // A year is none, and "(2)" right behind a letter is a paragraph of a law.
        pattern(&format!(
            r"(?i)(?:^|\s)[(\[]\s*(?:\d{{1,3}}|[03-9]\d{{3}}|\d{{1,3}}(?:[,.\u{{a0}} ]\d{{3}})+|\d{{5,}}|\d[\d,.]*\s+{COUNTED})\s*[)\]]"
        )),
        pattern(&format!(r"(?i)\b\d[\d,.]*\s+{COUNTED}\b")),
        pattern(&format!(
            r"(?i)[\s(\[–—,;|-]*\b(?:{COUNTED}|count|number(?:\s+of\s+[a-z]+)?)\s*:\s*\d[\d,.]*[\s)\]]*"
        )),
    ]
});

fn without(text: &str, pattern: &Regex) -> String {
    pattern.replace_all(text, " ").into_owned()
}

fn without_counts(text: String) -> String {
    COUNTS.iter().fold(text, |text, pattern| without(&text, pattern))
}

/// The label without what it counts and when it was updated.
pub(super) fn label(text: &str) -> String {
    let text = one_line(text);
    tidy(&without_counts(without(&text, &STAMP)))
}

/// The same of a heading, whose days tell the edition of a page.
pub(super) fn heading_label(text: &str) -> String {
    let text = one_line(text);
    tidy(&without_counts(without(&without(&text, &STAMP), &DAY)))
}

fn tidy(text: &str) -> String {
    let text = one_line(text);
    let bare = text.trim_matches(|c: char| c.is_whitespace() || ":;,|–—-=*#_.•".contains(c));
    shorten(bare, MAX_LABEL_CHARS)
}

/// A path of labels as one.
pub(super) fn path<'a>(labels: impl IntoIterator<Item = &'a str>) -> String {
    labels.into_iter().filter(|label| !label.is_empty()).collect::<Vec<_>>().join(PARTING)
}

/// Words that say how things stand with what is below them, in the languages of the lists we know.
static STANDING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:removed|removals?|de-?listed|de-?listings?|deleted|deletions?|revoked|revocations?|rescinded|rescissions?|withdrawn|withdrawals?|suspended|suspensions?|terminated|terminations?|expired|lapsed|former|formerly|inactive|archived?|historical|previous|past|current|currently|designated|designations?|additions?|added|amended|amendments?|pending|proposed|annulled|lifted|cleared|in force|no longer|denied|granted|active|debarred|excluded|reinstated|radi[ée]s?|retir[ée]s?|gel[ée]s?|gestrichen|aufgehoben|eliminad[oa]s?|excluid[oa]s?|исключен\w*)\b",
    )
});

/// Legal forms: what bears one is somebody's name.
static LEGAL_FORM: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:ltd|limited|inc|llc|llp|corp|corporation|company|co|gmbh|ag|plc|s\.?a\.?|b\.?v\.?|jsc|ooo|oao|pte|pty|srl)\b\.?",
    )
});

/// So many words has a row that says how things stand, at most.
const MAX_STANDING_WORDS: usize = 8;

/// Whether a line alone says how things stand with what is below it, and is nobody's name.
pub(super) fn is_standing(text: &str) -> bool {
    text.split_whitespace().count() <= MAX_STANDING_WORDS
        && STANDING.is_match(text)
        && !LEGAL_FORM.is_match(text)
}

/// Whether a line only sorts what is below it: "A", "A – C", "0-9".
pub(super) fn is_letter(text: &str) -> bool {
    let words: Vec<&str> =
        text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.len() <= 2 && words.iter().all(|word| word.chars().count() == 1)
}

/// "No data available in table", "Loading…".
static NOTHING: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)^\W*(?:none\b|nothing\b|loading\b|n/a\b|no\s+(?:\w+\s+){0,3}(?:data|results?|records?|entries|items?|rows?|match(?:es|ing)?|entit(?:y|ies)|persons?|compan(?:y|ies)|listings?|documents?)\b)",
    )
});

/// Whether a line says that there is nothing.
pub(super) fn says_nothing(text: &str) -> bool {
    text.len() <= 160 && NOTHING.is_match(text)
}

/// The headings above each of some elements.
#[derive(Debug, Default)]
pub(super) struct Outline(HashMap<NodeId, String>);

impl Outline {
    /// Looks for the headings above some elements of the page.
    pub(super) fn of(markup: &Markup, wanted: &HashSet<NodeId>) -> Self {
        let mut reading =
            SectionReader { wanted, headings: Vec::new(), scopes: Vec::new(), found: Vec::new(), titles: 0 };
        let mut skipped = None;
        let is_title = |node: &&Node| node.as_element().is_some_and(may_be_title);
        let may_have_more_titles = markup.tree.tree.values().filter(is_title).nth(1).is_some();
        for edge in markup.tree.root_element().traverse() {
            // What follows them only says whether the page has several titles; most of a page is the list itself.
            if !may_have_more_titles && reading.found.len() == wanted.len() {
                break;
            }
            let (Edge::Open(node) | Edge::Close(node)) = edge;
            if let Some(top) = skipped {
                if top == node.id() {
                    skipped = None;
                }
                continue;
            }
            let Some(element) = ElementRef::wrap(node) else { continue };
            match edge {
                Edge::Open(_)
                    if matches!(element.value().name(), "head" | "template" | "script" | "style" | "svg") =>
                {
                    skipped = Some(node.id());
                }
                Edge::Open(_) => reading.open(element),
                Edge::Close(_) => reading.close(element),
            }
        }
        reading.finish()
    }

    /// Where an element stands; blank where nothing says it.
    pub(super) fn above(&self, element: ElementRef<'_>) -> &str {
        self.0.get(&element.id()).map_or("", String::as_str)
    }
}

type Headings = Vec<(u8, String)>;

struct SectionReader<'a> {
    wanted: &'a HashSet<NodeId>,
    headings: Headings,
    scopes: Vec<(NodeId, Headings)>,
    found: Vec<(NodeId, Headings)>,
    /// Headings of the first level.
    titles: usize,
}

/// A line that stands for a heading is below every real one.
const LINE: u8 = 8;

impl SectionReader<'_> {
    fn open(&mut self, element: ElementRef<'_>) {
        if self.wanted.contains(&element.id()) {
            self.found.push((element.id(), self.headings.clone()));
        }
        if is_scope(element) || self.wanted.contains(&element.id()) {
            self.scopes.push((element.id(), self.headings.clone()));
        }
        let Some(level) = level(element) else { return };
        self.titles += usize::from(level == 1);
        let text = heading_label(&opening(element, 4 * MAX_LABEL_CHARS));
        if !text.is_empty() {
            self.headings.retain(|(above, _)| *above < level);
            self.headings.push((level, text));
        }
    }

    fn close(&mut self, element: ElementRef<'_>) {
        if self.scopes.last().is_some_and(|(id, _)| *id == element.id())
            && let Some((_, headings)) = self.scopes.pop()
        {
            self.headings = headings;
        }
    }

    fn finish(self) -> Outline {
        // The one heading that is above all of a page is its title and tells nothing apart.
        let top = if self.titles > 1 { 1 } else { 2 };
        let told = |headings: Headings| {
            path(headings.iter().filter(|(level, _)| *level >= top).map(|(_, text)| text.as_str()))
        };
        Outline(self.found.into_iter().map(|(id, headings)| (id, told(headings))).collect())
    }
}

/// Whether headings within an element hold for nothing behind it.
fn is_scope(element: ElementRef<'_>) -> bool {
    matches!(element.value().name(), "td" | "th" | "li" | "dd" | "nav" | "aside" | "footer" | "details")
}

/// The level of what is a heading.
fn level(element: ElementRef<'_>) -> Option<u8> {
    let name = element.value().name();
    match name.as_bytes() {
        [b'h', digit @ b'1'..=b'6'] => return Some(digit - b'0'),
        b"summary" | b"legend" => return Some(7),
        _ => {}
    }
    if attribute(element, "role") == Some("heading") {
        let said = attribute(element, "aria-level").and_then(|level| level.trim().parse().ok());
        return Some(said.unwrap_or(2).clamp(1, 6));
    }
    (matches!(name, "p" | "div" | "center") && is_heading_line(element)).then_some(LINE)
}

/// Whether an element may be a heading of the first level.
fn may_be_title(element: &Element) -> bool {
    element.name() == "h1" || element.attrs.iter().any(|(name, _)| &*name.local == "aria-level")
}

/// So many nodes of a line are looked at.
const MAX_LINE_NODES: usize = 40;

/// Whether a short line is set as a heading: all of it bold, called so, or saying how things stand.
fn is_heading_line(line: ElementRef<'_>) -> bool {
    let (mut words, mut is_bold, mut nodes) = (String::new(), true, 0_usize);
    for node in line.descendants().skip(1) {
        nodes += 1;
        match node.value() {
            Node::Text(text) if !text.trim().is_empty() => {
                words.push_str(text);
                let mut within = node.ancestors().take_while(|outer| outer.id() != line.id());
                is_bold &= within.any(|outer| {
                    outer
                        .value()
                        .as_element()
                        .is_some_and(|outer| matches!(outer.name(), "b" | "strong" | "u"))
                });
            }
            Node::Element(found) if !is_inline(found.name()) => return false,
            _ => {}
        }
        if nodes > MAX_LINE_NODES || words.len() > MAX_LABEL_CHARS {
            return false;
        }
    }
    if words.trim().is_empty() {
        return false;
    }
    let is_called_so = line.value().classes().any(|class| {
        class.split(['-', '_']).any(|word| matches!(word, "heading" | "title" | "caption" | "subtitle"))
    });
    is_bold || is_called_so || is_standing(&words) && !words.trim_end().ends_with('.')
}

fn is_inline(name: &str) -> bool {
    matches!(
        name,
        "a" | "abbr" | "b" | "br" | "em" | "font" | "i" | "small" | "span" | "strong" | "sub" | "sup" | "u"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_label(text: &str, expected: &str) {
        assert_eq!(heading_label(text), expected, "{text}");
    }

    #[test]
    fn a_label_neither_counts_nor_dates() {
        check_label("Designated entities (27)", "Designated entities");
        check_label("Designated: 1,027 entries", "Designated");
        check_label("Designated – Total: 27", "Designated");
        check_label("Removed from the list (updated 3 May)", "Removed from the list");
        check_label("Removed, last updated: Monday, 3 May 2026 at 10:30 EST", "Removed");
        check_label("Entity List as of June 1, 2026", "Entity List");
        check_label("Entity List – July 2026", "Entity List");
        check_label("Showing 1 to 10 of 27 entries", "");
        check_label("Updated 3 May", "");
    }

    #[test]
    fn numbers_that_mean_something_stay() {
        for text in
            ["Tier 2", "Section 1260H(a)(2)", "Orders of 2024", "Annex II, part 3", "Designated (2024)"]
        {
            check_label(text, text);
        }
        // A row that heads others keeps its day: that tells what is below it apart.
        assert_eq!(label("Removed on 3 May 2026"), "Removed on 3 May 2026");
        assert_eq!(label("Added (12)"), "Added");
    }

    #[test]
    fn a_name_does_not_say_how_things_stand() {
        for text in ["REMOVED", "Removed from the list", "--- De-listed ---", "No longer in force"] {
            assert!(is_standing(text), "{text}");
        }
        for text in ["ZTE", "Active Networks Ltd", "Acme", "Example Works"] {
            assert!(!is_standing(text), "{text}");
        }
        assert!(is_letter("A – C") && is_letter("G") && !is_letter("ZTE"));
        assert!(says_nothing("No data available in table") && !says_nothing("Nobel Works"));
    }

    #[track_caller]
    fn check(html: &str, expected: &[&str]) {
        let markup = Markup::parse(html, &"https://agency.test/".parse().unwrap()).unwrap();
        let tables = super::super::html::selector("table.t").unwrap();
        let tables: Vec<ElementRef<'_>> = markup.tree.select(&tables).collect();
        let outline = Outline::of(&markup, &tables.iter().map(|table| table.id()).collect());
        assert_eq!(tables.iter().map(|table| outline.above(*table)).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn headings_above_a_table_are_its_place() {
        const T: &str = "<table class=t><tr><td>x</table>";
        check(
            &format!("<h1>List</h1><h2>Designated</h2>{T}<h2>Removed</h2><h3>Orders of 2024</h3>{T}"),
            &["Designated", "Removed / Orders of 2024"],
        );
        check(&format!("<h1>On</h1>{T}<h1>Off</h1>{T}"), &["On", "Off"]);
        check(
            &format!("<p><b>On (3)</b></p>{T}<div class='table-title'>Off</div><p>Text.</p>{T}"),
            &["On", "Off"],
        );
        check(&format!("<details><summary>Removed</summary>{T}</details>{T}"), &["Removed", ""]);
        check(
            &format!("<aside><h2>Related</h2></aside>{T}<table><tr><td><h2>Left</h2>{T}<td>{T}</table>"),
            &["", "Left", ""],
        );
        check(
            &format!("<p>The bureau keeps the list below.</p>{T}<template><h2>No</h2></template>{T}"),
            &["", ""],
        );
    }
}
