//! Items of the lists in a text.

use std::sync::LazyLock;

use ego_tree::NodeId;
use scraper::{ElementRef, Node};

use super::WordsBuilder;
use crate::domain::entry::{Entry, SECTION};
use crate::domain::noise::{Noise, NoiseClass};
use crate::domain::text::{one_line, shorten};
use crate::extract::section;
use crate::extract::table::folded;

/// The headings above an item: level and label.
pub(super) type HeadingPath = Vec<(u8, String)>;

/// An item under construction.
pub(super) struct ItemBuilder {
    /// It ends with this element.
    pub(super) ends: NodeId,
    /// Whether something was said of the term, in a list of terms.
    pub(super) is_explained: bool,
    /// What the item says in whose list it stands.
    pub(super) below: String,
    pub(super) words: WordsBuilder,
}

/// An item is called by so much of what it says.
const MAX_TITLE_CHARS: usize = 120;

/// An item is known by so much of what it says.
const MAX_KEY_CHARS: usize = 200;

/// So many nodes of an item are looked at for a heading.
const MAX_NODES: usize = 300;

/// What differs from one read to the next says nothing of what an item is about.
static FLEETING: LazyLock<Noise> = LazyLock::new(|| {
    use NoiseClass::{Counters, FootnoteMarks, Nonces, RelativeTimes, Timestamps};
    Noise::of([Counters, FootnoteMarks, Nonces, RelativeTimes, Timestamps])
});

impl ItemBuilder {
    /// The entry; headings above `top` are above all of the page.
    pub(super) fn into_entry(self, place: &HeadingPath, top: u8) -> Option<Entry> {
        if self.words.lines.is_blank() && self.words.links.is_empty() {
            return None;
        }
        let entry = self.words.into_entry(Entry::new("", ""), (String::new(), String::new()));
        let text = one_line(entry.fields.get("text").map_or("", String::as_str));
        let about = folded(&shorten(&FLEETING.canonical(&text), MAX_KEY_CHARS));
        let headings = place.iter().filter(|(level, _)| *level >= top).map(|(_, label)| label.as_str());
        let section = section::path(headings.chain([self.below.as_str()]));
        let title = shorten(&text, MAX_TITLE_CHARS);
        Some(Entry { key: format!("li/{about}"), title, ..entry }.with(SECTION, section))
    }
}

/// With which element the item ends that begins with this one, if one does.
pub(super) fn begins(element: ElementRef<'_>) -> Option<NodeId> {
    match element.value().name() {
        // What has headings in it is divided by these.
        "li" => (!has_heading(element)).then(|| element.id()),
        "dt" | "dd" => {
            let mut outer = element.ancestors().filter_map(ElementRef::wrap);
            let list = outer.find(|outer| outer.value().name() == "dl")?;
            (!has_heading(element)).then(|| list.id())
        }
        _ => None,
    }
}

fn has_heading(element: ElementRef<'_>) -> bool {
    let is_heading = |name: &str| matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "summary");
    element
        .descendants()
        .take(MAX_NODES)
        .any(|node| matches!(node.value(), Node::Element(found) if is_heading(found.name())))
}
