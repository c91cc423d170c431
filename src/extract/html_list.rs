//! Lists that are no tables: `ul`, `ol`, `dl`, and blocks that repeat, such as the cards of a search.
//!
//! What the selector matches is a list, read item by item, or else an entry itself. Fields are found by
//! selectors within an entry; what no field takes is a field of its own, so that nothing an entry says
//! is passed over. A list that stands in an item and matches as well is read by itself, below that item.

use std::collections::HashSet;

use ego_tree::NodeId;
use scraper::{ElementRef, Selector};
use url::Url;

use super::RawDocument;
use super::html::{self, ElementText, Marked, Markup, PagePiece, TextLines};
use super::list::{Record, Rows};
use super::section::{self, Outline};
use crate::domain::entry::{Document, SECTION};
use crate::domain::source::ListSettings;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;

/// The field that holds what no other field takes.
const REST: &str = "rest";

pub(super) fn extract(settings: &ListSettings, page: &RawDocument<'_>) -> Result<Document, Unreadable> {
    let markup = Markup::of(page)?;
    let fields = FieldPlaces::of(settings)?;
    let selector = html::selector(&settings.selector)?;
    let is_shown = |element: &ElementRef<'_>| !html::is_in_template(*element);
    let found: Vec<ElementRef<'_>> = markup.tree.select(&selector).filter(is_shown).collect();
    if found.is_empty() {
        return Err(Unreadable::Missing { what: format!("an element that matches {:?}", settings.selector) });
    }
    let matched: HashSet<NodeId> = found.iter().map(|element| element.id()).collect();
    let mut dropped = matched.clone();
    for css in &settings.drop {
        dropped.extend(markup.tree.select(&html::selector(css)?).map(|element| element.id()));
    }
    let outline = Outline::of(&markup, &matched);
    let reading = ListReader { settings, markup: &markup, fields, dropped };
    let mut rows = Rows::new(&settings.rows, page.url);
    // What the item says in which the last list stood.
    let mut below: (Option<NodeId>, String) = (None, String::new());
    for list in found {
        let is_within = list.ancestors().any(|node| matched.contains(&node.id()));
        let outer = list.ancestors().find(|node| is_item(*node)).filter(|_| is_within);
        let id = outer.map(|item| item.id());
        if below.0 != id {
            let item = outer.and_then(ElementRef::wrap);
            below = (id, item.map(|item| section::label(&reading.said(&[item]).text)).unwrap_or_default());
        }
        let place = section::path([outline.above(list), below.1.as_str()]);
        for entry in entries(list) {
            let mut record = reading.record(&entry);
            if !record.says_nothing() {
                record.mark(SECTION, &place);
                rows.take(record)?;
            }
        }
    }
    let names: Vec<String> = settings.fields.0.iter().map(|(field, _)| field.clone()).collect();
    rows.finish(&names).map(|document| document.relative_to(markup.address()))
}

fn is_item(node: ego_tree::NodeRef<'_, scraper::Node>) -> bool {
    node.value().as_element().is_some_and(|element| element.name() == "li")
}

