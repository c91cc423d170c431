//! XML: the entries and their fields are found by element paths.
//!
//! The text is streamed; only one entry at a time is a tree. Prefixes of names
//! are ignored, since documents choose them freely.

use quick_xml::Reader;
use quick_xml::escape::{resolve_predefined_entity, unescape_with};
use quick_xml::events::{BytesStart, Event};

use super::{Record, Rows};
use crate::domain::element_path::{ElementPath, PathEnd};
use crate::domain::entry::Document;
use crate::domain::source::XmlSettings;
use crate::domain::text::one_line;
use crate::domain::verdict::Unreadable;
use crate::extract::RawDocument;
use crate::extract::charset::decode;
use crate::extract::entity;
use crate::extract::limits;
use crate::extract::xml::{self, unexpected};

pub(in crate::extract) fn extract(
    settings: &XmlSettings,
    page: &RawDocument<'_>,
) -> Result<Document, Unreadable> {
    let text = decode(page);
    let text = entity::resolved(text.trim_start_matches('\u{feff}'))?;
    xml::check(&text)?;
    let entries = settings.entries.iter().map(|text| path(text)).collect::<Result<Vec<_>, _>>()?;
    let fields = settings
        .fields
        .0
        .iter()
        .map(|(field, paths)| {
            Ok((field, paths.iter().map(|text| path(text)).collect::<Result<Vec<_>, _>>()?))
        })
        .collect::<Result<Vec<_>, Unreadable>>()?;
    let mut rows = Rows::new(&settings.rows, page.url);
    each_entry(&text, &entries, |entry| {
        let mut record = Record::default();
        for (field, paths) in &fields {
            for path in paths {
                entry.visit(path, &mut |text| record.push(field, &text));
            }
        }
        rows.take(record)
    })?;
    let names: Vec<String> = settings.fields.0.iter().map(|(field, _)| field.clone()).collect();
    rows.finish(&names)
}

/// How many elements are entries.
///
/// # Errors
/// Those of [`extract`].
pub(in crate::extract) fn count(settings: &XmlSettings, page: &RawDocument<'_>) -> Result<usize, Unreadable> {
    let text = decode(page);
    let text = entity::resolved(text.trim_start_matches('\u{feff}'))?;
    xml::check(&text)?;
    let entries = settings.entries.iter().map(|text| path(text)).collect::<Result<Vec<_>, _>>()?;
    let mut count = 0;
    each_entry(&text, &entries, |_| {
        count += 1;
        Ok(())
    })?;
    Ok(count)
}

/// What every entry says under each of some paths.
///
/// # Errors
/// Where it is not XML, or a path is none.
pub(in crate::extract) fn texts(
    text: &str,
    entries: &[String],
    fields: &[&str],
) -> Result<Vec<Vec<String>>, Unreadable> {
    let entries = entries.iter().map(|text| path(text)).collect::<Result<Vec<_>, _>>()?;
    let fields = fields.iter().map(|text| path(text)).collect::<Result<Vec<_>, _>>()?;
    let mut rows = Vec::new();
    each_entry(text, &entries, |entry| {
        let said = |path| {
            let mut texts = Vec::new();
            entry.visit(path, &mut |text| texts.push(one_line(&text)));
            texts.join("\n")
        };
        rows.push(fields.iter().map(said).collect());
        limits::check_entries(rows.len())
    })?;
    Ok(rows)
}

fn path(text: &str) -> Result<ElementPath, Unreadable> {
    text.parse().map_err(|error| unexpected(&format!("the path {text:?}"), &error))
}

/// An element within an entry.
#[derive(Debug, Default)]
struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    content: Vec<ElementContent>,
}

#[derive(Debug)]
enum ElementContent {
    Text(String),
    Element(Element),
}

impl Element {
    fn of(tag: &BytesStart<'_>) -> Self {
        let mut element = Self { name: tag.local_name().as_ref().to_owned(), ..Self::default() };
        for found in tag.attributes().with_checks(false).flatten() {
            let value: &str = &found.value;
            let resolved = unescape_with(value, resolve_predefined_entity);
            let value = resolved.map_or_else(|_| value.to_owned(), std::borrow::Cow::into_owned);
            element.attributes.push((found.key.local_name().as_ref().to_owned(), value));
        }
        element
    }

