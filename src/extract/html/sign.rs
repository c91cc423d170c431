//! What stands for words without being text: a picture's description, a tick, a chosen option, what
//! was filled in, the day that a word means.
//!
//! A *sign* stands where words could stand; a *note* is said of words that stand there. A note that
//! says what its words say is none.

use ego_tree::iter::Edge;
use scraper::{ElementRef, Node};

use super::{PagePiece, attribute};
use crate::domain::text::boundary_after;
use crate::extract::date;
use crate::html::elements::is_block;

/// Ticked, and not.
const TICKED: [&str; 2] = ["☑", "☐"];

/// Chosen of several, and not.
const CHOSEN: [&str; 2] = ["◉", "○"];

/// So much of an element is looked at to see what it says itself.
const MAX_OPENING_BYTES: usize = 400;

/// So many nodes of an element are looked at for it.
const MAX_OPENING_NODES: usize = 200;

/// What stands where the element begins.
pub(super) fn before<'a>(element: ElementRef<'a>, show: &mut impl FnMut(PagePiece<'a>)) {
    let sign = match element.value().name() {
        "img" => label(element, &["alt", "title", "aria-label"]),
        "input" => input(element),
        "option" => attribute(element, "selected").map(|_| TICKED[0]),
        "meter" | "progress" => blank(element).then(|| label(element, &["value"])).flatten(),
        "td" | "th" => own_label(element).or_else(|| picture(element)),
        "a" | "abbr" | "b" | "button" | "data" | "dd" | "div" | "em" | "i" | "label" | "li" | "p"
        | "span" | "strong" | "time" => own_label(element),
        _ => None,
    };
    if let Some(sign) = sign {
        show(PagePiece::Sign(sign));
    }
}

/// What is said of the element where it ends.
pub(super) fn after<'a>(element: ElementRef<'a>, show: &mut impl FnMut(PagePiece<'a>)) {
    let name = element.value().name();
    let noted: &[&str] = match name {
        "time" => &["datetime", "title", "aria-label"],
        "data" => &["value", "title", "aria-label"],
        "input" if matches!(kind(element).as_str(), "checkbox" | "radio") => &["title"],
        // What such an element is called is said to those who cannot see it.
        "input" | "select" | "textarea" | "html" | "body" | "form" | "meter" | "progress" => return,
        "article" | "aside" | "dialog" | "div" | "dl" | "fieldset" | "figure" | "footer" | "header"
        | "img" | "main" | "menu" | "nav" | "ol" | "section" | "table" | "ul" => &["title"],
        _ => &["title", "aria-label"],
    };
    if noted.iter().all(|name| attribute(element, name).is_none()) {
        return;
    }
    let said = if name == "img" {
        label(element, &["alt", "title"]).unwrap_or_default().to_owned()
    } else {
        opening(element, MAX_OPENING_BYTES)
    };
    if said.trim().is_empty() && name != "input" {
        return;
    }
    let mut told = folded(&said);
    for note in noted.iter().filter_map(|name| attribute(element, name)).map(str::trim) {
        let folded = folded(note);
        let is_said = told.contains(&folded) || name == "time" && is_day_said(note, &said);
        if !folded.is_empty() && !is_said {
            told.push_str(&folded);
            show(PagePiece::Note(note));
        }
    }
}

/// The words of a drawing: its titles and the text in it. What is only defined is not drawn.
pub(super) fn drawing<'a>(element: ElementRef<'a>, show: &mut impl FnMut(PagePiece<'a>)) {
    let is_words = |name: &str| matches!(name, "title" | "text");
    let (mut words, mut skipped) = (0_usize, None);
    for edge in element.traverse() {
        let (Edge::Open(node) | Edge::Close(node)) = edge;
        let is_open = matches!(edge, Edge::Open(_));
        match node.value() {
            _ if skipped == Some(node.id()) => skipped = None,
            _ if skipped.is_some() => {}
            Node::Element(found)
                if is_open && matches!(found.name(), "defs" | "symbol" | "script" | "style") =>
            {
                skipped = Some(node.id());
            }
            Node::Element(found) if is_words(found.name()) => {
                words = if is_open { words + 1 } else { words.saturating_sub(1) };
            }
            Node::Text(text) if is_open && words > 0 && !text.trim().is_empty() => {
                show(PagePiece::Sign(text));
            }
            _ => {}
        }
    }
}