/// The entries of what the selector matched, each the elements that it is made of.
fn entries(list: ElementRef<'_>) -> Vec<Vec<ElementRef<'_>>> {
    match list.value().name() {
        "ul" | "ol" | "menu" => {
            let items = list.child_elements().filter(|child| child.value().name() == "li");
            items.map(|item| vec![item]).collect()
        }
        "dl" => terms(list),
        _ => vec![vec![list]],
    }
}

/// Terms, each with what is said of it; a `div` may stand around them.
fn terms(list: ElementRef<'_>) -> Vec<Vec<ElementRef<'_>>> {
    let parts = list.child_elements().flat_map(|child| {
        let within = (child.value().name() == "div").then(|| child.child_elements());
        let own = matches!(child.value().name(), "dt" | "dd").then_some(child);
        own.into_iter().chain(within.into_iter().flatten())
    });
    let mut groups: Vec<Vec<ElementRef<'_>>> = Vec::new();
    let is_term = |part: &ElementRef<'_>| part.value().name() == "dt";
    for part in parts.filter(|part| matches!(part.value().name(), "dt" | "dd")) {
        match groups.last_mut() {
            Some(group) if !is_term(&part) || group.last().is_some_and(is_term) => group.push(part),
            _ => groups.push(vec![part]),
        }
    }
    groups
}

/// Where a field of an entry is found.
enum FieldPlace {
    /// All of the entry.
    Whole,
    /// The elements that match.
    Words(Selector),
    /// An attribute of those, or of the entry itself.
    Attribute(Option<Selector>, String),
}

struct FieldPlaces(Vec<(String, Vec<FieldPlace>)>);

impl FieldPlaces {
    fn of(settings: &ListSettings) -> Result<Self, Unreadable> {
        let places =
            |places: &Vec<String>| places.iter().map(|text| place(text)).collect::<Result<Vec<_>, _>>();
        let fields = settings.fields.0.iter().map(|(field, at)| Ok((field.clone(), places(at)?)));
        fields.collect::<Result<_, Unreadable>>().map(Self)
    }
}

fn place(text: &str) -> Result<FieldPlace, Unreadable> {
    let (css, attribute) = ListSettings::place(text);
    let selector = (css != "." && !css.is_empty()).then(|| html::selector(css)).transpose()?;
    Ok(match (selector, attribute) {
        (selector, Some(name)) => FieldPlace::Attribute(selector, name.to_owned()),
        (Some(selector), None) => FieldPlace::Words(selector),
        (None, None) => FieldPlace::Whole,
    })
}

struct ListReader<'a> {
    settings: &'a ListSettings,
    markup: &'a Markup,
    fields: FieldPlaces,
    /// What is left out of entries: what is dropped, and entries of their own.
    dropped: HashSet<NodeId>,
}

impl<'a> ListReader<'a> {
    fn record(&self, entry: &[ElementRef<'a>]) -> Record {
        let mut record = Record::default();
        let (mut taken, mut is_whole) = (HashSet::new(), false);
        for (field, places) in &self.fields.0 {
            for place in places {
                match place {
                    FieldPlace::Whole => {
                        is_whole = true;
                        record.push(field, self.text_in(field, &self.said(entry)));
                    }
                    FieldPlace::Words(selector) => {
                        for element in self.find(entry, selector) {
                            record.push(field, self.text_in(field, &self.said(&[element])));
                            taken.insert(element.id());
                        }
                    }
                    FieldPlace::Attribute(selector, name) => {
                        let elements =
                            selector.as_ref().map_or_else(|| entry.to_vec(), |css| self.find(entry, css));
                        let values = elements.iter().filter_map(|element| self.attribute(*element, name));
                        values.for_each(|value| record.push(field, &value));
                    }
                }
            }
        }
        record.mark_words(&self.said(entry));
        if !is_whole && !entry.iter().all(|element| taken.contains(&element.id())) {
            let rest = self.read(entry, |id| taken.contains(&id)).text;
            if !rest.is_empty() {
                record.push(REST, &rest);
            }
        }
        record.links = self.links(entry);
        record
    }

    /// What a field says; what an entry is known by is the words alone.
    fn text_in<'s>(&self, field: &str, said: &'s ElementText) -> &'s str {
        if self.settings.rows.is_known_by(field) { said.name() } else { &said.text }
    }

    /// The elements in an entry that match, the entry's own among them.
    fn find(&self, entry: &[ElementRef<'a>], selector: &Selector) -> Vec<ElementRef<'a>> {
        let mut found = Vec::new();
        for own in entry {
            found.extend(selector.matches(own).then_some(*own));
            let is_left_out = |element: &ElementRef<'a>| {
                let outer = element.ancestors().map(|outer| outer.id()).take_while(|id| *id != own.id());
                std::iter::once(element.id()).chain(outer).any(|id| self.dropped.contains(&id))
            };
            found.extend(own.select(selector).filter(|element| !is_left_out(element)));
        }
        found
    }

    fn said(&self, elements: &[ElementRef<'a>]) -> ElementText {
        self.read(elements, |_| false)
    }

    /// Reads elements without entries of their own and what else is left out.
    fn read(&self, elements: &[ElementRef<'a>], is_taken: impl Fn(NodeId) -> bool) -> ElementText {
        let (mut text, mut words) = (TextLines::with_signs(), TextLines::default());
        let (mut struck, mut hidden) = (Vec::new(), Vec::new());
        let is_left_out = |id: NodeId| self.dropped.contains(&id) || is_taken(id);
        for element in elements.iter().filter(|element| !is_taken(element.id())) {
            let mut marked = Marked::within(*element);
            html::walk_without(*element, is_left_out, |piece| {
                text.take(&piece);
                words.take(&piece);
                marked.take(&piece);
            });
            let (struck_here, hidden_here) = marked.finish();
            struck.push(struck_here);
            hidden.push(hidden_here);
        }
        let joined = |mut texts: Vec<String>| {
            texts.retain(|text| !text.is_empty());
            texts.join("\n")
        };
        ElementText::of(text, words, joined(struck), joined(hidden))
    }

    /// An attribute's value; of one that leads somewhere, the address.
    fn attribute(&self, element: ElementRef<'a>, name: &str) -> Option<String> {
        let value = element.attr(name)?.trim();
        let is_address = matches!(name, "href" | "src");
        let address = is_address.then(|| self.markup.address().join(value).ok()).flatten();
        Some(address.map_or_else(|| value.to_owned(), String::from)).filter(|value| !value.is_empty())
    }

    fn links(&self, entry: &[ElementRef<'a>]) -> Vec<(String, Url)> {
        let mut links = Vec::new();
        for element in entry {
            html::walk_without(
                *element,
                |id| self.dropped.contains(&id),
                |piece| {
                    if let PagePiece::Open(anchor) = piece
                        && let Some(target) = self.markup.target(anchor)
                    {
                        links.push((one_line(&html::shown(anchor)), target));
                    }
                },
            );
        }
        links
    }
}

#[cfg(test)]
mod tests;