    fn push_text(&mut self, more: &str) {
        match self.content.last_mut() {
            Some(ElementContent::Text(text)) => text.push_str(more),
            _ => self.content.push(ElementContent::Text(more.to_owned())),
        }
    }

    fn children(&self) -> impl Iterator<Item = &Self> {
        self.content.iter().filter_map(|content| match content {
            ElementContent::Element(element) => Some(element),
            ElementContent::Text(_) => None,
        })
    }

    /// All its text; elements within it are words apart. Nesting was bounded when the text was checked.
    fn text(&self) -> String {
        let parts: Vec<String> = self
            .content
            .iter()
            .map(|content| match content {
                ElementContent::Text(text) => text.clone(),
                ElementContent::Element(element) => element.text(),
            })
            .collect();
        parts.join(if self.children().next().is_some() { " " } else { "" })
    }

    fn attribute(&self, name: &str) -> Option<String> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
    }

    /// Shows every text that a path leads to from here.
    fn visit(&self, path: &ElementPath, show: &mut dyn FnMut(String)) {
        self.go(&path.steps, &path.end, show);
    }

    fn go(&self, steps: &[Option<String>], end: &PathEnd, show: &mut dyn FnMut(String)) {
        let Some((step, rest)) = steps.split_first() else {
            return self.taken(end).into_iter().for_each(show);
        };
        for child in self.children().filter(|child| step.as_ref().is_none_or(|name| *name == child.name)) {
            child.go(rest, end, show);
        }
    }

    fn taken(&self, end: &PathEnd) -> Option<String> {
        match end {
            PathEnd::Text => Some(self.text()),
            PathEnd::Attribute(name) => self.attribute(name),
            PathEnd::Child(name) => {
                let texts: Vec<String> =
                    self.children().filter(|child| child.name == *name).map(Self::text).collect();
                (!texts.is_empty()).then(|| texts.join(" "))
            }
            PathEnd::Together(parts) => {
                let texts: Vec<String> = parts.iter().filter_map(|part| self.taken(part)).collect();
                Some(one_line(&texts.join(" ")))
            }
        }
    }
}

/// Shows every element to which one of the paths leads, one after another.
fn each_entry(
    text: &str,
    paths: &[ElementPath],
    mut show: impl FnMut(Element) -> Result<(), Unreadable>,
) -> Result<(), Unreadable> {
    let mut reader = Reader::from_str(text);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<String> = Vec::new();
    // The entry being read and the elements open in it, the innermost last.
    let mut entry: Vec<Element> = Vec::new();
    let mut held = 0;
    loop {
        match reader.read_event().map_err(|error| unexpected("the XML", &error))? {
            Event::Start(tag) => {
                open.push(tag.local_name().as_ref().to_owned());
                if !entry.is_empty() || paths.iter().any(|path| path.is_at(&open)) {
                    held += 1;
                    limits::check_parts("elements of one entry", held)?;
                    entry.push(Element::of(&tag));
                }
            }
            Event::End(_) => {
                open.pop();
                match (entry.pop(), entry.last_mut()) {
                    (Some(element), Some(parent)) => parent.content.push(ElementContent::Element(element)),
                    (Some(element), None) => {
                        held = 0;
                        show(element)?;
                    }
                    (None, _) => {}
                }
            }
            Event::Eof => return Ok(()),
            other => {
                if let (Some(element), Some(more)) = (entry.last_mut(), text_of(&other)) {
                    element.push_text(&more);
                }
            }
        }
    }
}

fn text_of(event: &Event<'_>) -> Option<String> {
    match event {
        Event::Text(text) => Some(text.xml10_content().into_owned()),
        Event::CData(text) => Some(text.xml10_content().into_owned()),
        Event::GeneralRef(reference) => Some(xml::resolved(reference)),
        _ => None,
    }
}