fn input(element: ElementRef<'_>) -> Option<&str> {
    let is_on = |signs: [&'static str; 2]| signs[usize::from(attribute(element, "checked").is_none())];
    match kind(element).as_str() {
        "checkbox" => Some(is_on(TICKED)),
        "radio" => Some(is_on(CHOSEN)),
        "image" => label(element, &["alt", "title"]),
        _ if is_silent(element) => None,
        _ => label(element, &["value"]),
    }
}

fn kind(input: ElementRef<'_>) -> String {
    attribute(input, "type").unwrap_or_default().trim().to_ascii_lowercase()
}

/// Whether what is in the field is not shown to anybody: forms carry a visit's marks in such.
fn is_silent(input: ElementRef<'_>) -> bool {
    matches!(kind(input).as_str(), "hidden" | "password" | "file")
}

/// The label of an element that says nothing itself, such as an icon.
fn own_label(element: ElementRef<'_>) -> Option<&str> {
    let names: &[&str] = if element.value().name() == "data" {
        &["aria-label", "title", "value"]
    } else {
        &["aria-label", "title"]
    };
    let label = label(element, names)
        .or_else(|| (element.value().name() == "time").then(|| label(element, &["datetime"])).flatten());
    label.filter(|_| blank(element))
}

/// The name of the picture that alone is in a cell and has no words of its own.
fn picture(cell: ElementRef<'_>) -> Option<&str> {
    let nodes = cell.descendants().skip(1).take(MAX_OPENING_NODES);
    let image = nodes.filter_map(ElementRef::wrap).find(|element| element.value().name() == "img")?;
    // What is shown later stands beside what is shown until then.
    let address = label(image, &["data-src", "src"]).filter(|_| blank(cell))?;
    let path = address.split(['?', '#']).next().unwrap_or(address);
    let name = path.rsplit('/').next().unwrap_or(path);
    let is_inline = address.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"));
    Some(without_build(name)).filter(|name| !is_inline && !name.is_empty())
}

/// A file's name up to what tells one build of it from another: `tick.3f2a9c81.svg` is `tick`.
fn without_build(name: &str) -> &str {
    let is_build = |part: &str| {
        part.len() >= 6
            && part.bytes().all(|byte| byte.is_ascii_hexdigit())
            && part.bytes().any(|byte| byte.is_ascii_digit())
    };
    let mut end = name.rfind('.').filter(|at| *at > 0).unwrap_or(name.len());
    while let Some(at) =
        name[..end].rfind(['.', '-', '_']).filter(|at| *at > 0 && is_build(&name[at + 1..end]))
    {
        end = at;
    }
    &name[..end]
}

/// The first of some attributes that says something.
fn label<'a>(element: ElementRef<'a>, names: &[&str]) -> Option<&'a str> {
    names.iter().filter_map(|name| attribute(element, name)).map(str::trim).find(|text| !text.is_empty())
}

fn blank(element: ElementRef<'_>) -> bool {
    opening(element, 1).trim().is_empty()
}

/// The beginning of what an element says, signs included: at least so many bytes, if there are, and
/// not many more. For what lies too deep in it, blank.
pub(in crate::extract) fn opening(element: ElementRef<'_>, bytes: usize) -> String {
    let mut said = String::new();
    for node in element.descendants().skip(1).take(MAX_OPENING_NODES) {
        match node.value() {
            Node::Text(text) => {
                let words = text.trim_start();
                said.push_str(if words.len() < text.len() { " " } else { "" });
                said.push_str(&words[..boundary_after(words, bytes)]);
            }
            Node::Element(found) => {
                let sign = ElementRef::wrap(node).and_then(|element| match found.name() {
                    "img" => label(element, &["alt", "title", "aria-label"]),
                    "input" => input(element),
                    "meter" | "progress" | "data" => label(element, &["value"]),
                    "time" => label(element, &["datetime"]).filter(|_| !element.has_children()),
                    "abbr" | "i" | "span" if !element.has_children() => {
                        label(element, &["aria-label", "title"])
                    }
                    _ => None,
                });
                // A space between blocks, and between cells.
                let gap = if is_block(found.name()) || sign.is_some() { " " } else { "" };
                said.extend([gap, sign.unwrap_or_default()]);
            }
            _ => {}
        }
        if said.trim().len() >= bytes {
            break;
        }
    }
    said
}

/// The form in which a note is compared with its words.
fn folded(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// Whether words name the day that a `datetime` means.
fn is_day_said(datetime: &str, words: &str) -> bool {
    let meant = date::days(datetime.get(..10).unwrap_or(datetime));
    let said = date::days(words);
    meant.first().is_some_and(|day| said.contains(day))
}
